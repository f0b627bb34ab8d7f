/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SKIP and LIMIT. How many is asked once, before the first row.
 */
#include "exec/bound.h"

struct limit_state {
    bool is_known;
    bool is_finished; /* the child, too */
    uint64_t left;    /* to skip, or to give */
};

static void limit_rewind(struct ndb_op *op)
{
    *(struct limit_state *)op->state = (struct limit_state){ .left = 0 };
}

static int know(struct ndb_op *op, const char *what)
{
    struct limit_state *state = op->state;
    int rc;

    if (state->is_known)
        return NAMIDB_OK;
    rc = ndb_bound_eval(op, op->plan->expr, what, &state->left);
    state->is_known = rc >= 0;
    return rc;
}

/* Rows `begin` .. of the child's chunk. */
static int pass_rows(struct ndb_op *op, uint32_t begin, uint32_t count)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    uint16_t *rows;

    ndb_op_pass(op, chunk);
    if (count == chunk->count)
        return NAMIDB_OK;
    rows = ndb_arena_array(&op->arena, count, sizeof *rows);
    if (rows == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = (uint16_t)ndb_chunk_row(chunk, begin + i);
    op->chunk.rows = rows;
    op->chunk.count = count;
    return NAMIDB_OK;
}

static int skip_next(struct ndb_op *op)
{
    struct limit_state *state = op->state;
    int rc = know(op, "SKIP");

    while (rc >= 0) {
        uint32_t count, begin;

        rc = ndb_op_next(op->child);
        if (rc != NAMIDB_OK)
            return rc;
        count = op->child->chunk.count;
        begin = state->left < count ? (uint32_t)state->left : count;
        state->left -= begin;
        if (begin < count)
            return pass_rows(op, begin, count - begin);
    }
    return rc;
}

static int limit_next(struct ndb_op *op)
{
    struct limit_state *state = op->state;
    uint32_t count;
    int rc = know(op, "LIMIT");

    if (rc < 0 || state->is_finished)
        return rc < 0 ? rc : NAMIDB_NONE;
    rc = state->left == 0 ? ndb_op_finish(op->child) : ndb_op_next(op->child);
    state->is_finished = rc == NAMIDB_NONE;
    if (rc != NAMIDB_OK)
        return rc;
    count = op->child->chunk.count;
    count = state->left < count ? (uint32_t)state->left : count;
    state->left -= count;
    return pass_rows(op, 0, count);
}

const struct ndb_op_class ndb_op_skip = {
    .state_bytes = sizeof(struct limit_state),
    .rewind = limit_rewind,
    .next = skip_next,
};

const struct ndb_op_class ndb_op_limit = {
    .state_bytes = sizeof(struct limit_state),
    .rewind = limit_rewind,
    .next = limit_next,
};
