/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One shortest walk between two bound nodes, or all of them.
 *
 * Breadth first from both ends, a whole level of the smaller side at a time, so
 * that a level is one read. The sides meet when a level reaches a node that the
 * other side has; since levels are whole, the first meeting is the shortest.
 * Every node remembers all edges by which its level was reached, and the walks
 * are what these links spell.
 */
#include "base/hash.h"
#include "exec/eval.h"
#include "exec/hops.h"

/* Walks are spelled by recursion. */
enum { LENGTH_MAX = 10000 };

struct link {
    uint32_t before; /* node on the side of its start */
    uint32_t next;   /* link of the same node + 1; 0: none */
    namidb_edge edge;
};

struct reached {
    uint64_t id;
    uint32_t depth;
    uint32_t links; /* first + 1 */
};

struct side {
    struct reached *nodes; /* in the order of their levels */
    uint32_t count, capacity;
    uint32_t level_begin; /* nodes of the newest level */
    uint32_t depth;
    struct link *links;
    uint32_t link_count, link_capacity;
    uint32_t *slots; /* hash table: node + 1 */
    uint32_t slot_count;
};

struct shortest_state {
    struct ndb_cursor_row row;
    struct side sides[2]; /* from the start, from the end */
    /* Walks found for the row, lists of edges; op->kept's memory. */
    namidb_value *walks;
    uint32_t walk_count, walk_capacity, given;
};

static void shortest_rewind(struct ndb_op *op)
{
    memset(op->state, 0, sizeof(struct shortest_state));
}

static uint32_t locate(const struct side *side, uint64_t id)
{
    uint32_t mask = side->slot_count - 1;
    uint32_t at = (uint32_t)ndb_hash_integer(id) & mask;

    while (side->slots[at] != 0 && side->nodes[side->slots[at] - 1].id != id)
        at = (at + 1) & mask;
    return at;
}

/* The node's number; UINT32_MAX: not reached. */
static uint32_t find(const struct side *side, uint64_t id)
{
    return side->slot_count == 0 ? UINT32_MAX
                                 : side->slots[locate(side, id)] - 1;
}

static int rehash(struct side *side, namidb_arena *arena)
{
    uint32_t count = side->slot_count == 0 ? 64 : side->slot_count * 2;

    side->slots = ndb_arena_array(arena, count, sizeof *side->slots);
    if (side->slots == NULL || count == 0)
        return NAMIDB_ENOMEM;
    memset(side->slots, 0, count * sizeof *side->slots);
    side->slot_count = count;
    for (uint32_t i = 0; i < side->count; i++)
        side->slots[locate(side, side->nodes[i].id)] = i + 1;
    return NAMIDB_OK;
}

/* Adds a node; the caller knows that it is new. */
static int add_node(struct side *side, namidb_arena *arena, uint64_t id,
                    uint32_t depth)
{
    struct reached *nodes = ndb_arena_grow(arena, side->nodes, &side->capacity,
                                           side->count, 1, sizeof *nodes);

    if (nodes == NULL)
        return NAMIDB_ENOMEM;
    side->nodes = nodes;
    if (side->count >= side->slot_count / 2 && rehash(side, arena) < 0)
        return NAMIDB_ENOMEM;
    side->slots[locate(side, id)] = side->count + 1;
    side->nodes[side->count++] = (struct reached){ id, depth, 0 };
    return NAMIDB_OK;
}

static int add_link(struct side *side, namidb_arena *arena, uint32_t node,
                    uint32_t before, const namidb_edge *edge)
{
    struct link *links =
        ndb_arena_grow(arena, side->links, &side->link_capacity,
                       side->link_count, 1, sizeof *links);

    if (links == NULL)
        return NAMIDB_ENOMEM;
    side->links = links;
    side->links[side->link_count++] =
        (struct link){ before, side->nodes[node].links, *edge };
    side->nodes[node].links = side->link_count;
    return NAMIDB_OK;
}

/* Whether an edge may be walked: the pattern's condition on each edge. */
static int test_edge(struct ndb_op *op, const namidb_edge *edge, bool *may)
{
    const struct shortest_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    namidb_edge *copy;
    struct ndb_vector truths;
    namidb_value truth;
    struct ndb_chunk row;
    int rc;

    *may = true;
    if (op->plan->expr == NULL)
        return NAMIDB_OK;
    copy = ndb_arena_copy(&op->kept, edge, sizeof *edge);
    if (copy == NULL)
        return NAMIDB_ENOMEM;
    rc =
        ndb_eval_row_chunk(&eval, &op->child->chunk, state->row.position, &row);
    if (rc < 0)
        return rc;
    row.columns[op->plan->name] = (struct ndb_vector){ .form = NDB_FORM_EDGES,
                                                       .is_constant = true,
                                                       .as.edges = copy };
    rc = ndb_eval_truths(&eval, op->plan->expr, &row, &truths);
    if (rc < 0)
        return rc;
    truth = ndb_vector_get(&truths, 0);
    *may = truth.kind == NAMIDB_BOOL && truth.as.boolean;
    return rc;
}

