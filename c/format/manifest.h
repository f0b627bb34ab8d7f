/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - a version of the tree, as JSON.
 *
 * An object of one line per top-level member, the last of which is
 * "checksum": XXH3-128 (32 hex) of every byte before that line. Numbers above
 * 2^53 never occur (ids are below it), hashes are hex, directories base64.
 *
 * The object's size tells the floor: it is padded until size mod
 * NDB_MANIFEST_SIZE_MODULUS = floor mod it. So whoever has listed the manifest
 * and the newest slots knows which slots to read without having read the
 * manifest, and opening takes two rounds. A hint: the floor inside decides.
 *
 * The struct is plain data owned by one arena: decode fills it, release frees
 * it at once. An edit builds a new one with the old one's arrays shared by
 * copying; nothing is changed in place after encoding.
 */
#ifndef NDB_FORMAT_MANIFEST_H
#define NDB_FORMAT_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "format/degree_stats.h"
#include "format/path.h"
#include "format/property_stats.h"

#define NDB_MANIFEST_SIZE_MODULUS 1024u

struct ndb_manifest_name {
    const char *text;
    uint32_t bytes;
};

/* A counter of a table: label number for nodes, type number for edges. */
struct ndb_manifest_table {
    uint32_t table;
    uint64_t next_sequence; /* that nobody has used, >= 1 */
    uint64_t count;         /* live rows of the table */
};

/* Live nodes that have a label (as first or as further label). */
struct ndb_manifest_label {
    uint32_t label;
    uint64_t count;
};

struct ndb_manifest_pack {
    char ulid[NDB_ULID_CHARS + 1];
    uint64_t bytes;
    uint32_t level;
    uint64_t rows;              /* over all parts */
    uint64_t tombstones;        /* of those */
    int64_t created_ms;         /* the store's clock */
    struct ndb_slice directory; /* empty: read it from the pack */
    uint32_t directory_bytes;   /* its size at the pack's end, with the tail */
    /* Indexes that have an entry, in this pack or another one of the manifest,
     * for each row of it. */
    uint32_t *indexes;
    uint32_t index_count;
    bool is_index; /* holds nothing but such entries, of rows of others */
};

struct ndb_manifest {
    uint64_t version;         /* from 1 */
    uint64_t floor;           /* first slot that is not in the packs, >= 1 */
    uint64_t epoch;           /* in force below the floor; 0: no writer yet */
    struct ndb_hash128 chain; /* checksum of slot floor - 1; zeros: none, or a
                                 fence that nobody read */
    int64_t created_ms;       /* the store's clock, 0 when not known */
    char author[33];          /* nonce of the handle that made it, hex */
    char probed[128];         /* host whose conditional writes were proved */

    /* Dictionary: names[kind][number - 1]. */
    struct ndb_manifest_name *names[NAMIDB_NAME_KIND_COUNT];
    uint32_t name_count[NAMIDB_NAME_KIND_COUNT];

    /* Statistics, by number. */
    struct ndb_manifest_table *node_tables;
    uint32_t node_table_count;
    struct ndb_manifest_table *edge_tables;
    uint32_t edge_table_count;
    struct ndb_manifest_label *labels;
    uint32_t label_count;
    struct ndb_property_stats properties;
    struct ndb_degree_stats degrees;

    /* Indexes and constraints, by number. */
    namidb_schema_item *schema;
    uint32_t schema_count;
    uint32_t schema_next; /* number that was never given, >= 1 */

    struct ndb_manifest_pack *packs; /* newest first */
    uint32_t pack_count;
};

/* Appends the object. NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT. */
int ndb_manifest_encode(struct ndb_buf *out, const struct ndb_manifest *body);

/* Verifies, decodes and checks every rule of a manifest (ascending numbers, no
 * duplicates, names within limits, ulids valid, counts within bounds). Unknown
 * members are corrupt. NAMIDB_OK, NAMIDB_ECORRUPT (also: not `version`),
 * NAMIDB_EUNSUPPORTED, NAMIDB_ENOMEM. All memory is the arena's. */
int ndb_manifest_decode(struct ndb_slice object, uint64_t version,
                        namidb_arena *arena, struct ndb_manifest *out);

#endif
