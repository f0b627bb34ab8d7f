/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes through the public API: random histories with declarations among the
 * changes, a misfortune at every request, and at every allocation.
 */
#include "world_index.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/mem.h"
#include "engine/index_scan.h"
#include "sys/clock.h"

static void check(struct world *world, namidb *db, uint32_t declared)
{
    namidb_snapshot *snapshot;
    namidb_error err;

    world_ok(world, namidb_snapshot_open(&snapshot, db, &err), err);
    world_check_indexes(world, db, snapshot, &world->graph, declared);
    namidb_snapshot_close(snapshot);
}

static void check_online(struct world *world, namidb *db, uint32_t declared)
{
    namidb_snapshot *snapshot;
    namidb_error err;
    uint32_t online;

    world_ok(world, namidb_snapshot_open(&snapshot, db, &err), err);
    world_assert(world, world_declared(world, snapshot, &online) == declared);
    world_assert(world, online == declared);
    namidb_snapshot_close(snapshot);
}

/* Declares it, or drops it when it is there. */
static void toggle(struct world *world, namidb *db, uint32_t *declared)
{
    uint32_t which = (uint32_t)ndb_rand_below(&world->rand, WORLD_INDEXES);
    namidb_error err;

    if (*declared >> which & 1)
        world_ok(world, world_drop_one(world, db, which, &err), err);
    else
        world_ok(world, world_declare_one(world, db, which, &err), err);
    *declared ^= 1u << which;
}

/* Declares within a transaction that changes rows before and after; it sees its
 * own, and an abort takes all of it back. */
static void declare_inside(struct world *world, namidb *db, uint32_t *declared,
                           bool is_kept)
{
    struct world_graph *graph = malloc(sizeof *graph);
    uint32_t which = (uint32_t)ndb_rand_below(&world->rand, WORLD_INDEXES);
    uint32_t bit = 1u << which;
    namidb_snapshot *snapshot;
    namidb_error err;
    namidb_tx *tx;

    *graph = world->graph;
    world_ok(world, namidb_tx_begin(&tx, db, -1, &err), err);
    world_ok(world, world_change(world, tx, graph, 8, &err), err);
    if (*declared & bit)
        world_ok(world, world_drop(tx, which, &err), err);
    else
        world_ok(world, world_declare(tx, which, &err), err);
    world_ok(world, world_change(world, tx, graph, 8, &err), err);
    world_ok(world, namidb_tx_snapshot(&snapshot, tx, &err), err);
    world_check_indexes(world, db, snapshot, graph, *declared ^ bit);
    namidb_snapshot_close(snapshot);
    check(world, db, *declared);
    if (is_kept) {
        world_ok(world, namidb_tx_commit(tx, -1, NULL, &err), err);
        world->graph = *graph;
        *declared ^= bit;
    } else {
        namidb_tx_abort(tx);
    }
    free(graph);
}

static void step(struct world *world, namidb **db, namidb *reader,
                 uint32_t *declared)
{
    namidb_error err;
    bool is_changed;

    switch (ndb_rand_below(&world->rand, 10)) {
    case 0:
        world_ok(world, namidb_flush(*db, -1, &err), err);
        break;
    case 1:
        namidb_close(*db);
        *db = world_must_open(world, false);
        break;
    case 2:
    case 3:
        toggle(world, *db, declared);
        break;
    case 4:
        declare_inside(world, *db, declared, ndb_rand_below(&world->rand, 2));
        break;
    case 5:
        world_ok(world, namidb_refresh(reader, -1, &is_changed, &err), err);
        check(world, reader, *declared);
        break;
    case 6:
        /* A flush in the background may bring a pack from before. */
        world_ok(world, namidb_flush(*db, -1, &err), err);
        world_ok(world, namidb_indexes_wait(*db, -1, &err), err);
        check_online(world, *db, *declared);
        break;
    default:
        world_ok(world,
                 world_commit(world, *db,
                              1 + (uint32_t)ndb_rand_below(&world->rand, 60),
                              &err),
                 err);
    }
    check(world, *db, *declared);
}

static void run(uint64_t seed)
{
    uint32_t declared = 0;
    struct world world;
    namidb_error err;
    bool is_changed;
    namidb *db, *reader;

    world_begin(&world, seed);
    world.options.flush_slots = seed % 2 == 0 ? 0 : 4;
    db = world_must_open(&world, false);
    reader = world_must_open(&world, true);
    for (int i = 0; i < 30; i++)
        step(&world, &db, reader, &declared);
    world_ok(&world, namidb_refresh(reader, -1, &is_changed, &err), err);
    check(&world, reader, declared);
    namidb_close(reader);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, namidb_indexes_wait(db, -1, &err), err);
    check_online(&world, db, declared);
    world_check(&world, db);
    namidb_close(db);
    db = world_must_open(&world, true);
    check(&world, db, declared);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

