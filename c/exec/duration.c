/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations: made, read, added, multiplied.
 */
#include <math.h>

#include "exec/parts.h"

/* Days of an average month: 400 years have 146,097 days. */
#define MONTH_DAYS 30.436875L

static int too_long(struct ndb_scalar *scalar)
{
    return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                     "a duration beyond 64 bits");
}

int ndb_duration_make(struct ndb_scalar *scalar, int64_t months, int64_t days,
                      int64_t seconds, int64_t nanos, namidb_value *out)
{
    namidb_duration *duration =
        ndb_arena_alloc(scalar->arena, sizeof *duration);

    if (duration == NULL)
        return NAMIDB_ENOMEM;
    if (__builtin_add_overflow(seconds, ndb_floor_div(nanos, NDB_SECOND_NS),
                               &seconds))
        return too_long(scalar);
    *duration = (namidb_duration){
        .months = months,
        .days = days,
        .seconds = seconds,
        .nanoseconds = (int32_t)ndb_floor_mod(nanos, NDB_SECOND_NS),
    };
    *out = (namidb_value){ .kind = NAMIDB_DURATION, .as.duration = duration };
    return NAMIDB_OK;
}

/* Takes the whole part of *amount; the rest stays. */
static bool take_whole(long double *amount, int64_t *out)
{
    long double whole = truncl(*amount);

    if (!(whole >= -0x1p62L && whole <= 0x1p62L))
        return false;
    *out = (int64_t)whole;
    *amount -= whole;
    return true;
}

int ndb_duration_of(struct ndb_scalar *scalar, const struct ndb_spans *spans,
                    namidb_value *out)
{
    struct ndb_spans left = *spans;
    int64_t months, days, seconds, nanos;

    if (!take_whole(&left.months, &months))
        return too_long(scalar);
    left.days += left.months * MONTH_DAYS;
    if (!take_whole(&left.days, &days))
        return too_long(scalar);
    left.seconds += left.days * NDB_DAY_SECONDS;
    if (!take_whole(&left.seconds, &seconds))
        return too_long(scalar);
    /* A millionth of a nanosecond is an error of the arithmetic. */
    left.nanos += left.seconds * NDB_SECOND_NS;
    left.nanos += left.nanos < 0 ? -1e-3L : 1e-3L;
    if (!take_whole(&left.nanos, &nanos))
        return too_long(scalar);
    return ndb_duration_make(scalar, months, days, seconds, nanos, out);
}

static struct ndb_spans spans_of(const namidb_duration *duration)
{
    return (struct ndb_spans){ duration->months, duration->days,
                               duration->seconds, duration->nanoseconds };
}

static bool factor_of(const namidb_value *value, long double *out)
{
    if (value->kind == NAMIDB_INT)
        *out = (long double)value->as.integer;
    else if (value->kind == NAMIDB_FLOAT)
        *out = value->as.number;
    else
        return false;
    return true;
}

static int scale(struct ndb_scalar *scalar, const namidb_value *duration,
                 long double factor, namidb_value *out)
{
    struct ndb_spans spans = spans_of(duration->as.duration);

    spans.months *= factor;
    spans.days *= factor;
    spans.seconds *= factor;
    spans.nanos *= factor;
    return ndb_duration_of(scalar, &spans, out);
}

static int not_a_number(struct ndb_scalar *scalar, const namidb_value *value)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "a duration times or by a value of type %s",
                     ndb_kind_name(value->kind));
}

int ndb_duration_multiply(struct ndb_scalar *scalar,
                          const namidb_value *duration,
                          const namidb_value *factor, namidb_value *out)
{
    long double number;

    if (!factor_of(factor, &number))
        return not_a_number(scalar, factor);
    return scale(scalar, duration, number, out);
}

int ndb_duration_divide(struct ndb_scalar *scalar, const namidb_value *duration,
                        const namidb_value *divisor, namidb_value *out)
{
    long double number;

    if (!factor_of(divisor, &number))
        return not_a_number(scalar, divisor);
    if (number == 0)
        return ndb_raise(scalar->err, NDB_FAULT_DIVISION,
                         "a duration divided by zero");
    return scale(scalar, duration, 1 / number, out);
}

/* ------------------------------------------------------------------ text -- */

struct text {
    const char *at, *end;
};

struct amount {
    long double whole, fraction;
};

static long double total_of(struct amount amount)
{
    return amount.whole + amount.fraction;
}

