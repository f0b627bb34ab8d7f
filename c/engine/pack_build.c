/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memtable hands out what it knows per table and type; a pack wants the same
 * edges three times, in three orders (by source, by target, by edge). The edges
 * are listed once, ascending by id. What the other two orders are sorted by is
 * put beside the number of the edge, so that the sorts, stable ones by digits,
 * touch nothing else; and what a part wants beyond that is copied into small
 * arrays first, because each order visits it at random. Most of the time that a
 * build takes is waiting for memory.
 */
#include "engine/pack_build.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/prefetch.h"
#include "base/radix.h"
#include "engine/index_run.h"
#include "format/value.h"

/* Edges of one type. */
struct type_edges {
    uint32_t type;
    struct ndb_memtable_edges edges; /* ascending by id */
    /* By what a part is sorted by: the owner, as ndb_owner_key has it, and the
     * neighbour; the value is PAIR_VALUE of an edge. */
    struct ndb_radix_pair *pairs;
    /* What parts want of an edge beside its pair, close together: edges and
     * their properties are scattered over many times that memory. Of a load it
     * follows from the number of the edge. */
    uint64_t first_sequence;
    uint64_t *sequences; /* NULL: each is one above the last */
    size_t props_bytes;  /* of each edge, encoded, in build.props */
    size_t *props;       /* where they begin, and end; NULL: of props_bytes */
};

/* The number of an edge in its list, and whether it was deleted. */
#define PAIR_VALUE(index, is_deleted) ((uint64_t)(index) << 1 | (is_deleted))
#define PAIR_INDEX(pair) ((size_t)((pair)->value >> 1))
#define PAIR_IS_DELETED(pair) (((pair)->value & 1) != 0)

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
    struct ndb_radix_pair *spare_pairs;
    size_t spare_capacity; /* of pairs */

    struct ndb_buf props; /* of the type whose out parts are written */

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

/* The pairs of a type for its out part: edges come by id, and pairs of the same
 * two nodes stay in that order. */
static int pair_out(struct build *build, struct type_edges *list)
{
    size_t count = list->edges.count;

    list->pairs = ndb_calloc(count, sizeof *list->pairs);
    if (build->spare_pairs == NULL || build->spare_capacity < count) {
        ndb_free(build->spare_pairs);
        build->spare_capacity = count;
        build->spare_pairs = ndb_calloc(count, sizeof *build->spare_pairs);
    }
    if (list->pairs == NULL || build->spare_pairs == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct ndb_memtable_edge *edge = &list->edges.items[i];

        list->pairs[i] =
            (struct ndb_radix_pair){ ndb_owner_key(edge->from), edge->to,
                                     PAIR_VALUE(i, edge->is_deleted) };
    }
    ndb_radix_sort_pairs(list->pairs, build->spare_pairs, count);
    return NAMIDB_OK;
}

/* Makes the pairs of an out part those of an in part. */
static void pair_in(struct build *build, struct type_edges *list)
{
    for (size_t i = 0; i < list->edges.count; i++) {
        struct ndb_radix_pair *pair = &list->pairs[i];
        uint64_t from = ndb_id_of_owner_key(pair->high);

        pair->high = ndb_owner_key(pair->low);
        pair->low = from;
    }
    ndb_radix_sort_pairs(list->pairs, build->spare_pairs, list->edges.count);
}

/* Edges come by id, so that the first and the last tell whether all are one
 * behind another. */
