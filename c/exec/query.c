/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/query.h"

#include "base/rand.h"
#include "exec/batch.h"
#include "exec/result.h"
#include "exec/value_copy.h"
#include "sys/clock.h"

/* What a spare may hold, and all spares of the process together. */
enum { SPARE_BYTES_MAX = 256 << 10, SPARES_BYTES_MAX = 16 << 20 };

static size_t spare_bytes; /* atomic: of all spares */

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

/* The operators, new; those of a spare were cleared. */
static int make(struct namidb_query *query)
{
    struct ndb_run *run = &query->run;
    int rc = allocate(run);

    ndb_rand_bytes(&run->random, sizeof run->random);
    if (rc >= 0)
        rc = ndb_op_new(&run->root, run, query->plan->root, &query->frame);
    if (rc >= 0)
        ndb_op_rewind(run->root);
    return rc;
}

static int copy_params(struct namidb_query *query, const namidb_value *params)
{
    struct ndb_run *run = &query->run;
    uint32_t count = run->plan->param_count;
    namidb_value *copies =
        ndb_arena_array(&query->params, count, sizeof *copies);

    if (copies == NULL)
        return ndb_run_no_memory(run);
    run->are_there = run->tx == NULL && !run->plan->has_host;
    for (uint32_t i = 0; i < count; i++) {
        int rc = ndb_query_value_copy(&query->params, &params[i], &copies[i]);

        if (rc == NAMIDB_ELIMIT)
            return ndb_raise(run->err, NDB_FAULT_TOO_LARGE,
                             "a parameter is nested too deeply");
        if (rc < 0)
            return ndb_run_no_memory(run);
        if (copies[i].kind >= NAMIDB_LIST)
            run->are_there = false; /* it may have nodes */
    }
    run->params = copies;
    return NAMIDB_OK;
}

/* What differs from run to run. */
static void begin(struct namidb_query *query,
                  const namidb_query_options *options)
{
    struct ndb_run *run = &query->run;
    int64_t now_ms = run->plan->reads_clock ? ndb_clock_wall_ms() : 0;
    struct ndb_meter meter;

    query->host = options->host;
    query->rows_left = options->max_rows == 0 ? UINT64_MAX : options->max_rows;
    run->budget.bytes_max = options->max_memory;
    run->budget.was_exceeded = run->budget.is_too_deep = false;
    run->deadline_ns = ndb_deadline_after(options->timeout_ms);
    /* The clock was looked at just now: only no time at all is over yet. */
    run->checks = options->timeout_ms == 0 ? 0 : 1;
    run->metered = options->is_profiled ? query->db : NULL;
    run->db = query->db;
    ndb_db_meter(query->db, &meter);
    run->requests = meter.requests;
    run->now_seconds = now_ms / 1000;
    run->now_nanoseconds = (int32_t)(now_ms % 1000) * 1000000;
}

static void destroy(struct namidb_query *query)
{
    struct ndb_run *run = &query->run;

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
    ndb_arena_release(&query->params);
    ndb_arena_release(&query->arena);
    ndb_arena_release(&run->arena);
    ndb_free(query);
}

/* The spare of a plan, or NULL. */
static struct namidb_query *take_spare(struct ndb_plan *plan)
{
    struct namidb_query *spare =
        __atomic_exchange_n(&plan->spare, NULL, __ATOMIC_ACQUIRE);

    if (spare != NULL)
        (void)__atomic_sub_fetch(&spare_bytes, spare->run.budget.bytes,
                                 __ATOMIC_RELAXED);
    return spare;
}

void ndb_query_drop_spare(struct ndb_plan *plan)
{
    struct namidb_query *spare = take_spare(plan);

    if (spare != NULL)
        destroy(spare);
}

static struct namidb_query *query_new(struct ndb_plan *plan)
{
    struct namidb_query *query = ndb_calloc(1, sizeof *query);
    struct ndb_run *run;

    if (query == NULL)
        return NULL;
    run = &query->run;
    run->plan = plan;
    run->host = &query->host;
    run->is_canceled = &query->is_canceled;
    run->budget.bytes_max = SIZE_MAX;
    run->arena = ndb_run_arena(run);
    query->params = ndb_run_arena(run);
    query->arena = ndb_run_arena(run);
    return query;
}

/* Numbers of names hold for one dictionary, and there for ever. */
static void set_names(struct namidb_query *query, struct ndb_dict *dict)
{
    if (query->names_of == ndb_dict_serial(dict))
        return;
    memset(query->run.numbers, 0,
           query->plan->name_count * sizeof *query->run.numbers);
    query->names_of = ndb_dict_serial(dict);
}

