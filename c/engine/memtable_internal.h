/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memtable_internal.h - the structure behind memtable.h, for its own files.
 */
#ifndef NDB_ENGINE_MEMTABLE_INTERNAL_H
#define NDB_ENGINE_MEMTABLE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/id_map.h"
#include "engine/memtable.h"
#include "format/edge_block.h"

#define NDB_NO_ENTRY NDB_TABLE_NONE

/* An image. `row` has NULL data when the row was deleted. */
struct ndb_image {
    struct ndb_image *older;
    uint64_t version;
    struct ndb_slice row;
};

struct ndb_node_entry {
    uint64_t id;
    struct ndb_image *newest; /* NULL: rolled back, unlinked */
    uint64_t key_hash;        /* of (table, key); 0: no key */
    uint32_t next_key;        /* entry with the same key hash */
    uint32_t next_in_lane;
};

struct ndb_edge_entry {
    uint64_t id, from, to;
    struct ndb_image *newest; /* NULL: rolled back, unlinked */
    uint32_t next_out;        /* entry with the same source */
    uint32_t next_in;         /* entry with the same target */
    uint32_t next_in_lane;
    bool is_at_ends; /* it is in the two lists of its ends */
};

/* Edges that came as a block; the first `made` of them have entries. */
struct ndb_held_block {
    uint64_t version;
    struct ndb_edge_block edges; /* of the arena */
    uint32_t made;
};

/* All rows of a node table, or of a type. */
struct ndb_lane {
    uint32_t number;
    uint32_t head;
    uint32_t count; /* of entries */
    uint32_t held;  /* edges of blocks that have no entries yet */
    uint64_t first_version;
    bool is_edge;
};

enum ndb_change_kind {
    NDB_CHANGE_NODE,
    NDB_CHANGE_EDGE,
    NDB_CHANGE_EDGES,
    NDB_CHANGE_LABEL,
    NDB_CHANGE_SCHEMA
};

struct ndb_change {
    uint64_t version;
    uint32_t number; /* entry, or block, or label, or schema change */
    uint8_t kind;    /* enum ndb_change_kind */
    int8_t delta;    /* of live rows of the table, type or label; of EDGES
                        each one's */
};

/* A declaration that came or went. */
struct ndb_schema_change {
    uint64_t version;
    bool is_new;
    namidb_schema_item item; /* only the number, when it went */
};

struct ndb_memtable_index;

/* A label that nodes of other tables carry. */
struct ndb_foreign_label {
    uint32_t label;
    uint64_t version; /* first one that does */
};

struct ndb_memtable {
    atomic_uint refs;
    pthread_rwlock_t lock;

    /* Under lock. */
    namidb_arena arena; /* images, rows */
    struct ndb_node_entry *nodes;
    uint32_t node_count, node_capacity;
    struct ndb_edge_entry *edges;
    uint32_t edge_count, edge_capacity;
    struct ndb_held_block *blocks; /* as they came; memtable_blocks.c */
    uint32_t block_count, block_capacity;
    uint32_t made_blocks; /* the first ones, whose edges all have entries */
    size_t held_edges;    /* that have none */
    struct ndb_lane *lanes;
    uint32_t lane_count, lane_capacity;
    uint32_t last_lane; /* changed last */
    struct ndb_change *journal;
    size_t journal_count, journal_capacity; /* count: atomic */
    struct ndb_foreign_label *foreign;
    uint32_t foreign_count, foreign_capacity;
    struct ndb_schema_change *schema; /* in order */
    uint32_t schema_count, schema_capacity;
    struct ndb_memtable_index *indexes; /* memtable_index.c; newest first */

    /* What the first changes of the journal add up to. Under lock, and under
     * stats_lock while that is held for reading. */
    pthread_mutex_t stats_lock;
    size_t stats_at;
    struct ndb_stat_deltas stats, hop_stats;

    struct ndb_id_map node_numbers; /* id -> nodes */
    struct ndb_id_map edge_numbers; /* id -> edges */
    /* Node id -> the newest of edges that comes from it, and, second, the
     * newest that goes to it. Of the first changes of the journal: the others
     * wait until somebody asks for the edges of a node, which after a load is
     * mostly never. */
    struct ndb_table ends;
    size_t ends_at;
    struct ndb_table key_numbers;  /* key hash -> newest of nodes */
    struct ndb_table lane_numbers; /* number * 2 + is_edge + 1 -> lanes */
};

