/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.h - the adjacency cache: lists of several packs as one, and what is
 * counted in them.
 *
 * The edges of a type at the nodes of a table, one way, are a part in each of
 * several packs, and a hop has to look into all of them. Folded, they are one
 * list per node, in blocks of NDB_FOLD_OWNERS nodes: what a block shows is a
 * dense edge segment without tombstones, and with columns only where those were
 * asked for. Folds of numbers, of one pack or several, show one per node
 * instead, in as few bits as a block needs. A block is made on its own and
 * evicted on its own, by the cache's CLOCK within its budget; who makes one,
 * and when, is the engine's business.
 *
 * A fold belongs to the newest of its packs, and knows the others by number:
 * packs are immutable, so a fold is good for every snapshot that has just these
 * packs, and nothing ever has to be taken back. When a flush puts a pack on
 * top, the fold goes on to answer for the packs below.
 *
 * Any thread may call; blocks are looked at within a section.
 */
#ifndef NDB_CACHE_FOLD_H
#define NDB_CACHE_FOLD_H

#include "cache/segment_cache.h"

/* Nodes of a block. At ten edges from each it is made in about 0.1 ms. */
enum { NDB_FOLD_OWNERS = 1024 };

struct ndb_fold_block {
    struct ndb_cache_slot slot;
    atomic_uint asked;   /* how often, since it was last made */
    atomic_bool is_bare; /* the columns there are cannot be folded */
};

/* What a block has of each node. */
enum ndb_fold_of {
    NDB_FOLD_LISTS,   /* its edges: as.edge of the block */
    NDB_FOLD_DEGREES, /* how many there are: as.numbers, by node */
    NDB_FOLD_LOOPS    /* how many lead to itself: likewise */
};

/* Constant but for the blocks. */
struct ndb_fold {
    struct ndb_fold *next; /* of the same newest part: of other packs, or of
                              something else */
    enum ndb_fold_of of;
    uint64_t number;      /* unique, as that of a pack */
    uint64_t first_block; /* number of blocks[0]: sequence / NDB_FOLD_OWNERS */
    uint32_t block_count;
    uint32_t pack_count;
    uint64_t *packs; /* their numbers, newest first */
    /* By the directories: no edge of the type is in two of the packs, and of
     * those of the table none is said to be deleted. */
    bool is_apart;
    /* Edges from this number on are in no pack; UINT64_MAX: nobody knows. */
    uint64_t edges_end;
    struct ndb_fold_block blocks[];
};

/* A part that is folded. */
struct ndb_fold_source {
    const struct ndb_cache_pack *pack;
    const struct ndb_part *part;
};

/* The fold of these parts, newest first, as far as somebody made it. NULL:
 * there is none. */
struct ndb_fold *ndb_fold_find(enum ndb_fold_of of,
                               const struct ndb_fold_source *sources,
                               uint32_t count);
/* Makes it when there is none, without blocks. NULL: no memory, or so few edges
 * at nodes so far apart that it would not pay. */
struct ndb_fold *ndb_fold_make(struct ndb_segment_cache *cache,
                               enum ndb_fold_of of,
                               const struct ndb_fold_source *sources,
                               uint32_t count);

/* Whether a block has the columns of its edges, too. */
static inline bool ndb_fold_has_columns(const struct ndb_edge_segment *segment)
{
    return segment->columns.row_count == segment->edge_count;
}

/* The block of a sequence; NULL: no pack has edges there. */
static inline struct ndb_fold_block *ndb_fold_block_of(struct ndb_fold *fold,
                                                       uint64_t sequence)
{
    uint64_t index = sequence / NDB_FOLD_OWNERS - fold->first_block;

    return index < fold->block_count ? &fold->blocks[index] : NULL;
}

/* Whether two nodes are in the same block of a fold of their table. */
static inline bool ndb_fold_is_same_block(uint64_t a, uint64_t b)
{
    return NAMIDB_ID_TABLE(a) == NAMIDB_ID_TABLE(b) &&
           NAMIDB_ID_SEQUENCE(a) / NDB_FOLD_OWNERS ==
               NAMIDB_ID_SEQUENCE(b) / NDB_FOLD_OWNERS;
}

/* Shows a block that was made; it is the cache's then, and a list without
 * columns gives way to one that has them. When another thread was faster, there
 * is no memory, or it would take a quarter of the budget, it is freed. Within a
 * section or without. */
void ndb_fold_put(struct ndb_segment_cache *cache, struct ndb_fold *fold,
                  struct ndb_fold_block *block, struct ndb_segment *segment);

/* Drops what a block that was put has once more, as have those beside it:
 * segments of the fold's packs, and what is folded of the older ones alone.
 * Where a request is dear both stay as long as there is room. `sources`: as the
 * fold was made of. */
void ndb_fold_relieve(struct ndb_segment_cache *cache,
                      const struct ndb_fold *fold,
                      const struct ndb_fold_block *block,
                      const struct ndb_fold_source *sources);

/* Whether more than half of the budget is free. */
bool ndb_fold_has_room(const struct ndb_segment_cache *cache);

/* Frees the folds of a pack that goes. */
void ndb_folds_free(struct ndb_segment_cache *cache,
                    const struct ndb_cache_pack *pack);

#endif
