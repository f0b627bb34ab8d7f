/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there and what is not, for those who choose what to read: a guess
 * that costs a few look-ups and fetches nothing.
 */
#include "cache/cache_table.h"

/* Of a part that has more segments so many are looked for, evenly spread. */
enum { LOOKS_MAX = 64 };

void ndb_segment_cache_need(struct ndb_segment_cache *cache,
                            const struct ndb_cache_pack *pack,
                            const struct ndb_part *part,
                            struct ndb_cache_need *need)
{
    uint32_t looks =
        part->segment_count < LOOKS_MAX ? part->segment_count : LOOKS_MAX;
    uint64_t missing = 0;

    (void)pthread_mutex_lock(&cache->lock);
    if (ndb_cache_is_small(cache, pack) && !*pack->was_whole)
        looks = 0;
    for (uint32_t i = 0; i < looks; i++) {
        uint32_t at = (uint32_t)((uint64_t)i * part->segment_count / looks);

        missing +=
            ndb_cache_find(cache, pack->number, part->first_segment + at) ==
                NULL &&
            !atomic_load(&pack->slots[part->first_segment + at].is_folded);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    need->segments += part->segment_count;
    if (looks != 0)
        need->missing += missing * part->segment_count / looks;
}
