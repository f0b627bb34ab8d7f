/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aws_home.h"
#include "store/s3_uri.h"

static int read_uri(const char *text, struct ndb_s3_uri *out, namidb_error *err)
{
    namidb_uri uri;
    int rc = namidb_parse_uri(text, &uri, err);

    return rc < 0 ? rc : ndb_s3_uri_read(out, &uri, err);
}

/* The URL of key "log/1" in the region that the URI names. */
static void assert_url(const char *text, const char *expected)
{
    struct ndb_s3_uri uri;
    namidb_error err = { .code = 0 };
    struct ndb_buf path = NDB_BUF_INIT(4096);
    struct ndb_buf url = NDB_BUF_INIT(4096);
    char host[NDB_S3_HOST_BYTES];
    char key[1024];

    if (read_uri(text, &uri, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    (void)snprintf(key, sizeof key, "%slog/1", uri.root);
    ndb_s3_host(&uri.settings, uri.settings.region, host);
    assert_int_equal(ndb_s3_path(&uri.settings, key, &path), NAMIDB_OK);
    assert_int_equal(
        ndb_s3_url(&uri.settings, host, (const char *)path.data, &url),
        NAMIDB_OK);
    assert_string_equal((const char *)url.data, expected);
    ndb_buf_release(&path);
    ndb_buf_release(&url);
}

static void assert_refused(const char *text, int status, const char *part)
{
    struct ndb_s3_uri uri;
    namidb_error err = { .code = 0 };

    if (read_uri(text, &uri, &err) != status ||
        strstr(err.message, part) == NULL)
        fail_msg("%s: %d %s", text, err.code, err.message);
}

static void test_s3_uri__addresses_buckets_by_host_or_by_path(void **state)
{
    (void)state;
    aws_home_clear();
    assert_url("s3://my-bucket/data?ns=prod&region=eu-north-1",
               "https://my-bucket.s3.eu-north-1.amazonaws.com/data/prod/log/1");
    assert_url(
        "s3://my-bucket?region=cn-north-1",
        "https://my-bucket.s3.cn-north-1.amazonaws.com.cn/default/log/1");
    assert_url("s3://my.bucket?region=eu-north-1",
               "https://s3.eu-north-1.amazonaws.com/my.bucket/default/log/1");
    assert_url("s3://bucket/a//b/../c?endpoint=https://abc.r2.example&region="
               "auto",
               "https://abc.r2.example/bucket/a//b/../c/default/log/1");
    assert_url("s3://bucket?endpoint=https://minio.example:9000/"
               "&path_style=false&region=us-east-1",
               "https://bucket.minio.example:9000/default/log/1");
    assert_url("s3://bucket?endpoint=https://s3.dualstack.eu-west-1.amazonaws."
               "com&region=eu-west-1",
               "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/default/"
               "log/1");
    assert_url("s3://bucket/p%C3%A9?endpoint=http://[::1]:9000",
               "http://[::1]:9000/bucket/p%C3%A9/default/log/1");
}

#define POINT "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint"

static void test_s3_uri__addresses_access_points(void **state)
{
    struct ndb_s3_uri uri;

    (void)state;
    aws_home_clear();
    (void)setenv("AWS_REGION", "us-east-2", 1); /* the ARN's counts */
    assert_url(POINT "/my-point/data?ns=prod",
               "https://my-point-123456789012.s3-accesspoint.eu-west-1."
               "amazonaws.com/data/prod/log/1");
    assert_url(POINT ":my-point?region=eu-west-1",
               "https://my-point-123456789012.s3-accesspoint.eu-west-1."
               "amazonaws.com/default/log/1");
    assert_url(POINT "/my-point?fips=true&dualstack=true",
               "https://my-point-123456789012.s3-accesspoint-fips.dualstack."
               "eu-west-1.amazonaws.com/default/log/1");
    assert_url("s3://arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/point",
               "https://point-123456789012.s3-accesspoint.cn-north-1."
               "amazonaws.com.cn/default/log/1");
    assert_url(POINT "/my-point?endpoint=http://localhost:1",
               "http://my-point-123456789012.localhost:1/default/log/1");
    assert_int_equal(read_uri(POINT "/my-point/a/b", &uri, NULL), NAMIDB_OK);
    assert_string_equal(uri.settings.region, "eu-west-1");
    assert_string_equal(uri.root, "a/b/default/");
}

static void assert_source(const char *text, const char *expected)
{
    struct ndb_s3_uri uri;
    struct ndb_buf source = NDB_BUF_INIT(4096);

    assert_int_equal(read_uri(text, &uri, NULL), NAMIDB_OK);
    assert_int_equal(ndb_s3_copy_source(&uri.settings, "a b/c", &source),
                     NAMIDB_OK);
    assert_string_equal((const char *)source.data, expected);
    ndb_buf_release(&source);
}

static void test_s3_uri__names_the_source_of_a_copy(void **state)
{
    (void)state;
    aws_home_clear();
    assert_source("s3://bucket", "/bucket/a%20b/c");
    assert_source(POINT "/my-point",
                  "arn%3Aaws%3As3%3Aeu-west-1%3A123456789012%3Aaccesspoint/"
                  "my-point/object/a%20b/c");
}

static void test_s3_uri__finds_aws_other_hosts(void **state)
{
    (void)state;
    aws_home_clear();
    assert_url("s3://bucket?region=us-east-1&dualstack=true",
               "https://bucket.s3.dualstack.us-east-1.amazonaws.com/default/"
               "log/1");
    assert_url("s3://bucket?region=us-east-1&fips=true",
               "https://bucket.s3-fips.us-east-1.amazonaws.com/default/log/1");
    (void)setenv("AWS_USE_DUALSTACK_ENDPOINT", "TRUE", 1);
    assert_url("s3://bucket?region=us-east-1",
               "https://bucket.s3.dualstack.us-east-1.amazonaws.com/default/"
               "log/1");
    assert_url("s3://bucket?region=us-east-1&dualstack=false",
               "https://bucket.s3.us-east-1.amazonaws.com/default/log/1");
    /* A preference of the environment's means AWS alone; a demand all. */
    assert_url("s3://bucket?endpoint=https://minio.example",
               "https://minio.example/bucket/default/log/1");
    (void)setenv("AWS_USE_FIPS_ENDPOINT", "true", 1);
    assert_refused("s3://bucket?endpoint=https://minio.example", NAMIDB_EINVAL,
                   "fips");
    aws_home_clear();
    aws_home_write("config", "[default]\nuse_fips_endpoint = true\n");
    assert_url("s3://bucket?region=us-east-1",
               "https://bucket.s3-fips.us-east-1.amazonaws.com/default/log/1");
}

static void test_s3_uri__plain_http_only_to_this_machine(void **state)
{
    (void)state;
    aws_home_clear();
    assert_url("s3://bucket?endpoint=http://localhost:1",
               "http://localhost:1/bucket/default/log/1");
    assert_url("s3://bucket?endpoint=http://127.9.9.9:1",
               "http://127.9.9.9:1/bucket/default/log/1");
    assert_refused("s3://bucket?endpoint=http://minio.example", NAMIDB_EINVAL,
                   "allow_http");
    assert_refused("s3://bucket?endpoint=http://127.0.0.1.evil.example",
                   NAMIDB_EINVAL, "allow_http");
    assert_refused("s3://bucket?endpoint=http://localhost.evil.example",
                   NAMIDB_EINVAL, "allow_http");
    assert_refused("s3://bucket?endpoint=http://minio.example&allow_http=false",
                   NAMIDB_EINVAL, "allow_http");
    assert_url("s3://bucket?endpoint=http://minio.example&allow_http=true",
               "http://minio.example/bucket/default/log/1");
}

static void test_s3_uri__refuses_what_makes_no_sense(void **state)
{
    static const struct {
        const char *uri;
        int status;
        const char *part;
    } cases[] = {
        { "s3://Bucket", NAMIDB_EINVAL, "a name has" },
        { "s3://ab", NAMIDB_EINVAL, "a name has" },
        { "s3://-ab", NAMIDB_EINVAL, "a name has" },
        { "s3://abc-", NAMIDB_EINVAL, "a name has" },
        { "s3://a..b", NAMIDB_EINVAL, "a name has" },
        { "s3://10.0.0.1", NAMIDB_EINVAL, "a name has" },
        { "s3://a_b_c", NAMIDB_EINVAL, "a name has" },
        { "s3://x--usw2-az1--x-s3", NAMIDB_EUNSUPPORTED, "CreateSession" },
        { "s3://bucket?fips=true&endpoint=https://minio.example", NAMIDB_EINVAL,
          "contradict" },
        { "s3://bucket?dualstack=true&endpoint=https://minio.example",
          NAMIDB_EINVAL, "contradict" },
        { "s3://bucket?fips=1", NAMIDB_EINVAL, "true or false" },
        { "s3://x1.mrap", NAMIDB_EUNSUPPORTED, "multi-region" },
        { "s3://bucket?region=", NAMIDB_EINVAL, "region" },
        { "s3://bucket?region=EU", NAMIDB_EINVAL, "region" },
        { "s3://bucket?region=a.evil.example/", NAMIDB_EINVAL, "region" },
        { "s3://bucket?endpoint=", NAMIDB_EINVAL, "endpoint" },
        { "s3://bucket?endpoint=minio:9000", NAMIDB_EINVAL, "https://" },
        { "s3://bucket?endpoint=ftp://minio", NAMIDB_EINVAL, "https://" },
        { "s3://bucket?endpoint=https://me:pw@minio", NAMIDB_EINVAL,
          "password" },
        { "s3://bucket?endpoint=https://minio/path", NAMIDB_EINVAL, "path" },
        { "s3://bucket?endpoint=https://minio:0", NAMIDB_EINVAL, "port" },
        { "s3://bucket?endpoint=https://minio:66666", NAMIDB_EINVAL, "port" },
        { "s3://bucket?endpoint=https://", NAMIDB_EINVAL, "write" },
        { "s3://bucket?path_style=yes", NAMIDB_EINVAL, "path_style=yes" },
        { "s3://bucket?storage_class=DEEP_ARCHIVE", NAMIDB_EINVAL,
          "storage_class" },
        { "s3://bucket?sse=rot13", NAMIDB_EINVAL, "sse" },
        { "s3://bucket?sse_kms_key_id=k", NAMIDB_EINVAL, "sse=aws:kms" },
        { "s3://bucket?sse=AES256&sse_kms_key_id=k", NAMIDB_EINVAL,
          "sse=aws:kms" },
        { "s3://bucket?expected_bucket_owner=12", NAMIDB_EINVAL, "12 digits" },
        { "s3://bucket?request_payer=me", NAMIDB_EINVAL, "request_payer" },
        { "s3://bucket?unsigned=true&profile=x", NAMIDB_EINVAL, "contradict" },
        { "s3://bucket?profile=", NAMIDB_EINVAL, "profile" },
        { "s3://bucket?ca_bundle=/nonexistent/ca", NAMIDB_EIO, "CA bundle" },
        { "s3://bucket?checksum=md5", NAMIDB_EINVAL, "checksum" },
        { "s3://bucket?probe=maybe", NAMIDB_EINVAL, "probe" },
        { "s3://bucket?secret=x", NAMIDB_EINVAL, "unknown parameter" },
    };

    (void)state;
    aws_home_clear();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].uri, cases[i].status, cases[i].part);
}

