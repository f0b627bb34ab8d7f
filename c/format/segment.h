/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment.h - segments decoded: flat arrays, no object per row or edge, and
 * lists of edges in as few bits as they take (packed.h).
 *
 * A decoded segment owns its memory, is immutable and shared by threads.
 * Strings are views into it. Its columns are decoded when they are first asked
 * for (segment_columns.h), and its lists when many of them were
 * (segment_lists.h), which nobody else can tell.
 *
 * Stored, a segment's payload is numbers and streams (stream.h):
 *
 *   node    row count, flags; sequences unless dense; deleted bits; label sets;
 *           key column; columns
 *   edge    owner count, edge count, flags; owners and how many edges each has
 *           (segment_owners.h); neighbours, delta coded within an owner's
 *           list; edge sequences; deleted bits; columns
 *           sequences: slope varint, unless that is 0 base zigzag, what is left
 *           of a sequence above that line (trend.h) at its neighbour
 *   pairs   count, keys, values
 *   index   count, is_edges u8, key lengths, key bytes, ids; of edges: sources,
 *           targets
 *   filter  block count, blocks
 *   zones   see zone.h
 *   columns count, columns
 *   column  bytes u32 of what follows: name, storage, kind, null count, present
 *           bits, values (FLOAT: see floats.h; CODED: a code per row, text
 *           count, lengths, bytes)
 */
#ifndef NDB_FORMAT_SEGMENT_H
#define NDB_FORMAT_SEGMENT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "format/pack.h"
#include "format/packed.h"

/* How a column keeps its values. */
enum ndb_column_kind {
    NDB_COLUMN_BOOL,   /* bits */
    NDB_COLUMN_INT,    /* narrow; kind says INT, DATE, LOCAL_TIME */
    NDB_COLUMN_FLOAT,  /* f64 */
    NDB_COLUMN_STRING, /* offsets, bytes; kind says STRING or BYTES */
    NDB_COLUMN_TAGGED, /* offsets into encoded values of value.h */
    NDB_COLUMN_CODED   /* STRING as stored when its texts repeat: see codes */
};

/* A property of a run of rows. Values are dense: one per row, null or not. */
struct ndb_column {
    uint32_t name;   /* property number */
    uint8_t storage; /* enum ndb_column_kind */
    uint8_t kind;    /* enum namidb_kind of all values, unless TAGGED */
    uint8_t width;   /* bytes of an item: INT 1, 2, 4, 8; of a code 1, 2 */
    uint32_t null_count;
    int64_t base;            /* INT: a value is base + item, modulo 2^64 */
    const uint64_t *present; /* bits; NULL: no nulls */
    union {
        const uint64_t *bits;
        const void *items;
        const double *numbers;
        const uint32_t *offsets; /* rows + 1 */
    } as;
    const uint8_t *bytes; /* STRING, TAGGED */
    /* STRING: row i is text codes[i] of text_count; NULL: it is text i. */
    const void *codes;
    uint32_t text_count;
};

/* A column whose values may not be decoded yet. */
struct ndb_stored_column {
    uint32_t name; /* 0: of the keys */
    uint32_t null_count;
    uint8_t storage, kind;  /* as stored */
    uint32_t offset, bytes; /* of its present bits and values */
    _Atomic(const struct ndb_column *) decoded; /* NULL: not yet */
};

/* What the columns of a segment share. */
struct ndb_column_store {
    _Atomic(uint8_t *) stored; /* NULL: no column is left */
    size_t stored_bytes;
    atomic_uint left;    /* columns that are not decoded */
    atomic_uint readers; /* of `stored` */
    atomic_size_t bytes; /* stored, and of decoded columns; and a flag */
    atomic_int_fast64_t *account; /* where they are counted as well, or NULL */
};

struct ndb_columns {
    uint32_t count;
    uint32_t row_count;
    struct ndb_stored_column *items; /* by name */
    struct ndb_column_store *store;  /* NULL: all are decoded, in memory of the
                                        segment's arena */
};

