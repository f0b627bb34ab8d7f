/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The S3 store against a bucket in memory that misbehaves as it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "aws_home.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/sigv4.h"
#include "s3_server.h"
#include "store/store.h"
#include "sys/clock.h"

#define SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"

struct fixture {
    struct s3_server *server;
    struct ndb_store *store;
    namidb_error err;
};

static void begin_with(struct fixture *fixture, const char *params)
{
    char uri[512];

    aws_home_clear();
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
    fixture->server = s3_server_start();
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/some%%20prefix+?ns=prod&endpoint="
                   "http://127.0.0.1:%d%s",
                   s3_server_port(fixture->server), params);
    if (ndb_store_open(&fixture->store, uri, &fixture->err) < 0)
        fail_msg("%s", fixture->err.message);
}

static void begin(struct fixture *fixture)
{
    begin_with(fixture, "&region=us-east-1");
}

static void finish(struct fixture *fixture)
{
    ndb_store_close(fixture->store);
    s3_server_stop(fixture->server);
}

static struct ndb_request request_of(enum ndb_store_op op, const char *key)
{
    return (struct ndb_request){ .op = op,
                                 .key = key,
                                 .deadline_ns = ndb_deadline_after(20000) };
}

static struct ndb_request put_of(enum ndb_store_op op, const char *key,
                                 const char *body)
{
    struct ndb_request put = request_of(op, key);

    put.body = ndb_slice_text(body);
    return put;
}

/* Runs one request; its status. */
static int run(struct fixture *fixture, struct ndb_request *request)
{
    (void)ndb_store_run(fixture->store, request, 1, NULL);
    return request->status;
}

static void must_put(struct fixture *fixture, const char *key, const char *body)
{
    struct ndb_request put = put_of(NDB_PUT, key, body);

    assert_int_equal(run(fixture, &put), NAMIDB_OK);
}

static void assert_body(const struct ndb_request *get, const char *body)
{
    assert_true(
        ndb_slice_equal(ndb_buf_slice(&get->out), ndb_slice_text(body)));
}

/* ------------------------------------------------------------ what it does */

static void test_store_s3__signs_paths_and_prefixes_encoded_once(void **state)
{
    struct ndb_request put;
    struct fixture fixture;
    char text[1024];

    (void)state;
    begin(&fixture);
    put = put_of(NDB_PUT_IF_ABSENT, "log/a b~%2F", "one");
    assert_int_equal(run(&fixture, &put), NAMIDB_OK);
    s3_server_target(fixture.server, text, sizeof text);
    assert_string_equal(text, "/bucket/some%20prefix%2B/prod/log/a%20b~%252F");
    assert_true(s3_server_has(fixture.server, "some prefix+/prod/log/a b~%2F"));
    s3_server_header(fixture.server, "Authorization", text, sizeof text);
    assert_non_null(strstr(text, "Credential=AKIDEXAMPLE/"));
    assert_non_null(strstr(text, "/us-east-1/s3/aws4_request"));
    assert_non_null(strstr(text, "SignedHeaders=host;if-none-match;"
                                 "x-amz-content-sha256;x-amz-date"));
    s3_server_header(fixture.server, "x-amz-content-sha256", text, sizeof text);
    assert_string_equal(text, "7692c3ad3540bb803c020b3aee66cd88"
                              "87123234ea0c6e7143c0add73ff431ed");
    assert_true(put.date_ms / 60000 <= ndb_clock_wall_ms() / 60000);
    assert_true(put.date_ms > ndb_clock_wall_ms() - 60000);
    finish(&fixture);
}

/* The signature of the last request, a GET of `path`, is what its headers and
 * the keys make without a signing key that was kept. */
static void assert_signed(struct fixture *fixture, const char *path,
                          const char *region)
{
    char texts[4][512];
    static const char *const names[] = { "Host", "x-amz-content-sha256",
                                         "x-amz-date", "Authorization" };
    struct ndb_sigv4_pair headers[3];
    struct ndb_sigv4_request request = { .method = "GET",
                                         .path = path,
                                         .headers = headers,
                                         .header_count = 3,
                                         .payload_hash = texts[1] };
    struct ndb_sigv4_scope scope = { .access_key = "AKIDEXAMPLE",
                                     .secret_key = SECRET,
                                     .region = region,
                                     .service = "s3" };
    struct ndb_buf expected = NDB_BUF_INIT(4096);

    for (size_t i = 0; i < 4; i++)
        s3_server_header(fixture->server, names[i], texts[i], sizeof texts[i]);
    for (size_t i = 0; i < 3; i++)
        headers[i] = (struct ndb_sigv4_pair){ names[i], texts[i] };
    memcpy(scope.time, texts[2], sizeof scope.time);
    assert_int_equal(ndb_sigv4_authorization(&expected, &scope, &request),
                     NAMIDB_OK);
    assert_string_equal(texts[3], (const char *)expected.data);
    ndb_buf_release(&expected);
}

