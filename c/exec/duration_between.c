/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies between two temporal values.
 *
 * What one of them lacks it borrows from the other: a time is of the other's
 * day, a local one of the other's zone, a date begins at midnight. Months and
 * days are counted on the first one's calendar, what is left on the clock of
 * moments.
 */
#include "exec/parts.h"

struct between {
    struct ndb_scalar *scalar;
    struct ndb_parts from, to;
    bool has_dates; /* both had one: months and days count */
};

static int check(struct ndb_scalar *scalar, const namidb_value *value)
{
    if (ndb_is_temporal(value->kind) && value->kind != NAMIDB_DURATION)
        return NAMIDB_OK;
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "a duration lies between dates and times, not at a value "
                     "of type %s",
                     ndb_kind_name(value->kind));
}

static int borrow(struct ndb_scalar *scalar, struct ndb_parts *parts,
                  const struct ndb_parts *other)
{
    if (!parts->has_date && other->has_date) {
        parts->has_date = true;
        parts->day = other->day;
    }
    if (!parts->has_zone && other->has_zone) {
        parts->has_zone = true;
        parts->offset = other->offset;
        parts->zone = other->zone;
        return ndb_parts_settle(scalar, parts);
    }
    return NAMIDB_OK;
}

/* Moves the second to the clock of the first. */
static int align(struct between *between)
{
    struct ndb_parts *from = &between->from, *to = &between->to;
    int64_t shift = from->offset - to->offset;
    int64_t local;

    if (!from->has_zone || shift == 0 || !between->has_dates)
        return NAMIDB_OK;
    if (from->zone.bytes != 0)
        return ndb_parts_set_zone(between->scalar, to, from->zone, false);
    local = ndb_parts_local(to) + shift;
    to->nanos = ndb_floor_mod(local, NDB_DAY_SECONDS) * NDB_SECOND_NS +
                to->nanos % NDB_SECOND_NS;
    to->day = ndb_floor_div(local, NDB_DAY_SECONDS);
    to->offset = from->offset;
    to->zone = ndb_slice(NULL, 0);
    return NAMIDB_OK;
}

static int prepare(struct between *between, struct ndb_scalar *scalar,
                   const namidb_value *args)
{
    struct ndb_parts from;
    int rc = check(scalar, &args[0]);

    if (rc >= 0)
        rc = check(scalar, &args[1]);
    if (rc < 0)
        return rc;
    between->scalar = scalar;
    between->from = from = ndb_parts_of(&args[0]);
    between->to = ndb_parts_of(&args[1]);
    between->has_dates = between->from.has_date && between->to.has_date;
    /* Two times of day, one with a zone, are compared as they stand. */
    if (!between->from.has_date && !between->to.has_date &&
        between->from.has_zone != between->to.has_zone) {
        between->from.offset = between->to.offset = 0;
        return NAMIDB_OK;
    }
    rc = borrow(scalar, &between->from, &between->to);
    if (rc >= 0)
        rc = borrow(scalar, &between->to, &from);
    return rc < 0 ? rc : align(between);
}

/* The second's day, or the one nearer to the first, when the last of the days
 * between them is not over on the clock. */
static int64_t whole_end(const struct between *between)
{
    const struct ndb_parts *from = &between->from, *to = &between->to;

    if (to->day > from->day && to->nanos < from->nanos)
        return to->day - 1;
    return to->day < from->day && to->nanos > from->nanos ? to->day + 1
                                                          : to->day;
}

/* Counted up to the end of whole days, as java.time does: a month that ends
 * sooner than the day of the month that is counted from is not over before. */
static int64_t whole_months(const struct between *between)
{
    struct ndb_civil from = ndb_calendar_civil(between->from.day);
    struct ndb_civil to = ndb_calendar_civil(whole_end(between));
    int64_t months = (to.year - from.year) * 12 + to.month - from.month;

    if (months > 0 && to.day < from.day)
        return months - 1;
    return months < 0 && to.day > from.day ? months + 1 : months;
}

static int64_t whole_days(const struct between *between)
{
    return whole_end(between) - between->from.day;
}

/* Seconds and nanoseconds from the one moment to the other. */
static void rest(const struct between *between, int64_t *seconds,
                 int64_t *nanos)
{
    *seconds =
        ndb_parts_moment(&between->to) - ndb_parts_moment(&between->from);
    *nanos =
        between->to.nanos % NDB_SECOND_NS - between->from.nanos % NDB_SECOND_NS;
}

int ndb_duration_between(struct ndb_scalar *scalar, const namidb_value *args,
                         uint32_t count, namidb_value *out)
{
    struct between between;
    int64_t months = 0, days = 0, seconds, nanos;
    int rc = prepare(&between, scalar, args);

    (void)count;
    if (rc >= 0 && between.has_dates) {
        months = whole_months(&between);
        (void)ndb_calendar_add_months(&between.from.day, months);
        days = whole_days(&between);
        between.from.day += days;
        rc = ndb_parts_settle(scalar, &between.from);
    }
    if (rc < 0)
        return rc;
    rest(&between, &seconds, &nanos);
    return ndb_duration_make(scalar, months, days, seconds, nanos, out);
}

int ndb_duration_in_months(struct ndb_scalar *scalar, const namidb_value *args,
                           uint32_t count, namidb_value *out)
{
    struct between between;
    int rc = prepare(&between, scalar, args);

    (void)count;
    return rc < 0 ? rc
                  : ndb_duration_make(
                        scalar, between.has_dates ? whole_months(&between) : 0,
                        0, 0, 0, out);
}

int ndb_duration_in_days(struct ndb_scalar *scalar, const namidb_value *args,
                         uint32_t count, namidb_value *out)
{
    struct between between;
    int rc = prepare(&between, scalar, args);

    (void)count;
    return rc < 0
               ? rc
               : ndb_duration_make(scalar, 0,
                                   between.has_dates ? whole_days(&between) : 0,
                                   0, 0, out);
}

int ndb_duration_in_seconds(struct ndb_scalar *scalar, const namidb_value *args,
                            uint32_t count, namidb_value *out)
{
    struct between between;
    int64_t seconds, nanos;
    int rc = prepare(&between, scalar, args);

    (void)count;
    if (rc < 0)
        return rc;
    rest(&between, &seconds, &nanos);
    return ndb_duration_make(scalar, 0, 0, seconds, nanos, out);
}