/* NDB_PART_NODE: up to NDB_GROUP_ROWS_MAX rows. */
struct ndb_node_group {
    uint32_t row_count;
    bool is_dense; /* sequence of row i is first + i */
    uint64_t first;
    const uint64_t *sequences; /* row_count, ascending; NULL when dense */
    const uint64_t *deleted;   /* bits; NULL: no tombstones */
    struct ndb_columns key;    /* one: STRING, INT or TAGGED; none: no keys */
    /* Labels of row i: label_sets[label_of[i]], number 0 is { table }. */
    const uint16_t *label_of; /* NULL: all are set 0 */
    const uint32_t *const *label_sets;
    const uint32_t *label_counts;
    struct ndb_columns columns;
};

/* Of 64 sequences: which are owners, and how many are before them. */
struct ndb_owner_word {
    uint64_t bits;
    uint32_t before;
};

/* All lists of a segment, one behind another. */
struct ndb_edge_lists {
    struct ndb_packed neighbours; /* ids */
    struct ndb_packed sequences;  /* of the edges */
};

struct ndb_stored_lists;

/* The lists as they are stored, until they are packed: segment_lists.h. */
struct ndb_list_store {
    _Atomic(const struct ndb_edge_lists *) packed; /* NULL: not yet */
    _Atomic(struct ndb_stored_lists *) stored;     /* NULL: not any more */
    atomic_uint readers;                           /* of `stored` */
    struct ndb_column_store *bytes; /* where both are counted; NULL: they were
                                       never stored, and what is packed is
                                       somebody else's */
};

/* NDB_PART_OUT, NDB_PART_IN: the lists of a run of owners. A dense run may have
 * owners without edges. */
struct ndb_edge_segment {
    uint32_t owner_count;
    uint32_t edge_count;
    bool is_dense; /* owner i is first + i */
    uint64_t first;
    struct ndb_packed owners; /* ascending sequences; none when dense, or: */
    /* Which there are from `first` on, so that none is searched: NULL when
     * dense, or when they lie too far apart. */
    const struct ndb_owner_word *words;
    uint32_t word_count;
    struct ndb_packed offsets; /* owner_count + 1, into what follows */
    struct ndb_list_store *lists;
    const uint64_t *deleted;    /* bits per edge; NULL: no tombstones */
    struct ndb_columns columns; /* OUT only */
};

/* NDB_PART_KEY: hash[i] -> sequence[i]; NDB_PART_EDGE_ID: keys are edge
 * sequences, values source ids. Keys ascend and may repeat in a KEY part. */
struct ndb_pair_segment {
    uint32_t count;
    const uint64_t *keys;
    const uint64_t *values;
    /* Of a KEY part: where a key is, so that one line of memory is touched.
     * Bucket b has the keys with (key - keys[0]) >> shift == b, from starts[b]
     * on, before starts[b + 1]. NULL: there are no buckets. */
    const uint32_t *starts;
    uint32_t bucket_count;
    uint8_t shift;
};

/* NDB_PART_INDEX: by (key, id). */
struct ndb_index_segment {
    uint32_t count;
    const uint32_t *offsets; /* count + 1, into `bytes` */
    const uint8_t *bytes;
    const uint64_t *ids;
    const uint64_t *from, *to; /* NULL: nodes */
};

struct ndb_filter_segment {
    uint64_t block_count; /* of 64 bytes */
    const uint64_t *blocks;
};

struct ndb_zone_group;

/* NDB_PART_ZONE: see zone.h. */
struct ndb_zone_segment {
    uint32_t group_count;
    const struct ndb_zone_group *groups;
};

struct ndb_segment {
    enum ndb_part_kind kind;
    size_t bytes; /* of all its memory but what the store counts */
    namidb_arena arena;
    struct ndb_column_store store;
    struct ndb_list_store lists; /* NDB_PART_OUT, NDB_PART_IN */
    union {
        struct ndb_node_group node;
        struct ndb_edge_segment edge;
        struct ndb_pair_segment pair;
        struct ndb_index_segment index;
        struct ndb_filter_segment filter;
        struct ndb_zone_segment zone;
        struct ndb_packed numbers; /* of no part: what a fold shows */
    } as;
};

/* Verifies and decodes the stored bytes of one segment. NAMIDB_OK,
 * NAMIDB_ECORRUPT, NAMIDB_ENOMEM. */
