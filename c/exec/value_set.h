/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_set.h - rows of values, found by what they are equivalent to: groups,
 * DISTINCT, the build side of a join.
 *
 * Open addressing; entries are numbered in the order in which they came. Memory
 * is an arena's, values are copied into it.
 */
#ifndef NDB_EXEC_VALUE_SET_H
#define NDB_EXEC_VALUE_SET_H

#include "exec/compare.h"

struct ndb_value_set {
    namidb_arena *arena;
    uint32_t width;      /* values in a row */
    namidb_value **rows; /* by number */
    uint64_t *hashes;    /* likewise */
    uint32_t count, capacity;
    uint32_t *slots;     /* number + 1; 0: free */
    uint32_t slot_count; /* a power of two; 0: none yet */
};

/* Zeroed is empty as well, once arena and width are set. */
static inline struct ndb_value_set ndb_value_set_of(namidb_arena *arena,
                                                    uint32_t width)
{
    return (struct ndb_value_set){ .arena = arena, .width = width };
}

uint64_t ndb_value_set_hash(const namidb_value *row, uint32_t width);

/* The number of the row; UINT32_MAX: it is not there. */
uint32_t ndb_value_set_find(const struct ndb_value_set *set,
                            const namidb_value *row);

/* Finds or adds. NAMIDB_OK, or NAMIDB_ENOMEM. */
int ndb_value_set_add(struct ndb_value_set *set, const namidb_value *row,
                      uint32_t *number, bool *is_new);

#endif
