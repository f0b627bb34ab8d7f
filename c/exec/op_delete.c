/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DELETE: all rows first, then all edges, then all nodes, so that it does not
 * matter in which order a statement names them.
 */
#include "base/ids.h"
#include "exec/row_store.h"
#include "exec/write.h"

struct delete_state {
    struct ndb_row_store store;
    struct ndb_ids nodes, edges;
    bool is_done;
    uint32_t given;
};

static void delete_rewind(struct ndb_op *op)
{
    struct delete_state *state = op->state;

    ndb_ids_release(&state->nodes);
    ndb_ids_release(&state->edges);
    *state = (struct delete_state){ .is_done = false };
    state->store = ndb_row_store_of(&op->kept, &op->run->all_slots);
}

static int delete_open(struct ndb_op *op)
{
    delete_rewind(op);
    return NAMIDB_OK;
}

static int collect(struct ndb_op *op, const namidb_value *value)
{
    struct delete_state *state = op->state;
    int rc = NAMIDB_OK;

    switch (value->kind) {
    case NAMIDB_NULL:
        return NAMIDB_OK;
    case NAMIDB_NODE:
        return ndb_ids_add(&state->nodes, value->as.id);
    case NAMIDB_EDGE:
        return ndb_ids_add(&state->edges, value->as.edge->id);
    case NAMIDB_PATH:
        for (uint32_t i = 0; i < value->as.path->edge_count && rc >= 0; i++)
            rc = collect(op, &value->as.path->edges[i]);
        for (uint32_t i = 0; i <= value->as.path->edge_count && rc >= 0; i++)
            rc = collect(op, &value->as.path->nodes[i]);
        return rc;
    default:
        return ndb_raise(op->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "DELETE takes nodes, relationships and paths, not a "
                         "value of type %s",
                         ndb_kind_name(value->kind));
    }
}

static int take_chunk(struct ndb_op *op)
{
    struct delete_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = ndb_row_store_add_all(&state->store, chunk);

    ndb_arena_reset(&op->arena);
    for (uint32_t i = 0; i < op->plan->count && rc >= 0; i++) {
        struct ndb_vector values;

        rc = ndb_eval(&eval, op->plan->exprs[i], chunk, &values);
        for (uint32_t j = 0; j < chunk->count && rc >= 0; j++) {
            namidb_value value =
                ndb_vector_get(&values, ndb_chunk_row(chunk, j));

            rc = collect(op, &value);
        }
    }
    return rc;
}

static int delete_all(struct ndb_op *op)
{
    struct delete_state *state = op->state;
    struct namidb_tx *tx = op->run->tx;
    bool is_detach = op->plan->sub != 0;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < state->edges.count && rc >= 0; i++)
        rc = ndb_tx_delete_edge(tx, state->edges.items[i], op->run->err);
    for (size_t i = 0; i < state->nodes.count && rc >= 0; i++)
        rc = ndb_tx_delete_node(tx, state->nodes.items[i], is_detach,
                                op->run->err);
    if (rc == NAMIDB_ECONSTRAINT)
        return ndb_raise(op->run->err, NDB_FAULT_CONNECTED,
                         "a node that still has relationships cannot be "
                         "deleted (DETACH DELETE deletes them as well)");
    return rc < 0 ? rc : NAMIDB_OK;
}

static int run(struct ndb_op *op)
{
    struct delete_state *state = op->state;
    int rc;

    while ((rc = ndb_op_next(op->child)) == NAMIDB_OK) {
        rc = take_chunk(op);
        if (rc < 0)
            return rc;
    }
    if (rc >= 0)
        rc = delete_all(op);
    state->is_done = rc >= 0;
    return rc;
}

static int delete_next(struct ndb_op *op)
{
    struct delete_state *state = op->state;
    int rc = state->is_done ? NAMIDB_OK : run(op);

    if (rc < 0)
        return rc;
    return ndb_row_store_give(&state->store, state->store.count, &state->given,
                              op);
}

const struct ndb_op_class ndb_op_delete = {
    .state_bytes = sizeof(struct delete_state),
    .open = delete_open,
    .rewind = delete_rewind,
    .next = delete_next,
    .close = delete_rewind,
};
