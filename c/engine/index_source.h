/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_source.h - one layer's entries of an index, in order, for a scan.
 *
 * A source is a list of a memtable, a run, or a part of a pack of which a
 * window of segments is there at a time. The window doubles each time that it
 * is filled. Until its entry is there a source `is_waiting`; filling all that
 * wait is one round.
 */
#ifndef NDB_ENGINE_INDEX_SOURCE_H
#define NDB_ENGINE_INDEX_SOURCE_H

#include "engine/index_scan.h"
#include "engine/pack_run.h"

#define NDB_INDEX_WINDOW_MAX 16u
#define NDB_INDEX_BUFFER_FIRST 4u
#define NDB_INDEX_BUFFER 64u
#define NDB_INDEX_PREFETCH_MAX 256u

struct ndb_index_source {
    uint32_t layer; /* of the view */
    bool is_done, is_waiting;
    struct ndb_index_entry at; /* unless one of the two */

    uint32_t ahead; /* entries or segments to ask for next time */
    struct ndb_memtable *memtable;
    struct ndb_index_entry buffer[NDB_INDEX_BUFFER];
    size_t index, count; /* of the buffer, or of the run's items */
    bool is_begun;
    bool is_short; /* there was no more than what is in the buffer */

    struct ndb_pack_run *kept;       /* referenced */
    const struct ndb_index_run *run; /* of it */

    struct ndb_pack *pack;
    const struct ndb_part *part;
    const struct ndb_filter_segment *filter; /* NULL: none is looked at */
    uint32_t first, last; /* its segments that are left: [first, last) */
    uint32_t wanted;      /* in the round under way */
    uint32_t window_at, window_count;
    uint32_t row, row_end; /* in the current segment: [row, row_end) */
    struct ndb_segment_want window[NDB_INDEX_WINDOW_MAX];
};

struct ndb_index_scan {
    struct ndb_snapshot snapshot; /* holds a reference of its view */
    namidb_schema_item item;
    struct ndb_index_range range; /* the current one */
    const struct ndb_index_range *ranges;
    uint32_t range_at, range_count;
    uint32_t prefetched; /* ranges whose first segments were asked for */
    bool is_descending, is_exact;
    struct ndb_index_source *sources;
    uint32_t source_count;
    struct ndb_segment_want *round;   /* NDB_INDEX_WINDOW_MAX per source */
    struct ndb_segment_want *filters; /* pinned; at most one per source */
    uint32_t filter_count;
    struct ndb_buf last; /* key of what was found last, and its id */
    uint64_t last_id;
    struct ndb_buf key; /* scratch */
    namidb_arena arena; /* of what is found, until the next call */
    namidb_arena held;  /* as long as the scan */
};

/* Fetches the filters of the sources' packs. */
int ndb_index_source_filters(struct ndb_index_scan *scan, namidb_error *err);
/* Starts at the current range. */
void ndb_index_source_begin(struct ndb_index_scan *scan,
                            struct ndb_index_source *source);
/* Has the first segments of the ranges from the current one on in the cache, as
 * many as a round may be: `prefetched` grows. */
int ndb_index_source_prefetch(struct ndb_index_scan *scan, namidb_error *err);

/* Sees to it that no source waits: at most one round. */
int ndb_index_source_fill(struct ndb_index_scan *scan, namidb_error *err);
/* The entry of a source is dealt with. */
void ndb_index_source_step(struct ndb_index_scan *scan,
                           struct ndb_index_source *source);
/* Gives back what it holds. */
void ndb_index_source_release(struct ndb_index_scan *scan,
                              struct ndb_index_source *source);

#endif
