/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call for segments does: claim, fetch, decode, publish. The table's
 * lock is held for look-ups only: loading and decoding happen outside, behind
 * an entry that says "loading". From the blob of a small pack, fetched at its
 * first touch, segments are decoded when they are wanted.
 *
 * Order, so that callers who wait for each other's loads cannot wait in a
 * circle: run the requests, publish own blobs, wait for others' blobs, publish
 * own segments, wait for others' segments.
 */
#include "cache/segment_cache.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "cache/cache_table.h"
#include "sys/clock.h"

/* A coalesced range does not grow beyond this. */
#define RANGE_BYTES_MAX (32u << 20)

/* A small pack that the call needs bytes of. */
struct blob_need {
    const struct ndb_cache_pack *pack;
    struct ndb_cache_entry *entry;
    bool is_mine; /* to load */
};

/* A request and the bytes that it covers. */
struct range {
    const struct ndb_cache_pack *pack;
    uint64_t offset, end;
    struct blob_need *blob; /* all of a small pack; NULL: a range */
};

struct call {
    struct ndb_segment_cache *cache;
    struct ndb_segment_want *wants;
    size_t count;
    bool *is_mine; /* wants[i] is for us to load */
    size_t mine_count;
    struct blob_need *blobs;
    size_t blob_count;
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

static bool is_small(const struct ndb_segment_cache *cache,
                     const struct ndb_cache_pack *pack)
{
    return pack->bytes <= NDB_WHOLE_PACK_BYTES &&
           pack->bytes <= cache->bytes_max / 4;
}

/* Pins what is there, enters what is not. Under lock. */
static int claim(struct call *call)
{
    struct ndb_segment_cache *cache = call->cache;

    for (size_t i = 0; i < call->count; i++) {
        struct ndb_segment_want *want = &call->wants[i];
        uint32_t number = number_of(want);
        struct ndb_cache_entry *entry =
            ndb_cache_find(cache, want->pack->number, number);

        if (entry != NULL) {
            atomic_fetch_add(&entry->pins, NDB_CACHE_PIN);
            if (entry->slot != NULL)
                atomic_store(&entry->slot->is_recent, true);
            cache->stats.hits++;
            want->pin = entry;
            continue;
        }
        want->pin = ndb_cache_add(cache, want->pack->number, number);
        if (want->pin == NULL)
            return NAMIDB_ENOMEM;
        if (call->is_mine == NULL) {
            call->is_mine = ndb_calloc(call->count, sizeof *call->is_mine);
            if (call->is_mine == NULL) {
                ndb_cache_take_out(cache, want->pin);
                ndb_cache_unpin(want->pin);
                want->pin = NULL;
                return NAMIDB_ENOMEM;
            }
        }
        cache->stats.misses++;
        call->is_mine[i] = true;
        call->mine_count++;
    }
    return NAMIDB_OK;
}

static struct blob_need *blob_of(struct call *call,
                                 const struct ndb_cache_pack *pack)
{
    for (size_t i = 0; i < call->blob_count; i++)
        if (call->blobs[i].pack->number == pack->number)
            return &call->blobs[i];
    return NULL;
}

/* The blobs of small packs that something is to be decoded from. Under lock. */
static int claim_blobs(struct call *call)
{
    struct ndb_segment_cache *cache = call->cache;

    call->blobs = ndb_calloc(call->mine_count, sizeof *call->blobs);
    if (call->blobs == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < call->count; i++) {
        const struct ndb_cache_pack *pack = call->wants[i].pack;
        struct blob_need *need;

        if (!call->is_mine[i] || !is_small(cache, pack) ||
            blob_of(call, pack) != NULL)
            continue;
        need = &call->blobs[call->blob_count];
        need->pack = pack;
        need->entry = ndb_cache_find(cache, pack->number, NDB_CACHE_BLOB);
        if (need->entry != NULL) {
            atomic_fetch_add(&need->entry->pins, NDB_CACHE_PIN);
            need->entry->is_recent = true;
        } else {
            need->entry = ndb_cache_add(cache, pack->number, NDB_CACHE_BLOB);
            need->is_mine = true;
        }
        if (need->entry == NULL)
            return NAMIDB_ENOMEM;
        call->blob_count++;
    }
    return NAMIDB_OK;
}

/* Lets those who wait know how an entry of ours turned out. Under lock. */
static void publish(struct ndb_segment_cache *cache,
                    struct ndb_cache_entry *entry, int rc,
                    const namidb_error *err)
{
    if (rc >= 0) {
        ndb_cache_ready(cache, entry);
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
            next->offset <= last->end + NDB_COALESCE_GAP_BYTES &&
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
    size_t count = call->mine_count + call->blob_count;

    call->ranges = ndb_calloc(count, sizeof *call->ranges);
    if (call->ranges == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < call->count; i++) {
        const struct ndb_segment_want *want = &call->wants[i];
        const struct ndb_segment_entry *segment =
            &want->part->segments[want->index];

        if (call->is_mine[i] && blob_of(call, want->pack) == NULL)
            call->ranges[call->range_count++] =
                (struct range){ want->pack, segment->offset,
                                segment->offset + segment->bytes, NULL };
    }
    coalesce(call);
    for (size_t i = 0; i < call->blob_count; i++)
        if (call->blobs[i].is_mine)
            call->ranges[call->range_count++] =
                (struct range){ call->blobs[i].pack, 0,
                                call->blobs[i].pack->bytes, &call->blobs[i] };
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

/* Counts what was fetched; the bytes of blobs move into their entries. */
static void publish_blobs(struct call *call, int rc)
{
    struct ndb_segment_cache *cache = call->cache;

    (void)pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < call->range_count && call->requests != NULL; i++) {
        struct blob_need *blob = call->ranges[i].blob;

        cache->stats.requests++;
        cache->stats.bytes_fetched += call->requests[i].out.bytes;
        if (blob == NULL || rc < 0)
            continue;
        blob->entry->blob = call->requests[i].out;
        blob->entry->bytes = blob->entry->blob.bytes;
        call->requests[i].out = NDB_BUF_INIT(0);
    }
    for (size_t i = 0; i < call->blob_count; i++)
        if (call->blobs[i].is_mine)
            publish(cache, call->blobs[i].entry, rc, call->err);
    (void)pthread_mutex_unlock(&cache->lock);
}

/* Waits until somebody else's entry is loaded. */
static int await(struct call *call, struct ndb_cache_entry *entry)
{
    struct ndb_segment_cache *cache = call->cache;
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
    (void)pthread_mutex_unlock(&cache->lock);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

/* The stored bytes of a segment, in a blob or in an answer. */
static struct ndb_slice stored_bytes(struct call *call,
                                     const struct ndb_segment_want *want)
{
    const struct ndb_segment_entry *segment =
        &want->part->segments[want->index];
    const struct blob_need *blob = blob_of(call, want->pack);

    if (blob != NULL)
        return ndb_slice(blob->entry->blob.data + segment->offset,
                         segment->bytes);
    for (size_t i = 0; i < call->range_count; i++) {
        const struct range *range = &call->ranges[i];

        if (range->pack->number == want->pack->number &&
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
    int rc = ndb_segment_decode(stored_bytes(call, want), want->part->kind,
                                want->part->table, &entry->segment);

    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(call->err);
    if (rc < 0)
        return ndb_fail_object(call->err, rc, want->pack->path,
                               "bad segment at %zu, %u bytes",
                               (size_t)segment->offset, segment->bytes);
    entry->bytes = entry->segment->bytes + sizeof *entry;
    return NAMIDB_OK;
}

/* Bytes that proved bad are not kept: they may have been hurt on the way, and
 * the next call asks for them again. Under lock. */
static void drop_blob(struct call *call, const struct ndb_segment_want *want)
{
    const struct blob_need *blob = blob_of(call, want->pack);

    if (blob != NULL && blob->entry->state == NDB_CACHE_READY &&
        (atomic_load(&blob->entry->pins) & NDB_CACHE_OUT) == 0)
        ndb_cache_take_out(call->cache, blob->entry);
}

/* Decodes what is ours; after a failure the rest of ours fails with it. */
static int publish_segments(struct call *call, int rc)
{
    struct ndb_segment_cache *cache = call->cache;

    for (size_t i = 0; i < call->count && call->is_mine != NULL; i++) {
        const struct ndb_segment_want *want = &call->wants[i];

        if (!call->is_mine[i])
            continue;
        if (rc >= 0)
            rc = decode(call, want);
        (void)pthread_mutex_lock(&cache->lock);
        publish(cache, entry_of(want), rc, call->err);
        if (rc >= 0)
            ndb_cache_show(entry_of(want), &want->pack->slots[number_of(want)]);
        if (rc == NAMIDB_ECORRUPT)
            drop_blob(call, want);
        (void)pthread_mutex_unlock(&cache->lock);
    }
    return rc;
}

/* Fetches and decodes what the call has claimed, in the order that the head of
 * this file gives. */
static int load(struct call *call, int rc)
{
    if (rc >= 0 && call->mine_count != 0) {
        rc = plan(call);
        if (rc >= 0)
            rc = fetch(call);
        else
            (void)ndb_fail_memory(call->err);
    }
    if (call->blob_count != 0 || call->requests != NULL)
        publish_blobs(call, rc);
    for (size_t i = 0; i < call->blob_count && rc >= 0; i++)
        if (!call->blobs[i].is_mine)
            rc = await(call, call->blobs[i].entry);
    return publish_segments(call, rc);
}

static void call_release(struct call *call)
{
    for (size_t i = 0; i < call->blob_count; i++)
        ndb_cache_unpin(call->blobs[i].entry);
    for (size_t i = 0; i < call->range_count && call->requests != NULL; i++)
        ndb_request_release(&call->requests[i]);
    ndb_free(call->is_mine);
    ndb_free(call->blobs);
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
        rc = claim_blobs(&call);
    if (rc < 0)
        (void)ndb_fail_memory(call.err);
    is_ready = rc >= 0 && all_ready(&call);
    (void)pthread_mutex_unlock(&cache->lock);

    if (!is_ready) {
        rc = load(&call, rc);
        for (size_t i = 0; i < count && rc >= 0; i++)
            rc = await(&call, entry_of(&wants[i]));
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

void ndb_segment_cache_offer(struct ndb_segment_cache *cache,
                             const struct ndb_cache_pack *pack,
                             struct ndb_slice object)
{
    struct ndb_buf copy = NDB_BUF_INIT(SIZE_MAX);
    struct ndb_cache_entry *entry = NULL;

    if (!is_small(cache, pack) || object.bytes != pack->bytes ||
        ndb_buf_append(&copy, object.data, object.bytes) < 0)
        return;
    (void)pthread_mutex_lock(&cache->lock);
    if (ndb_cache_find(cache, pack->number, NDB_CACHE_BLOB) == NULL)
        entry = ndb_cache_add(cache, pack->number, NDB_CACHE_BLOB);
    if (entry != NULL) {
        entry->blob = copy;
        entry->bytes = copy.bytes;
        publish(cache, entry, NAMIDB_OK, NULL);
        ndb_cache_unpin(entry);
        ndb_cache_evict(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    if (entry == NULL)
        ndb_buf_release(&copy);
}
