/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hop_any.h - hops along edges of any type, as hops along each type that there
 * is: so they use what is folded. All of it is cached; hop_spans.h.
 */
#ifndef NDB_ENGINE_HOP_ANY_H
#define NDB_ENGINE_HOP_ANY_H

#include "engine/hop_spans.h"

/* As ndb_hop_spans_read, for type NAMIDB_ANY. */
int ndb_hop_any_read(const struct ndb_hop_batch *batch, namidb_arena *arena,
                     struct ndb_hops *out);

/* As ndb_degrees_add, likewise. */
int ndb_hop_any_degrees(const struct ndb_hop_batch *batch, enum ndb_fold_of of,
                        uint64_t *counts);

#endif
