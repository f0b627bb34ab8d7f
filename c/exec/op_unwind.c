/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row for each item of a list. Null is an empty list; anything else that is
 * no list is one of itself.
 */
#include "exec/eval.h"

struct unwind_state {
    struct ndb_vector lists; /* of the child's chunk; op->kept's memory */
    uint32_t row, item;      /* where we are */
    bool has_chunk;
};

static void unwind_rewind(struct ndb_op *op)
{
    memset(op->state, 0, sizeof(struct unwind_state));
}

static int load(struct ndb_op *op)
{
    struct unwind_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    int rc = ndb_op_next(op->child);

    unwind_rewind(op);
    ndb_arena_reset(&op->kept);
    if (rc != NAMIDB_OK)
        return rc;
    state->has_chunk = true;
    return ndb_eval(&eval, op->plan->expr, &op->child->chunk, &state->lists);
}

/* Fills the output; the state is where the next goes on. */
static uint32_t fill(struct ndb_op *op, uint32_t *positions, namidb_value *out)
{
    struct unwind_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    uint32_t count = 0;

    for (; state->row < chunk->count; state->row++, state->item = 0) {
        uint32_t at = ndb_chunk_row(chunk, state->row);
        namidb_value list = ndb_vector_get(&state->lists, at);
        bool is_list = list.kind == NAMIDB_LIST;
        uint32_t size = is_list ? list.size : !ndb_is_null(&list);

        if (ndb_op_is_settled(op, at))
            continue;
        for (; state->item < size; state->item++) {
            if (count == NDB_CHUNK_ROWS_MAX)
                return count;
            positions[count] = at;
            out[count++] = is_list ? list.as.items[state->item] : list;
        }
    }
    state->has_chunk = false;
    return count;
}

static int unwind_next(struct ndb_op *op)
{
    struct unwind_state *state = op->state;

    for (;;) {
        uint32_t *positions, count;
        namidb_value *items;
        int rc = state->has_chunk ? NAMIDB_OK : load(op);

        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        positions =
            ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof *positions);
        items = ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof *items);
        if (positions == NULL || items == NULL)
            return NAMIDB_ENOMEM;
        count = fill(op, positions, items);
        if (count == 0)
            continue;
        rc = ndb_op_gather(op, &op->child->chunk, positions, count);
        op->chunk.columns[op->plan->slot] =
            (struct ndb_vector){ .form = NDB_FORM_VALUES, .as.values = items };
        return rc;
    }
}

const struct ndb_op_class ndb_op_unwind = {
    .state_bytes = sizeof(struct unwind_state),
    .rewind = unwind_rewind,
    .next = unwind_next,
};
