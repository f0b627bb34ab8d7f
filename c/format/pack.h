/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - a pack as a whole: parts, directory, tail.
 *
 *   pack      := segment*, directory, tail
 *   segment   := kind u8, codec u8, 0 u16, raw bytes u32, stored bytes, then
 *                XXH3-64 of all before it
 *   directory := zstd of: part count, then per part kind, type, table, rows,
 *                tombstones, twice the number of its labels (+ 1: some row has
 *                not the table's), labels, segment count, and per segment its
 *                bytes and its first and last key as deltas, and of an index
 *                part its fence, a string; segments stand in this order without
 *                gaps, so no offset is written
 *   tail (fixed) := directory bytes stored u32, raw u32, magic "NAMIDBPK",
 *                format u32, XXH3-128 of directory and the tail before it
 *
 * A part is one sorted run of one kind. The writer takes parts in ascending
 * order of (kind, type, table); rows within one ascending by their first key.
 * An index part has the low bits of its index's number as type and the others
 * as table, and its segments have fences in place of keys: the shortest bytes
 * that are above the last key before the segment (if that is not its own first
 * key) and not above its first.
 * What is inside a segment is the business of segment.h.
 */
#ifndef NDB_FORMAT_PACK_H
#define NDB_FORMAT_PACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "format/degree_stats.h"
#include "format/property_stats.h"
#include "namidb.h"

enum ndb_part_kind {
    NDB_PART_NODE = 1, /* table: rows by sequence */
    NDB_PART_OUT,      /* type, table of sources: by source sequence */
    NDB_PART_IN,       /* type, table of targets: by target sequence */
    NDB_PART_EDGE_ID,  /* type: edge sequence -> source id */
    NDB_PART_KEY,      /* table: key hash -> sequence */
    NDB_PART_INDEX,    /* number of an index: (key, id), see index_key.h */
    NDB_PART_FILTER,   /* table: one segment, a Bloom filter of the hashes */
    NDB_PART_ZONE,     /* table: one segment, what its node groups hold */
    NDB_PART_INDEX_FILTER, /* number of an index: one segment, a Bloom filter of
                              its keys' hashes; not if the index has but one
                              segment, or more keys than a filter may have */
    NDB_PART_KIND_COUNT
};

struct ndb_segment_entry {
    uint64_t offset;        /* in the pack */
    uint32_t bytes;         /* stored, header and checksum included */
    uint64_t first;         /* first sequence, or hash, in it */
    uint64_t last;          /* last one; a list that spans segments repeats */
    struct ndb_slice fence; /* NDB_PART_INDEX */
};

/* One entry of an index: a node, or an edge and its ends. */
struct ndb_index_entry {
    struct ndb_slice key;
    uint64_t id;
    uint64_t from, to; /* of an edge; 0: a node */
};

/* < 0, 0, > 0 by (key, id). */
int ndb_index_entry_compare(const struct ndb_index_entry *a,
                            const struct ndb_index_entry *b);

struct ndb_part {
    enum ndb_part_kind kind;
    uint32_t type;
    uint32_t table;
    uint64_t rows; /* tombstones included */
    uint64_t tombstones;
    const struct ndb_segment_entry *segments;
    uint32_t segment_count;
    uint32_t first_segment; /* number of segments[0] in the whole pack */
    uint64_t first, last;   /* of its keys */
    uint64_t pace;          /* segments for a key, times 2^64: see
                               ndb_part_guess */
    const uint32_t *labels; /* NDB_PART_NODE: labels other than the table's
                               that any row has, ascending */
    uint32_t label_count;
    bool has_bare; /* NDB_PART_NODE: some row has not the table's label */
};

/* The directory, decoded; all memory is an arena's. */
struct ndb_directory {
    const struct ndb_part *parts; /* by (kind, type, table) */
    uint32_t part_count;
    uint32_t segment_count;
};

enum { NDB_PACK_TAIL_BYTES = 36 };

/* `stored` is directory and tail, as at the end of the pack (and, when small,
 * in the manifest). NAMIDB_OK, NAMIDB_ECORRUPT, NAMIDB_EUNSUPPORTED (whole, and
 * of another format), NAMIDB_ENOMEM. `pack_bytes` bounds the offsets. */
int ndb_directory_decode(struct ndb_slice stored, uint64_t pack_bytes,
                         namidb_arena *arena, struct ndb_directory *out);

/* Size of directory and tail, from the last NDB_PACK_TAIL_BYTES of a pack, of
 * whatever format: the checksum, which covers its number, is not looked at. */
int ndb_directory_bytes(struct ndb_slice tail, uint32_t *bytes);

/* NULL when the pack has no such part. */
const struct ndb_part *ndb_directory_find(const struct ndb_directory *directory,
                                          enum ndb_part_kind kind,
                                          uint32_t type, uint32_t table);

/* The parts of one kind, by (type, table): the first, and how many. */
const struct ndb_part *ndb_directory_kind(const struct ndb_directory *directory,
                                          enum ndb_part_kind kind,
                                          uint32_t *count);

__extension__ typedef unsigned __int128 ndb_wide;

/* Where the segment of a key would be if keys were spread evenly, as ids and
 * hashes are. */
static inline uint32_t ndb_part_guess(const struct ndb_part *part, uint64_t key)
{
    uint64_t at = (uint64_t)((ndb_wide)(key - part->first) * part->pace >> 64);

    return at < part->segment_count ? (uint32_t)at : part->segment_count - 1;
}

/* The segments of a part that can hold `key` (sequence or hash): first index
 * and count; more than one when a list spans segments or hashes tie. */
uint32_t ndb_part_find(const struct ndb_part *part, uint64_t key,
                       uint32_t *count);
/* The same, looking first at the segment *near, which is then what was found:
 * for keys that mostly follow one another. *near is 0 at first. */
uint32_t ndb_part_find_near(const struct ndb_part *part, uint64_t key,
                            uint32_t *near, uint32_t *count);

/* The part of an index; NULL when the pack has none. */
const struct ndb_part *ndb_directory_index(const struct ndb_directory *dir,
                                           uint32_t number);
/* Its filter, likewise. */
const struct ndb_part *
ndb_directory_index_filter(const struct ndb_directory *dir, uint32_t number);
/* The first segment of an index part that can hold `key` or what is behind it.
 */
uint32_t ndb_part_find_key(const struct ndb_part *part, struct ndb_slice key);

/*
 * The writer. Builds the whole object in memory. Every add function returns
 * NAMIDB_OK, NAMIDB_ENOMEM or NAMIDB_ELIMIT; after a failure only free may be
 * called.
 */
struct ndb_pack_writer;

int ndb_pack_writer_new(struct ndb_pack_writer **writer);
void ndb_pack_writer_free(struct ndb_pack_writer *writer);

/* Begins a part; the one before it ends. */
int ndb_pack_writer_part(struct ndb_pack_writer *writer,
                         enum ndb_part_kind kind, uint32_t type,
                         uint32_t table);
/* NDB_PART_NODE: `node` NULL is a tombstone of `sequence`. */
int ndb_pack_writer_node(struct ndb_pack_writer *writer, uint64_t sequence,
                         const namidb_node *node);

/* One edge as it stands in a list. */
struct ndb_pack_edge {
    uint64_t owner;     /* sequence of the source (OUT) or target (IN) */
    uint64_t neighbour; /* id of the other end */
    uint64_t sequence;  /* of the edge */
    bool is_deleted;
};
/* NDB_PART_OUT (with props), NDB_PART_IN (without): by (owner, neighbour,
 * sequence). */
int ndb_pack_writer_edge(struct ndb_pack_writer *writer,
                         const struct ndb_pack_edge *edge,
                         const namidb_property *props, uint32_t prop_count);
/* NDB_PART_EDGE_ID: by edge sequence. */
int ndb_pack_writer_edge_id(struct ndb_pack_writer *writer, uint64_t sequence,
                            uint64_t source);
/* NDB_PART_KEY: by (hash, sequence). The filter is made from them. */
int ndb_pack_writer_key(struct ndb_pack_writer *writer, uint64_t hash,
                        uint64_t sequence);

/* Begins the part of an index. */
int ndb_pack_writer_index_part(struct ndb_pack_writer *writer, uint32_t number);
/* NDB_PART_INDEX: by (key, id); an entry has ends if and only if the others of
 * the part do. */
int ndb_pack_writer_index(struct ndb_pack_writer *writer,
                          const struct ndb_index_entry *entry);

struct ndb_pack_summary {
    uint64_t rows, tombstones;
    struct ndb_property_stats properties; /* the writer's */
    struct ndb_degree_stats degrees;      /* likewise */
    uint32_t directory_bytes; /* directory and tail, at the end of the object */
};

/* Ends the object; *object is valid until the writer is freed. */
int ndb_pack_writer_finish(struct ndb_pack_writer *writer,
                           struct ndb_slice *object,
                           struct ndb_pack_summary *summary);

#endif
