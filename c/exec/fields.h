/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - the map of a temporal constructor: {year: 2015, week: 30, time:
 * t}.
 */
#ifndef NDB_EXEC_FIELDS_H
#define NDB_EXEC_FIELDS_H

#include "exec/parts.h"

/* Puts together a value of `kind`. Values under date, time and datetime give
 * what the other fields do not; NDB_FAULT_ARGUMENT_VALUE for a field that does
 * not belong, NDB_FAULT_OUT_OF_RANGE for one beyond its bounds. A DateTime may
 * be epochSeconds or epochMillis instead, with a nanosecond and a timezone. */
int ndb_fields_parts(struct ndb_scalar *scalar, uint32_t kind,
                     const namidb_value *map, struct ndb_parts *parts);

/* Lays the fields of a map over parts that were truncated: nanoseconds are
 * added to what is there. */
int ndb_fields_overlay(struct ndb_scalar *scalar, uint32_t kind,
                       const namidb_value *map, struct ndb_parts *parts);

#endif
