/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "base/limits.h"
#include "exec/compare.h"
#include "exec/list.h"
#include "values.h"

static const char *const TRUTHS[] = { "false", "true", "null" };

static const struct {
    const char *a, *b;
    enum ndb_truth truth;
} EQUALS[] = {
    { "null", "null", NDB_UNKNOWN },
    { "1", "null", NDB_UNKNOWN },
    { "1", "1.0", NDB_TRUE },
    { "0.0", "-0.0", NDB_TRUE },
    { "1", "'1'", NDB_FALSE },
    { "1", "true", NDB_FALSE },
    { "9007199254740993", "9007199254740992.0", NDB_FALSE },
    { "9223372036854775807", "9223372036854775808.0", NDB_FALSE },
    { "-9223372036854775808", "-9223372036854775808.0", NDB_TRUE },
    { "4611686018427387905", "4611686018427387900", NDB_FALSE },
    { "NaN", "NaN", NDB_FALSE },
    { "NaN", "1", NDB_FALSE },
    { "NaN", "'a'", NDB_FALSE },
    { "'a'", "'a'", NDB_TRUE },
    { "'a'", "x'a'", NDB_FALSE },
    { "[1, 2]", "[1]", NDB_FALSE },
    { "[null]", "[1]", NDB_UNKNOWN },
    { "['a']", "[1]", NDB_FALSE },
    { "[[1]]", "[[1], [null]]", NDB_FALSE },
    { "[[1], [2]]", "[[1], [null]]", NDB_UNKNOWN },
    { "[[1], [2, 3]]", "[[1], [null]]", NDB_FALSE },
    { "[null, 1]", "[null, 2]", NDB_FALSE },
    { "[]", "[]", NDB_TRUE },
    { "[NaN]", "[NaN]", NDB_FALSE },
    { "{}", "{}", NDB_TRUE },
    { "{k: 1}", "{k: 1.0}", NDB_TRUE },
    { "{k: 'a', l: 2}", "{k: 'a', l: 2}", NDB_TRUE },
    { "{}", "{k: null}", NDB_FALSE },
    { "{k: 1}", "{k: 1, l: null}", NDB_FALSE },
    { "{k: null, l: 1}", "{l: 1}", NDB_FALSE },
    { "{k: null}", "{l: null}", NDB_FALSE },
    { "{k: null}", "{k: null}", NDB_UNKNOWN },
    { "{k: 1, l: null}", "{k: null, l: 1}", NDB_UNKNOWN },
    { "{k: 1, l: null}", "{k: 2, l: null}", NDB_FALSE },
    { "n1", "n1", NDB_TRUE },
    { "n1", "n2", NDB_FALSE },
    { "n1", "e1", NDB_FALSE },
    { "e1", "e1", NDB_TRUE },
    { "p(n1 e1 n1)", "p(n1 e1 n1)", NDB_TRUE },
    { "p(n1 e1 n2)", "p(n2 e1 n1)", NDB_FALSE },
    { "p(n1)", "p(n1 e1 n2)", NDB_FALSE },
    { "pt(7203, 1, 2)", "pt(7203, 1, 2)", NDB_TRUE },
    { "pt(7203, 1, 2)", "pt(4326, 1, 2)", NDB_FALSE },
    { "pt(7203, 1, NaN)", "pt(7203, 1, NaN)", NDB_FALSE },
    { "v[1, 2]", "v[1, 2]", NDB_TRUE },
    { "v[1, 2]", "[1, 2]", NDB_FALSE },
    { "@1", "@1", NDB_TRUE },
    { "@1", "1", NDB_FALSE },
    { "P(0, 1, 0)", "P(0, 0, 86400)", NDB_FALSE },
};

