/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row_store.h - rows that an operator keeps: copies of some slots.
 */
#ifndef NDB_EXEC_ROW_STORE_H
#define NDB_EXEC_ROW_STORE_H

#include "exec/op.h"
#include "exec/row_room.h"

struct ndb_row_store {
    namidb_arena *arena;
    struct ndb_slots slots;
    namidb_value **rows; /* each of slots.count values */
    uint32_t count, capacity;
    struct ndb_row_room room;
};

static inline struct ndb_row_store
ndb_row_store_of(namidb_arena *arena, const struct ndb_slots *slots)
{
    return (struct ndb_row_store){ .arena = arena, .slots = *slots };
}

/* Appends a copy of the row at `position`. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_row_store_add(struct ndb_row_store *store,
                      const struct ndb_chunk *chunk, uint32_t position);
/* All rows of the chunk. */
int ndb_row_store_add_all(struct ndb_row_store *store,
                          const struct ndb_chunk *chunk);

/* op->chunk is `count` of the stored rows from `begin`: the slots of the store
 * as columns of op->arena. */
int ndb_row_store_emit(const struct ndb_row_store *store, uint32_t begin,
                       uint32_t count, struct ndb_op *op);
/* The same with the chunk behind the *given rows, up to the row `end`; *given
 * advances. NAMIDB_NONE: all are given. */
int ndb_row_store_give(const struct ndb_row_store *store, uint32_t end,
                       uint32_t *given, struct ndb_op *op);

#endif
