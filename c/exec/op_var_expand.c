/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks of several hops that use no edge twice.
 *
 * A depth-first search over batches: a frame holds the walks of one length that
 * came out of a piece of the frame below it. The top frame is extended a piece
 * at a time, all edges of the piece in one read; when nothing is left of it, it
 * is dropped. So memory is a few pieces for each hop, however many walks there
 * are, and a cold search costs a round per piece and not one per walk.
 */
#include "exec/hops.h"
#include "exec/walk_edges.h"

enum { PIECE_WALKS = 256 };

/* The last edge of a walk and the node that it leads to. */
struct step {
    const struct step *before; /* NULL: the start */
    namidb_edge edge;          /* id 0: the start */
    uint64_t node;
    uint32_t position; /* of the row in the child's chunk */
};

struct frame {
    struct step *steps;
    uint32_t count;
    uint32_t emitted;  /* of the steps */
    uint32_t extended; /* likewise */
    namidb_arena arena;
};

struct walk_state {
    struct frame *frames;
    uint32_t depth;    /* frames in use; the top one's walks have depth - 1
                          edges */
    uint32_t capacity; /* frames made */
};

static void walk_rewind(struct ndb_op *op)
{
    struct walk_state *state = op->state;

    for (uint32_t i = 0; i < state->capacity; i++)
        ndb_arena_release(&state->frames[i].arena);
    ndb_free(state->frames);
    *state = (struct walk_state){ NULL, 0, 0 };
}

static struct frame *push(struct ndb_op *op)
{
    struct walk_state *state = op->state;
    struct frame *frame;

    if (state->depth == state->capacity) {
        uint32_t capacity = state->capacity * 2 + 8;
        struct frame *frames =
            ndb_realloc(state->frames, capacity, sizeof *frames);

        if (frames == NULL)
            return NULL;
        for (uint32_t i = state->capacity; i < capacity; i++)
            frames[i].arena = ndb_run_arena(op->run);
        state->frames = frames;
        state->capacity = capacity;
    }
    frame = &state->frames[state->depth++];
    ndb_arena_reset(&frame->arena);
    frame->steps = NULL;
    frame->count = frame->emitted = frame->extended = 0;
    return frame;
}

/* Walks of no edge, one for each row of the child's next chunk. */
static int start(struct ndb_op *op)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    struct frame *frame;
    int rc = ndb_op_next(op->child);

    ndb_arena_reset(&op->arena);
    if (rc != NAMIDB_OK)
        return rc;
    frame = push(op);
    if (frame == NULL)
        return NAMIDB_ENOMEM;
    frame->steps =
        ndb_arena_array(&frame->arena, chunk->count, sizeof *frame->steps);
    if (frame->steps == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value node = ndb_vector_get(&chunk->columns[op->plan->slot], at);

        if (node.kind == NAMIDB_NODE)
            frame->steps[frame->count++] =
                (struct step){ .node = node.as.id, .position = at };
    }
    return NAMIDB_OK;
}

/* Whether a walk may come to a node, if some may not be in it twice. */
static bool may_come_to(const struct ndb_op *op, const struct step *walk,
                        uint64_t node)
{
    bool is_simple = (op->plan->flags & NDB_EXPAND_SIMPLE) != 0;
    const struct step *step = walk;

    if (!is_simple && (op->plan->flags & NDB_EXPAND_ACYCLIC) == 0)
        return true;
    for (; step->before != NULL; step = step->before)
        if (step->node == node)
            return false;
    if (step->node == node)
        return is_simple;
    return walk == step || walk->node != step->node; /* not closed before */
}

/* Whether a walk may go on over an edge to a node. */
static bool may_walk(const struct ndb_op *op, const struct step *walk,
                     const struct step *next)
{
    for (const struct step *step = walk; step != NULL; step = step->before)
        if (step->edge.id == next->edge.id)
            return false;
    return may_come_to(op, walk, next->node) &&
           !ndb_walk_is_taken(op, walk->position, next->edge.id);
}

