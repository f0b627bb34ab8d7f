/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One handle, several threads: batches that share slots, snapshots between
 * them, flushes below them, while answers are lost. Each batch is two nodes and
 * is seen whole or not at all; what was acknowledged is there, what failed is
 * not.
 */
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "text_keys.h"

enum { WRITERS = 4, READERS = 2, BATCHES = 60 };

enum fate { NOT_TRIED, COMMITTED, FAILED, UNKNOWN };

struct shared {
    struct world world;
    struct ndb_store *faulty;
    namidb *db;     /* writes */
    namidb *reader; /* lags behind, refreshed by whoever reads */
    atomic_uint running;
};

struct worker {
    struct shared *shared;
    unsigned number;
    uint8_t fates[BATCHES];
    pthread_t thread;
};

static void name_of(unsigned writer, unsigned batch, unsigned part,
                    char text[32])
{
    (void)snprintf(text, 32, "w%u-%u-%u", writer, batch, part);
}

/* Some wait for their batch at once, some by a ticket. */
static int commit(namidb_tx *tx, bool has_ticket, namidb_error *err)
{
    namidb_ticket *ticket;
    int rc;

    if (!has_ticket)
        return namidb_tx_commit(tx, -1, NULL, err);
    rc = namidb_tx_commit(tx, -1, &ticket, err);
    if (rc < 0)
        return rc;
    rc = namidb_ticket_wait(ticket, -1, err);
    namidb_ticket_free(ticket);
    return rc;
}

static enum fate write_one(struct worker *worker, unsigned batch)
{
    namidb_error err;
    namidb_tx *tx;
    char text[32];
    int rc = namidb_tx_begin(&tx, worker->shared->db, -1, &err);

    for (unsigned part = 0; part < 2 && rc >= 0; part++) {
        name_of(worker->number, batch, part, text);
        rc = text_key_put(tx, 'W', text, &err);
        if (rc < 0)
            namidb_tx_abort(tx);
    }
    if (rc >= 0)
        rc = commit(tx, batch % 2 == 1, &err);
    if (rc >= 0)
        return COMMITTED;
    return rc == NAMIDB_EUNKNOWN ? UNKNOWN : FAILED;
}

static void *write_all(void *context)
{
    struct worker *worker = context;
    namidb_error err;

    for (unsigned batch = 0; batch < BATCHES; batch++) {
        worker->fates[batch] = (uint8_t)write_one(worker, batch);
        if (worker->number == 0 && batch % 20 == 19)
            (void)namidb_flush(worker->shared->db, -1, &err);
    }
    atomic_fetch_sub(&worker->shared->running, 1);
    return NULL;
}

/* Whether a batch is in a snapshot; never half of it. */
static bool has_batch(namidb_snapshot *snapshot, namidb *db, unsigned writer,
                      unsigned batch)
{
    char first[32], second[32];
    bool has_first;

    name_of(writer, batch, 0, first);
    name_of(writer, batch, 1, second);
    has_first = text_key_is_there(snapshot, db, 'W', first);
    assert_true(has_first == text_key_is_there(snapshot, db, 'W', second));
    return has_first;
}

static void *read_all(void *context)
{
    struct worker *worker = context;
    struct shared *shared = worker->shared;
    namidb_error err;

    while (atomic_load(&shared->running) != 0) {
        namidb *db = worker->number == 0 ? shared->db : shared->reader;
        namidb_snapshot *snapshot;
        bool is_changed;

        if (db == shared->reader)
            (void)namidb_refresh(db, -1, &is_changed, &err);
        assert_int_equal(namidb_snapshot_open(&snapshot, db, &err), 0);
        for (unsigned batch = 0; batch < BATCHES; batch += 3)
            (void)has_batch(snapshot, db, batch % WRITERS, batch);
        namidb_snapshot_close(snapshot);
    }
    return NULL;
}

static void check(struct shared *shared, const struct worker *workers)
{
    namidb *db = world_must_open(&shared->world, true);
    namidb_snapshot *snapshot;
    namidb_error err;
    unsigned committed = 0;

    assert_int_equal(namidb_snapshot_open(&snapshot, db, &err), 0);
    for (unsigned writer = 0; writer < WRITERS; writer++)
        for (unsigned batch = 0; batch < BATCHES; batch++) {
            bool is_there = has_batch(snapshot, db, writer, batch);
            uint8_t fate = workers[writer].fates[batch];

            assert_true(fate != COMMITTED || is_there);
            assert_true(fate != FAILED || !is_there);
            committed += fate == COMMITTED;
        }
    assert_true(committed > WRITERS * BATCHES / 4);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

static void run(enum ndb_fault fault)
{
    struct worker workers[WRITERS + READERS] = { { .number = 0 } };
    struct shared *shared = calloc(1, sizeof *shared);
    struct world *world = &shared->world;
    namidb_error err;

    world_begin(world, 50 + (uint64_t)fault);
    world->options.flush_slots = 8;
    world_ok(world, world_open(world, &shared->db, &shared->faulty, &err), err);
    shared->reader = world_must_open(world, true);
    ndb_faulty_plan(shared->faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = fault,
                                              .per_mille = 100,
                                              .seed = 7 });
    atomic_store(&shared->running, WRITERS);
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        bool is_writer = i < WRITERS;

        workers[i].shared = shared;
        workers[i].number = is_writer ? i : i - WRITERS;
        assert_int_equal(pthread_create(&workers[i].thread, NULL,
                                        is_writer ? write_all : read_all,
                                        &workers[i]),
                         0);
    }
    for (unsigned i = 0; i < WRITERS + READERS; i++)
        (void)pthread_join(workers[i].thread, NULL);
    namidb_close(shared->reader);
    namidb_close(shared->db);
    check(shared, workers);
    world_end(world);
    free(shared);
}

static void test_one_handle__serves_many_threads(void **state)
{
    (void)state;
    run(NDB_FAULT_NONE);
}

static void test_one_handle__when_answers_are_lost(void **state)
{
    (void)state;
    run(NDB_FAULT_DROP);
}

/* What is submitted behind a batch that fails, fails with it. */
static void test_one_handle__when_requests_fail(void **state)
{
    (void)state;
    run(NDB_FAULT_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_handle__serves_many_threads),
        cmocka_unit_test(test_one_handle__when_answers_are_lost),
        cmocka_unit_test(test_one_handle__when_requests_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
