/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner plan for each row of the child: correlated sub-queries, OPTIONAL
 * MATCH, cartesian products, EXISTS and its opposite.
 */
#include "exec/op.h"

struct apply_state {
    struct ndb_cursor_row row;
    bool is_inside; /* the inner plan is under way for the row */
    bool is_matched;
};

static void apply_rewind(struct ndb_op *op)
{
    memset(op->state, 0, sizeof(struct apply_state));
}

static int enter(struct ndb_op *op)
{
    struct apply_state *state = op->state;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc != NAMIDB_OK)
        return rc;
    *op->inner_frame =
        (struct ndb_frame){ &op->child->chunk, state->row.position, NULL };
    ndb_op_rewind(op->inner);
    state->is_inside = true;
    state->is_matched = false;
    return NAMIDB_OK;
}

/* The row of the child beside rows of the inner plan. */
static void join_rows(struct ndb_op *op)
{
    const struct apply_state *state = op->state;
    const struct ndb_chunk *inner = &op->inner->chunk;
    const struct ndb_slots *slots = &op->plan->slots;

    ndb_op_repeat(op, &op->child->chunk, state->row.position, inner->extent);
    for (uint32_t i = 0; i < slots->count; i++)
        op->chunk.columns[slots->items[i]] = inner->columns[slots->items[i]];
    op->chunk.count = inner->count;
    op->chunk.rows = inner->rows;
}

/* Rows for rows: EACH and OPTIONAL. */
static int next_joined(struct ndb_op *op)
{
    struct apply_state *state = op->state;

    for (;;) {
        int rc = state->is_inside ? NAMIDB_OK : enter(op);

        if (rc == NAMIDB_OK)
            rc = ndb_op_next(op->inner);
        else
            return rc;
        if (rc < 0)
            return rc;
        if (rc == NAMIDB_OK) {
            state->is_matched = true;
            join_rows(op);
            return NAMIDB_OK;
        }
        state->is_inside = false;
        if (op->plan->sub == NDB_APPLY_OPTIONAL && !state->is_matched) {
            ndb_op_repeat(op, &op->child->chunk, state->row.position, 1);
            return NAMIDB_OK;
        }
    }
}

/* Whether the inner plan keeps the row. */
static int decide(struct ndb_op *op, uint32_t position, bool *is_kept)
{
    int rc;

    *op->inner_frame = (struct ndb_frame){ &op->child->chunk, position, NULL };
    ndb_op_rewind(op->inner);
    rc = ndb_op_next(op->inner);
    *is_kept = (rc == NAMIDB_OK) == (op->plan->sub == NDB_APPLY_EXISTS);
    if (op->plan->sub != NDB_APPLY_RUN)
        return rc;
    while (rc == NAMIDB_OK)
        rc = ndb_op_next(op->inner);
    *is_kept = true;
    return rc;
}

/* Rows of the child, or not: EXISTS, ABSENT, RUN. */
static int next_chosen(struct ndb_op *op)
{
    for (;;) {
        const struct ndb_chunk *chunk = &op->child->chunk;
        uint32_t count = 0;
        uint16_t *rows;
        int rc = ndb_op_next(op->child);

        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        rows = ndb_arena_array(&op->arena, chunk->count, sizeof *rows);
        if (rows == NULL)
            return NAMIDB_ENOMEM;
        for (uint32_t i = 0; i < chunk->count; i++) {
            bool is_kept;

            rc = decide(op, ndb_chunk_row(chunk, i), &is_kept);
            if (rc < 0)
                return rc;
            if (is_kept)
                rows[count++] = (uint16_t)ndb_chunk_row(chunk, i);
        }
        if (count == 0)
            continue;
        ndb_op_pass(op, chunk);
        op->chunk.rows = rows;
        op->chunk.count = count;
        return NAMIDB_OK;
    }
}

static int apply_next(struct ndb_op *op)
{
    if (op->plan->sub == NDB_APPLY_EACH || op->plan->sub == NDB_APPLY_OPTIONAL)
        return next_joined(op);
    return next_chosen(op);
}

const struct ndb_op_class ndb_op_apply = {
    .state_bytes = sizeof(struct apply_state),
    .rewind = apply_rewind,
    .next = apply_next,
};