static void test_store_s3__signs_for_the_day_and_the_region(void **state)
{
    const char *path = "/bucket/some prefix+/prod/log/1";
    struct ndb_request get;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 2; i++) {
            get = request_of(NDB_GET, "log/1");
            assert_int_equal(run(&fixture, &get), NAMIDB_NONE);
            assert_signed(&fixture, path, "us-east-1");
        }
        ndb_clock_advance(INT64_C(24 * 3600) * 1000 * NDB_NS_PER_MS);
    }
    s3_server_plan(fixture.server,
                   &(struct s3_fault){ .kind = S3_ANSWER,
                                       .status = 301,
                                       .headers = "x-amz-bucket-region: "
                                                  "eu-north-1\r\n",
                                       .at = 1 });
    for (int i = 0; i < 2; i++) {
        get = request_of(NDB_GET, "log/1");
        assert_int_equal(run(&fixture, &get), NAMIDB_NONE);
        assert_signed(&fixture, path, "eu-north-1");
    }
    finish(&fixture);
}

static void test_store_s3__a_second_create_is_a_conflict(void **state)
{
    struct ndb_request put;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    put = put_of(NDB_PUT_IF_ABSENT, "log/1", "one");
    assert_int_equal(run(&fixture, &put), NAMIDB_OK);
    put = put_of(NDB_PUT_IF_ABSENT, "log/1", "two");
    assert_int_equal(run(&fixture, &put), NAMIDB_ECONFLICT);
    assert_false(put.is_ambiguous);
    assert_true(put.date_ms != 0);
    put = put_of(NDB_PUT, "log/1", "three");
    assert_int_equal(run(&fixture, &put), NAMIDB_OK);
    finish(&fixture);
}

static void test_store_s3__gets_the_range_that_was_asked_for(void **state)
{
    static const struct {
        uint64_t offset, length;
        const char *body; /* NULL: invalid */
    } cases[] = {
        { 0, 0, "0123456789" }, { 2, 3, "234" },  { 7, 0, "789" },
        { 8, 99, "89" },        { 0, 4, "0123" }, { 10, 0, "" },
        { 10, 1, NULL },        { 11, 0, NULL },
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    must_put(&fixture, "pack/a", "0123456789");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request get = request_of(NDB_GET, "pack/a");

        get.offset = cases[i].offset;
        get.length = cases[i].length;
        if (cases[i].body == NULL) {
            assert_int_equal(run(&fixture, &get), NAMIDB_EINVAL);
        } else {
            assert_int_equal(run(&fixture, &get), NAMIDB_OK);
            assert_body(&get, cases[i].body);
            assert_int_equal(get.object_bytes, 10);
        }
        ndb_request_release(&get);
    }
    finish(&fixture);
}

static void test_store_s3__an_absent_object_is_none_and_deletable(void **state)
{
    struct ndb_request request;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    request = request_of(NDB_GET, "log/9");
    assert_int_equal(run(&fixture, &request), NAMIDB_NONE);
    request = request_of(NDB_DELETE, "log/9");
    assert_int_equal(run(&fixture, &request), NAMIDB_OK);
    finish(&fixture);
}

static void test_store_s3__an_object_above_the_bound_is_limit(void **state)
{
    struct fixture fixture;
    char *body = ndb_calloc(1, 200001);

    (void)state;
    begin(&fixture);
    memset(body, 'x', 200000);
    must_put(&fixture, "pack/a", "0123456789");
    must_put(&fixture, "pack/b", body);
    for (int i = 0; i < 2; i++) {
        struct ndb_request get =
            request_of(NDB_GET, i == 0 ? "pack/a" : "pack/b");

        get.length_max = 9;
        assert_int_equal(run(&fixture, &get), NAMIDB_ELIMIT);
        assert_string_equal(get.err.message,
                            i == 0 ? "pack/a: 10 bytes, more than 9"
                                   : "pack/b: 200000 bytes, more than 9");
        ndb_request_release(&get);
    }
    ndb_free(body);
    finish(&fixture);
}

