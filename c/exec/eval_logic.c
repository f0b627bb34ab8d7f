/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AND, OR, XOR, NOT, CASE, LET: three-valued, and what is decided is not asked
 * again: each operand is evaluated for the rows that are still open.
 */
#include "exec/eval.h"

static const struct ndb_vector UNKNOWN = { .form = NDB_FORM_NONE };

/* Rows of a chunk that is narrowed from step to step. */
struct open_rows {
    struct ndb_chunk chunk;
    uint16_t *rows;
};

static int open_rows_init(struct ndb_eval *eval, const struct ndb_chunk *chunk,
                          struct open_rows *open)
{
    open->chunk = *chunk;
    open->rows = ndb_arena_array(eval->arena, chunk->count, sizeof *open->rows);
    if (open->rows == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++)
        open->rows[i] = (uint16_t)ndb_chunk_row(chunk, i);
    open->chunk.rows = open->rows;
    return NAMIDB_OK;
}

static enum ndb_truth truth_at(const struct ndb_vector *truths, uint32_t at)
{
    if (truths->form == NDB_FORM_NONE)
        return NDB_UNKNOWN;
    return (enum ndb_truth)truths->as.truths[truths->is_constant ? 0 : at];
}

int ndb_eval_and_or(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    enum ndb_truth decided = expr->kind == NDB_EXPR_AND ? NDB_FALSE : NDB_TRUE;
    uint8_t start = decided == NDB_FALSE ? NDB_TRUE : NDB_FALSE;
    struct open_rows open;
    int rc;

    if (!ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    memset(out->as.truths, start, chunk->extent);
    rc = open_rows_init(eval, chunk, &open);
    for (uint32_t i = 0; i < expr->count && rc >= 0 && open.chunk.count != 0;
         i++) {
        struct ndb_arena_mark mark = ndb_arena_mark(eval->arena);
        struct ndb_vector truths;
        uint32_t left = 0;

        rc = ndb_eval_truths(eval, expr->args[i], &open.chunk, &truths);
        for (uint32_t j = 0; j < open.chunk.count && rc >= 0; j++) {
            uint16_t at = open.rows[j];
            uint8_t truth = (uint8_t)truth_at(&truths, at);

            out->as.truths[at] = truth != start ? truth : out->as.truths[at];
            open.rows[left] = at;
            left += truth != decided;
        }
        open.chunk.count = left;
        ndb_arena_rewind(eval->arena, &mark);
    }
    return rc;
}

int ndb_eval_xor(struct ndb_eval *eval, const struct ndb_expr *expr,
                 const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector a = UNKNOWN, b = UNKNOWN;
    int rc = ndb_eval_truths(eval, expr->args[0], chunk, &a);

    if (rc >= 0)
        rc = ndb_eval_truths(eval, expr->args[1], chunk, &b);
    if (rc < 0)
        return rc;
    if (!ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        enum ndb_truth left = truth_at(&a, at), right = truth_at(&b, at);

        out->as.truths[at] =
            left == NDB_UNKNOWN || right == NDB_UNKNOWN
                ? NDB_UNKNOWN
                : (uint8_t)(left != right ? NDB_TRUE : NDB_FALSE);
    }
    return NAMIDB_OK;
}

int ndb_eval_not(struct ndb_eval *eval, const struct ndb_expr *expr,
                 const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    static const uint8_t NOT[] = { NDB_TRUE, NDB_FALSE, NDB_UNKNOWN };
    struct ndb_vector truths = UNKNOWN;
    int rc = ndb_eval_truths(eval, expr->args[0], chunk, &truths);

    if (rc < 0)
        return rc;
    if (!ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        out->as.truths[at] = NOT[truth_at(&truths, at)];
    }
    return NAMIDB_OK;
}

/* Rows whose condition holds get the branch's value and are done. */
static int take_branch(struct ndb_eval *eval, const struct ndb_branch *branch,
                       struct open_rows *open, struct ndb_vector *out)
{
    struct open_rows taken = { .chunk = open->chunk };
    struct ndb_vector truths = UNKNOWN, values;
    uint32_t left = 0;
    int rc = ndb_eval_truths(eval, branch->when, &open->chunk, &truths);

    if (rc < 0)
        return rc;
    taken.rows =
        ndb_arena_array(eval->arena, open->chunk.count, sizeof *taken.rows);
    if (taken.rows == NULL)
        return ndb_eval_no_memory(eval);
    taken.chunk.rows = taken.rows;
    taken.chunk.count = 0;
    for (uint32_t i = 0; i < open->chunk.count; i++) {
        uint16_t at = open->rows[i];

        if (truth_at(&truths, at) == NDB_TRUE)
            taken.rows[taken.chunk.count++] = at;
        else
            open->rows[left++] = at;
    }
    open->chunk.count = left;
    if (taken.chunk.count == 0)
        return NAMIDB_OK;
    rc = ndb_eval(eval, branch->then, &taken.chunk, &values);
    for (uint32_t i = 0; i < taken.chunk.count && rc >= 0; i++)
        out->as.values[taken.rows[i]] = ndb_vector_get(&values, taken.rows[i]);
    return rc;
}

/* A constant or a parameter; NULL: it is neither, or no integer. */
static const namidb_value *known_integer(const struct ndb_eval *eval,
                                         const struct ndb_expr *expr)
{
    const namidb_value *value = NULL;

    if (expr != NULL && expr->kind == NDB_EXPR_CONST)
        value = &expr->value;
    else if (expr != NULL && expr->kind == NDB_EXPR_PARAM)
        value = &eval->run->params[expr->number];
    return value != NULL && value->kind == NAMIDB_INT ? value : NULL;
}

/* One condition between two integers: how rows are counted that are so or so.
 * *is_done: false, it is not that. */
static int choose(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector *out,
                  bool *is_done)
{
    const namidb_value *then, *otherwise;
    struct ndb_vector truths = UNKNOWN;
    int64_t *ints;
    int rc;

    *is_done = false;
    if (expr->count != 1)
        return NAMIDB_OK;
    then = known_integer(eval, expr->branches[0].then);
    otherwise = known_integer(eval, expr->args[0]);
    *is_done = then != NULL && otherwise != NULL;
    if (!*is_done)
        return NAMIDB_OK;
    ints = ndb_arena_array(eval->arena, chunk->extent, sizeof *ints);
    if (ints == NULL)
        return ndb_eval_no_memory(eval);
    rc = ndb_eval_truths(eval, expr->branches[0].when, chunk, &truths);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = ints };
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        ints[at] = truth_at(&truths, at) == NDB_TRUE ? then->as.integer
                                                     : otherwise->as.integer;
    }
    return rc;
}

