/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_run.h - the entries of one index over some rows, in memory, in order:
 * what a flush writes into its pack, what a build writes into a pack of its
 * own, and what is searched in place of packs that have no entries yet.
 */
#ifndef NDB_ENGINE_INDEX_RUN_H
#define NDB_ENGINE_INDEX_RUN_H

#include "engine/read.h"
#include "format/index_key.h"

struct ndb_index_run {
    namidb_schema_item item;
    struct ndb_index_entry
        *items; /* after the sort: by (key, id), none twice */
    size_t count, capacity;
    namidb_arena arena; /* of keys */
    struct ndb_buf key; /* of the row under way */
};

void ndb_index_run_init(struct ndb_index_run *run,
                        const namidb_schema_item *item);
void ndb_index_run_release(struct ndb_index_run *run);

/* Adds the row's entry, if it has one. NAMIDB_OK, NAMIDB_ENOMEM. */
int ndb_index_run_node(struct ndb_index_run *run, const namidb_node *node);
int ndb_index_run_edge(struct ndb_index_run *run, const namidb_edge *edge);

/* By (key, id). */
void ndb_index_run_sort(struct ndb_index_run *run);

/* Writes its part, if it has entries. As the writer's functions. */
int ndb_index_run_write(const struct ndb_index_run *run,
                        struct ndb_pack_writer *writer);

/* Called between chunks of rows with how many were read; > 0 stops. */
typedef int ndb_index_progress(void *context, uint64_t rows);

/* Fills and sorts a run from every row that a snapshot sees. NAMIDB_NONE: it
 * was stopped. `progress` NULL: none. */
int ndb_index_run_scan(struct ndb_index_run *run,
                       const struct ndb_snapshot *snapshot,
                       ndb_index_progress *progress, void *context,
                       namidb_error *err);

/*
 * The uncovered packs of a view (schema.h) and all packs below them, as a view
 * of their own; *above is the index of the layer that is its first.
 * NAMIDB_NONE: there is none. The caller owns *out.
 */
int ndb_index_uncovered(struct ndb_view *view, const namidb_schema_item *item,
                        struct ndb_view **out, uint32_t *above);

#endif
