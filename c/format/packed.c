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

bool ndb_pack(namidb_arena *arena, const uint64_t *numbers, size_t count,
              struct ndb_packed *out)
{
    const struct ndb_packed packed = measure(numbers, count);
    uint8_t *bytes =
        ndb_arena_alloc(arena, count * packed.bits / 8 + 1 + sizeof(uint64_t));
    uint8_t *at = bytes;
    uint64_t word = 0;
    unsigned used = 0; /* bits of word */

    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t item = (numbers[i] - packed.base) >> packed.shift;

        word |= item << used;
        used += packed.bits;
        if (used < 64)
            continue;
        put_word(at, word);
        at += sizeof word;
        used -= 64;
        word = item >> (packed.bits - used);
    }
    put_word(at, word);
    *out = packed;
    out->bytes = bytes;
    return true;
}
