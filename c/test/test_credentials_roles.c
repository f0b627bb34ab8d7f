/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: what the token service is asked, by whom, and where it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "credentials_asker.h"
#include "credentials_service.h"
#include "net/sts.h"

static void test_credentials__of_a_web_identity_unsigned(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_ENDPOINT_URL_STS", "");
    (void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", aws_home_path("token"), 1);
    credentials_assert_refused(NAMIDB_EAUTH, "AWS_ROLE_ARN");
    (void)setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    aws_home_write("token", "eyJ+/=");
    source = credentials_open();
    credentials_assert_key(source, "KEY1");
    credentials_service_assert_seen(
        &service, "",
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
        "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=namidb&"
        "WebIdentityToken=eyJ%2B%2F%3D");
    ndb_credentials_close(source);

    credentials_service_set(&service, &service.status, 403);
    source = credentials_open();
    credentials_assert_fails(source, NAMIDB_EAUTH,
                             "the token service answered 403 AccessDenied");
    (void)remove(aws_home_path("token"));
    credentials_assert_fails(source, NAMIDB_EIO, "cannot open the token");
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__of_a_profile_with_a_role_signed(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_ENDPOINT_URL_STS", "");
    aws_home_write("credentials", "[base]\naws_access_key_id = BASE\n"
                                  "aws_secret_access_key = hush\n");
    aws_home_write("config", "[default]\nrole_arn = arn:x\n"
                             "source_profile = base\nexternal_id = e 1\n"
                             "role_session_name = me\n");
    source = credentials_open();
    assert_string_equal(ndb_credentials_place(source),
                        "the role of profile 'default'");
    credentials_assert_key(source, "KEY1");
    credentials_service_assert_seen(
        &service, "Credential=BASE/",
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ax&"
        "RoleSessionName=me&ExternalId=e%201");
    credentials_service_assert_seen(&service, "/eu-north-1/sts/aws4_request",
                                    NULL);
    ndb_credentials_close(source);

    credentials_service_finish(&service);
}

/* Another profile stands for keys in its own way: here by a role of its own,
 * for which a token in a file asks. Each is asked anew. */
static void test_credentials__of_a_role_by_a_role_by_a_token(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;
    char config[512];

    (void)state;
    credentials_service_begin(&service, "AWS_ENDPOINT_URL_STS", "");
    credentials_service_set(&service, &service.lifetime_s, 5);
    (void)snprintf(config, sizeof config,
                   "[default]\nrole_arn = arn:b\nsource_profile = a\n"
                   "[profile a]\nrole_arn = arn:a\n"
                   "web_identity_token_file = %s\n",
                   aws_home_path("token"));
    aws_home_write("config", config);
    aws_home_write("token", "eyJ");
    source = credentials_open();
    credentials_assert_key(source, "KEY2");
    credentials_service_assert_seen(&service, "Credential=KEY1/",
                                    "RoleArn=arn%3Ab");
    credentials_assert_key(source, "KEY4");
    (void)remove(aws_home_path("token"));
    credentials_assert_fails(source, NAMIDB_EIO,
                             "with keys from the role of profile 'a': ");
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__of_a_role_by_a_program(void **state)
{
    static const struct ndb_credentials_wish may_run = { .region = "us-east-1",
                                                         .can_run = true };
    struct ndb_credentials_source *source;
    struct credentials_service service;
    namidb_error err = { .code = 0 };
    char config[512];

    (void)state;
    credentials_service_begin(&service, "AWS_ENDPOINT_URL_STS", "");
    aws_home_write("keys", "{\"Version\": 1, \"AccessKeyId\": \"PRINTED\", "
                           "\"SecretAccessKey\": \"hush\"}");
    (void)snprintf(config, sizeof config,
                   "[default]\nrole_arn = arn:b\nsource_profile = a\n"
                   "[profile a]\ncredential_process = cat '%s'\n",
                   aws_home_path("keys"));
    aws_home_write("config", config);
    credentials_assert_refused(NAMIDB_EUNSUPPORTED,
                               "profile 'a': credential_p");
    assert_int_equal(ndb_credentials_open(&source, &may_run, &err), NAMIDB_OK);
    credentials_assert_key(source, "KEY1");
    credentials_service_assert_seen(&service, "Credential=PRINTED/", NULL);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__of_a_role_by_a_source_that_is_named(void **state)
{
    static const struct ndb_credentials_wish named = { .profile = "x",
                                                       .region = "us-east-1" };
    namidb_error err = { .code = 0 };
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_ENDPOINT_URL_STS", "");
    aws_home_write("config", "[profile x]\nrole_arn = arn:x\n"
                             "credential_source = Environment\n");
    (void)setenv("AWS_PROFILE", "x", 1);
    credentials_assert_refused(NAMIDB_EAUTH, "Environment, is not set up");
    /* The keys of the environment go before a profile that it names, so a
     * profile that uses them is one that the URI names. */
    (void)setenv("AWS_ACCESS_KEY_ID", "FROM-ENVIRONMENT", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    assert_int_equal(ndb_credentials_open(&source, &named, &err), NAMIDB_OK);
    credentials_assert_key(source, "KEY1");
    credentials_service_assert_seen(&service, "Credential=FROM-ENVIRONMENT/",
                                    NULL);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__roles_that_nobody_can_ask_for(void **state)
{
    static const struct {
        const char *settings, *part;
    } cases[] = {
        { "", "without any of source_profile" },
        { "source_profile = a\ncredential_source = Environment\n",
          "with more than one of source_profile" },
        { "source_profile = gone\n", "'gone' has no keys" },
        { "source_profile = default\n", "a circle of them" },
        { "source_profile = half\n", "aws_secret_access_key is missing" },
        { "source_profile = mine\n", "sso_session is not followed" },
        { "credential_source = Sun\n", "credential_source is Environment" },
    };

    (void)state;
    aws_home_clear();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char config[512];

        (void)snprintf(config, sizeof config,
                       "[default]\nrole_arn = arn:x\n%s"
                       "[profile half]\naws_access_key_id = X\n"
                       "[profile mine]\nsso_session = mine\n",
                       cases[i].settings);
        aws_home_write("config", config);
        credentials_assert_refused(strstr(cases[i].part, "sso") != NULL
                                       ? NAMIDB_EUNSUPPORTED
                                       : NAMIDB_EAUTH,
                                   cases[i].part);
    }
    aws_home_write("config", "[default]\nsso_session = mine\n");
    credentials_assert_refused(NAMIDB_EUNSUPPORTED,
                               "sso_session is not followed");
}

static void test_sts__is_asked_where_the_region_has_it(void **state)
{
    static const struct {
        const char *region;
        bool is_fips;
        const char *url;
    } cases[] = {
        { "eu-north-1", false, "https://sts.eu-north-1.amazonaws.com" },
        { "us-east-2", true, "https://sts-fips.us-east-2.amazonaws.com" },
        { "us-gov-west-1", true, "https://sts.us-gov-west-1.amazonaws.com" },
        { "cn-north-1", false, "https://sts.cn-north-1.amazonaws.com.cn" },
    };
    char url[NDB_STS_ENDPOINT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ndb_sts_endpoint(cases[i].region, cases[i].is_fips, url);
        assert_string_equal(url, cases[i].url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials__of_a_web_identity_unsigned),
        cmocka_unit_test(test_credentials__of_a_profile_with_a_role_signed),
        cmocka_unit_test(test_credentials__of_a_role_by_a_role_by_a_token),
        cmocka_unit_test(test_credentials__of_a_role_by_a_program),
        cmocka_unit_test(test_credentials__of_a_role_by_a_source_that_is_named),
        cmocka_unit_test(test_credentials__roles_that_nobody_can_ask_for),
        cmocka_unit_test(test_sts__is_asked_where_the_region_has_it),
    };

    return cmocka_run_group_tests_name("credentials_roles", tests,
                                       aws_home_setup, aws_home_teardown);
}
