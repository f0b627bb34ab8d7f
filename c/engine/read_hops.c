/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hops are read warm: hop_spans.c, hop_any.c. Here is what happens when some of
 * what they need is not cached: all of it is fetched in one round, and what the
 * layers know of each node is merged.
 */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/hop_any.h"
#include "engine/hop_spans.h"

struct hop {
    struct ndb_gather gather;
    const uint64_t *ids;
    size_t count;
    const struct ndb_hop_kind *kind;
    uint32_t *first_piece; /* count + 1 */
    struct ndb_edge_pieces pieces;
    struct ndb_memtable_edges known; /* to a memtable, of one node */
    struct ndb_hop_edge *merged;     /* room to merge in */
    uint64_t merged_max;
    namidb_error *err;
};

static int plan(struct hop *hop)
{
    struct ndb_edge_owner owner = { 0, hop->kind->type, hop->kind->direction };

    hop->first_piece = ndb_arena_array(&hop->gather.scratch, hop->count + 1,
                                       sizeof *hop->first_piece);
    if (hop->first_piece == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < hop->count; i++) {
        owner.id = hop->ids[i];
        hop->first_piece[i] = hop->pieces.count;
        if (ndb_edge_list_memtables(&hop->gather, &owner, &hop->known,
                                    &hop->pieces) < 0 ||
            ndb_edge_list_plan(&hop->gather, &owner, hop->gather.layer_count,
                               &hop->pieces) < 0)
            return NAMIDB_ENOMEM;
    }
    hop->first_piece[hop->count] = hop->pieces.count;
    return NAMIDB_OK;
}

/* Finds the lists of all ids. */
static void settle(struct hop *hop)
{
    const uint32_t *first = hop->first_piece;

    for (size_t i = 0; i < hop->count && hop->pieces.count != 0; i++)
        ndb_edge_list_settle(&hop->gather, hop->ids[i],
                             hop->pieces.items + first[i],
                             first[i + 1] - first[i]);
}

/* The pieces of all ids, fetched and settled. */
static int open_hop(struct hop *hop, const struct ndb_snapshot *snapshot)
{
    int rc =
        ndb_gather_init(&hop->gather, snapshot, hop->count, NDB_GATHER_PINNED);

    assert(hop->kind->direction != NAMIDB_BOTH);
    hop->pieces = NDB_EDGE_PIECES_INIT;
    hop->known = NDB_MEMTABLE_EDGES_INIT;
    hop->merged = NULL;
    hop->merged_max = 0;
    if (rc >= 0)
        rc = plan(hop);
    if (rc < 0)
        return ndb_fail_memory(hop->err);
    rc = ndb_gather_fetch(&hop->gather, hop->err);
    if (rc >= 0)
        settle(hop);
    return rc;
}

static void close_hop(struct hop *hop)
{
    ndb_memtable_edges_release(&hop->known);
    ndb_gather_release(&hop->gather);
}

/* ---------------------------------------------------------------- taking -- */

/* Where the next edges go. */
struct taken {
    uint64_t *neighbours, *edges; /* edges may be NULL */
    uint64_t count;
};

