/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes that walks of several hops lead to, each once for a row.
 *
 * Where nobody asks by which walks, and once says as much as often, the walks
 * of op_var_expand.c need not be walked: there may be more of them than atoms,
 * and of nodes only as many as there are. Breadth first: a shortest walk to a
 * node uses no edge twice, so what any walk of `min` (0 or 1) to `max` hops
 * leads to is what is found in as many levels. Only the start itself may want a
 * longer one, that comes back to it: along directed edges it is found like any
 * other node, otherwise by branches.h.
 *
 * Rows go in groups, a level of all of them at a time, a piece of it in one
 * read; a group is large where little is found for a row.
 */
#include "base/ids.h"
#include "exec/branches.h"
#include "exec/hops.h"
#include "exec/walk_edges.h"
#include "exec/word_set.h"

enum {
    PIECE_NODES = NDB_CHUNK_ROWS_MAX / 4, /* extended at a time */
    LEADS_MAX = NDB_CHUNK_ROWS_MAX / 2,   /* edges, likewise */
    ROWS_BITS = 10,                       /* of a row's number in its group */
    FEW_NODES = 1 << 14,   /* of a group: the next one may be larger */
    MANY_NODES = 1 << 16,  /* the next one is to be smaller */
    FIRST_CHUNK_ROWS = 64, /* who asks for one row shall not wait for many */
};

struct row {
    uint64_t start, target; /* target: 0, or the only node that is wanted */
    uint32_t position;      /* in the child's chunk */
    uint32_t closed_by;     /* hops of a walk back to the start; 0: none */
    bool is_done;           /* nothing more is wanted */
};

/* One edge from a node of a piece. */
struct lead {
    uint32_t row;
    int32_t branch;
    uint64_t node; /* that it leads to */
};

/* Nodes that are extended together. */
struct piece {
    uint64_t ids[PIECE_NODES];
    struct lead leads[PIECE_NODES]; /* what their edges are, but for the node */
    uint32_t count;
};

/* Some of the edges from them. */
struct leads {
    struct lead items[LEADS_MAX];
    namidb_edge edges[LEADS_MAX]; /* if they are wanted */
    uint32_t positions[LEADS_MAX];
    bool may_walk[LEADS_MAX];
    int64_t words[LEADS_MAX];
    uint32_t numbers[LEADS_MAX];
    uint32_t count;
};

struct reach_state {
    uint32_t rows_max;   /* of the next group */
    uint32_t chunk_rows; /* of the next chunk that is given */
    uint32_t next_row;   /* of the child's chunk */
    bool has_chunk;

    /* A group, all of its memory. */
    namidb_arena memory;
    struct row *rows;
    uint32_t row_count;
    struct ndb_word_set seen; /* (row, node), level by level */
    uint32_t level_begin, level_end;
    uint32_t extended; /* of the level, and of the rows in the first one */
    uint32_t depth;
    uint32_t given;        /* of what was seen */
    uint32_t closed_given; /* of the rows */

    struct ndb_branches branches; /* see is_by_branches */

    struct piece *piece; /* op->kept's */
    struct leads *leads;
    namidb_arena read; /* what is read for a piece */
};

static void reach_rewind(struct ndb_op *op)
{
    struct reach_state *state = op->state;

    ndb_arena_release(&state->memory);
    ndb_arena_release(&state->read);
    memset(state, 0, sizeof *state);
}

/* Whether the start is looked for in the tree's branches. */
static bool is_by_branches(const struct ndb_op *op)
{
    return op->plan->direction == NAMIDB_BOTH && op->plan->min != 0;
}

static int64_t word_of(uint32_t row, uint64_t node)
{
    return (int64_t)((uint64_t)row << (64 - 1 - ROWS_BITS) |
                     ndb_owner_key(node));
}

static uint32_t row_of(int64_t word)
{
    return (uint32_t)((uint64_t)word >> (64 - 1 - ROWS_BITS));
}

