/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grouping_internal.h - what the files of a grouping share.
 */
#ifndef NDB_EXEC_GROUPING_INTERNAL_H
#define NDB_EXEC_GROUPING_INTERNAL_H

#include "exec/grouping.h"

/* The group of the row at position `at`, looked up as values. */
int ndb_grouping_find_row(struct ndb_grouping *grouping,
                          const struct ndb_chunk *chunk, uint32_t at,
                          uint32_t *group);

/* ndb_grouping_find for a key of several columns. NAMIDB_NONE: the values of
 * some column repeat too little for this. */
int ndb_grouping_find_parts(struct ndb_grouping *grouping,
                            const struct ndb_chunk *chunk, uint32_t *groups);

#endif
