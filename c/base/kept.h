/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h - memory that is kept for long and read anywhere: decoded segments.
 *
 * A small query reads a few lines of a graph's memory, each in another page,
 * and with pages of 4 KiB finding the page took as long as reading the line. So
 * blocks come from regions of 2 MiB that the system may back by one large page
 * each; malloc leaves its memory as it is, unless the host says otherwise.
 *
 * A region is units of 256 bytes and a bit for each. A block is the first run
 * of free units that is long enough, in the region that gave the last block, or
 * in those behind it in the ring. A region without blocks goes back to the
 * system. What is larger than a quarter of a region is malloc's.
 *
 * As long as there are few regions they have small pages: a small graph must
 * not take 2 MiB for a few KiB.
 *
 * All handles of the process share the regions. Any thread may call, and a
 * child of fork(2) may.
 */
#ifndef NDB_BASE_KEPT_H
#define NDB_BASE_KEPT_H

#include <stddef.h>

/* NULL: no memory. Aligned to 256 bytes while the block is no larger than a
 * quarter of a region. */
void *ndb_kept_alloc(size_t bytes);
/* The same, zeroed. */
void *ndb_kept_calloc(size_t bytes);
/* `bytes`: as they were asked for. NULL is allowed. */
void ndb_kept_free(void *block, size_t bytes);

/* Bytes of all regions. */
size_t ndb_kept_bytes(void);

#endif
