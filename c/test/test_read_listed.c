/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/read_listed.h"

#include <stdlib.h>

#include "model_readers.h"
#include "packed_model.h"

#include "base/mem.h"
#include "engine/hop_fold.h"

enum { SEEDS = 40, TYPES = 3 };

static int is_before(const void *a, const void *b)
{
    const struct ndb_edge_probe *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* All edges of a type there ever were, as a hop over all nodes would give them,
 * or as they were made. */
static size_t probes_of(const struct model *model, uint32_t type,
                        bool is_sorted, struct ndb_edge_probe *probes)
{
    size_t count = 0;

    for (size_t i = 0; i < model->edge_count; i++)
        if (NAMIDB_ID_TABLE(model->edges[i].id) == type)
            probes[count++] = (struct ndb_edge_probe){ model->edges[i].id,
                                                       model->edges[i].from,
                                                       model->edges[i].to };
    if (is_sorted)
        qsort(probes, count, sizeof *probes, is_before);
    return count;
}

static const struct model_edge *edge_of(const struct model *model, uint64_t id)
{
    size_t at = 0;

    while (model->edges[at].id != id)
        at++;
    return &model->edges[at];
}

static void check_property(const struct model *model,
                           const struct ndb_edge_probe *probes, size_t count,
                           const struct ndb_property_column *column)
{
    size_t absent = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        const struct model_edge *want = edge_of(model, probes[i].id);

        if (!want->is_alive) {
            absent = absent < i ? absent : i;
            continue;
        }
        model_assert(model, column->values == NULL);
        model_assert(model, column->integers[i] == want->weight);
    }
    model_assert(model, column->absent == absent);
}

/* `is_listed`: the short way must be taken. */
static void check_type(const struct model *model,
                       const struct ndb_snapshot *snapshot, uint32_t type,
                       bool is_sorted, bool is_listed)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_edge_probe *probes =
        ndb_calloc(model->edge_count + 1, sizeof *probes);
    namidb_edge *out = ndb_calloc(model->edge_count + 1, sizeof *out);
    size_t count = probes_of(model, type, is_sorted, probes);
    struct ndb_property_column column;
    int rc = ndb_read_edges(snapshot, probes, count, &arena, out, NULL);

    model_assert(model, rc == NAMIDB_OK);
    for (size_t i = 0; i < count; i++)
        model_check_edge(model, edge_of(model, probes[i].id), &out[i]);
    rc = ndb_read_listed(snapshot, probes, count, &arena, out, NULL);
    model_assert(model,
                 rc == (is_listed && count != 0 ? NAMIDB_OK : NAMIDB_NONE));
    for (size_t i = 0; i < count && rc == NAMIDB_OK; i++)
        model_check_edge(model, edge_of(model, probes[i].id), &out[i]);
    rc = ndb_read_edge_property(snapshot, probes, count, 1, &arena, &column,
                                NULL);
    model_assert(model, rc == NAMIDB_OK);
    check_property(model, probes, count, &column);
    rc = ndb_read_edge_property(snapshot, probes, count, 2, &arena, &column,
                                NULL);
    model_assert(model, rc == NAMIDB_OK);
    for (size_t i = 0; i < count; i++)
        if (edge_of(model, probes[i].id)->is_alive)
            model_assert(model, column.values[i].kind == NAMIDB_NULL);
    ndb_arena_release(&arena);
    ndb_free(probes);
    ndb_free(out);
}

static void check_types(const struct model *model,
                        const struct ndb_snapshot *snapshot, bool is_listed)
{
    for (uint32_t type = 1; type <= TYPES; type++) {
        check_type(model, snapshot, type, true, is_listed);
        check_type(model, snapshot, type, false, is_listed);
    }
}

static void test_read_listed__edges_of_packs_and_of_folds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;
        uint64_t hits, gets;

        packed_model_open(&model, seed, 64 << 20, 2 + (int)(seed % 5));
        model_snapshot(&model, &snapshot);
        check_type(&model, &snapshot, 1, true, true);
        for (int i = 0; i <= NDB_FOLD_AFTER; i++)
            check_types(&model, &snapshot, true);
        hits = packed_model_stats(&model).fold_hits;
        gets = model_gets(&model);
        model_assert(&model, packed_model_stats(&model).fold_bytes > 0);
        check_types(&model, &snapshot, true);
        model_assert(&model, packed_model_stats(&model).fold_hits > hits);
        model_assert(&model, model_gets(&model) == gets);
        model_snapshot_close(&snapshot);
        model_assert(&model, packed_model_stats(&model).fold_bytes == 0);
        model_close(&model);
    }
}

