/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_run.h - the entries of an index over a pack that has no part for it.
 *
 * It is what the flush would have written, had the index been declared then;
 * made when the index is first searched, and kept with the pack, since views
 * come and go. Whoever finds that the pack is covered drops it.
 */
#ifndef NDB_ENGINE_PACK_RUN_H
#define NDB_ENGINE_PACK_RUN_H

#include <pthread.h>

#include "engine/index_run.h"

struct ndb_pack_run {
    uint32_t refs; /* atomic */
    struct ndb_index_run run;
    struct ndb_pack_run *in_pack; /* runs.first */
};

/* Of a pack. */
struct ndb_pack_runs {
    pthread_mutex_t making; /* held while one is made: others want the same */
    pthread_mutex_t lock;
    struct ndb_pack_run *first; /* under lock */
};

void ndb_pack_runs_init(struct ndb_pack_runs *runs);
void ndb_pack_runs_release(struct ndb_pack_runs *runs);

/*
 * The run of the pack at `layer` of a snapshot's view, for an index like the
 * item; the caller has a reference of it. NAMIDB_NONE: the pack needs none; or
 * `progress` (NULL: none) ended the making.
 */
int ndb_pack_run_get(const struct ndb_snapshot *snapshot, uint32_t layer,
                     const namidb_schema_item *item,
                     ndb_index_progress *progress, void *context,
                     struct ndb_pack_run **out, namidb_error *err);
/* NULL is allowed. */
void ndb_pack_run_unref(struct ndb_pack_run *run);
/* Nobody will ask for it. */
void ndb_pack_run_drop(struct ndb_pack *pack, const namidb_schema_item *item);

#endif
