/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the S3 store makes of answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "aws_home.h"
#include "s3_fixture.h"

/* ------------------------------------------------------ what answers mean --
 */

static void test_store_s3_answers__says_what_an_answer_means(void **state)
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
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request get = s3_request(NDB_GET, "log/1");

        s3_server_plan(fixture.server,
                       &(struct s3_fault){ .kind = S3_ANSWER,
                                           .status = cases[i].http,
                                           .body = cases[i].body,
                                           .at = 1,
                                           .count = 99 });
        if (s3_fixture_run(&fixture, &get) != cases[i].status ||
            strstr(get.err.message, cases[i].text) == NULL)
            fail_msg("case %zu: %d, %s", i, get.status, get.err.message);
        assert_null(strstr(get.err.message, S3_FIXTURE_SECRET));
        assert_true(s3_server_seen(fixture.server) <= 2);
        ndb_request_release(&get);
    }
    s3_fixture_end(&fixture);
}

static void
test_store_s3_answers__names_the_permission_that_is_missing(void **state)
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
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    s3_server_plan(
        fixture.server,
        &(struct s3_fault){ .kind = S3_ANSWER,
                            .status = 403,
                            .body = "<Error><Code>AccessDenied</Code></Error>",
                            .at = 1,
                            .count = 99 });
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ndb_request request = s3_request(cases[i].op, "log/1");

        assert_int_equal(s3_fixture_run(&fixture, &request), NAMIDB_EAUTH);
        assert_non_null(strstr(request.err.message, cases[i].action));
        assert_false(request.is_ambiguous);
    }
    s3_fixture_end(&fixture);
}

/* What stands between may say 200 to anything: a page, or S3's own error. Then
 * nothing is known, and nothing is acknowledged. */
static void
test_store_s3_answers__believes_no_put_without_its_etag(void **state)
{
    static const struct s3_fault wrong[] = {
        { .status = 200 },
        { .status = 200, .body = "<html>Welcome</html>" },
        { .status = 204 },
        { .status = 200,
          .headers = "ETag: \"page\"\r\n",
          .body = "<Error><Code>InternalError</Code></Error>" },
    };
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ndb_request put =
            s3_put_request(NDB_PUT_IF_ABSENT, "log/1", "one");
        struct s3_fault fault = wrong[i];

        fault.kind = S3_ANSWER;
        fault.at = 1;
        s3_server_plan(fixture.server, &fault);
        if (s3_fixture_run(&fixture, &put) != NAMIDB_EIO || !put.is_ambiguous)
            fail_msg("case %zu was believed", i);
        s3_server_plan(fixture.server, &fault);
        put = s3_put_request(NDB_PUT, "log/2", "two");
        assert_int_equal(s3_fixture_run(&fixture, &put), NAMIDB_OK);
        assert_int_equal(s3_server_seen(fixture.server), 2);
    }
    s3_fixture_end(&fixture);
}

static void
test_store_s3_answers__believes_no_range_but_the_one_asked_for(void **state)
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
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ndb_request get = s3_request(NDB_GET, "pack/a");
        struct s3_fault fault = wrong[i];

        fault.kind = S3_ANSWER;
        fault.at = 1;
        s3_server_plan(fixture.server, &fault);
        get.offset = 2;
        get.length = 3;
        if (s3_fixture_run(&fixture, &get) != NAMIDB_EIO || get.out.bytes != 0)
            fail_msg("case %zu was believed", i);
        ndb_request_release(&get);
    }
    s3_fixture_end(&fixture);
}

static void
test_store_s3_answers__believes_no_listing_that_is_out_of_order(void **state)
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
    struct s3_fixture fixture;

    (void)state;
    s3_fixture_begin(&fixture);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct ndb_request list = s3_request(NDB_LIST, "log/");

        s3_server_plan(fixture.server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                           .status = 200,
                                                           .body = bodies[i],
                                                           .at = 1 });
        list.after = "log/1";
        if (s3_fixture_run(&fixture, &list) != NAMIDB_EIO ||
            list.listing.count != 0)
            fail_msg("case %zu was believed", i);
        ndb_request_release(&list);
    }
    s3_fixture_end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_s3_answers__says_what_an_answer_means),
        cmocka_unit_test(
            test_store_s3_answers__names_the_permission_that_is_missing),
        cmocka_unit_test(
            test_store_s3_answers__believes_no_put_without_its_etag),
        cmocka_unit_test(
            test_store_s3_answers__believes_no_range_but_the_one_asked_for),
        cmocka_unit_test(
            test_store_s3_answers__believes_no_listing_that_is_out_of_order),
    };

    return cmocka_run_group_tests_name("store_s3_answers", tests,
                                       aws_home_setup, aws_home_teardown);
}
