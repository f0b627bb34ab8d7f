/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is behind the dot: date.year, time.minute, duration.minutesOfHour.
 */
#include <inttypes.h>

#include "exec/parts.h"

#define MS INT64_C(1000000)
#define US INT64_C(1000)

static bool is_name(const char *name, size_t bytes, const char *wanted)
{
    return strlen(wanted) == bytes && memcmp(name, wanted, bytes) == 0;
}

#define IS(wanted) is_name(name, bytes, wanted)

static bool date_component(const struct ndb_parts *parts, const char *name,
                           size_t bytes, int64_t *out)
{
    struct ndb_civil civil = ndb_calendar_civil(parts->day);
    struct ndb_week week = ndb_calendar_week(parts->day);

    if (IS("year"))
        *out = civil.year;
    else if (IS("quarter"))
        *out = (civil.month + 2) / 3;
    else if (IS("month"))
        *out = civil.month;
    else if (IS("week"))
        *out = week.week;
    else if (IS("weekYear"))
        *out = week.year;
    else if (IS("dayOfQuarter"))
        *out = ndb_calendar_day_of_quarter(parts->day);
    else if (IS("quarterDay"))
        *out = ndb_calendar_day_of_quarter(parts->day);
    else if (IS("day"))
        *out = civil.day;
    else if (IS("ordinalDay"))
        *out = ndb_calendar_day_of_year(parts->day);
    else if (IS("dayOfWeek") || IS("weekDay"))
        *out = week.day;
    else
        return false;
    return true;
}

static bool time_component(const struct ndb_parts *parts, const char *name,
                           size_t bytes, int64_t *out)
{
    int64_t seconds = parts->nanos / NDB_SECOND_NS;
    int64_t nanos = parts->nanos % NDB_SECOND_NS;

    if (IS("hour"))
        *out = seconds / 3600;
    else if (IS("minute"))
        *out = seconds / 60 % 60;
    else if (IS("second"))
        *out = seconds % 60;
    else if (IS("millisecond"))
        *out = nanos / MS;
    else if (IS("microsecond"))
        *out = nanos / US;
    else if (IS("nanosecond"))
        *out = nanos;
    else
        return false;
    return true;
}

/* Seconds in a smaller unit, `rest` of which come on top. */
static int in_unit(struct ndb_scalar *scalar, int64_t seconds, int64_t unit,
                   int64_t rest, int64_t *out)
{
    if (__builtin_mul_overflow(seconds, unit, out) ||
        __builtin_add_overflow(*out, rest, out))
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "%" PRId64 " seconds in a smaller unit are beyond 64 "
                         "bits",
                         seconds);
    return NAMIDB_OK;
}

static int zone_component(struct ndb_scalar *scalar,
                          const struct ndb_parts *parts, const char *name,
                          size_t bytes, int64_t *out)
{
    if (IS("offsetMinutes"))
        *out = parts->offset / 60;
    else if (IS("offsetSeconds"))
        *out = parts->offset;
    else if (parts->has_date && IS("epochSeconds"))
        *out = ndb_parts_moment(parts);
    else if (parts->has_date && IS("epochMillis"))
        return in_unit(scalar, ndb_parts_moment(parts), 1000,
                       parts->nanos % NDB_SECOND_NS / MS, out);
    else
        return NAMIDB_NONE;
    return NAMIDB_OK;
}

/* "+01:00", or the zone's name where that is wanted and there is one. */
static int zone_text(struct ndb_scalar *scalar, const struct ndb_parts *parts,
                     bool is_offset, namidb_value *out)
{
    namidb_value time = { .kind = NAMIDB_TIME,
                          .size = (uint32_t)parts->offset };
    char text[NDB_TEMPORAL_TEXT_BYTES];
    size_t bytes;
    char *copy;

    if (!is_offset && parts->zone.bytes != 0) {
        *out = ndb_string((const char *)parts->zone.data, parts->zone.bytes);
        return NAMIDB_OK;
    }
    /* A time is "00:00" and its offset. */
    bytes = ndb_temporal_format(&time, text) - 5;
    copy = ndb_arena_copy(scalar->arena, text + 5, bytes);
    if (copy == NULL)
        return NAMIDB_ENOMEM;
    *out = ndb_string(copy, bytes);
    return NAMIDB_OK;
}

static bool duration_months(const namidb_duration *duration, const char *name,
                            size_t bytes, int64_t *out)
{
    int64_t months = duration->months;

    if (IS("years"))
        *out = months / 12;
    else if (IS("quarters"))
        *out = months / 3;
    else if (IS("months"))
        *out = months;
    else if (IS("quartersOfYear"))
        *out = months / 3 % 4;
    else if (IS("monthsOfQuarter"))
        *out = months % 3;
    else if (IS("monthsOfYear"))
        *out = months % 12;
    else if (IS("weeks"))
        *out = duration->days / 7;
    else if (IS("days"))
        *out = duration->days;
    else if (IS("daysOfWeek"))
        *out = duration->days % 7;
    else
        return false;
    return true;
}

static int duration_seconds(struct ndb_scalar *scalar,
                            const namidb_duration *duration, const char *name,
                            size_t bytes, int64_t *out)
{
    int64_t seconds = duration->seconds, nanos = duration->nanoseconds;

    if (IS("hours"))
        *out = seconds / 3600;
    else if (IS("minutes"))
        *out = seconds / 60;
    else if (IS("seconds"))
        *out = seconds;
    else if (IS("milliseconds"))
        return in_unit(scalar, seconds, 1000, nanos / MS, out);
    else if (IS("microseconds"))
        return in_unit(scalar, seconds, 1000000, nanos / US, out);
    else if (IS("nanoseconds"))
        return in_unit(scalar, seconds, NDB_SECOND_NS, nanos, out);
    else if (IS("minutesOfHour"))
        *out = seconds / 60 % 60;
    else if (IS("secondsOfMinute"))
        *out = seconds % 60;
    else if (IS("millisecondsOfSecond"))
        *out = nanos / MS;
    else if (IS("microsecondsOfSecond"))
        *out = nanos / US;
    else if (IS("nanosecondsOfSecond"))
        *out = nanos;
    else
        return NAMIDB_NONE;
    return NAMIDB_OK;
}

int ndb_temporal_component(struct ndb_scalar *scalar, const namidb_value *value,
                           const char *name, size_t bytes, namidb_value *out)
{
    struct ndb_parts parts;
    int64_t number = 0;
    int rc = NAMIDB_NONE;

    *out = ndb_null();
    if (value->kind == NAMIDB_DURATION) {
        rc = duration_months(value->as.duration, name, bytes, &number)
                 ? NAMIDB_OK
                 : duration_seconds(scalar, value->as.duration, name, bytes,
                                    &number);
    } else {
        parts = ndb_parts_of(value);
        if (parts.has_zone && (IS("timezone") || IS("offset")))
            return zone_text(scalar, &parts, IS("offset"), out);
        if ((parts.has_date && date_component(&parts, name, bytes, &number)) ||
            (parts.has_time && time_component(&parts, name, bytes, &number)))
            rc = NAMIDB_OK;
        else if (parts.has_zone)
            rc = zone_component(scalar, &parts, name, bytes, &number);
    }
    if (rc == NAMIDB_OK)
        *out = ndb_integer(number);
    return rc < 0 ? rc : NAMIDB_OK;
}
