/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memtable hands out what it knows per table and type; a pack wants the same
 * edges three times, in three orders (by source, by target, by edge). The edges
 * are listed once, by column, ascending by id. The other two orders are sorted
 * beside them (edge_order.h), and what a part wants beyond ends stays where it
 * is, in small arrays, because each order visits it at random. Most of the time
 * that a build takes is waiting for memory.
 */
#include "engine/pack_build.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/prefetch.h"
#include "base/radix.h"
#include "engine/edge_order.h"
#include "engine/index_run.h"
#include "format/value.h"

/* Edges of one type. */
struct type_edges {
    uint32_t type;
    struct ndb_memtable_columns edges;
    struct ndb_edge_order order; /* of the part that is written */
};

/* Keys of one table: keys[begin .. end). */
struct table_keys {
    uint32_t table;
    size_t begin, end;
};

struct build {
    struct ndb_pack_writer *writer;
    struct ndb_memtable *memtable;
    uint64_t version;
    bool is_bottom;
    bool is_empty; /* no row was written yet */
    namidb_error *err;

    struct type_edges *types;
    size_t type_count;

    struct ndb_radix_item *keys; /* hash -> sequence, table after table */
    size_t key_count, key_capacity;
    struct table_keys *key_tables;
    size_t key_table_count;

    struct ndb_radix_item *spare; /* for sorting keys */

    struct ndb_index_run *runs; /* as index parts stand in a pack */
    uint32_t run_count;

    namidb_arena arena; /* a row at a time */
};

static int fail(struct build *build, int rc)
{
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(build->err);
    if (rc == NAMIDB_ELIMIT)
        return ndb_fail(build->err, rc, "pack: too large for one object");
    return ndb_fail(build->err, rc, "memtable: a row does not decode");
}

/* Begins a part before its first row; `is_begun` belongs to the part. */
static int begin_part(struct build *build, bool *is_begun,
                      enum ndb_part_kind kind, uint32_t type, uint32_t table)
{
    if (*is_begun)
        return NAMIDB_OK;
    *is_begun = true;
    build->is_empty = false;
    return ndb_pack_writer_part(build->writer, kind, type, table);
}

/* ----------------------------------------------------------------- nodes -- */

static int add_key(struct build *build, uint64_t hash, uint64_t sequence)
{
    if (build->key_count == build->key_capacity) {
        size_t capacity = build->key_capacity * 2 + 1024;
        struct ndb_radix_item *keys =
            ndb_realloc(build->keys, capacity, sizeof *keys);

        if (keys == NULL)
            return NAMIDB_ENOMEM;
        build->keys = keys;
        build->key_capacity = capacity;
    }
    build->keys[build->key_count].key = hash;
    build->keys[build->key_count++].value = sequence;
    return NAMIDB_OK;
}

static int write_node(struct build *build, uint64_t id, struct ndb_slice row)
{
    uint64_t sequence = NAMIDB_ID_SEQUENCE(id);
    namidb_node node;
    int rc;

    if (row.data == NULL)
        return ndb_pack_writer_node(build->writer, sequence, NULL);
    ndb_arena_reset(&build->arena);
    rc = ndb_row_decode(row, &build->arena, &node);
    if (rc < 0)
        return rc;
    node.id = id;
    rc = ndb_pack_writer_node(build->writer, sequence, &node);
    for (uint32_t i = 0; i < build->run_count && rc >= 0; i++)
        rc = ndb_index_run_node(&build->runs[i], &node);
    if (rc < 0 || node.key.kind == NAMIDB_NULL)
        return rc;
    return add_key(build, ndb_key_hash(&node.key), sequence);
}

static int build_node_table(struct build *build, uint32_t table,
                            struct ndb_ids *ids)
{
    size_t key_begin = build->key_count;
    bool is_begun = false;
    int rc;

