/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporal values and durations, added and subtracted: months first, then days,
 * on the local calendar, then seconds on the moment.
 */
#include "exec/parts.h"

static int too_far(struct ndb_scalar *scalar)
{
    return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                     "beyond the years of the calendar");
}

static int wrong_kinds(struct ndb_scalar *scalar, const namidb_value *a,
                       const namidb_value *b, const char *what)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "values of type %s and %s cannot be %s",
                     ndb_kind_name(a->kind), ndb_kind_name(b->kind), what);
}

/* Sums of two durations, the second times 1 or -1. */
static int add_durations(struct ndb_scalar *scalar, const namidb_duration *a,
                         const namidb_duration *b, int64_t sign,
                         namidb_value *out)
{
    int64_t months, days, seconds;

    if (__builtin_add_overflow(a->months, sign * b->months, &months) ||
        __builtin_add_overflow(a->days, sign * b->days, &days) ||
        __builtin_add_overflow(a->seconds, sign * b->seconds, &seconds))
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "a duration beyond 64 bits");
    return ndb_duration_make(scalar, months, days, seconds,
                             a->nanoseconds + sign * b->nanoseconds, out);
}

static int add_time(struct ndb_scalar *scalar, uint32_t kind,
                    struct ndb_parts *parts, const namidb_duration *duration,
                    int64_t sign, namidb_value *out)
{
    int64_t seconds = duration->seconds % NDB_DAY_SECONDS * sign;

    parts->nanos = ndb_floor_mod(parts->nanos + seconds * NDB_SECOND_NS +
                                     sign * duration->nanoseconds,
                                 NDB_DAY_NS);
    return ndb_parts_make(scalar, kind, parts, out);
}

/* Seconds on the moment, so that a change of the clocks counts. */
static int add_seconds(struct ndb_scalar *scalar, struct ndb_parts *parts,
                       int64_t seconds, int64_t nanos)
{
    int64_t total = parts->nanos % NDB_SECOND_NS + nanos;
    struct ndb_slice zone = parts->zone;
    int64_t local;

    if (zone.bytes != 0) { /* to UTC, and back */
        parts->zone = ndb_slice(NULL, 0);
        local = ndb_parts_moment(parts);
        parts->offset = 0;
    } else {
        local = ndb_parts_local(parts);
    }
    if (__builtin_add_overflow(
            local, seconds + ndb_floor_div(total, NDB_SECOND_NS), &local))
        return too_far(scalar);
    parts->day = ndb_floor_div(local, NDB_DAY_SECONDS);
    parts->nanos = ndb_floor_mod(local, NDB_DAY_SECONDS) * NDB_SECOND_NS +
                   ndb_floor_mod(total, NDB_SECOND_NS);
    if (!ndb_is_day(parts->day))
        return too_far(scalar);
    return zone.bytes == 0 ? NAMIDB_OK
                           : ndb_parts_set_zone(scalar, parts, zone, false);
}

static int add_to(struct ndb_scalar *scalar, const namidb_value *value,
                  const namidb_duration *duration, int64_t sign,
                  namidb_value *out)
{
    struct ndb_parts parts = ndb_parts_of(value);
    int64_t days = duration->days;
    int rc;

    if (!parts.has_date)
        return add_time(scalar, value->kind, &parts, duration, sign, out);
    /* A date moves by whole days. */
    if (value->kind == NAMIDB_DATE)
        days += duration->seconds / NDB_DAY_SECONDS;
    if (duration->months < -0x7fffffffffffL ||
        duration->months > 0x7fffffffffffL ||
        duration->days < -0x7fffffffffffL || duration->days > 0x7fffffffffffL ||
        duration->seconds < -0x7fffffffffffffL ||
        duration->seconds > 0x7fffffffffffffL ||
        !ndb_calendar_add_months(&parts.day, sign * duration->months) ||
        !ndb_calendar_add_days(&parts.day, sign * days))
        return too_far(scalar);
    rc = ndb_parts_settle(scalar, &parts);
    if (rc >= 0 && value->kind != NAMIDB_DATE)
        rc = add_seconds(scalar, &parts, sign * duration->seconds,
                         sign * duration->nanoseconds);
    return rc < 0 ? rc : ndb_parts_make(scalar, value->kind, &parts, out);
}

int ndb_temporal_add(struct ndb_scalar *scalar, const namidb_value *a,
                     const namidb_value *b, namidb_value *out)
{
    if (a->kind == NAMIDB_DURATION && b->kind == NAMIDB_DURATION)
        return add_durations(scalar, a->as.duration, b->as.duration, 1, out);
    if (b->kind == NAMIDB_DURATION && ndb_is_temporal(a->kind))
        return add_to(scalar, a, b->as.duration, 1, out);
    if (a->kind == NAMIDB_DURATION && ndb_is_temporal(b->kind))
        return add_to(scalar, b, a->as.duration, 1, out);
    return wrong_kinds(scalar, a, b, "added");
}

int ndb_temporal_subtract(struct ndb_scalar *scalar, const namidb_value *a,
                          const namidb_value *b, namidb_value *out)
{
    if (a->kind == NAMIDB_DURATION && b->kind == NAMIDB_DURATION)
        return add_durations(scalar, a->as.duration, b->as.duration, -1, out);
    if (b->kind == NAMIDB_DURATION && ndb_is_temporal(a->kind))
        return add_to(scalar, a, b->as.duration, -1, out);
    return wrong_kinds(scalar, a, b, "subtracted");
}
