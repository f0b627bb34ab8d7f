/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge_list.h - the pieces of a node's edges over all layers.
 *
 * A piece is a sorted stretch of one type in one layer: part of a segment of a
 * pack, or what a memtable knows. A list that spans segments is several pieces
 * of one layer. Two steps, as everything that reads (gather.h): plan, and,
 * after ndb_gather_fetch, settle.
 */
#ifndef NDB_ENGINE_EDGE_LIST_H
#define NDB_ENGINE_EDGE_LIST_H

#include "engine/gather.h"
#include "engine/read.h"

/* An edge of a list. */
struct ndb_hop_edge {
    uint64_t neighbour;
    uint64_t edge;
};

/* Ids are below 2^53, so that an edge's tombstone is a bit of its id. */
#define NDB_EDGE_DELETED (UINT64_C(1) << 63)

struct ndb_edge_piece {
    uint32_t type;
    uint32_t layer;                         /* 0 is the newest */
    const struct ndb_edge_segment *segment; /* NULL: in a memtable */
    const struct ndb_hop_edge *edges;       /* a memtable's, or NULL; deleted
                                               ones are marked */
    struct ndb_ref ref;                     /* whose segment it is */
    uint32_t begin, end;                    /* in segment or edges */
};

struct ndb_edge_pieces {
    struct ndb_edge_piece *items; /* in scratch of the gather */
    uint32_t count, capacity;
};
#define NDB_EDGE_PIECES_INIT ((struct ndb_edge_pieces){ NULL, 0, 0 })

/* Whose edges. */
struct ndb_edge_owner {
    uint64_t id;
    uint32_t type;                   /* 0: all */
    enum namidb_direction direction; /* OUT or IN */
};

/* Appends the pieces of an owner in the pack layers before `layer_end`, begin
 * and end not yet set, by (layer, type). NAMIDB_OK, NAMIDB_ENOMEM. */
int ndb_edge_list_plan(struct ndb_gather *gather,
                       const struct ndb_edge_owner *owner, uint32_t layer_end,
                       struct ndb_edge_pieces *pieces);

/* Appends the pieces of an owner in the memtable of a layer: complete at once.
 * `spare` is used up and kept for the next call. */
int ndb_edge_list_memtable(struct ndb_gather *gather, uint32_t layer,
                           const struct ndb_edge_owner *owner,
                           struct ndb_memtable_edges *spare,
                           struct ndb_edge_pieces *pieces);

/* A memtable's piece as a segment of one list, in the arena. NULL: no memory.
 */
const struct ndb_edge_segment *
ndb_edge_piece_segment(namidb_arena *arena, const struct ndb_edge_piece *piece);

/* One list of a segment that is not packed as a segment of its own, without
 * columns, in the arena. NAMIDB_OK, NAMIDB_ECORRUPT, NAMIDB_ENOMEM. */
int ndb_edge_list_alone(namidb_arena *arena,
                        const struct ndb_edge_segment *segment, uint32_t begin,
                        uint32_t end, const struct ndb_edge_segment **out);

/* Finds begin and end of an owner's pieces in packs, once they are fetched.
 * Pieces that turn out not to hold it are empty. */
void ndb_edge_list_settle(const struct ndb_gather *gather, uint64_t id,
                          struct ndb_edge_piece *pieces, uint32_t count);

/* Reads a living edge as a memtable has it; all memory is the arena's. */
int ndb_edge_known_read(const struct ndb_memtable_edge *known,
                        namidb_arena *arena, namidb_edge *out,
                        namidb_error *err);

#endif
