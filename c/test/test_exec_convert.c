/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>
#include <cmocka.h>

#include "exec/function.h"
#include "values.h"

#define TYPE "TypeError.InvalidArgumentType"
#define VALUE "TypeError.InvalidArgumentValue"
#define OVERFLOW "ArithmeticError.IntegerOverflow"

struct example {
    const char *function, *args, *result;
};

static void check(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ndb_function *function = ndb_function_find(
            examples[i].function, strlen(examples[i].function));
        struct values values;
        const char *result;

        assert_non_null(function);
        values_init(&values);
        result = values_call(&values, function, examples[i].args);
        if (strcmp(result, examples[i].result) != 0)
            fail_msg("%s%s is %s", examples[i].function, examples[i].args,
                     result);
        values_release(&values);
    }
}

static const struct example CONVERSIONS[] = {
    { "toboolean", "[true]", "true" },
    { "toboolean", "['true']", "true" },
    { "toboolean", "[' FALSE ']", "false" },
    { "toboolean", "['']", "null" },
    { "toboolean", "[' tru ']", "null" },
    { "toboolean", "['f alse']", "null" },
    { "toboolean", "[0]", "false" },
    { "toboolean", "[null]", "null" },
    { "toboolean", "[1.0]", VALUE },
    { "toboolean", "[[]]", VALUE },
    { "toboolean", "[{}]", VALUE },
    { "toboolean", "[n1]", VALUE },
    { "toboolean", "[p(n1)]", VALUE },
    { "tobooleanornull", "[1.0]", "null" },
    { "tobooleanlist", "[['true', 0, [], null, 'x']]",
      "[true, false, null, null, null]" },
    { "tobooleanlist", "['true']", TYPE },
    { "tobooleanlist", "[[]]", "[]" },
    { "tointeger", "[82.9]", "82" },
    { "tointeger", "[-82.9]", "-82" },
    { "tointeger", "['42']", "42" },
    { "tointeger", "[' 2.9 ']", "2" },
    { "tointeger", "['1e3']", "1000" },
    { "tointeger", "['foo']", "null" },
    { "tointeger", "['']", "null" },
    { "tointeger", "['9223372036854775807']", "9223372036854775807" },
    { "tointeger", "['9223372036854775808']", "null" },
    { "tointeger", "[-9223372036854775808.0]", "-9223372036854775808" },
    { "tointeger", "[9223372036854775808.0]", OVERFLOW },
    { "tointeger", "[NaN]", OVERFLOW },
    { "tointeger", "[true]", VALUE },
    { "tointeger", "[[]]", VALUE },
    { "tointeger", "[{}]", VALUE },
    { "tointeger", "[e1]", VALUE },
    { "tointegerornull", "[NaN]", "null" },
    { "tointegerornull", "[{}]", "null" },
    { "tointegerlist", "[['1', 2.5, {}, null]]", "[1, 2, null, null]" },
    { "tofloat", "[3]", "3.0" },
    { "tofloat", "[3.4]", "3.4" },
    { "tofloat", "['5']", "5.0" },
    { "tofloat", "['.5e1']", "5.0" },
    { "tofloat", "['NaN']", "NaN" },
    { "tofloat", "['foo']", "null" },
    { "tofloat", "['']", "null" },
    { "tofloat", "[true]", VALUE },
    { "tofloat", "[[]]", VALUE },
    { "tofloatornull", "[true]", "null" },
    { "tofloatlist", "[['1', 'foo', 3]]", "[1.0, null, 3.0]" },
    { "tofloatlist", "['1']", TYPE },
    { "tostring", "[42]", "'42'" },
    { "tostring", "[true]", "'true'" },
    { "tostring", "[2.3]", "'2.3'" },
    { "tostring", "[1.0]", "'1.0'" },
    { "tostring", "['apa']", "'apa'" },
    { "tostring", "[null]", "null" },
    { "tostring", "[pt(7203, 1, 2.5)]",
      "'point({srid: 7203, x: 1.0, y: 2.5})'" },
    { "tostring", "[@0]", "'1970-01-01'" },
    { "tostring", "[[]]", VALUE },
    { "tostring", "[{}]", VALUE },
    { "tostring", "[p(n1 e1 n2)]", VALUE },
    { "tostringornull", "[n1]", "null" },
    { "tostringlist", "[[1, 'a', {}, null, 1.5]]",
      "['1', 'a', null, null, '1.5']" },
    { "timestamp", "[]", "1000000000005" },
};

static void test_fn_convert__gives_what_the_language_says(void **state)
{
    (void)state;
    check(CONVERSIONS, sizeof CONVERSIONS / sizeof *CONVERSIONS);
}