static void test_equal__is_three_valued(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EQUALS / sizeof *EQUALS; i++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_value a = values_parse(&arena, EQUALS[i].a);
        namidb_value b = values_parse(&arena, EQUALS[i].b);

        if (ndb_equal(&a, &b) != EQUALS[i].truth ||
            ndb_equal(&b, &a) != EQUALS[i].truth)
            fail_msg("%s = %s is not %s", EQUALS[i].a, EQUALS[i].b,
                     TRUTHS[EQUALS[i].truth]);
        ndb_arena_release(&arena);
    }
}

/* '<' '=' '>', '?' not comparable, 'N' NaN is in it */
static const struct {
    const char *a, *b;
    char result;
} COMPARED[] = {
    { "1", "3.14", '<' },
    { "1", "1.0", '=' },
    { "9007199254740993", "9007199254740992.0", '>' },
    { "9223372036854775807", "9223372036854775808.0", '<' },
    { "-9223372036854775808", "-Infinity", '>' },
    { "1", "'1'", '?' },
    { "null", "1", '?' },
    { "null", "null", '?' },
    { "NaN", "1", 'N' },
    { "NaN", "NaN", 'N' },
    { "NaN", "'a'", '?' },
    { "'a'", "'b'", '<' },
    { "'a'", "'ab'", '<' },
    { "'z'", "'\xc3\xa9'", '<' },
    { "false", "true", '<' },
    { "@1", "@0", '>' },
    { "@1", "1", '?' },
    { "P(0, 1, 0)", "P(0, 2, 0)", '?' },
    { "pt(7203, 1, 2)", "pt(7203, 1, 3)", '?' },
    { "[1, 0]", "[1]", '>' },
    { "[1, null]", "[1]", '>' },
    { "[1, 2]", "[1, null]", '?' },
    { "[1, 'a']", "[1, null]", '?' },
    { "[1, 2]", "[3, null]", '<' },
    { "[null]", "[null]", '?' },
    { "[NaN]", "[1]", 'N' },
    { "[n1, 1]", "[n1, 2]", '<' },
    { "n1", "n1", '?' },
    { "n1", "n2", '?' },
    { "{}", "{}", '?' },
    { "p(n1)", "p(n1)", '?' },
    { "v[1]", "v[2]", '?' },
};

static void test_comparable__orders_like_kinds_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof COMPARED / sizeof *COMPARED; i++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_value a = values_parse(&arena, COMPARED[i].a);
        namidb_value b = values_parse(&arena, COMPARED[i].b);
        int order;
        bool is_nan;
        char result = '?';

        if (ndb_comparable(&a, &b, &order, &is_nan))
            result = is_nan ? 'N' : order < 0 ? '<' : order > 0 ? '>' : '=';
        if (result != COMPARED[i].result)
            fail_msg("%s and %s: %c", COMPARED[i].a, COMPARED[i].b, result);
        ndb_arena_release(&arena);
    }
}

static const char *const ASCENDING[] = {
    "{}",
    "{a: 1}",
    "{a: 2}",
    "{b: 1}",
    "{a: 1, b: 1}",
    "n1",
    "n2",
    "e1",
    "e2",
    "[]",
    "['a']",
    "['a', 1]",
    "[1]",
    "[1, 'a']",
    "[1, null]",
    "[null, 1]",
    "[null, 2]",
    "p(n1)",
    "p(n1 e1 n2)",
    "p(n1 e2 n2)",
    "p(n2)",
    "pt(4326, 1, 2)",
    "pt(7203, 1, 2)",
    "pt(7203, 1, 3)",
    "@0",
    "@1",
    "P(0, 0, 1)",
    "P(0, 0, 86400)",
    "P(0, 1, 0)",
    "P(0, 2, 0)",
    "''",
    "' '",
    "'.*'",
    "'one'",
    "x''",
    "x'a'",
    "false",
    "true",
    "-Infinity",
    "-9223372036854775808",
    "-1",
    "0",
    "5e-324",
    "1",
    "1.5",
    "9007199254740992.0",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808.0",
    "Infinity",
    "NaN",
    "v[]",
    "v[1]",
    "v[1, 2]",
    "v[2]",
    "null",
};

