/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One hop: for each row the edges at a node that it binds, and the nodes at
 * their other ends. A chunk of rows is one batch of reads. Where a few edges of
 * a row may be enough (see ndb_batch), rows are read a piece at a time: what is
 * left to read may be wanted no more then, and of nodes with many edges not too
 * many are held at once.
 */
#include "exec/closing.h"
#include "exec/ends.h"

enum {
    PIECE_FIRST = 8,
    PIECE_FACTOR = 8,   /* by which the next is larger or smaller */
    PIECE_EDGES = 32768 /* of a piece, about */
};

struct expand_state {
    struct ndb_hop_sets sets; /* of some rows of the child; op->kept's memory */
    uint32_t *positions;      /* of the rows that have a node */
    uint32_t count;           /* of those rows */
    uint32_t row;             /* where we are */
    struct ndb_hop_at at;
    bool has_chunk; /* of the child */
    uint32_t taken; /* rows of it whose edges were read */
    uint32_t piece; /* rows to read next; for all rewinds */
};

static void expand_rewind(struct ndb_op *op)
{
    struct expand_state *state = op->state;

    *state = (struct expand_state){ .piece = state->piece };
}

/* How many rows to read. */
static uint32_t piece_rows(struct ndb_op *op)
{
    struct expand_state *state = op->state;
    const struct ndb_batch *batch = op->frame->batch;

    if (batch == NULL || batch->is_settled == NULL)
        return NDB_CHUNK_ROWS_MAX;
    if (state->piece == 0)
        state->piece = PIECE_FIRST;
    return state->piece;
}

/* Learns from what was read. */
static void fit_piece(struct expand_state *state)
{
    uint64_t edges = 0;

    for (uint32_t i = 0; i < state->count; i++)
        edges += ndb_hop_count(&state->sets, i);
    if (edges > PIECE_EDGES)
        state->piece = state->piece / PIECE_FACTOR + 1;
    else if (edges * PIECE_FACTOR <= PIECE_EDGES &&
             state->piece < NDB_CHUNK_ROWS_MAX)
        state->piece *= PIECE_FACTOR;
}

/* The node at a row; 0: what is there is none. */
static inline uint64_t node_at(const struct ndb_vector *nodes, uint32_t at)
{
    namidb_value value;

    if (nodes->form == NDB_FORM_NODES)
        return nodes->as.ids[nodes->is_constant ? 0 : at];
    value = ndb_vector_get(nodes, at);
    return value.kind == NAMIDB_NODE ? value.as.id : 0;
}

/* Takes rows of the child's chunk that have a node and are wanted. */
static int take_rows(struct ndb_op *op, uint64_t **ids)
{
    struct expand_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    const struct ndb_vector *nodes = &chunk->columns[op->plan->slot];
    uint32_t max = piece_rows(op), left = chunk->count - state->taken;

    max = max < left ? max : left;
    *ids = ndb_arena_array(&op->kept, max, sizeof **ids);
    state->positions =
        ndb_arena_array(&op->kept, max, sizeof *state->positions);
    if (*ids == NULL || state->positions == NULL)
        return NAMIDB_ENOMEM;
    while (state->taken < chunk->count && state->count < max) {
        uint32_t at = ndb_chunk_row(chunk, state->taken++);
        uint64_t id = node_at(nodes, at);

        if (id == 0 || ndb_op_is_settled(op, at))
            continue;
        state->positions[state->count] = at;
        (*ids)[state->count++] = id;
    }
    return NAMIDB_OK;
}

static bool has_loop(const struct ndb_hop_sets *sets, uint32_t count)
{
    for (uint32_t i = 0; i < sets->count; i++) {
        const struct ndb_hops *hops = &sets->items[i].hops;

        for (uint32_t j = 0; j < count; j++)
            for (uint32_t k = hops->offsets[j]; k < hops->offsets[j + 1]; k++)
                if (hops->neighbours[k] == sets->ids[j])
                    return true;
    }
    return false;
}

/* What is at nodes, with the edges where somebody reads those. There is hardly
 * ever a loop: looking twice then is less than finding edges always. */
