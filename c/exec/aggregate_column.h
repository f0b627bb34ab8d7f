/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate_column.h - a column of a chunk into one aggregate: plain numbers
 * all at once, where they are; texts with a dictionary by their codes.
 */
#ifndef NDB_EXEC_AGGREGATE_COLUMN_H
#define NDB_EXEC_AGGREGATE_COLUMN_H

#include "exec/aggregate.h"
#include "exec/chunk.h"

struct ndb_aggregate_column {
    const struct ndb_vector *values; /* no constant */
    const uint8_t *mask; /* 1: it counts; of rows that are not null */
    uint32_t extent;     /* of both, NDB_CHUNK_ROWS_MAX at most */
    uint32_t count;      /* of what is in the mask */
    namidb_arena *arena; /* of the aggregate */
    struct ndb_scalar *scalar;
};

/* Integers or floats, as if they were added one after the other. Sums of floats
 * are taken in several lanes. */
int ndb_aggregate_add_column(struct ndb_aggregate *self,
                             const struct ndb_aggregate_column *column);

/* Texts with a dictionary, of NDB_CHUNK_ROWS_MAX at most: min, max, count. */
int ndb_aggregate_add_codes(struct ndb_aggregate *self,
                            const struct ndb_aggregate_column *column);

#endif
