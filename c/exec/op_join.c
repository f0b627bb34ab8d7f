/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash join: the rows of the inner plan in a table by their keys, then a look
 * into it for each row of the child. A key that is null, or equals nothing
 * (NaN), joins nothing. A table that depends on nothing around the join is made
 * once in a run, however often it is rewound.
 */
#include "exec/row_store.h"
#include "exec/value_set.h"

struct join_state {
    namidb_arena arena; /* of the table */
    struct ndb_value_set keys;
    struct ndb_row_store rows; /* of the build side, live slots */
    uint32_t *first;           /* by key: its last row + 1 */
    uint32_t *next;            /* by row: the one before with its key, + 1 */
    uint32_t first_capacity, next_capacity;
    struct ndb_cursor_row row;
    uint32_t match; /* rows[match - 1] is the next for the row; 0: none */
    bool is_built;
    uint64_t run_serial; /* of the run that it was built in */
};

/* Whether what was built is what would be built again. */
static bool is_lasting(const struct ndb_op *op)
{
    const struct join_state *state = op->state;

    return state->is_built && op->plan->sub != 0 &&
           state->run_serial == op->run->serial && !op->run->plan->is_writing;
}

static void join_rewind(struct ndb_op *op)
{
    struct join_state *state = op->state;
    namidb_arena arena = state->arena;

    state->row = (struct ndb_cursor_row){ 0, 0, false };
    state->match = 0;
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

/* Makes room for item `index` of a growing array of numbers. */
static int grow(struct ndb_op *op, uint32_t **items, uint32_t *capacity,
                uint32_t index)
{
    uint32_t count = *capacity * 2 + 64, *grown;

    if (index < *capacity)
        return NAMIDB_OK;
    grown = ndb_arena_array(&((struct join_state *)op->state)->arena, count,
                            sizeof *grown);
    if (grown == NULL || count <= index)
        return NAMIDB_ENOMEM;
    memset(grown, 0, count * sizeof *grown);
    if (*capacity != 0)
        memcpy(grown, *items, *capacity * sizeof *grown);
    *items = grown;
    *capacity = count;
    return NAMIDB_OK;
}

static int build_row(struct ndb_op *op, uint32_t at, namidb_value *key)
{
    struct join_state *state = op->state;
    const struct ndb_chunk *chunk = &op->inner->chunk;
    uint32_t number, row = state->rows.count;
    bool is_new;

    if (!key_of(op, chunk, at, key))
        return NAMIDB_OK;
    if (ndb_value_set_add(&state->keys, key, &number, &is_new) < 0 ||
        ndb_row_store_add(&state->rows, chunk, at) < 0 ||
        grow(op, &state->first, &state->first_capacity, number) < 0 ||
        grow(op, &state->next, &state->next_capacity, row) < 0)
        return NAMIDB_ENOMEM;
    state->next[row] = state->first[number];
    state->first[number] = row + 1;
    return NAMIDB_OK;
}

static int build(struct ndb_op *op, namidb_value *key)
{
    struct join_state *state = op->state;
    int rc;

    while ((rc = ndb_op_next(op->inner)) == NAMIDB_OK)
        for (uint32_t i = 0; i < op->inner->chunk.count; i++)
            if (build_row(op, ndb_chunk_row(&op->inner->chunk, i), key) < 0)
                return NAMIDB_ENOMEM;
    state->is_built = rc >= 0;
    state->run_serial = op->run->serial;
    return rc < 0 ? rc : NAMIDB_OK;
}

/* The first match of the row of the child that is next; 0: it has none. */
static int probe(struct ndb_op *op, namidb_value *key)
{
    struct join_state *state = op->state;
    uint32_t number;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc != NAMIDB_OK)
        return rc;
    if (!key_of(op, &op->child->chunk, state->row.position, key))
        return NAMIDB_OK;
    number = ndb_value_set_find(&state->keys, key);
    if (number != UINT32_MAX)
        state->match = state->first[number];
    return NAMIDB_OK;
}

/* Pairs of rows: positions of the child's chunk, rows of the build side. */
struct pairs {
    uint32_t *positions, *matches, count;
};

/* What there is for the rows of one chunk of the child. */
static int find_pairs(struct ndb_op *op, namidb_value *key, struct pairs *out)
{
    struct join_state *state = op->state;
    int rc = NAMIDB_OK;

    if (state->match != 0 && ndb_op_is_settled(op, state->row.position))
        state->match = 0;
    while (rc == NAMIDB_OK) {
        for (; state->match != 0 && out->count < NDB_CHUNK_ROWS_MAX;
             state->match = state->next[state->match - 1]) {
            out->positions[out->count] = state->row.position;
            out->matches[out->count++] = state->match - 1;
        }
        if (out->count != 0 &&
            (state->match != 0 || state->row.next >= op->child->chunk.count))
            break;
        rc = probe(op, key);
    }
    return rc;
}

/* Slots of the build side are those that the child did not set. */
static int emit(struct ndb_op *op, const struct pairs *pairs)
{
    struct join_state *state = op->state;
    const struct ndb_slots *live = &op->plan->live;

    if (ndb_op_gather(op, &op->child->chunk, pairs->positions, pairs->count) <
        0)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < live->count; i++) {
        struct ndb_vector *out = &op->chunk.columns[live->items[i]];

        if (op->child->chunk.columns[live->items[i]].form != NDB_FORM_NONE)
            continue;
        if (!ndb_vector_values(out, &op->arena, pairs->count))
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < pairs->count; j++)
            out->as.values[j] = state->rows.rows[pairs->matches[j]][i];
    }
    return NAMIDB_OK;
}

static int join_next(struct ndb_op *op)
{
    struct join_state *state = op->state;
    namidb_value *key =
        ndb_arena_array(&op->arena, op->plan->slots.count, sizeof *key);
    struct pairs pairs = {
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof(uint32_t)),
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof(uint32_t)), 0
    };
    int rc = key == NULL || pairs.positions == NULL || pairs.matches == NULL
                 ? NAMIDB_ENOMEM
             : state->is_built ? NAMIDB_OK
                               : build(op, key);

    if (rc >= 0)
        rc = find_pairs(op, key, &pairs);
    return rc != NAMIDB_OK ? rc : emit(op, &pairs);
}

const struct ndb_op_class ndb_op_join = {
    .state_bytes = sizeof(struct join_state),
    .open = join_open,
    .rewind = join_rewind,
    .next = join_next,
    .close = join_close,
};
