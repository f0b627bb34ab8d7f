/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MERGE: for each row what the pattern matches, or else what it creates. Rows
 * go one after the other, so that one sees what those before it created.
 */
#include "exec/row_store.h"
#include "exec/write.h"

struct merge_state {
    struct ndb_row_store store;
    bool is_done;
    uint32_t given;
};

static void merge_rewind(struct ndb_op *op)
{
    struct merge_state *state = op->state;

    *state = (struct merge_state){ .is_done = false };
    state->store = ndb_row_store_of(&op->kept, &op->run->all_slots);
}

static int merge_open(struct ndb_op *op)
{
    merge_rewind(op);
    return NAMIDB_OK;
}

/* The child's row beside the rows of a match. */
static int take_matches(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_slots *slots = &op->plan->slots;
    const struct ndb_chunk *inner = &op->inner->chunk;
    struct ndb_chunk rows;
    int rc = ndb_eval_row_chunk(&eval, &op->child->chunk, position, &rows);

    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < slots->count; i++)
        rows.columns[slots->items[i]] = inner->columns[slots->items[i]];
    rows.extent = inner->extent;
    rows.count = inner->count;
    rows.rows = inner->rows;
    return ndb_row_store_add_all(&state->store, &rows);
}

/* ON MATCH for the stored rows from `begin`: after the last was read. */
static int change_matches(struct ndb_op *op, uint32_t begin)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    int rc = NAMIDB_OK;

    while (begin < state->store.count && rc >= 0) {
        uint32_t count = state->store.count - begin;

        count = count < NDB_CHUNK_ROWS_MAX ? count : NDB_CHUNK_ROWS_MAX;
        ndb_arena_reset(&op->arena);
        rc = ndb_row_store_emit(&state->store, begin, count, op);
        if (rc >= 0)
            rc = ndb_write_sets(&eval, &op->plan->sets_on_match, &op->chunk);
        begin += count;
    }
    return rc;
}

static int create(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    struct ndb_chunk row;
    int rc = ndb_eval_row_chunk(&eval, &op->child->chunk, position, &row);

    if (rc >= 0)
        rc = ndb_write_creates(&eval, &op->plan->creates, true, &row);
    if (rc >= 0)
        rc = ndb_write_sets(&eval, &op->plan->sets, &row);
    return rc < 0 ? rc : ndb_row_store_add_all(&state->store, &row);
}

static int merge_row(struct ndb_op *op, uint32_t position)
{
    uint32_t begin = ((struct merge_state *)op->state)->store.count;
    bool is_matched = false;
    int rc;

    ndb_arena_reset(&op->arena);
    *op->inner_frame = (struct ndb_frame){ &op->child->chunk, position, NULL };
    ndb_op_rewind(op->inner);
    while ((rc = ndb_op_next(op->inner)) == NAMIDB_OK) {
        is_matched = true;
        rc = take_matches(op, position);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;
    return is_matched ? change_matches(op, begin) : create(op, position);
}

static int run(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    struct ndb_cursor_row row = { 0, 0, false };
    int rc;

    while ((rc = ndb_op_next_row(op, &row)) == NAMIDB_OK) {
        rc = merge_row(op, row.position);
        if (rc < 0)
            return rc;
    }
    state->is_done = rc >= 0;
    return rc;
}

static int merge_next(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    uint32_t left;
    int rc = state->is_done ? NAMIDB_OK : run(op);

    if (rc < 0)
        return rc;
    left = state->store.count - state->given;
    if (left == 0)
        return NAMIDB_NONE;
    left = left < NDB_CHUNK_ROWS_MAX ? left : NDB_CHUNK_ROWS_MAX;
    ndb_arena_reset(&op->arena);
    rc = ndb_row_store_emit(&state->store, state->given, left, op);
    state->given += left;
    return rc;
}

const struct ndb_op_class ndb_op_merge = {
    .state_bytes = sizeof(struct merge_state),
    .open = merge_open,
    .rewind = merge_rewind,
    .next = merge_next,
};
