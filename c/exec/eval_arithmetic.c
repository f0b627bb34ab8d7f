/* SPDX-License-Identifier: Apache-2.0 */
/*
 * + - * / % ^ over vectors, by arithmetic.h.
 */
#include "exec/arithmetic.h"
#include "exec/eval.h"

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

int ndb_eval_arithmetic(struct ndb_eval *eval, const struct ndb_expr *expr,
                        const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    apply_pair *apply = OPERATIONS[expr->kind];
    struct ndb_vector a, b;
    bool is_constant;
    uint32_t count;
    int rc = ndb_eval(eval, expr->args[0], chunk, &a);

    if (rc >= 0)
        rc = ndb_eval(eval, expr->args[1], chunk, &b);
    if (rc < 0)
        return rc;
    is_constant = a.is_constant && b.is_constant;
    count = is_constant ? 1 : chunk->count;
    if (!ndb_vector_values(out, eval->arena, is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value left = ndb_vector_get(&a, at);
        namidb_value right = ndb_vector_get(&b, at);

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
