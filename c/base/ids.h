/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h - a growing array of ids, and ids as numbers that go up table by table.
 */
#ifndef NDB_BASE_IDS_H
#define NDB_BASE_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "namidb.h"

struct ndb_ids {
    uint64_t *items;
    size_t count;
    size_t capacity;
};

#define NDB_IDS_INIT ((struct ndb_ids){ NULL, 0, 0 })

static inline int ndb_ids_add(struct ndb_ids *ids, uint64_t id)
{
    if (ids->count == ids->capacity) {
        size_t capacity = ids->capacity == 0 ? 16 : ids->capacity * 2;
        uint64_t *items = ndb_realloc(ids->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        ids->items = items;
        ids->capacity = capacity;
    }
    ids->items[ids->count++] = id;
    return NAMIDB_OK;
}

/* An id as a number that ascends by table, then by sequence, and back. */
static inline uint64_t ndb_owner_key(uint64_t id)
{
    return (uint64_t)NAMIDB_ID_TABLE(id) << 40 | NAMIDB_ID_SEQUENCE(id);
}

static inline uint64_t ndb_id_of_owner_key(uint64_t key)
{
    return NAMIDB_ID(key & NAMIDB_SEQUENCE_MAX, key >> 40);
}

static inline void ndb_ids_release(struct ndb_ids *ids)
{
    ndb_free(ids->items);
    *ids = NDB_IDS_INIT;
}

/* Sorts ids and drops what is there twice; returns how many are left. */
size_t ndb_ids_sort(uint64_t *items, size_t count);

static inline void ndb_ids_unique(struct ndb_ids *ids)
{
    ids->count = ndb_ids_sort(ids->items, ids->count);
}

#endif
