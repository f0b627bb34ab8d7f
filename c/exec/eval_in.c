/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IN. Many rows look for what they have in one list by a hash table, of items
 * for which being equal is as simple as that: no lists, maps or times, no NaN.
 */
#include <math.h>

#include "exec/eval_coded.h"
#include "exec/list.h"
#include "exec/value_set.h"

enum { ITEMS_MIN = 16, ROWS_MIN = 16 };

/* Below it every integer is a float as well. */
#define FLOAT_INTEGER_MAX 9007199254740992.0

/* A list in a run. */
struct kept_list {
    namidb_arena arena;
    struct ndb_value_set items;
    bool has_null;
    bool is_simple; /* `items` are all others */
    bool is_made;
    uint64_t serial; /* of the use of the run that it was made in */
};

static void forget_list(void *kept)
{
    struct kept_list *list = kept;

    ndb_arena_release(&list->arena);
    list->is_made = false;
}

/* A value as the table has it: one of those that are equal. False: it takes
 * more to say what it is equal to. */
static bool to_simple(const namidb_value *value, namidb_value *out)
{
    *out = *value;
    if (value->kind == NAMIDB_FLOAT) {
        double number = value->as.number;

        if (!(fabs(number) < FLOAT_INTEGER_MAX))
            return false;
        if (number == floor(number))
            *out = ndb_integer((int64_t)number);
        return true;
    }
    return value->kind == NAMIDB_INT || value->kind == NAMIDB_STRING ||
           value->kind == NAMIDB_BOOL || value->kind == NAMIDB_NODE;
}

/* Makes the table, as far as the list's items are simple. */
static int make_table(struct ndb_eval *eval, struct kept_list *kept,
                      const namidb_value *list)
{
    int rc = ndb_run_spend(eval->run, list->size);

    if (kept->arena.budget == NULL) /* the first time */
        kept->arena = ndb_run_arena(eval->run);
    ndb_arena_reset(&kept->arena);
    kept->items = ndb_value_set_of(&kept->arena, 1);
    kept->has_null = false;
    kept->is_simple = true;
    for (uint32_t i = 0; i < list->size && kept->is_simple && rc >= 0; i++) {
        const namidb_value *item = &list->as.items[i];
        namidb_value simple;
        uint32_t number;
        bool is_new;

        if (ndb_is_null(item))
            kept->has_null = true;
        else if (!to_simple(item, &simple))
            kept->is_simple = false;
        else
            rc = ndb_value_set_add(&kept->items, &simple, &number, &is_new);
    }
    return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
}

/* The table of a list for `rows` rows; NULL: it is not worth it, or it takes
 * more than a table. What does not change in a run is made once in it. */
static int table_of(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const namidb_value *list, uint32_t rows,
                    struct kept_list **table)
{
    enum ndb_expr_kind kind = expr->args[1]->kind;
    bool is_lasting = kind == NDB_EXPR_CONST || kind == NDB_EXPR_PARAM;
    struct kept_list *kept;
    int rc = NAMIDB_OK;

    *table = NULL;
    if (list->kind != NAMIDB_LIST || list->size < ITEMS_MIN || rows < ROWS_MIN)
        return NAMIDB_OK;
    kept = ndb_run_keep(eval->run, expr->run_index, sizeof *kept, forget_list);
    if (kept == NULL)
        return ndb_eval_no_memory(eval);
    if (!is_lasting || !kept->is_made || kept->serial != eval->run->serial)
        rc = make_table(eval, kept, list);
    kept->is_made = rc >= 0;
    kept->serial = eval->run->serial;
    *table = kept->is_simple ? kept : NULL;
    return rc;
}

/* What rows are tested against. */
struct in_test {
    struct ndb_eval *eval;
    namidb_value list;
    struct kept_list *table; /* of the list; or NULL */
};

static int in_row(const struct in_test *test, const namidb_value *item,
                  enum ndb_truth *truth)
{
    struct ndb_eval *eval = test->eval;
    namidb_value simple;
    int rc;

    if (test->table != NULL && to_simple(item, &simple)) {
        bool is_there =
            ndb_value_set_find(&test->table->items, &simple) != UINT32_MAX;

        *truth = is_there                ? NDB_TRUE
                 : test->table->has_null ? NDB_UNKNOWN
                                         : NDB_FALSE;
        return NAMIDB_OK;
    }
    rc = ndb_in(&eval->scalar, item, &test->list, truth);
    if (rc >= 0 && test->list.kind == NAMIDB_LIST)
        rc = ndb_run_spend(eval->run, test->list.size);
    return rc;
}

static int in_coded(void *context, const namidb_value *value, namidb_value *out)
{
    enum ndb_truth truth = NDB_UNKNOWN;
    int rc = in_row(context, value, &truth);

    *out = ndb_truth_value(truth);
    return rc;
}

/* How many rows from `i` on have the very list of the row there. */
static uint32_t same_list(const struct ndb_vector *lists,
                          const struct ndb_chunk *chunk, uint32_t i,
                          const namidb_value *list)
{
    uint32_t end = i + 1;

    if (lists->is_constant)
        return chunk->count - i;
    if (list->kind != NAMIDB_LIST || list->size < ITEMS_MIN)
        return 1;
    for (; end < chunk->count; end++) {
        namidb_value next = ndb_vector_get(lists, ndb_chunk_row(chunk, end));

        if (next.kind != NAMIDB_LIST || next.size != list->size ||
            next.as.items != list->as.items)
            break;
    }
    return end - i;
}

static int in_rows(struct in_test *test, const struct ndb_expr *expr,
                   const struct ndb_vector pair[2],
                   const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    uint32_t same = 0; /* rows before this one have the list */
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value item = ndb_vector_get(&pair[0], at);
        enum ndb_truth truth = NDB_UNKNOWN;

        if (i == same) {
            test->list = ndb_vector_get(&pair[1], at);
            same = i + same_list(&pair[1], chunk, i, &test->list);
            rc =
                table_of(test->eval, expr, &test->list, same - i, &test->table);
        }
        if (rc >= 0)
            rc = in_row(test, &item, &truth);
        out->as.truths[at] = (uint8_t)truth;
    }
    return rc;
}

/* One value for all rows. */
static int in_once(struct in_test *test, const struct ndb_vector pair[2],
                   struct ndb_vector *out)
{
    namidb_value item = ndb_vector_get(&pair[0], 0);
    enum ndb_truth truth = NDB_UNKNOWN;
    int rc;

    test->list = ndb_vector_get(&pair[1], 0);
    rc = in_row(test, &item, &truth);
    out->as.truths[0] = (uint8_t)truth;
    return rc;
}

int ndb_eval_in(struct ndb_eval *eval, const struct ndb_expr *expr,
                const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct in_test test = { .eval = eval };
    struct ndb_vector pair[2];
    int rc = ndb_eval_pair(eval, expr, chunk, pair, out);

    if (rc < 0)
        return rc;
    if (out->is_constant)
        return in_once(&test, pair, out);
    if (ndb_coded_operand(pair, 2, chunk) != 0)
        return in_rows(&test, expr, pair, chunk, out);
    test.list = ndb_vector_get(&pair[1], 0);
    rc = table_of(eval, expr, &test.list, chunk->count, &test.table);
    return rc < 0 ? rc
                  : ndb_coded_eval(eval, &pair[0], chunk, in_coded, &test, out);
}
