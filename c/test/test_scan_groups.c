/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/scan_groups.h"

enum { SEEDS = 300 };

static const struct ndb_zone_tests NO_TESTS = { NULL, 0 };

/* What a scan gave, as whole rows. */
struct given {
    namidb_node *nodes;
    size_t count, capacity;
    namidb_arena arena;
};

static void give(struct given *given, const namidb_node *node)
{
    if (given->count == given->capacity) {
        given->capacity = given->capacity * 2 + 64;
        given->nodes =
            ndb_realloc(given->nodes, given->capacity, sizeof *given->nodes);
    }
    given->nodes[given->count++] = *node;
}

static void give_stretch(const struct model *model,
                         const struct ndb_snapshot *snapshot,
                         const struct ndb_stretch *stretch, struct given *given)
{
    for (uint32_t i = 0; i < stretch->count; i++) {
        uint32_t row =
            stretch->first + (stretch->rows != NULL ? stretch->rows[i] : i);
        namidb_node node;

        if (stretch->group != NULL)
            model_assert(
                model, ndb_node_group_read(stretch->group, stretch->table, row,
                                           &given->arena, &node) == NAMIDB_OK);
        else
            model_assert(model,
                         ndb_read_nodes(snapshot, &stretch->ids[i], 1,
                                        &given->arena, &node, NULL) >= 0);
        give(given, &node);
    }
}

static int by_table_then_id(const void *a, const void *b)
{
    const namidb_node *left = a, *right = b;
    uint32_t left_table = NAMIDB_ID_TABLE(left->id);
    uint32_t right_table = NAMIDB_ID_TABLE(right->id);

    if (left_table != right_table)
        return left_table < right_table ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static void check_given(const struct model *model, uint32_t label,
                        struct given *given)
{
    size_t count;
    const struct model_node **want = model_living(model, label, &count);

    model_assert(model, given->count == count);
    if (count > 1)
        qsort(given->nodes, count, sizeof *given->nodes, by_table_then_id);
    for (size_t i = 0; i < count; i++)
        model_check_node(model, want[i], &given->nodes[i]);
    ndb_free(want);
    ndb_free(given->nodes);
    ndb_arena_release(&given->arena);
}

static void check_scan(const struct model *model,
                       const struct ndb_snapshot *snapshot, uint32_t label,
                       uint32_t max)
{
    struct given given = { .arena = NDB_ARENA_INIT };
    struct ndb_group_scan *scan;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_stretch stretch;
    int rc;

    assert_int_equal(
        ndb_group_scan_open(&scan, snapshot, label, NO_TESTS, NULL), 0);
    while ((rc = ndb_group_scan_next(scan, max, &arena, &stretch, NULL)) ==
           NAMIDB_OK) {
        model_assert(model, stretch.extent <= max);
        give_stretch(model, snapshot, &stretch, &given);
        ndb_arena_reset(&arena);
    }
    model_assert(model, rc == NAMIDB_NONE);
    ndb_group_scan_close(scan);
    ndb_arena_release(&arena);
    check_given(model, label, &given);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    static const uint32_t LABELS[] = { 0, 1, 2, 3, 5, 77, 4, MODEL_HIGH_LABEL };

    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
        check_scan(model, snapshot, LABELS[i], 2048);
        check_scan(model, snapshot, LABELS[i], 1 + (uint32_t)model->seed % 5);
    }
}

static void
test_scan_groups__give_each_living_node_with_the_label_once(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

/* Windows of many segments over each other, in a cache that holds nothing. */
static void test_scan_groups__merge_layers_of_many_segments(void **state)
{
    enum { NODES = 90000 };
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_open(&model, 7, 1);
    model_add_nodes(&model, 1, NODES);
    model_make_pack(&model, true);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < NODES / 5; i++)
            model_set_node(&model, ndb_rand_below(&model.rand, NODES));
        model_make_pack(&model, true);
    }
    for (int i = 0; i < NODES / 20; i++)
        model_set_node(&model, ndb_rand_below(&model.rand, NODES));
    model_delete_node(&model, 0);
    model_delete_node(&model, NODES - 1);
    model_snapshot(&model, &snapshot);
    check_scan(&model, &snapshot, 1, 2048);
    check_scan(&model, &snapshot, 0, 777);
    check_scan(&model, &snapshot, 5, 65536);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* Every segment is fetched once, in few ranges, and nothing else. */
