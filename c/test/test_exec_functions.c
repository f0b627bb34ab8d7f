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
#include "exec/function.h"
#include "exec/number_text.h"
#include "exec/text.h"
#include "values.h"

struct example {
    const char *function, *args, *result;
};

#define TYPE "TypeError.InvalidArgumentType"
#define RANGE "ArgumentError.NumberOutOfRange"
#define LARGE "LimitError.ValueTooLarge"

static void check(const struct ndb_function *family,
                  const struct example *examples, size_t count)
{
    struct values values;

    for (size_t i = 0; i < count; i++) {
        const char *result;

        values_init(&values);
        result =
            values_call(&values, values_function(family, examples[i].function),
                        examples[i].args);
        if (strcmp(result, examples[i].result) != 0)
            fail_msg("%s%s is %s, not %s", examples[i].function,
                     examples[i].args, result, examples[i].result);
        values_release(&values);
    }
}

#define CHECK(family, examples)                                                \
    check(family, examples, sizeof examples / sizeof *examples)

static void test_fn_string__gives_what_is_documented(void **state)
{
    static const struct example examples[] = {
        { "toupper", "['straße é ǆ ꭰ 1']", "'STRASSE É Ǆ Ꭰ 1'" },
        { "toupper", "['\ufb03 \u0149 \u0390 \u1fa7 \u1fb7 \u0587']",
          "'FFI \u02bcN \u0399\u0308\u0301 \u1f6f\u0399 "
          "\u0391\u0342\u0399 \u0535\u0552'" },
        { "toupper", "['\u00de\xc3 \u00df\xff']", "'\u00de\xc3 SS\xff'" },
        { "upper", "['ÿɐ']", "'ŸⱯ'" },
        { "tolower", "['ÀΣ İ Ⱥ Ω']", "'àσ i\u0307 ⱥ ω'" },
        { "lower", "['\xff\xc3']", "'\xff\xc3'" },
        { "toupper", "['']", "''" },
        { "toupper", "[null]", "null" },
        { "toupper", "[1]", TYPE },
        { "trim", "[' \t\n\xc2\xa0x y\xe3\x80\x80']", "'x y'" },
        { "trim", "['\xe2\x80\x89\xe2\x80\x89']", "''" },
        { "ltrim", "['  x ']", "'x '" },
        { "rtrim", "['  x ']", "'  x'" },
        { "rtrim", "['\x80\x80 ']", "'\x80\x80'" },
        { "rtrim", "[['x']]", TYPE },
        { "btrim", "['xyhixx', 'yx']", "'hi'" },
        { "trim", "['éaé', 'é']", "'a'" },
        { "ltrim", "['xxax', 'x']", "'ax'" },
        { "rtrim", "['xaxx', 'x']", "'xa'" },
        { "rtrim", "['aé', '©']", "'aé'" },
        { "btrim", "['xx', 'x']", "''" },
        { "btrim", "[' a ', '']", "' a '" },
        { "btrim", "['a', null]", "null" },
        { "btrim", "['a', 1]", TYPE },
        { "char_length", "['aé€𝄞']", "4" },
        { "char_length", "['\xf0\x9d']", "2" },
        { "replace", "['hello', 'l', 'LL']", "'heLLLLo'" },
        { "replace", "['aaa', 'aa', 'b']", "'ba'" },
        { "replace", "['abc', '', 'x']", "'abc'" },
        { "replace", "['abc', 'abc', '']", "''" },
        { "replace", "['abc', 'abcd', 'x']", "'abc'" },
        { "replace", "['abc', 'b', null]", "null" },
        { "replace", "['abc', 'b', 1]", TYPE },
        { "split", "['one1two', '1']", "['one', 'two']" },
        { "split", "[',a,,b,', ',']", "['', 'a', '', 'b', '']" },
        { "split", "['', ',']", "['']" },
        { "split", "['aé€', '']", "['a', 'é', '€']" },
        { "split", "['', '']", "['']" },
        { "split", "['a', 1]", TYPE },
        { "substring", "['0123456789', 1]", "'123456789'" },
        { "substring", "['aé€𝄞z', 1, 3]", "'é€𝄞'" },
        { "substring", "['abc', 5, 1]", "''" },
        { "substring", "['abc', 1, 9223372036854775807]", "'bc'" },
        { "substring", "['abc', -1]", RANGE },
        { "substring", "['abc', 0, -1]", RANGE },
        { "substring", "['abc', 1.0]", TYPE },
        { "left", "['é€x', 2]", "'é€'" },
        { "left", "['x', 9]", "'x'" },
        { "left", "['x', -1]", RANGE },
        { "right", "['é€x', 2]", "'€x'" },
        { "right", "['x', 0]", "''" },
        { "right", "['x', 9223372036854775807]", "'x'" },
        { "right", "['x', -9223372036854775808]", RANGE },
    };

    (void)state;
    CHECK(NDB_STRING_FUNCTIONS, examples);
}

