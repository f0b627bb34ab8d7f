/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums and extremes of the values where a mask is 1, without moving any: what
 * the mask leaves out becomes zero, or what is less than all, and is taken in
 * like the others.
 */
#include <math.h>
#include <string.h>

#include "base/prefetch.h"
#include "exec/kernel.h"

/* NDB_CHUNK_ROWS_MAX integers within +-2^51 cannot overflow 64 bits. */
#define SMALL_LIMIT (UINT64_C(1) << 51)

/* What lanes as wide as a byte, or twice as wide, get of a chunk. */
_Static_assert(NDB_CHUNK_ROWS_MAX / 16 <= UINT8_MAX &&
                   NDB_CHUNK_ROWS_MAX / 16 * UINT8_MAX <= UINT16_MAX,
               "lanes do not overflow before the end of a chunk");

/* What the widest registers of every machine hold. */
typedef uint8_t byte_lanes __attribute__((vector_size(16)));
typedef uint16_t half_lanes __attribute__((vector_size(16)));
typedef uint32_t word_lanes __attribute__((vector_size(16)));
typedef uint64_t long_lanes __attribute__((vector_size(16)));
typedef int64_t signed_lanes __attribute__((vector_size(16)));
typedef double float_lanes __attribute__((vector_size(16)));

#ifdef __clang__
#define SHUFFLE(lanes, type, ...)                                              \
    __builtin_shufflevector(lanes, lanes, __VA_ARGS__)
#else
#define SHUFFLE(lanes, type, ...)                                              \
    __builtin_shuffle(lanes, (type){ __VA_ARGS__ })
#endif

/* The lowest bit of each byte; how many are 1. */
static uint32_t take_lowest(const uint8_t *bytes, uint32_t extent, uint8_t *out)
{
    byte_lanes sums = { 0 };
    uint32_t count = 0, i = 0;

    for (; i + 16 <= extent; i += 16) {
        byte_lanes lanes;

        memcpy(&lanes, bytes + i, sizeof lanes);
        lanes &= 1;
        memcpy(out + i, &lanes, sizeof lanes);
        sums += lanes;
    }
    for (uint32_t lane = 0; lane < 16; lane++)
        count += sums[lane];
    for (; i < extent; i++) {
        out[i] = bytes[i] & 1;
        count += out[i];
    }
    return count;
}

uint32_t ndb_kernel_mask(const struct ndb_chunk *chunk, const uint8_t *nulls,
                         uint8_t *mask)
{
    uint32_t extent = chunk->extent;

    if (chunk->mask != NULL) {
        memcpy(mask, chunk->mask, extent);
    } else if (chunk->rows != NULL) {
        memset(mask, 0, extent);
        for (uint32_t i = 0; i < chunk->count; i++)
            mask[chunk->rows[i]] = 1;
    } else {
        memset(mask, 1, extent);
    }
    if (nulls == NULL)
        return chunk->count;
    for (uint32_t i = 0; i < extent; i++)
        mask[i] &= nulls[i] == 0;
    return take_lowest(mask, extent, mask);
}

uint32_t ndb_kernel_mask_true(const uint8_t *truths, uint32_t extent,
                              uint8_t *mask)
{
    return take_lowest(truths, extent, mask); /* only NDB_TRUE has it */
}

/* Masks of sixteen values, each in lanes of 64 bits: all ones or all zeros. */
struct spread {
    long_lanes lanes[8];
};

