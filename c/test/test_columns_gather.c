/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/columns_gather.h"

enum { ROWS = 4 };

/* The columns of a segment of four rows. */
struct part {
    struct ndb_column columns[4];
    struct ndb_stored_column items[4];
    struct ndb_columns of;
};

/* Adds a column, by name in order. */
static struct ndb_column *add(struct part *part, uint32_t name, uint8_t storage,
                              uint8_t kind, const void *items)
{
    struct ndb_column *column = &part->columns[part->of.count];
    struct ndb_stored_column *item = &part->items[part->of.count++];

    *column = (struct ndb_column){ .name = name,
                                   .storage = storage,
                                   .kind = kind,
                                   .width = 8,
                                   .as.items = items };
    *item = (struct ndb_stored_column){ .name = name,
                                        .storage = storage,
                                        .kind = kind };
    atomic_init(&item->decoded, column);
    part->of.row_count = ROWS;
    part->of.items = part->items;
    return column;
}

static namidb_value value_at(const struct ndb_columns *columns, uint32_t name,
                             uint32_t row)
{
    const struct ndb_column *column;
    namidb_value value = { .kind = NAMIDB_NULL };

    assert_int_equal(ndb_columns_find(columns, name, &column), NAMIDB_OK);
    if (column != NULL)
        assert_int_equal(ndb_column_value(column, row, NULL, &value),
                         NAMIDB_OK);
    return value;
}

static void assert_integer(const struct ndb_columns *columns, uint32_t name,
                           uint32_t row, int64_t want)
{
    namidb_value value = value_at(columns, name, row);

    assert_int_equal(value.kind, NAMIDB_INT);
    assert_int_equal(value.as.integer, want);
}

static uint8_t width_of(const struct ndb_columns *columns, uint32_t name)
{
    const struct ndb_column *column;

    assert_int_equal(ndb_columns_find(columns, name, &column), NAMIDB_OK);
    return column->width;
}

static void test_columns_gather__integers_take_what_they_need(void **state)
{
    static const int64_t WIDE[ROWS] = { INT64_MIN, -1, 0, INT64_MAX };
    static const int64_t NEAR[ROWS] = { -100, -101, 100, 154 };
    static const int64_t FAR[ROWS] = { 70000, -5, 0, 4000000000 };
    struct part a = { .of.count = 0 }, b = { .of.count = 0 };
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_columns out;

    (void)state;
    add(&a, 1, NDB_COLUMN_INT, NAMIDB_INT, WIDE);
    add(&a, 2, NDB_COLUMN_INT, NAMIDB_INT, NEAR);
    add(&b, 1, NDB_COLUMN_INT, NAMIDB_INT, NEAR);
    add(&b, 2, NDB_COLUMN_INT, NAMIDB_INT, NEAR);
    add(&b, 3, NDB_COLUMN_INT, NAMIDB_INT, FAR);
    {
        const struct ndb_column_row rows[] = {
            { &b.of, 3 }, { &a.of, 0 }, { &a.of, 3 }, { &b.of, 1 }, { &b.of, 0 }
        };

        assert_int_equal(ndb_columns_gather(rows, 5, &arena, &out), NAMIDB_OK);
    }
    assert_int_equal(out.count, 3);
    assert_int_equal(out.row_count, 5);
    assert_integer(&out, 1, 0, 154);
    assert_integer(&out, 1, 1, INT64_MIN);
    assert_integer(&out, 1, 2, INT64_MAX);
    assert_integer(&out, 1, 3, -101);
    assert_integer(&out, 2, 0, 154);
    assert_integer(&out, 2, 1, -100);
    assert_integer(&out, 3, 0, 4000000000);
    assert_integer(&out, 3, 3, -5);
    assert_int_equal(value_at(&out, 3, 1).kind, NAMIDB_NULL);
    assert_int_equal(value_at(&out, 3, 2).kind, NAMIDB_NULL);
    assert_int_equal(width_of(&out, 1), 8);
    assert_int_equal(width_of(&out, 2), 1);
    assert_int_equal(width_of(&out, 3), 4);
    ndb_arena_release(&arena);
}

