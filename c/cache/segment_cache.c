/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call for segments does: claim, fetch, decode, publish. The table's
 * lock is held for look-ups only: loading and decoding happen outside, behind
 * an entry that says "loading".
 *
 * A small pack is fetched whole at its first touch. Segments of it that nobody
 * wants yet are entered as they are stored, and decoded when they are wanted:
 * an entry is the one or the other, never both.
 *
 * Order, so that callers who wait for each other's loads cannot wait in a
 * circle: run the requests, publish what was claimed, then wait for others.
 */
#include "cache/segment_cache.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cache/cache_table.h"
#include "sys/clock.h"

/* A coalesced range does not grow beyond this. */
#define RANGE_BYTES_MAX (32u << 20)

/* What a want is to the call. */
enum role {
    ROLE_OTHERS, /* ready, or somebody else loads it */
    ROLE_STORED, /* to decode, from its entry */
    ROLE_RANGE,  /* to fetch and decode */
    ROLE_WHOLE   /* the same, with all of its pack */
};

/* A segment that comes with a pack that is fetched whole. */
struct spare {
    const struct ndb_cache_pack *pack;
    const struct ndb_segment_entry *stored;
    struct ndb_cache_entry *entry;
};

/* A request and the bytes that it covers. */
struct range {
    const struct ndb_cache_pack *pack;
    uint64_t offset, end;
};

struct call {
    struct ndb_segment_cache *cache;
    struct ndb_segment_want *wants;
    size_t count;
    uint8_t *roles; /* enum role of each want; NULL: all are OTHERS */
    size_t mine_count;
    struct spare *spares;
    size_t spare_count, spare_capacity;
    struct range *ranges;
    struct ndb_request *requests;
    size_t range_count;
    int64_t deadline_ns;
    namidb_error *err;
};

static struct ndb_cache_entry *entry_of(const struct ndb_segment_want *want)
{
    return want->pin;
}

static uint32_t number_of(const struct ndb_segment_want *want)
{
    return want->part->first_segment + want->index;
}

/* ------------------------------------------------------------- claiming -- */

/* Notes that a want is the call's. Under lock. */
static void take_role(struct call *call, size_t index, enum role role)
{
    call->roles[index] = (uint8_t)role;
    call->mine_count++;
    call->cache->stats.misses++;
}

/* A scan comes back to entries when nothing of them is in the processor's
 * caches any more: each step to them is taken for all before the next. Under
 * lock. */
static void prefetch_entries(const struct call *call)
{
    for (size_t i = 0; i < 2 * call->count && call->count > 1; i++) {
        const struct ndb_segment_want *want = &call->wants[i % call->count];

        ndb_cache_prefetch(call->cache, want->pack->number, number_of(want),
                           i >= call->count);
    }
}

/* Pins what is there, enters what is not. Under lock. */
static int claim(struct call *call)
{
    struct ndb_segment_cache *cache = call->cache;

    prefetch_entries(call);
    for (size_t i = 0; i < call->count; i++) {
        struct ndb_segment_want *want = &call->wants[i];
        uint32_t number = number_of(want);
        struct ndb_cache_entry *entry =
            ndb_cache_find(cache, want->pack->number, number);

        if (call->roles == NULL &&
            (entry == NULL || entry->state == NDB_CACHE_STORED)) {
            call->roles = ndb_calloc(call->count, sizeof *call->roles);
            if (call->roles == NULL)
                return NAMIDB_ENOMEM;
        }
        if (entry == NULL) {
            want->pin = ndb_cache_add(cache, want->pack->number, number);
            if (want->pin == NULL)
                return NAMIDB_ENOMEM;
            take_role(call, i, ROLE_RANGE);
            continue;
        }
        atomic_fetch_add(&entry->pins, NDB_CACHE_PIN);
        want->pin = entry;
        if (entry->state == NDB_CACHE_STORED) {
            ndb_cache_load(cache, entry);
            take_role(call, i, ROLE_STORED);
            continue;
        }
        if (entry->slot != NULL)
            atomic_store(&entry->slot->is_recent, true);
        cache->stats.hits++;
    }
    return NAMIDB_OK;
}

