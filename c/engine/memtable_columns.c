/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All edges of a type in columns, for a flush. Blocks of a load are in columns
 * already and are put one behind another; other edges are listed first.
 */
#include "base/mem.h"
#include "engine/memtable_internal.h"

/* What columns will hold. */
struct shape {
    size_t count;
    size_t rows_bytes;
    size_t row_bytes; /* of the first row */
    bool are_even;    /* all rows have as many */
    bool is_gapless;  /* each id is the one after the last */
    bool has_deleted;
};
#define SHAPE_INIT ((struct shape){ 0, 0, 0, true, true, false })

void ndb_memtable_columns_release(struct ndb_memtable_columns *columns)
{
    ndb_free(columns->ids);
    ndb_free(columns->from);
    ndb_free(columns->to);
    ndb_free(columns->row_starts);
    ndb_free(columns->deleted);
    ndb_buf_release(&columns->rows);
    *columns = NDB_MEMTABLE_COLUMNS_INIT;
}

static int reserve(struct ndb_memtable_columns *out, const struct shape *shape)
{
    bool has_memory;

    out->row_bytes = shape->row_bytes;
    out->from = ndb_realloc(NULL, shape->count, sizeof *out->from);
    out->to = ndb_realloc(NULL, shape->count, sizeof *out->to);
    has_memory = out->from != NULL && out->to != NULL;
    if (!shape->is_gapless) {
        out->ids = ndb_realloc(NULL, shape->count, sizeof *out->ids);
        has_memory &= out->ids != NULL;
    }
    if (!shape->are_even) {
        out->row_starts = ndb_calloc(shape->count + 1, sizeof *out->row_starts);
        has_memory &= out->row_starts != NULL;
    }
    if (shape->has_deleted) {
        out->deleted = ndb_calloc(shape->count / 64 + 1, sizeof *out->deleted);
        has_memory &= out->deleted != NULL;
    }
    return has_memory ? ndb_buf_reserve(&out->rows, shape->rows_bytes)
                      : NAMIDB_ENOMEM;
}

/* Room was reserved. */
static void add_row(struct ndb_memtable_columns *out, struct ndb_slice row)
{
    if (row.bytes != 0)
        memcpy(out->rows.data + out->rows.bytes, row.data, row.bytes);
    out->rows.bytes += row.bytes;
}

/* --------------------------------------------------------------- blocks -- */

static bool is_wanted(const struct ndb_held_block *block, uint32_t type,
                      uint64_t version)
{
    return NAMIDB_ID_TABLE(block->edges.first_id) == type &&
           block->version <= version;
}

/* False: ids do not ascend. */
static bool survey_blocks(const struct ndb_memtable *m, uint32_t type,
                          uint64_t version, struct shape *shape)
{
    uint64_t next_id = 0;

    for (uint32_t i = m->made_blocks; i < m->block_count; i++) {
        const struct ndb_edge_block *edges = &m->blocks[i].edges;

        if (!is_wanted(&m->blocks[i], type, version))
            continue;
        if (edges->first_id < next_id)
            return false;
        if (shape->count == 0)
            shape->row_bytes = edges->row_bytes;
        else
            shape->is_gapless &= edges->first_id == next_id;
        shape->are_even &=
            edges->row_starts == NULL && edges->row_bytes == shape->row_bytes;
        shape->rows_bytes += ndb_edge_block_rows_bytes(edges);
        shape->count += edges->count;
        next_id = ndb_edge_block_id(edges, edges->count);
    }
    return true;
}

