/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of several columns: each column is grouped by itself, which its cache
 * makes cheap, and then two numbers at a time become one. Only what was not met
 * before is looked up as values.
 */
#include "base/hash.h"
#include "exec/grouping_internal.h"

enum {
    /* A column with more groups of its own does not repeat enough. */
    PART_GROUPS_MAX = 1 << 16,
    PAIRS_MIN = 256
};

/* Numbers of pairs of numbers; open addressing, at most half full. */
struct pairs {
    uint64_t *keys; /* the pair + 1; 0: free */
    uint32_t *numbers;
    uint32_t count, capacity; /* a power of two, or 0 */
};

struct ndb_grouping_part {
    struct ndb_grouping grouping; /* of one column */
    struct ndb_slots slots;
    struct pairs pairs; /* of the columns before it, and of it */
};

/* Where a pair is, or belongs. */
static uint32_t place_of(const struct pairs *pairs, uint64_t key)
{
    uint32_t at = (uint32_t)ndb_hash_integer(key) & (pairs->capacity - 1);

    while (pairs->keys[at] != 0 && pairs->keys[at] != key)
        at = (at + 1) & (pairs->capacity - 1);
    return at;
}

/* Room for one more. */
static int reserve(struct pairs *pairs, namidb_arena *arena)
{
    struct pairs old = *pairs;

    if (pairs->count < pairs->capacity / 2)
        return NAMIDB_OK;
    pairs->capacity = old.capacity == 0 ? PAIRS_MIN : old.capacity * 2;
    pairs->keys = ndb_arena_array(arena, pairs->capacity, sizeof *pairs->keys);
    pairs->numbers =
        ndb_arena_array(arena, pairs->capacity, sizeof *pairs->numbers);
    if (pairs->keys == NULL || pairs->numbers == NULL) {
        *pairs = old;
        return NAMIDB_ENOMEM;
    }
    memset(pairs->keys, 0, pairs->capacity * sizeof *pairs->keys);
    for (uint32_t i = 0; i < old.capacity; i++) {
        uint32_t at;

        if (old.keys[i] == 0)
            continue;
        at = place_of(pairs, old.keys[i]);
        pairs->keys[at] = old.keys[i];
        pairs->numbers[at] = old.numbers[i];
    }
    return NAMIDB_OK;
}

static int make_parts(struct ndb_grouping *grouping)
{
    namidb_arena *arena = grouping->keys.arena;
    uint32_t count = grouping->slots->count;
    struct ndb_grouping_part *parts =
        ndb_arena_array(arena, count, sizeof *parts);

    grouping->codes =
        ndb_arena_array(arena, NDB_CHUNK_ROWS_MAX, sizeof *grouping->codes);
    if (parts == NULL || grouping->codes == NULL)
        return NAMIDB_ENOMEM;
    memset(parts, 0, count * sizeof *parts);
    for (uint32_t i = 0; i < count; i++) {
        parts[i].slots = (struct ndb_slots){ grouping->slots->items + i, 1 };
        if (ndb_grouping_init(&parts[i].grouping, arena, &parts[i].slots) < 0)
            return NAMIDB_ENOMEM;
    }
    grouping->parts = parts;
    return NAMIDB_OK;
}

/* groups[i], of the columns before the part, and the part's codes become
 * groups[i] of both. The pairs of the last part are the groups themselves. */
static int join(struct ndb_grouping *grouping, struct pairs *pairs,
                bool is_last, const struct ndb_chunk *chunk, uint32_t *groups)
{
    const uint32_t *codes = grouping->codes;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint64_t key = ((uint64_t)groups[i] << 32 | codes[i]) + 1;
        uint32_t at;

        if (reserve(pairs, grouping->keys.arena) < 0)
            return NAMIDB_ENOMEM;
        at = place_of(pairs, key);
        if (pairs->keys[at] == 0) {
            uint32_t number = pairs->count;

            if (is_last &&
                ndb_grouping_find_row(grouping, chunk, ndb_chunk_row(chunk, i),
                                      &number) < 0)
                return NAMIDB_ENOMEM;
            pairs->keys[at] = key;
            pairs->numbers[at] = number;
            pairs->count++;
        }
        groups[i] = pairs->numbers[at];
    }
    return NAMIDB_OK;
}

int ndb_grouping_find_parts(struct ndb_grouping *grouping,
                            const struct ndb_chunk *chunk, uint32_t *groups)
{
    uint32_t count = grouping->slots->count;
    int rc = grouping->parts == NULL ? make_parts(grouping) : NAMIDB_OK;

    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        struct ndb_grouping_part *part = &grouping->parts[i];

        rc = ndb_grouping_find(&part->grouping, chunk,
                               i == 0 ? groups : grouping->codes);
        if (rc >= 0 && part->grouping.keys.count > PART_GROUPS_MAX)
            return NAMIDB_NONE;
        if (rc >= 0 && i != 0)
            rc = join(grouping, &part->pairs, i == count - 1, chunk, groups);
    }
    return rc;
}
