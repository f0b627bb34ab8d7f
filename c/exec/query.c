/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/query.h"

#include "base/rand.h"
#include "exec/result.h"
#include "exec/value_copy.h"
#include "sys/clock.h"

static void *zeroed(struct ndb_run *run, size_t count, size_t size)
{
    void *data = ndb_arena_array(&run->arena, count, size);

    if (data != NULL)
        memset(data, 0, count * size);
    return data;
}

static int allocate(struct ndb_run *run)
{
    uint32_t *slots;

    run->numbers = zeroed(run, run->plan->name_count, sizeof *run->numbers);
    run->kept = zeroed(run, run->plan->run_count, sizeof *run->kept);
    run->forget = zeroed(run, run->plan->run_count, sizeof *run->forget);
    slots = zeroed(run, run->plan->slot_count, sizeof *slots);
    if (run->numbers == NULL || run->kept == NULL || run->forget == NULL ||
        slots == NULL)
        return ndb_run_no_memory(run);
    for (uint32_t i = 0; i < run->plan->slot_count; i++)
        slots[i] = i;
    run->all_slots = (struct ndb_slots){ slots, run->plan->slot_count };
    return NAMIDB_OK;
}

static int copy_params(struct ndb_run *run, const namidb_value *params)
{
    uint32_t count = run->plan->param_count;
    namidb_value *copies = ndb_arena_array(&run->arena, count, sizeof *copies);

    if (copies == NULL)
        return ndb_run_no_memory(run);
    for (uint32_t i = 0; i < count; i++) {
        int rc = ndb_query_value_copy(&run->arena, &params[i], &copies[i]);

        if (rc == NAMIDB_ELIMIT)
            return ndb_raise(run->err, NDB_FAULT_TOO_LARGE,
                             "a parameter is nested too deeply");
        if (rc < 0)
            return ndb_run_no_memory(run);
    }
    run->params = copies;
    return NAMIDB_OK;
}

static void begin(struct ndb_run *run, const namidb_query_options *options)
{
    int64_t now_ms = ndb_clock_wall_ms();

    run->budget.bytes_max = options->max_memory;
    run->deadline_ns = ndb_deadline_after(options->timeout_ms);
    ndb_rand_bytes(&run->random, sizeof run->random);
    run->now_seconds = now_ms / 1000;
    run->now_nanoseconds = (int32_t)(now_ms % 1000) * 1000000;
    run->arena = ndb_run_arena(run);
}

int ndb_query_open(struct ndb_query *query, struct ndb_plan *plan,
                   const struct ndb_snapshot *snapshot, struct namidb_tx *tx,
                   const namidb_value *params,
                   const namidb_query_options *options, namidb_error *err)
{
    struct ndb_run *run = &query->run;
    int rc;

    *query = (struct ndb_query){ .host = options->host };
    if (plan->is_writing && tx == NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "a query that writes needs a transaction");
    query->plan = ndb_plan_ref(plan);
    query->rows_left = options->max_rows == 0 ? UINT64_MAX : options->max_rows;
    run->plan = plan;
    run->snapshot = *snapshot;
    run->tx = tx;
    run->host = &query->host;
    run->is_canceled = &query->is_canceled;
    run->err = err;
    begin(run, options);
    query->arena = ndb_run_arena(run);
    rc = allocate(run);
    if (rc >= 0)
        rc = copy_params(run, params);
    if (rc >= 0)
        rc = ndb_op_new(&run->root, run, plan->root, &query->frame);
    if (rc >= 0)
        ndb_op_rewind(run->root);
    else
        ndb_query_close(query);
    return rc;
}

/* Counts rows against the bound. */
static int spend(struct ndb_query *query, uint32_t count)
{
    if (query->rows_left == UINT64_MAX)
        return NAMIDB_OK;
    if (count > query->rows_left)
        return ndb_raise(query->run.err, NDB_FAULT_ROWS,
                         "the query gives more rows than max_rows");
    query->rows_left -= count;
    return NAMIDB_OK;
}

static int make_chunk(struct ndb_query *query)
{
    struct ndb_run *run = &query->run;
    int rc;

    do {
        rc = ndb_op_next(run->root);
        if (rc != NAMIDB_OK)
            return rc;
    } while (query->plan->column_count == 0); /* nothing to give but an end */
    rc = spend(query, run->root->chunk.count);
    ndb_arena_reset(&query->arena);
    if (rc >= 0)
        rc = ndb_result_rows(run, &run->root->chunk, &query->arena,
                             &query->rows);
    query->row_count = run->root->chunk.count;
    query->row_at = 0;
    return rc;
}

static int next_chunk(struct ndb_query *query)
{
    struct ndb_profile begin;
    int rc;

    if (query->run.metered == NULL)
        return make_chunk(query);
    begin = ndb_profile_begin(&query->run);
    rc = make_chunk(query);
    ndb_profile_end(&query->run, &begin, rc == NAMIDB_OK ? query->row_count : 0,
                    &query->profile);
    return rc;
}

int ndb_query_next(struct ndb_query *query, const namidb_value **row,
                   namidb_error *err)
{
    namidb_error ignored;

    *row = NULL;
    query->run.err = err != NULL ? err : &ignored;
    if (query->row_at == query->row_count) {
        int rc = query->is_done ? NAMIDB_NONE : next_chunk(query);

        if (rc != NAMIDB_OK) {
            query->is_done = true;
            return rc;
        }
    }
    *row = query->rows + (size_t)query->row_at++ * query->plan->column_count;
    return NAMIDB_OK;
}

void ndb_query_close(struct ndb_query *query)
{
    struct ndb_run *run = &query->run;

    if (query->plan == NULL)
        return;
    for (struct ndb_op *op = run->ops; op != NULL; op = op->in_run) {
        if (op->class->close != NULL)
            op->class->close(op);
        ndb_arena_release(&op->arena);
        ndb_arena_release(&op->kept);
        ndb_arena_release(&op->memo);
    }
    for (uint32_t i = 0; run->forget != NULL && i < run->plan->run_count; i++)
        if (run->forget[i] != NULL)
            run->forget[i](run->kept[i]);
    ndb_arena_release(&query->arena);
    ndb_arena_release(&run->arena);
    ndb_plan_unref(query->plan);
    *query = (struct ndb_query){ .plan = NULL };
}

static namidb_query_step step_of(const struct ndb_profile *profile)
{
    return (namidb_query_step){
        .rows = profile->rows,
        .chunks = profile->chunks,
        .elapsed_ns = profile->elapsed_ns,
        .requests = profile->meter.requests,
        .bytes = profile->meter.bytes,
    };
}

size_t ndb_query_profile(const struct ndb_query *query,
                         namidb_query_step *steps, size_t max)
{
    memset(steps, 0, max * sizeof *steps);
    for (const struct ndb_op *op = query->run.ops; op != NULL; op = op->in_run)
        if (op->plan->index < max)
            steps[op->plan->index] = step_of(&op->profile);
    if (query->plan->op_count < max)
        steps[query->plan->op_count] = step_of(&query->profile);
    return (size_t)query->plan->op_count + 1;
}
