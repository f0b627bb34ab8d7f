/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each edge is found in the lists of its source (out_lists.h). The edges of one
 * source mostly follow each other in the order of its list, so that the next is
 * where the last one ended. First a block of edges is found, then, when their
 * values have come nearer (prefetch.h), the values are taken.
 */
#include "engine/read_listed.h"

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/out_lists.h"
#include "engine/prefetch.h"
#include "engine/property_column.h"

/* Where an edge is. */
struct spot {
    const struct ndb_edge_segment *segment; /* NULL: in no pack */
    const char *path;
    uint32_t row;
    bool is_known; /* to a memtable */
    struct ndb_memtable_edge known;
};

struct read {
    struct ndb_out_lists lists;
    const struct ndb_edge_probe *probes;
    size_t count;
    uint64_t from; /* who was asked for; 0: nobody */
    bool has_lists;
    bool wants_column;
    uint32_t name; /* of the column, whose last one is: */
    const struct ndb_columns *columns;
    const struct ndb_column *column;
};

/* ---------------------------------------------------------------- finding --
 */

static bool is_at(const struct ndb_out_list *list, uint32_t at, uint64_t to,
                  uint64_t sequence)
{
    return at < list->end && ndb_edge_neighbour(list->segment, at) == to &&
           ndb_edge_sequence(list->segment, at) == sequence;
}

/* The first edge that is not below (to, sequence). */
static uint32_t bisect(const struct ndb_out_list *list, uint64_t to,
                       uint64_t sequence)
{
    uint32_t begin = list->begin, end = list->end;

    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        uint64_t neighbour = ndb_edge_neighbour(list->segment, middle);

        if (neighbour < to ||
            (neighbour == to &&
             ndb_edge_sequence(list->segment, middle) < sequence))
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* The newest list that has the edge decides. */
static void find_in_lists(struct read *read, const struct ndb_edge_probe *probe,
                          struct spot *spot)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(probe->id);

    for (uint32_t i = 0; i < read->lists.count; i++) {
        struct ndb_out_list *list = &read->lists.items[i];

        if (!is_at(list, list->at, probe->to, sequence)) {
            uint32_t at = bisect(list, probe->to, sequence);

            if (!is_at(list, at, probe->to, sequence))
                continue;
            list->at = at;
        }
        if (!ndb_bit(list->segment->deleted, list->at)) {
            spot->segment = list->segment;
            spot->path = list->path;
            spot->row = list->at;
        }
        list->at++;
        return;
    }
}

static int find_column(struct read *read, const struct spot *spot)
{
    int rc;

    if (read->columns == &spot->segment->columns)
        return NAMIDB_OK;
    rc = ndb_columns_find(&spot->segment->columns, read->name, &read->column);
    if (rc < 0)
        return ndb_out_list_fail(spot->path, rc, read->lists.err);
    read->columns = &spot->segment->columns;
    return NAMIDB_OK;
}

/* Whether a memtable knows the edge: spot->is_known. */
static int find_known(struct read *read, const struct ndb_edge_probe *probe,
                      struct spot *spot)
{
    int rc = NAMIDB_OK;

    spot->is_known = false;
    if (probe->from != read->from) {
        read->has_lists = false;
        rc = ndb_out_lists_ask(&read->lists, probe->from);
        read->from = probe->from;
    }
    if (rc != NAMIDB_OK || read->lists.known.count == 0)
        return rc;
    rc = ndb_out_lists_known(&read->lists, probe->id, &spot->known);
    spot->is_known = rc == NAMIDB_OK;
    return rc < 0 ? ndb_fail_memory(read->lists.err) : NAMIDB_OK;
}

static int find(struct read *read, const struct ndb_edge_probe *probe,
                struct spot *spot)
{
    int rc = find_known(read, probe, spot);

    spot->segment = NULL;
    if (rc != NAMIDB_OK || spot->is_known)
        return rc;
    if (!read->has_lists)
        rc = ndb_out_lists_find(&read->lists);
    read->has_lists = rc == NAMIDB_OK;
    if (rc != NAMIDB_OK)
        return rc;
    find_in_lists(read, probe, spot);
    if (!read->wants_column || spot->segment == NULL)
        return rc;
    rc = find_column(read, spot);
    if (rc >= 0)
        ndb_prefetch_column(read->column, spot->row);
    return rc;
}

/* ----------------------------------------------------------------- taking --
 */

typedef int take_edge(struct read *read, void *context, size_t index,
                      const struct spot *spot);

