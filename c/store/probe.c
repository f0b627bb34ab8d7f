/* SPDX-License-Identifier: Apache-2.0 */
#include "store/probe.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/rand.h"
#include "sys/backoff.h"

enum {
    ROUNDS = 3, /* the first one opens connections, which spreads it out */
    RACES_PER_ROUND = 4,
    RACES = ROUNDS * RACES_PER_ROUND,
    RACERS = 8,
    KEYS = RACES + 1,
    KEY_BYTES = 48,
};

struct probe {
    struct ndb_store *store;
    int64_t deadline_ns;
    char keys[KEYS][KEY_BYTES]; /* the last one is not raced for */
    char bodies[RACERS][24];
    namidb_error *err;
};

static struct ndb_request put_of(struct probe *probe, int key, int body)
{
    return (struct ndb_request){ .op = NDB_PUT_IF_ABSENT,
                                 .key = probe->keys[key],
                                 .body = ndb_slice_text(probe->bodies[body]),
                                 .deadline_ns = probe->deadline_ns };
}

static int distrust(struct probe *probe, const char *why)
{
    return ndb_fail(probe->err, NAMIDB_EUNSUPPORTED,
                    "this store would lose commits: %s", why);
}

/* Which of the bodies an object holds: *body, or -1. */
static int read_back(struct probe *probe, int key, int *body)
{
    struct ndb_request get = { .op = NDB_GET,
                               .key = probe->keys[key],
                               .deadline_ns = probe->deadline_ns };
    int rc = ndb_store_run(probe->store, &get, 1, probe->err);

    *body = -1;
    for (int i = 0; rc >= 0 && i < RACERS; i++)
        if (get.status == NAMIDB_OK &&
            ndb_slice_equal(ndb_buf_slice(&get.out),
                            ndb_slice_text(probe->bodies[i])))
            *body = i;
    ndb_request_release(&get);
    return rc;
}

/* A create whose answer was lost is sent again: a conflict with the first one
 * is then a conflict with itself. */
static int create(struct probe *probe, int body, int *status)
{
    struct ndb_backoff backoff = NDB_BACKOFF_INIT;
    struct ndb_request put;
    int rc;

    do {
        put = put_of(probe, RACES, body);
        rc = ndb_store_run(probe->store, &put, 1, probe->err);
    } while (rc < 0 && put.is_ambiguous &&
             ndb_backoff_pause(&backoff, probe->deadline_ns));
    *status = put.status;
    return rc;
}

/* One after the other: the second must fail, and change nothing. */
static int create_twice(struct probe *probe)
{
    int status;
    int body;
    int rc = create(probe, 0, &status);

    if (rc >= 0)
        rc = create(probe, 1, &status);
    if (rc >= 0)
        rc = read_back(probe, RACES, &body);
    if (rc < 0)
        return rc;
    if (status != NAMIDB_ECONFLICT)
        return distrust(probe, "it overwrites in spite of If-None-Match");
    if (body != 0)
        return distrust(probe, "it refuses to overwrite, and overwrites");
    return NAMIDB_OK;
}

/* A store that was too busy for all of them has shown nothing. */
static bool is_unanswered(const struct ndb_request puts[RACERS])
{
    bool is_unanswered = true;

    for (int i = 0; i < RACERS; i++)
        is_unanswered = is_unanswered && puts[i].is_ambiguous;
    return is_unanswered;
}

/* An answer that was lost may be the winner's: then the object decides. */
static int check_race(struct probe *probe, int race,
                      const struct ndb_request puts[RACERS])
{
    int winner = -1;
    int body;
    int rc = read_back(probe, race, &body);

    if (rc < 0)
        return rc;
    for (int i = 0; i < RACERS; i++) {
        if (puts[i].status != NAMIDB_OK)
            continue;
        if (winner >= 0)
            return distrust(probe, "two racing creates of one object succeed");
        winner = i;
    }
    if (winner < 0 && body < 0 && is_unanswered(puts))
        return ndb_fail(probe->err, puts[0].status, "%s: %s", probe->keys[race],
                        puts[0].err.message);
    if (winner >= 0 ? body != winner : body < 0 || !puts[body].is_ambiguous)
        return distrust(probe, "of racing creates the wrong one takes effect");
    return NAMIDB_OK;
}

/* A few races at once, from key `first` on. */
static int race(struct probe *probe, int first)
{
    struct ndb_request puts[RACES_PER_ROUND * RACERS];
    int count = RACES_PER_ROUND * RACERS;
    int rc = NAMIDB_OK;

    for (int i = 0; i < count; i++)
        puts[i] = put_of(probe, first + i / RACERS, i % RACERS);
    (void)ndb_store_run(probe->store, puts, (size_t)count, NULL);
    for (int i = 0; i < count && rc >= 0; i++)
        if (puts[i].status < 0 && puts[i].status != NAMIDB_ECONFLICT &&
            !puts[i].is_ambiguous) {
            rc = puts[i].status;
            if (probe->err != NULL)
                *probe->err = puts[i].err;
        }
    for (int i = 0; i < RACES_PER_ROUND && rc >= 0; i++)
        rc = check_race(probe, first + i, &puts[(ptrdiff_t)i * RACERS]);
    return rc;
}

/* Best effort: they are small, and nobody reads them. */
static void clean_up(struct probe *probe)
{
    const char *keys[KEYS];
    struct ndb_request delete = { .op = NDB_DELETE_MANY,
                                  .keys = keys,
                                  .key_count = KEYS,
                                  .deadline_ns = probe->deadline_ns };

    for (int i = 0; i < KEYS; i++)
        keys[i] = probe->keys[i];
    (void)ndb_store_run(probe->store, &delete, 1, NULL);
    ndb_request_release(&delete);
}

int ndb_store_probe(struct ndb_store *store, int64_t deadline_ns,
                    namidb_error *err)
{
    struct probe probe = { .store = store,
                           .deadline_ns = deadline_ns,
                           .err = err };
    uint64_t random;
    int rc;

    ndb_rand_bytes(&random, sizeof random);
    for (int i = 0; i < KEYS; i++)
        (void)snprintf(probe.keys[i], KEY_BYTES, "probe/%016" PRIx64 "-%d",
                       random, i);
    for (int i = 0; i < RACERS; i++)
        (void)snprintf(probe.bodies[i], sizeof probe.bodies[i], "namidb %d", i);
    rc = create_twice(&probe);
    for (int i = 0; i < RACES && rc >= 0; i += RACES_PER_ROUND)
        rc = race(&probe, i);
    clean_up(&probe);
    return rc < 0 ? rc : NAMIDB_OK;
}
