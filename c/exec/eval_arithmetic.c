/* SPDX-License-Identifier: Apache-2.0 */
/*
 * + - * / % ^ over vectors, by arithmetic.h.
 */
#include "exec/arithmetic.h"
#include "exec/eval_coded.h"
#include "exec/function.h"
#include "exec/kernel.h"

typedef int apply_pair(struct ndb_scalar *scalar, const namidb_value *a,
                       const namidb_value *b, namidb_value *out);

static apply_pair *const OPERATIONS[NDB_EXPR_COUNT] = {
    [NDB_EXPR_ADD] = ndb_add,      [NDB_EXPR_SUB] = ndb_subtract,
    [NDB_EXPR_MUL] = ndb_multiply, [NDB_EXPR_DIV] = ndb_divide,
    [NDB_EXPR_MOD] = ndb_modulo,   [NDB_EXPR_POW] = ndb_power,
};

static int failed(struct ndb_eval *eval, int rc)
{
    return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
}

/* ------------------------------------------------- columns of plain numbers --
 */

/* An operand that is a number at every position, nulls aside. */
struct operand {
    const struct ndb_vector *vector;
    namidb_value constant; /* if the vector is one */
    bool is_float;
};

static bool take_operand(const struct ndb_vector *vector, struct operand *out)
{
    *out = (struct operand){ .vector = vector };
    if (!vector->is_constant) {
        out->is_float = vector->form == NDB_FORM_FLOATS;
        return out->is_float || ndb_is_ints(vector);
    }
    out->constant = ndb_vector_get(vector, 0);
    out->is_float = out->constant.kind == NAMIDB_FLOAT;
    return ndb_is_number(&out->constant);
}

/* Its integers; NULL: no memory. */
static const int64_t *ints_of(struct ndb_eval *eval,
                              const struct operand *operand, uint32_t extent)
{
    int64_t *room;

    if (operand->vector->form == NDB_FORM_INTS && !operand->vector->is_constant)
        return operand->vector->as.ints;
    room = ndb_arena_array(eval->arena, extent, sizeof *room);
    if (room == NULL || !operand->vector->is_constant)
        return room == NULL ? NULL
                            : ndb_kernel_widen(operand->vector, extent, room);
    for (uint32_t i = 0; i < extent; i++)
        room[i] = operand->constant.as.integer;
    return room;
}

static const double *floats_of(struct ndb_eval *eval,
                               const struct operand *operand, uint32_t extent)
{
    const int64_t *ints = NULL;
    double number = 0, *room;

    if (operand->is_float && !operand->vector->is_constant)
        return operand->vector->as.floats;
    room = ndb_arena_array(eval->arena, extent, sizeof *room);
    if (operand->vector->is_constant)
        number = ndb_number(&operand->constant);
    else
        ints = ints_of(eval, operand, extent);
    if (room == NULL || (ints == NULL && !operand->vector->is_constant))
        return NULL;
    for (uint32_t i = 0; i < extent; i++)
        room[i] = ints != NULL ? (double)ints[i] : number;
    return room;
}

/* Null where either is. */
static int join_nulls(struct ndb_eval *eval, const struct operand *a,
                      const struct operand *b, uint32_t extent,
                      struct ndb_vector *out)
{
    const uint8_t *left = a->vector->is_constant ? NULL : a->vector->nulls;
    const uint8_t *right = b->vector->is_constant ? NULL : b->vector->nulls;
    uint8_t *nulls;

    out->nulls = left != NULL ? left : right;
    if (left == NULL || right == NULL)
        return NAMIDB_OK;
    nulls = ndb_arena_alloc(eval->arena, extent);
    if (nulls == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < extent; i++)
        nulls[i] = left[i] | right[i];
    out->nulls = nulls;
    return NAMIDB_OK;
}

static int apply_ints(struct ndb_eval *eval, enum ndb_expr_kind kind,
                      const struct operand pair[2], uint32_t extent,
                      struct ndb_vector *out, bool *is_done)
{
    uint32_t *room = ndb_arena_array(eval->arena, extent, sizeof *room);
    const int64_t *a, *b;

    if (room == NULL)
        return NAMIDB_ENOMEM;
    *is_done = ndb_kernel_narrow(kind, pair[0].vector, pair[1].vector, extent,
                                 room, out);
    if (*is_done)
        return NAMIDB_OK;
    a = ints_of(eval, &pair[0], extent);
    b = ints_of(eval, &pair[1], extent);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS };
    out->as.ints = ndb_arena_array(eval->arena, extent, sizeof *out->as.ints);
    if (a == NULL || b == NULL || out->as.ints == NULL)
        return NAMIDB_ENOMEM;
    /* What overflows may be no row. */
    *is_done = ndb_kernel_ints(kind, a, b, extent, out->as.ints);
    return NAMIDB_OK;
}

