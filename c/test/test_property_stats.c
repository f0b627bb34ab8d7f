/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of properties: what is counted, merged and dropped. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "format/manifest.h"
#include "format/pack_internal.h"

/* Adds a column of one value to the table 1. */
static void add_value(struct ndb_property_stats *stats, uint32_t name,
                      namidb_value value)
{
    uint32_t row = 0;
    struct ndb_batch_column column = {
        .name = name, .count = 1, .rows = &row, .values = &value
    };
    const struct ndb_batch_columns columns = { .items = &column, .count = 1 };

    assert_int_equal(ndb_property_stats_add(stats, false, 1, &columns), 0);
}

static void add_integers(struct ndb_property_stats *stats, int64_t first,
                         int64_t count)
{
    for (int64_t i = first; i < first + count; i++)
        add_value(stats, 3,
                  (namidb_value){ .kind = NAMIDB_INT, .as.integer = i });
}

static void assert_about(uint64_t count, const struct ndb_property_stat *stat)
{
    double error =
        fabs((double)ndb_property_stat_distinct(stat) - (double)count) /
        (double)count;

    if (error > 4 * 0.13) /* four standard errors */
        fail_msg("%llu instead of %llu",
                 (unsigned long long)ndb_property_stat_distinct(stat),
                 (unsigned long long)count);
}

static void test_property_stats__tell_how_many_values_differ(void **state)
{
    static const int64_t counts[] = { 1, 2, 10, 100, 1000, 30000 };

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct ndb_property_stats stats = { .items = NULL };

        add_integers(&stats, -5, counts[i]);
        add_integers(&stats, -5, counts[i]); /* the same again */
        assert_int_equal(stats.count, 1);
        assert_int_equal(stats.items[0].values, 2 * counts[i]);
        assert_about((uint64_t)counts[i], &stats.items[0]);
        assert_int_equal(stats.items[0].range_kind, NAMIDB_INT);
        assert_true(stats.items[0].min == -5);
        assert_true(stats.items[0].max == (double)counts[i] - 6);
        ndb_property_stats_release(&stats);
    }
}

static void test_property_stats__every_kind_of_value_counts(void **state)
{
    static const namidb_value values[] = {
        { .kind = NAMIDB_INT, .as.integer = 2 },
        { .kind = NAMIDB_FLOAT, .as.number = 2 }, /* the same value */
        { .kind = NAMIDB_FLOAT, .as.number = 2.5 },
        { .kind = NAMIDB_BOOL, .as.boolean = true },
        { .kind = NAMIDB_STRING, .size = 1, .as.bytes = "2" },
        { .kind = NAMIDB_DATE, .as.integer = 2 },
        { .kind = NAMIDB_LIST, .size = 0 },
        { .kind = NAMIDB_FLOAT, .as.number = NAN },
        { .kind = NAMIDB_FLOAT, .as.number = -INFINITY },
    };
    const size_t count = sizeof values / sizeof *values;
    struct ndb_property_stats stats = { .items = NULL };

    (void)state;
    for (size_t i = 0; i < count; i++)
        add_value(&stats, 3, values[i]);
    assert_int_equal(stats.items[0].values, count);
    assert_in_range(ndb_property_stat_distinct(&stats.items[0]), count - 3,
                    count);
    assert_true(stats.items[0].min == 2 && stats.items[0].max == 2.5);
    ndb_property_stats_release(&stats);
}

static void
test_property_stats__times_have_a_range_if_no_number_has(void **state)
{
    static const namidb_datetime zoned = { .seconds = 7, .offset = 3600 };
    static const namidb_value values[] = {
        { .kind = NAMIDB_DATETIME, .as.datetime = &zoned },
        { .kind = NAMIDB_LOCAL_DATETIME, .as.integer = -9 },
        { .kind = NAMIDB_LOCAL_TIME, .as.integer = 5 },
        { .kind = NAMIDB_DATE, .as.integer = 40 },
        { .kind = NAMIDB_INT, .as.integer = 1 },
    };
    static const double places[] = { 7, -9, 5, 40, 1 };
    struct ndb_property_stats stats = { .items = NULL };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        add_value(&stats, 1, values[i]);
        assert_int_equal(stats.items[0].range_kind, values[i].kind);
        assert_true(stats.items[0].min == places[i]);
        assert_true(stats.items[0].max == places[i]);
        add_value(&stats, 1, values[0]); /* of a kind that has none now */
        assert_true(stats.items[0].max == places[i]);
    }
    add_value(&stats, 2, values[3]);
    add_value(&stats, 2,
              (namidb_value){ .kind = NAMIDB_DATE, .as.integer = -3 });
    assert_true(stats.items[1].min == -3 && stats.items[1].max == 40);
    ndb_property_stats_release(&stats);
}

