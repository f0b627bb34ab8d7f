/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/branches.h"

int ndb_branches_reserve(struct ndb_branches *branches, uint32_t count,
                         uint32_t more)
{
    int32_t *of = ndb_arena_grow(branches->arena, branches->of,
                                 &branches->capacity, count, more, sizeof *of);

    if (of == NULL)
        return NAMIDB_ENOMEM;
    branches->of = of;
    return NAMIDB_OK;
}

int ndb_branches_add(struct ndb_branches *branches, uint32_t node,
                     int32_t branch, uint64_t edge)
{
    uint64_t *edges;

    branches->of[node] = branch;
    if (branch != NDB_NO_BRANCH)
        return NAMIDB_OK;
    edges = ndb_arena_grow(branches->arena, branches->edges,
                           &branches->edge_capacity, branches->count, 1,
                           sizeof *edges);
    if (edges == NULL)
        return NAMIDB_ENOMEM;
    branches->edges = edges;
    edges[branches->count] = edge;
    branches->of[node] = (int32_t)branches->count++;
    return NAMIDB_OK;
}
