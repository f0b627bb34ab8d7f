/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges of one type that leave one node, with their properties: the usual
 * question. Where a list stands its properties stand as well, so nothing is
 * looked up twice: the lists of all packs are merged in place. Only warm, and
 * only while no memtable knows of the type; else it says so, and the caller
 * reads hops and then edges.
 */
#include "base/error.h"
#include "engine/places.h"
#include "engine/read.h"

enum { LISTS_MAX = 16 };

/* What one pack knows of the node's edges. */
struct list {
    const struct ndb_edge_segment *segment;
    const char *path; /* of its pack */
    uint32_t at, end;
};

struct out {
    struct ndb_gather gather;
    uint64_t id;
    uint32_t type;
    struct list lists[LISTS_MAX]; /* newest first */
    uint32_t list_count;
    namidb_arena *arena;
    namidb_error *err;
};

/* NAMIDB_OK, NAMIDB_NONE (not to be merged here), NDB_GATHER_COLD. */
static int add_list(struct out *out, const struct ndb_place *place)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(out->id);
    const struct ndb_segment *segment;
    uint32_t count, index;
    int64_t owner;

    if (place->memtable != NULL)
        return NAMIDB_NONE;
    index = ndb_part_find(place->part, sequence, &count);
    if (count == 0)
        return NAMIDB_OK;
    segment = ndb_segment_cache_look(place->pack, place->part, index);
    if (segment == NULL)
        return NDB_GATHER_COLD;
    out->gather.hits++;
    owner = ndb_edge_segment_owner(&segment->as.edge, sequence);
    if (owner < 0)
        return NAMIDB_OK;
    if (count > 1 || out->list_count == LISTS_MAX)
        return NAMIDB_NONE;
    out->lists[out->list_count++] =
        (struct list){ &segment->as.edge, place->pack->path,
                       ndb_edge_offset(&segment->as.edge, (uint32_t)owner),
                       ndb_edge_offset(&segment->as.edge,
                                       (uint32_t)owner + 1) };
    return NAMIDB_OK;
}

static int find_lists(struct out *out)
{
    struct ndb_places places;
    const struct ndb_place_list *found;
    int rc = NAMIDB_OK;

    ndb_places_init(&places, &out->gather, NDB_PART_OUT, out->type);
    found = ndb_places_of(&places, NAMIDB_ID_TABLE(out->id));
    if (found == NULL)
        return ndb_fail_memory(out->err);
    for (uint32_t i = 0; i < found->count && rc == NAMIDB_OK; i++)
        rc = add_list(out, &found->items[i]);
    return rc;
}

/* The list whose next edge is the first by (neighbour, edge); of equal ones the
 * newest. NULL: all are at their end. */
static struct list *first_list(struct out *out, uint64_t *neighbour,
                               uint64_t *sequence)
{
    struct list *first = NULL;

    for (uint32_t i = 0; i < out->list_count; i++) {
        struct list *list = &out->lists[i];
        uint64_t to, number;

        if (list->at == list->end)
            continue;
        to = ndb_edge_neighbour(list->segment, list->at);
        number = ndb_edge_sequence(list->segment, list->at);
        if (first == NULL || to < *neighbour ||
            (to == *neighbour && number < *sequence)) {
            first = list;
            *neighbour = to;
            *sequence = number;
        }
    }
    return first;
}

/* Steps over an edge in all lists that have it. */
static void step(struct out *out, uint64_t neighbour, uint64_t sequence)
{
    for (uint32_t i = 0; i < out->list_count; i++) {
        struct list *list = &out->lists[i];

        if (list->at != list->end &&
            ndb_edge_sequence(list->segment, list->at) == sequence &&
            ndb_edge_neighbour(list->segment, list->at) == neighbour)
            list->at++;
    }
}

static int take_edge(struct out *out, const struct list *list, uint32_t at,
                     namidb_edge *edge)
{
    const struct ndb_edge_segment *segment = list->segment;
    int rc = ndb_columns_props(&segment->columns, at, out->arena, &edge->props,
                               &edge->prop_count);

    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(out->err);
    if (rc < 0)
        return ndb_fail_object(out->err, rc, list->path,
                               "a value does not decode");
    return rc;
}

static int merge(struct out *out, namidb_edge *edges, size_t *count)
{
    uint64_t neighbour = 0, sequence = 0;
    struct list *list;
    int rc = NAMIDB_OK;

    while (rc >= 0 && (list = first_list(out, &neighbour, &sequence)) != NULL) {
        namidb_edge *edge = &edges[*count];
        uint32_t at = list->at;

        step(out, neighbour, sequence);
        if (ndb_bit(list->segment->deleted, at))
            continue;
        *edge = (namidb_edge){ .id = NAMIDB_ID(sequence, out->type),
                               .from = out->id,
                               .to = neighbour,
                               .type = out->type };
        rc = take_edge(out, list, at, edge);
        (*count)++;
    }
    return rc;
}

int ndb_read_out(const struct ndb_snapshot *snapshot, uint64_t id,
                 uint32_t type, size_t max, namidb_arena *arena,
                 namidb_edge **edges, size_t *count, namidb_error *err)
{
    struct out out;
    size_t known = 0;
    int rc;

    *count = 0;
    if (type == NAMIDB_ANY)
        return NAMIDB_NONE;
    out.id = id;
    out.type = type;
    out.list_count = 0;
    out.arena = arena;
    out.err = err;
    rc = ndb_gather_init(&out.gather, snapshot, 1, NDB_GATHER_WARM);
    rc = rc < 0 ? ndb_fail_memory(err) : find_lists(&out);
    for (uint32_t i = 0; i < out.list_count; i++)
        known += out.lists[i].end - out.lists[i].at;
    if (rc == NAMIDB_OK && known > max)
        rc = NAMIDB_NONE;
    if (rc == NAMIDB_OK) {
        *edges = ndb_arena_array(arena, known, sizeof **edges);
        rc = *edges == NULL ? ndb_fail_memory(err) : merge(&out, *edges, count);
    }
    out.gather.is_cold = rc != NAMIDB_OK;
    ndb_gather_release(&out.gather);
    return rc == NDB_GATHER_COLD ? NAMIDB_NONE : rc;
}
