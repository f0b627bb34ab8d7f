/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes or edges of an index, for each row of the child. The ranges that the
 * rows of a chunk ask for are one search, so that what it needs of the store is
 * asked for at once; what is found comes row by row, by the index's order and
 * none twice. A search that finds much gives way to a scan before it gives a
 * row, as long as the order is not relied upon. Which index it is, if any, is
 * the snapshot's: one that was dropped meanwhile is searched all the same, only
 * that more is read.
 */
#include "engine/schema.h"
#include "exec/bound.h"
#include "exec/edge_sides.h"
#include "exec/seek_ranges.h"

enum { RANGES_MAX = 1024 }; /* rows are added to a search up to so many */

struct seek_state {
    bool is_resolved;
    namidb_schema_item item; /* number 0: not declared; target 0: no such label,
                                type or property */
    bool has_chunk;          /* of the child's, under way */
    uint32_t row_at;         /* first of its rows that was not searched for */
    struct ndb_vector *values;     /* of seek->exprs; op->kept's memory */
    struct ndb_seek_ranges ranges; /* likewise */
    struct ndb_index_scan *scan;   /* of these ranges; NULL: none */
    struct ndb_index_found found;
    size_t found_at;  /* first that was not given */
    uint32_t rows;    /* to look for next time; 0: none was yet */
    bool is_scanning; /* op->inner's rows, instead */
};

static void seek_close(struct ndb_op *op)
{
    struct seek_state *state = op->state;

    ndb_index_scan_close(state->scan);
    state->scan = NULL;
    state->found = (struct ndb_index_found){ .count = 0 };
    state->found_at = 0;
}

static void seek_rewind(struct ndb_op *op)
{
    struct seek_state *state = op->state;

    seek_close(op);
    state->has_chunk = false;
    state->ranges.count = state->ranges.capacity = 0;
    state->rows = 0;
    state->is_scanning = false;
}

/* Which index it is, once for each run. */
static int resolve(struct ndb_op *op)
{
    const struct ndb_names *props = &op->plan->seek->props;
    struct seek_state *state = op->state;
    struct ndb_schema schema = NDB_SCHEMA_INIT;
    const namidb_schema_item *found;
    namidb_schema_item *item = &state->item;

    if (state->is_resolved)
        return NAMIDB_OK;
    item->is_edge = op->plan->kind == NDB_OP_SEEK_EDGES;
    item->target = ndb_run_number(op->run, op->plan->name);
    item->prop_count = props->count;
    for (uint32_t i = 0; i < props->count; i++) {
        item->props[i] = ndb_run_number(op->run, props->items[i]);
        if (item->props[i] == 0)
            item->target = 0;
    }
    if (ndb_schema_read(&op->run->snapshot, &schema) < 0)
        return NAMIDB_ENOMEM;
    found = ndb_schema_index(&schema, item);
    item->number = found != NULL ? found->number : 0;
    ndb_schema_release(&schema);
    state->is_resolved = true;
    return NAMIDB_OK;
}

/* ---------------------------------------------------------------- ranges -- */

/* The child's next chunk, and what its rows ask for. */
static int load(struct ndb_op *op)
{
    const struct ndb_seek *seek = op->plan->seek;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    struct seek_state *state = op->state;
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    ndb_arena_reset(&op->kept);
    state->ranges = (struct ndb_seek_ranges){ .arena = &op->kept };
    state->values =
        ndb_arena_array(&op->kept, seek->count, sizeof *state->values);
    if (state->values == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < seek->count && rc >= 0; i++)
        rc = ndb_eval(&eval, seek->exprs[i], &op->child->chunk,
                      &state->values[i]);
    state->has_chunk = true;
    state->row_at = 0;
    return rc;
}

/* The ranges of the rows that come next, as many as a search may have. */
static int next_ranges(struct ndb_op *op)
{
    const struct ndb_seek *seek = op->plan->seek;
    const struct ndb_chunk *chunk = &op->child->chunk;
    namidb_value values[NAMIDB_SCHEMA_PROPS_MAX + 1];
    struct seek_state *state = op->state;
    int rc = NAMIDB_OK;

    state->ranges.count = 0;
    while (rc >= 0 && state->row_at < chunk->count &&
           state->ranges.count < RANGES_MAX) {
        uint32_t at = ndb_chunk_row(chunk, state->row_at++);

        for (uint32_t i = 0; i < seek->count; i++)
            values[i] = ndb_vector_get(&state->values[i], at);
        rc = ndb_seek_ranges_add(&state->ranges, seek, at, values);
    }
    state->has_chunk = state->row_at < chunk->count;
    return rc;
}

static int open_scan(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    uint8_t order = op->plan->seek->order;
    const struct ndb_index_search search = {
        .item = &state->item,
        .ranges = state->ranges.items,
        .range_count = state->ranges.count,
        .is_descending = order == NDB_SEEK_DESCENDING,
        .is_exact = order != NDB_SEEK_ANY_ORDER,
        .use_filters = op->plan->seek->is_for_new,
        .budget = &op->run->budget,
    };

    return ndb_index_scan_open(&state->scan, &op->run->snapshot, &search,
                               op->run->err);
}

