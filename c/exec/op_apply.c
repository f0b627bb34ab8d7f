/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner plan for each row of the child: correlated sub-queries, OPTIONAL
 * MATCH, cartesian products.
 *
 * A plan that gives what it finds in the order of the rows runs once for all
 * rows of a chunk (see ndb_batch): what it gives and the rows are merged.
 */
#include "exec/op.h"

struct apply_state {
    struct ndb_cursor_row row;
    bool is_inside; /* the inner plan is under way for the row */
    bool is_matched;

    /* All rows of a chunk at once: */
    struct ndb_batch batch;
    bool has_chunk;  /* of the child, under way */
    bool is_drained; /* the inner plan gave all that there is for it */
    uint32_t next;   /* first of its rows that nothing was given for */
    uint32_t at;     /* first row of the inner chunk that was not given */
    uint32_t count;  /* of its rows */
};

static void apply_rewind(struct ndb_op *op)
{
    memset(op->state, 0, sizeof(struct apply_state));
}

static int enter(struct ndb_op *op)
{
    struct apply_state *state = op->state;
    int rc = ndb_op_next_row(op, &state->row);

    if (rc != NAMIDB_OK)
        return rc;
    *op->inner_frame =
        (struct ndb_frame){ &op->child->chunk, state->row.position, NULL };
    ndb_op_rewind(op->inner);
    state->is_inside = true;
    state->is_matched = false;
    return NAMIDB_OK;
}

/* The row of the child beside rows of the inner plan. */
static void join_rows(struct ndb_op *op)
{
    const struct apply_state *state = op->state;
    const struct ndb_chunk *inner = &op->inner->chunk;
    const struct ndb_slots *slots = &op->plan->slots;

    ndb_op_repeat(op, &op->child->chunk, state->row.position, inner->extent);
    for (uint32_t i = 0; i < slots->count; i++)
        op->chunk.columns[slots->items[i]] = inner->columns[slots->items[i]];
    op->chunk.count = inner->count;
    op->chunk.rows = inner->rows;
}

/* Rows for rows: EACH and OPTIONAL. */
static int next_joined(struct ndb_op *op)
{
    struct apply_state *state = op->state;

    for (;;) {
        int rc = state->is_inside ? NAMIDB_OK : enter(op);

        if (rc == NAMIDB_OK)
            rc = ndb_op_next(op->inner);
        else
            return rc;
        if (rc < 0)
            return rc;
        if (rc == NAMIDB_OK) {
            state->is_matched = true;
            join_rows(op);
            return NAMIDB_OK;
        }
        state->is_inside = false;
        if (op->plan->sub == NDB_APPLY_OPTIONAL && !state->is_matched) {
            ndb_op_repeat(op, &op->child->chunk, state->row.position, 1);
            return NAMIDB_OK;
        }
    }
}

/* ------------------------------------------------------- all rows at once --
 */

enum { NO_SOURCE = UINT32_MAX };

/* Rows of the child, by position, and what of the inner chunk stands beside
 * them; or nothing. */
struct merged {
    uint32_t *positions, *sources, count;
    bool has_gaps;
};

static void add_merged(struct merged *out, uint32_t position, uint32_t source)
{
    out->positions[out->count] = position;
    out->sources[out->count++] = source;
    out->has_gaps = out->has_gaps || source == NO_SOURCE;
}

/* Gives rows of the child up to a position for which nothing was found. */
static void add_unmatched(struct ndb_op *op, uint32_t end, struct merged *out)
{
    struct apply_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;

    while (state->next < chunk->count &&
           ndb_chunk_row(chunk, state->next) < end &&
           out->count < NDB_CHUNK_ROWS_MAX) {
        if (op->plan->sub == NDB_APPLY_OPTIONAL)
            add_merged(out, ndb_chunk_row(chunk, state->next), NO_SOURCE);
        state->next++;
    }
}

/* Merges the rest of the inner chunk with the rows of the child. */
static int merge_inner(struct ndb_op *op, struct merged *out)
{
    struct apply_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;

    while (state->at < state->count && out->count < NDB_CHUNK_ROWS_MAX) {
        uint32_t source = ndb_chunk_row(&op->inner->chunk, state->at), row;
        int rc = ndb_batch_row(op->inner, source, &row);

        if (rc < 0)
            return rc;
        add_unmatched(op, row, out);
        if (out->count == NDB_CHUNK_ROWS_MAX)
            break;
        if (state->next < chunk->count &&
            ndb_chunk_row(chunk, state->next) == row)
            state->next++;
        else if (state->next == 0 ||
                 ndb_chunk_row(chunk, state->next - 1) != row)
            return ndb_fail(op->run->err, NAMIDB_EINVAL,
                            "not a plan: an inner plan out of order");
        add_merged(out, row, source);
        state->at++;
    }
    return NAMIDB_OK;
}