/* The plan's spare, or a new one; NULL: no memory. */
static struct namidb_query *find_query(struct ndb_plan *plan,
                                       const namidb_query_options *options)
{
    struct namidb_query *query = take_spare(plan);

    if (query != NULL && query->run.budget.bytes > options->max_memory) {
        destroy(query);
        query = NULL;
    }
    return query != NULL ? query : query_new(plan);
}

int ndb_query_open(struct namidb_query **out, struct ndb_plan *plan,
                   struct namidb *db, const struct ndb_snapshot *at,
                   struct namidb_tx *tx, const namidb_value *params,
                   const namidb_query_options *options, namidb_error *err)
{
    struct namidb_query *query = NULL;
    int rc = NAMIDB_OK;

    *out = NULL;
    if (plan->is_writing && tx == NULL)
        rc = ndb_fail(err, NAMIDB_EINVAL,
                      "a query that writes needs a transaction");
    else
        query = find_query(plan, options);
    if (query == NULL) {
        ndb_view_unref(at->view);
        return rc < 0 ? rc : ndb_fail_memory(err);
    }
    query->plan = ndb_plan_ref(plan);
    query->db = ndb_db_ref(db);
    query->view = at->view;
    query->run.snapshot = *at;
    query->run.tx = tx;
    query->run.err = err;
    begin(query, options);
    if (query->run.root == NULL)
        rc = make(query);
    if (rc >= 0)
        rc = copy_params(query, params);
    if (rc >= 0 && plan->is_writing)
        rc = ndb_statement_begin(&query->statement, tx, err);
    if (rc < 0) {
        query->run.root = NULL; /* not to be used again */
        ndb_query_close(query);
        return rc;
    }
    set_names(query, at->view->dict);
    *out = query;
    return NAMIDB_OK;
}

/* Counts rows against the bound. */
static int spend(struct namidb_query *query, uint32_t count)
{
    if (query->rows_left == UINT64_MAX)
        return NAMIDB_OK;
    if (count > query->rows_left)
        return ndb_raise(query->run.err, NDB_FAULT_ROWS,
                         "the query gives more rows than max_rows");
    query->rows_left -= count;
    return NAMIDB_OK;
}

/* The root's next chunk, as it is. */
static int pull_chunk(struct namidb_query *query)
{
    struct ndb_run *run = &query->run;
    int rc;

    do {
        rc = ndb_op_next(run->root);
        if (rc != NAMIDB_OK)
            return rc;
    } while (query->plan->column_count == 0); /* nothing to give but an end */
    query->row_count = run->root->chunk.count;
    query->row_at = 0;
    return spend(query, run->root->chunk.count);
}

static int make_chunk(struct namidb_query *query)
{
    struct ndb_run *run = &query->run;
    int rc = pull_chunk(query);

    if (rc != NAMIDB_OK)
        return rc;
    ndb_arena_reset(&query->arena);
    return ndb_result_rows(run, &run->root->chunk, &query->arena, &query->rows);
}

static int next_chunk(struct namidb_query *query)
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

/* Sees to it that there is a row to give; `next` gives the next chunk. */
static int fill(struct namidb_query *query, int (*next)(struct namidb_query *),
                namidb_error *err)
{
    namidb_error ignored;
    int rc = NAMIDB_OK;

    query->run.err = err != NULL ? err : &ignored;
    if (query->row_at == query->row_count)
        rc = query->is_done ? NAMIDB_NONE : next(query);
    if (rc == NAMIDB_OK)
        return rc;
    query->is_done = true;
    return ndb_statement_end(&query->statement, rc);
}

int ndb_query_next(struct namidb_query *query, const namidb_value **row,
                   namidb_error *err)
{
    int rc = fill(query, next_chunk, err);

    *row = NULL;
    if (rc == NAMIDB_OK)
        *row =
            query->rows + (size_t)query->row_at++ * query->plan->column_count;
    return rc;
}

int ndb_query_chunk(struct namidb_query *query, const namidb_value **rows,
                    size_t *count, namidb_error *err)
{
    int rc = fill(query, next_chunk, err);

    if (rc != NAMIDB_OK)
        return rc;
    *rows = query->rows + (size_t)query->row_at * query->plan->column_count;
    *count = query->row_count - query->row_at;
    query->row_at = query->row_count;
    return NAMIDB_OK;
}

