/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namidb_statistics.h - the part of namidb.h that tells how much there is of
 * what, for planners. No row is read.
 *
 * Included by namidb.h, whose rules hold here as well.
 */
#ifndef NAMIDB_STATISTICS_H
#define NAMIDB_STATISTICS_H

#include "namidb.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many nodes have each label, or edges each type: counts[number - 1], for
 * numbers up to `max`. No row is read. */
NAMIDB_API int namidb_counts(namidb_snapshot *snapshot,
                             enum namidb_name_kind kind, uint64_t *counts,
                             size_t max, namidb_error *err);

/* About how many edges of a type go out of (NAMIDB_OUT) or into (NAMIDB_IN) the
 * nodes whose first label is `label` (0: none). */
typedef struct {
    uint32_t type;
    uint32_t label;
    enum namidb_direction direction;
    uint64_t edges; /* > 0 */
} namidb_hop_count;

/* All of them, in the arena's memory, and how many nodes there are. For a
 * planner: no row is read, and deleted edges may be counted for a while. */
NAMIDB_API int namidb_hop_counts(namidb_snapshot *snapshot, namidb_arena *arena,
                                 namidb_hop_count **items, size_t *count,
                                 uint64_t *nodes, namidb_error *err);

/* About a property of the nodes whose first label is `table` (0: none), or of
 * the edges of the type `table`, as of the last flush. */
typedef struct {
    bool is_edge;
    uint32_t table;
    uint32_t property;
    uint64_t values;   /* written so far: > 0, updates and deleted ones too */
    uint64_t distinct; /* of them, within some 13%; >= 1 */
    uint8_t
        range_kind;  /* of which values there is a range; NAMIDB_NULL: none */
    double min, max; /* NAMIDB_INT: the finite numbers; NAMIDB_DATE: days since
                        1970; NAMIDB_LOCAL_TIME: nanoseconds since midnight;
                        NAMIDB_LOCAL_DATETIME, NAMIDB_DATETIME: seconds since
                        1970 */
} namidb_property_count;

/* Those of the properties that have the most values, in the arena's memory. */
NAMIDB_API int namidb_property_counts(namidb_snapshot *snapshot,
                                      namidb_arena *arena,
                                      namidb_property_count **items,
                                      size_t *count, namidb_error *err);

/* How the edges of a type are spread over the nodes that they go out of
 * (NAMIDB_OUT) or come into (NAMIDB_IN), as of the last flush. */
typedef struct {
    uint32_t type;
    enum namidb_direction direction;
    uint64_t nodes;    /* that have any, within some 13%; >= 1 */
    double at_an_edge; /* how many the node of an edge has that is picked at
                          random, as a walk arrives at it: the average, if all
                          nodes have as many, and more if not */
    uint64_t most;     /* of one node, if that is known; 0: no node has many */
} namidb_degree_count;

/* Those of the types that have the most edges, in the arena's memory. */
NAMIDB_API int namidb_degree_counts(namidb_snapshot *snapshot,
                                    namidb_arena *arena,
                                    namidb_degree_count **items, size_t *count,
                                    namidb_error *err);

/* What is read to find nodes, or the edges of a type one way. */
enum namidb_segments {
    NAMIDB_SEGMENTS_NODE, /* of a label */
    NAMIDB_SEGMENTS_OUT,  /* of a type, with the edges' properties */
    NAMIDB_SEGMENTS_IN    /* of a type */
};

/* Of how many segments all nodes with a label, or edges of a type (0: any),
 * consist, and about how many of those would have to be fetched now, less those
 * of packs that are small enough to be fetched whole. Fetches nothing. */
NAMIDB_API int namidb_segment_counts(namidb_snapshot *snapshot,
                                     enum namidb_segments of, uint32_t number,
                                     uint64_t *segments, uint64_t *missing,
                                     namidb_error *err);

#ifdef __cplusplus
}
#endif

#endif