static uint64_t node_of(int64_t word)
{
    return ndb_id_of_owner_key((uint64_t)word &
                               ((1ull << (64 - 1 - ROWS_BITS)) - 1));
}

/* ---------------------------------------------------------------- groups -- */

static void add_row(struct ndb_op *op, uint32_t position)
{
    struct reach_state *state = op->state;
    const struct ndb_vector *columns = op->child->chunk.columns;
    namidb_value from = ndb_vector_get(&columns[op->plan->slot], position);
    struct row row = { .start = from.as.id, .position = position };

    if (from.kind != NAMIDB_NODE || ndb_op_is_settled(op, position))
        return;
    if ((op->plan->flags & NDB_EXPAND_INTO) != 0) {
        namidb_value to = ndb_vector_get(&columns[op->plan->to], position);

        if (to.kind != NAMIDB_NODE)
            return;
        row.target = to.as.id;
    }
    state->rows[state->row_count++] = row;
}

/* Walks of no hop lead to the starts. */
static int add_starts(struct ndb_op *op)
{
    struct reach_state *state = op->state;
    int64_t *words =
        ndb_arena_array(&state->memory, state->row_count, sizeof *words);
    uint32_t *numbers =
        ndb_arena_array(&state->memory, state->row_count, sizeof *numbers);

    if (words == NULL || numbers == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < state->row_count; i++) {
        words[i] = word_of(i, state->rows[i].start);
        state->rows[i].is_done = state->rows[i].start == state->rows[i].target;
    }
    return ndb_word_set_add(&state->seen, words, state->row_count, numbers);
}

/* The next rows of the child's chunk; NAMIDB_NONE: it has no more. */
static int begin_group(struct ndb_op *op)
{
    struct reach_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    uint32_t max = state->rows_max;

    ndb_arena_reset(&state->memory);
    state->seen = (struct ndb_word_set){ .arena = &state->memory };
    state->level_begin = state->level_end = state->extended = 0;
    state->depth = state->given = state->closed_given = 0;
    state->branches = (struct ndb_branches){ .arena = &state->memory };
    state->row_count = 0;
    state->rows = ndb_arena_array(&state->memory, max, sizeof *state->rows);
    if (state->rows == NULL)
        return NAMIDB_ENOMEM;
    while (state->next_row < chunk->count && state->row_count < max)
        add_row(op, ndb_chunk_row(chunk, state->next_row++));
    if (state->row_count == 0)
        return NAMIDB_NONE;
    return op->plan->min == 0 ? add_starts(op) : NAMIDB_OK;
}

static void end_group(struct reach_state *state)
{
    if (state->seen.count < FEW_NODES && state->rows_max < 1u << ROWS_BITS)
        state->rows_max *= 2;
    else if (state->seen.count > MANY_NODES && state->rows_max > 1)
        state->rows_max /= 2;
    state->row_count = 0;
}

/* A walk of so many hops leads back to the start. */
static void close_row(struct row *row, uint64_t hops)
{
    if (row->closed_by == 0 || hops < row->closed_by)
        row->closed_by = (uint32_t)hops;
}

/* ---------------------------------------------------------------- levels -- */

/* Leaves the edges that meet the plan's condition. */
static int test_leads(struct ndb_op *op, struct leads *leads)
{
    struct reach_state *state = op->state;
    struct ndb_arena_mark mark = ndb_arena_mark(&state->read);
    uint32_t kept = 0;
    int rc;

    if (op->plan->expr == NULL)
        return NAMIDB_OK;
    for (uint32_t i = 0; i < leads->count; i++)
        leads->positions[i] = state->rows[leads->items[i].row].position;
    rc = ndb_walk_test(op, leads->positions, leads->edges, leads->count,
                       &state->read, leads->may_walk);
    for (uint32_t i = 0; i < leads->count && rc >= 0; i++)
        if (leads->may_walk[i]) {
            leads->items[kept] = leads->items[i];
            leads->edges[kept++] = leads->edges[i];
        }
    leads->count = kept;
    ndb_arena_rewind(&state->read, &mark);
    return rc;
}

