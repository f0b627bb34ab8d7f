/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When flushes begin, what they hold up, and what becomes of one that fails.
 */
#include "world.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "sys/clock.h"

/* Holds back PUTs of packs until it is opened. */
struct barrier {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
};

static void gate(void *context, const struct ndb_request *request)
{
    struct barrier *barrier = context;

    if (strncmp(request->key, "pack/", 5) != 0)
        return;
    (void)pthread_mutex_lock(&barrier->lock);
    while (!barrier->is_open)
        (void)pthread_cond_wait(&barrier->opened, &barrier->lock);
    (void)pthread_mutex_unlock(&barrier->lock);
}

static void open_barrier(struct barrier *barrier)
{
    (void)pthread_mutex_lock(&barrier->lock);
    barrier->is_open = true;
    (void)pthread_cond_broadcast(&barrier->opened);
    (void)pthread_mutex_unlock(&barrier->lock);
}

static uint64_t flushes(struct world *world, namidb *db)
{
    namidb_stats stats;
    namidb_error err;

    world_ok(world, namidb_get_stats(db, &stats, &err), err);
    return stats.flushes;
}

/* Polls: a flush in the background has no other end. */
static void await_flushes(struct world *world, namidb *db, uint64_t wanted)
{
    int64_t deadline_ns = ndb_deadline_after(10000);
    const struct timespec pause = { .tv_nsec = 1000000 };

    while (flushes(world, db) < wanted) {
        world_assert(world, ndb_clock_ns() < deadline_ns);
        (void)nanosleep(&pause, NULL);
    }
}

/* A batch of some 30 KiB that changes nothing of the model's. */
static int put_padding_within(namidb *db, int64_t key, int64_t timeout_ms,
                              namidb_error *err)
{
    static char pad[30000];
    namidb_property item = { .name = 0 };
    namidb_tx *tx;
    uint32_t label;
    uint64_t id;
    int rc = namidb_tx_begin(&tx, db, timeout_ms, err);

    if (rc < 0)
        return rc;
    memset(pad, 'p', sizeof pad);
    rc = namidb_tx_number(tx, NAMIDB_LABEL, "Pad", 3, &label, err);
    if (rc >= 0)
        rc = namidb_tx_number(tx, NAMIDB_PROPERTY, "pad", 3, &item.name, err);
    item.value = (namidb_value){ .kind = NAMIDB_STRING,
                                 .size = sizeof pad,
                                 .as.bytes = pad };
    if (rc >= 0)
        rc = namidb_put_node(
            tx, label, (namidb_value){ .kind = NAMIDB_INT, .as.integer = key },
            (namidb_props){ &item, 1 }, false, &id, err);
    if (rc >= 0)
        return namidb_tx_commit(tx, -1, NULL, err);
    namidb_tx_abort(tx);
    return rc;
}

static int put_padding(namidb *db, int64_t key, namidb_error *err)
{
    return put_padding_within(db, key, -1, err);
}

static uint64_t count_padding(struct world *world, namidb *db)
{
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_snapshot *snapshot;
    namidb_cursor *cursor;
    namidb_error err;
    uint64_t count = 0;

    world_ok(world, namidb_snapshot_open(&snapshot, db, &err), err);
    world_ok(world,
             namidb_scan_nodes(&cursor, snapshot,
                               namidb_number(db, NAMIDB_LABEL, "Pad", 3), &err),
             err);
    while (namidb_cursor_next(cursor, &node, &edge, &err) == NAMIDB_OK)
        count++;
    namidb_cursor_close(cursor);
    namidb_snapshot_close(snapshot);
    return count;
}

/* Puts paddings until two memtables wait, whose packs are held back. Returns
 * how many. */
static int64_t fill_memtables(struct world *world, namidb *db)
{
    namidb_error err;
    int64_t done = 0;
    int rc = NAMIDB_OK;

    while (rc >= 0) {
        rc = put_padding_within(db, done, 100, &err);
        done += rc >= 0;
        world_assert(world, done < 100);
    }
    world_assert(world, rc == NAMIDB_EBUSY && err.retryable);
    return done;
}

/* Commits go on while one memtable is flushed and another one waits; with two
 * waiting they are busy at their deadline, and go on when the first is done. */
static void test_flush__slows_commits_only_when_two_memtables_wait(void **state)
{
    struct barrier barrier = { .is_open = false };
    struct world world;
    struct ndb_store *faulty;
    namidb_error err;
    namidb *db;
    int64_t done;

    (void)state;
    (void)pthread_mutex_init(&barrier.lock, NULL);
    (void)pthread_cond_init(&barrier.opened, NULL);
    world_begin(&world, 1);
    world.options.memtable_bytes = UINT64_C(64) << 10;
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_faulty_gate(faulty, gate, &barrier);
    done = fill_memtables(&world, db);
    world_assert(&world, done >= 6); /* two memtables, and some more */
    world_assert(&world, flushes(&world, db) == 0);
    open_barrier(&barrier);
    await_flushes(&world, db, 2);
    world_ok(&world, put_padding(db, done++, &err), err);
    world_assert(&world, count_padding(&world, db) == (uint64_t)done);
    namidb_close(db);
    db = world_must_open(&world, true);
    world_assert(&world, count_padding(&world, db) == (uint64_t)done);
    namidb_close(db);
    world_end(&world);
    (void)pthread_cond_destroy(&barrier.opened);
    (void)pthread_mutex_destroy(&barrier.lock);
}

