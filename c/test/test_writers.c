/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several writers of one namespace: each takes over from the others, the store
 * loses requests and answers, and nothing that was acknowledged is lost.
 */
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/clock.h"
#include "text_keys.h"

enum { HANDLES = 3 };

/* A server takes its time; what matters there is the server, not the seed. */
#define SEEDS (place_is_remote() ? 10u : 30u)

/* ------------------------------------------------------ one after another --
 */

struct handle {
    namidb *db;
    struct ndb_store *faulty;
    struct world_graph graph; /* as this one knows it */
    struct world_graph maybe; /* and with the batch in doubt */
    bool is_unknown;
};

struct rivals {
    struct world world;
    struct handle handles[HANDLES];
    int newest; /* who fenced last; -1: nobody */
};

static void reopen(struct rivals *rivals, int which)
{
    struct handle *handle = &rivals->handles[which];
    struct world *world = &rivals->world;
    namidb_snapshot *snapshot;
    namidb_error err;
    int rc;

    /* Whose fate nobody knew is known to the next one. */
    rc = world_open(world, &handle->db, &handle->faulty, &err);
    world_ok(world, rc, err);
    for (int i = 0; i < HANDLES; i++) {
        struct handle *other = &rivals->handles[i];

        if (!other->is_unknown)
            continue;
        world_ok(world, namidb_snapshot_open(&snapshot, handle->db, &err), err);
        if (i == rivals->newest &&
            world_is(world, snapshot, handle->db, &other->maybe))
            world->graph = other->maybe;
        namidb_snapshot_close(snapshot);
        other->is_unknown = false;
    }
    rivals->newest = which;
    handle->graph = world->graph;
    world_check(world, handle->db);
}

static void close_one(struct rivals *rivals, int which)
{
    struct handle *handle = &rivals->handles[which];

    namidb_close(handle->db);
    handle->db = NULL;
}

/* A handle works on what it knows; the model of all is the newest one's. */
static void commit_one(struct rivals *rivals, int which)
{
    struct handle *handle = &rivals->handles[which];
    struct world *world = &rivals->world;
    struct world_graph *after = malloc(sizeof *after);
    struct world_graph *all = malloc(sizeof *all);
    namidb_error err;
    int rc;

    *all = world->graph;
    world->graph = handle->graph;
    rc = world_try(world, handle->db, 5, after, &err);
    world->graph = *all;
    if (rc >= 0) {
        /* Changes that change nothing make an empty batch. */
        world_assert(world,
                     which == rivals->newest ||
                         memcmp(after, &handle->graph, sizeof *after) == 0);
        if (which == rivals->newest) {
            handle->graph = *after;
            world->graph = *after;
        }
    } else if (rc == NAMIDB_EUNKNOWN) {
        handle->is_unknown = true;
        handle->maybe = *after;
        close_one(rivals, which); /* the next to open will see */
    } else {
        world_assert(world, rc == NAMIDB_EFENCED || rc == NAMIDB_EIO);
        world_assert(world, rc != NAMIDB_EFENCED || which != rivals->newest);
    }
    free(after);
    free(all);
}

static void run_rivals(uint64_t seed, enum ndb_fault fault)
{
    struct rivals *rivals = calloc(1, sizeof *rivals);
    struct world *world = &rivals->world;
    namidb_error err;

    world_begin(world, seed);
    world->options.timeout_ms = place_is_remote() ? 10000 : 1000;
    world->options.flush_slots = seed % 3 == 0 ? 3 : 0;
    rivals->newest = -1;
    for (int i = 0; i < 60; i++) {
        int which = (int)ndb_rand_below(&world->rand, HANDLES);
        struct handle *handle = &rivals->handles[which];

        world->plan = (struct ndb_fault_plan){
            .ops = 1u << NDB_PUT_IF_ABSENT,
            .fault = fault,
            .per_mille = fault == NDB_FAULT_NONE ? 0 : 200,
            .seed = seed,
        };
        if (handle->db == NULL)
            reopen(rivals, which);
        else if (ndb_rand_below(&world->rand, 6) == 0)
            close_one(rivals, which);
        else if (ndb_rand_below(&world->rand, 8) == 0)
            (void)namidb_flush(handle->db, -1, &err); /* may be fenced */
        else
            commit_one(rivals, which);
    }
    for (int i = 0; i < HANDLES; i++)
        close_one(rivals, i);
    world->plan = (struct ndb_fault_plan){ .fault = NDB_FAULT_NONE };
    reopen(rivals, 0);
    close_one(rivals, 0);
    world_end(world);
    free(rivals);
}

static void test_writers__take_over_from_one_another(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_rivals(seed, NDB_FAULT_NONE);
}

static void test_writers__take_over_when_answers_are_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 101; seed <= 100 + SEEDS; seed++)
        run_rivals(seed, NDB_FAULT_DROP);
}

