/* SPDX-License-Identifier: Apache-2.0 */
#include "format/packed.h"

#include <assert.h>

/* Base, bits and step of the numbers. */
static struct ndb_packed measure(const uint64_t *numbers, size_t count)
{
    uint64_t first = count != 0 ? numbers[0] : 0;
    uint64_t min = first, max = first, steps = 0;
    struct ndb_packed packed = { .bytes = NULL };

    for (size_t i = 1; i < count; i++) {
        min = numbers[i] < min ? numbers[i] : min;
        max = numbers[i] > max ? numbers[i] : max;
        steps |= numbers[i] - first;
    }
    packed.base = min;
    if (steps == 0)
        return packed;
    /* What divides all differences to one of them divides all others. */
    packed.shift = (uint8_t)__builtin_ctzll(steps);
    packed.bits = (uint8_t)(64 - __builtin_clzll((max - min) >> packed.shift));
    packed.mask = UINT64_MAX >> (64 - packed.bits);
    assert(packed.bits <= NDB_PACKED_BITS_MAX);
    return packed;
}

static void put_word(uint8_t *at, uint64_t word)
{
    word = ndb_packed_swap(word);
    memcpy(at, &word, sizeof word);
}

/* Where items go: what is not a whole byte yet waits. */
struct pen {
    uint8_t *at;
    uint64_t word;
    unsigned used; /* bits of word, up to 7 */
};

/* Writes up to NDB_PACKED_BITS_MAX bits, and what stands behind them anew: no
 * branch, and little that the next one has to wait for. */
static void put_bits(struct pen *pen, uint64_t item, unsigned bits)
{
    unsigned whole;

    pen->word |= item << pen->used;
    put_word(pen->at, pen->word);
    pen->used += bits;
    whole = pen->used & ~7u;
    pen->at += whole / 8;
    pen->word >>= whole;
    pen->used -= whole;
}

static void put_items(const struct ndb_packed *packed, const uint64_t *numbers,
                      size_t count, uint8_t *out)
{
    /* Copies, which what is written cannot change. */
    const uint64_t base = packed->base;
    const unsigned bits = packed->bits, shift = packed->shift;
    struct pen pen = { out, 0, 0 };
    size_t i = 0;

    /* Two at once where they fit. */
    for (; bits <= NDB_PACKED_BITS_MAX / 2 && i + 1 < count; i += 2)
        put_bits(&pen,
                 (numbers[i] - base) >> shift |
                     (numbers[i + 1] - base) >> shift << bits,
                 2 * bits);
    for (; i < count; i++)
        put_bits(&pen, (numbers[i] - base) >> shift, bits);
    put_word(pen.at, pen.word);
}

bool ndb_pack(namidb_arena *arena, const uint64_t *numbers, size_t count,
              struct ndb_packed *out)
{
    const struct ndb_packed packed = measure(numbers, count);
    uint8_t *bytes =
        ndb_arena_alloc(arena, count * packed.bits / 8 + 1 + sizeof(uint64_t));

    if (bytes == NULL)
        return false;
    put_items(&packed, numbers, count, bytes);
    *out = packed;
    out->bytes = bytes;
    return true;
}
