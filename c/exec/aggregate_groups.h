/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate_groups.h - a column of plain numbers into one aggregate of groups.
 * Of a few, a chunk's sums, counts or extremes gather in small arrays, and each
 * group is touched once per chunk; of many, their states are asked for ahead.
 */
#ifndef NDB_EXEC_AGGREGATE_GROUPS_H
#define NDB_EXEC_AGGREGATE_GROUPS_H

#include "exec/aggregate.h"
#include "exec/chunk.h"

/* More groups than that are as many cache lines as their states. */
#define NDB_GROUPS_FEW 512u

struct ndb_group_column {
    struct ndb_aggregate *states; /* of group i: states[i * stride] */
    uint32_t stride, count;       /* groups */
    const struct ndb_chunk *chunk;
    const uint32_t *groups;          /* of each row of the chunk */
    const uint32_t *rows;            /* of each group; NULL: too many groups */
    const struct ndb_vector *values; /* ints or floats, no constant */
    int64_t *room;                   /* for a chunk's integers */
    namidb_arena *arena;             /* of the aggregates */
    struct ndb_scalar *scalar;
};

/* How many rows of the chunk are of each group, into `room` for NDB_GROUPS_FEW:
 * *column's `rows`, once for all aggregates. */
void ndb_group_column_count(struct ndb_group_column *column, uint32_t *room);

/* count(*). */
void ndb_group_column_rows(const struct ndb_group_column *column);
/* *is_taken stays false when it is another aggregate, or there are too many
 * groups for it, or numbers are too large to be added up without care: then the
 * rows go one by one. */
int ndb_group_column_add(const struct ndb_group_column *column,
                         enum ndb_aggregate_kind kind, bool *is_taken);

#endif