static void test_columns_gather__floats_truths_and_nulls(void **state)
{
    static const double NUMBERS[ROWS] = { 0.5, -0.0, 1e300, 7 };
    static const uint64_t TRUTHS[1] = { 0x5 };  /* rows 0 and 2 */
    static const uint64_t PRESENT[1] = { 0xb }; /* not row 2 */
    struct part a = { .of.count = 0 }, b = { .of.count = 0 };
    struct ndb_column *column;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_columns out;

    (void)state;
    column = add(&a, 5, NDB_COLUMN_FLOAT, NAMIDB_FLOAT, NUMBERS);
    column->null_count = 1;
    column->present = PRESENT;
    add(&a, 6, NDB_COLUMN_BOOL, NAMIDB_BOOL, TRUTHS);
    {
        const struct ndb_column_row rows[] = {
            { &a.of, 0 }, { &a.of, 1 }, { &a.of, 2 }, { &b.of, 0 }, { &a.of, 3 }
        };

        assert_int_equal(ndb_columns_gather(rows, 5, &arena, &out), NAMIDB_OK);
        assert_int_equal(out.count, 2);
        assert_true(value_at(&out, 5, 0).as.number == 0.5);
        assert_true(1 / value_at(&out, 5, 1).as.number < 0);
        assert_int_equal(value_at(&out, 5, 2).kind, NAMIDB_NULL);
        assert_int_equal(value_at(&out, 5, 3).kind, NAMIDB_NULL);
        assert_true(value_at(&out, 5, 4).as.number == 7);
        assert_true(value_at(&out, 6, 0).as.boolean);
        assert_false(value_at(&out, 6, 1).as.boolean);
        assert_true(value_at(&out, 6, 2).as.boolean);
        assert_int_equal(value_at(&out, 6, 3).kind, NAMIDB_NULL);

        /* None of these rows has a number. */
        assert_int_equal(ndb_columns_gather(rows + 2, 2, &arena, &out),
                         NAMIDB_OK);
        assert_int_equal(out.count, 1);
        assert_int_equal(out.items[0].name, 6);
    }
    ndb_arena_release(&arena);
}

static void test_columns_gather__texts_and_mixed_kinds_are_refused(void **state)
{
    static const int64_t NUMBERS[ROWS] = { 1, 2, 3, 4 };
    struct part integer = { .of.count = 0 }, number = { .of.count = 0 };
    struct part text = { .of.count = 0 };
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_columns out;

    (void)state;
    add(&integer, 1, NDB_COLUMN_INT, NAMIDB_INT, NUMBERS);
    add(&number, 1, NDB_COLUMN_FLOAT, NAMIDB_FLOAT, NUMBERS);
    add(&text, 1, NDB_COLUMN_STRING, NAMIDB_STRING, NULL);
    {
        const struct ndb_column_row mixed[] = { { &integer.of, 0 },
                                                { &number.of, 0 } };
        const struct ndb_column_row texts[] = { { &text.of, 0 } };

        assert_int_equal(ndb_columns_gather(mixed, 2, &arena, &out),
                         NAMIDB_NONE);
        assert_int_equal(ndb_columns_gather(mixed, 1, &arena, &out), NAMIDB_OK);
        assert_int_equal(ndb_columns_gather(texts, 1, &arena, &out),
                         NAMIDB_NONE);
        assert_int_equal(ndb_columns_gather(texts, 0, &arena, &out), NAMIDB_OK);
        assert_int_equal(out.count, 0);
    }
    ndb_arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_gather__integers_take_what_they_need),
        cmocka_unit_test(test_columns_gather__floats_truths_and_nulls),
        cmocka_unit_test(
            test_columns_gather__texts_and_mixed_kinds_are_refused),
    };

    return cmocka_run_group_tests_name("columns_gather", tests, NULL, NULL);
}
