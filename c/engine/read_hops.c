/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/prefetch.h"

struct hop {
    struct ndb_gather gather;
    const uint64_t *ids;
    size_t count;
    uint32_t type;
    enum namidb_direction direction;
    uint32_t *first_piece; /* count + 1 */
    struct ndb_edge_pieces pieces;
    struct ndb_memtable_edges known; /* to a memtable, of one node */
    namidb_error *err;
};

static int plan(struct hop *hop)
{
    struct ndb_edge_owner owner = { 0, hop->type, hop->direction };

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

/* Finds the lists of all ids, a block at a time: see prefetch.h. */
static void settle(struct hop *hop)
{
    const uint32_t *first = hop->first_piece;

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
static int open_hop(struct hop *hop, const struct ndb_snapshot *snapshot)
{
    int rc = ndb_gather_init(&hop->gather, snapshot, hop->count);

    assert(hop->direction != NAMIDB_BOTH);
    hop->pieces = NDB_EDGE_PIECES_INIT;
    hop->known = NDB_MEMTABLE_EDGES_INIT;
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

/* The edges of one id, type after type. */
static int take_node(struct hop *hop, size_t index, struct ndb_hop_edge **out,
                     uint64_t *total)
{
    uint32_t at = hop->first_piece[index], end = hop->first_piece[index + 1];

    while (at < end) {
        const struct ndb_edge_piece *pieces = hop->pieces.items + at;
        uint32_t same = ndb_edge_list_type(pieces, end - at);

        if (ndb_edge_list_merge(&hop->gather.scratch, pieces, same, out,
                                total) < 0)
            return ndb_fail_memory(hop->err);
        at += same;
    }
    return NAMIDB_OK;
}

/* Room for all edges of all pieces, living or not. */
static int allocate(const struct hop *hop, namidb_arena *arena,
                    struct ndb_hops *out)
{
    uint64_t edges = 0;

    for (uint32_t i = 0; i < hop->pieces.count; i++)
        edges += hop->pieces.items[i].end - hop->pieces.items[i].begin;
    if (edges > UINT32_MAX)
        return ndb_fail(hop->err, NAMIDB_ELIMIT,
                        "%llu edges in one batch; take fewer nodes",
                        (unsigned long long)edges);
    out->offsets = ndb_arena_array(arena, hop->count + 1, sizeof *out->offsets);
    out->edges = ndb_arena_array(arena, edges, sizeof *out->edges);
    if (out->offsets == NULL || out->edges == NULL)
        return ndb_fail_memory(hop->err);
    return NAMIDB_OK;
}

int ndb_read_hops(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                  size_t count, uint32_t type, enum namidb_direction direction,
                  namidb_arena *arena, struct ndb_hops *out, namidb_error *err)
{
    struct hop hop;
    struct ndb_hop_edge *at;
    uint64_t total = 0;
    int rc;

    hop.ids = ids;
    hop.count = count;
    hop.type = type;
    hop.direction = direction;
    hop.err = err;
    rc = open_hop(&hop, snapshot);
    if (rc >= 0)
        rc = allocate(&hop, arena, out);
    if (rc < 0)
        goto out;
    at = out->edges;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        out->offsets[i] = (uint32_t)total;
        rc = take_node(&hop, i, &at, &total);
    }
    out->offsets[count] = (uint32_t)total;

out:
    close_hop(&hop);
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_read_degree(const struct ndb_snapshot *snapshot, uint64_t id,
                    uint32_t type, enum namidb_direction direction,
                    uint64_t *degree, namidb_error *err)
{
    struct hop hop;
    int rc;

    hop.ids = &id;
    hop.count = 1;
    hop.type = type;
    hop.direction = direction;
    hop.err = err;
    *degree = 0;
    rc = open_hop(&hop, snapshot);
    if (rc >= 0)
        rc = take_node(&hop, 0, NULL, degree);
    close_hop(&hop);
    return rc < 0 ? rc : NAMIDB_OK;
}
