/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memtable.h - rows that are in the log and in no pack yet.
 *
 * Multi-version: every change carries the version of its batch (a counter that
 * the handle gives out in order of submission), a reader names the highest
 * version it may see and never sees a later one. A version that fails is rolled
 * back. Rows are images encoded by format/value.h in an arena of the memtable:
 * a slice returned here lives as long as a reference to the memtable is held.
 *
 * A read/write lock inside: any thread may read, one at a time may write.
 *
 * Structure: maps id -> node entry and edge id -> edge entry (base/id_map.h),
 * each entry with a chain of versions, newest first; edge entries in two lists
 * per node (out and in), whose heads are a slot of a hash table; node entries
 * in a list per (table, key hash); both in a list per table or type; and a
 * journal of all changes in order, with what each adds to the statistics, that
 * rollback, trimming and flush walk. Edges that came as a block have entries
 * only once somebody asks for one of them (memtable_blocks.c). Everything is
 * linked when an entry gets its first version and taken out, last first, when a
 * rollback leaves it without one: an id that was given back may come again as
 * something else.
 */
#ifndef NDB_ENGINE_MEMTABLE_H
#define NDB_ENGINE_MEMTABLE_H

#include "base/buf.h"
#include "base/ids.h"
#include "base/slice.h"
#include "format/pack.h"
#include "format/record.h"
#include "namidb.h"

struct ndb_memtable;
struct ndb_edge_block; /* format/edge_block.h */

int ndb_memtable_new(struct ndb_memtable **memtable);
struct ndb_memtable *ndb_memtable_ref(struct ndb_memtable *memtable);
/* NULL is allowed. */
void ndb_memtable_unref(struct ndb_memtable *memtable);

/* Applies changes in order: NODE, NODE_DELETE, EDGE, EDGE_DELETE, EDGES, LABEL,
 * SCHEMA (others are ignored). Versions never go down. The records' bytes are
 * copied. A NODE row must decode (its key is indexed). NAMIDB_OK,
 * NAMIDB_ENOMEM, NAMIDB_ECORRUPT; then some of the first ones may have been
 * applied, and the caller takes them back. Many at once cost less than one by
 * one. */
int ndb_memtable_apply(struct ndb_memtable *memtable, uint64_t version,
                       const struct ndb_record *records, size_t count);

/* The same of a block of new edges, whose memory is copied. */
int ndb_memtable_apply_edges(struct ndb_memtable *memtable, uint64_t version,
                             const struct ndb_edge_block *edges);

/* Takes back every change of `version` and later. Cannot fail. */
void ndb_memtable_rollback(struct ndb_memtable *memtable, uint64_t version);

/* The number of changes so far; ndb_memtable_rollback_to takes back those that
 * came after it. For the one that writes now. */
size_t ndb_memtable_mark(struct ndb_memtable *memtable);
void ndb_memtable_rollback_to(struct ndb_memtable *memtable, size_t mark);

/* A new memtable with only the changes from `version` on. */
int ndb_memtable_trim(struct ndb_memtable **out, struct ndb_memtable *memtable,
                      uint64_t version);

size_t ndb_memtable_bytes(struct ndb_memtable *memtable);
bool ndb_memtable_is_empty(struct ndb_memtable *memtable);

/* NAMIDB_OK: *row is its image at `version`, or empty data (NULL) when it was
 * deleted; NAMIDB_NONE: this memtable does not know the node. */
int ndb_memtable_node(struct ndb_memtable *memtable, uint64_t id,
                      uint64_t version, struct ndb_slice *row);

/* What a memtable knows of a node: `row` as above. */
struct ndb_memtable_row {
    bool is_known;
    struct ndb_slice row;
};
/* As ndb_memtable_node of many nodes at once: those that are not known yet are
 * looked for. */
void ndb_memtable_nodes(struct ndb_memtable *memtable, const uint64_t *ids,
                        size_t count, uint64_t version,
                        struct ndb_memtable_row *rows);

