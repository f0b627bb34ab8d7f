/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Node groups, written.
 */
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/pack_internal.h"
#include "format/stream.h"
#include "format/zone.h"

bool ndb_node_batch_is_full(const struct ndb_node_batch *batch)
{
    /* Property values shrink to about half. */
    return batch->sequences.count == NDB_GROUP_ROWS_MAX ||
           batch->bytes + batch->sequences.count >=
               2 * (size_t)NDB_SEGMENT_BYTES_TARGET;
}

void ndb_node_batch_release(struct ndb_node_batch *batch)
{
    ndb_ids_release(&batch->sequences);
    ndb_batch_column_release(&batch->key);
    ndb_batch_columns_release(&batch->columns);
    ndb_free(batch->label_sets);
    ndb_free(batch->label_counts);
    ndb_arena_release(&batch->arena);
}

static bool is_default_set(const struct ndb_node_batch *batch,
                           const namidb_node *node)
{
    if (batch->table == 0)
        return node->label_count == 0;
    return node->label_count == 1 && node->labels[0] == batch->table;
}

/* Number of the node's labels among the sets of the batch. */
static int set_number(struct ndb_node_batch *batch, const namidb_node *node,
                      uint16_t *number)
{
    size_t bytes = node->label_count * sizeof *node->labels;
    uint32_t *copy;

    *number = 0;
    if (is_default_set(batch, node))
        return NAMIDB_OK;
    for (uint32_t i = 0; i < batch->set_count; i++) {
        if (batch->label_counts[i] == node->label_count &&
            (bytes == 0 ||
             memcmp(batch->label_sets[i], node->labels, bytes) == 0)) {
            *number = (uint16_t)(i + 1);
            return NAMIDB_OK;
        }
    }
    if (batch->set_count == batch->set_capacity) {
        uint32_t capacity =
            batch->set_capacity == 0 ? 8 : batch->set_capacity * 2;
        const uint32_t **sets =
            ndb_realloc(batch->label_sets, capacity, sizeof *sets);
        uint32_t *counts;

        if (sets == NULL)
            return NAMIDB_ENOMEM;
        batch->label_sets = sets;
        counts = ndb_realloc(batch->label_counts, capacity, sizeof *counts);
        if (counts == NULL)
            return NAMIDB_ENOMEM;
        batch->label_counts = counts;
        batch->set_capacity = capacity;
    }
    copy = ndb_arena_copy(&batch->arena, node->labels, bytes);
    if (copy == NULL)
        return NAMIDB_ENOMEM;
    batch->label_sets[batch->set_count] = copy;
    batch->label_counts[batch->set_count++] = node->label_count;
    *number = (uint16_t)batch->set_count;
    return NAMIDB_OK;
}

int ndb_node_batch_add(struct ndb_node_batch *batch, uint64_t sequence,
                       const namidb_node *node)
{
    uint32_t row = (uint32_t)batch->sequences.count;
    int rc = ndb_ids_add(&batch->sequences, sequence);

    if (rc < 0)
        return rc;
    batch->label_of[row] = 0;
    if (node == NULL) {
        batch->deleted[row / 8] |= (uint8_t)(1u << (row % 8));
        batch->deleted_count++;
        return NAMIDB_OK;
    }
    rc = set_number(batch, node, &batch->label_of[row]);
    if (rc >= 0 && node->key.kind != NAMIDB_NULL)
        rc = ndb_batch_column_add(&batch->key, row, &node->key, &batch->arena,
                                  &batch->bytes);
    if (rc >= 0)
        rc = ndb_batch_columns_add(&batch->columns, row, node->props,
                                   node->prop_count, &batch->arena,
                                   &batch->bytes);
    return rc;
}

static int put_label_sets(struct ndb_node_batch *batch, struct ndb_buf *out)
{
    uint32_t row_count = (uint32_t)batch->sequences.count;
    uint64_t *numbers;
    int rc = ndb_buf_varint(out, batch->set_count);

    for (uint32_t i = 0; i < batch->set_count && rc >= 0; i++) {
        uint32_t last = 0;

        rc = ndb_buf_varint(out, batch->label_counts[i]);
        for (uint32_t k = 0; k < batch->label_counts[i] && rc >= 0; k++) {
            rc = ndb_buf_varint(out, batch->label_sets[i][k] - last);
            last = batch->label_sets[i][k];
        }
    }
    if (rc < 0)
        return rc;
    numbers = ndb_realloc(NULL, row_count, sizeof *numbers);
    if (numbers == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t row = 0; row < row_count; row++)
        numbers[row] = batch->label_of[row];
    rc = ndb_ints_put(out, numbers, row_count);
    ndb_free(numbers);
    return rc;
}

int ndb_node_batch_encode(struct ndb_node_batch *batch, struct ndb_buf *out,
                          struct ndb_buf *zones)
{
    const uint64_t *sequences = batch->sequences.items;
    uint32_t row_count = (uint32_t)batch->sequences.count;
    bool is_dense = sequences[row_count - 1] - sequences[0] == row_count - 1;
    unsigned flags = (is_dense ? NDB_FLAG_DENSE : 0) |
                     (batch->deleted_count != 0 ? NDB_FLAG_DELETED : 0) |
                     (batch->key.count != 0 ? NDB_FLAG_KEYS : 0) |
                     (batch->set_count != 0 ? NDB_FLAG_LABELS : 0);
    int rc = ndb_buf_varint(out, row_count);

    if (rc >= 0)
        rc = ndb_buf_u8(out, (uint8_t)flags);
    if (rc >= 0)
        rc = is_dense ? ndb_buf_varint(out, sequences[0])
                      : ndb_ints_put(out, sequences, row_count);
    if (rc >= 0 && batch->deleted_count != 0)
        rc =
            ndb_stream_put(out, ndb_slice(batch->deleted, (row_count + 7) / 8));
    if (rc >= 0 && batch->set_count != 0)
        rc = put_label_sets(batch, out);
    if (rc >= 0 && batch->key.count != 0)
        rc = ndb_batch_column_encode(&batch->key, row_count, out);
    ndb_batch_columns_sort(&batch->columns);
    if (rc >= 0)
        rc = ndb_zone_group_encode(&batch->columns, row_count, zones);
    if (rc >= 0)
        rc = ndb_batch_columns_encode(&batch->columns, row_count, out);
    batch->sequences.count = 0;
    memset(batch->deleted, 0, sizeof batch->deleted);
    batch->deleted_count = 0;
    batch->key.count = 0;
    batch->set_count = 0;
    batch->bytes = 0;
    ndb_arena_reset(&batch->arena);
    return rc;
}
