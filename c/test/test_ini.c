/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "namidb.h"
#include "net/ini.h"

static const char TEXT[] = "# top = 1\n"
                           "outside = 1\n"
                           "[default]\r\n"
                           "region = eu-north-1   # a comment\r\n"
                           "key=a#b;c\n"
                           "  nested = 2\n"
                           "empty =\n"
                           "[ profile two ]\n"
                           "region=us-east-1\n"
                           "; region = x\n"
                           "region = us-west-2\n"
                           "[broken\n"
                           "region = no\n"
                           "[default]\n"
                           "later = yes";

static void assert_value(const char *section, const char *name,
                         const char *expected)
{
    struct ndb_slice value;
    int rc = ndb_ini_get(ndb_slice_text(TEXT), section, name, &value);

    assert_int_equal(rc, expected != NULL ? NAMIDB_OK : NAMIDB_NONE);
    if (!ndb_slice_equal(value,
                         ndb_slice_text(expected != NULL ? expected : "")))
        fail_msg("[%s] %s is '%.*s'", section, name, (int)value.bytes,
                 (const char *)value.data);
}

static void test_ini__finds_values_of_a_section(void **state)
{
    (void)state;
    assert_value("default", "region", "eu-north-1");
    assert_value("default", "key", "a#b;c");
    assert_value("default", "empty", "");
    assert_value("profile two", "region", "us-west-2");
    assert_value("default", "later", "yes");
}

static void test_ini__finds_nothing_elsewhere(void **state)
{
    (void)state;
    assert_value("default", "nested", NULL);
    assert_value("default", "outside", NULL);
    assert_value("default", "Region", NULL);
    assert_value("two", "region", NULL);
    assert_value("broken", "region", NULL);
    assert_true(ndb_ini_has_section(ndb_slice_text(TEXT), "profile two"));
    assert_false(ndb_ini_has_section(ndb_slice_text(TEXT), "profile"));
    assert_false(ndb_ini_has_section(ndb_slice_text(""), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ini__finds_values_of_a_section),
        cmocka_unit_test(test_ini__finds_nothing_elsewhere),
    };

    return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
