/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISO 8601 dates and times, basic and extended.
 *
 *   date  2015-07-21 20150721 2015-07 201507 2015 2015-W30-2 2015W302 2015-W30
 *         2015W30 2015-202 2015202 2015-Q2-60 2015Q260 +12015-07-21
 *   time  21:40:32.142 214032.142 21:40 2140 21
 *   zone  Z +01:00 +0100 +01 +01:00:30 [Europe/Stockholm], or both
 */
#include "exec/parts.h"
#include "exec/zone.h"

struct text {
    const char *at, *end;
};

static bool take(struct text *text, char wanted)
{
    if (text->at == text->end || *text->at != wanted)
        return false;
    text->at++;
    return true;
}

static size_t digits(const struct text *text)
{
    size_t count = 0;

    while (text->at + count < text->end && text->at[count] >= '0' &&
           text->at[count] <= '9')
        count++;
    return count;
}

/* Exactly `count` digits. */
static bool take_digits(struct text *text, size_t count, int64_t *out)
{
    if (digits(text) < count)
        return false;
    *out = 0;
    for (size_t i = 0; i < count; i++)
        *out = *out * 10 + (*text->at++ - '0');
    return true;
}

static bool set_civil(struct ndb_parts *parts, int64_t year, int64_t month,
                      int64_t day)
{
    if (month < 1 || month > 12 || day < 1 ||
        day > ndb_calendar_month_days(year, (int)month))
        return false;
    parts->day =
        ndb_calendar_day((struct ndb_civil){ year, (int)month, (int)day });
    return true;
}

static bool take_week(struct text *text, bool is_extended, int64_t year,
                      struct ndb_parts *parts)
{
    int64_t week, day = 1;

    if (!take_digits(text, 2, &week))
        return false;
    if (is_extended ? take(text, '-') : digits(text) == 1)
        if (!take_digits(text, 1, &day))
            return false;
    if (week < 1 || week > ndb_calendar_year_weeks(year) || day < 1 || day > 7)
        return false;
    parts->day =
        ndb_calendar_of_week((struct ndb_week){ year, (int)week, (int)day });
    return true;
}

static bool take_quarter(struct text *text, bool is_extended, int64_t year,
                         struct ndb_parts *parts)
{
    int64_t quarter, day = 1;

    if (!take_digits(text, 1, &quarter) || quarter < 1 || quarter > 4)
        return false;
    if (is_extended ? take(text, '-') : digits(text) == 2)
        if (!take_digits(text, 2, &day))
            return false;
    if (day < 1 || day > ndb_calendar_quarter_days(year, (int)quarter))
        return false;
    parts->day =
        ndb_calendar_day((struct ndb_civil){ year, (int)quarter * 3 - 2, 1 }) +
        day - 1;
    return true;
}

static bool set_ordinal(struct ndb_parts *parts, int64_t year, int64_t day)
{
    if (day < 1 || day > 365 + ndb_calendar_is_leap(year))
        return false;
    parts->day = ndb_calendar_day((struct ndb_civil){ year, 1, 1 }) + day - 1;
    return true;
}

/* What follows the year, with or without hyphens. */
static bool take_rest(struct text *text, int64_t year, struct ndb_parts *parts)
{
    bool is_extended = take(text, '-');
    int64_t month = 1, day = 1;
    size_t count;

    if (take(text, 'W'))
        return take_week(text, is_extended, year, parts);
    if (take(text, 'Q'))
        return take_quarter(text, is_extended, year, parts);
    count = digits(text);
    if (count == 3)
        return take_digits(text, 3, &day) && set_ordinal(parts, year, day);
    if (count == 0)
        return !is_extended && set_civil(parts, year, 1, 1);
    if (!take_digits(text, 2, &month))
        return false;
    if (is_extended ? take(text, '-') : digits(text) == 2)
        if (!take_digits(text, 2, &day))
            return false;
    return set_civil(parts, year, month, day);
}

static bool take_date(struct text *text, struct ndb_parts *parts)
{
    bool is_negative = take(text, '-'), has_sign = is_negative;
    int64_t year;

    if (!has_sign)
        has_sign = take(text, '+');
    /* A sign allows years of more than four digits, then with hyphens. */
    if (digits(text) > 18 ||
        !take_digits(text, has_sign ? digits(text) : 4, &year) ||
        year > NDB_YEAR_MAX)
        return false;
    parts->has_date = true;
    return take_rest(text, is_negative ? -year : year, parts);
}

static bool take_fraction(struct text *text, int64_t *nanos)
{
    int64_t unit = NDB_SECOND_NS;

    if (!take(text, '.') && !take(text, ','))
        return true;
    if (digits(text) == 0 || digits(text) > 9)
        return false;
    while (digits(text) > 0) {
        unit /= 10;
        *nanos += (*text->at++ - '0') * unit;
    }
    return true;
}

