/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal.h - dates, times and durations: what the rest of the executor asks
 * of them. Kinds and units are those of namidb.h. The calendar is the
 * proleptic Gregorian one; zones come from the system's tz database.
 */
#ifndef NDB_EXEC_TEMPORAL_H
#define NDB_EXEC_TEMPORAL_H

#include "exec/scalar.h"

static inline bool ndb_is_temporal(uint32_t kind)
{
    return kind >= NAMIDB_DATE && kind <= NAMIDB_DURATION;
}

/* Longest text of a temporal value, NUL included. */
#define NDB_TEMPORAL_TEXT_BYTES 384

/* ISO 8601 as toString() gives it ("2015-07-21T21:40:32.142+01:00[Europe/
 * Stockholm]", "P1Y2M10DT2H30M"). Returns the length; text ends with a NUL. */
size_t ndb_temporal_format(const namidb_value *value,
                           char text[NDB_TEMPORAL_TEXT_BYTES]);

/* Order of two values of one temporal kind but durations: by the moment, then
 * by offset and zone for orderability. */
int ndb_temporal_order(const namidb_value *a, const namidb_value *b);
/* Equal moments with equal offsets and zones; durations: equal in each field.
 */
bool ndb_temporal_equal(const namidb_value *a, const namidb_value *b);
/* Durations by their average length (a month is 30.436875 days). */
int ndb_duration_order(const namidb_value *a, const namidb_value *b);
uint64_t ndb_temporal_hash(const namidb_value *value, uint64_t seed);

/* Temporal +- duration, duration +- duration; one of the two is temporal.
 * Anything else is NDB_FAULT_ARGUMENT_TYPE. */
int ndb_temporal_add(struct ndb_scalar *scalar, const namidb_value *a,
                     const namidb_value *b, namidb_value *out);
int ndb_temporal_subtract(struct ndb_scalar *scalar, const namidb_value *a,
                          const namidb_value *b, namidb_value *out);
/* A duration and a number. */
int ndb_duration_multiply(struct ndb_scalar *scalar,
                          const namidb_value *duration,
                          const namidb_value *factor, namidb_value *out);
int ndb_duration_divide(struct ndb_scalar *scalar, const namidb_value *duration,
                        const namidb_value *divisor, namidb_value *out);

/* The component that `value.name` reads ("year", "weekDay", "epochMillis",
 * "minutesOfHour", "timezone", ...); *out null: no such component. */
int ndb_temporal_component(struct ndb_scalar *scalar, const namidb_value *value,
                           const char *name, size_t bytes, namidb_value *out);
/* "x", "y", "z", "longitude", "latitude", "height", "crs", "srid". */
int ndb_point_component(struct ndb_scalar *scalar, const namidb_value *value,
                        const char *name, size_t bytes, namidb_value *out);

#endif