static void test_s3_uri__refuses_arns_of_something_else(void **state)
{
    static const struct {
        const char *uri;
        int status;
        const char *part;
    } cases[] = {
        { "s3://arn:aws:s3:::bucket", NAMIDB_EINVAL, "name alone" },
        { "s3://arn:aws:s3::123456789012:accesspoint/x.mrap",
          NAMIDB_EUNSUPPORTED, "SigV4A" },
        { "s3://arn:aws:s3-outposts:eu-west-1:123456789012:outpost/o/"
          "accesspoint/x",
          NAMIDB_EUNSUPPORTED, "outposts" },
        { "s3://arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/x",
          NAMIDB_EUNSUPPORTED, "Lambda" },
        { "s3://arn:aws:s3express:eu-west-1:123456789012:bucket/x",
          NAMIDB_EUNSUPPORTED, "CreateSession" },
        { "s3://arn:aws:s3:eu-west-1:1234:accesspoint/point", NAMIDB_EINVAL,
          "no ARN" },
        { "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint", NAMIDB_EINVAL,
          "no ARN" },
        { "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/a.b",
          NAMIDB_EINVAL, "no ARN" },
        { "s3://arn:aws:s3:EU/:123456789012:accesspoint/point", NAMIDB_EINVAL,
          "no ARN" },
        { "s3://arn:aws:sns:eu-west-1:123456789012:accesspoint/point",
          NAMIDB_EINVAL, "no ARN" },
        { "s3://arn:", NAMIDB_EINVAL, "no ARN" },
        { "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/point?region="
          "eu-west-2",
          NAMIDB_EINVAL, "is in eu-west-1" },
        { "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/point?"
          "path_style=true",
          NAMIDB_EINVAL, "contradict" },
    };

    (void)state;
    aws_home_clear();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].uri, cases[i].status, cases[i].part);
}

