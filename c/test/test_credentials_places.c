/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places that are asked over HTTP, played by a server on loopback; and how
 * what they give is kept, renewed and handed out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "credentials_asker.h"
#include "credentials_service.h"
#include "sys/clock.h"

/* ------------------------------------------------------------- container -- */

static void
test_credentials__of_a_container_with_a_token_that_rotates(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/v1/credentials");
    credentials_service_set(&service, &service.lifetime_s,
                            5); /* each question is a new one */
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "unused", 1);
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                 aws_home_path("token"), 1);
    aws_home_write("token", "Bearer one\n");
    source = credentials_open();
    assert_int_equal(credentials_service_asked(&service), 0);
    assert_string_equal(ndb_credentials_place(source), "the container");
    credentials_assert_key(source, "KEY1");
    credentials_service_assert_seen(&service, "Bearer one", NULL);
    aws_home_write("token", "Bearer two\n");
    credentials_assert_key(source, "KEY2");
    credentials_service_assert_seen(&service, "Bearer two", NULL);
    aws_home_write("token", " \n");
    credentials_assert_fails(source, NAMIDB_EAUTH, "an empty token");
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__a_container_that_refuses_is_an_error(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/");
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok", 1);
    credentials_service_set(&service, &service.status, 404);
    source = credentials_open();
    credentials_assert_fails(source, NAMIDB_EAUTH,
                             "the container: answered 404");
    credentials_service_assert_seen(&service, "tok", NULL);
    credentials_service_set(&service, &service.status, 500);
    credentials_assert_fails(source, NAMIDB_EIO, "answered 500");
    assert_int_equal(credentials_service_asked(&service), 3); /* 500: twice */
    credentials_service_set(&service, &service.status, 200);
    credentials_assert_key(source, "KEY4");
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__containers_elsewhere_must_be_https(void **state)
{
    static const char *const bad[] = {
        "http://example.com/",        "http://169.254.170.22/",
        "http://127.0.0.1@evil.com/", "http://127.0.0.1.evil.com/",
        "ftp://127.0.0.1/",           "http://169.254.170.2.evil.com/",
        "http://[fd00:ec2::24]/",     "127.0.0.1",
    };
    static const char *const good[] = {
        "http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1",
        "http://localhost:8080/",   "https://example.com/keys",
        "http://[::1]:80/",
    };

    (void)state;
    aws_home_clear();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i], 1);
        credentials_assert_refused(NAMIDB_EAUTH, "must be https");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", good[i], 1);
        ndb_credentials_close(credentials_open());
    }
    (void)setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "no-slash", 1);
    credentials_assert_refused(NAMIDB_EAUTH, "begin with a slash");
}

/* -------------------------------------------------------------------- EC2 --
 */

static void test_credentials__of_ec2_by_version_2_only(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                              "");
    (void)unsetenv("AWS_EC2_METADATA_DISABLED");
    source = credentials_open();
    credentials_assert_key(source, "KEY1");
    credentials_service_assert_seen(&service, "SESSION", NULL);
    ndb_credentials_close(source);

    credentials_service_set(&service, &service.token_status, 404);
    source = credentials_open();
    credentials_assert_fails(source, NAMIDB_EAUTH, "only version 2");
    assert_int_equal(credentials_service_asked(&service), 1);
    ndb_credentials_close(source);

    (void)setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
    credentials_assert_refused(NAMIDB_EAUTH, "no credentials");
    credentials_service_finish(&service);
}

/* A container behind one hop more than the service answers over. */
static bool swallow(void *context, const struct http_request *request)
{
    (void)context;
    http_server_hang(request);
    return false;
}

static void test_credentials__ec2_out_of_reach_is_given_up_soon(void **state)
{
    struct http_server *server = http_server_start(swallow, NULL);
    struct ndb_credentials_source *source;
    int64_t start_ns = ndb_clock_ns();
    char url[64];

    (void)state;
    aws_home_clear();
    (void)unsetenv("AWS_EC2_METADATA_DISABLED");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d",
                   http_server_port(server));
    (void)setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    source = credentials_open();
    credentials_assert_fails(source, NAMIDB_ETIMEOUT, "EC2's metadata");
    assert_int_equal(http_server_requests(server), 2);
    assert_true(ndb_clock_ns() - start_ns < 8000 * NDB_NS_PER_MS);
    ndb_credentials_close(source);
    http_server_stop(server);
}

/* ---------------------------------------------------------------- renewal --
 */

