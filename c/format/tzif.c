/* SPDX-License-Identifier: Apache-2.0 */
#include "format/tzif.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
    HEADER_BYTES = 44,
    LOCAL_TYPE_BYTES = 6,
    OFFSET_MAX = 26 * 3600, /* RFC 8536: -25:59:59 .. 25:59:59 */
    COUNT_MAX = 1 << 16
};

/* Counts of a block, in the header's order. */
struct block {
    uint32_t utc_count, standard_count, leap_count, time_count, type_count,
        char_count;
};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* False: no header of a version with 64-bit times. */
static bool read_header(struct ndb_slice bytes, size_t at, struct block *block)
{
    const uint8_t *data = bytes.data + at;

    if (bytes.bytes < at + HEADER_BYTES || memcmp(data, "TZif", 4) != 0 ||
        data[4] < '2')
        return false;
    block->utc_count = read_u32(data + 20);
    block->standard_count = read_u32(data + 24);
    block->leap_count = read_u32(data + 28);
    block->time_count = read_u32(data + 32);
    block->type_count = read_u32(data + 36);
    block->char_count = read_u32(data + 40);
    return block->time_count <= COUNT_MAX && block->type_count <= 256 &&
           block->type_count != 0 && block->char_count <= COUNT_MAX &&
           block->leap_count == 0 && block->utc_count <= 256 &&
           block->standard_count <= 256;
}

static size_t block_bytes(const struct block *block, size_t time_bytes)
{
    return block->time_count * (time_bytes + 1) +
           block->type_count * LOCAL_TYPE_BYTES + block->char_count +
           block->utc_count + block->standard_count;
}

/* Offsets of the local types, checked. */
static bool read_types(const uint8_t *at, uint32_t count, int32_t *offsets)
{
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (int32_t)read_u32(at + i * LOCAL_TYPE_BYTES);
        if (offsets[i] < -OFFSET_MAX || offsets[i] > OFFSET_MAX)
            return false;
    }
    return true;
}

static int read_times(const uint8_t *at, const struct block *block,
                      struct ndb_tzif *tzif)
{
    const uint8_t *indexes = at + (size_t)block->time_count * 8;
    int32_t offsets[256];

    if (!read_types(indexes + block->time_count, block->type_count, offsets))
        return NAMIDB_ECORRUPT;
    tzif->first = offsets[0];
    tzif->times = ndb_calloc(block->time_count, sizeof *tzif->times);
    tzif->offsets = ndb_calloc(block->time_count, sizeof *tzif->offsets);
    if (tzif->times == NULL || tzif->offsets == NULL)
        return NAMIDB_ENOMEM;
    tzif->count = block->time_count;
    for (uint32_t i = 0; i < block->time_count; i++) {
        tzif->times[i] = read_i64(at + (size_t)i * 8);
        if (indexes[i] >= block->type_count ||
            (i > 0 && tzif->times[i] <= tzif->times[i - 1]))
            return NAMIDB_ECORRUPT;
        tzif->offsets[i] = offsets[indexes[i]];
    }
    return NAMIDB_OK;
}

/* "\nCET-1CEST,M3.5.0,M10.5.0/3\n" */
static int read_footer(struct ndb_slice footer, struct ndb_tzif *tzif)
{
    if (footer.bytes < 2 || footer.data[0] != '\n' ||
        footer.data[footer.bytes - 1] != '\n')
        return NAMIDB_ECORRUPT;
    if (footer.bytes == 2)
        return NAMIDB_OK;
    tzif->has_rule = true;
    return ndb_tz_rule_parse(ndb_slice(footer.data + 1, footer.bytes - 2),
                             &tzif->rule);
}

int ndb_tzif_decode(struct ndb_slice bytes, struct ndb_tzif *tzif)
{
    struct block first, block;
    size_t at;
    int rc = NAMIDB_ECORRUPT;

    *tzif = (struct ndb_tzif){ .count = 0 };
    if (bytes.bytes > NDB_TZIF_BYTES_MAX || !read_header(bytes, 0, &first))
        return rc;
    at = HEADER_BYTES + block_bytes(&first, 4);
    if (at > bytes.bytes || !read_header(bytes, at, &block))
        return rc;
    at += HEADER_BYTES;
    if (bytes.bytes - at < block_bytes(&block, 8))
        return rc;
    rc = read_times(bytes.data + at, &block, tzif);
    at += block_bytes(&block, 8);
    if (rc >= 0)
        rc = read_footer(ndb_slice(bytes.data + at, bytes.bytes - at), tzif);
    if (rc < 0)
        ndb_tzif_release(tzif);
    return rc;
}

void ndb_tzif_release(struct ndb_tzif *tzif)
{
    ndb_free(tzif->times);
    ndb_free(tzif->offsets);
    *tzif = (struct ndb_tzif){ .count = 0 };
}

int32_t ndb_tzif_offset(const struct ndb_tzif *tzif, int64_t seconds)
{
    uint32_t low = 0, high = tzif->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (tzif->times[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == tzif->count && tzif->has_rule)
        return ndb_tz_rule_offset(&tzif->rule, seconds);
    return low == 0 ? tzif->first : tzif->offsets[low - 1];
}
