/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/hops.h"

static int read_set(struct ndb_run *run, const uint64_t *ids, uint32_t count,
                    uint32_t type, bool is_in, namidb_arena *arena,
                    struct ndb_hop_sets *out)
{
    struct ndb_hop_set *set = &out->items[out->count++];
    struct ndb_hop_kind kind = { type, is_in ? NAMIDB_IN : NAMIDB_OUT,
                                 out->with_edges };

    set->is_in = is_in;
    set->is_sorted = type != NAMIDB_ANY;
    return ndb_read_hops(&run->snapshot, ids, count, &kind, arena, &set->hops,
                         run->err);
}

static int read_type(struct ndb_run *run, const struct ndb_plan_op *plan,
                     const uint64_t *ids, uint32_t count, uint32_t type,
                     namidb_arena *arena, struct ndb_hop_sets *out)
{
    int rc = NAMIDB_OK;

    if (plan->direction != NAMIDB_IN)
        rc = read_set(run, ids, count, type, false, arena, out);
    if (rc >= 0 && plan->direction != NAMIDB_OUT)
        rc = read_set(run, ids, count, type, true, arena, out);
    return rc;
}

/* A type that was named twice counts once. */
static bool is_repeated(struct ndb_run *run, const struct ndb_names *types,
                        uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (ndb_run_number(run, types->items[i]) ==
            ndb_run_number(run, types->items[index]))
            return true;
    return false;
}

int ndb_hop_sets_read(struct ndb_run *run, const struct ndb_plan_op *plan,
                      const uint64_t *ids, uint32_t count, namidb_arena *arena,
                      struct ndb_hop_sets *out)
{
    uint32_t types = plan->types.count == 0 ? 1 : plan->types.count;
    int rc = NAMIDB_OK;

    out->ids = ids;
    out->count = 0;
    out->is_both = plan->direction == NAMIDB_BOTH;
    out->items = ndb_arena_array(arena, (size_t)types * 2, sizeof *out->items);
    if (out->items == NULL)
        return NAMIDB_ENOMEM;
    if (plan->types.count == 0)
        return read_type(run, plan, ids, count, NAMIDB_ANY, arena, out);
    for (uint32_t i = 0; i < plan->types.count && rc >= 0; i++) {
        uint32_t type = ndb_run_number(run, plan->types.items[i]);

        if (type != 0 && !is_repeated(run, &plan->types, i))
            rc = read_type(run, plan, ids, count, type, arena, out);
    }
    return rc;
}

namidb_edge ndb_hop_edge_of(const struct ndb_hop_set *set, uint32_t at,
                            uint64_t node)
{
    uint64_t id = set->hops.edges[at], neighbour = set->hops.neighbours[at];

    return (namidb_edge){ .id = id,
                          .from = set->is_in ? neighbour : node,
                          .to = set->is_in ? node : neighbour,
                          .type = NAMIDB_ID_TABLE(id) };
}

bool ndb_hop_next(const struct ndb_hop_sets *sets, uint32_t index,
                  struct ndb_hop_at *at, namidb_edge *out, uint64_t *neighbour)
{
    for (; at->set < sets->count; at->set++, at->edge = 0) {
        const struct ndb_hop_set *set = &sets->items[at->set];
        uint32_t begin = set->hops.offsets[index];
        uint32_t end = set->hops.offsets[index + 1];

        while (begin + at->edge < end) {
            uint32_t i = begin + at->edge++;

            if (set->is_in && sets->is_both &&
                set->hops.neighbours[i] == sets->ids[index])
                continue; /* the set of the other direction gave it */
            *neighbour = set->hops.neighbours[i];
            if (sets->with_edges)
                *out = ndb_hop_edge_of(set, i, sets->ids[index]);
            return true;
        }
    }
    return false;
}

/* The first of items[begin .. end), which ascend, that is not below `wanted`;
 * `end`: none. */
static uint32_t lower_bound(const uint64_t *items, uint32_t begin, uint32_t end,
                            uint64_t wanted)
{
    uint32_t left = end - begin;

    if (left == 0)
        return end;
    while (left > 1) {
        uint32_t half = left / 2;

        begin += items[begin + half - 1] < wanted ? half : 0;
        left -= half;
    }
    return begin + (items[begin] < wanted);
}

bool ndb_hop_next_to(const struct ndb_hop_sets *sets, uint32_t index,
                     uint64_t neighbour, struct ndb_hop_at *at,
                     namidb_edge *out)
{
    bool is_loop = neighbour == sets->ids[index];

    for (; at->set < sets->count; at->set++, at->edge = 0) {
        const struct ndb_hop_set *set = &sets->items[at->set];
        const uint64_t *neighbours = set->hops.neighbours;
        uint32_t begin = set->hops.offsets[index];
        uint32_t end = set->hops.offsets[index + 1];
        uint32_t i = begin + at->edge;

        if (set->is_in && sets->is_both && is_loop)
            continue; /* the set of the other direction gave them */
        if (set->is_sorted && at->edge == 0)
            i = lower_bound(neighbours, begin, end, neighbour);
        while (!set->is_sorted && i < end && neighbours[i] != neighbour)
            i++;
        if (i == end || neighbours[i] != neighbour)
            continue;
        at->edge = i + 1 - begin;
        if (sets->with_edges)
            *out = ndb_hop_edge_of(set, i, sets->ids[index]);
        return true;
    }
    return false;
}

uint64_t ndb_hop_count(const struct ndb_hop_sets *sets, uint32_t index)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < sets->count; i++)
        count += sets->items[i].hops.offsets[index + 1] -
                 sets->items[i].hops.offsets[index];
    return count;
}