static void test_writers__take_over_when_requests_are_lost(void **state)
{
    (void)state;
    for (uint64_t seed = 201; seed <= 200 + SEEDS; seed++)
        run_rivals(seed, NDB_FAULT_LOST);
}

static void test_writers__take_over_when_puts_are_resent(void **state)
{
    (void)state;
    for (uint64_t seed = 301; seed <= 300 + SEEDS; seed++)
        run_rivals(seed, NDB_FAULT_CONFLICT);
}

/* ---------------------------------------------------------------- a sleeper --
 */

/* Short, but enough for a server to answer. */
#define SHORT_MS (place_is_remote() ? 3000 : 50)

/* A commit's PUT arrives only after another writer fenced: it must lose. */
static void test_writers__a_late_put_loses_to_the_fence(void **state)
{
    struct world world;
    struct world_graph *after = malloc(sizeof *after);
    struct ndb_store *faulty;
    namidb_error err;
    namidb *first;
    namidb *second;
    namidb_tx *tx;

    (void)state;
    world_begin(&world, 5);
    world.options.timeout_ms = SHORT_MS;
    world_ok(&world, world_open(&world, &first, &faulty, &err), err);
    world_ok(&world, world_commit(&world, first, 20, &err), err);
    ndb_faulty_plan(faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_LATE,
                                              .at = 1,
                                              .count = 1000 });
    world_assert(&world,
                 world_try(&world, first, 5, after, &err) == NAMIDB_EUNKNOWN);
    second = world_must_open(&world, false);
    world_check(&world, second);
    world_ok(&world, world_commit(&world, second, 20, &err), err);
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .at = 0 });
    ndb_faulty_release(faulty);
    world_assert(&world,
                 namidb_tx_begin(&tx, first, -1, &err) == NAMIDB_EFENCED);
    world_ok(&world, world_commit(&world, second, 20, &err), err);
    namidb_close(first);
    namidb_close(second);
    second = world_must_open(&world, true);
    world_check(&world, second);
    namidb_close(second);
    free(after);
    world_end(&world);
}

/* The PUT arrives before the fence: it was committed, and its writer, told
 * "unknown", is not told otherwise later. */
static void test_writers__an_unknown_commit_may_turn_out_committed(void **state)
{
    struct world world;
    struct world_graph *after = malloc(sizeof *after);
    struct ndb_store *faulty;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 6);
    world.options.timeout_ms = SHORT_MS;
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){
                                .ops = 1u << NDB_PUT_IF_ABSENT | 1u << NDB_GET,
                                .fault = NDB_FAULT_DROP,
                                .at = 1,
                                .count = 1000 });
    world_assert(&world,
                 world_try(&world, db, 15, after, &err) == NAMIDB_EUNKNOWN);
    world_check(&world, db); /* not visible while it is not known */
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .at = 0 });
    world.graph = *after;
    world_ok(&world, world_commit(&world, db, 15, &err), err);
    world_check(&world, db);
    namidb_close(db);
    free(after);
    world_end(&world);
}

/* The slot is created, and no LIST proves the writer's place: who did it again
 * would do it twice. */
static void test_writers__an_unknown_commit_says_not_to_retry(void **state)
{
    struct world world;
    struct world_graph *after = malloc(sizeof *after);
    struct ndb_store *faulty;
    namidb_error err;
    namidb_tx *tx;
    namidb *db;

    (void)state;
    world_begin(&world, 8);
    world.options.timeout_ms = SHORT_MS;
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .ops = 1u << NDB_LIST,
                                                      .fault = NDB_FAULT_FAIL,
                                                      .at = 1,
                                                      .count = 1000 });
    world_assert(&world,
                 world_try(&world, db, 15, after, &err) == NAMIDB_EUNKNOWN);
    world_assert(&world, !err.retryable);
    world_assert(&world, namidb_tx_begin(&tx, db, -1, &err) == NAMIDB_EUNKNOWN);
    world_assert(&world, !err.retryable);
    ndb_faulty_plan(faulty, &(struct ndb_fault_plan){ .at = 0 });
    world.graph = *after;
    world_ok(&world, world_commit(&world, db, 15, &err), err);
    world_check(&world, db);
    namidb_close(db);
    free(after);
    world_end(&world);
}

/* To a ticket a timeout means "still under way": one whose commit is over says
 * something else, or its owner would wait for ever. */
