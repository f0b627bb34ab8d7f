/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the S3 store does, and what the URI asks of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "base/mem.h"
#include "net/sigv4.h"
#include "s3_fixture.h"
#include "sys/clock.h"

/* ------------------------------------------------------------ what it does */

static void test_store_s3__signs_paths_and_prefixes_encoded_once(void **state)
{
    struct ndb_request put;
    struct s3_fixture fixture;
    char text[1024];

    (void)state;
    s3_fixture_begin(&fixture);
    put = s3_put_request(NDB_PUT_IF_ABSENT, "log/a b~%2F", "one");
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
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
    s3_fixture_end(&fixture);
}

/* The signature of the last request, a GET of `path`, is what its headers and
 * the keys make without a signing key that was kept. */
static void assert_signed(struct s3_fixture *fixture, const char *path,
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
                                     .secret_key = S3_FIXTURE_SECRET,
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
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 2; i++) {
            get = s3_request(NDB_GET, "log/1");
            assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_NONE);
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
        get = s3_request(NDB_GET, "log/1");
        assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_NONE);
        assert_signed(&fixture, path, "eu-north-1");
    }
    s3_fixture_end(&fixture);
}

static void test_store_s3__a_second_create_is_a_conflict(void **state)
{
    struct ndb_request put;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    put = s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "one");
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
    put = s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "two");
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_ECONFLICT);
    assert_false(put.is_ambiguous);
    assert_true(put.date_ms != 0);
    put = s3_put_request(NDB_PUT, "log/1", "three");
    assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
    s3_fixture_end(&fixture);
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
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_fixture_put(&fixture, "pack/a", "0123456789");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request get = s3_request(NDB_GET, "pack/a");

        get.offset = cases[i].offset;
        get.length = cases[i].length;
        if (cases[i].body == NULL) {
            assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_EINVAL);
        } else {
            assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_OK);
            assert_s3_body(&get, cases[i].body);
            assert_int_equal(get.object_bytes, 10);
        }
        ndb_request_release(&get);
    }
    s3_fixture_end(&fixture);
}

static void test_store_s3__an_absent_object_is_none_and_deletable(void **state)
{
    struct ndb_request request;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    request = s3_request(NDB_GET, "log/9");
    assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_NONE);
    request = s3_request(NDB_DELETE, "log/9");
    assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_OK);
    s3_fixture_end(&fixture);
}

static void test_store_s3__an_object_above_the_bound_is_limit(void **state)
{
    struct s3_fixture fixture;
    char *body = ndb_calloc(1, 200001);

    (void)state;
    s3_fixture_begin(&fixture);
    memset(body, 'x', 200000);
    s3_fixture_put(&fixture, "pack/a", "0123456789");
    s3_fixture_put(&fixture, "pack/b", body);
    for (int i = 0; i < 2; i++) {
        struct ndb_request get =
            s3_request(NDB_GET, i == 0 ? "pack/a" : "pack/b");

        get.length_max = 9;
        assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_ELIMIT);
        assert_string_equal(get.err.message,
                            i == 0 ? "pack/a: 10 bytes, more than 9"
                                   : "pack/b: 200000 bytes, more than 9");
        ndb_request_release(&get);
    }
    ndb_free(body);
    s3_fixture_end(&fixture);
}

static void
test_store_s3__lists_a_page_of_keys_relative_to_the_namespace(void **state)
{
    struct ndb_request list;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_fixture_put(&fixture, "log/2 +&<", "22");
    s3_fixture_put(&fixture, "log/1", "1");
    s3_fixture_put(&fixture, "log/3", "333");
    s3_fixture_put(&fixture, "pack/a", "a");
    list = s3_request(NDB_LIST, "log/");
    list.limit = 2;
    assert_int_equal(s3_fixture_run(&fixture, &list), NAMIDB_OK);
    assert_int_equal(list.listing.count, 2);
    assert_string_equal(list.listing.items[0].key, "log/1");
    assert_string_equal(list.listing.items[1].key, "log/2 +&<");
    assert_true(list.listing.items[1].bytes == 2);
    assert_true(list.listing.items[1].modified_ms == INT64_C(1795514400000));
    assert_true(list.listing.is_truncated);
    ndb_request_release(&list);

    list = s3_request(NDB_LIST, "");
    list.after = "log/2 +&<";
    assert_int_equal(s3_fixture_run(&fixture, &list), NAMIDB_OK);
    assert_int_equal(list.listing.count, 2);
    assert_string_equal(list.listing.items[0].key, "log/3");
    assert_string_equal(list.listing.items[1].key, "pack/a");
    assert_false(list.listing.is_truncated);
    ndb_request_release(&list);
    s3_fixture_end(&fixture);
}