static void
test_store_s3__lists_a_page_of_keys_relative_to_the_namespace(void **state)
{
    struct ndb_request list;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    must_put(&fixture, "log/2 +&<", "22");
    must_put(&fixture, "log/1", "1");
    must_put(&fixture, "log/3", "333");
    must_put(&fixture, "pack/a", "a");
    list = request_of(NDB_LIST, "log/");
    list.limit = 2;
    assert_int_equal(run(&fixture, &list), NAMIDB_OK);
    assert_int_equal(list.listing.count, 2);
    assert_string_equal(list.listing.items[0].key, "log/1");
    assert_string_equal(list.listing.items[1].key, "log/2 +&<");
    assert_true(list.listing.items[1].bytes == 2);
    assert_true(list.listing.items[1].modified_ms == INT64_C(1795514400000));
    assert_true(list.listing.is_truncated);
    ndb_request_release(&list);

    list = request_of(NDB_LIST, "");
    list.after = "log/2 +&<";
    assert_int_equal(run(&fixture, &list), NAMIDB_OK);
    assert_int_equal(list.listing.count, 2);
    assert_string_equal(list.listing.items[0].key, "log/3");
    assert_string_equal(list.listing.items[1].key, "pack/a");
    assert_false(list.listing.is_truncated);
    ndb_request_release(&list);
    finish(&fixture);
}

static void test_store_s3__deletes_many_one_by_one(void **state)
{
    enum { COUNT = 50 };
    static char names[COUNT][16];
    const char *keys[COUNT];
    struct ndb_request request;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "log/%zu", i);
        keys[i] = names[i];
        must_put(&fixture, keys[i], "x");
    }
    s3_server_plan(fixture.server, &(struct s3_fault){ .method = "DELETE" });
    request = (struct ndb_request){ .op = NDB_DELETE_MANY,
                                    .keys = keys,
                                    .key_count = COUNT,
                                    .deadline_ns = ndb_deadline_after(20000) };
    assert_int_equal(run(&fixture, &request), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture.server), COUNT);
    assert_true(s3_server_connections(fixture.server) <= 17);
    for (size_t i = 0; i < COUNT; i++)
        assert_false(s3_server_has(fixture.server, keys[i]));

    request.key_count = 0;
    assert_int_equal(run(&fixture, &request), NAMIDB_OK);
    finish(&fixture);
}

static void test_store_s3__many_deletes_stop_at_a_refusal(void **state)
{
    enum { COUNT = 200 };
    static char names[COUNT][16];
    const char *keys[COUNT];
    struct ndb_request request;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "log/%zu", i);
        keys[i] = names[i];
    }
    s3_server_plan(
        fixture.server,
        &(struct s3_fault){ .kind = S3_ANSWER,
                            .at = 5,
                            .count = 1000,
                            .status = 403,
                            .body = "<Error><Code>AccessDenied</Code></Error>",
                            .method = "DELETE" });
    request = (struct ndb_request){ .op = NDB_DELETE_MANY,
                                    .keys = keys,
                                    .key_count = COUNT,
                                    .deadline_ns = ndb_deadline_after(20000) };
    assert_int_equal(run(&fixture, &request), NAMIDB_EAUTH);
    assert_non_null(strstr(request.err.message, "s3:DeleteObject"));
    assert_true(request.is_ambiguous);
    assert_true(s3_server_seen(fixture.server) <= 4 + 16);
    finish(&fixture);
}

/* ---------------------------------------------------------- trying again -- */

static const struct s3_fault TRANSIENT[] = {
    { .kind = S3_ANSWER, .status = 500 },
    { .kind = S3_ANSWER, .status = 502, .body = "<html>proxy</html>" },
    { .kind = S3_ANSWER,
      .status = 503,
      .body = "<Error><Code>SlowDown</Code></Error>" },
    { .kind = S3_ANSWER, .status = 504 },
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

static void test_store_s3__repeats_what_may_be_repeated(void **state)
{
    static const enum ndb_store_op ops[] = { NDB_GET, NDB_LIST, NDB_PUT,
                                             NDB_DELETE };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < sizeof TRANSIENT / sizeof *TRANSIENT; i++) {
        for (size_t j = 0; j < sizeof ops / sizeof *ops; j++) {
            struct ndb_request request = request_of(ops[j], "log/1");
            struct s3_fault fault = TRANSIENT[i];

            must_put(&fixture, "log/1", "one");
            fault.at = 1;
            s3_server_plan(fixture.server, &fault);
            request.body = ndb_slice_text("one");
            if (run(&fixture, &request) != NAMIDB_OK)
                fail_msg("fault %zu, op %zu: %s", i, j, request.err.message);
            assert_int_equal(s3_server_seen(fixture.server), 2);
            assert_false(request.is_ambiguous);
            ndb_request_release(&request);
        }
    }
    finish(&fixture);
}

