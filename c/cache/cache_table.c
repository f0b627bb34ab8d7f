/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache_table.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/prefetch.h"

enum { BUCKETS_MIN = 64 };

int ndb_segment_cache_new(struct ndb_segment_cache **cache,
                          struct ndb_store *store, uint64_t bytes_max)
{
    struct ndb_segment_cache *made = ndb_calloc(1, sizeof *made);

    *cache = NULL;
    if (made == NULL)
        return NAMIDB_ENOMEM;
    made->buckets = ndb_calloc(BUCKETS_MIN, sizeof(struct ndb_cache_entry *));
    if (made->buckets == NULL) {
        ndb_free(made);
        return NAMIDB_ENOMEM;
    }
    made->bucket_count = BUCKETS_MIN;
    made->store = store;
    made->reach = store->is_far ? NDB_CACHE_REACH_FAR : NDB_CACHE_REACH_NEAR;
    made->bytes_max = bytes_max;
    made->stats.bytes_max = bytes_max;
    (void)pthread_mutex_init(&made->lock, NULL);
    ndb_cond_init(&made->loaded);
    *cache = made;
    return NAMIDB_OK;
}

static void entry_free(struct ndb_cache_entry *entry)
{
    ndb_segment_free(entry->segment);
    ndb_cache_unstore(entry);
    ndb_free(entry);
}

void ndb_segment_cache_free(struct ndb_segment_cache *cache)
{
    if (cache == NULL)
        return;
    ndb_cache_settle(cache);
    for (uint32_t i = 0; i < cache->clock_count; i++)
        entry_free(cache->clock[i]);
    ndb_free(cache->clock);
    ndb_free(cache->buckets);
    ndb_cond_release(&cache->loaded);
    (void)pthread_mutex_destroy(&cache->lock);
    ndb_free(cache);
}

uint64_t ndb_segment_cache_pack_number(struct ndb_segment_cache *cache)
{
    return atomic_fetch_add(&cache->pack_numbers, 1) + 1;
}

