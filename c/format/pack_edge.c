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

int ndb_edge_batch_grow(struct ndb_edge_batch *batch)
{
    uint64_t **columns[] = { &batch->owners, &batch->neighbours,
                             &batch->sequences };
    uint32_t capacity = batch->capacity == 0 ? 64 : batch->capacity * 2;

    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        uint64_t *column =
            ndb_realloc(*columns[i], capacity, sizeof **columns[i]);

        if (column == NULL)
            return NAMIDB_ENOMEM;
        *columns[i] = column;
    }
    batch->capacity = capacity;
    return NAMIDB_OK;
}

void ndb_edge_batch_release(struct ndb_edge_batch *batch)
{
    ndb_free(batch->owners);
    ndb_free(batch->neighbours);
    ndb_free(batch->sequences);
    ndb_ids_release(&batch->deleted);
    ndb_batch_columns_release(&batch->columns);
    ndb_arena_release(&batch->arena);
}

/* Lists are short, and where one ends nobody can guess: so that what follows
 * has no branches for it. Owners without repeats, in their place, and in
 * `counts` how many edges each has; neighbours become gaps to the one before,
 * but for an owner's first. */
static size_t group_owners(struct ndb_edge_batch *batch, uint64_t *counts)
{
    uint64_t *owners = batch->owners, *neighbours = batch->neighbours;
    uint64_t last_owner = ~owners[0], last = 0;
    size_t owner_count = 0;

    for (uint32_t i = 0; i < batch->count; i++) {
        uint64_t owner = owners[i], neighbour = neighbours[i];
        bool is_next = owner != last_owner;

        neighbours[i] = neighbour - (is_next ? 0 : last);
        owner_count += is_next;
        owners[owner_count - 1] = owner;
        counts[owner_count - 1] = i + 1;
        last_owner = owner;
        last = neighbour;
    }
    for (size_t i = owner_count; i-- > 1;)
        counts[i] -= counts[i - 1];
    return owner_count;
}

static bool are_of_one_table(const uint64_t *ids, size_t count)
{
    uint64_t differing = 0;

    for (size_t i = 1; i < count; i++)
        differing |= ids[i] ^ ids[0];
    return NAMIDB_ID_TABLE(differing) == 0;
}

/* Sequences become what is left of them above a line through the neighbours,
 * which are sequences, where that is shorter. */
static int level_sequences(struct ndb_edge_batch *batch,
                           struct ndb_trend *trend)
{
    const uint64_t *x = batch->neighbours;
    size_t count = batch->count;
    uint64_t *rest;

    ndb_trend_fit(x, batch->sequences, count, trend);
    if (trend->slope == 0)
        return NAMIDB_OK;
    rest = ndb_realloc(NULL, count, sizeof *rest);
    if (rest == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        rest[i] = batch->sequences[i] - ndb_trend_at(trend, x[i]);
    if (ndb_ints_bits(rest, count) >= ndb_ints_bits(batch->sequences, count))
        *trend = (struct ndb_trend){ 0, 0 };
    else
        memcpy(batch->sequences, rest, count * sizeof *rest);
    ndb_free(rest);
    return NAMIDB_OK;
}

static int put_sequences(struct ndb_edge_batch *batch,
                         const struct ndb_trend *trend, struct ndb_buf *out)
{
    int rc = ndb_buf_varint(out, trend->slope);

    if (rc >= 0 && trend->slope != 0)
        rc = ndb_buf_varint(out, ndb_zigzag((int64_t)trend->base));
    return rc < 0 ? rc
                  : ndb_ints_put_tried(out, batch->sequences, batch->count);
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

static int put_edges(struct ndb_edge_batch *batch, uint64_t *counts,
                     struct ndb_buf *out)
{
    size_t edge_count = batch->count, owner_count;
    const uint64_t *owners = batch->owners;
    bool is_wide = !are_of_one_table(batch->neighbours, edge_count);
    uint32_t table = NAMIDB_ID_TABLE(batch->neighbours[0]);
    struct ndb_trend trend = { 0, 0 };
    unsigned flags;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < edge_count && !is_wide; i++)
        batch->neighbours[i] = NAMIDB_ID_SEQUENCE(batch->neighbours[i]);
    if (!is_wide)
        rc = level_sequences(batch, &trend);
    owner_count = group_owners(batch, counts);
    flags = ndb_edge_owners_way(owners, owner_count) |
            (batch->deleted.count != 0 ? NDB_FLAG_DELETED : 0) |
            (is_wide ? NDB_FLAG_WIDE : 0);
    if (rc >= 0)
        rc = ndb_buf_varint(out, ndb_edge_owners_count(owners, owner_count));
    if (rc >= 0)
        rc = ndb_buf_varint(out, edge_count);
    if (rc >= 0)
        rc = ndb_buf_u8(out, (uint8_t)flags);
    if (rc >= 0)
        rc = ndb_edge_owners_put(out, owners, counts, owner_count, edge_count);
    if (rc >= 0 && !is_wide)
        rc = ndb_buf_varint(out, table);
    if (rc >= 0)
        rc = ndb_ints_put(out, batch->neighbours, edge_count);
    if (rc >= 0)
        rc = put_sequences(batch, &trend, out);
    if (rc >= 0 && batch->deleted.count != 0)
        rc = put_deleted(batch, edge_count, out);
    return rc;
}

int ndb_edge_batch_encode(struct ndb_edge_batch *batch, struct ndb_buf *out)
{
    uint64_t *counts = ndb_realloc(NULL, batch->count, sizeof *counts);
    int rc;

    if (counts == NULL)
        return NAMIDB_ENOMEM;
    rc = put_edges(batch, counts, out);
    if (rc >= 0)
        rc = ndb_batch_columns_encode(&batch->columns, batch->count, out);
    ndb_free(counts);
    batch->count = 0;
    batch->deleted.count = 0;
    batch->bytes = 0;
    ndb_arena_reset(&batch->arena);
    return rc;
}

/* ---------------------------------------------------------------- pairs -- */

void ndb_pair_batch_release(struct ndb_pair_batch *batch)
{
    ndb_ids_release(&batch->keys);
    ndb_ids_release(&batch->values);
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
