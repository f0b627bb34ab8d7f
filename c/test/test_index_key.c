/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of indexes: their order is that of ORDER BY, equal values have equal
 * keys, and every range holds what it should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "exec/compare.h"
#include "format/index_key.h"
#include "values.h"

static struct ndb_buf key_of(const namidb_value *value)
{
    struct ndb_buf key = NDB_BUF_INIT(1u << 20);

    assert_int_equal(ndb_index_key_value(&key, value), NAMIDB_OK);
    return key;
}

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void check_pair(const namidb_value *a, const namidb_value *b)
{
    struct ndb_buf left = key_of(a), right = key_of(b);
    int order = ndb_slice_compare(ndb_buf_slice(&left), ndb_buf_slice(&right));

    if (sign(order) != sign(ndb_order(a, b))) {
        namidb_arena arena = NDB_ARENA_INIT;

        print_error("%s and %s\n", values_print(&arena, a),
                    values_print(&arena, b));
        ndb_arena_release(&arena);
    }
    assert_int_equal(sign(order), sign(ndb_order(a, b)));
    if (ndb_equal(a, b) == NDB_TRUE)
        assert_int_equal(order, 0);
    ndb_buf_release(&left);
    ndb_buf_release(&right);
}

static const char *const TEXTS[] = {
    "null", /* not in an index: left out below */
    "true",
    "false",
    "0",
    "-0.0",
    "1",
    "1.0",
    "-1",
    "-1.5",
    "0.1",
    "9007199254740992",
    "9007199254740993",
    "9007199254740992.0",
    "-9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775807.0",
    "-9223372036854775808.0",
    "1e300",
    "-1e300",
    "5e-324",
    "NaN",
    "Infinity",
    "-Infinity",
    "''",
    "'a'",
    "'ab'",
    "'b'",
    "'a b'",
    "'\xc3\xa5'",
    "x'a'",
    "x''",
    "[]",
    "[1]",
    "[1, 2]",
    "[2]",
    "[1.0]",
    "['a']",
    "[[1], 2]",
    "[[1, 2]]",
    "@5",
    "@-5",
    "P(1, 0, 0)",
    "P(0, 30, 0)",
    "P(0, 31, 0)",
    "P(0, 0, 86400)",
    "P(0, 1, 0)",
    "P(-1, 0, 5)",
    "pt(7203, 1, 2)",
    "pt(7203, 2, 1)",
    "pt(4326, 1, 2)",
    "v[1, 2]",
    "v[1]",
    "v[-1, 2]",
    "v[1, 2, 3]",
};
enum { TEXT_COUNT = sizeof TEXTS / sizeof *TEXTS };

static void test_index_key__values_stand_as_order_by_has_them(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value values[TEXT_COUNT];

    (void)state;
    for (size_t i = 1; i < TEXT_COUNT; i++)
        values[i] = values_parse(&arena, TEXTS[i]);
    for (size_t i = 1; i < TEXT_COUNT; i++)
        for (size_t j = 1; j < TEXT_COUNT; j++)
            check_pair(&values[i], &values[j]);
    ndb_arena_release(&arena);
}

/* Temporal values with zones, which have no text here. */
static void test_index_key__times_stand_by_their_moment(void **state)
{
    const namidb_datetime moments[] = {
        { 10, 0, 0, 0, NULL },     { 10, 0, 3600, 0, NULL },
        { 10, 5, 0, 0, NULL },     { -10, 999999999, 0, 0, NULL },
        { 10, 0, 0, 3, "UTC" },    { 10, 0, 0, 13, "Europe/Berlin" },
        { 11, 0, -3600, 0, NULL },
    };
    namidb_value values[32];
    uint32_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        values[count++] = (namidb_value){ .kind = NAMIDB_DATETIME,
                                          .as.datetime = &moments[i] };
    for (int32_t offset = -7200; offset <= 7200; offset += 3600)
        for (int64_t hour = 0; hour < 2; hour++)
            values[count++] =
                (namidb_value){ .kind = NAMIDB_TIME,
                                .size = (uint32_t)offset,
                                .as.integer = hour * INT64_C(3600000000000) };
    values[count++] =
        (namidb_value){ .kind = NAMIDB_LOCAL_TIME, .as.integer = 7 };
    values[count++] = (namidb_value){ .kind = NAMIDB_LOCAL_DATETIME,
                                      .size = 5,
                                      .as.integer = -3 };
    values[count++] = (namidb_value){ .kind = NAMIDB_LOCAL_DATETIME,
                                      .size = 4,
                                      .as.integer = -3 };
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            check_pair(&values[i], &values[j]);
}

