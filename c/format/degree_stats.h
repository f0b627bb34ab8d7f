/* SPDX-License-Identifier: Apache-2.0 */
/*
 * degree_stats.h - what a planner wants to know of how edges are spread over
 * nodes: an average says little where a few nodes have most of the edges.
 *
 * A line for each type and direction: the edges, at how many nodes they are
 * (sketch.h), the sum of the squares of their degrees, and the nodes that have
 * the most. The squares over the edges is the degree of the node at the end of
 * an edge that was picked at random, which is what a walk arrives at.
 *
 * A pack's writer counts each list as it writes it; publishing adds that to
 * what the manifest has. A node whose edges come in many flushes is counted by
 * its parts, so for those that are known by name what is missing of the square
 * of their sum is added. Nothing is ever taken away: these are hints, and no
 * result may depend on them.
 *
 * A manifest keeps the NDB_DEGREE_STATS_MAX lines that have the most edges: 230
 * bytes each at most, 29 KiB in all.
 */
#ifndef NDB_FORMAT_DEGREE_STATS_H
#define NDB_FORMAT_DEGREE_STATS_H

#include "base/arena.h"
#include "base/ids.h"
#include "format/sketch.h"

/* Nodes of a line that are known by name, and the fewest edges they have. */
#define NDB_DEGREE_HUBS_MAX 4u
#define NDB_DEGREE_HUB_EDGES_MIN 16u

struct ndb_degree_hub {
    uint64_t id;
    uint64_t edges;
};

struct ndb_degree_stat {
    bool is_in;
    uint32_t type;
    uint64_t edges;
    double squares;
    struct ndb_degree_hub hubs[NDB_DEGREE_HUBS_MAX]; /* most edges first */
    uint32_t hub_count;
    uint8_t sketch[NDB_SKETCH_BYTES]; /* of the nodes */
};

struct ndb_degree_stats {
    struct ndb_degree_stat *items; /* by (is_in, type) */
    uint32_t count, capacity;
    /* The list that is being counted: the last line has it when it ends. */
    struct ndb_degree_hub list;
};

/* Adds edges at nodes of a table, by their sequences, ascending from call to
 * call; the lines come in the order of the items. `deleted`: numbers of the
 * owners that are of tombstones, ascending. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_degree_stats_add(struct ndb_degree_stats *stats, bool is_in,
                         uint32_t type, uint32_t table,
                         const struct ndb_ids *owners,
                         const struct ndb_ids *deleted);
/* The last list is over. */
void ndb_degree_stats_finish(struct ndb_degree_stats *stats);
void ndb_degree_stats_release(struct ndb_degree_stats *stats);

/* < 0, 0, > 0: the order of the items. */
int ndb_degree_stat_compare(const struct ndb_degree_stat *a,
                            const struct ndb_degree_stat *b);

/* The union of two, less what is beyond the bound: an array of the arena.
 * NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_degree_stats_merge(const struct ndb_degree_stats *a,
                           const struct ndb_degree_stats *b,
                           namidb_arena *arena, struct ndb_degree_stats *out);

/* About how many nodes there are: at least 1, at most stat->edges. */
uint64_t ndb_degree_stat_nodes(const struct ndb_degree_stat *stat);

#endif