static int take_all(struct read *read, take_edge *take, void *context)
{
    struct spot spots[NDB_PREFETCH_ROWS];
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < read->count && rc == NAMIDB_OK;
         i += NDB_PREFETCH_ROWS) {
        size_t left = read->count - i;

        left = left < NDB_PREFETCH_ROWS ? left : NDB_PREFETCH_ROWS;
        for (size_t j = 0; j < left && rc == NAMIDB_OK; j++)
            rc = find(read, &read->probes[i + j], &spots[j]);
        for (size_t j = 0; j < left && rc == NAMIDB_OK; j++)
            rc = take(read, context, i + j, &spots[j]);
    }
    return rc;
}

/* Whether all edges are of one type, and their ends known. */
static bool are_listed(const struct ndb_edge_probe *probes, size_t count)
{
    uint32_t type = count != 0 ? NAMIDB_ID_TABLE(probes[0].id) : NAMIDB_ANY;

    for (size_t i = 0; i < count; i++)
        if (NAMIDB_ID_TABLE(probes[i].id) != type || probes[i].from == 0 ||
            probes[i].to == 0)
            return false;
    return type != NAMIDB_ANY;
}

static int read_all(struct read *read, const struct ndb_snapshot *snapshot,
                    take_edge *take, void *context, namidb_error *err)
{
    int rc;

    if (!are_listed(read->probes, read->count))
        return NAMIDB_NONE;
    read->from = 0;
    read->columns = NULL;
    rc = ndb_out_lists_begin(&read->lists, snapshot,
                             NAMIDB_ID_TABLE(read->probes[0].id), err);
    if (rc == NAMIDB_OK)
        rc = take_all(read, take, context);
    ndb_out_lists_end(&read->lists, rc);
    return rc;
}

struct whole {
    namidb_arena *arena;
    namidb_edge *out;
};

static int take_whole(struct read *read, void *context, size_t index,
                      const struct spot *spot)
{
    const struct ndb_edge_probe *probe = &read->probes[index];
    struct whole *whole = context;
    namidb_edge *edge = &whole->out[index];
    int rc;

    *edge = (namidb_edge){ .id = 0 };
    if (spot->is_known && !spot->known.is_deleted)
        return ndb_edge_known_read(&spot->known, whole->arena, edge,
                                   read->lists.err);
    if (spot->segment == NULL)
        return NAMIDB_OK;
    *edge = (namidb_edge){ .id = probe->id,
                           .from = probe->from,
                           .to = probe->to,
                           .type = NAMIDB_ID_TABLE(probe->id) };
    rc = ndb_columns_props(&spot->segment->columns, spot->row, whole->arena,
                           &edge->props, &edge->prop_count);
    return rc < 0 ? ndb_out_list_fail(spot->path, rc, read->lists.err) : rc;
}

int ndb_read_listed(const struct ndb_snapshot *snapshot,
                    const struct ndb_edge_probe *probes, size_t count,
                    namidb_arena *arena, namidb_edge *out, namidb_error *err)
{
    struct whole whole = { arena, out };
    struct read read;

    read.probes = probes;
    read.count = count;
    read.wants_column = false;
    return read_all(&read, snapshot, take_whole, &whole, err);
}

/* Of an edge that a memtable knows. */
static int take_known(struct read *read, struct ndb_property_taker *taker,
                      size_t index, const struct ndb_memtable_edge *known)
{
    namidb_edge edge;
    int rc = ndb_edge_known_read(known, taker->arena, &edge, read->lists.err);

    if (rc >= 0 && ndb_property_pick(taker, index, &edge, read->name) < 0)
        rc = ndb_fail_memory(read->lists.err);
    return rc;
}

static int take_property(struct read *read, void *context, size_t index,
                         const struct spot *spot)
{
    struct ndb_property_taker *taker = context;
    int rc;

    if (spot->is_known && !spot->known.is_deleted)
        return take_known(read, taker, index, &spot->known);
    if (spot->segment == NULL) {
        ndb_property_absent(taker, index);
        return NAMIDB_OK;
    }
    rc = find_column(read, spot);
    if (rc < 0)
        return rc;
    rc = ndb_property_take(taker, index, read->column, spot->row);
    return rc < 0 ? ndb_out_list_fail(spot->path, rc, read->lists.err) : rc;
}

int ndb_read_listed_property(const struct ndb_snapshot *snapshot,
                             const struct ndb_edge_probe *probes, size_t count,
                             uint32_t name, namidb_arena *arena,
                             struct ndb_property_column *out, namidb_error *err)
{
    struct ndb_property_taker taker;
    struct read read;

    if (ndb_property_begin(&taker, out, count, arena) < 0)
        return ndb_fail_memory(err);
    read.probes = probes;
    read.count = count;
    read.wants_column = true;
    read.name = name;
    return read_all(&read, snapshot, take_property, &taker, err);
}
