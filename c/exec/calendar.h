/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.h - the proleptic Gregorian calendar: arithmetic and nothing else.
 *
 * A day is its number since 1970-01-01. Years are astronomical: before 1 comes
 * 0. Weeks are those of ISO 8601: they begin on Monday (1) and belong to the
 * year that their Thursday is in.
 */
#ifndef NDB_EXEC_CALENDAR_H
#define NDB_EXEC_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define NDB_YEAR_MIN INT64_C(-999999999)
#define NDB_YEAR_MAX INT64_C(999999999)
#define NDB_DAY_MIN INT64_C(-365243219162) /* -999999999-01-01 */
#define NDB_DAY_MAX INT64_C(365241780471)  /* 999999999-12-31 */

#define NDB_DAY_SECONDS INT64_C(86400)
#define NDB_SECOND_NS INT64_C(1000000000)
#define NDB_DAY_NS (NDB_DAY_SECONDS * NDB_SECOND_NS)

struct ndb_civil {
    int64_t year;
    int month, day; /* from 1 */
};

struct ndb_week {
    int64_t year; /* that the week belongs to */
    int week;     /* 1 .. 53 */
    int day;      /* Monday is 1 */
};

/* Rounds down; `divisor` is positive. */
static inline int64_t ndb_floor_div(int64_t number, int64_t divisor)
{
    int64_t quotient = number / divisor;

    return number % divisor < 0 ? quotient - 1 : quotient;
}

/* 0 .. divisor - 1. */
static inline int64_t ndb_floor_mod(int64_t number, int64_t divisor)
{
    int64_t rest = number % divisor;

    return rest < 0 ? rest + divisor : rest;
}

static inline bool ndb_is_day(int64_t day)
{
    return day >= NDB_DAY_MIN && day <= NDB_DAY_MAX;
}

bool ndb_calendar_is_leap(int64_t year);
int ndb_calendar_month_days(int64_t year, int month);
int ndb_calendar_year_weeks(int64_t year);

/* Year, month and day are in range. */
int64_t ndb_calendar_day(struct ndb_civil civil);
struct ndb_civil ndb_calendar_civil(int64_t day);

int ndb_calendar_weekday(int64_t day);
struct ndb_week ndb_calendar_week(int64_t day);
int64_t ndb_calendar_of_week(struct ndb_week week);
int ndb_calendar_day_of_year(int64_t day);    /* from 1 */
int ndb_calendar_day_of_quarter(int64_t day); /* from 1 */
int ndb_calendar_quarter_days(int64_t year, int quarter);

/* The day `months` later; a day that the month lacks becomes its last. False:
 * beyond the years of the calendar. */
bool ndb_calendar_add_months(int64_t *day, int64_t months);
/* False: beyond the years of the calendar. */
bool ndb_calendar_add_days(int64_t *day, int64_t days);

#endif
