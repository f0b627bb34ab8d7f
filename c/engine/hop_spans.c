/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A span is what one segment knows of a node's edges, or what a fold has made
 * of several, or what a memtable knows, as a segment of its own. First all
 * spans of a batch are found, then the edges are taken: a single span without
 * tombstones as it stands, several merged in place, the newest first.
 */
#include "engine/hop_spans.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/prefetch.h"
#include "engine/span.h"

/* Spans of a node that are merged with memory on the stack. */
enum { FEW_SPANS = 16 };

struct batch {
    struct ndb_places *places;
    struct ndb_hop_folds *folds;
    const uint64_t *ids;
    size_t count;
    const struct ndb_hop_kind *kind;
    struct ndb_memtable_edges known; /* to a memtable, of one node */
    struct ndb_edge_pieces pieces;   /* likewise */
    struct ndb_span *spans;          /* by node, newest first */
    uint32_t span_count, span_capacity;
    uint32_t *first;      /* count + 1: first span of each node */
    uint64_t edges;       /* in all spans, living or not */
    struct ndb_hops *out; /* NULL: edges are only counted */
    uint32_t taken;
    namidb_error *err;
};

/* ---------------------------------------------------------------- finding --
 */

/* NAMIDB_OK or NAMIDB_ENOMEM. */
static int add_span(struct batch *batch, const struct ndb_edge_segment *segment,
                    uint32_t owner)
{
    if (batch->span_count == batch->span_capacity) {
        uint32_t capacity = batch->span_capacity * 2 + FEW_SPANS;
        struct ndb_span *spans = ndb_arena_array(
            &batch->places->gather->scratch, capacity, sizeof *spans);

        if (spans == NULL)
            return ndb_fail_memory(batch->err);
        if (batch->span_count != 0)
            memcpy(spans, batch->spans, batch->span_count * sizeof *spans);
        batch->spans = spans;
        batch->span_capacity = capacity;
    }
    batch->spans[batch->span_count++] =
        (struct ndb_span){ segment, owner, 0, 0 };
    ndb_packed_prefetch(&segment->offsets, owner);
    return NAMIDB_OK;
}

/* The spans of a node in one pack: more than one when its list spans segments.
 * NAMIDB_OK, NDB_GATHER_COLD or NAMIDB_ENOMEM. */
static int find_in_pack(struct batch *batch, struct ndb_place *place,
                        uint64_t sequence)
{
    uint32_t count,
        index = ndb_part_find_near(place->part, sequence, &place->near, &count);
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        const struct ndb_segment *segment =
            ndb_segment_cache_look(place->pack, place->part, index + i);
        int64_t owner;

        if (segment == NULL)
            return NDB_GATHER_COLD;
        batch->places->gather->hits++;
        owner = ndb_edge_segment_owner(&segment->as.edge, sequence);
        if (owner >= 0)
            rc = add_span(batch, &segment->as.edge, (uint32_t)owner);
    }
    return rc;
}

/* The span of a node in a memtable. */
static int find_in_memtable(struct batch *batch, uint32_t layer, uint64_t id)
{
    const struct ndb_edge_owner owner = { id, batch->kind->type,
                                          batch->kind->direction };
    struct ndb_gather *gather = batch->places->gather;
    const struct ndb_edge_segment *segment;

    batch->pieces.count = 0;
    if (ndb_edge_list_memtable(gather, layer, &owner, &batch->known,
                               &batch->pieces) < 0)
        return ndb_fail_memory(batch->err);
    if (batch->pieces.count == 0)
        return NAMIDB_OK;
    segment = ndb_edge_piece_segment(&gather->scratch, batch->pieces.items);
    return segment != NULL ? add_span(batch, segment, 0)
                           : ndb_fail_memory(batch->err);
}

/* The spans of a node: from the first fold on that has it, that one's. What is
 * folded just now is packs alone. NAMIDB_OK, NDB_GATHER_COLD or NAMIDB_ENOMEM.
 */
static int find_in_places(struct batch *batch, struct ndb_place_list *list,
                          uint64_t id)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    uint32_t i = batch->folds->is_making ? list->packs_begin : 0;
    int rc = NAMIDB_OK;

    for (; i < list->count && rc >= 0; i++) {
        const struct ndb_edge_segment *segment = NULL;

        if (list->items[i].memtable != NULL)
            rc = find_in_memtable(batch, list->items[i].layer, id);
        else if (ndb_hop_folds_look(batch->folds, list, i, sequence,
                                    &segment) == NAMIDB_NONE)
            rc = find_in_pack(batch, &list->items[i], sequence);
        else if (segment == NULL)
            return NAMIDB_OK;
        else
            return add_span(batch, segment,
                            (uint32_t)(sequence - segment->first));
    }
    return rc;
}

