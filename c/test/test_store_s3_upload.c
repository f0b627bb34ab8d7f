/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs in parts, against a bucket in memory that misbehaves as it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws_home.h"
#include "base/mem.h"
#include "s3_server.h"
#include "store/store_s3.h"
#include "sys/clock.h"

enum { PART = 1000, PARTS = 11, BYTES = 10 * PART + 500, PAUSE_US = 1000 };

#define KEY "pack/a"
#define WHOLE_KEY "p/prod/pack/a"

struct fixture {
    struct s3_server *server;
    struct ndb_store *store;
    uint8_t body[BYTES];
};

static void begin_with(struct fixture *fixture, const char *params)
{
    const struct ndb_s3_split split = { 4 * PART, PART };
    namidb_error err;
    char uri[512];

    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    for (uint32_t i = 0; i < BYTES; i++)
        fixture->body[i] = (uint8_t)(i * 2654435761u >> 24);
    fixture->server = s3_server_start();
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?ns=prod&endpoint=http://127.0.0.1:%d%s",
                   s3_server_port(fixture->server), params);
    if (ndb_store_open(&fixture->store, uri, &err) < 0)
        fail_msg("%s", err.message);
    ndb_s3_store_split(fixture->store, &split);
}

static void begin(struct fixture *fixture)
{
    begin_with(fixture, "");
}

static void finish(struct fixture *fixture)
{
    ndb_store_close(fixture->store);
    s3_server_stop(fixture->server);
}

static struct ndb_request put_of(struct fixture *fixture, enum ndb_store_op op,
                                 size_t bytes)
{
    return (struct ndb_request){ .op = op,
                                 .key = KEY,
                                 .body = ndb_slice(fixture->body, bytes),
                                 .deadline_ns = ndb_deadline_after(20000) };
}

static int run(struct fixture *fixture, struct ndb_request *request)
{
    (void)ndb_store_run(fixture->store, request, 1, NULL);
    return request->status;
}

static void assert_object(struct fixture *fixture, size_t bytes)
{
    struct ndb_request get = { .op = NDB_GET,
                               .key = KEY,
                               .deadline_ns = ndb_deadline_after(20000) };

    assert_int_equal(run(fixture, &get), NAMIDB_OK);
    assert_true(ndb_slice_equal(ndb_buf_slice(&get.out),
                                ndb_slice(fixture->body, bytes)));
    ndb_request_release(&get);
}

/* An abort comes after the request is over. */
static void await_uploads(struct fixture *fixture, size_t count)
{
    int64_t deadline_ns = ndb_deadline_after(10000);

    while (s3_server_uploads(fixture->server) != count) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(PAUSE_US);
    }
}

static struct ndb_store_facts facts_of(struct fixture *fixture)
{
    struct ndb_store_facts facts;

    ndb_store_tell(fixture->store, &facts);
    return facts;
}

static unsigned requests_of(struct fixture *fixture, const char *method)
{
    struct ndb_request put = put_of(fixture, NDB_PUT, BYTES);

    s3_server_plan(fixture->server, &(struct s3_fault){ .method = method });
    assert_int_equal(run(fixture, &put), NAMIDB_OK);
    return s3_server_seen(fixture->server);
}

/* ---------------------------------------------------------------- tests -- */

static void test_upload__a_large_pack_goes_up_in_checked_parts(void **state)
{
    struct ndb_store_facts facts;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    assert_int_equal(requests_of(&fixture, NULL), PARTS + 2);
    assert_object(&fixture, BYTES);
    facts = facts_of(&fixture);
    assert_int_equal(facts.uploads, 1);
    assert_int_equal(1 + facts.upload_requests, PARTS + 2);
    assert_int_equal(requests_of(&fixture, "PUT"), PARTS);
    assert_int_equal(requests_of(&fixture, "POST"), 2);
    assert_int_equal(s3_server_uploads(fixture.server), 0);
    assert_int_equal(facts_of(&fixture).aborts_refused, 0);
    finish(&fixture);

    begin_with(&fixture, "&checksum=off");
    assert_int_equal(requests_of(&fixture, NULL), PARTS + 2);
    assert_object(&fixture, BYTES);
    finish(&fixture);
}

