/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - bytes that grow, up to a bound, and a reader over bytes.
 *
 * The writing functions return NAMIDB_OK, NAMIDB_ENOMEM, or NAMIDB_ELIMIT when
 * the bound would be passed; on failure the buffer is as it was. The reader
 * never reads past its end: after the first failure it stays failed and yields
 * zeros, so a decoder checks once, at the end or before it trusts a size.
 *
 * Integers are little-endian; varints are LEB128, at most 10 bytes, shortest
 * form only.
 */
#ifndef NDB_BASE_BUF_H
#define NDB_BASE_BUF_H

#include "base/slice.h"

struct ndb_buf {
    uint8_t *data;
    size_t bytes;
    size_t capacity; /* not above bytes_max */
    size_t bytes_max;
};

#define NDB_BUF_INIT(max) ((struct ndb_buf){ NULL, 0, 0, (max) })

void ndb_buf_release(struct ndb_buf *buf);

static inline struct ndb_slice ndb_buf_slice(const struct ndb_buf *buf)
{
    return ndb_slice(buf->data, buf->bytes);
}

/* Makes room for `bytes` more; data + bytes may then be written directly. */
int ndb_buf_reserve(struct ndb_buf *buf, size_t bytes);
int ndb_buf_append(struct ndb_buf *buf, const void *data, size_t bytes);
int ndb_buf_u16(struct ndb_buf *buf, uint16_t value);
int ndb_buf_u32(struct ndb_buf *buf, uint32_t value);
int ndb_buf_u64(struct ndb_buf *buf, uint64_t value);
/* A varint of the length, then the bytes. */
int ndb_buf_string(struct ndb_buf *buf, const void *data, size_t bytes);

#define NDB_VARINT_BYTES_MAX 10

/* Writes at most 10 bytes; returns one past the last. */
static inline uint8_t *ndb_varint_encode(uint8_t *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static inline int ndb_buf_u8(struct ndb_buf *buf, uint8_t value)
{
    if (buf->bytes == buf->capacity) {
        int rc = ndb_buf_reserve(buf, 1);

        if (rc < 0)
            return rc;
    }
    buf->data[buf->bytes++] = value;
    return 0;
}

/* Where there are not NDB_VARINT_BYTES_MAX bytes of room. */
int ndb_buf_varint_tight(struct ndb_buf *buf, uint64_t value);

static inline int ndb_buf_varint(struct ndb_buf *buf, uint64_t value)
{
    if (buf->capacity - buf->bytes < NDB_VARINT_BYTES_MAX)
        return ndb_buf_varint_tight(buf, value);
    buf->bytes =
        (size_t)(ndb_varint_encode(buf->data + buf->bytes, value) - buf->data);
    return 0;
}

/* Writes 4 bytes, as ndb_buf_u32 does. */
void ndb_u32_encode(uint8_t *out, uint32_t value);

/* Writes 8 bytes, as ndb_buf_u64 does. */
static inline void ndb_u64_encode(uint8_t *out, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    memcpy(out, &value, sizeof value);
}

static inline uint64_t ndb_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t ndb_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

struct ndb_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool is_failed;
};

static inline struct ndb_reader ndb_reader(struct ndb_slice slice)
{
    return (struct ndb_reader){ slice.data, slice.data + slice.bytes, false };
}

static inline size_t ndb_reader_left(const struct ndb_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* True when all was read and nothing failed. */
static inline bool ndb_reader_is_done(const struct ndb_reader *reader)
{
    return !reader->is_failed && reader->at == reader->end;
}

void ndb_reader_fail(struct ndb_reader *reader);

static inline uint8_t ndb_reader_u8(struct ndb_reader *reader)
{
    if (reader->at != reader->end)
        return *reader->at++;
    ndb_reader_fail(reader);
    return 0;
}

uint16_t ndb_reader_u16(struct ndb_reader *reader);
uint32_t ndb_reader_u32(struct ndb_reader *reader);
uint64_t ndb_reader_u64(struct ndb_reader *reader);
/* Of any number of bytes. */
uint64_t ndb_reader_varint_any(struct ndb_reader *reader);

/* Most have one byte. */
static inline uint64_t ndb_reader_varint(struct ndb_reader *reader)
{
    return reader->at != reader->end && *reader->at < 0x80
               ? *reader->at++
               : ndb_reader_varint_any(reader);
}

/* A varint that must not be above `max`. */
uint64_t ndb_reader_varint_max(struct ndb_reader *reader, uint64_t max);
/* The next `bytes` bytes, in place; an empty slice when there are fewer. */
struct ndb_slice ndb_reader_bytes(struct ndb_reader *reader, uint64_t bytes);
/* What ndb_buf_string wrote, in place, at most `max` bytes. */
struct ndb_slice ndb_reader_string(struct ndb_reader *reader, uint64_t max);

#endif
