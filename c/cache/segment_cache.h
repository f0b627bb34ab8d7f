/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_cache.h - decoded segments in private memory.
 *
 * Keyed by (pack, segment number), bounded by a byte budget, evicted by CLOCK.
 * A segment in use is pinned and never evicted, so the budget may be passed by
 * what is pinned. A miss of many threads for one segment is one request;
 * neighbouring misses of one call become one range; a small pack is fetched
 * whole on first touch, and its segments are kept as they are stored until they
 * are wanted. What counts as neighbouring and small depends on what a request
 * costs (ndb_cache_reach). Every segment is verified as it is decoded. Its
 * columns are decoded later, when they are asked for, and count from then on;
 * who has passed the budget with that evicts when he unpins or leaves his
 * section.
 *
 * Who finds all that it wants needs neither lock nor pins: each pack has a slot
 * per segment, and what a slot shows stays at least until the section in which
 * one looked is left. Evicted segments wait for that: see cache_section.c.
 *
 * Any thread may call. No lock is held while a request is under way.
 */
#ifndef NDB_CACHE_SEGMENT_CACHE_H
#define NDB_CACHE_SEGMENT_CACHE_H

#include <stdatomic.h>

#include "format/pack.h"
#include "format/segment.h"
#include "store/store.h"

/* How much is read that nobody asked for, to save a request. */
struct ndb_cache_reach {
    uint64_t gap_bytes;  /* between two segments, at most */
    uint64_t pack_bytes; /* of a pack that is fetched whole, at most */
};

/* From far away a megabyte comes faster than an answer. From a folder an answer
 * takes as long as some 30 KiB: 6 us, at 5 GB/s. */
#define NDB_CACHE_REACH_FAR ((struct ndb_cache_reach){ 1u << 20, 8u << 20 })
#define NDB_CACHE_REACH_NEAR ((struct ndb_cache_reach){ 32u << 10, 64u << 10 })

/* A pack of so many bytes that is at hand is taken in, wherever the store is:
 * its writer is likely to read it. */
#define NDB_CACHE_OFFER_BYTES (8u << 20)

struct ndb_segment_cache;
struct ndb_fold;

/* A segment of a pack that is decoded, for those who look without a lock. */
struct ndb_cache_slot {
    _Atomic(const struct ndb_segment *) segment; /* NULL: not there */
    atomic_bool is_recent;                       /* CLOCK's second chance */
    atomic_bool is_folded; /* it went because a fold had what it has */
};

/* What the cache needs to know of a pack; constant, owned by the caller, who
 * calls ndb_segment_cache_forget before it goes. */
struct ndb_cache_pack {
    uint64_t number; /* unique in this process: ndb_segment_cache_pack_number */
    const char *path; /* key of the object */
    uint64_t bytes;
    const struct ndb_directory *directory;
    struct ndb_cache_slot *slots; /* one per segment, zeroed; the cache's */
    bool *was_whole; /* false; the cache's: all of it was fetched once */
    /* One per part, zeroed: the folds that it is the newest of; see fold.h. */
    _Atomic(struct ndb_fold *) *folds;
};

int ndb_segment_cache_new(struct ndb_segment_cache **cache,
                          struct ndb_store *store, uint64_t bytes_max);
/* No segment may be pinned any more. NULL is allowed. */
void ndb_segment_cache_free(struct ndb_segment_cache *cache);

uint64_t ndb_segment_cache_pack_number(struct ndb_segment_cache *cache);

/* One segment wanted; `segment` is pinned when get returned NAMIDB_OK. */
struct ndb_segment_want {
    const struct ndb_cache_pack *pack;
    const struct ndb_part *part;
    uint32_t index; /* in part->segments */
    const struct ndb_segment *segment;
    void *pin; /* the cache's */
};

/* Pins all or none: at most one round, and none when all are cached. */
int ndb_segment_cache_get(struct ndb_segment_cache *cache,
                          struct ndb_segment_want *wants, size_t count,
                          int64_t deadline_ns, namidb_error *err);
/* Unpins; entries whose pin is NULL are skipped, so it may be called twice. */
void ndb_segment_cache_unpin(struct ndb_segment_cache *cache,
                             struct ndb_segment_want *wants, size_t count);

/* A section: what is looked at in it stays until it is left. It is short; in it
 * nothing is fetched and no other section entered. */
uint32_t ndb_segment_cache_enter(struct ndb_segment_cache *cache);
/* `hits`: how many segments were found, for the statistics. */
void ndb_segment_cache_leave(struct ndb_segment_cache *cache, uint32_t section,
                             uint64_t hits);

/* What a slot shows, or NULL. Within a section. */
static inline const struct ndb_segment *
ndb_cache_slot_look(struct ndb_cache_slot *slot)
{
    const struct ndb_segment *segment = atomic_load(&slot->segment);

    if (segment != NULL &&
        !atomic_load_explicit(&slot->is_recent, memory_order_relaxed))
        atomic_store_explicit(&slot->is_recent, true, memory_order_relaxed);
    return segment;
}

/* The segment, or NULL when it is not cached. Within a section. */
static inline const struct ndb_segment *
ndb_segment_cache_look(const struct ndb_cache_pack *pack,
                       const struct ndb_part *part, uint32_t index)
{
    return ndb_cache_slot_look(&pack->slots[part->first_segment + index]);
}

/* Takes in all bytes of a pack that somebody has at hand, so that reading it
 * sends nothing. Packs above NDB_CACHE_OFFER_BYTES or a quarter of the budget
 * are left alone, and so is a lack of memory. */
void ndb_segment_cache_offer(struct ndb_segment_cache *cache,
                             const struct ndb_cache_pack *pack,
                             struct ndb_slice object);

/* Segments of parts, and about how many of them are not cached: neither as they
 * are nor, when that was last looked at, in a fold. */
struct ndb_cache_need {
    uint64_t segments, missing;
};

/* Adds those of a part. A small pack that was never touched lacks none:
 * whatever is read of it first fetches all of it. */
void ndb_segment_cache_need(struct ndb_segment_cache *cache,
                            const struct ndb_cache_pack *pack,
                            const struct ndb_part *part,
                            struct ndb_cache_need *need);

/* Drops what is cached of a pack and not pinned. */
void ndb_segment_cache_forget(struct ndb_segment_cache *cache,
                              uint64_t pack_number);

/* Counts nodes whose lists a fold had, and those that it had not. */
void ndb_segment_cache_count_folds(struct ndb_segment_cache *cache,
                                   uint64_t hits, uint64_t misses);

void ndb_segment_cache_stats(struct ndb_segment_cache *cache,
                             namidb_cache_stats *out);

#endif
