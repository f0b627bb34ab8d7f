/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers of any width in 64 bits, the rows that a condition is true of, the
 * values of some rows side by side, and numbers that stand as others do.
 */
#include <string.h>

#include "exec/kernel.h"

static void widen_bytes(const uint8_t *items, int64_t base, uint32_t extent,
                        int64_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = (int64_t)((uint64_t)base + items[i]);
}

static void widen_halves(const uint16_t *items, int64_t base, uint32_t extent,
                         int64_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = (int64_t)((uint64_t)base + items[i]);
}

static void widen_words(const uint32_t *items, int64_t base, uint32_t extent,
                        int64_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = (int64_t)((uint64_t)base + items[i]);
}

const int64_t *ndb_kernel_widen(const struct ndb_vector *vector,
                                uint32_t extent, int64_t *room)
{
    if (vector->form == NDB_FORM_INTS)
        return vector->as.ints;
    if (vector->width == 1)
        widen_bytes(vector->as.items, vector->with.base, extent, room);
    else if (vector->width == 2)
        widen_halves(vector->as.items, vector->with.base, extent, room);
    else
        widen_words(vector->as.items, vector->with.base, extent, room);
    return room;
}

/* Bits `first` to first + 7, of which `left` are there. */
static uint32_t eight_bits(const uint64_t *bits, uint32_t first, uint32_t left)
{
    uint32_t shift = first % 64;
    uint64_t word = bits[first / 64] >> shift;

    if (shift > 56 && left > 64 - shift)
        word |= bits[first / 64 + 1] << (64 - shift);
    return (uint32_t)word & 255;
}

/* One byte for each: a bit in a place of its own of a copy of all of them. */
static uint64_t spread_bits(uint32_t bits)
{
    uint64_t word = bits * UINT64_C(0x0101010101010101);

    word &= UINT64_C(0x8040201008040201);
    word = (word + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7;
    word &= UINT64_C(0x0101010101010101);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

void ndb_kernel_zeros(const uint64_t *bits, uint32_t first, uint32_t extent,
                      uint8_t *out)
{
    for (uint32_t i = 0; i < extent; i += 8) {
        uint32_t left = extent - i;
        uint64_t word = spread_bits(~eight_bits(bits, first + i, left) & 255);

        memcpy(out + i, &word, left < sizeof word ? left : sizeof word);
    }
}

/* The places of the bits of a number, and how many there are. */
static const uint16_t PLACES[16][4] = {
    { 0 },    { 0 },       { 1 },       { 0, 1 },       { 2 },    { 0, 2 },
    { 1, 2 }, { 0, 1, 2 }, { 3 },       { 0, 3 },       { 1, 3 }, { 0, 1, 3 },
    { 2, 3 }, { 0, 2, 3 }, { 1, 2, 3 }, { 0, 1, 2, 3 },
};
static const uint8_t PLACE_COUNTS[16] = { 0, 1, 1, 2, 1, 2, 2, 3,
                                          1, 2, 2, 3, 2, 3, 3, 4 };

_Static_assert(NDB_TRUE == 1 && (NDB_FALSE & 1) == 0 && (NDB_UNKNOWN & 1) == 0,
               "the lowest bit says whether something is true");

/* The lowest bits of eight bytes, the first byte's the lowest: the product
 * brings each to a place of its own in the uppermost byte. */
static uint32_t lowest_bits(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    word &= UINT64_C(0x0101010101010101);
    return (uint32_t)(word * UINT64_C(0x0102040810204080) >> 56);
}

/* Adds a position to four places, each of 16 bits. */
static void put_places(uint32_t bits, uint32_t at, uint16_t *rows)
{
    uint64_t places;

    memcpy(&places, PLACES[bits], sizeof places);
    places += at * UINT64_C(0x0001000100010001);
    memcpy(rows, &places, sizeof places);
}

/* Of all positions, four at once: what is written beyond those that are true is
 * written over. */
static uint32_t pick_of_all(const uint8_t *truths, uint32_t extent,
                            uint16_t *picked)
{
    uint32_t count = 0, at = 0;

    for (; at + 8 <= extent; at += 8) {
        uint32_t bits = lowest_bits(truths + at);

        put_places(bits & 15, at, picked + count);
        count += PLACE_COUNTS[bits & 15];
        put_places(bits >> 4, at + 4, picked + count);
        count += PLACE_COUNTS[bits >> 4];
    }
    for (; at < extent; at++) {
        picked[count] = (uint16_t)at;
        count += truths[at] & 1;
    }
    return count;
}

uint32_t ndb_kernel_pick_true(const uint8_t *truths, const uint16_t *rows,
                              uint32_t count, uint16_t *picked)
{
    uint32_t kept = 0;

    if (rows == NULL)
        return pick_of_all(truths, count, picked);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t at = rows[i];

        picked[kept] = at;
        kept += truths[at] & 1;
    }
    return kept;
}

/* The bits of a float below zero stand the other way round; -0.0 is 0.0, and
 * NaN is beyond all. */
static void rank_floats(const double *values, uint32_t extent, int64_t *ranks)
{
    for (uint32_t i = 0; i < extent; i++) {
        double value = values[i] + 0.0;
        uint64_t bits, below;

        memcpy(&bits, &value, sizeof bits);
        below = 0 - (bits >> 63);
        bits ^= below & INT64_MAX;
        ranks[i] = value == value ? (int64_t)bits : INT64_MAX;
    }
}

void ndb_kernel_ranks(const struct ndb_vector *vector, bool is_descending,
                      uint32_t extent, int64_t *ranks)
{
    const int64_t *ints = ranks;

    if (vector->form == NDB_FORM_FLOATS)
        rank_floats(vector->as.floats, extent, ranks);
    else
        ints = ndb_kernel_widen(vector, extent, ranks);
    if (ints != ranks)
        memcpy(ranks, ints, extent * sizeof *ranks);
    for (uint32_t i = 0; vector->nulls != NULL && i < extent; i++)
        ranks[i] = vector->nulls[i] != 0 ? INT64_MAX : ranks[i];
    for (uint32_t i = 0; is_descending && i < extent; i++)
        ranks[i] = ~ranks[i];
}
