/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is taken in runs of nodes of one block. Where the directories prove
 * that no edge is in two packs and none is deleted (fold->is_apart), a block is
 * made by walking the owners of each pack once; else by merging the lists of
 * its nodes, which need it only once.
 */
#include "engine/degrees.h"

#include <string.h>

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/hop_spans.h"

struct tally {
    struct ndb_hop_read read;
    enum ndb_fold_of of;
    const uint64_t *ids;
    uint64_t *counts;
    struct ndb_memtable_edges known; /* to a memtable, of one node */
    size_t may_make;                 /* blocks, so that no batch waits long */
    /* Nodes that are counted by merging: indexes into ids. */
    uint32_t *rest;
    uint32_t rest_count;
};

/* ---------------------------------------------------------------- making -- */

/* A block that is made. */
struct block {
    uint64_t first; /* sequence of its first node */
    uint32_t table;
    uint64_t numbers[NDB_FOLD_OWNERS];
};

/* How many edges of a list, which is by neighbour, lead to a node. */
static uint32_t count_to(const struct ndb_edge_segment *segment, uint32_t begin,
                         uint32_t end, uint64_t id)
{
    uint32_t low = begin, high = end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ndb_edge_neighbour(segment, middle) < id)
            low = middle + 1;
        else
            high = middle;
    }
    while (high < end && ndb_edge_neighbour(segment, high) == id)
        high++;
    return high - low;
}

/* Adds what a segment has of the nodes of a block. */
static void walk_segment(const struct ndb_edge_segment *segment,
                         enum ndb_fold_of of, struct block *block)
{
    uint32_t owner = ndb_edge_segment_from(segment, block->first);
    uint32_t begin, end;
    uint64_t sequence;

    if (owner == segment->owner_count)
        return;
    begin = ndb_edge_offset(segment, owner);
    sequence = ndb_edge_owner(segment, owner);
    while (sequence - block->first < NDB_FOLD_OWNERS) {
        end = ndb_edge_offset(segment, owner + 1);
        block->numbers[sequence - block->first] +=
            of == NDB_FOLD_DEGREES
                ? end - begin
                : count_to(segment, begin, end,
                           NAMIDB_ID(sequence, block->table));
        if (++owner == segment->owner_count)
            return;
        begin = end;
        sequence = ndb_edge_owner_after(segment, owner, sequence);
    }
}

/* Has the lists of a segment packed, which to look into costs less than to read
 * each. What failed in pure code is found again, and named, by who has its
 * pack. */
static int need_lists(const struct tally *tally,
                      const struct ndb_edge_segment *segment)
{
    int rc = ndb_edge_lists_need(segment);

    if (rc >= 0)
        return NAMIDB_OK;
    return rc == NAMIDB_ENOMEM ? ndb_fail_memory(tally->read.batch->err)
                               : NDB_GATHER_COLD;
}

/* The same of a pack. NAMIDB_OK, NDB_GATHER_COLD or NAMIDB_ENOMEM. */
static int walk_pack(struct tally *tally, const struct ndb_place *place,
                     struct block *block)
{
    const struct ndb_part *part = place->part;
    uint32_t count, i = ndb_part_find(part, block->first, &count);
    int rc = NAMIDB_OK;

    for (; i < part->segment_count && rc == NAMIDB_OK; i++) {
        const struct ndb_segment *segment;

        if (part->segments[i].first >= block->first + NDB_FOLD_OWNERS)
            break;
        segment = ndb_segment_cache_look(place->pack, part, i);
        if (segment == NULL)
            return NDB_GATHER_COLD;
        tally->read.gather.hits++;
        if (tally->of == NDB_FOLD_LOOPS)
            rc = need_lists(tally, &segment->as.edge);
        if (rc == NAMIDB_OK)
            walk_segment(&segment->as.edge, tally->of, block);
    }
    return rc;
}

/* Counts by merging: exact wherever edges are. */
static int count_merged(struct tally *tally, struct ndb_hop_folds *folds,
                        const uint64_t *ids, size_t count, uint64_t *counts)
{
    struct ndb_places *places = &tally->read.places;
    struct ndb_hop_kind kind = tally->read.batch->kind;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_hops hops;
    int rc;

    if (tally->of == NDB_FOLD_DEGREES)
        return ndb_hop_spans_count(places, folds, ids, count, &kind, counts,
                                   tally->read.batch->err);
    kind.with_edges = false;
    rc = ndb_hop_spans_take(places, folds, ids, count, &kind, &arena, &hops,
                            tally->read.batch->err);
    for (size_t i = 0; i < count && rc == NAMIDB_OK; i++)
        for (uint32_t j = hops.offsets[i]; j < hops.offsets[i + 1]; j++)
            counts[i] += hops.neighbours[j] == ids[i];
    ndb_arena_release(&arena);
    return rc;
}

/* The numbers of a block, which are 0, from all packs of the list, or, where
 * their segments went, from what is folded of them. */
static int count_block(struct tally *tally, const struct ndb_place_list *list,
                       struct block *block)
{
    struct ndb_hop_folds used = NDB_HOP_FOLDS_INIT(true, false);
    uint64_t ids[NDB_FOLD_OWNERS];
    int rc = NAMIDB_OK;

