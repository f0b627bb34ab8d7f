/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hops are read where their lists stand: hop_spans.c, hop_any.c. When some of
 * what they need is not cached, all of it is fetched here in one round, and
 * while it is pinned they are read as ever.
 */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "engine/degrees.h"
#include "engine/edge_list.h"
#include "engine/hop_any.h"
#include "engine/hop_spans.h"

/* Notes the segments of all nodes. */
static int want_lists(const struct ndb_hop_batch *batch,
                      struct ndb_gather *gather)
{
    struct ndb_edge_owner owner = { 0, batch->kind.type,
                                    batch->kind.direction };
    struct ndb_edge_pieces pieces = NDB_EDGE_PIECES_INIT;

    for (size_t i = 0; i < batch->count; i++) {
        owner.id = batch->ids[i];
        pieces.count = 0;
        if (ndb_edge_list_plan(gather, &owner, gather->layer_count, &pieces) <
            0)
            return ndb_fail_memory(batch->err);
    }
    return NAMIDB_OK;
}

/* Why what is pinned cannot be read: the first list that does not decode. */
static int find_fault(const struct ndb_gather *gather, namidb_error *err)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < gather->count && rc >= 0; i++) {
        const struct ndb_ref ref = { NULL, i };

        rc = ndb_edge_lists_need(&ndb_gather_segment(gather, &ref)->as.edge);
        if (rc < 0)
            rc = ndb_gather_fail(gather, &ref, rc, err);
    }
    assert(rc < 0);
    return rc;
}

/* What reads warm, and where to. */
typedef int read_warm(const struct ndb_hop_batch *batch, void *out);

static int read_hop(struct ndb_hop_batch *batch, read_warm *read, void *out)
{
    struct ndb_gather gather;
    int rc;

    assert(batch->kind.direction != NAMIDB_BOTH);
    rc = read(batch, out);
    if (rc != NDB_GATHER_COLD)
        return rc;
    rc = ndb_gather_init(&gather, batch->snapshot, NDB_GATHER_PINNED);
    rc = rc < 0 ? ndb_fail_memory(batch->err) : want_lists(batch, &gather);
    if (rc >= 0)
        rc = ndb_gather_fetch(&gather, batch->err);
    batch->is_again = true;
    if (rc >= 0)
        rc = read(batch, out);
    if (rc == NDB_GATHER_COLD)
        rc = find_fault(&gather, batch->err);
    ndb_gather_release(&gather);
    return rc;
}

/* Where ends go. */
struct ends {
    namidb_arena *arena;
    struct ndb_hops *hops;
};

static int read_ends(const struct ndb_hop_batch *batch, void *out)
{
    const struct ends *ends = out;

    return batch->kind.type == NAMIDB_ANY
               ? ndb_hop_any_read(batch, ends->arena, ends->hops)
               : ndb_hop_spans_read(batch, ends->arena, ends->hops);
}

int ndb_read_hops(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                  size_t count, const struct ndb_hop_kind *kind,
                  namidb_arena *arena, struct ndb_hops *out, namidb_error *err)
{
    struct ndb_hop_batch batch = { snapshot, ids, count, *kind, false, err };
    struct ends ends = { arena, out };

    return read_hop(&batch, read_ends, &ends);
}

/* Where numbers go, and which. */
struct counts {
    enum ndb_fold_of of;
    uint64_t *items;
};

static int read_counts(const struct ndb_hop_batch *batch, void *out)
{
    const struct counts *counts = out;

    memset(counts->items, 0, batch->count * sizeof *counts->items);
    return batch->kind.type == NAMIDB_ANY
               ? ndb_hop_any_degrees(batch, counts->of, counts->items)
               : ndb_degrees_add(batch, counts->of, counts->items);
}

int ndb_read_degrees(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, const struct ndb_hop_kind *kind,
                     uint64_t *degrees, namidb_error *err)
{
    struct ndb_hop_batch batch = { snapshot, ids, count, *kind, false, err };
    struct counts counts = { NDB_FOLD_DEGREES, degrees };

    return read_hop(&batch, read_counts, &counts);
}

int ndb_read_loops(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                   size_t count, const struct ndb_hop_kind *kind,
                   uint64_t *loops, namidb_error *err)
{
    struct ndb_hop_batch batch = { snapshot, ids, count, *kind, false, err };
    struct counts counts = { NDB_FOLD_LOOPS, loops };

    return read_hop(&batch, read_counts, &counts);
}