static void test_upload__small_packs_and_all_else_are_one_request(void **state)
{
    struct fixture fixture;
    struct ndb_request put;

    (void)state;
    begin(&fixture);
    s3_server_plan(fixture.server, &(struct s3_fault){ .at = 0 });
    put = put_of(&fixture, NDB_PUT_IF_ABSENT, 4 * PART);
    assert_int_equal(run(&fixture, &put), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture.server), 1);
    put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
    put.key = "log/a";
    assert_int_equal(run(&fixture, &put), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture.server), 2);
    assert_int_equal(facts_of(&fixture).uploads, 0);
    finish(&fixture);
}

static void test_upload__begins_with_the_class_and_encryption(void **state)
{
    struct fixture fixture;
    struct ndb_request put;
    char text[64];

    (void)state;
    begin_with(&fixture, "&storage_class=GLACIER_IR&sse=AES256");
    s3_server_plan(
        fixture.server,
        &(struct s3_fault){ .kind = S3_ANSWER, .at = 1, .status = 403 });
    put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
    assert_int_equal(run(&fixture, &put), NAMIDB_EAUTH);
    assert_non_null(strstr(put.err.message, "s3:PutObject"));
    s3_server_target(fixture.server, text, sizeof text);
    assert_string_equal(text, "/bucket/" WHOLE_KEY "?uploads=");
    s3_server_header(fixture.server, "x-amz-storage-class", text, sizeof text);
    assert_string_equal(text, "GLACIER_IR");
    s3_server_header(fixture.server, "x-amz-server-side-encryption", text,
                     sizeof text);
    assert_string_equal(text, "AES256");
    s3_server_header(fixture.server, "x-amz-checksum-algorithm", text,
                     sizeof text);
    assert_string_equal(text, "CRC32C");
    finish(&fixture);
}

/* One fault at every request of an upload. */
static void survive(const struct s3_fault *kind, enum ndb_store_op op)
{
    for (unsigned k = 1; k <= PARTS + 2; k++) {
        struct s3_fault fault = *kind;
        struct fixture fixture;
        struct ndb_request put;

        begin(&fixture);
        fault.at = k;
        s3_server_plan(fixture.server, &fault);
        put = put_of(&fixture, op, BYTES);
        if (run(&fixture, &put) != NAMIDB_OK)
            fail_msg("request %u: %s", k, put.err.message);
        assert_false(put.is_ambiguous);
        assert_object(&fixture, BYTES);
        /* Only one that was begun twice leaves an empty upload. */
        assert_true(s3_server_uploads(fixture.server) <= (k == 1));
        assert_int_equal(facts_of(&fixture).aborts_refused, 0);
        finish(&fixture);
    }
}

static void test_upload__survives_each_request_or_answer_lost(void **state)
{
    static const struct s3_fault kinds[] = {
        { .kind = S3_DROP },
        { .kind = S3_APPLY_DROP },
        { .kind = S3_ANSWER, .status = 503 },
        { .kind = S3_APPLY_ANSWER, .status = 500 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        survive(&kinds[i], NDB_PUT_IF_ABSENT);
        survive(&kinds[i], NDB_PUT);
    }
}

static void test_upload__a_200_with_an_error_is_an_error(void **state)
{
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        { "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>",
          NAMIDB_OK },
        { "", NAMIDB_OK },
        { "<CompleteMultipartUploadResult>", NAMIDB_OK },
        { "<Error><Code>AccessDenied</Code></Error>", NAMIDB_EAUTH },
        { "<Error><Code>PreconditionFailed</Code></Error>", NAMIDB_ECONFLICT },
        { "<Error><Code>EntityTooSmall</Code></Error>", NAMIDB_EIO },
    };
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request put;

        begin(&fixture);
        s3_server_plan(fixture.server,
                       &(struct s3_fault){ .kind = S3_ANSWER,
                                           .method = "POST",
                                           .status = 200,
                                           .body = cases[i].body,
                                           .at = 2 });
        put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
        if (run(&fixture, &put) != cases[i].status)
            fail_msg("case %zu: %d %s", i, put.status, put.err.message);
        assert_int_equal(s3_server_has(fixture.server, WHOLE_KEY),
                         cases[i].status == NAMIDB_OK);
        assert_false(put.is_ambiguous);
        await_uploads(&fixture, 0);
        finish(&fixture);
    }
}