/* Enters a segment that comes along. Under lock. */
static int add_spare(struct call *call, const struct ndb_cache_pack *pack,
                     uint32_t number, const struct ndb_segment_entry *stored)
{
    struct spare *spare;

    if (call->spare_count == call->spare_capacity) {
        size_t capacity = call->spare_capacity * 2 + 64;
        struct spare *spares =
            ndb_realloc(call->spares, capacity, sizeof *spares);

        if (spares == NULL)
            return NAMIDB_ENOMEM;
        call->spares = spares;
        call->spare_capacity = capacity;
    }
    spare = &call->spares[call->spare_count];
    spare->pack = pack;
    spare->stored = stored;
    spare->entry = ndb_cache_add(call->cache, pack->number, number);
    if (spare->entry == NULL)
        return NAMIDB_ENOMEM;
    call->spare_count++;
    return NAMIDB_OK;
}

/* Enters all segments of a pack that are not there. Under lock. */
static int add_spares(struct call *call, const struct ndb_cache_pack *pack)
{
    const struct ndb_directory *directory = pack->directory;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < directory->part_count; i++) {
        const struct ndb_part *part = &directory->parts[i];

        for (uint32_t j = 0; j < part->segment_count && rc >= 0; j++) {
            uint32_t number = part->first_segment + j;

            if (ndb_cache_find(call->cache, pack->number, number) == NULL)
                rc = add_spare(call, pack, number, &part->segments[j]);
        }
    }
    return rc;
}

/* Small packs that are touched for the first time are fetched whole. Under
 * lock. */
static int claim_whole(struct call *call)
{
    const struct ndb_cache_pack *last = NULL; /* that is fetched whole */
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < call->count && rc >= 0; i++) {
        const struct ndb_cache_pack *pack = call->wants[i].pack;

        if (call->roles[i] != ROLE_RANGE ||
            !ndb_cache_is_small(call->cache, pack))
            continue;
        if (pack != last && !*pack->was_whole) {
            *pack->was_whole = true;
            last = pack;
            rc = add_spares(call, pack);
        }
        if (pack == last)
            call->roles[i] = ROLE_WHOLE;
    }
    return rc;
}

/* Lets those who wait know how an entry of ours turned out. Under lock. */
static void publish(struct ndb_segment_cache *cache,
                    struct ndb_cache_entry *entry, int rc,
                    const namidb_error *err)
{
    if (rc >= 0) {
        ndb_cache_enter(cache, entry);
    } else {
        entry->state = NDB_CACHE_FAILED;
        if (err != NULL)
            entry->err = *err;
        entry->err.code = rc;
        ndb_cache_take_out(cache, entry);
    }
    ndb_cond_broadcast(&cache->loaded);
}

/* ------------------------------------------------------------- fetching -- */

