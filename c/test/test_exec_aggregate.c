/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "base/mem.h"
#include "exec/aggregate.h"
#include "values.h"

#define TYPE "TypeError.InvalidArgumentType"
#define RANGE "ArgumentError.NumberOutOfRange"

/* Adds the items of a list and finishes. Each item lives only as long as it is
 * added: the memory is overwritten behind it. */
static const char *aggregate(struct values *values,
                             enum ndb_aggregate_kind kind, const char *list,
                             const char *percentile)
{
    struct ndb_aggregate state;
    namidb_value items = values_parse(&values->arena, list), out;
    int rc = NAMIDB_OK;

    ndb_aggregate_init(&state, kind);
    for (uint32_t i = 0; rc == NAMIDB_OK && i < items.size; i++) {
        namidb_arena short_lived = NDB_ARENA_INIT;
        namidb_value item = values_parse(
            &short_lived, values_print(&values->arena, &items.as.items[i]));

        if (percentile != NULL) {
            namidb_value second = values_parse(&values->arena, percentile);

            rc = ndb_aggregate_percentile(&state, &second, &values->scalar);
        }
        if (rc == NAMIDB_OK)
            rc = ndb_aggregate_add(&state, &values->arena, &item,
                                   &values->scalar);
        ndb_arena_release(&short_lived);
    }
    if (rc == NAMIDB_OK)
        rc =
            ndb_aggregate_finish(&state, &values->arena, &values->scalar, &out);
    return rc < 0 ? values->err.fault : values_print(&values->arena, &out);
}

static const struct {
    enum ndb_aggregate_kind kind;
    const char *list, *second, *result;
} EXAMPLES[] = {
    { NDB_AGGREGATE_COUNT_ROWS, "[1, null]", NULL, "2" },
    { NDB_AGGREGATE_COUNT, "[1, null, 'a']", NULL, "2" },
    { NDB_AGGREGATE_COUNT, "[]", NULL, "0" },
    { NDB_AGGREGATE_SUM, "[33, null, 42]", NULL, "75" },
    { NDB_AGGREGATE_SUM, "[]", NULL, "0" },
    { NDB_AGGREGATE_SUM, "[null]", NULL, "0" },
    { NDB_AGGREGATE_SUM, "[1, 0.5]", NULL, "1.5" },
    { NDB_AGGREGATE_SUM, "[0.5, 1]", NULL, "1.5" },
    { NDB_AGGREGATE_SUM, "[9223372036854775807, 1]", NULL,
      "ArithmeticError.IntegerOverflow" },
    { NDB_AGGREGATE_SUM, "[-9223372036854775808, -1]", NULL,
      "ArithmeticError.IntegerOverflow" },
    { NDB_AGGREGATE_SUM, "[9223372036854775807, 1, -1]", NULL,
      "9223372036854775807" },
    { NDB_AGGREGATE_SUM, "['a']", NULL, TYPE },
    { NDB_AGGREGATE_SUM, "[P(1, 2, 3), null, P(1, 2, 3)]", NULL, "P(2, 4, 6)" },
    { NDB_AGGREGATE_SUM, "[P(1, 2, 3), 1]", NULL, TYPE },
    { NDB_AGGREGATE_SUM, "[1, P(1, 2, 3)]", NULL, TYPE },
    { NDB_AGGREGATE_AVG, "[1, 2]", NULL, "1.5" },
    { NDB_AGGREGATE_AVG, "[9223372036854775807, 9223372036854775807]", NULL,
      "9.22337203685478e+18" },
    { NDB_AGGREGATE_AVG, "[null]", NULL, "null" },
    { NDB_AGGREGATE_AVG, "[P(0, 1, 0), P(0, 3, 0)]", NULL, "P(0, 2, 0)" },
    { NDB_AGGREGATE_MAX, "[1, 2, 0, null, -1]", NULL, "2" },
    { NDB_AGGREGATE_MIN, "[1, 2, 0, null, -1]", NULL, "-1" },
    { NDB_AGGREGATE_MAX, "[1, 2.0, 5, null, 3.2, 0.1]", NULL, "5" },
    { NDB_AGGREGATE_MIN, "[1, 2.0, 5, null, 3.2, 0.1]", NULL, "0.1" },
    { NDB_AGGREGATE_MAX, "['a', 'b', 'B', null, 'abc', 'abc1']", NULL, "'b'" },
    { NDB_AGGREGATE_MIN, "['a', 'b', 'B', null, 'abc', 'abc1']", NULL, "'B'" },
    { NDB_AGGREGATE_MAX, "['', 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']", NULL,
      "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'" },
    { NDB_AGGREGATE_MAX, "[[1], [2], [2, 1]]", NULL, "[2, 1]" },
    { NDB_AGGREGATE_MAX, "[1, 'a', null, [1, 2], 0.2, 'b']", NULL, "1" },
    { NDB_AGGREGATE_MIN, "[1, 'a', null, [1, 2], 0.2, 'b']", NULL, "[1, 2]" },
    { NDB_AGGREGATE_MIN, "[]", NULL, "null" },
    { NDB_AGGREGATE_MAX, "[1.0, NaN]", NULL, "NaN" },
    { NDB_AGGREGATE_COLLECT, "[]", NULL, "[]" },
    { NDB_AGGREGATE_COLLECT, "[null, 'a', [1], null, {k: 'v'}]", NULL,
      "['a', [1], {k: 'v'}]" },
    { NDB_AGGREGATE_COLLECT, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]",
      NULL, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]" },
    { NDB_AGGREGATE_STDEV, "[1, 2, 3, 4]", NULL, "1.29099444873581" },
    { NDB_AGGREGATE_STDEVP, "[1, 2, 3, 4]", NULL, "1.11803398874989" },
    { NDB_AGGREGATE_STDEVP, "[1000000000001, 1000000000002]", NULL, "0.5" },
    { NDB_AGGREGATE_STDEV, "[5]", NULL, "0.0" },
    { NDB_AGGREGATE_STDEV, "[]", NULL, "0.0" },
    { NDB_AGGREGATE_STDEV, "['5']", NULL, TYPE },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[20.0, 10.0, 30.0]", "0.0", "10.0" },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[20.0, 10.0, 30.0]", "0.5", "20.0" },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[20.0, 10.0, 30.0]", "1.0", "30.0" },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[4, 3, 2, 1]", "0.5", "2" },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[20.0, 10.0, 30.0]", "0", "10.0" },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[20.0, 10.0, 30.0]", "0.5", "20.0" },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[4, 3, 2, null, 1]", "0.5", "2.5" },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[1, 2]", "1", "2.0" },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[null]", "1", "null" },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[1]", "1000", RANGE },
    { NDB_AGGREGATE_PERCENTILE_CONT, "[1]", "-1", RANGE },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[1]", "1.1", RANGE },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[1]", "NaN", RANGE },
    { NDB_AGGREGATE_PERCENTILE_DISC, "[1]", "'a'", TYPE },
    { NDB_AGGREGATE_PERCENTILE_DISC, "['a']", "0.5", TYPE },
};