/* A fold that hops made gives way to one that has the properties, too. */
static void test_read_listed__a_fold_gets_its_properties(void **state)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    namidb_arena arena = NDB_ARENA_INIT;
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_hops hops;
    uint64_t hits, id;

    (void)state;
    packed_model_open_small(&model);
    model_snapshot(&model, &snapshot);
    id = model.nodes[0].id;
    for (int i = 0; i < NDB_FOLD_AFTER; i++)
        assert_int_equal(
            ndb_read_hops(&snapshot, &id, 1, &kind, &arena, &hops, NULL), 0);
    assert_true(packed_model_stats(&model).fold_bytes > 0);
    hits = packed_model_stats(&model).fold_hits;
    for (int i = 0; i <= NDB_FOLD_AFTER; i++) {
        namidb_edge *edges;
        size_t count;

        assert_int_equal(packed_model_stats(&model).fold_hits, hits);
        assert_int_equal(
            ndb_read_out(&snapshot, id, 1, 64, &arena, &edges, &count, NULL),
            0);
        assert_int_equal(count, 12);
    }
    assert_int_equal(packed_model_stats(&model).fold_hits, hits + 1);
    check_type(&model, &snapshot, 1, true, true);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_listed__what_is_not_flushed_is_listed_too(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model model;
        struct ndb_snapshot snapshot;

        packed_model_open(&model, seed, 64 << 20, 3);
        model_change(&model, 60);
        model_snapshot(&model, &snapshot);
        check_type(&model, &snapshot, 1, true, true);
        for (int i = 0; i <= NDB_FOLD_AFTER; i++)
            check_types(&model, &snapshot, true);
        model_assert(&model, packed_model_stats(&model).fold_bytes > 0);
        model_snapshot_close(&snapshot);
        model_close(&model);
    }
}

/* Hops make folds, and reads of properties others in their place. */
static void make_and_use(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    struct ndb_hop_kind kind = { 1, NAMIDB_OUT, true };
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_hops hops;

    for (int i = 0; i < NDB_FOLD_AFTER * 2; i++) {
        uint64_t id = model->nodes[(size_t)i % 20].id;

        model_assert(model, ndb_read_hops(snapshot, &id, 1, &kind, &arena,
                                          &hops, NULL) == NAMIDB_OK);
        ndb_arena_reset(&arena);
        if (i % 8 == 7)
            check_types(model, snapshot, true);
    }
    ndb_arena_release(&arena);
}

static void test_read_listed__many_readers_make_and_use_folds(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    packed_model_open(&model, 23, 64 << 20, 5);
    model_snapshot(&model, &snapshot);
    check_types(&model, &snapshot, true);
    model_read_at_once(&model, &snapshot, make_and_use);
    assert_true(packed_model_stats(&model).fold_hits > 0);
    model_snapshot_close(&snapshot);
    assert_int_equal(packed_model_stats(&model).fold_bytes, 0);
    model_close(&model);
}

/* The read that makes a fold, too. True: it made one. */
static bool read_with(struct model *model, uint64_t allocations)
{
    struct ndb_edge_probe *probes =
        ndb_calloc(model->edge_count + 1, sizeof *probes);
    size_t count = probes_of(model, 1, true, probes);
    struct ndb_property_column column;
    struct ndb_snapshot snapshot;
    bool is_made;
    int rc;

    model_snapshot(model, &snapshot);
    for (int i = 0; i < NDB_FOLD_AFTER; i++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_error err;

        if (i == NDB_FOLD_AFTER - 1)
            ndb_mem_fail_from(allocations + 1);
        rc = ndb_read_edge_property(&snapshot, probes, count, 1, &arena,
                                    &column, &err);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || err.code == NAMIDB_ENOMEM);
        if (rc == NAMIDB_OK)
            check_property(model, probes, count, &column);
        ndb_arena_release(&arena);
    }
    is_made = packed_model_stats(model).fold_bytes > 0;
    check_types(model, &snapshot, true);
    ndb_free(probes);
    model_snapshot_close(&snapshot);
    return is_made;
}

static void test_read_listed__out_of_memory_at_any_place(void **state)
{
    struct model model;
    uint64_t allocations = 0;

    (void)state;
    packed_model_open_small(&model);
    while (!read_with(&model, allocations) && allocations < 1000)
        allocations++;
    assert_in_range(allocations, 4, 999); /* several places were tried */
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_listed__edges_of_packs_and_of_folds),
        cmocka_unit_test(test_read_listed__a_fold_gets_its_properties),
        cmocka_unit_test(test_read_listed__what_is_not_flushed_is_listed_too),
        cmocka_unit_test(test_read_listed__many_readers_make_and_use_folds),
        cmocka_unit_test(test_read_listed__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("read_listed", tests, NULL, NULL);
}
