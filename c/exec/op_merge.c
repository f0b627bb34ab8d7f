/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MERGE: for each row what the pattern matches, or else what it creates. Rows
 * go one after the other, so that one sees what those before it created.
 *
 * What the pattern matches is looked for once for all rows of a chunk, before
 * the first of them changes anything: a cold bucket is asked in a few rounds
 * and not for each row. As long as no row has changed the graph, that is what
 * the rows match. A plan with keys promises that nothing else that earlier rows
 * of the chunk do matters to a row than this: if one of equal keys created
 * something, the row matches it, too. Without keys the rows behind a change are
 * looked for again, one by one, by now mostly in memory.
 */
#include <assert.h>

#include "exec/row_store.h"
#include "exec/value_set.h"
#include "exec/write.h"

struct merge_state {
    struct ndb_row_store store; /* what is given at the end; op->kept's */
    bool is_done;
    uint32_t given;

    /* Of the child's chunk: */
    namidb_arena arena;
    bool is_known;   /* what its rows match was looked for */
    bool is_changed; /* and the graph is another since */
    struct ndb_batch batch;
    struct ndb_row_store matches; /* slots that a match sets */
    uint32_t *first, *last;       /* by position: a match + 1; 0: none */
    uint32_t *next;               /* by match: the next of its row, likewise */
    uint32_t next_capacity;
    struct ndb_vector *keys;        /* plan->count */
    namidb_value *key;              /* room for one row's */
    struct ndb_value_set made;      /* keys of what rows created, */
    struct ndb_row_store made_rows; /* and by their number what that is */
};

static void merge_rewind(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    namidb_arena arena = state->arena;

    ndb_arena_reset(&arena);
    *state = (struct merge_state){ .arena = arena };
    state->store = ndb_row_store_of(&op->kept, &op->run->all_slots);
}

static int merge_open(struct ndb_op *op)
{
    ((struct merge_state *)op->state)->arena = ndb_run_arena(op->run);
    merge_rewind(op);
    return NAMIDB_OK;
}

static void merge_close(struct ndb_op *op)
{
    ndb_arena_release(&((struct merge_state *)op->state)->arena);
}

/* --------------------------------------------------- all rows of a chunk -- */

static int grow_next(struct merge_state *state)
{
    uint32_t capacity = state->next_capacity * 2 + 64;
    uint32_t *next = ndb_arena_array(&state->arena, capacity, sizeof *next);

    if (next == NULL || capacity < state->next_capacity)
        return NAMIDB_ENOMEM;
    if (state->next_capacity != 0)
        memcpy(next, state->next, state->next_capacity * sizeof *next);
    state->next = next;
    state->next_capacity = capacity;
    return NAMIDB_OK;
}

/* Keeps a match of the row at `row`, behind those that it has. */
static int add_match(struct ndb_op *op, uint32_t row, uint32_t at)
{
    struct merge_state *state = op->state;
    uint32_t match = state->matches.count;

    if ((match == state->next_capacity && grow_next(state) < 0) ||
        ndb_row_store_add(&state->matches, &op->inner->chunk, at) < 0)
        return NAMIDB_ENOMEM;
    state->next[match] = 0;
    if (state->first[row] == 0)
        state->first[row] = match + 1;
    else
        state->next[state->last[row] - 1] = match + 1;
    state->last[row] = match + 1;
    return NAMIDB_OK;
}

static int find_matches(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    const struct ndb_chunk *found = &op->inner->chunk;
    int rc;

    state->batch = (struct ndb_batch){ op->plan->slot, NULL };
    *op->inner_frame =
        (struct ndb_frame){ &op->child->chunk, 0, &state->batch };
    ndb_op_rewind(op->inner);
    while ((rc = ndb_op_next(op->inner)) == NAMIDB_OK)
        for (uint32_t i = 0; i < found->count; i++) {
            uint32_t at = ndb_chunk_row(found, i), row;

            rc = ndb_batch_row(op->inner, at, &row);
            if (rc >= 0)
                rc = add_match(op, row, at);
            if (rc < 0)
                return rc;
        }
    return rc < 0 ? rc : NAMIDB_OK;
}

