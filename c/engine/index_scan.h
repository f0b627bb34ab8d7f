/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_scan.h - rows by the order of an index, through all layers.
 *
 * Memtables have lists, packs have parts, both of (key, id); what a pack does
 * not cover yet is read whole, sorted once and kept with it (pack_run.h). An
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
    bool is_point; /* no key but `low` is in it */
};

/* What is searched: ranges one after the other, in any order, each on its own.
 * item->number says which parts are its index's; 0: it is not declared, and
 * every pack is read whole. */
struct ndb_index_search {
    const namidb_schema_item *item;
    const struct ndb_index_range *ranges;
    uint32_t range_count;
    bool is_descending; /* within each range */
    bool is_exact; /* by whole values, also where keys were cut off; else such
                      entries come by id */
    /* Points are looked up in the filters of packs first, which costs a round
     * as long as those are not cached: cheaper when most values are new. */
    bool use_filters;
    struct ndb_budget *budget; /* for what is found; NULL: none */
};

struct ndb_index_scan;

struct ndb_index_found {
    struct ndb_index_entry *entries;
    uint32_t *ranges; /* of each entry: in which one it was found */
    size_t count;
};

/* Takes a reference of the view; copies what is searched. The first segments of
 * several ranges are asked for in one round. */
int ndb_index_scan_open(struct ndb_index_scan **scan,
                        const struct ndb_snapshot *snapshot,
                        const struct ndb_index_search *search,
                        namidb_error *err);
/*
 * The next entries, by range and there in order of the values (ties by id); 0
 * at the end. At most `max`, but for keys that were cut off in an exact scan:
 * all with the same beginning come at once. Valid until the next call.
 */
int ndb_index_scan_next(struct ndb_index_scan *scan, size_t max,
                        struct ndb_index_found *found, namidb_error *err);
void ndb_index_scan_close(struct ndb_index_scan *scan);

#endif
