/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/s3_xml.h"

static const char LISTING[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Name>b</Name><EncodingType>url</EncodingType><Prefix>a%20b%2F</Prefix>"
    "<IsTruncated>true</IsTruncated>"
    "<Contents><Key>a+b/log%2F1%2B</Key><Size>17</Size>"
    "<LastModified>2026-11-24T10:00:00.250Z</LastModified>"
    "<Owner><ID>x</ID></Owner></Contents>"
    "<Contents><Key>a+b/%C3%A9&amp;</Key><Size>0</Size>"
    "<LastModified>nonsense</LastModified></Contents>"
    "</ListBucketResult>";

static void test_s3_xml__reads_an_error(void **state)
{
    static const char text[] =
        "<Error><Code>PermanentRedirect</Code><Message>go &lt;there&gt;"
        "</Message><Endpoint>b.s3.eu-north-1.amazonaws.com</Endpoint>"
        "<Region>eu-north-1</Region><X><Code>inner</Code></X></Error>";
    struct ndb_s3_error error;

    (void)state;
    assert_true(ndb_s3_error_parse(ndb_slice_text(text), &error));
    assert_string_equal(error.code, "PermanentRedirect");
    assert_string_equal(error.message, "go <there>");
    assert_string_equal(error.region, "eu-north-1");
    assert_string_equal(error.endpoint, "b.s3.eu-north-1.amazonaws.com");
}

static void test_s3_xml__what_is_no_error_is_none(void **state)
{
    static const char *const others[] = {
        "",
        "<html><body>502 Bad Gateway</body></html>",
        "<Error><Code>Cut",
        "<Error></Error>",
        "<CompleteMultipartUploadResult/>",
        "\x01\x02",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>",
    };
    struct ndb_s3_error error;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (ndb_s3_error_parse(ndb_slice_text(others[i]), &error))
            fail_msg("taken for an error: %s", others[i]);
}

static void test_s3_xml__reads_a_listing(void **state)
{
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_s3_listing listing;

    (void)state;
    assert_int_equal(
        ndb_s3_listing_parse(ndb_slice_text(LISTING), &arena, &listing),
        NAMIDB_OK);
    assert_true(listing.is_truncated);
    assert_int_equal(listing.count, 2);
    assert_string_equal(listing.objects[0].key, "a b/log/1+");
    assert_true(listing.objects[0].bytes == 17);
    assert_true(listing.objects[0].modified_ms == INT64_C(1795514400250));
    assert_string_equal(listing.objects[1].key, "a b/\xc3\xa9&");
    assert_true(listing.objects[1].modified_ms == 0);
    ndb_arena_release(&arena);
}

/* Not every server does what encoding-type=url asks for. */
static void
test_s3_xml__decodes_keys_only_when_the_listing_says_so(void **state)
{
    static const char text[] = "<ListBucketResult><Contents><Key>a+b%20</Key>"
                               "</Contents></ListBucketResult>";
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_s3_listing listing;

    (void)state;
    assert_int_equal(
        ndb_s3_listing_parse(ndb_slice_text(text), &arena, &listing),
        NAMIDB_OK);
    assert_string_equal(listing.objects[0].key, "a+b%20");
    assert_false(listing.is_truncated);
    ndb_arena_release(&arena);
}

static void test_s3_xml__refuses_what_is_no_listing(void **state)
{
    static const char *const others[] = {
        "<html/>",
        "<ListBucketResult><Contents><Size>1</Size></Contents>"
        "</ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents>"
        "</ListBucketResult>",
        "<ListBucketResult><Contents>",
        "<a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a>",
    };
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_s3_listing listing;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (ndb_s3_listing_parse(ndb_slice_text(others[i]), &arena, &listing) !=
            NAMIDB_EIO)
            fail_msg("taken for a listing: %s", others[i]);
    ndb_arena_release(&arena);
}

static void test_s3_xml__refuses_more_keys_than_were_asked_for(void **state)
{
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_buf text = NDB_BUF_INIT(1 << 20);
    struct ndb_s3_listing listing;

    (void)state;
    (void)ndb_buf_append(&text, "<ListBucketResult>", 18);
    for (unsigned i = 0; i <= NDB_LIST_KEYS_MAX; i++)
        (void)ndb_buf_append(&text, "<Contents><Key>a</Key></Contents>", 33);
    (void)ndb_buf_append(&text, "</ListBucketResult>", 19);
    assert_int_equal(
        ndb_s3_listing_parse(ndb_buf_slice(&text), &arena, &listing),
        NAMIDB_EIO);
    ndb_buf_release(&text);
    ndb_arena_release(&arena);
}

static void test_s3_xml__finds_single_texts(void **state)
{
    static const char text[] = "<R><A><UploadId>u1</UploadId></A></R>";
    struct namidb_arena arena = NDB_ARENA_INIT;
    const char *found = NULL;

    (void)state;
    assert_int_equal(
        ndb_s3_xml_text(ndb_slice_text(text), "UploadId", &arena, &found),
        NAMIDB_OK);
    assert_string_equal(found, "u1");
    assert_int_equal(
        ndb_s3_xml_text(ndb_slice_text(text), "Uploadid", &arena, &found),
        NAMIDB_NONE);
    ndb_arena_release(&arena);
}

static void test_s3_xml__runs_out_of_memory_cleanly(void **state)
{
    int rc = NAMIDB_ENOMEM;

    (void)state;
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        struct namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_s3_listing listing;

        assert_true(k < 200);
        ndb_mem_fail_from(k);
        rc = ndb_s3_listing_parse(ndb_slice_text(LISTING), &arena, &listing);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        ndb_arena_release(&arena);
    }
}

