/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/calendar.h"

/*
 * Days are counted in years that begin in March, so that the leap day is the
 * last of its year, and in eras of 400 years, which all have 146,097 days.
 */
enum {
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    CENTURY_DAYS = 36524,
    OLYMPIAD_DAYS = 1461, /* four years with one leap day */
    YEAR_DAYS = 365,
    EPOCH_DAY = 719468 /* 1970-01-01, from 0000-03-01 */
};

/* Days before a month, in a year that begins in March. */
static int days_before(int month_from_march)
{
    return (153 * month_from_march + 2) / 5;
}

bool ndb_calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % ERA_YEARS == 0);
}

int ndb_calendar_month_days(int64_t year, int month)
{
    if (month == 2)
        return ndb_calendar_is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int64_t ndb_calendar_day(struct ndb_civil civil)
{
    int64_t year = civil.month > 2 ? civil.year : civil.year - 1;
    int64_t era = ndb_floor_div(year, ERA_YEARS);
    int64_t year_of_era = year - era * ERA_YEARS;
    int64_t day_of_year = days_before((civil.month + 9) % 12) + civil.day - 1;

    return era * ERA_DAYS + year_of_era * YEAR_DAYS + year_of_era / 4 -
           year_of_era / 100 + day_of_year - EPOCH_DAY;
}

struct ndb_civil ndb_calendar_civil(int64_t day)
{
    int64_t era = ndb_floor_div(day + EPOCH_DAY, ERA_DAYS);
    int64_t of_era = day + EPOCH_DAY - era * ERA_DAYS;
    int64_t year = (of_era - of_era / (OLYMPIAD_DAYS - 1) +
                    of_era / CENTURY_DAYS - of_era / (ERA_DAYS - 1)) /
                   YEAR_DAYS;
    int of_year = (int)(of_era - (YEAR_DAYS * year + year / 4 - year / 100));
    int month = (5 * of_year + 2) / 153;
    struct ndb_civil civil = {
        .month = month < 10 ? month + 3 : month - 9,
        .day = of_year - days_before(month) + 1,
    };

    civil.year = era * ERA_YEARS + year + (civil.month <= 2);
    return civil;
}

int ndb_calendar_weekday(int64_t day)
{
    return (int)ndb_floor_mod(day + 3, 7) + 1; /* 1970-01-01: a Thursday */
}

static int64_t first_day(int64_t year)
{
    return ndb_calendar_day((struct ndb_civil){ year, 1, 1 });
}

/* Monday of the week that has January 4th in it. */
static int64_t first_monday(int64_t year)
{
    int64_t fourth = first_day(year) + 3;

    return fourth - ndb_calendar_weekday(fourth) + 1;
}

int ndb_calendar_year_weeks(int64_t year)
{
    return (int)((first_monday(year + 1) - first_monday(year)) / 7);
}

struct ndb_week ndb_calendar_week(int64_t day)
{
    struct ndb_week week = { .day = ndb_calendar_weekday(day) };
    int64_t thursday = day + 4 - week.day;

    week.year = ndb_calendar_civil(thursday).year;
    week.week = (int)((thursday - first_day(week.year)) / 7) + 1;
    return week;
}

int64_t ndb_calendar_of_week(struct ndb_week week)
{
    return first_monday(week.year) + (week.week - 1) * 7 + week.day - 1;
}

int ndb_calendar_day_of_year(int64_t day)
{
    return (int)(day - first_day(ndb_calendar_civil(day).year)) + 1;
}

static int64_t first_of_quarter(int64_t year, int quarter)
{
    return ndb_calendar_day((struct ndb_civil){ year, quarter * 3 - 2, 1 });
}

int ndb_calendar_day_of_quarter(int64_t day)
{
    struct ndb_civil civil = ndb_calendar_civil(day);

    return (int)(day - first_of_quarter(civil.year, (civil.month + 2) / 3)) + 1;
}

int ndb_calendar_quarter_days(int64_t year, int quarter)
{
    int days = 0;

    for (int month = quarter * 3 - 2; month <= quarter * 3; month++)
        days += ndb_calendar_month_days(year, month);
    return days;
}

bool ndb_calendar_add_months(int64_t *day, int64_t months)
{
    struct ndb_civil civil = ndb_calendar_civil(*day);
    int64_t total;
    int month_days;

    if (__builtin_add_overflow(civil.year * 12 + civil.month - 1, months,
                               &total))
        return false;
    civil.year = ndb_floor_div(total, 12);
    civil.month = (int)ndb_floor_mod(total, 12) + 1;
    if (civil.year < NDB_YEAR_MIN || civil.year > NDB_YEAR_MAX)
        return false;
    month_days = ndb_calendar_month_days(civil.year, civil.month);
    if (civil.day > month_days)
        civil.day = month_days;
    *day = ndb_calendar_day(civil);
    return true;
}

bool ndb_calendar_add_days(int64_t *day, int64_t days)
{
    int64_t sum;

    if (__builtin_add_overflow(*day, days, &sum) || !ndb_is_day(sum))
        return false;
    *day = sum;
    return true;
}
