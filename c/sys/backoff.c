/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/backoff.h"

#include <time.h>

#include "base/rand.h"
#include "sys/clock.h"

enum { FIRST_MS = 2, LAST_MS = 1000 };

bool ndb_backoff_pause(struct ndb_backoff *backoff, int64_t deadline_ns)
{
    int64_t left_ns = deadline_ns - ndb_clock_ns();
    struct timespec time;
    uint32_t random;
    int64_t ns;

    if (left_ns <= 0)
        return false;
    if (backoff->bound_ms == 0)
        backoff->bound_ms = FIRST_MS;
    ndb_rand_bytes(&random, sizeof random);
    ns = (int64_t)random % (backoff->bound_ms * NDB_NS_PER_MS);
    if (ns > left_ns)
        ns = left_ns;
    time.tv_sec = (time_t)(ns / 1000000000);
    time.tv_nsec = (long)(ns % 1000000000);
    (void)nanosleep(&time, NULL);
    if (backoff->bound_ms < LAST_MS)
        backoff->bound_ms *= 2;
    return ndb_clock_ns() < deadline_ns;
}
