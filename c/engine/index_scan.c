/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_scan.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/index_judge.h"
#include "engine/index_order.h"
#include "engine/schema.h"

enum { KEY_SCRATCH_MAX = 64 << 20, ENTRIES_FIRST = 64 };

/* --------------------------------------------------------------- opening -- */

static struct ndb_index_source *add_source(struct ndb_index_scan *scan,
                                           uint32_t layer)
{
    struct ndb_index_source *source = &scan->sources[scan->source_count++];

    source->layer = layer;
    return source;
}

static int add_pack(struct ndb_index_scan *scan, uint32_t at, namidb_error *err)
{
    struct ndb_pack *pack = scan->snapshot.view->layers[at].pack;
    const struct ndb_part *part = NULL;
    struct ndb_index_source *source;
    struct ndb_pack_run *kept;
    int rc = ndb_pack_run_get(&scan->snapshot, at, &scan->item, NULL, NULL,
                              &kept, err);

    if (rc < 0)
        return rc;
    if (kept != NULL) {
        source = add_source(scan, at);
        source->kept = kept;
        source->run = &kept->run;
    }
    if (scan->item.number != 0)
        part = ndb_directory_index(ndb_pack_directory(pack), scan->item.number);
    if (part != NULL) {
        source = add_source(scan, at);
        source->pack = pack;
        source->part = part;
    }
    return NAMIDB_OK;
}

/* An end of a range as our own; no data stays none. */
static int copy_end(struct ndb_index_scan *scan, struct ndb_slice *end)
{
    if (end->data == NULL)
        return NAMIDB_OK;
    end->data = ndb_arena_copy(&scan->held, end->data, end->bytes);
    return end->data != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

static int copy_ranges(struct ndb_index_scan *scan,
                       const struct ndb_index_search *search)
{
    struct ndb_index_range *ranges =
        ndb_arena_array(&scan->held, search->range_count, sizeof *ranges);

    if (ranges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < search->range_count; i++) {
        ranges[i] = search->ranges[i];
        if (copy_end(scan, &ranges[i].low) < 0 ||
            copy_end(scan, &ranges[i].high) < 0)
            return NAMIDB_ENOMEM;
    }
    scan->ranges = ranges;
    scan->range_count = search->range_count;
    return NAMIDB_OK;
}

static int add_sources(struct ndb_index_scan *scan, namidb_error *err)
{
    const struct ndb_view *view = scan->snapshot.view;
    uint32_t max = view->layer_count * 2; /* a pack may be half covered */
    int rc = NAMIDB_OK;

    scan->sources = ndb_calloc(max, sizeof *scan->sources);
    scan->round =
        ndb_calloc((size_t)max * NDB_INDEX_WINDOW_MAX, sizeof *scan->round);
    if (scan->sources == NULL || scan->round == NULL)
        return ndb_fail_memory(err);
    for (uint32_t i = 0; i < view->layer_count && rc >= 0; i++) {
        if (view->layers[i].memtable != NULL)
            add_source(scan, i)->memtable = view->layers[i].memtable;
        else
            rc = add_pack(scan, i, err);
    }
    return rc;
}

/* Goes to the range at range_at, if there is one. */
static int begin_range(struct ndb_index_scan *scan, namidb_error *err)
{
    int rc = NAMIDB_OK;

    if (scan->range_at == scan->range_count)
        return NAMIDB_NONE;
    scan->range = scan->ranges[scan->range_at];
    scan->last.bytes = 0;
    scan->last_id = 0;
    if (scan->range_count > 1 && scan->range_at == scan->prefetched)
        rc = ndb_index_source_prefetch(scan, err);
    for (uint32_t i = 0; i < scan->source_count && rc >= 0; i++)
        ndb_index_source_begin(scan, &scan->sources[i]);
    return rc;
}

int ndb_index_scan_open(struct ndb_index_scan **out,
                        const struct ndb_snapshot *snapshot,
                        const struct ndb_index_search *search,
                        namidb_error *err)
{
    struct ndb_index_scan *scan = ndb_calloc(1, sizeof *scan);
    int rc;

    *out = NULL;
    if (scan == NULL)
        return ndb_fail_memory(err);
    scan->snapshot = *snapshot;
    (void)ndb_view_ref(scan->snapshot.view);
    scan->item = *search->item;
    scan->is_descending = search->is_descending;
    scan->is_exact = search->is_exact;
    scan->last = NDB_BUF_INIT(NDB_INDEX_KEY_BYTES_MAX);
    scan->key = NDB_BUF_INIT(KEY_SCRATCH_MAX);
    scan->arena = scan->held = NDB_ARENA_INIT;
    scan->arena.budget = search->budget;
    rc = copy_ranges(scan, search) < 0 ? ndb_fail_memory(err)
                                       : add_sources(scan, err);
    if (rc >= 0 && search->use_filters)
        rc = ndb_index_source_filters(scan, err);
    if (rc >= 0)
        rc = begin_range(scan, err);
    if (rc < 0)
        ndb_index_scan_close(scan);
    else
        *out = scan;
    return rc < 0 ? rc : NAMIDB_OK;
}

void ndb_index_scan_close(struct ndb_index_scan *scan)
{
    if (scan == NULL)
        return;
    for (uint32_t i = 0; i < scan->source_count; i++)
        ndb_index_source_release(scan, &scan->sources[i]);
    if (scan->filter_count != 0)
        ndb_segment_cache_unpin(scan->snapshot.view->cache, scan->filters,
                                scan->filter_count);
    ndb_free(scan->filters);
    ndb_free(scan->sources);
    ndb_free(scan->round);
    ndb_buf_release(&scan->last);
    ndb_buf_release(&scan->key);
    ndb_arena_release(&scan->arena);
    ndb_arena_release(&scan->held);
    ndb_view_unref(scan->snapshot.view);
    ndb_free(scan);
}

/* ------------------------------------------------------------ a chunk -- */

/* The source whose entry is next; NULL: all are done. */
static struct ndb_index_source *pick(struct ndb_index_scan *scan)
{
    struct ndb_index_source *best = NULL;

    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_index_source *source = &scan->sources[i];
        int order;

        if (source->is_done)
            continue;
        if (best == NULL) {
            best = source;
            continue;
        }
        order = ndb_index_entry_compare(&source->at, &best->at);
        if (scan->is_descending ? order > 0 : order < 0)
            best = source;
    }
    return best;
}