struct ndb_memtable_edge {
    uint64_t id, from, to;
    bool is_deleted;
    struct ndb_slice props; /* encoded; empty when deleted */
};

/* As ndb_memtable_node. */
int ndb_memtable_edge(struct ndb_memtable *memtable, uint64_t id,
                      uint64_t version, struct ndb_memtable_edge *edge);

struct ndb_memtable_edges {
    struct ndb_memtable_edge *items;
    size_t count;
    size_t capacity;
};
#define NDB_MEMTABLE_EDGES_INIT ((struct ndb_memtable_edges){ NULL, 0, 0 })
void ndb_memtable_edges_release(struct ndb_memtable_edges *edges);

/* Appends what is known of the edges at a node (NAMIDB_OUT or NAMIDB_IN; type 0
 * is all), deleted ones included, in no order. */
int ndb_memtable_edges_at(struct ndb_memtable *memtable, uint64_t id,
                          uint32_t type, enum namidb_direction direction,
                          uint64_t version, struct ndb_memtable_edges *out);
/* Appends all edges of a type, ascending by id: mostly the order that memory
 * has them in. */
int ndb_memtable_edges_of(struct ndb_memtable *memtable, uint32_t type,
                          uint64_t version, struct ndb_memtable_edges *out);
/* Sorts edges that ascend by id by (table of the source, source, target, id).
 * On NAMIDB_ENOMEM they are as they were. */
int ndb_memtable_edges_sort(struct ndb_memtable_edges *edges);

/* Edges of a type by column, ascending by id. */
struct ndb_memtable_columns {
    size_t count;
    uint64_t first_id;
    uint64_t *ids; /* NULL: edge i's is first_id with its sequence plus i */
    uint64_t *from, *to;
    struct ndb_buf rows; /* properties, encoded, of one behind another's */
    size_t row_bytes;    /* of each */
    size_t *row_starts;  /* where each begins, and where the last one ends;
                            NULL: by row_bytes */
    uint64_t *deleted;   /* bits; NULL: none is */
};
#define NDB_MEMTABLE_COLUMNS_INIT                                              \
    ((struct ndb_memtable_columns){ .rows = NDB_BUF_INIT(SIZE_MAX) })
void ndb_memtable_columns_release(struct ndb_memtable_columns *columns);

/* All edges of a type, for a flush: *out, which was empty, has copies. */
int ndb_memtable_columns_of(struct ndb_memtable *memtable, uint32_t type,
                            uint64_t version, bool with_deleted,
                            struct ndb_memtable_columns *out);

static inline uint64_t
ndb_memtable_columns_id(const struct ndb_memtable_columns *columns,
                        size_t index)
{
    return columns->ids != NULL ? columns->ids[index]
                                : columns->first_id + NAMIDB_ID(index, 0);
}

/* Where the row of an edge begins; that of the next is behind. */
static inline size_t
ndb_memtable_columns_row(const struct ndb_memtable_columns *columns,
                         size_t index)
{
    return columns->row_starts != NULL ? columns->row_starts[index]
                                       : index * columns->row_bytes;
}

static inline bool
ndb_memtable_columns_is_deleted(const struct ndb_memtable_columns *columns,
                                size_t index)
{
    return columns->deleted != NULL &&
           (columns->deleted[index / 64] >> index % 64 & 1) != 0;
}

/* Appends ids of nodes of a table, deleted ones included, ascending. */
int ndb_memtable_nodes_of(struct ndb_memtable *memtable, uint32_t table,
                          uint64_t version, struct ndb_ids *out);
/* Appends ids of nodes of a table whose key has that hash: candidates whose
 * image the caller checks; a node deleted by `version` is left out. */
int ndb_memtable_key(struct ndb_memtable *memtable, uint32_t table,
                     uint64_t key_hash, uint64_t version, struct ndb_ids *out);

