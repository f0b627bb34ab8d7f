/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections: how one looks at segments without a lock and without pins.
 *
 * Time is counted in epochs. Who enters a section counts itself in the present
 * one. An epoch ends only when nobody is left in the one before it, so sections
 * are in one of two epochs at any time. A segment that is taken out leaves its
 * slot first and then waits, pinned, in the limbo of the epoch: those who may
 * have seen it entered in that epoch or before, so when the next one ends as
 * well it is let go. Nobody waits for anybody.
 *
 * A section that is open keeps what is evicted meanwhile in memory, beyond the
 * budget: that is why it has to be short.
 */
#include "cache/cache_table.h"

uint32_t ndb_segment_cache_enter(struct ndb_segment_cache *cache)
{
    for (;;) {
        unsigned epoch = atomic_load(&cache->epoch);

        atomic_fetch_add(&cache->readers[epoch & 1], 1);
        if (atomic_load(&cache->epoch) == epoch)
            return epoch & 1;
        /* It ended just now, and did not wait for us. */
        atomic_fetch_sub(&cache->readers[epoch & 1], 1);
    }
}

void ndb_segment_cache_leave(struct ndb_segment_cache *cache, uint32_t section,
                             uint64_t hits)
{
    if (hits != 0)
        atomic_fetch_add_explicit(&cache->hits, hits, memory_order_relaxed);
    atomic_fetch_sub(&cache->readers[section], 1);
    ndb_cache_shrink(cache);
    if (!atomic_load(&cache->has_limbo))
        return;
    (void)pthread_mutex_lock(&cache->lock);
    ndb_cache_settle(cache);
    (void)pthread_mutex_unlock(&cache->lock);
}

void ndb_cache_retire(struct ndb_segment_cache *cache,
                      struct ndb_cache_entry *entry)
{
    struct ndb_cache_entry **limbo =
        &cache->limbo[atomic_load(&cache->epoch) & 1];

    entry->next = *limbo;
    *limbo = entry;
    atomic_store(&cache->has_limbo, true);
}

void ndb_cache_settle(struct ndb_segment_cache *cache)
{
    /* Twice: with nobody in a section both limbos can go. */
    for (int i = 0; i < 2; i++) {
        unsigned next = (atomic_load(&cache->epoch) + 1) & 1;
        struct ndb_cache_entry *entry = cache->limbo[next];

        if (!atomic_load(&cache->has_limbo) ||
            atomic_load(&cache->readers[next]) != 0)
            return;
        cache->limbo[next] = NULL;
        atomic_fetch_add(&cache->epoch, 1);
        atomic_store(&cache->has_limbo, cache->limbo[next ^ 1] != NULL);
        while (entry != NULL) {
            struct ndb_cache_entry *after = entry->next;

            ndb_cache_unpin(entry);
            entry = after;
        }
    }
}
