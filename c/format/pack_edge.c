/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edge segments, pairs and filters, written.
 */
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/pack_internal.h"
#include "format/segment_owners.h"
#include "format/stream.h"
#include "format/trend.h"

bool ndb_edge_batch_is_full(const struct ndb_edge_batch *batch)
{
    /* A neighbour and an edge sequence take about 5 bytes. Who looks up a node
     * decodes those of all, but no properties. */
    size_t list_bytes = batch->owners.count * 5;

    return batch->owners.count == NDB_SEGMENT_EDGES_MAX ||
           list_bytes >= NDB_LOOKUP_BYTES_TARGET ||
           list_bytes + batch->bytes / 2 >= NDB_SEGMENT_BYTES_TARGET;
}

void ndb_edge_batch_release(struct ndb_edge_batch *batch)
{
    ndb_ids_release(&batch->owners);
    ndb_ids_release(&batch->neighbours);
    ndb_ids_release(&batch->sequences);
    ndb_ids_release(&batch->deleted);
    ndb_batch_columns_release(&batch->columns);
    ndb_arena_release(&batch->arena);
}

int ndb_edge_batch_add(struct ndb_edge_batch *batch,
                       const struct ndb_pack_edge *edge,
                       const namidb_property *props, uint32_t prop_count)
{
    uint32_t row = (uint32_t)batch->owners.count;
    int rc = ndb_ids_add(&batch->owners, edge->owner);

    if (rc >= 0)
        rc = ndb_ids_add(&batch->neighbours, edge->neighbour);
    if (rc >= 0)
        rc = ndb_ids_add(&batch->sequences, edge->sequence);
    if (rc >= 0 && edge->is_deleted)
        rc = ndb_ids_add(&batch->deleted, row);
    if (rc >= 0 && prop_count != 0)
        rc = ndb_batch_columns_add(&batch->columns, row, props, prop_count,
                                   &batch->arena, &batch->bytes);
    return rc;
}

/* Owners without repeats, and how many edges each has: in place of the list of
 * owners, and in `counts`. */
static size_t group_owners(uint64_t *owners, size_t edge_count,
                           uint64_t *counts)
{
    size_t owner_count = 0;

    for (size_t i = 0; i < edge_count; i++) {
        if (owner_count == 0 || owners[owner_count - 1] != owners[i]) {
            owners[owner_count] = owners[i];
            counts[owner_count++] = 0;
        }
        counts[owner_count - 1]++;
    }
    return owner_count;
}

static bool is_one_table(const struct ndb_ids *ids)
{
    for (size_t i = 1; i < ids->count; i++)
        if (NAMIDB_ID_TABLE(ids->items[i]) != NAMIDB_ID_TABLE(ids->items[0]))
            return false;
    return true;
}

/* Neighbours become sequences when they are of one table, and each but an
 * owner's first becomes the gap to the one before it. */
static void code_neighbours(struct ndb_ids *ids, const uint64_t *counts,
                            size_t owner_count, bool is_wide)
{
    size_t at = 0;

    for (size_t owner = 0; owner < owner_count; owner++) {
        uint64_t last = 0;

        for (uint64_t i = 0; i < counts[owner]; i++, at++) {
            uint64_t neighbour =
                is_wide ? ids->items[at] : NAMIDB_ID_SEQUENCE(ids->items[at]);

            ids->items[at] = neighbour - last;
            last = neighbour;
        }
    }
}

/* Sequences become what is left of them above a line through the neighbours,
 * where that is shorter. To be called before neighbours become gaps. */
static int level_sequences(struct ndb_edge_batch *batch, bool is_wide,
                           struct ndb_trend *trend)
{
    size_t count = batch->sequences.count;
    uint64_t *x, *rest;

    *trend = (struct ndb_trend){ 0, 0 };
    if (is_wide)
        return NAMIDB_OK;
    x = ndb_realloc(NULL, count, 2 * sizeof *x);
    if (x == NULL)
        return NAMIDB_ENOMEM;
    rest = x + count;
    for (size_t i = 0; i < count; i++)
        x[i] = NAMIDB_ID_SEQUENCE(batch->neighbours.items[i]);
    ndb_trend_fit(x, batch->sequences.items, count, trend);
    for (size_t i = 0; i < count && trend->slope != 0; i++)
        rest[i] = batch->sequences.items[i] - ndb_trend_at(trend, x[i]);
    if (trend->slope == 0 || ndb_ints_bits(rest, count) >=
                                 ndb_ints_bits(batch->sequences.items, count))
        *trend = (struct ndb_trend){ 0, 0 };
    else
        memcpy(batch->sequences.items, rest, count * sizeof *rest);
    ndb_free(x);
    return NAMIDB_OK;
}

static int put_sequences(struct ndb_edge_batch *batch,
                         const struct ndb_trend *trend, struct ndb_buf *out)
{
    int rc = ndb_buf_varint(out, trend->slope);

    if (rc >= 0 && trend->slope != 0)
        rc = ndb_buf_varint(out, ndb_zigzag((int64_t)trend->base));
    return rc < 0 ? rc
                  : ndb_ints_put_tried(out, batch->sequences.items,
                                       batch->sequences.count);
}

static int put_deleted(struct ndb_edge_batch *batch, size_t edge_count,
                       struct ndb_buf *out)
{
    size_t bytes = (edge_count + 7) / 8;
    uint8_t *bits = ndb_calloc(bytes, 1);
    int rc;

    if (bits == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < batch->deleted.count; i++)
        bits[batch->deleted.items[i] / 8] |=
            (uint8_t)(1u << (batch->deleted.items[i] % 8));
    rc = ndb_stream_put(out, ndb_slice(bits, bytes));
    ndb_free(bits);
    return rc;
}

