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

int ndb_edge_list_memtables(struct ndb_gather *gather,
                            const struct ndb_edge_owner *owner,
                            struct ndb_memtable_edges *spare,
                            struct ndb_edge_pieces *pieces)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < gather->layer_count && rc >= 0; i++)
        if (gather->layers[i].memtable != NULL)
            rc = ndb_edge_list_memtable(gather, i, owner, spare, pieces);
    return rc;
}

static void mark_deleted(const struct ndb_hop_edge *edges, uint32_t count,
                         uint64_t *bits)
{
    memset(bits, 0, (count + 63) / 64 * sizeof *bits);
    for (uint32_t i = 0; i < count; i++)
        bits[i / 64] |= (edges[i].edge / NDB_EDGE_DELETED) << (i % 64);
}

const struct ndb_edge_segment *
ndb_edge_piece_segment(namidb_arena *arena, const struct ndb_edge_piece *piece)
{
    const struct ndb_hop_edge *edges = piece->edges + piece->begin;
    uint32_t count = piece->end - piece->begin;
    struct ndb_edge_segment *segment = ndb_arena_alloc(arena, sizeof *segment);
    uint64_t *numbers = ndb_arena_array(arena, count, sizeof *numbers);
    uint64_t *deleted =
        ndb_arena_array(arena, (count + 63) / 64, sizeof *deleted);
    uint64_t offsets[] = { 0, count };

    if (segment == NULL || numbers == NULL || deleted == NULL)
        return NULL;
    *segment = (struct ndb_edge_segment){ .owner_count = 1,
                                          .edge_count = count,
                                          .is_dense = true,
                                          .deleted = deleted };
    mark_deleted(edges, count, deleted);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = edges[i].neighbour;
    if (!ndb_pack(arena, offsets, 2, &segment->offsets) ||
        !ndb_pack(arena, numbers, count, &segment->neighbours))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = NAMIDB_ID_SEQUENCE(edges[i].edge & ~NDB_EDGE_DELETED);
    return ndb_pack(arena, numbers, count, &segment->sequences) ? segment
                                                                : NULL;
}

/* ---------------------------------------------------------------- settle -- */

static bool is_before(const struct ndb_edge_piece *a,
                      const struct ndb_edge_piece *b)
{
    return a->type != b->type ? a->type < b->type : a->layer < b->layer;
}

void ndb_edge_list_settle(const struct ndb_gather *gather, uint64_t id,
                          struct ndb_edge_piece *pieces, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ndb_edge_piece piece = pieces[i];
        uint32_t at = i;

        if (piece.edges == NULL) {
            int64_t owner;

            piece.segment = &ndb_gather_segment(gather, &piece.ref)->as.edge;
            owner =
                ndb_edge_segment_owner(piece.segment, NAMIDB_ID_SEQUENCE(id));
            if (owner >= 0) {
                piece.begin = ndb_edge_offset(piece.segment, (uint32_t)owner);
                piece.end = ndb_edge_offset(piece.segment, (uint32_t)owner + 1);
            }
        }
        while (at > 0 && is_before(&piece, &pieces[at - 1])) {
            pieces[at] = pieces[at - 1];
            at--;
        }
        pieces[at] = piece;
    }
}

uint32_t ndb_edge_list_type(const struct ndb_edge_piece *pieces, uint32_t count)
{
    uint32_t same = 0;

    while (same < count && pieces[same].type == pieces[0].type)
        same++;
    return same;
}

/* ----------------------------------------------------------------- merge -- */

/* Writes all edges of a piece, deleted ones marked. */
static void copy_marked(const struct ndb_edge_piece *piece,
                        struct ndb_hop_edge *out)
{
    const struct ndb_edge_segment *segment = piece->segment;

    if (piece->edges != NULL) {
        memcpy(out, piece->edges + piece->begin,
               (piece->end - piece->begin) * sizeof *out);
        return;
    }
    if (piece->begin == piece->end)
        return;
    for (uint32_t i = piece->begin; i < piece->end; i++, out++) {
        out->neighbour = ndb_edge_neighbour(segment, i);
        out->edge = NAMIDB_ID(ndb_edge_sequence(segment, i), piece->type);
        if (ndb_bit(segment->deleted, i))
            out->edge |= NDB_EDGE_DELETED;
    }
}

static bool has_tombstones(const struct ndb_edge_piece *piece)
{
    return piece->edges != NULL ||
           (piece->segment != NULL && piece->segment->deleted != NULL);
}

/* Drops the deleted ones; returns how many are left. */
static uint32_t keep_living(struct ndb_hop_edge *edges, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        if ((edges[i].edge & NDB_EDGE_DELETED) == 0)
            edges[kept++] = edges[i];
    return kept;
}

static uint32_t count_living(const struct ndb_edge_piece *piece)
{
    uint32_t count = 0;

    if (!has_tombstones(piece))
        return piece->end - piece->begin;
    for (uint32_t i = piece->begin; i < piece->end; i++)
        count += piece->edges != NULL
                     ? (piece->edges[i].edge & NDB_EDGE_DELETED) == 0
                     : !ndb_bit(piece->segment->deleted, i);
    return count;
}

