/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row that an apply gives, once, or all rows of a batch; where there is
 * none, one empty row.
 */
#include "exec/op.h"

static void argument_rewind(struct ndb_op *op)
{
    *(bool *)op->state = false;
}

/* The rows as they are, and beside each where it stands. */
static int give_batch(struct ndb_op *op)
{
    const struct ndb_chunk *from = op->frame->chunk;
    const struct ndb_slots *live = &op->plan->live;
    int64_t *numbers =
        ndb_arena_array(&op->arena, from->extent, sizeof *numbers);

    if (numbers == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < from->extent; i++)
        numbers[i] = i;
    memset(op->chunk.columns, 0,
           op->run->plan->slot_count * sizeof *op->chunk.columns);
    for (uint32_t i = 0; i < live->count; i++)
        op->chunk.columns[live->items[i]] = from->columns[live->items[i]];
    op->chunk.columns[op->plan->slot] =
        (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = numbers };
    op->chunk.extent = from->extent;
    op->chunk.count = from->count;
    op->chunk.rows = from->rows;
    return from->count != 0 ? NAMIDB_OK : NAMIDB_NONE;
}

static int argument_next(struct ndb_op *op)
{
    bool *is_done = op->state;

    if (*is_done)
        return NAMIDB_NONE;
    *is_done = true;
    if (op->frame->batch != NULL && op->plan->slot != NDB_NO_SLOT)
        return give_batch(op);
    /* Of a batch a part of the plan that has no number reads nothing. */
    if (op->frame->chunk != NULL && op->frame->batch == NULL)
        ndb_op_repeat(op, op->frame->chunk, op->frame->position, 1);
    op->chunk.extent = op->chunk.count = 1;
    return NAMIDB_OK;
}

const struct ndb_op_class ndb_op_argument = {
    .state_bytes = sizeof(bool),
    .rewind = argument_rewind,
    .next = argument_next,
};
