/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the S3 store sends again, and signs anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "aws_home.h"
#include "s3_fixture.h"
#include "sys/clock.h"

/* ---------------------------------------------------------- trying again -- */

static const struct s3_fault TRANSIENT[] = {
    { .kind = S3_ANSWER, .status = 500 },
    { .kind = S3_ANSWER, .status = 502, .body = "<html>proxy</html>" },
    { .kind = S3_ANSWER,
      .status = 503,
      .body = "<Error><Code>SlowDown</Code></Error>" },
    { .kind = S3_ANSWER, .status = 504 },
    { .kind = S3_ANSWER, .status = 507 }, /* MinIO's, of a full disk */
    { .kind = S3_APPLY_ANSWER, .status = 520, .body = "error code: 520" },
    { .kind = S3_APPLY_ANSWER, .status = 524 }, /* Cloudflare's */
    { .kind = S3_ANSWER, .status = 429 },
    { .kind = S3_ANSWER, .status = 408 },
    { .kind = S3_ANSWER,
      .status = 400,
      .body = "<Error><Code>RequestTimeout</Code></Error>" },
    { .kind = S3_ANSWER,
      .status = 409,
      .body = "<Error><Code>ConditionalRequestConflict</Code></Error>" },
    { .kind = S3_DROP },
    { .kind = S3_APPLY_DROP },
};

static void test_store_s3_retry__repeats_what_may_be_repeated(void **state)
{
    static const enum ndb_store_op ops[] = { NDB_GET, NDB_LIST, NDB_PUT,
                                             NDB_DELETE };
    struct ndb_store_facts facts;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof TRANSIENT / sizeof *TRANSIENT; i++) {
        for (size_t j = 0; j < sizeof ops / sizeof *ops; j++) {
            struct ndb_request request = s3_request(ops[j], "log/1");
            struct s3_fault fault = TRANSIENT[i];

            s3_fixture_put(&fixture, "log/1", "one");
            fault.at = 1;
            s3_server_plan(fixture.server, &fault);
            request.body = ndb_slice_text("one");
            if (s3_fixture_run(&fixture, &request) != NAMIDB_OK)
                fail_msg("fault %zu, op %zu: %s", i, j, request.err.message);
            assert_int_equal(s3_server_seen(fixture.server), 2);
            assert_false(request.is_ambiguous);
            ndb_request_release(&request);
            /* A GET on a connection that was hung up is sent again below, and
             * what meets one that died meanwhile once more. */
            ndb_store_tell(fixture.store, &facts);
            if (fault.kind == S3_ANSWER)
                assert_true(facts.retried >= i * 4 + j + 1);
        }
    }
    s3_fixture_end(&fixture);
}

static void
test_store_s3_retry__a_create_is_sent_once_and_then_ambiguous(void **state)
{
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof TRANSIENT / sizeof *TRANSIENT; i++) {
        struct ndb_request put =
            s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "one");
        struct s3_fault fault = TRANSIENT[i];

        fault.at = 1;
        s3_server_plan(fixture.server, &fault);
        assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_EIO);
        assert_true(put.is_ambiguous);
        assert_true(put.err.retryable);
        assert_string_equal(put.err.object, "log/1");
        assert_int_equal(s3_server_seen(fixture.server), 1);
    }
    assert_true(s3_server_has(fixture.server, "some prefix+/prod/log/1"));
    s3_fixture_end(&fixture);
}

static void test_store_s3_retry__gives_up_after_ten_tries(void **state)
{
    struct ndb_request get = s3_request(NDB_GET, "log/1");
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                       .status = 503,
                                                       .at = 1,
                                                       .count = 1000 });
    get.deadline_ns = ndb_deadline_after(700);
    /* The deadline may come in the middle of a try. */
    (void)s3_fixture_run(&fixture, &get);
    assert_true(get.status == NAMIDB_EIO || get.status == NAMIDB_ETIMEOUT);
    assert_false(get.is_ambiguous);
    assert_true(s3_server_seen(fixture.server) >= 3);
    assert_true(s3_server_seen(fixture.server) <= 10);
    s3_fixture_end(&fixture);
}

static void
test_store_s3_retry__a_retry_after_behind_the_deadline_is_the_end(void **state)
{
    struct ndb_request get = s3_request(NDB_GET, "log/1");
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_server_plan(fixture.server,
                   &(struct s3_fault){ .kind = S3_ANSWER,
                                       .status = 503,
                                       .headers = "Retry-After: 15\r\n",
                                       .at = 1 });
    get.deadline_ns = ndb_deadline_after(5000);
    assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_EIO);
    assert_int_equal(s3_server_seen(fixture.server), 1);
    assert_true(ndb_clock_ns() < get.deadline_ns);

    /* Others keep quiet as well. */
    get = s3_request(NDB_GET, "log/2");
    get.deadline_ns = ndb_deadline_after(30);
    assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_ETIMEOUT);
    assert_int_equal(s3_server_seen(fixture.server), 1);
    s3_fixture_end(&fixture);
}