/* Opens the search that is next. */
static int open_next(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    int rc = resolve(op);

    state->ranges.count = 0;
    while (rc == NAMIDB_OK && state->ranges.count == 0) {
        if (!state->has_chunk)
            rc = load(op);
        if (rc == NAMIDB_OK)
            rc = next_ranges(op);
    }
    if (rc == NAMIDB_OK && state->item.target == 0)
        rc = NAMIDB_NONE;
    return rc == NAMIDB_OK ? open_scan(op) : rc;
}

/* ------------------------------------------------------------------ rows -- */

static int emit_nodes(struct ndb_op *op, const struct ndb_index_entry *entries,
                      const uint32_t *positions, uint32_t count)
{
    uint64_t *ids = ndb_arena_array(&op->arena, count, sizeof *ids);
    int rc;

    if (ids == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        ids[i] = entries[i].id;
    rc = ndb_op_gather(op, &op->child->chunk, positions, count);
    op->chunk.columns[op->plan->slot] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = ids };
    return rc;
}

static int emit_edges(struct ndb_op *op, const struct ndb_index_entry *entries,
                      const uint32_t *positions, uint32_t count)
{
    namidb_edge *edges = ndb_arena_array(&op->arena, count, sizeof *edges);
    struct ndb_edge_sides sides;
    int rc;

    if (edges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        edges[i] = (namidb_edge){ .id = entries[i].id,
                                  .from = entries[i].from,
                                  .to = entries[i].to };
    rc = ndb_edge_sides_make(op, edges, positions, count, &sides);
    if (rc >= 0)
        rc = ndb_op_gather(op, &op->child->chunk, sides.positions, sides.count);
    if (rc >= 0)
        ndb_edge_sides_set(op, &sides);
    return rc;
}

/* Gives what was found and not given yet, at most a chunk. */
static int emit(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    bool is_edge = state->item.is_edge;
    size_t begin = state->found_at, left = state->found.count - begin;
    size_t max = NDB_CHUNK_ROWS_MAX / (is_edge ? 2 : 1);
    uint32_t count = (uint32_t)(left < max ? left : max);
    uint32_t *positions = ndb_arena_array(&op->arena, count, sizeof *positions);

    if (positions == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        positions[i] = state->ranges.rows[state->found.ranges[begin + i]];
    state->found_at += count;
    return is_edge
               ? emit_edges(op, state->found.entries + begin, positions, count)
               : emit_nodes(op, state->found.entries + begin, positions, count);
}

/* How many rows to look for at first: what tells whether to give way to the
 * scan; or as many as are wanted, if that is known, since each may cost reading
 * its properties. */
static int begin_rows(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    uint64_t wanted = NDB_CHUNK_ROWS_FIRST;
    int rc = NAMIDB_OK;

    if (state->rows != 0)
        return NAMIDB_OK;
    if (op->plan->seek->first != NULL)
        rc = ndb_bound_eval(op, op->plan->seek->first, "LIMIT", &wanted);
    if (wanted > NDB_CHUNK_ROWS_MAX)
        wanted = NDB_CHUNK_ROWS_MAX;
    state->rows = wanted != 0 ? (uint32_t)wanted : 1;
    if (op->plan->seek->most != 0)
        state->rows = op->plan->seek->most + 1;
    return rc;
}

/* Looks for more. NAMIDB_NONE: there is none. */
static int find(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    int rc = begin_rows(op);

    while (rc >= 0 && state->found_at == state->found.count) {
        if (state->scan == NULL)
            rc = open_next(op);
        if (rc != NAMIDB_OK)
            return rc;
        state->found_at = 0;
        rc = ndb_index_scan_next(state->scan, state->rows, &state->found,
                                 op->run->err);
        if (rc < 0 || state->found.count == 0)
            seek_close(op);
        else if (state->rows < NDB_CHUNK_ROWS_MAX / 2)
            state->rows *= 2;
        else
            state->rows = NDB_CHUNK_ROWS_MAX;
    }
    return rc;
}

static int scan_next(struct ndb_op *op)
{
    int rc = ndb_op_next(op->inner);

    if (rc == NAMIDB_OK)
        ndb_op_pass(op, &op->inner->chunk);
    return rc;
}

static int seek_next(struct ndb_op *op)
{
    struct seek_state *state = op->state;
    uint32_t most = op->plan->seek->most;
    bool is_first = state->rows == 0; /* no row was given yet */
    int rc;

    if (state->is_scanning)
        return scan_next(op);
    rc = find(op);
    if (rc < 0 || state->found_at == state->found.count)
        return rc;
    if (is_first && most != 0 && state->found.count > most) {
        seek_close(op);
        state->is_scanning = true;
        return scan_next(op);
    }
    return emit(op);
}

const struct ndb_op_class ndb_op_seek_index = {
    .state_bytes = sizeof(struct seek_state),
    .rewind = seek_rewind,
    .next = seek_next,
    .close = seek_close,
};

const struct ndb_op_class ndb_op_seek_edges = {
    .state_bytes = sizeof(struct seek_state),
    .rewind = seek_rewind,
    .next = seek_next,
    .close = seek_close,
};
