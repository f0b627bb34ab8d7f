/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include "base/mem.h"

enum { SEEDS = 150 };

static void check_all(const struct model *model,
                      const struct ndb_snapshot *snapshot, bool one_by_one)
{
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t *ids = model_ids(model);
    namidb_node *out = ndb_calloc(model->node_count, sizeof *out);
    size_t step = one_by_one ? 1 : model->node_count;

    for (size_t i = 0; i < model->node_count; i += step)
        model_assert(model, ndb_read_nodes(snapshot, ids + i, step, &arena,
                                           out + i, NULL) == NAMIDB_OK);
    for (size_t i = 0; i < model->node_count; i++)
        model_check_node(model, &model->nodes[i], &out[i]);
    ndb_arena_release(&arena);
    ndb_free(ids);
    ndb_free(out);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    check_all(model, snapshot, false);
    check_all(model, snapshot, true);
}

static void test_read_nodes__newest_image_of_each_node_wins(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

static void test_read_nodes__later_versions_are_not_seen(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS / 5; seed++) {
        struct model model;
        struct model_node *before;
        struct ndb_snapshot snapshot;
        namidb_arena arena = NDB_ARENA_INIT;
        size_t count;

        model_random(&model, seed);
        model_change(&model, 5);
        model_snapshot(&model, &snapshot);
        count = model.node_count;
        before = ndb_calloc(count, sizeof *before);
        memcpy(before, model.nodes, count * sizeof *before);
        model_change(&model, 60);
        for (size_t i = 0; i < model.node_count; i++) {
            struct model_node none = { .is_alive = false };
            namidb_node node;

            model_assert(&model,
                         ndb_read_nodes(&snapshot, &model.nodes[i].id, 1,
                                        &arena, &node, NULL) == NAMIDB_OK);
            if (i < count && before[i].key.kind == NAMIDB_STRING)
                before[i].key.as.bytes = before[i].key_text;
            model_check_node(&model, i < count ? &before[i] : &none, &node);
        }
        ndb_arena_release(&arena);
        ndb_free(before);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
}

static void test_read_nodes__ids_that_never_were_are_absent(void **state)
{
    const uint64_t ids[] = { 0, 1, NAMIDB_ID(99999, 1), NAMIDB_ID(1, 8000),
                             UINT64_MAX };
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node out[5];

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_change(&model, 50);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    assert_int_equal(ndb_read_nodes(&snapshot, ids, 5, &arena, out, NULL), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(out[i].id, 0);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Rows must not point into what the snapshot held. */
static void test_read_nodes__rows_outlive_snapshot_and_layers(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node packed, fresh;
    size_t first, second;

    (void)state;
    model_open(&model, 1, 1 << 20);
    first = model_add_node(&model, 1, "packed");
    model_make_pack(&model, true);
    second = model_add_node(&model, 2, "fresh");
    model_snapshot(&model, &snapshot);
    assert_int_equal(ndb_read_nodes(&snapshot, &model.nodes[first].id, 1,
                                    &arena, &packed, NULL),
                     0);
    assert_int_equal(ndb_read_nodes(&snapshot, &model.nodes[second].id, 1,
                                    &arena, &fresh, NULL),
                     0);
    model_snapshot_close(&snapshot);
    ndb_memtable_unref(model.memtable);
    model.memtable = NULL;
    model_forget(&model);
    model_check_node(&model, &model.nodes[first], &packed);
    model_check_node(&model, &model.nodes[second], &fresh);
    ndb_arena_release(&arena);
    model_close(&model);
}

static void test_read_nodes__a_pack_costs_one_get_and_then_nothing(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t gets;

    (void)state;
    model_open(&model, 3, 64 << 20);
    for (int i = 0; i < 2; i++) {
        model_add_nodes(&model, 1, 100);
        model_make_pack(&model, true);
    }
    model_snapshot(&model, &snapshot);
    gets = model_gets(&model);
    check_all(&model, &snapshot, false);
    assert_int_equal(model_gets(&model) - gets, 2);
    check_all(&model, &snapshot, true);
    assert_int_equal(model_gets(&model) - gets, 2);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_nodes__out_of_memory_at_any_place(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t ids[40];
    bool is_done = false;

    (void)state;
    model_random(&model, 12);
    model_change(&model, 200);
    model_snapshot(&model, &snapshot);
    for (int i = 0; i < 40; i++)
        ids[i] = model.nodes[i].id;
    for (uint64_t k = 1; !is_done; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_node out[40];
        namidb_error err;
        int rc;

        ndb_mem_fail_from(k);
        rc = ndb_read_nodes(&snapshot, ids, 40, &arena, out, &err);
        ndb_mem_fail_from(0);
        is_done = rc == NAMIDB_OK;
        if (is_done)
            for (int i = 0; i < 40; i++)
                model_check_node(&model, &model.nodes[i], &out[i]);
        else
            assert_int_equal(err.code, NAMIDB_ENOMEM);
        ndb_arena_release(&arena);
    }
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_nodes__newest_image_of_each_node_wins),
        cmocka_unit_test(test_read_nodes__later_versions_are_not_seen),
        cmocka_unit_test(test_read_nodes__ids_that_never_were_are_absent),
        cmocka_unit_test(test_read_nodes__rows_outlive_snapshot_and_layers),
        cmocka_unit_test(
            test_read_nodes__a_pack_costs_one_get_and_then_nothing),
        cmocka_unit_test(test_read_nodes__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("read_nodes", tests, NULL, NULL);
}
