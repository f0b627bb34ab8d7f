/* SPDX-License-Identifier: Apache-2.0 */
#include "model_readers.h"
#include "packed_model.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/degrees.h"

enum { SEEDS = 60, TYPES = 3 };

static const enum namidb_direction DIRECTIONS[2] = { NAMIDB_OUT, NAMIDB_IN };

/* What the model says of some nodes. */
static uint64_t count_of(const struct model *model, uint64_t id,
                         const struct ndb_hop_kind *kind, bool is_loops)
{
    size_t count, loops = 0;
    struct ndb_hop_edge *edges =
        model_hop(model, id, kind->type, kind->direction, &count);

    for (size_t i = 0; i < count; i++)
        loops += edges[i].neighbour == id;
    ndb_free(edges);
    return is_loops ? loops : count;
}

/* Nodes in an order, a batch at a time. */
struct walk {
    uint64_t *ids;
    size_t count;
    size_t step;
};

static void check_walk(const struct model *model,
                       const struct ndb_snapshot *snapshot,
                       const struct walk *walk, const struct ndb_hop_kind *kind,
                       bool is_loops)
{
    uint64_t *got = ndb_calloc(walk->count, sizeof *got);

    for (size_t i = 0; i < walk->count; i += walk->step) {
        size_t left = walk->count - i;
        size_t count = walk->step < left ? walk->step : left;
        int rc = (is_loops ? ndb_read_loops : ndb_read_degrees)(
            snapshot, walk->ids + i, count, kind, got + i, NULL);

        model_assert(model, rc == NAMIDB_OK);
    }
    for (size_t i = 0; i < walk->count; i++)
        model_assert(model,
                     got[i] == count_of(model, walk->ids[i], kind, is_loops));
    ndb_free(got);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Degrees and loops of all nodes, of every kind, in one order. */
static void check_order(const struct model *model,
                        const struct ndb_snapshot *snapshot,
                        const struct walk *walk)
{
    for (uint32_t type = 0; type <= TYPES; type++)
        for (int i = 0; i < 4; i++) {
            struct ndb_hop_kind kind = { type, DIRECTIONS[i % 2], false };

            check_walk(model, snapshot, walk, &kind, i / 2 != 0);
        }
}

/* In the order of ids, twice, so that what was made is used, then in another
 * order, node by node. */
static void check_all(const struct model *model,
                      const struct ndb_snapshot *snapshot)
{
    struct walk walk = { model_ids(model), model->node_count, SIZE_MAX };

    qsort(walk.ids, walk.count, sizeof *walk.ids, by_number);
    check_order(model, snapshot, &walk);
    walk.step = 1 + model->seed % 70;
    check_order(model, snapshot, &walk);
    for (size_t i = 0; i < walk.count / 2; i++) {
        uint64_t id = walk.ids[i];

        walk.ids[i] = walk.ids[(i * 7919) % walk.count];
        walk.ids[(i * 7919) % walk.count] = id;
    }
    walk.step = 1 + model->seed % 3;
    check_order(model, snapshot, &walk);
    ndb_free(walk.ids);
}

static void test_degrees__equal_the_model_over_all_layers(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_all);
}

static void test_degrees__equal_the_model_over_packs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;
        uint64_t gets;

        packed_model_open(&model, seed, 64 << 20, 2 + (int)(seed % 8));
        model_snapshot(&model, &snapshot);
        check_all(&model, &snapshot);
        gets = model_gets(&model);
        check_all(&model, &snapshot);
        model_assert(&model, model_gets(&model) == gets);
        model_assert(&model, packed_model_stats(&model).fold_hits > 0);
        model_snapshot_close(&snapshot);
        model_assert(&model, packed_model_stats(&model).fold_bytes == 0);
        model_close(&model);
    }
}

enum { MANY = 5000, PACKS = 6 };

/* Edges of MANY nodes in several packs, none in two: at some at every node, at
 * others at few that lie far apart. */
static void open_apart(struct model *model, uint64_t cache_bytes)
{
    model_open(model, 3, cache_bytes);
    model_add_nodes(model, 1, MANY);
    for (size_t pack = 0; pack < PACKS; pack++) {
        size_t step = pack % 2 == 0 ? 1 : 37;

        for (size_t i = 0; i < MANY; i += step) {
            model_add_edge(model, 1, i, (i * 31 + pack) % MANY);
            if (i % 11 == pack)
                model_add_edge(model, 1, i, i);
        }
        model_make_pack(model, true);
    }
}

