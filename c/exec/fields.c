/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/fields.h"

#include "exec/list.h"

#define MS INT64_C(1000000)
#define US INT64_C(1000)

struct fields {
    struct ndb_scalar *scalar;
    const namidb_value *map;
    bool is_overlay;
};

static const namidb_value *find(const struct fields *fields, const char *name)
{
    const namidb_value *value = ndb_map_get(fields->map, ndb_slice_text(name));

    return value != NULL && ndb_is_null(value) ? NULL : value;
}

static int out_of_range(const struct fields *fields, const char *name,
                        int64_t value)
{
    return ndb_raise(fields->scalar->err, NDB_FAULT_OUT_OF_RANGE,
                     "%s: %lld is out of range", name, (long long)value);
}

/* *is_there: whether the field is given; else *out stays. */
static int take(const struct fields *fields, const char *name, int64_t low,
                int64_t high, int64_t *out, bool *is_there)
{
    const namidb_value *value = find(fields, name);

    *is_there = value != NULL;
    if (value == NULL)
        return NAMIDB_OK;
    if (value->kind != NAMIDB_INT)
        return ndb_raise(fields->scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "%s is an integer, not a value of type %s", name,
                         ndb_kind_name(value->kind));
    if (value->as.integer < low || value->as.integer > high)
        return out_of_range(fields, name, value->as.integer);
    *out = value->as.integer;
    return NAMIDB_OK;
}

static bool has(const struct fields *fields, const char *name)
{
    return find(fields, name) != NULL;
}

/* ------------------------------------------------------------------ dates --
 */

static int take_week(const struct fields *fields, struct ndb_parts *parts)
{
    struct ndb_week base = ndb_calendar_week(parts->day);
    int64_t year = base.year, week = parts->has_date ? base.week : 1;
    int64_t day = parts->has_date ? base.day : 1;
    bool is_there;
    int rc = take(fields, "year", NDB_YEAR_MIN, NDB_YEAR_MAX, &year, &is_there);

    if (rc >= 0)
        rc = take(fields, "week", 1, 53, &week, &is_there);
    if (rc >= 0)
        rc = take(fields, "dayOfWeek", 1, 7, &day, &is_there);
    if (rc >= 0 && week > ndb_calendar_year_weeks(year))
        rc = out_of_range(fields, "week", week);
    if (rc >= 0)
        parts->day = ndb_calendar_of_week(
            (struct ndb_week){ year, (int)week, (int)day });
    return rc;
}

/* A quarter alone keeps the month's place in it. */
static int take_quarter(const struct fields *fields, struct ndb_parts *parts)
{
    struct ndb_civil civil = ndb_calendar_civil(parts->day);
    int64_t quarter = (civil.month + 2) / 3, day = 1;
    bool has_day;
    int rc =
        take(fields, "year", NDB_YEAR_MIN, NDB_YEAR_MAX, &civil.year, &has_day);

    if (rc >= 0)
        rc = take(fields, "quarter", 1, 4, &quarter, &has_day);
    if (rc >= 0)
        rc = take(fields, "dayOfQuarter", 1, 92, &day, &has_day);
    if (rc < 0)
        return rc;
    if (has_day) {
        if (day > ndb_calendar_quarter_days(civil.year, (int)quarter))
            return out_of_range(fields, "dayOfQuarter", day);
        civil.month = (int)quarter * 3 - 2;
        civil.day = 1;
        parts->day = ndb_calendar_day(civil) + day - 1;
        return NAMIDB_OK;
    }
    civil.month = (int)(quarter - 1) * 3 + (civil.month - 1) % 3 + 1;
    if (civil.day > ndb_calendar_month_days(civil.year, civil.month))
        return out_of_range(fields, "day", civil.day);
    parts->day = ndb_calendar_day(civil);
    return NAMIDB_OK;
}

static int take_ordinal(const struct fields *fields, struct ndb_parts *parts)
{
    struct ndb_civil civil = ndb_calendar_civil(parts->day);
    int64_t day = 1;
    bool is_there;
    int rc = take(fields, "year", NDB_YEAR_MIN, NDB_YEAR_MAX, &civil.year,
                  &is_there);

    if (rc >= 0)
        rc = take(fields, "ordinalDay", 1, 366, &day, &is_there);
    if (rc >= 0 && day > 365 + ndb_calendar_is_leap(civil.year))
        rc = out_of_range(fields, "ordinalDay", day);
    if (rc >= 0)
        parts->day =
            ndb_calendar_day((struct ndb_civil){ civil.year, 1, 1 }) + day - 1;
    return rc;
}

static int take_civil(const struct fields *fields, struct ndb_parts *parts)
{
    struct ndb_civil civil = ndb_calendar_civil(parts->day);
    int64_t month = civil.month, day = civil.day;
    bool is_there;
    int rc = take(fields, "year", NDB_YEAR_MIN, NDB_YEAR_MAX, &civil.year,
                  &is_there);

    if (rc >= 0)
        rc = take(fields, "month", 1, 12, &month, &is_there);
    if (rc >= 0)
        rc = take(fields, "day", 1, 31, &day, &is_there);
    if (rc >= 0 && day > ndb_calendar_month_days(civil.year, (int)month))
        rc = out_of_range(fields, "day", day);
    if (rc >= 0)
        parts->day = ndb_calendar_day(
            (struct ndb_civil){ civil.year, (int)month, (int)day });
    return rc;
}

