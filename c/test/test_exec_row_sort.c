/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by several keys against a sort that compares all of them. */
#include "values.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "exec/compare.h"
#include "exec/row_sort.h"

enum { ROWS = 700, KEYS = 2, WIDTH = KEYS + 1 };

/* Rows of two keys, and of their number. */
struct rows {
    namidb_value values[ROWS][WIDTH];
    namidb_value *rows[ROWS];
    uint32_t count;
};

static namidb_value any_value(struct ndb_rand *rand, uint64_t kind)
{
    static const char TEXT[] = "prefix-that-is-long-abc";
    uint64_t number = ndb_rand_below(rand, 20);

    if (kind == 4) /* of all kinds */
        kind = ndb_rand_below(rand, 4);
    if (kind == 0)
        return ndb_integer((int64_t)number - 10);
    if (kind == 1)
        return number == 19 ? ndb_float(NAN)
                            : ndb_float(((double)number - 10) / 4);
    if (kind == 2)
        return ndb_string(TEXT, sizeof TEXT - 1 - number);
    return ndb_null();
}

static void fill(struct rows *rows, struct ndb_rand *rand)
{
    uint64_t kinds[KEYS];

    rows->count = (uint32_t)ndb_rand_below(rand, ROWS + 1);
    for (int key = 0; key < KEYS; key++)
        kinds[key] = ndb_rand_below(rand, 5);
    for (uint32_t i = 0; i < rows->count; i++) {
        for (int key = 0; key < KEYS; key++)
            rows->values[i][key] = ndb_rand_below(rand, 10) == 0
                                       ? ndb_null()
                                       : any_value(rand, kinds[key]);
        rows->values[i][KEYS] = ndb_integer(i);
        rows->rows[i] = rows->values[i];
    }
}

/* Whether a may not stand before b. */
static bool is_after(const struct ndb_sort_key *keys, const namidb_value *a,
                     const namidb_value *b)
{
    for (int key = 0; key < KEYS; key++) {
        int order = ndb_order(&a[key], &b[key]);

        if (order != 0)
            return keys[key].is_descending ? order < 0 : order > 0;
    }
    return a[KEYS].as.integer > b[KEYS].as.integer; /* it is stable */
}

/* What a sort needs of an operator. */
struct sorting {
    struct ndb_run run;
    struct ndb_plan_op plan;
    struct ndb_op op;
    struct ndb_sort_key keys[KEYS];
    namidb_error err;
    namidb_arena arena;
};

static void sorting_init(struct sorting *sorting, struct ndb_rand *rand)
{
    memset(sorting, 0, sizeof *sorting);
    sorting->run.err = &sorting->err;
    sorting->run.deadline_ns = INT64_MAX;
    for (uint32_t key = 0; key < KEYS; key++)
        sorting->keys[key] =
            (struct ndb_sort_key){ key, ndb_rand_below(rand, 2) == 0 };
    sorting->plan.kind = NDB_OP_SORT;
    sorting->plan.keys = sorting->keys;
    sorting->plan.count = KEYS;
    sorting->op.plan = &sorting->plan;
    sorting->op.run = &sorting->run;
    sorting->arena = NDB_ARENA_INIT;
}

static void check_sorted(const struct sorting *sorting, const struct rows *rows)
{
    static uint8_t is_there[ROWS];

    memset(is_there, 0, sizeof is_there);
    for (uint32_t i = 0; i < rows->count; i++) {
        is_there[rows->rows[i][KEYS].as.integer] = 1;
        if (i != 0)
            assert_false(
                is_after(sorting->keys, rows->rows[i - 1], rows->rows[i]));
    }
    for (uint32_t i = 0; i < rows->count; i++)
        assert_int_equal(is_there[i], 1);
}

static void test_row_sort__rows_stand_as_their_keys_do(void **state)
{
    static struct rows rows;
    struct ndb_rand rand = { 51 };

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct sorting sorting;

        sorting_init(&sorting, &rand);
        fill(&rows, &rand);
        assert_int_equal(
            ndb_row_sort(&sorting.op, rows.rows, rows.count, &sorting.arena),
            NAMIDB_OK);
        check_sorted(&sorting, &rows);
        ndb_arena_release(&sorting.arena);
    }
}

/* No row is lost by a sort that fails, and the next one sorts them. */
static void test_row_sort__out_of_memory_at_any_place(void **state)
{
    static struct rows rows;
    struct ndb_rand rand = { 52 };
    size_t failures = 0;

    (void)state;
    for (int round = 0; round < 20; round++) {
        uint64_t k = 0;
        int rc;

        fill(&rows, &rand);
        do {
            struct sorting sorting;

            sorting_init(&sorting, &rand);
            ndb_mem_fail_from(++k);
            rc = ndb_row_sort(&sorting.op, rows.rows, rows.count,
                              &sorting.arena);
            ndb_mem_fail_from(0);
            assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
            failures += rc < 0;
            /* Of equal rows it keeps the order, whatever that was. */
            for (uint32_t i = 0; i < rows.count; i++)
                rows.rows[i][KEYS] =
                    rc < 0 ? ndb_integer(i) : rows.rows[i][KEYS];
            if (rc >= 0)
                check_sorted(&sorting, &rows);
            ndb_arena_release(&sorting.arena);
        } while (rc < 0);
    }
    assert_true(failures > 20);
}

static void test_row_sort__it_is_called_off(void **state)
{
    static struct rows rows;
    static bool is_canceled = true;
    struct ndb_rand rand = { 53 };
    struct sorting sorting;

    (void)state;
    sorting_init(&sorting, &rand);
    fill(&rows, &rand);
    sorting.run.is_canceled = &is_canceled;
    sorting.run.work = UINT64_MAX / 2; /* the next piece of work looks */
    assert_int_equal(
        ndb_row_sort(&sorting.op, rows.rows, rows.count, &sorting.arena),
        NAMIDB_ECANCELED);
    ndb_arena_release(&sorting.arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_sort__rows_stand_as_their_keys_do),
        cmocka_unit_test(test_row_sort__out_of_memory_at_any_place),
        cmocka_unit_test(test_row_sort__it_is_called_off),
    };

    return cmocka_run_group_tests_name("row_sort", tests, NULL, NULL);
}
