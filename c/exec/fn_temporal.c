/* SPDX-License-Identifier: Apache-2.0 */
/*
 * date(), localtime(), time(), localdatetime(), datetime() and duration(), from
 * nothing, from text, from maps, from one another; X.truncate().
 */
#include "exec/fields.h"
#include "exec/list.h"
#include "sys/clock.h"

static int wrong_argument(struct ndb_scalar *scalar, uint32_t kind,
                          const namidb_value *value)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "a value of type %s cannot become one of type %s",
                     ndb_kind_name(value->kind), ndb_kind_name(kind));
}

/* The clock, in a zone if one is given. */
static int make_now(struct ndb_scalar *scalar, uint32_t kind, int64_t seconds,
                    int64_t nanos, const namidb_value *args, uint32_t count,
                    namidb_value *out)
{
    struct ndb_parts parts = { .has_date = true,
                               .has_time = true,
                               .has_zone = true };
    int rc = ndb_parts_set_local(scalar, &parts, seconds, nanos);

    if (rc >= 0 && count != 0) {
        if (args[0].kind != NAMIDB_STRING)
            return wrong_argument(scalar, kind, &args[0]);
        rc = ndb_parts_set_zone(
            scalar, &parts, ndb_slice(args[0].as.bytes, args[0].size), false);
    }
    return rc < 0 ? rc : ndb_parts_make(scalar, kind, &parts, out);
}

/* Whether parts have what a kind cannot do without. */
static bool may_become(const struct ndb_parts *parts, uint32_t kind)
{
    if (kind == NAMIDB_LOCAL_TIME || kind == NAMIDB_TIME)
        return parts->has_time;
    return parts->has_date;
}

static int construct(struct ndb_scalar *scalar, uint32_t kind,
                     const namidb_value *args, uint32_t count,
                     namidb_value *out)
{
    const namidb_value *value = args;
    struct ndb_parts parts;
    int rc;

    if (count == 0)
        return make_now(scalar, kind, scalar->now_seconds,
                        scalar->now_nanoseconds, NULL, 0, out);
    if (value->kind == NAMIDB_STRING) {
        rc = ndb_parts_parse(scalar, kind,
                             ndb_slice(value->as.bytes, value->size), &parts);
    } else if (value->kind == NAMIDB_MAP) {
        rc = ndb_fields_parts(scalar, kind, value, &parts);
    } else {
        if (!ndb_is_temporal(value->kind) || value->kind == NAMIDB_DURATION)
            return wrong_argument(scalar, kind, value);
        parts = ndb_parts_of(value);
        rc = may_become(&parts, kind) ? NAMIDB_OK
                                      : wrong_argument(scalar, kind, value);
    }
    return rc < 0 ? rc : ndb_parts_make(scalar, kind, &parts, out);
}

/* --------------------------------------------------------------- truncation --
 */

enum unit {
    MILLENNIUM,
    CENTURY,
    DECADE,
    YEAR,
    WEEK_YEAR,
    QUARTER,
    MONTH,
    WEEK,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    MILLISECOND,
    MICROSECOND,
    UNIT_COUNT
};

static const char *const UNITS[UNIT_COUNT] = {
    "millennium", "century", "decade",      "year",       "weekYear",
    "quarter",    "month",   "week",        "day",        "hour",
    "minute",     "second",  "millisecond", "microsecond"
};

static int64_t truncate_day(enum unit unit, int64_t day)
{
    struct ndb_civil civil = ndb_calendar_civil(day);
    struct ndb_week week = ndb_calendar_week(day);

    switch (unit) {
    case MILLENNIUM:
        civil.year = ndb_floor_div(civil.year, 1000) * 1000;
        break;
    case CENTURY:
        civil.year = ndb_floor_div(civil.year, 100) * 100;
        break;
    case DECADE:
        civil.year = ndb_floor_div(civil.year, 10) * 10;
        break;
    case YEAR:
        break;
    case WEEK_YEAR:
        return ndb_calendar_of_week((struct ndb_week){ week.year, 1, 1 });
    case QUARTER:
        return ndb_calendar_day(
            (struct ndb_civil){ civil.year, (civil.month - 1) / 3 * 3 + 1, 1 });
    case MONTH:
        return ndb_calendar_day(
            (struct ndb_civil){ civil.year, civil.month, 1 });
    case WEEK:
        return day - week.day + 1;
    default:
        return day;
    }
    return ndb_calendar_day((struct ndb_civil){ civil.year, 1, 1 });
}

