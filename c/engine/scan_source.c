/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_source.h"

#include <string.h>

#include "base/error.h"
#include "base/prefetch.h"
#include "sys/clock.h"

static const struct ndb_scan_key LAST = { UINT64_MAX, UINT64_MAX, UINT64_MAX };

/* Sets the key from the current row; moves on over segments without rows. */
static void locate(struct ndb_scan *scan, struct ndb_scan_source *source);

static void locate_memtable(const struct ndb_scan *scan,
                            struct ndb_scan_source *source)
{
    source->is_exact = true;
    source->is_done = source->index == source->count;
    if (source->is_done)
        return;
    if (scan->is_edges) {
        const struct ndb_memtable_edge *edge = &source->edges[source->index];

        source->at.sequence = NAMIDB_ID_SEQUENCE(edge->from);
        source->at.neighbour = edge->to;
        source->at.edge = NAMIDB_ID_SEQUENCE(edge->id);
    } else {
        source->at.sequence = NAMIDB_ID_SEQUENCE(source->ids[source->index]);
    }
}

/* The window is used up: a bound is all there is until the next one comes. */
static void await_segment(struct ndb_scan_source *source)
{
    source->is_exact = false;
    source->is_done = source->next_segment == source->part->segment_count;
    if (!source->is_done)
        source->at = (struct ndb_scan_key){
            source->part->segments[source->next_segment].first, 0, 0
        };
}

static void leave_segment(struct ndb_scan *scan, struct ndb_scan_source *source)
{
    ndb_segment_cache_unpin(scan->snapshot.view->cache,
                            &source->window[source->window_at], 1);
    source->window_at++;
    source->row = source->owner = 0;
    locate(scan, source);
}

static void locate_node(struct ndb_scan *scan, struct ndb_scan_source *source)
{
    const struct ndb_node_group *group =
        &ndb_scan_source_segment(source)->as.node;

    if (source->row == group->row_count) {
        leave_segment(scan, source);
        return;
    }
    source->is_exact = true;
    source->at.sequence = group->is_dense ? group->first + source->row
                                          : group->sequences[source->row];
}

static void locate_edge(struct ndb_scan *scan, struct ndb_scan_source *source)
{
    const struct ndb_edge_segment *segment =
        &ndb_scan_source_segment(source)->as.edge;
    uint32_t owner = source->owner;

    if (source->row == segment->edge_count) {
        leave_segment(scan, source);
        return;
    }
    while (ndb_edge_offset(segment, owner + 1) <= source->row)
        owner++;
    source->is_exact = true;
    if (source->row == 0 || owner > source->owner + 1)
        source->at.sequence = ndb_edge_owner(segment, owner);
    else if (owner != source->owner)
        source->at.sequence =
            ndb_edge_owner_after(segment, owner, source->at.sequence);
    source->owner = owner;
    source->at.neighbour = ndb_edge_neighbour(segment, source->row);
    source->at.edge = ndb_edge_sequence(segment, source->row);
}

static void locate(struct ndb_scan *scan, struct ndb_scan_source *source)
{
    if (source->memtable != NULL)
        locate_memtable(scan, source);
    else if (source->window_at == source->window_count)
        await_segment(source);
    else if (scan->is_edges)
        locate_edge(scan, source);
    else
        locate_node(scan, source);
}

void ndb_scan_source_memtable(struct ndb_scan *scan, uint32_t layer,
                              size_t index, size_t count)
{
    struct ndb_scan_source *source = &scan->sources[scan->source_count++];

    memset(source, 0, sizeof *source);
    source->memtable = scan->snapshot.view->layers[layer].memtable;
    source->ids = scan->ids[layer].items;
    source->edges = scan->lists[layer].items;
    source->index = index;
    source->count = count;
    locate(scan, source);
}

void ndb_scan_source_part(struct ndb_scan *scan, uint32_t layer,
                          const struct ndb_part *part)
{
    struct ndb_scan_source *source = &scan->sources[scan->source_count++];

    memset(source, 0, sizeof *source);
    source->pack = scan->snapshot.view->layers[layer].pack;
    source->part = part;
    source->ahead = 1;
    locate(scan, source);
}

/* The first segment from `index` on that is wanted. */
static uint32_t wanted_from(const struct ndb_scan_source *source,
                            uint32_t index)
{
    while (index < source->part->segment_count && ndb_bit(source->skip, index))
        index++;
    return index;
}

void ndb_scan_source_skip(struct ndb_scan *scan, struct ndb_scan_source *source,
                          const uint64_t *skip)
{
    source->skip = skip;
    source->next_segment = wanted_from(source, 0);
    locate(scan, source);
}

void ndb_scan_source_reset(struct ndb_scan *scan)
{
    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_scan_source *source = &scan->sources[i];

        ndb_segment_cache_unpin(scan->snapshot.view->cache,
                                source->window + source->window_at,
                                source->window_count - source->window_at);
    }
    scan->source_count = 0;
}

void ndb_scan_source_next(struct ndb_scan *scan, struct ndb_scan_source *source)
{
    if (source->memtable != NULL)
        source->index++;
    else
        source->row++;
    locate(scan, source);
}

/* ----------------------------------------------------------------- fetch -- */

/* Many packs share what may be pinned at once. */
static uint32_t window_segments(const struct ndb_scan *scan,
                                const struct ndb_scan_source *source)
{
    uint32_t share = 2 * NDB_SCAN_WINDOW_MAX / scan->source_count + 1;
    uint32_t count = source->ahead < share ? source->ahead : share;
    uint32_t index = source->next_segment;

    for (uint32_t i = 0; i < count; i++) {
        if (index == source->part->segment_count)
            return i;
        index = wanted_from(source, index + 1);
    }
    return count;
}

