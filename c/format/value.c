/* SPDX-License-Identifier: Apache-2.0 */
#include "format/value.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

/* ------------------------------------------------------------- encoding -- */

static int encode_f64(struct ndb_buf *buf, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    return ndb_buf_u64(buf, bits);
}

static int encode_zigzag(struct ndb_buf *buf, int64_t number)
{
    return ndb_buf_varint(buf, ndb_zigzag(number));
}

static int encode_datetime(struct ndb_buf *buf, const namidb_datetime *datetime)
{
    int rc = encode_zigzag(buf, datetime->seconds);

    if (rc >= 0)
        rc = ndb_buf_varint(buf, (uint32_t)datetime->nanoseconds);
    if (rc >= 0)
        rc = encode_zigzag(buf, datetime->offset);
    if (rc >= 0)
        rc = ndb_buf_string(buf, datetime->zone, datetime->zone_bytes);
    return rc;
}

static int encode_duration(struct ndb_buf *buf, const namidb_duration *duration)
{
    int rc = encode_zigzag(buf, duration->months);

    if (rc >= 0)
        rc = encode_zigzag(buf, duration->days);
    if (rc >= 0)
        rc = encode_zigzag(buf, duration->seconds);
    if (rc >= 0)
        rc = ndb_buf_varint(buf, (uint32_t)duration->nanoseconds);
    return rc;
}

static int encode_point(struct ndb_buf *buf, const namidb_point *point)
{
    int rc = ndb_buf_varint(buf, point->srid);

    if (rc >= 0)
        rc = ndb_buf_u8(buf, (uint8_t)point->dimensions);
    if (rc >= 0)
        rc = encode_f64(buf, point->x);
    if (rc >= 0)
        rc = encode_f64(buf, point->y);
    if (rc >= 0 && point->dimensions == 3)
        rc = encode_f64(buf, point->z);
    return rc;
}

static int encode_list(struct ndb_buf *buf, const namidb_value *value)
{
    int rc = ndb_buf_varint(buf, value->size);

    for (uint32_t i = 0; i < value->size && rc >= 0; i++)
        rc = ndb_value_encode(buf, &value->as.items[i]);
    return rc;
}

static int encode_vector(struct ndb_buf *buf, const namidb_value *value)
{
    int rc = ndb_buf_varint(buf, value->size);

    for (uint32_t i = 0; i < value->size && rc >= 0; i++) {
        uint32_t bits;

        memcpy(&bits, &value->as.floats[i], sizeof bits);
        rc = ndb_buf_u32(buf, bits);
    }
    return rc;
}

static int encode_payload(struct ndb_buf *buf, const namidb_value *value)
{
    int rc;

    switch ((enum namidb_kind)value->kind) {
    case NAMIDB_BOOL:
        return ndb_buf_u8(buf, value->as.boolean);
    case NAMIDB_INT:
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        return encode_zigzag(buf, value->as.integer);
    case NAMIDB_FLOAT:
        return encode_f64(buf, value->as.number);
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return ndb_buf_string(buf, value->as.bytes, value->size);
    case NAMIDB_TIME:
        rc = encode_zigzag(buf, value->as.integer);
        return rc < 0 ? rc : encode_zigzag(buf, (int32_t)value->size);
    case NAMIDB_LOCAL_DATETIME:
        rc = encode_zigzag(buf, value->as.integer);
        return rc < 0 ? rc : ndb_buf_varint(buf, value->size);
    case NAMIDB_DATETIME:
        return encode_datetime(buf, value->as.datetime);
    case NAMIDB_DURATION:
        return encode_duration(buf, value->as.duration);
    case NAMIDB_POINT:
        return encode_point(buf, value->as.point);
    case NAMIDB_LIST:
        return encode_list(buf, value);
    case NAMIDB_VECTOR:
        return encode_vector(buf, value);
    default:
        return NAMIDB_OK; /* null: the kind says it all */
    }
}

