/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/places.h"

static bool has_any(const struct ndb_places *places, uint32_t table,
                    struct ndb_memtable *memtable)
{
    uint64_t version = places->gather->snapshot->version;

    return places->kind == NDB_PART_NODE
               ? ndb_memtable_has(memtable, table, false, version)
               : ndb_memtable_has(memtable, places->type, true, version);
}

/* NAMIDB_OK or NAMIDB_ENOMEM. */
static int fill(const struct ndb_places *places, struct ndb_place_list *list)
{
    const struct ndb_gather *gather = places->gather;
    const struct ndb_view_parts *parts = ndb_view_parts(
        gather->snapshot->view, places->kind, places->type, list->table);

    uint32_t before = 0;

    list->count = list->packs_begin = 0;
    if (parts == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < gather->layer_count; i++) {
        const struct ndb_gather_layer *layer = &gather->layers[i];
        struct ndb_place place = { .memtable = layer->memtable, .layer = i };

        if (layer->memtable != NULL) {
            if (!has_any(places, list->table, layer->memtable))
                continue;
            list->packs_begin = list->count + 1;
            place.span = UINT64_MAX;
        } else {
            place.part = parts->items[i];
            if (place.part == NULL)
                continue;
            place.pack = ndb_pack_cached(layer->pack);
            place.first = place.part->first;
            place.span = place.part->last - place.part->first;
            place.before = before;
            before += place.part->segment_count;
        }
        list->items[list->count++] = place;
    }
    return NAMIDB_OK;
}

struct ndb_place_list *ndb_places_find(struct ndb_places *places,
                                       uint32_t table)
{
    struct ndb_place_list *list;

    for (uint32_t i = 0; i < places->list_count; i++) {
        if (places->lists[i].table == table) {
            places->last = &places->lists[i];
            return places->last;
        }
    }
    if (places->list_count < NDB_PLACE_LISTS) {
        list = &places->lists[places->list_count];
        list->items =
            ndb_arena_array(&places->gather->scratch,
                            places->gather->layer_count, sizeof *list->items);
        if (list->items == NULL)
            return NULL;
        places->list_count++;
    } else {
        list = &places->lists[places->next++ % NDB_PLACE_LISTS];
    }
    list->table = table;
    list->folds = NULL;
    list->has_numbers = false;
    /* Without parts it is of no table. */
    if (fill(places, list) < 0)
        list->table = NAMIDB_TABLE_MAX + 1;
    places->last = list;
    return list->table == table ? list : NULL;
}

struct ndb_fold_source *ndb_places_sources(const struct ndb_places *places,
                                           const struct ndb_place_list *list)
{
    uint32_t first = list->packs_begin;
    struct ndb_fold_source *sources = ndb_arena_array(
        &places->gather->scratch, list->count - first, sizeof *sources);

    for (uint32_t i = first; i < list->count && sources != NULL; i++)
        sources[i - first] = (struct ndb_fold_source){ list->items[i].pack,
                                                       list->items[i].part };
    return sources;
}
