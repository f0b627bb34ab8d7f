/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "engine/edge_list.h"
#include "engine/scan_source.h"

static int add_types(struct ndb_scan *scan, uint32_t layer)
{
    const struct ndb_layer *from = &scan->snapshot.view->layers[layer];
    const struct ndb_directory *directory;
    int rc = NAMIDB_OK;

    if (from->memtable != NULL)
        return ndb_memtable_tables(from->memtable, true, scan->snapshot.version,
                                   &scan->types);
    directory = ndb_pack_directory(from->pack);
    for (uint32_t i = 0; i < directory->part_count && rc >= 0; i++)
        if (directory->parts[i].kind == NDB_PART_OUT)
            rc = ndb_ids_add(&scan->types, directory->parts[i].type);
    return rc;
}

int ndb_scan_edges_open(struct ndb_scan **out,
                        const struct ndb_snapshot *snapshot, uint32_t type,
                        namidb_error *err)
{
    struct ndb_scan *scan;
    int rc = ndb_scan_new(&scan, snapshot, true, type, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    if (type != NAMIDB_ANY)
        rc = ndb_ids_add(&scan->types, type);
    for (uint32_t i = 0;
         type == NAMIDB_ANY && rc >= 0 && i < snapshot->view->layer_count; i++)
        rc = add_types(scan, i);
    if (rc < 0) {
        ndb_scan_close(scan);
        return ndb_fail_memory(err);
    }
    ndb_ids_unique(&scan->types);
    *out = scan;
    return NAMIDB_OK;
}

/* Lists the edges of a memtable as a scan gives them, and appends the tables of
 * their sources. */
static int list_memtable(struct ndb_scan *scan, uint32_t layer, uint32_t type)
{
    struct ndb_memtable_edges *list = &scan->lists[layer];
    int rc;

    list->count = 0;
    rc = ndb_memtable_edges_of(scan->snapshot.view->layers[layer].memtable,
                               type, scan->snapshot.version, list);
    if (rc >= 0)
        rc = ndb_memtable_edges_sort(list);
    for (size_t i = 0; i < list->count && rc >= 0; i++)
        if (i == 0 || NAMIDB_ID_TABLE(list->items[i].from) !=
                          NAMIDB_ID_TABLE(list->items[i - 1].from))
            rc = ndb_ids_add(&scan->tables,
                             NAMIDB_ID_TABLE(list->items[i].from));
    return rc;
}

/* Lists the tables of sources that the next type has. */
static int begin_type(struct ndb_scan *scan)
{
    uint32_t type = (uint32_t)scan->types.items[scan->type_at];
    int rc = NAMIDB_OK;

    scan->tables.count = 0;
    for (uint32_t i = 0; i < scan->snapshot.view->layer_count && rc >= 0; i++) {
        const struct ndb_layer *layer = &scan->snapshot.view->layers[i];
        const struct ndb_directory *directory;

        if (layer->memtable != NULL) {
            rc = list_memtable(scan, i, type);
            continue;
        }
        directory = ndb_pack_directory(layer->pack);
        for (uint32_t j = 0; j < directory->part_count && rc >= 0; j++)
            if (directory->parts[j].kind == NDB_PART_OUT &&
                directory->parts[j].type == type)
                rc = ndb_ids_add(&scan->tables, directory->parts[j].table);
    }
    if (rc < 0) {
        scan->tables.count = 0;
        return rc;
    }
    ndb_ids_unique(&scan->tables);
    scan->table_at = 0;
    scan->type_at++;
    return NAMIDB_OK;
}

/* The stretch of a memtable's list whose sources are of a table. */
static void add_memtable(struct ndb_scan *scan, uint32_t layer, uint32_t table)
{
    const struct ndb_memtable_edges *list = &scan->lists[layer];
    size_t begin = 0, end;

    while (begin < list->count &&
           NAMIDB_ID_TABLE(list->items[begin].from) != table)
        begin++;
    end = begin;
    while (end < list->count && NAMIDB_ID_TABLE(list->items[end].from) == table)
        end++;
    if (begin < end)
        ndb_scan_source_memtable(scan, layer, begin, end);
}

int ndb_scan_edges_table(struct ndb_scan *scan, namidb_error *err)
{
    uint32_t type, table;

    ndb_scan_source_reset(scan);
    while (scan->table_at == scan->tables.count) {
        if (scan->type_at == scan->types.count)
            return NAMIDB_NONE;
        if (begin_type(scan) < 0)
            return ndb_fail_memory(err);
    }
    type = (uint32_t)scan->types.items[scan->type_at - 1];
    table = (uint32_t)scan->tables.items[scan->table_at++];
    for (uint32_t i = 0; i < scan->snapshot.view->layer_count; i++) {
        const struct ndb_layer *layer = &scan->snapshot.view->layers[i];
        const struct ndb_part *part = NULL;

        if (layer->memtable != NULL)
            add_memtable(scan, i, table);
        else
            part = ndb_directory_find(ndb_pack_directory(layer->pack),
                                      NDB_PART_OUT, type, table);
        if (part != NULL)
            ndb_scan_source_part(scan, i, part);
    }
    return NAMIDB_OK;
}

/* Reads the current row if it lives: NAMIDB_OK, NAMIDB_NONE, or a failure. */
static int read_row(struct ndb_scan *scan, struct ndb_scan_source *source,
                    namidb_arena *arena, namidb_edge *out, namidb_error *err)
{
    uint32_t type = (uint32_t)scan->types.items[scan->type_at - 1];
    uint32_t table = (uint32_t)scan->tables.items[scan->table_at - 1];
    const struct ndb_edge_segment *segment;
    int rc = NAMIDB_OK;

    if (source->memtable != NULL) {
        const struct ndb_memtable_edge *edge = &source->edges[source->index];

        if (edge->is_deleted)
            return NAMIDB_NONE;
        return ndb_edge_known_read(edge, arena, out, err);
    }
    segment = &ndb_scan_source_segment(source)->as.edge;
    if (ndb_bit(segment->deleted, source->row))
        return NAMIDB_NONE;
    *out = (namidb_edge){
        .id = NAMIDB_ID(source->at.edge, type),
        .from = NAMIDB_ID(source->at.sequence, table),
        .to = source->at.neighbour,
        .type = type,
    };
    if (segment->columns.count != 0)
        rc = ndb_columns_props(&segment->columns, source->row, arena,
                               &out->props, &out->prop_count);
    return rc < 0 ? ndb_scan_source_fail(source, rc, err) : NAMIDB_OK;
}

int ndb_scan_edges_take(struct ndb_scan *scan, struct ndb_scan_source *source,
                        const struct ndb_scan_key *limit, size_t max,
                        namidb_arena *arena, namidb_edge *edges, size_t *count,
                        namidb_error *err)
{
    do {
        int rc = read_row(scan, source, arena, &edges[*count], err);

        if (rc < 0)
            return rc;
        if (rc == NAMIDB_OK)
            (*count)++;
    } while (ndb_scan_source_step(scan, source, limit) && *count < max);
    return NAMIDB_OK;
}
