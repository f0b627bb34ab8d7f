/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hop_fold.h - which folds (cache/fold.h) hops use, and when one is made.
 *
 * A block is made by the hop that asks for it the NDB_FOLD_AFTER-th time,
 * after it has its answer: making one takes as long as some hundred hops
 * without it, so it is paid for when it is there. At most one block is made
 * that way per batch, so no hop waits long. Nodes of one block in a row ask
 * once.
 *
 * NDB_FOLD_WALK of them or more in a batch are of a walk over the whole graph.
 * It may never come back, but the second one makes the block, before its
 * answer, which is then taken from there: that costs a tenth to a third more,
 * once, where 20 packs have edges of each node. It makes none when half of the
 * cache is in use, as what is warm would have to leave for it.
 *
 * A block is made without the properties of its edges, and anew with them by
 * the NDB_FOLD_AFTER-th read that wants them.
 */
#ifndef NDB_ENGINE_HOP_FOLD_H
#define NDB_ENGINE_HOP_FOLD_H

#include "engine/places.h"
#include "engine/read.h"
#include "format/columns_gather.h"

enum { NDB_FOLD_AFTER = 32, NDB_FOLD_WALK = 256 };

/* The folds that a batch used. */
struct ndb_hop_folds {
    bool is_making;              /* a block: of packs alone, asks for none */
    bool with_columns;           /* blocks without are no good */
    bool is_again;               /* blocks were asked for already */
    struct ndb_column_row *rows; /* of the edges taken; made when a block is
                                    made with columns */
    struct ndb_fold_block *last; /* that was asked for */
    struct ndb_fold *due;        /* NULL: no block is */
    struct ndb_fold_block *due_block;
    uint32_t due_table;
    uint64_t hits, misses;
};
#define NDB_HOP_FOLDS_INIT(is_making, with_columns)                            \
    ((struct ndb_hop_folds){ (is_making), (with_columns), false, NULL, NULL,   \
                             NULL, NULL, 0, 0, 0 })

/* Finds the folds of a list; the one over all its packs is made when there is
 * none. NAMIDB_OK, NAMIDB_ENOMEM. */
int ndb_hop_folds_find(struct ndb_places *places, struct ndb_place_list *list);

/* The list of a node in the fold over list->items[index], a pack, and what is
 * behind.
 * NAMIDB_OK; NAMIDB_NONE: look into the pack; *segment NULL: no edges. */
int ndb_hop_folds_look(struct ndb_hop_folds *folds, struct ndb_place_list *list,
                       uint32_t index, uint64_t sequence,
                       const struct ndb_edge_segment **segment);

/* Tells that a batch asks for NDB_FOLD_WALK nodes or more of the block of `id`,
 * which is made if it is time; a lack of memory is no failure. */
void ndb_hop_folds_walk(struct ndb_hop_folds *folds, struct ndb_places *places,
                        const struct ndb_hop_kind *kind,
                        struct ndb_place_list *list, uint64_t id);

/* Makes the block that is due, if any, from what is cached; when something is
 * not, or memory is short, there just is none. Within the section of
 * places->gather. */
void ndb_hop_folds_make(struct ndb_hop_folds *folds, struct ndb_places *places,
                        const struct ndb_hop_kind *kind);

#endif