static void test_order__is_that_of_the_header(void **state)
{
    enum { COUNT = sizeof ASCENDING / sizeof *ASCENDING };
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value values[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        values[i] = values_parse(&arena, ASCENDING[i]);
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            int order = ndb_order(&values[i], &values[j]);

            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("%s and %s: %d", ASCENDING[i], ASCENDING[j], order);
            assert_int_equal(ndb_equivalent(&values[i], &values[j]), i == j);
        }
    ndb_arena_release(&arena);
}

static void test_equivalent__null_is_null_and_one_is_one(void **state)
{
    static const char *const same[][2] = {
        { "null", "null" },
        { "NaN", "NaN" },
        { "1", "1.0" },
        { "0.0", "-0.0" },
        { "[null]", "[null]" },
        { "[1, [2]]", "[1.0, [2.0]]" },
        { "{a: null}", "{a: null}" },
        { "v[0]", "v[-0.0]" },
        { "-9223372036854775808", "-9223372036854775808.0" },
        { "pt(7203, NaN, 0)", "pt(7203, NaN, -0)" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_value a = values_parse(&arena, same[i][0]);
        namidb_value b = values_parse(&arena, same[i][1]);

        if (!ndb_equivalent(&a, &b) ||
            ndb_value_hash(&a, 7) != ndb_value_hash(&b, 7))
            fail_msg("%s and %s", same[i][0], same[i][1]);
        assert_int_not_equal(ndb_value_hash(&a, 7), ndb_value_hash(&a, 8));
        ndb_arena_release(&arena);
    }
}

/* All NaNs are one, whatever their bits. */
static void test_equivalent__every_nan_is_the_same(void **state)
{
    namidb_value a = ndb_float((double)NAN), b = ndb_float(-(double)NAN);

    (void)state;
    assert_true(ndb_equivalent(&a, &b));
    assert_int_equal(ndb_value_hash(&a, 0), ndb_value_hash(&b, 0));
}

static void check_pair(namidb_arena *arena, const namidb_value *a,
                       const namidb_value *b)
{
    int order = ndb_order(a, b), back = ndb_order(b, a), compared;
    bool is_nan, is_same = ndb_equivalent(a, b);
    enum ndb_truth equal = ndb_equal(a, b);
    const char *failed = NULL;

    if ((order > 0) != (back < 0) || (order < 0) != (back > 0))
        failed = "order is not the opposite the other way round";
    else if (is_same != (order == 0))
        failed = "equivalence is not what order says";
    else if (is_same && ndb_value_hash(a, 1) != ndb_value_hash(b, 1))
        failed = "hashes of equivalent values differ";
    else if (equal != ndb_equal(b, a))
        failed = "equality is not symmetric";
    else if (equal == NDB_TRUE && !is_same)
        failed = "equal values are not equivalent";
    else if (ndb_comparable(a, b, &compared, &is_nan) && !is_nan &&
             (compared > 0) != (order > 0) && a->kind != NAMIDB_LIST)
        failed = "comparability and orderability differ";
    if (failed != NULL)
        fail_msg("%s: %s, %s", failed, values_print(arena, a),
                 values_print(arena, b));
}

static void test_order__is_total_and_transitive_over_random_values(void **state)
{
    enum { COUNT = 80, ROUNDS = 8 };

    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct ndb_rand rand = { seed };
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_value values[COUNT];

        for (int i = 0; i < COUNT; i++)
            values[i] = values_random(&arena, &rand, 3);
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < COUNT; j++) {
                check_pair(&arena, &values[i], &values[j]);
                for (int k = 0; k < COUNT; k++)
                    if (ndb_order(&values[i], &values[j]) <= 0 &&
                        ndb_order(&values[j], &values[k]) <= 0 &&
                        ndb_order(&values[i], &values[k]) > 0)
                        fail_msg("seed %d: %s, %s, %s", (int)seed,
                                 values_print(&arena, &values[i]),
                                 values_print(&arena, &values[j]),
                                 values_print(&arena, &values[k]));
            }
        ndb_arena_release(&arena);
    }
}