/* Whether the entry is the one that was found last, from another layer. */
static bool is_again(const struct ndb_index_scan *scan,
                     const struct ndb_index_entry *entry)
{
    return entry->id == scan->last_id &&
           ndb_slice_equal(entry->key, ndb_buf_slice(&scan->last));
}

/* What is being collected; must_look[i] tells of entries that may count. */
struct collection {
    struct ndb_index_found *found;
    bool *must_look;
    size_t capacity;
};

static int grow(struct ndb_index_scan *scan, struct collection *collection)
{
    struct ndb_index_found *found = collection->found;
    size_t capacity = collection->capacity * 2 + ENTRIES_FIRST;
    struct ndb_index_entry *entries =
        ndb_arena_array(&scan->arena, capacity, sizeof *entries);
    uint32_t *ranges = ndb_arena_array(&scan->arena, capacity, sizeof *ranges);
    bool *must_look = ndb_arena_alloc(&scan->arena, capacity);

    if (entries == NULL || ranges == NULL || must_look == NULL)
        return NAMIDB_ENOMEM;
    if (found->count != 0) {
        memcpy(entries, found->entries, found->count * sizeof *entries);
        memcpy(ranges, found->ranges, found->count * sizeof *ranges);
        memcpy(must_look, collection->must_look, found->count);
    }
    found->entries = entries;
    found->ranges = ranges;
    collection->must_look = must_look;
    collection->capacity = capacity;
    return NAMIDB_OK;
}

static int keep(struct ndb_index_scan *scan,
                const struct ndb_index_entry *entry, bool must_look,
                struct collection *collection)
{
    struct ndb_index_found *found = collection->found;
    struct ndb_index_entry *kept;

