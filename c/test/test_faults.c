/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A misfortune at the k-th request, for every k: open, commit, flush, commit,
 * close. What was acknowledged is there afterwards, what failed is not, and
 * what is unknown is there as a whole or not at all.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* What may be in the bucket. */
struct candidates {
    struct world_graph *sure;  /* everything acknowledged */
    struct world_graph *maybe; /* and the batch whose fate is unknown */
    bool is_unknown;
};

static void begin_candidates(struct candidates *candidates)
{
    candidates->sure = malloc(sizeof *candidates->sure);
    candidates->maybe = malloc(sizeof *candidates->maybe);
    candidates->is_unknown = false;
}

static void end_candidates(struct candidates *candidates)
{
    free(candidates->sure);
    free(candidates->maybe);
}

/* Failures that a store's misbehaviour explains. */
static bool is_explained(int rc)
{
    return rc == NAMIDB_EIO || rc == NAMIDB_EUNKNOWN || rc == NAMIDB_ETIMEOUT ||
           rc == NAMIDB_EBUSY || rc == NAMIDB_ECORRUPT;
}

/* A handle that was in doubt knows when it begins a transaction. */
static void learn(struct world *world, namidb *db, namidb_tx *tx,
                  struct candidates *candidates)
{
    namidb_snapshot *snapshot;
    namidb_error err;

    world_ok(world, namidb_tx_snapshot(&snapshot, tx, &err), err);
    if (world_is(world, snapshot, db, candidates->maybe))
        world->graph = *candidates->maybe;
    world_check_snapshot(world, db, snapshot, &world->graph);
    namidb_snapshot_close(snapshot);
    candidates->is_unknown = false;
}

/* One commit. */
static int commit(struct world *world, namidb *db,
                  struct candidates *candidates)
{
    struct world_graph *after = malloc(sizeof *after);
    namidb_error err;
    namidb_tx *tx;
    int rc = namidb_tx_begin(&tx, db, -1, &err);

    if (rc >= 0 && candidates->is_unknown)
        learn(world, db, tx, candidates);
    if (rc >= 0) {
        *after = world->graph;
        rc = world_change(world, tx, after, 6, &err);
        if (rc < 0) {
            namidb_tx_abort(tx);
        } else {
            rc = namidb_tx_commit(tx, -1, NULL, &err);
            if (rc == NAMIDB_EUNKNOWN) {
                candidates->is_unknown = true;
                *candidates->maybe = *after;
            }
        }
    }
    if (rc >= 0)
        world->graph = *after;
    else if (!is_explained(rc))
        print_error("%s: %s\n", namidb_status_name(rc), err.message);
    world_assert(world, rc >= 0 || is_explained(rc));
    free(after);
    return rc;
}

/* The life of a handle, of which any request may go wrong. */
static void live(struct world *world, const struct ndb_fault_plan *plan,
                 struct candidates *candidates, bool *is_hit)
{
    struct ndb_store *faulty;
    namidb_error err;
    namidb *db;
    int rc;

    world->options.takeover_ms = -1;
    world->plan = *plan;
    rc = world_open(world, &db, &faulty, &err);
    world->plan = (struct ndb_fault_plan){ .fault = NDB_FAULT_NONE };
    if (rc < 0) {
        world_assert(world, is_explained(rc));
        *is_hit = true;
        return;
    }
    for (int i = 0; i < 3; i++)
        (void)commit(world, db, candidates);
    rc = namidb_flush(db, -1, &err);
    world_assert(world, rc >= 0 || is_explained(rc));
    for (int i = 0; i < 2; i++)
        (void)commit(world, db, candidates);
    *is_hit = plan->at != 0 ? ndb_faulty_seen(faulty) >= plan->at : true;
    namidb_close(db);
}

/* Opens again and looks. */
static void settle(struct world *world, struct candidates *candidates)
{
    namidb *db = world_must_open(world, false);
    namidb_snapshot *snapshot;
    namidb_error err;

    if (candidates->is_unknown) {
        world_ok(world, namidb_snapshot_open(&snapshot, db, &err), err);
        if (world_is(world, snapshot, db, candidates->maybe))
            world->graph = *candidates->maybe;
        namidb_snapshot_close(snapshot);
        candidates->is_unknown = false;
    }
    world_check(world, db);
    /* And it works. */
    world_ok(world, world_commit(world, db, 5, &err), err);
    world_check(world, db);
    namidb_close(db);
}

/* Each k in a fresh namespace with something in packs and something in the log;
 * ends when the k-th request was not sent any more. Returns the number of k. */
static uint64_t run_all(enum ndb_fault fault, uint32_t ops, uint64_t count,
                        int64_t timeout_ms)
{
    bool is_hit = true;
    uint64_t k = 0;

    while (is_hit) {
        const struct ndb_fault_plan plan = {
            .ops = ops, .fault = fault, .at = ++k, .count = count
        };
        struct candidates candidates;
        struct world world;
        namidb_error err;
        namidb *db;

        world_begin(&world, 1000 * (uint64_t)fault + k);
        world.options.flush_slots = 0;
        begin_candidates(&candidates);
        db = world_must_open(&world, false);
        world_ok(&world, world_commit(&world, db, 40, &err), err);
        world_ok(&world, namidb_flush(db, -1, &err), err);
        world_ok(&world, world_commit(&world, db, 20, &err), err);
        namidb_close(db);
        world.options.timeout_ms = timeout_ms;
        live(&world, &plan, &candidates, &is_hit);
        world.options.timeout_ms = 30000;
        settle(&world, &candidates);
        end_candidates(&candidates);
        world_end(&world);
        assert_true(k < 200);
    }
    return k;
}

