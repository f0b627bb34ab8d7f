/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions into slots. They all read the child's row, not one another.
 */
#include "exec/eval.h"
#include "exec/node_columns.h"

/* Whether an expression reads its chunk by whole columns, and needs no rows. */
static bool takes_mask(const struct ndb_expr *expr,
                       const struct ndb_chunk *chunk)
{
    if (expr->kind == NDB_EXPR_SLOT || expr->kind == NDB_EXPR_CONST ||
        expr->kind == NDB_EXPR_PARAM)
        return true;
    return expr->kind == NDB_EXPR_PROPERTY &&
           expr->args[0]->kind == NDB_EXPR_SLOT &&
           chunk->columns[expr->args[0]->number].form == NDB_FORM_ROWS;
}

/* Rows of the child's chunk, if it has a mask and that does not do. */
static int settle_mask(struct ndb_op *op)
{
    const struct ndb_chunk *chunk = &op->child->chunk;

    for (uint32_t i = 0; i < op->plan->count && chunk->mask != NULL; i++)
        if (!takes_mask(op->plan->assigns[i].expr, chunk) &&
            ndb_op_need_rows(op) < 0)
            return NAMIDB_ENOMEM;
    return NAMIDB_OK;
}

static int project_next(struct ndb_op *op)
{
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    rc = settle_mask(op);
    if (rc < 0)
        return rc;
    ndb_op_pass(op, chunk);
    rc = ndb_node_columns_ahead(&eval, op->plan, chunk);
    for (uint32_t i = 0; i < op->plan->count && rc >= 0; i++)
        rc = ndb_eval(&eval, op->plan->assigns[i].expr, chunk,
                      &op->chunk.columns[op->plan->assigns[i].slot]);
    return rc;
}

const struct ndb_op_class ndb_op_project = { .next = project_next };
