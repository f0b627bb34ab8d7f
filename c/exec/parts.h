/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - a temporal value taken apart: its day, its time of day, its zone.
 *
 * What constructors, arithmetic and components work on. Times are local to the
 * zone.
 */
#ifndef NDB_EXEC_PARTS_H
#define NDB_EXEC_PARTS_H

#include "base/slice.h"
#include "exec/calendar.h"
#include "exec/temporal.h"

struct ndb_parts {
    bool has_date, has_time, has_zone;
    int64_t day;           /* since 1970 */
    int64_t nanos;         /* since midnight */
    int32_t offset;        /* seconds from UTC */
    struct ndb_slice zone; /* a name; empty: the offset alone */
};

/* Not of a duration. */
struct ndb_parts ndb_parts_of(const namidb_value *value);

/* The value of `kind` that the parts are: a date drops the time, a missing date
 * is 1970-01-01, a missing time midnight, a missing zone UTC. Out of range is
 * NDB_FAULT_OUT_OF_RANGE. */
int ndb_parts_make(struct ndb_scalar *scalar, uint32_t kind,
                   const struct ndb_parts *parts, namidb_value *out);

/* Seconds since 1970: of the local clock, and of the moment. */
static inline int64_t ndb_parts_local(const struct ndb_parts *parts)
{
    return parts->day * NDB_DAY_SECONDS + parts->nanos / NDB_SECOND_NS;
}
static inline int64_t ndb_parts_moment(const struct ndb_parts *parts)
{
    return ndb_parts_local(parts) - parts->offset;
}

/* Moves the local clock; the offset is found anew if the zone has a name. */
int ndb_parts_set_local(struct ndb_scalar *scalar, struct ndb_parts *parts,
                        int64_t seconds, int64_t nanos);
/* The same moment in a zone: "+01:00", "Z", "Europe/Stockholm". `keeps_clock`:
 * the same local time instead. */
int ndb_parts_set_zone(struct ndb_scalar *scalar, struct ndb_parts *parts,
                       struct ndb_slice zone, bool keeps_clock);
/* Finds the offset of the parts' named zone at their local time. */
int ndb_parts_settle(struct ndb_scalar *scalar, struct ndb_parts *parts);

/* A zone as it is written, into offset and name. */
int ndb_parts_read_zone(struct ndb_scalar *scalar, struct ndb_slice text,
                        struct ndb_parts *parts);

/* ISO 8601 in any form, as `kind` allows: temporal_parse.c. */
int ndb_parts_parse(struct ndb_scalar *scalar, uint32_t kind,
                    struct ndb_slice text, struct ndb_parts *parts);

/* "+01:00", "-02:30:15", "Z" at the start of the text: bytes taken, 0 for none.
 */
size_t ndb_offset_parse(struct ndb_slice text, int32_t *offset);

/* Durations. */
struct ndb_spans { /* amounts that may be fractions */
    long double months, days, seconds, nanos;
};
/* Fractions of a month become days, of a day seconds, of a second nanoseconds.
 */
int ndb_duration_of(struct ndb_scalar *scalar, const struct ndb_spans *spans,
                    namidb_value *out);
int ndb_duration_make(struct ndb_scalar *scalar, int64_t months, int64_t days,
                      int64_t seconds, int64_t nanos, namidb_value *out);
int ndb_duration_parse(struct ndb_scalar *scalar, struct ndb_slice text,
                       namidb_value *out);

/* duration_between.c: of two temporal values. */
ndb_scalar_call ndb_duration_between;
ndb_scalar_call ndb_duration_in_months;
ndb_scalar_call ndb_duration_in_days;
ndb_scalar_call ndb_duration_in_seconds;

/* "an argument of ... cannot be read as ..." */
int ndb_temporal_invalid(struct ndb_scalar *scalar, uint32_t kind,
                         struct ndb_slice text);

#endif
