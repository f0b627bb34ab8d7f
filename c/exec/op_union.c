/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All rows of one plan, then all of another; both set the same slots.
 */
#include "exec/op.h"

static void union_rewind(struct ndb_op *op)
{
    *(bool *)op->state = false;
}

static int union_next(struct ndb_op *op)
{
    bool *is_second = op->state;
    int rc = *is_second ? NAMIDB_NONE : ndb_op_next(op->child);

    if (rc == NAMIDB_OK) {
        ndb_op_pass(op, &op->child->chunk);
        return rc;
    }
    if (rc < 0)
        return rc;
    *is_second = true;
    rc = ndb_op_next(op->inner);
    if (rc == NAMIDB_OK)
        ndb_op_pass(op, &op->inner->chunk);
    return rc;
}

const struct ndb_op_class ndb_op_union = {
    .state_bytes = sizeof(bool),
    .rewind = union_rewind,
    .next = union_next,
};