static void test_writers__a_ticket_that_is_over_says_no_timeout(void **state)
{
    struct world world;
    struct ndb_store *faulty;
    namidb_ticket *ticket;
    namidb_error err;
    namidb_tx *tx;
    namidb *db;
    uint64_t id;

    (void)state;
    world_begin(&world, 7);
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_faulty_plan(faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_EXPIRED,
                                              .at = 1 });
    world_ok(&world, namidb_tx_begin(&tx, db, -1, &err), err);
    world_ok(
        &world,
        namidb_create_node(tx, NULL, 0, (namidb_props){ NULL, 0 }, &id, &err),
        err);
    world_ok(&world, namidb_tx_commit(tx, -1, &ticket, &err), err);
    world_assert(&world, namidb_ticket_wait(ticket, -1, &err) == NAMIDB_EIO);
    world_assert(&world, err.retryable);
    namidb_ticket_free(ticket);
    world_check(&world, db);
    world_ok(&world, world_commit(&world, db, 5, &err), err);
    namidb_close(db);
    world_end(&world);
}

/* A writer that slept while others committed, flushed and deleted its slot may
 * create it again, and must not believe that it committed. */
static void test_writers__a_deleted_slot_is_not_a_commit(void **state)
{
    struct world world;
    namidb_error err;
    namidb *first;
    namidb *second;
    struct ndb_store *store;
    struct ndb_request list = { .op = NDB_LIST, .key = "log/" };

    (void)state;
    world_begin(&world, 7);
    first = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, first, 20, &err), err);
    second = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, second, 20, &err), err);
    world_ok(&world, namidb_flush(second, -1, &err), err);
    /* What GC will do when the slots are old enough. */
    assert_int_equal(ndb_store_open(&store, world.uri, &err), 0);
    list.deadline_ns = NDB_NEVER;
    assert_int_equal(ndb_store_run(store, &list, 1, &err), 0);
    for (size_t i = 0; i < list.listing.count; i++) {
        struct ndb_request del = { .op = NDB_DELETE,
                                   .key = list.listing.items[i].key,
                                   .deadline_ns = NDB_NEVER };

        assert_int_equal(ndb_store_run(store, &del, 1, &err), 0);
    }
    ndb_request_release(&list);
    ndb_store_close(store);
    ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
    {
        struct world_graph *after = malloc(sizeof *after);

        world_assert(&world, world_try(&world, first, 3, after, &err) ==
                                 NAMIDB_EFENCED);
        free(after);
    }
    namidb_close(first);
    world_check(&world, second);
    namidb_close(second);
    world_end(&world);
}

/* A proof of life that is a minute old is renewed beside the PUT. */
static void
test_writers__a_commit_after_a_pause_lists_beside_its_put(void **state)
{
    struct world world;
    namidb_stats before;
    namidb_stats after;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 8);
    db = world_must_open(&world, false);
    for (int i = 0; i < 2; i++) {
        ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
        world_ok(&world, namidb_get_stats(db, &before, &err), err);
        world_ok(&world, world_commit(&world, db, 20, &err), err);
        world_ok(&world, namidb_get_stats(db, &after, &err), err);
        assert_int_equal(after.requests.put_if_absent,
                         before.requests.put_if_absent + 1);
        assert_int_equal(after.requests.list, before.requests.list + 1);
        assert_int_equal(after.requests.get, before.requests.get);
        assert_int_equal(after.requests.rounds, before.requests.rounds + 1);
        world_ok(&world, world_commit(&world, db, 20, &err), err);
        world_ok(&world, namidb_get_stats(db, &before, &err), err);
        assert_int_equal(before.requests.list, after.requests.list);
    }
    namidb_close(db);
    world_end(&world);
}

/* Time passes before the second try of a PUT. */
static void pass_time(void *context, const struct ndb_request *request)
{
    int *tries = context;

    if (request->op == NDB_PUT_IF_ABSENT && ++*tries == 2)
        ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
}

/* A LIST proves a place for the minute behind it, not for as long as its PUT is
 * tried. */
static void test_writers__a_long_commit_proves_its_place_anew(void **state)
{
    struct world world;
    struct ndb_store *faulty;
    namidb_stats before;
    namidb_stats after;
    namidb_error err;
    namidb *db;
    int tries = 0;

    (void)state;
    world_begin(&world, 9);
    world.options.timeout_ms = 600000;
    world_ok(&world, world_open(&world, &db, &faulty, &err), err);
    ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
    world_ok(&world, namidb_get_stats(db, &before, &err), err);
    ndb_faulty_plan(faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_LOST,
                                              .at = 1 });
    ndb_faulty_gate(faulty, pass_time, &tries);
    world_ok(&world, world_commit(&world, db, 20, &err), err);
    world_ok(&world, namidb_get_stats(db, &after, &err), err);
    assert_int_equal(tries, 2);
    if (!place_is_remote()) /* whose clock nobody moves */
        assert_int_equal(after.requests.list, before.requests.list + 2);
    namidb_close(db);
    world_end(&world);
}

/* --------------------------------------------------------- all at the same
 * time -- */

enum { THREADS = 3, COMMITS = 60 };

