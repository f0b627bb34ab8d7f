/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk_edges.h - which edges a walk of several hops may go over.
 */
#ifndef NDB_EXEC_WALK_EDGES_H
#define NDB_EXEC_WALK_EDGES_H

#include "exec/op.h"

/* Whether a value is an edge, or a list with it. */
bool ndb_holds_edge(const namidb_value *value, uint64_t edge);

/* Whether the row at `position` of what op->child gave has an edge already, in
 * one of the slots that the plan says. */
bool ndb_walk_is_taken(const struct ndb_op *op, uint32_t position,
                       uint64_t edge);

/* Which of up to NDB_CHUNK_ROWS_MAX edges, each with the position of its row,
 * meet the plan's condition on edges; there is one. Memory is the arena's.
 * NAMIDB_OK, or a failure with run->err filled. */
int ndb_walk_test(struct ndb_op *op, const uint32_t *positions,
                  namidb_edge *edges, uint32_t count, namidb_arena *arena,
                  bool *may_walk);

#endif