/* Integers and floats around each power of two, where conversions round. */
static void test_index_key__numbers_stand_by_their_exact_value(void **state)
{
    static namidb_value values[64 * 8];
    uint32_t count = 0;

    (void)state;
    for (unsigned bit = 50; bit < 63; bit++)
        for (int64_t near = -2; near <= 2; near++) {
            int64_t number = (INT64_C(1) << bit) + near;

            values[count++] =
                (namidb_value){ .kind = NAMIDB_INT, .as.integer = number };
            values[count++] =
                (namidb_value){ .kind = NAMIDB_INT, .as.integer = -number };
            values[count++] = (namidb_value){ .kind = NAMIDB_FLOAT,
                                              .as.number = (double)number };
        }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            check_pair(&values[i], &values[j]);
}

static bool is_stored(const namidb_value *value)
{
    if (value->kind >= NAMIDB_MAP || value->kind == NAMIDB_NULL)
        return false;
    for (uint32_t i = 0; value->kind == NAMIDB_LIST && i < value->size; i++)
        if (!is_stored(&value->as.items[i]))
            return false;
    return true;
}

static void
test_index_key__random_values_stand_as_order_by_has_them(void **state)
{
    struct ndb_rand rand = { 17 };

    (void)state;
    for (int round = 0; round < 300; round++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_value values[24];

        for (int i = 0; i < 24; i++)
            values[i] = values_random(&arena, &rand, 3);
        for (int i = 0; i < 24; i++)
            for (int j = 0; j < 24; j++)
                if (is_stored(&values[i]) && is_stored(&values[j]))
                    check_pair(&values[i], &values[j]);
        ndb_arena_release(&arena);
    }
}

/* What begins with a key is below its successor, what is above it is not. */
static void test_index_key__a_successor_ends_what_equals_a_key(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    for (size_t i = 1; i < TEXT_COUNT; i++) {
        namidb_value a = values_parse(&arena, TEXTS[i]);
        struct ndb_buf end = key_of(&a);

        assert_true(ndb_index_key_successor(&end, 0));
        for (size_t j = 1; j < TEXT_COUNT; j++) {
            namidb_value b = values_parse(&arena, TEXTS[j]);
            struct ndb_buf key = key_of(&b);
            bool is_below =
                ndb_slice_compare(ndb_buf_slice(&key), ndb_buf_slice(&end)) < 0;

            assert_int_equal(is_below, ndb_order(&b, &a) <= 0);
            ndb_buf_release(&key);
        }
        ndb_buf_release(&end);
    }
    ndb_arena_release(&arena);
}

static void test_index_key__a_prefix_holds_all_that_begin_with_it(void **state)
{
    static const char *const texts[] = { "",  "a",         "ab", "abc",
                                         "b", "a\xc3\xa5", "aa" };
    enum { COUNT = sizeof texts / sizeof *texts };

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            const namidb_value prefix = { .kind = NAMIDB_STRING,
                                          .size = (uint32_t)strlen(texts[i]),
                                          .as.bytes = texts[i] };
            const namidb_value text = { .kind = NAMIDB_STRING,
                                        .size = (uint32_t)strlen(texts[j]),
                                        .as.bytes = texts[j] };
            struct ndb_buf low = NDB_BUF_INIT(64), high = NDB_BUF_INIT(64);
            struct ndb_buf key = key_of(&text);
            bool is_in;

            assert_int_equal(ndb_index_key_prefix(&low, &prefix), 0);
            assert_int_equal(ndb_index_key_prefix(&high, &prefix), 0);
            assert_true(ndb_index_key_successor(&high, 0));
            is_in = ndb_slice_compare(ndb_buf_slice(&key),
                                      ndb_buf_slice(&low)) >= 0 &&
                    ndb_slice_compare(ndb_buf_slice(&key),
                                      ndb_buf_slice(&high)) < 0;
            assert_int_equal(
                is_in, strncmp(texts[j], texts[i], strlen(texts[i])) == 0);
            ndb_buf_release(&low);
            ndb_buf_release(&high);
            ndb_buf_release(&key);
        }
}