/* Puts the next window of a source into scan->round; returns how many. */
static uint32_t ask_window(struct ndb_scan *scan,
                           const struct ndb_scan_source *source, uint32_t at)
{
    uint32_t count = window_segments(scan, source);
    uint32_t index = source->next_segment;

    for (uint32_t i = 0; i < count; i++) {
        scan->round[at + i] = (struct ndb_segment_want){
            .pack = ndb_pack_cached(source->pack),
            .part = source->part,
            .index = index,
        };
        index = wanted_from(source, index + 1);
    }
    return count;
}

/* Between two windows so much is read that none of it is cached any more; a
 * line of most caches is 64 bytes. */
static void prefetch_head(const struct ndb_segment *segment)
{
    const char *head = (const char *)segment;

    for (size_t i = 0; i < sizeof *segment; i += 64)
        ndb_prefetch(head + i);
}

static void take_window(struct ndb_scan *scan, struct ndb_scan_source *source,
                        uint32_t at)
{
    uint32_t count = window_segments(scan, source);

    memcpy(source->window, scan->round + at, count * sizeof *source->window);
    for (uint32_t i = 0; i < count; i++)
        prefetch_head(source->window[i].segment);
    source->window_at = 0;
    source->window_count = count;
    source->next_segment =
        wanted_from(source, source->window[count - 1].index + 1);
    source->row = source->owner = 0;
    if (source->ahead < NDB_SCAN_WINDOW_MAX)
        source->ahead *= 2;
    locate(scan, source);
}

/* What came is read from its first edge on. */
static int need_lists(struct ndb_scan *scan, uint32_t count, namidb_error *err)
{
    for (uint32_t i = 0; scan->is_edges && i < count; i++) {
        struct ndb_segment_want *want = &scan->round[i];
        int rc = ndb_edge_lists_need(&want->segment->as.edge);

        if (rc >= 0)
            continue;
        rc = rc == NAMIDB_ENOMEM
                 ? ndb_fail_memory(err)
                 : ndb_fail_object(err, rc, want->pack->path,
                                   "segment %u holds lists that do not decode",
                                   want->part->first_segment + want->index);
        ndb_segment_cache_unpin(scan->snapshot.view->cache, scan->round, count);
        return rc;
    }
    return NAMIDB_OK;
}

/* One round for `needed` and for all others that will want a window before
 * that of `needed` ends. */
static int fetch_windows(struct ndb_scan *scan,
                         const struct ndb_scan_source *needed,
                         namidb_error *err)
{
    uint32_t count = ask_window(scan, needed, 0), at = 0;
    uint64_t until = needed->part->segments[scan->round[count - 1].index].last;
    int rc;

    count = 0;
    for (uint32_t i = 0; i < scan->source_count; i++) {
        const struct ndb_scan_source *source = &scan->sources[i];

        if (!source->is_exact && !source->is_done &&
            source->at.sequence <= until)
            count += ask_window(scan, source, count);
    }
    rc = ndb_segment_cache_get(scan->snapshot.view->cache, scan->round, count,
                               ndb_deadline_after(scan->snapshot.timeout_ms),
                               err);
    if (rc >= 0)
        rc = need_lists(scan, count, err);
    for (uint32_t i = 0; i < scan->source_count && rc >= 0; i++) {
        struct ndb_scan_source *source = &scan->sources[i];
        uint32_t asked;

        if (source->is_exact || source->is_done || source->at.sequence > until)
            continue;
        asked = window_segments(scan, source);
        take_window(scan, source, at);
        at += asked;
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

/* ------------------------------------------------------------------ pick -- */

/* The lowest key; of equal ones a source that must be fetched first, then the
 * newest. */
static struct ndb_scan_source *lowest(struct ndb_scan *scan)
{
    struct ndb_scan_source *best = NULL;

    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_scan_source *source = &scan->sources[i];
        int order;

        if (source->is_done)
            continue;
        order =
            best == NULL ? -1 : ndb_scan_key_compare(&source->at, &best->at);
        if (order < 0 || (order == 0 && best->is_exact && !source->is_exact))
            best = source;
    }
    return best;
}

int ndb_scan_source_pick(struct ndb_scan *scan, struct ndb_scan_source **source,
                         struct ndb_scan_key *limit, namidb_error *err)
{
    struct ndb_scan_source *best = lowest(scan);

    while (best != NULL && !best->is_exact) {
        int rc = fetch_windows(scan, best, err);

        if (rc < 0)
            return rc;
        best = lowest(scan);
    }
    *source = best;
    if (best == NULL)
        return NAMIDB_NONE;
    *limit = LAST;
    for (uint32_t i = 0; i < scan->source_count; i++) {
        const struct ndb_scan_source *other = &scan->sources[i];

        if (other != best && !other->is_done &&
            ndb_scan_key_compare(&other->at, limit) < 0)
            *limit = other->at;
    }
    return NAMIDB_OK;
}

void ndb_scan_source_pass(struct ndb_scan *scan,
                          const struct ndb_scan_source *source)
{
    struct ndb_scan_key key = source->at;

    for (uint32_t i = 0; i < scan->source_count; i++) {
        struct ndb_scan_source *other = &scan->sources[i];

        if (!other->is_done && ndb_scan_key_compare(&other->at, &key) == 0)
            ndb_scan_source_next(scan, other);
    }
}

int ndb_scan_source_fail(const struct ndb_scan_source *source, int rc,
                         namidb_error *err)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    return ndb_fail_object(err, rc, ndb_pack_cached(source->pack)->path,
                           "segment %u holds a value that does not decode",
                           source->part->first_segment +
                               source->window[source->window_at].index);
}