/* Moves rows of the chunk at hand into a batch, until it has `max`. */
static int move_rows(struct namidb_query *query, size_t max,
                     struct namidb_batch *batch)
{
    const struct ndb_chunk *chunk = &query->run.root->chunk;

    while (query->row_at < query->row_count && batch->count < max) {
        uint32_t at = ndb_chunk_row(chunk, query->row_at++);

        if (ndb_batch_add(batch, query->plan, chunk, at) >= 0)
            continue;
        query->run.budget.was_exceeded = batch->budget.was_exceeded;
        query->run.budget.is_too_deep = batch->budget.is_too_deep;
        return ndb_run_no_memory(&query->run);
    }
    return NAMIDB_OK;
}

int ndb_query_take(struct namidb_query *query, size_t max, int64_t timeout_ms,
                   struct namidb_batch **out, namidb_error *err)
{
    struct namidb_batch *batch = ndb_batch_new(query->run.budget.bytes_max);
    int rc = NAMIDB_OK;

    if (batch == NULL)
        return ndb_fail_memory(err);
    query->run.deadline_ns = ndb_deadline_after(timeout_ms);
    query->run.checks = 0; /* the clock is looked at once more */
    while (rc == NAMIDB_OK && batch->count < max) {
        rc = fill(query, pull_chunk, err);
        if (rc == NAMIDB_OK)
            rc = move_rows(query, max, batch);
    }
    if (rc < 0) {
        query->is_done = true;
        (void)ndb_statement_end(&query->statement, rc);
        namidb_batch_free(batch);
        return rc;
    }
    *out = batch;
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- closing -- */

/* Lets go of all that belongs to the run that ends. */
static void clear(struct namidb_query *query)
{
    struct ndb_run *run = &query->run;

    run->serial++; /* what an operator keeps in a run ends here */
    for (struct ndb_op *op = run->ops; op != NULL; op = op->in_run) {
        ndb_arena_reset(&op->arena);
        ndb_arena_reset(&op->kept);
        ndb_arena_reset(&op->memo);
        if (op->class->rewind != NULL)
            op->class->rewind(op);
        op->profile = (struct ndb_profile){ .rows = 0 };
    }
    ndb_arena_reset(&query->params);
    ndb_arena_reset(&query->arena);
    query->profile = (struct ndb_profile){ .rows = 0 };
    run->tx = NULL;
    run->metered = NULL;
    run->db = NULL;
    run->params = NULL;
    run->err = NULL;
    query->is_canceled = false;
    query->row_count = query->row_at = 0;
    query->is_done = false;
}

/* Whether the plan took it as its spare. */
static bool give_back(struct namidb_query *query)
{
    size_t bytes = query->run.budget.bytes;
    struct namidb_query *none = NULL;

    if (query->run.root == NULL || bytes > SPARE_BYTES_MAX ||
        __atomic_load_n(&query->plan->spare, __ATOMIC_RELAXED) != NULL)
        return false;
    if (__atomic_add_fetch(&spare_bytes, bytes, __ATOMIC_RELAXED) <=
            SPARES_BYTES_MAX &&
        __atomic_compare_exchange_n(&query->plan->spare, &none, query, false,
                                    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return true;
    (void)__atomic_sub_fetch(&spare_bytes, bytes, __ATOMIC_RELAXED);
    return false;
}

void ndb_query_close(struct namidb_query *query)
{
    struct ndb_plan *plan;
    struct ndb_view *view;
    struct namidb *db;

    if (query == NULL)
        return;
    (void)ndb_statement_end(&query->statement, NAMIDB_ECANCELED);
    plan = query->plan;
    view = query->view;
    db = query->db;
    if (query->run.root != NULL)
        clear(query);
    /* From here on another run may have it. */
    if (!give_back(query))
        destroy(query);
    ndb_view_unref(view);
    ndb_db_unref(db);
    ndb_plan_unref(plan);
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

size_t ndb_query_profile(const struct namidb_query *query,
                         namidb_query_step *steps, size_t max)
{
    if (max != 0)
        memset(steps, 0, max * sizeof *steps);
    for (const struct ndb_op *op = query->run.ops; op != NULL; op = op->in_run)
        if (op->plan->index < max)
            steps[op->plan->index] = step_of(&op->profile);
    if (query->plan->op_count < max)
        steps[query->plan->op_count] = step_of(&query->profile);
    return (size_t)query->plan->op_count + 1;
}
