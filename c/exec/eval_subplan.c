/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan inside an expression: EXISTS { }, COUNT { }, COLLECT { }, patterns as
 * predicates and comprehensions.
 *
 * Mostly it runs once for all rows of a chunk, and the number of a row tells
 * what belongs to which: a semi-join, of which NOT makes an anti-join. As soon
 * as something exists for a row, its operators leave the row out. A plan whose
 * rows depend on one another - it sorts, counts or limits them - runs once for
 * each row.
 *
 * Some have a second plan that does more before its first row, and less for
 * each: it takes over after so many rows of a run that the first will have cost
 * about as much as it.
 */
#include "exec/eval.h"
#include "exec/value_copy.h"

enum { FEW_ROWS = 64 };

struct subplan {
    struct ndb_op *op;         /* of the plan in use */
    struct ndb_op *few, *many; /* NULL: not made yet */
    uint64_t run_serial;
    uint64_t rows; /* of that run */
    struct ndb_frame frame;
    struct ndb_batch batch;
};

/* Of two plans the one for as many rows as there are. */
static int choose_plan(struct ndb_eval *eval, const struct ndb_expr *expr,
                       struct subplan *subplan, uint32_t rows)
{
    struct ndb_run *run = eval->run;
    const struct ndb_plan_op *plan = expr->plan;
    struct ndb_op **op = &subplan->few;
    int rc = NAMIDB_OK;

    if (subplan->run_serial != run->serial)
        subplan->rows = 0;
    subplan->run_serial = run->serial;
    subplan->rows += rows;
    if (expr->plan_for_many != NULL && subplan->rows > FEW_ROWS) {
        plan = expr->plan_for_many;
        op = &subplan->many;
    }
    if (*op == NULL)
        rc = ndb_op_new(op, run, plan, &subplan->frame);
    subplan->op = *op;
    return rc;
}

/* What is kept of a sub-plan in a run. */
static int open_subplan(struct ndb_eval *eval, const struct ndb_expr *expr,
                        uint32_t rows, struct subplan **out)
{
    struct ndb_run *run = eval->run;
    struct subplan *subplan =
        ndb_run_keep(run, expr->run_index, sizeof *subplan, NULL);

    if (subplan == NULL)
        return ndb_eval_no_memory(eval);
    *out = subplan;
    return choose_plan(eval, expr, subplan, rows);
}

/* --------------------------------------------------------------- results -- */

/* Values outlive the chunk that they come in. */
struct collected {
    namidb_value *items;
    uint32_t count, capacity;
};

/* What has come so far, by the rows' positions: one of the arrays. */
struct found {
    enum ndb_subplan_kind kind;
    uint32_t slot; /* of what is collected */
    uint8_t *truths;
    int64_t *counts;
    struct collected *lists;
};

static int found_init(struct ndb_eval *eval, const struct ndb_expr *expr,
                      uint32_t extent, struct found *out)
{
    size_t size = expr->sub == NDB_SUBPLAN_EXISTS  ? sizeof *out->truths
                  : expr->sub == NDB_SUBPLAN_COUNT ? sizeof *out->counts
                                                   : sizeof *out->lists;
    void *items = ndb_arena_array(eval->arena, extent, size);

    *out = (struct found){ .kind = (enum ndb_subplan_kind)expr->sub,
                           .slot = expr->number };
    if (items == NULL)
        return ndb_eval_no_memory(eval);
    memset(items, 0, extent * size);
    if (out->kind == NDB_SUBPLAN_EXISTS)
        out->truths = items;
    else if (out->kind == NDB_SUBPLAN_COUNT)
        out->counts = items;
    else
        out->lists = items;
    return NAMIDB_OK;
}

static int collect(struct ndb_eval *eval, struct collected *collected,
                   const namidb_value *value)
{
    if (collected->count == collected->capacity) {
        uint32_t capacity = collected->capacity * 2 + 8;
        namidb_value *items = ndb_eval_array(eval, capacity);

        if (items == NULL)
            return ndb_eval_no_memory(eval);
        if (collected->count != 0)
            memcpy(items, collected->items, collected->count * sizeof *items);
        collected->items = items;
        collected->capacity = capacity;
    }
    if (ndb_query_value_copy(eval->arena, value,
                             &collected->items[collected->count]) < 0)
        return ndb_eval_no_memory(eval);
    collected->count++;
    return NAMIDB_OK;
}