static int put_edges(struct ndb_edge_batch *batch, const uint64_t *counts,
                     size_t owner_count, struct ndb_buf *out)
{
    size_t edge_count = batch->neighbours.count;
    const uint64_t *owners = batch->owners.items;
    bool is_wide = !is_one_table(&batch->neighbours);
    uint32_t table = NAMIDB_ID_TABLE(batch->neighbours.items[0]);
    unsigned flags = ndb_edge_owners_way(owners, owner_count) |
                     (batch->deleted.count != 0 ? NDB_FLAG_DELETED : 0) |
                     (is_wide ? NDB_FLAG_WIDE : 0);
    struct ndb_trend trend;
    int rc = level_sequences(batch, is_wide, &trend);

    if (rc >= 0)
        rc = ndb_buf_varint(out, ndb_edge_owners_count(owners, owner_count));
    code_neighbours(&batch->neighbours, counts, owner_count, is_wide);
    if (rc >= 0)
        rc = ndb_buf_varint(out, edge_count);
    if (rc >= 0)
        rc = ndb_buf_u8(out, (uint8_t)flags);
    if (rc >= 0)
        rc = ndb_edge_owners_put(out, owners, counts, owner_count, edge_count);
    if (rc >= 0 && !is_wide)
        rc = ndb_buf_varint(out, table);
    if (rc >= 0)
        rc = ndb_ints_put(out, batch->neighbours.items, edge_count);
    if (rc >= 0)
        rc = put_sequences(batch, &trend, out);
    if (rc >= 0 && batch->deleted.count != 0)
        rc = put_deleted(batch, edge_count, out);
    return rc;
}

int ndb_edge_batch_encode(struct ndb_edge_batch *batch, struct ndb_buf *out)
{
    size_t edge_count = batch->owners.count;
    uint64_t *counts = ndb_realloc(NULL, edge_count, sizeof *counts);
    int rc;

    if (counts == NULL)
        return NAMIDB_ENOMEM;
    rc = put_edges(batch, counts,
                   group_owners(batch->owners.items, edge_count, counts), out);
    if (rc >= 0)
        rc = ndb_batch_columns_encode(&batch->columns, (uint32_t)edge_count,
                                      out);
    ndb_free(counts);
    batch->owners.count = 0;
    batch->neighbours.count = 0;
    batch->sequences.count = 0;
    batch->deleted.count = 0;
    batch->bytes = 0;
    ndb_arena_reset(&batch->arena);
    return rc;
}

/* ---------------------------------------------------------------- pairs -- */

bool ndb_pair_batch_is_full(const struct ndb_pair_batch *batch,
                            enum ndb_part_kind kind)
{
    /* A hash and a sequence take about 10 bytes, an edge id's pair fewer. */
    return batch->keys.count * 8 >= (kind == NDB_PART_KEY
                                         ? NDB_LOOKUP_BYTES_TARGET
                                         : NDB_SEGMENT_BYTES_TARGET);
}

void ndb_pair_batch_release(struct ndb_pair_batch *batch)
{
    ndb_ids_release(&batch->keys);
    ndb_ids_release(&batch->values);
}

int ndb_pair_batch_add(struct ndb_pair_batch *batch, uint64_t key,
                       uint64_t value)
{
    int rc = ndb_ids_add(&batch->keys, key);

    return rc < 0 ? rc : ndb_ids_add(&batch->values, value);
}

int ndb_pair_batch_encode(struct ndb_pair_batch *batch, struct ndb_buf *out)
{
    int rc = ndb_buf_varint(out, batch->keys.count);

    if (rc >= 0)
        rc = ndb_ints_put(out, batch->keys.items, batch->keys.count);
    if (rc >= 0)
        rc = ndb_ints_put(out, batch->values.items, batch->values.count);
    batch->keys.count = 0;
    batch->values.count = 0;
    return rc;
}

/* -------------------------------------------------------------- filters -- */

enum { BITS_PER_KEY = 10, BLOCK_BITS = 512, PROBES = 7 };

uint64_t ndb_filter_blocks(size_t key_count)
{
    return ((uint64_t)key_count * BITS_PER_KEY + BLOCK_BITS - 1) / BLOCK_BITS;
}

/* The block is picked by the high half, bits in it by a second hash. */
static uint64_t *block_of(uint64_t *blocks, uint64_t block_count, uint64_t hash)
{
    return blocks + 8 * ((hash >> 32) * block_count >> 32);
}

void ndb_filter_add(uint64_t *blocks, uint64_t block_count, uint64_t hash)
{
    uint64_t *block = block_of(blocks, block_count, hash);
    uint64_t bits = ndb_hash_integer(hash);

    for (int i = 0; i < PROBES; i++) {
        block[bits >> 6 & 7] |= UINT64_C(1) << (bits & 63);
        bits >>= 9;
    }
}

void ndb_filter_segment_prefetch(const struct ndb_filter_segment *filter,
                                 uint64_t hash)
{
    ndb_prefetch(block_of((uint64_t *)(uintptr_t)filter->blocks,
                          filter->block_count, hash));
}

bool ndb_filter_segment_has(const struct ndb_filter_segment *filter,
                            uint64_t hash)
{
    uint64_t *block = block_of((uint64_t *)(uintptr_t)filter->blocks,
                               filter->block_count, hash);
    uint64_t bits = ndb_hash_integer(hash);
    bool has = true;

    for (int i = 0; i < PROBES; i++) {
        has &= (block[bits >> 6 & 7] >> (bits & 63) & 1) != 0;
        bits >>= 9;
    }
    return has;
}
