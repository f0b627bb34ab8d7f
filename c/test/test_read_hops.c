/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"
#include "model_readers.h"

#include "base/mem.h"

enum { SEEDS = 150 };

static void check_hop(const struct model *model, uint64_t id, uint32_t type,
                      enum namidb_direction direction,
                      const struct ndb_hops *got, size_t index)
{
    uint32_t begin = got->offsets[index];
    size_t count;
    struct ndb_hop_edge *want = model_hop(model, id, type, direction, &count);

    model_assert(model, got->offsets[index + 1] - begin == count);
    for (size_t i = 0; i < count; i++) {
        model_assert(model, got->neighbours[begin + i] == want[i].neighbour);
        model_assert(model, got->edges == NULL ||
                                got->edges[begin + i] == want[i].edge);
    }
    ndb_free(want);
}

/* Hops from all nodes, `step` at a time. */
static void check_hops(const struct model *model,
                       const struct ndb_snapshot *snapshot, uint32_t type,
                       enum namidb_direction direction, size_t step)
{
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t *ids = model_ids(model);

    for (size_t i = 0; i < model->node_count; i += step) {
        size_t left = model->node_count - i;
        size_t count = step < left ? step : left;
        struct ndb_hop_kind kind = { type, direction, i / step % 2 == 0 };
        struct ndb_hops hops;

        model_assert(model, ndb_read_hops(snapshot, ids + i, count, &kind,
                                          &arena, &hops, NULL) == NAMIDB_OK);
        model_assert(model, (hops.edges != NULL) == kind.with_edges);
        for (size_t j = 0; j < count; j++)
            check_hop(model, ids[i + j], type, direction, &hops, j);
        ndb_arena_reset(&arena);
    }
    ndb_arena_release(&arena);
    ndb_free(ids);
}

static void check_degrees(const struct model *model,
                          const struct ndb_snapshot *snapshot, uint32_t type,
                          enum namidb_direction direction)
{
    struct ndb_hop_kind kind = { type, direction, false };
    uint64_t *ids = model_ids(model);
    uint64_t *degrees = ndb_calloc(model->node_count, sizeof *degrees);

    model_assert(model, ndb_read_degrees(snapshot, ids, model->node_count,
                                         &kind, degrees, NULL) == NAMIDB_OK);
    for (size_t i = 0; i < model->node_count; i++) {
        size_t count;

        ndb_free(model_hop(model, ids[i], type, direction, &count));
        model_assert(model, degrees[i] == count);
    }
    ndb_free(ids);
    ndb_free(degrees);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    for (uint32_t type = 0; type <= 4; type++) {
        check_hops(model, snapshot, type, NAMIDB_OUT, SIZE_MAX);
        check_hops(model, snapshot, type, NAMIDB_IN, 1 + model->seed % 7);
        check_degrees(model, snapshot, type, NAMIDB_OUT);
        check_degrees(model, snapshot, type, NAMIDB_IN);
    }
}

