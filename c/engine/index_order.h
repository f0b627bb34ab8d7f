/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index_order.h - entries whose keys were cut off, in the order of what was
 * cut.
 */
#ifndef NDB_ENGINE_INDEX_ORDER_H
#define NDB_ENGINE_INDEX_ORDER_H

#include "engine/index_source.h"

/* Sorts entries that all have one key by the whole keys of their rows, which
 * are read for it (a round for 256), in the scan's direction. */
int ndb_index_order(struct ndb_index_scan *scan,
                    struct ndb_index_entry *entries, size_t count,
                    namidb_error *err);

#endif
