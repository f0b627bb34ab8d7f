/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/http_answer.h"

static struct ndb_http_answer answer_of(const char *line)
{
    struct ndb_http_answer answer = { .status = 0 };

    ndb_http_answer_header(&answer, ndb_slice_text(line));
    return answer;
}

static void test_http_answer__takes_values_without_the_blanks(void **state)
{
    struct ndb_http_answer answer;

    (void)state;
    answer = answer_of("ETag:   \"abc\"  \r\n");
    assert_string_equal(answer.etag, "\"abc\"");
    answer = answer_of("RETRY-after:7\r\n");
    assert_string_equal(answer.retry_after, "7");
    answer = answer_of("x-amz-bucket-region: eu-north-1");
    assert_string_equal(answer.region, "eu-north-1");
    answer = answer_of("Content-Range:\r\n");
    assert_string_equal(answer.content_range, "");
}

static void test_http_answer__dates_are_milliseconds_since_1970(void **state)
{
    static const char *const none[] = {
        "",
        "Tue, 24 Nov 2026 10:00:01",
        "Tue, 24 Nov 2026 10:00:01 CET",
        "Tue, 24 Nov 2026 25:00:01 GMT",
        "Tue, 24 Nov 2026 10:60:01 GMT",
        "Tue, 00 Nov 2026 10:00:01 GMT",
        "Tue, 24 Nox 2026 10:00:01 GMT",
        "Tue, 2x Nov 2026 10:00:01 GMT",
        "Tue, 24 Nov 1926 10:00:01 GMT",
        "Tue. 24 Nov 2026 10:00:01 GMT",
        "Tuesday, 24-Nov-26 10:00:01 GMT",
        "Tue Nov 24 10:00:01 2026",
    };

    (void)state;
    assert_true(answer_of("Date: Tue, 24 Nov 2026 10:00:01 GMT\r\n").date_ms ==
                INT64_C(1795514401000));
    assert_true(answer_of("Date: yesterday\r\n").date_ms == 0);
    assert_true(ndb_http_date_ms("Thu, 01 Jan 1970 00:00:01 GMT") == 1000);
    assert_true(ndb_http_date_ms("Fri, 31 Dec 9999 23:59:59 GMT") ==
                INT64_C(253402300799000));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (ndb_http_date_ms(none[i]) != 0)
            fail_msg("%s", none[i]);
    assert_true(
        answer_of("Date: Tue, 24 Nov 2026000000 10:00:01 GMT").date_ms == 0);
    assert_true(answer_of("Dat: Tue, 24 Nov 2026 10:00:01 GMT\r\n").date_ms ==
                0);
}

static void test_http_answer__cuts_what_is_too_long(void **state)
{
    char line[1024];
    struct ndb_http_answer answer;

    (void)state;
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    memcpy(line, "Server: ", 8);
    answer = answer_of(line);
    assert_int_equal(strlen(answer.server), sizeof answer.server - 1);
    assert_string_equal(answer.etag, "");
}

static void test_content_range__reads_what_rfc_9110_writes(void **state)
{
    struct ndb_content_range range;

    (void)state;
    assert_true(ndb_content_range_parse("bytes 0-99/1234", &range));
    assert_true(range.first == 0 && range.last == 99 && range.total == 1234);
    assert_true(ndb_content_range_parse("Bytes 5-5/*", &range));
    assert_true(range.first == 5 && range.total == UINT64_MAX);
}

static void test_content_range__refuses_what_is_no_range(void **state)
{
    static const char *const bad[] = {
        "",
        "bytes",
        "bytes ",
        "bytes 1-",
        "bytes -5/10",
        "bytes 9-1/10",
        "bytes 0-10/10", /* the last is behind the end */
        "bytes 0-1/10x",
        "bytes 0-1/",
        "octets 0-1/10",
        "bytes 0-99999999999999999999999999/10",
    };
    struct ndb_content_range range;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ndb_content_range_parse(bad[i], &range))
            fail_msg("taken for a range: '%s'", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_answer__takes_values_without_the_blanks),
        cmocka_unit_test(test_http_answer__dates_are_milliseconds_since_1970),
        cmocka_unit_test(test_http_answer__cuts_what_is_too_long),
        cmocka_unit_test(test_content_range__reads_what_rfc_9110_writes),
        cmocka_unit_test(test_content_range__refuses_what_is_no_range),
    };

    return cmocka_run_group_tests_name("http_answer", tests, NULL, NULL);
}