static int reach(struct ndb_op *op, struct side *side, uint32_t before,
                 const namidb_edge *edge, uint64_t neighbour)
{
    uint32_t node = find(side, neighbour);
    bool may;
    int rc;

    if (node != UINT32_MAX && side->nodes[node].depth != side->depth)
        return NAMIDB_OK; /* reached by fewer edges */
    rc = test_edge(op, edge, &may);
    if (rc < 0 || !may)
        return rc;
    if (node == UINT32_MAX) {
        node = side->count;
        rc = add_node(side, &op->kept, neighbour, side->depth);
    }
    return rc < 0 ? rc : add_link(side, &op->kept, node, before, edge);
}

static uint8_t opposite(uint8_t direction)
{
    return direction == NAMIDB_BOTH  ? NAMIDB_BOTH
           : direction == NAMIDB_OUT ? NAMIDB_IN
                                     : NAMIDB_OUT;
}

/* One more level of a side. */
static int deepen(struct ndb_op *op, struct side *side, bool is_end)
{
    struct ndb_plan_op plan = *op->plan; /* walked backwards from the end */
    uint32_t begin = side->level_begin, count = side->count - begin;
    uint64_t *ids = ndb_arena_array(&op->kept, count, sizeof *ids);
    struct ndb_hop_sets sets;
    int rc;

    if (ids == NULL)
        return NAMIDB_ENOMEM;
    if (is_end)
        plan.direction = opposite(plan.direction);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = side->nodes[begin + i].id;
    sets.with_edges = true;
    rc = ndb_hop_sets_read(op->run, &plan, ids, count, &op->kept, &sets);
    side->level_begin = side->count;
    side->depth++;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        struct ndb_hop_at at = { 0, 0 };
        namidb_edge edge;
        uint64_t neighbour;

        while (rc >= 0 && ndb_hop_next(&sets, i, &at, &edge, &neighbour))
            rc = reach(op, side, begin + i, &edge, neighbour);
        if (rc >= 0)
            rc = ndb_run_spend(op->run, 1 + ndb_hop_count(&sets, i));
    }
    return rc;
}

/* Edges of a walk under construction: the start's part is filled from the
 * middle back, the end's part from the middle on. */
struct spell {
    struct ndb_op *op;
    namidb_edge *edges;
    uint32_t length, middle;
    bool is_all;
};

static int add_walk(struct spell *spell)
{
    struct ndb_op *op = spell->op;
    struct shortest_state *state = op->state;
    namidb_value *items =
        ndb_arena_array(&op->kept, spell->length, sizeof *items);
    namidb_edge *edges =
        ndb_arena_copy(&op->kept, spell->edges, spell->length * sizeof *edges);
    namidb_value *walks =
        ndb_arena_grow(&op->kept, state->walks, &state->walk_capacity,
                       state->walk_count, 1, sizeof *walks);

    if (items == NULL || edges == NULL || walks == NULL)
        return NAMIDB_ENOMEM;
    state->walks = walks;
    for (uint32_t i = 0; i < spell->length; i++)
        items[i] = (namidb_value){ .kind = NAMIDB_EDGE, .as.edge = &edges[i] };
    state->walks[state->walk_count++] = ndb_list(items, spell->length);
    return ndb_run_spend(op->run, spell->length);
}

/* Links of the end's side, from `node` on; `at` is the next place. */
static int spell_end(struct spell *spell, uint32_t node, uint32_t at)
{
    const struct shortest_state *state = spell->op->state;
    const struct side *side = &state->sides[1];
    int rc = NAMIDB_OK;

    if (at == spell->length)
        return add_walk(spell);
    for (uint32_t link = side->nodes[node].links; link != 0 && rc >= 0;
         link = side->links[link - 1].next) {
        spell->edges[at] = side->links[link - 1].edge;
        rc = spell_end(spell, side->links[link - 1].before, at + 1);
        if (!spell->is_all)
            break;
    }
    return rc;
}