static namidb_value nest(namidb_arena *arena, namidb_value value, int depth)
{
    for (int i = 0; i < depth; i++)
        value = ndb_list(ndb_arena_copy(arena, &value, sizeof value), 1);
    return value;
}

static void test_compare__any_depth_costs_a_bounded_stack(void **state)
{
    enum { DEEP = 1000000 };
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value a = nest(&arena, ndb_integer(1), DEEP);
    namidb_value b = nest(&arena, ndb_integer(2), DEEP);
    int order;
    bool is_nan;

    (void)state;
    assert_int_equal(ndb_equal(&a, &b), NDB_UNKNOWN);
    assert_false(ndb_comparable(&a, &b, &order, &is_nan));
    assert_int_equal(ndb_order(&a, &b), 0);
    assert_true(ndb_equivalent(&a, &b));
    assert_int_equal(ndb_value_hash(&a, 1), ndb_value_hash(&b, 1));
    a = nest(&arena, ndb_integer(1), NDB_VALUE_DEPTH_MAX);
    b = nest(&arena, ndb_integer(2), NDB_VALUE_DEPTH_MAX);
    assert_int_equal(ndb_equal(&a, &b), NDB_FALSE);
    assert_true(ndb_order(&a, &b) < 0);
    ndb_arena_release(&arena);
}

static void test_in__is_three_valued(void **state)
{
    static const struct {
        const char *item, *list, *result;
    } examples[] = {
        { "1", "['1', 2]", "false" },
        { "[1, 2]", "[1, [1, '2']]", "false" },
        { "[1, 2]", "[1, [1, 2]]", "true" },
        { "null", "[null]", "null" },
        { "null", "[]", "false" },
        { "[null]", "[[null]]", "null" },
        { "[1]", "[[1, null]]", "false" },
        { "3", "[1, null, 3]", "true" },
        { "4", "[1, null, 3]", "null" },
        { "[1, 2]", "[[null, 'foo'], [1, 2]]", "true" },
        { "[1, 2]", "[[null, 'foo']]", "false" },
        { "[1, 2]", "[[null, 2]]", "null" },
        { "[]", "[1, 2, null]", "null" },
        { "1", "null", "null" },
        { "1", "'1'", "TypeError.InvalidArgumentType" },
        { "1", "{}", "TypeError.InvalidArgumentType" },
        { "2", "v[1, 2]", "true" },
        { "null", "v[1, 2]", "null" },
        { "3", "v[1, 2]", "false" },
    };
    struct values values;

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        namidb_value item, list;
        enum ndb_truth truth;
        const char *result;

        values_init(&values);
        item = values_parse(&values.arena, examples[i].item);
        list = values_parse(&values.arena, examples[i].list);
        result = ndb_in(&values.scalar, &item, &list, &truth) < 0
                     ? values.err.fault
                     : TRUTHS[truth];
        if (strcmp(result, examples[i].result) != 0)
            fail_msg("%s IN %s is %s", examples[i].item, examples[i].list,
                     result);
        values_release(&values);
    }
}

