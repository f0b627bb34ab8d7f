/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash join: the rows of the inner plan in a table by their keys, then a look
 * into it for each row of the child. A key that is null, or equals nothing
 * (NaN), joins nothing; of an outer join the child's row is given all the same,
 * once, with nulls. A table that depends on nothing around the join is made
 * once in a run, however often it is rewound.
 */
#include "base/prefetch.h"
#include "exec/column_words.h"
#include "exec/row_store.h"
#include "exec/value_set.h"

/* In place of a row of the build side, + 1: none joins. */
#define NO_ROW UINT32_MAX

/* The rows of a chunk that may join something, and their keys. */
struct keyed {
    namidb_value *keys; /* of one after the other */
    int64_t *words;     /* the same, where they are words */
    uint32_t *rows;     /* of the chunk */
    uint32_t *numbers;  /* of the keys */
    uint32_t count;
    uint32_t capacity; /* rows of a chunk */
};

struct join_state {
    namidb_arena arena; /* of the table */
    struct ndb_value_set keys;
    struct ndb_row_store rows; /* of the build side, live slots if any */
    uint32_t *first;           /* by key: its last row + 1 */
    uint32_t *next;            /* by row: the one before with its key, + 1 */
    uint32_t first_capacity, next_capacity;
    uint32_t built;     /* rows */
    struct keyed keyed; /* of the chunk that is looked at */
    uint32_t *matches; /* by row of the child's chunk, as many as keyed has room
                          for: the row that is its next match, + 1, or NO_ROW;
                          0: it has no more */
    uint32_t row, row_count; /* of the child's chunk */
    bool is_built;
    uint64_t run_serial; /* of the run that it was built in */
};

/* Whether what was built is what would be built again. */
static bool is_lasting(const struct ndb_op *op)
{
    const struct join_state *state = op->state;

    return state->is_built && (op->plan->sub & NDB_JOIN_LASTING) != 0 &&
           state->run_serial == op->run->serial && !op->run->plan->is_writing;
}

static void join_rewind(struct ndb_op *op)
{
    struct join_state *state = op->state;
    namidb_arena arena = state->arena;

    state->row = state->row_count = 0;
    if (is_lasting(op))
        return;
    ndb_arena_reset(&arena);
    *state = (struct join_state){ .arena = arena };
    state->keys = ndb_value_set_of(&state->arena, op->plan->slots.count);
    state->rows = ndb_row_store_of(&state->arena, &op->plan->live);
}

static int join_open(struct ndb_op *op)
{
    ((struct join_state *)op->state)->arena = ndb_run_arena(op->run);
    join_rewind(op);
    return NAMIDB_OK;
}

static void join_close(struct ndb_op *op)
{
    ndb_arena_release(&((struct join_state *)op->state)->arena);
}

/* The key of a row; false: it joins nothing. */
static bool key_of(const struct ndb_op *op, const struct ndb_chunk *chunk,
                   uint32_t at, namidb_value *key)
{
    for (uint32_t i = 0; i < op->plan->slots.count; i++) {
        key[i] = ndb_vector_get(&chunk->columns[op->plan->slots.items[i]], at);
        if (ndb_equal(&key[i], &key[i]) != NDB_TRUE)
            return false;
    }
    return true;
}

/* Room for the rows of a chunk. */
static int reserve_keys(struct ndb_op *op, uint32_t count)
{
    struct join_state *state = op->state;
    struct keyed *keyed = &state->keyed;
    size_t width = op->plan->slots.count;

    if (count <= keyed->capacity)
        return NAMIDB_OK;
    count = count > keyed->capacity * 2 ? count : keyed->capacity * 2;
    keyed->keys =
        ndb_arena_array(&state->arena, count * width, sizeof *keyed->keys);
    keyed->words = ndb_arena_array(&state->arena, count, sizeof *keyed->words);
    keyed->rows = ndb_arena_array(&state->arena, count, sizeof *keyed->rows);
    keyed->numbers =
        ndb_arena_array(&state->arena, count, sizeof *keyed->numbers);
    state->matches =
        ndb_arena_array(&state->arena, count, sizeof *state->matches);
    if (keyed->keys == NULL || keyed->words == NULL || keyed->rows == NULL ||
        keyed->numbers == NULL || state->matches == NULL)
        return NAMIDB_ENOMEM;
    keyed->capacity = count;
    return NAMIDB_OK;
}

/* A key of one column that is words throughout; all rows may join. NULL: they
 * go as values. */
static const int64_t *find_words(struct ndb_op *op,
                                 const struct ndb_chunk *chunk,
                                 enum namidb_kind *kind)
{
    struct join_state *state = op->state;
    struct keyed *keyed = &state->keyed;
    const struct ndb_slots *slots = &op->plan->slots;
    const int64_t *words = NULL;