static int compare_ranges(const void *left, const void *right)
{
    const struct range *a = left;
    const struct range *b = right;

    if (a->pack->number != b->pack->number)
        return a->pack->number < b->pack->number ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Neighbours with a small gap between them become one range. */
static void coalesce(struct call *call)
{
    size_t kept = 0;

    if (call->range_count > 1)
        qsort(call->ranges, call->range_count, sizeof *call->ranges,
              compare_ranges);
    for (size_t i = 1; i < call->range_count; i++) {
        struct range *last = &call->ranges[kept];
        const struct range *next = &call->ranges[i];

        if (last->pack->number == next->pack->number &&
            next->offset <= last->end + call->cache->reach.gap_bytes &&
            next->end - last->offset <= RANGE_BYTES_MAX) {
            if (last->end < next->end)
                last->end = next->end;
        } else {
            call->ranges[++kept] = *next;
        }
    }
    if (call->range_count != 0)
        call->range_count = kept + 1;
}

static int plan(struct call *call)
{
    call->ranges = ndb_calloc(call->mine_count, sizeof *call->ranges);
    if (call->ranges == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < call->count; i++) {
        const struct ndb_segment_want *want = &call->wants[i];
        const struct ndb_segment_entry *segment =
            &want->part->segments[want->index];
        struct range *range = &call->ranges[call->range_count];

        if (call->roles[i] < ROLE_RANGE)
            continue;
        if (call->roles[i] == ROLE_WHOLE)
            *range = (struct range){ want->pack, 0, want->pack->bytes };
        else
            *range = (struct range){ want->pack, segment->offset,
                                     segment->offset + segment->bytes };
        call->range_count++;
    }
    coalesce(call);
    call->requests = ndb_calloc(call->range_count, sizeof *call->requests);
    return call->requests == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;
}

/* A GET must have brought exactly what was asked for. */
static int check_answer(const struct range *range,
                        const struct ndb_request *request, namidb_error *err)
{
    if (request->status == NAMIDB_NONE)
        return ndb_fail_object(err, NAMIDB_ECORRUPT, range->pack->path,
                               "the pack is gone");
    if (request->out.bytes != range->end - range->offset ||
        request->object_bytes != range->pack->bytes)
        return ndb_fail_object(
            err, NAMIDB_ECORRUPT, range->pack->path,
            "%zu bytes at %zu of %zu, expected %zu of %zu", request->out.bytes,
            (size_t)range->offset, (size_t)request->object_bytes,
            (size_t)(range->end - range->offset), (size_t)range->pack->bytes);
    return NAMIDB_OK;
}

static int fetch(struct call *call)
{
    int rc;

    for (size_t i = 0; i < call->range_count; i++) {
        const struct range *range = &call->ranges[i];

        call->requests[i] =
            (struct ndb_request){ .op = NDB_GET,
                                  .key = range->pack->path,
                                  .offset = range->offset,
                                  .length = range->end - range->offset,
                                  .deadline_ns = call->deadline_ns };
    }
    rc = ndb_store_run(call->cache->store, call->requests, call->range_count,
                       call->err);
    for (size_t i = 0; i < call->range_count && rc >= 0; i++)
        rc = check_answer(&call->ranges[i], &call->requests[i], call->err);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

/* The stored bytes of a segment, in an answer. */
static struct ndb_slice fetched_bytes(const struct call *call,
                                      const struct ndb_cache_pack *pack,
                                      const struct ndb_segment_entry *segment)
{
    for (size_t i = 0; i < call->range_count; i++) {
        const struct range *range = &call->ranges[i];

        if (range->pack->number == pack->number &&
            range->offset <= segment->offset &&
            segment->offset + segment->bytes <= range->end)
            return ndb_slice(call->requests[i].out.data + segment->offset -
                                 range->offset,
                             segment->bytes);
    }
    return ndb_slice(NULL, 0);
}

static int decode(struct call *call, const struct ndb_segment_want *want)
{
    struct ndb_cache_entry *entry = entry_of(want);
    const struct ndb_segment_entry *segment =
        &want->part->segments[want->index];
    struct ndb_slice stored = entry->stored.data != NULL
                                  ? entry->stored
                                  : fetched_bytes(call, want->pack, segment);
    int rc = ndb_segment_decode(stored, want->part->kind, want->part->table,
                                &entry->segment);

    ndb_cache_unstore(entry);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(call->err);
    if (rc < 0)
        return ndb_fail_object(call->err, rc, want->pack->path,
                               "bad segment at %zu, %u bytes",
                               (size_t)segment->offset, segment->bytes);
    return NAMIDB_OK;
}

/* Decodes a segment that the call has claimed, unless it failed already. */
static int publish_segment(struct call *call,
                           const struct ndb_segment_want *want, int rc)
{
    struct ndb_segment_cache *cache = call->cache;

    if (rc >= 0)
        rc = decode(call, want);
    (void)pthread_mutex_lock(&cache->lock);
    publish(cache, entry_of(want), rc, call->err);
    if (rc >= 0)
        ndb_cache_show(entry_of(want), &want->pack->slots[number_of(want)]);
    (void)pthread_mutex_unlock(&cache->lock);
    return rc;
}

/* Keeps what came along as it is stored. Bytes for which there is no memory are
 * asked for when they are wanted. */
static void publish_spare(struct call *call, const struct spare *spare, int rc)
{
    struct ndb_segment_cache *cache = call->cache;
    namidb_error own_err, *err = call->err;

    if (rc >= 0) {
        err = &own_err;
        rc = ndb_cache_store(
            spare->entry, fetched_bytes(call, spare->pack, spare->stored), err);
    }
    (void)pthread_mutex_lock(&cache->lock);
    publish(cache, spare->entry, rc, err);
    (void)pthread_mutex_unlock(&cache->lock);
    ndb_cache_unpin(spare->entry);
}

/* What failed was not fetched: the next call does it. */
static void forget_whole(struct call *call)
{
    (void)pthread_mutex_lock(&call->cache->lock);
    for (size_t i = 0; i < call->count && call->roles != NULL; i++)
        if (call->roles[i] == ROLE_WHOLE)
            *call->wants[i].pack->was_whole = false;
    (void)pthread_mutex_unlock(&call->cache->lock);
}

static void count_answers(struct call *call)
{
    struct ndb_segment_cache *cache = call->cache;

    (void)pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < call->range_count; i++) {
        cache->stats.requests++;
        cache->stats.bytes_fetched += call->requests[i].out.bytes;
    }
    (void)pthread_mutex_unlock(&cache->lock);
}

/* Fetches and decodes what the call has claimed; after a failure all of it
 * fails. */
static int load(struct call *call, int rc)
{
    if (rc >= 0 && call->mine_count != 0) {
        rc = plan(call);
        if (rc >= 0)
            rc = fetch(call);
        else
            (void)ndb_fail_memory(call->err);
    }
    if (call->requests != NULL)
        count_answers(call);
    if (rc < 0)
        forget_whole(call);
    for (size_t i = 0; i < call->spare_count; i++)
        publish_spare(call, &call->spares[i], rc);
    for (size_t i = 0; i < call->count && call->roles != NULL; i++)
        if (call->roles[i] != ROLE_OTHERS)
            rc = publish_segment(call, &call->wants[i], rc);
    return rc;
}

/* Waits until somebody else's entry is loaded; what is only stored then, is for
 * us to decode. */
static int await(struct call *call, const struct ndb_segment_want *want)
{
    struct ndb_segment_cache *cache = call->cache;
    struct ndb_cache_entry *entry = entry_of(want);
    bool is_stored;
    int rc = NAMIDB_OK;

    (void)pthread_mutex_lock(&cache->lock);
    while (entry->state == NDB_CACHE_LOADING && rc >= 0)
        if (!ndb_cond_wait(&cache->loaded, &cache->lock, call->deadline_ns) &&
            entry->state == NDB_CACHE_LOADING)
            rc = ndb_fail(call->err, NAMIDB_ETIMEOUT,
                          "a segment did not arrive before the deadline");
    if (rc >= 0 && entry->state == NDB_CACHE_FAILED) {
        rc = entry->err.code;
        if (call->err != NULL)
            *call->err = entry->err;
    }
    is_stored = rc >= 0 && entry->state == NDB_CACHE_STORED;
    if (is_stored)
        ndb_cache_load(cache, entry);
    (void)pthread_mutex_unlock(&cache->lock);
    return is_stored ? publish_segment(call, want, rc) : rc;
}

static void call_release(struct call *call)
{
    for (size_t i = 0; i < call->range_count && call->requests != NULL; i++)
        ndb_request_release(&call->requests[i]);
    ndb_free(call->roles);
    ndb_free(call->spares);
    ndb_free(call->ranges);
    ndb_free(call->requests);
}

/* True when every want was there, decoded: the usual case. Under lock. */
static bool all_ready(const struct call *call)
{
    if (call->mine_count != 0)
        return false;
    for (size_t i = 0; i < call->count; i++)
        if (entry_of(&call->wants[i])->state != NDB_CACHE_READY)
            return false;
    return true;
}

int ndb_segment_cache_get(struct ndb_segment_cache *cache,
                          struct ndb_segment_want *wants, size_t count,
                          int64_t deadline_ns, namidb_error *err)
{
    namidb_error own_err;
    struct call call = { .cache = cache,
                         .wants = wants,
                         .count = count,
                         .deadline_ns = deadline_ns,
                         .err = err != NULL ? err : &own_err };
    bool is_ready;
    int rc;

    for (size_t i = 0; i < count; i++)
        wants[i].pin = NULL;
    (void)pthread_mutex_lock(&cache->lock);
    rc = claim(&call);
    if (rc >= 0 && call.mine_count != 0)
        rc = claim_whole(&call);
    if (rc < 0)
        (void)ndb_fail_memory(call.err);
    is_ready = rc >= 0 && all_ready(&call);
    (void)pthread_mutex_unlock(&cache->lock);

    if (!is_ready) {
        rc = load(&call, rc);
        for (size_t i = 0; i < count && rc >= 0; i++)
            rc = await(&call, &wants[i]);
        call_release(&call);
        (void)pthread_mutex_lock(&cache->lock);
        ndb_cache_evict(cache);
        (void)pthread_mutex_unlock(&cache->lock);
    }
    if (rc < 0) {
        ndb_segment_cache_unpin(cache, wants, count);
        return rc;
    }
    for (size_t i = 0; i < count; i++)
        wants[i].segment = entry_of(&wants[i])->segment;
    return NAMIDB_OK;
}

void ndb_segment_cache_unpin(struct ndb_segment_cache *cache,
                             struct ndb_segment_want *wants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (wants[i].pin == NULL)
            continue;
        ndb_cache_unpin(wants[i].pin);
        wants[i].pin = NULL;
        wants[i].segment = NULL;
    }
    ndb_cache_shrink(cache);
}

