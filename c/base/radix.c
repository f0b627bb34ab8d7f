/* SPDX-License-Identifier: Apache-2.0 */
#include "base/radix.h"

#include <string.h>

/* 11 bits: 16 KiB of counters stay in the first-level cache. */
enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, SMALL = 64 };

static void sort_small(struct ndb_radix_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct ndb_radix_item item = items[i];
        size_t at = i;

        while (at > 0 && items[at - 1].key > item.key) {
            items[at] = items[at - 1];
            at--;
        }
        items[at] = item;
    }
}

/* Counts of digits become where each digit starts. */
static void start_digits(size_t starts[DIGITS])
{
    size_t sum = 0;

    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = starts[digit];

        starts[digit] = sum;
        sum += here;
    }
}

/* One stable pass over one digit. */
static void pass(const struct ndb_radix_item *from, struct ndb_radix_item *to,
                 size_t count, unsigned shift)
{
    size_t starts[DIGITS] = { 0 };

    for (size_t i = 0; i < count; i++)
        starts[from[i].key >> shift & (DIGITS - 1)]++;
    start_digits(starts);
    for (size_t i = 0; i < count; i++)
        to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

/* The bits in which keys differ; 0 as well when they ascend already. */
static uint64_t varying_bits(const struct ndb_radix_item *items, size_t count)
{
    uint64_t varying = 0;
    int is_sorted = 1;

    for (size_t i = 1; i < count; i++) {
        varying |= items[i].key ^ items[0].key;
        is_sorted &= items[i - 1].key <= items[i].key;
    }
    return is_sorted ? 0 : varying;
}

void ndb_radix_sort(struct ndb_radix_item *items, struct ndb_radix_item *spare,
                    size_t count)
{
    struct ndb_radix_item *from = items, *to = spare;
    uint64_t varying;

    if (count <= SMALL) {
        sort_small(items, count);
        return;
    }
    varying = varying_bits(items, count);
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        struct ndb_radix_item *swap = from;

        if ((varying >> shift & (DIGITS - 1)) == 0)
            continue;
        pass(from, to, count, shift);
        from = to;
        to = swap;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

/* ----------------------------------------------------------------- pairs -- */

static uint64_t key_of(const struct ndb_radix_pair *pair, int is_high)
{
    return is_high ? pair->high : pair->low;
}

static void pass_pairs(const struct ndb_radix_pair *from,
                       struct ndb_radix_pair *to, size_t count, unsigned shift,
                       int is_high)
{
    size_t starts[DIGITS] = { 0 };

    for (size_t i = 0; i < count; i++)
        starts[key_of(&from[i], is_high) >> shift & (DIGITS - 1)]++;
    start_digits(starts);
    for (size_t i = 0; i < count; i++)
        to[starts[key_of(&from[i], is_high) >> shift & (DIGITS - 1)]++] =
            from[i];
}

static uint64_t varying_bits_of_pairs(const struct ndb_radix_pair *pairs,
                                      size_t count, int is_high)
{
    uint64_t varying = 0;
    int is_sorted = 1;

    for (size_t i = 1; i < count; i++) {
        uint64_t key = key_of(&pairs[i], is_high);

        varying |= key ^ key_of(&pairs[0], is_high);
        is_sorted &= key_of(&pairs[i - 1], is_high) <= key;
    }
    return is_sorted ? 0 : varying;
}

/* Sorts by one of the numbers; returns which of the two arrays has them. */
static struct ndb_radix_pair *sort_by(struct ndb_radix_pair *from,
                                      struct ndb_radix_pair *to, size_t count,
                                      int is_high)
{
    uint64_t varying = varying_bits_of_pairs(from, count, is_high);

    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        struct ndb_radix_pair *swap = from;

        if ((varying >> shift & (DIGITS - 1)) == 0)
            continue;
        pass_pairs(from, to, count, shift, is_high);
        from = to;
        to = swap;
    }
    return from;
}

void ndb_radix_sort_pairs(struct ndb_radix_pair *pairs,
                          struct ndb_radix_pair *spare, size_t count)
{
    struct ndb_radix_pair *at;

    if (count < 2)
        return;
    at = sort_by(pairs, spare, count, 0);
    at = sort_by(at, at == pairs ? spare : pairs, count, 1);
    if (at != pairs)
        memcpy(pairs, at, count * sizeof *pairs);
}

/* ----------------------------------------------------------------- words -- */

/* Digits of a sort: as few as there may be, of about as many bits each. */
struct digit {
    unsigned shift, bits;
};

static unsigned digit_of(uint64_t word, const struct digit *digit)
{
    return (unsigned)(word >> digit->shift) & ((1u << digit->bits) - 1);
}

static unsigned split(struct digit digits[64 / DIGIT_BITS + 1], unsigned shift,
                      unsigned bits)
{
    unsigned count = (bits + DIGIT_BITS - 1) / DIGIT_BITS;

    for (unsigned i = 0; i < count; i++) {
        unsigned left = count - i;

        digits[i] = (struct digit){ shift, (bits + left - 1) / left };
        shift += digits[i].bits;
        bits -= digits[i].bits;
    }
    return count;
}

/* One stable pass; counts the next digit on the way, for which it need not be
 * known where words will be. */
static void pass_words(const uint64_t *from, uint64_t *to, size_t count,
                       const struct digit *digit, size_t starts[DIGITS],
                       const struct digit *next, size_t next_starts[DIGITS])
{
    start_digits(starts);
    for (size_t i = 0; i < count; i++) {
        uint64_t word = from[i];

        next_starts[digit_of(word, next)]++;
        to[starts[digit_of(word, digit)]++] = word;
    }
}

uint64_t *ndb_radix_sort_words(uint64_t *words, uint64_t *spare, size_t count,
                               unsigned shift, unsigned bits)
{
    struct digit digits[64 / DIGIT_BITS + 1];
    unsigned passes = split(digits, shift, bits);
    size_t starts[2][DIGITS];

    memset(starts[0], 0, sizeof starts[0]);
    for (size_t i = 0; i < count && passes != 0; i++)
        starts[0][digit_of(words[i], &digits[0])]++;
    for (unsigned i = 0; i < passes; i++) {
        unsigned next = i + 1 < passes ? i + 1 : i;
        uint64_t *swap = words;

        memset(starts[(i + 1) % 2], 0, sizeof starts[0]);
        pass_words(words, spare, count, &digits[i], starts[i % 2],
                   &digits[next], starts[(i + 1) % 2]);
        words = spare;
        spare = swap;
    }
    return words;
}
