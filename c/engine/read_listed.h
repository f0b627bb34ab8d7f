/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_listed.h - edges of one type whose ends are known, as those that a hop
 * gave: the usual case. read_edges.c is for the others.
 */
#ifndef NDB_ENGINE_READ_LISTED_H
#define NDB_ENGINE_READ_LISTED_H

#include "engine/read.h"

/* As ndb_read_edges and ndb_read_edge_property. NAMIDB_NONE: they are to be
 * read the long way; NDB_GATHER_COLD: something is not cached. */
int ndb_read_listed(const struct ndb_snapshot *snapshot,
                    const struct ndb_edge_probe *probes, size_t count,
                    namidb_arena *arena, namidb_edge *out, namidb_error *err);
int ndb_read_listed_property(const struct ndb_snapshot *snapshot,
                             const struct ndb_edge_probe *probes, size_t count,
                             uint32_t name, namidb_arena *arena,
                             struct ndb_property_column *out,
                             namidb_error *err);

#endif
