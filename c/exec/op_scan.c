/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every node, or every node with a label, for each row of the child.
 */
#include "exec/op.h"

struct scan_state {
    struct ndb_cursor_row row;
    struct ndb_scan *scan; /* NULL: none is open */
    uint32_t rows;         /* of the next chunk */
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
    *state = (struct scan_state){ .rows = 0 };
}

/* Opens the scan of the child's next row. */
static int open_scan(struct ndb_op *op)
{
    struct scan_state *state = op->state;
    uint32_t label = NAMIDB_ANY;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc != NAMIDB_OK)
        return rc;
    if (op->plan->name != NDB_NO_NAME) {
        label = ndb_run_number(op->run, op->plan->name);
        if (label == 0)
            return NAMIDB_NONE; /* no node has a label that nobody named */
    }
    return ndb_scan_nodes_open(&state->scan, &op->run->snapshot, label,
                               op->run->err);
}

static int emit(struct ndb_op *op, const namidb_node *nodes, size_t count)
{
    struct scan_state *state = op->state;
    struct ndb_vector *out = &op->chunk.columns[op->plan->slot];
    uint64_t *ids = ndb_arena_array(&op->arena, count, sizeof *ids);

    if (ids == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        ids[i] = nodes[i].id;
    ndb_op_repeat(op, &op->child->chunk, state->row.position, (uint32_t)count);
    *out = (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = ids };
    return NAMIDB_OK;
}

static int scan_next(struct ndb_op *op)
{
    struct scan_state *state = op->state;

    if (state->rows == 0)
        state->rows = NDB_CHUNK_ROWS_FIRST;
    for (;;) {
        namidb_node *nodes;
        size_t count = 0;
        int rc = state->scan == NULL ? open_scan(op) : NAMIDB_OK;

        if (rc != NAMIDB_OK)
            return rc;
        nodes = ndb_arena_array(&op->arena, state->rows, sizeof *nodes);
        if (nodes == NULL)
            return NAMIDB_ENOMEM;
        rc = ndb_scan_next(state->scan, state->rows, &op->arena, nodes, NULL,
                           &count, op->run->err);
        if (rc < 0)
            return rc;
        if (count != 0) {
            if (state->rows < NDB_CHUNK_ROWS_MAX)
                state->rows *= 2;
            return emit(op, nodes, count);
        }
        scan_close(op);
    }
}

const struct ndb_op_class ndb_op_scan = {
    .state_bytes = sizeof(struct scan_state),
    .rewind = scan_rewind,
    .next = scan_next,
    .close = scan_close,
};