static int read_keys(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &state->arena);
    uint32_t count = op->plan->count;
    int rc = NAMIDB_OK;

    state->keys = ndb_arena_array(&state->arena, count, sizeof *state->keys);
    state->key = ndb_arena_array(&state->arena, count, sizeof *state->key);
    if (state->keys == NULL || state->key == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count && rc >= 0; i++)
        rc = ndb_eval(&eval, op->plan->exprs[i], &op->child->chunk,
                      &state->keys[i]);
    state->made = ndb_value_set_of(&state->arena, count);
    state->made_rows = ndb_row_store_of(&state->arena, &op->plan->slots);
    return rc;
}

/* Looks for what the rows of the child's chunk match. */
static int look_up(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    uint32_t extent = op->child->chunk.extent;
    int rc;

    ndb_arena_reset(&state->arena);
    state->next_capacity = 0;
    state->matches = ndb_row_store_of(&state->arena, &op->plan->slots);
    state->first = ndb_arena_array(&state->arena, extent, sizeof *state->first);
    state->last = ndb_arena_array(&state->arena, extent, sizeof *state->last);
    if (state->first == NULL || state->last == NULL)
        return NAMIDB_ENOMEM;
    memset(state->first, 0, extent * sizeof *state->first);
    rc = find_matches(op);
    if (rc >= 0 && op->plan->count != 0)
        rc = read_keys(op);
    state->is_known = rc >= 0;
    return rc;
}

/* ---------------------------------------------------------------- a row -- */

/* The keys of a row, in state->key; false: it equals nothing. */
static bool key_of(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;

    for (uint32_t i = 0; i < op->plan->count; i++) {
        state->key[i] = ndb_vector_get(&state->keys[i], position);
        if (ndb_equal(&state->key[i], &state->key[i]) != NDB_TRUE)
            return false;
    }
    return true;
}

/* The child's row beside one match. */
static int take_match(struct ndb_op *op, uint32_t position, namidb_value *match)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_slots *slots = &op->plan->slots;
    struct ndb_chunk row;
    int rc = ndb_eval_row_chunk(&eval, &op->child->chunk, position, &row);

    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < slots->count; i++)
        row.columns[slots->items[i]] = (struct ndb_vector){
            .form = NDB_FORM_VALUES, .is_constant = true, .as.values = &match[i]
        };
    return ndb_row_store_add_all(&state->store, &row);
}

/* What was found for all rows, and what rows before it created. */
static int take_known(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;
    uint32_t made = UINT32_MAX;
    int rc = NAMIDB_OK;

    for (uint32_t at = state->first[position]; at != 0 && rc >= 0;
         at = state->next[at - 1])
        rc = take_match(op, position, state->matches.rows[at - 1]);
    if (op->plan->count != 0 && state->is_changed && key_of(op, position))
        made = ndb_value_set_find(&state->made, state->key);
    if (rc >= 0 && made != UINT32_MAX)
        rc = take_match(op, position, state->made_rows.rows[made]);
    return rc;
}

