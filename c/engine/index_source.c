/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_source.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "sys/clock.h"

static bool is_below(struct ndb_slice key, struct ndb_slice high)
{
    return high.data == NULL || ndb_slice_compare(key, high) < 0;
}

static bool is_in_range(const struct ndb_index_scan *scan, struct ndb_slice key)
{
    return ndb_slice_compare(key, scan->range.low) >= 0 &&
           is_below(key, scan->range.high);
}

/* ------------------------------------------------------------------ runs -- */

/* First item that is not below the key. */
static size_t lower_bound(const struct ndb_index_run *run, struct ndb_slice key)
{
    size_t low = 0, high = run->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ndb_slice_compare(run->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void step_run(const struct ndb_index_scan *scan,
                     struct ndb_index_source *source)
{
    source->is_done = source->index == source->count;
    if (source->is_done)
        return;
    source->at =
        source->run
            ->items[scan->is_descending ? --source->count : source->index++];
}

static void begin_run(const struct ndb_index_scan *scan,
                      struct ndb_index_source *source)
{
    source->index = lower_bound(source->run, scan->range.low);
    source->count = scan->range.high.data != NULL
                        ? lower_bound(source->run, scan->range.high)
                        : source->run->count;
    if (source->count < source->index)
        source->count = source->index;
    step_run(scan, source);
}

/* ------------------------------------------------------------- memtables -- */

/* The next entries, from behind the last one. */
static int fill_memtable(struct ndb_index_scan *scan,
                         struct ndb_index_source *source)
{
    struct ndb_index_entry from = { .key = scan->is_descending
                                               ? scan->range.high
                                               : scan->range.low };
    const struct ndb_index_entry *at = from.key.data != NULL ? &from : NULL;
    int rc;

    if (source->is_begun) {
        from = source->at;
        from.id += !scan->is_descending;
        at = &from;
    }
    source->is_begun = true;
    source->index = 0;
    rc = ndb_memtable_index(source->memtable, &scan->item, at,
                            scan->is_descending, source->buffer, source->ahead,
                            &source->count);
    source->is_short = source->count < source->ahead;
    if (source->ahead < NDB_INDEX_BUFFER)
        source->ahead *= 2;
    source->is_done = rc < 0 || source->count == 0 ||
                      !is_in_range(scan, source->buffer[0].key);
    if (!source->is_done)
        source->at = source->buffer[source->index++];
    return rc;
}

static void step_memtable(const struct ndb_index_scan *scan,
                          struct ndb_index_source *source)
{
    if (source->index == source->count) {
        source->is_done = source->is_short;
        source->is_waiting = !source->is_done;
        return;
    }
    source->is_done = !is_in_range(scan, source->buffer[source->index].key);
    if (!source->is_done)
        source->at = source->buffer[source->index++];
}

/* ----------------------------------------------------------------- packs -- */

static void unpin(struct ndb_index_scan *scan, struct ndb_index_source *source)
{
    if (source->window_count != 0)
        ndb_segment_cache_unpin(scan->snapshot.view->cache, source->window,
                                source->window_count);
    source->window_count = 0;
}

/* The segments of a part that can have keys of a range: [*first, *last). */
static void find_segments(const struct ndb_index_source *source,
                          const struct ndb_index_range *range, uint32_t *first,
                          uint32_t *last)
{
    const struct ndb_part *part = source->part;

    *first = *last = 0;
    if (range->is_point && source->filter != NULL &&
        !ndb_filter_segment_has(source->filter, ndb_hash64(range->low)))
        return;
    *first = ndb_part_find_key(part, range->low);
    *last = *first;
    while (*last < part->segment_count &&
           is_below(part->segments[*last].fence, range->high))
        ++*last;
}

static void begin_part(const struct ndb_index_scan *scan,
                       struct ndb_index_source *source)
{
    find_segments(source, &scan->range, &source->first, &source->last);
    source->ahead = 1;
    source->row = source->row_end = 0;
    source->is_done = source->first == source->last;
    source->is_waiting = !source->is_done;
}

/* Takes the next window's segments off what is left. */
static uint32_t want_window(struct ndb_index_scan *scan,
                            struct ndb_index_source *source,
                            struct ndb_segment_want *wants)
{
    uint32_t count = source->last - source->first;

    if (count > source->ahead)
        count = source->ahead;
    if (source->ahead < NDB_INDEX_WINDOW_MAX)
        source->ahead *= 2;
    for (uint32_t i = 0; i < count; i++)
        wants[i] = (struct ndb_segment_want){
            .pack = ndb_pack_cached(source->pack),
            .part = source->part,
            .index = scan->is_descending ? --source->last : source->first++,
        };
    return count;
}

static const struct ndb_index_segment *
segment_of(const struct ndb_index_source *source)
{
    return &source->window[source->window_at].segment->as.index;
}

/* The rows of the current segment that are in the range. */
static void enter_segment(const struct ndb_index_scan *scan,
                          struct ndb_index_source *source)
{
    const struct ndb_index_segment *segment = segment_of(source);
    struct ndb_index_entry low = { .key = scan->range.low };
    struct ndb_index_entry high = { .key = scan->range.high };

    source->row = ndb_index_segment_find(segment, &low);
    source->row_end = high.key.data != NULL
                          ? ndb_index_segment_find(segment, &high)
                          : segment->count;
    if (source->row_end < source->row)
        source->row_end = source->row;
}

static void step_part(struct ndb_index_scan *scan,
                      struct ndb_index_source *source)
{
    while (source->row == source->row_end) {
        if (++source->window_at >= source->window_count) {
            unpin(scan, source);
            source->is_done = source->first == source->last;
            source->is_waiting = !source->is_done;
            return;
        }
        enter_segment(scan, source);
    }
    source->at = ndb_index_segment_at(segment_of(source),
                                      scan->is_descending ? --source->row_end
                                                          : source->row++);
}

/* Gives a source the window that was fetched for it. */
static void take_window(struct ndb_index_scan *scan,
                        struct ndb_index_source *source,
                        const struct ndb_segment_want *wants, uint32_t count)
{
    memcpy(source->window, wants, count * sizeof *wants);
    source->window_count = count;
    source->window_at = 0;
    source->is_waiting = false;
    enter_segment(scan, source);
    step_part(scan, source);
}

/* One round for all parts that wait. */
static int fill_parts(struct ndb_index_scan *scan, namidb_error *err)
{
    uint32_t count = 0;
    int rc;

    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_index_source *source = &scan->sources[i];

        if (source->part == NULL || !source->is_waiting)
            continue;
        source->wanted = want_window(scan, source, scan->round + count);
        count += source->wanted;
    }
    rc = ndb_segment_cache_get(scan->snapshot.view->cache, scan->round, count,
                               ndb_deadline_after(scan->snapshot.timeout_ms),
                               err);
    count = 0;
    for (uint32_t i = 0; i < scan->source_count && rc >= 0; i++) {
        struct ndb_index_source *source = &scan->sources[i];

        if (source->part == NULL || !source->is_waiting)
            continue;
        take_window(scan, source, scan->round + count, source->wanted);
        count += source->wanted;
    }
    return rc;
}

/* --------------------------------------------------------------- filters -- */

int ndb_index_source_filters(struct ndb_index_scan *scan, namidb_error *err)
{
    uint32_t count = 0;
    int rc;

    scan->filters = ndb_calloc(scan->source_count, sizeof *scan->filters);
    if (scan->filters == NULL)
        return ndb_fail_memory(err);
    for (uint32_t i = 0; i < scan->source_count; i++) {
        const struct ndb_index_source *source = &scan->sources[i];
        const struct ndb_part *part =
            source->part == NULL
                ? NULL
                : ndb_directory_index_filter(ndb_pack_directory(source->pack),
                                             scan->item.number);

        if (part != NULL)
            scan->filters[count++] = (struct ndb_segment_want){
                .pack = ndb_pack_cached(source->pack), .part = part
            };
    }
    rc = ndb_segment_cache_get(scan->snapshot.view->cache, scan->filters, count,
                               ndb_deadline_after(scan->snapshot.timeout_ms),
                               err);
    if (rc < 0)
        return rc;
    scan->filter_count = count;
    count = 0;
    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_index_source *source = &scan->sources[i];

        if (count < scan->filter_count && source->part != NULL &&
            scan->filters[count].pack == ndb_pack_cached(source->pack))
            source->filter = &scan->filters[count++].segment->as.filter;
    }
    return NAMIDB_OK;
}

