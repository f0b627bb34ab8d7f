/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memtable hands out what it knows per table and type; a pack wants the same
 * edges three times, in three orders (by source, by target, by edge). The edges
 * are listed once, ascending by (source, target, id), and each order is a
 * stable radix sort of pointers to them: sorting by target what is sorted by
 * source gives (target, source, id) for free.
 */
#include "engine/pack_build.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/prefetch.h"
#include "base/radix.h"
#include "engine/index_run.h"
#include "format/value.h"

/* Edges of one type, in memtable order. */
struct type_edges {
    uint32_t type;
    struct ndb_memtable_edges edges;
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

    struct ndb_radix_item *order, *spare; /* key -> index of an edge */
    size_t order_capacity;

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
 * are dropped here. */
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
        size_t kept = 0;

        list->type = (uint32_t)types.items[i];
        list->edges = NDB_MEMTABLE_EDGES_INIT;
        rc = ndb_memtable_edges_of(build->memtable, list->type, build->version,
                                   &list->edges);
        for (size_t j = 0; j < list->edges.count && build->is_bottom; j++)
            if (!list->edges.items[j].is_deleted)
                list->edges.items[kept++] = list->edges.items[j];
        if (build->is_bottom)
            list->edges.count = kept;
    }
    ndb_ids_release(&types);
    return rc;
}

static int reserve_order(struct build *build, size_t count)
{
    if (count <= build->order_capacity)
        return NAMIDB_OK;
    ndb_free(build->order);
    ndb_free(build->spare);
    build->order_capacity = count;
    build->order = ndb_calloc(count, sizeof *build->order);
    build->spare = ndb_calloc(count, sizeof *build->spare);
    return build->order != NULL && build->spare != NULL ? NAMIDB_OK
                                                        : NAMIDB_ENOMEM;
}

/* (table, sequence) in one number: parts by table, owners by sequence. */
static uint64_t owner_key(uint64_t id)
{
    return (uint64_t)NAMIDB_ID_TABLE(id) << 40 | NAMIDB_ID_SEQUENCE(id);
}

/* Sorts `order` by what a part of this kind is sorted by. */
static int order_edges(struct build *build, enum ndb_part_kind kind,
                       const struct ndb_memtable_edges *edges)
{
    int rc = reserve_order(build, edges->count);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < edges->count; i++) {
        const struct ndb_memtable_edge *edge = &edges->items[i];
        struct ndb_radix_item *item = &build->order[i];

        item->value = i;
        if (kind == NDB_PART_EDGE_ID)
            item->key = NAMIDB_ID_SEQUENCE(edge->id);
        else
            item->key = owner_key(kind == NDB_PART_OUT ? edge->from : edge->to);
    }
    ndb_radix_sort(build->order, build->spare, edges->count);
    return NAMIDB_OK;
}

static int index_edge(struct build *build, const struct ndb_memtable_edge *edge,
                      const namidb_property *props, uint32_t prop_count)
{
    const namidb_edge row = { .id = edge->id,
                              .from = edge->from,
                              .to = edge->to,
                              .props = props,
                              .prop_count = prop_count };
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < build->run_count && rc >= 0; i++)
        rc = ndb_index_run_edge(&build->runs[i], &row);
    return rc;
}

static int write_edge(struct build *build, enum ndb_part_kind kind,
                      const struct ndb_memtable_edge *edge)
{
    bool is_out = kind == NDB_PART_OUT;
    struct ndb_pack_edge row = {
        .owner = NAMIDB_ID_SEQUENCE(is_out ? edge->from : edge->to),
        .neighbour = is_out ? edge->to : edge->from,
        .sequence = NAMIDB_ID_SEQUENCE(edge->id),
        .is_deleted = edge->is_deleted,
    };
    const namidb_property *props = NULL;
    uint32_t prop_count = 0;

    if (is_out && !edge->is_deleted && edge->props.bytes != 0) {
        struct ndb_reader reader = ndb_reader(edge->props);
        int rc;

        ndb_arena_reset(&build->arena);
        rc = ndb_props_decode(&reader, &build->arena, &props, &prop_count);
        if (rc < 0)
            return rc;
        if (!ndb_reader_is_done(&reader))
            return NAMIDB_ECORRUPT;
        rc = index_edge(build, edge, props, prop_count);
        if (rc < 0)
            return rc;
    }
    return ndb_pack_writer_edge(build->writer, &row, props, prop_count);
}

/* The next edges are somewhere in memory, and their properties somewhere else:
 * asking for both ahead of time makes out parts twice as fast. */
static void prefetch_edge(const struct build *build,
                          const struct ndb_memtable_edges *edges, size_t at,
                          bool with_props)
{
    if (at + 16 < edges->count)
        ndb_prefetch(&edges->items[build->order[at + 16].value]);
    if (with_props && at + 8 < edges->count)
        ndb_prefetch(edges->items[build->order[at + 8].value].props.data);
}

/* The out or in parts of one type, a part per table of owners. */
static int build_lists(struct build *build, enum ndb_part_kind kind,
                       const struct type_edges *list)
{
    uint64_t table = UINT64_MAX;
    bool is_begun = false;
    int rc = order_edges(build, kind, &list->edges);

    for (size_t i = 0; i < list->edges.count && rc >= 0; i++) {
        const struct ndb_radix_item *item = &build->order[i];

        prefetch_edge(build, &list->edges, i, kind == NDB_PART_OUT);
        if (item->key >> 40 != table) {
            table = item->key >> 40;
            is_begun = false;
        }
        rc = begin_part(build, &is_begun, kind, list->type, (uint32_t)table);
        if (rc >= 0)
            rc = write_edge(build, kind, &list->edges.items[item->value]);
    }
    return rc;
}

/* A deleted edge needs no entry: its tombstone is found in its source's list,
 * which the entry of a pack below names. */
static int build_edge_ids(struct build *build, const struct type_edges *list)
{
    bool is_begun = false;
    int rc = order_edges(build, NDB_PART_EDGE_ID, &list->edges);

    for (size_t i = 0; i < list->edges.count && rc >= 0; i++) {
        const struct ndb_memtable_edge *edge =
            &list->edges.items[build->order[i].value];

        prefetch_edge(build, &list->edges, i, false);
        if (edge->is_deleted)
            continue;
        rc = begin_part(build, &is_begun, NDB_PART_EDGE_ID, list->type, 0);
        if (rc >= 0)
            rc = ndb_pack_writer_edge_id(build->writer, build->order[i].key,
                                         edge->from);
    }
    return rc;
}

static int build_edges(struct build *build)
{
    int rc = list_edges(build);

    for (size_t i = 0; i < build->type_count && rc >= 0; i++)
        rc = build_lists(build, NDB_PART_OUT, &build->types[i]);
    for (size_t i = 0; i < build->type_count && rc >= 0; i++)
        rc = build_lists(build, NDB_PART_IN, &build->types[i]);
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
    int rc = reserve_order(build, count);

    if (rc < 0)
        return rc;
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
    for (size_t i = 0; i < build->type_count; i++)
        ndb_memtable_edges_release(&build->types[i].edges);
    ndb_free(build->types);
    ndb_free(build->keys);
    ndb_free(build->key_tables);
    ndb_free(build->order);
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