/* Takes position `from` of what the plan gave for the row at `row`. */
static int found_add(struct ndb_eval *eval, struct found *found, uint32_t row,
                     const struct ndb_chunk *chunk, uint32_t from)
{
    namidb_value value;

    if (found->kind == NDB_SUBPLAN_EXISTS) {
        found->truths[row] = NDB_TRUE;
        return NAMIDB_OK;
    }
    if (found->kind == NDB_SUBPLAN_COUNT) {
        found->counts[row]++;
        return NAMIDB_OK;
    }
    value = ndb_vector_get(&chunk->columns[found->slot], from);
    return collect(eval, &found->lists[row], &value);
}

/* The vector that it is. */
static int found_vector(struct ndb_eval *eval, const struct found *found,
                        const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    if (found->kind == NDB_SUBPLAN_EXISTS) {
        *out = (struct ndb_vector){ .form = NDB_FORM_TRUTHS,
                                    .as.truths = found->truths };
        return NAMIDB_OK;
    }
    if (found->kind == NDB_SUBPLAN_COUNT) {
        *out = (struct ndb_vector){ .form = NDB_FORM_INTS,
                                    .as.ints = found->counts };
        return NAMIDB_OK;
    }
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        const struct collected *list = &found->lists[ndb_chunk_row(chunk, i)];

        out->as.values[ndb_chunk_row(chunk, i)] =
            ndb_list(list->items, list->count);
    }
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------ runs -- */

/* Runs the plan for the row at a position alone. */
static int run_row(struct ndb_eval *eval, struct subplan *subplan,
                   const struct ndb_chunk *chunk, uint32_t row,
                   struct found *found)
{
    const struct ndb_chunk *given = &subplan->op->chunk;
    int rc;

    subplan->frame = (struct ndb_frame){ chunk, row, NULL };
    ndb_op_rewind(subplan->op);
    while ((rc = ndb_op_next(subplan->op)) == NAMIDB_OK) {
        uint32_t count = found->kind == NDB_SUBPLAN_EXISTS ? 1 : given->count;

        for (uint32_t i = 0; i < count && rc >= 0; i++)
            rc = found_add(eval, found, row, given, ndb_chunk_row(given, i));
        if (rc < 0 || found->kind == NDB_SUBPLAN_EXISTS)
            break;
    }
    return rc;
}

/* Takes a chunk of what was found for many rows. *left: rows that nothing was
 * found for yet. */
static int take_chunk(struct ndb_eval *eval, const struct subplan *subplan,
                      struct found *found, uint32_t *left)
{
    const struct ndb_chunk *given = &subplan->op->chunk;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < given->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(given, i), row;

        rc = ndb_batch_row(subplan->op, at, &row);
        if (rc < 0)
            return rc;
        if (found->kind == NDB_SUBPLAN_EXISTS)
            *left -= found->truths[row] == NDB_FALSE;
        rc = found_add(eval, found, row, given, at);
    }
    return rc;
}

/* Runs the plan for all rows at once. */
static int run_batch(struct ndb_eval *eval, const struct ndb_expr *expr,
                     struct subplan *subplan, const struct ndb_chunk *chunk,
                     struct found *found)
{
    uint32_t left = chunk->count;
    int rc = NAMIDB_OK;

    subplan->batch = (struct ndb_batch){ expr->number_b, found->truths };
    subplan->frame = (struct ndb_frame){ chunk, 0, &subplan->batch };
    ndb_op_rewind(subplan->op);
    while (rc == NAMIDB_OK && left != 0) {
        rc = ndb_op_next(subplan->op);
        if (rc == NAMIDB_OK)
            rc = take_chunk(eval, subplan, found, &left);
    }
    return rc;
}

int ndb_eval_subplan(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct subplan *subplan = NULL;
    struct found found;
    int rc = open_subplan(eval, expr, chunk->count, &subplan);

    if (rc >= 0)
        rc = found_init(eval, expr, chunk->extent, &found);
    if (rc >= 0 && expr->number_b != NDB_NO_SLOT)
        rc = run_batch(eval, expr, subplan, chunk, &found);
    else
        for (uint32_t i = 0; i < chunk->count && rc >= 0; i++)
            rc = run_row(eval, subplan, chunk, ndb_chunk_row(chunk, i), &found);
    return rc < 0 ? rc : found_vector(eval, &found, chunk, out);
}
