/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packed_model.h - graph_model.h's graphs in packs alone, and their cache.
 */
#ifndef NDB_TEST_PACKED_MODEL_H
#define NDB_TEST_PACKED_MODEL_H

#include "graph_model.h"

/* A random graph. */
void packed_model_open(struct model *model, uint64_t seed, uint64_t cache_bytes,
                       int packs);
/* Three nodes; in each of four packs an edge from the first to each. */
void packed_model_open_small(struct model *model);

/* A graph of so many nodes with an edge in each of three packs, from node i to
 * i * 7 modulo that. */
enum { PACKED_WALKED = 4000 };
void packed_model_open_walked(struct model *model, uint64_t cache_bytes);

/* The snapshot of the layers now, sharing the packs of an older one. */
void packed_model_on_top(struct model *model, const struct ndb_snapshot *older,
                         struct ndb_snapshot *out);

namidb_cache_stats packed_model_stats(const struct model *model);

#endif
