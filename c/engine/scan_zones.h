/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_zones.h - which segments of a table's packs a scan may leave out.
 */
#ifndef NDB_ENGINE_SCAN_ZONES_H
#define NDB_ENGINE_SCAN_ZONES_H

#include "engine/scan_source.h"
#include "format/zone.h"

/* Rows that fail any of them are not wanted. The owner's memory. */
struct ndb_zone_tests {
    const struct ndb_zone_test *items;
    uint32_t count;
};

/* For the sources that a scan of nodes has just got: marks segments none of
 * whose rows is wanted, unless they may hide rows of an older layer. One round
 * for the zones, none when they are cached. Bits are the arena's, which must
 * live as long as the sources. */
int ndb_scan_zones_apply(struct ndb_scan *scan,
                         const struct ndb_zone_tests *tests,
                         namidb_arena *arena, namidb_error *err);

#endif