static const struct example LISTS[] = {
    { "range", "[-1236, -1234]", "[-1236, -1235, -1234]" },
    { "range", "[0, -1]", "[]" },
    { "range", "[0, 0]", "[0]" },
    { "range", "[1381, -3412, -1298]", "[1381, 83, -1215, -2513]" },
    { "range", "[0, 1, -1]", "[]" },
    { "range", "[0, 1, 2]", "[0]" },
    { "range", "[-10, 10, 3]", "[-10, -7, -4, -1, 2, 5, 8]" },
    { "range", "[9223372036854775806, 9223372036854775807]",
      "[9223372036854775806, 9223372036854775807]" },
    { "range",
      "[-9223372036854775808, 9223372036854775807, 9223372036854775807]",
      "[-9223372036854775808, -1, 9223372036854775806]" },
    { "range",
      "[9223372036854775807, -9223372036854775808, -9223372036854775808]",
      "[9223372036854775807, -1]" },
    { "range", "[2, 8, 0]", "ArgumentError.NumberOutOfRange" },
    { "range", "[0, 1000000000000]", "LimitError.ValueTooLarge" },
    { "range", "[-9223372036854775808, 9223372036854775807]",
      "LimitError.ValueTooLarge" },
    { "range", "[true, 1, 1]", "ArgumentError.InvalidArgumentType" },
    { "range", "[0, -0.0, 1]", "ArgumentError.InvalidArgumentType" },
    { "range", "[0, 1, 'xyz']", "ArgumentError.InvalidArgumentType" },
    { "range", "[null, 1]", "null" },
    { "head", "[[1, 2]]", "1" },
    { "head", "[[]]", "null" },
    { "head", "['ab']", TYPE },
    { "last", "[[1, 2]]", "2" },
    { "last", "[[]]", "null" },
    { "tail", "[[1, 2, 3]]", "[2, 3]" },
    { "tail", "[[]]", "[]" },
    { "size", "[[1, null]]", "2" },
    { "size", "['aé']", "2" },
    { "size", "[null]", "null" },
    { "size", "[v[1, 2]]", "2" },
    { "size", "[p(n1)]", TYPE },
    { "size", "[{}]", TYPE },
    { "isempty", "[[]]", "true" },
    { "isempty", "['a']", "false" },
    { "isempty", "[{}]", "true" },
    { "isempty", "[1]", TYPE },
    { "reverse", "[[1, [2, 3]]]", "[[2, 3], 1]" },
    { "reverse", "['aé€𝄞']", "'𝄞€éa'" },
    { "reverse", "['\xff\xe2\x82']", "'\x82\xe2\xff'" },
    { "reverse", "['']", "''" },
    { "reverse", "[1]", TYPE },
    { "coalesce", "[null, null, 3, 4]", "3" },
    { "coalesce", "[null]", "null" },
    { "nullif", "[1, 1.0]", "null" },
    { "nullif", "[1, null]", "1" },
    { "keys", "[{a: null, b: 2}]", "['a', 'b']" },
    { "keys", "[{}]", "[]" },
    { "keys", "[null]", "null" },
    { "keys", "[1]", TYPE },
};

static void test_fn_list__gives_what_the_language_says(void **state)
{
    (void)state;
    check(LISTS, sizeof LISTS / sizeof *LISTS);
}

static void test_fn_convert__uuids_are_random_and_version_4(void **state)
{
    const struct ndb_function *function = ndb_function_find("randomuuid", 10);
    struct values values;
    namidb_value a, b;

    (void)state;
    assert_non_null(function);
    values_init(&values);
    assert_int_equal(function->call(&values.scalar, NULL, 0, &a), NAMIDB_OK);
    assert_int_equal(function->call(&values.scalar, NULL, 0, &b), NAMIDB_OK);
    assert_int_equal(a.size, 36);
    assert_memory_not_equal(a.as.bytes, b.as.bytes, 36);
    for (int i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23)
            assert_int_equal(a.as.bytes[i], '-');
        else
            assert_true(isxdigit((unsigned char)a.as.bytes[i]));
    assert_int_equal(a.as.bytes[14], '4');
    assert_non_null(strchr("89ab", a.as.bytes[19]));
    values_release(&values);
}

static void test_function__is_found_by_its_whole_name(void **state)
{
    (void)state;
    assert_string_equal(ndb_function_find("tostring", 8)->name, "tostring");
    assert_string_equal(ndb_function_find("size()", 4)->name, "size");
    assert_null(ndb_function_find("tostrin", 7));
    assert_null(ndb_function_find("tostringx", 9));
    assert_null(ndb_function_find("toString", 8));
    assert_null(ndb_function_find("", 0));
    assert_null(ndb_function_find("size\0x", 6));
    assert_string_equal(ndb_kind_name(NAMIDB_EDGE), "Relationship");
    assert_string_equal(ndb_kind_name(12345), "Unknown");
}

/* Any function with any values: a result or a fault, nothing else. */
static void test_function__takes_any_values(void **state)
{
    static const struct ndb_function *const families[] = {
        NDB_STRING_FUNCTIONS,  NDB_MATH_FUNCTIONS, NDB_LIST_FUNCTIONS,
        NDB_CONVERT_FUNCTIONS, NDB_PATH_FUNCTIONS, NDB_TYPE_FUNCTIONS,
    };
    struct ndb_rand rand = { 3 };

    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (const struct ndb_function *at = families[i]; at->name != NULL;
             at++)
            for (int round = 0; round < 200; round++) {
                struct values values;
                namidb_value args[4], out;
                uint32_t count = at->arguments_min;

                if (at->arguments_max < 4)
                    count += (uint32_t)ndb_rand_below(&rand, at->arguments_max -
                                                                 count + 1u);
                values_init(&values);
                for (uint32_t arg = 0; arg < count; arg++)
                    do
                        args[arg] = values_random(&values.arena, &rand, 2);
                    while (ndb_is_null(&args[arg]) && !at->takes_null);
                if (at->call(&values.scalar, args, count, &out) < 0)
                    assert_non_null(values.err.fault);
                else
                    assert_true(out.kind < NAMIDB_KIND_COUNT);
                values_release(&values);
            }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fn_convert__gives_what_the_language_says),
        cmocka_unit_test(test_fn_list__gives_what_the_language_says),
        cmocka_unit_test(test_fn_convert__uuids_are_random_and_version_4),
        cmocka_unit_test(test_function__is_found_by_its_whole_name),
        cmocka_unit_test(test_function__takes_any_values),
    };

    return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