static void test_store_s3__deletes_many_one_by_one(void **state)
{
    enum { COUNT = 50 };
    static char names[COUNT][16];
    const char *keys[COUNT];
    struct ndb_request request;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "log/%zu", i);
        keys[i] = names[i];
        s3_fixture_put(&fixture, keys[i], "x");
    }
    s3_server_plan(fixture.server, &(struct s3_fault){ .method = "DELETE" });
    request = (struct ndb_request){ .op = NDB_DELETE_MANY,
                                    .keys = keys,
                                    .key_count = COUNT,
                                    .deadline_ns = ndb_deadline_after(20000) };
    assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_OK);
    assert_int_equal(s3_server_seen(fixture.server), COUNT);
    assert_true(s3_server_connections(fixture.server) <= 17);
    for (size_t i = 0; i < COUNT; i++)
        assert_false(s3_server_has(fixture.server, keys[i]));

    request.key_count = 0;
    assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_OK);
    s3_fixture_end(&fixture);
}

static void test_store_s3__many_deletes_stop_at_a_refusal(void **state)
{
    enum { COUNT = 200 };
    static char names[COUNT][16];
    const char *keys[COUNT];
    struct ndb_request request;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
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
    assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_EAUTH);
    assert_non_null(strstr(request.err.message, "s3:DeleteObject"));
    assert_true(request.is_ambiguous);
    assert_true(s3_server_seen(fixture.server) <= 4 + 16);
    s3_fixture_end(&fixture);
}

/* --------------------------------------------------------------- options -- */

static void test_store_s3__sends_what_the_uri_asks_for(void **state)
{
    struct s3_fixture fixture;
    char text[128];

    (void)state;
    s3_fixture_begin_with(&fixture, "&storage_class=STANDARD_IA&sse=aws:kms"
                                    "&sse_kms_key_id=arn:aws:kms:x:1:key/2"
                                    "&expected_bucket_owner=123456789012"
                                    "&request_payer=requester");
    s3_fixture_put(&fixture, "pack/a", "a");
    s3_server_header(fixture.server, "x-amz-storage-class", text, sizeof text);
    assert_string_equal(text, "STANDARD_IA");
    s3_server_header(fixture.server,
                     "x-amz-server-side-encryption-aws-kms-key-id", text,
                     sizeof text);
    assert_string_equal(text, "arn:aws:kms:x:1:key/2");
    s3_fixture_put(&fixture, "log/a", "a");
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
    s3_fixture_end(&fixture);
}

/* Many servers that speak S3 store what is framed for AWS with its frames. */
static void test_store_s3__never_frames_a_body(void **state)
{
    static const char *const framing[] = {
        "Transfer-Encoding",
        "Content-Encoding",
        "x-amz-decoded-content-length",
        "x-amz-trailer",
        "x-amz-sdk-checksum-algorithm",
        "Expect",
    };
    enum { LARGE = 3 << 20 };
    uint8_t *bytes = ndb_calloc(1, LARGE);
    const struct ndb_slice bodies[] = { ndb_slice_text("a"), { bytes, LARGE } };
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < 2; i++) {
        struct ndb_request put = s3_request(NDB_PUT_IF_ABSENT, "log/0");
        char hash[NDB_SHA256_HEX_BYTES + 1];
        char text[128];

        put.key = i == 0 ? "log/1" : "pack/1";
        put.body = bodies[i];
        assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
        for (size_t j = 0; j < sizeof framing / sizeof *framing; j++) {
            s3_server_header(fixture.server, framing[j], text, sizeof text);
            assert_string_equal(text, "");
        }
        /* Over plain HTTP each body is hashed as a whole. */
        ndb_sha256_hex(hash, bodies[i]);
        s3_server_header(fixture.server, "x-amz-content-sha256", text,
                         sizeof text);
        assert_string_equal(text, hash);
        s3_server_header(fixture.server, "Content-Length", text, sizeof text);
        assert_int_equal(strtoull(text, NULL, 10), bodies[i].bytes);
    }
    s3_fixture_end(&fixture);
    ndb_free(bytes);
}

static void test_store_s3__signs_nothing_when_told_so(void **state)
{
    struct s3_fixture fixture;
    char text[128];

    (void)state;
    s3_fixture_begin_with(&fixture, "&unsigned=true");
    s3_fixture_put(&fixture, "log/a", "a");
    s3_server_header(fixture.server, "Authorization", text, sizeof text);
    assert_string_equal(text, "");
    s3_server_header(fixture.server, "x-amz-date", text, sizeof text);
    assert_string_equal(text, "");
    s3_fixture_end(&fixture);
}