static int apply_floats(struct ndb_eval *eval, enum ndb_expr_kind kind,
                        const struct operand pair[2], uint32_t extent,
                        struct ndb_vector *out)
{
    const double *a = floats_of(eval, &pair[0], extent);
    const double *b = floats_of(eval, &pair[1], extent);

    *out = (struct ndb_vector){ .form = NDB_FORM_FLOATS };
    out->as.floats =
        ndb_arena_array(eval->arena, extent, sizeof *out->as.floats);
    if (a == NULL || b == NULL || out->as.floats == NULL)
        return NAMIDB_ENOMEM;
    ndb_kernel_floats(kind, a, b, extent, out->as.floats);
    return NAMIDB_OK;
}

/* *is_done: false, it takes values one by one. */
static int apply_columns(struct ndb_eval *eval, enum ndb_expr_kind kind,
                         const struct ndb_vector *a, const struct ndb_vector *b,
                         uint32_t extent, struct ndb_vector *out, bool *is_done)
{
    struct operand pair[2];
    bool has_floats;
    int rc;

    *is_done = false;
    if ((a->is_constant && b->is_constant) || !take_operand(a, &pair[0]) ||
        !take_operand(b, &pair[1]))
        return NAMIDB_OK;
    has_floats = pair[0].is_float || pair[1].is_float;
    if (kind != NDB_EXPR_ADD && kind != NDB_EXPR_SUB && kind != NDB_EXPR_MUL &&
        !(kind == NDB_EXPR_DIV && has_floats))
        return NAMIDB_OK;
    *is_done = has_floats;
    rc = has_floats ? apply_floats(eval, kind, pair, extent, out)
                    : apply_ints(eval, kind, pair, extent, out, is_done);
    return rc < 0 ? rc : join_nulls(eval, &pair[0], &pair[1], extent, out);
}

/* ------------------------------------------------------------------ values --
 */

/* An operation of which one operand differs. */
struct coded_pair {
    struct ndb_eval *eval;
    apply_pair *apply;
    namidb_value pair[2];
    uint32_t which;
};

static int apply_coded(void *context, const namidb_value *value,
                       namidb_value *out)
{
    struct coded_pair *coded = context;

    coded->pair[coded->which] = *value;
    return failed(coded->eval,
                  coded->apply(&coded->eval->scalar, &coded->pair[0],
                               &coded->pair[1], out));
}

/* Texts with a dictionary and a constant. *is_done: it was such. */
static int apply_texts(struct ndb_eval *eval, const struct ndb_expr *expr,
                       const struct ndb_chunk *chunk,
                       const struct ndb_vector pair[2], struct ndb_vector *out,
                       bool *is_done)
{
    struct coded_pair coded = { .eval = eval,
                                .apply = OPERATIONS[expr->kind],
                                .which = ndb_coded_operand(pair, 2, chunk) };

    *is_done = coded.which != 2;
    if (!*is_done)
        return NAMIDB_OK;
    coded.pair[1 - coded.which] = ndb_vector_get(&pair[1 - coded.which], 0);
    return ndb_coded_eval(eval, &pair[coded.which], chunk, apply_coded, &coded,
                          out);
}

int ndb_eval_arithmetic(struct ndb_eval *eval, const struct ndb_expr *expr,
                        const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    apply_pair *apply = OPERATIONS[expr->kind];
    struct ndb_vector pair[2];
    bool is_constant, is_done = false;
    uint32_t count;
    int rc = ndb_eval(eval, expr->args[0], chunk, &pair[0]);

    if (rc >= 0)
        rc = ndb_eval(eval, expr->args[1], chunk, &pair[1]);
    if (rc >= 0)
        rc = apply_columns(eval, expr->kind, &pair[0], &pair[1], chunk->extent,
                           out, &is_done);
    if (rc >= 0 && !is_done)
        rc = apply_texts(eval, expr, chunk, pair, out, &is_done);
    if (rc < 0 || is_done)
        return failed(eval, rc);
    is_constant = pair[0].is_constant && pair[1].is_constant;
    count = is_constant ? 1 : chunk->count;
    if (!ndb_vector_values(out, eval->arena, is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value left = ndb_vector_get(&pair[0], at);
        namidb_value right = ndb_vector_get(&pair[1], at);

        rc = apply(&eval->scalar, &left, &right, &out->as.values[at]);
    }
    return failed(eval, rc);
}

int ndb_eval_negate(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector a;
    uint32_t count;
    int rc = ndb_eval(eval, expr->args[0], chunk, &a);

    if (rc < 0)
        return rc;
    count = a.is_constant ? 1 : chunk->count;
    if (!ndb_vector_values(out, eval->arena, a.is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = a.is_constant;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = a.is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(&a, at);

        rc = ndb_negate(&eval->scalar, &value, &out->as.values[at]);
    }
    return failed(eval, rc);
}
