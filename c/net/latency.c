/* SPDX-License-Identifier: Apache-2.0 */
#include "net/latency.h"

#include <string.h>

enum { NS_PER_US = 1000, NS_PER_MS = 1000000 };

/* The first place whose wait is not below `us`. */
static uint32_t place_of(const struct ndb_latency *latency, uint32_t us)
{
    uint32_t low = 0;
    uint32_t high = latency->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (latency->sorted[middle] < us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_oldest(struct ndb_latency *latency)
{
    uint32_t at = place_of(latency, latency->ring[latency->at]);

    latency->count--;
    memmove(&latency->sorted[at], &latency->sorted[at + 1],
            (latency->count - at) * sizeof latency->sorted[0]);
}

void ndb_latency_add(struct ndb_latency *latency, int64_t ns)
{
    int64_t us = ns > 0 ? ns / NS_PER_US : 0;
    uint32_t value = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    uint32_t at;

    if (latency->count == NDB_LATENCY_COUNT_MAX)
        remove_oldest(latency);
    at = place_of(latency, value);
    memmove(&latency->sorted[at + 1], &latency->sorted[at],
            (latency->count - at) * sizeof latency->sorted[0]);
    latency->sorted[at] = value;
    latency->count++;
    latency->ring[latency->at] = value;
    latency->at = (latency->at + 1) % NDB_LATENCY_COUNT_MAX;
    if (latency->earned < NDB_LATENCY_SHARE * NDB_LATENCY_SAVED_MAX)
        latency->earned++;
}

int64_t ndb_latency_late_ns(const struct ndb_latency *latency)
{
    int64_t floor_ns = (int64_t)NDB_LATENCY_FLOOR_MS * NS_PER_MS;
    int64_t ns;

    if (latency->count < NDB_LATENCY_COUNT_MIN)
        return 0;
    ns = (int64_t)latency->sorted[latency->count * 99 / 100] * NS_PER_US;
    return ns > floor_ns ? ns : floor_ns;
}

bool ndb_latency_spend(struct ndb_latency *latency)
{
    if (latency->earned < NDB_LATENCY_SHARE)
        return false;
    latency->earned -= NDB_LATENCY_SHARE;
    return true;
}
