/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that write more edges than one block holds: they are there as a whole
 * or not at all, before and after the log was read again, whatever fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "engine/tx.h"
#include "format/value.h"
#include "namidb_rows.h"
#include "sys/clock.h"
#include "world.h"

enum { NODES = 100, ROWS = 2 * NDB_EDGE_BLOCK_EDGES_MAX + 777 };

struct bench {
    struct world world;
    namidb *db;
    struct ndb_store *faulty;
    uint64_t nodes[NODES];
    uint64_t from[ROWS], to[ROWS], ids[ROWS];
    namidb_value values[ROWS];
};

static uint32_t number(namidb_tx *tx, enum namidb_name_kind kind,
                       const char *name)
{
    uint32_t result = 0;

    assert_int_equal(
        namidb_tx_number(tx, kind, name, strlen(name), &result, NULL), 0);
    return result;
}

static namidb_tx *begin(struct bench *bench)
{
    namidb_tx *tx;

    assert_int_equal(namidb_tx_begin(&tx, bench->db, -1, NULL), 0);
    return tx;
}

static void reopen(struct bench *bench)
{
    namidb_error err;

    namidb_close(bench->db);
    world_ok(&bench->world,
             world_open(&bench->world, &bench->db, &bench->faulty, &err), err);
}

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    namidb_tx *tx;
    uint32_t label;
    namidb_error err;

    world_begin(&bench->world, 1);
    bench->world.options.flush_slots = 0;
    world_ok(&bench->world,
             world_open(&bench->world, &bench->db, &bench->faulty, &err), err);
    tx = begin(bench);
    label = number(tx, NAMIDB_LABEL, "P");
    for (int i = 0; i < NODES; i++)
        assert_int_equal(namidb_create_node(tx, &label, 1,
                                            (namidb_props){ NULL, 0 },
                                            &bench->nodes[i], NULL),
                         0);
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
    return bench;
}

static void bench_free(struct bench *bench)
{
    namidb_close(bench->db);
    world_end(&bench->world);
    free(bench);
}

/* Edges from each node to the next ones, with a number, or without. */
static void fill(struct bench *bench)
{
    for (size_t i = 0; i < ROWS; i++) {
        bench->from[i] = bench->nodes[i % NODES];
        bench->to[i] = bench->nodes[(i + i / NODES) % NODES];
        bench->values[i] = (namidb_value){ .kind = NAMIDB_NULL };
        if (i % 3 != 0)
            bench->values[i] =
                (namidb_value){ .kind = NAMIDB_INT,
                                .as.integer = (int64_t)(i % 5000) };
    }
}

static int put(struct bench *bench, namidb_tx *tx, size_t count,
               size_t *bad_row, namidb_error *err)
{
    const namidb_column column = { number(tx, NAMIDB_PROPERTY, "w"),
                                   { bench->values, 1 } };
    const namidb_edge_rows rows = { .count = count,
                                    .type = number(tx, NAMIDB_TYPE, "T"),
                                    .from = bench->from,
                                    .to = bench->to,
                                    .props = { &column, 1 } };

    return namidb_put_edges(tx, &rows, bench->ids, bad_row, err);
}

static uint64_t edge_count(struct bench *bench)
{
    namidb_stats stats;

    assert_int_equal(namidb_get_stats(bench->db, &stats, NULL), 0);
    return stats.edge_count;
}

static void expect_row(const struct bench *bench, const namidb_edge *edge,
                       size_t row)
{
    assert_true(edge->id == bench->ids[row]);
    assert_true(edge->from == bench->from[row]);
    assert_true(edge->to == bench->to[row]);
    assert_int_equal(edge->prop_count, row % 3 != 0);
    if (edge->prop_count != 0)
        assert_true(ndb_value_same(&edge->props[0].value, &bench->values[row]));
}

