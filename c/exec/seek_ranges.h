/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seek_ranges.h - what a search in an index asks for, as ranges of keys.
 *
 * The ranges of a row hold all rows for which its conditions can be true, and
 * maybe more: kinds that compare to nothing, NaN and keys that were cut off are
 * left to the conditions, which stay as filters.
 */
#ifndef NDB_EXEC_SEEK_RANGES_H
#define NDB_EXEC_SEEK_RANGES_H

#include "engine/index_scan.h"
#include "exec/plan.h"

/* Zero, but for the arena, is empty. */
struct ndb_seek_ranges {
    namidb_arena *arena; /* of all that follows */
    struct ndb_index_range *items;
    uint32_t *rows; /* of each range: whose it is */
    uint32_t count, capacity;
};

/* Adds those of a row: in ascending order (of a search that goes down:
 * descending), apart from one another, maybe none. `values`: of seek->exprs.
 * NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_seek_ranges_add(struct ndb_seek_ranges *ranges,
                        const struct ndb_seek *seek, uint32_t row,
                        const namidb_value *values);

#endif
