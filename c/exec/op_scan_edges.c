/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every edge, or every edge of a type, with both its ends, for each row of the
 * child. Without a direction each edge comes as seen from either end.
 */
#include "exec/edge_sides.h"

struct scan_state {
    struct ndb_cursor_row row;
    struct ndb_scan *scan;
};

static void scan_close(struct ndb_op *op)
{
    struct scan_state *state = op->state;

    ndb_scan_close(state->scan);
    state->scan = NULL;
}

static void scan_rewind(struct ndb_op *op)
{
    struct scan_state *state = op->state;

    scan_close(op);
    *state = (struct scan_state){ .scan = NULL };
}

static int open_scan(struct ndb_op *op)
{
    struct scan_state *state = op->state;
    uint32_t type = NAMIDB_ANY;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc != NAMIDB_OK)
        return rc;
    if (op->plan->name != NDB_NO_NAME) {
        type = ndb_run_number(op->run, op->plan->name);
        if (type == 0)
            return NAMIDB_NONE;
    }
    return ndb_scan_edges_open(&state->scan, &op->run->snapshot, type,
                               op->run->err);
}

static int emit(struct ndb_op *op, const namidb_edge *edges, size_t count)
{
    struct scan_state *state = op->state;
    struct ndb_edge_sides sides;
    int rc = ndb_edge_sides_make(op, edges, NULL, count, &sides);

    if (rc < 0)
        return rc;
    ndb_op_repeat(op, &op->child->chunk, state->row.position, sides.count);
    ndb_edge_sides_set(op, &sides);
    return NAMIDB_OK;
}

static int scan_next(struct ndb_op *op)
{
    struct scan_state *state = op->state;
    const size_t max = NDB_CHUNK_ROWS_MAX / 2;

    for (;;) {
        namidb_edge *edges;
        size_t count = 0;
        int rc = state->scan == NULL ? open_scan(op) : NAMIDB_OK;

        if (rc != NAMIDB_OK)
            return rc;
        edges = ndb_arena_array(&op->arena, max, sizeof *edges);
        if (edges == NULL)
            return NAMIDB_ENOMEM;
        rc = ndb_scan_next(state->scan, max, &op->arena, NULL, edges, &count,
                           op->run->err);
        if (rc < 0)
            return rc;
        if (count != 0)
            return emit(op, edges, count);
        scan_close(op);
    }
}

const struct ndb_op_class ndb_op_scan_edges = {
    .state_bytes = sizeof(struct scan_state),
    .rewind = scan_rewind,
    .next = scan_next,
    .close = scan_close,
};
