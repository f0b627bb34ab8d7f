/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - zones by name, from the system's tz database ($TZDIR, else
 * /usr/share/zoneinfo). A zone that was read stays in memory. One that upstream
 * has merged into another is that one (format/zone_tab.h), also where a
 * packager keeps its years before 1970.
 */
#ifndef NDB_EXEC_ZONE_H
#define NDB_EXEC_ZONE_H

#include "base/slice.h"
#include "exec/fault.h"

struct ndb_zone;

/* Lives as long as the process. A name that is none is
 * NDB_FAULT_ARGUMENT_VALUE.
 */
int ndb_zone_find(struct ndb_slice name, const struct ndb_zone **zone,
                  namidb_error *err);

/* The name as the database has it; constant. */
struct ndb_slice ndb_zone_name(const struct ndb_zone *zone);

/* The offset from UTC, in seconds, at a moment. */
int32_t ndb_zone_offset(const struct ndb_zone *zone, int64_t seconds);

/* An offset that is not known: no zone has it. */
#define NDB_OFFSET_OPEN INT32_MAX

/* The offset of a local time. In a gap the one before it, of an hour that comes
 * twice the first; `preferred` if that is one of the two. */
int32_t ndb_zone_offset_local(const struct ndb_zone *zone, int64_t local,
                              int32_t preferred);

/* Whether a value may be stored (format/value.h), and its zone is one. */
int ndb_zone_check_value(const namidb_value *value, namidb_error *err);

#endif
