/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sys/backoff.h"
#include "sys/clock.h"

static void test_backoff__pauses_longer_each_time_up_to_a_bound(void **state)
{
    struct ndb_backoff backoff = NDB_BACKOFF_INIT;
    int64_t start_ns = ndb_clock_ns();

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_true(ndb_backoff_pause(&backoff, NDB_NEVER));
    assert_int_equal(backoff.bound_ms, 64);
    assert_true(ndb_clock_ns() - start_ns < 5000 * NDB_NS_PER_MS);
    backoff.bound_ms = 1024;
    assert_false(ndb_backoff_pause(&backoff, ndb_clock_ns()));
    assert_int_equal(backoff.bound_ms, 1024);
}

static void test_backoff__never_pauses_past_the_deadline(void **state)
{
    struct ndb_backoff backoff = { .bound_ms = 60000 };
    int64_t deadline_ns = ndb_deadline_after(20);

    (void)state;
    while (ndb_backoff_pause(&backoff, deadline_ns))
        ;
    assert_true(ndb_clock_ns() >= deadline_ns);
    assert_true(ndb_clock_ns() < deadline_ns + 2000 * NDB_NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff__pauses_longer_each_time_up_to_a_bound),
        cmocka_unit_test(test_backoff__never_pauses_past_the_deadline),
    };

    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