static void test_s3_xml__tells_a_whole_document_by_its_root(void **state)
{
    static const struct {
        const char *text;
        bool is_it;
    } cases[] = {
        { "<Done/>", true },
        { " \n<?xml version=\"1.0\"?> <Done xmlns=\"x\"><A>1</A></Done>",
          true },
        { "<Done><A>1</A>", false },
        { "<Other><Done/></Other>", false },
        { "", false },
        { "   ", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (ndb_s3_xml_is(ndb_slice_text(cases[i].text), "Done") !=
            cases[i].is_it)
            fail_msg("case %zu", i);
}

static void test_s3_xml__writes_the_list_of_parts(void **state)
{
    static const struct ndb_s3_part parts[] = { { "\"a\"", "AAAAAA==" },
                                                { "\"b\"", "" } };
    struct ndb_buf out = NDB_BUF_INIT(4096);

    (void)state;
    assert_int_equal(ndb_s3_parts_encode(parts, 2, &out), NAMIDB_OK);
    assert_true(ndb_slice_equal(
        ndb_buf_slice(&out),
        ndb_slice_text(
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/"
            "2006-03-01/\"><Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag>"
            "<ChecksumCRC32C>AAAAAA==</ChecksumCRC32C></Part><Part>"
            "<PartNumber>2</PartNumber><ETag>\"b\"</ETag></Part>"
            "</CompleteMultipartUpload>")));
    ndb_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3_xml__reads_an_error),
        cmocka_unit_test(test_s3_xml__tells_a_whole_document_by_its_root),
        cmocka_unit_test(test_s3_xml__writes_the_list_of_parts),
        cmocka_unit_test(test_s3_xml__what_is_no_error_is_none),
        cmocka_unit_test(test_s3_xml__reads_a_listing),
        cmocka_unit_test(
            test_s3_xml__decodes_keys_only_when_the_listing_says_so),
        cmocka_unit_test(test_s3_xml__refuses_what_is_no_listing),
        cmocka_unit_test(test_s3_xml__refuses_more_keys_than_were_asked_for),
        cmocka_unit_test(test_s3_xml__finds_single_texts),
        cmocka_unit_test(test_s3_xml__runs_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests_name("s3_xml", tests, NULL, NULL);
}
