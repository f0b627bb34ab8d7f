/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_scan.h - rows by the order of an index, through all layers.
 *
 * Memtables have lists, packs have parts, both of (key, id); what a pack does
 * not cover yet is read whole, sorted once and kept with the view (a run). An
 * entry counts only if the newest image of its row still has that key; when no
 * layer above the entry's can know the row, it needs no looking at. So a warm
 * scan sends nothing, and a cold one asks for one segment of each part that can
 * have an answer, in one round, and in a second for the rows that may have
 * changed since.
 */
#ifndef NDB_ENGINE_INDEX_SCAN_H
#define NDB_ENGINE_INDEX_SCAN_H

#include "engine/index_run.h"

/* Keys from `low` on, and below `high` (no data: no end). */
struct ndb_index_range {
    struct ndb_slice low, high;
};

struct ndb_index_scan;

/*
 * Takes a reference of the view; copies item and range. item->number says which
 * parts are its index's; 0: it is not declared, and every pack is read whole.
 */
int ndb_index_scan_open(struct ndb_index_scan **scan,
                        const struct ndb_snapshot *snapshot,
                        const namidb_schema_item *item,
                        const struct ndb_index_range *range, bool is_descending,
                        namidb_error *err);
/*
 * The next entries, at most `max`, in order of the values (ties by id); 0 at
 * the end. Keys are valid until the next call.
 */
int ndb_index_scan_next(struct ndb_index_scan *scan, size_t max,
                        struct ndb_index_entry *out, size_t *count,
                        namidb_error *err);
void ndb_index_scan_close(struct ndb_index_scan *scan);

void ndb_view_runs_free(struct ndb_view_run *runs);

#endif
