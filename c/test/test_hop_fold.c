/* SPDX-License-Identifier: Apache-2.0 */
#include "model_readers.h"
#include "packed_model.h"

#include "base/mem.h"
#include "engine/hop_fold.h"

enum { SEEDS = 40, TYPES = 3 };

static const enum namidb_direction DIRECTIONS[2] = { NAMIDB_OUT, NAMIDB_IN };

static void check_hop(const struct model *model,
                      const struct ndb_snapshot *snapshot, uint64_t id,
                      const struct ndb_hop_kind *kind)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_hops got;
    size_t count;
    struct ndb_hop_edge *want =
        model_hop(model, id, kind->type, kind->direction, &count);

    model_assert(model, ndb_read_hops(snapshot, &id, 1, kind, &arena, &got,
                                      NULL) == NAMIDB_OK);
    model_assert(model, got.offsets[1] == count);
    for (size_t i = 0; i < count; i++) {
        model_assert(model, got.neighbours[i] == want[i].neighbour);
        model_assert(model, got.edges == NULL || got.edges[i] == want[i].edge);
    }
    ndb_arena_release(&arena);
    ndb_free(want);
}

/* Every hop there is, a node at a time. */
static void check_hops(const struct model *model,
                       const struct ndb_snapshot *snapshot)
{
    for (uint32_t type = 1; type <= TYPES; type++)
        for (size_t i = 0; i < model->node_count * 2; i++) {
            struct ndb_hop_kind kind = { type, DIRECTIONS[i % 2], i % 3 != 0 };

            check_hop(model, snapshot, model->nodes[i / 2].id, &kind);
        }
}

static void ask(const struct ndb_snapshot *snapshot, uint64_t id, uint32_t type,
                enum namidb_direction direction, int times)
{
    struct ndb_hop_kind kind = { type, direction, true };
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_hops hops;

    while (times-- > 0) {
        assert_int_equal(
            ndb_read_hops(snapshot, &id, 1, &kind, &arena, &hops, NULL), 0);
        ndb_arena_reset(&arena);
    }
    ndb_arena_release(&arena);
}

/* Asks at some nodes, so often that every list that can be made is. */
static void ask_often(const struct model *model,
                      const struct ndb_snapshot *snapshot)
{
    for (size_t i = 0; i < model->node_count && i < 20; i++)
        for (uint32_t type = 1; type <= TYPES; type++)
            for (int j = 0; j < 2; j++)
                ask(snapshot, model->nodes[i].id, type, DIRECTIONS[j],
                    NDB_FOLD_AFTER);
}

static void test_hop_fold__lists_that_are_made_equal_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;
        uint64_t hits, gets;

        packed_model_open(&model, seed, 64 << 20, 2 + (int)(seed % 5));
        model_snapshot(&model, &snapshot);
        check_hops(&model, &snapshot);
        model_assert(&model, packed_model_stats(&model).fold_misses > 0);
        gets = model_gets(&model);
        ask_often(&model, &snapshot);
        hits = packed_model_stats(&model).fold_hits;
        check_hops(&model, &snapshot);
        model_assert(&model, packed_model_stats(&model).fold_bytes > 0);
        model_assert(&model, packed_model_stats(&model).fold_hits > hits);
        model_assert(&model, model_gets(&model) == gets);
        model_snapshot_close(&snapshot);
        model_assert(&model, packed_model_stats(&model).fold_bytes == 0);
        model_close(&model);
    }
}

