/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff.h - pauses between tries: a random time up to a bound that doubles
 * ("full jitter"), so that those who failed together do not come back together.
 */
#ifndef NDB_SYS_BACKOFF_H
#define NDB_SYS_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct ndb_backoff {
    int64_t bound_ms; /* of the next pause; 0: the first */
};

#define NDB_BACKOFF_INIT ((struct ndb_backoff){ 0 })

/* Blocks, at most until the deadline of sys/clock.h. False when that has
 * passed: no more tries. */
bool ndb_backoff_pause(struct ndb_backoff *backoff, int64_t deadline_ns);

#endif
