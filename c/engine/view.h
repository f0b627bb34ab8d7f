/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - what a handle sees: layers of rows, newest first.
 *
 * A view is counted, and immutable but for what it remembers of its layers; a
 * rotation of the memtable, a flush, a refresh or a trim makes a new one. A
 * snapshot is a view and the highest version that it may see in the view's
 * memtables. Reading (read.h) needs nothing else.
 */
#ifndef NDB_ENGINE_VIEW_H
#define NDB_ENGINE_VIEW_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/dict.h"
#include "engine/memtable.h"
#include "engine/pack.h"

/* A manifest, decoded, in its arena; counted. */
struct ndb_version {
    uint32_t refs; /* atomic */
    struct ndb_manifest body;
    namidb_arena arena;
};

int ndb_version_decode(struct ndb_version **out, struct ndb_slice object,
                       uint64_t number, namidb_error *err);
struct ndb_version *ndb_version_ref(struct ndb_version *version);
void ndb_version_unref(struct ndb_version *version);

/* One of the two is set. */
struct ndb_layer {
    struct ndb_memtable *memtable;
    struct ndb_pack *pack;
};

/* The part of one kind, type and table that each layer has. */
struct ndb_view_parts {
    struct ndb_view_parts *next; /* in its bucket */
    enum ndb_part_kind kind;
    uint32_t type, table;
    const struct ndb_part *items[]; /* by layer; NULL: it has none */
};

enum { NDB_VIEW_BUCKETS = 64 };

struct ndb_view {
    uint32_t refs;                /* atomic */
    struct ndb_version *manifest; /* NULL: nothing was ever flushed */
    struct ndb_layer *layers;     /* newest first */
    uint32_t layer_count;
    struct ndb_segment_cache *cache; /* of the handle, outlives the view */
    struct ndb_dict *dict;           /* likewise */
    _Atomic(struct ndb_view_parts *) parts[NDB_VIEW_BUCKETS]; /* asked for */
};

/* Takes a reference of everything in `layers` and of the manifest. */
int ndb_view_new(struct ndb_view **view, struct ndb_version *manifest,
                 const struct ndb_layer *layers, uint32_t layer_count,
                 struct ndb_segment_cache *cache, struct ndb_dict *dict);
struct ndb_view *ndb_view_ref(struct ndb_view *view);
void ndb_view_unref(struct ndb_view *view);

/* Looked for in the directories the first time, and kept: reads ask for the
 * same few again and again, and there may be many packs. They live as long as
 * the view. NULL: no memory. Any thread may call. */
const struct ndb_view_parts *ndb_view_parts(struct ndb_view *view,
                                            enum ndb_part_kind kind,
                                            uint32_t type, uint32_t table);

/* A view at a version. Held by value; `view` must outlive it. */
struct ndb_snapshot {
    struct ndb_view *view;
    uint64_t version;
    int64_t timeout_ms; /* for each round that a read needs */
};

#endif