static int spell_start(struct spell *spell, uint32_t node, uint32_t meeting,
                       uint32_t at)
{
    const struct shortest_state *state = spell->op->state;
    const struct side *side = &state->sides[0];
    int rc = NAMIDB_OK;

    if (at == 0)
        return spell_end(spell, meeting, spell->middle);
    for (uint32_t link = side->nodes[node].links; link != 0 && rc >= 0;
         link = side->links[link - 1].next) {
        spell->edges[at - 1] = side->links[link - 1].edge;
        rc = spell_start(spell, side->links[link - 1].before, meeting, at - 1);
        if (!spell->is_all)
            break;
    }
    return rc;
}

/* All walks through nodes of side `a`'s newest level that the other has. */
static int meet(struct ndb_op *op, uint32_t a)
{
    struct shortest_state *state = op->state;
    const struct side *side = &state->sides[a], *other = &state->sides[1 - a];
    struct spell spell = { .op = op };
    int rc = NAMIDB_OK;

    spell.middle = state->sides[0].depth;
    spell.length = state->sides[0].depth + state->sides[1].depth;
    spell.is_all = (op->plan->flags & NDB_EXPAND_ALL_SHORTEST) != 0;
    spell.edges = ndb_arena_array(&op->kept, spell.length, sizeof *spell.edges);
    if (spell.edges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = side->level_begin; i < side->count && rc >= 0; i++) {
        uint32_t met = find(other, side->nodes[i].id);
        uint32_t start = a == 0 ? i : met, end = a == 0 ? met : i;

        if (met == UINT32_MAX || other->nodes[met].depth != other->depth)
            continue;
        rc = spell_start(&spell, start, end, spell.middle);
        if (!spell.is_all && state->walk_count != 0)
            break;
    }
    return rc;
}

/* Levels until the sides meet or one of them cannot go on. */
static int search(struct ndb_op *op)
{
    struct shortest_state *state = op->state;
    struct side *sides = state->sides;
    int rc = NAMIDB_OK;

    while (rc >= 0 && state->walk_count == 0 &&
           (uint64_t)sides[0].depth + sides[1].depth < op->plan->max) {
        uint32_t starts = sides[0].count - sides[0].level_begin;
        uint32_t ends = sides[1].count - sides[1].level_begin;
        uint32_t a = starts <= ends ? 0 : 1;

        if (starts == 0 || ends == 0)
            break;
        if (sides[0].depth + sides[1].depth == LENGTH_MAX)
            return ndb_raise(op->run->err, NDB_FAULT_TOO_LARGE,
                             "a shortest path of more than %d relationships",
                             LENGTH_MAX);
        rc = deepen(op, &sides[a], a == 1);
        if (rc >= 0)
            rc = meet(op, a);
        if (rc >= 0)
            rc = ndb_run_check(op->run);
    }
    return rc;
}

/* The walks between the ends of the child's row. */
static int search_row(struct ndb_op *op)
{
    struct shortest_state *state = op->state;
    const struct ndb_vector *columns = op->child->chunk.columns;
    namidb_value from =
        ndb_vector_get(&columns[op->plan->slot], state->row.position);
    namidb_value to =
        ndb_vector_get(&columns[op->plan->to], state->row.position);
    struct spell none = { .op = op };
    int rc;

    ndb_arena_reset(&op->kept);
    memset(state->sides, 0, sizeof state->sides);
    state->walks = NULL;
    state->walk_count = state->walk_capacity = state->given = 0;
    if (from.kind != NAMIDB_NODE || to.kind != NAMIDB_NODE)
        return NAMIDB_OK;
    if (from.as.id == to.as.id)
        return op->plan->min == 0 ? add_walk(&none) : NAMIDB_OK;
    rc = add_node(&state->sides[0], &op->kept, from.as.id, 0);
    if (rc >= 0)
        rc = add_node(&state->sides[1], &op->kept, to.as.id, 0);
    return rc < 0 ? rc : search(op);
}

static int shortest_next(struct ndb_op *op)
{
    struct shortest_state *state = op->state;
    struct ndb_vector *out = &op->chunk.columns[op->plan->edge];
    uint32_t count;

    while (state->given == state->walk_count) {
        int rc = ndb_op_next_row(op, &state->row);

        if (rc == NAMIDB_OK)
            rc = search_row(op);
        if (rc != NAMIDB_OK)
            return rc;
    }
    count = state->walk_count - state->given;
    count = count < NDB_CHUNK_ROWS_MAX ? count : NDB_CHUNK_ROWS_MAX;
    ndb_op_repeat(op, &op->child->chunk, state->row.position, count);
    *out = (struct ndb_vector){ .form = NDB_FORM_VALUES };
    out->as.values = state->walks + state->given;
    state->given += count;
    return NAMIDB_OK;
}

const struct ndb_op_class ndb_op_shortest = {
    .state_bytes = sizeof(struct shortest_state),
    .rewind = shortest_rewind,
    .next = shortest_next,
};
