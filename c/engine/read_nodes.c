/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "engine/node_place.h"
#include "engine/prefetch.h"
#include "engine/read.h"

/* A block of at most NDB_PREFETCH_ROWS nodes: all are found before any is read.
 */
static int read_block(const struct ndb_gather *gather, const uint64_t *ids,
                      size_t count, const struct ndb_node_place *places,
                      const struct ndb_refs *refs, namidb_arena *arena,
                      namidb_node *out, namidb_error *err)
{
    struct ndb_node_image images[NDB_PREFETCH_ROWS];
    bool is_there[NDB_PREFETCH_ROWS];
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count; i++) {
        is_there[i] = ndb_node_place_find(gather, ids[i], &places[i], refs,
                                          &images[i]) == NAMIDB_OK;
        if (is_there[i] && images[i].group != NULL)
            ndb_prefetch_row(images[i].group, images[i].row);
    }
    for (size_t i = 0; i < count; i++)
        if (is_there[i] && images[i].group != NULL)
            ndb_prefetch_row_bytes(images[i].group, images[i].row);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (is_there[i])
            rc = ndb_node_image_read(gather, ids[i], &images[i], arena, &out[i],
                                     err);
        else
            out[i] = (namidb_node){ 0 };
    }
    return rc;
}

static int read_planned(struct ndb_gather *gather, const uint64_t *ids,
                        size_t count, const struct ndb_node_place *places,
                        const struct ndb_refs *refs, namidb_arena *arena,
                        namidb_node *out, namidb_error *err)
{
    int rc = ndb_gather_fetch(gather, err);

    for (size_t i = 0; i < count && rc >= 0; i += NDB_PREFETCH_ROWS) {
        size_t left = count - i;

        rc = read_block(gather, ids + i,
                        left < NDB_PREFETCH_ROWS ? left : NDB_PREFETCH_ROWS,
                        places + i, refs, arena, out + i, err);
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

/* Where each node is, as far as memtables and directories say. */
static int plan(struct ndb_gather *gather, const uint64_t *ids, size_t count,
                struct ndb_node_place **places, struct ndb_refs *refs)
{
    *places = ndb_arena_array(&gather->scratch, count, sizeof **places);
    if (*places == NULL)
        return NAMIDB_ENOMEM;
    return ndb_node_places_plan(gather, ids, count, *places, refs);
}

static int read_nodes(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                      size_t count, enum ndb_gather_mode mode,
                      namidb_arena *arena, namidb_node *out, namidb_error *err)
{
    struct ndb_gather gather;
    struct ndb_refs refs = NDB_REFS_INIT;
    struct ndb_node_place *places = NULL;
    int rc = ndb_gather_init(&gather, snapshot, mode);

    if (rc >= 0)
        rc = plan(&gather, ids, count, &places, &refs);
    if (rc < 0)
        (void)ndb_fail_memory(err);
    else
        rc = read_planned(&gather, ids, count, places, &refs, arena, out, err);
    ndb_gather_release(&gather);
    return rc;
}

int ndb_read_nodes(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, namidb_arena *arena, namidb_node *out,
                   namidb_error *err)
{
    int rc = read_nodes(snapshot, ids, count, NDB_GATHER_WARM, arena, out, err);

    return rc != NDB_GATHER_COLD
               ? rc
               : read_nodes(snapshot, ids, count, NDB_GATHER_PINNED, arena, out,
                            err);
}

static int read_alive(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                      size_t count, enum ndb_gather_mode mode, bool *is_alive,
                      bool *is_packed, namidb_error *err)
{
    struct ndb_gather gather;
    struct ndb_refs refs = NDB_REFS_INIT;
    struct ndb_node_place *places = NULL;
    struct ndb_node_image image;
    int rc = ndb_gather_init(&gather, snapshot, mode);

    if (rc >= 0)
        rc = plan(&gather, ids, count, &places, &refs);
    if (rc < 0)
        (void)ndb_fail_memory(err);
    else
        rc = ndb_gather_fetch(&gather, err);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        is_alive[i] = ndb_node_place_find(&gather, ids[i], &places[i], &refs,
                                          &image) == NAMIDB_OK;
        if (is_packed != NULL)
            is_packed[i] = is_alive[i] && image.group != NULL;
    }
    ndb_gather_release(&gather);
    return rc < 0 ? rc : NAMIDB_OK;
}

int ndb_read_alive(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, bool *is_alive, bool *is_packed,
                   namidb_error *err)
{
    int rc = read_alive(snapshot, ids, count, NDB_GATHER_WARM, is_alive,
                        is_packed, err);

    return rc != NDB_GATHER_COLD
               ? rc
               : read_alive(snapshot, ids, count, NDB_GATHER_PINNED, is_alive,
                            is_packed, err);
}
