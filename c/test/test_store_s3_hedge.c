/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests of the S3 store are sent twice, and how many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "s3_server.h"
#include "store/store.h"
#include "sys/clock.h"

enum { WARM = 70 }; /* GETs: enough to know, and to pay for three */
/* Long enough for a second request that must not come. No test asks that any
 * comes within it, because a busy machine takes as long as it likes: what is
 * sent in that time is counted with a bound. */
enum { HUNG_MS = 400, BEGIN_MAX = 50 };

struct fixture {
    struct s3_server *server;
    struct ndb_store *store;
};

static int run(struct fixture *fixture, enum ndb_store_op op, int64_t ms)
{
    struct ndb_request request = { .op = op,
                                   .key = "log/1",
                                   .body = ndb_slice_text("one"),
                                   .deadline_ns = ndb_deadline_after(ms) };
    int rc;

    (void)ndb_store_run(fixture->store, &request, 1, NULL);
    rc = request.status;
    if (op == NDB_GET && rc == NAMIDB_OK)
        assert_true(ndb_slice_equal(ndb_buf_slice(&request.out),
                                    ndb_slice_text("one")));
    ndb_request_release(&request);
    return rc;
}

static uint64_t hedged(const struct fixture *fixture)
{
    struct ndb_store_facts facts;

    ndb_store_tell(fixture->store, &facts);
    return facts.hedged;
}

/* Nothing is answered, from the next request on. */
static void hang(struct fixture *fixture, unsigned count)
{
    s3_server_plan(
        fixture->server,
        &(struct s3_fault){ .kind = S3_HANG, .at = 1, .count = count });
}

static void warm_up(struct fixture *fixture, int warm, const char *params)
{
    char uri[256];

    fixture->server = s3_server_start();
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?endpoint="
                   "http://127.0.0.1:%d%s",
                   s3_server_port(fixture->server), params);
    assert_int_equal(ndb_store_open(&fixture->store, uri, NULL), NAMIDB_OK);
    assert_int_equal(run(fixture, NDB_PUT, 20000), NAMIDB_OK);
    for (int i = 0; i < warm; i++)
        assert_int_equal(run(fixture, NDB_GET, 20000), NAMIDB_OK);
}

static void finish(struct fixture *fixture)
{
    ndb_store_close(fixture->store);
    s3_server_stop(fixture->server);
}

/* A busy machine may be late with a GET of the warm-up. What was sent twice is
 * still under way then, to be met by what a test plans for its own: so it is
 * begun anew, with another server. */
static void begin(struct fixture *fixture, int warm, const char *params)
{
    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    for (int i = 0; i < BEGIN_MAX; i++) {
        warm_up(fixture, warm, params);
        if (hedged(fixture) == 0)
            return;
        finish(fixture);
    }
    fail_msg("no warm-up of %d was in time", BEGIN_MAX);
}

/* A GET whose first answer never comes. */
static void get_from_another(struct fixture *fixture)
{
    uint64_t before = hedged(fixture);

    hang(fixture, 1);
    assert_int_equal(run(fixture, NDB_GET, 20000), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture->server), 2);
    assert_int_equal(hedged(fixture), before + 1);
}

static void test_store_s3_hedge__a_slow_get_is_answered_by_another(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, WARM, "");
    get_from_another(&fixture);
    finish(&fixture);
}

static void test_store_s3_hedge__no_more_than_was_earned(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, WARM, "");
    for (int i = 0; i < WARM / 20; i++)
        get_from_another(&fixture);
    hang(&fixture, 1000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(run(&fixture, NDB_GET, HUNG_MS), NAMIDB_ETIMEOUT);
    assert_int_equal(hedged(&fixture), WARM / 20);
    assert_in_range(s3_server_seen(fixture.server), 0, 5);
    finish(&fixture);
}

static void test_store_s3_hedge__only_gets_are_sent_twice(void **state)
{
    static const enum ndb_store_op ops[] = { NDB_PUT_IF_ABSENT, NDB_PUT,
                                             NDB_LIST, NDB_DELETE };
    struct fixture fixture;
    uint64_t before;

    (void)state;
    begin(&fixture, WARM, "");
    before = hedged(&fixture);
    hang(&fixture, 1000);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        assert_int_equal(run(&fixture, ops[i], HUNG_MS), NAMIDB_ETIMEOUT);
    assert_in_range(s3_server_seen(fixture.server), 0,
                    sizeof ops / sizeof *ops);
    assert_int_equal(hedged(&fixture), before);
    finish(&fixture);
}

static void test_store_s3_hedge__not_before_it_knows_how_long(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, 50, "");
    hang(&fixture, 1000);
    assert_int_equal(run(&fixture, NDB_GET, HUNG_MS), NAMIDB_ETIMEOUT);
    assert_in_range(s3_server_seen(fixture.server), 0, 1);
    finish(&fixture);
}

static void test_store_s3_hedge__can_be_switched_off(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, WARM, "&hedge=off");
    hang(&fixture, 1000);
    assert_int_equal(run(&fixture, NDB_GET, HUNG_MS), NAMIDB_ETIMEOUT);
    assert_in_range(s3_server_seen(fixture.server), 0, 1);
    assert_int_equal(hedged(&fixture), 0);
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_store_s3_hedge__a_slow_get_is_answered_by_another),
        cmocka_unit_test(test_store_s3_hedge__no_more_than_was_earned),
        cmocka_unit_test(test_store_s3_hedge__only_gets_are_sent_twice),
        cmocka_unit_test(test_store_s3_hedge__not_before_it_knows_how_long),
        cmocka_unit_test(test_store_s3_hedge__can_be_switched_off),
    };

    return cmocka_run_group_tests_name("store_s3_hedge", tests, aws_home_setup,
                                       aws_home_teardown);
}
