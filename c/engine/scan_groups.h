/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_groups.h - nodes by whole groups, for operators that read columns.
 *
 * ndb_scan_next gives rows, one by one and in order. Here a step gives a
 * stretch of a decoded group and says which of its rows count; whoever asks
 * reads the columns that he wants, in place. Layers are merged by shadows:
 * before a stretch is given, rows of it that a newer layer knows are crossed
 * out, and so are those that it hides in older layers. Where no other layer has
 * rows in between, which ids at both ends tell, that costs nothing.
 *
 * The order is by table; within one, stretches of several layers alternate.
 */
#ifndef NDB_ENGINE_SCAN_GROUPS_H
#define NDB_ENGINE_SCAN_GROUPS_H

#include "engine/scan_zones.h"

struct ndb_group_scan;

/* The groups behind one, in the order of the scan; NULL: it is not known, or
 * not fetched yet. */
enum { NDB_GROUPS_AHEAD = 3 };

struct ndb_groups_ahead {
    const struct ndb_node_group *items[NDB_GROUPS_AHEAD];
};

/* Rows that a step gives. They live until the next step. */
struct ndb_stretch {
    const struct ndb_node_group *group;   /* NULL: nodes of a memtable */
    const struct ndb_groups_ahead *ahead; /* the group's */
    uint32_t first;                       /* row of the group */
    uint32_t table;
    const uint64_t *ids;  /* of a memtable's nodes; all of them count */
    uint32_t extent;      /* rows of the group; number of ids */
    const uint16_t *rows; /* offsets from `first` of those that count,
                             ascending; NULL: all */
    uint32_t count;       /* that count; 0 happens */
};

/* Nodes with `label` (NAMIDB_ANY: all). Holds the view of the snapshot. Groups
 * of which no row can pass the tests may be left out, rows that fail them may
 * be given: the tests are a hint, whose memory outlives the scan. */
int ndb_group_scan_open(struct ndb_group_scan **scan,
                        const struct ndb_snapshot *snapshot, uint32_t label,
                        struct ndb_zone_tests tests, namidb_error *err);
void ndb_group_scan_close(struct ndb_group_scan *scan);

/* The next stretch, of at most `max` rows (up to 65,536); NAMIDB_NONE at the
 * end. Arrays are the arena's, segments stay pinned until the next call. */
int ndb_group_scan_next(struct ndb_group_scan *scan, uint32_t max,
                        namidb_arena *arena, struct ndb_stretch *out,
                        namidb_error *err);

/* Whether a row of a group counts: alive, and with the label. */
bool ndb_group_row_matches(const struct ndb_node_group *group, uint32_t row,
                           uint32_t label);

#endif
