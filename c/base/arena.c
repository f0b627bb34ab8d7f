/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <string.h>

#include "base/kept.h"
#include "base/mem.h"

enum { BLOCK_BYTES_MIN = 4 << 10, BLOCK_BYTES_MAX = 1 << 20 };

static bool can_spend(struct namidb_arena *arena, size_t bytes)
{
    struct ndb_budget *budget = arena->budget;

    if (budget == NULL || bytes <= budget->bytes_max - budget->bytes)
        return true;
    budget->was_exceeded = true;
    return false;
}

static struct ndb_arena_block *new_block(struct namidb_arena *arena,
                                         size_t bytes)
{
    struct ndb_arena_block *block;

    if (bytes > SIZE_MAX - sizeof *block || !can_spend(arena, bytes))
        return NULL;
    block = arena->is_kept ? ndb_kept_alloc(sizeof *block + bytes)
                           : ndb_alloc(sizeof *block + bytes);
    if (block == NULL)
        return NULL;
    block->bytes = bytes;
    arena->bytes += bytes;
    if (arena->budget != NULL)
        arena->budget->bytes += bytes;
    return block;
}

static void free_block(struct namidb_arena *arena,
                       struct ndb_arena_block *block)
{
    if (arena->budget != NULL)
        arena->budget->bytes -= block->bytes;
    if (arena->is_kept)
        ndb_kept_free(block, sizeof *block + block->bytes);
    else
        ndb_free(block);
}

/* Fuzzers and sanitizers build with a byte that no field may have: whoever
 * reads what nobody wrote gets it, always. */
static void *fresh(void *data, size_t bytes)
{
#ifdef NDB_ARENA_FILL
    memset(data, NDB_ARENA_FILL, bytes);
#else
    (void)bytes;
#endif
    return data;
}

/* A block for one request, behind the shared one, which stays in use. */
static void *alloc_alone(struct namidb_arena *arena, size_t bytes)
{
    struct ndb_arena_block *block = new_block(arena, bytes);

    if (block == NULL)
        return NULL;
    fresh(block->data, bytes);
    if (arena->blocks == NULL) {
        block->next = NULL;
        arena->blocks = block;
    } else {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    }
    return block->data;
}

static bool open_block(struct namidb_arena *arena)
{
    struct ndb_arena_block *block = new_block(arena, arena->block_bytes);

    if (block == NULL)
        return false;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = block->data;
    arena->end = block->data + block->bytes;
    if (arena->block_bytes < BLOCK_BYTES_MAX)
        arena->block_bytes *= 2;
    return true;
}

void *ndb_arena_alloc_more(struct namidb_arena *arena, size_t bytes)
{
    uint8_t *data;

    if (bytes > SIZE_MAX - NDB_ARENA_ALIGNMENT)
        return NULL;
    bytes =
        (bytes + NDB_ARENA_ALIGNMENT - 1) & ~(size_t)(NDB_ARENA_ALIGNMENT - 1);
    if (bytes == 0)
        bytes = NDB_ARENA_ALIGNMENT;
    if ((size_t)(arena->end - arena->at) < bytes) {
        size_t shared_max;

        if (arena->block_bytes == 0)
            arena->block_bytes = BLOCK_BYTES_MIN;
        /* The first block after a reset is as large as what was there. */
        shared_max =
            arena->blocks == NULL ? arena->block_bytes : arena->block_bytes / 2;
        if (bytes > shared_max)
            return alloc_alone(arena, bytes);
        if (!open_block(arena))
            return NULL;
    }
    data = arena->at;
    arena->at += bytes;
    return fresh(data, bytes);
}

void *ndb_arena_copy(struct namidb_arena *arena, const void *data, size_t bytes)
{
    void *copy = ndb_arena_alloc(arena, bytes);

    if (copy != NULL && bytes != 0)
        memcpy(copy, data, bytes);
    return copy;
}

/* Frees all blocks behind the newest. */
static void free_older(struct namidb_arena *arena)
{
    struct ndb_arena_block *kept = arena->blocks;

    while (kept->next != NULL) {
        struct ndb_arena_block *next = kept->next->next;

        free_block(arena, kept->next);
        kept->next = next;
    }
    arena->bytes = kept->bytes;
}

void *ndb_arena_grow(struct namidb_arena *arena, void *items,
                     uint32_t *capacity, uint32_t count, uint32_t more,
                     size_t size)
{
    uint64_t wanted = (uint64_t)*capacity * 2 + more;
    void *grown;

    if (more <= *capacity - count)
        return items;
    grown = wanted > UINT32_MAX ? NULL
                                : ndb_arena_array(arena, (size_t)wanted, size);
    if (grown == NULL)
        return NULL;
    if (count != 0)
        memcpy(grown, items, count * size);
    *capacity = (uint32_t)wanted;
    return grown;
}

void ndb_arena_reset_blocks(struct namidb_arena *arena)
{
    size_t bytes = arena->bytes;

    if (bytes <= BLOCK_BYTES_MAX) {
        free_older(arena);
        free_block(arena, arena->blocks);
        arena->blocks = NULL;
        arena->at = arena->end = NULL;
        arena->bytes = 0;
        while (arena->block_bytes < bytes)
            arena->block_bytes *= 2;
        return;
    }
    free_older(arena);
    arena->at = arena->blocks->data;
    arena->end = arena->blocks->data + arena->blocks->bytes;
}

struct ndb_arena_mark ndb_arena_mark(const struct namidb_arena *arena)
{
    return (struct ndb_arena_mark){
        .block = arena->blocks,
        .next = arena->blocks != NULL ? arena->blocks->next : NULL,
        .at = arena->at,
        .end = arena->end,
    };
}

/* Blocks made since the mark stand before its block, or right behind it: those
 * that hold one request alone. */
void ndb_arena_rewind(struct namidb_arena *arena,
                      const struct ndb_arena_mark *mark)
{
    while (arena->blocks != mark->block) {
        struct ndb_arena_block *block = arena->blocks;

        arena->blocks = block->next;
        arena->bytes -= block->bytes;
        free_block(arena, block);
    }
    while (mark->block != NULL && mark->block->next != mark->next) {
        struct ndb_arena_block *block = mark->block->next;

        mark->block->next = block->next;
        arena->bytes -= block->bytes;
        free_block(arena, block);
    }
    arena->at = mark->at;
    arena->end = mark->end;
}

void ndb_arena_release(struct namidb_arena *arena)
{
    struct namidb_arena empty = NDB_ARENA_INIT;

    while (arena->blocks != NULL) {
        struct ndb_arena_block *next = arena->blocks->next;

        free_block(arena, arena->blocks);
        arena->blocks = next;
    }
    empty.budget = arena->budget;
    empty.is_kept = arena->is_kept;
    *arena = empty;
}

namidb_arena *namidb_arena_new(void)
{
    namidb_arena *arena = ndb_alloc(sizeof *arena);

    if (arena != NULL)
        *arena = NDB_ARENA_INIT;
    return arena;
}

void namidb_arena_reset(namidb_arena *arena)
{
    ndb_arena_reset(arena);
}

void namidb_arena_free(namidb_arena *arena)
{
    if (arena == NULL)
        return;
    ndb_arena_release(arena);
    ndb_free(arena);
}