/* Takes out those that lead back to the start. */
static void take_returns(struct ndb_op *op, struct leads *leads)
{
    struct reach_state *state = op->state;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < leads->count; i++) {
        const struct lead *lead = &leads->items[i];
        struct row *row = &state->rows[lead->row];

        if (lead->node != row->start) {
            leads->items[kept] = *lead;
            leads->edges[kept++] = leads->edges[i];
        } else if (ndb_branches_return(&state->branches, lead->branch,
                                       leads->edges[i].id)) {
            close_row(row, (uint64_t)state->depth + 1);
        }
    }
    leads->count = kept;
}

/* An edge to what was seen may join two branches. */
static void try_join(struct ndb_op *op, const struct lead *lead,
                     uint32_t number)
{
    struct reach_state *state = op->state;
    uint64_t hops = (uint64_t)state->depth * 2 + 1; /* to the level, and back */

    if (number >= state->level_end)
        hops++;
    else if (number < state->level_begin)
        hops--;
    if (hops <= op->plan->max &&
        ndb_branches_join(&state->branches, lead->branch, number))
        close_row(&state->rows[lead->row], hops);
}

/* What edges lead to, and what is new of it. */
static int see(struct ndb_op *op, struct leads *leads)
{
    struct reach_state *state = op->state;
    bool by_branches = is_by_branches(op);
    uint32_t seen = state->seen.count;
    int rc = by_branches
                 ? ndb_branches_reserve(&state->branches, seen, leads->count)
                 : NAMIDB_OK;

    for (uint32_t i = 0; i < leads->count; i++)
        leads->words[i] = word_of(leads->items[i].row, leads->items[i].node);
    if (rc >= 0)
        rc = ndb_word_set_add(&state->seen, leads->words, leads->count,
                              leads->numbers);
    for (uint32_t i = 0; i < leads->count && rc >= 0; i++) {
        const struct lead *lead = &leads->items[i];
        struct row *row = &state->rows[lead->row];
        bool is_new = leads->numbers[i] == seen;

        seen += is_new;
        row->is_done |= lead->node == row->target;
        if (by_branches && is_new)
            rc = ndb_branches_add(&state->branches, leads->numbers[i],
                                  lead->branch, leads->edges[i].id);
        else if (by_branches)
            try_join(op, lead, leads->numbers[i]);
    }
    return rc;
}

static int take_leads(struct ndb_op *op, struct leads *leads)
{
    int rc = test_leads(op, leads);

    if (rc >= 0 && is_by_branches(op))
        take_returns(op, leads);
    if (rc >= 0 && leads->count != 0)
        rc = see(op, leads);
    leads->count = 0;
    return rc;
}

/* The level's next node, unless its row wants no more. */
static void take_node(struct ndb_op *op, struct piece *piece)
{
    struct reach_state *state = op->state;
    uint32_t at = state->extended++;
    struct lead lead = { .row = at, .branch = NDB_NO_BRANCH };
    const struct row *row;

    if (state->depth != 0) {
        lead.row = row_of(state->seen.words[at]);
        if (is_by_branches(op))
            lead.branch = state->branches.of[at];
    }
    row = &state->rows[lead.row];
    if (row->is_done || ndb_op_is_settled(op, row->position))
        return;
    piece->ids[piece->count] =
        state->depth == 0 ? row->start : node_of(state->seen.words[at]);
    piece->leads[piece->count++] = lead;
}

/* How many nodes the level has. */
static uint32_t level_end(const struct reach_state *state)
{
    return state->depth == 0 ? state->row_count : state->level_end;
}

