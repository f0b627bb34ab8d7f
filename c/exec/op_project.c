/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions into slots. They all read the child's row, not one another.
 */
#include "exec/eval.h"
#include "exec/node_columns.h"

static int project_next(struct ndb_op *op)
{
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    ndb_op_pass(op, chunk);
    rc = ndb_node_columns_ahead(&eval, op->plan, chunk);
    for (uint32_t i = 0; i < op->plan->count && rc >= 0; i++)
        rc = ndb_eval(&eval, op->plan->assigns[i].expr, chunk,
                      &op->chunk.columns[op->plan->assigns[i].slot]);
    return rc;
}

const struct ndb_op_class ndb_op_project = { .next = project_next };