/* Leaves the steps whose edge passes the predicate. */
static int test_edges(struct ndb_op *op, struct frame *frame)
{
    uint32_t kept = 0;
    uint32_t *positions =
        ndb_arena_array(&frame->arena, NDB_CHUNK_ROWS_MAX, sizeof *positions);
    namidb_edge *edges =
        ndb_arena_array(&frame->arena, NDB_CHUNK_ROWS_MAX, sizeof *edges);
    bool *passes =
        ndb_arena_array(&frame->arena, NDB_CHUNK_ROWS_MAX, sizeof *passes);

    if (positions == NULL || edges == NULL || passes == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t begin = 0; begin < frame->count;) {
        uint32_t count = frame->count - begin;
        int rc;

        count = count < NDB_CHUNK_ROWS_MAX ? count : NDB_CHUNK_ROWS_MAX;
        for (uint32_t i = 0; i < count; i++) {
            positions[i] = frame->steps[begin + i].position;
            edges[i] = frame->steps[begin + i].edge;
        }
        rc = ndb_walk_test(op, positions, edges, count, &frame->arena, passes);
        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < count; i++)
            if (passes[i])
                frame->steps[kept++] = frame->steps[begin + i];
        begin += count;
    }
    frame->count = kept;
    return NAMIDB_OK;
}

/* Takes every edge of every walk of the piece. */
static int take_edges(struct ndb_op *op, const struct step *walks,
                      uint32_t count, const struct ndb_hop_sets *sets,
                      struct frame *frame)
{
    uint64_t total = 0;
    int rc;

    for (uint32_t i = 0; i < count; i++)
        total += ndb_hop_count(sets, i);
    if (total > UINT32_MAX)
        return ndb_raise(op->run->err, NDB_FAULT_MEMORY,
                         "too many walks at once");
    frame->steps =
        ndb_arena_array(&frame->arena, (size_t)total, sizeof *frame->steps);
    if (frame->steps == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_hop_at at = { 0, 0 };
        struct step *step = &frame->steps[frame->count];

        while (ndb_hop_next(sets, i, &at, &step->edge, &step->node)) {
            if (!may_walk(op, &walks[i], step))
                continue;
            step->before = &walks[i];
            step->position = walks[i].position;
            step = &frame->steps[++frame->count];
            if (frame->count == total)
                break;
        }
    }
    rc = ndb_run_spend(op->run, total);
    return rc < 0 || op->plan->expr == NULL ? rc : test_edges(op, frame);
}

/* Of the walks that were not extended yet the next piece, moved together to
 * where the first of them stood: without those that nobody wants. */
static uint32_t take_piece(struct ndb_op *op, struct frame *frame)
{
    struct step *walks = frame->steps + frame->extended;
    uint32_t count = 0;

    while (frame->extended < frame->count && count < PIECE_WALKS) {
        const struct step *walk = &frame->steps[frame->extended++];

        if (!ndb_op_is_settled(op, walk->position))
            walks[count++] = *walk;
    }
    return count;
}

/* Extends a piece of the top frame into a new one. */
static int extend(struct ndb_op *op)
{
    struct walk_state *state = op->state;
    struct frame *below = &state->frames[state->depth - 1];
    struct step *walks = below->steps + below->extended;
    uint32_t count = take_piece(op, below);
    struct frame *frame;
    struct ndb_hop_sets sets;
    uint64_t *ids;
    int rc;

    if (count == 0)
        return NAMIDB_OK;
    frame = push(op); /* may move `below` */
    if (frame == NULL)
        return NAMIDB_ENOMEM;
    ids = ndb_arena_array(&frame->arena, count, sizeof *ids);
    if (ids == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        ids[i] = walks[i].node;
    sets.with_edges = true;
    rc = ndb_hop_sets_read(op->run, op->plan, ids, count, &frame->arena, &sets);
    return rc < 0 ? rc : take_edges(op, walks, count, &sets, frame);
}

struct output {
    uint32_t *positions;
    namidb_value *lists;
    uint64_t *to;
    int64_t *lengths;
    uint32_t count;
};

static int output_init(struct ndb_op *op, struct output *out)
{
    out->count = 0;
    out->positions =
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof *out->positions);
    out->lists =
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof *out->lists);
    out->to = ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof *out->to);
    out->lengths =
        ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX, sizeof *out->lengths);
    return out->positions == NULL || out->lists == NULL || out->to == NULL ||
                   out->lengths == NULL
               ? NAMIDB_ENOMEM
               : NAMIDB_OK;
}

