/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is given back all at once.
 *
 * Blocks double up to 1 MiB; requests above half a block get one of their own,
 * of just their size. A reset keeps one block, or makes the next one as large
 * as all were together: who resets per row allocates nothing in the steady
 * state. Not thread safe.
 */
#ifndef NDB_BASE_ARENA_H
#define NDB_BASE_ARENA_H

#include "namidb.h"

struct ndb_arena_block {
    struct ndb_arena_block *next;
    size_t bytes; /* of data */
    _Alignas(16) uint8_t data[];
};

enum { NDB_ARENA_ALIGNMENT = 8 };

/* A bound that several arenas share, and why nothing more went into them. */
struct ndb_budget {
    size_t bytes, bytes_max;
    bool was_exceeded; /* an allocation failed because of it */
    bool is_too_deep;  /* a value was not copied: exec/value_copy.h */
};

/* The public opaque type is this struct. */
struct namidb_arena {
    struct ndb_arena_block *blocks; /* newest first */
    uint8_t *at;                    /* free part of the newest block */
    uint8_t *end;
    size_t bytes;              /* in all blocks */
    size_t block_bytes;        /* of the next shared block; 0: 4 KiB */
    struct ndb_budget *budget; /* NULL: none */
    bool is_kept; /* for long, and read anywhere: blocks are of kept.h */
};

#define NDB_ARENA_INIT                                                         \
    ((struct namidb_arena){ NULL, NULL, NULL, 0, 0, NULL, false })

/* Does the work of the next where the newest block has no room. */
void *ndb_arena_alloc_more(struct namidb_arena *arena, size_t bytes);
/* 8-byte aligned; NULL: no memory. */
static inline void *ndb_arena_alloc(struct namidb_arena *arena, size_t bytes)
{
#ifndef NDB_ARENA_FILL
    size_t room = (size_t)(arena->end - arena->at);
    size_t rounded =
        (bytes + NDB_ARENA_ALIGNMENT - 1) & ~(size_t)(NDB_ARENA_ALIGNMENT - 1);

    /* Nothing, and what is too much to be rounded, are 0 here. */
    if (rounded - 1 < room) {
        uint8_t *data = arena->at;

        arena->at += rounded;
        return data;
    }
#endif
    return ndb_arena_alloc_more(arena, bytes);
}
/* NULL when count x size overflows. */
static inline void *ndb_arena_array(struct namidb_arena *arena, size_t count,
                                    size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return ndb_arena_alloc(arena, bytes);
}
void *ndb_arena_copy(struct namidb_arena *arena, const void *data,
                     size_t bytes);
/* An array with room for `more`, 1 or more, behind its `count` items: the same
 * one, or a copy with twice the room and what is wanted. NULL: no memory. */
void *ndb_arena_grow(struct namidb_arena *arena, void *items,
                     uint32_t *capacity, uint32_t count, uint32_t more,
                     size_t size);
/* Does the work of the next where there are several blocks. */
void ndb_arena_reset_blocks(struct namidb_arena *arena);
static inline void ndb_arena_reset(struct namidb_arena *arena)
{
    struct ndb_arena_block *block = arena->blocks;

    if (block == NULL)
        return;
    if (block->next != NULL) {
        ndb_arena_reset_blocks(arena);
        return;
    }
    arena->at = block->data;
    arena->end = block->data + block->bytes;
}

/* A point to go back to: what was allocated after it is given back, what came
 * before stays. Marks nest. */
struct ndb_arena_mark {
    struct ndb_arena_block *block, *next;
    uint8_t *at, *end;
};
struct ndb_arena_mark ndb_arena_mark(const struct namidb_arena *arena);
void ndb_arena_rewind(struct namidb_arena *arena,
                      const struct ndb_arena_mark *mark);
/* Budget and is_kept stay: the arena may be used again. */
void ndb_arena_release(struct namidb_arena *arena);

#endif