/* A slot of the inner plan beside rows of which some have nothing there. */
static int gather_gaps(struct ndb_op *op, const struct ndb_vector *from,
                       const struct merged *rows, struct ndb_vector *out)
{
    if (!ndb_vector_values(out, &op->arena, rows->count))
        return NAMIDB_ENOMEM;
    if (from->form == NDB_FORM_NODES && !from->is_constant) {
        out->form = NDB_FORM_NODES; /* ids are smaller than values */
        for (uint32_t i = 0; i < rows->count; i++)
            out->as.ids[i] = rows->sources[i] == NO_SOURCE
                                 ? 0
                                 : from->as.ids[rows->sources[i]];
        return NAMIDB_OK;
    }
    for (uint32_t i = 0; i < rows->count; i++)
        out->as.values[i] = rows->sources[i] == NO_SOURCE
                                ? ndb_null()
                                : ndb_vector_get(from, rows->sources[i]);
    return NAMIDB_OK;
}

static int emit_merged(struct ndb_op *op, const struct merged *rows)
{
    const struct ndb_slots *slots = &op->plan->slots;
    int rc = ndb_op_gather(op, &op->child->chunk, rows->positions, rows->count);

    for (uint32_t i = 0; i < slots->count && rc >= 0; i++) {
        const struct ndb_vector *from =
            &op->inner->chunk.columns[slots->items[i]];
        struct ndb_vector *out = &op->chunk.columns[slots->items[i]];

        rc = rows->has_gaps ? gather_gaps(op, from, rows, out)
                            : ndb_vector_gather(from, rows->sources,
                                                rows->count, &op->arena, out);
    }
    return rc;
}

/* The child's next chunk, and the inner plan at its start. */
static int begin_batch(struct ndb_op *op)
{
    struct apply_state *state = op->state;
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    *state = (struct apply_state){ .has_chunk = true };
    state->batch = (struct ndb_batch){ op->plan->slot, NULL };
    *op->inner_frame =
        (struct ndb_frame){ &op->child->chunk, 0, &state->batch };
    ndb_op_rewind(op->inner);
    return NAMIDB_OK;
}

/* Sees to it that there is something of the inner plan, or that it is drained.
 */
static int pull_inner(struct ndb_op *op)
{
    struct apply_state *state = op->state;
    int rc;

    if (state->is_drained || state->at < state->count)
        return NAMIDB_OK;
    rc = ndb_op_next(op->inner);
    state->at = 0;
    state->count = rc == NAMIDB_OK ? op->inner->chunk.count : 0;
    state->is_drained = rc == NAMIDB_NONE;
    return rc < 0 ? rc : NAMIDB_OK;
}

static int next_merged(struct ndb_op *op)
{
    struct apply_state *state = op->state;
    struct merged rows = { .count = 0 };
    int rc = NAMIDB_OK;

    while (rc == NAMIDB_OK && rows.count == 0) {
        rc = state->has_chunk ? NAMIDB_OK : begin_batch(op);
        if (rc == NAMIDB_OK)
            rc = pull_inner(op);
        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        rows.positions = ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX,
                                         sizeof *rows.positions);
        rows.sources = ndb_arena_array(&op->arena, NDB_CHUNK_ROWS_MAX,
                                       sizeof *rows.sources);
        if (rows.positions == NULL || rows.sources == NULL)
            return NAMIDB_ENOMEM;
        rc = merge_inner(op, &rows);
        if (rc >= 0 && state->is_drained) {
            add_unmatched(op, UINT32_MAX, &rows);
            state->has_chunk = state->next < op->child->chunk.count;
        }
    }
    return rc < 0 ? rc : emit_merged(op, &rows);
}

/* ---------------------------------------------------------- row after row --
 */

/* Each row runs the inner plan to its end, and is given itself: RUN. */
static int next_run(struct ndb_op *op)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = ndb_op_next(op->child);

    if (rc != NAMIDB_OK)
        return rc;
    for (uint32_t i = 0; i < chunk->count; i++) {
        *op->inner_frame =
            (struct ndb_frame){ chunk, ndb_chunk_row(chunk, i), NULL };
        ndb_op_rewind(op->inner);
        while ((rc = ndb_op_next(op->inner)) == NAMIDB_OK)
            ;
        if (rc < 0)
            return rc;
    }
    ndb_op_pass(op, chunk);
    return NAMIDB_OK;
}

static int apply_next(struct ndb_op *op)
{
    if (op->plan->slot != NDB_NO_SLOT)
        return next_merged(op);
    if (op->plan->sub == NDB_APPLY_EACH || op->plan->sub == NDB_APPLY_OPTIONAL)
        return next_joined(op);
    return next_run(op);
}

const struct ndb_op_class ndb_op_apply = {
    .state_bytes = sizeof(struct apply_state),
    .rewind = apply_rewind,
    .next = apply_next,
};
