/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/eval_coded.h"
#include "exec/graph.h"

struct ndb_eval ndb_eval_of(struct ndb_op *op, namidb_arena *arena)
{
    struct ndb_run *run = op->run;

    ndb_arena_reset(&op->memo);
    return (struct ndb_eval){
        .run = run,
        .frame = op->frame,
        .arena = arena,
        .memo = &op->memo,
        .scalar = { .arena = arena,
                    .now_seconds = run->now_seconds,
                    .now_nanoseconds = run->now_nanoseconds,
                    .random = &run->random,
                    .err = run->err },
    };
}

int ndb_eval_no_memory(struct ndb_eval *eval)
{
    return ndb_run_no_memory(eval->run);
}

int ndb_eval_args(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector **out)
{
    struct ndb_vector *args =
        ndb_arena_array(eval->arena, expr->count, sizeof *args);
    int rc = NAMIDB_OK;

    if (args == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < expr->count && rc >= 0; i++) {
        if (expr->args[i] == NULL)
            args[i] = (struct ndb_vector){ .form = NDB_FORM_NONE,
                                           .is_constant = true };
        else
            rc = ndb_eval(eval, expr->args[i], chunk, &args[i]);
    }
    *out = args;
    return rc;
}

static int eval_constant(struct ndb_eval *eval, const namidb_value *value,
                         struct ndb_vector *out)
{
    return ndb_vector_constant(out, eval->arena, value)
               ? NAMIDB_OK
               : ndb_eval_no_memory(eval);
}

/* A failure without a text of its own is of memory. */
static int scalar_failed(struct ndb_eval *eval, int rc)
{
    return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
}

static int call_scalar(struct ndb_eval *eval, const struct ndb_expr *expr,
                       const namidb_value *args, namidb_value *out)
{
    if (!expr->function->takes_null)
        for (uint32_t i = 0; i < expr->count; i++)
            if (args[i].kind == NAMIDB_NULL) {
                *out = ndb_null();
                return NAMIDB_OK;
            }
    return scalar_failed(
        eval, expr->function->call(&eval->scalar, args, expr->count, out));
}

static int call_host(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const namidb_value *args, namidb_value *out)
{
    const namidb_host *host = eval->run->host;
    const namidb_host_call call = { .name = (const char *)expr->text.data,
                                    .name_bytes = expr->text.bytes,
                                    .args = args,
                                    .count = expr->count };

    if (host->call == NULL)
        return ndb_fail(eval->run->err, NAMIDB_EINVAL, "unknown function %.*s",
                        (int)expr->text.bytes, (const char *)expr->text.data);
    return host->call(host->context, &call, eval->arena, out, eval->run->err);
}

static int call_row(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_vector *vectors, uint32_t position,
                    namidb_value *args, namidb_value *out)
{
    for (uint32_t i = 0; i < expr->count; i++)
        args[i] = ndb_vector_get(&vectors[i], position);
    if (expr->kind == NDB_EXPR_HOST)
        return call_host(eval, expr, args, out);
    return call_scalar(eval, expr, args, out);
}

static bool all_constant(const struct ndb_vector *vectors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!vectors[i].is_constant)
            return false;
    return true;
}

/* A call of which one argument differs. */
struct coded_call {
    struct ndb_eval *eval;
    const struct ndb_expr *expr;
    namidb_value *args;
    uint32_t which;
};

static int call_coded(void *context, const namidb_value *value,
                      namidb_value *out)
{
    const struct coded_call *call = context;

    call->args[call->which] = *value;
    return call_scalar(call->eval, call->expr, call->args, out);
}

/* The argument that differs when it has a dictionary; expr->count: none is
 * alone in that. What the host calls may be another each time. */
static uint32_t coded_argument(const struct ndb_expr *expr,
                               const struct ndb_vector *vectors,
                               const struct ndb_chunk *chunk)
{
    if (expr->is_volatile || expr->kind == NDB_EXPR_HOST)
        return expr->count;
    return ndb_coded_operand(vectors, expr->count, chunk);
}

static int eval_rows(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk,
                     const struct ndb_vector *vectors, namidb_value *args,
                     struct ndb_vector *out)
{
    bool is_constant = !expr->is_volatile && all_constant(vectors, expr->count);
    int rc = NAMIDB_OK;