    if (slots->count == 1)
        words = ndb_column_words(&chunk->columns[slots->items[0]], chunk,
                                 keyed->words, kind);
    if (words == NULL || !ndb_value_set_takes(&state->keys, *kind))
        return NULL;
    keyed->count = chunk->count;
    for (uint32_t i = 0; i < chunk->count; i++)
        keyed->rows[i] = i;
    return words;
}

static void find_keys(struct ndb_op *op, const struct ndb_chunk *chunk)
{
    struct keyed *keyed = &((struct join_state *)op->state)->keyed;
    uint32_t width = op->plan->slots.count;

    keyed->count = 0;
    for (uint32_t i = 0; i < chunk->count; i++) {
        keyed->rows[keyed->count] = i;
        keyed->count += key_of(op, chunk, ndb_chunk_row(chunk, i),
                               keyed->keys + (size_t)keyed->count * width);
    }
}

/* The numbers of the keys of a chunk of the build side. */
static int add_keys(struct ndb_op *op, const struct ndb_chunk *chunk)
{
    struct join_state *state = op->state;
    struct keyed *keyed = &state->keyed;
    enum namidb_kind kind;
    const int64_t *words;

    if (reserve_keys(op, chunk->count) < 0)
        return NAMIDB_ENOMEM;
    words = find_words(op, chunk, &kind);
    if (words != NULL)
        return ndb_value_set_add_words(&state->keys, kind, words, keyed->count,
                                       keyed->numbers);
    find_keys(op, chunk);
    return ndb_value_set_add_all(&state->keys, keyed->keys, keyed->count,
                                 keyed->numbers);
}

/* The same of the other; UINT32_MAX: it is not there. */
static int look_up_keys(struct ndb_op *op, const struct ndb_chunk *chunk)
{
    struct join_state *state = op->state;
    struct keyed *keyed = &state->keyed;
    enum namidb_kind kind;
    const int64_t *words;

    if (reserve_keys(op, chunk->count) < 0)
        return NAMIDB_ENOMEM;
    words = find_words(op, chunk, &kind);
    if (words != NULL) {
        ndb_value_set_find_words(&state->keys, words, keyed->count,
                                 keyed->numbers);
        return NAMIDB_OK;
    }
    find_keys(op, chunk);
    ndb_value_set_find_all(&state->keys, keyed->keys, keyed->count,
                           keyed->numbers);
    return NAMIDB_OK;
}

/* Makes room for `needed` items of a growing array of numbers. */
static int grow(struct ndb_op *op, uint32_t **items, uint32_t *capacity,
                uint32_t needed)
{
    uint32_t count = *capacity * 2 + 64, *grown;

    if (needed <= *capacity)
        return NAMIDB_OK;
    count = count < needed ? needed : count;
    grown = ndb_arena_array(&((struct join_state *)op->state)->arena, count,
                            sizeof *grown);
    if (grown == NULL)
        return NAMIDB_ENOMEM;
    memset(grown, 0, count * sizeof *grown);
    if (*capacity != 0)
        memcpy(grown, *items, *capacity * sizeof *grown);
    *items = grown;
    *capacity = count;
    return NAMIDB_OK;
}