static void
test_store_s3__a_create_is_sent_once_and_then_ambiguous(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < sizeof TRANSIENT / sizeof *TRANSIENT; i++) {
        struct ndb_request put = put_of(NDB_PUT_IF_ABSENT, "log/1", "one");
        struct s3_fault fault = TRANSIENT[i];

        fault.at = 1;
        s3_server_plan(fixture.server, &fault);
        assert_int_equal(run(&fixture, &put), NAMIDB_EIO);
        assert_true(put.is_ambiguous);
        assert_true(put.err.retryable);
        assert_string_equal(put.err.object, "log/1");
        assert_int_equal(s3_server_seen(fixture.server), 1);
    }
    assert_true(s3_server_has(fixture.server, "some prefix+/prod/log/1"));
    finish(&fixture);
}

static void test_store_s3__gives_up_after_ten_tries(void **state)
{
    struct ndb_request get = request_of(NDB_GET, "log/1");
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                       .status = 503,
                                                       .at = 1,
                                                       .count = 1000 });
    get.deadline_ns = ndb_deadline_after(700);
    /* The deadline may come in the middle of a try. */
    (void)run(&fixture, &get);
    assert_true(get.status == NAMIDB_EIO || get.status == NAMIDB_ETIMEOUT);
    assert_false(get.is_ambiguous);
    assert_true(s3_server_seen(fixture.server) >= 3);
    assert_true(s3_server_seen(fixture.server) <= 10);
    finish(&fixture);
}

static void
test_store_s3__a_retry_after_behind_the_deadline_is_the_end(void **state)
{
    struct ndb_request get = request_of(NDB_GET, "log/1");
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    s3_server_plan(fixture.server,
                   &(struct s3_fault){ .kind = S3_ANSWER,
                                       .status = 503,
                                       .headers = "Retry-After: 15\r\n",
                                       .at = 1 });
    get.deadline_ns = ndb_deadline_after(5000);
    assert_int_equal(run(&fixture, &get), NAMIDB_EIO);
    assert_int_equal(s3_server_seen(fixture.server), 1);
    assert_true(ndb_clock_ns() < get.deadline_ns);

    /* Others keep quiet as well. */
    get = request_of(NDB_GET, "log/2");
    get.deadline_ns = ndb_deadline_after(30);
    assert_int_equal(run(&fixture, &get), NAMIDB_ETIMEOUT);
    assert_int_equal(s3_server_seen(fixture.server), 1);
    finish(&fixture);
}

static void test_store_s3__nothing_waits_past_its_deadline(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (int op = 0; op < NDB_STORE_OP_COUNT; op++) {
        const char *key = "log/1";
        struct ndb_request request = request_of((enum ndb_store_op)op, key);
        int64_t start_ns = ndb_clock_ns();

        s3_server_plan(fixture.server,
                       &(struct s3_fault){ .kind = S3_HANG, .at = 1 });
        request.keys = &key;
        request.key_count = 1;
        request.storage_class = "GLACIER_IR";
        request.deadline_ns = ndb_deadline_after(50);
        assert_int_equal(run(&fixture, &request), NAMIDB_ETIMEOUT);
        assert_int_equal(request.is_ambiguous, op != NDB_GET && op != NDB_LIST);
        assert_true(ndb_clock_ns() - start_ns < 3000 * NDB_NS_PER_MS);
    }
    finish(&fixture);
}

static void
test_store_s3__a_server_that_is_not_there_is_a_definite_error(void **state)
{
    struct ndb_request put = put_of(NDB_PUT_IF_ABSENT, "log/1", "one");
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    s3_server_stop(fixture.server);
    assert_int_equal(run(&fixture, &put), NAMIDB_EIO);
    assert_false(put.is_ambiguous);
    assert_non_null(strstr(put.err.message, "127.0.0.1"));
    ndb_store_close(fixture.store);
}

/* ---------------------------------------------------------- signing anew -- */