/* Looks for what the row matches as things are now. */
static int take_found(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    const struct ndb_slots *slots = &op->plan->slots;
    const struct ndb_chunk *inner = &op->inner->chunk;
    int rc;

    *op->inner_frame = (struct ndb_frame){ &op->child->chunk, position, NULL };
    ndb_op_rewind(op->inner);
    while ((rc = ndb_op_next(op->inner)) == NAMIDB_OK) {
        struct ndb_chunk rows;

        rc = ndb_eval_row_chunk(&eval, &op->child->chunk, position, &rows);
        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < slots->count; i++)
            rows.columns[slots->items[i]] = inner->columns[slots->items[i]];
        rows.extent = inner->extent;
        rows.count = inner->count;
        rows.rows = inner->rows;
        if (ndb_row_store_add_all(&state->store, &rows) < 0)
            return NAMIDB_ENOMEM;
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

/* ON MATCH for the stored rows from `begin`: after the last was read. */
static int change_matches(struct ndb_op *op, uint32_t begin)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    int rc = NAMIDB_OK;

    if (op->plan->sets_on_match.count == 0)
        return NAMIDB_OK;
    state->is_changed = true;
    while (begin < state->store.count && rc >= 0) {
        uint32_t count = state->store.count - begin;

        count = count < NDB_CHUNK_ROWS_MAX ? count : NDB_CHUNK_ROWS_MAX;
        ndb_arena_reset(&op->arena);
        rc = ndb_row_store_emit(&state->store, begin, count, op);
        if (rc >= 0)
            rc = ndb_write_sets(&eval, &op->plan->sets_on_match, &op->chunk);
        begin += count;
    }
    return rc;
}

/* Notes what a row created for those of equal keys. */
static int add_made(struct ndb_op *op, uint32_t position,
                    const struct ndb_chunk *row)
{
    struct merge_state *state = op->state;
    uint32_t number;
    bool is_new;

    if (!state->is_known || op->plan->count == 0 || !key_of(op, position))
        return NAMIDB_OK;
    if (ndb_value_set_add(&state->made, state->key, &number, &is_new) < 0)
        return NAMIDB_ENOMEM;
    assert(is_new && number == state->made_rows.count);
    return ndb_row_store_add(&state->made_rows, row, 0);
}

static int create(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    struct ndb_chunk row;
    int rc = ndb_eval_row_chunk(&eval, &op->child->chunk, position, &row);

    state->is_changed = true;
    if (rc >= 0)
        rc = ndb_write_creates(&eval, &op->plan->creates, true, &row);
    if (rc >= 0)
        rc = ndb_write_sets(&eval, &op->plan->sets, &row);
    if (rc >= 0)
        rc = add_made(op, position, &row);
    return rc < 0 ? rc : ndb_row_store_add_all(&state->store, &row);
}

static int merge_row(struct ndb_op *op, uint32_t position)
{
    struct merge_state *state = op->state;
    uint32_t begin = state->store.count;
    bool is_known =
        state->is_known && (op->plan->count != 0 || !state->is_changed);
    int rc = ndb_run_spend(op->run, 1);

    ndb_arena_reset(&op->arena);
    if (rc >= 0)
        rc = is_known ? take_known(op, position) : take_found(op, position);
    if (rc < 0)
        return rc;
    return state->store.count != begin ? change_matches(op, begin)
                                       : create(op, position);
}

/* The rows of the child's chunk. */
static int merge_chunk(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = NAMIDB_OK;

    state->is_known = state->is_changed = false;
    if (op->plan->slot != NDB_NO_SLOT && chunk->count > 1)
        rc = look_up(op);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++)
        rc = merge_row(op, ndb_chunk_row(chunk, i));
    return rc;
}

static int run(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    int rc;

    while ((rc = ndb_op_next(op->child)) == NAMIDB_OK) {
        rc = merge_chunk(op);
        if (rc < 0)
            return rc;
    }
    state->is_done = rc >= 0;
    return rc;
}

static int merge_next(struct ndb_op *op)
{
    struct merge_state *state = op->state;
    int rc = state->is_done ? NAMIDB_OK : run(op);

    if (rc < 0)
        return rc;
    ndb_arena_reset(&op->arena);
    return ndb_row_store_give(&state->store, state->store.count, &state->given,
                              op);
}

const struct ndb_op_class ndb_op_merge = {
    .state_bytes = sizeof(struct merge_state),
    .open = merge_open,
    .rewind = merge_rewind,
    .next = merge_next,
    .close = merge_close,
};
