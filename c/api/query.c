/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "engine/tx.h"
#include "exec/query.h"
#include "exec/value_copy.h"

struct namidb_query {
    struct namidb *db;              /* referenced */
    struct ndb_view *view;          /* likewise */
    struct ndb_statement statement; /* of a query that writes */
    struct ndb_query body;
};

int namidb_plan_new(namidb_plan **plan, const void *bytes, size_t size,
                    const namidb_value *constants, size_t constant_count,
                    namidb_error *err)
{
    return ndb_plan_decode(plan, ndb_slice(bytes, size), constants,
                           constant_count, err);
}

void namidb_plan_free(namidb_plan *plan)
{
    ndb_plan_unref(plan);
}

size_t namidb_plan_column_count(const namidb_plan *plan)
{
    return plan->column_count;
}

const char *namidb_plan_column(const namidb_plan *plan, size_t index,
                               size_t *bytes)
{
    struct ndb_slice name = plan->columns[index].name;

    *bytes = name.bytes;
    return (const char *)name.data;
}

size_t namidb_plan_param_count(const namidb_plan *plan)
{
    return plan->param_count;
}

const char *namidb_plan_param(const namidb_plan *plan, size_t index,
                              size_t *bytes)
{
    *bytes = plan->params[index].bytes;
    return (const char *)plan->params[index].data;
}

int namidb_value_copy(namidb_arena *arena, const namidb_value *from,
                      namidb_value *to)
{
    return ndb_query_value_copy(arena, from, to);
}

bool namidb_plan_is_writing(const namidb_plan *plan)
{
    return plan->is_writing;
}

void namidb_query_options_init(namidb_query_options *options)
{
    *options = (namidb_query_options){
        .timeout_ms = 30000,
        .max_memory = UINT64_C(1) << 30,
    };
}

int namidb_query_open(namidb_query **out, namidb_plan *plan,
                      namidb_snapshot *snapshot, namidb_tx *tx,
                      const namidb_value *params,
                      const namidb_query_options *options, namidb_error *err)
{
    struct namidb *db = tx != NULL ? tx->db : snapshot->db;
    const struct ndb_snapshot *at = tx != NULL ? &tx->snapshot : &snapshot->at;
    namidb_query *query;
    int rc = tx != NULL ? ndb_db_check(db, err) : ndb_api_check(snapshot, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    query = ndb_calloc(1, sizeof *query);
    if (query == NULL)
        return ndb_fail_memory(err);
    if (tx != NULL && plan->is_writing)
        rc = ndb_statement_begin(&query->statement, tx, err);
    if (rc >= 0)
        rc = ndb_query_open(&query->body, plan, at, tx, params, options, err);
    if (rc < 0) {
        (void)ndb_statement_end(&query->statement, rc);
        ndb_free(query);
        return rc;
    }
    query->db = ndb_db_ref(db);
    if (options->is_profiled)
        query->body.run.metered = db;
    query->view = ndb_view_ref(at->view);
    *out = query;
    return NAMIDB_OK;
}

int namidb_query_next(namidb_query *query, const namidb_value **row,
                      namidb_error *err)
{
    int rc = ndb_db_check_process(query->db, err);

    *row = NULL;
    if (rc >= 0)
        rc = ndb_query_next(&query->body, row, err);
    return rc == NAMIDB_OK ? rc : ndb_statement_end(&query->statement, rc);
}

void namidb_query_cancel(namidb_query *query)
{
    __atomic_store_n(&query->body.is_canceled, true, __ATOMIC_RELAXED);
}

size_t namidb_query_profile(namidb_query *query, namidb_query_step *steps,
                            size_t max)
{
    return ndb_query_profile(&query->body, steps, max);
}

void namidb_query_close(namidb_query *query)
{
    if (query == NULL || ndb_db_check_process(query->db, NULL) < 0)
        return;
    (void)ndb_statement_end(&query->statement, NAMIDB_ECANCELED);
    ndb_query_close(&query->body);
    ndb_view_unref(query->view);
    ndb_db_unref(query->db);
    ndb_free(query);
}
