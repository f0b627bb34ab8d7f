/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/value_set.h"

#include <string.h>

#include "exec/value_copy.h"

enum { SLOTS_MIN = 16 };

uint64_t ndb_value_set_hash(const namidb_value *row, uint32_t width)
{
    uint64_t hash = 0;

    for (uint32_t i = 0; i < width; i++)
        hash = ndb_value_hash(&row[i], hash);
    return hash;
}

static bool is_same(const struct ndb_value_set *set, uint32_t number,
                    uint64_t hash, const namidb_value *row)
{
    if (set->hashes[number] != hash)
        return false;
    for (uint32_t i = 0; i < set->width; i++)
        if (!ndb_equivalent(&set->rows[number][i], &row[i]))
            return false;
    return true;
}

/* The slot where the row is or belongs. */
static uint32_t locate(const struct ndb_value_set *set, uint64_t hash,
                       const namidb_value *row)
{
    uint32_t mask = set->slot_count - 1, at = (uint32_t)hash & mask;

    while (set->slots[at] != 0 && !is_same(set, set->slots[at] - 1, hash, row))
        at = (at + 1) & mask;
    return at;
}

static int grow_slots(struct ndb_value_set *set)
{
    uint32_t count = set->slot_count == 0 ? SLOTS_MIN : set->slot_count * 2;
    uint32_t *slots = ndb_arena_array(set->arena, count, sizeof *slots);

    if (slots == NULL || count == 0)
        return NAMIDB_ENOMEM;
    memset(slots, 0, count * sizeof *slots);
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t at = (uint32_t)set->hashes[i] & (count - 1);

        while (slots[at] != 0)
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    set->slots = slots;
    set->slot_count = count;
    return NAMIDB_OK;
}

static int grow_rows(struct ndb_value_set *set)
{
    uint32_t capacity = set->capacity * 2 + SLOTS_MIN;
    namidb_value **rows = ndb_arena_array(set->arena, capacity, sizeof *rows);
    uint64_t *hashes = ndb_arena_array(set->arena, capacity, sizeof *hashes);

    if (rows == NULL || hashes == NULL || capacity < set->capacity)
        return NAMIDB_ENOMEM;
    if (set->count != 0) {
        memcpy(rows, set->rows, set->count * sizeof *rows);
        memcpy(hashes, set->hashes, set->count * sizeof *hashes);
    }
    set->rows = rows;
    set->hashes = hashes;
    set->capacity = capacity;
    return NAMIDB_OK;
}

uint32_t ndb_value_set_find(const struct ndb_value_set *set,
                            const namidb_value *row)
{
    uint32_t at;

    if (set->slot_count == 0)
        return UINT32_MAX;
    at = locate(set, ndb_value_set_hash(row, set->width), row);
    return set->slots[at] - 1; /* free: UINT32_MAX */
}

int ndb_value_set_add(struct ndb_value_set *set, const namidb_value *row,
                      uint32_t *number, bool *is_new)
{
    uint64_t hash = ndb_value_set_hash(row, set->width);
    namidb_value *copy;
    uint32_t at;

    /* At most three of four slots are taken. */
    if (set->count >= set->slot_count / 4 * 3 && grow_slots(set) < 0)
        return NAMIDB_ENOMEM;
    at = locate(set, hash, row);
    *is_new = set->slots[at] == 0;
    *number = set->slots[at] - 1;
    if (!*is_new)
        return NAMIDB_OK;
    if (set->count == set->capacity && grow_rows(set) < 0)
        return NAMIDB_ENOMEM;
    copy = ndb_arena_array(set->arena, set->width, sizeof *copy);
    if (copy == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < set->width; i++)
        if (ndb_query_value_copy(set->arena, &row[i], &copy[i]) < 0)
            return NAMIDB_ENOMEM;
    *number = set->count++;
    set->rows[*number] = copy;
    set->hashes[*number] = hash;
    set->slots[at] = *number + 1;
    return NAMIDB_OK;
}