static uint64_t sum_of(const struct ndb_snapshot *snapshot,
                       const struct walk *walk, enum namidb_direction direction,
                       bool is_loops)
{
    struct ndb_hop_kind kind = { 1, direction, false };
    uint64_t *got = ndb_calloc(walk->count, sizeof *got), sum = 0;

    for (size_t i = 0; i < walk->count; i += walk->step) {
        size_t left = walk->count - i;
        size_t count = walk->step < left ? walk->step : left;

        assert_int_equal(
            (is_loops ? ndb_read_loops : ndb_read_degrees)(
                snapshot, walk->ids + i, count, &kind, got + i, NULL),
            0);
    }
    for (size_t i = 0; i < walk->count; i++)
        sum += (i + 1) * got[i];
    ndb_free(got);
    return sum;
}

/* The same by the model's edges. */
static uint64_t want_of(const struct model *model,
                        enum namidb_direction direction, bool is_loops)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < model->edge_count; i++) {
        const struct model_edge *edge = &model->edges[i];
        uint64_t id = direction == NAMIDB_OUT ? edge->from : edge->to;

        if (edge->is_alive && (!is_loops || edge->from == edge->to))
            sum += NAMIDB_ID_SEQUENCE(id) -
                   NAMIDB_ID_SEQUENCE(model->nodes[0].id) + 1;
    }
    return sum;
}

static void check_sums(const struct model *model,
                       const struct ndb_snapshot *snapshot, size_t step)
{
    struct walk walk = { model_ids(model), model->node_count, step };

    for (int i = 0; i < 4; i++)
        model_assert(model,
                     sum_of(snapshot, &walk, DIRECTIONS[i % 2], i / 2 != 0) ==
                         want_of(model, DIRECTIONS[i % 2], i / 2 != 0));
    ndb_free(walk.ids);
}

/* The walk that makes the numbers looks at each segment once for each block,
 * and the next one at none. */