/* The layers that may have edges of a node, and their folds. NULL: no memory.
 */
static struct ndb_place_list *list_of(struct batch *batch, uint64_t id)
{
    struct ndb_place_list *list =
        ndb_places_of(batch->places, NAMIDB_ID_TABLE(id));

    if (list != NULL && list->folds == NULL &&
        ndb_hop_folds_find(batch->places, list) < 0)
        return NULL;
    return list;
}

/* The same, wherever a node's edges are. */
static int find_node(struct batch *batch, uint64_t id)
{
    struct ndb_place_list *list = list_of(batch, id);

    if (list == NULL)
        return ndb_fail_memory(batch->err);
    return find_in_places(batch, list, id);
}

/* Looks how many nodes from `begin` on are of one block: before `*end`. */
static int walk_block(struct batch *batch, size_t begin, size_t *end)
{
    const uint64_t *ids = batch->ids;
    struct ndb_place_list *list;

    *end = begin + 1;
    while (*end < batch->count && ndb_fold_is_same_block(ids[begin], ids[*end]))
        ++*end;
    if (*end - begin < NDB_FOLD_WALK || batch->folds->is_making)
        return NAMIDB_OK;
    list = list_of(batch, ids[begin]);
    if (list == NULL)
        return ndb_fail_memory(batch->err);
    ndb_hop_folds_walk(batch->folds, batch->places, batch->kind, list,
                       ids[begin]);
    return NAMIDB_OK;
}

/* Where the edges of the spans from `begin` on are. */
static void settle(struct batch *batch, uint32_t begin)
{
    for (uint32_t i = begin; i < batch->span_count; i++) {
        struct ndb_span *span = &batch->spans[i];

        span->begin = ndb_edge_offset(span->segment, span->owner);
        span->end = ndb_edge_offset(span->segment, span->owner + 1);
        if (batch->out != NULL)
            ndb_prefetch_list(span->segment, span->begin);
        batch->edges += span->end - span->begin;
    }
}

/* Finds all spans, a block of nodes at a time: see prefetch.h. */
static int find(struct batch *batch)
{
    uint32_t settled = 0;
    size_t block_end = 0;
    int rc = NAMIDB_OK;

    batch->first = ndb_arena_array(&batch->places->gather->scratch,
                                   batch->count + 1, sizeof *batch->first);
    if (batch->first == NULL)
        return ndb_fail_memory(batch->err);
    for (size_t i = 0; i < batch->count && rc == NAMIDB_OK; i++) {
        batch->first[i] = batch->span_count;
        if (i == block_end)
            rc = walk_block(batch, i, &block_end);
        if (rc == NAMIDB_OK)
            rc = find_node(batch, batch->ids[i]);
        if (i % NDB_PREFETCH_ROWS != NDB_PREFETCH_ROWS - 1)
            continue;
        settle(batch, settled);
        settled = batch->span_count;
    }
    settle(batch, settled);
    batch->first[batch->count] = batch->span_count;
    return rc;
}

/* ----------------------------------------------------------------- taking --
 */

int ndb_hops_allocate(size_t count, uint64_t edges, bool with_edges,
                      namidb_arena *arena, struct ndb_hops *out,
                      namidb_error *err)
{
    if (edges > UINT32_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT,
                        "%llu edges in one batch; take fewer nodes",
                        (unsigned long long)edges);
    out->edges = NULL;
    out->offsets = ndb_arena_array(arena, count + 1, sizeof *out->offsets);
    out->neighbours = ndb_arena_array(arena, edges, sizeof *out->neighbours);
    if (with_edges)
        out->edges = ndb_arena_array(arena, edges, sizeof *out->edges);
    if (out->offsets == NULL || out->neighbours == NULL ||
        (with_edges && out->edges == NULL))
        return ndb_fail_memory(err);
    return NAMIDB_OK;
}

/* Takes the next edge of a span. */
static void take_edge(struct batch *batch, const struct ndb_span *span,
                      uint64_t neighbour, uint64_t sequence)
{
    if (batch->folds->rows != NULL)
        batch->folds->rows[batch->taken] =
            (struct ndb_column_row){ &span->segment->columns, span->begin };
    batch->out->neighbours[batch->taken] = neighbour;
    if (batch->out->edges != NULL)
        batch->out->edges[batch->taken] =
            NAMIDB_ID(sequence, batch->kind->type);
    batch->taken++;
}

/* What failed in pure code is found again, and named, by who has its pack. */
static int fail_lists(const struct batch *batch, int rc)
{
    return rc == NAMIDB_ENOMEM ? ndb_fail_memory(batch->err) : NDB_GATHER_COLD;
}

