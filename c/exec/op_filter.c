/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows for which a condition is true.
 */
#include "exec/eval.h"
#include "exec/kernel.h"

/* A scan below, or one that a search gives way to, and nothing but filters
 * between, leaves out what the zones say is not there. */
static int filter_open(struct ndb_op *op)
{
    struct ndb_op *below = op->child;

    while (below->plan->kind == NDB_OP_FILTER)
        below = below->child;
    if (below->plan->kind == NDB_OP_SEEK_INDEX && below->inner != NULL)
        below = below->inner;
    if (below->plan->kind != NDB_OP_SCAN)
        return NAMIDB_OK;
    return ndb_op_scan_hint(below, op->plan->expr);
}

static uint32_t pick(const struct ndb_chunk *chunk,
                     const struct ndb_vector *truths, uint16_t *rows)
{
    if (truths->form != NDB_FORM_TRUTHS)
        return 0;
    if (!truths->is_constant)
        return ndb_kernel_pick_true(truths->as.truths, chunk->rows,
                                    chunk->count, rows);
    if (truths->as.truths[0] != NDB_TRUE)
        return 0;
    for (uint32_t i = 0; i < chunk->count; i++)
        rows[i] = (uint16_t)ndb_chunk_row(chunk, i);
    return chunk->count;
}

static int filter_next(struct ndb_op *op)
{
    for (;;) {
        struct ndb_eval eval = ndb_eval_of(op, &op->arena);
        const struct ndb_chunk *chunk = &op->child->chunk;
        struct ndb_vector truths;
        uint16_t *rows;
        uint32_t count;
        int rc = ndb_op_next(op->child);

        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        rc = ndb_eval_truths(&eval, op->plan->expr, chunk, &truths);
        if (rc < 0)
            return rc;
        rows =
            ndb_arena_array(&op->arena, (size_t)chunk->count + 1, sizeof *rows);
        if (rows == NULL)
            return NAMIDB_ENOMEM;
        count = pick(chunk, &truths, rows);
        if (count == 0)
            continue;
        ndb_op_pass(op, chunk);
        op->chunk.rows = rows;
        op->chunk.count = count;
        return NAMIDB_OK;
    }
}

const struct ndb_op_class ndb_op_filter = { .open = filter_open,
                                            .next = filter_next };
