/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FOREACH: runs a body for each item of a list; rows pass through.
 */
#include "exec/eval.h"

static int run_item(struct ndb_op *op, struct ndb_eval *eval,
                    struct ndb_chunk *row, const namidb_value *item)
{
    int rc;

    if (!ndb_vector_constant(&row->columns[op->plan->slot], eval->arena, item))
        return NAMIDB_ENOMEM;
    *op->inner_frame = (struct ndb_frame){ row, 0, NULL };
    ndb_op_rewind(op->inner);
    do
        rc = ndb_op_next(op->inner);
    while (rc == NAMIDB_OK);
    return rc < 0 ? rc : NAMIDB_OK;
}

/* The list is what it is when the row's turn comes: the body may have changed
 * for rows before it what the list is made of. */
static int run_row(struct ndb_op *op, struct ndb_eval *eval, uint32_t position)
{
    struct ndb_vector lists;
    struct ndb_chunk row;
    namidb_value list;
    int rc = ndb_eval_row_chunk(eval, &op->child->chunk, position, &row);

    if (rc >= 0)
        rc = ndb_eval(eval, op->plan->expr, &row, &lists);
    if (rc < 0)
        return rc;
    list = ndb_vector_get(&lists, 0);
    if (ndb_is_null(&list))
        return NAMIDB_OK;
    if (list.kind != NAMIDB_LIST)
        return ndb_raise(op->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "FOREACH needs a list, not a value of type %s",
                         ndb_kind_name(list.kind));
    for (uint32_t i = 0; i < list.size && rc >= 0; i++)
        rc = run_item(op, eval, &row, &list.as.items[i]);
    return rc;
}

static int foreach_next(struct ndb_op *op)
{
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++)
        rc = run_row(op, &eval, ndb_chunk_row(chunk, i));
    ndb_op_pass(op, chunk);
    return rc;
}

const struct ndb_op_class ndb_op_foreach = { .next = foreach_next };