int ndb_eval_case(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector values = UNKNOWN;
    struct open_rows open;
    bool is_done;
    int rc = choose(eval, expr, chunk, out, &is_done);

    if (rc < 0 || is_done)
        return rc;
    rc = open_rows_init(eval, chunk, &open);
    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < expr->count && rc >= 0 && open.chunk.count != 0;
         i++)
        rc = take_branch(eval, &expr->branches[i], &open, out);
    if (rc >= 0 && open.chunk.count != 0 && expr->args[0] != NULL)
        rc = ndb_eval(eval, expr->args[0], &open.chunk, &values);
    for (uint32_t i = 0; i < open.chunk.count && rc >= 0; i++)
        out->as.values[open.rows[i]] = ndb_vector_get(&values, open.rows[i]);
    return rc;
}

int ndb_eval_let(struct ndb_eval *eval, const struct ndb_expr *expr,
                 const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    uint32_t count = eval->run->plan->slot_count;
    struct ndb_chunk inner = *chunk;
    int rc;

    inner.columns = ndb_arena_array(eval->arena, count, sizeof *inner.columns);
    if (inner.columns == NULL)
        return ndb_eval_no_memory(eval);
    memcpy(inner.columns, chunk->columns, count * sizeof *inner.columns);
    rc = ndb_eval(eval, expr->args[0], chunk, &inner.columns[expr->number]);
    return rc < 0 ? rc : ndb_eval(eval, expr->args[1], &inner, out);
}