/* Enters a segment as it is stored. */
static void offer_segment(struct ndb_segment_cache *cache,
                          const struct ndb_cache_pack *pack, uint32_t number,
                          struct ndb_slice stored)
{
    struct ndb_cache_entry *entry = NULL;

    (void)pthread_mutex_lock(&cache->lock);
    if (ndb_cache_find(cache, pack->number, number) == NULL)
        entry = ndb_cache_add(cache, pack->number, number);
    if (entry != NULL) {
        namidb_error err;

        publish(cache, entry, ndb_cache_store(entry, stored, &err), &err);
        ndb_cache_unpin(entry);
        ndb_cache_evict(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
}

void ndb_segment_cache_offer(struct ndb_segment_cache *cache,
                             const struct ndb_cache_pack *pack,
                             struct ndb_slice object)
{
    const struct ndb_directory *directory = pack->directory;

    if (pack->bytes > NDB_CACHE_OFFER_BYTES ||
        pack->bytes > cache->bytes_max / 4 || object.bytes != pack->bytes)
        return;
    (void)pthread_mutex_lock(&cache->lock);
    *pack->was_whole = true;
    (void)pthread_mutex_unlock(&cache->lock);
    for (uint32_t i = 0; i < directory->part_count; i++) {
        const struct ndb_part *part = &directory->parts[i];

        for (uint32_t j = 0; j < part->segment_count; j++)
            offer_segment(cache, pack, part->first_segment + j,
                          ndb_slice(object.data + part->segments[j].offset,
                                    part->segments[j].bytes));
    }
}