/* Begins to load what ndb_memtable_key will look at first, for many keys. */
void ndb_memtable_prefetch_keys(struct ndb_memtable *memtable, uint32_t table,
                                const uint64_t *key_hashes, size_t count);

/* Appends the numbers of the tables of nodes, or of the types of edges, that
 * occur up to `version`, ascending. */
int ndb_memtable_tables(struct ndb_memtable *memtable, bool is_edges,
                        uint64_t version, struct ndb_ids *out);
/* Whether a change up to `version` is of a node of that table, or of an edge of
 * that type. */
bool ndb_memtable_has(struct ndb_memtable *memtable, uint32_t number,
                      bool is_edge, uint64_t version);
/* The type of edges in the next lane from *lane (0 is the first) on that has
 * some up to `version`, deleted ones included; 0: there is none. */
uint32_t ndb_memtable_next_type(struct ndb_memtable *memtable, uint64_t version,
                                uint32_t *lane);
/* Whether a node outside table `label` carries that label up to `version`. */
bool ndb_memtable_has_label(struct ndb_memtable *memtable, uint32_t label,
                            uint64_t version);

/* Declarations that came and went, over those of `schema`, up to `version`. */
struct ndb_schema;
uint32_t ndb_memtable_schema_count(struct ndb_memtable *memtable);
int ndb_memtable_schema(struct ndb_memtable *memtable, uint64_t version,
                        struct ndb_schema *schema);

/*
 * The next entries of an index in order, from `at` on: not below it, or, when
 * `is_descending`, below it going down; at most `max`. Every image of every row
 * has an entry, whoever may see it, and what was rolled back may: an entry
 * counts only if the image that the caller sees has its key. Keys are the
 * memtable's memory. The index is made by the first call and kept from then on.
 */
int ndb_memtable_index(struct ndb_memtable *memtable,
                       const namidb_schema_item *item,
                       const struct ndb_index_entry *at, bool is_descending,
                       struct ndb_index_entry *out, size_t max, size_t *count);

/* One line of what changes up to a version add to the statistics. */
struct ndb_stat_delta {
    enum {
        NDB_STAT_NODE_TABLE,
        NDB_STAT_EDGE_TABLE,
        NDB_STAT_LABEL,
        NDB_STAT_OUT, /* edges of a type from the nodes of a table */
        NDB_STAT_IN   /* and to them; number is NDB_STAT_HOP's */
    } kind;
    uint32_t number;
    int64_t count;         /* live rows, more or fewer */
    uint64_t sequence_max; /* highest used, of tables */
};

/* Both are below 2^13. */
#define NDB_STAT_HOP(type, table) ((type) << 13 | (table))
#define NDB_STAT_HOP_TYPE(number) ((number) >> 13)
#define NDB_STAT_HOP_TABLE(number) ((number)&0x1fff)

struct ndb_stat_deltas {
    struct ndb_stat_delta *items; /* by (kind, number) */
    size_t count;
    size_t capacity;
};
#define NDB_STAT_DELTAS_INIT ((struct ndb_stat_deltas){ NULL, 0, 0 })
void ndb_stat_deltas_release(struct ndb_stat_deltas *deltas);
/* Adds one line to what is known of its (kind, number). */
int ndb_stat_deltas_add(struct ndb_stat_deltas *deltas,
                        const struct ndb_stat_delta *delta);

/* Adds the deltas of changes up to `version` to *out. Cheap where few changes
 * came since it was asked last. */
int ndb_memtable_stats(struct ndb_memtable *memtable, uint64_t version,
                       struct ndb_stat_deltas *out);
/* The same, and to *hops those of kinds NDB_STAT_OUT and NDB_STAT_IN. */
int ndb_memtable_hop_stats(struct ndb_memtable *memtable, uint64_t version,
                           struct ndb_stat_deltas *out,
                           struct ndb_stat_deltas *hops);

#endif