static void test_hop_fold__it_takes_so_many_hops_and_no_fewer(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    packed_model_open_small(&model);
    model_snapshot(&model, &snapshot);
    ask(&snapshot, model.nodes[0].id, 1, NAMIDB_OUT, NDB_FOLD_AFTER - 1);
    assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    assert_int_equal(packed_model_stats(&model).fold_hits, 0);
    ask(&snapshot, model.nodes[0].id, 1, NAMIDB_OUT, 2);
    assert_true(packed_model_stats(&model).fold_bytes > 0);
    assert_int_equal(packed_model_stats(&model).fold_hits, 1);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Hops from all nodes, `step` at a time, in the order of their ids. */
static void walk(const struct model *model, const struct ndb_snapshot *snapshot,
                 size_t step)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t *ids = model_ids(model);

    for (size_t i = 0; i < PACKED_WALKED; i += step) {
        size_t left = PACKED_WALKED - i, count = step < left ? step : left;
        struct ndb_hops hops;

        assert_int_equal(
            ndb_read_hops(snapshot, ids + i, count, &kind, &arena, &hops, NULL),
            0);
        assert_int_equal(hops.offsets[count], 3 * count);
        for (uint32_t j = 0; j < 3 * count; j++)
            assert_true(hops.neighbours[j] ==
                        ids[(i + j / 3) * 7 % PACKED_WALKED]);
        ndb_arena_reset(&arena);
    }
    ndb_arena_release(&arena);
    ndb_free(ids);
}

