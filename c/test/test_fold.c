/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fold stands for. Lists of nodes that edges lead to have no properties,
 * so a fold of them has all that segments have; those of nodes that they come
 * from have one.
 */
#include "packed_model.h"

#include "base/mem.h"
#include "engine/counts.h"
#include "engine/hop_fold.h"

enum { STEP = 1024, BYTES = 64 << 20 };

/* Of an edge, one way: numbers of 12 and of 14 bits, a third of where a list
 * begins, and what a block of some 3,000 edges has but once. */
enum { EDGE_BITS_MAX = 12 + 14 + 4 + 5, EDGES = 3 * PACKED_WALKED };

/* Hops to all nodes, so many at a time: three from one node each. */
static void walk(const struct model *model, const struct ndb_snapshot *snapshot)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_IN, true };
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t *ids = model_ids(model);

    for (size_t i = 0; i < PACKED_WALKED; i += STEP) {
        size_t left = PACKED_WALKED - i, count = STEP < left ? STEP : left;
        struct ndb_hops hops;

        assert_int_equal(
            ndb_read_hops(snapshot, ids + i, count, &kind, &arena, &hops, NULL),
            0);
        assert_true(hops.offsets[count] >= 3 * count);
        for (uint32_t j = 0; j < 3 * count; j++)
            assert_true((NAMIDB_ID_SEQUENCE(hops.neighbours[j]) - 1) * 7 %
                            PACKED_WALKED ==
                        i + j / 3);
        ndb_arena_reset(&arena);
    }
    ndb_arena_release(&arena);
    ndb_free(ids);
}

/* Reads the edges from a node with their properties, so often. */
static void read_out(const struct model *model,
                     const struct ndb_snapshot *snapshot, size_t node,
                     int times)
{
    namidb_arena arena = NDB_ARENA_INIT;

    while (times-- > 0) {
        namidb_edge *edges;
        size_t count;

        assert_int_equal(ndb_read_out(snapshot, model->nodes[node].id, 1, 100,
                                      &arena, &edges, &count, NULL),
                         0);
        assert_int_equal(count, 3);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(edges[i].prop_count, 1);
        ndb_arena_reset(&arena);
    }
    ndb_arena_release(&arena);
}

/* How many segments of edges are decoded, in all packs. */
static uint32_t count_shown(const struct ndb_snapshot *snapshot,
                            enum ndb_part_kind kind)
{
    const struct ndb_view *view = snapshot->view;
    uint32_t shown = 0;

    for (uint32_t i = 0; i < view->layer_count; i++) {
        const struct ndb_pack *pack = view->layers[i].pack;
        uint32_t count = 0;
        const struct ndb_part *parts = NULL;

        if (pack != NULL)
            parts = ndb_directory_kind(ndb_pack_directory(pack), kind, &count);
        for (uint32_t j = 0; j < count; j++)
            for (uint32_t k = 0; k < parts[j].segment_count; k++)
                shown += atomic_load(&ndb_pack_cached(pack)
                                          ->slots[parts[j].first_segment + k]
                                          .segment) != NULL;
    }
    return shown;
}

static uint64_t count_missing(const struct ndb_snapshot *snapshot)
{
    uint64_t segments, missing;

    ndb_segment_counts(snapshot, NAMIDB_SEGMENTS_IN, 1, &segments, &missing);
    assert_true(segments >= 3);
    return missing;
}

static void open(struct model *model, uint64_t cache_bytes,
                 struct ndb_snapshot *snapshot)
{
    packed_model_open_walked(model, cache_bytes);
    model_snapshot(model, snapshot);
}

static void close(struct model *model, struct ndb_snapshot *snapshot)
{
    model_snapshot_close(snapshot);
    model_close(model);
}

static void test_fold__what_it_has_is_kept_once(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t gets;

    (void)state;
    open(&model, BYTES, &snapshot);
    walk(&model, &snapshot);
    assert_int_equal(count_shown(&snapshot, NDB_PART_IN), 3);
    gets = model_gets(&model);
    walk(&model, &snapshot); /* makes it */
    assert_int_equal(count_shown(&snapshot, NDB_PART_IN), 0);
    walk(&model, &snapshot);
    assert_int_equal(model_gets(&model), gets);
    assert_true(packed_model_stats(&model).fold_bytes * 8 <=
                EDGES * EDGE_BITS_MAX);
    close(&model, &snapshot);
}

static void test_fold__to_the_planner_what_it_has_is_at_hand(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open(&model, BYTES, &snapshot);
    walk(&model, &snapshot);
    walk(&model, &snapshot);
    assert_int_equal(count_missing(&snapshot), 0);
    close(&model, &snapshot);
}

