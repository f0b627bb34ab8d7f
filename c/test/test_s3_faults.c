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
#include "sys/clock.h"

static struct s3_server *server;

static int begin(void **state)
{
    char uri[128];

    (void)state;
    if (aws_home_setup_with_key(state) != 0)
        return -1;
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

/* Begins three commits and closes; true when the fault was hit. Closing may
 * take as long as a call, and leaves nothing behind (the sanitizers say). */
static bool close_in_flight(unsigned k)
{
    enum { TIMEOUT_MS = 200, PATIENCE_MS = 5000 };
    namidb_ticket *tickets[3];
    struct world world;
    namidb_error err;
    int64_t started_ns;
    namidb_tx *tx;
    bool is_hit;
    namidb *db;
    uint64_t id;

    world_begin(&world, 5001);
    world.options.timeout_ms = TIMEOUT_MS;
    db = world_must_open(&world, false);
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_HANG, .at = k });
    for (int i = 0; i < 3; i++) {
        world_ok(&world, namidb_tx_begin(&tx, db, -1, &err), err);
        world_ok(&world,
                 namidb_create_node(tx, NULL, 0, (namidb_props){ NULL, 0 }, &id,
                                    &err),
                 err);
        world_ok(&world, namidb_tx_commit(tx, -1, &tickets[i], &err), err);
    }
    (void)namidb_flush(db, 1, &err);
    started_ns = ndb_clock_ns();
    namidb_close(db);
    world_assert(&world, ndb_clock_ns() - started_ns <
                             (TIMEOUT_MS + PATIENCE_MS) * NDB_NS_PER_MS);
    for (int i = 0; i < 3; i++) {
        int rc = namidb_ticket_wait(tickets[i], 0, &err);

        world_assert(&world, rc != NAMIDB_ETIMEOUT); /* all is over */
        namidb_ticket_free(tickets[i]);
    }
    is_hit = s3_server_seen(server) >= k;
    s3_server_plan(server, &(struct s3_fault){ .kind = S3_NO_FAULT });
    world_end(&world);
    return is_hit;
}

static void test_s3_faults__closing_does_not_wait_for_answers(void **state)
{
    unsigned k = 0;

    (void)state;
    while (close_in_flight(++k))
        assert_true(k < 100);
    assert_true(k > 1); /* commits may share a slot */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3_faults__an_answer_lost_after_it_was_applied),
        cmocka_unit_test(test_s3_faults__a_request_lost_before_it_was_applied),
        cmocka_unit_test(test_s3_faults__an_error_after_it_was_applied),
        cmocka_unit_test(test_s3_faults__an_error_that_says_try_again),
        cmocka_unit_test(test_s3_faults__an_error_that_says_sign_again),
        cmocka_unit_test(test_s3_faults__closing_does_not_wait_for_answers),
    };

    return cmocka_run_group_tests_name("s3_faults", tests, begin, finish);
}