static void test_upload__a_part_refused_aborts_it_all(void **state)
{
    static const struct s3_fault faults[] = {
        { .status = 403, .body = "<Error><Code>AccessDenied</Code></Error>" },
        { .status = 400, .body = "<Error><Code>BadDigest</Code></Error>" },
        { .status = 404, .body = "<Error><Code>NoSuchUpload</Code></Error>" },
        { .status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>" },
        { .status = 200 }, /* no ETag */
        { .status = 200, .headers = "ETag: a<b\r\n" },
    };
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct s3_fault fault = faults[i];
        struct ndb_request put;

        begin(&fixture);
        fault.kind = S3_ANSWER;
        fault.method = "PUT";
        fault.at = 3;
        s3_server_plan(fixture.server, &fault);
        put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
        assert_true(run(&fixture, &put) < 0);
        assert_int_not_equal(put.status, NAMIDB_ECONFLICT);
        assert_false(put.is_ambiguous);
        assert_string_equal(put.err.object, KEY);
        assert_false(s3_server_has(fixture.server, WHOLE_KEY));
        await_uploads(&fixture, 0);
        assert_int_equal(facts_of(&fixture).aborts_refused, 0);
        finish(&fixture);
    }
}

static void test_upload__a_refused_abort_is_counted(void **state)
{
    struct fixture fixture;
    struct ndb_request put;
    int64_t deadline_ns = ndb_deadline_after(10000);

    (void)state;
    begin(&fixture);
    s3_server_plan(
        fixture.server,
        &(struct s3_fault){ .kind = S3_ANSWER,
                            .at = 2,
                            .count = 1000,
                            .status = 403,
                            .body = "<Error><Code>AccessDenied</Code></Error>",
                            .method = NULL });
    put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
    assert_int_equal(run(&fixture, &put), NAMIDB_EAUTH);
    assert_non_null(strstr(put.err.message, "s3:PutObject"));
    while (facts_of(&fixture).aborts_refused == 0) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(PAUSE_US);
    }
    assert_int_equal(facts_of(&fixture).aborts_refused, 1);
    assert_int_equal(s3_server_uploads(fixture.server), 1);
    finish(&fixture);
}

static void test_upload__overwrites_nothing(void **state)
{
    struct fixture fixture;

    (void)state;
    /* Once at the first try, once after the first list's answer was lost. */
    for (int is_lost = 0; is_lost < 2; is_lost++) {
        struct ndb_request put;

        begin(&fixture);
        put = put_of(&fixture, NDB_PUT_IF_ABSENT, 1);
        assert_int_equal(run(&fixture, &put), NAMIDB_OK);
        if (is_lost)
            s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_DROP,
                                                               .method = "POST",
                                                               .at = 2 });
        put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
        assert_int_equal(run(&fixture, &put), NAMIDB_ECONFLICT);
        assert_false(put.is_ambiguous);
        assert_object(&fixture, 1);
        await_uploads(&fixture, 0);
        finish(&fixture);
    }
}

static void test_upload__that_somebody_aborted_is_a_definite_error(void **state)
{
    struct fixture fixture;
    struct ndb_request put;

    (void)state;
    begin(&fixture);
    s3_server_plan(fixture.server,
                   &(struct s3_fault){
                       .kind = S3_ANSWER,
                       .method = "POST",
                       .at = 2,
                       .status = 404,
                       .body = "<Error><Code>NoSuchUpload</Code></Error>" });
    put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
    assert_int_equal(run(&fixture, &put), NAMIDB_EIO);
    assert_true(put.err.retryable);
    assert_false(put.is_ambiguous);
    finish(&fixture);
}

static void test_upload__ends_by_its_deadline(void **state)
{
    static const unsigned requests[] = { 1, 2, 7, PARTS + 1, PARTS + 2 };

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct fixture fixture;
        struct ndb_request put;
        bool is_listed;

        begin(&fixture);
        s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_HANG,
                                                           .at = requests[i] });
        put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
        put.deadline_ns = ndb_deadline_after(600);
        (void)run(&fixture, &put);
        assert_true(ndb_clock_ns() < put.deadline_ns + 5000 * NDB_NS_PER_MS);
        /* When the list was applied, there may be time left to find out. */
        is_listed = s3_server_has(fixture.server, WHOLE_KEY);
        if (!is_listed || put.status != NAMIDB_OK) {
            assert_int_equal(put.status, NAMIDB_ETIMEOUT);
            assert_int_equal(put.is_ambiguous, is_listed);
        }
        await_uploads(&fixture, requests[i] == 1);
        finish(&fixture);
    }
}

