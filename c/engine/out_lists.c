/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/out_lists.h"

#include "base/error.h"

int ndb_out_lists_begin(struct ndb_out_lists *lists,
                        const struct ndb_snapshot *snapshot, uint32_t type,
                        namidb_error *err)
{
    lists->kind = (struct ndb_hop_kind){ type, NAMIDB_OUT, true };
    lists->folds = NDB_HOP_FOLDS_INIT(false, true);
    lists->count = 0;
    lists->err = err;
    if (ndb_gather_init(&lists->gather, snapshot, NDB_GATHER_WARM) < 0)
        return ndb_fail_memory(err);
    ndb_places_init(&lists->places, &lists->gather, NDB_PART_OUT, type);
    return NAMIDB_OK;
}

static int add(struct ndb_out_lists *lists,
               const struct ndb_edge_segment *segment, const char *path,
               uint32_t owner)
{
    uint32_t begin = ndb_edge_offset(segment, owner);
    uint32_t end = ndb_edge_offset(segment, owner + 1);
    int rc = ndb_edge_lists_need(segment);

    if (rc < 0)
        return ndb_out_list_fail(path, rc, lists->err);
    lists->items[lists->count++] =
        (struct ndb_out_list){ segment, path, begin, begin, end };
    return NAMIDB_OK;
}

static int find_in_pack(struct ndb_out_lists *lists,
                        const struct ndb_place *place, uint64_t sequence)
{
    const struct ndb_segment *segment;
    uint32_t count, index = ndb_part_find(place->part, sequence, &count);
    int64_t owner;

    if (count == 0)
        return NAMIDB_OK;
    segment = ndb_segment_cache_look(place->pack, place->part, index);
    if (segment == NULL)
        return NDB_GATHER_COLD;
    lists->gather.hits++;
    owner = ndb_edge_segment_owner(&segment->as.edge, sequence);
    if (owner < 0)
        return NAMIDB_OK;
    if (count > 1 || lists->count == NDB_OUT_LISTS_MAX)
        return NAMIDB_NONE;
    return add(lists, &segment->as.edge, place->pack->path, (uint32_t)owner);
}

int ndb_out_lists_find(struct ndb_out_lists *lists, uint64_t id)
{
    struct ndb_place_list *list =
        ndb_places_of(&lists->places, NAMIDB_ID_TABLE(id));
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    int rc = NAMIDB_OK;

    lists->count = 0;
    if (list == NULL ||
        (list->folds == NULL && ndb_hop_folds_find(&lists->places, list) < 0))
        return ndb_fail_memory(lists->err);
    if (list->packs_begin != 0)
        return NAMIDB_NONE;
    for (uint32_t i = 0; i < list->count && rc == NAMIDB_OK; i++) {
        const struct ndb_edge_segment *segment;

        if (ndb_hop_folds_look(&lists->folds, list, i, sequence, &segment) ==
            NAMIDB_NONE) {
            rc = find_in_pack(lists, &list->items[i], sequence);
            continue;
        }
        if (segment != NULL && lists->count == NDB_OUT_LISTS_MAX)
            return NAMIDB_NONE;
        /* It has what is behind as well. */
        return segment == NULL ? NAMIDB_OK
                               : add(lists, segment, "a fold",
                                     (uint32_t)(sequence - segment->first));
    }
    return rc;
}

void ndb_out_lists_end(struct ndb_out_lists *lists, int rc)
{
    if (rc == NAMIDB_OK)
        ndb_hop_folds_make(&lists->folds, &lists->places, &lists->kind);
    ndb_segment_cache_count_folds(lists->gather.snapshot->view->cache,
                                  lists->folds.hits, lists->folds.misses);
    lists->gather.is_cold = rc != NAMIDB_OK;
    ndb_gather_release(&lists->gather);
}

int ndb_out_list_fail(const char *path, int rc, namidb_error *err)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    return ndb_fail_object(err, rc, path, "a value does not decode");
}
