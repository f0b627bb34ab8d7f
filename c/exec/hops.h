/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hops.h - the edges at a batch of nodes as an expansion wants them: of several
 * types, in one direction or both, a loop once.
 */
#ifndef NDB_EXEC_HOPS_H
#define NDB_EXEC_HOPS_H

#include "exec/op.h"

/* Edges of one type in one direction. */
struct ndb_hop_set {
    struct ndb_hops hops;
    bool is_in;
    bool is_sorted; /* by neighbour; edges of all types are so type by type */
};

struct ndb_hop_sets {
    struct ndb_hop_set *items;
    uint32_t count;
    bool is_both;        /* a loop is in two sets */
    bool with_edges;     /* wanted, too; the caller's to set */
    const uint64_t *ids; /* the nodes */
};

/* One round for each type and direction. Memory is the arena's. A plan that
 * names no types wants all; names that the database does not know have no
 * edges. */
int ndb_hop_sets_read(struct ndb_run *run, const struct ndb_plan_op *plan,
                      const uint64_t *ids, uint32_t count, namidb_arena *arena,
                      struct ndb_hop_sets *out);

/* Where one is in the edges of a node. Zero is the start. */
struct ndb_hop_at {
    uint32_t set, edge;
};

/* Edge `at` of a set, of `node`; it has no properties. */
namidb_edge ndb_hop_edge_of(const struct ndb_hop_set *set, uint32_t at,
                            uint64_t node);

/* The next edge at node `index`; false at the end. *out is written only when
 * edges are wanted. */
bool ndb_hop_next(const struct ndb_hop_sets *sets, uint32_t index,
                  struct ndb_hop_at *at, namidb_edge *out, uint64_t *neighbour);

/* The same for the edges that lead to `neighbour`. */
bool ndb_hop_next_to(const struct ndb_hop_sets *sets, uint32_t index,
                     uint64_t neighbour, struct ndb_hop_at *at,
                     namidb_edge *out);

/* How many ndb_hop_next gives at most. */
uint64_t ndb_hop_count(const struct ndb_hop_sets *sets, uint32_t index);

#endif