/* Room for all edges that a node may have. */
static int merge_room(struct hop *hop, size_t index)
{
    uint64_t edges = 0;

    for (uint32_t i = hop->first_piece[index]; i < hop->first_piece[index + 1];
         i++)
        edges += hop->pieces.items[i].end - hop->pieces.items[i].begin;
    if (edges <= hop->merged_max)
        return NAMIDB_OK;
    hop->merged =
        ndb_arena_array(&hop->gather.scratch, edges, sizeof *hop->merged);
    hop->merged_max = hop->merged != NULL ? edges : 0;
    return hop->merged != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

/* The edges of one node, type after type, merged. *out NULL: counted only. */
static int merge_node(struct hop *hop, size_t index, struct ndb_hop_edge **out,
                      uint64_t *count)
{
    uint32_t at = hop->first_piece[index], end = hop->first_piece[index + 1];

    while (at < end) {
        const struct ndb_edge_piece *pieces = hop->pieces.items + at;
        uint32_t same = ndb_edge_list_type(pieces, end - at);

        if (ndb_edge_list_merge(&hop->gather.scratch, pieces, same, out,
                                count) < 0)
            return ndb_fail_memory(hop->err);
        at += same;
    }
    return NAMIDB_OK;
}

static int take_node(struct hop *hop, size_t index, struct taken *taken)
{
    struct ndb_hop_edge *at;
    uint64_t count = 0;
    int rc;

    if (merge_room(hop, index) < 0)
        return ndb_fail_memory(hop->err);
    at = hop->merged;
    rc = merge_node(hop, index, &at, &count);
    for (uint64_t i = 0; i < count && rc >= 0; i++) {
        taken->neighbours[taken->count] = hop->merged[i].neighbour;
        if (taken->edges != NULL)
            taken->edges[taken->count] = hop->merged[i].edge;
        taken->count++;
    }
    return rc;
}

/* All edges of all pieces, living or not. */
static uint64_t all_edges(const struct hop *hop)
{
    uint64_t edges = 0;

    for (uint32_t i = 0; i < hop->pieces.count; i++)
        edges += hop->pieces.items[i].end - hop->pieces.items[i].begin;
    return edges;
}

/* ----------------------------------------------------------------- reads -- */

static int read_hops(struct hop *hop, const struct ndb_snapshot *snapshot,
                     namidb_arena *arena, struct ndb_hops *out)
{
    struct taken taken;
    int rc = open_hop(hop, snapshot);

    if (rc >= 0)
        rc = ndb_hops_allocate(hop->count, all_edges(hop),
                               hop->kind->with_edges, arena, out, hop->err);
    if (rc < 0)
        goto out;
    taken = (struct taken){ out->neighbours, out->edges, 0 };
    for (size_t i = 0; i < hop->count && rc >= 0; i++) {
        out->offsets[i] = (uint32_t)taken.count;
        rc = take_node(hop, i, &taken);
    }
    out->offsets[hop->count] = (uint32_t)taken.count;

out:
    close_hop(hop);
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_read_hops(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                  size_t count, const struct ndb_hop_kind *kind,
                  namidb_arena *arena, struct ndb_hops *out, namidb_error *err)
{
    struct hop hop;
    int rc;

    hop.ids = ids;
    hop.count = count;
    hop.kind = kind;
    hop.err = err;
    rc = kind->type == NAMIDB_ANY
             ? ndb_hop_any_read(snapshot, ids, count, kind, arena, out, err)
             : ndb_hop_spans_read(snapshot, ids, count, kind, arena, out, err);
    if (rc == NDB_GATHER_COLD)
        rc = read_hops(&hop, snapshot, arena, out);
    return rc;
}

static int read_degrees(struct hop *hop, const struct ndb_snapshot *snapshot,
                        uint64_t *degrees)
{
    int rc = open_hop(hop, snapshot);

    for (size_t i = 0; i < hop->count && rc >= 0; i++) {
        degrees[i] = 0;
        rc = merge_node(hop, i, NULL, &degrees[i]);
    }
    close_hop(hop);
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_read_degrees(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, const struct ndb_hop_kind *kind,
                     uint64_t *degrees, namidb_error *err)
{
    struct hop hop;
    int rc;

    hop.ids = ids;
    hop.count = count;
    hop.kind = kind;
    hop.err = err;
    memset(degrees, 0, count * sizeof *degrees);
    rc = kind->type == NAMIDB_ANY
             ? ndb_hop_any_degrees(snapshot, ids, count, kind, degrees, err)
             : ndb_hop_spans_degrees(snapshot, ids, count, kind, degrees, err);
    if (rc == NDB_GATHER_COLD)
        rc = read_degrees(&hop, snapshot, degrees);
    return rc;
}
