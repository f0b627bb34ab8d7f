/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "exec/arithmetic.h"
#include "values.h"

#define TYPE "TypeError.InvalidArgumentType"
#define OVERFLOW "ArithmeticError.IntegerOverflow"
#define DIVISION "ArithmeticError.DivisionByZero"

static int apply(struct values *values, char sign, const namidb_value *a,
                 const namidb_value *b, namidb_value *out)
{
    switch (sign) {
    case '+':
        return ndb_add(&values->scalar, a, b, out);
    case '-':
        return ndb_subtract(&values->scalar, a, b, out);
    case '*':
        return ndb_multiply(&values->scalar, a, b, out);
    case '/':
        return ndb_divide(&values->scalar, a, b, out);
    case '%':
        return ndb_modulo(&values->scalar, a, b, out);
    default:
        return ndb_power(&values->scalar, a, b, out);
    }
}

static const struct {
    const char *a;
    char sign;
    const char *b, *result;
} EXAMPLES[] = {
    { "1", '+', "2", "3" },
    { "1", '+', "2.5", "3.5" },
    { "1", '+', "null", "null" },
    { "null", '+', "[1]", "null" },
    { "9223372036854775807", '+', "1", OVERFLOW },
    { "9223372036854775807", '+', "1.0", "9.22337203685478e+18" },
    { "'a'", '+', "'b'", "'ab'" },
    { "'a'", '+', "1", "'a1'" },
    { "1.0", '+', "'a'", "'1.0a'" },
    { "''", '+', "''", "''" },
    { "'a'", '+', "true", TYPE },
    { "true", '+', "true", TYPE },
    { "{}", '+', "{}", TYPE },
    { "[1, 10, 100]", '+', "[4, 5]", "[1, 10, 100, 4, 5]" },
    { "[false, true]", '+', "false", "[false, true, false]" },
    { "1", '+', "[2]", "[1, 2]" },
    { "[1]", '+', "null", "null" },
    { "[[], []]", '+', "[[]]", "[[], [], []]" },
    { "'a'", '+', "['b']", "['a', 'b']" },
    { "[]", '+', "[]", "[]" },
    { "n1", '+', "1", TYPE },
    { "5", '-', "7", "-2" },
    { "-9223372036854775808", '-', "1", OVERFLOW },
    { "5", '-', "0.5", "4.5" },
    { "'a'", '-', "'a'", TYPE },
    { "3", '*', "4", "12" },
    { "3", '*', "0.5", "1.5" },
    { "4611686018427387904", '*', "2", OVERFLOW },
    { "-9223372036854775808", '*', "-1", OVERFLOW },
    { "'a'", '*', "2", TYPE },
    { "7", '/', "2", "3" },
    { "-7", '/', "2", "-3" },
    { "7.0", '/', "2", "3.5" },
    { "1", '/', "0", DIVISION },
    { "0", '/', "0", DIVISION },
    { "1", '/', "0.0", "Infinity" },
    { "0.0", '/', "0.0", "NaN" },
    { "1.0", '/', "0", "Infinity" },
    { "null", '/', "0", "null" },
    { "-9223372036854775808", '/', "-1", OVERFLOW },
    { "7", '%', "3", "1" },
    { "-7", '%', "3", "-1" },
    { "7", '%', "-3", "1" },
    { "7.5", '%', "2", "1.5" },
    { "-7.5", '%', "2", "-1.5" },
    { "1", '%', "0", DIVISION },
    { "1", '%', "0.0", "NaN" },
    { "-9223372036854775808", '%', "-1", "0" },
    { "true", '%', "2", TYPE },
    { "2", '^', "10", "1024.0" },
    { "4", '^', "0.5", "2.0" },
    { "-8", '^', "0.5", "NaN" },
    { "2", '^', "-1", "0.5" },
    { "10", '^', "400", "Infinity" },
    { "null", '^', "1", "null" },
    { "'2'", '^', "1", TYPE },
};

static void test_arithmetic__gives_what_the_language_says(void **state)
{
    struct values values;

    (void)state;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
        namidb_value a, b, out;
        const char *result;

        values_init(&values);
        a = values_parse(&values.arena, EXAMPLES[i].a);
        b = values_parse(&values.arena, EXAMPLES[i].b);
        result = apply(&values, EXAMPLES[i].sign, &a, &b, &out) < 0
                     ? values.err.fault
                     : values_print(&values.arena, &out);
        if (strcmp(result, EXAMPLES[i].result) != 0)
            fail_msg("%s %c %s is %s", EXAMPLES[i].a, EXAMPLES[i].sign,
                     EXAMPLES[i].b, result);
        values_release(&values);
    }
}