#define PUTS (1u << NDB_PUT | 1u << NDB_PUT_IF_ABSENT)

static void test_faults__a_definite_failure_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_FAIL, 0, 1, 30000) > 10);
}

static void test_faults__a_request_lost_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_LOST, 0, 1, 30000) > 10);
}

static void test_faults__an_answer_lost_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_DROP, 0, 1, 30000) > 10);
}

static void test_faults__a_put_resent_silently_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_CONFLICT, PUTS, 1, 30000) > 5);
}

static void test_faults__a_late_put_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_LATE, PUTS, 1, 30000) > 5);
}

static void test_faults__a_cut_body_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_TRUNCATE, 1u << NDB_GET, 1, 30000) > 3);
}

static void test_faults__a_flipped_bit_anywhere(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_FLIP, 1u << NDB_GET, 1, 30000) > 3);
}

/* The store is gone from the k-th request on. */
static void test_faults__no_answer_from_some_request_on(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_LOST, 0, 1000, 20) > 10);
}

static void test_faults__no_answers_but_all_applied(void **state)
{
    (void)state;
    assert_true(run_all(NDB_FAULT_DROP, PUTS, 1000, 20) > 5);
}

/* ---------------------------------------------------------------- refresh --
 */

enum { HISTORY = 6 };

/* What the reader shows is some state of the past, whole. */
static void check_some_state(struct world *world, namidb *reader,
                             const struct world_graph *history)
{
    namidb_snapshot *snapshot;
    namidb_error err;
    bool is_one = false;

    world_ok(world, namidb_snapshot_open(&snapshot, reader, &err), err);
    for (int i = 0; i < HISTORY && !is_one; i++)
        is_one = world_is(world, snapshot, reader, &history[i]);
    world_assert(world, is_one);
    namidb_snapshot_close(snapshot);
}

/* A reader that lags behind commits and a flush, one request of whose refresh
 * goes wrong; false when there was no k-th request. */
static bool refresh_with_fault(enum ndb_fault fault, uint64_t k,
                               bool is_flushed_over)
{
    struct world_graph *history = malloc(HISTORY * sizeof *history);
    struct world world;
    struct ndb_store *faulty;
    namidb_error err;
    namidb *writer;
    namidb *reader;
    bool is_changed;
    bool is_hit;
    int rc;

    world_begin(&world, 9000 + k);
    world.options.flush_slots = 0;
    writer = world_must_open(&world, false);
    for (int i = 0; i < HISTORY; i++) {
        world_ok(&world, world_commit(&world, writer, 25, &err), err);
        history[i] = world.graph;
        if (i == 0) {
            world.options.read_only = true;
            world_ok(&world, world_open(&world, &reader, &faulty, &err), err);
            world.options.read_only = false;
        }
        if (i == 3 || (i == 5 && is_flushed_over))
            world_ok(&world, namidb_flush(writer, -1, &err), err);
    }
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .ops = 1u << NDB_GET,
                                                      .fault = fault,
                                                      .at = k });
    rc = namidb_refresh(reader, -1, &is_changed, &err);
    is_hit = ndb_faulty_seen(faulty) >= k;
    ndb_faulty_plan(faulty,
                    &(struct ndb_fault_plan){ .fault = NDB_FAULT_NONE });
    world_assert(&world, rc >= 0 || is_explained(rc));
    check_some_state(&world, reader, history);
    world_ok(&world, namidb_refresh(reader, -1, &is_changed, &err), err);
    world_check(&world, reader);
    namidb_close(reader);
    namidb_close(writer);
    world_end(&world);
    free(history);
    return is_hit;
}

static void test_faults__at_any_request_of_a_refresh(void **state)
{
    static const enum ndb_fault FAULTS[] = { NDB_FAULT_FAIL, NDB_FAULT_LOST,
                                             NDB_FAULT_TRUNCATE,
                                             NDB_FAULT_FLIP };

    (void)state;
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++)
        for (int is_flushed_over = 0; is_flushed_over < 2; is_flushed_over++) {
            uint64_t k = 1;

            while (refresh_with_fault(FAULTS[i], k, is_flushed_over != 0))
                k++;
            assert_true(k > 3);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults__a_definite_failure_anywhere),
        cmocka_unit_test(test_faults__a_request_lost_anywhere),
        cmocka_unit_test(test_faults__an_answer_lost_anywhere),
        cmocka_unit_test(test_faults__a_put_resent_silently_anywhere),
        cmocka_unit_test(test_faults__a_late_put_anywhere),
        cmocka_unit_test(test_faults__a_cut_body_anywhere),
        cmocka_unit_test(test_faults__a_flipped_bit_anywhere),
        cmocka_unit_test(test_faults__no_answer_from_some_request_on),
        cmocka_unit_test(test_faults__no_answers_but_all_applied),
        cmocka_unit_test(test_faults__at_any_request_of_a_refresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