static int read_sets(struct ndb_op *op, const uint64_t *ids)
{
    struct expand_state *state = op->state;
    bool only_loops = (op->plan->flags & NDB_EXPAND_LOOPS) != 0;
    int rc;

    state->sets.with_edges =
        (op->plan->flags & NDB_EXPAND_NO_EDGE) == 0 && !only_loops;
    rc = ndb_hop_sets_read(op->run, op->plan, ids, state->count, &op->kept,
                           &state->sets);
    if (rc < 0 || !only_loops || !has_loop(&state->sets, state->count))
        return rc;
    state->sets.with_edges = true;
    return ndb_hop_sets_read(op->run, op->plan, ids, state->count, &op->kept,
                             &state->sets);
}

/* The edges of the rows of the child that are next. */
static int load(struct ndb_op *op)
{
    struct expand_state *state = op->state;
    uint64_t *ids;
    int rc;

    ndb_arena_reset(&op->kept);
    ndb_arena_reset(&op->arena);
    state->row = state->count = 0;
    state->at = (struct ndb_hop_at){ 0, 0 };
    if (!state->has_chunk || state->taken == op->child->chunk.count) {
        rc = ndb_op_next(op->child);
        state->has_chunk = rc == NAMIDB_OK;
        state->taken = 0;
        if (rc != NAMIDB_OK)
            return rc;
    }
    rc = take_rows(op, &ids);
    if (rc >= 0)
        rc = read_sets(op, ids);
    if (rc < 0)
        return rc;
    if (state->piece != 0)
        fit_piece(state);
    if (op->closing != NULL)
        rc =
            ndb_closing_apply(op, state->positions, state->count, &state->sets);
    if (rc >= 0 && op->ends != NULL)
        rc = ndb_ends_apply(op, state->count, &state->sets);
    return rc;
}

/* Goes on behind rows of which nobody wants more. */
static void skip_settled(struct ndb_op *op)
{
    struct expand_state *state = op->state;

    while (state->row < state->count &&
           ndb_op_is_settled(op, state->positions[state->row])) {
        state->row++;
        state->at = (struct ndb_hop_at){ 0, 0 };
    }
}

struct output {
    uint32_t *positions;
    namidb_edge *edges;
    uint64_t *to;
    uint32_t count, max;
};

/* One type in one direction, and no end that is bound: the edges of all rows
 * stand one after the other, and the neighbours are the output as they are. */
static bool is_plain(const struct ndb_op *op)
{
    const struct expand_state *state = op->state;

    return state->sets.count == 1 && (op->plan->flags & NDB_EXPAND_INTO) == 0;
}

static int fill_plain(struct ndb_op *op, struct output *out)
{
    struct expand_state *state = op->state;
    const struct ndb_hop_set *set = &state->sets.items[0];
    const uint32_t *offsets = set->hops.offsets;
    uint32_t begin = offsets[state->row] + state->at.edge;
    uint32_t left = offsets[state->count] - begin;

    out->count = left < NDB_CHUNK_ROWS_MAX ? left : NDB_CHUNK_ROWS_MAX;
    out->to = set->hops.neighbours + begin;
    out->positions =
        ndb_arena_array(&op->arena, out->count, sizeof *out->positions);
    out->edges = NULL;
    if (state->sets.with_edges)
        out->edges =
            ndb_arena_array(&op->arena, out->count, sizeof *out->edges);
    if (out->positions == NULL ||
        (state->sets.with_edges && out->edges == NULL))
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < out->count;) {
        uint32_t row = state->row, at = begin + i;
        uint32_t end = offsets[row + 1] - begin;

        for (end = end < out->count ? end : out->count; i < end; i++, at++) {
            out->positions[i] = state->positions[row];
            if (out->edges != NULL)
                out->edges[i] = ndb_hop_edge_of(set, at, state->sets.ids[row]);
        }
        state->at.edge = at - offsets[row];
        if (at == offsets[row + 1]) {
            state->row++;
            state->at.edge = 0;
        }
    }
    if (left == out->count)
        state->row = state->count; /* the rest has no edges */
    return NAMIDB_OK;
}

