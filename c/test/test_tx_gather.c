/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges that are put one by one and written together: nobody can tell, whatever
 * else the transaction does between them, and whatever fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "engine/tx.h"
#include "world.h"

enum { NODES = 50, EDGES = NDB_EDGE_BLOCK_EDGES_MAX + 3000 };

struct bench {
    struct world world;
    namidb *db;
    namidb_tx *tx;
    uint32_t types[2], property;
    uint64_t nodes[NODES];
    uint64_t ids[EDGES];
    bool is_gone[EDGES];
    size_t count; /* edges that were put */
};

static uint32_t number(struct bench *bench, enum namidb_name_kind kind,
                       const char *name)
{
    uint32_t result = 0;

    assert_int_equal(
        namidb_tx_number(bench->tx, kind, name, strlen(name), &result, NULL),
        0);
    return result;
}

static void begin(struct bench *bench)
{
    assert_int_equal(namidb_tx_begin(&bench->tx, bench->db, -1, NULL), 0);
}

static void commit(struct bench *bench)
{
    assert_int_equal(namidb_tx_commit(bench->tx, -1, NULL, NULL), 0);
}

static void reopen(struct bench *bench)
{
    namidb_error err;

    namidb_close(bench->db);
    world_ok(&bench->world, world_open(&bench->world, &bench->db, NULL, &err),
             err);
}

/* With a transaction under way. */
static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    uint32_t label;
    namidb_error err;

    world_begin(&bench->world, 1);
    bench->world.options.flush_slots = 0;
    world_ok(&bench->world, world_open(&bench->world, &bench->db, NULL, &err),
             err);
    begin(bench);
    label = number(bench, NAMIDB_LABEL, "P");
    for (int i = 0; i < NODES; i++)
        assert_int_equal(namidb_create_node(bench->tx, &label, 1,
                                            (namidb_props){ NULL, 0 },
                                            &bench->nodes[i], NULL),
                         0);
    commit(bench);
    begin(bench);
    bench->types[0] = number(bench, NAMIDB_TYPE, "T");
    bench->types[1] = number(bench, NAMIDB_TYPE, "U");
    bench->property = number(bench, NAMIDB_PROPERTY, "w");
    return bench;
}

static void bench_free(struct bench *bench)
{
    namidb_close(bench->db);
    world_end(&bench->world);
    free(bench);
}

/* What edge i is: of the second type in the last thousand, and with a text of
 * its own length unless i is even. */
static uint32_t type_of(const struct bench *bench, size_t i)
{
    return bench->types[i >= EDGES - 1000];
}

static uint64_t from_of(const struct bench *bench, size_t i)
{
    return bench->nodes[i % NODES];
}

static uint64_t to_of(const struct bench *bench, size_t i)
{
    return bench->nodes[i / NODES % NODES];
}

static namidb_value value_of(size_t i)
{
    return (namidb_value){ .kind = NAMIDB_STRING,
                           .as.bytes = "0123456789",
                           .size = (uint32_t)(i % 10) };
}

/* Puts the next edge. */
static int put(struct bench *bench, namidb_error *err)
{
    size_t i = bench->count;
    const namidb_property prop = { bench->property, value_of(i) };
    int rc = namidb_put_edge(bench->tx, type_of(bench, i), from_of(bench, i),
                             to_of(bench, i), (namidb_props){ &prop, i % 2 },
                             &bench->ids[i], err);

    if (rc >= 0)
        bench->count++;
    return rc;
}

static void put_all(struct bench *bench, size_t end)
{
    namidb_error err;

    while (bench->count < end)
        world_ok(&bench->world, put(bench, &err), err);
}

static uint64_t degree(namidb_snapshot *snapshot, uint64_t node)
{
    uint64_t degree;

    assert_int_equal(
        namidb_degree(snapshot, node, NAMIDB_ANY, NAMIDB_OUT, &degree, NULL),
        0);
    return degree;
}

