/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <assert.h>

enum { CAPACITY_MIN = 16 };

void ndb_table_release(struct ndb_table *table)
{
    ndb_free(table->slots);
    *table = NDB_TABLE_INIT;
}

static void place(struct ndb_table *table, uint64_t key, uint32_t number)
{
    size_t at = ndb_hash_integer(key) & (table->capacity - 1);

    while (table->slots[at].key != 0)
        at = (at + 1) & (table->capacity - 1);
    table->slots[at] = (struct ndb_table_slot){ key, number };
}

int ndb_table_reserve(struct ndb_table *table)
{
    struct ndb_table old = *table;

    if ((table->count + 1) * 4 <= table->capacity * 3)
        return NAMIDB_OK;
    table->capacity = old.capacity == 0 ? CAPACITY_MIN : old.capacity * 2;
    table->slots = ndb_calloc(table->capacity, sizeof *table->slots);
    if (table->slots == NULL) {
        *table = old;
        return NAMIDB_ENOMEM;
    }
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].key != 0)
            place(table, old.slots[i].key, old.slots[i].number);
    ndb_free(old.slots);
    return NAMIDB_OK;
}

void ndb_table_add(struct ndb_table *table, uint64_t key, uint32_t number)
{
    assert(key != 0 && (table->count + 1) * 4 <= table->capacity * 3);
    place(table, key, number);
    table->count++;
}
