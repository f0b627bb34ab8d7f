/* SPDX-License-Identifier: Apache-2.0 */
#include "format/slot.h"

#include <zstd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/number.h"
#include "format/zstd_context.h"

enum {
    HEADER_BYTES = 72,
    CHECKSUM_BYTES = 16,
    ZSTD_LEVEL = 1, /* a commit waits for it */
};

static const char MAGIC[8] = { 'N', 'A', 'M', 'I', 'D', 'B', 'L', 'G' };

_Static_assert(sizeof MAGIC + 2 + 1 + 1 + 4 + 8 + 8 + 16 + 16 + 4 + 4 ==
                   HEADER_BYTES,
               "the header's layout stands in slot.h");

static int append_hash(struct ndb_buf *out, struct ndb_hash128 hash)
{
    int rc = ndb_buf_u64(out, hash.low);

    return rc < 0 ? rc : ndb_buf_u64(out, hash.high);
}

static struct ndb_hash128 read_hash(struct ndb_reader *reader)
{
    struct ndb_hash128 hash;

    hash.low = ndb_reader_u64(reader);
    hash.high = ndb_reader_u64(reader);
    return hash;
}

/* The payload as one frame behind what is in `out` already. */
static int append_frame(struct ndb_buf *out, struct ndb_slice payload,
                        uint32_t *stored_bytes)
{
    size_t bound = ZSTD_compressBound(payload.bytes);
    size_t bytes;
    int rc = ndb_buf_reserve(out, bound);

    if (rc < 0)
        return rc;
    bytes =
        ndb_zstd_compress(out->data + out->bytes, bound, payload, ZSTD_LEVEL);
    if (bytes == 0)
        return NAMIDB_ENOMEM;
    out->bytes += bytes;
    *stored_bytes = (uint32_t)bytes;
    return NAMIDB_OK;
}

/* All fields of the header; the last one is mended when it is known. */
static int append_header(struct ndb_buf *out, const struct ndb_slot *slot,
                         size_t payload_bytes)
{
    int rc = ndb_buf_reserve(out, HEADER_BYTES);

    if (rc < 0)
        return rc;
    /* Room was reserved, so none of these can fail. */
    (void)ndb_buf_append(out, MAGIC, sizeof MAGIC);
    (void)ndb_buf_u16(out, NDB_FORMAT);
    (void)ndb_buf_u8(out, (uint8_t)slot->kind);
    (void)ndb_buf_u8(out, 0);
    (void)ndb_buf_u32(out, slot->record_count);
    (void)ndb_buf_u64(out, slot->number);
    (void)ndb_buf_u64(out, slot->epoch);
    (void)ndb_buf_append(out, slot->nonce.bytes, sizeof slot->nonce.bytes);
    (void)append_hash(out, slot->previous);
    (void)ndb_buf_u32(out, (uint32_t)payload_bytes);
    (void)ndb_buf_u32(out, 0);
    return NAMIDB_OK;
}

int ndb_slot_encode(struct ndb_buf *out, const struct ndb_slot *slot,
                    struct ndb_slice payload, struct ndb_hash128 *hash)
{
    size_t start = out->bytes;
    uint32_t stored_bytes = 0;
    int rc;

    if (payload.bytes > NDB_BATCH_BYTES_MAX)
        return NAMIDB_ELIMIT;
    rc = append_header(out, slot, payload.bytes);
    if (rc >= 0 && payload.bytes != 0)
        rc = append_frame(out, payload, &stored_bytes);
    if (rc >= 0)
        rc = ndb_buf_reserve(out, CHECKSUM_BYTES);
    if (rc < 0) {
        out->bytes = start;
        return rc;
    }
    for (size_t i = 0; i < 4; i++)
        out->data[start + HEADER_BYTES - 4 + i] =
            (uint8_t)(stored_bytes >> (8 * i));
    *hash = ndb_hash128(ndb_slice(out->data + start, out->bytes - start));
    return append_hash(out, *hash);
}