/* That the edges that were put are there, but for those that are gone. */
static void expect_all(struct bench *bench)
{
    namidb_arena *arena = namidb_arena_new();
    namidb_edge *edges = calloc(EDGES, sizeof *edges);
    uint64_t there = 0, degrees = 0;
    namidb_snapshot *snapshot;

    assert_int_equal(namidb_snapshot_open(&snapshot, bench->db, NULL), 0);
    assert_int_equal(namidb_edges_get(snapshot, bench->ids, bench->count, arena,
                                      edges, NULL),
                     0);
    for (size_t i = 0; i < bench->count; i++) {
        assert_true(edges[i].id == (bench->is_gone[i] ? 0 : bench->ids[i]));
        if (bench->is_gone[i])
            continue;
        there++;
        assert_true(edges[i].from == from_of(bench, i));
        assert_true(edges[i].to == to_of(bench, i));
        assert_int_equal(edges[i].type, type_of(bench, i));
        assert_int_equal(edges[i].prop_count, i % 2);
        if (edges[i].prop_count != 0)
            assert_int_equal(edges[i].props[0].value.size, value_of(i).size);
    }
    for (int i = 0; i < NODES; i++)
        degrees += degree(snapshot, bench->nodes[i]);
    assert_int_equal(degrees, there);
    namidb_snapshot_close(snapshot);
    namidb_arena_free(arena);
    free(edges);
}

static void expect_all_after_all(struct bench *bench)
{
    expect_all(bench);
    reopen(bench); /* the log is read */
    expect_all(bench);
    assert_int_equal(namidb_flush(bench->db, -1, NULL), 0);
    reopen(bench);
    expect_all(bench);
}

static void test_tx_gather__many_edges_are_few_records(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    put_all(bench, EDGES);
    assert_in_range(bench->tx->record_count, 1, 5); /* with three names */
    commit(bench);
    expect_all_after_all(bench);
    bench_free(bench);
}

static void test_tx_gather__few_edges_are_records_of_their_own(void **state)
{
    struct bench *bench = bench_new();

    (void)state;
    put_all(bench, 3);
    assert_int_equal(namidb_set_node(bench->tx, bench->nodes[0],
                                     (namidb_props){ NULL, 0 }, NULL),
                     0);
    assert_int_equal(bench->tx->record_count, 2 + 3 + 1);
    commit(bench);
    expect_all_after_all(bench);
    bench_free(bench);
}

static void test_tx_gather__who_reads_the_transaction_sees_them(void **state)
{
    struct bench *bench = bench_new();
    namidb_snapshot *snapshot;

    (void)state;
    put_all(bench, 20 * NODES);
    assert_int_equal(namidb_tx_snapshot(&snapshot, bench->tx, NULL), 0);
    assert_int_equal(degree(snapshot, bench->nodes[7]), 20);
    put_all(bench, 40 * NODES);
    assert_int_equal(degree(snapshot, bench->nodes[7]), 40);
    namidb_snapshot_close(snapshot);
    commit(bench);
    expect_all_after_all(bench);
    bench_free(bench);
}

static void test_tx_gather__they_can_be_changed_at_once(void **state)
{
    struct bench *bench = bench_new();
    uint64_t id;

    (void)state;
    put_all(bench, 500);
    assert_int_equal(namidb_delete_edge(bench->tx, bench->ids[499], NULL), 0);
    bench->is_gone[499] = true;
    put_all(bench, 1000);
    assert_int_equal(namidb_delete_node(bench->tx, bench->nodes[0], true, NULL),
                     0);
    for (size_t i = 0; i < bench->count; i++)
        bench->is_gone[i] |= from_of(bench, i) == bench->nodes[0] ||
                             to_of(bench, i) == bench->nodes[0];
    assert_int_equal(namidb_put_edge(bench->tx, bench->types[0],
                                     bench->nodes[1], bench->nodes[0],
                                     (namidb_props){ NULL, 0 }, &id, NULL),
                     NAMIDB_ENOTFOUND);
    commit(bench);
    expect_all_after_all(bench);
    bench_free(bench);
}