static void test_fn_type__names_what_may_be_in_a_list(void **state)
{
    static const struct example examples[] = {
        { "valuetype", "[1]", "'INTEGER NOT NULL'" },
        { "valuetype", "[null]", "'NULL'" },
        { "valuetype", "[[]]", "'LIST<NOTHING> NOT NULL'" },
        { "valuetype", "[[null]]", "'LIST<NULL> NOT NULL'" },
        { "valuetype", "[[1, 'a', null, 2]]",
          "'LIST<STRING | INTEGER> NOT NULL'" },
        { "valuetype", "[[[1], [true, 1.5]]]",
          "'LIST<LIST<BOOLEAN NOT NULL | INTEGER NOT NULL | FLOAT NOT NULL> "
          "NOT NULL> NOT NULL'" },
    };

    (void)state;
    CHECK(NDB_TYPE_FUNCTIONS, examples);
}

static void test_fn_string__replace_stays_within_the_largest_value(void **state)
{
    enum { PIECES = 20000 };
    struct values values;
    namidb_value args[3], out;
    char *text;

    (void)state;
    values_init(&values);
    text = ndb_arena_alloc(&values.arena, PIECES);
    memset(text, 'a', PIECES);
    args[0] = ndb_string(text, PIECES);
    args[1] = ndb_string("a", 1);
    args[2] = args[0];
    assert_int_equal(values_function(NDB_STRING_FUNCTIONS, "replace")
                         ->call(&values.scalar, args, 3, &out),
                     NAMIDB_ELIMIT);
    assert_string_equal(values.err.fault, LARGE);
    values_release(&values);
}

static void test_fn_math__gives_what_is_documented(void **state)
{
    static const struct example examples[] = {
        { "abs", "[-1]", "1" },
        { "abs", "[-1.5]", "1.5" },
        { "abs", "[-9223372036854775808]", "ArithmeticError.IntegerOverflow" },
        { "abs", "['1']", TYPE },
        { "ceil", "[1.1]", "2.0" },
        { "ceil", "[1]", "1.0" },
        { "floor", "[-1.1]", "-2.0" },
        { "sqrt", "[12.96]", "3.6" },
        { "sqrt", "[-1]", "NaN" },
        { "log", "[0]", "-Infinity" },
        { "exp", "[1e300]", "Infinity" },
        { "log10", "[100]", "2.0" },
        { "cot", "[0]", "Infinity" },
        { "asin", "[2]", "NaN" },
        { "atan2", "[1, 0]", "1.5707963267949" },
        { "atan2", "[1, 'a']", TYPE },
        { "degrees", "[3.141592653589793]", "180.0" },
        { "radians", "[180]", "3.14159265358979" },
        { "haversin", "[0.0]", "0.0" },
        { "haversin", "[3.141592653589793]", "1.0" },
        { "sign", "[-0.5]", "-1" },
        { "sign", "[NaN]", "0" },
        { "sign", "[7]", "1" },
        { "isnan", "[NaN]", "true" },
        { "isnan", "[1]", "false" },
        { "isnan", "['NaN']", TYPE },
        { "round", "[2.5]", "3.0" },
        { "round", "[-2.5]", "-2.0" },
        { "round", "[0.49999999999999994]", "0.0" },
        { "round", "[4503599627370497.0]", "4.5035996273705e+15" },
        { "round", "[7]", "7.0" },
        { "round", "[NaN]", "NaN" },
        { "round", "[2.675, 2]", "2.68" },
        { "round", "[-2.675, 2]", "-2.68" },
        { "round", "[0.05, 0]", "0.0" },
        { "round", "[0.05, 1]", "0.1" },
        { "round", "[9.96, 1]", "10.0" },
        { "round", "[1.249, 1, 'UP']", "1.3" },
        { "round", "[1.251, 1, 'DOWN']", "1.2" },
        { "round", "[-1.251, 1, 'CEILING']", "-1.2" },
        { "round", "[-1.251, 1, 'FLOOR']", "-1.3" },
        { "round", "[0.001, 1, 'UP']", "0.1" },
        { "round", "[1.25, 1, 'HALF_DOWN']", "1.2" },
        { "round", "[1.25, 1, 'HALF_EVEN']", "1.2" },
        { "round", "[1.35, 1, 'HALF_EVEN']", "1.4" },
        { "round", "[2.5, 0, 'HALF_EVEN']", "2.0" },
        { "round", "[0.5, 0, 'HALF_EVEN']", "0.0" },
        { "round", "[1.5, 9223372036854775807]", "1.5" },
        { "round", "[1e300, 20]", "1e+300" },
        { "round", "[Infinity, 1]", "Infinity" },
        { "round", "[1.5, -1]", RANGE },
        { "round", "[1.5, 1, 'SIDEWAYS']", "TypeError.InvalidArgumentValue" },
        { "round", "[1.5, 1.5]", TYPE },
        { "pi", "[]", "3.14159265358979" },
        { "e", "[]", "2.71828182845905" },
    };

    (void)state;
    CHECK(NDB_MATH_FUNCTIONS, examples);
}

