/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - the keys of a namespace.
 *
 *   log/<~slot, 16 hex>-<slot>
 *   manifest/<~version, 16 hex>-<version>
 *   pack/<ulid>
 *
 * The complement comes first, so that a LIST gives the newest first.
 */
#ifndef NDB_FORMAT_PATH_H
#define NDB_FORMAT_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define NDB_PATH_LOG "log/"
#define NDB_PATH_MANIFEST "manifest/"
#define NDB_PATH_PACK "pack/"

#define NDB_ULID_CHARS 26

struct ndb_path {
    char text[64];
};

/* Each fills *path and returns its text. */
const char *ndb_path_slot(struct ndb_path *path, uint64_t slot);
const char *ndb_path_manifest(struct ndb_path *path, uint64_t version);
const char *ndb_path_pack(struct ndb_path *path, const char *ulid);

/* The number in a key with that prefix; false when the key is none of ours
 * (wrong form, or the two halves disagree). */
bool ndb_path_number(const char *key, const char *prefix, uint64_t *number);

/* A ULID (time in ms, 80 random bits; Crockford base 32), NUL-terminated. */
void ndb_ulid_make(char out[NDB_ULID_CHARS + 1], int64_t time_ms,
                   const uint8_t random[10]);
bool ndb_ulid_is_valid(const char *text);

#endif
