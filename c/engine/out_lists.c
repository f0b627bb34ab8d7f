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
    lists->id = 0;
    lists->list = NULL;
    lists->known = NDB_MEMTABLE_EDGES_INIT;
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

int ndb_out_lists_ask(struct ndb_out_lists *lists, uint64_t id)
{
    const struct ndb_hop_kind *kind = &lists->kind;
    struct ndb_place_list *list =
        ndb_places_of(&lists->places, NAMIDB_ID_TABLE(id));

    lists->id = id;
    lists->list = list;
    lists->known.count = 0;
    if (list == NULL)
        return ndb_fail_memory(lists->err);
    for (uint32_t i = 0; i < list->packs_begin; i++) {
        if (list->items[i].memtable == NULL) /* a pack above a memtable */
            return NAMIDB_NONE;
        if (ndb_memtable_edges_at(
                list->items[i].memtable, id, kind->type, kind->direction,
                lists->gather.snapshot->version, &lists->known) < 0)
            return ndb_fail_memory(lists->err);
    }
    return NAMIDB_OK;
}

int ndb_out_lists_find(struct ndb_out_lists *lists)
{
    struct ndb_place_list *list = lists->list;
    uint64_t sequence = NAMIDB_ID_SEQUENCE(lists->id);
    int rc = NAMIDB_OK;

    lists->count = 0;
    if (list->folds == NULL && ndb_hop_folds_find(&lists->places, list) < 0)
        return ndb_fail_memory(lists->err);
    for (uint32_t i = list->packs_begin; i < list->count && rc == NAMIDB_OK;
         i++) {
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

int ndb_out_lists_known(const struct ndb_out_lists *lists, uint64_t id,
                        struct ndb_memtable_edge *out)
{
    const struct ndb_place_list *list = lists->list;
    int rc = NAMIDB_NONE;

    for (uint32_t i = 0;
         i < list->packs_begin && rc == NAMIDB_NONE && lists->known.count != 0;
         i++)
        rc = ndb_memtable_edge(list->items[i].memtable, id,
                               lists->gather.snapshot->version, out);
    return rc;
}

void ndb_out_lists_end(struct ndb_out_lists *lists, int rc)
{
    if (rc == NAMIDB_OK)
        ndb_hop_folds_make(&lists->folds, &lists->places, &lists->kind);
    ndb_segment_cache_count_folds(lists->gather.snapshot->view->cache,
                                  lists->folds.hits, lists->folds.misses);
    ndb_memtable_edges_release(&lists->known);
    lists->gather.is_cold = rc != NAMIDB_OK;
    ndb_gather_release(&lists->gather);
}

int ndb_out_list_fail(const char *path, int rc, namidb_error *err)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    return ndb_fail_object(err, rc, path, "a value does not decode");
}
