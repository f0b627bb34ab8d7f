/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every node, or every node with a label, for each row of the child. Rows of
 * packs are given in place, as rows of their groups, so that what reads their
 * properties reads columns. A plan that writes gets ids: what it reads must be
 * what it has written.
 */
#include "engine/scan_groups.h"
#include "exec/scan_tests.h"

/* A condition of a filter above. */
struct hint {
    const struct ndb_expr *condition;
    struct hint *next;
};

struct scan_state {
    struct hint *hints; /* of the run; they outlive a rewind */
    struct ndb_zone_tests tests;
    struct ndb_cursor_row row;
    struct ndb_group_scan *scan; /* NULL: none is open */
    uint32_t rows;               /* of the next chunk */
};

static void scan_close(struct ndb_op *op)
{
    struct scan_state *state = op->state;

    ndb_group_scan_close(state->scan);
    state->scan = NULL;
}

static void scan_rewind(struct ndb_op *op)
{
    struct scan_state *state = op->state;

    scan_close(op);
    *state = (struct scan_state){ .hints = state->hints };
}

int ndb_op_scan_hint(struct ndb_op *scan, const struct ndb_expr *condition)
{
    struct scan_state *state = scan->state;
    struct hint *hint = ndb_arena_alloc(&scan->run->arena, sizeof *hint);

    if (hint == NULL)
        return NAMIDB_ENOMEM;
    *hint = (struct hint){ condition, state->hints };
    state->hints = hint;
    return NAMIDB_OK;
}

/* What the zones are asked: names and parameters are known by now. A plan that
 * writes may give a row what it had not. */
static int make_tests(struct ndb_op *op)
{
    struct scan_state *state = op->state;
    struct ndb_zone_test *tests;
    uint32_t max = 0;

    state->tests = (struct ndb_zone_tests){ NULL, 0 };
    if (op->run->plan->is_writing)
        return NAMIDB_OK;
    for (const struct hint *hint = state->hints; hint; hint = hint->next)
        max += ndb_scan_tests_max(hint->condition);
    tests = ndb_arena_array(&op->kept, max, sizeof *tests);
    if (tests == NULL)
        return NAMIDB_ENOMEM;
    state->tests.items = tests;
    for (const struct hint *hint = state->hints; hint; hint = hint->next)
        state->tests.count =
            ndb_scan_tests_add(op->run, hint->condition, op->plan->slot, tests,
                               state->tests.count);
    return NAMIDB_OK;
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
    if (state->tests.items == NULL && make_tests(op) < 0)
        return NAMIDB_ENOMEM;
    return ndb_group_scan_open(&state->scan, &op->run->snapshot, label,
                               state->tests, op->run->err);
}

/* The ids of the rows that count. */
static int emit_ids(struct ndb_op *op, const struct ndb_vector *rows,
                    const struct ndb_stretch *stretch, struct ndb_vector *out)
{
    uint64_t *ids = ndb_arena_array(&op->arena, stretch->count, sizeof *ids);

    if (ids == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < stretch->count; i++)
        ids[i] = ndb_vector_row_id(
            rows, stretch->rows != NULL ? stretch->rows[i] : i);
    *out = (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = ids };
    return NAMIDB_OK;
}

static int emit(struct ndb_op *op, const struct ndb_stretch *stretch)
{
    struct scan_state *state = op->state;
    struct ndb_vector *out = &op->chunk.columns[op->plan->slot];
    const struct ndb_vector rows = { .form = NDB_FORM_ROWS,
                                     .table = (uint16_t)stretch->table,
                                     .first = stretch->first,
                                     .as.group = stretch->group };
    bool is_in_place = stretch->group != NULL && !op->run->plan->is_writing;

    ndb_op_repeat(op, &op->child->chunk, state->row.position,
                  is_in_place ? stretch->extent : stretch->count);
    if (is_in_place) {
        *out = rows;
        op->chunk.rows = stretch->rows;
        op->chunk.count = stretch->count;
        return NAMIDB_OK;
    }
    if (stretch->group != NULL)
        return emit_ids(op, &rows, stretch, out);
    *out = (struct ndb_vector){ .form = NDB_FORM_NODES,
                                .as.ids = (uint64_t *)(uintptr_t)stretch->ids };
    return NAMIDB_OK;
}

static int scan_next(struct ndb_op *op)
{
    struct scan_state *state = op->state;

    if (state->rows == 0)
        state->rows = NDB_CHUNK_ROWS_FIRST;
    if (state->scan != NULL && ndb_op_is_settled(op, state->row.position))
        scan_close(op);
    for (;;) {
        struct ndb_stretch stretch;
        int rc = state->scan == NULL ? open_scan(op) : NAMIDB_OK;

        if (rc != NAMIDB_OK)
            return rc;
        rc = ndb_group_scan_next(state->scan, state->rows, &op->arena, &stretch,
                                 op->run->err);
        if (rc < 0)
            return rc;
        if (rc == NAMIDB_NONE) {
            scan_close(op);
            continue;
        }
        if (state->rows < NDB_CHUNK_ROWS_MAX)
            state->rows *= 2;
        if (stretch.count != 0)
            return emit(op, &stretch);
        ndb_arena_reset(&op->arena);
        rc = ndb_run_check(op->run);
        if (rc < 0)
            return rc;
    }
}

const struct ndb_op_class ndb_op_scan = {
    .state_bytes = sizeof(struct scan_state),
    .rewind = scan_rewind,
    .next = scan_next,
    .close = scan_close,
};