    ids->count = 0;
    rc = ndb_memtable_nodes_of(build->memtable, table, build->version, ids);
    for (size_t i = 0; i < ids->count && rc >= 0; i++) {
        struct ndb_slice row;

        rc = ndb_memtable_node(build->memtable, ids->items[i], build->version,
                               &row);
        if (rc != NAMIDB_OK || (row.data == NULL && build->is_bottom))
            continue;
        rc = begin_part(build, &is_begun, NDB_PART_NODE, 0, table);
        if (rc >= 0)
            rc = write_node(build, ids->items[i], row);
    }
    if (rc >= 0 && build->key_count > key_begin)
        build->key_tables[build->key_table_count++] =
            (struct table_keys){ table, key_begin, build->key_count };
    return rc;
}

static int build_nodes(struct build *build)
{
    struct ndb_ids tables = NDB_IDS_INIT, ids = NDB_IDS_INIT;
    int rc =
        ndb_memtable_tables(build->memtable, false, build->version, &tables);

    if (rc >= 0) {
        build->key_tables = ndb_calloc(tables.count, sizeof *build->key_tables);
        if (build->key_tables == NULL)
            rc = NAMIDB_ENOMEM;
    }
    for (size_t i = 0; i < tables.count && rc >= 0; i++)
        rc = build_node_table(build, (uint32_t)tables.items[i], &ids);
    ndb_ids_release(&ids);
    ndb_ids_release(&tables);
    return rc;
}

/* ----------------------------------------------------------------- edges -- */

/* Lists the edges of every type; those that nothing below needs to see deleted
 * are left out. */
static int list_edges(struct build *build)
{
    struct ndb_ids types = NDB_IDS_INIT;
    int rc = ndb_memtable_tables(build->memtable, true, build->version, &types);

    if (rc >= 0) {
        build->types = ndb_calloc(types.count, sizeof *build->types);
        if (build->types == NULL)
            rc = NAMIDB_ENOMEM;
    }
    for (size_t i = 0; i < types.count && rc >= 0; i++) {
        struct type_edges *list = &build->types[build->type_count++];

        list->type = (uint32_t)types.items[i];
        list->edges = NDB_MEMTABLE_COLUMNS_INIT;
        rc =
            ndb_memtable_columns_of(build->memtable, list->type, build->version,
                                    !build->is_bottom, &list->edges);
    }
    ndb_ids_release(&types);
    return rc;
}

/* ----------------------------------------------------------- edge parts -- */

static int index_edge(struct build *build,
                      const struct ndb_memtable_columns *edges, size_t index,
                      const namidb_property *props, uint32_t prop_count)
{
    const namidb_edge row = { .id = ndb_memtable_columns_id(edges, index),
                              .from = edges->from[index],
                              .to = edges->to[index],
                              .props = props,
                              .prop_count = prop_count };
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < build->run_count && rc >= 0; i++)
        rc = ndb_index_run_edge(&build->runs[i], &row);
    return rc;
}

/* The properties of an edge, which is in no index without any. */
static int read_props(struct build *build,
                      const struct ndb_memtable_columns *edges, size_t index,
                      const namidb_property **props, uint32_t *count)
{
    size_t begin = ndb_memtable_columns_row(edges, index);
    size_t end = ndb_memtable_columns_row(edges, index + 1);
    struct ndb_reader reader;
    int rc;

    if (begin == end)
        return NAMIDB_OK;
    reader = ndb_reader(ndb_slice(edges->rows.data + begin, end - begin));
    ndb_arena_reset(&build->arena);
    rc = ndb_props_decode(&reader, &build->arena, props, count);
    if (rc < 0)
        return rc;
    if (!ndb_reader_is_done(&reader))
        return NAMIDB_ECORRUPT;
    return build->run_count == 0
               ? NAMIDB_OK
               : index_edge(build, edges, index, *props, *count);
}

/* Edges in order, a few at once: what they hold is anywhere in memory, and is
 * asked for before it is read. */
enum { AHEAD_EDGES = 64 };

static void prefetch_rows(const struct ndb_memtable_columns *edges,
                          const struct ndb_ordered_edge *ordered, size_t count)
{
    for (size_t i = 0; i < count && edges->row_starts != NULL; i++)
        ndb_prefetch(&edges->row_starts[ordered[i].index]);
    for (size_t i = 0; i < count && edges->rows.bytes != 0; i++)
        ndb_prefetch(edges->rows.data +
                     ndb_memtable_columns_row(edges, ordered[i].index));
}