static int64_t truncate_nanos(enum unit unit, int64_t nanos)
{
    static const int64_t STEPS[] = { 3600 * NDB_SECOND_NS, 60 * NDB_SECOND_NS,
                                     NDB_SECOND_NS, 1000000, 1000 };

    return unit <= DAY ? 0 : nanos - nanos % STEPS[unit - HOUR];
}

static int find_unit(struct ndb_scalar *scalar, const namidb_value *name,
                     enum unit *unit)
{
    if (name->kind == NAMIDB_STRING)
        for (int i = 0; i < UNIT_COUNT; i++)
            if (ndb_slice_equal(ndb_slice(name->as.bytes, name->size),
                                ndb_slice_text(UNITS[i]))) {
                *unit = (enum unit)i;
                return NAMIDB_OK;
            }
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                     "no unit to truncate to");
}

static int check_unit(struct ndb_scalar *scalar, uint32_t kind, enum unit unit)
{
    if (kind != NAMIDB_DATE || unit <= DAY)
        return NAMIDB_OK;
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                     "a date is not truncated to the %s", UNITS[unit]);
}

static int truncate_to(struct ndb_scalar *scalar, uint32_t kind,
                       const namidb_value *args, uint32_t count,
                       namidb_value *out)
{
    static const namidb_value EMPTY = { .kind = NAMIDB_MAP };
    const namidb_value *fields = count > 2 ? &args[2] : &EMPTY;
    struct ndb_parts parts = { .has_date = false };
    enum unit unit = DAY;
    int rc = find_unit(scalar, &args[0], &unit);

    if (rc >= 0)
        rc = check_unit(scalar, kind, unit);
    if (rc >= 0 && count == 1)
        rc = ndb_parts_set_local(scalar, &parts, scalar->now_seconds,
                                 scalar->now_nanoseconds);
    if (rc < 0)
        return rc;
    if (count > 1) {
        if (!ndb_is_temporal(args[1].kind) || args[1].kind == NAMIDB_DURATION)
            return wrong_argument(scalar, kind, &args[1]);
        parts = ndb_parts_of(&args[1]);
        if (!may_become(&parts, kind))
            return wrong_argument(scalar, kind, &args[1]);
    } else {
        parts.has_date = parts.has_time = parts.has_zone = true;
    }
    if (fields->kind != NAMIDB_MAP)
        return wrong_argument(scalar, kind, fields);
    if (kind == NAMIDB_TIME)
        parts.zone = ndb_slice(NULL, 0);
    parts.day = truncate_day(unit, parts.day);
    parts.nanos = truncate_nanos(unit, parts.nanos);
    parts.has_time = true;
    rc = ndb_fields_overlay(scalar, kind, fields, &parts);
    return rc < 0 ? rc : ndb_parts_make(scalar, kind, &parts, out);
}

/* ------------------------------------------------------------- per kind -- */

#define KIND_FUNCTIONS(name, kind)                                             \
    static int fn_##name(struct ndb_scalar *scalar, const namidb_value *args,  \
                         uint32_t count, namidb_value *out)                    \
    {                                                                          \
        return construct(scalar, kind, args, count, out);                      \
    }                                                                          \
    static int fn_##name##_now(struct ndb_scalar *scalar,                      \
                               const namidb_value *args, uint32_t count,       \
                               namidb_value *out)                              \
    {                                                                          \
        return make_now(scalar, kind, scalar->now_seconds,                     \
                        scalar->now_nanoseconds, args, count, out);            \
    }                                                                          \
    static int fn_##name##_realtime(struct ndb_scalar *scalar,                 \
                                    const namidb_value *args, uint32_t count,  \
                                    namidb_value *out)                         \
    {                                                                          \
        int64_t now_ms = ndb_clock_wall_ms();                                  \
                                                                               \
        return make_now(scalar, kind, now_ms / 1000, now_ms % 1000 * 1000000,  \
                        args, count, out);                                     \
    }                                                                          \
    static int fn_##name##_truncate(struct ndb_scalar *scalar,                 \
                                    const namidb_value *args, uint32_t count,  \
                                    namidb_value *out)                         \
    {                                                                          \
        return truncate_to(scalar, kind, args, count, out);                    \
    }

KIND_FUNCTIONS(date, NAMIDB_DATE)
KIND_FUNCTIONS(localtime, NAMIDB_LOCAL_TIME)
KIND_FUNCTIONS(time, NAMIDB_TIME)
KIND_FUNCTIONS(localdatetime, NAMIDB_LOCAL_DATETIME)
KIND_FUNCTIONS(datetime, NAMIDB_DATETIME)