int ndb_segment_decode(struct ndb_slice stored, enum ndb_part_kind kind,
                       uint32_t table, struct ndb_segment **out);
/* One with nothing in it yet, not even bytes; kind 0: of no part. NULL: no
 * memory. */
struct ndb_segment *ndb_segment_new(enum ndb_part_kind kind);
/* NULL is allowed. */
void ndb_segment_free(struct ndb_segment *segment);

/* Row of a sequence in a group, or -1. */
int64_t ndb_node_group_row(const struct ndb_node_group *group,
                           uint64_t sequence);
/* Index of an owner in a segment, or -1. */
int64_t ndb_edge_segment_owner(const struct ndb_edge_segment *segment,
                               uint64_t owner);
/* Index of the first owner that is not below; owner_count: all are. */
uint32_t ndb_edge_segment_from(const struct ndb_edge_segment *segment,
                               uint64_t owner);
/* Makes the buckets of a segment that has its keys: 4 to 8 keys each where they
 * are spread evenly. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_pair_segment_divide(struct ndb_pair_segment *segment,
                            namidb_arena *arena);
/* First pair with that key and how many there are. */
uint32_t ndb_pair_segment_find(const struct ndb_pair_segment *segment,
                               uint64_t key, uint32_t *count);
/* Asks memory for what ndb_pair_segment_find will find. */
void ndb_pair_segment_prefetch(const struct ndb_pair_segment *segment,
                               uint64_t key);
/* Entry `at` of an index segment; its key is a view into it. */
struct ndb_index_entry ndb_index_segment_at(const struct ndb_index_segment *s,
                                            uint32_t at);
/* The first entry that is not below (key, id); count: all are. */
uint32_t ndb_index_segment_find(const struct ndb_index_segment *segment,
                                const struct ndb_index_entry *wanted);
/* False: certainly not in the part. */
bool ndb_filter_segment_has(const struct ndb_filter_segment *filter,
                            uint64_t hash);

/* Asks memory for what ndb_filter_segment_has looks at. */
void ndb_filter_segment_prefetch(const struct ndb_filter_segment *filter,
                                 uint64_t hash);

/* From now on the bytes of the columns are part of *account as well, until they
 * are discounted. */
void ndb_column_store_count(struct ndb_column_store *store,
                            atomic_int_fast64_t *account);
void ndb_column_store_discount(struct ndb_column_store *store);

/* Column `index` if it is decoded, else NULL. */
static inline const struct ndb_column *
ndb_columns_peek(const struct ndb_columns *columns, uint32_t index)
{
    return atomic_load_explicit(&columns->items[index].decoded,
                                memory_order_acquire);
}

/* Does the work of the next where it is not. */
int ndb_columns_decode(const struct ndb_columns *columns, uint32_t index,
                       const struct ndb_column **out);

/* Column `index`, which lives as long as the segment. NAMIDB_OK,
 * NAMIDB_ECORRUPT, NAMIDB_ENOMEM. Any thread may call. */
static inline int ndb_columns_get(const struct ndb_columns *columns,
                                  uint32_t index, const struct ndb_column **out)
{
    *out = ndb_columns_peek(columns, index);
    return *out != NULL ? 0 : ndb_columns_decode(columns, index, out);
}

/* The column of a property; NULL: no row has it. */
int ndb_columns_find(const struct ndb_columns *columns, uint32_t name,
                     const struct ndb_column **out);

/* The value of a row; NAMIDB_NULL kind when absent. Strings are views into the
 * segment, TAGGED values are built in the arena. */
int ndb_column_value(const struct ndb_column *column, uint32_t row,
                     namidb_arena *arena, namidb_value *out);
/* The properties of a row, copied into the arena whole: the segment may go. */
int ndb_columns_props(const struct ndb_columns *columns, uint32_t row,
                      namidb_arena *arena, const namidb_property **props,
                      uint32_t *count);
/* Which text row i of a STRING column is. */
static inline uint32_t ndb_column_text(const struct ndb_column *column,
                                       uint32_t row)
{
    if (column->codes == NULL)
        return row;
    return column->width == 1 ? ((const uint8_t *)column->codes)[row]
                              : ((const uint16_t *)column->codes)[row];
}

