/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hop_any.h - hops along edges of any type, as hops along each type that there
 * is: so they use what is folded. All of it is cached; hop_spans.h.
 */
#ifndef NDB_ENGINE_HOP_ANY_H
#define NDB_ENGINE_HOP_ANY_H

#include "engine/read.h"

/* As ndb_hop_spans_read, for type NAMIDB_ANY. */
int ndb_hop_any_read(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, const struct ndb_hop_kind *kind,
                     namidb_arena *arena, struct ndb_hops *out,
                     namidb_error *err);

/* As ndb_hop_spans_degrees, likewise. */
int ndb_hop_any_degrees(const struct ndb_snapshot *snapshot,
                        const uint64_t *ids, size_t count,
                        const struct ndb_hop_kind *kind, uint64_t *degrees,
                        namidb_error *err);

#endif