static size_t take_edges(const struct type_edges *list, size_t at,
                         bool with_props, struct ndb_ordered_edge *out)
{
    const struct ndb_memtable_columns *edges = &list->edges;
    size_t count = edges->count - at;

    if (count > AHEAD_EDGES)
        count = AHEAD_EDGES;
    for (size_t i = 0; i < count; i++)
        out[i] = ndb_edge_order_at(&list->order, at + i);
    for (size_t i = 0; i < count && edges->ids != NULL; i++)
        ndb_prefetch(&edges->ids[out[i].index]);
    if (with_props)
        prefetch_rows(edges, out, count);
    return count;
}

static int write_edge(struct build *build, enum ndb_part_kind kind,
                      const struct type_edges *list,
                      const struct ndb_ordered_edge *edge)
{
    const struct ndb_pack_edge row = {
        .owner = NAMIDB_ID_SEQUENCE(edge->owner),
        .neighbour = edge->neighbour,
        .sequence = NAMIDB_ID_SEQUENCE(
            ndb_memtable_columns_id(&list->edges, edge->index)),
        .is_deleted =
            ndb_memtable_columns_is_deleted(&list->edges, edge->index),
    };
    const namidb_property *props = NULL;
    uint32_t prop_count = 0;
    int rc = NAMIDB_OK;

    if (kind == NDB_PART_OUT)
        rc = read_props(build, &list->edges, edge->index, &props, &prop_count);
    return rc < 0
               ? rc
               : ndb_pack_writer_edge(build->writer, &row, props, prop_count);
}

/* The out or in parts of one type, a part per table of owners. */
static int build_lists(struct build *build, enum ndb_part_kind kind,
                       const struct type_edges *list)
{
    struct ndb_ordered_edge edges[AHEAD_EDGES];
    uint32_t table = UINT32_MAX;
    bool is_begun = false;
    size_t count;
    int rc = NAMIDB_OK;

    for (size_t at = 0; at < list->edges.count && rc >= 0; at += count) {
        count = take_edges(list, at, kind == NDB_PART_OUT, edges);
        for (size_t i = 0; i < count && rc >= 0; i++) {
            if (NAMIDB_ID_TABLE(edges[i].owner) != table) {
                table = NAMIDB_ID_TABLE(edges[i].owner);
                is_begun = false;
            }
            rc = begin_part(build, &is_begun, kind, list->type, table);
            if (rc >= 0)
                rc = write_edge(build, kind, list, &edges[i]);
        }
    }
    return rc;
}

static int build_out(struct build *build, struct type_edges *list)
{
    const struct ndb_memtable_columns *edges = &list->edges;
    int rc =
        ndb_edge_order_make(&list->order, edges->from, edges->to, edges->count);

    return rc < 0 ? rc : build_lists(build, NDB_PART_OUT, list);
}

static int build_in(struct build *build, struct type_edges *list)
{
    int rc;

    ndb_edge_order_turn(&list->order);
    rc = build_lists(build, NDB_PART_IN, list);
    ndb_edge_order_release(&list->order);
    return rc;
}

/* A deleted edge needs no entry: its tombstone is found in its source's list,
 * which the entry of a pack below names. */
static int build_edge_ids(struct build *build, const struct type_edges *list)
{
    const struct ndb_memtable_columns *edges = &list->edges;
    bool is_begun = false;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < edges->count && rc >= 0; i++) {
        if (ndb_memtable_columns_is_deleted(edges, i))
            continue;
        rc = begin_part(build, &is_begun, NDB_PART_EDGE_ID, list->type, 0);
        if (rc >= 0)
            rc = ndb_pack_writer_edge_id(
                build->writer,
                NAMIDB_ID_SEQUENCE(ndb_memtable_columns_id(edges, i)),
                edges->from[i]);
    }
    return rc;
}