/* -------------------------------------------------------------- prefetch -- */

static int by_place(const void *a, const void *b)
{
    const struct ndb_segment_want *x = a, *y = b;

    if (x->part != y->part)
        return (uintptr_t)x->part < (uintptr_t)y->part ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* The segment where each part begins with a range. */
static uint32_t want_first(const struct ndb_index_scan *scan,
                           const struct ndb_index_range *range,
                           struct ndb_segment_want *wants)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < scan->source_count; i++) {
        const struct ndb_index_source *source = &scan->sources[i];
        uint32_t first, last;

        if (source->part == NULL)
            continue;
        find_segments(source, range, &first, &last);
        if (first != last)
            wants[count++] = (struct ndb_segment_want){
                .pack = ndb_pack_cached(source->pack),
                .part = source->part,
                .index = scan->is_descending ? last - 1 : first,
            };
    }
    return count;
}

/* Sorts; none twice. Returns how many are left. */
static uint32_t make_unique(struct ndb_segment_want *wants, uint32_t count)
{
    uint32_t kept = 0;

    qsort(wants, count, sizeof *wants, by_place);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || by_place(&wants[kept - 1], &wants[i]) != 0)
            wants[kept++] = wants[i];
    return kept;
}

int ndb_index_source_prefetch(struct ndb_index_scan *scan, namidb_error *err)
{
    struct ndb_segment_cache *cache = scan->snapshot.view->cache;
    uint32_t max = NDB_INDEX_PREFETCH_MAX + scan->source_count, count = 0;
    struct ndb_segment_want *wants = ndb_calloc(max, sizeof *wants);
    int rc;

    if (wants == NULL)
        return ndb_fail_memory(err);
    scan->prefetched = scan->range_at;
    while (scan->prefetched < scan->range_count &&
           count < NDB_INDEX_PREFETCH_MAX) {
        count +=
            want_first(scan, &scan->ranges[scan->prefetched++], wants + count);
        if (count >= NDB_INDEX_PREFETCH_MAX)
            count = make_unique(wants, count);
    }
    count = make_unique(wants, count);
    rc = ndb_segment_cache_get(cache, wants, count,
                               ndb_deadline_after(scan->snapshot.timeout_ms),
                               err);
    if (rc >= 0)
        ndb_segment_cache_unpin(cache, wants, count);
    ndb_free(wants);
    return rc;
}

