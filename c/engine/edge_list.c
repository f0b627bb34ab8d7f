/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/edge_list.h"

#include <string.h>

#include "base/error.h"
#include "base/radix.h"
#include "format/value.h"

static int add_piece(struct ndb_gather *gather, struct ndb_edge_pieces *pieces,
                     const struct ndb_edge_piece *piece)
{
    if (pieces->count == pieces->capacity) {
        uint32_t capacity = pieces->capacity * 2 + 4;
        struct ndb_edge_piece *items =
            ndb_arena_array(&gather->scratch, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        if (pieces->count != 0)
            memcpy(items, pieces->items, pieces->count * sizeof *items);
        pieces->items = items;
        pieces->capacity = capacity;
    }
    pieces->items[pieces->count++] = *piece;
    return NAMIDB_OK;
}

/* ----------------------------------------------------------------- packs -- */

static int plan_part(struct ndb_gather *gather, uint32_t layer,
                     const struct ndb_part *part, uint64_t sequence,
                     struct ndb_refs *refs, struct ndb_edge_pieces *pieces)
{
    refs->count = 0;
    if (ndb_gather_find(gather, gather->layers[layer].pack, part, sequence,
                        refs) < 0)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < refs->count; i++) {
        struct ndb_edge_piece piece = {
            .type = part->type,
            .layer = layer,
            .ref = refs->items[i],
        };

        if (add_piece(gather, pieces, &piece) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

int ndb_edge_list_plan(struct ndb_gather *gather,
                       const struct ndb_edge_owner *owner, uint32_t layer_end,
                       struct ndb_edge_pieces *pieces)
{
    enum ndb_part_kind kind =
        owner->direction == NAMIDB_OUT ? NDB_PART_OUT : NDB_PART_IN;
    struct ndb_ref few[8];
    struct ndb_refs refs = { few, 0, 8 };

    for (uint32_t i = 0; i < layer_end; i++) {
        struct ndb_gather_layer *layer = &gather->layers[i];

        if (layer->pack == NULL)
            continue;
        if (ndb_gather_parts(gather, layer, kind, owner->type,
                             NAMIDB_ID_TABLE(owner->id)) < 0)
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < layer->part_count; j++)
            if (plan_part(gather, i, layer->parts[j],
                          NAMIDB_ID_SEQUENCE(owner->id), &refs, pieces) < 0)
                return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

/* ------------------------------------------------------------- memtables -- */

/* Sorts by (type, neighbour, edge): stable sorts from the last key to the
 * first. Edges mostly come in the order of their ids already. */
static int sort_edges(namidb_arena *scratch, struct ndb_hop_edge *edges,
                      size_t count)
{
    struct ndb_radix_item *items =
        ndb_arena_array(scratch, count, 2 * sizeof *items);
    struct ndb_hop_edge *copy =
        ndb_arena_copy(scratch, edges, count * sizeof *edges);

    if (items == NULL || copy == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        items[i] =
            (struct ndb_radix_item){ copy[i].edge & ~NDB_EDGE_DELETED, i };
    ndb_radix_sort(items, items + count, count);
    for (size_t i = 0; i < count; i++)
        items[i].key = copy[items[i].value].neighbour;
    ndb_radix_sort(items, items + count, count);
    for (size_t i = 0; i < count; i++)
        items[i].key = NAMIDB_ID_TABLE(copy[items[i].value].edge);
    ndb_radix_sort(items, items + count, count);
    for (size_t i = 0; i < count; i++)
        edges[i] = copy[items[i].value];
    return NAMIDB_OK;
}

/* A piece per type of what one memtable said. */
static int add_known(struct ndb_gather *gather, uint32_t layer,
                     const struct ndb_edge_owner *owner,
                     const struct ndb_memtable_edges *known,
                     struct ndb_edge_pieces *pieces)
{
    uint32_t count = (uint32_t)known->count, begin = 0;
    struct ndb_hop_edge *edges =
        ndb_arena_array(&gather->scratch, count, sizeof *edges);

    if (edges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct ndb_memtable_edge *edge = &known->items[i];

        edges[i].neighbour =
            owner->direction == NAMIDB_OUT ? edge->to : edge->from;
        edges[i].edge = edge->id | (edge->is_deleted ? NDB_EDGE_DELETED : 0);
    }
    if (sort_edges(&gather->scratch, edges, count) < 0)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 1; i <= count; i++) {
        struct ndb_edge_piece piece = {
            .type = NAMIDB_ID_TABLE(edges[begin].edge),
            .layer = layer,
            .edges = edges,
            .begin = begin,
            .end = i,
        };

        if (i < count && NAMIDB_ID_TABLE(edges[i].edge) == piece.type)
            continue;
        if (add_piece(gather, pieces, &piece) < 0)
            return NAMIDB_ENOMEM;
        begin = i;
    }
    return NAMIDB_OK;
}

int ndb_edge_list_memtable(struct ndb_gather *gather, uint32_t layer,
                           const struct ndb_edge_owner *owner,
                           struct ndb_memtable_edges *spare,
                           struct ndb_edge_pieces *pieces)
{
    spare->count = 0;
    if (ndb_memtable_edges_at(gather->layers[layer].memtable, owner->id,
                              owner->type, owner->direction,
                              gather->snapshot->version, spare) < 0)
        return NAMIDB_ENOMEM;
    return spare->count > 0 ? add_known(gather, layer, owner, spare, pieces)
                            : NAMIDB_OK;
}

static void mark_deleted(const struct ndb_hop_edge *edges, uint32_t count,
                         uint64_t *bits)
{
    memset(bits, 0, (count + 63) / 64 * sizeof *bits);
    for (uint32_t i = 0; i < count; i++)
        bits[i / 64] |= (edges[i].edge / NDB_EDGE_DELETED) << (i % 64);
}

/* A segment of one list and what it points to. */
struct alone {
    struct ndb_edge_segment segment;
    struct ndb_list_store store;
    struct ndb_edge_lists lists;
};

/* `deleted`: bits, in memory of the arena, or NULL. NULL: no memory. */
static const struct ndb_edge_segment *
make_alone(namidb_arena *arena, const uint64_t *neighbours,
           const uint64_t *sequences, uint32_t count, const uint64_t *deleted)
{
    struct alone *alone = ndb_arena_alloc(arena, sizeof *alone);
    const uint64_t offsets[] = { 0, count };

    if (alone == NULL)
        return NULL;
    memset(alone, 0, sizeof *alone);
    alone->segment.owner_count = 1;
    alone->segment.edge_count = count;
    alone->segment.is_dense = true;
    alone->segment.deleted = deleted;
    alone->segment.lists = &alone->store;
    atomic_init(&alone->store.packed, &alone->lists);
    return ndb_pack(arena, offsets, 2, &alone->segment.offsets) &&
                   ndb_pack(arena, neighbours, count,
                            &alone->lists.neighbours) &&
                   ndb_pack(arena, sequences, count, &alone->lists.sequences)
               ? &alone->segment
               : NULL;
}

const struct ndb_edge_segment *
ndb_edge_piece_segment(namidb_arena *arena, const struct ndb_edge_piece *piece)
{
    const struct ndb_hop_edge *edges = piece->edges + piece->begin;
    uint32_t count = piece->end - piece->begin;
    uint64_t *numbers = ndb_arena_array(arena, count, 2 * sizeof *numbers);
    uint64_t *deleted =
        ndb_arena_array(arena, (count + 63) / 64, sizeof *deleted);

    if (numbers == NULL || deleted == NULL)
        return NULL;
    mark_deleted(edges, count, deleted);
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = edges[i].neighbour;
        numbers[count + i] =
            NAMIDB_ID_SEQUENCE(edges[i].edge & ~NDB_EDGE_DELETED);
    }
    return make_alone(arena, numbers, numbers + count, count, deleted);
}

/* Some bits of a segment as bits of their own. */
static uint64_t *copy_bits(namidb_arena *arena, const uint64_t *bits,
                           uint32_t begin, uint32_t count)
{
    uint64_t *copy = ndb_arena_array(arena, (count + 63) / 64, sizeof *copy);

    if (copy == NULL)
        return NULL;
    memset(copy, 0, (count + 63) / 64 * sizeof *copy);
    for (uint32_t i = 0; i < count; i++)
        copy[i / 64] |= (uint64_t)ndb_bit(bits, begin + i) << (i % 64);
    return copy;
}

int ndb_edge_list_alone(namidb_arena *arena,
                        const struct ndb_edge_segment *segment, uint32_t begin,
                        uint32_t end, const struct ndb_edge_segment **out)
{
    uint32_t count = end - begin;
    uint64_t *numbers = ndb_arena_array(arena, count, 2 * sizeof *numbers);
    uint64_t *deleted = NULL;
    int rc;

    if (numbers == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_edge_list_read(segment, begin, end, numbers, numbers + count);
    if (rc < 0)
        return rc;
    if (segment->deleted != NULL) {
        deleted = copy_bits(arena, segment->deleted, begin, count);
        if (deleted == NULL)
            return NAMIDB_ENOMEM;
    }
    *out = make_alone(arena, numbers, numbers + count, count, deleted);
    return *out != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

/* ---------------------------------------------------------------- settle -- */

void ndb_edge_list_settle(const struct ndb_gather *gather, uint64_t id,
                          struct ndb_edge_piece *pieces, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_edge_piece *piece = &pieces[i];
        int64_t owner;

        piece->segment = &ndb_gather_segment(gather, &piece->ref)->as.edge;
        owner = ndb_edge_segment_owner(piece->segment, NAMIDB_ID_SEQUENCE(id));
        if (owner < 0)
            continue;
        piece->begin = ndb_edge_offset(piece->segment, (uint32_t)owner);
        piece->end = ndb_edge_offset(piece->segment, (uint32_t)owner + 1);
    }
}

/* ------------------------------------------------------------------ rows -- */

/* The bytes are copied first: strings are views into what is decoded. */
int ndb_edge_known_read(const struct ndb_memtable_edge *known,
                        namidb_arena *arena, namidb_edge *out,
                        namidb_error *err)
{
    struct ndb_reader reader;
    void *copy;
    int rc;

    *out = (namidb_edge){
        .id = known->id,
        .from = known->from,
        .to = known->to,
        .type = NAMIDB_ID_TABLE(known->id),
    };
    if (known->props.bytes == 0)
        return NAMIDB_OK;
    copy = ndb_arena_copy(arena, known->props.data, known->props.bytes);
    if (copy == NULL)
        return ndb_fail_memory(err);
    reader = ndb_reader(ndb_slice(copy, known->props.bytes));
    rc = ndb_props_decode(&reader, arena, &out->props, &out->prop_count);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (rc < 0 || !ndb_reader_is_done(&reader))
        return ndb_fail(err, NAMIDB_ECORRUPT,
                        "log: properties of an edge do not decode");
    return NAMIDB_OK;
}
