/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/row_sort.h"

#include "base/radix.h"
#include "exec/compare.h"
#include "exec/text.h"

enum {
    /* Rows that are sorted by radix at a time: of their numbers, twice. */
    BLOCK_ROWS = 1 << 20,
    /* Fewer are compared. */
    RADIX_ROWS_MIN = 64
};

struct row_sort {
    struct ndb_op *op;
    const struct ndb_plan_op *plan;
};

static int compare_keys(const struct ndb_plan_op *plan, const namidb_value *a,
                        const namidb_value *b)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        int order = ndb_order(&a[i], &b[i]);

        if (order != 0)
            return plan->keys[i].is_descending ? -order : order;
    }
    return 0;
}

/* --------------------------------------------------------------- merging -- */

/* Merges the sorted rows [begin, middle) and [middle, end) into `out`; of equal
 * ones that of the left comes first. */
static void merge(const struct ndb_plan_op *plan, namidb_value **rows,
                  uint32_t begin, uint32_t middle, uint32_t end,
                  namidb_value **out)
{
    uint32_t left = begin, right = middle;

    for (uint32_t i = begin; i < end; i++) {
        bool is_left =
            right == end ||
            (left < middle && compare_keys(plan, rows[left], rows[right]) <= 0);

        out[i] = rows[is_left ? left++ : right++];
    }
}

/* Merges runs of `width` rows, which are sorted, until there is one. `spare`
 * has room for all. */
static int merge_runs(const struct row_sort *sort, namidb_value **rows,
                      uint32_t count, uint64_t width, namidb_value **spare)
{
    namidb_value **from = rows, **to = spare;

    for (; width < count; width *= 2) {
        namidb_value **swap = from;

        for (uint64_t at = 0; at < count; at += 2 * width) {
            uint64_t middle = at + width, end = middle + width;
            int rc;

            middle = middle < count ? middle : count;
            end = end < count ? end : count;
            merge(sort->plan, from, (uint32_t)at, (uint32_t)middle,
                  (uint32_t)end, to);
            rc = ndb_run_spend(sort->op->run, end - at);
            if (rc < 0)
                return rc;
        }
        from = to;
        to = swap;
    }
    if (count != 0 && from != rows)
        memcpy(rows, from, count * sizeof(namidb_value *));
    return NAMIDB_OK;
}

/* ----------------------------------------------------------------- ranks -- */

/* What ndb_kernel_ranks makes of a float. */
static int64_t rank_of_float(double value)
{
    uint64_t bits, below;

    value += 0.0; /* -0.0 is 0.0 */
    if (value != value)
        return INT64_MAX;
    memcpy(&bits, &value, sizeof bits);
    below = 0 - (bits >> 63);
    return (int64_t)(bits ^ (below & INT64_MAX));
}

/* A number that stands as a value of this kind does: of two the lower one's
 * comes first, and where values differ the numbers may be equal. */
static uint64_t rank_of(const namidb_value *value)
{
    const uint64_t sign = UINT64_C(1) << 63;

    switch (value->kind) {
    case NAMIDB_INT:
        return (uint64_t)value->as.integer ^ sign;
    case NAMIDB_FLOAT:
        return (uint64_t)rank_of_float(value->as.number) ^ sign;
    case NAMIDB_STRING:
        return ndb_text_word(ndb_text_of(value), 0);
    default:
        return UINT64_MAX; /* null comes last */
    }
}

/* Rows that stand together, and room for as many of what is made of them. */
struct span {
    namidb_value **rows, **spare_rows;
    struct ndb_radix_item *items, *spare_items;
    uint32_t count;
};

/* The numbers of the values of one key; false: they are not of one kind.
 * *is_exact: equal numbers are of equal values. */
static bool find_ranks(const struct row_sort *sort, const struct span *span,
                       uint32_t key, bool *is_exact)
{
    uint64_t flip = sort->plan->keys[key].is_descending ? UINT64_MAX : 0;
    enum namidb_kind kind = NAMIDB_NULL;
    bool has_null = false;

    for (uint32_t i = 0; i < span->count; i++) {
        const namidb_value *value = &span->rows[i][key];

        has_null |= value->kind == NAMIDB_NULL;
        if (value->kind != (uint32_t)kind && value->kind != NAMIDB_NULL) {
            if (kind != NAMIDB_NULL ||
                (value->kind != NAMIDB_INT && value->kind != NAMIDB_FLOAT &&
                 value->kind != NAMIDB_STRING))
                return false;
            kind = (enum namidb_kind)value->kind;
        }
        span->items[i] = (struct ndb_radix_item){ rank_of(value) ^ flip,
                                                  (uintptr_t)span->rows[i] };
    }
    *is_exact = !has_null && kind != NAMIDB_STRING;
    return true;
}

