/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_tab.h - which zone of the tz database stands for another.
 *
 * Since 2022 the database keeps one zone of those whose clocks have agreed
 * since 1970: Europe/Stockholm is Europe/Berlin. A packager may keep what they
 * were before 1970 apart all the same, and Debian does. Two tables that come
 * with every packaging tell which zone it is:
 *
 *   zone.tab      country, coordinates, zone       each zone of a country
 *   zone1970.tab  countries, coordinates, zone     the zones that are kept
 *
 * with tabs between the columns, commas between countries, # before a comment.
 */
#ifndef NDB_FORMAT_ZONE_TAB_H
#define NDB_FORMAT_ZONE_TAB_H

#include "base/slice.h"
#include "namidb.h"

/* Bytes of either table; today 20 KiB. */
#define NDB_ZONE_TAB_BYTES_MAX (64u << 10)

/* NAMIDB_OK: *out, a view into zone1970, is the zone kept in place of `name`.
 * NAMIDB_NONE: it is kept itself, is in no table, or its country has several.
 * Lines that are none are passed over. */
int ndb_zone_tab_find(struct ndb_slice zone, struct ndb_slice zone1970,
                      struct ndb_slice name, struct ndb_slice *out);

#endif
