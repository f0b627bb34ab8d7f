/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/grouping.h"

#include "base/hash.h"
#include "exec/kernel.h"

_Static_assert(NDB_GROUPING_SLOTS >= 256, "an item of one byte is a slot");

int ndb_grouping_init(struct ndb_grouping *grouping, namidb_arena *arena,
                      const struct ndb_slots *slots)
{
    *grouping = (struct ndb_grouping){
        .keys = ndb_value_set_of(arena, slots->count),
        .slots = slots,
        .key = ndb_arena_array(arena, slots->count, sizeof *grouping->key),
    };
    return grouping->key != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

static int find_key(struct ndb_grouping *grouping, uint32_t *group)
{
    bool is_new;

    return ndb_value_set_add(&grouping->keys, grouping->key, group, &is_new);
}

static int find_row(struct ndb_grouping *grouping,
                    const struct ndb_chunk *chunk, uint32_t at, uint32_t *group)
{
    for (uint32_t i = 0; i < grouping->slots->count; i++)
        grouping->key[i] =
            ndb_vector_get(&chunk->columns[grouping->slots->items[i]], at);
    return find_key(grouping, group);
}

/* Empties the cache, unless it is of what the column holds. */
static int prepare_cache(struct ndb_grouping *grouping,
                         const struct ndb_vector *column)
{
    bool is_by_item = column->form == NDB_FORM_NARROW && column->width == 1;
    namidb_arena *arena = grouping->keys.arena;

    if (grouping->numbers == NULL) {
        grouping->numbers = ndb_arena_array(arena, NDB_GROUPING_SLOTS,
                                            sizeof *grouping->numbers);
        grouping->items =
            ndb_arena_array(arena, NDB_GROUPING_SLOTS, sizeof *grouping->items);
        if (grouping->numbers == NULL || grouping->items == NULL) {
            grouping->numbers = NULL;
            return NAMIDB_ENOMEM;
        }
    } else if (grouping->is_by_item == is_by_item &&
               (!is_by_item || grouping->base == column->base)) {
        return NAMIDB_OK;
    }
    memset(grouping->numbers, 0,
           NDB_GROUPING_SLOTS * sizeof *grouping->numbers);
    grouping->is_by_item = is_by_item;
    grouping->base = column->base;
    return NAMIDB_OK;
}

static int find_items(struct ndb_grouping *grouping,
                      const struct ndb_vector *column,
                      const struct ndb_chunk *chunk, uint32_t *groups)
{
    const uint8_t *items = column->as.items;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint8_t item = items[ndb_chunk_row(chunk, i)];

        if (grouping->numbers[item] == 0) {
            grouping->key[0] =
                ndb_integer(ndb_vector_narrow(column, ndb_chunk_row(chunk, i)));
            if (find_key(grouping, &groups[i]) < 0)
                return NAMIDB_ENOMEM;
            grouping->numbers[item] = groups[i] + 1;
        }
        groups[i] = grouping->numbers[item] - 1;
    }
    return NAMIDB_OK;
}

static int find_integers(struct ndb_grouping *grouping,
                         const struct ndb_vector *column,
                         const struct ndb_chunk *chunk, uint32_t *groups)
{
    bool is_wide = column->form == NDB_FORM_INTS;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        int64_t key =
            is_wide ? column->as.ints[at] : ndb_vector_narrow(column, at);
        uint64_t slot = ndb_hash_integer((uint64_t)key) % NDB_GROUPING_SLOTS;

        if (grouping->numbers[slot] == 0 || grouping->items[slot] != key) {
            grouping->key[0] = ndb_integer(key);
            if (find_key(grouping, &groups[i]) < 0)
                return NAMIDB_ENOMEM;
            grouping->numbers[slot] = groups[i] + 1;
            grouping->items[slot] = key;
        }
        groups[i] = grouping->numbers[slot] - 1;
    }
    return NAMIDB_OK;
}

int ndb_grouping_find(struct ndb_grouping *grouping,
                      const struct ndb_chunk *chunk, uint32_t *groups)
{
    const struct ndb_vector *column =
        grouping->slots->count == 1 ? &chunk->columns[grouping->slots->items[0]]
                                    : NULL;
    int rc = NAMIDB_OK;

    if (column != NULL && ndb_is_ints(column) && !column->is_constant &&
        column->nulls == NULL) {
        if (prepare_cache(grouping, column) < 0)
            return NAMIDB_ENOMEM;
        return grouping->is_by_item
                   ? find_items(grouping, column, chunk, groups)
                   : find_integers(grouping, column, chunk, groups);
    }
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++)
        rc = find_row(grouping, chunk, ndb_chunk_row(chunk, i), &groups[i]);
    return rc;
}
