/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_internal.h - what the files of the pack writer share.
 *
 * A part's rows gather in a `batch` of its kind until they are about a segment;
 * then the batch is encoded and handed to the writer, which makes it a segment.
 */
#ifndef NDB_FORMAT_PACK_INTERNAL_H
#define NDB_FORMAT_PACK_INTERNAL_H

#include "base/ids.h"
#include "base/limits.h"
#include "base/table.h"
#include "format/pack.h"
#include "format/segment.h"

enum {
    NDB_SEGMENT_HEADER_BYTES = 12, /* kind, codec, 0, raw, stored */
    NDB_SEGMENT_CHECKSUM_BYTES = 8,
};

/* Flags of node groups and edge segments. */
enum {
    NDB_FLAG_DENSE = 1,
    NDB_FLAG_DELETED = 2,
    NDB_FLAG_KEYS = 4,   /* node: some row has a key */
    NDB_FLAG_LABELS = 8, /* node: some row has other labels */
    NDB_FLAG_WIDE = 16,  /* edge: neighbours of many tables */
    NDB_FLAG_MARKED = 32 /* edge: owners are bits; see segment_owners.h */
};

/* Properties of the rows of a batch, by column. */
struct ndb_batch_column {
    uint32_t name;
    uint32_t count, capacity;
    uint32_t *rows; /* that have a value, ascending */
    namidb_value *values;
};

struct ndb_batch_columns {
    struct ndb_batch_column *items;
    uint32_t count, capacity;
    struct ndb_table numbers; /* name + 1 -> items */
};

int ndb_batch_columns_add(struct ndb_batch_columns *columns, uint32_t row,
                          const namidb_property *props, uint32_t count,
                          namidb_arena *arena, size_t *bytes);
/* By name. */
void ndb_batch_columns_sort(struct ndb_batch_columns *columns);
/* All columns by name; then they are empty again. */
int ndb_batch_columns_encode(struct ndb_batch_columns *columns,
                             uint32_t row_count, struct ndb_buf *out);
/* One column, for the key. */
int ndb_batch_column_add(struct ndb_batch_column *column, uint32_t row,
                         const namidb_value *value, namidb_arena *arena,
                         size_t *bytes);
int ndb_batch_column_encode(struct ndb_batch_column *column, uint32_t row_count,
                            struct ndb_buf *out);
void ndb_batch_column_release(struct ndb_batch_column *column);
void ndb_batch_columns_release(struct ndb_batch_columns *columns);

/* Rows of a node part. */
struct ndb_node_batch {
    uint32_t table;
    struct ndb_ids sequences;
    uint8_t deleted[NDB_GROUP_ROWS_MAX / 8];
    uint32_t deleted_count;
    struct ndb_batch_column key;
    struct ndb_batch_columns columns;
    uint16_t label_of[NDB_GROUP_ROWS_MAX];
    const uint32_t **label_sets; /* number 1 on; number 0 is { table } */
    uint32_t *label_counts;
    uint32_t set_count, set_capacity;
    namidb_arena arena;
    size_t bytes; /* of values, about */
};

int ndb_node_batch_add(struct ndb_node_batch *batch, uint64_t sequence,
                       const namidb_node *node);
bool ndb_node_batch_is_full(const struct ndb_node_batch *batch);
/* Appends its zones to *zones. */
int ndb_node_batch_encode(struct ndb_node_batch *batch, struct ndb_buf *out,
                          struct ndb_buf *zones);
void ndb_node_batch_release(struct ndb_node_batch *batch);

/* Rows of an out or in part. */
struct ndb_edge_batch {
    uint64_t *owners, *neighbours, *sequences; /* of each edge */
    uint32_t count, capacity;
    struct ndb_ids deleted; /* indexes */
    struct ndb_batch_columns columns;
    namidb_arena arena;
    size_t bytes;
};

/* Room for more edges. */
int ndb_edge_batch_grow(struct ndb_edge_batch *batch);

