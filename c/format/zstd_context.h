/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zstd_context.h - zstd with its contexts kept per thread.
 *
 * Making a context costs more than coding 64 KiB. A thread's are freed when it
 * ends.
 */
#ifndef NDB_FORMAT_ZSTD_CONTEXT_H
#define NDB_FORMAT_ZSTD_CONTEXT_H

#include "base/slice.h"

/* One frame into `out`, which has room for ZSTD_compressBound. 0: no memory. */
size_t ndb_zstd_compress(uint8_t *out, size_t capacity, struct ndb_slice bytes,
                         int level);
/* The same of bytes that are mostly random, but some more often than others:
 * planes of numbers. Looked at closely, a few of them in a row do come again
 * now and then, and to say so takes as many bits as they do, and several times
 * as long to read: only seven of them, or more, are looked for. */
size_t ndb_zstd_compress_plane(uint8_t *out, size_t capacity,
                               struct ndb_slice bytes);

/* One frame that must give exactly `bytes` bytes. NAMIDB_OK, NAMIDB_ECORRUPT,
 * NAMIDB_ENOMEM. */
int ndb_zstd_decompress(uint8_t *out, size_t bytes, struct ndb_slice frame);

#endif