/* The edges of a span to where they belong, as they stand. */
static int copy_span(struct batch *batch, const struct ndb_span *span,
                     uint64_t *neighbours, uint64_t *edges)
{
    const struct ndb_edge_segment *segment = span->segment;
    const struct ndb_edge_lists *lists = ndb_edge_lists_peek(segment);
    uint32_t type = batch->kind->type;
    int rc;

    if (lists == NULL) {
        rc = ndb_edge_list_read(segment, span->begin, span->end, neighbours,
                                edges);
        for (uint32_t i = 0; edges != NULL && i < span->end - span->begin; i++)
            edges[i] = NAMIDB_ID(edges[i], type);
        return rc < 0 ? fail_lists(batch, rc) : NAMIDB_OK;
    }
    ndb_packed_copy(&lists->neighbours, span->begin, span->end, neighbours);
    if (edges != NULL) {
        struct ndb_packed ids = ndb_edge_ids(segment, type);

        ndb_packed_copy(&ids, span->begin, span->end, edges);
    }
    return NAMIDB_OK;
}

/* All edges of a span. */
static int take_span(struct batch *batch, const struct ndb_span *span)
{
    struct ndb_hops *out = batch->out;
    struct ndb_column_row *rows = batch->folds->rows;
    int rc = copy_span(batch, span, out->neighbours + batch->taken,
                       out->edges != NULL ? out->edges + batch->taken : NULL);

    for (uint32_t i = span->begin; i < span->end && rows != NULL; i++)
        rows[batch->taken + i - span->begin] =
            (struct ndb_column_row){ &span->segment->columns, i };
    batch->taken += span->end - span->begin;
    return rc;
}

/* Has the list of a span packed: alone, while few of its segment are wanted,
 * unless the columns beside it are. */
static int need_list(const struct batch *batch, struct ndb_span *span)
{
    namidb_arena *scratch = &batch->places->gather->scratch;
    const struct ndb_edge_segment *alone;
    int rc;

    if (ndb_edge_lists_peek(span->segment) != NULL)
        return NAMIDB_OK;
    if (batch->folds->rows != NULL) {
        rc = ndb_edge_lists_need(span->segment);
        return rc < 0 ? fail_lists(batch, rc) : NAMIDB_OK;
    }
    rc = ndb_edge_list_alone(scratch, span->segment, span->begin, span->end,
                             &alone);
    if (rc < 0)
        return fail_lists(batch, rc);
    *span = (struct ndb_span){ alone, 0, 0, span->end - span->begin };
    return NAMIDB_OK;
}

static int need_lists(const struct batch *batch, struct ndb_span *spans,
                      uint32_t count)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < count && rc == NAMIDB_OK; i++)
        rc = need_list(batch, &spans[i]);
    return rc;
}

static void take_merged(struct batch *batch, struct ndb_span *spans,
                        uint32_t count)
{
    uint64_t neighbour = 0, sequence = 0;
    struct ndb_span *first;

    while ((first = ndb_spans_first(spans, count, &neighbour, &sequence)) !=
           NULL) {
        if (!ndb_bit(first->segment->deleted, first->begin))
            take_edge(batch, first, neighbour, sequence);
        ndb_spans_step(spans, count, neighbour, sequence);
    }
}

/* take_merged, for a few narrow spans of one table. */
static void take_keys(struct batch *batch, struct ndb_span *spans,
                      uint32_t count)
{
    uint32_t table = ndb_span_table(spans);
    uint64_t keys[FEW_SPANS];

    for (uint32_t i = 0; i < count; i++)
        keys[i] = ndb_span_key(&spans[i]);
    for (;;) {
        uint64_t key = keys[0];
        uint32_t first = 0;

        for (uint32_t i = 1; i < count; i++) {
            first = keys[i] < key ? i : first;
            key = keys[i] < key ? keys[i] : key;
        }
        if (key == UINT64_MAX) { /* all at their end, or as good as that */
            take_merged(batch, spans, count);
            return;
        }
        if (!ndb_bit(spans[first].segment->deleted, spans[first].begin))
            take_edge(batch, &spans[first], NAMIDB_ID(key >> 32, table),
                      (uint32_t)key);
        for (uint32_t i = first; i < count; i++) {
            if (keys[i] != key)
                continue;
            spans[i].begin++;
            keys[i] = ndb_span_key(&spans[i]);
        }
    }
}

static int take_node(struct batch *batch, size_t index)
{
    uint32_t count = batch->first[index + 1] - batch->first[index];
    struct ndb_span *spans;
    int rc;

    batch->out->offsets[index] = batch->taken;
    if (count == 0)
        return NAMIDB_OK;
    spans = batch->spans + batch->first[index];
    if (count == 1 && spans->segment->deleted == NULL)
        return take_span(batch, spans);
    rc = need_lists(batch, spans, count);
    if (rc != NAMIDB_OK)
        return rc;
    if (count <= FEW_SPANS && ndb_spans_are_narrow(spans, count))
        take_keys(batch, spans, count);
    else
        take_merged(batch, spans, count);
    return NAMIDB_OK;
}