/* The edges of a walk, first to last, in the output's memory. */
static int list_edges(struct ndb_op *op, const struct step *last,
                      uint32_t length, namidb_value *out)
{
    namidb_value *items = ndb_arena_array(&op->arena, length, sizeof *items);
    namidb_edge *edges = ndb_arena_array(&op->arena, length, sizeof *edges);

    if (items == NULL || edges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = length; i > 0; i--, last = last->before) {
        edges[i - 1] = last->edge;
        items[i - 1] =
            (namidb_value){ .kind = NAMIDB_EDGE, .as.edge = &edges[i - 1] };
    }
    *out = ndb_list(items, length);
    return NAMIDB_OK;
}

static bool ends_well(const struct ndb_op *op, const struct step *step)
{
    namidb_value to;

    if ((op->plan->flags & NDB_EXPAND_INTO) == 0)
        return true;
    to =
        ndb_vector_get(&op->child->chunk.columns[op->plan->to], step->position);
    return to.kind == NAMIDB_NODE && to.as.id == step->node;
}

/* Gives the walks of the top frame; false when the output is full. */
static int give(struct ndb_op *op, struct output *out)
{
    struct walk_state *state = op->state;
    struct frame *top = &state->frames[state->depth - 1];
    uint32_t length = state->depth - 1;

    if (length < op->plan->min)
        top->emitted = top->count;
    for (; top->emitted < top->count && out->count < NDB_CHUNK_ROWS_MAX;
         top->emitted++) {
        const struct step *step = &top->steps[top->emitted];

        if (!ends_well(op, step))
            continue;
        out->positions[out->count] = step->position;
        out->to[out->count] = step->node;
        out->lengths[out->count] = length;
        if ((op->plan->flags & NDB_EXPAND_NO_EDGE) == 0 &&
            list_edges(op, step, length, &out->lists[out->count]) < 0)
            return NAMIDB_ENOMEM;
        out->count++;
    }
    return NAMIDB_OK;
}

/* One step of the search. NAMIDB_NONE: there is nothing more. */
static int advance(struct ndb_op *op, struct output *out)
{
    struct walk_state *state = op->state;
    struct frame *top;

    if (state->depth == 0) {
        /* What was given refers to the child's chunk: give it first. */
        int rc = out->count != 0 ? NAMIDB_NONE : start(op);

        return rc != NAMIDB_OK ? rc : output_init(op, out);
    }
    top = &state->frames[state->depth - 1];
    if (top->emitted < top->count)
        return give(op, out);
    if (top->extended < top->count && state->depth - 1 < op->plan->max)
        return extend(op);
    state->depth--;
    return NAMIDB_OK;
}

static int emit(struct ndb_op *op, const struct output *out)
{
    struct ndb_vector *columns = op->chunk.columns;
    int rc = ndb_op_gather(op, &op->child->chunk, out->positions, out->count);

    if ((op->plan->flags & NDB_EXPAND_NO_EDGE) == 0)
        columns[op->plan->edge] =
            (struct ndb_vector){ .form = NDB_FORM_VALUES,
                                 .as.values = out->lists };
    if ((op->plan->flags & NDB_EXPAND_NO_NODE) == 0)
        columns[op->plan->to] =
            (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = out->to };
    if (op->plan->hops != NDB_NO_SLOT)
        columns[op->plan->hops] =
            (struct ndb_vector){ .form = NDB_FORM_INTS,
                                 .as.ints = out->lengths };
    return rc;
}

static int walk_next(struct ndb_op *op)
{
    struct output out;
    int rc = output_init(op, &out);

    while (rc >= 0 && out.count < NDB_CHUNK_ROWS_MAX) {
        rc = advance(op, &out);
        if (rc == NAMIDB_NONE)
            break;
        if (rc >= 0)
            rc = ndb_run_spend(op->run, 8);
    }
    if (rc < 0)
        return rc;
    return out.count == 0 ? NAMIDB_NONE : emit(op, &out);
}

const struct ndb_op_class ndb_op_var_expand = {
    .state_bytes = sizeof(struct walk_state),
    .rewind = walk_rewind,
    .next = walk_next,
    .close = walk_rewind,
};