static void test_arithmetic__durations_go_with_numbers(void **state)
{
    struct values values;
    namidb_value day, two = ndb_integer(2), out;

    (void)state;
    values_init(&values);
    day = values_parse(&values.arena, "P(0, 1, 0)");
    assert_int_equal(ndb_add(&values.scalar, &day, &day, &out), NAMIDB_OK);
    assert_string_equal(values_print(&values.arena, &out), "P(0, 2, 0)");
    assert_int_equal(ndb_multiply(&values.scalar, &two, &day, &out), NAMIDB_OK);
    assert_string_equal(values_print(&values.arena, &out), "P(0, 2, 0)");
    assert_int_equal(ndb_multiply(&values.scalar, &day, &two, &out), NAMIDB_OK);
    assert_string_equal(values_print(&values.arena, &out), "P(0, 2, 0)");
    assert_int_equal(ndb_divide(&values.scalar, &out, &two, &out), NAMIDB_OK);
    assert_string_equal(values_print(&values.arena, &out), "P(0, 1, 0)");
    assert_int_equal(ndb_negate(&values.scalar, &day, &out), NAMIDB_OK);
    assert_string_equal(values_print(&values.arena, &out), "P(0, -1, 0)");
    assert_int_equal(ndb_divide(&values.scalar, &two, &day, &out),
                     NAMIDB_EINVAL);
    assert_int_equal(ndb_multiply(&values.scalar, &day, &day, &out),
                     NAMIDB_EINVAL);
    values_release(&values);
}

static void test_arithmetic__negation_is_checked(void **state)
{
    static const char *const examples[][2] = {
        { "1", "-1" },      { "-1.5", "1.5" },
        { "null", "null" }, { "-9223372036854775808", OVERFLOW },
        { "'a'", TYPE },    { "@1", TYPE },
    };
    struct values values;

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        namidb_value a, out;

        values_init(&values);
        a = values_parse(&values.arena, examples[i][0]);
        assert_string_equal(ndb_negate(&values.scalar, &a, &out) < 0
                                ? values.err.fault
                                : values_print(&values.arena, &out),
                            examples[i][1]);
        values_release(&values);
    }
}

/* Doubling a text or a list ends at the largest value, with a fault. */
static void test_arithmetic__what_grows_is_bounded(void **state)
{
    static const char *const starts[] = { "'0123456789abcdef'",
                                          "[1, 2, 3, 4, 5, 6, 7, 8]" };
    struct values values;

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        namidb_value value;
        int rc = NAMIDB_OK;

        values_init(&values);
        value = values_parse(&values.arena, starts[i]);
        while (rc == NAMIDB_OK) {
            assert_true(value.size <= NDB_QUERY_VALUE_BYTES_MAX);
            rc = ndb_add(&values.scalar, &value, &value, &value);
        }
        assert_int_equal(rc, NAMIDB_ELIMIT);
        assert_string_equal(values.err.fault, "LimitError.ValueTooLarge");
        values_release(&values);
    }
}

/* No pair of values brings any sign down. */
static void test_arithmetic__takes_any_two_values(void **state)
{
    static const char SIGNS[] = "+-*/%^";
    struct ndb_rand rand = { 11 };

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct values values;
        namidb_value a, b, out;
        char sign = SIGNS[ndb_rand_below(&rand, 6)];

        values_init(&values);
        a = values_random(&values.arena, &rand, 2);
        b = values_random(&values.arena, &rand, 2);
        if (apply(&values, sign, &a, &b, &out) < 0)
            assert_non_null(values.err.fault);
        else
            assert_true(out.kind < NAMIDB_KIND_COUNT);
        values_release(&values);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic__gives_what_the_language_says),
        cmocka_unit_test(test_arithmetic__durations_go_with_numbers),
        cmocka_unit_test(test_arithmetic__negation_is_checked),
        cmocka_unit_test(test_arithmetic__what_grows_is_bounded),
        cmocka_unit_test(test_arithmetic__takes_any_two_values),
    };

    return cmocka_run_group_tests_name("arithmetic", tests, NULL, NULL);
}