static inline struct spread spread_mask(const uint8_t *mask)
{
    byte_lanes bytes;
    half_lanes low, high;
    word_lanes words[4];

    memcpy(&bytes, mask, sizeof bytes);
    bytes = -bytes;
    low = (half_lanes)SHUFFLE(bytes, byte_lanes, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
                              5, 5, 6, 6, 7, 7);
    high = (half_lanes)SHUFFLE(bytes, byte_lanes, 8, 8, 9, 9, 10, 10, 11, 11,
                               12, 12, 13, 13, 14, 14, 15, 15);
    words[0] = (word_lanes)SHUFFLE(low, half_lanes, 0, 0, 1, 1, 2, 2, 3, 3);
    words[1] = (word_lanes)SHUFFLE(low, half_lanes, 4, 4, 5, 5, 6, 6, 7, 7);
    words[2] = (word_lanes)SHUFFLE(high, half_lanes, 0, 0, 1, 1, 2, 2, 3, 3);
    words[3] = (word_lanes)SHUFFLE(high, half_lanes, 4, 4, 5, 5, 6, 6, 7, 7);
    return (struct spread){ {
        (long_lanes)SHUFFLE(words[0], word_lanes, 0, 0, 1, 1),
        (long_lanes)SHUFFLE(words[0], word_lanes, 2, 2, 3, 3),
        (long_lanes)SHUFFLE(words[1], word_lanes, 0, 0, 1, 1),
        (long_lanes)SHUFFLE(words[1], word_lanes, 2, 2, 3, 3),
        (long_lanes)SHUFFLE(words[2], word_lanes, 0, 0, 1, 1),
        (long_lanes)SHUFFLE(words[2], word_lanes, 2, 2, 3, 3),
        (long_lanes)SHUFFLE(words[3], word_lanes, 0, 0, 1, 1),
        (long_lanes)SHUFFLE(words[3], word_lanes, 2, 2, 3, 3),
    } };
}

/* Two of the values, zeros where the mask has zeros. */
static inline long_lanes longs_at(const void *values, const struct spread *keep,
                                  uint32_t lane)
{
    long_lanes lanes;

    memcpy(&lanes, (const char *)values + sizeof lanes * lane, sizeof lanes);
    return lanes & keep->lanes[lane];
}

static inline float_lanes floats_at(const double *values,
                                    const struct spread *keep, uint32_t lane)
{
    return (float_lanes)longs_at(values, keep, lane);
}

struct long_sum {
    long_lanes total, seen; /* together, and all bits that were set */
};

static inline void add_longs(struct long_sum *sum, const int64_t *values,
                             const struct spread *keep, uint32_t lane)
{
    const long_lanes bias = { SMALL_LIMIT, SMALL_LIMIT };
    long_lanes lanes = longs_at(values, keep, lane);

    sum->total += lanes;
    sum->seen |= lanes + bias;
}

static bool sum_longs(const int64_t *values, const uint8_t *mask,
                      uint32_t extent, int64_t *sum)
{
    struct long_sum even = { { 0, 0 }, { 0, 0 } }, odd = even;
    uint64_t rest = 0, rest_seen = 0;
    uint32_t i = 0;

    for (; i + 16 <= extent; i += 16) {
        struct spread keep = spread_mask(mask + i);

        ndb_prefetch_stream(values + i);
        ndb_prefetch_stream(values + i + 8);
        add_longs(&even, values + i, &keep, 0);
        add_longs(&odd, values + i, &keep, 1);
        add_longs(&even, values + i, &keep, 2);
        add_longs(&odd, values + i, &keep, 3);
        add_longs(&even, values + i, &keep, 4);
        add_longs(&odd, values + i, &keep, 5);
        add_longs(&even, values + i, &keep, 6);
        add_longs(&odd, values + i, &keep, 7);
    }
    for (; i < extent; i++) {
        uint64_t value = (uint64_t)values[i] & (0 - (uint64_t)mask[i]);

        rest += value;
        rest_seen |= value + SMALL_LIMIT;
    }
    even.total += odd.total;
    even.seen |= odd.seen;
    *sum = (int64_t)(even.total[0] + even.total[1] + rest);
    return (even.seen[0] | even.seen[1] | rest_seen) < 2 * SMALL_LIMIT;
}

static uint64_t sum_bytes(const uint8_t *items, const uint8_t *mask,
                          uint32_t extent)
{
    half_lanes even = { 0 }, odd = even;
    uint64_t sum = 0;
    uint32_t i = 0;

    for (; i + 16 <= extent; i += 16) {
        byte_lanes lanes, keep;

        memcpy(&lanes, items + i, sizeof lanes);
        memcpy(&keep, mask + i, sizeof keep);
        lanes &= -keep;
        even += (half_lanes)lanes & UINT8_MAX;
        odd += (half_lanes)lanes >> 8;
    }
    for (uint32_t lane = 0; lane < 8; lane++)
        sum += (uint64_t)even[lane] + odd[lane];
    for (; i < extent; i++)
        sum += items[i] & (0 - (uint32_t)mask[i]);
    return sum;
}

