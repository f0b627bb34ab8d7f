/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <stdlib.h>

#include "base/mem.h"

enum { SEEDS = 150 };

static void check_scan(const struct model *model,
                       const struct ndb_snapshot *snapshot, uint32_t label,
                       size_t chunk)
{
    size_t want_count, count, at = 0;
    const struct model_node **want = model_living(model, label, &want_count);
    namidb_node *rows = ndb_calloc(chunk, sizeof *rows);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_scan *scan;
    int rc;

    assert_int_equal(ndb_scan_nodes_open(&scan, snapshot, label, NULL), 0);
    while ((rc = ndb_scan_next(scan, chunk, &arena, rows, NULL, &count,
                               NULL)) == NAMIDB_OK) {
        model_assert(model, count > 0 && at + count <= want_count);
        for (size_t i = 0; i < count; i++)
            model_check_node(model, want[at + i], &rows[i]);
        at += count;
        ndb_arena_reset(&arena);
    }
    model_assert(model, rc == NAMIDB_NONE && count == 0);
    model_assert(model, at == want_count);
    model_assert(model, ndb_scan_next(scan, chunk, &arena, rows, NULL, &count,
                                      NULL) == NAMIDB_NONE);
    ndb_scan_close(scan);
    ndb_arena_release(&arena);
    ndb_free(rows);
    ndb_free(want);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    static const uint32_t LABELS[] = { 0, 1, 2, 3, 5, 77, 4, MODEL_HIGH_LABEL };

    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
        check_scan(model, snapshot, LABELS[i], 1000);
        check_scan(model, snapshot, LABELS[i], 1 + model->seed % 5);
    }
}

static void
test_scan_nodes__yields_each_living_node_with_the_label(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

/* Many groups in two packs and a memtable, in a cache that holds nothing. */
static void test_scan_nodes__go_through_many_segments(void **state)
{
    enum { NODES = 40000 };
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_open(&model, 5, 1);
    model_add_nodes(&model, 1, NODES);
    model_make_pack(&model, true);
    for (int i = 0; i < NODES / 20; i++)
        model_set_node(&model, ndb_rand_below(&model.rand, NODES));
    model_make_pack(&model, true);
    for (int i = 0; i < NODES / 20; i++)
        model_set_node(&model, ndb_rand_below(&model.rand, NODES));
    model_delete_node(&model, NODES - 1);
    model_snapshot(&model, &snapshot);
    check_scan(&model, &snapshot, 1, 2048);
    check_scan(&model, &snapshot, 0, 777);
    check_scan(&model, &snapshot, 5, 100);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_scan_nodes__outlive_the_snapshot(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_scan *scan;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node rows[100];
    size_t count;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_add_nodes(&model, 1, 10);
    model_make_pack(&model, false);
    model_add_node(&model, 1, NULL);
    model_snapshot(&model, &snapshot);
    assert_int_equal(ndb_scan_nodes_open(&scan, &snapshot, 1, NULL), 0);
    model_snapshot_close(&snapshot);
    assert_int_equal(ndb_scan_next(scan, 5, &arena, rows, NULL, &count, NULL),
                     0);
    assert_int_equal(ndb_scan_next(scan, 100, &arena, rows, NULL, &count, NULL),
                     0);
    assert_int_equal(count, 6);
    ndb_scan_close(scan);
    ndb_arena_release(&arena);
    model_close(&model);
}

/* The failed step is made again: no row is lost, none comes twice. */
static void test_scan_nodes__go_on_after_out_of_memory(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    const struct model_node **want;
    size_t want_count;
    bool is_done = false;

    (void)state;
    model_random(&model, 31);
    model_change(&model, 100);
    model_make_pack(&model, true);
    model_change(&model, 50);
    model_snapshot(&model, &snapshot);
    want = model_living(&model, 0, &want_count);
    for (uint64_t k = 1; !is_done; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_scan *scan = NULL;
        size_t at = 0, count, failures = 0;
        int rc;

        model_snapshot_close(&snapshot);
        model_forget(&model);
        model_snapshot(&model, &snapshot);
        ndb_mem_fail_from(k);
        rc = ndb_scan_nodes_open(&scan, &snapshot, 0, NULL);
        if (rc < 0) {
            ndb_mem_fail_from(0);
            failures++;
            rc = ndb_scan_nodes_open(&scan, &snapshot, 0, NULL);
        }
        while (rc != NAMIDB_NONE) {
            namidb_node rows[7];

            rc = ndb_scan_next(scan, 7, &arena, rows, NULL, &count, NULL);
            for (size_t i = 0; i < count; i++)
                model_check_node(&model, want[at + i], &rows[i]);
            at += count;
            if (rc >= 0)
                continue;
            assert_int_equal(rc, NAMIDB_ENOMEM);
            ndb_mem_fail_from(0);
            failures++;
        }
        ndb_mem_fail_from(0);
        model_assert(&model, at == want_count);
        is_done = failures == 0;
        ndb_scan_close(scan);
        ndb_arena_release(&arena);
    }
    ndb_free(want);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_scan_nodes__yields_each_living_node_with_the_label),
        cmocka_unit_test(test_scan_nodes__go_through_many_segments),
        cmocka_unit_test(test_scan_nodes__outlive_the_snapshot),
        cmocka_unit_test(test_scan_nodes__go_on_after_out_of_memory),
    };

    return cmocka_run_group_tests_name("scan_nodes", tests, NULL, NULL);
}