/* Edges of one layer, or of layers that were merged. */
struct stretch {
    struct ndb_hop_edge *edges;
    uint32_t count;
};

/* Merges two stretches; of an edge that is in both the newer one counts. An
 * edge never changes its ends, so both have it at the same place. */
static struct stretch merge_two(struct stretch newer, struct stretch older,
                                struct ndb_hop_edge *out)
{
    struct stretch merged = { out, 0 };
    uint32_t i = 0, j = 0;

    while (i < newer.count && j < older.count) {
        const struct ndb_hop_edge *a = &newer.edges[i], *b = &older.edges[j];
        uint64_t edge_a = a->edge & ~NDB_EDGE_DELETED;
        uint64_t edge_b = b->edge & ~NDB_EDGE_DELETED;

        if (a->neighbour < b->neighbour ||
            (a->neighbour == b->neighbour && edge_a <= edge_b)) {
            j += a->neighbour == b->neighbour && edge_a == edge_b;
            out[merged.count++] = *a;
            i++;
        } else {
            out[merged.count++] = *b;
            j++;
        }
    }
    while (i < newer.count)
        out[merged.count++] = newer.edges[i++];
    while (j < older.count)
        out[merged.count++] = older.edges[j++];
    return merged;
}

/* Merges neighbours until one is left: n log k steps for k layers. */
static int merge_all(namidb_arena *scratch, struct stretch *stretches,
                     uint32_t count)
{
    while (count > 1) {
        uint32_t merged = 0;

        for (uint32_t i = 0; i < count; i += 2) {
            struct stretch newer = stretches[i];
            struct ndb_hop_edge *out;

            if (i + 1 == count) {
                stretches[merged++] = newer;
                break;
            }
            out = ndb_arena_array(scratch, newer.count + stretches[i + 1].count,
                                  sizeof *out);
            if (out == NULL)
                return NAMIDB_ENOMEM;
            stretches[merged++] = merge_two(newer, stretches[i + 1], out);
        }
        count = merged;
    }
    return NAMIDB_OK;
}

/* Several layers know edges of this type: lays each out, then merges. */
static int merge_layers(namidb_arena *scratch,
                        const struct ndb_edge_piece *pieces, uint32_t count,
                        struct stretch *result)
{
    struct stretch *stretches =
        ndb_arena_array(scratch, count, sizeof *stretches);
    uint32_t stretch_count = 0;

    if (stretches == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count;) {
        struct stretch stretch = { NULL, 0 };
        uint32_t end = i;

        while (end < count && pieces[end].layer == pieces[i].layer) {
            stretch.count += pieces[end].end - pieces[end].begin;
            end++;
        }
        stretch.edges =
            ndb_arena_array(scratch, stretch.count, sizeof *stretch.edges);
        if (stretch.edges == NULL)
            return NAMIDB_ENOMEM;
        for (uint32_t at = 0; i < end; i++) {
            copy_marked(&pieces[i], stretch.edges + at);
            at += pieces[i].end - pieces[i].begin;
        }
        stretches[stretch_count++] = stretch;
    }
    if (merge_all(scratch, stretches, stretch_count) < 0)
        return NAMIDB_ENOMEM;
    *result = stretches[0];
    return NAMIDB_OK;
}

/* One layer only: nothing can be hidden but by its own tombstones. */
static void take_layer(const struct ndb_edge_piece *pieces, uint32_t count,
                       struct ndb_hop_edge **out, uint64_t *total)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t living = pieces[i].end - pieces[i].begin;

        if (out == NULL) {
            *total += count_living(&pieces[i]);
            continue;
        }
        copy_marked(&pieces[i], *out);
        if (has_tombstones(&pieces[i]))
            living = keep_living(*out, living);
        *out += living;
        *total += living;
    }
}

/* True when pieces that hold anything are all of one layer. */
static bool is_one_layer(const struct ndb_edge_piece *pieces, uint32_t count)
{
    const struct ndb_edge_piece *first = NULL;

    for (uint32_t i = 0; i < count; i++) {
        if (pieces[i].begin == pieces[i].end)
            continue;
        if (first != NULL && first->layer != pieces[i].layer)
            return false;
        first = &pieces[i];
    }
    return true;
}

int ndb_edge_list_merge(namidb_arena *scratch,
                        const struct ndb_edge_piece *pieces, uint32_t count,
                        struct ndb_hop_edge **out, uint64_t *total)
{
    struct stretch merged;
    uint32_t living;

    if (is_one_layer(pieces, count)) {
        take_layer(pieces, count, out, total);
        return NAMIDB_OK;
    }
    if (merge_layers(scratch, pieces, count, &merged) < 0)
        return NAMIDB_ENOMEM;
    living = keep_living(merged.edges, merged.count);
    if (out != NULL) {
        memcpy(*out, merged.edges, living * sizeof **out);
        *out += living;
    }
    *total += living;
    return NAMIDB_OK;
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
