/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - a pack that is part of the graph: its directory and its way into the
 * segment cache. Immutable, counted.
 */
#ifndef NDB_ENGINE_PACK_H
#define NDB_ENGINE_PACK_H

#include "cache/segment_cache.h"
#include "format/manifest.h"

struct ndb_pack;

/*
 * Opens the packs of a manifest. Those whose directory is inline cost nothing;
 * the directories of the others are fetched in one round. Packs that `old`
 * holds are shared, not opened again. out[i] is manifest->packs[i].
 */
int ndb_packs_open(struct ndb_pack **out, const struct ndb_manifest *manifest,
                   struct ndb_pack *const *old, size_t old_count,
                   struct ndb_store *store, struct ndb_segment_cache *cache,
                   int64_t deadline_ns, namidb_error *err);

struct ndb_pack *ndb_pack_ref(struct ndb_pack *pack);
/* The last one forgets its segments. NULL is allowed. */
void ndb_pack_unref(struct ndb_pack *pack);

const char *ndb_pack_ulid(const struct ndb_pack *pack);
const struct ndb_cache_pack *ndb_pack_cached(const struct ndb_pack *pack);
const struct ndb_directory *ndb_pack_directory(const struct ndb_pack *pack);
/* See pack_run.h. */
struct ndb_pack_runs *ndb_pack_runs_of(struct ndb_pack *pack);

#endif