static int follow(struct ndb_op *op, const struct ndb_hop_sets *sets)
{
    struct reach_state *state = op->state;
    const struct piece *piece = state->piece;
    struct leads *leads = state->leads;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < piece->count && rc >= 0; i++) {
        struct ndb_hop_at at = { 0, 0 };
        struct lead lead = piece->leads[i];
        uint32_t position = state->rows[lead.row].position;

        while (rc >= 0 &&
               ndb_hop_next(sets, i, &at, &leads->edges[leads->count],
                            &lead.node)) {
            if (sets->with_edges &&
                ndb_walk_is_taken(op, position, leads->edges[leads->count].id))
                continue;
            leads->items[leads->count++] = lead;
            if (leads->count == LEADS_MAX)
                rc = take_leads(op, leads);
        }
        if (rc >= 0)
            rc = ndb_run_spend(op->run, 1 + ndb_hop_count(sets, i));
    }
    return rc < 0 ? rc : take_leads(op, leads);
}

static int extend(struct ndb_op *op)
{
    struct reach_state *state = op->state;
    struct piece *piece = state->piece;
    struct ndb_hop_sets sets;
    int rc;

    ndb_arena_reset(&state->read);
    piece->count = 0;
    while (state->extended < level_end(state) && piece->count < PIECE_NODES)
        take_node(op, piece);
    if (piece->count == 0)
        return NAMIDB_OK;
    sets.with_edges = is_by_branches(op) || op->plan->expr != NULL ||
                      op->plan->slots.count != 0;
    rc = ndb_hop_sets_read(op->run, op->plan, piece->ids, piece->count,
                           &state->read, &sets);
    return rc < 0 ? rc : follow(op, &sets);
}

/* Walks back to the start are known at the end of a level: what closes one in
 * it may be longer than what comes behind it there, and never than what closes
 * one in the next. */
static void settle_closed(struct reach_state *state)
{
    for (uint32_t i = 0; i < state->row_count; i++) {
        struct row *row = &state->rows[i];

        row->is_done |= row->closed_by != 0 && row->target == row->start;
    }
}

/* A piece of the level, or the next level; NAMIDB_NONE: there is none. */
static int go_on(struct ndb_op *op)
{
    struct reach_state *state = op->state;

    if (state->depth == op->plan->max)
        return NAMIDB_NONE;
    if (state->extended < level_end(state))
        return extend(op);
    if (op->plan->min == 0 && state->depth == 0)
        state->level_end = state->row_count; /* the starts were seen */
    if (is_by_branches(op))
        settle_closed(state);
    state->level_begin = state->level_end;
    state->level_end = state->seen.count;
    state->extended = state->level_begin;
    state->depth++;
    return state->level_begin == state->level_end ? NAMIDB_NONE : NAMIDB_OK;
}

/* ---------------------------------------------------------------- output -- */

struct output {
    uint32_t *positions;
    uint64_t *to;
    int64_t *lengths;
    uint32_t count, max;
};

static int output_init(struct ndb_op *op, struct output *out)
{
    struct reach_state *state = op->state;

    out->count = 0;
    out->max = state->chunk_rows;
    if (state->chunk_rows < NDB_CHUNK_ROWS_MAX)
        state->chunk_rows *= 2;
    out->positions =
        ndb_arena_array(&op->arena, out->max, sizeof *out->positions);
    out->to = ndb_arena_array(&op->arena, out->max, sizeof *out->to);
    out->lengths = ndb_arena_array(&op->arena, out->max, sizeof *out->lengths);
    return out->positions == NULL || out->to == NULL || out->lengths == NULL
               ? NAMIDB_ENOMEM
               : NAMIDB_OK;
}

static void put(struct output *out, const struct row *row, uint64_t node,
                uint64_t length)
{
    if (row->target != 0 && row->target != node)
        return;
    out->positions[out->count] = row->position;
    out->lengths[out->count] = (int64_t)length;
    out->to[out->count++] = node;
}