static int build_edges(struct build *build)
{
    int rc = list_edges(build);

    for (size_t i = 0; i < build->type_count && rc >= 0; i++)
        rc = build_out(build, &build->types[i]);
    for (size_t i = 0; i < build->type_count && rc >= 0; i++)
        rc = build_in(build, &build->types[i]);
    for (size_t i = 0; i < build->type_count && rc >= 0; i++)
        rc = build_edge_ids(build, &build->types[i]);
    return rc;
}

/* ------------------------------------------------------------------ keys -- */

static int build_keys(struct build *build, const struct table_keys *keys)
{
    struct ndb_radix_item *items = build->keys + keys->begin;
    size_t count = keys->end - keys->begin;
    bool is_begun = false;
    int rc = NAMIDB_OK;

    ndb_free(build->spare);
    build->spare = ndb_calloc(count, sizeof *build->spare);
    if (build->spare == NULL)
        return NAMIDB_ENOMEM;
    ndb_radix_sort(items, build->spare, count);
    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = begin_part(build, &is_begun, NDB_PART_KEY, 0, keys->table);
        if (rc >= 0)
            rc = ndb_pack_writer_key(build->writer, items[i].key,
                                     items[i].value);
    }
    return rc;
}

/* --------------------------------------------------------------- indexes -- */

/* Low bits of the number first: parts stand in this order. */
static bool stands_before(uint32_t a, uint32_t b)
{
    uint32_t low_a = a & NAMIDB_TABLE_MAX, low_b = b & NAMIDB_TABLE_MAX;

    return low_a != low_b ? low_a < low_b : a < b;
}

static int begin_indexes(struct build *build, const struct ndb_schema *schema)
{
    build->runs = ndb_calloc(schema->count, sizeof *build->runs);
    if (build->runs == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < schema->count; i++) {
        const namidb_schema_item *item = &schema->items[i];
        uint32_t at = build->run_count;

        if (!ndb_rule_has_index(item->rule))
            continue;
        while (at > 0 &&
               stands_before(item->number, build->runs[at - 1].item.number)) {
            build->runs[at] = build->runs[at - 1];
            at--;
        }
        ndb_index_run_init(&build->runs[at], item);
        build->run_count++;
    }
    return NAMIDB_OK;
}

static void release(struct build *build)
{
    for (uint32_t i = 0; i < build->run_count; i++)
        ndb_index_run_release(&build->runs[i]);
    ndb_free(build->runs);
    for (size_t i = 0; i < build->type_count; i++) {
        ndb_memtable_columns_release(&build->types[i].edges);
        ndb_edge_order_release(&build->types[i].order);
    }
    ndb_free(build->types);
    ndb_free(build->keys);
    ndb_free(build->key_tables);
    ndb_free(build->spare);
    ndb_arena_release(&build->arena);
}

int ndb_pack_build(struct ndb_pack_writer *writer,
                   struct ndb_memtable *memtable, uint64_t version,
                   const struct ndb_schema *schema, bool is_bottom,
                   namidb_error *err)
{
    struct build build = {
        .writer = writer,
        .memtable = memtable,
        .version = version,
        .is_bottom = is_bottom,
        .is_empty = true,
        .err = err,
        .arena = NDB_ARENA_INIT,
    };
    int rc = schema != NULL ? begin_indexes(&build, schema) : NAMIDB_OK;

    if (rc >= 0)
        rc = build_nodes(&build);
    if (rc >= 0)
        rc = build_edges(&build);
    for (size_t i = 0; i < build.key_table_count && rc >= 0; i++)
        rc = build_keys(&build, &build.key_tables[i]);
    for (uint32_t i = 0; i < build.run_count && rc >= 0; i++) {
        ndb_index_run_sort(&build.runs[i]);
        rc = ndb_index_run_write(&build.runs[i], writer);
    }
    if (rc < 0)
        rc = fail(&build, rc);
    else
        rc = build.is_empty ? NAMIDB_NONE : NAMIDB_OK;
    release(&build);
    return rc;
}
