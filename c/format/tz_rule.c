/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX TZ rules ("CET-1CEST,M3.5.0,M10.5.0/3"), with the extension of RFC 8536
 * that hours go from -167 to 167.
 */
#include "format/tzif.h"

#define DAY_SECONDS 86400

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

static bool take_number(struct text *text, int max, int *out)
{
    const char *begin = text->at;

    *out = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9' &&
           *out <= max)
        *out = *out * 10 + (*text->at++ - '0');
    return text->at > begin && *out <= max;
}

/* A name of letters, or of anything in <>. */
static bool skip_name(struct text *text)
{
    const char *begin = text->at;

    if (take(text, '<')) {
        while (text->at < text->end && *text->at != '>')
            text->at++;
        return take(text, '>');
    }
    while (text->at < text->end && ((*text->at >= 'A' && *text->at <= 'Z') ||
                                    (*text->at >= 'a' && *text->at <= 'z')))
        text->at++;
    return text->at - begin >= 3;
}

/* [+-]h[h[h]][:mm[:ss]] as seconds. */
static bool take_time(struct text *text, int32_t *out)
{
    bool is_negative = take(text, '-');
    int hours, minutes = 0, seconds = 0;

    if (!is_negative)
        (void)take(text, '+');
    if (!take_number(text, 167, &hours))
        return false;
    if (take(text, ':') && !take_number(text, 59, &minutes))
        return false;
    if (take(text, ':') && !take_number(text, 59, &seconds))
        return false;
    *out = hours * 3600 + minutes * 60 + seconds;
    if (is_negative)
        *out = -*out;
    return true;
}

static bool take_day(struct text *text, struct ndb_tz_start *start)
{
    if (take(text, 'M')) {
        start->kind = NDB_TZ_WEEKDAY;
        return take_number(text, 12, &start->month) && start->month >= 1 &&
               take(text, '.') && take_number(text, 5, &start->week) &&
               start->week >= 1 && take(text, '.') &&
               take_number(text, 6, &start->day);
    }
    start->kind = NDB_TZ_DAY_OF_YEAR;
    if (take(text, 'J'))
        start->kind = NDB_TZ_JULIAN;
    return take_number(text, 365, &start->day) &&
           (start->kind == NDB_TZ_DAY_OF_YEAR || start->day >= 1);
}

static bool take_start(struct text *text, struct ndb_tz_start *start)
{
    start->seconds = 2 * 3600;
    if (!take(text, ',') || !take_day(text, start))
        return false;
    return !take(text, '/') || take_time(text, &start->seconds);
}

/* Offsets in a rule count west of Greenwich. */
static bool take_offset(struct text *text, int32_t *out)
{
    if (!take_time(text, out))
        return false;
    *out = -*out;
    return true;
}

static bool parse(struct text *text, struct ndb_tz_rule *rule)
{
    if (!skip_name(text) || !take_offset(text, &rule->standard))
        return false;
    if (text->at == text->end)
        return true;
    rule->has_summer = true;
    rule->summer = rule->standard + 3600;
    if (!skip_name(text))
        return false;
    if (text->at < text->end && *text->at != ',' &&
        !take_offset(text, &rule->summer))
        return false;
    return take_start(text, &rule->to_summer) &&
           take_start(text, &rule->to_standard) && text->at == text->end;
}

int ndb_tz_rule_parse(struct ndb_slice slice, struct ndb_tz_rule *rule)
{
    struct text text = { (const char *)slice.data,
                         (const char *)slice.data + slice.bytes };

    *rule = (struct ndb_tz_rule){ .has_summer = false };
    return parse(&text, rule) ? NAMIDB_OK : NAMIDB_ECORRUPT;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970 of January 1st. */
static int64_t first_day(int64_t year)
{
    int64_t before = year - 1;
    int64_t quads = before >= 0 ? before / 4 : (before - 3) / 4;
    int64_t centuries = before >= 0 ? before / 100 : (before - 99) / 100;
    int64_t eras = before >= 0 ? before / 400 : (before - 399) / 400;

    return before * 365 + quads - centuries + eras - 719162;
}

static int64_t year_of(int64_t day)
{
    int64_t year = 1970 + day / 366;

    while (first_day(year + 1) <= day)
        year++;
    while (first_day(year) > day)
        year--;
    return year;
}

/* The day of the year, from 0, on which a month begins. */
static int month_begin(int64_t year, int month)
{
    static const int DAYS[] = { 0,   31,  59,  90,  120, 151,
                                181, 212, 243, 273, 304, 334 };

    return DAYS[month - 1] + (month > 2 && is_leap(year));
}

static int64_t day_of(const struct ndb_tz_start *start, int64_t year)
{
    int64_t first = first_day(year), day;
    int weekday, month_end;

    if (start->kind == NDB_TZ_JULIAN)
        return first + start->day - 1 + (is_leap(year) && start->day > 59);
    if (start->kind == NDB_TZ_DAY_OF_YEAR)
        return first + start->day;
    day = first + month_begin(year, start->month);
    weekday = (int)(((day + 4) % 7 + 7) % 7); /* 1970-01-01: a Thursday */
    day += (start->day - weekday + 7) % 7 + (start->week - 1) * 7;
    month_end = start->month == 12 ? 365 + is_leap(year)
                                   : month_begin(year, start->month + 1);
    while (day >= first + month_end)
        day -= 7;
    return day;
}

int32_t ndb_tz_rule_offset(const struct ndb_tz_rule *rule, int64_t seconds)
{
    int64_t day = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
    int64_t year = year_of(day), summer, standard;

    if (!rule->has_summer)
        return rule->standard;
    summer = day_of(&rule->to_summer, year) * DAY_SECONDS +
             rule->to_summer.seconds - rule->standard;
    standard = day_of(&rule->to_standard, year) * DAY_SECONDS +
               rule->to_standard.seconds - rule->summer;
    if (summer < standard)
        return seconds >= summer && seconds < standard ? rule->summer
                                                       : rule->standard;
    return seconds >= standard && seconds < summer ? rule->standard
                                                   : rule->summer;
}
