/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "engine/node_place.h"
#include "engine/read.h"

static int read_image(const struct ndb_gather *gather, uint64_t id,
                      const struct ndb_node_image *image, namidb_arena *arena,
                      namidb_node *out, namidb_error *err)
{
    int rc;

    if (image->group == NULL)
        return ndb_node_row_read(image->bytes, id, arena, out, err);
    rc = ndb_node_group_read(image->group, NAMIDB_ID_TABLE(id), image->row,
                             arena, out);
    if (rc < 0)
        return ndb_gather_fail(gather, image->want, rc, err);
    out->id = id;
    return rc;
}

static int read_planned(struct ndb_gather *gather, const uint64_t *ids,
                        size_t count, const struct ndb_node_place *places,
                        const struct ndb_refs *refs, namidb_arena *arena,
                        namidb_node *out, namidb_error *err)
{
    int rc = ndb_gather_fetch(gather, err);

    for (size_t i = 0; i < count && rc >= 0; i++) {
        struct ndb_node_image image;

        rc = ndb_node_place_find(gather, ids[i], &places[i], refs, &image);
        if (rc == NAMIDB_OK)
            rc = read_image(gather, ids[i], &image, arena, &out[i], err);
        else
            out[i] = (namidb_node){ 0 };
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_read_nodes(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, namidb_arena *arena, namidb_node *out,
                   namidb_error *err)
{
    struct ndb_gather gather;
    struct ndb_refs refs = NDB_REFS_INIT;
    struct ndb_node_place *places = NULL;
    int rc = ndb_gather_init(&gather, snapshot, count);

    if (rc >= 0)
        places = ndb_arena_array(&gather.scratch, count, sizeof *places);
    if (places == NULL)
        rc = NAMIDB_ENOMEM;
    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = ndb_node_place_plan(&gather, ids[i], &places[i], &refs);
    if (rc < 0)
        ndb_fail_memory(err);
    else
        rc = read_planned(&gather, ids, count, places, &refs, arena, out, err);
    ndb_gather_release(&gather);
    return rc;
}
