/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed.h - numbers in as few bits as their block allows.
 *
 * Frame of reference (Goldstein, Ramakrishnan, Shaft 1998) with a step: number
 * i is base + (item i << shift), items of equally many bits one behind another,
 * the lowest bit first. Ids of one table differ by multiples of 8,192, so they
 * take what their sequences do: 20 bits in a graph of a million nodes, where an
 * array of ids would take 64. Any number is read at once, by one load: this is
 * how lists of edges stay in memory.
 */
#ifndef NDB_FORMAT_PACKED_H
#define NDB_FORMAT_PACKED_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/prefetch.h"

/* Of an item: with up to 7 bits before it, it still fits into one load. */
enum { NDB_PACKED_BITS_MAX = 56 };

struct ndb_packed {
    const uint8_t *bytes; /* of the items, and as many as a load takes; NULL:
                             there are no numbers */
    uint64_t base;        /* the lowest */
    uint64_t mask;        /* of an item */
    uint8_t bits, shift;
};

/* Packs numbers; what is between the lowest and the highest, without zero bits
 * at its end that all have, must not take more than NDB_PACKED_BITS_MAX bits.
 * Memory is the arena's; false: there is none, and *out is as it was. */
bool ndb_pack(namidb_arena *arena, const uint64_t *numbers, size_t count,
              struct ndb_packed *out);

/* What items are in, on any machine: the first byte is the lowest. */
static inline uint64_t ndb_packed_swap(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t ndb_packed_at(const struct ndb_packed *packed,
                                     uint64_t index)
{
    uint64_t bit = index * packed->bits, word;

    memcpy(&word, packed->bytes + bit / 8, sizeof word);
    word = ndb_packed_swap(word) >> bit % 8;
    return packed->base + ((word & packed->mask) << packed->shift);
}

/* Numbers `begin` to `end` (not included) to *out. */
static inline void ndb_packed_copy(const struct ndb_packed *from,
                                   uint32_t begin, uint32_t end, uint64_t *out)
{
    /* A copy, which what is written cannot change. */
    const struct ndb_packed packed = *from;

    for (uint32_t i = begin; i < end; i++)
        *out++ = ndb_packed_at(&packed, i);
}

/* No number is above this. */
static inline uint64_t ndb_packed_max(const struct ndb_packed *packed)
{
    return packed->base + (packed->mask << packed->shift);
}

static inline void ndb_packed_prefetch(const struct ndb_packed *packed,
                                       uint64_t index)
{
    ndb_prefetch(packed->bytes + index * packed->bits / 8);
}

#endif
