/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - the only place that calls malloc.
 *
 * Everything the database allocates goes through here, so that a test can make
 * the k-th allocation fail. A size of 0 gives a valid pointer. Blocks of many
 * megabytes have large pages where the system gives them.
 */
#ifndef NDB_BASE_MEM_H
#define NDB_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *ndb_alloc(size_t bytes);
/* Zeroed; NULL when count x size overflows. */
void *ndb_calloc(size_t count, size_t size);
/* NULL when count x size overflows; the old block is then still there. */
void *ndb_realloc(void *block, size_t count, size_t size);
void ndb_free(void *block);

/* Has the pages of a part of a block made, which is about to be written, in one
 * call: one fault for each 4 KiB costs as much as reading that from a socket.
 */
void ndb_mem_populate(void *block, size_t bytes);

/* A copy of `bytes` bytes with a NUL behind. */
char *ndb_strndup(const char *text, size_t bytes);

/* Whether a test wants what is allocated now to fail; of allocators, once for
 * each block. */
bool ndb_mem_must_fail(void);

/*
 * Tests: the k-th allocation from now on (1 is the next) and all after it fail;
 * 0 switches this off. Counts over all threads.
 */
void ndb_mem_fail_from(uint64_t k);
/* Tests: allocations asked for since ndb_mem_fail_from was called. */
uint64_t ndb_mem_count(void);

#endif