static void add_block(struct ndb_memtable_columns *out,
                      const struct ndb_edge_block *edges)
{
    size_t at = out->count, row_at = out->rows.bytes;

    memcpy(out->from + at, edges->from, edges->count * sizeof *edges->from);
    memcpy(out->to + at, edges->to, edges->count * sizeof *edges->to);
    add_row(out, ndb_slice(edges->rows, ndb_edge_block_rows_bytes(edges)));
    for (uint32_t i = 0; i < edges->count && out->ids != NULL; i++)
        out->ids[at + i] = ndb_edge_block_id(edges, i);
    for (uint32_t i = 0; i < edges->count && out->row_starts != NULL; i++) {
        row_at += ndb_edge_block_row(edges, i).bytes;
        out->row_starts[at + i + 1] = row_at;
    }
    out->count += edges->count;
}

/* Under lock. NAMIDB_NONE: some edges of the type have entries, or ids do not
 * ascend. */
static int copy_blocks(const struct ndb_memtable *m, uint32_t type,
                       uint64_t version, struct ndb_memtable_columns *out)
{
    const struct ndb_lane *lane = ndb_lane_find(m, type, true);
    struct shape shape = SHAPE_INIT;
    int rc;

    if (lane != NULL && lane->head != NDB_NO_ENTRY)
        return NAMIDB_NONE;
    if (!survey_blocks(m, type, version, &shape))
        return NAMIDB_NONE;
    rc = reserve(out, &shape);
    for (uint32_t i = m->made_blocks; i < m->block_count && rc >= 0; i++) {
        if (!is_wanted(&m->blocks[i], type, version))
            continue;
        if (out->count == 0)
            out->first_id = m->blocks[i].edges.first_id;
        add_block(out, &m->blocks[i].edges);
    }
    return rc;
}

/* ---------------------------------------------------------------- lists -- */

static void drop_deleted(struct ndb_memtable_edges *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i].is_deleted)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static struct shape survey_list(const struct ndb_memtable_edges *list)
{
    const struct ndb_memtable_edge *edges = list->items;
    struct shape shape = SHAPE_INIT;

    shape.count = list->count;
    if (list->count != 0)
        shape.row_bytes = edges[0].props.bytes;
    for (size_t i = 0; i < list->count; i++) {
        shape.rows_bytes += edges[i].props.bytes;
        shape.are_even &= edges[i].props.bytes == shape.row_bytes;
        shape.is_gapless &= edges[i].id == edges[0].id + NAMIDB_ID(i, 0);
        shape.has_deleted |= edges[i].is_deleted;
    }
    return shape;
}

static int copy_list(const struct ndb_memtable_edges *list,
                     struct ndb_memtable_columns *out)
{
    const struct shape shape = survey_list(list);
    int rc = reserve(out, &shape);

    if (rc < 0)
        return rc;
    if (list->count != 0)
        out->first_id = list->items[0].id;
    for (size_t i = 0; i < list->count; i++) {
        const struct ndb_memtable_edge *edge = &list->items[i];

        out->from[i] = edge->from;
        out->to[i] = edge->to;
        add_row(out, edge->props);
        if (out->ids != NULL)
            out->ids[i] = edge->id;
        if (out->row_starts != NULL)
            out->row_starts[i + 1] = out->rows.bytes;
        if (edge->is_deleted)
            out->deleted[i / 64] |= UINT64_C(1) << i % 64;
    }
    out->count = list->count;
    return NAMIDB_OK;
}

int ndb_memtable_columns_of(struct ndb_memtable *m, uint32_t type,
                            uint64_t version, bool with_deleted,
                            struct ndb_memtable_columns *out)
{
    struct ndb_memtable_edges list = NDB_MEMTABLE_EDGES_INIT;
    int rc;

    (void)pthread_rwlock_rdlock(&m->lock);
    rc = copy_blocks(m, type, version, out);
    (void)pthread_rwlock_unlock(&m->lock);
    if (rc == NAMIDB_NONE) {
        rc = ndb_memtable_edges_of(m, type, version, &list);
        if (!with_deleted)
            drop_deleted(&list);
        if (rc >= 0)
            rc = copy_list(&list, out);
        ndb_memtable_edges_release(&list);
    }
    if (rc < 0)
        ndb_memtable_columns_release(out);
    return rc;
}
