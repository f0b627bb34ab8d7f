/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of degrees: what is counted, merged and dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "format/manifest.h"

/* Lists of so many edges each, at the nodes from `first` on. */
static void add_lists(struct ndb_degree_stats *stats, bool is_in, uint32_t type,
                      uint64_t first, uint32_t nodes, uint32_t edges)
{
    struct ndb_ids owners = NDB_IDS_INIT, deleted = NDB_IDS_INIT;

    for (uint32_t i = 0; i < nodes; i++)
        for (uint32_t j = 0; j < edges; j++)
            assert_int_equal(ndb_ids_add(&owners, first + i), 0);
    assert_int_equal(
        ndb_degree_stats_add(stats, is_in, type, 1, &owners, &deleted), 0);
    ndb_ids_release(&owners);
}

static void test_degree_stats__a_list_may_come_in_pieces(void **state)
{
    struct ndb_degree_stats stats = { .items = NULL };

    (void)state;
    add_lists(&stats, false, 1, 5, 1, 30);
    add_lists(&stats, false, 1, 5, 1, 70);
    add_lists(&stats, false, 1, 6, 100, 1);
    ndb_degree_stats_finish(&stats);
    assert_int_equal(stats.count, 1);
    assert_int_equal(stats.items[0].edges, 200);
    assert_true(stats.items[0].squares == 100 * 100 + 100);
    assert_int_equal(stats.items[0].hub_count, 1);
    assert_int_equal(stats.items[0].hubs[0].id, NAMIDB_ID(5, 1));
    assert_int_equal(stats.items[0].hubs[0].edges, 100);
    assert_in_range(ndb_degree_stat_nodes(&stats.items[0]), 80, 125);
    ndb_degree_stats_release(&stats);
}

static void test_degree_stats__what_is_deleted_does_not_count(void **state)
{
    struct ndb_degree_stats stats = { .items = NULL }, none = stats, merged;
    uint64_t owners[] = { 1, 1, 2, 3 }, deleted[] = { 0, 2 }, all[] = { 0, 1 };
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    assert_int_equal(ndb_degree_stats_add(&stats, false, 1, 1,
                                          &(struct ndb_ids){ owners, 4, 4 },
                                          &(struct ndb_ids){ deleted, 2, 2 }),
                     0);
    assert_int_equal(ndb_degree_stats_add(&stats, false, 2, 1,
                                          &(struct ndb_ids){ owners, 2, 2 },
                                          &(struct ndb_ids){ all, 2, 2 }),
                     0);
    ndb_degree_stats_finish(&stats);
    assert_int_equal(stats.items[0].edges, 2);
    assert_true(stats.items[0].squares == 2);
    assert_int_equal(ndb_degree_stats_merge(&none, &stats, &arena, &merged), 0);
    assert_int_equal(merged.count, 1);
    ndb_arena_release(&arena);
    ndb_degree_stats_release(&stats);
}

/* A node whose edges come in many flushes has them all. */
static void test_degree_stats__merge_adds_up_the_hubs(void **state)
{
    struct ndb_degree_stats all = { .items = NULL };
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        struct ndb_degree_stats next = { .items = NULL };

        add_lists(&next, true, 1, 1, 1, 100); /* the hub */
        add_lists(&next, true, 1, 2 + i, 1, 20);
        add_lists(&next, true, 1, 100 + i * 50, 50, 1);
        ndb_degree_stats_finish(&next);
        assert_int_equal(ndb_degree_stats_merge(&all, &next, &arena, &all), 0);
        ndb_degree_stats_release(&next);
    }
    assert_int_equal(all.count, 1);
    assert_int_equal(all.items[0].edges, 1700);
    assert_true(all.items[0].squares == 1000.0 * 1000 + 10 * 400 + 500);
    assert_int_equal(all.items[0].hub_count, NDB_DEGREE_HUBS_MAX);
    assert_int_equal(all.items[0].hubs[0].id, NAMIDB_ID(1, 1));
    assert_int_equal(all.items[0].hubs[0].edges, 1000);
    assert_int_equal(all.items[0].hubs[1].edges, 20);
    ndb_arena_release(&arena);
}

