/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out_lists.h - what packs know of the edges that leave a node, where it
 * stands, with the properties: the list of a fold, or one of each pack; and
 * what memtables above all of them know. Only warm.
 */
#ifndef NDB_ENGINE_OUT_LISTS_H
#define NDB_ENGINE_OUT_LISTS_H

#include "engine/hop_fold.h"

enum { NDB_OUT_LISTS_MAX = 16 };

struct ndb_out_list {
    const struct ndb_edge_segment *segment;
    const char *path;        /* of its pack; "a fold" */
    uint32_t begin, at, end; /* from `at` on: edges that are not taken yet */
};

/* A local variable that must not be copied or moved. */
struct ndb_out_lists {
    struct ndb_gather gather;
    struct ndb_places places;
    struct ndb_hop_folds folds;
    struct ndb_hop_kind kind;
    struct ndb_out_list items[NDB_OUT_LISTS_MAX]; /* newest first */
    uint32_t count;
    uint64_t id; /* of the node that was asked for last */
    struct ndb_place_list *list;
    struct ndb_memtable_edges known; /* to memtables, at that node */
    namidb_error *err;
};

/* Edges of one type; what is found stays until end, which follows in any case.
 * NAMIDB_OK, NAMIDB_ENOMEM. */
int ndb_out_lists_begin(struct ndb_out_lists *lists,
                        const struct ndb_snapshot *snapshot, uint32_t type,
                        namidb_error *err);
/* What memtables know of the edges of a node: lists->known. NAMIDB_OK;
 * NAMIDB_NONE: they are to be read the long way; NAMIDB_ENOMEM. */
int ndb_out_lists_ask(struct ndb_out_lists *lists, uint64_t id);
/* Then the lists of packs: lists->items. As above, or NDB_GATHER_COLD,
 * NAMIDB_ECORRUPT. */
int ndb_out_lists_find(struct ndb_out_lists *lists);
/* What the newest memtable knows of an edge that leaves the node that was asked
 * for last. NAMIDB_OK, NAMIDB_NONE: nothing, NAMIDB_ENOMEM. */
int ndb_out_lists_known(const struct ndb_out_lists *lists, uint64_t id,
                        struct ndb_memtable_edge *out);
/* `rc`: how it went. */
void ndb_out_lists_end(struct ndb_out_lists *lists, int rc);

/* Fills *err for the status of pure code that looked at a list of a pack at
 * `path`; returns rc. */
int ndb_out_list_fail(const char *path, int rc, namidb_error *err);

#endif
