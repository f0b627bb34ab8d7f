/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporal values as text: ISO 8601, without what is zero at the end.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exec/parts.h"

struct out {
    char *text;
    size_t bytes;
};

__attribute__((format(printf, 2, 3))) static void put(struct out *out,
                                                      const char *format, ...)
{
    size_t left = NDB_TEMPORAL_TEXT_BYTES - out->bytes;
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(out->text + out->bytes, left, format, args);
    va_end(args);
    out->bytes += (size_t)bytes < left ? (size_t)bytes : left - 1;
}

static void put_date(struct out *out, int64_t day)
{
    struct ndb_civil civil = ndb_calendar_civil(day);
    const char *sign = civil.year < 0 ? "-" : civil.year > 9999 ? "+" : "";

    put(out, "%s%04" PRId64 "-%02d-%02d", sign,
        civil.year < 0 ? -civil.year : civil.year, civil.month, civil.day);
}

/* ".142", nothing for 0. */
static void put_fraction(struct out *out, int64_t nanos)
{
    if (nanos == 0)
        return;
    put(out, ".%09" PRId64, nanos);
    while (out->text[out->bytes - 1] == '0')
        out->text[--out->bytes] = '\0';
}

static void put_time(struct out *out, int64_t nanos)
{
    int64_t seconds = nanos / NDB_SECOND_NS;

    put(out, "%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    if (seconds % 60 == 0 && nanos % NDB_SECOND_NS == 0)
        return;
    put(out, ":%02d", (int)(seconds % 60));
    put_fraction(out, nanos % NDB_SECOND_NS);
}

static void put_offset(struct out *out, int32_t offset)
{
    int32_t size = abs(offset);

    if (offset == 0) {
        put(out, "Z");
        return;
    }
    put(out, "%c%02d:%02d", offset < 0 ? '-' : '+', size / 3600,
        size / 60 % 60);
    if (size % 60 != 0)
        put(out, ":%02d", size % 60);
}

/* Nonzero amounts alone; seconds and nanoseconds have one sign. */
static void put_duration(struct out *out, const namidb_duration *duration)
{
    int64_t seconds = duration->seconds, nanos = duration->nanoseconds;
    bool is_negative = seconds < 0;

    if (is_negative && nanos > 0) {
        seconds++;
        nanos = NDB_SECOND_NS - nanos;
    }
    put(out, "P");
    if (duration->months / 12 != 0)
        put(out, "%" PRId64 "Y", duration->months / 12);
    if (duration->months % 12 != 0)
        put(out, "%" PRId64 "M", duration->months % 12);
    if (duration->days != 0)
        put(out, "%" PRId64 "D", duration->days);
    if (seconds != 0 || nanos != 0)
        put(out, "T");
    if (seconds / 3600 != 0)
        put(out, "%" PRId64 "H", seconds / 3600);
    if (seconds / 60 % 60 != 0)
        put(out, "%" PRId64 "M", seconds / 60 % 60);
    if (seconds % 60 != 0 || nanos != 0) {
        put(out, "%s%" PRId64, is_negative && seconds % 60 == 0 ? "-" : "",
            seconds % 60);
        put_fraction(out, nanos);
        put(out, "S");
    }
    if (out->bytes == 1)
        put(out, "T0S");
}

size_t ndb_temporal_format(const namidb_value *value,
                           char text[NDB_TEMPORAL_TEXT_BYTES])
{
    struct out out = { text, 0 };
    struct ndb_parts parts;

    if (value->kind == NAMIDB_DURATION) {
        put_duration(&out, value->as.duration);
        return out.bytes;
    }
    parts = ndb_parts_of(value);
    if (parts.has_date)
        put_date(&out, parts.day);
    if (parts.has_date && parts.has_time)
        put(&out, "T");
    if (parts.has_time)
        put_time(&out, parts.nanos);
    if (parts.has_zone)
        put_offset(&out, parts.offset);
    if (parts.zone.bytes != 0)
        put(&out, "[%.*s]", (int)parts.zone.bytes,
            (const char *)parts.zone.data);
    return out.bytes;
}