static void test_degree_stats__only_the_largest_are_kept(void **state)
{
    const uint32_t count = NDB_DEGREE_STATS_MAX + 30;
    struct ndb_degree_stats all = { .items = NULL }, none = all, merged;
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    for (uint32_t i = 1; i <= count; i++)
        add_lists(&all, false, i, 1, 1, i);
    ndb_degree_stats_finish(&all);
    assert_int_equal(ndb_degree_stats_merge(&none, &all, &arena, &merged), 0);
    assert_int_equal(merged.count, NDB_DEGREE_STATS_MAX);
    for (uint32_t i = 0; i < merged.count; i++)
        assert_int_equal(merged.items[i].type, 31 + i);
    ndb_arena_release(&arena);
    ndb_degree_stats_release(&all);
}

static int decode_with(struct ndb_degree_stat stat)
{
    const struct ndb_manifest body = { .version = 1,
                                       .floor = 1,
                                       .schema_next = 1,
                                       .degrees = { &stat, 1, 1, { 0, 0 } } };
    struct ndb_buf buf = NDB_BUF_INIT(1u << 20);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_manifest read;
    int rc;

    assert_int_equal(ndb_manifest_encode(&buf, &body), 0);
    rc = ndb_manifest_decode(ndb_buf_slice(&buf), 1, &arena, &read);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
    return rc;
}

static void test_degree_stats__out_of_bounds_are_corrupt(void **state)
{
    const struct ndb_degree_stat good = {
        .type = 1,
        .edges = 50,
        .squares = 1250,
        .hubs = { { 8193, 30 }, { 16385, 20 } },
        .hub_count = 2,
    };
    struct ndb_degree_stat bad;

    (void)state;
    assert_int_equal(decode_with(good), 0);
    bad = good;
    bad.type = 0;
    assert_int_equal(decode_with(bad), NAMIDB_ECORRUPT);
    bad = good;
    bad.edges = 0;
    assert_int_equal(decode_with(bad), NAMIDB_ECORRUPT);
    bad = good;
    bad.squares = 49;
    assert_int_equal(decode_with(bad), NAMIDB_ECORRUPT);
    bad = good;
    bad.hubs[1].edges = 31;
    assert_int_equal(decode_with(bad), NAMIDB_ECORRUPT);
    bad = good;
    bad.sketch[63] = NDB_SKETCH_REGISTER_MAX + 1;
    assert_int_equal(decode_with(bad), NAMIDB_ECORRUPT);
}

/* What all of them add to a manifest, at most. */
static void test_degree_stats__take_little_of_a_manifest(void **state)
{
    static struct ndb_degree_stat items[NDB_DEGREE_STATS_MAX];
    struct ndb_manifest body = { .version = 1, .floor = 1, .schema_next = 1 };
    struct ndb_buf buf = NDB_BUF_INIT(1u << 20);
    size_t before;

    (void)state;
    for (uint32_t i = 0; i < NDB_DEGREE_STATS_MAX; i++) {
        items[i] = (struct ndb_degree_stat){ .type = NAMIDB_TABLE_MAX - i,
                                             .edges = UINT64_C(1) << 50,
                                             .squares = 1.2345678901234567e45,
                                             .hub_count = NDB_DEGREE_HUBS_MAX };
        for (uint32_t j = 0; j < NDB_DEGREE_HUBS_MAX; j++)
            items[i].hubs[j] =
                (struct ndb_degree_hub){ UINT64_C(1) << 52, UINT64_C(1) << 40 };
    }
    assert_int_equal(ndb_manifest_encode(&buf, &body), 0);
    before = buf.bytes;
    buf.bytes = 0;
    body.degrees.items = items;
    body.degrees.count = NDB_DEGREE_STATS_MAX;
    assert_int_equal(ndb_manifest_encode(&buf, &body), 0);
    assert_in_range(buf.bytes - before, 20000, 36000);
    ndb_buf_release(&buf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_degree_stats__a_list_may_come_in_pieces),
        cmocka_unit_test(test_degree_stats__what_is_deleted_does_not_count),
        cmocka_unit_test(test_degree_stats__merge_adds_up_the_hubs),
        cmocka_unit_test(test_degree_stats__only_the_largest_are_kept),
        cmocka_unit_test(test_degree_stats__out_of_bounds_are_corrupt),
        cmocka_unit_test(test_degree_stats__take_little_of_a_manifest),
    };

    return cmocka_run_group_tests_name("degree_stats", tests, NULL, NULL);
}
