/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: hostile objects, objects whose checksum is right, and batches that are
 * well-formed but hold hostile records, which are replayed. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "engine/replay.h"
#include "format/slot.h"

enum { CHECKSUM_BYTES = 16 };

static void decode(struct ndb_slice object)
{
    struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    struct ndb_slot slot;
    struct ndb_hash128 hash;

    (void)ndb_slot_decode(object, 7, &slot, &payload, &hash);
    ndb_buf_release(&payload);
}

static void decode_fixed(const uint8_t *data, size_t size)
{
    uint8_t *object = fuzz_copy(data, size, 0, CHECKSUM_BYTES);

    fuzz_put_hash128(object + size, ndb_hash128(ndb_slice(object, size)));
    decode(ndb_slice(object, size + CHECKSUM_BYTES));
    free(object);
}

/* A failing batch leaves nothing behind. */
static void replay(struct ndb_slice payload, uint32_t record_count)
{
    struct ndb_buf object = NDB_BUF_INIT(NDB_SLOT_BYTES_MAX);
    const struct ndb_slot slot = { .kind = NDB_SLOT_BATCH,
                                   .number = 7,
                                   .epoch = 3,
                                   .record_count = record_count };
    struct ndb_place place = { .next = 7, .epoch = 3 };
    struct ndb_memtable *memtable;
    struct ndb_dict *dict;
    struct ndb_hash128 hash;

    FUZZ_CHECK(ndb_memtable_new(&memtable) >= 0 && ndb_dict_new(&dict) >= 0);
    if (ndb_slot_encode(&object, &slot, payload, &hash) >= 0 &&
        ndb_replay_slot(&place, ndb_buf_slice(&object), memtable, dict, NULL) <
            0) {
        FUZZ_CHECK(place.next == 7);
        FUZZ_CHECK(ndb_memtable_is_empty(memtable));
    }
    ndb_buf_release(&object);
    ndb_memtable_unref(memtable);
    ndb_dict_free(dict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    switch (data[0] % 3) {
    case 0:
        decode(ndb_slice(data + 1, size - 1));
        break;
    case 1:
        decode_fixed(data + 1, size - 1);
        break;
    default:
        replay(ndb_slice(data + 2, size - 2), data[1]);
    }
    return 0;
}
