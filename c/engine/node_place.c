/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/node_place.h"

#include <string.h>

#include "base/error.h"
#include "format/value.h"

/* Asks layers from number `first` on, until a memtable knows the node. */
static int plan(struct ndb_gather *gather, uint64_t id, uint32_t first,
                struct ndb_node_place *place, struct ndb_refs *refs)
{
    uint64_t version = gather->snapshot->version;

    place->first_ref = refs->count;
    for (uint32_t i = first; i < gather->layer_count && !place->is_known; i++) {
        struct ndb_gather_layer *layer = &gather->layers[i];
        int rc = NAMIDB_OK;

        if (layer->memtable != NULL) {
            rc = ndb_memtable_node(layer->memtable, id, version, &place->row);
            place->is_known = rc == NAMIDB_OK;
        } else if (layer->pack != NULL) {
            rc = ndb_gather_parts(gather, layer, NDB_PART_NODE, 0,
                                  NAMIDB_ID_TABLE(id));
            if (rc >= 0 && layer->part_count != 0)
                rc = ndb_gather_find(gather, layer->pack, layer->one,
                                     NAMIDB_ID_SEQUENCE(id), refs);
        }
        if (rc < 0)
            return rc;
    }
    place->ref_count = refs->count - place->first_ref;
    return NAMIDB_OK;
}

int ndb_node_place_plan(struct ndb_gather *gather, uint64_t id,
                        struct ndb_node_place *place, struct ndb_refs *refs)
{
    place->is_known = false;
    return plan(gather, id, 0, place, refs);
}

/* Asks the memtables on top for all nodes at once. Returns how many layers they
 * are. */
static uint32_t ask_memtables(const struct ndb_gather *gather,
                              const uint64_t *ids, size_t count,
                              struct ndb_memtable_row *rows)
{
    uint32_t at = 0;

    for (; at < gather->layer_count && gather->layers[at].pack == NULL; at++)
        if (gather->layers[at].memtable != NULL)
            ndb_memtable_nodes(gather->layers[at].memtable, ids, count,
                               gather->snapshot->version, rows);
    return at;
}

int ndb_node_places_plan(struct ndb_gather *gather, const uint64_t *ids,
                         size_t count, struct ndb_node_place *places,
                         struct ndb_refs *refs)
{
    enum { BLOCK_ROWS = 128, FEW_ROWS = 4 };
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && count < FEW_ROWS && rc >= 0; i++)
        rc = ndb_node_place_plan(gather, ids[i], &places[i], refs);
    if (count < FEW_ROWS)
        return rc;
    for (size_t begin = 0; begin < count && rc >= 0; begin += BLOCK_ROWS) {
        struct ndb_memtable_row rows[BLOCK_ROWS];
        size_t left = count - begin;
        size_t block = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        uint32_t first;

        memset(rows, 0, block * sizeof *rows);
        first = ask_memtables(gather, ids + begin, block, rows);
        for (size_t i = 0; i < block && rc >= 0; i++) {
            struct ndb_node_place *place = &places[begin + i];

            place->is_known = rows[i].is_known;
            place->row = rows[i].row;
            rc = plan(gather, ids[begin + i], first, place, refs);
        }
    }
    return rc;
}

int ndb_node_place_find(const struct ndb_gather *gather, uint64_t id,
                        const struct ndb_node_place *place,
                        const struct ndb_refs *refs,
                        struct ndb_node_image *image)
{
    for (uint32_t i = 0; i < place->ref_count; i++) {
        const struct ndb_ref *ref = &refs->items[place->first_ref + i];
        const struct ndb_node_group *group =
            &ndb_gather_segment(gather, ref)->as.node;
        int64_t row = ndb_node_group_row(group, NAMIDB_ID_SEQUENCE(id));

        if (row < 0)
            continue;
        if (ndb_bit(group->deleted, (uint32_t)row))
            return NAMIDB_NONE;
        image->group = group;
        image->row = (uint32_t)row;
        image->ref = *ref;
        return NAMIDB_OK;
    }
    if (!place->is_known || place->row.data == NULL)
        return NAMIDB_NONE;
    image->group = NULL;
    image->bytes = place->row;
    return NAMIDB_OK;
}

int ndb_node_image_read(const struct ndb_gather *gather, uint64_t id,
                        const struct ndb_node_image *image, namidb_arena *arena,
                        namidb_node *out, namidb_error *err)
{
    int rc;

    if (image->group == NULL)
        return ndb_node_row_read(image->bytes, id, arena, out, err);
    rc = ndb_node_group_read(image->group, NAMIDB_ID_TABLE(id), image->row,
                             arena, out);
    if (rc < 0)
        return ndb_gather_fail(gather, &image->ref, rc, err);
    out->id = id;
    return rc;
}

/* The row is copied first: strings are views into what is decoded, and the
 * memtable may go before the arena does. */
int ndb_node_row_read(struct ndb_slice row, uint64_t id, namidb_arena *arena,
                      namidb_node *out, namidb_error *err)
{
    void *copy = ndb_arena_copy(arena, row.data, row.bytes);
    int rc = NAMIDB_ENOMEM;

    if (copy != NULL)
        rc = ndb_row_decode(ndb_slice(copy, row.bytes), arena, out);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (rc < 0)
        return ndb_fail(err, rc, "log: a row does not decode");
    out->id = id;
    return NAMIDB_OK;
}