/* ------------------------------------------------------------------- all -- */

void ndb_index_source_begin(struct ndb_index_scan *scan,
                            struct ndb_index_source *source)
{
    unpin(scan, source);
    source->is_waiting = source->is_done = false;
    if (source->memtable != NULL) {
        source->is_begun = false;
        source->is_waiting = true;
        source->ahead = NDB_INDEX_BUFFER_FIRST;
    } else if (source->run != NULL) {
        begin_run(scan, source);
    } else {
        begin_part(scan, source);
    }
}

void ndb_index_source_step(struct ndb_index_scan *scan,
                           struct ndb_index_source *source)
{
    if (source->memtable != NULL)
        step_memtable(scan, source);
    else if (source->run != NULL)
        step_run(scan, source);
    else
        step_part(scan, source);
}

static bool is_any_waiting(const struct ndb_index_scan *scan)
{
    for (uint32_t i = 0; i < scan->source_count; i++)
        if (scan->sources[i].is_waiting)
            return true;
    return false;
}

int ndb_index_source_fill(struct ndb_index_scan *scan, namidb_error *err)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < scan->source_count && rc >= 0; i++) {
        struct ndb_index_source *source = &scan->sources[i];

        if (source->memtable == NULL || !source->is_waiting)
            continue;
        source->is_waiting = false;
        rc = fill_memtable(scan, source);
        if (rc == NAMIDB_ENOMEM)
            (void)ndb_fail_memory(err);
        else if (rc < 0)
            (void)ndb_fail(err, rc, "log: a row does not decode");
    }
    /* A segment may hold nothing of the range: then its source waits again. */
    while (rc >= 0 && is_any_waiting(scan))
        rc = fill_parts(scan, err);
    return rc < 0 ? rc : NAMIDB_OK;
}

void ndb_index_source_release(struct ndb_index_scan *scan,
                              struct ndb_index_source *source)
{
    unpin(scan, source);
    ndb_pack_run_unref(source->kept);
}