static void test_store_s3__follows_the_clock_of_the_server_once(void **state)
{
    static const char skewed[] =
        "<Error><Code>RequestTimeTooSkewed</Code></Error>";
    struct ndb_request put = put_of(NDB_PUT_IF_ABSENT, "log/1", "one");
    struct fixture fixture;
    char text[64];

    (void)state;
    begin(&fixture);
    s3_server_plan(fixture.server,
                   &(struct s3_fault){
                       .kind = S3_ANSWER,
                       .status = 403,
                       .headers = "Date: Sat, 01 Jan 2050 10:00:30 GMT\r\n",
                       .body = skewed,
                       .at = 1 });
    assert_int_equal(run(&fixture, &put), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture.server), 2);
    s3_server_header(fixture.server, "x-amz-date", text, sizeof text);
    assert_memory_equal(text, "20500101T", 9);

    s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                       .status = 403,
                                                       .body = skewed,
                                                       .at = 1,
                                                       .count = 9 });
    put = put_of(NDB_PUT_IF_ABSENT, "log/2", "one");
    assert_int_equal(run(&fixture, &put), NAMIDB_EAUTH);
    assert_int_equal(s3_server_seen(fixture.server), 2);
    assert_false(put.is_ambiguous);
    assert_non_null(strstr(put.err.message, "clock"));
    finish(&fixture);
}

static void test_store_s3__follows_the_bucket_to_its_region(void **state)
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
        struct ndb_request put = put_of(NDB_PUT_IF_ABSENT, "log/1", "one");
        struct fixture fixture;
        char text[1024];

        begin(&fixture);
        s3_server_plan(fixture.server, &moved[i]);
        assert_int_equal(run(&fixture, &put), NAMIDB_OK);
        s3_server_header(fixture.server, "Authorization", text, sizeof text);
        assert_non_null(strstr(text, "/eu-north-1/s3/aws4_request"));

        /* And remembers it. */
        put = put_of(NDB_PUT_IF_ABSENT, "log/2", "one");
        assert_int_equal(run(&fixture, &put), NAMIDB_OK);
        assert_int_equal(s3_server_seen(fixture.server), 3);
        finish(&fixture);
    }
}

/* ------------------------------------------------------ what answers mean --
 */

static void test_store_s3__says_what_an_answer_means(void **state)
{
    static const struct {
        int http;
        const char *body;
        int status;
        const char *text; /* in the message */
    } cases[] = {
        { 404, "<Error><Code>NoSuchBucket</Code></Error>", NAMIDB_ENOTFOUND,
          "s3 bucket 'bucket' does not exist" },
        { 404, "<html>", NAMIDB_EIO, "is this an S3 endpoint?" },
        { 404, "", NAMIDB_EIO, "is this an S3 endpoint?" },
        { 403, "<Error><Code>AccessDenied</Code></Error>", NAMIDB_EAUTH,
          "s3:GetObject" },
        { 403, "", NAMIDB_EAUTH, "403 access denied" },
        { 403,
          "<Error><Code>AllAccessDisabled</Code><Message>gone</Message>"
          "</Error>",
          NAMIDB_EAUTH, "403 AllAccessDisabled: gone" },
        { 403, "<Error><Code>SignatureDoesNotMatch</Code></Error>",
          NAMIDB_EAUTH, "the secret key is wrong" },
        { 403, "<Error><Code>InvalidAccessKeyId</Code></Error>", NAMIDB_EAUTH,
          "the access key is not known" },
        { 403, "<Error><Code>InvalidObjectState</Code></Error>",
          NAMIDB_EUNSUPPORTED, "restore it" },
        { 400, "<Error><Code>ExpiredToken</Code></Error>", NAMIDB_EAUTH,
          "expired" },
        { 400,
          "<Error><Code>InvalidRequest</Code><Message>bad thing</Message>"
          "</Error>",
          NAMIDB_EINVAL, "400 InvalidRequest: bad thing" },
        { 501, "<Error><Code>NotImplemented</Code></Error>",
          NAMIDB_EUNSUPPORTED, "501 NotImplemented" },
        { 301, "<Error><Code>PermanentRedirect</Code></Error>", NAMIDB_EIO,
          "301 PermanentRedirect" },
        { 304, "", NAMIDB_EIO, "304" },
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request get = request_of(NDB_GET, "log/1");

        s3_server_plan(fixture.server,
                       &(struct s3_fault){ .kind = S3_ANSWER,
                                           .status = cases[i].http,
                                           .body = cases[i].body,
                                           .at = 1,
                                           .count = 99 });
        if (run(&fixture, &get) != cases[i].status ||
            strstr(get.err.message, cases[i].text) == NULL)
            fail_msg("case %zu: %d, %s", i, get.status, get.err.message);
        assert_null(strstr(get.err.message, SECRET));
        assert_true(s3_server_seen(fixture.server) <= 2);
        ndb_request_release(&get);
    }
    finish(&fixture);
}