static void test_index_key__a_zero_byte_stays_within_its_text(void **state)
{
    const namidb_value values[] = {
        { .kind = NAMIDB_STRING, .size = 1, .as.bytes = "a" },
        { .kind = NAMIDB_STRING, .size = 2, .as.bytes = "a\0" },
        { .kind = NAMIDB_STRING, .size = 3, .as.bytes = "a\0b" },
        { .kind = NAMIDB_STRING, .size = 2, .as.bytes = "a\1" },
        { .kind = NAMIDB_BYTES, .size = 2, .as.bytes = "\0\0" },
        { .kind = NAMIDB_BYTES, .size = 1, .as.bytes = "\0" },
        { .kind = NAMIDB_BYTES, .size = 2, .as.bytes = "\xff\xff" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++)
            check_pair(&values[i], &values[j]);
}

static void test_index_key__a_row_without_a_property_has_none(void **state)
{
    const namidb_schema_item item = { .prop_count = 2, .props = { 7, 3 } };
    const namidb_property props[] = {
        { 3, { .kind = NAMIDB_INT, .as.integer = 1 } },
        { 7, { .kind = NAMIDB_BOOL, .as.boolean = true } },
    };
    struct ndb_buf key = NDB_BUF_INIT(64);

    (void)state;
    assert_int_equal(ndb_index_key_row(&key, &item, props, 1), NAMIDB_NONE);
    assert_int_equal(ndb_index_key_row(&key, &item, props + 1, 1), NAMIDB_NONE);
    assert_int_equal(key.bytes, 0);
    assert_int_equal(ndb_index_key_row(&key, &item, props, 2), NAMIDB_OK);
    assert_int_equal(key.data[0], 15); /* the boolean is declared first */
    ndb_buf_release(&key);
}

static void test_index_key__a_long_key_is_cut_off(void **state)
{
    static char text[3 * NDB_INDEX_KEY_BYTES_MAX];
    const namidb_schema_item item = { .prop_count = 1, .props = { 1 } };
    const namidb_property prop = {
        1, { .kind = NAMIDB_STRING, .size = sizeof text, .as.bytes = text }
    };
    struct ndb_buf key = NDB_BUF_INIT(1u << 16);

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(ndb_index_key_row(&key, &item, &prop, 1), NAMIDB_OK);
    assert_int_equal(key.bytes, NDB_INDEX_KEY_BYTES_MAX);
    key.bytes = 0;
    assert_int_equal(ndb_index_key_row_whole(&key, &item, &prop, 1), NAMIDB_OK);
    assert_int_equal(key.bytes, sizeof text + 3);
    ndb_buf_release(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_key__values_stand_as_order_by_has_them),
        cmocka_unit_test(test_index_key__times_stand_by_their_moment),
        cmocka_unit_test(test_index_key__numbers_stand_by_their_exact_value),
        cmocka_unit_test(
            test_index_key__random_values_stand_as_order_by_has_them),
        cmocka_unit_test(test_index_key__a_successor_ends_what_equals_a_key),
        cmocka_unit_test(test_index_key__a_prefix_holds_all_that_begin_with_it),
        cmocka_unit_test(test_index_key__a_zero_byte_stays_within_its_text),
        cmocka_unit_test(test_index_key__a_row_without_a_property_has_none),
        cmocka_unit_test(test_index_key__a_long_key_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
