/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hedge.h - a request whose answer is late is sent a second time, over another
 * connection; the first good answer counts and the other is called off.
 *
 * Late is later than the 99th percentile of the waits so far (latency.h), and
 * a wait is the time to the first byte: so large and small answers compare. A
 * request that was overtaken counts with the time it had waited by then, which
 * keeps the percentile from sinking by its own success.
 *
 * Only for requests that change nothing. Everything but the counter belongs to
 * the leader of the HTTP client.
 */
#ifndef NDB_NET_HEDGE_H
#define NDB_NET_HEDGE_H

#include "net/http.h"
#include "net/latency.h"

/* Zeroes are a valid start. */
struct ndb_hedge {
    struct ndb_latency latency;
    atomic_int_fast64_t late_ns; /* after which a request is late; 0: never */
    atomic_uint_fast64_t count;  /* second requests so far */
};

/* What an answer that came says of the next ones. */
void ndb_hedge_learn(struct ndb_hedge *hedge,
                     const struct ndb_http_exchange *exchange);

/* Sends `exchange` again, if that has been earned: to be called by its `late`.
 * Its `done` then comes when neither of the two is under way any more, with the
 * result of the one that was good, or of the first. */
void ndb_hedge_send(struct ndb_hedge *hedge, struct ndb_http *http,
                    struct ndb_http_exchange *exchange);

#endif