/* A store that was down for long makes the pauses between flushes long. A write
 * that finds no room has the next one tried soon, and not at every call. */
static void test_flush__that_a_write_waits_for_comes_soon(void **state)
{
    struct barrier barrier = { .is_open = false };
    struct world world;
    struct ndb_store *faulty;
    namidb_error err;
    namidb *db;
    int64_t done, from_ns;

    (void)state;
    (void)pthread_mutex_init(&barrier.lock, NULL);
    (void)pthread_cond_init(&barrier.opened, NULL);
    world_begin(&world, 9);
    world.options.memtable_bytes = UINT64_C(64) << 10;
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_faulty_gate(faulty, gate, &barrier);
    done = fill_memtables(&world, db);
    ndb_faulty_plan(faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_FAIL,
                                              .at = 1,
                                              .count = 1000000 });
    open_barrier(&barrier);
    from_ns = ndb_clock_ns();
    for (int i = 0; i < 10; i++) /* from 250 ms to a minute */
        world_assert(&world, namidb_flush(db, 30000, &err) == NAMIDB_EIO);
    for (int i = 0; i < 100; i++) {
        namidb_tx *tx;

        world_assert(&world, namidb_tx_begin(&tx, db, 0, &err) == NAMIDB_EBUSY);
    }
    world_assert(&world, ndb_faulty_seen(faulty) <=
                             12 + (uint64_t)((ndb_clock_ns() - from_ns) /
                                             (1000 * NDB_NS_PER_MS)));
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .at = 0 });
    ndb_clock_advance(1000 * NDB_NS_PER_MS);
    world_ok(&world, put_padding_within(db, done++, 20000, &err), err);
    await_flushes(&world, db, 2);
    world_assert(&world, count_padding(&world, db) == (uint64_t)done);
    namidb_close(db);
    world_end(&world);
    (void)pthread_cond_destroy(&barrier.opened);
    (void)pthread_mutex_destroy(&barrier.lock);
}

static void test_flush__begins_after_so_many_slots(void **state)
{
    struct world world;
    namidb_stats stats;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 2);
    world.options.flush_slots = 4;
    db = world_must_open(&world, false);
    for (int i = 0; i < 12; i++)
        world_ok(&world, world_commit(&world, db, 20, &err), err);
    await_flushes(&world, db, 1);
    world_ok(&world, namidb_get_stats(db, &stats, &err), err);
    world_assert(&world, stats.floor > 4 && stats.pack_count >= 1);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

/* Age counts from the first change; an idle handle flushes nothing. */
static void test_flush__begins_when_something_is_old(void **state)
{
    struct world world;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 3);
    world.options.flush_slots = 0;
    world.options.flush_age_ms = 300000;
    db = world_must_open(&world, false);
    ndb_clock_advance(INT64_C(400000) * NDB_NS_PER_MS);
    world_ok(&world, world_commit(&world, db, 20, &err), err);
    world_assert(&world, flushes(&world, db) == 0);
    ndb_clock_advance(INT64_C(301000) * NDB_NS_PER_MS);
    world_ok(&world, world_commit(&world, db, 20, &err), err);
    await_flushes(&world, db, 1);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

/* An explicit flush says why it failed, and the next one does it. */
static void test_flush__that_failed_is_tried_again(void **state)
{
    struct world world;
    struct ndb_store *faulty;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 4);
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    for (int at = 1; at <= 2; at++) { /* the pack's PUT, the manifest's */
        world_ok(&world, world_commit(&world, db, 30, &err), err);
        ndb_faulty_plan(
            faulty, &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_FAIL,
                                              .at = (uint64_t)at });
        world_assert(&world, namidb_flush(db, -1, &err) == NAMIDB_EIO);
        world_check(&world, db);
        world_ok(&world, world_commit(&world, db, 30, &err), err);
        world_ok(&world, namidb_flush(db, -1, &err), err);
        world_check(&world, db);
    }
    namidb_close(db);
    db = world_must_open(&world, true);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

/* What ends a try whose answer is lost: 40 seconds pass before it looks for its
 * manifest. */
static void pass_time(void *context, const struct ndb_request *request)
{
    bool *is_passed = context;

    if (request->op == NDB_GET && strncmp(request->key, "manifest/", 9) == 0 &&
        !*is_passed) {
        *is_passed = true;
        ndb_clock_advance(40000 * NDB_NS_PER_MS);
    }
}

