/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine over HTTP: a misfortune at the k-th request, for every k. Each is
 * one that a client can live with, so everything must succeed: no commit is
 * lost, none is there twice, and nobody is fenced by himself.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "aws_home.h"
#include "s3_server.h"

static struct s3_server *server;

static int begin(void **state)
{
    char uri[128];

    (void)state;
    if (aws_home_setup(state) != 0)
        return -1;
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    server = s3_server_start();
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?probe=off&endpoint=http://127.0.0.1:%d",
                   s3_server_port(server));
    (void)setenv("NAMIDB_TEST_URI", uri, 1);
    return 0;
}

static int finish(void **state)
{
    s3_server_stop(server);
    return aws_home_teardown(state);
}

/* Opens, commits, flushes, commits, is looked at by a reader, and again by the
 * next writer. */
static void live(struct world *world)
{
    namidb *db = world_must_open(world, false);
    namidb *reader;
    namidb_error err;

    world_ok(world, world_commit(world, db, 20, &err), err);
    world_ok(world, world_commit(world, db, 5, &err), err);
    world_ok(world, namidb_flush(db, -1, &err), err);
    world_ok(world, world_commit(world, db, 5, &err), err);
    reader = world_must_open(world, true);
    world_check(world, reader);
    namidb_close(reader);
    namidb_close(db);
    db = world_must_open(world, false);
    world_check(world, db);
    world_ok(world, world_commit(world, db, 5, &err), err);
    world_check(world, db);
    namidb_close(db);
}

/* Returns how many requests there were. */
static unsigned run_all(const struct s3_fault *kind)
{
    unsigned k = 0;
    bool is_hit = true;

    while (is_hit) {
        struct s3_fault fault = *kind;
        struct world world;

        fault.at = ++k;
        world_begin(&world, 5000); /* the same requests each time */
        world.options.flush_slots = 0;
        s3_server_plan(server, &fault);
        live(&world);
        is_hit = s3_server_seen(server) >= k;
        s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
        world_end(&world);
        assert_true(k < 100);
    }
    return k;
}

static void test_s3_faults__an_answer_lost_after_it_was_applied(void **state)
{
    (void)state;
    assert_true(run_all(&(struct s3_fault){ .kind = S3_APPLY_DROP }) > 15);
    assert_true(run_all(&(struct s3_fault){
                    .kind = S3_APPLY_DROP, .count = 3, .method = "PUT" }) > 5);
}

static void test_s3_faults__a_request_lost_before_it_was_applied(void **state)
{
    (void)state;
    assert_true(run_all(&(struct s3_fault){ .kind = S3_DROP }) > 15);
}

static void test_s3_faults__an_error_after_it_was_applied(void **state)
{
    (void)state;
    assert_true(run_all(&(struct s3_fault){ .kind = S3_APPLY_ANSWER,
                                            .status = 500,
                                            .method = "PUT" }) > 5);
}

static void test_s3_faults__an_error_that_says_try_again(void **state)
{
    static const struct s3_fault faults[] = {
        { .kind = S3_DROP, .method = "PUT" },
        { .kind = S3_ANSWER,
          .status = 503,
          .body = "<Error><Code>SlowDown</Code></Error>" },
        { .kind = S3_ANSWER,
          .status = 409,
          .method = "PUT",
          .body = "<Error><Code>ConditionalRequestConflict</Code></Error>" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_true(run_all(&faults[i]) > 5);
}

static void test_s3_faults__an_error_that_says_sign_again(void **state)
{
    static const struct s3_fault faults[] = {
        { .kind = S3_ANSWER,
          .status = 403,
          .body = "<Error><Code>RequestTimeTooSkewed</Code></Error>" },
        { .kind = S3_ANSWER,
          .status = 400,
          .body = "<Error><Code>ExpiredToken</Code></Error>" },
        { .kind = S3_ANSWER,
          .status = 301,
          .headers = "x-amz-bucket-region: eu-north-1\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_true(run_all(&faults[i]) > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3_faults__an_answer_lost_after_it_was_applied),
        cmocka_unit_test(test_s3_faults__a_request_lost_before_it_was_applied),
        cmocka_unit_test(test_s3_faults__an_error_after_it_was_applied),
        cmocka_unit_test(test_s3_faults__an_error_that_says_try_again),
        cmocka_unit_test(test_s3_faults__an_error_that_says_sign_again),
    };

    return cmocka_run_group_tests_name("s3_faults", tests, begin, finish);
}
