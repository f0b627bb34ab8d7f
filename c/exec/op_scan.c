/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every node, or every node with a label, which may be named by a value, for
 * each row of the child. Rows of packs are given in place, as rows of their
 * groups, so that what reads their properties reads columns. A plan that writes
 * gets ids: what it reads must be what it has written.
 */
#include "engine/scan_groups.h"
#include "exec/eval.h"
#include "exec/scan_names.h"
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
    struct ndb_vector values; /* SCAN_NAMED: of the child's chunk; op->kept's
                                 memory, as are the names */
    struct ndb_scan_names names;
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

/* The label that is scanned for the child's next row. */
static int next_label(struct ndb_op *op, uint32_t *label)
{
    struct scan_state *state = op->state;
    int rc = ndb_op_next_row(op, &state->row);

    *label = NAMIDB_ANY;
    if (rc != NAMIDB_OK || op->plan->name == NDB_NO_NAME)
        return rc;
    *label = ndb_run_number(op->run, op->plan->name);
    /* No node has a label that nobody named. */
    return *label == 0 ? NAMIDB_NONE : NAMIDB_OK;
}

/* The labels that the value of the child's next row names. */
static int next_names(struct ndb_op *op)
{
    struct scan_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    namidb_value value;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc == NAMIDB_OK && state->row.next == 1) {
        ndb_arena_reset(&op->kept);
        state->tests.items = NULL; /* they are made again */
        rc = ndb_eval(&eval, op->plan->expr, &op->child->chunk, &state->values);
    }
    if (rc != NAMIDB_OK)
        return rc;
    value = ndb_vector_get(&state->values, state->row.position);
    return ndb_scan_names_of(op, &value, op->plan->sub != 0, &state->names);
}

/* The same of labels that a value names, each in turn. */
static int next_named(struct ndb_op *op, uint32_t *label)
{
    struct scan_state *state = op->state;

    while (ndb_scan_names_next(&state->names, label) == NAMIDB_NONE) {
        int rc = next_names(op);

        if (rc != NAMIDB_OK)
            return rc;
    }
    return NAMIDB_OK;
}

/* Opens the next scan. */
static int open_scan(struct ndb_op *op)
{
    struct scan_state *state = op->state;
    uint32_t label;
    int rc = op->plan->kind == NDB_OP_SCAN_NAMED ? next_named(op, &label)
                                                 : next_label(op, &label);

    if (rc != NAMIDB_OK)
        return rc;
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
                                     .with.ahead = stretch->ahead,
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
        rc = ndb_scan_names_narrow(op, &state->names, &stretch);
        if (rc < 0)
            return rc;
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