/* For a journal that became shorter than what was added up. */
void ndb_memtable_forget_stats(struct ndb_memtable *m);
/* memtable.c: room for `count` more lines of the journal, and a line. */
int ndb_memtable_reserve_journal(struct ndb_memtable *m, size_t count);
void ndb_memtable_journal(struct ndb_memtable *m, uint64_t version,
                          enum ndb_change_kind kind, uint32_t number,
                          int delta);

/* memtable.c: room in an array; for so many more edges. NAMIDB_OK or
 * NAMIDB_ENOMEM. */
int ndb_memtable_grow(void **items, uint32_t count, uint32_t *capacity,
                      size_t size);
int ndb_memtable_reserve_edges(struct ndb_memtable *m, size_t count);
/* Under lock, without the journal: a new image of the edge that a record is
 * about, and back. *number is its entry. */
int ndb_memtable_add_edge(struct ndb_memtable *m,
                          const struct ndb_record *record,
                          struct ndb_image *image, uint32_t *number);
void ndb_memtable_take_back_edge(struct ndb_memtable *m, uint32_t number);

/* memtable_lanes.c, under lock: rows by table or type. Room for one more lane;
 * an entry comes to the head of its lane, in front of the one that is returned,
 * and goes; edges of a block come without entries, and go or get them. */
int ndb_lane_reserve(struct ndb_memtable *m, uint32_t number, bool is_edge);
/* NULL: there is none. */
const struct ndb_lane *ndb_lane_find(const struct ndb_memtable *m,
                                     uint32_t number, bool is_edge);
uint32_t ndb_lane_push(struct ndb_memtable *m, uint32_t number, bool is_edge,
                       uint64_t version, uint32_t entry);
void ndb_lane_pop(struct ndb_memtable *m, uint32_t number, bool is_edge,
                  uint32_t next);
void ndb_lane_hold(struct ndb_memtable *m, uint32_t type, uint64_t version,
                   uint32_t count);
void ndb_lane_let_go(struct ndb_memtable *m, uint32_t type, uint32_t count);

static inline bool ndb_lane_is_empty(const struct ndb_lane *lane)
{
    return lane->head == NDB_NO_ENTRY && lane->held == 0;
}

/* memtable_blocks.c, under lock: an EDGES record, and a block of other memory.
 * NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ECORRUPT. */
int ndb_memtable_apply_block(struct ndb_memtable *m, uint64_t version,
                             const struct ndb_record *record);
int ndb_memtable_copy_block(struct ndb_memtable *m, uint64_t version,
                            const struct ndb_edge_block *edges);
/* Makes entries of all edges that have none. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_memtable_make_entries(struct ndb_memtable *m);
/* Locks for reading, also after a failure, with entries of all edges that
 * whoever asks may see. */
int ndb_memtable_lock_made(struct ndb_memtable *m);
/* Takes the newest block back. */
void ndb_memtable_take_back_block(struct ndb_memtable *m);
/* Appends the edges of a type without entries, ascending by id but for ids that
 * were given back. Room was reserved. */
void ndb_memtable_held_edges_of(const struct ndb_memtable *m, uint32_t type,
                                uint64_t version,
                                struct ndb_memtable_edges *out);

/* memtable_ends.c: puts the edges that wait into the lists of their ends.
 * NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_memtable_link_ends(struct ndb_memtable *m);
/* Under lock: takes an edge that is rolled back out of them. */
void ndb_memtable_unlink_ends(struct ndb_memtable *m,
                              struct ndb_edge_entry *entry);

/* memtable_schema.c: a SCHEMA record; a change of another memtable. */
int ndb_memtable_apply_schema(struct ndb_memtable *m, uint64_t version,
                              const struct ndb_record *record);
int ndb_memtable_add_schema(struct ndb_memtable *m,
                            const struct ndb_schema_change *change);

/* memtable_index.c: adds what a NODE or EDGE record brings to the indexes that
 * are there. NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ECORRUPT. */
int ndb_memtable_index_record(struct ndb_memtable *m,
                              const struct ndb_record *record);
void ndb_memtable_index_free(struct ndb_memtable *m);

/* The newest image that `version` may see; NULL: none. */
static inline const struct ndb_image *
ndb_image_at(const struct ndb_image *image, uint64_t version)
{
    while (image != NULL && image->version > version)
        image = image->older;
    return image;
}

/* The hash under which a key of a table is listed; never 0. */
static inline uint64_t ndb_lane_key(uint32_t table, uint64_t key_hash)
{
    return (key_hash ^ ndb_hash_integer(table + 1)) | 1;
}

static inline uint64_t ndb_lane_number(uint32_t number, bool is_edge)
{
    return (uint64_t)number * 2 + is_edge + 1;
}

#endif
