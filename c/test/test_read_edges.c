/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include "base/mem.h"

enum { SEEDS = 150 };

/* What the caller tells of an edge's ends. */
enum knowledge { KNOWS_NOTHING, KNOWS_SOURCE, KNOWS_BOTH, MIXED };

static void fill_probes(const struct model *model, enum knowledge knowledge,
                        struct ndb_edge_probe *probes)
{
    for (size_t i = 0; i < model->edge_count; i++) {
        const struct model_edge *edge = &model->edges[i];
        uint32_t known = knowledge == MIXED ? (uint32_t)i % 3 : knowledge;

        probes[i].id = edge->id;
        probes[i].from = known >= KNOWS_SOURCE ? edge->from : 0;
        probes[i].to = known >= KNOWS_BOTH ? edge->to : 0;
    }
}

static void check_all(const struct model *model,
                      const struct ndb_snapshot *snapshot,
                      enum knowledge knowledge, size_t step)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_edge_probe *probes =
        ndb_calloc(model->edge_count, sizeof *probes);
    namidb_edge *out = ndb_calloc(model->edge_count, sizeof *out);

    fill_probes(model, knowledge, probes);
    for (size_t i = 0; i < model->edge_count; i += step) {
        size_t left = model->edge_count - i;

        model_assert(model, ndb_read_edges(snapshot, probes + i,
                                           step < left ? step : left, &arena,
                                           out + i, NULL) == NAMIDB_OK);
    }
    for (size_t i = 0; i < model->edge_count; i++)
        model_check_edge(model, &model->edges[i], &out[i]);
    ndb_arena_release(&arena);
    ndb_free(probes);
    ndb_free(out);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    check_all(model, snapshot, KNOWS_NOTHING, SIZE_MAX);
    check_all(model, snapshot, KNOWS_SOURCE, SIZE_MAX);
    check_all(model, snapshot, KNOWS_BOTH, SIZE_MAX);
    check_all(model, snapshot, MIXED, 1);
}

static void test_read_edges__newest_image_of_each_edge_wins(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

static void test_read_edges__ids_that_never_were_are_absent(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_edge out[5];
    struct ndb_edge_probe probes[5] = { { 0 } };

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_change(&model, 100);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    probes[1].id = NAMIDB_ID(5000, 1);
    probes[2].id = NAMIDB_ID(1, 8000);
    /* There is such an edge, but not from there. */
    probes[3].id = model.edges[0].id;
    probes[3].from = model.edges[0].from + (1 << 20);
    probes[4].id = UINT64_MAX;
    assert_int_equal(ndb_read_edges(&snapshot, probes, 5, &arena, out, NULL),
                     0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(out[i].id, 0);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* More than 8 MiB, so that the pack is not fetched whole. */
static void test_read_edges__cost_two_gets_cold_and_one_from_a_hop(void **state)
{
    enum { NODES = 3000, EDGES = 1500000 };
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_edge_probe probe = { 0 };
    namidb_edge edge;
    uint64_t gets;

    (void)state;
    model_open(&model, 4, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    for (int i = 0; i < EDGES; i++)
        model_add_edge(&model, 1, ndb_rand_below(&model.rand, NODES),
                       ndb_rand_below(&model.rand, NODES));
    model_make_pack(&model, true);
    assert_true(model.packs[0].bytes > 8 << 20);
    for (int is_hop = 0; is_hop <= 1; is_hop++) {
        const struct model_edge *want = &model.edges[EDGES / 3];

        model_forget(&model);
        model_snapshot(&model, &snapshot);
        gets = model_gets(&model);
        probe.id = want->id;
        probe.from = is_hop != 0 ? want->from : 0;
        for (int i = 0; i < 2; i++) {
            assert_int_equal(
                ndb_read_edges(&snapshot, &probe, 1, &arena, &edge, NULL), 0);
            model_check_edge(&model, want, &edge);
            assert_int_equal(model_gets(&model) - gets, 2 - is_hop);
        }
        model_snapshot_close(&snapshot);
    }
    ndb_arena_release(&arena);
    model_close(&model);
}

static void test_read_edges__out_of_memory_at_any_place(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_edge_probe *probes;
    namidb_edge *out;
    bool is_done = false;

    (void)state;
    model_random(&model, 17);
    model_change(&model, 200);
    model_snapshot(&model, &snapshot);
    probes = ndb_calloc(model.edge_count, sizeof *probes);
    out = ndb_calloc(model.edge_count, sizeof *out);
    fill_probes(&model, MIXED, probes);
    for (uint64_t k = 1; !is_done; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_error err;
        int rc;

        ndb_mem_fail_from(k);
        rc = ndb_read_edges(&snapshot, probes, model.edge_count, &arena, out,
                            &err);
        ndb_mem_fail_from(0);
        is_done = rc == NAMIDB_OK;
        if (!is_done)
            assert_int_equal(err.code, NAMIDB_ENOMEM);
        for (size_t i = 0; i < model.edge_count && is_done; i++)
            model_check_edge(&model, &model.edges[i], &out[i]);
        ndb_arena_release(&arena);
    }
    ndb_free(probes);
    ndb_free(out);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_edges__newest_image_of_each_edge_wins),
        cmocka_unit_test(test_read_edges__ids_that_never_were_are_absent),
        cmocka_unit_test(
            test_read_edges__cost_two_gets_cold_and_one_from_a_hop),
        cmocka_unit_test(test_read_edges__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("read_edges", tests, NULL, NULL);
}
