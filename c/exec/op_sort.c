/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ORDER BY, and ORDER BY with a limit: then no more than twice that many rows
 * are kept, and one that cannot be among the first is not even copied. When the
 * first key is a column of integers, or of floats, those are sifted before
 * anything else: a heap holds the best of them so far.
 *
 * Rows that are equal by all keys stay in the order in which they came.
 */
#include "exec/bound.h"
#include "exec/kernel.h"
#include "exec/row_sort.h"
#include "exec/row_store.h"

struct sort_state {
    struct ndb_row_store store;
    struct ndb_slots slots; /* the keys, then what else lives */
    namidb_arena spare;     /* the store moves there when rows are dropped */
    uint64_t limit;         /* UINT64_MAX: none */
    uint32_t given;
    bool is_sorted;
    bool is_cut; /* the store holds `limit` rows in order, or more */

    /* The ranks of the best `limit` first keys of the chunks seen, while all of
     * them were of `sifted`; smaller is better, the worst is at 0. */
    int64_t *heap; /* of the run: it is kept when the operator starts over */
    uint32_t heap_count, heap_max;
    enum ndb_form sifted; /* INTS or FLOATS; NONE: no chunk was seen */
    bool is_sifting;
    int64_t *ranks;  /* of the chunk; of the run, as `maybe` */
    uint16_t *maybe; /* positions of the chunk that may be among the first */
};

/* Up to this limit a heap is worth it. */
enum { SIFT_LIMIT_MAX = 1024 };

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
    state->heap_count = 0;
    state->sifted = NDB_FORM_NONE;
    state->is_sifting = true;
}

static void sort_close(struct ndb_op *op)
{
    ndb_arena_release(&((struct sort_state *)op->state)->spare);
}

static int sort_rows(struct ndb_op *op)
{
    struct ndb_row_store *store = &((struct sort_state *)op->state)->store;

    return ndb_row_sort(op, store->rows, store->count, store->arena);
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

/* -------------------------------------------------------------- sifting -- */

static void sink(int64_t *heap, uint32_t count, int64_t rank)
{
    uint32_t at = 0;

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child < count && child + 1 < count && heap[child + 1] > heap[child])
            child++;
        if (child >= count || heap[child] <= rank)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = rank;
}

static void rise(int64_t *heap, uint32_t at, int64_t rank)
{
    while (at > 0 && heap[(at - 1) / 2] < rank) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = rank;
}

/* Whether the first keys of a chunk stand in a column of the kind that those
 * of the others were. Once they do not, there is no more sifting. */
static bool can_sift(struct sort_state *state, const struct ndb_plan_op *plan,
                     const struct ndb_chunk *chunk)
{
    const struct ndb_vector *keys;
    enum ndb_form form;

    if (!state->is_sifting || plan->count == 0 || state->limit > SIFT_LIMIT_MAX)
        return false;
    keys = &chunk->columns[plan->keys[0].slot];
    form = ndb_is_ints(keys) ? NDB_FORM_INTS : keys->form;
    if ((form != NDB_FORM_INTS && form != NDB_FORM_FLOATS) ||
        keys->is_constant ||
        (state->sifted != NDB_FORM_NONE && state->sifted != form))
        return false;
    state->sifted = form;
    return true;
}

static int reserve_sieve(struct ndb_op *op)
{
    struct sort_state *state = op->state;
    namidb_arena *arena = &op->run->arena;

    if (state->heap_max < state->limit) {
        state->heap_max = 0;
        state->heap = ndb_arena_array(arena, state->limit, sizeof *state->heap);
        if (state->heap == NULL)
            return NAMIDB_ENOMEM;
        state->heap_max = (uint32_t)state->limit;
    }
    if (state->maybe == NULL) {
        state->ranks =
            ndb_arena_array(arena, NDB_CHUNK_ROWS_MAX, sizeof *state->ranks);
        if (state->ranks == NULL)
            return NAMIDB_ENOMEM;
        state->maybe =
            ndb_arena_array(arena, NDB_CHUNK_ROWS_MAX, sizeof *state->maybe);
    }
    return state->maybe == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;
}

/* The rows of a chunk for which there are not yet enough better first keys; how
 * many. */
static uint32_t sift(struct ndb_op *op, const struct ndb_chunk *chunk)
{
    struct sort_state *state = op->state;
    const struct ndb_sort_key *key = &op->plan->keys[0];
    uint32_t count = 0;

    ndb_kernel_ranks(&chunk->columns[key->slot], key->is_descending,
                     chunk->extent, state->ranks);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        int64_t rank = state->ranks[at];
        bool is_full = state->heap_count == state->limit;

        if (is_full && rank > state->heap[0])
            continue;
        state->maybe[count++] = (uint16_t)at;
        if (!is_full)
            rise(state->heap, state->heap_count++, rank);
        else if (rank < state->heap[0])
            sink(state->heap, state->heap_count, rank);
    }
    return count;
}

static int take_row(struct ndb_op *op, const struct ndb_chunk *chunk,
                    uint32_t position)
{
    struct sort_state *state = op->state;
    int rc;

    if (!may_count(op, chunk, position))
        return NAMIDB_OK;
    rc = ndb_row_store_add(&state->store, chunk, position);
    if (rc >= 0 && state->limit < NDB_PLAN_SLOTS_MAX &&
        state->store.count >= state->limit * 2 + NDB_CHUNK_ROWS_FIRST)
        rc = cut(op);
    return rc;
}

static int take_chunk(struct ndb_op *op, const struct ndb_chunk *chunk)
{
    struct sort_state *state = op->state;
    uint32_t count;
    int rc = NAMIDB_OK;

    state->is_sifting = can_sift(state, op->plan, chunk);
    if (!state->is_sifting) {
        for (uint32_t i = 0; i < chunk->count && rc >= 0; i++)
            rc = take_row(op, chunk, ndb_chunk_row(chunk, i));
        return rc;
    }
    if (reserve_sieve(op) < 0)
        return NAMIDB_ENOMEM;
    count = sift(op, chunk);
    for (uint32_t i = 0; i < count && rc >= 0; i++)
        if (state->heap_count < state->limit ||
            state->ranks[state->maybe[i]] <= state->heap[0])
            rc = take_row(op, chunk, state->maybe[i]);
    return rc;
}

static int take_all(struct ndb_op *op)
{
    struct sort_state *state = op->state;
    int rc = NAMIDB_OK;

    state->limit = UINT64_MAX;
    if (op->plan->expr != NULL)
        rc = ndb_bound_eval(op, op->plan->expr, "LIMIT", &state->limit);
    if (rc >= 0 && state->limit == 0)
        return ndb_op_finish(op->child);
    if (rc < 0)
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
    uint32_t end;
    int rc = state->is_sorted ? NAMIDB_OK : take_all(op);

    if (rc < 0)
        return rc;
    state->is_sorted = true;
    end = state->store.count < state->limit ? state->store.count
                                            : (uint32_t)state->limit;
    return ndb_row_store_give(&state->store, end, &state->given, op);
}

const struct ndb_op_class ndb_op_sort = {
    .state_bytes = sizeof(struct sort_state),
    .open = sort_open,
    .rewind = sort_rewind,
    .next = sort_next,
    .close = sort_close,
};