static void test_read_hops__equal_the_model_over_all_layers(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

static void test_read_hops__absent_nodes_have_no_edges(void **state)
{
    const uint64_t ids[] = { 0, NAMIDB_ID(5000, 1), NAMIDB_ID(1, 8000) };
    struct ndb_hop_kind kind = { NAMIDB_ANY, NAMIDB_OUT, true };
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_hops hops;
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_change(&model, 100);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    assert_int_equal(
        ndb_read_hops(&snapshot, ids, 3, &kind, &arena, &hops, NULL), 0);
    assert_int_equal(hops.offsets[3], 0);
    assert_int_equal(
        ndb_read_hops(&snapshot, ids, 0, &kind, &arena, &hops, NULL), 0);
    assert_int_equal(hops.offsets[0], 0);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* A list that spans segments, with changes above it in a pack and a memtable.
 */
static void test_read_hops__a_huge_list_is_merged_whole(void **state)
{
    enum { NODES = 2000, EDGES = 120000 };
    struct model model;
    struct ndb_snapshot snapshot;
    const struct ndb_part *part;
    uint64_t gets;

    (void)state;
    model_open(&model, 8, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    for (int i = 0; i < EDGES; i++)
        model_add_edge(&model, 1, 7, ndb_rand_below(&model.rand, NODES));
    model_make_pack(&model, true);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 500; j++) {
            model_add_edge(&model, 1, 7, ndb_rand_below(&model.rand, NODES));
            model_set_edge(&model, ndb_rand_below(&model.rand, EDGES / 2));
            model_delete_edge(
                &model, EDGES / 2 + ndb_rand_below(&model.rand, EDGES / 2));
        }
        if (i == 0)
            model_make_pack(&model, true);
    }
    model_snapshot(&model, &snapshot);
    part = ndb_directory_find(ndb_pack_directory(snapshot.view->layers[2].pack),
                              NDB_PART_OUT, 1, 1);
    assert_non_null(part);
    assert_true(part->segment_count > 1);
    gets = model_gets(&model);
    check_hops(&model, &snapshot, 1, NAMIDB_OUT, NODES);
    assert_int_equal(model_gets(&model) - gets, 2);
    check_degrees(&model, &snapshot, 1, NAMIDB_OUT);
    assert_int_equal(model_gets(&model) - gets, 2);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_hops__ask_only_packs_that_can_hold_the_node(void **state)
{
    const struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_hops hops;
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t gets;

    (void)state;
    model_open(&model, 1, 1 << 20);
    for (int i = 0; i < 3; i++) {
        size_t from = model_add_node(&model, 1, NULL);

        for (int j = 0; j < 10; j++)
            model_add_edge(&model, 1, from, from);
        model_make_pack(&model, true);
    }
    model_snapshot(&model, &snapshot);
    gets = model_gets(&model);
    assert_int_equal(ndb_read_hops(&snapshot, &model.nodes[1].id, 1, &kind,
                                   &arena, &hops, NULL),
                     0);
    assert_int_equal(hops.offsets[1], 10);
    assert_int_equal(model_gets(&model) - gets, 1);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_hops__out_of_memory_at_any_place(void **state)
{
    const struct ndb_hop_kind kind = { NAMIDB_ANY, NAMIDB_IN, true };
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t ids[40];
    bool is_done = false;

    (void)state;
    model_random(&model, 14);
    model_change(&model, 300);
    model_snapshot(&model, &snapshot);
    for (int i = 0; i < 40; i++)
        ids[i] = model.nodes[i].id;
    for (uint64_t k = 1; !is_done; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_hops hops;
        namidb_error err;
        int rc;

        ndb_mem_fail_from(k);
        rc = ndb_read_hops(&snapshot, ids, 40, &kind, &arena, &hops, &err);
        ndb_mem_fail_from(0);
        is_done = rc == NAMIDB_OK;
        if (!is_done)
            assert_int_equal(err.code, NAMIDB_ENOMEM);
        for (int i = 0; i < 40 && is_done; i++)
            check_hop(&model, ids[i], 0, NAMIDB_IN, &hops, (size_t)i);
        ndb_arena_release(&arena);
    }
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void check_some(const struct model *model,
                       const struct ndb_snapshot *snapshot)
{
    check_hops(model, snapshot, 0, NAMIDB_OUT, 16);
    check_hops(model, snapshot, 2, NAMIDB_IN, 1);
}

/* The cache is so small that readers evict each other's segments. */
static void test_read_hops__many_readers_beside_a_writer(void **state)
{
    struct model model, copy;
    struct ndb_snapshot snapshot;
    struct model_readers readers;

    (void)state;
    model_open(&model, 21, 1);
    for (int i = 0; i < 3; i++) {
        model_change(&model, 150);
        model_make_pack(&model, i == 0);
    }
    model_change(&model, 50);
    model_snapshot(&model, &snapshot);
    copy = model;
    copy.nodes = ndb_calloc(model.node_count, sizeof *copy.nodes);
    copy.edges = ndb_calloc(model.edge_count, sizeof *copy.edges);
    memcpy(copy.nodes, model.nodes, model.node_count * sizeof *copy.nodes);
    memcpy(copy.edges, model.edges, model.edge_count * sizeof *copy.edges);
    model_readers_start(&readers, &copy, &snapshot, check_some);
    model_change(&model, 400);
    model_readers_join(&readers);
    ndb_free(copy.nodes);
    ndb_free(copy.edges);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_hops__equal_the_model_over_all_layers),
        cmocka_unit_test(test_read_hops__absent_nodes_have_no_edges),
        cmocka_unit_test(test_read_hops__a_huge_list_is_merged_whole),
        cmocka_unit_test(test_read_hops__ask_only_packs_that_can_hold_the_node),
        cmocka_unit_test(test_read_hops__out_of_memory_at_any_place),
        cmocka_unit_test(test_read_hops__many_readers_beside_a_writer),
    };

    return cmocka_run_group_tests_name("read_hops", tests, NULL, NULL);
}
