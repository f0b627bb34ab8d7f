/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/gather.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "sys/clock.h"

/* Up to here the list of wants is searched from its end, above it by hash. */
enum { FEW_WANTS = 16 };

int ndb_gather_init(struct ndb_gather *gather,
                    const struct ndb_snapshot *snapshot,
                    enum ndb_gather_mode mode)
{
    const struct ndb_view *view = snapshot->view;

    gather->snapshot = snapshot;
    gather->wants = NULL;
    gather->count = gather->capacity = gather->fetched = 0;
    gather->slots = NULL;
    gather->slot_count = 0;
    gather->layer_count = 0;
    gather->parts = NULL;
    gather->is_cold = false;
    gather->hits = 0;
    gather->is_warm = mode == NDB_GATHER_WARM;
    if (gather->is_warm)
        gather->section = ndb_segment_cache_enter(view->cache);
    gather->scratch = NDB_ARENA_INIT;
    gather->scratch.at = (uint8_t *)gather->inside;
    gather->scratch.end = (uint8_t *)gather->inside + sizeof gather->inside;
    gather->layers = ndb_arena_array(&gather->scratch, view->layer_count,
                                     sizeof *gather->layers);
    if (gather->layers == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < view->layer_count; i++) {
        struct ndb_memtable *memtable = view->layers[i].memtable;
        struct ndb_gather_layer *layer = &gather->layers[i];

        if (memtable != NULL && ndb_memtable_is_empty(memtable))
            memtable = NULL;
        layer->memtable = memtable;
        layer->pack = view->layers[i].pack;
        layer->kind = 0;
    }
    gather->layer_count = view->layer_count;
    return NAMIDB_OK;
}

void ndb_gather_release(struct ndb_gather *gather)
{
    if (gather->fetched > 0)
        ndb_segment_cache_unpin(gather->snapshot->view->cache, gather->wants,
                                gather->fetched);
    gather->fetched = 0;
    if (gather->is_warm)
        ndb_segment_cache_leave(gather->snapshot->view->cache, gather->section,
                                gather->is_cold ? 0 : gather->hits);
    gather->is_warm = false;
    if (gather->scratch.blocks != NULL)
        ndb_arena_release(&gather->scratch);
}

/* Lists the parts of all types with that table. */
static int all_types(struct ndb_gather *gather, struct ndb_gather_layer *layer,
                     uint32_t table)
{
    uint32_t all, count = 0;
    const struct ndb_part *first =
        ndb_directory_kind(ndb_pack_directory(layer->pack), layer->kind, &all);
    const struct ndb_part **parts =
        ndb_arena_array(&gather->scratch, all, sizeof(void *));

    if (parts == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < all; i++)
        if (first[i].table == table)
            parts[count++] = &first[i];
    layer->parts = parts;
    layer->part_count = count;
    return NAMIDB_OK;
}

/* All layers' parts of a kind, type and table. NULL: no memory. */
static const struct ndb_view_parts *parts_of(struct ndb_gather *gather,
                                             enum ndb_part_kind kind,
                                             uint32_t type, uint32_t table)
{
    const struct ndb_view_parts *parts = gather->parts;

    if (parts == NULL || parts->kind != kind || parts->type != type ||
        parts->table != table)
        parts = ndb_view_parts(gather->snapshot->view, kind, type, table);
    gather->parts = parts;
    return parts;
}

int ndb_gather_parts(struct ndb_gather *gather, struct ndb_gather_layer *layer,
                     enum ndb_part_kind kind, uint32_t type, uint32_t table)
{
    bool is_edges = kind == NDB_PART_OUT || kind == NDB_PART_IN;
    const struct ndb_view_parts *parts;

    if (layer->kind == kind && layer->type == type && layer->table == table)
        return NAMIDB_OK;
    layer->type = type;
    layer->table = table;
    if (is_edges && type == NAMIDB_ANY) {
        layer->kind = kind;
        return all_types(gather, layer, table);
    }
    layer->kind = 0; /* until they are found */
    parts = parts_of(gather, kind, type, table);
    if (parts == NULL)
        return NAMIDB_ENOMEM;
    layer->kind = kind;
    layer->one = parts->items[layer - gather->layers];
    layer->parts = &layer->one;
    layer->part_count = layer->one != NULL;
    return NAMIDB_OK;
}

/* Doubles an array that lives in scratch. */
static void *grow(struct ndb_gather *gather, const void *items,
                  uint32_t *capacity, size_t size)
{
    uint32_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *grown = ndb_arena_array(&gather->scratch, wanted, size);

    if (grown != NULL && *capacity != 0)
        memcpy(grown, items, *capacity * size);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}

static bool is_wanted(const struct ndb_segment_want *want,
                      const struct ndb_part *part, uint32_t index)
{
    return want->part == part && want->index == index;
}

/* The slot of a want, or the empty one where it belongs. A part's address
 * tells its pack as well. */
