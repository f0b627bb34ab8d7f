/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/hop_fold.h"

#include <assert.h>

#include "engine/hop_spans.h"

/* --------------------------------------------------------------- finding --
 */

/* Those over older packs alone are wanted only where the one over all packs has
 * no block: each is looked for when the one before it was of no use. */
static struct ndb_fold *fold_at(struct ndb_place_list *list, uint32_t index)
{
    assert(index <= list->folds_end);
    if (index == list->folds_end) {
        list->folds[index] = ndb_fold_find(
            NDB_FOLD_LISTS, &list->sources[index - list->packs_begin],
            list->count - index);
        list->folds_end++;
    }
    return list->folds[index];
}

int ndb_hop_folds_find(struct ndb_places *places, struct ndb_place_list *list)
{
    struct ndb_gather *gather = places->gather;
    uint32_t first = list->packs_begin; /* of those that are folded */

    list->sources = ndb_places_sources(places, list);
    list->folds =
        ndb_arena_array(&gather->scratch, list->count, sizeof *list->folds);
    if (list->sources == NULL || list->folds == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < first; i++)
        list->folds[i] = NULL;
    list->folds_end = first;
    if (list->count > first + 1) {
        list->folds[first] =
            ndb_fold_make(gather->snapshot->view->cache, NDB_FOLD_LISTS,
                          list->sources, list->count - first);
        list->folds_end = first + 1;
    }
    return NAMIDB_OK;
}

/* Counts that a block was wanted in vain. */
static void ask(struct ndb_hop_folds *folds, const struct ndb_place_list *list,
                struct ndb_fold_block *block)
{
    unsigned asked;

    if (folds->is_again)
        return;
    folds->misses++;
    if (folds->is_making || block == folds->last ||
        (folds->with_columns &&
         atomic_load_explicit(&block->is_bare, memory_order_relaxed)))
        return;
    folds->last = block;
    asked =
        atomic_fetch_add_explicit(&block->asked, 1, memory_order_relaxed) + 1;
    if (asked < NDB_FOLD_AFTER || folds->due != NULL)
        return;
    folds->due = list->folds[list->packs_begin];
    folds->due_block = block;
    folds->due_table = list->table;
}

int ndb_hop_folds_look(struct ndb_hop_folds *folds, struct ndb_place_list *list,
                       uint32_t index, uint64_t sequence,
                       const struct ndb_edge_segment **out)
{
    struct ndb_fold *fold = fold_at(list, index);
    const struct ndb_segment *segment;
    struct ndb_fold_block *block;

    *out = NULL;
    if (fold == NULL)
        return NAMIDB_NONE;
    block = ndb_fold_block_of(fold, sequence);
    if (block == NULL)
        return NAMIDB_OK;
    segment = ndb_cache_slot_look(&block->slot);
    if (segment != NULL &&
        (!folds->with_columns || ndb_fold_has_columns(&segment->as.edge))) {
        folds->hits++;
        *out = &segment->as.edge;
        return NAMIDB_OK;
    }
    if (index == list->packs_begin)
        ask(folds, list, block);
    return NAMIDB_NONE;
}

/* ---------------------------------------------------------------- making -- */

/* Lays out the edges of a block; what they are in `hops` is used up. False: no
 * memory. */
static bool lay_out(const struct ndb_hops *hops, struct ndb_segment *segment)
{
    namidb_arena *arena = &segment->arena;
    struct ndb_edge_segment *out = &segment->as.edge;
    struct ndb_edge_lists *lists = ndb_arena_alloc(arena, sizeof *lists);
    uint32_t count = hops->offsets[NDB_FOLD_OWNERS];
    uint64_t offsets[NDB_FOLD_OWNERS + 1];

    for (uint32_t i = 0; i <= NDB_FOLD_OWNERS; i++)
        offsets[i] = hops->offsets[i];
    for (uint32_t i = 0; i < count; i++)
        hops->edges[i] = NAMIDB_ID_SEQUENCE(hops->edges[i]);
    out->owner_count = NDB_FOLD_OWNERS;
    out->edge_count = count;
    out->is_dense = true;
    if (lists == NULL ||
        !ndb_pack(arena, offsets, NDB_FOLD_OWNERS + 1, &out->offsets) ||
        !ndb_pack(arena, hops->neighbours, count, &lists->neighbours) ||
        !ndb_pack(arena, hops->edges, count, &lists->sequences))
        return false;
    atomic_init(&segment->lists.packed, lists);
    return true;
}