static uint64_t sum_halves(const uint16_t *items, const uint8_t *mask,
                           uint32_t extent)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < extent; i++)
        sum += items[i] & (0 - (uint32_t)mask[i]);
    return sum;
}

static uint64_t sum_words(const uint32_t *items, const uint8_t *mask,
                          uint32_t extent)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < extent; i++)
        sum += items[i] & (0 - (uint32_t)mask[i]);
    return sum;
}

static uint64_t sum_items(const struct ndb_vector *vector, const uint8_t *mask,
                          uint32_t extent)
{
    if (vector->width == 1)
        return sum_bytes(vector->as.items, mask, extent);
    if (vector->width == 2)
        return sum_halves(vector->as.items, mask, extent);
    return sum_words(vector->as.items, mask, extent);
}

bool ndb_kernel_sum_ints(const struct ndb_vector *vector, const uint8_t *mask,
                         uint32_t extent, uint32_t count, int64_t *sum)
{
    uint64_t base = (uint64_t)vector->with.base;

    if (vector->form == NDB_FORM_INTS)
        return sum_longs(vector->as.ints, mask, extent, sum);
    if (base + SMALL_LIMIT >= 2 * SMALL_LIMIT)
        return false;
    *sum = (int64_t)(base * count + sum_items(vector, mask, extent));
    return true;
}

/* Four chains of additions side by side: one would wait for each result. */
double ndb_kernel_sum_floats(const double *values, const uint8_t *mask,
                             uint32_t extent)
{
    float_lanes a = { 0, 0 }, b = a, c = a, d = a;
    double rest = 0;
    uint32_t i = 0;

    for (; i + 16 <= extent; i += 16) {
        struct spread keep = spread_mask(mask + i);

        ndb_prefetch_stream(values + i);
        ndb_prefetch_stream(values + i + 8);
        a += floats_at(values + i, &keep, 0);
        b += floats_at(values + i, &keep, 1);
        c += floats_at(values + i, &keep, 2);
        d += floats_at(values + i, &keep, 3);
        a += floats_at(values + i, &keep, 4);
        b += floats_at(values + i, &keep, 5);
        c += floats_at(values + i, &keep, 6);
        d += floats_at(values + i, &keep, 7);
    }
    for (; i < extent; i++)
        rest += mask[i] != 0 ? values[i] : 0;
    a += b + (c + d);
    return a[0] + a[1] + rest;
}

/* The best by one comparison for both kinds: the complement turns the order
 * around. */
static int64_t best_long(const int64_t *values, const uint8_t *mask,
                         uint32_t extent, bool is_min)
{
    const int64_t flip = is_min ? -1 : 0;
    int64_t largest = INT64_MIN;

    for (uint32_t i = 0; i < extent; i++) {
        int64_t key = mask[i] != 0 ? values[i] ^ flip : INT64_MIN;

        largest = key > largest ? key : largest;
    }
    return largest ^ flip;
}

static uint32_t best_byte(const uint8_t *items, const uint8_t *mask,
                          uint32_t extent, uint8_t flip)
{
    uint8_t largest = 0;

    for (uint32_t i = 0; i < extent; i++) {
        uint8_t key = (uint8_t)((items[i] ^ flip) & (0 - mask[i]));

        largest = key > largest ? key : largest;
    }
    return largest ^ flip;
}

static uint32_t best_half(const uint16_t *items, const uint8_t *mask,
                          uint32_t extent, uint16_t flip)
{
    uint16_t largest = 0;

    for (uint32_t i = 0; i < extent; i++) {
        uint16_t key = (uint16_t)((items[i] ^ flip) & (0 - mask[i]));

        largest = key > largest ? key : largest;
    }
    return largest ^ flip;
}

