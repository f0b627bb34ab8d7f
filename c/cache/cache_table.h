/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache_table.h - the entries of the segment cache: one table under one lock,
 * and CLOCK, which picks who leaves.
 *
 * An entry is a segment, as it is stored or decoded, or a block of a fold
 * (fold.h). Pins are
 * counted in the entry. Only look-ups under the lock add pins, and to an entry
 * in the table. Whoever takes the last pin of an entry that is not in the table
 * any more frees it.
 */
#ifndef NDB_CACHE_CACHE_TABLE_H
#define NDB_CACHE_CACHE_TABLE_H

#include "cache/segment_cache.h"
#include "sys/thread.h"

enum ndb_cache_state {
    NDB_CACHE_LOADING,
    NDB_CACHE_STORED, /* nobody wanted it yet */
    NDB_CACHE_READY,
    NDB_CACHE_FAILED
};

/* Pins and being out of the table are one number: who drops the last pin learns
 * in the same step whether to free. Asking afterwards would be too late, as an
 * entry without pins may be gone. */
enum { NDB_CACHE_OUT = 1, NDB_CACHE_PIN = 2 };

struct ndb_cache_entry {
    struct ndb_cache_entry *next; /* in its bucket; taken out: in limbo */
    uint64_t pack_number;         /* or a fold's */
    uint32_t segment_number;      /* or a block's */

    atomic_uint pins;           /* times NDB_CACHE_PIN, and NDB_CACHE_OUT */
    bool is_recent;             /* while there is no slot; under lock */
    bool is_fold;               /* its segment is a block of one */
    enum ndb_cache_state state; /* under lock; when NDB_CACHE_READY, constant */
    struct ndb_cache_slot *slot; /* NULL: nothing to show */
    struct ndb_segment *segment;
    struct ndb_slice stored; /* its bytes, before they are decoded */
    size_t bytes;            /* without what the segment's store counts */
    uint32_t clock_index;    /* in clock */
    namidb_error err;        /* when NDB_CACHE_FAILED */
};

struct ndb_segment_cache {
    struct ndb_store *store;
    uint64_t bytes_max;
    struct ndb_cache_reach reach; /* of the store */
    atomic_uint_fast64_t pack_numbers;

    pthread_mutex_t lock;
    struct ndb_cond loaded; /* some entry left NDB_CACHE_LOADING */
    struct ndb_cache_entry **buckets;
    size_t bucket_count;            /* a power of two */
    struct ndb_cache_entry **clock; /* all entries in the table */
    uint32_t clock_count, clock_capacity, hand;
    namidb_cache_stats stats; /* but for bytes and sections' hits */

    /* Of all entries; grows as columns are decoded. */
    atomic_int_fast64_t bytes;

    /* Sections, see cache_section.c. */
    atomic_uint epoch;
    atomic_uint readers[2];           /* in it, by the epoch's last bit */
    struct ndb_cache_entry *limbo[2]; /* under lock: taken out in the epoch */
    atomic_bool has_limbo;
    atomic_uint_fast64_t hits; /* of sections */
    atomic_uint_fast64_t fold_hits, fold_misses;
};

/* Keeps an entry that was taken out until no section can look at it any more;
 * it has a pin for that. Under lock. */
void ndb_cache_retire(struct ndb_segment_cache *cache,
                      struct ndb_cache_entry *entry);
/* Lets go of what no section looks at. Under lock. */
void ndb_cache_settle(struct ndb_segment_cache *cache);

struct ndb_cache_entry *ndb_cache_find(struct ndb_segment_cache *cache,
                                       uint64_t pack_number, uint32_t segment);
/* Asks memory for an entry, or first for what tells where it is. Under lock. */
void ndb_cache_prefetch(const struct ndb_segment_cache *cache,
                        uint64_t pack_number, uint32_t segment, bool is_near);
/* A new entry, loading, with one pin; NULL: no memory. */
struct ndb_cache_entry *ndb_cache_add(struct ndb_segment_cache *cache,
                                      uint64_t pack_number, uint32_t segment);
void ndb_cache_unpin(struct ndb_cache_entry *entry);
/* It is loaded, READY with a segment, STORED without: counts its bytes. */
void ndb_cache_enter(struct ndb_segment_cache *cache,
                     struct ndb_cache_entry *entry);
/* Copies the stored bytes of a segment into its entry, which is loading; gives
 * them back. */
int ndb_cache_store(struct ndb_cache_entry *entry, struct ndb_slice stored,
                    namidb_error *err);
void ndb_cache_unstore(struct ndb_cache_entry *entry);
/* From STORED back to LOADING: it is decoded now. */
void ndb_cache_load(struct ndb_segment_cache *cache,
                    struct ndb_cache_entry *entry);
/* Shows its segment to those who look without the lock. */
void ndb_cache_show(struct ndb_cache_entry *entry, struct ndb_cache_slot *slot);
/* Takes an entry out of the table; it goes when its last pin does. */
void ndb_cache_take_out(struct ndb_segment_cache *cache,
                        struct ndb_cache_entry *entry);
/* CLOCK: a recent entry gets a second chance, a pinned one is passed over. Two
 * turns without a victim mean that all are pinned. */
void ndb_cache_evict(struct ndb_segment_cache *cache);

/* Whether a pack is fetched whole when it is touched first. */
static inline bool ndb_cache_is_small(const struct ndb_segment_cache *cache,
                                      const struct ndb_cache_pack *pack)
{
    return pack->bytes <= cache->reach.pack_bytes &&
           pack->bytes <= cache->bytes_max / 4;
}

static inline bool ndb_cache_is_over(struct ndb_segment_cache *cache)
{
    return atomic_load_explicit(&cache->bytes, memory_order_relaxed) >
           (int64_t)cache->bytes_max;
}
/* Takes the lock and evicts where columns that were decoded want it. */
void ndb_cache_shrink(struct ndb_segment_cache *cache);

#endif