static void test_fn_math__rand_is_below_one_and_goes_on(void **state)
{
    const struct ndb_function *rand =
        values_function(NDB_MATH_FUNCTIONS, "rand");
    struct values values;
    namidb_value last = ndb_null(), out;

    (void)state;
    values_init(&values);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(rand->call(&values.scalar, NULL, 0, &out), NAMIDB_OK);
        assert_true(out.as.number >= 0 && out.as.number < 1);
        assert_false(last.kind == NAMIDB_FLOAT &&
                     last.as.number == out.as.number);
        last = out;
    }
    values_release(&values);
}

static void test_fn_path__tells_what_a_path_is_made_of(void **state)
{
    static const struct example examples[] = {
        { "nodes", "[p(n1 e2 n3)]", "[n1, n3]" },
        { "nodes", "[p(n1)]", "[n1]" },
        { "relationships", "[p(n1 e2 n3 e4 n5)]", "[e2, e4]" },
        { "relationships", "[p(n1)]", "[]" },
        { "length", "[p(n1 e2 n3)]", "1" },
        { "length", "[p(n1)]", "0" },
        { "length", "['abc']", TYPE },
        { "nodes", "[null]", "null" },
        { "nodes", "[[n1]]", TYPE },
        { "id", "[n17]", "17" },
        { "id", "[e18]", "18" },
        { "id", "[1]", TYPE },
        { "startnode", "[e18]", "n18" },
        { "endnode", "[e18]", "n19" },
        { "endnode", "[n1]", TYPE },
    };

    (void)state;
    CHECK(NDB_PATH_FUNCTIONS, examples);
}

static void test_number_text__is_the_shortest_that_reads_back(void **state)
{
    static const struct {
        double number;
        const char *text;
    } examples[] = {
        { 1, "1.0" },
        { -0.0, "-0.0" },
        { 0.1, "0.1" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { 2.3, "2.3" },
        { 100, "100.0" },
        { 123456.789, "123456.789" },
        { 1e20, "100000000000000000000.0" },
        { 1e21, "1.0e21" },
        { 1.5e300, "1.5e300" },
        { 1e-5, "0.00001" },
        { 1e-6, "0.000001" },
        { 1e-7, "1.0e-7" },
        { 5e-324, "5.0e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e308" },
        { 2.2250738585072014e-308, "2.2250738585072014e-308" },
        { 3985764.3405892687, "3985764.3405892686" },
    };
    char text[NDB_NUMBER_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        assert_int_equal(ndb_number_format(examples[i].number, text),
                         strlen(examples[i].text));
        assert_string_equal(text, examples[i].text);
    }
    (void)ndb_number_format((double)-INFINITY, text);
    assert_string_equal(text, "-Infinity");
    (void)ndb_number_format((double)NAN, text);
    assert_string_equal(text, "NaN");
}

static void test_number_text__every_float_survives(void **state)
{
    struct ndb_rand rand = { 42 };
    char text[NDB_NUMBER_TEXT_BYTES];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = ndb_rand_next(&rand);
        double number, back;

        memcpy(&number, &bits, sizeof number);
        if (isnan(number))
            continue;
        if (!ndb_number_parse(ndb_slice(text, ndb_number_format(number, text)),
                              &back) ||
            back != number)
            fail_msg("%a became %s", number, text);
    }
}

static void test_number_text__reads_what_strtod_reads(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0.0",
        ".5",
        "5.",
        "00012.50",
        "1e5",
        "1E+5",
        "12.5e-3",
        "1e400",
        "-1e400",
        "1e-400",
        "123456789012345678901234567890",
        "0.000001e6",
        "9007199254740993",
        "2.2250738585072011e-308",
        "0.1000000000000000055511151231257827021181583404541015625",
        "1.7976931348623158e308",
        "4.9e-324",
        "2e-324",
        "1e99999999999",
    };
    static const char *const bad[] = {
        "",   "-",     ".",   "e5",  "1e",  "1e+", "0x10", "1 ",
        " 1", "1.2.3", "--1", "inf", "nan", "1_0", "1,5",  "Infinit",
    };
    double number;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double expected = strtod(texts[i], NULL);

        assert_true(ndb_number_parse(ndb_slice_text(texts[i]), &number));
        if (memcmp(&expected, &number, sizeof number) != 0)
            fail_msg("%s is %a, not %a", texts[i], number, expected);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ndb_number_parse(ndb_slice_text(bad[i]), &number))
            fail_msg("'%s' is %a", bad[i], number);
}

