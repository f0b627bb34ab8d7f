/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "exec/regex.h"

static bool matches(const char *pattern, const char *text)
{
    struct ndb_regex *regex;
    namidb_error err;
    bool is_match;

    if (ndb_regex_compile(&regex, ndb_slice_text(pattern), &err) < 0 ||
        ndb_regex_match(regex, ndb_slice_text(text), &is_match, &err) < 0)
        fail_msg("%s: %s", pattern, err.message);
    ndb_regex_free(regex);
    return is_match;
}

static void test_regex__matches_the_whole_text(void **state)
{
    (void)state;
    assert_true(matches("ab", "ab"));
    assert_false(matches("ab", "abc"));
    assert_false(matches("ab", "xab"));
    assert_true(matches("a|ab", "ab"));
    assert_true(matches("", ""));
    assert_false(matches("", "a"));
    assert_true(matches("(?i)ANDR.*", "andrea"));
    assert_false(matches("a.c", "a\nc"));
    assert_true(matches("(?s)a.c", "a\nc"));
    assert_false(matches("a", "a\n"));
}

static void test_regex__sees_code_points(void **state)
{
    (void)state;
    assert_true(matches("...", "aé𝄞"));
    assert_true(matches("[à-ü]", "é"));
    assert_true(matches("\\p{Lu}\\p{Ll}+", "Élan"));
}

static void test_regex__bad_patterns_say_where(void **state)
{
    static const struct {
        const char *pattern, *where;
    } examples[] = {
        { "a(b", "at byte 4" },   { "a**b[", "at byte" },
        { "[z-a]", "at byte 4" }, { "\\C", "at byte" },
        { "\xff", "at byte 1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct ndb_regex *regex = NULL;
        namidb_error err;

        assert_int_equal(ndb_regex_compile(
                             &regex, ndb_slice_text(examples[i].pattern), &err),
                         NAMIDB_EINVAL);
        assert_null(regex);
        assert_string_equal(err.fault, "TypeError.InvalidArgumentValue");
        if (strstr(err.message, examples[i].where) == NULL)
            fail_msg("%s", err.message);
    }
}

static void test_regex__hostile_patterns_end(void **state)
{
    static const char *const patterns[] = { "(a+)+b", "(a|aa)+b",
                                            "(.*)*(.*)*(.*)*b",
                                            "((a{0,50}){0,50}){0,50}b" };
    char text[512];

    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct ndb_regex *regex;
        namidb_error err;
        bool is_match = true;
        int rc;

        rc = ndb_regex_compile(&regex, ndb_slice_text(patterns[i]), &err);
        if (rc == NAMIDB_OK)
            rc = ndb_regex_match(regex, ndb_slice(text, sizeof text), &is_match,
                                 &err);
        if (rc == NAMIDB_OK)
            assert_false(is_match);
        else
            assert_non_null(err.fault);
        ndb_regex_free(regex);
    }
}

static void test_regex__a_match_that_takes_too_long_is_a_limit(void **state)
{
    struct ndb_regex *regex;
    namidb_error err;
    bool is_match;
    char text[64];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(
        ndb_regex_compile(&regex, ndb_slice_text("(a|a)*[bc]"), &err),
        NAMIDB_OK);
    assert_int_equal(
        ndb_regex_match(regex, ndb_slice(text, sizeof text), &is_match, &err),
        NAMIDB_ELIMIT);
    assert_string_equal(err.fault, "LimitError.ValueTooLarge");
    ndb_regex_free(regex);
}

static void test_regex__long_texts_need_no_stack(void **state)
{
    enum { BYTES = 200000 };
    struct ndb_regex *regex;
    namidb_error err;
    bool is_match = false;
    char *text = malloc(BYTES);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', BYTES);
    assert_int_equal(ndb_regex_compile(&regex, ndb_slice_text("(a|b)+"), &err),
                     NAMIDB_OK);
    assert_int_equal(
        ndb_regex_match(regex, ndb_slice(text, BYTES), &is_match, &err),
        NAMIDB_OK);
    assert_true(is_match);
    ndb_regex_free(regex);
    free(text);
}

static void test_regex__a_text_that_is_no_utf8_is_refused(void **state)
{
    struct ndb_regex *regex;
    namidb_error err;
    bool is_match;

    (void)state;
    assert_int_equal(ndb_regex_compile(&regex, ndb_slice_text(".*"), &err),
                     NAMIDB_OK);
    assert_int_equal(
        ndb_regex_match(regex, ndb_slice_text("a\xff"), &is_match, &err),
        NAMIDB_EINVAL);
    ndb_regex_free(regex);
}

static void test_regex__out_of_memory_leaks_nothing(void **state)
{
    (void)state;
    for (uint64_t k = 1;; k++) {
        struct ndb_regex *regex;
        namidb_error err;
        int rc;

        ndb_mem_fail_from(k);
        rc = ndb_regex_compile(&regex, ndb_slice_text("(a|b)+c"), &err);
        ndb_mem_fail_from(0);
        if (rc == NAMIDB_OK) {
            assert_true(k > 4);
            ndb_regex_free(regex);
            break;
        }
        assert_int_equal(rc, NAMIDB_ENOMEM);
        assert_null(regex);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regex__matches_the_whole_text),
        cmocka_unit_test(test_regex__sees_code_points),
        cmocka_unit_test(test_regex__bad_patterns_say_where),
        cmocka_unit_test(test_regex__hostile_patterns_end),
        cmocka_unit_test(test_regex__a_match_that_takes_too_long_is_a_limit),
        cmocka_unit_test(test_regex__long_texts_need_no_stack),
        cmocka_unit_test(test_regex__a_text_that_is_no_utf8_is_refused),
        cmocka_unit_test(test_regex__out_of_memory_leaks_nothing),
    };

    return cmocka_run_group_tests_name("regex", tests, NULL, NULL);
}
