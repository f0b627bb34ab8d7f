/* SPDX-License-Identifier: Apache-2.0 */
#include "format/planes.h"

#include <assert.h>
#include <string.h>

#include "format/packed.h"

/* Numbers whose halves wait to be joined. */
enum { BLOCK_NUMBERS = 256 };

void ndb_planes_join_halves(const uint8_t *const planes[2], size_t count,
                            uint16_t *restrict out)
{
    const uint8_t *restrict a = planes[0], *restrict b = planes[1];

    for (size_t i = 0; i < count; i++)
        out[i] = (uint16_t)(a[i] | b[i] << 8);
}

static void join_3(const uint8_t *const *planes, size_t count,
                   uint32_t *restrict out)
{
    const uint8_t *restrict a = planes[0], *restrict b = planes[1];
    const uint8_t *restrict c = planes[2];

    for (size_t i = 0; i < count; i++)
        out[i] = a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16;
}

static void join_4(const uint8_t *const *planes, size_t count,
                   uint32_t *restrict out)
{
    const uint8_t *restrict a = planes[0], *restrict b = planes[1];
    const uint8_t *restrict c = planes[2], *restrict d = planes[3];

    for (size_t i = 0; i < count; i++)
        out[i] = a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 |
                 (uint32_t)d[i] << 24;
}

void ndb_planes_join_words(const uint8_t *const *planes, unsigned width,
                           size_t count, uint32_t *restrict out)
{
    assert(width <= 4);
    if (width == 0)
        memset(out, 0, count * sizeof *out);
    else if (width == 1)
        for (size_t i = 0; i < count; i++)
            out[i] = planes[0][i];
    else if (width == 2)
        for (size_t i = 0; i < count; i++)
            out[i] = planes[0][i] | (uint32_t)planes[1][i] << 8;
    else if (width == 3)
        join_3(planes, count, out);
    else
        join_4(planes, count, out);
}

/* Up to a block. */
static void join_block(const uint8_t *const *planes, unsigned width,
                       size_t count, uint64_t plus, uint64_t *restrict out)
{
    uint32_t low[BLOCK_NUMBERS], high[BLOCK_NUMBERS];

    ndb_planes_join_words(planes, width < 4 ? width : 4, count, low);
    if (width <= 4) {
        for (size_t i = 0; i < count; i++)
            out[i] = plus + low[i];
        return;
    }
    ndb_planes_join_words(planes + 4, width - 4, count, high);
    for (size_t i = 0; i < count; i++)
        out[i] = plus + (low[i] | (uint64_t)high[i] << 32);
}

void ndb_planes_join(const uint8_t *const *planes, unsigned width, size_t count,
                     uint64_t plus, uint64_t *restrict out)
{
    const uint8_t *at[8];

    assert(width <= 8);
    for (size_t from = 0; from < count; from += BLOCK_NUMBERS) {
        size_t left = count - from;

        for (unsigned k = 0; k < width; k++)
            at[k] = planes[k] + from;
        join_block(at, width, left < BLOCK_NUMBERS ? left : BLOCK_NUMBERS, plus,
                   out + from);
    }
}

/* What has eight numbers side by side gets a byte for each: half of them go to
 * where they belong, then half of each half, then each. */
static inline uint64_t spread(uint64_t word, unsigned bits)
{
    const uint64_t fours = (UINT64_C(1) << 4 * bits) - 1;
    const uint64_t twos =
        ((UINT64_C(1) << 2 * bits) - 1) * UINT64_C(0x0000000100000001);
    const uint64_t ones =
        ((UINT64_C(1) << bits) - 1) * UINT64_C(0x0001000100010001);

    word = (word & fours) | (word >> 4 * bits & fours) << 32;
    word = (word & twos) | (word & twos << 2 * bits) << (16 - 2 * bits);
    return (word & ones) | (word & ones << bits) << (8 - bits);
}

static inline uint64_t spread_next(const uint8_t *from, unsigned bits)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return ndb_packed_swap(spread(ndb_packed_swap(word), bits));
}

void ndb_planes_spread(const uint8_t *from, unsigned bits, size_t count,
                       uint8_t *restrict out)
{
    size_t whole = count - count % 8;
    uint64_t word;

    assert(bits >= 1 && bits <= 7);
    for (size_t i = 0; i < whole; i += 8, from += bits) {
        word = spread_next(from, bits);
        memcpy(out + i, &word, sizeof word);
    }
    if (whole == count)
        return;
    word = spread_next(from, bits);
    memcpy(out + whole, &word, count - whole);
}
