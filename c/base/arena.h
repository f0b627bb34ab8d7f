/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is given back all at once.
 *
 * Blocks double from 4 KiB to 1 MiB; requests above half a block get one of
 * their own, of just their size. A reset keeps one block, so a reader that
 * resets per row allocates nothing in the steady state. Not thread safe.
 */
#ifndef NDB_BASE_ARENA_H
#define NDB_BASE_ARENA_H

#include "namidb.h"

struct ndb_arena_block;

/* The public opaque type is this struct. */
struct namidb_arena {
    struct ndb_arena_block *blocks; /* newest first */
    uint8_t *at;                    /* free part of the newest block */
    uint8_t *end;
    size_t bytes;       /* in all blocks */
    size_t block_bytes; /* of the next shared block; 0: the smallest */
};

#define NDB_ARENA_INIT ((struct namidb_arena){ NULL, NULL, NULL, 0, 0 })

/* 8-byte aligned; NULL: no memory. */
void *ndb_arena_alloc(struct namidb_arena *arena, size_t bytes);
/* NULL when count x size overflows. */
void *ndb_arena_array(struct namidb_arena *arena, size_t count, size_t size);
void *ndb_arena_copy(struct namidb_arena *arena, const void *data,
                     size_t bytes);
void ndb_arena_reset(struct namidb_arena *arena);
void ndb_arena_release(struct namidb_arena *arena);

#endif
