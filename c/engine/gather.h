/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather.h - what one read needs from the store, asked for at once.
 *
 * A read walks the layers twice: first it notes each segment that may hold what
 * it looks for (a want; the same segment is wanted once however many rows are
 * in it), then it fetches all wants in one round, then it reads. More wants may
 * follow for a second round. Everything stays pinned until release.
 *
 * Mostly everything is cached. So a read first tries it warm: segments are
 * looked at, neither wanted nor pinned, and when one is not there the fetch
 * says NDB_GATHER_COLD, and the read starts over in the way above.
 *
 * A gather is a local variable: it has its first memory inside, so that a
 * small read allocates nothing, and must not be copied or moved.
 */
#ifndef NDB_ENGINE_GATHER_H
#define NDB_ENGINE_GATHER_H

#include "base/arena.h"
#include "engine/view.h"

/* A status below all others: the read starts over, cold. */
enum { NDB_GATHER_COLD = -1000 };

enum ndb_gather_mode { NDB_GATHER_WARM, NDB_GATHER_PINNED };

/* A layer as this call sees it. */
struct ndb_gather_layer {
    struct ndb_memtable *memtable; /* NULL: a pack, or nothing in it */
    struct ndb_pack *pack;         /* NULL: a memtable */

    /* What ndb_gather_parts found last, and for what. */
    const struct ndb_part *const *parts;
    uint32_t part_count;
    enum ndb_part_kind kind; /* 0: nothing yet */
    uint32_t type, table;
    const struct ndb_part *one; /* what `parts` points to when it is one */
};

struct ndb_gather {
    const struct ndb_snapshot *snapshot;
    struct ndb_gather_layer *layers; /* newest first */
    uint32_t layer_count;
    const struct ndb_view_parts *parts; /* that were asked for last, or NULL */
    struct ndb_segment_want *wants;
    uint32_t count, capacity;
    uint32_t fetched; /* wants before it are pinned */
    bool is_warm;     /* in a section of the cache */
    bool is_cold;     /* warm, but something was not there */
    uint32_t section;
    uint64_t hits;   /* warm */
    uint32_t *slots; /* hash table: number of a want + 1; NULL while few */
    uint32_t slot_count;
    namidb_arena scratch; /* for the caller as well; gone at release */
    uint64_t inside[384]; /* the first block of scratch */
};

/* A segment, or, until it is there, the number of the want for it. */
struct ndb_ref {
    const struct ndb_segment *segment; /* NULL: see want */
    uint32_t want;
};

struct ndb_refs {
    struct ndb_ref *items; /* in scratch */
    uint32_t count, capacity;
};
#define NDB_REFS_INIT ((struct ndb_refs){ NULL, 0, 0 })

/* Empty memtables are left out. NAMIDB_OK or NAMIDB_ENOMEM; release in either
 * case. */
int ndb_gather_init(struct ndb_gather *gather,
                    const struct ndb_snapshot *snapshot,
                    enum ndb_gather_mode mode);
void ndb_gather_release(struct ndb_gather *gather);

/* Finds the parts of a pack layer by kind, type (0: all, for edges) and table:
 * layer->parts, by type. NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_gather_parts(struct ndb_gather *gather, struct ndb_gather_layer *layer,
                     enum ndb_part_kind kind, uint32_t type, uint32_t table);

/* Wants a segment and appends it to `refs`. */
int ndb_gather_add(struct ndb_gather *gather, struct ndb_pack *pack,
                   const struct ndb_part *part, uint32_t index,
                   struct ndb_refs *refs);
/* Wants the segments of a part that can hold `key`. */
int ndb_gather_find(struct ndb_gather *gather, struct ndb_pack *pack,
                    const struct ndb_part *part, uint64_t key,
                    struct ndb_refs *refs);

/* One round for what was added since the last; none when all is cached. Warm:
 * NAMIDB_OK or NDB_GATHER_COLD. */
int ndb_gather_fetch(struct ndb_gather *gather, namidb_error *err);

static inline const struct ndb_segment *
ndb_gather_segment(const struct ndb_gather *gather, const struct ndb_ref *ref)
{
    return ref->segment != NULL ? ref->segment
                                : gather->wants[ref->want].segment;
}

/* Fills *err for a status of pure code; `ref` names the pack. Returns rc. Warm,
 * only memory fails: whatever else is wrong is found again, and named, cold. */
int ndb_gather_fail(const struct ndb_gather *gather, const struct ndb_ref *ref,
                    int rc, namidb_error *err);

#endif