/* [+-]digits[.digits] */
static bool take_amount(struct text *text, struct amount *out)
{
    bool is_negative = false;
    long double unit = 1;
    int count = 0;

    *out = (struct amount){ 0, 0 };
    if (text->at < text->end && (*text->at == '-' || *text->at == '+'))
        is_negative = *text->at++ == '-';
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9';
         count++)
        out->whole = out->whole * 10 + (*text->at++ - '0');
    if (count != 0 && text->at < text->end &&
        (*text->at == '.' || *text->at == ',')) {
        text->at++;
        for (; text->at < text->end && *text->at >= '0' && *text->at <= '9';
             text->at++) {
            unit *= 10;
            out->fraction += (*text->at - '0') / unit;
        }
    }
    if (is_negative)
        *out = (struct amount){ -out->whole, -out->fraction };
    return count != 0 && count <= 19;
}

/* An amount of a unit of time: whole ones and the fraction apart, so that a
 * nanosecond counts beside any number of hours. */
static void add_seconds(struct ndb_spans *spans, struct amount amount,
                        int64_t unit)
{
    spans->seconds += amount.whole * unit;
    spans->nanos += amount.fraction * unit * NDB_SECOND_NS;
}

/* Units in the order in which they may come. */
static bool take_unit(struct text *text, bool is_time, struct amount amount,
                      struct ndb_spans *spans)
{
    char unit = text->at < text->end ? *text->at++ : '\0';
    long double total = total_of(amount);

    if (!is_time && unit == 'Y')
        spans->months += total * 12;
    else if (!is_time && unit == 'M')
        spans->months += total;
    else if (!is_time && unit == 'W')
        spans->days += total * 7;
    else if (!is_time && unit == 'D')
        spans->days += total;
    else if (is_time && unit == 'H')
        add_seconds(spans, amount, 3600);
    else if (is_time && unit == 'M')
        add_seconds(spans, amount, 60);
    else if (is_time && unit == 'S')
        add_seconds(spans, amount, 1);
    else
        return false;
    return true;
}

static bool take_units(struct text *text, struct ndb_spans *spans)
{
    bool is_time = false, has_any = false;

    while (text->at < text->end) {
        struct amount amount;

        if (!is_time && *text->at == 'T') {
            is_time = true;
            text->at++;
            has_any = false;
            continue;
        }
        if (!take_amount(text, &amount) ||
            !take_unit(text, is_time, amount, spans))
            return false;
        has_any = true;
    }
    return has_any;
}

/* P2012-02-02T14:37:21.545: the amounts as a date and a time. */
static bool take_date_form(struct text *text, struct ndb_spans *spans)
{
    static const char SEPARATORS[] = "--T::";
    struct amount amounts[6] = { { 0, 0 } };

    for (int i = 0; i < 6; i++) {
        struct text part = *text;

        if (i > 0) {
            if (part.at == part.end || *part.at++ != SEPARATORS[i - 1])
                return false;
        }
        if (part.at == part.end || *part.at == '-' ||
            !take_amount(&part, &amounts[i]))
            return false;
        *text = part;
        if (i >= 2 && text->at == text->end)
            break;
    }
    spans->months = total_of(amounts[0]) * 12 + total_of(amounts[1]);
    spans->days = total_of(amounts[2]);
    add_seconds(spans, amounts[3], 3600);
    add_seconds(spans, amounts[4], 60);
    add_seconds(spans, amounts[5], 1);
    return text->at == text->end;
}

int ndb_duration_parse(struct ndb_scalar *scalar, struct ndb_slice slice,
                       namidb_value *out)
{
    struct text text = { (const char *)slice.data,
                         (const char *)slice.data + slice.bytes };
    struct ndb_spans spans = { 0, 0, 0, 0 };
    bool is_negative = slice.bytes != 0 && *text.at == '-';
    struct text units;

    if (is_negative)
        text.at++;
    if (text.at == text.end || *text.at++ != 'P')
        return ndb_temporal_invalid(scalar, NAMIDB_DURATION, slice);
    units = text;
    if (!take_units(&units, &spans)) {
        spans = (struct ndb_spans){ 0, 0, 0, 0 };
        if (!take_date_form(&text, &spans))
            return ndb_temporal_invalid(scalar, NAMIDB_DURATION, slice);
    }
    if (is_negative)
        spans = (struct ndb_spans){ -spans.months, -spans.days, -spans.seconds,
                                    -spans.nanos };
    return ndb_duration_of(scalar, &spans, out);
}
