/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/node_place.h"

#include "base/error.h"
#include "format/value.h"

int ndb_node_place_plan(struct ndb_gather *gather, uint64_t id,
                        struct ndb_node_place *place, struct ndb_refs *refs)
{
    uint64_t version = gather->snapshot->version;

    place->first_ref = refs->count;
    place->ref_count = 0;
    place->is_known = false;
    for (uint32_t i = 0; i < gather->layer_count && !place->is_known; i++) {
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
