/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row that an apply gives, once; where there is none, one empty row.
 */
#include "exec/op.h"

static void argument_rewind(struct ndb_op *op)
{
    *(bool *)op->state = false;
}

static int argument_next(struct ndb_op *op)
{
    bool *is_done = op->state;

    if (*is_done)
        return NAMIDB_NONE;
    *is_done = true;
    if (op->frame->chunk != NULL)
        ndb_op_repeat(op, op->frame->chunk, op->frame->position, 1);
    op->chunk.extent = op->chunk.count = 1;
    return NAMIDB_OK;
}

const struct ndb_op_class ndb_op_argument = {
    .state_bytes = sizeof(bool),
    .rewind = argument_rewind,
    .next = argument_next,
};