static void test_tx_gather__a_bad_edge_leaves_the_others(void **state)
{
    const namidb_property bad = { 1, { .kind = NAMIDB_MAP } };
    struct bench *bench = bench_new();
    uint64_t id = 0;

    (void)state;
    for (int i = 0; i < 40; i++) {
        put_all(bench, bench->count + 30);
        assert_int_equal(namidb_put_edge(bench->tx, bench->types[0],
                                         bench->nodes[0], 0,
                                         (namidb_props){ NULL, 0 }, &id, NULL),
                         NAMIDB_ENOTFOUND);
        assert_int_equal(namidb_put_edge(bench->tx, 77, bench->nodes[0],
                                         bench->nodes[1],
                                         (namidb_props){ NULL, 0 }, &id, NULL),
                         NAMIDB_EINVAL);
        assert_int_equal(namidb_put_edge(bench->tx, bench->types[0],
                                         bench->nodes[0], bench->nodes[1],
                                         (namidb_props){ &bad, 1 }, &id, NULL),
                         NAMIDB_EINVAL);
    }
    assert_true(id == 0);
    assert_true(bench->ids[bench->count - 1] ==
                bench->ids[0] + NAMIDB_ID(bench->count - 1, 0));
    commit(bench);
    expect_all_after_all(bench);
    bench_free(bench);
}

static void test_tx_gather__no_more_than_a_batch_holds(void **state)
{
    struct bench *bench = bench_new();
    namidb_error err;

    (void)state;
    put_all(bench, 100);
    /* The names are logged. */
    bench->tx->change_count = NDB_BATCH_RECORDS_MAX - 300;
    put_all(bench, 300);
    assert_int_equal(put(bench, &err), NAMIDB_ELIMIT);
    assert_int_equal(put(bench, &err), NAMIDB_ELIMIT);
    assert_int_equal(bench->tx->change_count, NDB_BATCH_RECORDS_MAX);
    namidb_tx_abort(bench->tx);
    bench->count = 0;
    expect_all(bench);
    bench_free(bench);
}

static void
test_tx_gather__of_an_aborted_transaction_nothing_stays(void **state)
{
    struct bench *bench = bench_new();
    uint64_t first;

    (void)state;
    put_all(bench, 1000);
    first = bench->ids[0];
    namidb_tx_abort(bench->tx);
    bench->count = 0;
    expect_all(bench);
    begin(bench);
    put_all(bench, 1000); /* ids come again */
    assert_true(bench->ids[0] == first);
    commit(bench);
    expect_all_after_all(bench);
    bench_free(bench);
}

/* With memory for so many allocations, and then with all of it again. True:
 * there was enough. */
static bool put_with(uint64_t allocations)
{
    struct bench *bench = bench_new();
    namidb_error err;
    bool was_enough = true;
    int rc;

    ndb_mem_fail_from(allocations + 1);
    while (bench->count < 400) {
        rc = put(bench, &err);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        if (rc < 0)
            was_enough = false;
        if (rc < 0)
            ndb_mem_fail_from(0);
        if (bench->count == 200 || bench->count == 210)
            rc = namidb_set_node(bench->tx, bench->nodes[0],
                                 (namidb_props){ NULL, 0 }, &err);
        if (rc < 0)
            ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
    }
    rc = namidb_tx_commit(bench->tx, -1, NULL, &err);
    ndb_mem_fail_from(0);
    if (rc < 0) {
        assert_int_equal(rc, NAMIDB_ENOMEM);
        was_enough = false;
        bench->count = 0;
    }
    expect_all_after_all(bench);
    bench_free(bench);
    return was_enough;
}

static void test_tx_gather__out_of_memory_at_any_place(void **state)
{
    uint64_t allocations = 0;

    (void)state;
    while (!put_with(allocations))
        allocations++;
    assert_in_range(allocations, 8, 1000); /* several places were tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tx_gather__many_edges_are_few_records),
        cmocka_unit_test(test_tx_gather__few_edges_are_records_of_their_own),
        cmocka_unit_test(test_tx_gather__who_reads_the_transaction_sees_them),
        cmocka_unit_test(test_tx_gather__they_can_be_changed_at_once),
        cmocka_unit_test(test_tx_gather__a_bad_edge_leaves_the_others),
        cmocka_unit_test(test_tx_gather__no_more_than_a_batch_holds),
        cmocka_unit_test(
            test_tx_gather__of_an_aborted_transaction_nothing_stays),
        cmocka_unit_test(test_tx_gather__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
