/* SPDX-License-Identifier: Apache-2.0 */
#include "format/elias_fano.h"

#include <assert.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

/* Low bits are read by three bytes. */
enum { LOW_BYTES_MORE = 2 };

/* How the sums of some lengths are split. */
struct split {
    uint32_t least; /* of each length, not counted in the sums */
    unsigned low_bits;
    size_t high_bytes, low_bytes;
    uint64_t high_bit_count;
};

static struct split split_of(const struct ndb_lengths *lengths)
{
    struct split split = { .least = lengths->are_positive };
    uint32_t rest = lengths->sum - split.least * lengths->count;

    while (rest >> (split.low_bits + 1) >= lengths->count)
        split.low_bits++;
    split.high_bit_count = (uint64_t)lengths->count + (rest >> split.low_bits);
    split.high_bytes = (size_t)(split.high_bit_count + 7) / 8;
    if (split.low_bits != 0)
        split.low_bytes =
            ((size_t)lengths->count * split.low_bits + 7) / 8 + LOW_BYTES_MORE;
    return split;
}

/* ------------------------------------------------------------- encoding -- */

static int put_low_bits(struct ndb_buf *out, const struct split *split,
                        const uint16_t *sums, uint32_t count)
{
    uint8_t *bits = ndb_calloc(split->low_bytes, 1);
    uint32_t mask = (1u << split->low_bits) - 1;
    int rc;

    if (bits == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        size_t at = (size_t)i * split->low_bits;
        uint32_t word = (sums[i] & mask) << at % 8;

        bits[at / 8] |= (uint8_t)word;
        bits[at / 8 + 1] |= (uint8_t)(word >> 8);
        bits[at / 8 + 2] |= (uint8_t)(word >> 16);
    }
    rc = ndb_stream_put_bits(out, ndb_slice(bits, split->low_bytes));
    ndb_free(bits);
    return rc;
}

static int put_high_bits(struct ndb_buf *out, const struct split *split,
                         const uint16_t *sums, uint32_t count)
{
    uint8_t *bits = ndb_calloc(split->high_bytes, 1);
    int rc;

    if (bits == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i + (sums[i] >> split->low_bits);

        bits[at / 8] |= (uint8_t)(1u << at % 8);
    }
    rc = ndb_stream_put_bits(out, ndb_slice(bits, split->high_bytes));
    ndb_free(bits);
    return rc;
}

