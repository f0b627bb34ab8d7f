/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends.h - labels that the far ends of an expansion are to have.
 *
 * (a)-->(b:B) is an expansion and a filter above it. Mostly the table of a node
 * tells its labels (engine/label_judge.h). Then ends that have not those of the
 * filter are left out before they are rows, and the filter has nothing to do.
 */
#ifndef NDB_EXEC_ENDS_H
#define NDB_EXEC_ENDS_H

#include "exec/hops.h"

/* Tells an expansion right below a filter which labels that wants of its ends,
 * if it wants nothing else. Called while operators are made. */
void ndb_ends_tell(const struct ndb_op *filter);

/* Leaves out ends of `count` nodes that have not the labels of op->ends; or
 * tables do not tell, and sets are left as they are. op->are_ends_good says
 * which. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_ends_apply(struct ndb_op *op, uint32_t count,
                   struct ndb_hop_sets *sets);

#endif
