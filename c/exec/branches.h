/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branches.h - with which edge at its start each shortest walk begins.
 *
 * Shortest walks along undirected edges are a tree. A walk that comes back to
 * the start, and uses no edge twice, goes out on one of its branches and home
 * on another: by an edge between two of them, or by an edge to the start that
 * no branch begins with. Of all walks back the shortest is one of these.
 */
#ifndef NDB_EXEC_BRANCHES_H
#define NDB_EXEC_BRANCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum { NDB_NO_BRANCH = -1 }; /* of the start */

struct ndb_branches {
    namidb_arena *arena;
    int32_t *of; /* by number of a node that was found */
    uint32_t capacity;
    uint64_t *edges; /* that begin them */
    uint32_t count, edge_capacity;
};

/* Room for `more` nodes behind `count`. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_branches_reserve(struct ndb_branches *branches, uint32_t count,
                         uint32_t more);

/* A node was found over an edge of one that is on `branch`. NAMIDB_OK or
 * NAMIDB_ENOMEM. */
int ndb_branches_add(struct ndb_branches *branches, uint32_t node,
                     int32_t branch, uint64_t edge);

/* Whether an edge from a node on `branch` to the start ends a walk back. */
static inline bool ndb_branches_return(const struct ndb_branches *branches,
                                       int32_t branch, uint64_t edge)
{
    return branch == NDB_NO_BRANCH || branches->edges[branch] != edge;
}

/* Whether an edge from a node on `branch` to one that was found before does. */
static inline bool ndb_branches_join(const struct ndb_branches *branches,
                                     int32_t branch, uint32_t node)
{
    return branches->of[node] != branch;
}

#endif