static void test_scan_groups__fetch_windows(void **state)
{
    enum { NODES = 400000 };
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t before;

    (void)state;
    model_open(&model, 8, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    model_make_pack(&model, true);
    model_forget(&model);
    model_snapshot(&model, &snapshot);
    before = model_gets(&model);
    check_scan(&model, &snapshot, 1, 2048);
    model_assert(&model, model_gets(&model) - before <= 16);
    before = model_gets(&model);
    check_scan(&model, &snapshot, 1, 2048);
    model_assert(&model, model_gets(&model) == before);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* What is said to come next comes next; all but the last of a window knows. */
static void test_scan_groups__tell_the_groups_ahead(void **state)
{
    enum { NODES = 400000, BEHIND = NDB_GROUPS_AHEAD };
    struct ndb_groups_ahead said[BEHIND] = { { { NULL } } };
    struct ndb_group_scan *scan;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_stretch stretch;
    struct model model;
    struct ndb_snapshot snapshot;
    uint32_t count = 0, known = 0;

    (void)state;
    model_open(&model, 9, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    assert_int_equal(ndb_group_scan_open(&scan, &snapshot, 1, NO_TESTS, NULL),
                     0);
    for (;
         ndb_group_scan_next(scan, NODES, &arena, &stretch, NULL) == NAMIDB_OK;
         count++) {
        for (uint32_t i = 0; i < BEHIND && i < count; i++) {
            const struct ndb_node_group *next =
                said[(count - 1 - i) % BEHIND].items[i];

            assert_true(next == NULL || next == stretch.group);
            known += next != NULL;
        }
        said[count % BEHIND] = *stretch.ahead;
    }
    assert_true(count > 32);
    assert_true(known > 2 * count);
    ndb_group_scan_close(scan);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static int scan_all(const struct model *model,
                    const struct ndb_snapshot *snapshot, struct given *given)
{
    struct ndb_group_scan *scan = NULL;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_stretch stretch;
    int rc = ndb_group_scan_open(&scan, snapshot, 0, NO_TESTS, NULL);

    while (rc >= 0 && (rc = ndb_group_scan_next(scan, 7, &arena, &stretch,
                                                NULL)) == NAMIDB_OK) {
        if (given != NULL)
            give_stretch(model, snapshot, &stretch, given);
        ndb_arena_reset(&arena);
    }
    ndb_group_scan_close(scan);
    ndb_arena_release(&arena);
    return rc;
}

static void test_scan_groups__fail_cleanly_without_memory(void **state)
{
    struct given given = { .arena = NDB_ARENA_INIT };
    struct model model;
    struct ndb_snapshot snapshot;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    model_random(&model, 31);
    model_change(&model, 100);
    model_make_pack(&model, true);
    model_change(&model, 50);
    model_snapshot(&model, &snapshot);
    for (uint64_t k = 1; rc != NAMIDB_NONE; k++) {
        model_snapshot_close(&snapshot);
        model_forget(&model);
        model_snapshot(&model, &snapshot);
        ndb_mem_fail_from(k);
        rc = scan_all(&model, &snapshot, NULL);
        ndb_mem_fail_from(0);
        model_assert(&model, rc == NAMIDB_ENOMEM || rc == NAMIDB_NONE);
    }
    assert_int_equal(scan_all(&model, &snapshot, &given), NAMIDB_NONE);
    check_given(&model, 0, &given);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_scan_groups__give_each_living_node_with_the_label_once),
        cmocka_unit_test(test_scan_groups__merge_layers_of_many_segments),
        cmocka_unit_test(test_scan_groups__fetch_windows),
        cmocka_unit_test(test_scan_groups__tell_the_groups_ahead),
        cmocka_unit_test(test_scan_groups__fail_cleanly_without_memory),
    };

    return cmocka_run_group_tests_name("scan_groups", tests, NULL, NULL);
}
