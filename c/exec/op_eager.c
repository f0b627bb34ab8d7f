/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes in all rows before it gives any: between what reads the graph and what
 * changes it.
 */
#include "exec/row_store.h"

struct eager_state {
    struct ndb_row_store store;
    bool is_full;
    uint32_t given;
};

static void eager_rewind(struct ndb_op *op)
{
    struct eager_state *state = op->state;

    *state = (struct eager_state){ .is_full = false };
    state->store = ndb_row_store_of(&op->kept, &op->plan->live);
}

static int eager_open(struct ndb_op *op)
{
    eager_rewind(op);
    return NAMIDB_OK;
}

static int take_all(struct ndb_op *op)
{
    struct eager_state *state = op->state;
    int rc;

    while ((rc = ndb_op_next(op->child)) == NAMIDB_OK)
        if (ndb_row_store_add_all(&state->store, &op->child->chunk) < 0)
            return NAMIDB_ENOMEM;
    state->is_full = rc == NAMIDB_NONE;
    return rc < 0 ? rc : NAMIDB_OK;
}

static int eager_next(struct ndb_op *op)
{
    struct eager_state *state = op->state;
    int rc = state->is_full ? NAMIDB_OK : take_all(op);

    if (rc < 0)
        return rc;
    return ndb_row_store_give(&state->store, state->store.count, &state->given,
                              op);
}

const struct ndb_op_class ndb_op_eager = {
    .state_bytes = sizeof(struct eager_state),
    .open = eager_open,
    .rewind = eager_rewind,
    .next = eager_next,
};
