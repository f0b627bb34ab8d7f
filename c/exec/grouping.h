/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grouping.h - the number of the group that each row of a chunk belongs to.
 *
 * Groups are the numbers of a value set, so that 1 and 1.0 are one. Other
 * integers and nodes are looked up as words. In front of it are caches for what
 * repeats most: a table by item for integers of one byte, by code for texts
 * with a dictionary. A row that hits costs one look. Columns of a key of
 * several are grouped each by itself, and then together (grouping_parts.c).
 */
#ifndef NDB_EXEC_GROUPING_H
#define NDB_EXEC_GROUPING_H

#include "exec/chunk.h"
#include "exec/value_set.h"

enum { NDB_GROUPING_SLOTS = 1024 };

/* What the slots of the cache are of. */
enum ndb_grouping_use { NDB_GROUPING_ITEMS, NDB_GROUPING_CODES };

struct ndb_grouping_part;

struct ndb_grouping {
    struct ndb_value_set keys; /* a row per group, in order of appearance */
    const struct ndb_slots *slots;
    namidb_value *key;   /* room for one; constants stay in it */
    namidb_value *block; /* for those that are looked up together; or NULL */
    int64_t *words;      /* the same of a chunk; or NULL */
    uint32_t varying;    /* which of the key the cache is of */
    bool is_stale;       /* the key is not what the cache was filled beside */
    uint32_t *numbers;   /* by slot, + 1; 0: empty */
    int64_t base;        /* of the items, when slots are theirs */
    enum ndb_grouping_use use;
    struct ndb_grouping_part *parts; /* of each column; NULL: none yet */
    uint32_t *codes;                 /* of a chunk's rows in one of them */
    bool is_wide;                    /* parts would not pay */
};

/* Memory is the arena's. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_grouping_init(struct ndb_grouping *grouping, namidb_arena *arena,
                      const struct ndb_slots *slots);

/* groups[i] is the group of row i of the chunk, for all of its rows; new ones
 * get the next numbers, in the order of the rows. */
int ndb_grouping_find(struct ndb_grouping *grouping,
                      const struct ndb_chunk *chunk, uint32_t *groups);

#endif
