/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of index parts: writing them, reading them, finding in them.
 */
#include "base/error.h"
#include "base/limits.h"
#include "format/pack_internal.h"
#include "format/stream.h"

enum { RAW_BYTES = 2 * NDB_SEGMENT_BYTES_TARGET /* of keys and ids */ };

int ndb_index_entry_compare(const struct ndb_index_entry *a,
                            const struct ndb_index_entry *b)
{
    int order = ndb_slice_compare(a->key, b->key);

    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

/* --------------------------------------------------------------- writing -- */

int ndb_index_batch_add(struct ndb_index_batch *batch,
                        const struct ndb_index_entry *entry)
{
    int rc;

    if (batch->keys.bytes_max == 0)
        batch->keys = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    rc = ndb_buf_append(&batch->keys, entry->key.data, entry->key.bytes);
    if (rc >= 0)
        rc = ndb_ids_add(&batch->key_bytes, entry->key.bytes);
    if (rc >= 0)
        rc = ndb_ids_add(&batch->ids, entry->id);
    if (rc >= 0 && entry->from != 0)
        rc = ndb_ids_add(&batch->from, entry->from);
    if (rc >= 0 && entry->from != 0)
        rc = ndb_ids_add(&batch->to, entry->to);
    return rc;
}

bool ndb_index_batch_is_full(const struct ndb_index_batch *batch)
{
    size_t numbers = batch->ids.count * 10 + batch->from.count * 16;

    return batch->ids.count == NDB_SEGMENT_INDEX_ENTRIES_MAX ||
           batch->keys.bytes + numbers >= RAW_BYTES;
}

int ndb_index_batch_fence(struct ndb_index_batch *batch)
{
    struct ndb_slice before = ndb_buf_slice(&batch->last);
    struct ndb_slice first =
        ndb_slice(batch->keys.data, batch->key_bytes.items[0]);
    size_t same = 0;

    while (same < before.bytes && same < first.bytes &&
           before.data[same] == first.data[same])
        same++;
    if (batch->fences.bytes_max == 0)
        batch->fences = NDB_BUF_INIT(NDB_PACK_DIRECTORY_BYTES_MAX);
    return ndb_buf_append(&batch->fences, first.data,
                          same < first.bytes ? same + 1 : same);
}

int ndb_index_batch_encode(struct ndb_index_batch *batch, struct ndb_buf *out)
{
    size_t count = batch->ids.count;
    size_t last_bytes = batch->key_bytes.items[count - 1];
    bool is_edges = batch->from.count != 0;
    int rc = ndb_buf_varint(out, count);

    if (rc >= 0)
        rc = ndb_buf_u8(out, is_edges);
    if (rc >= 0)
        rc = ndb_ints_put(out, batch->key_bytes.items, count);
    if (rc >= 0)
        rc = ndb_stream_put(out, ndb_buf_slice(&batch->keys));
    if (rc >= 0)
        rc = ndb_ints_put(out, batch->ids.items, count);
    if (rc >= 0 && is_edges)
        rc = ndb_ints_put(out, batch->from.items, count);
    if (rc >= 0 && is_edges)
        rc = ndb_ints_put(out, batch->to.items, count);
    if (batch->last.bytes_max == 0)
        batch->last = NDB_BUF_INIT(NDB_INDEX_KEY_BYTES_MAX);
    batch->last.bytes = 0;
    if (rc >= 0)
        rc = ndb_buf_append(&batch->last,
                            batch->keys.data + batch->keys.bytes - last_bytes,
                            last_bytes);
    batch->keys.bytes = 0;
    batch->key_bytes.count = batch->ids.count = 0;
    batch->from.count = batch->to.count = 0;
    return rc;
}

void ndb_index_batch_release(struct ndb_index_batch *batch)
{
    ndb_buf_release(&batch->keys);
    ndb_buf_release(&batch->last);
    ndb_buf_release(&batch->fences);
    ndb_ids_release(&batch->key_bytes);
    ndb_ids_release(&batch->ids);
    ndb_ids_release(&batch->from);
    ndb_ids_release(&batch->to);
}

/* --------------------------------------------------------------- reading -- */

/* Lengths of 1 .. NDB_INDEX_KEY_BYTES_MAX that add up to the bytes. */
static uint32_t *get_offsets(struct ndb_source *source, uint32_t count)
{
    const uint64_t *lengths = ndb_ints_get(source, count);
    uint32_t *offsets = ndb_source_take(source, (size_t)count + 1, 4);

    for (uint32_t i = 0; i < count && !source->reader.is_failed; i++) {
        if (lengths[i] == 0 || lengths[i] > NDB_INDEX_KEY_BYTES_MAX)
            ndb_reader_fail(&source->reader);
        else
            offsets[i + 1] = offsets[i] + (uint32_t)lengths[i];
    }
    return offsets;
}

static const uint64_t *get_ids(struct ndb_source *source, uint32_t count)
{
    const uint64_t *ids = ndb_ints_get(source, count);
    const uint64_t max = NAMIDB_ID(NAMIDB_SEQUENCE_MAX, NAMIDB_TABLE_MAX);

    for (uint32_t i = 0; i < count && !source->reader.is_failed; i++)
        if (ids[i] > max || NAMIDB_ID_SEQUENCE(ids[i]) == 0)
            ndb_reader_fail(&source->reader);
    return ids;
}

static void check_order(struct ndb_source *source,
                        const struct ndb_index_segment *segment)
{
    for (uint32_t i = 1; i < segment->count && !source->reader.is_failed; i++) {
        struct ndb_index_entry before = ndb_index_segment_at(segment, i - 1);
        struct ndb_index_entry entry = ndb_index_segment_at(segment, i);

        if (ndb_index_entry_compare(&before, &entry) >= 0)
            ndb_reader_fail(&source->reader);
    }
}

void ndb_index_segment_decode(struct ndb_source *source,
                              struct ndb_index_segment *segment)
{
    struct ndb_reader *reader = &source->reader;
    uint8_t is_edges;

    segment->count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_SEGMENT_INDEX_ENTRIES_MAX);
    is_edges = ndb_reader_u8(reader);
    if (segment->count == 0 || is_edges > 1)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    segment->offsets = get_offsets(source, segment->count);
    if (!reader->is_failed)
        segment->bytes =
            ndb_stream_get(source, segment->offsets[segment->count]);
    if (!reader->is_failed)
        segment->ids = get_ids(source, segment->count);
    if (!reader->is_failed && is_edges == 1)
        segment->from = get_ids(source, segment->count);
    if (!reader->is_failed && is_edges == 1)
        segment->to = get_ids(source, segment->count);
    check_order(source, segment);
}

/* --------------------------------------------------------------- finding -- */

struct ndb_index_entry ndb_index_segment_at(const struct ndb_index_segment *s,
                                            uint32_t at)
{
    return (struct ndb_index_entry){
        .key = ndb_slice(s->bytes + s->offsets[at],
                         s->offsets[at + 1] - s->offsets[at]),
        .id = s->ids[at],
        .from = s->from != NULL ? s->from[at] : 0,
        .to = s->from != NULL ? s->to[at] : 0,
    };
}

uint32_t ndb_index_segment_find(const struct ndb_index_segment *segment,
                                const struct ndb_index_entry *wanted)
{
    uint32_t low = 0;
    uint32_t high = segment->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct ndb_index_entry entry = ndb_index_segment_at(segment, middle);

        if (ndb_index_entry_compare(&entry, wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t ndb_part_find_key(const struct ndb_part *part, struct ndb_slice key)
{
    uint32_t low = 0;
    uint32_t high = part->segment_count;

    /* The first segment whose fence is not below the key: its entries before
     * the key's are in the segment before it. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ndb_slice_compare(part->segments[middle].fence, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low != 0 ? low - 1 : 0;
}