    if (found->count == collection->capacity && grow(scan, collection) < 0)
        return NAMIDB_ENOMEM;
    kept = &found->entries[found->count];
    *kept = *entry;
    kept->key.data =
        ndb_arena_copy(&scan->arena, entry->key.data, entry->key.bytes);
    if (kept->key.data == NULL)
        return NAMIDB_ENOMEM;
    found->ranges[found->count] = scan->range_at;
    collection->must_look[found->count++] = must_look;
    scan->last.bytes = 0;
    scan->last_id = entry->id;
    return ndb_buf_append(&scan->last, entry->key.data, entry->key.bytes);
}

static bool is_cut(const struct ndb_index_entry *entry)
{
    return entry->key.bytes == NDB_INDEX_KEY_BYTES_MAX;
}

/* Whether the entry ends the chunk: that is full, or what follows is of another
 * kind in an exact scan, where keys that were cut off are a chunk of their own.
 */
static bool is_end(const struct ndb_index_scan *scan,
                   const struct ndb_index_found *found,
                   const struct ndb_index_entry *entry, size_t max)
{
    const struct ndb_index_entry *last;

    if (found->count == 0)
        return false;
    last = &found->entries[found->count - 1];
    if (scan->is_exact && is_cut(last))
        return found->ranges[found->count - 1] != scan->range_at ||
               !ndb_slice_equal(last->key, entry->key);
    return found->count >= max || (scan->is_exact && is_cut(entry));
}

static int add_entry(struct ndb_index_scan *scan,
                     const struct ndb_index_source *source,
                     struct collection *collection, namidb_error *err)
{
    enum ndb_index_verdict verdict;
    int rc = ndb_index_judge(scan, source, &source->at, &verdict);

    if (rc >= 0 && verdict != NDB_INDEX_COUNTS_NOT &&
        !is_again(scan, &source->at))
        rc =
            keep(scan, &source->at, verdict == NDB_INDEX_MUST_LOOK, collection);
    if (rc == NAMIDB_ENOMEM || rc == NAMIDB_ELIMIT)
        return ndb_fail_memory(err);
    return rc < 0 ? ndb_fail(err, rc, "log: a row does not decode") : rc;
}

/* A chunk of entries that count or may count. */
static int collect(struct ndb_index_scan *scan, size_t max,
                   struct collection *collection, namidb_error *err)
{
    int rc = ndb_index_source_fill(scan, err);

    while (rc == NAMIDB_OK) {
        struct ndb_index_source *source =
            scan->range_at < scan->range_count ? pick(scan) : NULL;

        if (source == NULL) {
            scan->range_at += scan->range_at < scan->range_count;
            rc = begin_range(scan, err);
            if (rc == NAMIDB_OK)
                rc = ndb_index_source_fill(scan, err);
            continue;
        }
        if (is_end(scan, collection->found, &source->at, max))
            break;
        rc = add_entry(scan, source, collection, err);
        if (rc < 0)
            break;
        ndb_index_source_step(scan, source);
        if (source->is_waiting)
            rc = ndb_index_source_fill(scan, err);
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_index_scan_next(struct ndb_index_scan *scan, size_t max,
                        struct ndb_index_found *found, namidb_error *err)
{
    int rc = NAMIDB_OK;
    bool is_over = false;

    ndb_arena_reset(&scan->arena);
    *found = (struct ndb_index_found){ .count = 0 };
    while (rc >= 0 && found->count == 0 && !is_over) {
        struct collection collection = { .found = found };

        rc = collect(scan, max, &collection, err);
        is_over = found->count == 0;
        if (rc >= 0 && !is_over)
            rc = ndb_index_settle(scan, found, collection.must_look, err);
    }
    if (rc >= 0 && scan->is_exact && found->count > 1 &&
        is_cut(&found->entries[0]))
        rc = ndb_index_order(scan, found->entries, found->count, err);
    return rc < 0 ? rc : NAMIDB_OK;
}
