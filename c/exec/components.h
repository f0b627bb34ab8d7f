/* SPDX-License-Identifier: Apache-2.0 */
/*
 * components.h - which nodes of a graph are on a cycle of directed edges.
 *
 * Those that share a strongly connected component with another one (Tarjan
 * 1972, without recursion), and those with a loop. In steps, so that whoever
 * asks may give up.
 */
#ifndef NDB_EXEC_COMPONENTS_H
#define NDB_EXEC_COMPONENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Edges of node i: targets[offsets[i] .. offsets[i + 1]), numbers of nodes. */
struct ndb_digraph {
    uint32_t count;
    const uint32_t *offsets;
    const uint32_t *targets;
};

struct ndb_components {
    const struct ndb_digraph *graph;
    bool *is_cyclic;  /* by node; the caller's, false to begin with */
    uint32_t *order;  /* by node: when it was come by; 0: not yet */
    uint32_t *lowest; /* the first that is known to be in its component */
    uint32_t *edge;   /* the next one to follow */
    uint32_t *path;   /* nodes that are followed */
    uint32_t *open;   /* nodes whose component is not known yet */
    bool *is_open;
    uint32_t path_count, open_count, last_order, next_root;
};

/* Memory is the arena's. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_components_init(struct ndb_components *components,
                        const struct ndb_digraph *graph, namidb_arena *arena,
                        bool *is_cyclic);

/* Goes on for about so many nodes and edges. True: that was all. */
bool ndb_components_go_on(struct ndb_components *components, uint32_t steps);

#endif
