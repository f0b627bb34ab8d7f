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

/* A read of a batch, within a section. A local variable that must not be copied
 * or moved. */
struct ndb_hop_read {
    const struct ndb_hop_batch *batch;
    struct ndb_gather gather;
    struct ndb_places places;
    struct ndb_hop_folds folds;
};

/* NAMIDB_OK, and end follows, or NAMIDB_ENOMEM. */
int ndb_hop_read_begin(struct ndb_hop_read *read,
                       const struct ndb_hop_batch *batch);
/* `rc`: how it went. */
void ndb_hop_read_end(struct ndb_hop_read *read, int rc);

/* As ndb_read_hops, for one type; NDB_GATHER_COLD: something is not cached. */
int ndb_hop_spans_read(const struct ndb_hop_batch *batch, namidb_arena *arena,
                       struct ndb_hops *out);

/* The hops within the section of a warm gather, that of `places`, and with the
 * folds that the caller keeps account of. */
int ndb_hop_spans_take(struct ndb_places *places, struct ndb_hop_folds *folds,
                       const uint64_t *ids, size_t count,
                       const struct ndb_hop_kind *kind, namidb_arena *arena,
                       struct ndb_hops *out, namidb_error *err);

/* The same, but adds how many edges there are to counts. */
int ndb_hop_spans_count(struct ndb_places *places, struct ndb_hop_folds *folds,
                        const uint64_t *ids, size_t count,
                        const struct ndb_hop_kind *kind, uint64_t *counts,
                        namidb_error *err);

/* Room for so many edges at `count` nodes, in the arena. NAMIDB_OK,
 * NAMIDB_ELIMIT, NAMIDB_ENOMEM. */
int ndb_hops_allocate(size_t count, uint64_t edges, bool with_edges,
                      namidb_arena *arena, struct ndb_hops *out,
                      namidb_error *err);

#endif