static struct span part_of(const struct span *span, uint32_t begin,
                           uint32_t end)
{
    return (struct span){ span->rows + begin, span->spare_rows + begin,
                          span->items + begin, span->spare_items + begin,
                          end - begin };
}

/* Sorts rows that are equal by the keys before `key`. Those of one number are
 * sorted in turn, by the next key where the number says it all. */
static int sort_span(const struct row_sort *sort, const struct span *span,
                     uint32_t key)
{
    uint32_t count = span->count;
    bool is_exact;
    int rc = NAMIDB_OK;

    if (count < RADIX_ROWS_MIN || !find_ranks(sort, span, key, &is_exact))
        return merge_runs(sort, span->rows, count, 1, span->spare_rows);
    ndb_radix_sort(span->items, span->spare_items, count);
    for (uint32_t i = 0; i < count; i++)
        span->rows[i] = (namidb_value *)(uintptr_t)span->items[i].value;
    if (is_exact && key + 1 == sort->plan->count)
        return NAMIDB_OK;
    for (uint32_t begin = 0, end; begin < count && rc >= 0; begin = end) {
        struct span ties;

        for (end = begin + 1;
             end < count && span->items[end].key == span->items[begin].key;)
            end++;
        ties = part_of(span, begin, end);
        if (is_exact)
            rc = sort_span(sort, &ties, key + 1);
        else
            rc = merge_runs(sort, ties.rows, ties.count, 1, ties.spare_rows);
    }
    return rc;
}

/* ---------------------------------------------------------------- blocks -- */

/* Room for a block. */
static int reserve(const struct row_sort *sort, namidb_value **rows,
                   uint32_t count, namidb_arena *arena, struct span *span)
{
    uint32_t max = count < BLOCK_ROWS ? count : BLOCK_ROWS;

    *span = (struct span){ .rows = rows };
    span->spare_rows = ndb_arena_array(arena, count, sizeof(namidb_value *));
    if (span->spare_rows == NULL)
        return NAMIDB_ENOMEM;
    if (sort->plan->count == 0)
        return NAMIDB_OK;
    span->items = ndb_arena_array(arena, max, sizeof *span->items);
    span->spare_items = ndb_arena_array(arena, max, sizeof *span->spare_items);
    return span->items == NULL || span->spare_items == NULL ? NAMIDB_ENOMEM
                                                            : NAMIDB_OK;
}

static int sort_blocks(const struct row_sort *sort, struct span *span,
                       uint32_t count)
{
    namidb_value **rows = span->rows;
    int rc = NAMIDB_OK;

    if (span->items == NULL)
        return merge_runs(sort, rows, count, 1, span->spare_rows);
    for (uint32_t at = 0; at < count && rc >= 0; at += span->count) {
        span->rows = rows + at;
        span->count = count - at < BLOCK_ROWS ? count - at : BLOCK_ROWS;
        rc = sort_span(sort, span, 0);
        if (rc >= 0)
            rc = ndb_run_spend(sort->op->run, span->count);
    }
    if (rc < 0)
        return rc;
    return merge_runs(sort, rows, count, BLOCK_ROWS, span->spare_rows);
}

int ndb_row_sort(struct ndb_op *op, namidb_value **rows, uint32_t count,
                 namidb_arena *arena)
{
    const struct row_sort sort = { op, op->plan };
    namidb_value *few[RADIX_ROWS_MIN];
    struct ndb_arena_mark mark;
    struct span span;
    int rc;

    if (count < RADIX_ROWS_MIN)
        return merge_runs(&sort, rows, count, 1, few);
    mark = ndb_arena_mark(arena);
    rc = reserve(&sort, rows, count, arena, &span);
    if (rc >= 0)
        rc = sort_blocks(&sort, &span, count);
    ndb_arena_rewind(arena, &mark);
    return rc;
}