/* All rows are there, by their ids, at their nodes and in a scan. */
static void expect_all(struct bench *bench)
{
    namidb_arena *arena = namidb_arena_new();
    namidb_edge *edges = calloc(ROWS, sizeof *edges);
    namidb_snapshot *snapshot;
    uint64_t degree = 0;

    assert_int_equal(namidb_snapshot_open(&snapshot, bench->db, NULL), 0);
    assert_int_equal(
        namidb_edges_get(snapshot, bench->ids, ROWS, arena, edges, NULL), 0);
    for (size_t i = 0; i < ROWS; i++)
        expect_row(bench, &edges[i], i);
    for (int i = 0; i < NODES; i++) {
        uint64_t more;

        assert_int_equal(namidb_degree(snapshot, bench->nodes[i], NAMIDB_ANY,
                                       NAMIDB_IN, &more, NULL),
                         0);
        degree += more;
    }
    assert_int_equal(degree, ROWS);
    assert_int_equal(edge_count(bench), ROWS);
    namidb_snapshot_close(snapshot);
    namidb_arena_free(arena);
    free(edges);
}

static void expect_none(struct bench *bench)
{
    namidb_snapshot *snapshot;
    uint64_t degree;

    assert_int_equal(edge_count(bench), 0);
    assert_int_equal(namidb_snapshot_open(&snapshot, bench->db, NULL), 0);
    assert_int_equal(namidb_degree(snapshot, bench->nodes[0], NAMIDB_ANY,
                                   NAMIDB_OUT, &degree, NULL),
                     0);
    assert_int_equal(degree, 0);
    namidb_snapshot_close(snapshot);
}

static void test_edges__of_many_blocks_are_there(void **state)
{
    struct bench *bench = bench_new();
    namidb_tx *tx = begin(bench);
    size_t bad_row;

    (void)state;
    fill(bench);
    assert_int_equal(put(bench, tx, ROWS, &bad_row, NULL), 0);
    for (size_t i = 1; i < ROWS; i++)
        assert_true(bench->ids[i] == bench->ids[0] + NAMIDB_ID(i, 0));
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
    expect_all(bench);
    reopen(bench); /* the log is read */
    expect_all(bench);
    assert_int_equal(namidb_flush(bench->db, -1, NULL), 0);
    expect_all(bench);
    reopen(bench);
    expect_all(bench);
    bench_free(bench);
}

/* A flush of edges that nobody asked for, after the log was read again. */
static void test_edges__are_flushed_as_they_came(void **state)
{
    struct bench *bench = bench_new();
    namidb_tx *tx = begin(bench);
    size_t bad_row;

    (void)state;
    fill(bench);
    assert_int_equal(put(bench, tx, ROWS, &bad_row, NULL), 0);
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
    reopen(bench);
    assert_int_equal(namidb_flush(bench->db, -1, NULL), 0);
    expect_all(bench);
    bench_free(bench);
}

/* A bad row anywhere, also where a block begins or ends, leaves nothing of its
 * call, and what the transaction wrote before stays. */
static void test_edges__with_a_bad_row_leave_nothing(void **state)
{
    static const size_t BAD[] = { 0,
                                  1,
                                  NDB_EDGE_BLOCK_EDGES_MAX - 1,
                                  NDB_EDGE_BLOCK_EDGES_MAX,
                                  2 * NDB_EDGE_BLOCK_EDGES_MAX + 700,
                                  ROWS - 1 };
    struct bench *bench = bench_new();
    namidb_tx *tx = begin(bench);
    size_t bad_row;

    (void)state;
    fill(bench);
    assert_int_equal(put(bench, tx, 10, &bad_row, NULL), 0);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        for (int what = 0; what < 3; what++) {
            namidb_error err;

            fill(bench);
            if (what == 0)
                bench->from[BAD[i]] = NAMIDB_ID(NODES + 1, 1);
            else if (what == 1)
                bench->to[BAD[i]] = 0;
            else
                bench->values[BAD[i]] = (namidb_value){ .kind = NAMIDB_MAP };
            assert_int_equal(put(bench, tx, ROWS, &bad_row, &err),
                             what < 2 ? NAMIDB_ENOTFOUND : NAMIDB_EINVAL);
            assert_int_equal(bad_row, BAD[i]);
        }
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
    assert_int_equal(edge_count(bench), 10);
    reopen(bench);
    assert_int_equal(edge_count(bench), 10);
    bench_free(bench);
}

/* Changes of a call that left nothing do not count against the bound of a
 * transaction, and those of one that is there do. */