static void note_done(struct ndb_request *request)
{
    atomic_store((atomic_bool *)request->context, true);
}

/* Sends it, and calls it off when the server has seen so many requests. */
static void cancel_at(struct fixture *fixture, struct ndb_request *put,
                      unsigned seen)
{
    int64_t deadline_ns = ndb_deadline_after(10000);
    atomic_bool is_canceled = false;
    atomic_bool is_done = false;

    put->is_canceled = &is_canceled;
    put->done = note_done;
    put->context = &is_done;
    ndb_store_submit(fixture->store, put, 1);
    while (s3_server_seen(fixture->server) < seen) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(PAUSE_US);
    }
    assert_false(atomic_load(&is_done));
    atomic_store(&is_canceled, true);
    ndb_store_wake(fixture->store);
    while (!atomic_load(&is_done)) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(PAUSE_US);
    }
}

static void test_upload__ends_when_it_is_canceled(void **state)
{
    static const unsigned requests[] = { 1, 2, 7, PARTS + 1, PARTS + 2 };

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        bool is_listed = requests[i] == PARTS + 2;
        struct fixture fixture;
        struct ndb_request put;

        begin(&fixture);
        s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_HANG,
                                                           .at = requests[i] });
        put = put_of(&fixture, NDB_PUT_IF_ABSENT, BYTES);
        cancel_at(&fixture, &put, requests[i]);
        assert_int_equal(put.status, NAMIDB_ECANCELED);
        assert_int_equal(put.is_ambiguous, is_listed);
        await_uploads(&fixture, requests[i] == 1);
        finish(&fixture);
    }
}

/* Otherwise it would be sent again after the pause, and succeed. */
static void test_upload__a_pause_ends_when_it_is_canceled(void **state)
{
    struct fixture fixture;
    struct ndb_request put;

    (void)state;
    begin(&fixture);
    s3_server_plan(fixture.server,
                   &(struct s3_fault){ .kind = S3_ANSWER,
                                       .at = 1,
                                       .status = 503,
                                       .headers = "Retry-After: 5\r\n" });
    put = put_of(&fixture, NDB_PUT, PART);
    cancel_at(&fixture, &put, 1);
    assert_int_equal(put.status, NAMIDB_ECANCELED);
    assert_true(put.is_ambiguous);
    assert_int_equal(s3_server_seen(fixture.server), 1);
    finish(&fixture);
}

static void test_upload__runs_out_of_memory_cleanly(void **state)
{
    struct fixture fixture;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    begin(&fixture);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        struct ndb_request put = put_of(&fixture, NDB_PUT, BYTES);

        ndb_mem_fail_from(k);
        rc = run(&fixture, &put);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM || rc == NAMIDB_EIO);
        ndb_request_release(&put);
        assert_true(k < 3000);
    }
    assert_object(&fixture, BYTES);
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload__a_large_pack_goes_up_in_checked_parts),
        cmocka_unit_test(test_upload__small_packs_and_all_else_are_one_request),
        cmocka_unit_test(test_upload__begins_with_the_class_and_encryption),
        cmocka_unit_test(test_upload__survives_each_request_or_answer_lost),
        cmocka_unit_test(test_upload__a_200_with_an_error_is_an_error),
        cmocka_unit_test(test_upload__a_part_refused_aborts_it_all),
        cmocka_unit_test(test_upload__a_refused_abort_is_counted),
        cmocka_unit_test(test_upload__overwrites_nothing),
        cmocka_unit_test(
            test_upload__that_somebody_aborted_is_a_definite_error),
        cmocka_unit_test(test_upload__ends_by_its_deadline),
        cmocka_unit_test(test_upload__ends_when_it_is_canceled),
        cmocka_unit_test(test_upload__a_pause_ends_when_it_is_canceled),
        cmocka_unit_test(test_upload__runs_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests_name("store_s3_upload", tests, aws_home_setup,
                                       aws_home_teardown);
}