static int copy_sequences(struct type_edges *list)
{
    size_t count = list->edges.count;
    const struct ndb_memtable_edge *edges = list->edges.items;

    if (count == 0)
        return NAMIDB_OK;
    list->first_sequence = NAMIDB_ID_SEQUENCE(edges[0].id);
    if (NAMIDB_ID_SEQUENCE(edges[count - 1].id) - list->first_sequence ==
        count - 1)
        return NAMIDB_OK;
    list->sequences = ndb_calloc(count, sizeof *list->sequences);
    if (list->sequences == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        list->sequences[i] = NAMIDB_ID_SEQUENCE(edges[i].id);
    return NAMIDB_OK;
}

static int copy_props(struct build *build, struct type_edges *list)
{
    size_t count = list->edges.count, bytes = 0;
    const struct ndb_memtable_edge *edges = list->edges.items;
    bool is_even = true;
    int rc;

    for (size_t i = 0; i < count; i++) {
        bytes += edges[i].props.bytes;
        is_even &= edges[i].props.bytes == edges[0].props.bytes;
    }
    build->props.bytes = 0;
    rc = ndb_buf_reserve(&build->props, bytes);
    if (rc < 0)
        return rc;
    list->props_bytes = count != 0 ? edges[0].props.bytes : 0;
    if (!is_even) {
        list->props = ndb_calloc(count + 1, sizeof *list->props);
        if (list->props == NULL)
            return NAMIDB_ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        if (edges[i].props.bytes != 0)
            memcpy(build->props.data + build->props.bytes, edges[i].props.data,
                   edges[i].props.bytes);
        build->props.bytes += edges[i].props.bytes;
        if (list->props != NULL)
            list->props[i + 1] = build->props.bytes;
    }
    return NAMIDB_OK;
}

static uint64_t sequence_of(const struct type_edges *list, size_t index)
{
    return list->sequences != NULL ? list->sequences[index]
                                   : list->first_sequence + index;
}

/* Where the properties of an edge begin; those of the next are behind. */
static size_t props_at(const struct type_edges *list, size_t index)
{
    return list->props != NULL ? list->props[index] : index * list->props_bytes;
}

/* ----------------------------------------------------------- edge parts -- */

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

/* The properties of an edge, which is in no index without any. */
static int read_props(struct build *build, const struct type_edges *list,
                      size_t index, const namidb_property **props,
                      uint32_t *count)
{
    size_t begin = props_at(list, index), end = props_at(list, index + 1);
    struct ndb_reader reader;
    int rc;

    if (begin == end)
        return NAMIDB_OK;
    reader = ndb_reader(ndb_slice(build->props.data + begin, end - begin));
    ndb_arena_reset(&build->arena);
    rc = ndb_props_decode(&reader, &build->arena, props, count);
    if (rc < 0)
        return rc;
    if (!ndb_reader_is_done(&reader))
        return NAMIDB_ECORRUPT;
    return build->run_count == 0
               ? NAMIDB_OK
               : index_edge(build, &list->edges.items[index], *props, *count);
}

/* Asks for what the next edges have, and for their properties. */
static void prefetch_edge(const struct build *build,
                          const struct type_edges *list, size_t at,
                          bool with_props)
{
    if (at + 16 >= list->edges.count)
        return;
    if (list->sequences != NULL)
        ndb_prefetch(&list->sequences[PAIR_INDEX(&list->pairs[at + 16])]);
    if (!with_props || build->props.bytes == 0)
        return;
    if (list->props != NULL)
        ndb_prefetch(&list->props[PAIR_INDEX(&list->pairs[at + 16])]);
    ndb_prefetch(build->props.data +
                 props_at(list, PAIR_INDEX(&list->pairs[at + 8])));
}

static int write_edge(struct build *build, enum ndb_part_kind kind,
                      const struct type_edges *list,
                      const struct ndb_radix_pair *pair)
{
    size_t index = PAIR_INDEX(pair);
    const struct ndb_pack_edge row = {
        .owner = pair->high & NAMIDB_SEQUENCE_MAX,
        .neighbour = pair->low,
        .sequence = sequence_of(list, index),
        .is_deleted = PAIR_IS_DELETED(pair),
    };
    const namidb_property *props = NULL;
    uint32_t prop_count = 0;
    int rc = NAMIDB_OK;

    if (kind == NDB_PART_OUT)
        rc = read_props(build, list, index, &props, &prop_count);
    return rc < 0
               ? rc
               : ndb_pack_writer_edge(build->writer, &row, props, prop_count);
}

/* The out or in parts of one type, a part per table of owners. */
static int build_lists(struct build *build, enum ndb_part_kind kind,
                       const struct type_edges *list)
{
    uint64_t table = UINT64_MAX;
    bool is_begun = false;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < list->edges.count && rc >= 0; i++) {
        const struct ndb_radix_pair *pair = &list->pairs[i];

        prefetch_edge(build, list, i, kind == NDB_PART_OUT);
        if (pair->high >> 40 != table) {
            table = pair->high >> 40;
            is_begun = false;
        }
        rc = begin_part(build, &is_begun, kind, list->type, (uint32_t)table);
        if (rc >= 0)
            rc = write_edge(build, kind, list, pair);
    }
    return rc;
}

static int build_out(struct build *build, struct type_edges *list)
{
    int rc = pair_out(build, list);

    if (rc >= 0)
        rc = copy_sequences(list);
    if (rc >= 0)
        rc = copy_props(build, list);
    return rc < 0 ? rc : build_lists(build, NDB_PART_OUT, list);
}

static void release_type(struct type_edges *list)
{
    ndb_free(list->pairs);
    ndb_free(list->sequences);
    ndb_free(list->props);
    list->pairs = NULL;
    list->sequences = NULL;
    list->props = NULL;
}

static int build_in(struct build *build, struct type_edges *list)
{
    int rc;

    pair_in(build, list);
    rc = build_lists(build, NDB_PART_IN, list);
    release_type(list);
    return rc;
}

/* A deleted edge needs no entry: its tombstone is found in its source's list,
 * which the entry of a pack below names. */
static int build_edge_ids(struct build *build, const struct type_edges *list)
{
    bool is_begun = false;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < list->edges.count && rc >= 0; i++) {
        const struct ndb_memtable_edge *edge = &list->edges.items[i];

        if (edge->is_deleted)
            continue;
        rc = begin_part(build, &is_begun, NDB_PART_EDGE_ID, list->type, 0);
        if (rc >= 0)
            rc = ndb_pack_writer_edge_id(
                build->writer, NAMIDB_ID_SEQUENCE(edge->id), edge->from);
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
        ndb_memtable_edges_release(&build->types[i].edges);
        release_type(&build->types[i]);
    }
    ndb_free(build->types);
    ndb_free(build->keys);
    ndb_free(build->key_tables);
    ndb_free(build->spare);
    ndb_free(build->spare_pairs);
    ndb_buf_release(&build->props);
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
        .props = NDB_BUF_INIT(SIZE_MAX),
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