    if (!ndb_vector_values(out, eval->arena, is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    if (is_constant)
        return call_row(eval, expr, vectors, 0, args, out->as.values);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        rc = call_row(eval, expr, vectors, at, args, &out->as.values[at]);
    }
    return rc;
}

/* Functions row by row; once when nothing differs between rows, once for each
 * text where that alone does. */
static int eval_call(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    namidb_value *args = ndb_eval_array(eval, expr->count);
    struct coded_call call = { eval, expr, args, expr->count };
    struct ndb_vector *vectors;
    int rc;

    if (args == NULL)
        return ndb_eval_no_memory(eval);
    rc = ndb_eval_args(eval, expr, chunk, &vectors);
    if (rc < 0)
        return rc;
    call.which = coded_argument(expr, vectors, chunk);
    if (call.which == expr->count)
        return eval_rows(eval, expr, chunk, vectors, args, out);
    for (uint32_t i = 0; i < expr->count; i++)
        if (i != call.which)
            args[i] = ndb_vector_get(&vectors[i], 0);
    return ndb_coded_eval(eval, &vectors[call.which], chunk, call_coded, &call,
                          out);
}

static int eval_call_kind(struct ndb_eval *eval, const struct ndb_expr *expr,
                          const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    if (expr->graph_function != NULL)
        return ndb_eval_graph_call(eval, expr, chunk, out);
    return eval_call(eval, expr, chunk, out);
}

static int eval_const(struct ndb_eval *eval, const struct ndb_expr *expr,
                      const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    (void)chunk;
    return eval_constant(eval, &expr->value, out);
}

static int eval_param(struct ndb_eval *eval, const struct ndb_expr *expr,
                      const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    (void)chunk;
    return eval_constant(eval, &eval->run->params[expr->number], out);
}

static int eval_slot(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    (void)eval;
    *out = chunk->columns[expr->number];
    out->is_constant = out->is_constant || out->form == NDB_FORM_NONE;
    return NAMIDB_OK;
}

static ndb_eval_kind *const KINDS[NDB_EXPR_COUNT] = {
    [NDB_EXPR_CONST] = eval_const,
    [NDB_EXPR_PARAM] = eval_param,
    [NDB_EXPR_SLOT] = eval_slot,
    [NDB_EXPR_PROPERTY] = ndb_eval_property,
    [NDB_EXPR_INDEX] = ndb_eval_index,
    [NDB_EXPR_SLICE] = ndb_eval_slice,
    [NDB_EXPR_LIST] = ndb_eval_list,
    [NDB_EXPR_MAP] = ndb_eval_map,
    [NDB_EXPR_AND] = ndb_eval_and_or,
    [NDB_EXPR_OR] = ndb_eval_and_or,
    [NDB_EXPR_XOR] = ndb_eval_xor,
    [NDB_EXPR_NOT] = ndb_eval_not,
    [NDB_EXPR_EQ] = ndb_eval_compare,
    [NDB_EXPR_NE] = ndb_eval_compare,
    [NDB_EXPR_LT] = ndb_eval_compare,
    [NDB_EXPR_LE] = ndb_eval_compare,
    [NDB_EXPR_GT] = ndb_eval_compare,
    [NDB_EXPR_GE] = ndb_eval_compare,
    [NDB_EXPR_IN] = ndb_eval_in,
    [NDB_EXPR_ADD] = ndb_eval_arithmetic,
    [NDB_EXPR_SUB] = ndb_eval_arithmetic,
    [NDB_EXPR_MUL] = ndb_eval_arithmetic,
    [NDB_EXPR_DIV] = ndb_eval_arithmetic,
    [NDB_EXPR_MOD] = ndb_eval_arithmetic,
    [NDB_EXPR_POW] = ndb_eval_arithmetic,
    [NDB_EXPR_NEG] = ndb_eval_negate,
    [NDB_EXPR_STARTS] = ndb_eval_text,
    [NDB_EXPR_ENDS] = ndb_eval_text,
    [NDB_EXPR_CONTAINS] = ndb_eval_text,
    [NDB_EXPR_REGEX] = ndb_eval_regex,
    [NDB_EXPR_IS_NULL] = ndb_eval_is_null,
    [NDB_EXPR_NOT_NULL] = ndb_eval_is_null,
    [NDB_EXPR_LABELS] = ndb_eval_labels,
    [NDB_EXPR_CALL] = eval_call_kind,
    [NDB_EXPR_HOST] = eval_call,
    [NDB_EXPR_CASE] = ndb_eval_case,
    [NDB_EXPR_LET] = ndb_eval_let,
    [NDB_EXPR_FOR_EACH] = ndb_eval_for_each,
    [NDB_EXPR_QUANTIFIER] = ndb_eval_quantifier,
    [NDB_EXPR_REDUCE] = ndb_eval_reduce,
    [NDB_EXPR_SUBPLAN] = ndb_eval_subplan,
    [NDB_EXPR_PATH] = ndb_eval_path,
    [NDB_EXPR_DIFFER] = ndb_eval_differ,
    [NDB_EXPR_DEGREE] = ndb_eval_degree,
    [NDB_EXPR_WALKS] = ndb_eval_degree,
    [NDB_EXPR_LOOPS] = ndb_eval_degree,
    [NDB_EXPR_COUNTED] = ndb_eval_counted,
};

/* Notes which expression failed: the innermost, which comes first. */
static int note_place(struct ndb_eval *eval, const struct ndb_expr *expr,
                      int rc)
{
    namidb_error *err = eval->run->err;

    if (err != NULL && err->fault != NULL && err->place == 0)
        err->place = expr->place;
    return rc;
}

int ndb_eval(struct ndb_eval *eval, const struct ndb_expr *expr,
             const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    int rc = KINDS[expr->kind](eval, expr, chunk, out);

    return rc < 0 ? note_place(eval, expr, rc)
                  : ndb_run_spend(eval->run, chunk->count);
}

int ndb_eval_once(struct ndb_eval *eval, const struct ndb_expr *expr,
                  namidb_value *out)
{
    struct ndb_chunk chunk = { .extent = 1, .count = 1 };
    struct ndb_vector vector;
    int rc;

    chunk.columns = ndb_arena_array(eval->arena, eval->run->plan->slot_count,
                                    sizeof *chunk.columns);
    if (chunk.columns == NULL)
        return ndb_eval_no_memory(eval);
    memset(chunk.columns, 0,
           eval->run->plan->slot_count * sizeof *chunk.columns);
    rc = ndb_eval(eval, expr, &chunk, &vector);
    if (rc >= 0)
        *out = ndb_vector_get(&vector, 0);
    return rc;
}

int ndb_eval_row_chunk(struct ndb_eval *eval, const struct ndb_chunk *chunk,
                       uint32_t position, struct ndb_chunk *out)
{
    uint32_t count = eval->run->plan->slot_count;

    out->extent = out->count = 1;
    out->rows = NULL;
    out->columns = ndb_arena_array(eval->arena, count, sizeof *out->columns);
    if (out->columns == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < count; i++)
        out->columns[i] = ndb_vector_item(&chunk->columns[i], position);
    return NAMIDB_OK;
}

static int truth_of(struct ndb_eval *eval, const namidb_value *value,
                    uint8_t *out)
{
    if (value->kind == NAMIDB_BOOL)
        *out = value->as.boolean ? NDB_TRUE : NDB_FALSE;
    else if (value->kind == NAMIDB_NULL)
        *out = NDB_UNKNOWN;
    else
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "a condition is true, false or null, not of type %s",
                         ndb_kind_name(value->kind));
    return NAMIDB_OK;
}

int ndb_eval_truths(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector values;
    int rc = ndb_eval(eval, expr, chunk, &values);

    if (rc < 0 || values.form == NDB_FORM_TRUTHS) {
        *out = values;
        return rc;
    }
    if (!ndb_vector_truths(out, eval->arena,
                           values.is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = values.is_constant;
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = values.is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(&values, at);

        rc = truth_of(eval, &value, &out->as.truths[at]);
        if (values.is_constant)
            break;
    }
    return rc < 0 ? note_place(eval, expr, rc) : rc;
}
