/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two writers open one namespace and commit twice each, and a scheduler decides
 * whose request goes next: all schedules with up to three switches between the
 * two, and random ones. Whatever the order, what was acknowledged is there, in
 * whole, and what failed is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/rand.h"
#include "engine/db.h"
#include "store/store_memory.h"
#include "store/wrappers.h"

enum { WRITERS = 2, COMMITS = 2, SWITCHES_MAX = 3, STEPS_MAX = 64 };
enum fate { NOT_TRIED, COMMITTED, FAILED, UNKNOWN };

struct writer {
    struct schedule *schedule;
    int number;
    pthread_t thread;
    bool is_waiting; /* at the gate */
    bool is_done;
    enum fate fates[COMMITS];
};

/* Who may go: a turn is one request. */
struct schedule {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int turn; /* whose request may pass; -1: nobody's */
    struct writer writers[WRITERS];
    uint8_t choices[STEPS_MAX]; /* as they were made, for the report */
    int steps;
};

static const char BUCKET[] = "interleavings";

static void gate(void *context, const struct ndb_request *request)
{
    struct writer *writer = context;
    struct schedule *schedule = writer->schedule;

    (void)request;
    (void)pthread_mutex_lock(&schedule->lock);
    writer->is_waiting = true;
    (void)pthread_cond_broadcast(&schedule->changed);
    while (schedule->turn != writer->number)
        (void)pthread_cond_wait(&schedule->changed, &schedule->lock);
    schedule->turn = -1;
    writer->is_waiting = false;
    (void)pthread_mutex_unlock(&schedule->lock);
}

/* ---------------------------------------------------------------- writers --
 */

static void key_of(int writer, int commit, int part, char text[40])
{
    (void)snprintf(text, 40, "w%d-%d-%d", writer, commit, part);
}

static namidb_value text_value(const char *text)
{
    return (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)strlen(text),
                           .as.bytes = text };
}

static int commit(namidb *db, int writer, int number)
{
    namidb_tx *tx;
    namidb_error err;
    uint32_t label;
    uint64_t id;
    int rc = namidb_tx_begin(&tx, db, -1, &err);

    if (rc < 0)
        return rc;
    rc = namidb_tx_number(tx, NAMIDB_LABEL, "W", 1, &label, &err);
    for (int part = 0; part < 2 && rc >= 0; part++) {
        char text[40];

        key_of(writer, number, part, text);
        rc = namidb_put_node(tx, label, text_value(text),
                             (namidb_props){ NULL, 0 }, false, &id, &err);
    }
    if (rc >= 0)
        return namidb_tx_commit(tx, -1, NULL, &err);
    namidb_tx_abort(tx);
    return rc;
}

static int open_writer(struct writer *writer, namidb **db)
{
    struct ndb_store *store;
    namidb_options options;
    namidb_error err;

    namidb_options_init(&options);
    options.flush_slots = 0;
    options.flush_age_ms = 0;
    if (ndb_memory_open(&store, BUCKET, "ns/", &err) < 0 ||
        ndb_faulty_open(&store, store, &err) < 0)
        abort();
    if (writer != NULL)
        ndb_faulty_gate(store, gate, writer);
    options.read_only = writer == NULL;
    return ndb_db_open(db, store, &options, &err);
}

static void *write_all(void *context)
{
    struct writer *writer = context;
    struct schedule *schedule = writer->schedule;
    namidb *db;

    if (open_writer(writer, &db) >= 0) {
        for (int i = 0; i < COMMITS; i++) {
            int rc = commit(db, writer->number, i);

            writer->fates[i] = rc >= 0                 ? COMMITTED
                               : rc == NAMIDB_EUNKNOWN ? UNKNOWN
                                                       : FAILED;
        }
        namidb_close(db);
    }
    (void)pthread_mutex_lock(&schedule->lock);
    writer->is_done = true;
    (void)pthread_cond_broadcast(&schedule->changed);
    (void)pthread_mutex_unlock(&schedule->lock);
    return NULL;
}

/* -------------------------------------------------------------- scheduling --
 */

/* Until each writer waits at the gate or is done. Under lock. */
static void settle(struct schedule *schedule)
{
    for (int i = 0; i < WRITERS; i++)
        while (!schedule->writers[i].is_done &&
               (schedule->turn == i || !schedule->writers[i].is_waiting))
            (void)pthread_cond_wait(&schedule->changed, &schedule->lock);
}

