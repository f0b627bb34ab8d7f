/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency.h - how long answers take, and when one is late.
 *
 * The last 256 waits, kept in order as well: the 99th percentile is exact and
 * costs a look. A wait that is longer is late, but never before 64 waits are
 * known, and never below a floor. Each wait earns a twentieth of a second
 * request, up to five: so at most one request in twenty is sent twice, however
 * slow the server becomes.
 *
 * Pure; the caller sees to it that one thread calls at a time.
 */
#ifndef NDB_NET_LATENCY_H
#define NDB_NET_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NDB_LATENCY_COUNT_MAX = 256,
    NDB_LATENCY_COUNT_MIN = 64,
    NDB_LATENCY_FLOOR_MS = 10,
    NDB_LATENCY_SHARE = 20,    /* one request in so many may be doubled */
    NDB_LATENCY_SAVED_MAX = 5, /* of those, how many at once */
};

/* Zeroes are a valid start. */
struct ndb_latency {
    uint32_t ring[NDB_LATENCY_COUNT_MAX];   /* microseconds, as they came */
    uint32_t sorted[NDB_LATENCY_COUNT_MAX]; /* the same, ascending */
    uint32_t count;
    uint32_t at;     /* where the next goes in the ring */
    uint32_t earned; /* twentieths */
};

/* One wait for an answer, from its request's start. */
void ndb_latency_add(struct ndb_latency *latency, int64_t ns);

/* After how long a request is late; 0: nobody can say yet. */
int64_t ndb_latency_late_ns(const struct ndb_latency *latency);

/* Takes what a second request costs; false: it has not been earned. */
bool ndb_latency_spend(struct ndb_latency *latency);

#endif
