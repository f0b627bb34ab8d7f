/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE, SET and REMOVE: chunk by chunk. What is read below was read before
 * (the planner puts an EAGER between).
 */
#include "exec/write.h"

static int create_next(struct ndb_op *op)
{
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    ndb_op_pass(op, &op->child->chunk);
    return ndb_write_creates(&eval, &op->plan->creates, false, &op->chunk);
}

static int set_next(struct ndb_op *op)
{
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    ndb_op_pass(op, &op->child->chunk);
    return ndb_write_sets(&eval, &op->plan->sets, &op->chunk);
}

const struct ndb_op_class ndb_op_create = { .next = create_next };
const struct ndb_op_class ndb_op_set = { .next = set_next };