static bool take_time(struct text *text, struct ndb_parts *parts)
{
    int64_t hour, minute = 0, second = 0, nanos = 0;
    bool is_extended, has_minute;

    if (!take_digits(text, 2, &hour))
        return false;
    is_extended = take(text, ':');
    has_minute = is_extended || digits(text) >= 2;
    if (has_minute && !take_digits(text, 2, &minute))
        return false;
    if (has_minute && (is_extended ? take(text, ':') : digits(text) >= 2))
        if (!take_digits(text, 2, &second) || !take_fraction(text, &nanos))
            return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    parts->has_time = true;
    parts->nanos = ((hour * 60 + minute) * 60 + second) * NDB_SECOND_NS + nanos;
    return true;
}

size_t ndb_offset_parse(struct ndb_slice slice, int32_t *offset)
{
    struct text text = { (const char *)slice.data,
                         (const char *)slice.data + slice.bytes };
    int64_t hour, minute = 0, second = 0;
    bool is_negative = take(&text, '-'), is_extended;

    *offset = 0;
    if (!is_negative && (take(&text, 'Z') || take(&text, 'z')))
        return 1;
    if (!is_negative && !take(&text, '+'))
        return 0;
    if (!take_digits(&text, 2, &hour))
        return 0;
    is_extended = take(&text, ':');
    if ((is_extended || digits(&text) >= 2) && !take_digits(&text, 2, &minute))
        return 0;
    if (is_extended ? take(&text, ':') : digits(&text) >= 2)
        if (!take_digits(&text, 2, &second))
            return 0;
    if (hour > 18 || minute > 59 || second > 59)
        return 0;
    *offset = (int32_t)((hour * 60 + minute) * 60 + second);
    if (is_negative)
        *offset = -*offset;
    return slice.bytes - (size_t)(text.end - text.at);
}

/* An offset, a name in brackets, or both. *given: the offset. */
static int take_zone(struct ndb_scalar *scalar, struct text *text,
                     struct ndb_parts *parts, int32_t *given)
{
    size_t left = (size_t)(text->end - text->at);
    size_t taken = ndb_offset_parse(ndb_slice(text->at, left), &parts->offset);
    const char *close;
    int rc;

    *given = taken != 0 ? parts->offset : NDB_OFFSET_OPEN;
    if (taken == 0 && (left == 0 || *text->at != '['))
        return NAMIDB_OK;
    parts->has_zone = true;
    text->at += taken;
    if (!take(text, '['))
        return NAMIDB_OK;
    close = memchr(text->at, ']', (size_t)(text->end - text->at));
    if (close == NULL)
        return NAMIDB_OK; /* what is left is the caller's fault */
    rc = ndb_parts_read_zone(
        scalar, ndb_slice(text->at, (size_t)(close - text->at)), parts);
    text->at = close + 1;
    return rc;
}

/* The moment in the zone. An offset that is given as well tells which one is
 * meant of a time that comes twice, and must be one that the zone has then. */
static int settle(struct ndb_scalar *scalar, struct ndb_parts *parts,
                  int32_t given)
{
    int rc;

    if (parts->zone.bytes != 0)
        parts->offset = given;
    rc = ndb_parts_settle(scalar, parts);
    if (rc >= 0 && given != NDB_OFFSET_OPEN && parts->offset != given)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                         "%.*s has another offset then", (int)parts->zone.bytes,
                         (const char *)parts->zone.data);
    return rc;
}

int ndb_parts_parse(struct ndb_scalar *scalar, uint32_t kind,
                    struct ndb_slice slice, struct ndb_parts *parts)
{
    bool wants_date = kind == NAMIDB_DATE || kind == NAMIDB_LOCAL_DATETIME ||
                      kind == NAMIDB_DATETIME;
    bool wants_time = kind != NAMIDB_DATE;
    struct text text = { (const char *)slice.data,
                         (const char *)slice.data + slice.bytes };
    bool is_good = true;
    int32_t given = NDB_OFFSET_OPEN;
    int rc = NAMIDB_OK;

    *parts = (struct ndb_parts){ .has_date = false };
    if (wants_date)
        is_good = take_date(&text, parts);
    if (is_good && wants_time)
        is_good = wants_date ? text.at == text.end ||
                                   (take(&text, 'T') && take_time(&text, parts))
                             : take_time(&text, parts);
    if (is_good && (kind == NAMIDB_TIME || kind == NAMIDB_DATETIME))
        rc = take_zone(scalar, &text, parts, &given);
    if (rc < 0)
        return rc;
    /* The offset of a zone is that of a day: a time alone has none. */
    if (!is_good || text.at != text.end ||
        (kind == NAMIDB_TIME && parts->zone.bytes != 0))
        return ndb_temporal_invalid(scalar, kind, slice);
    return kind == NAMIDB_DATETIME ? settle(scalar, parts, given) : rc;
}
