/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index_source.h"

#include "base/error.h"
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

void ndb_index_source_run(const struct ndb_index_scan *scan,
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
                            scan->is_descending, source->buffer,
                            NDB_INDEX_BUFFER, &source->count);
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
        source->is_done = source->count < NDB_INDEX_BUFFER;
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

void ndb_index_source_part(const struct ndb_index_scan *scan,
                           struct ndb_index_source *source)
{
    const struct ndb_part *part = source->part;

    source->first = ndb_part_find_key(part, scan->range.low);
    source->last = source->first;
    while (source->last < part->segment_count &&
           is_below(part->segments[source->last].fence, scan->range.high))
        source->last++;
    source->ahead = 1;
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

/* ------------------------------------------------------------------- all -- */

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
}