static void test_hop_fold__the_second_walk_makes_them(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t bytes, misses;

    (void)state;
    packed_model_open_walked(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    walk(&model, &snapshot, 2048);
    assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    walk(&model, &snapshot, 2048);
    bytes = packed_model_stats(&model).fold_bytes;
    misses = packed_model_stats(&model).fold_misses;
    assert_true(bytes > 0);
    /* What was made, it has used: all but the ends of chunks. */
    assert_in_range(packed_model_stats(&model).fold_hits, PACKED_WALKED / 2,
                    PACKED_WALKED);
    walk(&model, &snapshot, 2048);
    walk(&model, &snapshot, 2048);
    assert_in_range(packed_model_stats(&model).fold_misses - misses, 0,
                    PACKED_WALKED / 4);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Who asks for few nodes of a block at once does not walk. */
static void test_hop_fold__small_batches_do_not_walk(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    packed_model_open_walked(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    for (int i = 0; i < 4; i++)
        walk(&model, &snapshot, NDB_FOLD_WALK - 1);
    assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void
test_hop_fold__a_walk_makes_none_where_there_is_no_room(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t bytes;

    (void)state;
    packed_model_open_walked(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    walk(&model, &snapshot, 2048);
    bytes = packed_model_stats(&model).bytes;
    model_snapshot_close(&snapshot);
    model_close(&model);
    for (uint64_t more = 0; more <= 1; more++) {
        packed_model_open_walked(&model, bytes * (2 + more));
        model_snapshot(&model, &snapshot);
        for (int i = 0; i < 3; i++)
            walk(&model, &snapshot, 2048);
        assert_int_equal(packed_model_stats(&model).fold_bytes > 0, more != 0);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
}

static void test_hop_fold__a_flush_goes_on_with_what_is_made(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot older, newer;
        uint64_t hits;

        packed_model_open(&model, seed, 64 << 20, 3);
        model_snapshot(&model, &older);
        ask_often(&model, &older);
        model_change(&model, 100);
        model_make_pack(&model, false);
        packed_model_on_top(&model, &older, &newer);
        hits = packed_model_stats(&model).fold_hits;
        check_hops(&model, &newer); /* the old lists below the new pack */
        model_assert(&model, packed_model_stats(&model).fold_hits > hits);
        ask_often(&model, &newer);
        check_hops(&model, &newer);
        model_snapshot_close(&newer);
        model_snapshot_close(&older);
        model_assert(&model, packed_model_stats(&model).fold_bytes == 0);
        model_close(&model);
    }
}

/* The edges at the first nodes. */
static struct ndb_hops hops_of(const struct model *model,
                               const struct ndb_snapshot *snapshot,
                               size_t count, namidb_arena *arena)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    uint64_t *ids = model_ids(model);
    struct ndb_hops hops;

    assert_int_equal(
        ndb_read_hops(snapshot, ids, count, &kind, arena, &hops, NULL), 0);
    ndb_free(ids);
    return hops;
}

/* That both are the same edges of `count` nodes. */
static void assert_same(const struct ndb_hops *a, const struct ndb_hops *b,
                        size_t count)
{
    assert_memory_equal(a->offsets, b->offsets,
                        (count + 1) * sizeof *a->offsets);
    assert_memory_equal(a->neighbours, b->neighbours,
                        a->offsets[count] * sizeof *a->neighbours);
    assert_memory_equal(a->edges, b->edges,
                        a->offsets[count] * sizeof *a->edges);
}

static void test_hop_fold__an_older_snapshot_reads_what_it_read(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct model model;
    struct ndb_snapshot older, newer;
    struct ndb_hops before, after;
    size_t count;

    (void)state;
    packed_model_open(&model, 9, 64 << 20, 4);
    model_snapshot(&model, &older);
    count = model.node_count;
    before = hops_of(&model, &older, count, &arena);
    model_change(&model, 300);
    model_make_pack(&model, false);
    packed_model_on_top(&model, &older, &newer);
    ask_often(&model, &newer);
    ask_often(&model, &older);
    after = hops_of(&model, &older, count, &arena);
    assert_same(&before, &after, count);
    ndb_arena_release(&arena);
    model_snapshot_close(&newer);
    model_snapshot_close(&older);
    model_close(&model);
}

static void test_hop_fold__what_is_not_flushed_is_merged_in(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot older, newer;
        uint64_t hits;

        packed_model_open(&model, seed, 64 << 20, 3);
        model_snapshot(&model, &older);
        ask_often(&model, &older);
        model_change(&model, 100);
        packed_model_on_top(&model, &older, &newer);
        hits = packed_model_stats(&model).fold_hits;
        check_hops(&model, &newer);
        model_assert(&model, packed_model_stats(&model).fold_hits > hits);
        model_snapshot_close(&newer);
        model_snapshot_close(&older);
        model_close(&model);
    }
}

static void
test_hop_fold__a_list_holds_nothing_that_is_not_flushed(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct model model;
    struct ndb_snapshot older, newer;
    struct ndb_hops before, after;
    size_t count;

    (void)state;
    packed_model_open(&model, 21, 64 << 20, 4);
    model_snapshot(&model, &older);
    count = model.node_count;
    before = hops_of(&model, &older, count, &arena);
    for (int i = 0; i < 40; i++)
        model_add_edge(&model, 1, (size_t)i % count, (size_t)i * 3 % count);
    packed_model_on_top(&model, &older, &newer);
    ask_often(&model, &newer);
    model_assert(&model, packed_model_stats(&model).fold_bytes > 0);
    after = hops_of(&model, &older, count, &arena);
    assert_same(&before, &after, count);
    assert_int_equal(hops_of(&model, &newer, count, &arena).offsets[count],
                     before.offsets[count] + 40);
    ndb_arena_release(&arena);
    model_snapshot_close(&newer);
    model_snapshot_close(&older);
    model_close(&model);
}

static void test_hop_fold__edges_of_any_type_have_lists_too(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;
        uint64_t hits;

        packed_model_open(&model, seed, 64 << 20, 4);
        model_change(&model, 20 * (int)(seed % 2));
        model_snapshot(&model, &snapshot);
        for (size_t i = 0; i < 40 && i < model.node_count * 2; i++)
            ask(&snapshot, model.nodes[i / 2].id, NAMIDB_ANY, DIRECTIONS[i % 2],
                NDB_FOLD_AFTER + TYPES);
        model_assert(&model, packed_model_stats(&model).fold_bytes > 0);
        hits = packed_model_stats(&model).fold_hits;
        for (size_t i = 0; i < model.node_count * 2; i++) {
            struct ndb_hop_kind kind = { NAMIDB_ANY, DIRECTIONS[i % 2], true };

            check_hop(&model, &snapshot, model.nodes[i / 2].id, &kind);
        }
        model_assert(&model, packed_model_stats(&model).fold_hits > hits);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
}

/* As after a compaction of what is below. */
static void test_hop_fold__other_packs_below_are_another_list(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    namidb_arena arena = NDB_ARENA_INIT;
    struct model model;
    struct ndb_snapshot all;

    (void)state;
    model_open(&model, 1, 64 << 20);
    model_add_nodes(&model, 1, 3);
    for (size_t to = 0; to < 3; to++) {
        model_add_edge(&model, 1, 0, to);
        model_make_pack(&model, true);
    }
    model_snapshot(&model, &all);
    for (size_t below = 0; below < 2; below++) {
        /* The newest pack, and the one with the edge to node `below`. */
        struct ndb_layer layers[2] = { all.view->layers[1],
                                       all.view->layers[3 - below] };
        struct ndb_snapshot snapshot = all;
        struct ndb_hops hops;

        assert_int_equal(
            ndb_view_new(&snapshot.view, NULL, layers, 2, model.cache, NULL),
            0);
        ask(&snapshot, model.nodes[0].id, 1, NAMIDB_OUT, NDB_FOLD_AFTER);
        assert_int_equal(ndb_read_hops(&snapshot, &model.nodes[0].id, 1, &kind,
                                       &arena, &hops, NULL),
                         0);
        assert_int_equal(packed_model_stats(&model).fold_hits, below + 1);
        assert_int_equal(hops.offsets[1], 2);
        assert_true(hops.neighbours[0] == model.nodes[below].id);
        assert_true(hops.neighbours[1] == model.nodes[2].id);
        ndb_view_unref(snapshot.view);
    }
    ndb_arena_release(&arena);
    model_snapshot_close(&all);
    model_close(&model);
}

static void test_hop_fold__edge_numbers_beyond_32_bits(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_open(&model, 11, 64 << 20);
    model.edge_sequence[1] = UINT32_MAX - 30;
    for (int i = 0; i < 3; i++) {
        model_change(&model, 200);
        model_make_pack(&model, true);
    }
    model_snapshot(&model, &snapshot);
    ask_often(&model, &snapshot);
    check_hops(&model, &snapshot);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Lists in 15 packs, one of them over several segments: more stretches than are
 * merged with memory at hand. */
static void test_hop_fold__a_node_that_every_pack_knows(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_open(&model, 13, 64 << 20);
    model_add_nodes(&model, 1, 3);
    for (int i = 0; i < 60000; i++)
        model_add_edge(&model, 1, 0, (size_t)(i % 3));
    model_make_pack(&model, true);
    for (int pack = 1; pack < 15; pack++) {
        model_add_edge(&model, 1, 0, (size_t)(pack % 3));
        model_delete_edge(&model, (size_t)pack * 17);
        model_make_pack(&model, true);
    }
    model_snapshot(&model, &snapshot);
    check_hop(&model, &snapshot, model.nodes[0].id, &kind);
    ask(&snapshot, model.nodes[0].id, 1, NAMIDB_OUT, NDB_FOLD_AFTER);
    assert_true(packed_model_stats(&model).fold_bytes > 0);
    check_hop(&model, &snapshot, model.nodes[0].id, &kind);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* The hop that makes a list, with memory for so many allocations. True: it made
 * one. */
static bool make_with(struct model *model, uint64_t allocations)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    uint64_t id = model->nodes[0].id;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_snapshot snapshot;
    struct ndb_hops hops;
    namidb_error err;
    bool is_made;
    int rc;

    model_snapshot(model, &snapshot);
    ask(&snapshot, id, 1, NAMIDB_OUT, NDB_FOLD_AFTER - 1);
    ndb_mem_fail_from(allocations + 1);
    rc = ndb_read_hops(&snapshot, &id, 1, &kind, &arena, &hops, &err);
    ndb_mem_fail_from(0);
    assert_true(rc == NAMIDB_OK || err.code == NAMIDB_ENOMEM);
    is_made = packed_model_stats(model).fold_bytes > 0;
    check_hops(model, &snapshot);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    return is_made;
}

static void test_hop_fold__out_of_memory_at_any_place(void **state)
{
    struct model model;
    uint64_t allocations = 0;

    (void)state;
    packed_model_open_small(&model);
    while (!make_with(&model, allocations) && allocations < 1000)
        allocations++;
    assert_in_range(allocations, 4, 999); /* several places were tried */
    model_close(&model);
}

/* Bytes that all segments and lists of a graph take. */
static uint64_t bytes_of_all(uint64_t seed, int packs)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t bytes;

    packed_model_open(&model, seed, 64 << 20, packs);
    model_snapshot(&model, &snapshot);
    ask_often(&model, &snapshot);
    bytes = packed_model_stats(&model).bytes;
    model_snapshot_close(&snapshot);
    model_close(&model);
    return bytes;
}

static void test_hop_fold__evicted_lists_are_found_in_the_packs(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    packed_model_open(&model, 19, bytes_of_all(19, 6) * 7 / 10, 6);
    model_snapshot(&model, &snapshot);
    for (int i = 0; i < 5; i++) {
        ask_often(&model, &snapshot);
        check_hops(&model, &snapshot);
    }
    assert_true(packed_model_stats(&model).fold_evictions > 0);
    assert_true(packed_model_stats(&model).fold_hits > 0);
    assert_true(packed_model_stats(&model).bytes <=
                packed_model_stats(&model).bytes_max);
    model_snapshot_close(&snapshot);
    assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    model_close(&model);
}

static void make_and_use(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    ask_often(model, snapshot);
    check_hops(model, snapshot);
}

static void read_with_threads(uint64_t cache_bytes)
{
    struct model model;
    struct ndb_snapshot snapshot;

    packed_model_open(&model, 23, cache_bytes, 5);
    model_snapshot(&model, &snapshot);
    model_read_at_once(&model, &snapshot, make_and_use);
    assert_true(packed_model_stats(&model).fold_hits > 0);
    model_snapshot_close(&snapshot);
    assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    model_close(&model);
}

static void test_hop_fold__many_readers_make_and_use_them(void **state)
{
    (void)state;
    read_with_threads(64 << 20);
    read_with_threads(bytes_of_all(23, 5) * 7 / 10); /* with evictions */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hop_fold__lists_that_are_made_equal_the_model),
        cmocka_unit_test(test_hop_fold__it_takes_so_many_hops_and_no_fewer),
        cmocka_unit_test(test_hop_fold__the_second_walk_makes_them),
        cmocka_unit_test(test_hop_fold__small_batches_do_not_walk),
        cmocka_unit_test(
            test_hop_fold__a_walk_makes_none_where_there_is_no_room),
        cmocka_unit_test(test_hop_fold__a_flush_goes_on_with_what_is_made),
        cmocka_unit_test(test_hop_fold__an_older_snapshot_reads_what_it_read),
        cmocka_unit_test(test_hop_fold__what_is_not_flushed_is_merged_in),
        cmocka_unit_test(
            test_hop_fold__a_list_holds_nothing_that_is_not_flushed),
        cmocka_unit_test(test_hop_fold__edges_of_any_type_have_lists_too),
        cmocka_unit_test(test_hop_fold__other_packs_below_are_another_list),
        cmocka_unit_test(test_hop_fold__edge_numbers_beyond_32_bits),
        cmocka_unit_test(test_hop_fold__a_node_that_every_pack_knows),
        cmocka_unit_test(test_hop_fold__out_of_memory_at_any_place),
        cmocka_unit_test(test_hop_fold__evicted_lists_are_found_in_the_packs),
        cmocka_unit_test(test_hop_fold__many_readers_make_and_use_them),
    };

    return cmocka_run_group_tests_name("hop_fold", tests, NULL, NULL);
}