/* The manifest of a flush that was given up as lost arrives when the next try
 * is about to make another: that is the flush, and nobody took over. */
static void test_flush__whose_manifest_arrives_late_is_done(void **state)
{
    struct world world;
    struct ndb_store *faulty;
    namidb_stats stats;
    namidb_error err;
    namidb *db;
    bool is_passed = false;
    int rc;

    (void)state;
    world_begin(&world, 6);
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    world_ok(&world, world_commit(&world, db, 30, &err), err);
    ndb_faulty_plan(faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_LATE,
                                              .at = 2, /* the manifest's */
                                              .count = 1000000 });
    ndb_faulty_gate(faulty, pass_time, &is_passed);
    rc = namidb_flush(db, 600000, &err);
    world_assert(&world, rc < 0 && err.retryable && is_passed);
    ndb_faulty_gate(faulty, NULL, NULL);
    ndb_faulty_release(faulty);
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .at = 0 });
    world_ok(&world, namidb_flush(db, 30000, &err), err);
    world_ok(&world, namidb_get_stats(db, &stats, &err), err);
    assert_int_equal(stats.manifest_version, 1);
    assert_int_equal(stats.pack_count, 1);
    world_check(&world, db);
    world_ok(&world, world_commit(&world, db, 30, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_check(&world, db);
    namidb_close(db);
    db = world_must_open(&world, true);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

/* "Is there already" is no proof that a pack is there: it is looked at before a
 * manifest names it. */
static void test_flush__names_no_pack_that_is_not_there(void **state)
{
    struct world world;
    struct ndb_store *faulty;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 7);
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    for (int fault = NDB_FAULT_CONFLICT; fault <= NDB_FAULT_REFUSE; fault++) {
        world_ok(&world, world_commit(&world, db, 30, &err), err);
        ndb_faulty_plan(
            faulty, &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = (enum ndb_fault)fault,
                                              .at = 1 });
        world_ok(&world, namidb_flush(db, -1, &err), err);
    }
    namidb_close(db);
    db = world_must_open(&world, true);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

/* More slots than a LIST has keys: none is overlooked. */
static void test_flush__that_never_comes_leaves_a_log_to_read(void **state)
{
    enum { COMMITS = 1100 };
    struct world world;
    namidb_stats stats;
    namidb_error err;
    namidb *db;

    (void)state;
    if (place_is_remote())
        skip(); /* that takes minutes */
    world_begin(&world, 8);
    world.options.flush_slots = 0;
    world.options.flush_age_ms = 0;
    db = world_must_open(&world, false);
    for (int i = 0; i < COMMITS; i++)
        world_ok(&world, world_commit(&world, db, 6, &err), err);
    world_ok(&world, namidb_get_stats(db, &stats, &err), err);
    world_assert(&world, stats.slot > NDB_LIST_KEYS_MAX && stats.floor == 1);
    namidb_close(db);
    for (int read_only = 1; read_only >= 0; read_only--) {
        db = world_must_open(&world, read_only != 0);
        world_check(&world, db);
        namidb_close(db);
    }
    world_end(&world);
}

/* Closing while a flush is held back ends when the request does. */
static void *open_later(void *context)
{
    const struct timespec pause = { .tv_nsec = 20000000 };

    (void)nanosleep(&pause, NULL);
    open_barrier(context);
    return NULL;
}

static void test_flush__is_no_obstacle_to_closing(void **state)
{
    struct barrier barrier = { .is_open = false };
    struct world world;
    struct ndb_store *faulty;
    pthread_t thread;
    namidb_error err;
    namidb *db;

    (void)state;
    (void)pthread_mutex_init(&barrier.lock, NULL);
    (void)pthread_cond_init(&barrier.opened, NULL);
    world_begin(&world, 5);
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_faulty_gate(faulty, gate, &barrier);
    world_ok(&world, world_commit(&world, db, 30, &err), err);
    world_assert(&world, namidb_flush(db, 1, &err) == NAMIDB_ETIMEOUT);
    assert_int_equal(pthread_create(&thread, NULL, open_later, &barrier), 0);
    namidb_close(db);
    (void)pthread_join(thread, NULL);
    db = world_must_open(&world, false);
    world_check(&world, db);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
    (void)pthread_cond_destroy(&barrier.opened);
    (void)pthread_mutex_destroy(&barrier.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_flush__slows_commits_only_when_two_memtables_wait),
        cmocka_unit_test(test_flush__that_a_write_waits_for_comes_soon),
        cmocka_unit_test(test_flush__begins_after_so_many_slots),
        cmocka_unit_test(test_flush__begins_when_something_is_old),
        cmocka_unit_test(test_flush__that_failed_is_tried_again),
        cmocka_unit_test(test_flush__whose_manifest_arrives_late_is_done),
        cmocka_unit_test(test_flush__names_no_pack_that_is_not_there),
        cmocka_unit_test(test_flush__that_never_comes_leaves_a_log_to_read),
        cmocka_unit_test(test_flush__is_no_obstacle_to_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