static uint32_t best_word(const uint32_t *items, const uint8_t *mask,
                          uint32_t extent, uint32_t flip)
{
    uint32_t largest = 0;

    for (uint32_t i = 0; i < extent; i++) {
        uint32_t key = (items[i] ^ flip) & (0 - (uint32_t)mask[i]);

        largest = key > largest ? key : largest;
    }
    return largest ^ flip;
}

int64_t ndb_kernel_best_ints(const struct ndb_vector *vector,
                             const uint8_t *mask, uint32_t extent, bool is_min)
{
    const void *items = vector->as.items;
    uint32_t best, flip = is_min ? UINT32_MAX : 0;

    if (vector->form == NDB_FORM_INTS)
        return best_long(vector->as.ints, mask, extent, is_min);
    if (vector->width == 1)
        best = best_byte(items, mask, extent, (uint8_t)flip);
    else if (vector->width == 2)
        best = best_half(items, mask, extent, (uint16_t)flip);
    else
        best = best_word(items, mask, extent, flip);
    return (int64_t)((uint64_t)vector->with.base + best);
}

struct float_best {
    float_lanes largest;
    signed_lanes nans;
};

/* `flip` turns values into their negatives; what is not in the mask is less
 * than all. */
static inline void take_floats(struct float_best *best, const double *values,
                               const struct spread *keep, uint32_t lane,
                               uint64_t flip)
{
    const float_lanes least = { -INFINITY, -INFINITY };
    const long_lanes flips = { flip, flip };
    long_lanes bits = longs_at(values, keep, lane) ^
                      (flips & keep->lanes[lane]) ^
                      ((long_lanes)least & ~keep->lanes[lane]);
    float_lanes key = (float_lanes)bits;
    long_lanes is_more = (long_lanes)(key > best->largest);

    best->nans |= key != key;
    best->largest = (float_lanes)((bits & is_more) |
                                  ((long_lanes)best->largest & ~is_more));
}

/* *has_nan: some is no number; those are passed over. */
static double largest_float(const double *values, const uint8_t *mask,
                            uint32_t extent, bool is_negated, bool *has_nan)
{
    const uint64_t flip = is_negated ? UINT64_C(1) << 63 : 0;
    struct float_best even = { { -INFINITY, -INFINITY }, { 0, 0 } };
    struct float_best odd = even;
    double best = -INFINITY;
    uint32_t i = 0;

    for (; i + 16 <= extent; i += 16) {
        struct spread keep = spread_mask(mask + i);

        take_floats(&even, values + i, &keep, 0, flip);
        take_floats(&odd, values + i, &keep, 1, flip);
        take_floats(&even, values + i, &keep, 2, flip);
        take_floats(&odd, values + i, &keep, 3, flip);
        take_floats(&even, values + i, &keep, 4, flip);
        take_floats(&odd, values + i, &keep, 5, flip);
        take_floats(&even, values + i, &keep, 6, flip);
        take_floats(&odd, values + i, &keep, 7, flip);
    }
    even.nans |= odd.nans;
    *has_nan = (even.nans[0] | even.nans[1]) != 0;
    for (; i < extent; i++) {
        double key = is_negated ? -values[i] : values[i];

        *has_nan |= mask[i] != 0 && isnan(key);
        best = mask[i] != 0 && key > best ? key : best;
    }
    for (uint32_t lane = 0; lane < 2; lane++) {
        best = even.largest[lane] > best ? even.largest[lane] : best;
        best = odd.largest[lane] > best ? odd.largest[lane] : best;
    }
    return best;
}

double ndb_kernel_best_float(const double *values, const uint8_t *mask,
                             uint32_t extent, bool is_min)
{
    bool has_nan;
    double best = largest_float(values, mask, extent, is_min, &has_nan);
    double first = NAN;

    if (has_nan && !is_min)
        return NAN;
    best = is_min ? -best : best;
    if (best != 0 && !has_nan)
        return best;
    /* Zeros differ in their signs, and there may be nothing but NaN. */
    for (uint32_t i = 0; i < extent && first != first; i++)
        first = mask[i] != 0 && values[i] == best ? values[i] : NAN;
    return first;
}