static void test_property_stats__merge_is_what_one_would_have_seen(void **state)
{
    struct ndb_property_stats a = { .items = NULL }, b = a, both = a, merged;
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    add_integers(&a, 0, 700);
    add_integers(&b, 500, 900);
    add_value(&b, 2, (namidb_value){ .kind = NAMIDB_BOOL });
    add_integers(&both, 0, 700);
    add_integers(&both, 500, 900);
    add_value(&both, 2, (namidb_value){ .kind = NAMIDB_BOOL });
    assert_int_equal(ndb_property_stats_merge(&a, &b, &arena, &merged), 0);
    assert_int_equal(merged.count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(merged.items[i].name, both.items[i].name);
        assert_int_equal(merged.items[i].values, both.items[i].values);
        assert_int_equal(merged.items[i].range_kind, both.items[i].range_kind);
        assert_true(merged.items[i].max == both.items[i].max);
        assert_memory_equal(merged.items[i].sketch, both.items[i].sketch,
                            NDB_SKETCH_BYTES);
    }
    ndb_arena_release(&arena);
    ndb_property_stats_release(&a);
    ndb_property_stats_release(&b);
    ndb_property_stats_release(&both);
}

/* Properties 1, 2, ... of which every third has two values. */
static void test_property_stats__only_the_largest_are_kept(void **state)
{
    const uint32_t count = NDB_PROPERTY_STATS_MAX + 30;
    struct ndb_property_stats all = { .items = NULL }, none = all, merged;
    namidb_arena arena = NDB_ARENA_INIT;
    uint32_t twice = 0;

    (void)state;
    for (uint32_t i = 1; i <= count; i++)
        add_value(&all, i, (namidb_value){ .kind = NAMIDB_BOOL });
    for (uint32_t i = 3; i <= count; i += 3)
        add_value(&all, i, (namidb_value){ .kind = NAMIDB_BOOL });
    assert_int_equal(ndb_property_stats_merge(&none, &all, &arena, &merged), 0);
    assert_int_equal(merged.count, NDB_PROPERTY_STATS_MAX);
    for (uint32_t i = 0; i < merged.count; i++) {
        twice += merged.items[i].values == 2;
        if (i != 0)
            assert_true(merged.items[i].name > merged.items[i - 1].name);
    }
    assert_int_equal(twice, count / 3);
    ndb_arena_release(&arena);
    ndb_property_stats_release(&all);
}

/* What is written of these two properties does not decode. */
static void assert_corrupt(struct ndb_property_stat first,
                           struct ndb_property_stat second)
{
    struct ndb_manifest_name names[2] = { { "a", 1 }, { "b", 1 } };
    struct ndb_property_stat stats[2] = { first, second };
    struct ndb_manifest body = { .version = 1,
                                 .floor = 1,
                                 .names = { NULL, NULL, names },
                                 .name_count = { 0, 0, 2 },
                                 .properties = { stats, 2, 2 } };
    struct ndb_buf buf = NDB_BUF_INIT(1u << 20);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_manifest read;

    assert_int_equal(ndb_manifest_encode(&buf, &body), 0);
    assert_int_equal(ndb_manifest_decode(ndb_buf_slice(&buf), 1, &arena, &read),
                     NAMIDB_ECORRUPT);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

static void test_property_stats__out_of_bounds_are_corrupt(void **state)
{
    const struct ndb_property_stat good = { .name = 1, .values = 1 };
    const struct ndb_property_stat last = { .name = 2, .values = 1 };
    struct ndb_property_stat bad;

    (void)state;
    assert_corrupt(last, good); /* not in order */
    assert_corrupt(good, good);
    bad = last;
    bad.name = 3; /* no such name */
    assert_corrupt(good, bad);
    bad = last;
    bad.values = 0;
    assert_corrupt(good, bad);
    bad = last;
    bad.table = NAMIDB_TABLE_MAX + 1;
    assert_corrupt(good, bad);
    bad = last;
    bad.range_kind = NAMIDB_DATE;
    bad.min = 1;
    assert_corrupt(good, bad);
    bad = last;
    bad.range_kind = NAMIDB_KIND_COUNT;
    assert_corrupt(good, bad);
    bad = last;
    bad.sketch[63] = NDB_SKETCH_REGISTER_MAX + 1;
    assert_corrupt(good, bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_property_stats__tell_how_many_values_differ),
        cmocka_unit_test(
            test_property_stats__times_have_a_range_if_no_number_has),
        cmocka_unit_test(test_property_stats__every_kind_of_value_counts),
        cmocka_unit_test(
            test_property_stats__merge_is_what_one_would_have_seen),
        cmocka_unit_test(test_property_stats__only_the_largest_are_kept),
        cmocka_unit_test(test_property_stats__out_of_bounds_are_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
