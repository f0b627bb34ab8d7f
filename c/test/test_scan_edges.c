/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <stdlib.h>

#include "base/mem.h"

enum { SEEDS = 150 };

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_scan_order(const void *a, const void *b)
{
    const struct model_edge *left = *(const struct model_edge *const *)a;
    const struct model_edge *right = *(const struct model_edge *const *)b;
    int order =
        compare_numbers(NAMIDB_ID_TABLE(left->id), NAMIDB_ID_TABLE(right->id));

    if (order == 0)
        order = compare_numbers(NAMIDB_ID_TABLE(left->from),
                                NAMIDB_ID_TABLE(right->from));
    if (order == 0)
        order = compare_numbers(left->from, right->from);
    if (order == 0)
        order = compare_numbers(left->to, right->to);
    if (order == 0)
        order = compare_numbers(left->id, right->id);
    return order;
}

/* Living edges of a type (0: all) in scan order. */
static const struct model_edge **expected(const struct model *model,
                                          uint32_t type, size_t *count)
{
    const struct model_edge **edges =
        ndb_calloc(model->edge_count, sizeof *edges);

    *count = 0;
    for (size_t i = 0; i < model->edge_count; i++)
        if (model->edges[i].is_alive &&
            (type == 0 || NAMIDB_ID_TABLE(model->edges[i].id) == type))
            edges[(*count)++] = &model->edges[i];
    qsort(edges, *count, sizeof *edges, by_scan_order);
    return edges;
}

static void check_scan(const struct model *model,
                       const struct ndb_snapshot *snapshot, uint32_t type,
                       size_t chunk)
{
    size_t want_count, count, at = 0;
    const struct model_edge **want = expected(model, type, &want_count);
    namidb_edge *rows = ndb_calloc(chunk, sizeof *rows);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_scan *scan;
    int rc;

    assert_int_equal(ndb_scan_edges_open(&scan, snapshot, type, NULL), 0);
    while ((rc = ndb_scan_next(scan, chunk, &arena, NULL, rows, &count,
                               NULL)) == NAMIDB_OK) {
        model_assert(model, count > 0 && at + count <= want_count);
        for (size_t i = 0; i < count; i++)
            model_check_edge(model, want[at + i], &rows[i]);
        at += count;
        ndb_arena_reset(&arena);
    }
    model_assert(model, rc == NAMIDB_NONE && count == 0);
    model_assert(model, at == want_count);
    ndb_scan_close(scan);
    ndb_arena_release(&arena);
    ndb_free(rows);
    ndb_free(want);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    for (uint32_t type = 0; type <= 4; type++) {
        check_scan(model, snapshot, type, 1000);
        check_scan(model, snapshot, type, 1 + model->seed % 5);
    }
}

static void test_scan_edges__yields_each_living_edge_in_order(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

/* Two packs with lists that span segments, in a cache that holds nothing. */
static void test_scan_edges__go_through_many_segments(void **state)
{
    enum { NODES = 500, EDGES = 150000 };
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_open(&model, 6, 1);
    for (int i = 0; i < NODES; i++)
        model_add_node(&model, (uint32_t)i % 3, NULL);
    for (int i = 0; i < EDGES; i++)
        model_add_edge(&model, 1,
                       i % 2 == 0 ? 5 : ndb_rand_below(&model.rand, NODES),
                       ndb_rand_below(&model.rand, NODES));
    model_make_pack(&model, true);
    for (int i = 0; i < EDGES / 20; i++) {
        model_set_edge(&model, ndb_rand_below(&model.rand, EDGES / 2));
        model_delete_edge(&model,
                          EDGES / 2 + ndb_rand_below(&model.rand, EDGES / 2));
    }
    model_make_pack(&model, true);
    for (int i = 0; i < 1000; i++)
        model_set_edge(&model, ndb_rand_below(&model.rand, EDGES / 2));
    model_snapshot(&model, &snapshot);
    check_scan(&model, &snapshot, 1, 2048);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_scan_edges__stopping_early_reads_little(void **state)
{
    enum { NODES = 3000, EDGES = 1500000 };
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_scan *scan;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_edge rows[10];
    struct ndb_store_counts before, after;
    size_t count;

    (void)state;
    model_open(&model, 4, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    for (int i = 0; i < EDGES; i++)
        model_add_edge(&model, 1, ndb_rand_below(&model.rand, NODES),
                       ndb_rand_below(&model.rand, NODES));
    model_make_pack(&model, true);
    assert_true(model.packs[0].bytes > 8 << 20);
    model_snapshot(&model, &snapshot);
    ndb_counting_read(model.store, &before);
    assert_int_equal(ndb_scan_edges_open(&scan, &snapshot, 1, NULL), 0);
    assert_int_equal(ndb_scan_next(scan, 10, &arena, NULL, rows, &count, NULL),
                     0);
    assert_int_equal(count, 10);
    ndb_scan_close(scan);
    ndb_counting_read(model.store, &after);
    assert_int_equal(after.requests[NDB_GET] - before.requests[NDB_GET], 1);
    assert_true(after.bytes_read - before.bytes_read < 256 << 10);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_edges__yields_each_living_edge_in_order),
        cmocka_unit_test(test_scan_edges__go_through_many_segments),
        cmocka_unit_test(test_scan_edges__stopping_early_reads_little),
    };

    return cmocka_run_group_tests_name("scan_edges", tests, NULL, NULL);
}
