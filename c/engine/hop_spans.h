/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hop_spans.h - hops along edges of one type, of whose lists in packs all are
 * cached: the usual case. read_hops.c is for the others.
 */
#ifndef NDB_ENGINE_HOP_SPANS_H
#define NDB_ENGINE_HOP_SPANS_H

#include "engine/hop_fold.h"

/* Nodes whose edges are read. */
struct ndb_hop_batch {
    const struct ndb_snapshot *snapshot;
    const uint64_t *ids;
    size_t count;
    struct ndb_hop_kind kind;
    bool is_again; /* something was not cached and now is: no fold is asked for
                      a second time */
    namidb_error *err;
};

/* As ndb_read_hops, for one type; NDB_GATHER_COLD: something is not cached. */
int ndb_hop_spans_read(const struct ndb_hop_batch *batch, namidb_arena *arena,
                       struct ndb_hops *out);

/* As ndb_read_degrees, likewise, but adds to degrees. */
int ndb_hop_spans_degrees(const struct ndb_hop_batch *batch, uint64_t *degrees);

/* The hops within the section of a warm gather, that of `places`, and with the
 * folds that the caller keeps account of. */
int ndb_hop_spans_take(struct ndb_places *places, struct ndb_hop_folds *folds,
                       const uint64_t *ids, size_t count,
                       const struct ndb_hop_kind *kind, namidb_arena *arena,
                       struct ndb_hops *out, namidb_error *err);

/* Room for so many edges at `count` nodes, in the arena. NAMIDB_OK,
 * NAMIDB_ELIMIT, NAMIDB_ENOMEM. */
int ndb_hops_allocate(size_t count, uint64_t edges, bool with_edges,
                      namidb_arena *arena, struct ndb_hops *out,
                      namidb_error *err);

#endif
