/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include <stdatomic.h>
#include <time.h>

static atomic_int_fast64_t advanced_ns;

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec +
           atomic_load_explicit(&advanced_ns, memory_order_relaxed);
}

int64_t ndb_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t ndb_clock_wall_ms(void)
{
    return read_clock(CLOCK_REALTIME) / NDB_NS_PER_MS;
}

int64_t ndb_deadline_after(int64_t ms)
{
    int64_t now = ndb_clock_ns();

    if (ms < 0 || ms > (NDB_NEVER - now) / NDB_NS_PER_MS)
        return NDB_NEVER;
    return now + ms * NDB_NS_PER_MS;
}

void ndb_clock_advance(int64_t ns)
{
    atomic_fetch_add(&advanced_ns, ns);
}
