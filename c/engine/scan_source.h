/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_source.h - one layer's rows of one table, in order, for a scan.
 *
 * A source is what a memtable listed, or a part of a pack of which a window of
 * segments is there at a time. The window doubles each time that it is filled,
 * so a scan that stops early reads little and a long one waits rarely. What is
 * in the window stays pinned between calls: a small cache would otherwise fetch
 * it again for every chunk.
 *
 * A scan merges its sources: the lowest key is next, of equal keys the newest
 * layer's row counts. Before its segment is there a source only knows a lower
 * bound of its key (`is_exact` false).
 */
#ifndef NDB_ENGINE_SCAN_SOURCE_H
#define NDB_ENGINE_SCAN_SOURCE_H

#include "base/ids.h"
#include "engine/read.h"

#define NDB_SCAN_WINDOW_MAX 16u

/* The order of rows in a part; a node has only its sequence. */
struct ndb_scan_key {
    uint64_t sequence; /* of a node, or of an edge's source */
    uint64_t neighbour;
    uint64_t edge; /* sequence */
};

struct ndb_scan_source {
    struct ndb_scan_key at; /* the current row's */
    bool is_exact;
    bool is_done;

    /* A memtable's. */
    struct ndb_memtable *memtable;
    const uint64_t *ids; /* nodes, or NULL */
    const struct ndb_memtable_edge *edges;
    size_t index, count;

    /* A pack's. */
    struct ndb_pack *pack;
    const struct ndb_part *part;
    uint32_t next_segment; /* the first after the window */
    const uint64_t *skip;  /* bits: segments nobody wants; NULL: none */
    uint32_t ahead;        /* segments to ask for next time */
    uint32_t window_at, window_count;
    uint32_t row;   /* in the current segment: node or edge */
    uint32_t owner; /* edges: index of the source */
    struct ndb_segment_want window[NDB_SCAN_WINDOW_MAX];
};

struct ndb_scan {
    bool is_edges;
    uint32_t wanted;              /* label or type; 0: all */
    struct ndb_snapshot snapshot; /* holds a reference of its view */

    /* Where the scan is: edges go through types, and each type's tables. */
    struct ndb_ids types;
    size_t type_at;
    struct ndb_ids tables;
    size_t table_at;

    /* Of the current table, newest first; at most one per layer. */
    struct ndb_scan_source *sources;
    uint32_t source_count;
    struct ndb_ids *ids;              /* per layer: nodes of the table */
    struct ndb_memtable_edges *lists; /* per layer: edges of the type */
    struct ndb_segment_want *round;   /* NDB_SCAN_WINDOW_MAX per layer */
};

static inline int ndb_scan_key_compare(const struct ndb_scan_key *a,
                                       const struct ndb_scan_key *b)
{
    if (a->sequence != b->sequence)
        return a->sequence < b->sequence ? -1 : 1;
    if (a->neighbour != b->neighbour)
        return a->neighbour < b->neighbour ? -1 : 1;
    return (a->edge > b->edge) - (a->edge < b->edge);
}

/* Appends sources for a table of the current type; ids and lists are filled. */
void ndb_scan_source_memtable(struct ndb_scan *scan, uint32_t layer,
                              size_t index, size_t count);
void ndb_scan_source_part(struct ndb_scan *scan, uint32_t layer,
                          const struct ndb_part *part);
/* Leaves out segments of a part; `skip` outlives the source. Before its first
 * row is asked for. */
void ndb_scan_source_skip(struct ndb_scan *scan, struct ndb_scan_source *source,
                          const uint64_t *skip);
/* Unpins all windows and forgets the sources. */
void ndb_scan_source_reset(struct ndb_scan *scan);

/* The current row is dealt with. */
void ndb_scan_source_next(struct ndb_scan *scan,
                          struct ndb_scan_source *source);

static inline const struct ndb_segment *
ndb_scan_source_segment(const struct ndb_scan_source *source)
{
    return source->window[source->window_at].segment;
}

/*
 * The source whose row is next, with its segment there (maybe after one round,
 * in which other sources get theirs as well); *limit is the lowest key of the
 * others. NAMIDB_NONE when all are done.
 */
int ndb_scan_source_pick(struct ndb_scan *scan, struct ndb_scan_source **source,
                         struct ndb_scan_key *limit, namidb_error *err);
/* Steps all sources over the key that `source` is at. */
void ndb_scan_source_pass(struct ndb_scan *scan,
                          const struct ndb_scan_source *source);

/* Leaves the row that was taken; whether the next one of the source may be
 * taken as it is: it is there, and below `limit` as this one was. */
static inline bool ndb_scan_source_step(struct ndb_scan *scan,
                                        struct ndb_scan_source *source,
                                        const struct ndb_scan_key *limit)
{
    int order = ndb_scan_key_compare(&source->at, limit);

    if (order == 0)
        ndb_scan_source_pass(scan, source);
    else
        ndb_scan_source_next(scan, source);
    return order < 0 && source->is_exact && !source->is_done &&
           ndb_scan_key_compare(&source->at, limit) < 0;
}

/* Fills *err for a status of pure code; names the pack. Returns rc. */
int ndb_scan_source_fail(const struct ndb_scan_source *source, int rc,
                         namidb_error *err);

/* scan_nodes.c, scan_edges.c: the next table's sources (NAMIDB_NONE: that was
 * the last), and the rows of a source below `limit`; *count advances. */
int ndb_scan_nodes_table(struct ndb_scan *scan, namidb_error *err);
int ndb_scan_edges_table(struct ndb_scan *scan, namidb_error *err);
int ndb_scan_nodes_take(struct ndb_scan *scan, struct ndb_scan_source *source,
                        const struct ndb_scan_key *limit, size_t max,
                        namidb_arena *arena, namidb_node *nodes, size_t *count,
                        namidb_error *err);
int ndb_scan_edges_take(struct ndb_scan *scan, struct ndb_scan_source *source,
                        const struct ndb_scan_key *limit, size_t max,
                        namidb_arena *arena, namidb_edge *edges, size_t *count,
                        namidb_error *err);

/* scan.c: what both kinds open with. Takes a reference of the view. */
int ndb_scan_new(struct ndb_scan **scan, const struct ndb_snapshot *snapshot,
                 bool is_edges, uint32_t wanted, namidb_error *err);

#endif
