/* SPDX-License-Identifier: Apache-2.0 */
#include "format/index_key.h"

#include <math.h>

#include "base/error.h"
#include "base/limits.h"

#define MONTH_SECONDS 2629746
#define DAY_SECONDS 86400
#define NS INT64_C(1000000000)

__extension__ typedef __int128 wide;

/* Places among the kinds, as ORDER BY has them; 0: not in an index. */
static const uint8_t RANKS[NAMIDB_KIND_COUNT] = {
    [NAMIDB_LIST] = 4,           [NAMIDB_POINT] = 6,     [NAMIDB_DATETIME] = 7,
    [NAMIDB_LOCAL_DATETIME] = 8, [NAMIDB_DATE] = 9,      [NAMIDB_TIME] = 10,
    [NAMIDB_LOCAL_TIME] = 11,    [NAMIDB_DURATION] = 12, [NAMIDB_STRING] = 13,
    [NAMIDB_BYTES] = 14,         [NAMIDB_BOOL] = 15,     [NAMIDB_INT] = 16,
    [NAMIDB_FLOAT] = 16,         [NAMIDB_VECTOR] = 17,
};

/* Output that remembers its first failure. */
struct writer {
    struct ndb_buf *buf;
    int rc;
};

static void put_bytes(struct writer *out, const void *data, size_t bytes)
{
    if (out->rc >= 0)
        out->rc = ndb_buf_append(out->buf, data, bytes);
}

static void put_big(struct writer *out, uint64_t number, unsigned bytes)
{
    uint8_t big[8];

    for (unsigned i = 0; i < bytes; i++)
        big[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
    put_bytes(out, big, bytes);
}

static void put_signed(struct writer *out, int64_t number)
{
    put_big(out, (uint64_t)number ^ UINT64_C(1) << 63, 8);
}

static void put_signed32(struct writer *out, int32_t number)
{
    put_big(out, (uint32_t)number ^ UINT32_C(1) << 31, 4);
}

static void put_double(struct writer *out, double number)
{
    uint64_t bits;

    if (isnan(number)) {
        put_big(out, UINT64_MAX, 8);
        return;
    }
    number += 0.0; /* -0 is 0 */
    memcpy(&bits, &number, sizeof bits);
    put_big(out, bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63, 8);
}

static void put_float(struct writer *out, float number)
{
    uint32_t bits;

    if (isnan(number)) {
        put_big(out, UINT32_MAX, 4);
        return;
    }
    number += 0.0F;
    memcpy(&bits, &number, sizeof bits);
    put_big(out, bits >> 31 != 0 ? ~bits : bits | UINT32_C(1) << 31, 4);
}

/* Each float and each integer has a place of its own: the float at or below an
 * integer, and how far above it the integer is (less than 1,024). */
static void put_integer(struct writer *out, int64_t number)
{
    double below = (double)number;

    if (below >= 0x1p63 || (int64_t)below > number)
        below = nextafter(below, -INFINITY);
    put_double(out, below);
    put_big(out, (uint64_t)(number - (int64_t)below), 2);
}

/* The text without its end. */
static void put_escaped(struct writer *out, struct ndb_slice text)
{
    static const uint8_t zero[2] = { 0, 255 };
    size_t start = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] != 0)
            continue;
        put_bytes(out, text.data + start, i - start);
        put_bytes(out, zero, 2);
        start = i + 1;
    }
    put_bytes(out, text.data + start, text.bytes - start);
}

static void put_text(struct writer *out, const char *text, size_t bytes)
{
    if (bytes != 0)
        put_escaped(out, ndb_slice(text, bytes));
    put_big(out, 1, 2);
}

static void put_duration(struct writer *out, const namidb_duration *duration)
{
    wide size = (wide)duration->months * MONTH_SECONDS +
                (wide)duration->days * DAY_SECONDS + duration->seconds;

    put_signed(out, (int64_t)(size >> 64));
    put_big(out, (uint64_t)size, 8);
    put_big(out, (uint32_t)duration->nanoseconds, 4);
    put_signed(out, duration->months);
    put_signed(out, duration->days);
    put_signed(out, duration->seconds);
}

static void put_point(struct writer *out, const namidb_point *point)
{
    put_big(out, point->srid, 4);
    put_double(out, point->x);
    put_double(out, point->y);
    if (point->dimensions == 3)
        put_double(out, point->z);
}

static void put_datetime(struct writer *out, const namidb_datetime *datetime)
{
    put_signed(out, datetime->seconds);
    put_big(out, (uint32_t)datetime->nanoseconds, 4);
    put_signed32(out, datetime->offset);
    put_text(out, datetime->zone, datetime->zone_bytes);
}

static void put_vector(struct writer *out, const namidb_value *value)
{
    for (uint32_t i = 0; i < value->size; i++) {
        put_big(out, 1, 1);
        put_float(out, value->as.floats[i]);
    }
    put_big(out, 0, 1);
}