static void test_store_s3__names_the_permission_that_is_missing(void **state)
{
    static const struct {
        enum ndb_store_op op;
        const char *action;
    } cases[] = {
        { NDB_GET, "s3:GetObject" },
        { NDB_PUT, "s3:PutObject" },
        { NDB_PUT_IF_ABSENT, "s3:PutObject" },
        { NDB_DELETE, "s3:DeleteObject" },
        { NDB_LIST, "s3:ListBucket" },
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    s3_server_plan(
        fixture.server,
        &(struct s3_fault){ .kind = S3_ANSWER,
                            .status = 403,
                            .body = "<Error><Code>AccessDenied</Code></Error>",
                            .at = 1,
                            .count = 99 });
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request request = request_of(cases[i].op, "log/1");

        assert_int_equal(run(&fixture, &request), NAMIDB_EAUTH);
        assert_non_null(strstr(request.err.message, cases[i].action));
        assert_false(request.is_ambiguous);
    }
    finish(&fixture);
}

static void test_store_s3__believes_no_range_but_the_one_asked_for(void **state)
{
    static const struct s3_fault wrong[] = {
        { .status = 200, .body = "234" },
        { .status = 206, .body = "234" },
        { .status = 206,
          .body = "234",
          .headers = "Content-Range: bytes 3-5/10\r\n" },
        { .status = 206,
          .body = "2345",
          .headers = "Content-Range: bytes 2-4/10\r\n" },
        { .status = 206,
          .body = "23",
          .headers = "Content-Range: bytes 2-3/10\r\n" },
        { .status = 206,
          .body = "234",
          .headers = "Content-Range: bytes 2-4/*\r\n" },
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ndb_request get = request_of(NDB_GET, "pack/a");
        struct s3_fault fault = wrong[i];

        fault.kind = S3_ANSWER;
        fault.at = 1;
        s3_server_plan(fixture.server, &fault);
        get.offset = 2;
        get.length = 3;
        if (run(&fixture, &get) != NAMIDB_EIO || get.out.bytes != 0)
            fail_msg("case %zu was believed", i);
        ndb_request_release(&get);
    }
    finish(&fixture);
}

static void
test_store_s3__believes_no_listing_that_is_out_of_order(void **state)
{
#define CONTENTS(key)                                                          \
    "<Contents><Key>some prefix+/prod/" key "</Key></Contents>"
    static const char *const bodies[] = {
        "<ListBucketResult>" CONTENTS("log/b")
            CONTENTS("log/a") "</ListBucketResult>",
        "<ListBucketResult>" CONTENTS("log/b")
            CONTENTS("log/b") "</ListBucketResult>",
        "<ListBucketResult>" CONTENTS("pack/b") "</ListBucketResult>",
        "<ListBucketResult>" CONTENTS("log/") "</ListBucketResult>",
        "<html></html>",
        "",
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct ndb_request list = request_of(NDB_LIST, "log/");

        s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                           .status = 200,
                                                           .body = bodies[i],
                                                           .at = 1 });
        list.after = "log/1";
        if (run(&fixture, &list) != NAMIDB_EIO || list.listing.count != 0)
            fail_msg("case %zu was believed", i);
        ndb_request_release(&list);
    }
    finish(&fixture);
}

/* --------------------------------------------------------------- options -- */

