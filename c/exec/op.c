/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/op.h"

#include "sys/clock.h"

static const struct ndb_op_class *const CLASSES[NDB_OP_COUNT] = {
    [NDB_OP_ARGUMENT] = &ndb_op_argument,
    [NDB_OP_SCAN] = &ndb_op_scan,
    [NDB_OP_SCAN_NAMED] = &ndb_op_scan,
    [NDB_OP_SCAN_EDGES] = &ndb_op_scan_edges,
    [NDB_OP_SEEK_KEY] = &ndb_op_seek_key,
    [NDB_OP_SEEK_INDEX] = &ndb_op_seek_index,
    [NDB_OP_SEEK_EDGES] = &ndb_op_seek_edges,
    [NDB_OP_SEEK_EDGE_ID] = &ndb_op_seek_edge_id,
    [NDB_OP_SEEK_ID] = &ndb_op_seek_id,
    [NDB_OP_EXPAND] = &ndb_op_expand,
    [NDB_OP_VAR_EXPAND] = &ndb_op_var_expand,
    [NDB_OP_SHORTEST] = &ndb_op_shortest,
    [NDB_OP_REACH] = &ndb_op_reach,
    [NDB_OP_CYCLES] = &ndb_op_cycles,
    [NDB_OP_FILTER] = &ndb_op_filter,
    [NDB_OP_PROJECT] = &ndb_op_project,
    [NDB_OP_AGGREGATE] = &ndb_op_aggregate,
    [NDB_OP_SORT] = &ndb_op_sort,
    [NDB_OP_SKIP] = &ndb_op_skip,
    [NDB_OP_LIMIT] = &ndb_op_limit,
    [NDB_OP_DISTINCT] = &ndb_op_distinct,
    [NDB_OP_UNWIND] = &ndb_op_unwind,
    [NDB_OP_UNION] = &ndb_op_union,
    [NDB_OP_APPLY] = &ndb_op_apply,
    [NDB_OP_EAGER] = &ndb_op_eager,
    [NDB_OP_CREATE] = &ndb_op_create,
    [NDB_OP_MERGE] = &ndb_op_merge,
    [NDB_OP_SET] = &ndb_op_set,
    [NDB_OP_DELETE] = &ndb_op_delete,
    [NDB_OP_FOREACH] = &ndb_op_foreach,
    [NDB_OP_CALL] = &ndb_op_call,
    [NDB_OP_JOIN] = &ndb_op_join,
};

/* Whether the inner operators are run for each row of the child, and so read
 * a frame of their own. */
static bool is_apply(enum ndb_op_kind kind)
{
    return kind == NDB_OP_APPLY || kind == NDB_OP_MERGE ||
           kind == NDB_OP_FOREACH;
}

static struct ndb_op *allocate(struct ndb_run *run,
                               const struct ndb_plan_op *plan,
                               struct ndb_frame *frame)
{
    const struct ndb_op_class *class = CLASSES[plan->kind];
    size_t columns = run->plan->slot_count * sizeof(struct ndb_vector);
    struct ndb_op *op = ndb_arena_alloc(&run->arena, sizeof *op);

    if (op == NULL)
        return NULL;
    *op = (struct ndb_op){ .class = class, .plan = plan, .run = run };
    op->arena = ndb_run_arena(run);
    op->kept = ndb_run_arena(run);
    op->memo = ndb_run_arena(run);
    op->frame = frame;
    op->inner_frame = frame;
    op->chunk.columns = ndb_arena_alloc(&run->arena, columns);
    op->state = ndb_arena_alloc(&run->arena, class->state_bytes);
    if (op->chunk.columns == NULL || op->state == NULL)
        return NULL;
    memset(op->chunk.columns, 0, columns);
    memset(op->state, 0, class->state_bytes);
    if (!is_apply(plan->kind))
        return op;
    op->inner_frame = ndb_arena_alloc(&run->arena, sizeof *op->inner_frame);
    if (op->inner_frame == NULL)
        return NULL;
    *op->inner_frame = (struct ndb_frame){ NULL, 0, NULL };
    return op;
}

int ndb_op_new(struct ndb_op **out, struct ndb_run *run,
               const struct ndb_plan_op *plan, struct ndb_frame *frame)
{
    struct ndb_op *op = allocate(run, plan, frame);
    int rc = NAMIDB_OK;

    if (op == NULL)
        return ndb_run_no_memory(run);
    if (plan->child != NULL)
        rc = ndb_op_new(&op->child, run, plan->child, frame);
    if (rc >= 0 && plan->inner != NULL)
        rc = ndb_op_new(&op->inner, run, plan->inner, op->inner_frame);
    if (rc < 0)
        return rc;
    op->in_run = run->ops;
    run->ops = op;
    *out = op;
    return op->class->open != NULL ? op->class->open(op) : NAMIDB_OK;
}