static void put_value(struct writer *out, const namidb_value *value,
                      unsigned depth);

static void put_list(struct writer *out, const namidb_value *value,
                     unsigned depth)
{
    for (uint32_t i = 0; i < value->size; i++)
        put_value(out, &value->as.items[i], depth + 1);
    put_big(out, 0, 1);
}

static void put_body(struct writer *out, const namidb_value *value,
                     unsigned depth)
{
    switch (value->kind) {
    case NAMIDB_LIST:
        put_list(out, value, depth);
        break;
    case NAMIDB_POINT:
        put_point(out, value->as.point);
        break;
    case NAMIDB_DATETIME:
        put_datetime(out, value->as.datetime);
        break;
    case NAMIDB_LOCAL_DATETIME:
        put_signed(out, value->as.integer);
        put_big(out, value->size, 4);
        break;
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        put_signed(out, value->as.integer);
        break;
    case NAMIDB_TIME:
        put_signed(out, value->as.integer - (int32_t)value->size * NS);
        put_signed32(out, (int32_t)value->size);
        break;
    case NAMIDB_DURATION:
        put_duration(out, value->as.duration);
        break;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        put_text(out, value->as.bytes, value->size);
        break;
    case NAMIDB_BOOL:
        put_big(out, value->as.boolean, 1);
        break;
    case NAMIDB_INT:
        put_integer(out, value->as.integer);
        break;
    case NAMIDB_FLOAT:
        put_double(out, value->as.number);
        put_big(out, isnan(value->as.number) ? UINT16_MAX : 0, 2);
        break;
    default:
        put_vector(out, value);
    }
}

static void put_value(struct writer *out, const namidb_value *value,
                      unsigned depth)
{
    uint8_t rank = value->kind < NAMIDB_KIND_COUNT ? RANKS[value->kind] : 0;

    if (out->rc != NAMIDB_OK)
        return;
    if (rank == 0 || depth > NDB_VALUE_DEPTH_MAX) {
        out->rc = NAMIDB_NONE;
        return;
    }
    put_big(out, rank, 1);
    put_body(out, value, depth);
}

/* The whole value was written, or nothing of it. */
static int finish(struct writer *out, size_t start)
{
    if (out->rc != NAMIDB_OK)
        out->buf->bytes = start;
    return out->rc;
}

int ndb_index_key_value(struct ndb_buf *buf, const namidb_value *value)
{
    struct writer out = { buf, NAMIDB_OK };
    size_t start = buf->bytes;

    put_value(&out, value, 0);
    return finish(&out, start);
}

static const namidb_value *find(const namidb_property *props, uint32_t count,
                                uint32_t name)
{
    uint32_t low = 0;

    while (count != 0) {
        uint32_t half = count / 2;

        if (props[low + half].name < name) {
            low += half + 1;
            count -= half + 1;
        } else if (props[low + half].name == name) {
            return &props[low + half].value;
        } else {
            count = half;
        }
    }
    return NULL;
}

int ndb_index_key_row_whole(struct ndb_buf *buf, const namidb_schema_item *item,
                            const namidb_property *props, uint32_t count)
{
    struct writer out = { buf, NAMIDB_OK };
    size_t start = buf->bytes;

    for (uint32_t i = 0; i < item->prop_count && out.rc == NAMIDB_OK; i++) {
        const namidb_value *value = find(props, count, item->props[i]);

        if (value == NULL)
            out.rc = NAMIDB_NONE;
        else
            put_value(&out, value, 0);
    }
    return finish(&out, start);
}

int ndb_index_key_row(struct ndb_buf *buf, const namidb_schema_item *item,
                      const namidb_property *props, uint32_t count)
{
    size_t start = buf->bytes;
    int rc = ndb_index_key_row_whole(buf, item, props, count);

    if (rc == NAMIDB_OK && buf->bytes - start > NDB_INDEX_KEY_BYTES_MAX)
        buf->bytes = start + NDB_INDEX_KEY_BYTES_MAX;
    return rc;
}

int ndb_index_key_rank(struct ndb_buf *buf, const namidb_value *value)
{
    uint8_t rank = value->kind < NAMIDB_KIND_COUNT ? RANKS[value->kind] : 0;

    return rank == 0 ? NAMIDB_NONE : ndb_buf_u8(buf, rank);
}

int ndb_index_key_prefix(struct ndb_buf *buf, const namidb_value *string)
{
    struct writer out = { buf, NAMIDB_OK };
    size_t start = buf->bytes;

    put_big(&out, RANKS[NAMIDB_STRING], 1);
    if (string->size != 0)
        put_escaped(&out, ndb_slice(string->as.bytes, string->size));
    return finish(&out, start);
}

bool ndb_index_key_successor(struct ndb_buf *buf, size_t start)
{
    while (buf->bytes > start && buf->data[buf->bytes - 1] == 255)
        buf->bytes--;
    if (buf->bytes == start)
        return false;
    buf->data[buf->bytes - 1]++;
    return true;
}
