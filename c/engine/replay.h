/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h - what a slot does to a place in the log, to the dictionary and to a
 * memtable.
 *
 * The rules of the log, checked at every slot: numbers follow one another; a
 * batch carries the checksum of the slot before it; a batch's epoch is the
 * number of the last fence below it. A slot that breaks one is corrupt.
 */
#ifndef NDB_ENGINE_REPLAY_H
#define NDB_ENGINE_REPLAY_H

#include "engine/dict.h"
#include "engine/memtable.h"
#include "format/slot.h"

/* Everything below `next` has been taken in. */
struct ndb_place {
    uint64_t next;
    uint64_t epoch;           /* in force; 0: there was no writer yet */
    struct ndb_hash128 chain; /* checksum of slot next - 1 */
    struct ndb_nonce nonce;   /* of the writer in force, when known */
};

/*
 * Takes in the object of slot place->next. Rows go to the memtable under
 * version = its number. On failure (NAMIDB_ECORRUPT and the like, naming the
 * slot) the memtable is as it was.
 */
int ndb_replay_slot(struct ndb_place *place, struct ndb_slice object,
                    struct ndb_memtable *memtable, struct ndb_dict *dict,
                    namidb_error *err);

#endif
