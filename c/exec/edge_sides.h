/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge_sides.h - edges that were found by themselves, not from a node, as a
 * pattern sees them: with both ends, and without a direction from either end.
 */
#ifndef NDB_EXEC_EDGE_SIDES_H
#define NDB_EXEC_EDGE_SIDES_H

#include "exec/op.h"

struct ndb_edge_sides {
    namidb_edge *edges;
    uint64_t *from, *to;
    uint32_t *positions; /* of the child's rows; NULL: not asked for */
    uint32_t count;      /* at most twice as many as there are edges */
};

/* Sides of edges for op->plan->direction: of BOTH two for each edge, one of a
 * loop. `positions`: of each edge; NULL: none. op->arena's memory. */
int ndb_edge_sides_make(struct ndb_op *op, const namidb_edge *edges,
                        const uint32_t *positions, size_t count,
                        struct ndb_edge_sides *sides);
/* Sets the columns of edge and ends. */
void ndb_edge_sides_set(struct ndb_op *op, const struct ndb_edge_sides *sides);

#endif
