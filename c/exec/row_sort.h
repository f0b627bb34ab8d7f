/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row_sort.h - putting rows in the order of ORDER BY.
 *
 * A stable sort. Rows are sorted in blocks, which are merged. Where a key of
 * the rows at hand is integers, floats or texts throughout (nulls may be among
 * them), numbers that stand as those do are sorted by radix; rows of one number
 * go on with the next key, or are compared. Where it is not, they are merged
 * from single rows.
 */
#ifndef NDB_EXEC_ROW_SORT_H
#define NDB_EXEC_ROW_SORT_H

#include "exec/op.h"

/* Sorts `count` rows by the keys of a SORT, which are their first values. Room
 * for what is moved is the arena's; the deadline is looked at. NAMIDB_OK,
 * NAMIDB_ENOMEM, or what stopped the run. */
int ndb_row_sort(struct ndb_op *op, namidb_value **rows, uint32_t count,
                 namidb_arena *arena);

#endif
