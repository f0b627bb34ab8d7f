/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"
#include "model_readers.h"

#include "base/mem.h"
#include "format/value.h"

enum { SEEDS = 150, NAMES = 4 };

static namidb_value value_at(const struct ndb_property_column *column, size_t i)
{
    return column->values != NULL
               ? column->values[i]
               : (namidb_value){ .kind = NAMIDB_INT,
                                 .as.integer = column->integers[i] };
}

static namidb_value value_of(const namidb_node *node, uint32_t name)
{
    for (uint32_t i = 0; i < node->prop_count; i++)
        if (node->props[i].name == name)
            return node->props[i].value;
    return (namidb_value){ .kind = NAMIDB_NULL };
}

/* A column says what the rows say, which test_read_nodes compares with the
 * model. */
static void check_property(const struct model *model,
                           const struct ndb_snapshot *snapshot,
                           const uint64_t *ids, size_t count, uint32_t name)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node *rows = ndb_calloc(count, sizeof *rows);
    struct ndb_property_column column;
    size_t absent = SIZE_MAX;

    model_assert(model, ndb_read_nodes(snapshot, ids, count, &arena, rows,
                                       NULL) == NAMIDB_OK);
    model_assert(model, ndb_read_property(snapshot, ids, count, name, &arena,
                                          &column, NULL) == NAMIDB_OK);
    for (size_t i = count; i-- > 0;) {
        namidb_value want = value_of(&rows[i], name);
        namidb_value got = value_at(&column, i);

        if (rows[i].id == 0)
            absent = i;
        else
            model_assert(model, ndb_value_same(&got, &want));
    }
    model_assert(model, column.absent == absent);
    ndb_arena_release(&arena);
    ndb_free(rows);
}

static void check_labels(const struct model *model,
                         const struct ndb_snapshot *snapshot,
                         const uint64_t *ids, size_t count, uint32_t label)
{
    struct ndb_label_probe probe = { &label, 1, false };
    size_t absent, want_absent = SIZE_MAX;
    bool *has = ndb_calloc(count, sizeof *has);

    model_assert(model, ndb_read_labels(snapshot, ids, count, &probe, has,
                                        &absent, NULL) == NAMIDB_OK);
    for (size_t i = count; i-- > 0;) {
        if (!model->nodes[i].is_alive)
            want_absent = i;
        else
            model_assert(model,
                         has[i] == (label != 0 &&
                                    model_has_label(&model->nodes[i], label)));
    }
    model_assert(model, absent == want_absent);
    ndb_free(has);
}

/* Of nodes that are there their tables may tell: the same. */
static void check_labels_there(const struct model *model,
                               const struct ndb_snapshot *snapshot,
                               const uint64_t *ids, size_t count,
                               uint32_t first, uint32_t second)
{
    uint32_t labels[] = { first, second };
    struct ndb_label_probe looked = { labels, 2, false };
    struct ndb_label_probe judged = { labels, 2, true };
    uint64_t *alive = ndb_calloc(count, sizeof *alive);
    bool *has = ndb_calloc(count, sizeof *has);
    bool *want = ndb_calloc(count, sizeof *want);
    size_t alive_count = 0, absent;

    for (size_t i = 0; i < count; i++)
        if (model->nodes[i].is_alive)
            alive[alive_count++] = ids[i];
    model_assert(model, ndb_read_labels(snapshot, alive, alive_count, &looked,
                                        want, &absent, NULL) == NAMIDB_OK);
    model_assert(model, ndb_read_labels(snapshot, alive, alive_count, &judged,
                                        has, &absent, NULL) == NAMIDB_OK);
    model_assert(model, absent == SIZE_MAX);
    model_assert(model, memcmp(has, want, alive_count * sizeof *has) == 0);
    ndb_free(alive);
    ndb_free(has);
    ndb_free(want);
}

