/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - an open-addressing hash table from 64-bit keys to 32-bit numbers.
 *
 * Keys may be anything but 0; numbers are what the owner indexes its own arrays
 * by. Linear probing, at most 3/4 full, nothing is ever removed (an owner that
 * forgets something leaves its number in and knows). Not thread safe.
 */
#ifndef NDB_BASE_TABLE_H
#define NDB_BASE_TABLE_H

#include "base/hash.h"
#include "base/mem.h"
#include "namidb.h"

struct ndb_table_slot {
    uint64_t key; /* 0: free */
    uint32_t number;
};

struct ndb_table {
    struct ndb_table_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

#define NDB_TABLE_INIT ((struct ndb_table){ NULL, 0, 0 })
#define NDB_TABLE_NONE UINT32_MAX

void ndb_table_release(struct ndb_table *table);

/* Makes room for one more key, so that the next add cannot fail. */
int ndb_table_reserve(struct ndb_table *table);
/* The key must be new, and room must have been reserved. */
void ndb_table_add(struct ndb_table *table, uint64_t key, uint32_t number);

static inline uint32_t ndb_table_find(const struct ndb_table *table,
                                      uint64_t key)
{
    size_t at;

    if (table->count == 0)
        return NDB_TABLE_NONE;
    at = ndb_hash_integer(key) & (table->capacity - 1);
    while (table->slots[at].key != 0) {
        if (table->slots[at].key == key)
            return table->slots[at].number;
        at = (at + 1) & (table->capacity - 1);
    }
    return NDB_TABLE_NONE;
}

#endif
