/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/fold.h"

#include "base/mem.h"
#include "cache/cache_table.h"

/* 24 bytes each: a thousand million nodes. */
enum { BLOCKS_MAX = 1 << 20 };

static _Atomic(struct ndb_fold *) *head_of(const struct ndb_fold_source *newest)
{
    return &newest->pack->folds[newest->part - newest->pack->directory->parts];
}

static bool is_fold_of(const struct ndb_fold *fold, enum ndb_fold_of of,
                       const struct ndb_fold_source *sources, uint32_t count)
{
    if (fold->of != of || fold->pack_count != count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (fold->packs[i] != sources[i].pack->number)
            return false;
    return true;
}

static struct ndb_fold *find_from(struct ndb_fold *fold, enum ndb_fold_of of,
                                  const struct ndb_fold_source *sources,
                                  uint32_t count)
{
    while (fold != NULL && !is_fold_of(fold, of, sources, count))
        fold = fold->next;
    return fold;
}

struct ndb_fold *ndb_fold_find(enum ndb_fold_of of,
                               const struct ndb_fold_source *sources,
                               uint32_t count)
{
    return find_from(atomic_load(head_of(sources)), of, sources, count);
}

/* The sequences that any part has, and all edges. */
static uint64_t measure(const struct ndb_fold_source *sources, uint32_t count,
                        uint64_t *first, uint64_t *last)
{
    uint64_t edges = 0;

    *first = UINT64_MAX;
    *last = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct ndb_part *part = sources[i].part;
        uint64_t low = part->segments[0].first;
        uint64_t high = part->segments[part->segment_count - 1].last;

        *first = low < *first ? low : *first;
        *last = high > *last ? high : *last;
        edges += part->rows;
    }
    return edges;
}

/* What a pack has by id of the edges of the part's type; NULL: nothing, or it
 * has tombstones, which are not among them. */
static const struct ndb_part *edge_ids(const struct ndb_fold_source *source)
{
    if (source->part->tombstones != 0)
        return NULL;
    return ndb_directory_find(source->pack->directory, NDB_PART_EDGE_ID,
                              source->part->type, 0);
}

/* A number is handed out once: a pack has one of older packs only if the edge
 * was changed. */
static void compare_edges(struct ndb_fold *fold,
                          const struct ndb_fold_source *sources)
{
    uint64_t newer = UINT64_MAX; /* the least of the newer packs */

    fold->is_apart = true;
    fold->edges_end = 0;
    for (uint32_t i = 0; i < fold->pack_count; i++) {
        const struct ndb_part *ids = edge_ids(&sources[i]);
        uint64_t last;

        if (ids == NULL) {
            fold->is_apart = false;
            fold->edges_end = UINT64_MAX;
            return;
        }
        last = ids->segments[ids->segment_count - 1].last;
        fold->is_apart = fold->is_apart && last < newer;
        newer = ids->segments[0].first;
        if (fold->edges_end <= last)
            fold->edges_end = last + 1;
    }
}

/* A fold that nobody else knows of yet. */
static struct ndb_fold *new_fold(struct ndb_segment_cache *cache,
                                 enum ndb_fold_of of,
                                 const struct ndb_fold_source *sources,
                                 uint32_t count)
{
    uint64_t first, last, edges = measure(sources, count, &first, &last);
    uint64_t blocks = last / NDB_FOLD_OWNERS - first / NDB_FOLD_OWNERS + 1;
    struct ndb_fold *fold;

    if (first > last || blocks > BLOCKS_MAX || blocks > edges)
        return NULL;
    fold = ndb_calloc(1, sizeof *fold + blocks * sizeof fold->blocks[0] +
                             count * sizeof *fold->packs);
    if (fold == NULL)
        return NULL;
    fold->of = of;
    fold->number = ndb_segment_cache_pack_number(cache);
    fold->first_block = first / NDB_FOLD_OWNERS;
    fold->block_count = (uint32_t)blocks;
    fold->pack_count = count;
    fold->packs = (uint64_t *)(void *)&fold->blocks[blocks];
    for (uint32_t i = 0; i < count; i++)
        fold->packs[i] = sources[i].pack->number;
    compare_edges(fold, sources);
    return fold;
}

struct ndb_fold *ndb_fold_make(struct ndb_segment_cache *cache,
                               enum ndb_fold_of of,
                               const struct ndb_fold_source *sources,
                               uint32_t count)
{
    _Atomic(struct ndb_fold *) *head = head_of(sources);
    struct ndb_fold *first = atomic_load(head);
    struct ndb_fold *fold = find_from(first, of, sources, count), *found = fold;

    if (found == NULL)
        fold = new_fold(cache, of, sources, count);
    while (found == NULL && fold != NULL) {
        fold->next = first;
        if (atomic_compare_exchange_strong(head, &first, fold))
            return fold;
        found = find_from(first, of, sources, count);
    }
    if (found != fold)
        ndb_free(fold);
    return found;
}

/* Takes out a block that has less than the new one. True: there is room for
 * that. Under lock. */
static bool make_way(struct ndb_segment_cache *cache,
                     const struct ndb_fold *fold, uint32_t number,
                     const struct ndb_segment *segment)
{
    struct ndb_cache_entry *old = ndb_cache_find(cache, fold->number, number);

    if (old == NULL)
        return true;
    if (fold->of != NDB_FOLD_LISTS ||
        ndb_fold_has_columns(&old->segment->as.edge) ||
        !ndb_fold_has_columns(&segment->as.edge))
        return false;
    ndb_cache_take_out(cache, old);
    return true;
}

