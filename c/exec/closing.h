/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closing.h - paths that are to close: a triangle and the like.
 *
 * After (a)-->(b)-->(c) an edge between c and a is looked for. Mostly there is
 * none, and each c would cost reading its edges. But what the expansion of b
 * finds can be held against the neighbours of a, sorted as both are: ends that
 * are no such neighbour are left out before they are rows. The operator above
 * still finds the edges themselves.
 */
#ifndef NDB_EXEC_CLOSING_H
#define NDB_EXEC_CLOSING_H

#include "exec/hops.h"

/* Tells the expansion below, with nothing but filters between, that `op` looks
 * for edges between its far end and another node. Called while operators are
 * made. */
void ndb_closing_tell(const struct ndb_op *op);

/* Leaves out ends that no edge of op->closing can lead to or from. Rows of the
 * chunk are at `positions`, one for each node of *sets. A failure is as of the
 * reads; sets with few ends are left as they are, and so are those of nodes
 * whose neighbours would be more to read. */
int ndb_closing_apply(struct ndb_op *op, const uint32_t *positions,
                      uint32_t count, struct ndb_hop_sets *sets);

/* Keeps of items[begin .. end) those that are among others[0 .. other_count),
 * both ascending: their places go to `kept`, which has room for all; how many.
 */
uint32_t ndb_closing_intersect(const uint64_t *items, uint32_t begin,
                               uint32_t end, const uint64_t *others,
                               uint32_t other_count, uint32_t *kept);

#endif
