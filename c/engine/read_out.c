/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges of one type that leave one node, with their properties: the usual
 * question. Where a list stands its properties stand as well, so nothing is
 * looked up twice: the lists of all packs are merged in place. Where that
 * cannot be (out_lists.h), it says so, and the caller reads hops and then
 * edges.
 */
#include "base/error.h"
#include "engine/out_lists.h"

struct out {
    struct ndb_out_lists lists;
    uint64_t id;
    namidb_arena *arena;
};

/* The list whose next edge is the first by (neighbour, edge); of equal ones the
 * newest. NULL: all are at their end. */
static struct ndb_out_list *first_list(struct ndb_out_lists *lists,
                                       uint64_t *neighbour, uint64_t *sequence)
{
    struct ndb_out_list *first = NULL;

    for (uint32_t i = 0; i < lists->count; i++) {
        struct ndb_out_list *list = &lists->items[i];
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
static void step(struct ndb_out_lists *lists, uint64_t neighbour,
                 uint64_t sequence)
{
    for (uint32_t i = 0; i < lists->count; i++) {
        struct ndb_out_list *list = &lists->items[i];

        if (list->at != list->end &&
            ndb_edge_sequence(list->segment, list->at) == sequence &&
            ndb_edge_neighbour(list->segment, list->at) == neighbour)
            list->at++;
    }
}

static int merge(struct out *out, namidb_edge *edges, size_t *count)
{
    uint32_t type = out->lists.kind.type;
    uint64_t neighbour = 0, sequence = 0;
    struct ndb_out_list *list;
    int rc = NAMIDB_OK;

    while (rc >= 0 &&
           (list = first_list(&out->lists, &neighbour, &sequence)) != NULL) {
        namidb_edge *edge = &edges[*count];
        uint32_t at = list->at;

        step(&out->lists, neighbour, sequence);
        if (ndb_bit(list->segment->deleted, at))
            continue;
        *edge = (namidb_edge){ .id = NAMIDB_ID(sequence, type),
                               .from = out->id,
                               .to = neighbour,
                               .type = type };
        rc = ndb_columns_props(&list->segment->columns, at, out->arena,
                               &edge->props, &edge->prop_count);
        if (rc < 0)
            rc = ndb_out_list_fail(list->path, rc, out->lists.err);
        (*count)++;
    }
    return rc;
}

static int read(struct out *out, size_t max, namidb_edge **edges, size_t *count)
{
    int rc = ndb_out_lists_ask(&out->lists, out->id);
    size_t known = 0;

    if (rc == NAMIDB_OK && out->lists.known.count != 0)
        rc = NAMIDB_NONE;
    if (rc == NAMIDB_OK)
        rc = ndb_out_lists_find(&out->lists);
    if (rc != NAMIDB_OK)
        return rc;

    for (uint32_t i = 0; i < out->lists.count; i++)
        known += out->lists.items[i].end - out->lists.items[i].at;
    if (known > max)
        return NAMIDB_NONE;
    *edges = ndb_arena_array(out->arena, known, sizeof **edges);
    if (*edges == NULL)
        return ndb_fail_memory(out->lists.err);
    return merge(out, *edges, count);
}

int ndb_read_out(const struct ndb_snapshot *snapshot, uint64_t id,
                 uint32_t type, size_t max, namidb_arena *arena,
                 namidb_edge **edges, size_t *count, namidb_error *err)
{
    struct out out;
    int rc;

    *count = 0;
    if (type == NAMIDB_ANY)
        return NAMIDB_NONE;
    out.id = id;
    out.arena = arena;
    rc = ndb_out_lists_begin(&out.lists, snapshot, type, err);
    if (rc == NAMIDB_OK)
        rc = read(&out, max, edges, count);
    ndb_out_lists_end(&out.lists, rc);
    return rc == NDB_GATHER_COLD ? NAMIDB_NONE : rc;
}
