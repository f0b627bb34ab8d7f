/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of packs: hostile ones, and hostile content that is compressed
 * and sealed as it should be. */
#include "fuzz/fuzz.h"

#include <zstd.h>

#include "format/number.h"
#include "format/pack.h"

#define PACK_BYTES (UINT64_C(1) << 20)

static void decode(struct ndb_slice stored)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_directory directory;

    if (ndb_directory_decode(stored, PACK_BYTES, &arena, &directory) >= 0) {
        for (uint32_t i = 0; i < directory.part_count; i++) {
            const struct ndb_part *part = &directory.parts[i];
            uint32_t count;

            FUZZ_CHECK(ndb_directory_find(&directory, part->kind, part->type,
                                          part->table) == part);
            for (uint32_t j = 0; j < part->segment_count; j++) {
                const struct ndb_segment_entry *entry = &part->segments[j];

                FUZZ_CHECK(entry->offset + entry->bytes <= PACK_BYTES);
                (void)ndb_part_find(part, entry->first, &count);
                (void)ndb_part_find(part, entry->last, &count);
            }
        }
    }
    ndb_arena_release(&arena);
}

static void decode_sealed(const uint8_t *data, size_t size)
{
    size_t bound = ZSTD_compressBound(size);
    uint8_t *object = fuzz_copy(NULL, 0, bound, NDB_PACK_TAIL_BYTES);
    size_t bytes = ZSTD_compress(object, bound, data, size, 1);
    uint8_t *tail = object + bytes;

    FUZZ_CHECK(!ZSTD_isError(bytes));
    fuzz_put_u32(tail, (uint32_t)bytes);
    fuzz_put_u32(tail + 4, (uint32_t)size);
    memcpy(tail + 8, "NAMIDBPK", 8);
    fuzz_put_u32(tail + 16, NDB_FORMAT);
    fuzz_put_hash128(tail + 20, ndb_hash128(ndb_slice(object, bytes + 20)));
    decode(ndb_slice(object, bytes + NDB_PACK_TAIL_BYTES));
    free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t bytes;

    if (size == 0)
        return 0;
    (void)ndb_directory_bytes(ndb_slice(data + 1, size - 1), &bytes);
    if (data[0] & 1)
        decode_sealed(data + 1, size - 1);
    else
        decode(ndb_slice(data + 1, size - 1));
    return 0;
}