static struct ndb_cache_entry **bucket_of(const struct ndb_segment_cache *cache,
                                          uint64_t pack_number,
                                          uint32_t segment)
{
    uint64_t hash =
        ndb_hash_integer(pack_number * UINT64_C(0x9e3779b97f4a7c15) + segment);

    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

struct ndb_cache_entry *ndb_cache_find(struct ndb_segment_cache *cache,
                                       uint64_t pack_number, uint32_t segment)
{
    struct ndb_cache_entry *entry = *bucket_of(cache, pack_number, segment);

    while (entry != NULL && (entry->pack_number != pack_number ||
                             entry->segment_number != segment))
        entry = entry->next;
    return entry;
}

void ndb_cache_prefetch(const struct ndb_segment_cache *cache,
                        uint64_t pack_number, uint32_t segment, bool is_near)
{
    struct ndb_cache_entry **bucket = bucket_of(cache, pack_number, segment);

    ndb_prefetch(is_near ? (const void *)*bucket : bucket);
}

/* Doubles the buckets; without memory chains just get longer. */
static void grow_buckets(struct ndb_segment_cache *cache)
{
    size_t count = cache->bucket_count * 2;
    struct ndb_cache_entry **buckets =
        ndb_calloc(count, sizeof(struct ndb_cache_entry *));

    if (buckets == NULL)
        return;
    ndb_free(cache->buckets);
    cache->buckets = buckets;
    cache->bucket_count = count;
    for (uint32_t i = 0; i < cache->clock_count; i++) {
        struct ndb_cache_entry *entry = cache->clock[i];
        struct ndb_cache_entry **bucket =
            bucket_of(cache, entry->pack_number, entry->segment_number);

        entry->next = *bucket;
        *bucket = entry;
    }
}

struct ndb_cache_entry *ndb_cache_add(struct ndb_segment_cache *cache,
                                      uint64_t pack_number, uint32_t segment)
{
    struct ndb_cache_entry *entry = ndb_calloc(1, sizeof *entry);
    struct ndb_cache_entry **bucket;

    if (entry == NULL)
        return NULL;
    if (cache->clock_count == cache->clock_capacity) {
        uint32_t capacity =
            cache->clock_capacity == 0 ? 64 : cache->clock_capacity * 2;
        struct ndb_cache_entry **clock = ndb_realloc(
            cache->clock, capacity, sizeof(struct ndb_cache_entry *));

        if (clock == NULL) {
            ndb_free(entry);
            return NULL;
        }
        cache->clock = clock;
        cache->clock_capacity = capacity;
    }
    if (cache->clock_count >= cache->bucket_count)
        grow_buckets(cache);
    entry->pack_number = pack_number;
    entry->segment_number = segment;
    atomic_init(&entry->pins, NDB_CACHE_PIN);
    entry->is_recent = true;
    bucket = bucket_of(cache, pack_number, segment);
    entry->next = *bucket;
    *bucket = entry;
    entry->clock_index = cache->clock_count;
    cache->clock[cache->clock_count++] = entry;
    return entry;
}

static bool is_loaded(const struct ndb_cache_entry *entry)
{
    return entry->state == NDB_CACHE_READY || entry->state == NDB_CACHE_STORED;
}

void ndb_cache_unpin(struct ndb_cache_entry *entry)
{
    if (atomic_fetch_sub(&entry->pins, NDB_CACHE_PIN) ==
        NDB_CACHE_PIN + NDB_CACHE_OUT)
        entry_free(entry);
}

void ndb_cache_enter(struct ndb_segment_cache *cache,
                     struct ndb_cache_entry *entry)
{
    bool is_decoded = entry->segment != NULL;

    entry->state = is_decoded ? NDB_CACHE_READY : NDB_CACHE_STORED;
    entry->bytes = sizeof *entry +
                   (is_decoded ? entry->segment->bytes : entry->stored.bytes);
    atomic_fetch_add(&cache->bytes, (int64_t)entry->bytes);
    if (is_decoded)
        ndb_column_store_count(&entry->segment->store, &cache->bytes);
    if (entry->is_fold)
        cache->stats.fold_bytes += entry->bytes;
}

int ndb_cache_store(struct ndb_cache_entry *entry, struct ndb_slice stored,
                    namidb_error *err)
{
    uint8_t *copy = ndb_alloc(stored.bytes);

    if (copy == NULL)
        return ndb_fail_memory(err);
    memcpy(copy, stored.data, stored.bytes);
    entry->stored = ndb_slice(copy, stored.bytes);
    return NAMIDB_OK;
}

void ndb_cache_unstore(struct ndb_cache_entry *entry)
{
    ndb_free((void *)(uintptr_t)entry->stored.data);
    entry->stored = ndb_slice(NULL, 0);
}

/* Its bytes do not count any more. */
static void discount(struct ndb_segment_cache *cache,
                     struct ndb_cache_entry *entry)
{
    if (!is_loaded(entry))
        return;
    atomic_fetch_sub(&cache->bytes, (int64_t)entry->bytes);
    if (entry->segment != NULL)
        ndb_column_store_discount(&entry->segment->store);
    if (entry->is_fold)
        cache->stats.fold_bytes -= entry->bytes;
}

void ndb_cache_load(struct ndb_segment_cache *cache,
                    struct ndb_cache_entry *entry)
{
    discount(cache, entry);
    entry->state = NDB_CACHE_LOADING;
}

void ndb_cache_show(struct ndb_cache_entry *entry, struct ndb_cache_slot *slot)
{
    entry->slot = slot;
    atomic_store(&slot->is_folded, false);
    atomic_store(&slot->is_recent, true);
    atomic_store(&slot->segment, entry->segment);
}

void ndb_cache_take_out(struct ndb_segment_cache *cache,
                        struct ndb_cache_entry *entry)
{
    struct ndb_cache_entry **link =
        bucket_of(cache, entry->pack_number, entry->segment_number);
    struct ndb_cache_entry *last = cache->clock[--cache->clock_count];

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    cache->clock[entry->clock_index] = last;
    last->clock_index = entry->clock_index;
    discount(cache, entry);
    /* A pin of our own, so that nobody's last one is dropped unseen. */
    atomic_fetch_add(&entry->pins, NDB_CACHE_PIN + NDB_CACHE_OUT);
    if (entry->slot == NULL) {
        ndb_cache_unpin(entry);
        return;
    }
    atomic_store(&entry->slot->segment, NULL);
    entry->slot = NULL; /* the pack may go */
    ndb_cache_retire(cache, entry);
}

static bool is_recent(const struct ndb_cache_entry *entry)
{
    return entry->slot != NULL ? atomic_load(&entry->slot->is_recent)
                               : entry->is_recent;
}

static void make_old(struct ndb_cache_entry *entry)
{
    entry->is_recent = false;
    if (entry->slot != NULL)
        atomic_store(&entry->slot->is_recent, false);
}

void ndb_cache_evict(struct ndb_segment_cache *cache)
{
    uint64_t steps = (uint64_t)cache->clock_count * 2;

    while (ndb_cache_is_over(cache) && steps-- != 0 &&
           cache->clock_count != 0) {
        struct ndb_cache_entry *entry;

        if (cache->hand >= cache->clock_count)
            cache->hand = 0;
        entry = cache->clock[cache->hand];
        if (!is_loaded(entry) || atomic_load(&entry->pins) != 0) {
            cache->hand++;
        } else if (is_recent(entry)) {
            make_old(entry);
            cache->hand++;
        } else {
            if (entry->is_fold)
                cache->stats.fold_evictions++;
            else if (entry->state == NDB_CACHE_READY)
                cache->stats.evictions++;
            ndb_cache_take_out(cache, entry);
        }
    }
    ndb_cache_settle(cache);
}

void ndb_cache_shrink(struct ndb_segment_cache *cache)
{
    if (!ndb_cache_is_over(cache))
        return;
    (void)pthread_mutex_lock(&cache->lock);
    ndb_cache_evict(cache);
    (void)pthread_mutex_unlock(&cache->lock);
}

void ndb_segment_cache_forget(struct ndb_segment_cache *cache,
                              uint64_t pack_number)
{
    (void)pthread_mutex_lock(&cache->lock);
    for (uint32_t i = cache->clock_count; i-- > 0;) {
        /* Taking one out moves the last one, seen already, to its place. */
        if (cache->clock[i]->pack_number == pack_number &&
            is_loaded(cache->clock[i]))
            ndb_cache_take_out(cache, cache->clock[i]);
    }
    ndb_cache_settle(cache);
    (void)pthread_mutex_unlock(&cache->lock);
}

void ndb_segment_cache_count_folds(struct ndb_segment_cache *cache,
                                   uint64_t hits, uint64_t misses)
{
    if (hits != 0)
        atomic_fetch_add_explicit(&cache->fold_hits, hits,
                                  memory_order_relaxed);
    if (misses != 0)
        atomic_fetch_add_explicit(&cache->fold_misses, misses,
                                  memory_order_relaxed);
}

void ndb_segment_cache_stats(struct ndb_segment_cache *cache,
                             namidb_cache_stats *out)
{
    int64_t bytes = atomic_load(&cache->bytes);

    (void)pthread_mutex_lock(&cache->lock);
    *out = cache->stats;
    out->hits += atomic_load(&cache->hits);
    out->fold_hits = atomic_load(&cache->fold_hits);
    out->fold_misses = atomic_load(&cache->fold_misses);
    /* Of two threads that count, the later step can come first. */
    out->bytes = bytes > 0 ? (uint64_t)bytes : 0;
    (void)pthread_mutex_unlock(&cache->lock);
}