/* Numbers of edges, which are folded as well, later. */
static void test_fold__degrees_are_counted_from_lists(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_IN, false };
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t *ids, *degrees, gets;

    (void)state;
    open(&model, BYTES, &snapshot);
    ids = model_ids(&model);
    degrees = ndb_calloc(PACKED_WALKED, sizeof *degrees);
    walk(&model, &snapshot);
    walk(&model, &snapshot);
    gets = model_gets(&model);
    for (int i = 0; i < 2; i++) {
        uint64_t bytes = packed_model_stats(&model).fold_bytes;

        assert_int_equal(ndb_read_degrees(&snapshot, ids, PACKED_WALKED, &kind,
                                          degrees, NULL),
                         0);
        for (size_t j = 0; j < PACKED_WALKED; j++)
            assert_int_equal(degrees[j], 3);
        assert_int_equal(packed_model_stats(&model).fold_bytes > bytes, i == 0);
    }
    assert_int_equal(model_gets(&model), gets);
    ndb_free(degrees);
    ndb_free(ids);
    close(&model, &snapshot);
}

static void test_fold__segments_that_have_more_stay(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    namidb_arena arena = NDB_ARENA_INIT;
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open(&model, BYTES, &snapshot);
    for (size_t i = 0; i < PACKED_WALKED; i++) {
        struct ndb_hops hops;

        assert_int_equal(ndb_read_hops(&snapshot, &model.nodes[i].id, 1, &kind,
                                       &arena, &hops, NULL),
                         0);
    }
    ndb_arena_release(&arena);
    assert_true(packed_model_stats(&model).fold_bytes > 0);
    assert_int_equal(count_shown(&snapshot, NDB_PART_OUT), 3);
    for (size_t i = 0; i < PACKED_WALKED; i += STEP / 2)
        read_out(&model, &snapshot, i, NDB_FOLD_AFTER);
    assert_int_equal(count_shown(&snapshot, NDB_PART_OUT), 0);
    read_out(&model, &snapshot, 0, 1);
    assert_int_equal(count_shown(&snapshot, NDB_PART_OUT), 0);
    close(&model, &snapshot);
}

/* Where a request is dear, what is folded goes when half of the cache is in
 * use. */
static void test_fold__from_far_away_segments_stay_if_they_can(void **state)
{
    uint64_t bytes = BYTES;

    (void)state;
    for (int is_tight = 0; is_tight <= 1; is_tight++) {
        struct model model;
        struct ndb_snapshot snapshot;

        open(&model, bytes, &snapshot);
        model.store->is_far = true;
        for (int i = 0; i < NDB_FOLD_AFTER; i++)
            for (size_t j = 0; j < PACKED_WALKED; j += STEP / 2) {
                struct ndb_hop_kind kind = { 1, NAMIDB_IN, true };
                namidb_arena arena = NDB_ARENA_INIT;
                struct ndb_hops hops;

                assert_int_equal(ndb_read_hops(&snapshot, &model.nodes[j].id, 1,
                                               &kind, &arena, &hops, NULL),
                                 0);
                ndb_arena_release(&arena);
            }
        assert_true(packed_model_stats(&model).fold_bytes > 0);
        assert_int_equal(count_shown(&snapshot, NDB_PART_IN), is_tight ? 0 : 3);
        bytes = packed_model_stats(&model).bytes;
        close(&model, &snapshot);
    }
}

static void test_fold__one_of_older_packs_gives_way(void **state)
{
    struct model model;
    struct ndb_snapshot older, newer;
    uint64_t bytes;

    (void)state;
    open(&model, BYTES, &older);
    walk(&model, &older);
    walk(&model, &older);
    bytes = packed_model_stats(&model).fold_bytes;
    for (size_t i = 0; i < PACKED_WALKED; i++)
        model_set_edge(&model, i);
    model_make_pack(&model, true);
    packed_model_on_top(&model, &older, &newer);
    walk(&model, &newer);
    walk(&model, &newer);
    /* All edges have their numbers still. */
    assert_int_equal(packed_model_stats(&model).fold_bytes, bytes);
    walk(&model, &older);
    model_snapshot_close(&newer);
    close(&model, &older);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold__what_it_has_is_kept_once),
        cmocka_unit_test(test_fold__to_the_planner_what_it_has_is_at_hand),
        cmocka_unit_test(test_fold__degrees_are_counted_from_lists),
        cmocka_unit_test(test_fold__segments_that_have_more_stay),
        cmocka_unit_test(test_fold__from_far_away_segments_stay_if_they_can),
        cmocka_unit_test(test_fold__one_of_older_packs_gives_way),
    };

    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
