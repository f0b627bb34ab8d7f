/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/error.h"
#include "base/mem.h"

void ndb_buf_release(struct ndb_buf *buf)
{
    ndb_free(buf->data);
    buf->data = NULL;
    buf->bytes = 0;
    buf->capacity = 0;
}

int ndb_buf_reserve(struct ndb_buf *buf, size_t bytes)
{
    size_t capacity;
    uint8_t *data;

    if (bytes > buf->bytes_max - buf->bytes)
        return NAMIDB_ELIMIT;
    if (bytes <= buf->capacity - buf->bytes)
        return NAMIDB_OK;
    capacity = buf->capacity < 64 ? 64 : buf->capacity * 2;
    if (capacity < buf->bytes + bytes)
        capacity = buf->bytes + bytes;
    if (capacity > buf->bytes_max)
        capacity = buf->bytes_max;
    data = ndb_realloc(buf->data, capacity, 1);
    if (data == NULL)
        return NAMIDB_ENOMEM;
    buf->data = data;
    buf->capacity = capacity;
    return NAMIDB_OK;
}

int ndb_buf_append(struct ndb_buf *buf, const void *data, size_t bytes)
{
    int rc = ndb_buf_reserve(buf, bytes);

    if (rc < 0)
        return rc;
    if (bytes != 0)
        memcpy(buf->data + buf->bytes, data, bytes);
    buf->bytes += bytes;
    return NAMIDB_OK;
}

/* The low `bytes` bytes of value, lowest first. */
static int append_integer(struct ndb_buf *buf, uint64_t value, size_t bytes)
{
    uint8_t data[8];

    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(value >> (8 * i));
    return ndb_buf_append(buf, data, bytes);
}

int ndb_buf_u16(struct ndb_buf *buf, uint16_t value)
{
    return append_integer(buf, value, 2);
}

void ndb_u32_encode(uint8_t *out, uint32_t value)
{
    for (size_t i = 0; i < sizeof value; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

int ndb_buf_u32(struct ndb_buf *buf, uint32_t value)
{
    return append_integer(buf, value, 4);
}

int ndb_buf_u64(struct ndb_buf *buf, uint64_t value)
{
    return append_integer(buf, value, 8);
}

int ndb_buf_varint_tight(struct ndb_buf *buf, uint64_t value)
{
    uint8_t data[NDB_VARINT_BYTES_MAX];

    return ndb_buf_append(buf, data,
                          (size_t)(ndb_varint_encode(data, value) - data));
}

int ndb_buf_string(struct ndb_buf *buf, const void *data, size_t bytes)
{
    uint8_t length[NDB_VARINT_BYTES_MAX];
    size_t length_bytes = (size_t)(ndb_varint_encode(length, bytes) - length);
    int rc = bytes > SIZE_MAX - length_bytes
                 ? NAMIDB_ELIMIT
                 : ndb_buf_reserve(buf, length_bytes + bytes);

    if (rc < 0)
        return rc;
    memcpy(buf->data + buf->bytes, length, length_bytes);
    if (bytes != 0)
        memcpy(buf->data + buf->bytes + length_bytes, data, bytes);
    buf->bytes += length_bytes + bytes;
    return NAMIDB_OK;
}

void ndb_reader_fail(struct ndb_reader *reader)
{
    reader->is_failed = true;
    reader->at = reader->end;
}

static uint64_t read_integer(struct ndb_reader *reader, size_t bytes)
{
    uint64_t value = 0;

    if (ndb_reader_left(reader) < bytes) {
        ndb_reader_fail(reader);
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += bytes;
    return value;
}

uint16_t ndb_reader_u16(struct ndb_reader *reader)
{
    return (uint16_t)read_integer(reader, 2);
}

uint32_t ndb_reader_u32(struct ndb_reader *reader)
{
    return (uint32_t)read_integer(reader, 4);
}

uint64_t ndb_reader_u64(struct ndb_reader *reader)
{
    return read_integer(reader, 8);
}

uint64_t ndb_reader_varint_any(struct ndb_reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (reader->at == reader->end)
            break;
        byte = *reader->at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift != 0)
                break; /* not the shortest form */
            return value;
        }
    }
    ndb_reader_fail(reader);
    return 0;
}

uint64_t ndb_reader_varint_max(struct ndb_reader *reader, uint64_t max)
{
    uint64_t value = ndb_reader_varint(reader);

    if (value > max) {
        ndb_reader_fail(reader);
        return 0;
    }
    return value;
}

struct ndb_slice ndb_reader_bytes(struct ndb_reader *reader, uint64_t bytes)
{
    struct ndb_slice slice;

    if (ndb_reader_left(reader) < bytes) {
        ndb_reader_fail(reader);
        return ndb_slice(reader->end, 0);
    }
    slice = ndb_slice(reader->at, (size_t)bytes);
    reader->at += bytes;
    return slice;
}

struct ndb_slice ndb_reader_string(struct ndb_reader *reader, uint64_t max)
{
    return ndb_reader_bytes(reader, ndb_reader_varint_max(reader, max));
}
