/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "net/credentials.h"

struct asked {
    struct ndb_credentials_waiter waiter;
    bool is_done;
};

static void on_done(struct ndb_credentials_waiter *waiter)
{
    ((struct asked *)waiter)->is_done = true;
}

/* Opens, asks, and says what came of it; keys are joined by blanks. */
static void assert_keys(const char *profile, const char *place,
                        const char *expected)
{
    struct ndb_credentials_source *source;
    const struct ndb_credentials_wish wish = { .profile = profile,
                                               .region = "us-east-1" };
    struct asked asked = { .is_done = false };
    namidb_error err = { .code = 0 };
    const struct ndb_credentials *keys;
    char text[256];

    if (ndb_credentials_open(&source, &wish, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(ndb_credentials_place(source), place);
    asked.waiter.done = on_done;
    ndb_credentials_ask(source, &asked.waiter);
    assert_true(asked.is_done);
    keys = asked.waiter.snapshot;
    assert_non_null(keys);
    (void)snprintf(text, sizeof text, "%s %s %s", keys->access_key,
                   keys->secret_key, keys->token != NULL ? keys->token : "-");
    assert_string_equal(text, expected);
    ndb_credentials_unref(asked.waiter.snapshot);
    ndb_credentials_close(source);
}

static void assert_refused(const char *profile, int status, const char *part)
{
    const struct ndb_credentials_wish wish = { .profile = profile,
                                               .region = "us-east-1" };
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };

    if (ndb_credentials_open(&source, &wish, &err) != status ||
        strstr(err.message, part) == NULL)
        fail_msg("%d %s", err.code, err.message);
    assert_null(source);
    assert_null(strstr(err.message, "hush"));
}

static void test_credentials__of_the_environment_come_first(void **state)
{
    (void)state;
    aws_home_clear();
    aws_home_write("credentials", "[default]\naws_access_key_id = FILE\n"
                                  "aws_secret_access_key = hush1\n");
    assert_keys(NULL, "profile 'default'", "FILE hush1 -");
    (void)setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush2", 1);
    assert_keys(NULL, "the environment", "ENV hush2 -");
    (void)setenv("AWS_SESSION_TOKEN", "TOKEN", 1);
    assert_keys("", "the environment", "ENV hush2 TOKEN");

    /* But a profile that the URI names comes before. */
    assert_keys("default", "profile 'default'", "FILE hush1 -");
}

static void test_credentials__half_a_pair_is_an_error(void **state)
{
    (void)state;
    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    assert_refused(NULL, NAMIDB_EAUTH, "AWS_SECRET_ACCESS_KEY is not");
    aws_home_clear();
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    assert_refused(NULL, NAMIDB_EAUTH, "AWS_ACCESS_KEY_ID is not");
    aws_home_clear();
    aws_home_write("config", "[default]\naws_access_key_id = A\n");
    assert_refused(NULL, NAMIDB_EAUTH, "aws_secret_access_key is missing");
}

static void
test_credentials__a_key_that_cannot_be_sent_is_an_error(void **state)
{
    (void)state;
    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush\r\nx: y", 1);
    assert_refused(NULL, NAMIDB_EAUTH, "line end");
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush ", 1);
    assert_refused(NULL, NAMIDB_EAUTH, "blank");
}

static void test_credentials__reads_profiles_of_both_files(void **state)
{
    (void)state;
    aws_home_clear();
    aws_home_write("credentials", "[two]\naws_access_key_id=TWO\n"
                                  "aws_secret_access_key=hush2\n"
                                  "aws_session_token=T2\n");
    aws_home_write("config", "[profile three]\naws_access_key_id=THREE\n"
                             "aws_secret_access_key=hush3\n");
    assert_keys("three", "profile 'three'", "THREE hush3 -");
    (void)setenv("AWS_PROFILE", "two", 1);
    assert_keys(NULL, "profile 'two'", "TWO hush2 T2");
}

static void
test_credentials__a_profile_that_is_named_must_be_there(void **state)
{
    (void)state;
    aws_home_clear();
    aws_home_write("config", "[profile empty]\nregion = x\n");
    assert_refused("absent", NAMIDB_EAUTH, "is in neither");
    assert_refused("empty", NAMIDB_EAUTH, "has no keys");
    (void)setenv("AWS_PROFILE", "absent", 1);
    assert_refused(NULL, NAMIDB_EAUTH, "is in neither");
}

static void test_credentials__says_where_it_looked(void **state)
{
    (void)state;
    aws_home_clear();
    assert_refused(NULL, NAMIDB_EAUTH, "AWS_ACCESS_KEY_ID");
    assert_refused(NULL, NAMIDB_EAUTH, "profile 'default'");
    assert_refused(NULL, NAMIDB_EAUTH, "AWS_CONTAINER_CREDENTIALS");
    assert_refused(NULL, NAMIDB_EAUTH, "EC2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials__of_the_environment_come_first),
        cmocka_unit_test(test_credentials__half_a_pair_is_an_error),
        cmocka_unit_test(
            test_credentials__a_key_that_cannot_be_sent_is_an_error),
        cmocka_unit_test(test_credentials__reads_profiles_of_both_files),
        cmocka_unit_test(
            test_credentials__a_profile_that_is_named_must_be_there),
        cmocka_unit_test(test_credentials__says_where_it_looked),
    };

    return cmocka_run_group_tests_name("credentials", tests, aws_home_setup,
                                       aws_home_teardown);
}