/* Most of what a block has is a few arrays with memory of their own size. */
enum { FIRST_BLOCK_BYTES = 512 };

/* NULL: no memory, or columns are wanted and it has some that cannot be made.
 */
static struct ndb_segment *new_segment(const struct ndb_hop_folds *used,
                                       const struct ndb_hops *hops,
                                       struct ndb_fold_block *block,
                                       enum ndb_part_kind kind, uint64_t first)
{
    struct ndb_segment *segment = ndb_segment_new(kind);
    int rc = NAMIDB_OK;

    if (segment == NULL)
        return NULL;
    segment->arena.block_bytes = FIRST_BLOCK_BYTES;
    segment->as.edge.first = first;
    segment->as.edge.lists = &segment->lists;
    if (!lay_out(hops, segment))
        rc = NAMIDB_ENOMEM;
    if (rc == NAMIDB_OK && used->with_columns)
        rc = ndb_columns_gather(used->rows, segment->as.edge.edge_count,
                                &segment->arena, &segment->as.edge.columns);
    if (rc != NAMIDB_OK) {
        atomic_store(&block->is_bare, rc == NAMIDB_NONE);
        ndb_segment_free(segment);
        return NULL;
    }
    segment->bytes = sizeof *segment + segment->arena.bytes;
    return segment;
}

/* Makes a block for hops that use `folds`. */
static void make(const struct ndb_hop_folds *folds, struct ndb_places *places,
                 const struct ndb_hop_kind *kind, struct ndb_fold *fold,
                 struct ndb_fold_block *block, uint32_t table)
{
    struct ndb_hop_folds used = NDB_HOP_FOLDS_INIT(true, folds->with_columns);
    struct ndb_hop_kind all = { kind->type, kind->direction, true };
    struct ndb_segment_cache *cache = places->gather->snapshot->view->cache;
    struct ndb_segment *segment = NULL;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_hops hops;
    uint64_t ids[NDB_FOLD_OWNERS], first;

    /* Of those who find it due, one makes it. */
    if (atomic_exchange(&block->asked, 0) < NDB_FOLD_AFTER)
        return;
    first = (fold->first_block + (uint64_t)(block - fold->blocks)) *
            NDB_FOLD_OWNERS;
    for (uint32_t i = 0; i < NDB_FOLD_OWNERS; i++)
        ids[i] = NAMIDB_ID(first + i, table);
    if (ndb_hop_spans_take(places, &used, ids, NDB_FOLD_OWNERS, &all, &arena,
                           &hops, NULL) == NAMIDB_OK)
        segment = new_segment(&used, &hops, block, places->kind, first);
    if (segment != NULL) {
        /* It is there: the hops were found in it. */
        const struct ndb_place_list *list = ndb_places_of(places, table);

        ndb_fold_put(cache, fold, block, segment);
        ndb_fold_relieve(cache, fold, block, list->sources);
    }
    ndb_arena_release(&arena);
}

void ndb_hop_folds_make(struct ndb_hop_folds *folds, struct ndb_places *places,
                        const struct ndb_hop_kind *kind)
{
    if (folds->due != NULL)
        make(folds, places, kind, folds->due, folds->due_block,
             folds->due_table);
}

void ndb_hop_folds_walk(struct ndb_hop_folds *folds, struct ndb_places *places,
                        const struct ndb_hop_kind *kind,
                        struct ndb_place_list *list, uint64_t id)
{
    const struct ndb_segment_cache *cache =
        places->gather->snapshot->view->cache;
    struct ndb_fold *fold = NULL;
    struct ndb_fold_block *block = NULL;
    unsigned asked;

    if (list->packs_begin < list->count)
        fold = fold_at(list, list->packs_begin);
    if (fold != NULL)
        block = ndb_fold_block_of(fold, NAMIDB_ID_SEQUENCE(id));
    if (folds->is_again || block == NULL ||
        ndb_cache_slot_look(&block->slot) != NULL || !ndb_fold_has_room(cache))
        return;
    asked = atomic_fetch_add_explicit(&block->asked, NDB_FOLD_AFTER / 2,
                                      memory_order_relaxed);
    if (asked + NDB_FOLD_AFTER / 2 >= NDB_FOLD_AFTER)
        make(folds, places, kind, fold, block, list->table);
}