static void test_edges__with_a_bad_row_count_for_nothing(void **state)
{
    struct bench *bench = bench_new();
    namidb_tx *tx = begin(bench);
    size_t bad_row;
    namidb_error err;

    (void)state;
    fill(bench);
    tx->change_count = NDB_BATCH_RECORDS_MAX - ROWS - 2; /* and two names */
    bench->to[ROWS - 1] = 0;
    assert_int_equal(put(bench, tx, ROWS, &bad_row, &err), NAMIDB_ENOTFOUND);
    fill(bench);
    world_ok(&bench->world, put(bench, tx, ROWS, &bad_row, &err), err);
    assert_int_equal(tx->change_count, NDB_BATCH_RECORDS_MAX);
    assert_int_equal(put(bench, tx, 1, &bad_row, &err), NAMIDB_ELIMIT);
    namidb_tx_abort(tx);
    bench_free(bench);
}

/* The first of two bad rows is told of, whatever is wrong with them. */
static void test_edges__tell_of_the_first_bad_row(void **state)
{
    struct bench *bench = bench_new();
    namidb_tx *tx = begin(bench);
    namidb_error err;
    size_t bad_row;

    (void)state;
    fill(bench);
    bench->values[40] = (namidb_value){ .kind = NAMIDB_MAP };
    bench->to[41] = 0;
    assert_int_equal(put(bench, tx, ROWS, &bad_row, &err), NAMIDB_EINVAL);
    assert_int_equal(bad_row, 40);
    bench->from[39] = 0;
    assert_int_equal(put(bench, tx, ROWS, &bad_row, &err), NAMIDB_ENOTFOUND);
    assert_int_equal(bad_row, 39);
    namidb_tx_abort(tx);
    expect_none(bench);
    fill(bench);
    tx = begin(bench); /* ids come again */
    assert_int_equal(put(bench, tx, ROWS, &bad_row, NULL), 0);
    assert_true(bench->ids[0] == NAMIDB_ID(1, 1));
    namidb_tx_abort(tx);
    bench_free(bench);
}

static void test_edges__of_a_failed_commit_are_gone(void **state)
{
    const struct ndb_fault_plan fail = { .ops = 1u << NDB_PUT_IF_ABSENT,
                                         .fault = NDB_FAULT_FAIL,
                                         .at = 1 };
    struct bench *bench = bench_new();
    namidb_tx *tx = begin(bench);
    size_t bad_row;

    (void)state;
    fill(bench);
    assert_int_equal(put(bench, tx, ROWS, &bad_row, NULL), 0);
    ndb_faulty_plan(bench->faulty, &fail);
    assert_true(namidb_tx_commit(tx, -1, NULL, NULL) < 0);
    expect_none(bench);
    tx = begin(bench);
    assert_int_equal(put(bench, tx, ROWS, &bad_row, NULL), 0);
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
    expect_all(bench);
    reopen(bench);
    expect_all(bench);
    bench_free(bench);
}

/* The slot is there, the answer was lost, and the writer died: what the next
 * one finds is all of it. */
static void test_edges__of_an_unknown_commit_are_all_there(void **state)
{
    const struct ndb_fault_plan late = { .ops = 1u << NDB_PUT_IF_ABSENT,
                                         .fault = NDB_FAULT_LATE,
                                         .at = 1,
                                         .count = 100 };
    struct bench *bench;
    namidb_tx *tx;
    size_t bad_row;

    (void)state;
    bench = bench_new();
    tx = begin(bench);
    fill(bench);
    assert_int_equal(put(bench, tx, ROWS, &bad_row, NULL), 0);
    ndb_faulty_plan(bench->faulty, &late);
    assert_int_equal(namidb_tx_commit(tx, 50, NULL, NULL), NAMIDB_EUNKNOWN);
    assert_int_equal(edge_count(bench), 0);
    ndb_faulty_release(bench->faulty);
    /* Or closing would wait until the writer gives up. */
    ndb_clock_advance(INT64_C(31000) * NDB_NS_PER_MS);
    reopen(bench);
    expect_all(bench);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges__of_many_blocks_are_there),
        cmocka_unit_test(test_edges__are_flushed_as_they_came),
        cmocka_unit_test(test_edges__with_a_bad_row_leave_nothing),
        cmocka_unit_test(test_edges__with_a_bad_row_count_for_nothing),
        cmocka_unit_test(test_edges__tell_of_the_first_bad_row),
        cmocka_unit_test(test_edges__of_a_failed_commit_are_gone),
        cmocka_unit_test(test_edges__of_an_unknown_commit_are_all_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