/* datetime.fromepoch(seconds, nanoseconds), .fromepochmillis(milliseconds) */
static int from_epoch(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    int64_t seconds, nanos;

    for (uint32_t i = 0; i < count; i++)
        if (args[i].kind != NAMIDB_INT)
            return wrong_argument(scalar, NAMIDB_DATETIME, &args[i]);
    seconds = count == 2 ? args[0].as.integer
                         : ndb_floor_div(args[0].as.integer, 1000);
    nanos = count == 2 ? args[1].as.integer
                       : ndb_floor_mod(args[0].as.integer, 1000) * 1000000;
    if (__builtin_add_overflow(seconds, ndb_floor_div(nanos, NDB_SECOND_NS),
                               &seconds))
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE, "too late");
    return make_now(scalar, NAMIDB_DATETIME, seconds,
                    ndb_floor_mod(nanos, NDB_SECOND_NS), NULL, 0, out);
}

/* ---------------------------------------------------------------- durations --
 */

static int amount_of(struct ndb_scalar *scalar, const namidb_value *map,
                     const char *name, long double *out)
{
    const namidb_value *value = ndb_map_get(map, ndb_slice_text(name));

    *out = 0;
    if (value == NULL || ndb_is_null(value))
        return NAMIDB_OK;
    if (value->kind == NAMIDB_INT)
        *out = (long double)value->as.integer;
    else if (value->kind == NAMIDB_FLOAT)
        *out = value->as.number;
    else
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "%s is a number, not a value of type %s", name,
                         ndb_kind_name(value->kind));
    return NAMIDB_OK;
}

static int duration_of_map(struct ndb_scalar *scalar, const namidb_value *map,
                           namidb_value *out)
{
    static const char *const NAMES[] = {
        "years",        "quarters",     "months",      "weeks",
        "days",         "hours",        "minutes",     "seconds",
        "milliseconds", "microseconds", "nanoseconds", NULL
    };
    long double amounts[11];
    struct ndb_spans spans;
    int rc = ndb_map_check_keys(scalar, map, NAMES, "a duration");

    for (int i = 0; i < 11 && rc >= 0; i++)
        rc = amount_of(scalar, map, NAMES[i], &amounts[i]);
    if (rc < 0)
        return rc;
    spans.months = amounts[0] * 12 + amounts[1] * 3 + amounts[2];
    spans.days = amounts[3] * 7 + amounts[4];
    spans.seconds = (amounts[5] * 60 + amounts[6]) * 60 + amounts[7];
    spans.nanos = (amounts[8] * 1000 + amounts[9]) * 1000 + amounts[10];
    return ndb_duration_of(scalar, &spans, out);
}

static int fn_duration(struct ndb_scalar *scalar, const namidb_value *args,
                       uint32_t count, namidb_value *out)
{
    (void)count;
    if (args[0].kind == NAMIDB_STRING)
        return ndb_duration_parse(
            scalar, ndb_slice(args[0].as.bytes, args[0].size), out);
    if (args[0].kind == NAMIDB_MAP)
        return duration_of_map(scalar, &args[0], out);
    if (args[0].kind != NAMIDB_DURATION)
        return wrong_argument(scalar, NAMIDB_DURATION, &args[0]);
    *out = args[0];
    return NAMIDB_OK;
}

#define KIND_TABLE(name, text)                                                 \
    { text, 0, 1, false, fn_##name },                                          \
        { text ".transaction", 0, 1, false, fn_##name##_now },                 \
        { text ".statement", 0, 1, false, fn_##name##_now },                   \
        { text ".realtime", 0, 1, false, fn_##name##_realtime },               \
    {                                                                          \
        text ".truncate", 1, 3, false, fn_##name##_truncate                    \
    }

const struct ndb_function NDB_TEMPORAL_FUNCTIONS[] = {
    KIND_TABLE(date, "date"),
    KIND_TABLE(localtime, "localtime"),
    KIND_TABLE(time, "time"),
    KIND_TABLE(localdatetime, "localdatetime"),
    KIND_TABLE(datetime, "datetime"),
    { "datetime.fromepoch", 2, 2, false, from_epoch },
    { "datetime.fromepochmillis", 1, 1, false, from_epoch },
    { "duration", 1, 1, false, fn_duration },
    { "duration.between", 2, 2, false, ndb_duration_between },
    { "duration.inmonths", 2, 2, false, ndb_duration_in_months },
    { "duration.indays", 2, 2, false, ndb_duration_in_days },
    { "duration.inseconds", 2, 2, false, ndb_duration_in_seconds },
    { NULL, 0, 0, false, NULL },
};