static void test_index__random_histories_equal_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 120; seed++)
        run(seed);
}

/* A snapshot has the schema and the entries of its time, whatever comes. */
static void test_index__a_snapshot_keeps_its_schema(void **state)
{
    struct world_graph *graph = malloc(sizeof *graph);
    struct world world;
    namidb_snapshot *snapshot;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 5);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 60, &err), err);
    world_ok(&world, world_declare_one(&world, db, 0, &err), err);
    world_ok(&world, namidb_snapshot_open(&snapshot, db, &err), err);
    *graph = world.graph;
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, world_declare_one(&world, db, 1, &err), err);
    world_ok(&world, world_drop_one(&world, db, 0, &err), err);
    world_ok(&world, world_commit(&world, db, 60, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, namidb_indexes_wait(db, -1, &err), err);
    world_check_indexes(&world, db, snapshot, graph, 1u << 0);
    check(&world, db, 1u << 1);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
    free(graph);
    world_end(&world);
}

/* Whoever takes over has the schema and goes on building. */
static void test_index__a_new_writer_has_the_schema(void **state)
{
    struct world world;
    namidb_error err;
    namidb *db, *other;
    namidb_tx *tx;

    (void)state;
    world_begin(&world, 6);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 60, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, world_declare_one(&world, db, 0, &err), err);
    other = world_must_open(&world, false);
    check(&world, other, 1);
    world_ok(&world, namidb_indexes_wait(other, -1, &err), err);
    check_online(&world, other, 1);
    /* The old one cannot declare any more, and takes nothing away. */
    world_ok(&world, namidb_tx_begin(&tx, db, -1, &err), err);
    world_ok(&world, world_declare(tx, 1, &err), err);
    world_assert(&world,
                 namidb_tx_commit(tx, -1, NULL, &err) == NAMIDB_EFENCED);
    check(&world, other, 1);
    namidb_close(db);
    namidb_close(other);
    world_end(&world);
}

static void test_index__clashes_and_absences_are_refused(void **state)
{
    struct world world;
    namidb_error err;
    namidb *db;
    namidb_tx *tx;

    (void)state;
    world_begin(&world, 7);
    db = world_must_open(&world, false);
    world_ok(&world, namidb_tx_begin(&tx, db, -1, &err), err);
    world_assert(&world, world_drop(tx, 0, &err) == NAMIDB_ENOTFOUND);
    world_ok(&world, world_declare(tx, 0, &err), err);
    world_assert(&world, world_declare(tx, 0, &err) == NAMIDB_ECONSTRAINT);
    world_ok(&world, world_drop(tx, 0, &err), err);
    world_assert(&world, world_drop(tx, 0, &err) == NAMIDB_ENOTFOUND);
    world_ok(&world, namidb_tx_commit(tx, -1, NULL, &err), err);
    check(&world, db, 0);
    namidb_close(db);
    world_end(&world);
}

/* ------------------------------------------------------------- misfortunes --
 */

static bool is_explained(int rc)
{
    return rc == NAMIDB_EIO || rc == NAMIDB_EUNKNOWN || rc == NAMIDB_ETIMEOUT ||
           rc == NAMIDB_EBUSY || rc == NAMIDB_ECORRUPT ||
           rc == NAMIDB_ECONFLICT;
}

/* Something in packs, then a life of which any request may go wrong: a
 * declaration, its build, a flush. */
static bool live(struct world *world, const struct ndb_fault_plan *plan,
                 bool *is_declared, bool *is_unknown)
{
    struct ndb_store *faulty;
    namidb_error err;
    bool is_hit;
    namidb *db;
    int rc;

    world->plan = *plan;
    rc = world_open(world, &db, &faulty, &err);
    world->plan = (struct ndb_fault_plan){ .fault = NDB_FAULT_NONE };
    *is_declared = *is_unknown = false;
    if (rc < 0) {
        world_assert(world, is_explained(rc));
        return true;
    }
    rc = world_declare_one(world, db, 0, &err);
    world_assert(world, rc >= 0 || is_explained(rc));
    *is_declared = rc >= 0;
    *is_unknown = rc == NAMIDB_EUNKNOWN;
    rc = namidb_indexes_wait(db, 2000, &err);
    world_assert(world, rc >= 0 || is_explained(rc));
    rc = namidb_flush(db, 2000, &err);
    world_assert(world, rc >= 0 || is_explained(rc));
    is_hit = ndb_faulty_seen(faulty) >= plan->at;
    namidb_close(db);
    return is_hit;
}

