/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over lists: comprehensions, quantifiers, reduce.
 *
 * For each row its list becomes a chunk, a piece at a time: the row's slots are
 * constants in it, the variable is a column, and the inner expression is
 * evaluated for all items at once. Only reduce goes item by item.
 */
#include "exec/eval.h"

struct loop {
    struct ndb_eval *eval;
    uint32_t slot;
    namidb_value list;
    uint32_t at; /* items done */
    struct ndb_chunk chunk;
};

static int loop_list(struct ndb_eval *eval, const namidb_value *value,
                     namidb_value *list)
{
    *list = *value;
    if (value->kind == NAMIDB_LIST)
        return NAMIDB_OK;
    return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                     "a loop needs a list, not a value of type %s",
                     ndb_kind_name(value->kind));
}

/* The next piece of the list, or false at its end. */
static bool loop_next(struct loop *loop)
{
    struct ndb_vector *column = &loop->chunk.columns[loop->slot];
    uint32_t left = loop->list.size - loop->at;
    uint32_t count = left < NDB_CHUNK_ROWS_MAX ? left : NDB_CHUNK_ROWS_MAX;

    *column = (struct ndb_vector){ .form = NDB_FORM_VALUES };
    /* Nobody writes to a column that it was given. */
    if (count != 0)
        column->as.values =
            (namidb_value *)(uintptr_t)loop->list.as.items + loop->at;
    loop->chunk.extent = loop->chunk.count = count;
    loop->chunk.rows = NULL;
    loop->at += count;
    return count != 0;
}

static int loop_open(struct ndb_eval *eval, const struct ndb_chunk *chunk,
                     uint32_t position, const namidb_value *value,
                     uint32_t slot, struct loop *loop)
{
    int rc;

    loop->eval = eval;
    loop->slot = slot;
    loop->at = 0;
    rc = loop_list(eval, value, &loop->list);
    return rc < 0 ? rc
                  : ndb_eval_row_chunk(eval, chunk, position, &loop->chunk);
}

static bool is_true(const struct ndb_vector *truths, uint32_t at)
{
    return truths->form == NDB_FORM_TRUTHS &&
           truths->as.truths[truths->is_constant ? 0 : at] == NDB_TRUE;
}

/* Leaves only the rows for which the condition holds. */
static int loop_filter(struct loop *loop, const struct ndb_expr *where)
{
    struct ndb_vector truths;
    uint16_t *rows;
    uint32_t count = 0;
    int rc = ndb_eval_truths(loop->eval, where, &loop->chunk, &truths);

    if (rc < 0)
        return rc;
    rows = ndb_arena_array(loop->eval->arena, loop->chunk.count, sizeof *rows);
    if (rows == NULL)
        return ndb_eval_no_memory(loop->eval);
    for (uint32_t i = 0; i < loop->chunk.count; i++)
        if (is_true(&truths, i))
            rows[count++] = (uint16_t)i;
    loop->chunk.rows = rows;
    loop->chunk.count = count;
    return NAMIDB_OK;
}

static int comprehend(struct ndb_eval *eval, const struct ndb_expr *expr,
                      struct loop *loop, namidb_value *out)
{
    const struct ndb_expr *where = expr->args[1], *item = expr->args[2];
    namidb_value *items = ndb_eval_array(eval, loop->list.size);
    uint32_t count = 0;

    if (items == NULL)
        return ndb_eval_no_memory(eval);
    while (loop_next(loop)) {
        struct ndb_vector values = loop->chunk.columns[loop->slot];
        int rc = where != NULL ? loop_filter(loop, where) : NAMIDB_OK;

        if (rc >= 0 && item != NULL && loop->chunk.count != 0)
            rc = ndb_eval(eval, item, &loop->chunk, &values);
        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < loop->chunk.count; i++)
            items[count++] =
                ndb_vector_get(&values, ndb_chunk_row(&loop->chunk, i));
    }
    *out = ndb_list(items, count);
    return NAMIDB_OK;
}

int ndb_eval_for_each(struct ndb_eval *eval, const struct ndb_expr *expr,
                      const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector lists;
    int rc = ndb_eval(eval, expr->args[0], chunk, &lists);

    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value list = ndb_vector_get(&lists, at);
        struct loop loop;

        out->as.values[at] = ndb_null();
        if (ndb_is_null(&list))
            continue;
        rc = loop_open(eval, chunk, at, &list, expr->number, &loop);
        if (rc >= 0)
            rc = comprehend(eval, expr, &loop, &out->as.values[at]);
    }
    return rc;
}

