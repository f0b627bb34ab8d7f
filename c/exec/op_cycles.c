/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows whose node a walk along directed edges leads back to.
 *
 * To search from each node is to see all that it leads to, for each. Here all
 * that the nodes of a chunk lead to is found together, each node once, with the
 * edges between them, and components.c says who is on a cycle. What was found
 * for a chunk holds for the next: of what is new there nothing is on a cycle
 * with what is old, or it would have been found with it.
 */
#include "base/ids.h"
#include "exec/components.h"
#include "exec/hops.h"
#include "exec/walk_edges.h"
#include "exec/word_set.h"

enum {
    PIECE_NODES = NDB_CHUNK_ROWS_MAX / 2, /* whose edges are read together */
    LEADS_MAX = NDB_CHUNK_ROWS_MAX / 2, /* edges that are looked at together */
    STEPS = 1 << 16,                    /* between looks at the clock */
};

struct leads {
    uint32_t sources[LEADS_MAX]; /* numbers */
    int64_t words[LEADS_MAX];
    namidb_edge edges[LEADS_MAX]; /* if they are asked for something */
    uint32_t positions[LEADS_MAX];
    bool may_walk[LEADS_MAX];
    uint32_t numbers[LEADS_MAX];
    uint32_t count;
};

struct cycles_state {
    namidb_arena memory;       /* what is known */
    struct ndb_word_set known; /* nodes, as owner keys */
    bool *is_cyclic;           /* by number */
    uint32_t capacity;

    namidb_arena graph; /* of what a chunk adds, and a search in it */
    uint32_t begin;     /* its first number */
    uint32_t *offsets, *targets;
    uint32_t node_count, node_capacity; /* whose edges are all there */
    uint32_t target_count, target_capacity;

    namidb_arena read;   /* of a piece */
    struct leads *leads; /* op->kept's */
    bool is_begun;
    uint64_t serial; /* of the use of the run that it was begun in */
};

static void forget(struct cycles_state *state)
{
    ndb_arena_release(&state->memory);
    ndb_arena_release(&state->graph);
    ndb_arena_release(&state->read);
    memset(state, 0, sizeof *state);
}

/* What is known stays known as long as nothing is written. */
static void cycles_rewind(struct ndb_op *op)
{
    struct cycles_state *state = op->state;

    if (state->serial != op->run->serial || op->run->plan->is_writing)
        forget(state);
    state->leads = NULL;
}

static void cycles_close(struct ndb_op *op)
{
    forget(op->state);
}