void ndb_fold_put(struct ndb_segment_cache *cache, struct ndb_fold *fold,
                  struct ndb_fold_block *block, struct ndb_segment *segment)
{
    uint32_t number = (uint32_t)(block - fold->blocks);
    struct ndb_cache_entry *entry = NULL;

    (void)pthread_mutex_lock(&cache->lock);
    if (segment->bytes <= cache->bytes_max / 4 &&
        make_way(cache, fold, number, segment))
        entry = ndb_cache_add(cache, fold->number, number);
    if (entry != NULL) {
        entry->is_fold = true;
        entry->segment = segment;
        ndb_cache_enter(cache, entry);
        ndb_cache_show(entry, &block->slot);
        ndb_cache_unpin(entry);
        ndb_cache_evict(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    if (entry == NULL)
        ndb_segment_free(segment);
}

/* -------------------------------------------------------------- relieving --
 */

/* What a block shows; NULL: nothing, or less than is wanted. Under lock. */
static const struct ndb_segment *shown(const struct ndb_fold_block *block,
                                       bool with_columns)
{
    const struct ndb_segment *segment = atomic_load(&block->slot.segment);

    return segment == NULL ||
                   (with_columns && !ndb_fold_has_columns(&segment->as.edge))
               ? NULL
               : segment;
}

/* Whether a fold has all that a segment has. Who walks comes by its last block
 * last. Under lock. */
static bool is_covered(const struct ndb_fold *fold,
                       const struct ndb_segment_entry *place,
                       const struct ndb_segment *segment)
{
    uint64_t first = place->first / NDB_FOLD_OWNERS - fold->first_block;
    uint64_t end = place->last / NDB_FOLD_OWNERS - fold->first_block + 1;

    while (end > first && shown(&fold->blocks[end - 1],
                                segment->as.edge.columns.count != 0) != NULL)
        end--;
    return end == first;
}

/* Of one pack, the segments that owners of a block are in. Under lock. */
static void drop_covered(struct ndb_segment_cache *cache,
                         const struct ndb_fold *fold, uint64_t first,
                         const struct ndb_fold_source *source)
{
    const struct ndb_part *part = source->part;
    uint32_t count, i = ndb_part_find(part, first, &count);

    for (; i < part->segment_count &&
           part->segments[i].first < first + NDB_FOLD_OWNERS;
         i++) {
        uint32_t number = part->first_segment + i;
        struct ndb_cache_entry *entry =
            ndb_cache_find(cache, source->pack->number, number);

        if (entry == NULL || entry->state != NDB_CACHE_READY ||
            atomic_load(&entry->pins) != 0 ||
            !is_covered(fold, &part->segments[i], entry->segment))
            continue;
        ndb_cache_take_out(cache, entry);
        atomic_store(&source->pack->slots[number].is_folded, true);
    }
}

/* The block of the same nodes in a fold of the older packs. Under lock. */
static void drop_older(struct ndb_segment_cache *cache,
                       const struct ndb_fold *older, uint64_t block_number,
                       bool has_columns)
{
    uint64_t number = block_number - older->first_block;
    struct ndb_cache_entry *entry = NULL;

    if (number < older->block_count)
        entry = ndb_cache_find(cache, older->number, (uint32_t)number);
    if (entry != NULL &&
        (has_columns || !ndb_fold_has_columns(&entry->segment->as.edge)))
        ndb_cache_take_out(cache, entry);
}

void ndb_fold_relieve(struct ndb_segment_cache *cache,
                      const struct ndb_fold *fold,
                      const struct ndb_fold_block *block,
                      const struct ndb_fold_source *sources)
{
    uint64_t number = fold->first_block + (uint64_t)(block - fold->blocks);
    bool has_columns;

    if (cache->store->is_far && ndb_fold_has_room(cache))
        return;
    (void)pthread_mutex_lock(&cache->lock);
    has_columns = shown(block, true) != NULL;
    for (uint32_t i = 0; i < fold->pack_count && shown(block, false) != NULL;
         i++) {
        const struct ndb_fold *older = NULL;

        drop_covered(cache, fold, number * NDB_FOLD_OWNERS, &sources[i]);
        if (i != 0)
            older = ndb_fold_find(NDB_FOLD_LISTS, &sources[i],
                                  fold->pack_count - i);
        if (older != NULL)
            drop_older(cache, older, number, has_columns);
    }
    ndb_cache_settle(cache);
    (void)pthread_mutex_unlock(&cache->lock);
}

bool ndb_fold_has_room(const struct ndb_segment_cache *cache)
{
    return atomic_load_explicit(&cache->bytes, memory_order_relaxed) <
           (int64_t)(cache->bytes_max / 2);
}

void ndb_folds_free(struct ndb_segment_cache *cache,
                    const struct ndb_cache_pack *pack)
{
    for (uint32_t i = 0; i < pack->directory->part_count; i++) {
        struct ndb_fold *fold = atomic_load(&pack->folds[i]);

        while (fold != NULL) {
            struct ndb_fold *next = fold->next;

            ndb_segment_cache_forget(cache, fold->number);
            ndb_free(fold);
            fold = next;
        }
    }
}