static uint32_t *find_slot(const struct ndb_gather *gather,
                           const struct ndb_part *part, uint32_t index)
{
    uint32_t mask = gather->slot_count - 1;
    uint64_t hash = ndb_hash_integer((uintptr_t)part + (uint64_t)index * 8191);

    for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &gather->slots[at];

        if (*slot == 0 || is_wanted(&gather->wants[*slot - 1], part, index))
            return slot;
    }
}

/* Twice as many slots as wants can be before the next growth. */
static int rehash(struct ndb_gather *gather)
{
    uint32_t slot_count = gather->capacity * 4;

    gather->slots =
        ndb_arena_array(&gather->scratch, slot_count, sizeof *gather->slots);
    if (gather->slots == NULL)
        return NAMIDB_ENOMEM;
    memset(gather->slots, 0, slot_count * sizeof *gather->slots);
    gather->slot_count = slot_count;
    for (uint32_t i = 0; i < gather->count; i++)
        *find_slot(gather, gather->wants[i].part, gather->wants[i].index) =
            i + 1;
    return NAMIDB_OK;
}

/* The number of a want that is there, or NONE. */
static int find_want(const struct ndb_gather *gather,
                     const struct ndb_part *part, uint32_t index,
                     uint32_t *want)
{
    if (gather->slots != NULL) {
        *want = *find_slot(gather, part, index) - 1;
        return *want != UINT32_MAX ? NAMIDB_OK : NAMIDB_NONE;
    }
    for (uint32_t i = gather->count; i > 0; i--) {
        if (is_wanted(&gather->wants[i - 1], part, index)) {
            *want = i - 1;
            return NAMIDB_OK;
        }
    }
    return NAMIDB_NONE;
}

static int add_want(struct ndb_gather *gather, struct ndb_pack *pack,
                    const struct ndb_part *part, uint32_t index, uint32_t *want)
{
    if (gather->count == gather->capacity) {
        struct ndb_segment_want *wants =
            grow(gather, gather->wants, &gather->capacity, sizeof *wants);

        if (wants == NULL)
            return NAMIDB_ENOMEM;
        gather->wants = wants;
        if (gather->capacity > FEW_WANTS && rehash(gather) < 0)
            return NAMIDB_ENOMEM;
    }
    if (gather->slots != NULL)
        *find_slot(gather, part, index) = gather->count + 1;
    *want = gather->count;
    gather->wants[gather->count++] = (struct ndb_segment_want){
        .pack = ndb_pack_cached(pack),
        .part = part,
        .index = index,
    };
    return NAMIDB_OK;
}

int ndb_gather_add(struct ndb_gather *gather, struct ndb_pack *pack,
                   const struct ndb_part *part, uint32_t index,
                   struct ndb_refs *refs)
{
    struct ndb_ref ref = { NULL, 0 };

    if (gather->is_warm) {
        ref.segment =
            ndb_segment_cache_look(ndb_pack_cached(pack), part, index);
        gather->is_cold |= ref.segment == NULL;
        gather->hits++;
    } else if (find_want(gather, part, index, &ref.want) != NAMIDB_OK &&
               add_want(gather, pack, part, index, &ref.want) < 0) {
        return NAMIDB_ENOMEM;
    }
    if (refs->count == refs->capacity) {
        struct ndb_ref *items =
            grow(gather, refs->items, &refs->capacity, sizeof *refs->items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        refs->items = items;
    }
    refs->items[refs->count++] = ref;
    return NAMIDB_OK;
}

int ndb_gather_find(struct ndb_gather *gather, struct ndb_pack *pack,
                    const struct ndb_part *part, uint64_t key,
                    struct ndb_refs *refs)
{
    uint32_t count;
    uint32_t first = ndb_part_find(part, key, &count);

    for (uint32_t i = 0; i < count; i++)
        if (ndb_gather_add(gather, pack, part, first + i, refs) < 0)
            return NAMIDB_ENOMEM;
    return NAMIDB_OK;
}

int ndb_gather_fetch(struct ndb_gather *gather, namidb_error *err)
{
    const struct ndb_snapshot *snapshot = gather->snapshot;
    int rc;

    if (gather->is_warm)
        return gather->is_cold ? NDB_GATHER_COLD : NAMIDB_OK;
    if (gather->count == gather->fetched)
        return NAMIDB_OK;
    rc = ndb_segment_cache_get(snapshot->view->cache,
                               gather->wants + gather->fetched,
                               gather->count - gather->fetched,
                               ndb_deadline_after(snapshot->timeout_ms), err);
    if (rc >= 0)
        gather->fetched = gather->count;
    return rc;
}

int ndb_gather_fail(const struct ndb_gather *gather, const struct ndb_ref *ref,
                    int rc, namidb_error *err)
{
    const struct ndb_segment_want *want;

    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (gather->is_warm)
        return NDB_GATHER_COLD;
    want = &gather->wants[ref->want];
    return ndb_fail_object(err, rc, want->pack->path,
                           "segment %u holds a value that does not decode",
                           want->part->first_segment + want->index);
}
