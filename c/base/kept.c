/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kept.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

/* A sanitizer is to see each block on its own. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_WATCHED true
#endif
#endif
#ifndef IS_WATCHED
#define IS_WATCHED false
#endif

enum {
    REGION_BYTES = 2 << 20,
    UNIT_BYTES = 256,
    UNIT_COUNT = REGION_BYTES / UNIT_BYTES,
    WORD_COUNT = UNIT_COUNT / 64,
    BLOCK_BYTES_MAX = REGION_BYTES / 4,
    FEW_REGIONS = 2 /* have small pages */
};

/* Stands at its region's begin. */
struct region {
    struct region *next, *previous; /* in the ring */
    uint32_t free_count;            /* units */
    uint32_t longest;               /* no run of free units is longer */
    uint64_t used[WORD_COUNT];      /* a bit for each unit */
};

enum { HEAD_UNITS = (sizeof(struct region) + UNIT_BYTES - 1) / UNIT_BYTES };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* Under lock. */
static struct region *current; /* gave the last block; NULL: none yet */
static size_t region_count;

static uint32_t units_of(size_t bytes)
{
    return bytes == 0 ? 1 : (uint32_t)((bytes + UNIT_BYTES - 1) / UNIT_BYTES);
}

/* ------------------------------------------------------------------- fork --
 */

static void lock_regions(void)
{
    (void)pthread_mutex_lock(&lock);
}

static void unlock_regions(void)
{
    (void)pthread_mutex_unlock(&lock);
}

/* A child finds the regions whole and unlocked, whatever other threads of its
 * parent were about. */
static void watch_forks(void)
{
    (void)pthread_atfork(lock_regions, unlock_regions, unlock_regions);
}

/* ------------------------------------------------------------------ units --
 */

/* The first unit from `at` on that is used, or is not; UNIT_COUNT: none. */
static uint32_t find_unit(const struct region *region, uint32_t at,
                          bool is_used)
{
    while (at < UNIT_COUNT) {
        uint64_t word = region->used[at / 64];

        word = (is_used ? word : ~word) >> at % 64;
        if (word != 0)
            return at + (uint32_t)__builtin_ctzll(word);
        at = (at / 64 + 1) * 64;
    }
    return UNIT_COUNT;
}

/* The first run of so many free units; UNIT_COUNT: there is none. */
static uint32_t find_run(struct region *region, uint32_t count)
{
    uint32_t begin = find_unit(region, HEAD_UNITS, false), longest = 0;

    while (begin < UNIT_COUNT) {
        uint32_t end = find_unit(region, begin, true);

        if (end - begin >= count)
            return begin;
        longest = end - begin > longest ? end - begin : longest;
        begin = find_unit(region, end, false);
    }
    region->longest = longest;
    return UNIT_COUNT;
}

/* Turns units that are free into used ones, or back. */
static void turn(struct region *region, uint32_t begin, uint32_t count,
                 bool is_used)
{
    uint32_t end = begin + count, step;

    for (uint32_t at = begin; at < end; at += step) {
        uint64_t mask;

        step = 64 - at % 64 < end - at ? 64 - at % 64 : end - at;
        mask = UINT64_MAX >> (64 - step) << at % 64;
        assert((region->used[at / 64] & mask) == (is_used ? 0 : mask));
        region->used[at / 64] ^= mask;
    }
}

/* ---------------------------------------------------------------- regions --
 */

/* Memory of a region, at a multiple of its size: a large page's place. */
static void *map_region(void)
{
    uint8_t *memory = mmap(NULL, 2 * REGION_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (memory == MAP_FAILED)
        return NULL;
    before = -(uintptr_t)memory % REGION_BYTES;
    if (before != 0)
        (void)munmap(memory, before);
    memory += before;
    (void)munmap(memory + REGION_BYTES, REGION_BYTES - before);
    return memory;
}

/* A region that gives the next block, with none yet. NULL: no memory. */
static struct region *add_region(void)
{
    struct region *region = map_region();

    if (region == NULL)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (region_count >= FEW_REGIONS)
        (void)madvise(region, REGION_BYTES, MADV_HUGEPAGE);
#endif
    region->free_count = region->longest = UNIT_COUNT - HEAD_UNITS;
    region->next = region->previous = region;
    if (current != NULL) {
        region->next = current->next;
        region->previous = current;
        region->next->previous = region;
        current->next = region;
    }
    current = region;
    region_count++;
    return region;
}

static void unlink_region(struct region *region)
{
    region->next->previous = region->previous;
    region->previous->next = region->next;
    if (current == region)
        current = region->next;
    region_count--;
}

static void *take(struct region *region, uint32_t begin, uint32_t count)
{
    turn(region, begin, count, true);
    region->free_count -= count;
    current = region;
    return (uint8_t *)region + (size_t)begin * UNIT_BYTES;
}

/* Under lock. */
static void *alloc_units(uint32_t count)
{
    struct region *region = current;

    while (region != NULL) {
        uint32_t begin =
            region->longest >= count ? find_run(region, count) : UNIT_COUNT;

        if (begin != UNIT_COUNT)
            return take(region, begin, count);
        region = region->next != current ? region->next : NULL;
    }
    region = add_region();
    return region != NULL ? take(region, HEAD_UNITS, count) : NULL;
}

/* -------------------------------------------------------------- exported -- */

void *ndb_kept_alloc(size_t bytes)
{
    void *block;

    if (IS_WATCHED || bytes > BLOCK_BYTES_MAX)
        return ndb_alloc(bytes);
    if (ndb_mem_must_fail())
        return NULL;
    (void)pthread_once(&fork_once, watch_forks);
    lock_regions();
    block = alloc_units(units_of(bytes));
    unlock_regions();
    return block;
}

void *ndb_kept_calloc(size_t bytes)
{
    void *block = ndb_kept_alloc(bytes);

    if (block != NULL)
        memset(block, 0, bytes);
    return block;
}

void ndb_kept_free(void *block, size_t bytes)
{
    uintptr_t offset = (uintptr_t)block % REGION_BYTES;
    struct region *region = (void *)((uintptr_t)block - offset);
    uint32_t count;
    bool is_empty;

    if (block == NULL)
        return;
    if (IS_WATCHED || bytes > BLOCK_BYTES_MAX) {
        ndb_free(block);
        return;
    }
    count = units_of(bytes);
    lock_regions();
    turn(region, (uint32_t)(offset / UNIT_BYTES), count, false);
    region->free_count += count;
    region->longest = region->free_count;
    is_empty = region->free_count == UNIT_COUNT - HEAD_UNITS;
    if (is_empty && region_count > 1)
        unlink_region(region);
    else
        is_empty = false; /* the last one stays */
    unlock_regions();
    if (is_empty)
        (void)munmap(region, REGION_BYTES);
}

size_t ndb_kept_bytes(void)
{
    size_t count;

    lock_regions();
    count = region_count;
    unlock_regions();
    return count * REGION_BYTES;
}
