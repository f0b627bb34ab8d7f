/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_uint_fast64_t fail_from;
static atomic_uint_fast64_t asked;

/* One relaxed load when nobody tests; it is in no profile. */
bool ndb_mem_must_fail(void)
{
    uint64_t limit = atomic_load_explicit(&fail_from, memory_order_relaxed);

    if (limit == 0)
        return false;
    return atomic_fetch_add(&asked, 1) + 1 >= limit;
}

enum { LARGE_PAGE_BYTES = 2 << 20, LARGE_BYTES = 2 * LARGE_PAGE_BYTES };

/* Tables and arrays of many megabytes are read anywhere, a line at a time, and
 * with pages of 4 KiB finding the page takes longer than reading the line: more
 * so in a virtual machine. So large blocks ask for large pages, before anybody
 * has touched them. */
static void *ask_for_large_pages(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    uintptr_t page = LARGE_PAGE_BYTES;
    uintptr_t first = ((uintptr_t)block + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)block + bytes) / page * page;

    if (block != NULL && bytes >= LARGE_BYTES)
        (void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#endif
    return block;
}

void *ndb_alloc(size_t bytes)
{
    if (ndb_mem_must_fail())
        return NULL;
    return ask_for_large_pages(malloc(bytes != 0 ? bytes : 1), bytes);
}

void *ndb_calloc(size_t count, size_t size)
{
    if (ndb_mem_must_fail())
        return NULL;
    if (count == 0 || size == 0)
        return calloc(1, 1);
    return ask_for_large_pages(calloc(count, size), count * size);
}

void *ndb_realloc(void *block, size_t count, size_t size)
{
    size_t bytes;

    if (ndb_mem_must_fail() || __builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return ask_for_large_pages(realloc(block, bytes != 0 ? bytes : 1), bytes);
}

void ndb_free(void *block)
{
    free(block);
}

void ndb_mem_populate(void *block, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = (uintptr_t)block / page * page;
    uintptr_t end = ((uintptr_t)block + bytes + page - 1) / page * page;

    (void)madvise((void *)first, end - first, MADV_POPULATE_WRITE);
#else
    (void)block;
    (void)bytes;
#endif
}

char *ndb_strndup(const char *text, size_t bytes)
{
    char *copy = ndb_alloc(bytes + 1);

    if (copy != NULL) {
        memcpy(copy, text, bytes);
        copy[bytes] = '\0';
    }
    return copy;
}

void ndb_mem_fail_from(uint64_t k)
{
    atomic_store(&asked, 0);
    atomic_store(&fail_from, k);
}

uint64_t ndb_mem_count(void)
{
    return atomic_load(&asked);
}