/* The header's own fields; the sizes go to sizes[raw, stored]. */
static int decode_header(struct ndb_reader *reader, struct ndb_slot *slot,
                         uint32_t sizes[2])
{
    struct ndb_slice magic = ndb_reader_bytes(reader, sizeof MAGIC);
    uint16_t format = ndb_reader_u16(reader);
    uint8_t kind = ndb_reader_u8(reader);
    uint8_t zero = ndb_reader_u8(reader);
    struct ndb_slice nonce;

    if (!ndb_slice_equal(magic, ndb_slice(MAGIC, sizeof MAGIC)))
        return NAMIDB_ECORRUPT;
    if (format != NDB_FORMAT)
        return NAMIDB_EUNSUPPORTED;
    if ((kind != NDB_SLOT_BATCH && kind != NDB_SLOT_FENCE) || zero != 0)
        return NAMIDB_ECORRUPT;
    slot->kind = kind;
    slot->record_count = ndb_reader_u32(reader);
    slot->number = ndb_reader_u64(reader);
    slot->epoch = ndb_reader_u64(reader);
    nonce = ndb_reader_bytes(reader, sizeof slot->nonce.bytes);
    memcpy(slot->nonce.bytes, nonce.data, nonce.bytes);
    slot->previous = read_hash(reader);
    sizes[0] = ndb_reader_u32(reader);
    sizes[1] = ndb_reader_u32(reader);
    return NAMIDB_OK;
}

/* The frame says its size itself: it must be the header's. */
static int decode_frame(struct ndb_slice frame, uint32_t raw_bytes,
                        struct ndb_buf *payload)
{
    int rc;

    if (ZSTD_getFrameContentSize(frame.data, frame.bytes) != raw_bytes)
        return NAMIDB_ECORRUPT;
    rc = ndb_buf_reserve(payload, raw_bytes);
    if (rc < 0)
        return NAMIDB_ENOMEM;
    rc = ndb_zstd_decompress(payload->data + payload->bytes, raw_bytes, frame);
    if (rc >= 0)
        payload->bytes += raw_bytes;
    return rc;
}

int ndb_slot_decode(struct ndb_slice object, uint64_t number,
                    struct ndb_slot *slot, struct ndb_buf *payload,
                    struct ndb_hash128 *hash)
{
    struct ndb_reader reader = ndb_reader(object);
    struct ndb_hash128 expected;
    uint32_t sizes[2] = { 0, 0 };
    int rc;

    if (object.bytes < HEADER_BYTES + CHECKSUM_BYTES ||
        object.bytes > NDB_SLOT_BYTES_MAX)
        return NAMIDB_ECORRUPT;
    *hash = ndb_hash128(ndb_slice(object.data, object.bytes - CHECKSUM_BYTES));
    reader.at = object.data + object.bytes - CHECKSUM_BYTES;
    expected = read_hash(&reader);
    if (!ndb_hash128_equal(*hash, expected))
        return NAMIDB_ECORRUPT;
    reader = ndb_reader(object);
    rc = decode_header(&reader, slot, sizes);
    if (rc < 0)
        return rc;
    if (slot->number != number || sizes[0] > NDB_BATCH_BYTES_MAX ||
        sizes[1] != object.bytes - HEADER_BYTES - CHECKSUM_BYTES ||
        slot->record_count > NDB_BATCH_RECORDS_MAX)
        return NAMIDB_ECORRUPT;
    /* A fence opens the epoch of its own number and holds nothing. */
    if (slot->kind == NDB_SLOT_FENCE)
        return slot->epoch == number && sizes[0] == 0 && sizes[1] == 0 &&
                       slot->record_count == 0
                   ? NAMIDB_OK
                   : NAMIDB_ECORRUPT;
    if (slot->epoch >= number || sizes[0] == 0)
        return NAMIDB_ECORRUPT;
    return decode_frame(ndb_reader_bytes(&reader, sizes[1]), sizes[0], payload);
}