/* to: the slice's; NULL: an item */
static const struct {
    const char *list, *from, *to, *result;
} ITEMS[] = {
    { "[1, 2, 3]", "0", NULL, "1" },
    { "[1, 2, 3]", "-1", NULL, "3" },
    { "[1, 2, 3]", "3", NULL, "null" },
    { "[1, 2, 3]", "-4", NULL, "null" },
    { "[1, 2, 3]", "-9223372036854775808", NULL, "null" },
    { "[1, 2, 3]", "null", NULL, "null" },
    { "null", "0", NULL, "null" },
    { "[1]", "4.7", NULL, "TypeError.ListElementAccessByNonInteger" },
    { "[1]", "'1'", NULL, "TypeError.ListElementAccessByNonInteger" },
    { "{a: 1, b: 2}", "'b'", NULL, "2" },
    { "{a: 1, b: 2}", "'B'", NULL, "null" },
    { "{}", "'a'", NULL, "null" },
    { "{a: 1}", "null", NULL, "null" },
    { "{a: 1}", "0", NULL, "TypeError.MapElementAccessByNonString" },
    { "{a: 1}", "12.3", NULL, "TypeError.MapElementAccessByNonString" },
    { "100", "0", NULL, "TypeError.InvalidArgumentType" },
    { "'1'", "0", NULL, "TypeError.InvalidArgumentType" },
    { "v[1, 2]", "1", NULL, "2.0" },
    { "[1, 2, 3, 4, 5]", "1", "3", "[2, 3]" },
    { "[1, 2, 3]", "", "2", "[1, 2]" },
    { "[1, 2, 3]", "1", "", "[2, 3]" },
    { "[1, 2, 3]", "0", "0", "[]" },
    { "[1, 2, 3]", "-3", "-1", "[1, 2]" },
    { "[1, 2, 3]", "3", "1", "[]" },
    { "[1, 2, 3]", "-5", "5", "[1, 2, 3]" },
    { "[1, 2, 3]", "-9223372036854775808", "9223372036854775807", "[1, 2, 3]" },
    { "[1, 2, 3]", "null", "3", "null" },
    { "[1, 2, 3]", "1", "null", "null" },
    { "[1, 2, 3]", "", "null", "null" },
    { "null", "1", "2", "null" },
    { "[1]", "0.5", "2", "TypeError.ListElementAccessByNonInteger" },
    { "'abc'", "0", "2", "TypeError.InvalidArgumentType" },
    { "[]", "", "", "[]" },
    { "v[1, 2, 3]", "1", "", "[2.0, 3.0]" },
};

static void test_list__items_and_slices(void **state)
{
    struct values values;

    (void)state;
    for (size_t i = 0; i < sizeof ITEMS / sizeof *ITEMS; i++) {
        namidb_value list, from, to, out;
        const char *result;
        bool has_from = ITEMS[i].from[0] != 0;
        bool has_to = ITEMS[i].to != NULL && ITEMS[i].to[0] != 0;
        int rc;

        values_init(&values);
        list = values_parse(&values.arena, ITEMS[i].list);
        if (has_from)
            from = values_parse(&values.arena, ITEMS[i].from);
        if (has_to)
            to = values_parse(&values.arena, ITEMS[i].to);
        if (ITEMS[i].to == NULL)
            rc = ndb_list_at(&values.scalar, &list, &from, &out);
        else
            rc = ndb_list_slice(&values.scalar, &list, has_from ? &from : NULL,
                                has_to ? &to : NULL, &out);
        result = rc < 0 ? values.err.fault : values_print(&values.arena, &out);
        if (strcmp(result, ITEMS[i].result) != 0)
            fail_msg("%s[%s..%s] is %s", ITEMS[i].list, ITEMS[i].from,
                     ITEMS[i].to != NULL ? ITEMS[i].to : "-", result);
        values_release(&values);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal__is_three_valued),
        cmocka_unit_test(test_comparable__orders_like_kinds_only),
        cmocka_unit_test(test_order__is_that_of_the_header),
        cmocka_unit_test(test_equivalent__null_is_null_and_one_is_one),
        cmocka_unit_test(test_equivalent__every_nan_is_the_same),
        cmocka_unit_test(
            test_order__is_total_and_transitive_over_random_values),
        cmocka_unit_test(test_compare__any_depth_costs_a_bounded_stack),
        cmocka_unit_test(test_in__is_three_valued),
        cmocka_unit_test(test_list__items_and_slices),
    };

    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