static void test_store_s3__sends_what_the_uri_asks_for(void **state)
{
    struct fixture fixture;
    char text[128];

    (void)state;
    begin_with(&fixture, "&storage_class=STANDARD_IA&sse=aws:kms"
                         "&sse_kms_key_id=arn:aws:kms:x:1:key/2"
                         "&expected_bucket_owner=123456789012"
                         "&request_payer=requester");
    must_put(&fixture, "pack/a", "a");
    s3_server_header(fixture.server, "x-amz-storage-class", text, sizeof text);
    assert_string_equal(text, "STANDARD_IA");
    s3_server_header(fixture.server,
                     "x-amz-server-side-encryption-aws-kms-key-id", text,
                     sizeof text);
    assert_string_equal(text, "arn:aws:kms:x:1:key/2");
    must_put(&fixture, "log/a", "a");
    s3_server_header(fixture.server, "x-amz-storage-class", text, sizeof text);
    assert_string_equal(text, "");
    s3_server_header(fixture.server, "x-amz-server-side-encryption", text,
                     sizeof text);
    assert_string_equal(text, "aws:kms");
    s3_server_header(fixture.server, "x-amz-expected-bucket-owner", text,
                     sizeof text);
    assert_string_equal(text, "123456789012");
    s3_server_header(fixture.server, "x-amz-request-payer", text, sizeof text);
    assert_string_equal(text, "requester");
    finish(&fixture);
}

static void test_store_s3__signs_nothing_when_told_so(void **state)
{
    struct fixture fixture;
    char text[128];

    (void)state;
    begin_with(&fixture, "&unsigned=true");
    must_put(&fixture, "log/a", "a");
    s3_server_header(fixture.server, "Authorization", text, sizeof text);
    assert_string_equal(text, "");
    s3_server_header(fixture.server, "x-amz-date", text, sizeof text);
    assert_string_equal(text, "");
    finish(&fixture);
}

static void test_store_s3__sends_a_session_token_signed(void **state)
{
    struct fixture fixture;
    struct ndb_store *store;
    char uri[128];
    char text[1024];

    (void)state;
    begin(&fixture);
    (void)setenv("AWS_SESSION_TOKEN", "the/token==", 1);
    (void)snprintf(uri, sizeof uri, "s3://bucket?endpoint=http://127.0.0.1:%d",
                   s3_server_port(fixture.server));
    assert_int_equal(ndb_store_open(&store, uri, NULL), NAMIDB_OK);
    (void)unsetenv("AWS_SESSION_TOKEN");
    ndb_store_close(fixture.store);
    fixture.store = store;
    must_put(&fixture, "log/a", "a");
    s3_server_header(fixture.server, "x-amz-security-token", text, sizeof text);
    assert_string_equal(text, "the/token==");
    s3_server_header(fixture.server, "Authorization", text, sizeof text);
    assert_non_null(strstr(text, ";x-amz-security-token"));
    finish(&fixture);
}

static void test_store_s3__says_where_it_is_and_no_secret(void **state)
{
    struct fixture fixture;
    const char *name;

    (void)state;
    begin(&fixture);
    name = fixture.store->name;
    assert_non_null(strstr(name, "s3://bucket/some prefix+/prod/ (127.0.0.1:"));
    assert_non_null(
        strstr(name, ", us-east-1, credentials from the environment)"));
    assert_null(strstr(name, SECRET));
    assert_null(strstr(name, "AKIDEXAMPLE"));
    finish(&fixture);
}

static void test_store_s3__tells_its_place_and_no_secret(void **state)
{
    struct ndb_request get = request_of(NDB_GET, "log/1");
    struct ndb_store_facts facts;
    struct fixture fixture;
    char endpoint[64];

    (void)state;
    begin(&fixture);
    ndb_store_tell(fixture.store, &facts);
    (void)snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d",
                   s3_server_port(fixture.server));
    assert_string_equal(facts.place.kind, "s3");
    assert_string_equal(facts.place.endpoint, endpoint);
    assert_string_equal(facts.place.bucket, "bucket");
    assert_string_equal(facts.place.region, "us-east-1");
    assert_string_equal(facts.place.credentials, "the environment");
    assert_int_equal(facts.place.warning_count, 0);

    /* The region is the one that the server told. */
    s3_server_plan(
        fixture.server,
        &(struct s3_fault){ .kind = S3_ANSWER,
                            .status = 301,
                            .at = 1,
                            .headers = "x-amz-bucket-region: eu-north-1\r\n" });
    assert_int_equal(run(&fixture, &get), NAMIDB_NONE);
    ndb_store_tell(fixture.store, &facts);
    assert_string_equal(facts.place.region, "eu-north-1");
    finish(&fixture);
}

static void test_store_s3__warns_of_a_store_that_nobody_probed(void **state)
{
    struct ndb_store_facts facts;
    struct fixture fixture;

    (void)state;
    begin_with(&fixture, "&probe=off");
    ndb_store_tell(fixture.store, &facts);
    assert_int_equal(facts.place.warning_count, 1);
    assert_memory_equal(facts.place.warnings[0], "probe=off: ", 11);
    finish(&fixture);
}

