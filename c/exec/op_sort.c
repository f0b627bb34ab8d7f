/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ORDER BY, and ORDER BY with a limit: then no more than twice that many rows
 * are kept, and one that cannot be among the first is not even copied.
 *
 * Rows that are equal by all keys stay in the order in which they came.
 */
#include <stdlib.h>

#include "exec/bound.h"
#include "exec/row_store.h"

struct sort_state {
    struct ndb_row_store store;
    struct ndb_slots slots; /* the keys, then what else lives */
    namidb_arena spare;     /* the store moves there when rows are dropped */
    uint64_t limit;         /* UINT64_MAX: none */
    uint32_t given;
    bool is_sorted;
    bool is_cut; /* the store holds `limit` rows in order, or more */
};

static int sort_open(struct ndb_op *op)
{
    struct sort_state *state = op->state;
    const struct ndb_plan_op *plan = op->plan;
    uint32_t *items = ndb_arena_array(
        &op->run->arena, (size_t)plan->count + plan->live.count, sizeof *items);
    uint32_t count = 0;

    if (items == NULL)
        return ndb_run_no_memory(op->run);
    for (uint32_t i = 0; i < plan->count; i++)
        items[count++] = plan->keys[i].slot;
    for (uint32_t i = 0; i < plan->live.count; i++)
        items[count++] = plan->live.items[i];
    state->slots = (struct ndb_slots){ items, count };
    state->spare = ndb_run_arena(op->run);
    state->store = ndb_row_store_of(&op->kept, &state->slots);
    return NAMIDB_OK;
}

static void sort_rewind(struct ndb_op *op)
{
    struct sort_state *state = op->state;

    ndb_arena_reset(&state->spare);
    state->store = ndb_row_store_of(&op->kept, &state->slots);
    state->given = 0;
    state->is_sorted = state->is_cut = false;
}

static void sort_close(struct ndb_op *op)
{
    ndb_arena_release(&((struct sort_state *)op->state)->spare);
}

static int compare_keys(const struct ndb_plan_op *plan, const namidb_value *a,
                        const namidb_value *b)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        int order = ndb_order(&a[i], &b[i]);

        if (order != 0)
            return plan->keys[i].is_descending ? -order : order;
    }
    return 0;
}

struct sorted {
    namidb_value *row;
    uint32_t index; /* in the order of arrival */
};

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct sorted *left = a, *right = b;
    int order = compare_keys(context, left->row, right->row);

    if (order != 0)
        return order;
    return (left->index > right->index) - (left->index < right->index);
}

static int sort_rows(struct ndb_op *op)
{
    struct ndb_row_store *store = &((struct sort_state *)op->state)->store;
    struct sorted *sorted =
        ndb_arena_array(store->arena, store->count, sizeof *sorted);

    if (sorted == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < store->count; i++)
        sorted[i] = (struct sorted){ store->rows[i], i };
    qsort_r(sorted, store->count, sizeof *sorted, compare_rows,
            (void *)(uintptr_t)op->plan);
    for (uint32_t i = 0; i < store->count; i++)
        store->rows[i] = sorted[i].row;
    return NAMIDB_OK;
}

/* Drops what is beyond the limit: the rest moves to the other arena. */
static int cut(struct ndb_op *op)
{
    struct sort_state *state = op->state;
    namidb_arena *from = state->store.arena;
    namidb_arena *to = from == &op->kept ? &state->spare : &op->kept;
    struct ndb_row_store kept = ndb_row_store_of(to, &state->slots);
    int rc = sort_rows(op);

    for (uint32_t begin = 0; begin < state->limit && rc >= 0;
         begin += NDB_CHUNK_ROWS_MAX) {
        uint32_t count = (uint32_t)state->limit - begin;

        count = count < NDB_CHUNK_ROWS_MAX ? count : NDB_CHUNK_ROWS_MAX;
        rc = ndb_row_store_emit(&state->store, begin, count, op);
        if (rc >= 0)
            rc = ndb_row_store_add_all(&kept, &op->chunk);
        ndb_arena_reset(&op->arena);
    }
    if (rc < 0)
        return rc;
    state->store = kept;
    state->is_cut = true;
    ndb_arena_reset(from);
    return NAMIDB_OK;
}

/* Whether a row may be among the first. */
static bool may_count(struct ndb_op *op, const struct ndb_chunk *chunk,
                      uint32_t position)
{
    const struct sort_state *state = op->state;
    const namidb_value *last;

    if (!state->is_cut)
        return true;
    last = state->store.rows[state->limit - 1];
    for (uint32_t i = 0; i < op->plan->count; i++) {
        const struct ndb_sort_key *key = &op->plan->keys[i];
        namidb_value value =
            ndb_vector_get(&chunk->columns[key->slot], position);
        int order = ndb_order(&value, &last[i]);

        if (order != 0)
            return (order < 0) != key->is_descending;
    }
    return false; /* an equal one that came first stays */
}

static int take_chunk(struct ndb_op *op, const struct ndb_chunk *chunk)
{
    struct sort_state *state = op->state;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        if (!may_count(op, chunk, at))
            continue;
        rc = ndb_row_store_add(&state->store, chunk, at);
        if (rc >= 0 && state->limit < NDB_PLAN_SLOTS_MAX &&
            state->store.count >= state->limit * 2 + NDB_CHUNK_ROWS_FIRST)
            rc = cut(op);
    }
    return rc;
}

static int take_all(struct ndb_op *op)
{
    struct sort_state *state = op->state;
    int rc = NAMIDB_OK;

    state->limit = UINT64_MAX;
    if (op->plan->expr != NULL)
        rc = ndb_bound_eval(op, op->plan->expr, "LIMIT", &state->limit);
    if (rc < 0 || state->limit == 0)
        return rc;
    while ((rc = ndb_op_next(op->child)) == NAMIDB_OK) {
        rc = take_chunk(op, &op->child->chunk);
        if (rc < 0)
            return rc;
    }
    return rc < 0 ? rc : sort_rows(op);
}

static int sort_next(struct ndb_op *op)
{
    struct sort_state *state = op->state;
    uint64_t left;
    int rc = state->is_sorted ? NAMIDB_OK : take_all(op);

    if (rc < 0)
        return rc;
    state->is_sorted = true;
    left =
        state->store.count < state->limit ? state->store.count : state->limit;
    left -= state->given;
    if (left == 0)
        return NAMIDB_NONE;
    left = left < NDB_CHUNK_ROWS_MAX ? left : NDB_CHUNK_ROWS_MAX;
    rc = ndb_row_store_emit(&state->store, state->given, (uint32_t)left, op);
    state->given += (uint32_t)left;
    return rc;
}

const struct ndb_op_class ndb_op_sort = {
    .state_bytes = sizeof(struct sort_state),
    .open = sort_open,
    .rewind = sort_rewind,
    .next = sort_next,
    .close = sort_close,
};
