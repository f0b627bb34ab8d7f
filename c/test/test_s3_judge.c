/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses; what answers mean is tested by way of the store (test_store_s3.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/s3_judge.h"

static int64_t pause_of(const char *retry_after, int64_t date_ms)
{
    struct ndb_http_answer answer = { .date_ms = date_ms };

    (void)snprintf(answer.retry_after, sizeof answer.retry_after, "%s",
                   retry_after);
    return ndb_s3_retry_after_ms(&answer);
}

static void
test_s3_judge__reads_retry_after_in_seconds_or_as_a_date(void **state)
{
    (void)state;
    assert_int_equal(pause_of("", 1), 0);
    assert_int_equal(pause_of("3", 0), 3000);
    assert_int_equal(pause_of("0", 0), 0);
    assert_int_equal(pause_of("99999999999999999999", 0), 20000);
    assert_int_equal(pause_of("-5", 1), 0);
    assert_int_equal(pause_of("soon", 1), 0);
    assert_int_equal(
        pause_of("Tue, 24 Nov 2026 10:00:05 GMT", INT64_C(1795514400000)),
        5000);
    assert_int_equal(
        pause_of("Tue, 24 Nov 2026 10:00:05 GMT", INT64_C(1795514500000)), 0);
    /* Without the server's clock a date says nothing. */
    assert_int_equal(pause_of("Tue, 24 Nov 2026 10:00:05 GMT", 0), 0);
}

static void test_s3_judge__pauses_double_up_to_a_bound(void **state)
{
    (void)state;
    assert_int_equal(ndb_s3_backoff_ms(2), 50);
    assert_int_equal(ndb_s3_backoff_ms(3), 100);
    assert_int_equal(ndb_s3_backoff_ms(4), 200);
    assert_int_equal(ndb_s3_backoff_ms(30), 5000);
    assert_int_equal(ndb_s3_backoff_ms(0), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_s3_judge__reads_retry_after_in_seconds_or_as_a_date),
        cmocka_unit_test(test_s3_judge__pauses_double_up_to_a_bound),
    };

    return cmocka_run_group_tests_name("s3_judge", tests, NULL, NULL);
}