int ndb_elias_fano_put(struct ndb_buf *out, const struct ndb_lengths *lengths,
                       const uint64_t *items)
{
    struct split split = split_of(lengths);
    uint16_t *sums = ndb_realloc(NULL, lengths->count, sizeof *sums);
    uint64_t sum = 0;
    int rc;

    if (sums == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < lengths->count; i++) {
        assert(items[i] >= split.least);
        sum += items[i] - split.least;
        sums[i] = (uint16_t)sum;
    }
    assert(sum + split.least * lengths->count == lengths->sum);
    rc = put_high_bits(out, &split, sums, lengths->count);
    if (rc >= 0 && split.low_bits != 0)
        rc = put_low_bits(out, &split, sums, lengths->count);
    ndb_free(sums);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

/* Numbers for each one of a nibble, 16 bits each, the lowest first. */
#define LANES(a, b, c, d)                                                      \
    ((uint64_t)(a) | (uint64_t)(b) << 16 | (uint64_t)(c) << 32 |               \
     (uint64_t)(d) << 48)
#define IN_ALL_LANES LANES(1, 1, 1, 1)

/* How many zeros are before it. */
static const uint64_t ZEROS_BEFORE[16] = {
    LANES(0, 0, 0, 0), LANES(0, 0, 0, 0), LANES(1, 0, 0, 0), LANES(0, 0, 0, 0),
    LANES(2, 0, 0, 0), LANES(0, 1, 0, 0), LANES(1, 1, 0, 0), LANES(0, 0, 0, 0),
    LANES(3, 0, 0, 0), LANES(0, 2, 0, 0), LANES(1, 2, 0, 0), LANES(0, 0, 1, 0),
    LANES(2, 2, 0, 0), LANES(0, 1, 1, 0), LANES(1, 1, 1, 0), LANES(0, 0, 0, 0),
};

/* By two nibbles, the last one of which begins behind up to four ones. */
enum { OVERWRITTEN_BYTES = 2 * sizeof(uint64_t) };

static const uint8_t ONES_IN[16] = { 0, 1, 1, 2, 1, 2, 2, 3,
                                     1, 2, 2, 3, 2, 3, 3, 4 };

/* Puts a sum for each one of a nibble, and what is overwritten by the next. */
static inline uint8_t *put_nibble(uint8_t *at, unsigned nibble, uint64_t before,
                                  uint64_t least)
{
    uint64_t word =
        ndb_packed_swap(ZEROS_BEFORE[nibble] + before * IN_ALL_LANES +
                        least * LANES(1, 2, 3, 4));

    memcpy(at, &word, sizeof word);
    return at + ONES_IN[nibble] * sizeof(uint16_t);
}

/* The sum behind each of `count` lengths, and `least` for each of those; behind
 * the last one OVERWRITTEN_BYTES are written, too. False: there are more, or
 * fewer. */
static inline bool put_sums(const uint8_t *bits, size_t bytes, uint32_t count,
                            uint64_t least, uint8_t *out)
{
    const uint8_t *end = out + count * sizeof(uint16_t);
    uint8_t *at = out;

    for (size_t i = 0; i < bytes; i++) {
        uint64_t ones = (uint64_t)(at - out) / sizeof(uint16_t);

        if (at > end)
            return false;
        at = put_nibble(at, bits[i] & 15, 8 * i - (1 - least) * ones, least);
        ones = (uint64_t)(at - out) / sizeof(uint16_t);
        at =
            put_nibble(at, bits[i] >> 4, 8 * i + 4 - (1 - least) * ones, least);
    }
    return at == end;
}

/* The same of the high bits of sums, without what is added to each, unless
 * there are no low ones. */
static bool put_high_sums(const uint8_t *bits, const struct split *split,
                          uint32_t count, uint8_t *out)
{
    return split->least != 0 && split->low_bits == 0
               ? put_sums(bits, split->high_bytes, count, 1, out)
               : put_sums(bits, split->high_bytes, count, 0, out);
}

static uint32_t sum_at(const uint8_t *sums, uint32_t index)
{
    return sums[2 * index] | (uint32_t)sums[2 * index + 1] << 8;
}

/* Puts the low bits to the high ones. False: sums do not ascend to `sum`. */
static bool put_low_sums(const uint8_t *bits, const struct split *split,
                         const struct ndb_lengths *lengths, uint8_t *out)
{
    unsigned low_bits = split->low_bits;
    uint32_t mask = (1u << low_bits) - 1, last = 0;
    bool is_good = true;

    for (uint32_t i = 0; i < lengths->count; i++) {
        size_t at = (size_t)i * low_bits;
        uint32_t word = bits[at / 8] | (uint32_t)bits[at / 8 + 1] << 8 |
                        (uint32_t)bits[at / 8 + 2] << 16;
        uint32_t sum = (sum_at(out, i) << low_bits) + (word >> at % 8 & mask) +
                       split->least * (i + 1);

        is_good &= sum >= last + split->least && sum <= lengths->sum;
        out[2 * i] = (uint8_t)sum;
        out[2 * i + 1] = (uint8_t)(sum >> 8);
        last = sum;
    }
    return is_good && last == lengths->sum;
}

static bool read_sums(const struct split *split,
                      const struct ndb_lengths *lengths, const uint8_t *high,
                      const uint8_t *low, uint8_t *out)
{
    /* The last bit is a one, and nothing is behind it. */
    return high[split->high_bytes - 1] >> (split->high_bit_count - 1) % 8 ==
               1 &&
           put_high_sums(high, split, lengths->count, out) &&
           (low == NULL || put_low_sums(low, split, lengths, out));
}

struct ndb_packed ndb_elias_fano_get(struct ndb_source *source,
                                     const struct ndb_lengths *lengths,
                                     namidb_arena *arena)
{
    struct split split = split_of(lengths);
    const uint8_t *high, *low = NULL;
    uint8_t *sums = NULL;

    assert(lengths->count != 0 && lengths->sum <= UINT16_MAX);
    high = ndb_stream_look(source, split.high_bytes);
    if (split.low_bits != 0)
        low = ndb_stream_look(source, split.low_bytes);
    if (!source->reader.is_failed) {
        sums = ndb_arena_array(arena,
                               ((size_t)lengths->count + 1) * sizeof(uint16_t) +
                                   OVERWRITTEN_BYTES,
                               1);
        source->has_no_memory |= sums == NULL;
    }
    if (sums != NULL)
        memset(sums, 0, sizeof(uint16_t));
    if (sums == NULL ||
        !read_sums(&split, lengths, high, low, sums + sizeof(uint16_t)))
        ndb_reader_fail(&source->reader);
    return (struct ndb_packed){ .bytes = sums, .mask = 0xffff, .bits = 16 };
}