/* What was found and not given yet, as much as there is room for: ends of the
 * walks that the last piece made longer, or the starts. */
static void give(const struct ndb_op *op, struct output *out)
{
    struct reach_state *state = op->state;
    uint32_t starts =
        state->depth == 0 && op->plan->min == 0 ? state->row_count : 0;

    for (; state->given < state->seen.count && out->count < out->max;
         state->given++) {
        int64_t word = state->seen.words[state->given];

        put(out, &state->rows[row_of(word)], node_of(word),
            state->given < starts ? 0 : (uint64_t)state->depth + 1);
    }
}

/* The same of rows that a walk led back to the start of: known at the end. */
static void give_closed(struct reach_state *state, struct output *out)
{
    for (; state->closed_given < state->row_count && out->count < out->max;
         state->closed_given++) {
        const struct row *row = &state->rows[state->closed_given];

        if (row->closed_by != 0)
            put(out, row, row->start, row->closed_by);
    }
    if (state->closed_given == state->row_count)
        end_group(state);
}

/* One step in a group: what was found is given before there is more. */
static int advance_group(struct ndb_op *op, struct output *out)
{
    struct reach_state *state = op->state;
    int rc;

    if (state->given < state->seen.count) {
        give(op, out);
        return NAMIDB_OK;
    }
    rc = go_on(op);
    if (rc != NAMIDB_NONE)
        return rc;
    give_closed(state, out);
    return NAMIDB_OK;
}

/* One step; NAMIDB_NONE: there is nothing more, or nothing for this chunk. */
static int advance(struct ndb_op *op, struct output *out)
{
    struct reach_state *state = op->state;
    int rc;

    if (state->row_count != 0)
        return advance_group(op, out);
    rc = state->has_chunk ? begin_group(op) : NAMIDB_NONE;
    if (rc != NAMIDB_NONE)
        return rc;
    /* What was given refers to the child's chunk: give it first. */
    if (out->count != 0)
        return NAMIDB_NONE;
    rc = ndb_op_next(op->child);
    state->has_chunk = rc == NAMIDB_OK;
    state->next_row = 0;
    return rc;
}

static int begin(struct ndb_op *op)
{
    struct reach_state *state = op->state;

    state->rows_max = 1;
    state->chunk_rows = FIRST_CHUNK_ROWS;
    state->memory = ndb_run_arena(op->run);
    state->read = ndb_run_arena(op->run);
    state->piece = ndb_arena_array(&op->kept, 1, sizeof *state->piece);
    state->leads = ndb_arena_array(&op->kept, 1, sizeof *state->leads);
    if (state->piece == NULL || state->leads == NULL)
        return NAMIDB_ENOMEM;
    state->leads->count = 0;
    return NAMIDB_OK;
}

static int reach_next(struct ndb_op *op)
{
    struct reach_state *state = op->state;
    struct output out;
    int rc;

    rc = state->piece == NULL ? begin(op) : NAMIDB_OK;
    if (rc >= 0)
        rc = output_init(op, &out);
    while (rc == NAMIDB_OK && out.count < out.max)
        rc = advance(op, &out);
    if (rc < 0 || out.count == 0)
        return rc;
    rc = ndb_op_gather(op, &op->child->chunk, out.positions, out.count);
    if ((op->plan->flags & NDB_EXPAND_NO_NODE) == 0)
        op->chunk.columns[op->plan->to] =
            (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = out.to };
    if (op->plan->hops != NDB_NO_SLOT)
        op->chunk.columns[op->plan->hops] =
            (struct ndb_vector){ .form = NDB_FORM_INTS,
                                 .as.ints = out.lengths };
    return rc;
}

const struct ndb_op_class ndb_op_reach = {
    .state_bytes = sizeof(struct reach_state),
    .rewind = reach_rewind,
    .next = reach_next,
    .close = reach_rewind,
};