static int build_chunk(struct ndb_op *op)
{
    struct join_state *state = op->state;
    const struct ndb_chunk *chunk = &op->inner->chunk;
    const struct keyed *keyed = &state->keyed;
    bool is_kept = op->plan->live.count != 0;

    if (add_keys(op, chunk) < 0 ||
        grow(op, &state->first, &state->first_capacity, state->keys.count) <
            0 ||
        grow(op, &state->next, &state->next_capacity,
             state->built + keyed->count) < 0)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < keyed->count; i++) {
        uint32_t *first = &state->first[keyed->numbers[i]];

        state->next[state->built++] = *first;
        *first = state->built;
        if (is_kept &&
            ndb_row_store_add(&state->rows, chunk,
                              ndb_chunk_row(chunk, keyed->rows[i])) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

static int build(struct ndb_op *op)
{
    struct join_state *state = op->state;
    int rc;

    while ((rc = ndb_op_next(op->inner)) == NAMIDB_OK)
        if (build_chunk(op) < 0)
            return NAMIDB_ENOMEM;
    state->is_built = rc >= 0;
    state->run_serial = op->run->serial;
    return rc < 0 ? rc : NAMIDB_OK;
}

/* Of an outer join, the rows without a match. */
static void match_none(struct ndb_op *op)
{
    struct join_state *state = op->state;

    if ((op->plan->sub & NDB_JOIN_OUTER) == 0)
        return;
    for (uint32_t i = 0; i < state->row_count; i++)
        if (state->matches[i] == 0)
            state->matches[i] = NO_ROW;
}

/* The first matches of the rows of the child's next chunk. */
static int probe(struct ndb_op *op)
{
    struct join_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    const struct keyed *keyed = &state->keyed;
    int rc = ndb_op_next(op->child);

    state->row = state->row_count = 0;
    if (rc != NAMIDB_OK)
        return rc;
    if (look_up_keys(op, chunk) < 0)
        return NAMIDB_ENOMEM;
    memset(state->matches, 0, chunk->count * sizeof *state->matches);
    for (uint32_t i = 0; i < keyed->count; i++)
        if (keyed->numbers[i] != UINT32_MAX)
            state->matches[keyed->rows[i]] = state->first[keyed->numbers[i]];
    state->row_count = chunk->count;
    match_none(op);
    return NAMIDB_OK;
}

/* Pairs of rows: positions of the child's chunk, rows of the build side, + 1,
 * or NO_ROW. */
struct pairs {
    uint32_t *positions, *matches, count;
};

/* The match behind another. */
static uint32_t next_match(const struct join_state *state, uint32_t match)
{
    return match == NO_ROW ? 0 : state->next[match - 1];
}

/* From where we are; stops when there is no room. */
static void take_pairs(struct ndb_op *op, struct pairs *out)
{
    struct join_state *state = op->state;

    for (; state->row < state->row_count; state->row++) {
        uint32_t position = ndb_chunk_row(&op->child->chunk, state->row);
        uint32_t *match = &state->matches[state->row];

        if (*match != 0 && ndb_op_is_settled(op, position))
            continue;
        for (; *match != 0; *match = next_match(state, *match)) {
            if (out->count == NDB_CHUNK_ROWS_MAX)
                return;
            out->positions[out->count] = position;
            out->matches[out->count++] = *match;
        }
    }
}

/* What there is for the rows of one chunk of the child. */
static int find_pairs(struct ndb_op *op, struct pairs *out)
{
    struct join_state *state = op->state;
    int rc = NAMIDB_OK;

    while (out->count == 0 && rc == NAMIDB_OK) {
        if (state->row == state->row_count)
            rc = probe(op);
        take_pairs(op, out);
    }
    return rc;
}

/* Asks for the rows of the build side. */
static void prefetch_rows(const struct join_state *state,
                          const struct pairs *pairs)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->matches[i] != NO_ROW)
            ndb_prefetch(&state->rows.rows[pairs->matches[i] - 1]);
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->matches[i] != NO_ROW)
            ndb_prefetch(state->rows.rows[pairs->matches[i] - 1]);
}

/* Column `index` of the matches. Nodes go as such, so that what is asked of
 * them is read as columns. */
static bool emit_column(struct ndb_op *op, const struct pairs *pairs,
                        uint32_t index, struct ndb_vector *out)
{
    namidb_value **rows = ((struct join_state *)op->state)->rows.rows;
    bool are_nodes = true;

    if (!ndb_vector_values(out, &op->arena, pairs->count))
        return false;
    for (uint32_t i = 0; i < pairs->count; i++) {
        uint32_t match = pairs->matches[i];

        out->as.values[i] =
            match != NO_ROW ? rows[match - 1][index] : ndb_null();
        are_nodes = are_nodes && out->as.values[i].kind == NAMIDB_NODE;
    }
    if (!are_nodes)
        return true;
    /* Ids are smaller than values: they may lie in their place. */
    for (uint32_t i = 0; i < pairs->count; i++)
        out->as.ids[i] = rows[pairs->matches[i] - 1][index].as.id;
    out->form = NDB_FORM_NODES;
    return true;
}

/* Slots of the build side are those that the child did not set. */
static int emit(struct ndb_op *op, const struct pairs *pairs)
{
    struct join_state *state = op->state;
    const struct ndb_slots *live = &op->plan->live;

    if (ndb_op_gather(op, &op->child->chunk, pairs->positions, pairs->count) <
        0)
        return NAMIDB_ENOMEM;
    if (live->count != 0)
        prefetch_rows(state, pairs);
    for (uint32_t i = 0; i < live->count; i++) {
        uint32_t slot = live->items[i];

        if (op->child->chunk.columns[slot].form == NDB_FORM_NONE &&
            !emit_column(op, pairs, i, &op->chunk.columns[slot]))
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

static int join_next(struct ndb_op *op)
{
    struct join_state *state = op->state;
    int rc = state->is_built ? NAMIDB_OK : build(op);
    struct pairs pairs = {
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof(uint32_t)),
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof(uint32_t)), 0
    };

    if (rc >= 0 && (pairs.positions == NULL || pairs.matches == NULL))
        return NAMIDB_ENOMEM;
    if (rc >= 0)
        rc = find_pairs(op, &pairs);
    return rc != NAMIDB_OK ? rc : emit(op, &pairs);
}

const struct ndb_op_class ndb_op_join = {
    .state_bytes = sizeof(struct join_state),
    .open = join_open,
    .rewind = join_rewind,
    .next = join_next,
    .close = join_close,
};