static int begin(struct ndb_op *op)
{
    struct cycles_state *state = op->state;

    if (!state->is_begun) {
        state->memory = ndb_run_arena(op->run);
        state->graph = ndb_run_arena(op->run);
        state->read = ndb_run_arena(op->run);
        state->known = (struct ndb_word_set){ .arena = &state->memory };
        state->is_begun = true;
        state->serial = op->run->serial;
    }
    state->leads = ndb_arena_array(&op->kept, 1, sizeof *state->leads);
    if (state->leads == NULL)
        return NAMIDB_ENOMEM;
    state->leads->count = 0;
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- the graph --
 */

/* Leaves the edges that meet the plan's condition, which reads nothing else: it
 * is the same beside any row. */
static int test_leads(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    struct leads *leads = state->leads;
    struct ndb_arena_mark mark = ndb_arena_mark(&state->read);
    uint32_t row = ndb_chunk_row(&op->child->chunk, 0), kept = 0;
    int rc;

    if (op->plan->expr == NULL)
        return NAMIDB_OK;
    for (uint32_t i = 0; i < leads->count; i++)
        leads->positions[i] = row;
    rc = ndb_walk_test(op, leads->positions, leads->edges, leads->count,
                       &state->read, leads->may_walk);
    for (uint32_t i = 0; i < leads->count && rc >= 0; i++)
        if (leads->may_walk[i]) {
            leads->sources[kept] = leads->sources[i];
            leads->words[kept++] = leads->words[i];
        }
    leads->count = kept;
    ndb_arena_rewind(&state->read, &mark);
    return rc;
}

/* Nodes before `number` have no edges but those that are there. */
static int end_nodes(struct cycles_state *state, uint32_t number)
{
    uint32_t count = number - state->begin;
    uint32_t *offsets = state->offsets;

    if (count > state->node_count)
        offsets = ndb_arena_grow(&state->graph, offsets, &state->node_capacity,
                                 state->node_count + 1,
                                 count - state->node_count, sizeof *offsets);
    if (offsets == NULL)
        return NAMIDB_ENOMEM;
    state->offsets = offsets;
    while (state->node_count < count)
        offsets[++state->node_count] = state->target_count;
    return NAMIDB_OK;
}

/* Adds the edges to the graph, and what is new at their ends to what is known.
 * Edges to what was known before lead to no cycle. */
static int take_leads(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    struct leads *leads = state->leads;
    uint32_t *targets;
    int rc = test_leads(op);

    if (rc < 0 || leads->count == 0)
        return rc;
    targets =
        ndb_arena_grow(&state->graph, state->targets, &state->target_capacity,
                       state->target_count, leads->count, sizeof *targets);
    if (targets == NULL)
        return NAMIDB_ENOMEM;
    state->targets = targets;
    rc = ndb_word_set_add(&state->known, leads->words, leads->count,
                          leads->numbers);
    for (uint32_t i = 0; i < leads->count && rc >= 0; i++) {
        if (leads->numbers[i] < state->begin)
            continue;
        rc = end_nodes(state, leads->sources[i]);
        targets[state->target_count++] = leads->numbers[i] - state->begin;
    }
    leads->count = 0;
    return rc;
}

static int follow(struct ndb_op *op, uint32_t source, uint32_t index,
                  const struct ndb_hop_sets *sets)
{
    struct cycles_state *state = op->state;
    struct leads *leads = state->leads;
    struct ndb_hop_at at = { 0, 0 };
    uint64_t node;
    int rc = NAMIDB_OK;

    while (rc >= 0 &&
           ndb_hop_next(sets, index, &at, &leads->edges[leads->count], &node)) {
        leads->sources[leads->count] = source;
        leads->words[leads->count++] = (int64_t)ndb_owner_key(node);
        if (leads->count == LEADS_MAX)
            rc = take_leads(op);
    }
    return rc < 0 ? rc : ndb_run_spend(op->run, 1 + ndb_hop_count(sets, index));
}

/* The edges of nodes from number `from` on, as many as go together. */
static int extend(struct ndb_op *op, uint32_t *from)
{
    struct cycles_state *state = op->state;
    uint32_t count = state->known.count - *from;
    struct ndb_hop_sets sets = { .with_edges = op->plan->expr != NULL };
    uint64_t *ids;
    int rc;

    count = count < PIECE_NODES ? count : PIECE_NODES;
    ndb_arena_reset(&state->read);
    ids = ndb_arena_array(&state->read, count, sizeof *ids);
    if (ids == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        ids[i] = ndb_id_of_owner_key((uint64_t)state->known.words[*from + i]);
    rc = ndb_hop_sets_read(op->run, op->plan, ids, count, &state->read, &sets);
    for (uint32_t i = 0; i < count && rc >= 0; i++)
        rc = follow(op, *from + i, i, &sets);
    if (rc >= 0)
        rc = take_leads(op);
    *from += count;
    return rc;
}

/* Nodes of the chunk's rows. */
static int add_starts(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    int64_t *words;
    uint32_t *numbers, count = 0;

    ndb_arena_reset(&state->read);
    words = ndb_arena_array(&state->read, chunk->count, sizeof *words);
    numbers = ndb_arena_array(&state->read, chunk->count, sizeof *numbers);
    if (words == NULL || numbers == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < chunk->count; i++) {
        namidb_value node = ndb_vector_get(&chunk->columns[op->plan->slot],
                                           ndb_chunk_row(chunk, i));

        if (node.kind == NAMIDB_NODE)
            words[count++] = (int64_t)ndb_owner_key(node.as.id);
    }
    return ndb_word_set_add(&state->known, words, count, numbers);
}

/* What the nodes of a chunk lead to, as far as it is new. */
static int discover(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    uint32_t from = state->known.count;
    int rc;

    ndb_arena_reset(&state->graph);
    state->begin = from;
    state->node_count = state->node_capacity = 0;
    state->target_count = state->target_capacity = 0;
    state->targets = NULL;
    state->offsets = ndb_arena_grow(&state->graph, NULL, &state->node_capacity,
                                    0, 1, sizeof *state->offsets);
    if (state->offsets == NULL)
        return NAMIDB_ENOMEM;
    state->offsets[0] = 0;
    rc = add_starts(op);
    while (rc >= 0 && from < state->known.count)
        rc = extend(op, &from);
    return rc < 0 ? rc : end_nodes(state, from);
}

/* Who of them is on a cycle. */
static int judge(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    struct ndb_digraph graph = { state->known.count - state->begin,
                                 state->offsets, state->targets };
    struct ndb_components components;
    bool *is_cyclic;
    int rc = NAMIDB_OK;

    if (graph.count == 0)
        return NAMIDB_OK;
    is_cyclic =
        ndb_arena_grow(&state->memory, state->is_cyclic, &state->capacity,
                       state->begin, graph.count, sizeof *is_cyclic);
    if (is_cyclic == NULL)
        return NAMIDB_ENOMEM;
    state->is_cyclic = is_cyclic;
    memset(is_cyclic + state->begin, 0, graph.count * sizeof *is_cyclic);
    if (ndb_components_init(&components, &graph, &state->graph,
                            is_cyclic + state->begin) < 0)
        return NAMIDB_ENOMEM;
    while (rc >= 0 && !ndb_components_go_on(&components, STEPS))
        rc = ndb_run_spend(op->run, STEPS);
    return rc;
}

/* ------------------------------------------------------------------ output --
 */

/* The rows whose node is on a cycle; NAMIDB_NONE: there is none. */
static int select_rows(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    uint32_t count = 0;
    uint32_t *positions =
        ndb_arena_array(&op->arena, chunk->count, sizeof *positions);

    if (positions == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), number;
        namidb_value node = ndb_vector_get(&chunk->columns[op->plan->slot], at);
        int64_t word = (int64_t)ndb_owner_key(node.as.id);

        if (node.kind != NAMIDB_NODE)
            continue;
        ndb_word_set_find(&state->known, &word, 1, &number);
        if (state->is_cyclic[number])
            positions[count++] = at;
    }
    return count == 0 ? NAMIDB_NONE
                      : ndb_op_gather(op, chunk, positions, count);
}

static int cycles_next(struct ndb_op *op)
{
    struct cycles_state *state = op->state;
    int rc = state->leads == NULL ? begin(op) : NAMIDB_OK;

    while (rc == NAMIDB_OK) {
        rc = ndb_op_next(op->child);
        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        rc = discover(op);
        if (rc >= 0)
            rc = judge(op);
        if (rc >= 0)
            rc = select_rows(op);
        if (rc != NAMIDB_NONE)
            return rc;
        rc = NAMIDB_OK;
    }
    return rc;
}

const struct ndb_op_class ndb_op_cycles = {
    .state_bytes = sizeof(struct cycles_state),
    .rewind = cycles_rewind,
    .next = cycles_next,
    .close = cycles_close,
};