struct tally {
    uint32_t yes, no, unknown;
};

static int count_truths(struct loop *loop, const struct ndb_expr *predicate,
                        struct tally *tally)
{
    *tally = (struct tally){ 0, 0, 0 };
    while (loop_next(loop)) {
        struct ndb_vector truths;
        int rc = ndb_eval_truths(loop->eval, predicate, &loop->chunk, &truths);

        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < loop->chunk.count; i++) {
            namidb_value truth = ndb_vector_get(&truths, i);

            if (ndb_is_null(&truth))
                tally->unknown++;
            else if (truth.as.boolean)
                tally->yes++;
            else
                tally->no++;
        }
    }
    return NAMIDB_OK;
}

static enum ndb_truth quantify(uint8_t kind, const struct tally *tally)
{
    enum ndb_truth open = tally->unknown != 0 ? NDB_UNKNOWN : NDB_FALSE;

    switch (kind) {
    case NDB_QUANTIFIER_ALL:
        return tally->no != 0        ? NDB_FALSE
               : tally->unknown != 0 ? NDB_UNKNOWN
                                     : NDB_TRUE;
    case NDB_QUANTIFIER_ANY:
        return tally->yes != 0 ? NDB_TRUE : open;
    case NDB_QUANTIFIER_NONE:
        return tally->yes != 0       ? NDB_FALSE
               : tally->unknown != 0 ? NDB_UNKNOWN
                                     : NDB_TRUE;
    default: /* SINGLE */
        if (tally->yes > 1)
            return NDB_FALSE;
        if (tally->unknown != 0)
            return NDB_UNKNOWN;
        return tally->yes == 1 ? NDB_TRUE : NDB_FALSE;
    }
}

int ndb_eval_quantifier(struct ndb_eval *eval, const struct ndb_expr *expr,
                        const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector lists;
    int rc = ndb_eval(eval, expr->args[0], chunk, &lists);

    if (rc < 0)
        return rc;
    if (!ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value list = ndb_vector_get(&lists, at);
        struct tally tally = { 0, 0, 1 };
        struct loop loop;

        if (!ndb_is_null(&list)) {
            rc = loop_open(eval, chunk, at, &list, expr->number, &loop);
            if (rc >= 0)
                rc = count_truths(&loop, expr->args[1], &tally);
        }
        out->as.truths[at] = (uint8_t)quantify(expr->sub, &tally);
    }
    return rc;
}

/* How long it takes to make a value, in values. */
static uint32_t value_work(const namidb_value *value)
{
    if (value->kind == NAMIDB_LIST || value->kind == NAMIDB_MAP)
        return value->size;
    return value->kind == NAMIDB_STRING ? value->size / 64 : 1;
}

static int reduce_row(struct ndb_eval *eval, const struct ndb_expr *expr,
                      struct ndb_chunk *row, const namidb_value *list,
                      namidb_value *total)
{
    struct ndb_vector *item = &row->columns[expr->number];
    struct ndb_vector *accumulator = &row->columns[expr->number_b];
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < list->size && rc >= 0; i++) {
        struct ndb_vector result;
        namidb_value value = list->as.items[i];

        if (!ndb_vector_constant(item, eval->arena, &value) ||
            !ndb_vector_constant(accumulator, eval->arena, total))
            return ndb_eval_no_memory(eval);
        rc = ndb_eval(eval, expr->args[2], row, &result);
        if (rc < 0)
            break;
        *total = ndb_vector_get(&result, 0);
        rc = ndb_run_spend(eval->run, value_work(total));
    }
    return rc;
}

int ndb_eval_reduce(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector starts, lists;
    int rc = ndb_eval(eval, expr->args[0], chunk, &starts);

    if (rc >= 0)
        rc = ndb_eval(eval, expr->args[1], chunk, &lists);
    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(&lists, at), list;
        namidb_value *total = &out->as.values[at];
        struct ndb_chunk row;

        *total = ndb_null();
        if (ndb_is_null(&value))
            continue;
        *total = ndb_vector_get(&starts, at);
        rc = loop_list(eval, &value, &list);
        if (rc >= 0)
            rc = ndb_eval_row_chunk(eval, chunk, at, &row);
        if (rc >= 0)
            rc = reduce_row(eval, expr, &row, &list, total);
    }
    return rc;
}