static void test_aggregate__gives_what_the_language_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
        struct values values;
        const char *result;

        values_init(&values);
        result = aggregate(&values, EXAMPLES[i].kind, EXAMPLES[i].list,
                           EXAMPLES[i].second);
        if (strcmp(result, EXAMPLES[i].result) != 0)
            fail_msg("kind %d of %s is %s", (int)EXAMPLES[i].kind,
                     EXAMPLES[i].list, result);
        values_release(&values);
    }
}

static void test_aggregate__count_takes_rows_by_number(void **state)
{
    struct ndb_aggregate count;
    struct values values;
    namidb_value out;

    (void)state;
    values_init(&values);
    ndb_aggregate_init(&count, NDB_AGGREGATE_COUNT_ROWS);
    ndb_aggregate_add_rows(&count, 5000000000);
    ndb_aggregate_add_rows(&count, 1);
    assert_int_equal(
        ndb_aggregate_finish(&count, &values.arena, &values.scalar, &out),
        NAMIDB_OK);
    assert_true(out.as.integer == 5000000001);
    values_release(&values);
}

/* Ascending texts improve max() each time; their copies take turns. */
static void test_aggregate__max_of_texts_keeps_one_copy(void **state)
{
    struct ndb_aggregate max;
    struct values values;
    namidb_value out;
    char text[32];

    (void)state;
    values_init(&values);
    ndb_aggregate_init(&max, NDB_AGGREGATE_MAX);
    for (int i = 0; i < 100000; i++) {
        namidb_value value;

        (void)snprintf(text, sizeof text, "%09d", i);
        value = ndb_string(text, 9);
        assert_int_equal(
            ndb_aggregate_add(&max, &values.arena, &value, &values.scalar),
            NAMIDB_OK);
    }
    assert_int_equal(
        ndb_aggregate_finish(&max, &values.arena, &values.scalar, &out),
        NAMIDB_OK);
    assert_string_equal(values_print(&values.arena, &out), "'000099999'");
    assert_true(values.arena.bytes < 100000);
    values_release(&values);
}

static void test_aggregate__collect_is_bounded(void **state)
{
    struct ndb_aggregate collect;
    struct values values;
    namidb_value one = ndb_integer(1);
    int rc = NAMIDB_OK;
    size_t added = 0;

    (void)state;
    values_init(&values);
    ndb_aggregate_init(&collect, NDB_AGGREGATE_COLLECT);
    while (rc == NAMIDB_OK && added <= NDB_QUERY_LIST_ITEMS_MAX) {
        rc = ndb_aggregate_add(&collect, &values.arena, &one, &values.scalar);
        added++;
    }
    assert_int_equal(rc, NAMIDB_ELIMIT);
    assert_int_equal(added, NDB_QUERY_LIST_ITEMS_MAX + 1);
    values_release(&values);
}

static void test_aggregate__out_of_memory_is_told(void **state)
{
    static const enum ndb_aggregate_kind kinds[] = {
        NDB_AGGREGATE_COLLECT, NDB_AGGREGATE_MIN, NDB_AGGREGATE_PERCENTILE_DISC
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ndb_aggregate aggregate_state;
        namidb_arena arena = NDB_ARENA_INIT;
        struct values values;
        namidb_value text = ndb_string("text", 4), number = ndb_integer(1);
        bool is_number = kinds[i] == NDB_AGGREGATE_PERCENTILE_DISC;

        values_init(&values);
        ndb_aggregate_init(&aggregate_state, kinds[i]);
        ndb_mem_fail_from(1);
        assert_int_equal(ndb_aggregate_add(&aggregate_state, &arena,
                                           is_number ? &number : &text,
                                           &values.scalar),
                         NAMIDB_ENOMEM);
        ndb_mem_fail_from(0);
        assert_int_equal(aggregate_state.count, 0);
        ndb_arena_release(&arena);
        values_release(&values);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aggregate__gives_what_the_language_says),
        cmocka_unit_test(test_aggregate__count_takes_rows_by_number),
        cmocka_unit_test(test_aggregate__max_of_texts_keeps_one_copy),
        cmocka_unit_test(test_aggregate__collect_is_bounded),
        cmocka_unit_test(test_aggregate__out_of_memory_is_told),
    };

    return cmocka_run_group_tests_name("aggregate", tests, NULL, NULL);
}