int ndb_hop_spans_take(struct ndb_places *places, struct ndb_hop_folds *folds,
                       const uint64_t *ids, size_t count,
                       const struct ndb_hop_kind *kind, namidb_arena *arena,
                       struct ndb_hops *out, namidb_error *err)
{
    struct batch batch = {
        .places = places,
        .folds = folds,
        .ids = ids,
        .count = count,
        .kind = kind,
        .out = out,
        .err = err,
    };
    int rc = find(&batch);

    if (rc == NAMIDB_OK)
        rc = ndb_hops_allocate(count, batch.edges, kind->with_edges, arena, out,
                               err);
    if (rc == NAMIDB_OK && folds->is_making && folds->with_columns) {
        folds->rows = ndb_arena_array(arena, batch.edges, sizeof *folds->rows);
        if (folds->rows == NULL)
            rc = ndb_fail_memory(err);
    }
    for (size_t i = 0; i < count && rc == NAMIDB_OK; i++)
        rc = take_node(&batch, i);
    if (rc == NAMIDB_OK)
        out->offsets[count] = batch.taken;
    ndb_memtable_edges_release(&batch.known);
    return rc;
}

/* --------------------------------------------------------------- counting --
 */

/* Adds to *degree how many edges a node has. */
static int count_node(struct batch *batch, size_t index, uint64_t *degree)
{
    uint32_t count = batch->first[index + 1] - batch->first[index];
    struct ndb_span *spans;

    if (count == 0)
        return NAMIDB_OK;
    spans = batch->spans + batch->first[index];
    if (count > 1 || spans->segment->deleted != NULL) {
        int rc = need_lists(batch, spans, count);

        if (rc != NAMIDB_OK)
            return rc;
        if (count == 1 || !ndb_spans_are_apart(spans, count)) {
            *degree += ndb_spans_living(spans, count);
            return NAMIDB_OK;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        *degree += spans[i].end - spans[i].begin;
    return NAMIDB_OK;
}

int ndb_hop_spans_count(struct ndb_places *places, struct ndb_hop_folds *folds,
                        const uint64_t *ids, size_t count,
                        const struct ndb_hop_kind *kind, uint64_t *counts,
                        namidb_error *err)
{
    struct batch batch = {
        .places = places,
        .folds = folds,
        .ids = ids,
        .count = count,
        .kind = kind,
        .err = err,
    };
    int rc = find(&batch);

    for (size_t i = 0; i < count && rc == NAMIDB_OK; i++)
        rc = count_node(&batch, i, &counts[i]);
    ndb_memtable_edges_release(&batch.known);
    return rc;
}

/* ----------------------------------------------------------------- reads -- */

int ndb_hop_read_begin(struct ndb_hop_read *read,
                       const struct ndb_hop_batch *batch)
{
    const struct ndb_hop_kind *kind = &batch->kind;

    assert(kind->type != NAMIDB_ANY && kind->direction != NAMIDB_BOTH);
    read->batch = batch;
    read->folds = NDB_HOP_FOLDS_INIT(false, false);
    read->folds.is_again = batch->is_again;
    if (ndb_gather_init(&read->gather, batch->snapshot, NDB_GATHER_WARM) < 0) {
        ndb_gather_release(&read->gather);
        return ndb_fail_memory(batch->err);
    }
    ndb_places_init(&read->places, &read->gather,
                    kind->direction == NAMIDB_OUT ? NDB_PART_OUT : NDB_PART_IN,
                    kind->type);
    return NAMIDB_OK;
}

void ndb_hop_read_end(struct ndb_hop_read *read, int rc)
{
    if (rc == NAMIDB_OK)
        ndb_hop_folds_make(&read->folds, &read->places, &read->batch->kind);
    ndb_segment_cache_count_folds(read->batch->snapshot->view->cache,
                                  read->folds.hits, read->folds.misses);
    read->gather.is_cold = rc != NAMIDB_OK;
    ndb_gather_release(&read->gather);
}

int ndb_hop_spans_read(const struct ndb_hop_batch *batch, namidb_arena *arena,
                       struct ndb_hops *out)
{
    struct ndb_hop_read read;
    int rc = ndb_hop_read_begin(&read, batch);

    if (rc != NAMIDB_OK)
        return rc;
    rc = ndb_hop_spans_take(&read.places, &read.folds, batch->ids, batch->count,
                            &batch->kind, arena, out, batch->err);
    ndb_hop_read_end(&read, rc);
    return rc;
}