static void test_store_s3_retry__nothing_waits_past_its_deadline(void **state)
{
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (int op = 0; op < NDB_STORE_OP_COUNT; op++) {
        const char *key = "log/1";
        struct ndb_request request = s3_request((enum ndb_store_op)op, key);
        int64_t start_ns = ndb_clock_ns();

        s3_server_plan(fixture.server,
                       &(struct s3_fault){ .kind = S3_HANG, .at = 1 });
        request.keys = &key;
        request.key_count = 1;
        request.storage_class = "GLACIER_IR";
        request.deadline_ns = ndb_deadline_after(50);
        assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_ETIMEOUT);
        assert_int_equal(request.is_ambiguous, op != NDB_GET && op != NDB_LIST);
        assert_true(ndb_clock_ns() - start_ns < 3000 * NDB_NS_PER_MS);
    }
    s3_fixture_end(&fixture);
}

static void test_store_s3_retry__a_server_that_is_not_there_is_a_definite_error(
    void **state)
{
    struct ndb_request put = s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "one");
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_server_stop(fixture.server);
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_EIO);
    assert_false(put.is_ambiguous);
    assert_non_null(strstr(put.err.message, "127.0.0.1"));
    ndb_store_close(fixture.store);
}

/* ---------------------------------------------------------- signing anew -- */

static void
test_store_s3_retry__follows_the_clock_of_the_server_once(void **state)
{
    static const char skewed[] =
        "<Error><Code>RequestTimeTooSkewed</Code></Error>";
    struct ndb_request put = s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "one");
    struct s3_fixture fixture;
    char text[64];

    (void)state;
    s3_fixture_begin(&fixture);
    s3_server_plan(fixture.server,
                   &(struct s3_fault){
                       .kind = S3_ANSWER,
                       .status = 403,
                       .headers = "Date: Sat, 01 Jan 2050 10:00:30 GMT\r\n",
                       .body = skewed,
                       .at = 1 });
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture.server), 2);
    s3_server_header(fixture.server, "x-amz-date", text, sizeof text);
    assert_memory_equal(text, "20500101T", 9);

    s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                       .status = 403,
                                                       .body = skewed,
                                                       .at = 1,
                                                       .count = 9 });
    put = s3_put_request(NDB_PUT_IF_ABSENT, "log/2", "one");
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_EAUTH);
    assert_int_equal(s3_server_seen(fixture.server), 2);
    assert_false(put.is_ambiguous);
    assert_non_null(strstr(put.err.message, "clock"));
    s3_fixture_end(&fixture);
}

static void test_store_s3_retry__follows_the_bucket_to_its_region(void **state)
{
    static const struct s3_fault moved[] = {
        { .kind = S3_ANSWER,
          .status = 301,
          .at = 1,
          .headers = "x-amz-bucket-region: eu-north-1\r\n" },
        { .kind = S3_ANSWER,
          .status = 400,
          .at = 1,
          .body = "<Error><Code>AuthorizationHeaderMalformed</Code>"
                  "<Region>eu-north-1</Region></Error>" },
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ndb_request put =
            s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "one");
        struct s3_fixture fixture;
        char text[1024];

        s3_fixture_begin(&fixture);
        s3_server_plan(fixture.server, &moved[i]);
        assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
        s3_server_header(fixture.server, "Authorization", text, sizeof text);
        assert_non_null(strstr(text, "/eu-north-1/s3/aws4_request"));

        /* And remembers it. */
        put = s3_put_request(NDB_PUT_IF_ABSENT, "log/2", "one");
        assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
        assert_int_equal(s3_server_seen(fixture.server), 3);
        s3_fixture_end(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_s3_retry__repeats_what_may_be_repeated),
        cmocka_unit_test(
            test_store_s3_retry__a_create_is_sent_once_and_then_ambiguous),
        cmocka_unit_test(test_store_s3_retry__gives_up_after_ten_tries),
        cmocka_unit_test(
            test_store_s3_retry__a_retry_after_behind_the_deadline_is_the_end),
        cmocka_unit_test(test_store_s3_retry__nothing_waits_past_its_deadline),
        cmocka_unit_test(
            test_store_s3_retry__a_server_that_is_not_there_is_a_definite_error),
        cmocka_unit_test(
            test_store_s3_retry__follows_the_clock_of_the_server_once),
        cmocka_unit_test(test_store_s3_retry__follows_the_bucket_to_its_region),
    };

    return cmocka_run_group_tests_name("store_s3_retry", tests, aws_home_setup,
                                       aws_home_teardown);
}
