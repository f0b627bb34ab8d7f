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

/* ----------------------------------------------------------------- words -- */

/*
 * Numbers of rows that are worth sorting have few bits that vary: three of them
 * mostly fit into one word, and what a pass moves is a third.
 */
enum { VALUE, LOW, HIGH, FIELDS }; /* from the lowest bits on */

/* A number of a row is min + (field << shift). */
struct field {
    uint64_t min, max, varying;
    unsigned shift, bits;
    unsigned at; /* lowest bit in a word */
};

static inline void look_at(struct field *field, uint64_t number, uint64_t first)
{
    field->min = number < field->min ? number : field->min;
    field->max = number > field->max ? number : field->max;
    field->varying |= number ^ first;
}

/* Places of the numbers in words; the bits they take. Low numbers that ascend
 * as they come need no pass. */
static unsigned lay_out(const struct ndb_radix_pair *pairs, size_t count,
                        struct field fields[FIELDS], int *is_low_sorted)
{
    const struct ndb_radix_pair first = pairs[0];
    struct field high = { first.high, first.high, 0, 0, 0, 0 };
    struct field low = { first.low, first.low, 0, 0, 0, 0 };
    struct field value = { first.value, first.value, 0, 0, 0, 0 };
    unsigned at = 0;

    *is_low_sorted = 1;
    for (size_t i = 1; i < count; i++) {
        *is_low_sorted &= pairs[i - 1].low <= pairs[i].low;
        look_at(&high, pairs[i].high, first.high);
        look_at(&low, pairs[i].low, first.low);
        look_at(&value, pairs[i].value, first.value);
    }
    fields[VALUE] = value;
    fields[LOW] = low;
    fields[HIGH] = high;
    for (int i = VALUE; i < FIELDS; i++) {
        struct field *field = &fields[i];

        field->at = at;
        if (field->varying == 0)
            continue;
        field->shift = (unsigned)__builtin_ctzll(field->varying);
        field->bits = 64 - (unsigned)__builtin_clzll(
                               (field->max - field->min) >> field->shift);
        at += field->bits;
    }
    return at;
}

static inline uint64_t put_in(uint64_t number, const struct field *field)
{
    return (number - field->min) >> field->shift << field->at;
}

static inline uint64_t number_in(uint64_t word, const struct field *field)
{
    uint64_t mask = (UINT64_C(1) << field->bits) - 1;

    return field->min + ((word >> field->at & mask) << field->shift);
}

/* One stable pass over `bits` bits from `shift` on. */
static void pass_words(const uint64_t *from, uint64_t *to, size_t count,
                       unsigned shift, unsigned bits)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    size_t starts[DIGITS] = { 0 };

    for (size_t i = 0; i < count; i++)
        starts[from[i] >> shift & mask]++;
    start_digits(starts);
    for (size_t i = 0; i < count; i++)
        to[starts[from[i] >> shift & mask]++] = from[i];
}

/* Sorts by the bits from `shift` on; returns which of the arrays has them. */
static uint64_t *sort_words(uint64_t *from, uint64_t *to, size_t count,
                            unsigned shift, unsigned bits)
{
    unsigned passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS;

    for (unsigned i = 0; i < passes; i++) {
        unsigned left = passes - i;
        unsigned width = (bits + left - 1) / left;
        uint64_t *swap = from;

        pass_words(from, to, count, shift, width);
        shift += width;
        bits -= width;
        from = to;
        to = swap;
    }
    return from;
}

/* 0: a row does not fit into a word. */
static int sort_as_words(struct ndb_radix_pair *pairs,
                         struct ndb_radix_pair *spare, size_t count)
{
    struct field fields[FIELDS];
    uint64_t *words = (uint64_t *)spare; /* two arrays of them fit */
    int is_low_sorted;

    if (lay_out(pairs, count, fields, &is_low_sorted) >= 64)
        return 0;
    for (size_t i = 0; i < count; i++)
        words[i] = put_in(pairs[i].high, &fields[HIGH]) |
                   put_in(pairs[i].low, &fields[LOW]) |
                   put_in(pairs[i].value, &fields[VALUE]);
    if (is_low_sorted)
        words = sort_words(words, words + count, count, fields[HIGH].at,
                           fields[HIGH].bits);
    else
        words = sort_words(words, words + count, count, fields[LOW].at,
                           fields[LOW].bits + fields[HIGH].bits);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct ndb_radix_pair){
            number_in(words[i], &fields[HIGH]),
            number_in(words[i], &fields[LOW]),
            number_in(words[i], &fields[VALUE]),
        };
    return 1;
}

void ndb_radix_sort_pairs(struct ndb_radix_pair *pairs,
                          struct ndb_radix_pair *spare, size_t count)
{
    struct ndb_radix_pair *at;

    if (count < 2 || sort_as_words(pairs, spare, count))
        return;
    at = sort_by(pairs, spare, count, 0);
    at = sort_by(at, at == pairs ? spare : pairs, count, 1);
    if (at != pairs)
        memcpy(pairs, at, count * sizeof *pairs);
}