    for (uint32_t i = list->packs_begin;
         i < list->count && rc == NAMIDB_OK && list->numbers->is_apart; i++)
        rc = walk_pack(tally, &list->items[i], block);
    if (list->numbers->is_apart && rc != NDB_GATHER_COLD)
        return rc;
    memset(block->numbers, 0, sizeof block->numbers);
    for (uint32_t i = 0; i < NDB_FOLD_OWNERS; i++)
        ids[i] = NAMIDB_ID(block->first + i, block->table);
    return count_merged(tally, &used, ids, NDB_FOLD_OWNERS, block->numbers);
}

static void show(struct tally *tally, const struct ndb_place_list *list,
                 const struct block *block)
{
    struct ndb_segment *segment = ndb_segment_new(0);

    if (segment == NULL)
        return;
    segment->arena.block_bytes = 1; /* no more than the numbers take */
    if (!ndb_pack(&segment->arena, block->numbers, NDB_FOLD_OWNERS,
                  &segment->as.numbers)) {
        ndb_segment_free(segment);
        return;
    }
    segment->bytes = sizeof *segment + segment->arena.bytes;
    ndb_fold_put(tally->read.batch->snapshot->view->cache, list->numbers,
                 ndb_fold_block_of(list->numbers, block->first), segment);
}

/* Whether the block of some nodes is wanted often enough to make it now. */
static bool is_due(struct tally *tally, struct ndb_fold_block *block,
                   size_t nodes)
{
    unsigned asked;

    if (tally->read.batch->is_again) /* they were counted */
        return nodes >= NDB_DEGREES_AFTER;
    asked = atomic_fetch_add_explicit(&block->asked, (unsigned)nodes,
                                      memory_order_relaxed);
    return asked + nodes >= NDB_DEGREES_AFTER;
}

/* ---------------------------------------------------------------- taking -- */

static int add_rest(struct tally *tally, size_t index)
{
    if (tally->rest == NULL)
        tally->rest =
            ndb_arena_array(&tally->read.gather.scratch,
                            tally->read.batch->count, sizeof *tally->rest);
    if (tally->rest == NULL)
        return ndb_fail_memory(tally->read.batch->err);
    tally->rest[tally->rest_count++] = (uint32_t)index;
    return NAMIDB_OK;
}

/* Adds what memtables know of a node, unless a pack may know some of it, too:
 * *has_more. */
static int add_memtables(struct tally *tally, const struct ndb_place_list *list,
                         size_t index, bool *has_more)
{
    const struct ndb_hop_kind *kind = &tally->read.batch->kind;
    uint64_t id = tally->ids[index], added = 0;
    uint64_t newer = UINT64_MAX, least = UINT64_MAX; /* of edges */

    for (uint32_t i = 0; i < list->packs_begin; i++, newer = least) {
        if (list->items[i].memtable == NULL) { /* a pack above a memtable */
            *has_more = true;
            return NAMIDB_OK;
        }
        tally->known.count = 0;
        if (ndb_memtable_edges_at(
                list->items[i].memtable, id, kind->type, kind->direction,
                tally->read.batch->snapshot->version, &tally->known) < 0)
            return ndb_fail_memory(tally->read.batch->err);
        for (size_t j = 0; j < tally->known.count; j++) {
            const struct ndb_memtable_edge *edge = &tally->known.items[j];
            uint64_t sequence = NAMIDB_ID_SEQUENCE(edge->id);

            *has_more |= edge->is_deleted || sequence >= newer;
            least = sequence < least ? sequence : least;
            added += tally->of == NDB_FOLD_DEGREES || edge->from == edge->to;
        }
    }
    *has_more |= least != UINT64_MAX && list->numbers != NULL &&
                 least < list->numbers->edges_end;
    if (!*has_more)
        tally->counts[index] += added;
    return NAMIDB_OK;
}

/* Adds what packs and memtables have of the nodes of a run; a block that is
 * NULL has no edges. */
static int add_run(struct tally *tally, const struct ndb_place_list *list,
                   size_t begin, size_t end, const struct block *made,
                   const struct ndb_packed *numbers)
{
    int rc = NAMIDB_OK;

    for (size_t i = begin; i < end && rc == NAMIDB_OK; i++) {
        uint32_t at = NAMIDB_ID_SEQUENCE(tally->ids[i]) % NDB_FOLD_OWNERS;
        bool has_more = false;

        if (list->packs_begin != 0)
            rc = add_memtables(tally, list, i, &has_more);
        if (rc == NAMIDB_OK && has_more)
            rc = add_rest(tally, i);
        else if (made != NULL)
            tally->counts[i] += made->numbers[at];
        else if (numbers != NULL)
            tally->counts[i] += ndb_packed_at(numbers, at);
    }
    return rc;
}

static int add_all_rest(struct tally *tally, size_t begin, size_t end)
{
    int rc = NAMIDB_OK;

    for (size_t i = begin; i < end && rc == NAMIDB_OK; i++)
        rc = add_rest(tally, i);
    return rc;
}