static void test_number_text__reads_a_million_digits(void **state)
{
    enum { DIGITS = 1000000 };
    char *text = malloc(DIGITS);
    double number;

    (void)state;
    assert_non_null(text);
    memset(text, '1', DIGITS);
    assert_true(ndb_number_parse(ndb_slice(text, DIGITS), &number));
    assert_true(isinf(number));
    text[0] = '.';
    assert_true(ndb_number_parse(ndb_slice(text, DIGITS), &number));
    assert_true(number == 1.0 / 9);
    free(text);
}

static void test_number_text__integers_are_checked(void **state)
{
    int64_t integer;

    (void)state;
    assert_true(ndb_number_parse_integer(ndb_slice_text("-9223372036854775808"),
                                         &integer));
    assert_true(integer == INT64_MIN);
    assert_false(ndb_number_parse_integer(ndb_slice_text("9223372036854775808"),
                                          &integer));
    assert_false(ndb_number_parse_integer(ndb_slice_text("1.0"), &integer));
    assert_false(ndb_number_parse_integer(ndb_slice_text("+"), &integer));
    assert_true(ndb_number_parse_integer(ndb_slice_text("+7"), &integer));
    assert_int_equal(integer, 7);
}

static void test_text__predicates_are_unknown_without_strings(void **state)
{
    static const char *const others[] = { "1",  "3.14", "true",
                                          "[]", "{}",   "null" };
    struct values values;
    namidb_value text = ndb_string("abc", 3);

    (void)state;
    values_init(&values);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        namidb_value other = values_parse(&values.arena, others[i]);

        assert_int_equal(ndb_starts_with(&text, &other), NDB_UNKNOWN);
        assert_int_equal(ndb_ends_with(&other, &text), NDB_UNKNOWN);
        assert_int_equal(ndb_contains(&other, &other), NDB_UNKNOWN);
    }
    values_release(&values);
}

static void test_text__predicates_look_at_bytes(void **state)
{
    static const struct {
        const char *text, *part;
        bool starts, ends, contains;
    } examples[] = {
        { "abcdef", "abc", true, false, true },
        { "abcdef", "def", false, true, true },
        { "abcdef", "cd", false, false, true },
        { "abcdef", "", true, true, true },
        { "", "", true, true, true },
        { "", "a", false, false, false },
        { "abc", "abcd", false, false, false },
        { "abc", "ABC", false, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        namidb_value text =
            ndb_string(examples[i].text, strlen(examples[i].text));
        namidb_value part =
            ndb_string(examples[i].part, strlen(examples[i].part));

        assert_int_equal(ndb_starts_with(&text, &part), examples[i].starts);
        assert_int_equal(ndb_ends_with(&text, &part), examples[i].ends);
        assert_int_equal(ndb_contains(&text, &part), examples[i].contains);
    }
}

static void test_fn__out_of_memory_is_told(void **state)
{
    static const struct example examples[] = {
        { "toupper", "['abc']", "out of memory" },
        { "replace", "['abc', 'b', 'xx']", "out of memory" },
        { "split", "['a,b', ',']", "out of memory" },
        { "split", "['ab', '']", "out of memory" },
    };
    struct values values;
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        namidb_value args, out;
        int rc;

        values_init(&values);
        args = values_parse(&values.arena, examples[i].args);
        values.scalar.arena = &arena;
        ndb_mem_fail_from(1);
        rc = values_function(NDB_STRING_FUNCTIONS, examples[i].function)
                 ->call(&values.scalar, args.as.items, args.size, &out);
        ndb_mem_fail_from(0);
        assert_int_equal(rc, NAMIDB_ENOMEM);
        assert_string_equal(values.err.message, examples[i].result);
        values_release(&values);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fn_string__gives_what_is_documented),
        cmocka_unit_test(test_fn_type__names_what_may_be_in_a_list),
        cmocka_unit_test(
            test_fn_string__replace_stays_within_the_largest_value),
        cmocka_unit_test(test_fn_math__gives_what_is_documented),
        cmocka_unit_test(test_fn_math__rand_is_below_one_and_goes_on),
        cmocka_unit_test(test_fn_path__tells_what_a_path_is_made_of),
        cmocka_unit_test(test_number_text__is_the_shortest_that_reads_back),
        cmocka_unit_test(test_number_text__every_float_survives),
        cmocka_unit_test(test_number_text__reads_what_strtod_reads),
        cmocka_unit_test(test_number_text__reads_a_million_digits),
        cmocka_unit_test(test_number_text__integers_are_checked),
        cmocka_unit_test(test_text__predicates_are_unknown_without_strings),
        cmocka_unit_test(test_text__predicates_look_at_bytes),
        cmocka_unit_test(test_fn__out_of_memory_is_told),
    };

    return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