/* The value of row i of an INT column. */
static inline int64_t ndb_column_integer(const struct ndb_column *column,
                                         uint32_t row)
{
    uint64_t item;

    switch (column->width) {
    case 1:
        item = ((const uint8_t *)column->as.items)[row];
        break;
    case 2:
        item = ((const uint16_t *)column->as.items)[row];
        break;
    case 4:
        item = ((const uint32_t *)column->as.items)[row];
        break;
    default:
        item = ((const uint64_t *)column->as.items)[row];
    }
    return (int64_t)((uint64_t)column->base + item);
}

/* The key of a row: a view as above. */
int ndb_node_group_key(const struct ndb_node_group *group, uint32_t row,
                       namidb_arena *arena, namidb_value *out);
/* Asks memory for the key of a row: for where its text is, then, when that is
 * there (is_place_known), for the text. */
void ndb_node_group_prefetch_key(const struct ndb_node_group *group,
                                 uint32_t row, bool is_place_known);
/* A whole row, copied into the arena. NAMIDB_NONE: a tombstone. */
int ndb_node_group_read(const struct ndb_node_group *group, uint32_t table,
                        uint32_t row, namidb_arena *arena, namidb_node *out);

/* Sequence of an owner. */
uint64_t ndb_edge_owner(const struct ndb_edge_segment *segment, uint32_t owner);
/* The same of an owner from 1, by the sequence of the owner before it: what
 * walks all of them searches for none. */
uint64_t ndb_edge_owner_after(const struct ndb_edge_segment *segment,
                              uint32_t owner, uint64_t before);

/* The first edge of an owner; of owner_count: the number of edges. */
static inline uint32_t ndb_edge_offset(const struct ndb_edge_segment *segment,
                                       uint32_t owner)
{
    return (uint32_t)ndb_packed_at(&segment->offsets, owner);
}

/* The lists if they are packed, else NULL. */
static inline const struct ndb_edge_lists *
ndb_edge_lists_peek(const struct ndb_edge_segment *segment)
{
    return atomic_load_explicit(&segment->lists->packed, memory_order_acquire);
}

/* Does the work of the next where they are not. */
int ndb_edge_lists_pack(const struct ndb_edge_segment *segment);

/* Packs the lists, which then stay so; any thread may call. NAMIDB_OK,
 * NAMIDB_ECORRUPT, NAMIDB_ENOMEM. */
static inline int ndb_edge_lists_need(const struct ndb_edge_segment *segment)
{
    return ndb_edge_lists_peek(segment) != NULL ? 0
                                                : ndb_edge_lists_pack(segment);
}

/* One list, of edges `begin` to `end` (not included): its neighbours' ids and,
 * unless NULL, sequences. Packs all when many were read. As above. */
int ndb_edge_list_read(const struct ndb_edge_segment *segment, uint32_t begin,
                       uint32_t end, uint64_t *neighbours, uint64_t *sequences);

/* Of edge `index`, once ndb_edge_lists_need was NAMIDB_OK; so the next two. */
static inline uint64_t
ndb_edge_neighbour(const struct ndb_edge_segment *segment, uint32_t index)
{
    return ndb_packed_at(&ndb_edge_lists_peek(segment)->neighbours, index);
}

static inline uint64_t ndb_edge_sequence(const struct ndb_edge_segment *segment,
                                         uint32_t index)
{
    return ndb_packed_at(&ndb_edge_lists_peek(segment)->sequences, index);
}

/* Ids of edges, which are of that type, in place of sequences. */
static inline struct ndb_packed
ndb_edge_ids(const struct ndb_edge_segment *segment, uint32_t type)
{
    struct ndb_packed ids = ndb_edge_lists_peek(segment)->sequences;

    ids.base = NAMIDB_ID(ids.base, type);
    ids.shift += NAMIDB_TABLE_BITS;
    return ids;
}

static inline bool ndb_bit(const uint64_t *bits, uint32_t index)
{
    return bits != NULL && (bits[index / 64] >> (index % 64) & 1) != 0;
}

#endif
