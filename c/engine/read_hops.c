/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mostly all that is known of a node's edges is one stretch of one segment
 * without tombstones: that is copied as it stands. Whatever else there is,
 * lists that several layers know, is merged first.
 */
#include <assert.h>

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/hop_spans.h"
#include "engine/prefetch.h"

/* From so many nodes on it pays to ask a memtable for its types first. */
enum { TYPE_CHECK_ROWS = 4 };

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

/* Leaves out memtables that know no edge of the type. */
static void leave_out(struct hop *hop)
{
    uint64_t version = hop->gather.snapshot->version;

    if (hop->count < TYPE_CHECK_ROWS || hop->kind->type == NAMIDB_ANY)
        return;
    for (uint32_t i = 0; i < hop->gather.layer_count; i++) {
        struct ndb_gather_layer *layer = &hop->gather.layers[i];

        if (layer->memtable != NULL &&
            !ndb_memtable_has(layer->memtable, hop->kind->type, true, version))
            layer->memtable = NULL;
    }
}

static int plan(struct hop *hop)
{
    struct ndb_edge_owner owner = { 0, hop->kind->type, hop->kind->direction };

    hop->first_piece = ndb_arena_array(&hop->gather.scratch, hop->count + 1,
                                       sizeof *hop->first_piece);
    if (hop->first_piece == NULL)
        return NAMIDB_ENOMEM;
    leave_out(hop);
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

/* Finds the lists of all ids, a block at a time: see prefetch.h. */
static void settle(struct hop *hop)
{
    const uint32_t *first = hop->first_piece;

    if (hop->pieces.count == 0)
        return;
    for (size_t i = 0; i < hop->count; i += NDB_PREFETCH_ROWS) {
        size_t end = i + NDB_PREFETCH_ROWS;

        if (end > hop->count)
            end = hop->count;
        for (size_t j = i; j < end && hop->count > 1; j++)
            ndb_edge_list_prefetch(&hop->gather, hop->ids[j],
                                   hop->pieces.items + first[j],
                                   first[j + 1] - first[j]);
        for (size_t j = i; j < end; j++)
            ndb_edge_list_settle(&hop->gather, hop->ids[j],
                                 hop->pieces.items + first[j],
                                 first[j + 1] - first[j]);
    }
}

/* The pieces of all ids, fetched and settled. */
static int open_hop(struct hop *hop, const struct ndb_snapshot *snapshot,
                    enum ndb_gather_mode mode)
{
    int rc = ndb_gather_init(&hop->gather, snapshot, hop->count, mode);

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

/* The only piece of a node that holds anything, if it can be taken as it
 * stands. NULL: there are more, or none. */
static const struct ndb_edge_piece *only_piece(const struct hop *hop,
                                               size_t index)
{
    const struct ndb_edge_piece *only = NULL;

    for (uint32_t i = hop->first_piece[index]; i < hop->first_piece[index + 1];
         i++) {
        const struct ndb_edge_piece *piece = &hop->pieces.items[i];

        if (piece->begin == piece->end)
            continue;
        if (only != NULL || piece->segment == NULL ||
            piece->segment->deleted != NULL)
            return NULL;
        only = piece;
    }
    return only;
}

static void take_piece(const struct ndb_edge_piece *piece, struct taken *taken)
{
    const struct ndb_edge_segment *segment = piece->segment;

    ndb_packed_copy(&segment->neighbours, piece->begin, piece->end,
                    taken->neighbours + taken->count);
    if (taken->edges != NULL) {
        struct ndb_packed ids = ndb_edge_ids(segment, piece->type);

        ndb_packed_copy(&ids, piece->begin, piece->end,
                        taken->edges + taken->count);
    }
    taken->count += piece->end - piece->begin;
}

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
    const struct ndb_edge_piece *only = only_piece(hop, index);
    struct ndb_hop_edge *at;
    uint64_t count = 0;
    int rc;

    if (only != NULL) {
        take_piece(only, taken);
        return NAMIDB_OK;
    }
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

/* Room for so many edges. */
static int allocate(const struct hop *hop, uint64_t edges, namidb_arena *arena,
                    struct ndb_hops *out)
{
    if (edges > UINT32_MAX)
        return ndb_fail(hop->err, NAMIDB_ELIMIT,
                        "%llu edges in one batch; take fewer nodes",
                        (unsigned long long)edges);
    out->edges = NULL;
    out->offsets = ndb_arena_array(arena, hop->count + 1, sizeof *out->offsets);
    out->neighbours = ndb_arena_array(arena, edges, sizeof *out->neighbours);
    if (hop->kind->with_edges)
        out->edges = ndb_arena_array(arena, edges, sizeof *out->edges);
    if (out->offsets == NULL || out->neighbours == NULL ||
        (hop->kind->with_edges && out->edges == NULL))
        return ndb_fail_memory(hop->err);
    return NAMIDB_OK;
}

/* ----------------------------------------------------------------- reads -- */

static int read_hops(struct hop *hop, const struct ndb_snapshot *snapshot,
                     enum ndb_gather_mode mode, namidb_arena *arena,
                     struct ndb_hops *out)
{
    struct taken taken;
    int rc = open_hop(hop, snapshot, mode);

    if (rc >= 0)
        rc = allocate(hop, all_edges(hop), arena, out);
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
    rc = ndb_hop_spans_read(snapshot, ids, count, kind, arena, out, err);
    if (rc == NAMIDB_NONE)
        rc = read_hops(&hop, snapshot, NDB_GATHER_WARM, arena, out);
    if (rc == NDB_GATHER_COLD)
        rc = read_hops(&hop, snapshot, NDB_GATHER_PINNED, arena, out);
    return rc;
}

static int read_degrees(struct hop *hop, const struct ndb_snapshot *snapshot,
                        enum ndb_gather_mode mode, uint64_t *degrees)
{
    int rc = open_hop(hop, snapshot, mode);

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
    rc = ndb_hop_spans_degrees(snapshot, ids, count, kind, degrees, err);
    if (rc == NAMIDB_NONE)
        rc = read_degrees(&hop, snapshot, NDB_GATHER_WARM, degrees);
    if (rc == NDB_GATHER_COLD)
        rc = read_degrees(&hop, snapshot, NDB_GATHER_PINNED, degrees);
    return rc;
}
