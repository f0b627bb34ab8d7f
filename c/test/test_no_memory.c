/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out at the k-th allocation of a step, on whatever thread,
 * and stays out until the step is over, for every k until the step needs no
 * more. Then there is memory again: what was acknowledged is there, in the
 * handle and after it is opened anew, and both work.
 */
#include "world.h"

#include <stdlib.h>

#include "world_index.h"

#include "base/mem.h"

/* What a step may say. UNKNOWN: the slot may be there. */
static bool is_explained(int rc)
{
    return rc >= 0 || rc == NAMIDB_ENOMEM || rc == NAMIDB_EUNKNOWN ||
           rc == NAMIDB_EIO;
}

struct life {
    struct world world;
    namidb *db;
    namidb *reader;           /* lags behind */
    struct world_graph maybe; /* with the batch of which nobody knows */
    bool is_unknown;
    uint32_t declared; /* indexes, as bits */
    namidb_error err;
};

static void begin(struct life *life, uint64_t seed)
{
    struct world *world = &life->world;

    world_begin(world, seed);
    world->options.flush_slots = 0;
    life->db = world_must_open(world, false);
    world_ok(world, world_commit(world, life->db, 60, &life->err), life->err);
    world_ok(world, namidb_flush(life->db, -1, &life->err), life->err);
    world_ok(world, world_commit(world, life->db, 30, &life->err), life->err);
    life->reader = world_must_open(world, true);
    world_ok(world, world_commit(world, life->db, 30, &life->err), life->err);
    life->is_unknown = false;
    life->declared = 0;
}

/* Which of the two graphs it is. */
static void learn(struct life *life, namidb *db)
{
    namidb_snapshot *snapshot;

    world_ok(&life->world, namidb_snapshot_open(&snapshot, db, &life->err),
             life->err);
    if (life->is_unknown && world_is(&life->world, snapshot, db, &life->maybe))
        life->world.graph = life->maybe;
    life->is_unknown = false;
    world_check_snapshot(&life->world, db, snapshot, &life->world.graph);
    world_check_indexes(&life->world, db, snapshot, &life->world.graph,
                        life->declared);
    namidb_snapshot_close(snapshot);
}

static void end(struct life *life)
{
    struct world *world = &life->world;
    namidb_tx *tx;
    bool is_changed;

    if (life->db != NULL) {
        /* A transaction begins only when the fate of the last is known. */
        world_ok(world, namidb_tx_begin(&tx, life->db, -1, &life->err),
                 life->err);
        namidb_tx_abort(tx);
        learn(life, life->db);
        world_ok(world, world_commit(world, life->db, 10, &life->err),
                 life->err);
        world_ok(world, namidb_flush(life->db, -1, &life->err), life->err);
        world_check(world, life->db);
        namidb_close(life->db);
    }
    life->db = world_must_open(world, false);
    learn(life, life->db);
    world_ok(world, namidb_refresh(life->reader, -1, &is_changed, &life->err),
             life->err);
    world_check(world, life->reader);
    world_ok(world, world_commit(world, life->db, 10, &life->err), life->err);
    world_check(world, life->db);
    namidb_close(life->reader);
    namidb_close(life->db);
    world_end(world);
}

/* ------------------------------------------------------------------ steps --
 */

static int step_commit(struct life *life)
{
    struct world_graph *after = malloc(sizeof *after);
    int rc = world_try(&life->world, life->db, 8, after, &life->err);

    if (rc >= 0)
        life->world.graph = *after;
    life->is_unknown = rc == NAMIDB_EUNKNOWN;
    life->maybe = *after;
    free(after);
    return rc;
}

static int step_flush(struct life *life)
{
    return namidb_flush(life->db, -1, &life->err);
}

static int step_refresh(struct life *life)
{
    bool is_changed;

    return namidb_refresh(life->reader, -1, &is_changed, &life->err);
}

/* An index over what is in packs and in memory, declared and built. */
static int step_index(struct life *life)
{
    int rc = world_declare_one(&life->world, life->db, 0, &life->err);

    life->declared = rc >= 0;
    return rc < 0 ? rc : namidb_indexes_wait(life->db, -1, &life->err);
}

/* Another writer takes over; the handle before it is fenced. */
static int step_open(struct life *life)
{
    int rc;

    namidb_close(life->db);
    rc = world_open(&life->world, &life->db, NULL, &life->err);
    if (rc < 0)
        life->db = NULL;
    return rc;
}

/* A commit is under way when the handle is closed. */
static int step_close(struct life *life)
{
    struct world_graph *after = malloc(sizeof *after);
    namidb_ticket *ticket = NULL;
    namidb_tx *tx;
    int rc = namidb_tx_begin(&tx, life->db, -1, &life->err);

    *after = life->world.graph;
    if (rc >= 0)
        rc = world_change(&life->world, tx, after, 8, &life->err);
    if (rc < 0)
        namidb_tx_abort(tx);
    else
        rc = namidb_tx_commit(tx, -1, &ticket, &life->err);
    namidb_close(life->db);
    life->db = NULL;
    if (rc >= 0)
        rc = namidb_ticket_wait(ticket, -1, &life->err);
    namidb_ticket_free(ticket);
    if (rc >= 0)
        life->world.graph = *after;
    life->is_unknown = rc == NAMIDB_EUNKNOWN;
    life->maybe = *after;
    free(after);
    return rc;
}

/* Returns the number of the first allocation that the step did not need, of
 * every `stride`-th. */
static uint64_t run(int (*step)(struct life *life), uint64_t stride)
{
    struct life *life = malloc(sizeof *life);
    bool is_hit = true;
    uint64_t k = 0;

    while (is_hit) {
        int rc;

        k += stride;
        begin(life, 77);
        ndb_mem_fail_from(k);
        rc = step(life);
        is_hit = ndb_mem_count() >= k;
        ndb_mem_fail_from(0);
        if (!is_explained(rc))
            print_error("%s: %s\n", namidb_status_name(rc), life->err.message);
        world_assert(&life->world, is_explained(rc));
        world_assert(&life->world, is_hit || rc >= 0);
        end(life);
        assert_true(k < 5000);
    }
    free(life);
    return k;
}

static void test_no_memory__for_a_commit(void **state)
{
    (void)state;
    assert_true(run(step_commit, 1) > 10);
}

static void test_no_memory__for_a_flush(void **state)
{
    (void)state;
    assert_true(run(step_flush, 1) > 50);
}

static void test_no_memory__for_a_refresh(void **state)
{
    (void)state;
    assert_true(run(step_refresh, 1) > 10);
}

static void test_no_memory__for_an_index(void **state)
{
    (void)state;
    /* A build that failed pauses. */
    assert_true(run(step_index, 3) > 50);
}

static void test_no_memory__for_opening(void **state)
{
    (void)state;
    assert_true(run(step_open, 1) > 30);
}

static void test_no_memory__for_closing(void **state)
{
    (void)state;
    assert_true(run(step_close, 1) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_memory__for_a_commit),
        cmocka_unit_test(test_no_memory__for_a_flush),
        cmocka_unit_test(test_no_memory__for_a_refresh),
        cmocka_unit_test(test_no_memory__for_an_index),
        cmocka_unit_test(test_no_memory__for_opening),
        cmocka_unit_test(test_no_memory__for_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