static inline int ndb_edge_batch_add(struct ndb_edge_batch *batch,
                                     const struct ndb_pack_edge *edge,
                                     const namidb_property *props,
                                     uint32_t prop_count)
{
    uint32_t row = batch->count;
    int rc = row == batch->capacity ? ndb_edge_batch_grow(batch) : NAMIDB_OK;

    if (rc < 0)
        return rc;
    batch->owners[row] = edge->owner;
    batch->neighbours[row] = edge->neighbour;
    batch->sequences[row] = edge->sequence;
    batch->count++;
    if (edge->is_deleted)
        rc = ndb_ids_add(&batch->deleted, row);
    if (rc >= 0 && prop_count != 0)
        rc = ndb_batch_columns_add(&batch->columns, row, props, prop_count,
                                   &batch->arena, &batch->bytes);
    return rc;
}

static inline bool ndb_edge_batch_is_full(const struct ndb_edge_batch *batch)
{
    /* A neighbour and an edge sequence take about 5 bytes. Who looks up a node
     * decodes those of all, but no properties. */
    size_t list_bytes = (size_t)batch->count * 5;

    return batch->count == NDB_SEGMENT_EDGES_MAX ||
           list_bytes >= NDB_LOOKUP_BYTES_TARGET ||
           list_bytes + batch->bytes / 2 >= NDB_SEGMENT_BYTES_TARGET;
}

int ndb_edge_batch_encode(struct ndb_edge_batch *batch, struct ndb_buf *out);
void ndb_edge_batch_release(struct ndb_edge_batch *batch);

/* Rows of a key or edge id part. */
struct ndb_pair_batch {
    struct ndb_ids keys, values;
};

static inline int ndb_pair_batch_add(struct ndb_pair_batch *batch, uint64_t key,
                                     uint64_t value)
{
    int rc = ndb_ids_add(&batch->keys, key);

    return rc < 0 ? rc : ndb_ids_add(&batch->values, value);
}

static inline bool ndb_pair_batch_is_full(const struct ndb_pair_batch *batch,
                                          enum ndb_part_kind kind)
{
    /* A hash and a sequence take about 10 bytes, an edge id's pair fewer. */
    return batch->keys.count * 8 >= (kind == NDB_PART_KEY
                                         ? NDB_LOOKUP_BYTES_TARGET
                                         : NDB_SEGMENT_BYTES_TARGET);
}

int ndb_pair_batch_encode(struct ndb_pair_batch *batch, struct ndb_buf *out);
void ndb_pair_batch_release(struct ndb_pair_batch *batch);

/* Entries of an index part. */
struct ndb_index_batch {
    struct ndb_buf keys; /* one behind another */
    struct ndb_ids key_bytes, ids, from, to;
    struct ndb_buf last;   /* key of the entry before the batch; or nothing */
    struct ndb_buf fences; /* of all parts; they never shrink */
};

int ndb_index_batch_add(struct ndb_index_batch *batch,
                        const struct ndb_index_entry *entry);
bool ndb_index_batch_is_full(const struct ndb_index_batch *batch);
int ndb_index_batch_encode(struct ndb_index_batch *batch, struct ndb_buf *out);
/* Appends the fence of what is in the batch to batch->fences. */
int ndb_index_batch_fence(struct ndb_index_batch *batch);
void ndb_index_batch_release(struct ndb_index_batch *batch);

/* segment_decode.c: sequences that ascend without repeats, and the first; NULL
 * when dense, and after a failure of the source. */
struct ndb_source;
const uint64_t *ndb_sequences_get(struct ndb_source *source, uint32_t count,
                                  bool is_dense, uint64_t *first);
/* pack_index.c: the payload of an index segment. */
void ndb_index_segment_decode(struct ndb_source *source,
                              struct ndb_index_segment *segment);

/* A Bloom filter of 64-byte blocks (Putze, Sanders, Singler 2007): a hash picks
 * its block and 7 bits in it; about 10 bits per key, 1% false. */
uint64_t ndb_filter_blocks(size_t key_count);
void ndb_filter_add(uint64_t *blocks, uint64_t block_count, uint64_t hash);

/* The directory as bytes, with the tail. */
int ndb_directory_encode(struct ndb_buf *out, const struct ndb_part *parts,
                         uint32_t part_count);

#endif