static uint64_t run_faults(enum ndb_fault fault)
{
    bool is_hit = true;
    uint64_t k;

    for (k = 1; is_hit; k++) {
        const struct ndb_fault_plan plan = { .fault = fault, .at = k };
        bool is_declared, is_unknown;
        struct world world;
        namidb_snapshot *snapshot;
        namidb_error err;
        uint32_t online;
        namidb *db;

        world_begin(&world, k);
        world.options.timeout_ms = 2000;
        db = world_must_open(&world, false);
        world_ok(&world, world_commit(&world, db, 40, &err), err);
        world_ok(&world, namidb_flush(db, -1, &err), err);
        namidb_close(db);
        is_hit = live(&world, &plan, &is_declared, &is_unknown);
        db = world_must_open(&world, false);
        world_ok(&world, namidb_snapshot_open(&snapshot, db, &err), err);
        if (is_unknown)
            is_declared = world_declared(&world, snapshot, &online) != 0;
        namidb_snapshot_close(snapshot);
        check(&world, db, is_declared);
        world_check(&world, db);
        world_ok(&world, world_commit(&world, db, 40, &err), err);
        world_ok(&world, namidb_flush(db, -1, &err), err);
        world_ok(&world, namidb_indexes_wait(db, -1, &err), err);
        check_online(&world, db, is_declared);
        check(&world, db, is_declared);
        namidb_close(db);
        world_end(&world);
    }
    return k - 1;
}

static void test_index__a_request_that_fails_loses_nothing(void **state)
{
    (void)state;
    assert_true(run_faults(NDB_FAULT_FAIL) > 8);
}

static void test_index__an_answer_that_is_lost_loses_nothing(void **state)
{
    (void)state;
    assert_true(run_faults(NDB_FAULT_DROP) > 8);
}

static void test_index__a_bit_that_flips_is_found(void **state)
{
    (void)state;
    assert_true(run_faults(NDB_FAULT_FLIP) > 8);
}

/* ---------------------------------------------------------------- memory -- */

/* A scan with the k-th allocation failing says so, or is whole. */
static void test_index__no_memory_is_said(void **state)
{
    const struct ndb_index_range all[2] = { { .is_point = false } };
    namidb_schema_item item;
    const struct ndb_index_search search = {
        .item = &item, .ranges = all, .range_count = 2, .is_exact = true
    };
    bool is_done = false;
    struct world world;
    namidb_snapshot *snapshot;
    namidb_error err;
    size_t item_count, whole = 0;
    namidb *db;

    (void)state;
    world_begin(&world, 9);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 400, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, world_declare_one(&world, db, 0, &err), err);
    world_ok(&world, world_commit(&world, db, 100, &err), err);
    world_ok(&world, namidb_indexes_wait(db, -1, &err), err);
    world_ok(&world, namidb_snapshot_open(&snapshot, db, &err), err);
    world_ok(&world, namidb_schema(snapshot, &item, 1, &item_count, &err), err);
    for (uint64_t k = 1; !is_done; k++) {
        struct ndb_index_scan *scan = NULL;
        struct ndb_index_found got = { .count = 1 };
        size_t total = 0;
        int rc;

        ndb_mem_fail_from(k);
        rc = ndb_index_scan_open(&scan, &snapshot->at, &search, &err);
        while (rc >= 0 && got.count != 0) {
            rc = ndb_index_scan_next(scan, 16, &got, &err);
            total += rc >= 0 ? got.count : 0;
        }
        ndb_index_scan_close(scan);
        ndb_mem_fail_from(0);
        is_done = rc >= 0;
        if (!is_done)
            assert_int_equal(rc, NAMIDB_ENOMEM);
        whole = total;
    }
    assert_true(whole > 10);
    world_check_indexes(&world, db, snapshot, &world.graph, 1);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index__random_histories_equal_the_model),
        cmocka_unit_test(test_index__a_snapshot_keeps_its_schema),
        cmocka_unit_test(test_index__a_new_writer_has_the_schema),
        cmocka_unit_test(test_index__clashes_and_absences_are_refused),
        cmocka_unit_test(test_index__a_request_that_fails_loses_nothing),
        cmocka_unit_test(test_index__an_answer_that_is_lost_loses_nothing),
        cmocka_unit_test(test_index__a_bit_that_flips_is_found),
        cmocka_unit_test(test_index__no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