/* Makes the block of a run. Not all of its lists need be cached: then it is for
 * the next batch to try. */
static int add_run_made(struct tally *tally, const struct ndb_place_list *list,
                        struct ndb_fold_block *block, size_t begin, size_t end)
{
    struct block made = {
        .first = NAMIDB_ID_SEQUENCE(tally->ids[begin]) / NDB_FOLD_OWNERS *
                 NDB_FOLD_OWNERS,
        .table = list->table,
    };
    int rc = count_block(tally, list, &made);

    if (rc == NDB_GATHER_COLD)
        return add_all_rest(tally, begin, end);
    if (rc != NAMIDB_OK)
        return rc;
    tally->read.folds.misses += end - begin;
    tally->may_make--;
    atomic_store_explicit(&block->asked, 0, memory_order_relaxed);
    show(tally, list, &made);
    return add_run(tally, list, begin, end, &made, NULL);
}

/* Of the fold of numbers of a list; it is there. */
static int take_folded(struct tally *tally, const struct ndb_place_list *list,
                       size_t begin, size_t end)
{
    struct ndb_fold_block *block =
        ndb_fold_block_of(list->numbers, NAMIDB_ID_SEQUENCE(tally->ids[begin]));
    const struct ndb_segment *segment;

    if (block == NULL)
        return add_run(tally, list, begin, end, NULL, NULL);
    segment = ndb_cache_slot_look(&block->slot);
    if (segment != NULL) {
        tally->read.folds.hits += end - begin;
        return add_run(tally, list, begin, end, NULL, &segment->as.numbers);
    }
    if (is_due(tally, block, end - begin) && tally->may_make != 0)
        return add_run_made(tally, list, block, begin, end);
    return add_all_rest(tally, begin, end);
}

static int find_numbers(struct tally *tally, struct ndb_place_list *list)
{
    struct ndb_places *places = &tally->read.places;
    uint32_t packs = list->count - list->packs_begin;
    struct ndb_fold_source *sources;

    list->has_numbers = true;
    list->numbers = NULL;
    if (packs == 0)
        return NAMIDB_OK;
    sources = ndb_places_sources(places, list);
    if (sources == NULL)
        return ndb_fail_memory(tally->read.batch->err);
    list->numbers = ndb_fold_make(tally->read.batch->snapshot->view->cache,
                                  tally->of, sources, packs);
    return NAMIDB_OK;
}

/* The nodes begin .. end (not included), which are of one block. */
static int take_run(struct tally *tally, size_t begin, size_t end)
{
    struct ndb_place_list *list =
        ndb_places_of(&tally->read.places, NAMIDB_ID_TABLE(tally->ids[begin]));
    int rc = NAMIDB_OK;

    if (list == NULL)
        return ndb_fail_memory(tally->read.batch->err);
    if (!list->has_numbers)
        rc = find_numbers(tally, list);
    if (rc != NAMIDB_OK)
        return rc;
    if (list->numbers != NULL)
        return take_folded(tally, list, begin, end);
    if (list->count == list->packs_begin) /* memtables alone */
        return add_run(tally, list, begin, end, NULL, NULL);
    return add_all_rest(tally, begin, end);
}

static int take_rest(struct tally *tally)
{
    namidb_arena *scratch = &tally->read.gather.scratch;
    uint32_t count = tally->rest_count;
    uint64_t *ids, *counts;
    int rc;

    if (count == 0)
        return NAMIDB_OK;
    ids = ndb_arena_array(scratch, count, sizeof *ids);
    counts = ndb_arena_array(scratch, count, sizeof *counts);
    if (ids == NULL || counts == NULL)
        return ndb_fail_memory(tally->read.batch->err);
    for (uint32_t i = 0; i < count; i++) {
        ids[i] = tally->ids[tally->rest[i]];
        counts[i] = 0;
    }
    rc = count_merged(tally, &tally->read.folds, ids, count, counts);
    for (uint32_t i = 0; i < count && rc == NAMIDB_OK; i++)
        tally->counts[tally->rest[i]] += counts[i];
    return rc;
}

int ndb_degrees_add(const struct ndb_hop_batch *batch, enum ndb_fold_of of,
                    uint64_t *counts)
{
    const uint64_t *ids = batch->ids;
    struct tally tally;
    int rc = ndb_hop_read_begin(&tally.read, batch);

    if (rc != NAMIDB_OK)
        return rc;
    tally.of = of;
    tally.ids = ids;
    tally.counts = counts;
    tally.known = NDB_MEMTABLE_EDGES_INIT;
    tally.may_make = 1 + batch->count / NDB_DEGREES_AFTER;
    tally.rest = NULL;
    tally.rest_count = 0;
    for (size_t i = 0, end; i < batch->count && rc == NAMIDB_OK; i = end) {
        end = i + 1;
        while (end < batch->count && ndb_fold_is_same_block(ids[i], ids[end]))
            end++;
        rc = take_run(&tally, i, end);
    }
    if (rc == NAMIDB_OK)
        rc = take_rest(&tally);
    ndb_memtable_edges_release(&tally.known);
    ndb_hop_read_end(&tally.read, rc);
    return rc;
}
