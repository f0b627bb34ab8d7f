/* SPDX-License-Identifier: Apache-2.0 */
/*
 * degrees.h - how many edges of one type nodes have, and how many loops, where
 * all lists in packs are cached; read_hops.c is for the others.
 *
 * What packs say is kept as folds of numbers (cache/fold.h), so that it costs a
 * load a node, however many packs there are and in whatever order nodes come.
 * The batch that asks for the NDB_DEGREES_AFTER-th node of a block makes it
 * first: that costs about what these nodes did. What memtables know is added
 * node by node; a node of which they know what a pack may know as well is
 * counted by merging its lists.
 */
#ifndef NDB_ENGINE_DEGREES_H
#define NDB_ENGINE_DEGREES_H

#include "engine/hop_spans.h"

enum { NDB_DEGREES_AFTER = 32 };

/* Adds to counts[i] what node i of a batch has, NDB_FOLD_DEGREES or
 * NDB_FOLD_LOOPS, along edges of a type that is not NAMIDB_ANY. NAMIDB_OK,
 * NAMIDB_ENOMEM; NDB_GATHER_COLD: something is not cached. */
int ndb_degrees_add(const struct ndb_hop_batch *batch, enum ndb_fold_of of,
                    uint64_t *counts);

#endif