/* choose(context, step) says who goes next, if that one can. */
static void run(struct schedule *schedule,
                int (*choose)(void *context, int step), void *context)
{
    (void)pthread_mutex_lock(&schedule->lock);
    for (;;) {
        int next = choose(context, schedule->steps);

        settle(schedule);
        if (schedule->writers[next].is_done)
            next = 1 - next;
        if (schedule->writers[next].is_done)
            break;
        if (schedule->steps < STEPS_MAX)
            schedule->choices[schedule->steps] = (uint8_t)('A' + next);
        schedule->steps++;
        schedule->turn = next;
        (void)pthread_cond_broadcast(&schedule->changed);
    }
    (void)pthread_mutex_unlock(&schedule->lock);
}

static void check(const struct schedule *schedule, bool holds, const char *what)
{
    if (holds)
        return;
    print_error("%s; schedule %.*s\n", what,
                schedule->steps < STEPS_MAX ? schedule->steps : STEPS_MAX,
                (const char *)schedule->choices);
    fail();
}

static bool is_there(namidb *db, namidb_snapshot *snapshot, int writer,
                     int number, int part)
{
    namidb_arena *arena = namidb_arena_new();
    namidb_node node;
    namidb_error err;
    char text[40];
    int rc;

    key_of(writer, number, part, text);
    rc = namidb_node_by_key(snapshot, namidb_number(db, NAMIDB_LABEL, "W", 1),
                            text_value(text), arena, &node, &err);
    namidb_arena_free(arena);
    assert_true(rc >= 0);
    return rc == NAMIDB_OK;
}

static void check_outcome(const struct schedule *schedule)
{
    namidb_snapshot *snapshot;
    namidb_error err;
    namidb *db;
    int rc = open_writer(NULL, &db);

    check(schedule, rc >= 0, "the namespace does not open");
    assert_int_equal(namidb_snapshot_open(&snapshot, db, &err), 0);
    for (int i = 0; i < WRITERS; i++) {
        for (int j = 0; j < COMMITS; j++) {
            enum fate fate = schedule->writers[i].fates[j];
            bool first = is_there(db, snapshot, i, j, 0);

            check(schedule, first == is_there(db, snapshot, i, j, 1),
                  "a batch is half there");
            check(schedule, fate != COMMITTED || first, "a commit is lost");
            check(schedule, fate == COMMITTED || fate == UNKNOWN || !first,
                  "a failed commit is there");
        }
    }
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

/* Returns the number of requests. */
static int try_schedule(int (*choose)(void *context, int step), void *context)
{
    struct schedule schedule = { .turn = -1 };

    (void)pthread_mutex_init(&schedule.lock, NULL);
    (void)pthread_cond_init(&schedule.changed, NULL);
    for (int i = 0; i < WRITERS; i++) {
        schedule.writers[i].schedule = &schedule;
        schedule.writers[i].number = i;
        assert_int_equal(pthread_create(&schedule.writers[i].thread, NULL,
                                        write_all, &schedule.writers[i]),
                         0);
    }
    run(&schedule, choose, context);
    for (int i = 0; i < WRITERS; i++)
        (void)pthread_join(schedule.writers[i].thread, NULL);
    check_outcome(&schedule);
    (void)pthread_cond_destroy(&schedule.changed);
    (void)pthread_mutex_destroy(&schedule.lock);
    ndb_memory_clear(BUCKET);
    return schedule.steps;
}

/* ------------------------------------------------------------------ tests --
 */

/* Steps before which the other one goes on. */
struct switches {
    int at[SWITCHES_MAX];
    int count;
};

static int by_switches(void *context, int step)
{
    const struct switches *switches = context;
    int passed = 0;

    while (passed < switches->count && switches->at[passed] <= step)
        passed++;
    return passed % 2;
}

/* All ways to put the remaining switches behind the last one. */
static int enumerate(struct switches *switches, int steps)
{
    int tried = 1;

    (void)try_schedule(by_switches, switches);
    if (switches->count == SWITCHES_MAX)
        return tried;
    for (int at = switches->count != 0 ? switches->at[switches->count - 1] + 1
                                       : 0;
         at < steps; at++) {
        switches->at[switches->count++] = at;
        tried += enumerate(switches, steps);
        switches->count--;
    }
    return tried;
}

static void test_interleavings__with_up_to_three_switches(void **state)
{
    struct switches switches = { .count = 0 };
    int steps = try_schedule(by_switches, &switches);

    (void)state;
    assert_true(steps >= 12 && steps <= 24);
    assert_true(enumerate(&switches, steps) > 300);
}

static int by_chance(void *context, int step)
{
    (void)step;
    return (int)ndb_rand_below(context, WRITERS);
}

static void test_interleavings__at_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct ndb_rand rand = { seed };

        (void)try_schedule(by_chance, &rand);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interleavings__with_up_to_three_switches),
        cmocka_unit_test(test_interleavings__at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