static void test_s3_uri__a_prefix_leaves_room_for_keys(void **state)
{
    char text[1200] = "s3://bucket/";

    (void)state;
    aws_home_clear();
    memset(text + 12, 'x', 1000);
    assert_refused(text, NAMIDB_ELIMIT, "longer than 911 bytes");
}

static void
test_s3_uri__the_uri_comes_before_variables_and_profile(void **state)
{
    struct ndb_s3_uri uri;

    (void)state;
    aws_home_clear();
    aws_home_write("config", "[default]\nregion = from-default\n"
                             "[profile two]\nregion = from-two\n"
                             "endpoint_url = https://two.example\n");
    assert_int_equal(read_uri("s3://bucket", &uri, NULL), NAMIDB_OK);
    assert_string_equal(uri.settings.region, "from-default");
    (void)setenv("AWS_PROFILE", "two", 1);
    assert_int_equal(read_uri("s3://bucket", &uri, NULL), NAMIDB_OK);
    assert_string_equal(uri.settings.region, "from-two");
    assert_string_equal(uri.settings.endpoint, "two.example");
    (void)setenv("AWS_DEFAULT_REGION", "from-variable", 1);
    (void)setenv("AWS_ENDPOINT_URL", "https://all.example", 1);
    assert_int_equal(read_uri("s3://bucket?profile=default", &uri, NULL),
                     NAMIDB_OK);
    assert_string_equal(uri.settings.region, "from-variable");
    assert_string_equal(uri.settings.endpoint, "all.example");
    (void)setenv("AWS_REGION", "from-other", 1);
    (void)setenv("AWS_ENDPOINT_URL_S3", "https://s3.example", 1);
    assert_int_equal(read_uri("s3://bucket", &uri, NULL), NAMIDB_OK);
    assert_string_equal(uri.settings.region, "from-other");
    assert_string_equal(uri.settings.endpoint, "s3.example");
    assert_int_equal(
        read_uri("s3://bucket?region=of-uri&endpoint=https://uri.example", &uri,
                 NULL),
        NAMIDB_OK);
    assert_string_equal(uri.settings.region, "of-uri");
    assert_string_equal(uri.settings.endpoint, "uri.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3_uri__addresses_buckets_by_host_or_by_path),
        cmocka_unit_test(test_s3_uri__addresses_access_points),
        cmocka_unit_test(test_s3_uri__names_the_source_of_a_copy),
        cmocka_unit_test(test_s3_uri__finds_aws_other_hosts),
        cmocka_unit_test(test_s3_uri__plain_http_only_to_this_machine),
        cmocka_unit_test(test_s3_uri__refuses_what_makes_no_sense),
        cmocka_unit_test(test_s3_uri__refuses_arns_of_something_else),
        cmocka_unit_test(test_s3_uri__a_prefix_leaves_room_for_keys),
        cmocka_unit_test(
            test_s3_uri__the_uri_comes_before_variables_and_profile),
    };

    return cmocka_run_group_tests_name("s3_uri", tests, aws_home_setup,
                                       aws_home_teardown);
}
