/* SPDX-License-Identifier: Apache-2.0 */
/*
 * property_stats.h - what a planner wants to know of a property: how often it
 * is there, how many values it takes, and between which numbers or times they
 * lie.
 *
 * A property of nodes is counted by the table of the node (its first label),
 * one of edges by their type. A pack's writer counts each column as it writes
 * it; publishing adds that to what the manifest has. Nothing is ever taken
 * away, so a row that is written twice counts twice and the range of what was
 * deleted stays: these are hints, and no result may depend on them.
 *
 * Distinct values are estimated (sketch.h). An integer and the float that
 * equals it are one value.
 *
 * A manifest keeps the NDB_PROPERTY_STATS_MAX of them that have the most
 * values: 170 bytes each at most, 43 KiB in all.
 */
#ifndef NDB_FORMAT_PROPERTY_STATS_H
#define NDB_FORMAT_PROPERTY_STATS_H

#include "base/arena.h"
#include "format/sketch.h"

struct ndb_property_stat {
    bool is_edge;
    uint32_t table; /* of nodes, or the type of edges */
    uint32_t name;
    uint64_t values;    /* written */
    uint8_t range_kind; /* NAMIDB_NULL: there is none */
    double min, max;    /* of those of that kind: see ndb_property_axis */
    uint8_t sketch[NDB_SKETCH_BYTES];
};

struct ndb_property_stats {
    struct ndb_property_stat *items; /* by (is_edge, table, name) */
    uint32_t count, capacity;
};

/* Where a value lies among those that it is compared with: a finite number
 * (NAMIDB_INT, floats too), the days of a date, the nanoseconds of a local
 * time, the seconds of a local or zoned date and time. Returns the kind;
 * NAMIDB_NULL: it has no such place. Of the kinds of one property the lowest
 * has the range.
 */
enum namidb_kind ndb_property_axis(const namidb_value *value, double *place);

struct ndb_batch_columns;

/* Adds what the columns of a batch of rows hold. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_property_stats_add(struct ndb_property_stats *stats, bool is_edge,
                           uint32_t table,
                           const struct ndb_batch_columns *columns);
void ndb_property_stats_release(struct ndb_property_stats *stats);

/* < 0, 0, > 0: the order of the items. */
int ndb_property_stat_compare(const struct ndb_property_stat *a,
                              const struct ndb_property_stat *b);

/* The union of two lists, less what is beyond the bound: arrays of the arena.
 * NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_property_stats_merge(const struct ndb_property_stats *a,
                             const struct ndb_property_stats *b,
                             namidb_arena *arena,
                             struct ndb_property_stats *out);

/* About how many values are different; at least 1, at most stat->values. */
uint64_t ndb_property_stat_distinct(const struct ndb_property_stat *stat);

#endif