static int take_date(const struct fields *fields, struct ndb_parts *parts)
{
    int rc;

    if (!parts->has_date && !has(fields, "year"))
        return ndb_raise(fields->scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                         "a date has a year, or is taken from another");
    if (has(fields, "week") || has(fields, "dayOfWeek"))
        rc = take_week(fields, parts);
    else if (has(fields, "quarter") || has(fields, "dayOfQuarter"))
        rc = take_quarter(fields, parts);
    else if (has(fields, "ordinalDay"))
        rc = take_ordinal(fields, parts);
    else
        rc = take_civil(fields, parts);
    parts->has_date = true;
    return rc;
}

/* ------------------------------------------------------------------ times --
 */

/* Nanoseconds of the second: each field counts within the larger one beside it.
 */
static int take_fraction(const struct fields *fields, int64_t *nanos)
{
    int64_t ms = *nanos / MS, us = *nanos / US % 1000, ns = *nanos % US;
    bool has_ms, has_us, has_ns;
    int64_t part = 0;
    int rc = take(fields, "millisecond", 0, 999, &ms, &has_ms);

    if (rc >= 0)
        rc = take(fields, "microsecond", 0, has_ms ? 999 : 999999, &part,
                  &has_us);
    if (rc >= 0 && has_us) {
        us = part % 1000;
        if (!has_ms)
            ms = part / 1000;
    }
    if (rc >= 0)
        rc = take(fields, "nanosecond", 0,
                  has_us   ? 999
                  : has_ms ? 999999
                           : 999999999,
                  &part, &has_ns);
    if (rc < 0)
        return rc;
    if (has_ns && fields->is_overlay && part < US) {
        ns = part;
    } else if (has_ns) {
        ns = part % US;
        if (!has_us)
            us = part / US % 1000;
        if (!has_us && !has_ms)
            ms = part / MS;
    }
    *nanos = (ms * 1000 + us) * US + ns;
    return NAMIDB_OK;
}

static int take_time(const struct fields *fields, struct ndb_parts *parts)
{
    int64_t seconds = parts->nanos / NDB_SECOND_NS;
    int64_t nanos = parts->nanos % NDB_SECOND_NS;
    int64_t hour = seconds / 3600, minute = seconds / 60 % 60;
    bool is_there;
    int rc = take(fields, "hour", 0, 23, &hour, &is_there);

    seconds %= 60;
    if (rc >= 0)
        rc = take(fields, "minute", 0, 59, &minute, &is_there);
    if (rc >= 0)
        rc = take(fields, "second", 0, 59, &seconds, &is_there);
    if (rc >= 0)
        rc = take_fraction(fields, &nanos);
    parts->nanos =
        ((hour * 60 + minute) * 60 + seconds) * NDB_SECOND_NS + nanos;
    parts->has_time = true;
    return rc;
}

/* ------------------------------------------------------------------ zones --
 */

static int take_zone(const struct fields *fields, bool keeps_clock,
                     struct ndb_parts *parts)
{
    const namidb_value *zone = find(fields, "timezone");
    int rc = ndb_parts_settle(fields->scalar, parts);

    if (zone == NULL || rc < 0)
        return rc;
    if (zone->kind != NAMIDB_STRING)
        return ndb_raise(fields->scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "timezone is a string");
    return ndb_parts_set_zone(fields->scalar, parts,
                              ndb_slice(zone->as.bytes, zone->size),
                              keeps_clock || !parts->has_zone);
}

/* ------------------------------------------------------------- other values --
 */

static int check_temporal(const struct fields *fields, const char *name,
                          const namidb_value *value)
{
    if (ndb_is_temporal(value->kind) && value->kind != NAMIDB_DURATION)
        return NAMIDB_OK;
    return ndb_raise(fields->scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "%s is taken from another date or time, not from a value "
                     "of type %s",
                     name, ndb_kind_name(value->kind));
}

static int take_others(const struct fields *fields, struct ndb_parts *parts)
{
    const namidb_value *both = find(fields, "datetime");
    const namidb_value *date = both != NULL ? both : find(fields, "date");
    const namidb_value *time = both != NULL ? both : find(fields, "time");
    int rc = NAMIDB_OK;

    if (date != NULL && (rc = check_temporal(fields, "date", date)) >= 0) {
        struct ndb_parts other = ndb_parts_of(date);

        parts->has_date = other.has_date;
        parts->day = other.day;
    }
    if (rc >= 0 && time != NULL &&
        (rc = check_temporal(fields, "time", time)) >= 0) {
        struct ndb_parts other = ndb_parts_of(time);

        parts->has_time = other.has_time;
        parts->nanos = other.nanos;
        parts->has_zone = other.has_zone;
        parts->offset = other.offset;
        parts->zone = other.zone;
    }
    return rc;
}

