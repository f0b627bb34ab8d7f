/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An edge lives in its source's list, so reading one by id finds the source
 * first (unless the caller knows it), then looks for the edge in that list: by
 * bisection if its target is known, else one by one.
 */
#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/property_column.h"
#include "engine/read_listed.h"

/* Where one edge may be. */
struct place {
    uint64_t from, to; /* 0: not known */
    /* Packs above this layer may have newer word than `known`. */
    uint32_t layer_end;
    bool is_known; /* to the memtable that is layer `layer_end` */
    struct ndb_memtable_edge known;
    uint32_t first, count; /* refs of its id, then pieces of its source */
};

struct edge_read {
    struct ndb_gather gather;
    const struct ndb_edge_probe *probes;
    size_t count;
    struct place *places;
    struct ndb_refs refs; /* segments of edge id parts */
    struct ndb_edge_pieces pieces;
    namidb_arena *arena;
    namidb_error *err;
};

static int ask_memtables(struct edge_read *read, size_t index)
{
    struct place *place = &read->places[index];
    const struct ndb_edge_probe *probe = &read->probes[index];
    struct ndb_gather *gather = &read->gather;

    *place = (struct place){ .from = probe->from, .to = probe->to };
    for (uint32_t i = 0; i < gather->layer_count && !place->is_known; i++) {
        struct ndb_memtable *memtable = gather->layers[i].memtable;
        int rc = NAMIDB_NONE;

        if (memtable != NULL)
            rc = ndb_memtable_edge(memtable, probe->id,
                                   gather->snapshot->version, &place->known);
        if (rc < 0)
            return rc;
        place->is_known = rc == NAMIDB_OK;
        place->layer_end = i;
    }
    if (place->is_known) {
        place->from = place->known.from;
        place->to = place->known.to;
    } else {
        place->layer_end = gather->layer_count;
    }
    return NAMIDB_OK;
}

/* Wants the segments that may tell the source of an edge. */
static int want_source(struct edge_read *read, size_t index)
{
    uint64_t id = read->probes[index].id;
    struct place *place = &read->places[index];

    place->first = read->refs.count;
    for (uint32_t i = 0; i < place->layer_end && place->from == 0; i++) {
        struct ndb_gather_layer *layer = &read->gather.layers[i];

        if (layer->pack == NULL)
            continue;
        if (ndb_gather_parts(&read->gather, layer, NDB_PART_EDGE_ID,
                             NAMIDB_ID_TABLE(id), 0) < 0)
            return NAMIDB_ENOMEM;
        if (layer->part_count != 0 &&
            ndb_gather_find(&read->gather, layer->pack, layer->one,
                            NAMIDB_ID_SEQUENCE(id), &read->refs) < 0)
            return NAMIDB_ENOMEM;
    }
    place->count = read->refs.count - place->first;
    return NAMIDB_OK;
}

/* All packs that have the edge agree on its source. */
static void take_source(struct edge_read *read, size_t index)
{
    struct place *place = &read->places[index];
    uint64_t sequence = NAMIDB_ID_SEQUENCE(read->probes[index].id);

    for (uint32_t i = 0; i < place->count && place->from == 0; i++) {
        const struct ndb_ref *ref = &read->refs.items[place->first + i];
        const struct ndb_pair_segment *pairs =
            &ndb_gather_segment(&read->gather, ref)->as.pair;
        uint32_t found;
        uint32_t at = ndb_pair_segment_find(pairs, sequence, &found);

        if (found > 0)
            place->from = pairs->values[at];
    }
}

static int find_sources(struct edge_read *read)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < read->count && rc >= 0; i++) {
        rc = ask_memtables(read, i);
        if (rc >= 0)
            rc = want_source(read, i);
    }
    if (rc < 0)
        return ndb_fail_memory(read->err);
    rc = ndb_gather_fetch(&read->gather, read->err);
    for (size_t i = 0; i < read->count && rc >= 0; i++)
        take_source(read, i);
    return rc;
}

static int fetch_lists(struct edge_read *read)
{
    struct ndb_edge_owner owner = { .direction = NAMIDB_OUT };

    for (size_t i = 0; i < read->count; i++) {
        struct place *place = &read->places[i];

        place->first = read->pieces.count;
        owner.id = place->from;
        owner.type = NAMIDB_ID_TABLE(read->probes[i].id);
        if (place->from != 0 && owner.type != NAMIDB_ANY &&
            ndb_edge_list_plan(&read->gather, &owner, place->layer_end,
                               &read->pieces) < 0)
            return ndb_fail_memory(read->err);
        place->count = read->pieces.count - place->first;
    }
    return ndb_gather_fetch(&read->gather, read->err);
}

/* ---------------------------------------------------------------- search -- */

