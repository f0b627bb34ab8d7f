/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include "base/mem.h"
#include "format/value.h"

enum { SEEDS = 150, MAX = 64 };

static void check_edge(const struct model *model, const namidb_edge *got,
                       const namidb_edge *want)
{
    model_assert(model, got->id == want->id);
    model_assert(model, got->from == want->from);
    model_assert(model, got->to == want->to);
    model_assert(model, got->type == want->type);
    model_assert(model, got->prop_count == want->prop_count);
    for (uint32_t i = 0; i < got->prop_count; i++) {
        model_assert(model, got->props[i].name == want->props[i].name);
        model_assert(
            model, ndb_value_same(&got->props[i].value, &want->props[i].value));
    }
}

/* What it gives is what hops and edges give; returns whether it gave it. */
static bool check_out(const struct model *model,
                      const struct ndb_snapshot *snapshot, uint64_t id,
                      uint32_t type)
{
    const struct ndb_hop_kind kind = { type, NAMIDB_OUT, true };
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_hops hops;
    namidb_edge *edges;
    size_t count;
    int rc;

    model_assert(model, ndb_read_hops(snapshot, &id, 1, &kind, &arena, &hops,
                                      NULL) == NAMIDB_OK);
    rc = ndb_read_out(snapshot, id, type, MAX, &arena, &edges, &count, NULL);
    model_assert(model, rc == NAMIDB_OK || rc == NAMIDB_NONE);
    if (rc == NAMIDB_OK)
        model_assert(model, count == hops.offsets[1]);
    for (uint32_t i = 0; i < hops.offsets[1] && rc == NAMIDB_OK; i++) {
        struct ndb_edge_probe probe = { .id = hops.edges[i], .from = id };
        namidb_edge want;

        model_assert(model, ndb_read_edges(snapshot, &probe, 1, &arena, &want,
                                           NULL) == NAMIDB_OK);
        check_edge(model, &edges[i], &want);
    }
    ndb_arena_release(&arena);
    return rc == NAMIDB_OK;
}

static void test_read_out__equals_hops_and_edges_over_all_layers(void **state)
{
    size_t given = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;

        model_random(&model, seed);
        if (seed % 2 == 0)
            model_make_pack(&model, true);
        model_snapshot(&model, &snapshot);
        for (size_t i = 0; i < model.node_count; i++)
            for (uint32_t type = 1; type <= 4; type++)
                given += check_out(&model, &snapshot, model.nodes[i].id, type);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
    assert_true(given > 1000);
}

static void test_read_out__sends_nothing_and_says_so(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_edge *edges;
    size_t count;
    uint64_t gets;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_add_node(&model, 1, NULL);
    for (int i = 0; i < MAX; i++)
        model_add_edge(&model, 1, 0, 0);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    gets = model_gets(&model);
    assert_int_equal(ndb_read_out(&snapshot, model.nodes[0].id, 1, MAX, &arena,
                                  &edges, &count, NULL),
                     NAMIDB_NONE);
    assert_int_equal(model_gets(&model), gets);
    assert_true(check_out(&model, &snapshot, model.nodes[0].id, 1));
    assert_int_equal(ndb_read_out(&snapshot, model.nodes[0].id, 1, MAX - 1,
                                  &arena, &edges, &count, NULL),
                     NAMIDB_NONE);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_out__out_of_memory_at_any_place(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_add_node(&model, 1, NULL);
    for (int i = 0; i < MAX; i++)
        model_add_edge(&model, 1, 0, 0);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    assert_true(check_out(&model, &snapshot, model.nodes[0].id, 1));
    for (uint64_t k = 1; rc < 0; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_edge *edges;
        namidb_error err;
        size_t count;

        ndb_mem_fail_from(k);
        rc = ndb_read_out(&snapshot, model.nodes[0].id, 1, MAX, &arena, &edges,
                          &count, &err);
        ndb_mem_fail_from(0);
        assert_int_equal(rc, rc < 0 ? err.code : NAMIDB_OK);
        ndb_arena_release(&arena);
    }
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_out__equals_hops_and_edges_over_all_layers),
        cmocka_unit_test(test_read_out__sends_nothing_and_says_so),
        cmocka_unit_test(test_read_out__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("read_out", tests, NULL, NULL);
}