static void test_store_s3__refuses_keys_that_are_none(void **state)
{
    static const char *const bad[] = { "",     "a/",   "/a",     "a//b",
                                       "../a", "a/..", ".hidden" };
    char long_key[1100];
    struct ndb_request request;
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        request = request_of(NDB_GET, bad[i]);
        assert_int_equal(run(&fixture, &request), NAMIDB_EINVAL);
    }
    memset(long_key, 'a', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    request = request_of(NDB_PUT, long_key);
    assert_int_equal(run(&fixture, &request), NAMIDB_EINVAL);
    assert_int_equal(s3_server_seen(fixture.server), 0);
    finish(&fixture);
}

/* ---------------------------------------------------------------- memory -- */

static void test_store_s3__runs_out_of_memory_cleanly(void **state)
{
    static const enum ndb_store_op ops[] = {
        NDB_GET,    NDB_LIST,        NDB_PUT,
        NDB_DELETE, NDB_DELETE_MANY, NDB_PUT_IF_ABSENT
    };
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    must_put(&fixture, "log/0", "zero");
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        int rc = NAMIDB_ENOMEM;

        for (uint64_t k = 1; rc == NAMIDB_ENOMEM; k++) {
            const char *key = ops[i] == NDB_PUT_IF_ABSENT ? "log/9" : "log/0";
            struct ndb_request request = request_of(ops[i], key);

            assert_true(k < 300);
            request.keys = &key;
            request.key_count = 1;
            request.body = ndb_slice_text("body");
            ndb_mem_fail_from(k);
            rc = run(&fixture, &request);
            ndb_mem_fail_from(0);
            ndb_request_release(&request);
        }
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ECONFLICT);
        must_put(&fixture, "log/0", "zero");
    }
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_s3__signs_paths_and_prefixes_encoded_once),
        cmocka_unit_test(test_store_s3__signs_for_the_day_and_the_region),
        cmocka_unit_test(test_store_s3__a_second_create_is_a_conflict),
        cmocka_unit_test(test_store_s3__gets_the_range_that_was_asked_for),
        cmocka_unit_test(test_store_s3__an_absent_object_is_none_and_deletable),
        cmocka_unit_test(test_store_s3__an_object_above_the_bound_is_limit),
        cmocka_unit_test(
            test_store_s3__lists_a_page_of_keys_relative_to_the_namespace),
        cmocka_unit_test(test_store_s3__deletes_many_one_by_one),
        cmocka_unit_test(test_store_s3__many_deletes_stop_at_a_refusal),
        cmocka_unit_test(test_store_s3__repeats_what_may_be_repeated),
        cmocka_unit_test(
            test_store_s3__a_create_is_sent_once_and_then_ambiguous),
        cmocka_unit_test(test_store_s3__gives_up_after_ten_tries),
        cmocka_unit_test(
            test_store_s3__a_retry_after_behind_the_deadline_is_the_end),
        cmocka_unit_test(test_store_s3__nothing_waits_past_its_deadline),
        cmocka_unit_test(
            test_store_s3__a_server_that_is_not_there_is_a_definite_error),
        cmocka_unit_test(test_store_s3__follows_the_clock_of_the_server_once),
        cmocka_unit_test(test_store_s3__follows_the_bucket_to_its_region),
        cmocka_unit_test(test_store_s3__says_what_an_answer_means),
        cmocka_unit_test(test_store_s3__names_the_permission_that_is_missing),
        cmocka_unit_test(
            test_store_s3__believes_no_range_but_the_one_asked_for),
        cmocka_unit_test(
            test_store_s3__believes_no_listing_that_is_out_of_order),
        cmocka_unit_test(test_store_s3__sends_what_the_uri_asks_for),
        cmocka_unit_test(test_store_s3__signs_nothing_when_told_so),
        cmocka_unit_test(test_store_s3__sends_a_session_token_signed),
        cmocka_unit_test(test_store_s3__says_where_it_is_and_no_secret),
        cmocka_unit_test(test_store_s3__tells_its_place_and_no_secret),
        cmocka_unit_test(test_store_s3__warns_of_a_store_that_nobody_probed),
        cmocka_unit_test(test_store_s3__refuses_keys_that_are_none),
        cmocka_unit_test(test_store_s3__runs_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests_name("store_s3", tests, aws_home_setup,
                                       aws_home_teardown);
}