void ndb_op_rewind(struct ndb_op *op)
{
    if (op->child != NULL)
        ndb_op_rewind(op->child);
    if (op->inner != NULL)
        ndb_op_rewind(op->inner);
    ndb_arena_reset(&op->arena);
    ndb_arena_reset(&op->kept);
    if (op->class->rewind != NULL)
        op->class->rewind(op);
}

struct ndb_profile ndb_profile_begin(const struct ndb_run *run)
{
    struct ndb_profile begin = { .elapsed_ns = ndb_clock_ns() };

    ndb_db_meter(run->metered, &begin.meter);
    return begin;
}

void ndb_profile_end(const struct ndb_run *run, const struct ndb_profile *begin,
                     uint64_t rows, struct ndb_profile *profile)
{
    struct ndb_profile end = ndb_profile_begin(run);

    profile->elapsed_ns += end.elapsed_ns - begin->elapsed_ns;
    profile->meter.requests += end.meter.requests - begin->meter.requests;
    profile->meter.bytes += end.meter.bytes - begin->meter.bytes;
    profile->rows += rows;
    profile->chunks++;
}

static int next_profiled(struct ndb_op *op)
{
    struct ndb_profile begin = ndb_profile_begin(op->run);
    int rc = op->class->next(op);

    ndb_profile_end(op->run, &begin, rc == NAMIDB_OK ? op->chunk.count : 0,
                    &op->profile);
    return rc;
}

int ndb_op_next(struct ndb_op *op)
{
    int rc = ndb_run_check(op->run);

    if (rc < 0)
        return rc;
    ndb_arena_reset(&op->arena);
    rc = op->run->metered != NULL ? next_profiled(op) : op->class->next(op);
    return rc == NAMIDB_ENOMEM ? ndb_run_no_memory(op->run) : rc;
}

int ndb_op_finish(struct ndb_op *op)
{
    int rc = NAMIDB_OK;

    while (op->plan->is_writing && rc == NAMIDB_OK)
        rc = ndb_op_next(op);
    return rc < 0 ? rc : NAMIDB_NONE;
}

void ndb_op_pass(struct ndb_op *op, const struct ndb_chunk *from)
{
    memcpy(op->chunk.columns, from->columns,
           op->run->plan->slot_count * sizeof *op->chunk.columns);
    op->chunk.extent = from->extent;
    op->chunk.count = from->count;
    op->chunk.rows = from->rows;
    op->chunk.mask = from->mask;
}

int ndb_op_gather(struct ndb_op *op, const struct ndb_chunk *from,
                  const uint32_t *positions, uint32_t count)
{
    return ndb_chunk_gather(from, &op->plan->live, positions, count,
                            op->run->plan->slot_count, &op->arena, &op->chunk);
}

void ndb_op_repeat(struct ndb_op *op, const struct ndb_chunk *from,
                   uint32_t position, uint32_t count)
{
    memset(op->chunk.columns, 0,
           op->run->plan->slot_count * sizeof *op->chunk.columns);
    for (uint32_t i = 0; i < op->plan->live.count; i++) {
        uint32_t slot = op->plan->live.items[i];

        op->chunk.columns[slot] =
            ndb_vector_item(&from->columns[slot], position);
    }
    op->chunk.extent = op->chunk.count = count;
    op->chunk.rows = NULL;
}

/* The number of a row in a chunk of an operator; false: there is none. */
static bool number_of(const struct ndb_frame *frame,
                      const struct ndb_chunk *chunk, uint32_t position,
                      uint32_t *row)
{
    namidb_value number =
        ndb_vector_get(&chunk->columns[frame->batch->slot], position);

    if (number.kind != NAMIDB_INT || number.as.integer < 0 ||
        number.as.integer >= frame->chunk->extent)
        return false;
    *row = (uint32_t)number.as.integer;
    return true;
}

int ndb_batch_row(const struct ndb_op *op, uint32_t position, uint32_t *row)
{
    if (number_of(op->frame, &op->chunk, position, row))
        return NAMIDB_OK;
    return ndb_fail(op->run->err, NAMIDB_EINVAL,
                    "not a plan: an inner plan that loses its rows");
}

bool ndb_op_is_settled_there(const struct ndb_op *op, uint32_t position)
{
    uint32_t row;

    return number_of(op->frame, &op->child->chunk, position, &row) &&
           op->frame->batch->is_settled[row] != 0;
}

int ndb_op_next_row(struct ndb_op *op, struct ndb_cursor_row *row)
{
    do {
        while (!row->has_chunk || row->next >= op->child->chunk.count) {
            int rc = ndb_op_next(op->child);

            row->has_chunk = false;
            if (rc != NAMIDB_OK)
                return rc;
            row->has_chunk = true;
            row->next = 0;
        }
        row->position = ndb_chunk_row(&op->child->chunk, row->next++);
    } while (ndb_op_is_settled(op, row->position));
    return NAMIDB_OK;
}