/* The first index whose (neighbour, sequence) is not below the one sought. */
static uint32_t bisect(const struct ndb_edge_segment *segment, uint32_t begin,
                       uint32_t end, uint64_t to, uint64_t sequence)
{
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        uint64_t neighbour = ndb_edge_neighbour(segment, middle);

        if (neighbour < to ||
            (neighbour == to && ndb_edge_sequence(segment, middle) < sequence))
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Index of the edge in a piece, or its end. */
static uint32_t find_in_piece(const struct ndb_edge_piece *piece, uint64_t to,
                              uint64_t sequence)
{
    const struct ndb_edge_segment *segment = piece->segment;
    uint32_t at = piece->begin;

    if (to != 0) {
        at = bisect(segment, piece->begin, piece->end, to, sequence);
        if (at < piece->end && (ndb_edge_neighbour(segment, at) != to ||
                                ndb_edge_sequence(segment, at) != sequence))
            return piece->end;
        return at;
    }
    while (at < piece->end && ndb_edge_sequence(segment, at) != sequence)
        at++;
    return at;
}

/* ------------------------------------------------------------------ rows -- */

static int read_from_pack(struct edge_read *read,
                          const struct ndb_edge_piece *piece, uint32_t at,
                          namidb_edge *out)
{
    const struct ndb_edge_segment *segment = piece->segment;
    int rc;

    out->to = ndb_edge_neighbour(segment, at);
    out->props = NULL;
    out->prop_count = 0;
    if (segment->columns.count == 0)
        return NAMIDB_OK;
    rc = ndb_columns_props(&segment->columns, at, read->arena, &out->props,
                           &out->prop_count);
    if (rc < 0)
        return ndb_gather_fail(&read->gather, &piece->ref, rc, read->err);
    return NAMIDB_OK;
}

/* The first layer from the top that has the edge decides. */
static int read_one(struct edge_read *read, size_t index, namidb_edge *out)
{
    uint64_t id = read->probes[index].id;
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    struct place *place = &read->places[index];
    struct ndb_edge_piece *pieces =
        place->count != 0 ? read->pieces.items + place->first : NULL;

    out->id = id;
    out->from = place->from;
    out->type = NAMIDB_ID_TABLE(id);
    ndb_edge_list_settle(&read->gather, place->from, pieces, place->count);
    for (uint32_t i = 0; i < place->count; i++) {
        uint32_t at;
        int rc = ndb_edge_lists_need(pieces[i].segment);

        if (rc < 0)
            return ndb_gather_fail(&read->gather, &pieces[i].ref, rc,
                                   read->err);
        at = find_in_piece(&pieces[i], place->to, sequence);
        if (at == pieces[i].end)
            continue;
        if (ndb_bit(pieces[i].segment->deleted, at))
            return NAMIDB_NONE;
        return read_from_pack(read, &pieces[i], at, out);
    }
    if (!place->is_known || place->known.is_deleted)
        return NAMIDB_NONE;
    return ndb_edge_known_read(&place->known, read->arena, out, read->err);
}

static int read_edges(const struct ndb_snapshot *snapshot,
                      const struct ndb_edge_probe *probes, size_t count,
                      enum ndb_gather_mode mode, namidb_arena *arena,
                      namidb_edge *out, namidb_error *err)
{
    struct edge_read read;
    int rc = ndb_gather_init(&read.gather, snapshot, mode);

    read.probes = probes;
    read.count = count;
    read.places = NULL;
    read.refs = NDB_REFS_INIT;
    read.pieces = NDB_EDGE_PIECES_INIT;
    read.arena = arena;
    read.err = err;
    if (rc >= 0)
        read.places =
            ndb_arena_array(&read.gather.scratch, count, sizeof *read.places);
    if (read.places == NULL)
        rc = ndb_fail_memory(err);
    if (rc >= 0)
        rc = find_sources(&read);
    if (rc >= 0)
        rc = fetch_lists(&read);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = read_one(&read, i, &out[i]);
        if (rc == NAMIDB_NONE)
            out[i] = (namidb_edge){ 0 };
    }
    ndb_gather_release(&read.gather);
    return rc < 0 ? rc : NAMIDB_OK;
}

/* The long way, after the short one said NAMIDB_NONE or NDB_GATHER_COLD. */
static int read_long(const struct ndb_snapshot *snapshot,
                     const struct ndb_edge_probe *probes, size_t count, int rc,
                     namidb_arena *arena, namidb_edge *out, namidb_error *err)
{
    if (rc != NDB_GATHER_COLD)
        rc = read_edges(snapshot, probes, count, NDB_GATHER_WARM, arena, out,
                        err);
    return rc != NDB_GATHER_COLD
               ? rc
               : read_edges(snapshot, probes, count, NDB_GATHER_PINNED, arena,
                            out, err);
}

static bool is_long(int rc)
{
    return rc == NAMIDB_NONE || rc == NDB_GATHER_COLD;
}

int ndb_read_edges(const struct ndb_snapshot *snapshot,
                   const struct ndb_edge_probe *probes, size_t count,
                   namidb_arena *arena, namidb_edge *out, namidb_error *err)
{
    int rc = ndb_read_listed(snapshot, probes, count, arena, out, err);

    return is_long(rc) ? read_long(snapshot, probes, count, rc, arena, out, err)
                       : rc;
}

int ndb_read_edge_property(const struct ndb_snapshot *snapshot,
                           const struct ndb_edge_probe *probes, size_t count,
                           uint32_t name, namidb_arena *arena,
                           struct ndb_property_column *out, namidb_error *err)
{
    struct ndb_property_taker taker;
    namidb_edge *edges;
    int rc = ndb_read_listed_property(snapshot, probes, count, name, arena, out,
                                      err);

    if (!is_long(rc))
        return rc;
    edges = ndb_arena_array(arena, count, sizeof *edges);
    if (edges == NULL || ndb_property_begin(&taker, out, count, arena) < 0)
        return ndb_fail_memory(err);
    rc = read_long(snapshot, probes, count, rc, arena, edges, err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (ndb_property_pick(&taker, i, &edges[i], name) < 0)
            rc = ndb_fail_memory(err);
    return rc;
}