int ndb_value_encode(struct ndb_buf *buf, const namidb_value *value)
{
    size_t old_bytes = buf->bytes;
    int rc = ndb_buf_u8(buf, (uint8_t)value->kind);

    if (rc >= 0)
        rc = encode_payload(buf, value);
    if (rc < 0)
        buf->bytes = old_bytes;
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

struct decoder {
    struct ndb_reader *reader;
    namidb_arena *arena;
    bool has_no_memory;
};

static void *take(struct decoder *decoder, size_t count, size_t size)
{
    void *memory = ndb_arena_array(decoder->arena, count, size);

    if (memory == NULL) {
        decoder->has_no_memory = true;
        ndb_reader_fail(decoder->reader);
    }
    return memory;
}

static double decode_f64(struct ndb_reader *reader)
{
    uint64_t bits = ndb_reader_u64(reader);
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static int64_t decode_zigzag(struct ndb_reader *reader)
{
    return ndb_unzigzag(ndb_reader_varint(reader));
}

static uint32_t decode_nanoseconds(struct ndb_reader *reader)
{
    return (uint32_t)ndb_reader_varint_max(reader, 999999999);
}

static int32_t decode_offset(struct ndb_reader *reader)
{
    return (int32_t)ndb_unzigzag(ndb_reader_varint_max(reader, 2 * 64800));
}

static void decode_datetime(struct decoder *decoder, namidb_value *value)
{
    struct ndb_reader *reader = decoder->reader;
    namidb_datetime *datetime = take(decoder, 1, sizeof *datetime);
    struct ndb_slice zone;

    if (datetime == NULL)
        return;
    datetime->seconds = decode_zigzag(reader);
    datetime->nanoseconds = (int32_t)decode_nanoseconds(reader);
    datetime->offset = decode_offset(reader);
    zone = ndb_reader_string(reader, NDB_NAME_BYTES_MAX);
    datetime->zone = (const char *)zone.data;
    datetime->zone_bytes = (uint32_t)zone.bytes;
    value->as.datetime = datetime;
}

static void decode_duration(struct decoder *decoder, namidb_value *value)
{
    struct ndb_reader *reader = decoder->reader;
    namidb_duration *duration = take(decoder, 1, sizeof *duration);

    if (duration == NULL)
        return;
    duration->months = decode_zigzag(reader);
    duration->days = decode_zigzag(reader);
    duration->seconds = decode_zigzag(reader);
    duration->nanoseconds = (int32_t)decode_nanoseconds(reader);
    value->as.duration = duration;
}

static void decode_point(struct decoder *decoder, namidb_value *value)
{
    struct ndb_reader *reader = decoder->reader;
    namidb_point *point = take(decoder, 1, sizeof *point);

    if (point == NULL)
        return;
    point->srid = (uint32_t)ndb_reader_varint_max(reader, UINT32_MAX);
    point->dimensions = ndb_reader_u8(reader);
    if (point->dimensions != 2 && point->dimensions != 3)
        ndb_reader_fail(reader);
    point->x = decode_f64(reader);
    point->y = decode_f64(reader);
    point->z = point->dimensions == 3 ? decode_f64(reader) : 0;
    value->as.point = point;
}

static void decode_value(struct decoder *decoder, unsigned depth,
                         namidb_value *value);

static void decode_list(struct decoder *decoder, unsigned depth,
                        namidb_value *value)
{
    struct ndb_reader *reader = decoder->reader;
    uint64_t count = ndb_reader_varint_max(reader, NDB_LIST_ITEMS_MAX);
    namidb_value *items;

    /* An item takes a byte at least: no count is believed beyond that. */
    if (depth >= NDB_VALUE_DEPTH_MAX || count > ndb_reader_left(reader)) {
        ndb_reader_fail(reader);
        return;
    }
    items = take(decoder, count, sizeof *items);
    if (items == NULL)
        return;
    for (uint64_t i = 0; i < count && !reader->is_failed; i++) {
        decode_value(decoder, depth + 1, &items[i]);
        if (items[i].kind == NAMIDB_NULL)
            ndb_reader_fail(reader);
    }
    value->size = (uint32_t)count;
    value->as.items = items;
}

static void decode_vector(struct decoder *decoder, namidb_value *value)
{
    struct ndb_reader *reader = decoder->reader;
    uint64_t count = ndb_reader_varint_max(reader, NDB_VECTOR_DIMENSIONS_MAX);
    float *floats;

    if (count > ndb_reader_left(reader) / 4) {
        ndb_reader_fail(reader);
        return;
    }
    floats = take(decoder, count, sizeof *floats);
    if (floats == NULL)
        return;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits = ndb_reader_u32(reader);

        memcpy(&floats[i], &bits, sizeof bits);
    }
    value->size = (uint32_t)count;
    value->as.floats = floats;
}

static void decode_bool(struct ndb_reader *reader, namidb_value *value)
{
    uint8_t byte = ndb_reader_u8(reader);

    if (byte > 1)
        ndb_reader_fail(reader);
    value->as.boolean = byte == 1;
}

static void decode_string(struct ndb_reader *reader, namidb_value *value)
{
    struct ndb_slice text = ndb_reader_string(reader, NDB_VALUE_BYTES_MAX);

    value->size = (uint32_t)text.bytes;
    value->as.bytes = (const char *)text.data;
}

/* Of what has parts, not every number means something: what calculates with
 * them relies on their ranges. */
static bool has_parts(enum namidb_kind kind)
{
    return (kind >= NAMIDB_DATE && kind <= NAMIDB_POINT);
}

static void decode_value(struct decoder *decoder, unsigned depth,
                         namidb_value *value)
{
    struct ndb_reader *reader = decoder->reader;

    *value = (namidb_value){ .kind = ndb_reader_u8(reader) };
    switch ((enum namidb_kind)value->kind) {
    case NAMIDB_NULL:
        break;
    case NAMIDB_BOOL:
        decode_bool(reader, value);
        break;
    case NAMIDB_INT:
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        value->as.integer = decode_zigzag(reader);
        break;
    case NAMIDB_FLOAT:
        value->as.number = decode_f64(reader);
        break;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        decode_string(reader, value);
        break;
    case NAMIDB_TIME:
        value->as.integer = decode_zigzag(reader);
        value->size = (uint32_t)decode_offset(reader);
        break;
    case NAMIDB_LOCAL_DATETIME:
        value->as.integer = decode_zigzag(reader);
        value->size = decode_nanoseconds(reader);
        break;
    case NAMIDB_DATETIME:
        decode_datetime(decoder, value);
        break;
    case NAMIDB_DURATION:
        decode_duration(decoder, value);
        break;
    case NAMIDB_POINT:
        decode_point(decoder, value);
        break;
    case NAMIDB_LIST:
        decode_list(decoder, depth, value);
        break;
    case NAMIDB_VECTOR:
        decode_vector(decoder, value);
        break;
    default:
        ndb_reader_fail(reader);
    }
    if (!reader->is_failed && has_parts((enum namidb_kind)value->kind) &&
        ndb_value_check(value, NULL) < 0)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        *value = (namidb_value){ .kind = NAMIDB_NULL };
}

static int result(const struct decoder *decoder)
{
    if (decoder->has_no_memory)
        return NAMIDB_ENOMEM;
    return decoder->reader->is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}

int ndb_value_decode(struct ndb_reader *reader, namidb_arena *arena,
                     namidb_value *value)
{
    struct decoder decoder = { reader, arena, false };

    decode_value(&decoder, 0, value);
    return result(&decoder);
}