/* What is still good is handed out at once while a new answer is fetched. */
static void test_credentials__are_renewed_ahead_without_waiting(void **state)
{
    struct ndb_credentials_source *source;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/");
    source = credentials_open();
    credentials_assert_key(source, "KEY1");
    credentials_assert_key(source, "KEY1");
    assert_int_equal(credentials_service_asked(&service), 1);

    ndb_clock_advance(INT64_C(51 * 60) * 1000 * NDB_NS_PER_MS);
    (void)pthread_mutex_lock(&service.lock); /* it does not answer now */
    credentials_assert_key(source, "KEY1");
    credentials_assert_key(source, "KEY1");
    (void)pthread_mutex_unlock(&service.lock);
    http_server_await(service.http, 2);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

/* The place would take longer: who cannot wait for it is told at his time. */
static void test_credentials__nobody_waits_past_his_deadline(void **state)
{
    struct ndb_credentials_source *source;
    struct asked asked[3];
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/");
    source = credentials_open();
    (void)pthread_mutex_lock(&service.lock); /* it does not answer now */
    for (int i = 0; i < 3; i++) {
        asked_begin(&asked[i]);
        /* The last one is the first to be late. */
        asked[i].waiter.deadline_ns =
            i == 0 ? NDB_NEVER : ndb_deadline_after(100 / i);
        ndb_credentials_ask(source, &asked[i].waiter);
    }
    asked_await(&asked[2]);
    asked_await(&asked[1]);
    for (int i = 1; i < 3; i++) {
        assert_null(asked[i].waiter.snapshot);
        assert_int_equal(asked[i].waiter.err.code, NAMIDB_ETIMEOUT);
        assert_true(ndb_clock_ns() >= asked[i].waiter.deadline_ns);
    }
    (void)pthread_mutex_unlock(&service.lock);
    asked_await(&asked[0]);
    assert_non_null(asked[0].waiter.snapshot);
    ndb_credentials_unref(asked[0].waiter.snapshot);
    assert_int_equal(credentials_service_asked(&service), 1);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__who_is_called_off_waits_no_longer(void **state)
{
    struct ndb_credentials_source *source;
    struct asked asked[3];
    atomic_bool is_called_off[2] = { false, true };
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/");
    source = credentials_open();
    (void)pthread_mutex_lock(&service.lock); /* it does not answer now */
    for (int i = 0; i < 3; i++) {
        asked_begin(&asked[i]);
        /* One later, one before it asks, one never. */
        asked[i].waiter.is_called_off = i < 2 ? &is_called_off[i] : NULL;
        ndb_credentials_ask(source, &asked[i].waiter);
    }
    asked_await(&asked[1]);
    atomic_store(&is_called_off[0], true);
    ndb_credentials_wake(source);
    asked_await(&asked[0]);
    for (int i = 0; i < 2; i++) {
        assert_null(asked[i].waiter.snapshot);
        assert_int_equal(asked[i].waiter.err.code, NAMIDB_ECANCELED);
    }
    (void)pthread_mutex_unlock(&service.lock);
    asked_await(&asked[2]);
    assert_non_null(asked[2].waiter.snapshot);
    ndb_credentials_unref(asked[2].waiter.snapshot);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void test_credentials__outlive_a_renewal_that_fails(void **state)
{
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };
    struct ndb_credentials *keys;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/");
    source = credentials_open();
    credentials_assert_key(source, "KEY1");
    credentials_service_set(&service, &service.status, 400);
    ndb_clock_advance(INT64_C(51 * 60) * 1000 * NDB_NS_PER_MS);
    for (int i = 0; i < 20; i++)
        credentials_assert_key(source, "KEY1");
    http_server_await(service.http, 2);

    /* When they are at their end, there are none. */
    ndb_clock_advance(INT64_C(10 * 60) * 1000 * NDB_NS_PER_MS);
    credentials_assert_fails(source, NAMIDB_EAUTH, "answered 400");
    credentials_service_set(&service, &service.status, 200);
    keys = credentials_ask(source, &err);
    assert_non_null(keys);
    assert_string_not_equal(keys->access_key, "KEY1");
    ndb_credentials_unref(keys);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

static void
test_credentials__that_a_server_calls_expired_are_fetched_anew(void **state)
{
    struct ndb_credentials_source *source;
    struct ndb_credentials *first;
    namidb_error err;
    struct credentials_service service;

    (void)state;
    credentials_service_begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              "/");
    credentials_service_set(&service, &service.lifetime_s,
                            0); /* no expiration told */
    source = credentials_open();
    credentials_assert_key(source, "KEY1");
    first = credentials_ask(source, &err);
    ndb_credentials_discard(source, first);
    credentials_assert_key(source, "KEY2");
    /* An old one says nothing about the new one. */
    ndb_credentials_discard(source, first);
    credentials_assert_key(source, "KEY2");
    ndb_credentials_unref(first);
    ndb_credentials_close(source);
    credentials_service_finish(&service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_credentials__of_a_container_with_a_token_that_rotates),
        cmocka_unit_test(
            test_credentials__a_container_that_refuses_is_an_error),
        cmocka_unit_test(test_credentials__containers_elsewhere_must_be_https),
        cmocka_unit_test(test_credentials__of_ec2_by_version_2_only),
        cmocka_unit_test(test_credentials__ec2_out_of_reach_is_given_up_soon),
        cmocka_unit_test(test_credentials__are_renewed_ahead_without_waiting),
        cmocka_unit_test(test_credentials__nobody_waits_past_his_deadline),
        cmocka_unit_test(test_credentials__who_is_called_off_waits_no_longer),
        cmocka_unit_test(test_credentials__outlive_a_renewal_that_fails),
        cmocka_unit_test(
            test_credentials__that_a_server_calls_expired_are_fetched_anew),
    };

    return cmocka_run_group_tests_name("credentials_places", tests,
                                       aws_home_setup, aws_home_teardown);
}
