/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores that must not be trusted with a namespace, each refused with its
 * reason and before anything is written; and those that may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "base/mem.h"
#include "namidb.h"
#include "s3_server.h"
#include "store/probe.h"
#include "store/store_memory.h"
#include "sys/clock.h"

static struct s3_server *begin(char uri[256], const char *params)
{
    struct s3_server *server = s3_server_start();

    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    (void)snprintf(uri, 256, "s3://bucket/p?endpoint=http://127.0.0.1:%d%s",
                   s3_server_port(server), params);
    return server;
}

static void assert_refused(const char *uri, int status, const char *part)
{
    namidb_options options;
    namidb_error err = { .code = 0 };
    namidb *db;

    namidb_options_init(&options);
    if (namidb_open(&db, uri, &options, &err) != status ||
        strstr(err.message, part) == NULL)
        fail_msg("%d %s", err.code, err.message);
    assert_null(db);
}

static void assert_opens(const char *uri)
{
    namidb_options options;
    namidb_error err = { .code = 0 };
    namidb *db;

    namidb_options_init(&options);
    if (namidb_open(&db, uri, &options, &err) < 0)
        fail_msg("%s", err.message);
    namidb_close(db);
}

static void test_probe__trusts_a_store_that_keeps_its_promise(void **state)
{
    struct s3_server *server;
    char uri[256];

    (void)state;
    server = begin(uri, "");
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
    assert_opens(uri);
    assert_int_equal(s3_server_count(server), 1); /* the fence */
    assert_true(s3_server_seen(server) > 40);

    /* The namespace is proof enough for the next one. */
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
    assert_opens(uri);
    assert_true(s3_server_seen(server) < 8);
    s3_server_stop(server);
}

/* Writes something into a pack, so that there is a manifest. */
static void flush_something(const char *uri)
{
    namidb_error err = { .code = 0 };
    namidb_tx *tx;
    namidb *db;
    uint64_t id;

    if (namidb_open(&db, uri, NULL, &err) < 0 ||
        namidb_tx_begin(&tx, db, -1, &err) < 0 ||
        namidb_create_node(tx, NULL, 0, (namidb_props){ NULL, 0 }, &id, &err) <
            0 ||
        namidb_tx_commit(tx, -1, NULL, &err) < 0 ||
        namidb_flush(db, -1, &err) < 0)
        fail_msg("%s", err.message);
    namidb_close(db);
}

/* The manifest keeps the host that was proved: another one is asked anew, once
 * it has written a manifest no more. */
static void test_probe__asks_another_host_anew(void **state)
{
    struct s3_server *server;
    char uri[256];
    char other[256];

    (void)state;
    server = begin(uri, "");
    (void)snprintf(other, sizeof other,
                   "s3://bucket/p?endpoint=http://localhost:%d",
                   s3_server_port(server));
    flush_something(uri);
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
    assert_opens(uri);
    assert_true(s3_server_seen(server) < 8);
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
    flush_something(other);
    assert_true(s3_server_seen(server) > 40);
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
    assert_opens(other);
    assert_true(s3_server_seen(server) < 8);
    s3_server_stop(server);
}

static void test_probe__refuses_stores_that_would_lose_commits(void **state)
{
    static const struct {
        enum s3_manner manner;
        const char *why;
    } cases[] = {
        { S3_IGNORES, "it overwrites in spite of If-None-Match" },
        { S3_OVERWRITES, "it refuses to overwrite, and overwrites" },
        { S3_RACES, "two racing creates of one object succeed" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct s3_server *server;
        char uri[256];

        server = begin(uri, "");
        s3_server_behave(server, cases[i].manner);
        assert_refused(uri, NAMIDB_EUNSUPPORTED, cases[i].why);
        assert_int_equal(s3_server_count(server), 0);
        s3_server_stop(server);
    }
}

static void test_probe__refuses_a_store_without_conditional_puts(void **state)
{
    struct s3_server *server;
    char uri[256];

    (void)state;
    server = begin(uri, "");
    s3_server_plan(server,
                   &(struct s3_fault){
                       .kind = S3_ANSWER,
                       .status = 501,
                       .method = "PUT",
                       .at = 1,
                       .count = 1000,
                       .body = "<Error><Code>NotImplemented</Code></Error>" });
    assert_refused(uri, NAMIDB_EUNSUPPORTED, "501 NotImplemented");
    s3_server_stop(server);
}

static void test_probe__can_be_switched_off(void **state)
{
    struct s3_server *server;
    char uri[256];

    (void)state;
    server = begin(uri, "&probe=off");
    s3_server_behave(server, S3_IGNORES);
    assert_opens(uri);
    s3_server_stop(server);
}

static void test_probe__an_answer_lost_in_a_race_is_no_reason(void **state)
{
    struct s3_server *server;
    char uri[256];

    (void)state;
    for (unsigned at = 1; at <= 34; at++) {
        server = begin(uri, "");
        s3_server_plan(server, &(struct s3_fault){ .kind = S3_APPLY_DROP,
                                                   .method = "PUT",
                                                   .at = at });
        assert_opens(uri);
        s3_server_stop(server);
    }
}

static void test_probe__a_busy_store_is_not_distrusted(void **state)
{
    struct s3_fault busy = { .kind = S3_ANSWER,
                             .status = 503,
                             .method = "PUT",
                             .body = "<Error><Code>SlowDown</Code></Error>" };
    struct s3_server *server;
    char uri[256];

    (void)state;
    for (busy.at = 1; busy.at <= 2; busy.at++) {
        server = begin(uri, "");
        s3_server_plan(server, &busy);
        assert_opens(uri);
        s3_server_stop(server);
    }
    server = begin(uri, "");
    busy.count = 32; /* a round of races */
    s3_server_plan(server, &busy);
    assert_refused(uri, NAMIDB_EIO, "503 SlowDown");
    s3_server_stop(server);
}

static void test_probe__is_fine_with_memory(void **state)
{
    struct ndb_store *store;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    assert_int_equal(ndb_store_open(&store, "memory://probe", NULL), NAMIDB_OK);
    assert_int_equal(ndb_store_probe(store, ndb_deadline_after(10000), NULL),
                     NAMIDB_OK);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        assert_true(k < 500);
        ndb_mem_fail_from(k);
        rc = ndb_store_probe(store, ndb_deadline_after(10000), NULL);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
    }
    ndb_store_close(store);
    ndb_memory_clear("probe");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe__trusts_a_store_that_keeps_its_promise),
        cmocka_unit_test(test_probe__asks_another_host_anew),
        cmocka_unit_test(test_probe__refuses_stores_that_would_lose_commits),
        cmocka_unit_test(test_probe__refuses_a_store_without_conditional_puts),
        cmocka_unit_test(test_probe__can_be_switched_off),
        cmocka_unit_test(test_probe__an_answer_lost_in_a_race_is_no_reason),
        cmocka_unit_test(test_probe__a_busy_store_is_not_distrusted),
        cmocka_unit_test(test_probe__is_fine_with_memory),
    };

    return cmocka_run_group_tests_name("probe", tests, aws_home_setup,
                                       aws_home_teardown);
}
