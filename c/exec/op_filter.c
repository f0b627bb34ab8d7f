/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows for which a condition is true.
 */
#include "exec/ends.h"
#include "exec/eval.h"
#include "exec/kernel.h"

/* A scan below, or one that a search gives way to, and nothing but filters
 * between, leaves out what the zones say is not there; an expansion, ends
 * without labels that are wanted. */
static int filter_open(struct ndb_op *op)
{
    struct ndb_op *below = op->child;

    ndb_ends_tell(op);
    while (below->plan->kind == NDB_OP_FILTER)
        below = below->child;
    if (below->plan->kind == NDB_OP_SEEK_INDEX && below->inner != NULL)
        below = below->inner;
    if (below->plan->kind != NDB_OP_SCAN &&
        below->plan->kind != NDB_OP_SCAN_NAMED)
        return NAMIDB_OK;
    return ndb_op_scan_hint(below, op->plan->expr);
}

static uint32_t pick(const struct ndb_chunk *chunk,
                     const struct ndb_vector *truths, uint16_t *rows)
{
    if (truths->form != NDB_FORM_TRUTHS || truths->is_constant)
        return 0;
    return ndb_kernel_pick_true(truths->as.truths, chunk->rows, chunk->count,
                                rows);
}

static bool is_always_true(const struct ndb_vector *truths)
{
    return truths->form == NDB_FORM_TRUTHS && truths->is_constant &&
           truths->as.truths[0] == NDB_TRUE;
}

/* Room for some more than there are: see ndb_kernel_pick_true. */
static uint16_t *rows_of(namidb_arena *arena, const struct ndb_chunk *chunk)
{
    return ndb_arena_array(arena, (size_t)chunk->extent + 1, sizeof(uint16_t));
}

void ndb_op_want_mask(struct ndb_op *op)
{
    while (op->plan->kind == NDB_OP_PROJECT) {
        op->gives_mask = true;
        op = op->child;
    }
    if (op->plan->kind == NDB_OP_FILTER)
        op->gives_mask = true;
}

int ndb_op_need_rows(struct ndb_op *op)
{
    struct ndb_chunk *chunk = &op->child->chunk;
    uint16_t *rows;

    if (chunk->mask == NULL)
        return NAMIDB_OK;
    rows = rows_of(&op->arena, chunk);
    if (rows == NULL)
        return NAMIDB_ENOMEM;
    ndb_kernel_pick_true(chunk->mask, NULL, chunk->extent, rows);
    chunk->rows = rows;
    chunk->mask = NULL;
    return NAMIDB_OK;
}

static int pass_mask(struct ndb_op *op, const struct ndb_chunk *chunk,
                     const struct ndb_vector *truths)
{
    uint8_t *mask = ndb_arena_alloc(&op->arena, chunk->extent);

    if (mask == NULL)
        return NAMIDB_ENOMEM;
    ndb_op_pass(op, chunk);
    op->chunk.mask = mask;
    op->chunk.count =
        ndb_kernel_mask_true(truths->as.truths, chunk->extent, mask);
    return NAMIDB_OK;
}

static int pass_rows(struct ndb_op *op, const struct ndb_chunk *chunk,
                     const struct ndb_vector *truths)
{
    uint16_t *rows = rows_of(&op->arena, chunk);

    if (rows == NULL)
        return NAMIDB_ENOMEM;
    ndb_op_pass(op, chunk);
    op->chunk.rows = rows;
    op->chunk.count = pick(chunk, truths, rows);
    return NAMIDB_OK;
}

static int filter_next(struct ndb_op *op)
{
    do {
        struct ndb_eval eval = ndb_eval_of(op, &op->arena);
        const struct ndb_chunk *chunk = &op->child->chunk;
        struct ndb_vector truths;
        int rc = ndb_op_next(op->child);

        if (rc != NAMIDB_OK)
            return rc;
        if (op->child->are_ends_good) {
            ndb_op_pass(op, chunk);
            return NAMIDB_OK;
        }
        ndb_arena_reset(&op->arena);
        rc = ndb_eval_truths(&eval, op->plan->expr, chunk, &truths);
        if (rc < 0)
            return rc;
        if (is_always_true(&truths))
            ndb_op_pass(op, chunk);
        else if (op->gives_mask && chunk->rows == NULL &&
                 truths.form == NDB_FORM_TRUTHS && !truths.is_constant)
            rc = pass_mask(op, chunk, &truths);
        else
            rc = pass_rows(op, chunk, &truths);
        if (rc < 0)
            return rc;
    } while (op->chunk.count == 0);
    return NAMIDB_OK;
}

const struct ndb_op_class ndb_op_filter = { .open = filter_open,
                                            .next = filter_next };