/* ---------------------------------------------------------------- moments --
 */

/* The moment from 1970 on, as Neo4j's constructor takes it. */
static bool is_epoch(const struct fields *fields)
{
    return has(fields, "epochSeconds") || has(fields, "epochMillis");
}

/* The moment, in UTC, and of the other fields the nanosecond in what it leaves
 * open. */
static int take_epoch(const struct fields *fields, struct ndb_parts *parts)
{
    static const char *const SECONDS[] = { "epochSeconds", "nanosecond",
                                           "timezone", NULL };
    static const char *const MILLIS[] = { "epochMillis", "nanosecond",
                                          "timezone", NULL };
    bool is_millis = has(fields, "epochMillis");
    int64_t seconds = 0, nanos = 0, more = 0;
    bool is_there;
    int rc = ndb_map_check_keys(
        fields->scalar, fields->map, is_millis ? MILLIS : SECONDS,
        is_millis ? "a DateTime by epochMillis" : "a DateTime by epochSeconds");

    if (rc >= 0)
        rc = take(fields, is_millis ? "epochMillis" : "epochSeconds", INT64_MIN,
                  INT64_MAX, &seconds, &is_there);
    if (rc >= 0)
        rc = take(fields, "nanosecond", 0,
                  is_millis ? MS - 1 : NDB_SECOND_NS - 1, &more, &is_there);
    if (rc < 0)
        return rc;
    if (is_millis) {
        nanos = ndb_floor_mod(seconds, 1000) * MS;
        seconds = ndb_floor_div(seconds, 1000);
    }
    parts->has_date = parts->has_time = parts->has_zone = true;
    return ndb_parts_set_local(fields->scalar, parts, seconds, nanos + more);
}

static bool wants_date(uint32_t kind)
{
    return kind == NAMIDB_DATE || kind == NAMIDB_LOCAL_DATETIME ||
           kind == NAMIDB_DATETIME;
}

static bool wants_zone(uint32_t kind)
{
    return kind == NAMIDB_TIME || kind == NAMIDB_DATETIME;
}

/* Fields: other values, days, and the time of day. */
#define OTHERS "date", "time", "datetime"
#define DAYS                                                                   \
    "year", "month", "day", "week", "dayOfWeek", "quarter", "dayOfQuarter",    \
        "ordinalDay"
#define CLOCK                                                                  \
    "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"

/* Whether every key is a field of the kind. */
static int check_keys(struct ndb_scalar *scalar, uint32_t kind,
                      const namidb_value *map)
{
    static const char *const DATE[] = { OTHERS, DAYS, NULL };
    static const char *const LOCAL_TIME[] = { OTHERS, CLOCK, NULL };
    static const char *const TIME[] = { OTHERS, CLOCK, "timezone", NULL };
    static const char *const LOCAL_DATETIME[] = { OTHERS, DAYS, CLOCK, NULL };
    static const char *const DATETIME[] = { OTHERS, DAYS, CLOCK, "timezone",
                                            NULL };
    const char *const *names = kind == NAMIDB_DATE             ? DATE
                               : kind == NAMIDB_LOCAL_TIME     ? LOCAL_TIME
                               : kind == NAMIDB_TIME           ? TIME
                               : kind == NAMIDB_LOCAL_DATETIME ? LOCAL_DATETIME
                                                               : DATETIME;

    return ndb_map_check_keys(scalar, map, names, ndb_kind_name(kind));
}

int ndb_fields_parts(struct ndb_scalar *scalar, uint32_t kind,
                     const namidb_value *map, struct ndb_parts *parts)
{
    struct fields fields = { scalar, map, false };
    int rc;

    *parts = (struct ndb_parts){ .has_date = false };
    if (kind == NAMIDB_DATETIME && is_epoch(&fields)) {
        rc = take_epoch(&fields, parts);
        return rc < 0 ? rc : take_zone(&fields, false, parts);
    }
    rc = check_keys(scalar, kind, map);
    if (rc >= 0)
        rc = take_others(&fields, parts);
    /* Of a time alone a named zone is what it is at that moment. */
    if (kind == NAMIDB_TIME)
        parts->zone = ndb_slice(NULL, 0);
    if (rc >= 0 && wants_date(kind))
        rc = take_date(&fields, parts);
    if (rc >= 0 && kind != NAMIDB_DATE)
        rc = take_time(&fields, parts);
    return rc < 0 || !wants_zone(kind) ? rc : take_zone(&fields, false, parts);
}

int ndb_fields_overlay(struct ndb_scalar *scalar, uint32_t kind,
                       const namidb_value *map, struct ndb_parts *parts)
{
    struct fields fields = { scalar, map, true };
    int rc = check_keys(scalar, kind, map);

    if (rc >= 0 && wants_date(kind))
        rc = take_date(&fields, parts);
    if (rc >= 0 && kind != NAMIDB_DATE)
        rc = take_time(&fields, parts);
    return rc < 0 || !wants_zone(kind) ? rc : take_zone(&fields, true, parts);
}
