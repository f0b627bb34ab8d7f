/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: what decodes obeys the rules, so it encodes and decodes again. */
#include "fuzz/fuzz.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "format/manifest.h"

static void decode(struct ndb_slice object)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_buf again = NDB_BUF_INIT(NDB_MANIFEST_BYTES_MAX);
    struct ndb_manifest body;
    struct ndb_manifest copy;

    if (ndb_manifest_decode(object, 1, &arena, &body) >= 0) {
        FUZZ_CHECK(ndb_manifest_encode(&again, &body) >= 0);
        FUZZ_CHECK(
            ndb_manifest_decode(ndb_buf_slice(&again), 1, &arena, &copy) >= 0);
        FUZZ_CHECK(copy.floor == body.floor &&
                   copy.pack_count == body.pack_count);
    }
    ndb_buf_release(&again);
    ndb_arena_release(&arena);
}

/* The input is what stands before the last line. */
static void decode_fixed(const uint8_t *data, size_t size)
{
    uint8_t *object = fuzz_copy(data, size, 0, 64);
    struct ndb_hash128 hash = ndb_hash128(ndb_slice(object, size));
    int bytes = snprintf((char *)object + size, 64,
                         "\"checksum\":\"%016" PRIx64 "%016" PRIx64 "\"}\n",
                         hash.high, hash.low);

    decode(ndb_slice(object, size + (size_t)bytes));
    free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] & 1)
        decode_fixed(data + 1, size - 1);
    else
        decode(ndb_slice(data + 1, size - 1));
    return 0;
}
