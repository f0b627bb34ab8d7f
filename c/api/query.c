/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"
#include "engine/schema.h"
#include "engine/tx.h"
#include "exec/lexer.h"
#include "exec/lift.h"
#include "exec/query.h"
#include "exec/value_copy.h"
#include "namidb_schema.h"

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

bool namidb_plan_has_host(const namidb_plan *plan)
{
    return plan->has_host;
}

int namidb_lift(namidb_arena *arena, const char *text, size_t bytes,
                namidb_lifted *out)
{
    return ndb_lift(arena, ndb_slice(text, bytes), out);
}

int namidb_lexer_next(namidb_lexer *lexer, namidb_token *token)
{
    return ndb_lexer_next(lexer, token);
}

size_t namidb_token_value(const namidb_token *token, char *out)
{
    return ndb_lexer_value(token, out);
}

const char *namidb_token_name(uint32_t kind)
{
    return ndb_lexer_kind_name(kind);
}

const char *namidb_token_fault_name(enum namidb_token_fault fault)
{
    static const char *const NAMES[] = {
#define NDB_X(name, word) [NAMIDB_TOKEN_FAULT_##name] = word,
        NAMIDB_TOKEN_FAULT_MAP(NDB_X)
#undef NDB_X
    };

    return NAMES[fault];
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
    int rc = tx != NULL ? ndb_db_check(db, err) : ndb_api_check(snapshot, err);

    *out = NULL;
    if (rc >= 0 && tx != NULL)
        rc = ndb_tx_show(tx, err);
    if (rc < 0)
        return rc;
    (void)ndb_view_ref(at->view); /* the query's */
    return ndb_query_open(out, plan, db, at, tx, params, options, err);
}

int namidb_query_open_now(namidb_query **out, namidb_plan *plan, namidb *db,
                          uint64_t stamp, const namidb_value *params,
                          const namidb_query_options *options,
                          namidb_error *err)
{
    struct ndb_snapshot at;
    int rc = ndb_db_look(db, &at, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    if (stamp != ndb_schema_stamp(&at)) {
        ndb_view_unref(at.view);
        return NAMIDB_NONE;
    }
    return ndb_query_open(out, plan, db, &at, NULL, params, options, err);
}

int namidb_query_next(namidb_query *query, const namidb_value **row,
                      namidb_error *err)
{
    int rc = ndb_db_check_process(query->db, err);

    *row = NULL;
    return rc < 0 ? rc : ndb_query_next(query, row, err);
}

int namidb_query_chunk(namidb_query *query, const namidb_value **rows,
                       size_t *count, namidb_error *err)
{
    int rc = ndb_db_check_process(query->db, err);

    *rows = NULL;
    *count = 0;
    return rc < 0 ? rc : ndb_query_chunk(query, rows, count, err);
}

int namidb_query_take(namidb_query *query, size_t max, int64_t timeout_ms,
                      namidb_batch **batch, namidb_error *err)
{
    int rc = ndb_db_check_process(query->db, err);

    *batch = NULL;
    return rc < 0 ? rc : ndb_query_take(query, max, timeout_ms, batch, err);
}

void namidb_query_cancel(namidb_query *query)
{
    __atomic_store_n(&query->is_canceled, true, __ATOMIC_RELAXED);
}

size_t namidb_query_profile(namidb_query *query, namidb_query_step *steps,
                            size_t max)
{
    return ndb_query_profile(query, steps, max);
}

void namidb_query_close(namidb_query *query)
{
    if (query == NULL || ndb_db_check_process(query->db, NULL) < 0)
        return;
    ndb_query_close(query);
}