static void check_all(const struct model *model,
                      const struct ndb_snapshot *snapshot, size_t step)
{
    uint64_t *ids = model_ids(model);

    for (size_t i = 0; i < model->node_count; i += step) {
        size_t left = model->node_count - i;

        for (uint32_t name = 0; name < NAMES; name++)
            check_property(model, snapshot, ids + i, step < left ? step : left,
                           name);
    }
    for (uint32_t label = 0; label <= MODEL_TABLES; label++) {
        check_labels(model, snapshot, ids, model->node_count, label);
        check_labels_there(model, snapshot, ids, model->node_count, label,
                           label);
        check_labels_there(model, snapshot, ids, model->node_count, label, 1);
    }
    check_labels(model, snapshot, ids, model->node_count, MODEL_HIGH_LABEL);
    check_labels_there(model, snapshot, ids, model->node_count,
                       MODEL_HIGH_LABEL, 1);
    ndb_free(ids);
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    check_all(model, snapshot,
              model->seed % 2 == 0 ? SIZE_MAX : 1 + model->seed % 40);
}

static void test_read_columns__equal_the_rows_over_all_layers(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

static void test_read_columns__integers_stay_integers(void **state)
{
    enum { NODES = 9000 };
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_property_column column;
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t *ids, gets;

    (void)state;
    model_open(&model, 3, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    ids = model_ids(&model);
    gets = model_gets(&model);
    assert_int_equal(
        ndb_read_property(&snapshot, ids, NODES, 1, &arena, &column, NULL), 0);
    assert_int_equal(model_gets(&model) - gets, 1);
    assert_null(column.values);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(column.integers[i], model.nodes[i].number);
    ndb_arena_release(&arena);
    ndb_free(ids);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* In an order that leaves no group as it comes: over several of full size, of
 * two packs, with tombstones. */
static void test_read_columns__nodes_of_many_groups_in_any_order(void **state)
{
    enum { NODES = 13000 };
    struct ndb_rand rand = { 15 };
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t *ids;

    (void)state;
    model_open(&model, 5, 64 << 20);
    model_add_nodes(&model, 1, NODES);
    model_make_pack(&model, true);
    model_change(&model, 500);
    model_make_pack(&model, false);
    model_change(&model, 100);
    model_snapshot(&model, &snapshot);
    ids = model_ids(&model);
    for (size_t i = model.node_count; i > 1; i--) {
        size_t j = ndb_rand_below(&rand, i);
        uint64_t id = ids[j];

        ids[j] = ids[i - 1];
        ids[i - 1] = id;
    }
    for (uint32_t name = 1; name < NAMES; name++)
        for (size_t i = 0; i < model.node_count; i += 2000)
            check_property(&model, &snapshot, ids + i,
                           model.node_count - i < 2000 ? model.node_count - i
                                                       : 2000,
                           name);
    ndb_free(ids);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_columns__out_of_memory_at_any_place(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    uint64_t *ids;
    bool is_done = false;

    (void)state;
    model_random(&model, 14);
    model_change(&model, 300);
    model_snapshot(&model, &snapshot);
    ids = model_ids(&model);
    for (uint64_t k = 1; !is_done; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_property_column column;
        namidb_error err;
        int rc;

        ndb_mem_fail_from(k);
        rc = ndb_read_property(&snapshot, ids, 40, 2, &arena, &column, &err);
        ndb_mem_fail_from(0);
        is_done = rc == NAMIDB_OK;
        if (!is_done)
            assert_int_equal(err.code, NAMIDB_ENOMEM);
        ndb_arena_release(&arena);
    }
    check_all(&model, &snapshot, SIZE_MAX);
    ndb_free(ids);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void check_thrice(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    for (int i = 0; i < 3; i++)
        check_all(model, snapshot, 16);
}

/* The cache is so small that readers evict what others look at. */
static void
test_read_columns__segments_stay_while_they_are_looked_at(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_open(&model, 21, 1);
    for (int i = 0; i < 3; i++) {
        model_change(&model, 150);
        model_make_pack(&model, i == 0);
    }
    model_snapshot(&model, &snapshot);
    model_read_at_once(&model, &snapshot, check_thrice);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_columns__equal_the_rows_over_all_layers),
        cmocka_unit_test(test_read_columns__integers_stay_integers),
        cmocka_unit_test(test_read_columns__nodes_of_many_groups_in_any_order),
        cmocka_unit_test(test_read_columns__out_of_memory_at_any_place),
        cmocka_unit_test(
            test_read_columns__segments_stay_while_they_are_looked_at),
    };

    return cmocka_run_group_tests_name("read_columns", tests, NULL, NULL);
}