static void test_store_s3__sends_a_session_token_signed(void **state)
{
    struct s3_fixture fixture;
    struct ndb_store *store;
    char uri[128];
    char text[1024];

    (void)state;
    s3_fixture_begin(&fixture);
    (void)setenv("AWS_SESSION_TOKEN", "the/token==", 1);
    (void)snprintf(uri, sizeof uri, "s3://bucket?endpoint=http://127.0.0.1:%d",
                   s3_server_port(fixture.server));
    assert_int_equal(ndb_store_open(&store, uri, NULL), NAMIDB_OK);
    (void)unsetenv("AWS_SESSION_TOKEN");
    ndb_store_close(fixture.store);
    fixture.store = store;
    s3_fixture_put(&fixture, "log/a", "a");
    s3_server_header(fixture.server, "x-amz-security-token", text, sizeof text);
    assert_string_equal(text, "the/token==");
    s3_server_header(fixture.server, "Authorization", text, sizeof text);
    assert_non_null(strstr(text, ";x-amz-security-token"));
    s3_fixture_end(&fixture);
}

static void test_store_s3__says_where_it_is_and_no_secret(void **state)
{
    struct s3_fixture fixture;
    const char *name;

    (void)state;
    s3_fixture_begin(&fixture);
    name = fixture.store->name;
    assert_non_null(strstr(name, "s3://bucket/some prefix+/prod/ (127.0.0.1:"));
    assert_non_null(
        strstr(name, ", us-east-1, credentials from the environment)"));
    assert_null(strstr(name, S3_FIXTURE_SECRET));
    assert_null(strstr(name, "AKIDEXAMPLE"));
    s3_fixture_end(&fixture);
}

static void test_store_s3__tells_its_place_and_no_secret(void **state)
{
    struct ndb_request get = s3_request(NDB_GET, "log/1");
    struct ndb_store_facts facts;
    struct s3_fixture fixture;
    char endpoint[64];

    (void)state;
    s3_fixture_begin(&fixture);
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
    assert_int_equal(s3_fixture_run(&fixture, &get), NAMIDB_NONE);
    ndb_store_tell(fixture.store, &facts);
    assert_string_equal(facts.place.region, "eu-north-1");
    s3_fixture_end(&fixture);
}

static void test_store_s3__warns_of_a_store_that_nobody_probed(void **state)
{
    struct ndb_store_facts facts;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin_with(&fixture, "&probe=off");
    ndb_store_tell(fixture.store, &facts);
    assert_int_equal(facts.place.warning_count, 1);
    assert_memory_equal(facts.place.warnings[0], "probe=off: ", 11);
    s3_fixture_end(&fixture);
}

static void test_store_s3__refuses_keys_that_are_none(void **state)
{
    static const char *const bad[] = { "",     "a/",   "/a",     "a//b",
                                       "../a", "a/..", ".hidden" };
    char long_key[1100];
    struct ndb_request request;
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        request = s3_request(NDB_GET, bad[i]);
        assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_EINVAL);
    }
    memset(long_key, 'a', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    request = s3_request(NDB_PUT, long_key);
    assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_EINVAL);
    assert_int_equal(s3_server_seen(fixture.server), 0);
    s3_fixture_end(&fixture);
}

/* ---------------------------------------------------------------- memory -- */

static void test_store_s3__runs_out_of_memory_cleanly(void **state)
{
    static const enum ndb_store_op ops[] = {
        NDB_GET,    NDB_LIST,        NDB_PUT,
        NDB_DELETE, NDB_DELETE_MANY, NDB_PUT_IF_ABSENT
    };
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_fixture_put(&fixture, "log/0", "zero");
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        int rc = NAMIDB_ENOMEM;

        for (uint64_t k = 1; rc == NAMIDB_ENOMEM; k++) {
            const char *key = ops[i] == NDB_PUT_IF_ABSENT ? "log/9" : "log/0";
            struct ndb_request request = s3_request(ops[i], key);

            assert_true(k < 300);
            request.keys = &key;
            request.key_count = 1;
            request.body = ndb_slice_text("body");
            ndb_mem_fail_from(k);
            rc = s3_fixture_run(&fixture, &request);
            ndb_mem_fail_from(0);
            ndb_request_release(&request);
        }
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ECONFLICT);
        s3_fixture_put(&fixture, "log/0", "zero");
    }
    s3_fixture_end(&fixture);
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
        cmocka_unit_test(test_store_s3__sends_what_the_uri_asks_for),
        cmocka_unit_test(test_store_s3__never_frames_a_body),
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