static int output_init(struct ndb_op *op, struct output *out)
{
    struct expand_state *state = op->state;
    uint64_t left = 0;

    for (uint32_t i = state->row; i < state->count && left < NDB_CHUNK_ROWS_MAX;
         i++)
        left += ndb_hop_count(&state->sets, i);
    out->count = 0;
    out->max = left < NDB_CHUNK_ROWS_MAX ? (uint32_t)left : NDB_CHUNK_ROWS_MAX;
    out->positions =
        ndb_arena_array(&op->arena, out->max, sizeof *out->positions);
    out->edges = ndb_arena_array(&op->arena, out->max, sizeof *out->edges);
    out->to = ndb_arena_array(&op->arena, out->max, sizeof *out->to);
    return out->positions == NULL || out->edges == NULL || out->to == NULL
               ? NAMIDB_ENOMEM
               : NAMIDB_OK;
}

/* The next edge of the row where we are. */
static bool next_edge(struct expand_state *state, struct output *out)
{
    return ndb_hop_next(&state->sets, state->row, &state->at,
                        &out->edges[out->count], &out->to[out->count]);
}

/* The same, to the node that the row binds. */
static bool next_edge_to(struct expand_state *state, const namidb_value *to,
                         struct output *out)
{
    if (to->kind != NAMIDB_NODE)
        return false;
    out->to[out->count] = to->as.id;
    return ndb_hop_next_to(&state->sets, state->row, to->as.id, &state->at,
                           &out->edges[out->count]);
}

/* Fills the output from where we are; stops when it is full. */
static void fill(struct ndb_op *op, struct output *out)
{
    struct expand_state *state = op->state;
    const struct ndb_vector *bound = &op->child->chunk.columns[op->plan->to];
    bool is_into = (op->plan->flags & NDB_EXPAND_INTO) != 0;

    for (; state->row < state->count; state->row++) {
        uint32_t position = state->positions[state->row];
        namidb_value to = ndb_null();

        if (is_into)
            to = ndb_vector_get(bound, position);
        while (out->count < out->max && (is_into ? next_edge_to(state, &to, out)
                                                 : next_edge(state, out)))
            out->positions[out->count++] = position;
        if (out->count == out->max)
            return;
        state->at = (struct ndb_hop_at){ 0, 0 };
    }
}

static int emit(struct ndb_op *op, const struct output *out)
{
    const struct expand_state *state = op->state;
    struct ndb_vector *columns = op->chunk.columns;
    int rc = ndb_op_gather(op, &op->child->chunk, out->positions, out->count);

    if (state->sets.with_edges)
        columns[op->plan->edge] = (struct ndb_vector){ .form = NDB_FORM_EDGES,
                                                       .as.edges = out->edges };
    else if ((op->plan->flags & NDB_EXPAND_LOOPS) != 0)
        columns[op->plan->edge] =
            (struct ndb_vector){ .form = NDB_FORM_NONE, .is_constant = true };
    if ((op->plan->flags & NDB_EXPAND_NO_NODE) == 0)
        columns[op->plan->to] =
            (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = out->to };
    return rc;
}

static int expand_next(struct ndb_op *op)
{
    struct expand_state *state = op->state;

    for (;;) {
        struct output out;
        int rc = state->row == state->count ? load(op) : NAMIDB_OK;

        if (rc != NAMIDB_OK)
            return rc;
        skip_settled(op);
        if (state->row == state->count)
            continue;
        if (is_plain(op)) {
            rc = fill_plain(op, &out);
            if (rc < 0 || out.count != 0)
                return rc < 0 ? rc : emit(op, &out);
            continue;
        }
        rc = output_init(op, &out);
        if (rc < 0)
            return rc;
        if (out.max == 0) {
            state->row = state->count; /* the rest has no edges */
            continue;
        }
        fill(op, &out);
        if (out.count != 0)
            return emit(op, &out);
    }
}

/* A node that is not there has no edges: who seeks it by its id need not look
 * whether it is, which saves a round. (Between two clauses that write there may
 * be edges of a node that is deleted.) */
static int expand_open(struct ndb_op *op)
{
    const struct ndb_plan_op *child = op->plan->child;

    op->child->is_followed = child->kind == NDB_OP_SEEK_ID &&
                             child->slot == op->plan->slot &&
                             !op->run->plan->is_writing;
    ndb_closing_tell(op);
    return NAMIDB_OK;
}

const struct ndb_op_class ndb_op_expand = {
    .state_bytes = sizeof(struct expand_state),
    .open = expand_open,
    .rewind = expand_rewind,
    .next = expand_next,
};
