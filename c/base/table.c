/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <assert.h>

enum { CAPACITY_MIN = 16 };

void ndb_table_release(struct ndb_table *table)
{
    ndb_free(table->slots);
    *table = NDB_TABLE_INIT;
}

static struct ndb_table_slot *place(struct ndb_table *table, uint64_t key)
{
    size_t at = ndb_hash_integer(key) & (table->capacity - 1);

    while (table->slots[at].key != 0)
        at = (at + 1) & (table->capacity - 1);
    return &table->slots[at];
}

int ndb_table_reserve(struct ndb_table *table, size_t count)
{
    struct ndb_table old = *table;

    if (ndb_table_has_room(table, count))
        return NAMIDB_OK;
    if (table->capacity == 0)
        table->capacity = CAPACITY_MIN;
    while (!ndb_table_has_room(table, count))
        table->capacity *= 2;
    table->slots = ndb_calloc(table->capacity, sizeof *table->slots);
    if (table->slots == NULL) {
        *table = old;
        return NAMIDB_ENOMEM;
    }
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].key != 0)
            *place(table, old.slots[i].key) = old.slots[i];
    ndb_free(old.slots);
    return NAMIDB_OK;
}

struct ndb_table_slot *ndb_table_add(struct ndb_table *table, uint64_t key,
                                     uint32_t number)
{
    struct ndb_table_slot *slot;

    assert(key != 0 && ndb_table_has_room(table, 1));
    slot = place(table, key);
    *slot = (struct ndb_table_slot){ .key = key, .number = number };
    table->count++;
    return slot;
}