static void test_degrees__a_walk_looks_at_few_segments(void **state)
{
    enum { BLOCKS = MANY / NDB_FOLD_OWNERS + 2 };
    namidb_cache_stats before, made, after;
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open_apart(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048); /* cold, or partly */
    before = packed_model_stats(&model);
    check_sums(&model, &snapshot, 2048);
    made = packed_model_stats(&model);
    check_sums(&model, &snapshot, 500);
    after = packed_model_stats(&model);
    /* Each of 4 numbers, in each pack at most two segments for a block. */
    assert_in_range(made.hits - before.hits, 0, 4 * BLOCKS * PACKS * 2);
    assert_int_equal(after.hits, made.hits);
    assert_int_equal(after.fold_hits - made.fold_hits, 4 * MANY);
    assert_int_equal(after.fold_misses, made.fold_misses);
    assert_int_equal(after.fold_bytes, made.fold_bytes);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_degrees__a_cold_walk_makes_them_too(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t hits;

    (void)state;
    open_apart(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    hits = packed_model_stats(&model).fold_hits;
    check_sums(&model, &snapshot, 2048);
    assert_int_equal(packed_model_stats(&model).fold_hits - hits, 4 * MANY);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* What takes a number per node is less than 2 bytes for each. */
static void test_degrees__numbers_take_little_memory(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open_apart(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, MANY);
    check_sums(&model, &snapshot, MANY);
    assert_in_range(packed_model_stats(&model).fold_bytes, 1, 4 * MANY * 2);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_degrees__it_takes_so_many_nodes_and_no_fewer(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, false };
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t count;

    (void)state;
    packed_model_open_small(&model);
    model_snapshot(&model, &snapshot);
    for (int i = 0; i < NDB_DEGREES_AFTER + 2; i++) {
        assert_int_equal(ndb_read_degrees(&snapshot, &model.nodes[0].id, 1,
                                          &kind, &count, NULL),
                         0);
        assert_int_equal(count, 12);
        /* The first one was cold, and counts: it looked at one pack. */
        if (i < NDB_DEGREES_AFTER - 1)
            assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    }
    assert_true(packed_model_stats(&model).fold_bytes > 0);
    assert_true(packed_model_stats(&model).fold_hits > 0);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Of blocks that are due at once, a batch of few nodes makes one. */
static void test_degrees__a_small_batch_makes_one_block(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, false };
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t ids[4], counts[4], hits;

    (void)state;
    open_apart(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    for (size_t i = 0; i < 4; i++)
        ids[i] = model.nodes[i * NDB_FOLD_OWNERS].id;
    for (int i = 0; i < NDB_DEGREES_AFTER - 1; i++)
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(
                ndb_read_degrees(&snapshot, &ids[j], 1, &kind, counts, NULL),
                0);
    for (uint64_t made = 0; made <= 4; made++) {
        hits = packed_model_stats(&model).fold_hits;
        assert_int_equal(
            ndb_read_degrees(&snapshot, ids, 4, &kind, counts, NULL), 0);
        assert_int_equal(packed_model_stats(&model).fold_hits - hits, made);
    }
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* A pack that changes edges of another, and one that deletes some. */
static void test_degrees__an_edge_in_two_packs_is_one(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open_apart(&model, 64 << 20);
    for (size_t i = 0; i < model.edge_count; i += 19)
        model_set_edge(&model, i);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 2048);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_degrees__a_deleted_edge_is_none(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open_apart(&model, 64 << 20);
    model_delete_edge(&model, 17);
    model_make_pack(&model, true);
    for (size_t i = 0; i < model.edge_count; i += 23)
        if (model.edges[i].is_alive)
            model_delete_edge(&model, i);
    model_add_edge(&model, 1, 3, 4);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 2048);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Edges that are in a memtable and in a pack, as they are until what a new
 * manifest covers was dropped, and new ones. */
static void test_degrees__memtables_over_packs(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open_apart(&model, 64 << 20);
    for (int layer = 0; layer < 2; layer++) {
        for (size_t i = 0; i < 300; i++)
            model_add_edge(&model, 1, i * 13 % MANY, i * i % MANY);
        model_snapshot(&model, &snapshot); /* edges that no pack can have */
        check_sums(&model, &snapshot, 2048);
        check_sums(&model, &snapshot, 2048);
        model_snapshot_close(&snapshot);
        for (size_t i = (size_t)layer; i < model.edge_count; i += 29)
            if (model.edges[i].is_alive)
                model_set_edge(&model, i);
        for (size_t i = 5; i < model.edge_count; i += 101)
            if (model.edges[i].is_alive)
                model_delete_edge(&model, i);
        model_keep_memtable(&model);
    }
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 2048);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* New edges in memtables cost no look into packs. */
static void test_degrees__new_edges_are_added_to_what_is_known(void **state)
{
    namidb_cache_stats before, after;
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    open_apart(&model, 64 << 20);
    for (size_t i = 0; i < MANY; i++)
        model_add_edge(&model, 1, i, i * 3 % MANY);
    model_keep_memtable(&model);
    for (size_t i = 0; i < MANY; i++)
        model_add_edge(&model, 1, i, i * 5 % MANY);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 2048);
    before = packed_model_stats(&model);
    check_sums(&model, &snapshot, 2048);
    after = packed_model_stats(&model);
    assert_int_equal(after.hits, before.hits);
    assert_int_equal(after.fold_hits - before.fold_hits, 4 * MANY);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Some nodes of a block, of whose segments others are not cached. */
static void check_few(const struct model *model,
                      const struct ndb_snapshot *snapshot)
{
    enum { FEW = NDB_DEGREES_AFTER + 8 };
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, false };
    uint64_t *ids = model_ids(model);
    struct walk walk = { ids, FEW, FEW };

    check_walk(model, snapshot, &walk, &kind, false);
    ndb_free(ids);
}

/* Lists that span segments, loops at their ends and within. */
static void test_degrees__lists_over_several_segments(void **state)
{
    enum { NODES = 3000, EDGES = 90000 };
    struct model model;
    struct ndb_snapshot snapshot;
    const struct ndb_part *part;

    (void)state;
    model_open(&model, 8, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    for (int pack = 0; pack < 2; pack++) {
        for (int i = 0; i < EDGES; i++)
            model_add_edge(&model, 1, i % 3 == 0 ? 1500 : (size_t)i % NODES,
                           i % 7 == 0 ? 1500
                                      : ndb_rand_below(&model.rand, NODES));
        model_make_pack(&model, true);
    }
    model_snapshot(&model, &snapshot);
    part = ndb_directory_find(ndb_pack_directory(snapshot.view->layers[1].pack),
                              NDB_PART_OUT, 1, 1);
    assert_true(part->segment_count > 3);
    check_few(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 1);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static uint64_t bytes_of_all(void)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t bytes;

    open_apart(&model, 64 << 20);
    model_snapshot(&model, &snapshot);
    check_sums(&model, &snapshot, 2048);
    check_sums(&model, &snapshot, 2048);
    bytes = packed_model_stats(&model).bytes;
    model_snapshot_close(&snapshot);
    model_close(&model);
    return bytes;
}

static void test_degrees__caches_of_any_size(void **state)
{
    uint64_t all = bytes_of_all();

    (void)state;
    for (uint64_t bytes = 1; bytes <= all; bytes += all / 9) {
        struct model model;
        struct ndb_snapshot snapshot;

        open_apart(&model, bytes);
        model_snapshot(&model, &snapshot);
        for (int i = 0; i < 3; i++)
            check_sums(&model, &snapshot, 700);
        assert_true(packed_model_stats(&model).bytes <= bytes);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
}

static void check_thrice(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    for (int i = 0; i < 3; i++)
        check_sums(model, snapshot, 700);
}

static void test_degrees__many_readers_make_and_use_them(void **state)
{
    uint64_t all = bytes_of_all();

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct model model;
        struct ndb_snapshot snapshot;

        open_apart(&model, i == 0 ? 64 << 20 : all * 9 / 10);
        model_snapshot(&model, &snapshot);
        model_read_at_once(&model, &snapshot, check_thrice);
        model_snapshot_close(&snapshot);
        assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
        model_close(&model);
    }
}

/* Counts with memory for so many allocations. True: that was enough. */
static bool count_with(const struct model *model, uint64_t allocations)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, false };
    struct ndb_snapshot snapshot;
    uint64_t *ids = model_ids(model), *got;
    namidb_error err;
    int rc;

    got = ndb_calloc(MANY, sizeof *got);
    model_snapshot((struct model *)(uintptr_t)model, &snapshot);
    check_sums(model, &snapshot, 1); /* segments are there */
    model_snapshot_close(&snapshot);
    model_snapshot((struct model *)(uintptr_t)model, &snapshot);
    ndb_mem_fail_from(allocations + 1);
    rc = ndb_read_degrees(&snapshot, ids, MANY, &kind, got, &err);
    ndb_mem_fail_from(0);
    assert_true(rc == NAMIDB_OK || err.code == NAMIDB_ENOMEM);
    for (size_t i = 0; i < MANY && rc == NAMIDB_OK; i += 97)
        assert_int_equal(got[i], count_of(model, ids[i], &kind, false));
    check_sums(model, &snapshot, 2048);
    model_snapshot_close(&snapshot);
    ndb_free(ids);
    ndb_free(got);
    return rc == NAMIDB_OK;
}

static void test_degrees__out_of_memory_at_any_place(void **state)
{
    struct model model;
    uint64_t allocations = 0;

    (void)state;
    open_apart(&model, 64 << 20);
    while (!count_with(&model, allocations) && allocations < 1000)
        allocations++;
    assert_in_range(allocations, 1, 999);
    for (uint64_t more = 1; more < 12; more++)
        assert_true(count_with(&model, allocations + more));
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_degrees__equal_the_model_over_all_layers),
        cmocka_unit_test(test_degrees__equal_the_model_over_packs),
        cmocka_unit_test(test_degrees__a_walk_looks_at_few_segments),
        cmocka_unit_test(test_degrees__a_cold_walk_makes_them_too),
        cmocka_unit_test(test_degrees__numbers_take_little_memory),
        cmocka_unit_test(test_degrees__it_takes_so_many_nodes_and_no_fewer),
        cmocka_unit_test(test_degrees__a_small_batch_makes_one_block),
        cmocka_unit_test(test_degrees__an_edge_in_two_packs_is_one),
        cmocka_unit_test(test_degrees__a_deleted_edge_is_none),
        cmocka_unit_test(test_degrees__memtables_over_packs),
        cmocka_unit_test(test_degrees__new_edges_are_added_to_what_is_known),
        cmocka_unit_test(test_degrees__lists_over_several_segments),
        cmocka_unit_test(test_degrees__caches_of_any_size),
        cmocka_unit_test(test_degrees__many_readers_make_and_use_them),
        cmocka_unit_test(test_degrees__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("degrees", tests, NULL, NULL);
}
