/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/rand.h"
#include "net/latency.h"

#define MS INT64_C(1000000)

static void add_many(struct ndb_latency *latency, unsigned count, int64_t ns)
{
    for (unsigned i = 0; i < count; i++)
        ndb_latency_add(latency, ns);
}

static void test_latency__says_nothing_before_64_waits(void **state)
{
    struct ndb_latency latency = { .count = 0 };

    (void)state;
    add_many(&latency, NDB_LATENCY_COUNT_MIN - 1, 20 * MS);
    assert_true(ndb_latency_late_ns(&latency) == 0);
    add_many(&latency, 1, 20 * MS);
    assert_true(ndb_latency_late_ns(&latency) == 20 * MS);
}

static void test_latency__is_never_below_its_floor(void **state)
{
    struct ndb_latency latency = { .count = 0 };

    (void)state;
    add_many(&latency, 100, 1000);
    assert_true(ndb_latency_late_ns(&latency) == NDB_LATENCY_FLOOR_MS * MS);
}

static int compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* Against sorting the last 256, after each of 2,000 waits. */
static void test_latency__is_the_99th_percentile_of_the_last_256(void **state)
{
    enum { COUNT = 2000 };
    static int64_t waits[COUNT];
    struct ndb_latency latency = { .count = 0 };
    struct ndb_rand rand = { 7 };

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        int64_t sorted[NDB_LATENCY_COUNT_MAX];
        size_t count =
            i + 1 < NDB_LATENCY_COUNT_MAX ? i + 1 : NDB_LATENCY_COUNT_MAX;

        waits[i] = (int64_t)(20 + ndb_rand_next(&rand) % 50) * MS;
        ndb_latency_add(&latency, waits[i]);
        for (size_t j = 0; j < count; j++)
            sorted[j] = waits[i - j];
        qsort(sorted, count, sizeof *sorted, compare);
        if (count >= NDB_LATENCY_COUNT_MIN)
            assert_true(ndb_latency_late_ns(&latency) ==
                        sorted[count * 99 / 100]);
    }
}

static void test_latency__takes_any_number(void **state)
{
    struct ndb_latency latency = { .count = 0 };

    (void)state;
    add_many(&latency, 300, -5);
    assert_true(ndb_latency_late_ns(&latency) == NDB_LATENCY_FLOOR_MS * MS);
    add_many(&latency, 300, INT64_MAX);
    assert_true(ndb_latency_late_ns(&latency) == INT64_C(1000) * UINT32_MAX);
}

static void test_latency__one_in_twenty_may_be_doubled(void **state)
{
    struct ndb_latency latency = { .count = 0 };
    unsigned spent = 0;

    (void)state;
    assert_false(ndb_latency_spend(&latency));
    for (unsigned i = 0; i < 10000; i++) {
        ndb_latency_add(&latency, MS);
        spent += ndb_latency_spend(&latency);
    }
    assert_int_equal(spent, 10000 / NDB_LATENCY_SHARE);

    add_many(&latency, 10000, MS);
    for (spent = 0; ndb_latency_spend(&latency);)
        spent++;
    assert_int_equal(spent, NDB_LATENCY_SAVED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency__says_nothing_before_64_waits),
        cmocka_unit_test(test_latency__is_never_below_its_floor),
        cmocka_unit_test(test_latency__is_the_99th_percentile_of_the_last_256),
        cmocka_unit_test(test_latency__takes_any_number),
        cmocka_unit_test(test_latency__one_in_twenty_may_be_doubled),
    };

    return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
