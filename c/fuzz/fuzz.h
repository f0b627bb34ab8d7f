/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target gets hostile bytes. Formats with a checksum would refuse nearly all
 * of them at once, so the first byte chooses: as they are, or with the checksum
 * put right, so that what lies behind it is reached. A broken promise aborts.
 */
#ifndef NDB_FUZZ_FUZZ_H
#define NDB_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                  \
    do {                                                                       \
        if (!(condition))                                                      \
            abort();                                                           \
    } while (0)

static inline void fuzz_put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static inline void fuzz_put_u64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static inline void fuzz_put_hash128(uint8_t *at, struct ndb_hash128 hash)
{
    fuzz_put_u64(at, hash.low);
    fuzz_put_u64(at + 8, hash.high);
}

/* A copy with `before` and `after` bytes of room around it. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size,
                                 size_t before, size_t after)
{
    uint8_t *copy = calloc(1, before + size + after + 1);

    FUZZ_CHECK(copy != NULL);
    if (size != 0)
        memcpy(copy + before, data, size);
    return copy;
}

#endif
