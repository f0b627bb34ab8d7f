/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slot.h - a log slot's object: one commit batch, or a fence.
 *
 *   slot := header (fixed, little endian), payload (one zstd frame; a fence has
 *           none), checksum (XXH3-128 of all before it)
 *   header: magic "NAMIDBLG", format u16, kind u8, 0 u8, record count u32,
 *           slot u64, epoch u64, nonce 16 bytes, previous 16 bytes,
 *           payload bytes raw u32, payload bytes stored u32
 *
 * `previous` is the checksum of the slot before: a chain. A fence carries
 * zeros, so that it can be sent before its predecessor was read.
 */
#ifndef NDB_FORMAT_SLOT_H
#define NDB_FORMAT_SLOT_H

#include "base/buf.h"
#include "base/hash.h"

enum ndb_slot_kind { NDB_SLOT_BATCH = 1, NDB_SLOT_FENCE = 2 };

struct ndb_nonce {
    uint8_t bytes[16];
};

struct ndb_slot {
    enum ndb_slot_kind kind;
    uint64_t number;        /* from 1 */
    uint64_t epoch;         /* slot number of its writer's fence */
    struct ndb_nonce nonce; /* of the writer handle, random */
    struct ndb_hash128 previous;
    uint32_t record_count;
};

/*
 * Appends the object; payload is the records (empty for a fence). *hash is its
 * checksum, the `previous` of the next slot. NAMIDB_OK, NAMIDB_ENOMEM,
 * NAMIDB_ELIMIT.
 */
int ndb_slot_encode(struct ndb_buf *out, const struct ndb_slot *slot,
                    struct ndb_slice payload, struct ndb_hash128 *hash);

/*
 * Verifies and decodes an object; the payload is appended to `payload`.
 * NAMIDB_OK, NAMIDB_ECORRUPT (also: not slot `number`), NAMIDB_EUNSUPPORTED
 * (another format), NAMIDB_ENOMEM.
 */
int ndb_slot_decode(struct ndb_slice object, uint64_t number,
                    struct ndb_slot *slot, struct ndb_buf *payload,
                    struct ndb_hash128 *hash);

#endif