struct racer {
    const char *uri;
    unsigned number;
    uint64_t seed;          /* of the next store's faults */
    bool is_calm;           /* no faults */
    uint8_t fates[COMMITS]; /* of its batches */
};
enum { NOT_TRIED, COMMITTED, FAILED, UNKNOWN };

static void key_of(unsigned racer, unsigned batch, unsigned part, char text[32])
{
    (void)snprintf(text, 32, "r%u-%u-%u", racer, batch, part);
}

/* A batch is two nodes: both or none. */
static int race_one(struct racer *racer, namidb *db, unsigned batch)
{
    namidb_error err;
    namidb_tx *tx;
    char text[32];
    int rc = namidb_tx_begin(&tx, db, -1, &err);

    for (unsigned part = 0; part < 2 && rc >= 0; part++) {
        key_of(racer->number, batch, part, text);
        rc = text_key_put(tx, 'R', text, &err);
        if (rc < 0)
            namidb_tx_abort(tx);
    }
    if (rc >= 0)
        rc = namidb_tx_commit(tx, -1, NULL, &err);
    racer->fates[batch] = rc >= 0                 ? COMMITTED
                          : rc == NAMIDB_EUNKNOWN ? UNKNOWN
                                                  : FAILED;
    return rc;
}

static namidb *race_open(struct racer *racer)
{
    struct ndb_store *inside;
    struct ndb_store *faulty;
    namidb_options options;
    namidb_error err;
    namidb *db = NULL;

    namidb_options_init(&options);
    options.flush_slots = 8;
    if (ndb_store_open(&inside, racer->uri, &err) < 0 ||
        ndb_faulty_open(&faulty, inside, &err) < 0)
        return NULL;
    ndb_faulty_plan(
        faulty, &(struct ndb_fault_plan){ .fault = NDB_FAULT_DROP,
                                          .per_mille = racer->is_calm ? 0 : 30,
                                          .seed = racer->seed++ });
    (void)ndb_db_open(&db, faulty, &options, &err);
    return db;
}

static void *race(void *context)
{
    struct racer *racer = context;
    namidb *db = NULL;

    for (unsigned batch = 0; batch < COMMITS; batch++) {
        while (db == NULL)
            db = race_open(racer);
        if (race_one(racer, db, batch) < 0) {
            namidb_close(db);
            db = NULL;
        }
    }
    namidb_close(db);
    return NULL;
}

static void check_race(const struct racer *racer, namidb *db)
{
    namidb_snapshot *snapshot;
    namidb_error err;
    unsigned committed = 0;

    assert_int_equal(namidb_snapshot_open(&snapshot, db, &err), 0);
    for (unsigned batch = 0; batch < COMMITS; batch++) {
        bool parts[2];

        for (unsigned part = 0; part < 2; part++) {
            char text[32];

            key_of(racer->number, batch, part, text);
            parts[part] = text_key_is_there(snapshot, db, 'R', text);
        }
        assert_true(parts[0] == parts[1]);
        if (racer->fates[batch] == COMMITTED)
            assert_true(parts[0]);
        if (racer->fates[batch] == FAILED)
            assert_false(parts[0]);
        committed += racer->fates[batch] == COMMITTED;
    }
    assert_true(committed != 0);
    namidb_snapshot_close(snapshot);
}

static void test_writers__race_for_the_namespace(void **state)
{
    struct racer racers[THREADS] = { { .number = 0 } };
    pthread_t threads[THREADS];
    char uri[PLACE_URI_BYTES];
    namidb *db;

    (void)state;
    place_new(uri);
    for (unsigned i = 0; i < THREADS; i++) {
        racers[i].number = i;
        racers[i].seed = 40 + i;
        racers[i].uri = uri;
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]),
                         0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    racers[0].is_calm = true;
    db = race_open(&racers[0]);
    for (unsigned i = 0; i < THREADS; i++)
        check_race(&racers[i], db);
    namidb_close(db);
    place_clear(uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers__take_over_from_one_another),
        cmocka_unit_test(test_writers__take_over_when_answers_are_lost),
        cmocka_unit_test(test_writers__take_over_when_requests_are_lost),
        cmocka_unit_test(test_writers__take_over_when_puts_are_resent),
        cmocka_unit_test(test_writers__a_late_put_loses_to_the_fence),
        cmocka_unit_test(
            test_writers__an_unknown_commit_may_turn_out_committed),
        cmocka_unit_test(test_writers__an_unknown_commit_says_not_to_retry),
        cmocka_unit_test(test_writers__a_ticket_that_is_over_says_no_timeout),
        cmocka_unit_test(test_writers__a_deleted_slot_is_not_a_commit),
        cmocka_unit_test(
            test_writers__a_commit_after_a_pause_lists_beside_its_put),
        cmocka_unit_test(test_writers__a_long_commit_proves_its_place_anew),
        cmocka_unit_test(test_writers__race_for_the_namespace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
