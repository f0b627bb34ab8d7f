/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - an open-addressing hash table from 64-bit keys to 32-bit numbers.
 *
 * Keys may be anything but 0; numbers are what the owner indexes its own arrays
 * by. A key has room for two of them. Linear probing, at most 3/4 full, nothing
 * is ever removed (an owner that forgets something leaves its number in and
 * knows). Not thread safe.
 */
#ifndef NDB_BASE_TABLE_H
#define NDB_BASE_TABLE_H

#include "base/hash.h"
#include "base/mem.h"
#include "base/prefetch.h"
#include "namidb.h"

struct ndb_table_slot {
    uint64_t key; /* 0: free */
    uint32_t number;
    uint32_t second; /* 0 until its owner writes it */
};

struct ndb_table {
    struct ndb_table_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

#define NDB_TABLE_INIT ((struct ndb_table){ NULL, 0, 0 })
#define NDB_TABLE_NONE UINT32_MAX

void ndb_table_release(struct ndb_table *table);

/* Whether so many more keys can be added without growing. */
static inline bool ndb_table_has_room(const struct ndb_table *table,
                                      size_t count)
{
    return (table->count + count) * 4 <= table->capacity * 3;
}

/* Makes room for so many more keys, so that adding them cannot fail. */
int ndb_table_reserve(struct ndb_table *table, size_t count);
/* The key must be new, and room must have been reserved. Its slot stays where
 * it is until more is reserved. */
struct ndb_table_slot *ndb_table_add(struct ndb_table *table, uint64_t key,
                                     uint32_t number);

/* The slot of a key, its numbers to be read or changed; NULL: no such key. */
static inline struct ndb_table_slot *
ndb_table_slot(const struct ndb_table *table, uint64_t key)
{
    size_t at;

    if (table->count == 0)
        return NULL;
    at = ndb_hash_integer(key) & (table->capacity - 1);
    while (table->slots[at].key != 0) {
        if (table->slots[at].key == key)
            return &table->slots[at];
        at = (at + 1) & (table->capacity - 1);
    }
    return NULL;
}

static inline uint32_t ndb_table_find(const struct ndb_table *table,
                                      uint64_t key)
{
    const struct ndb_table_slot *slot = ndb_table_slot(table, key);

    return slot != NULL ? slot->number : NDB_TABLE_NONE;
}

/* Begins to load the slot of a key that will be looked up soon. */
static inline void ndb_table_prefetch(const struct ndb_table *table,
                                      uint64_t key)
{
    if (table->capacity != 0)
        ndb_prefetch(
            &table->slots[ndb_hash_integer(key) & (table->capacity - 1)]);
}

#endif
