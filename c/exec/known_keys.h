/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known_keys.h - the ids of keys that were looked up before, in bounded memory.
 *
 * For loads, whose edges name the same nodes again and again. A table of hashes
 * says where in one buffer a key stands, behind its id:
 *
 *   id u64, table u32, text bytes u16, kind u8, 0 u8, the text (or the integer,
 *   8 bytes), zeros up to a multiple of 8
 *
 * Best effort: of two keys with one hash the first stays; without memory
 * nothing is added; when the bound is reached all are forgotten, because what
 * was added first is no worse a guess than any other. Whether a node still
 * lives its owner asks. Not thread safe.
 */
#ifndef NDB_EXEC_KNOWN_KEYS_H
#define NDB_EXEC_KNOWN_KEYS_H

#include "base/table.h"
#include "engine/read.h"
#include "namidb_rows.h"

struct ndb_known_keys {
    struct ndb_table places; /* hash of (table, key) -> place / 8 */
    uint8_t *bytes;
    size_t used, capacity;
};

#define NDB_KNOWN_KEYS_INIT                                                    \
    ((struct ndb_known_keys){ NDB_TABLE_INIT, NULL, 0, 0 })

void ndb_known_keys_release(struct ndb_known_keys *known);

/* What it holds; half as much again while it grows. */
size_t ndb_known_keys_bytes(const struct ndb_known_keys *known);

/* The ids of keys in a table, 0: not known, or it can be no key. */
void ndb_known_keys_find(const struct ndb_known_keys *known, uint32_t table,
                         namidb_values keys, size_t count, uint64_t *ids);

/* Adds keys that were found, with their ids; those that were not are left out.
 */
void ndb_known_keys_add(struct ndb_known_keys *known,
                        const struct ndb_key_probe *found, size_t count,
                        size_t bytes_max);

#endif
