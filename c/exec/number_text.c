/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/number_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SHORT_DIGITS = 17,  /* enough for any float */
    LONG_DIGITS = 800,  /* no more than 767 decide between two floats */
    EXPONENT_MAX = 9999 /* far beyond any float, times ten stays small */
};

/* 0.d1d2d3... x 10^point, no zero in front or behind; zero has no digits. */
struct decimal {
    bool is_negative;
    int count;
    int point;
    char digits[LONG_DIGITS];
};

/* strtod never sees a decimal point: which character that is, the locale of
 * the process says. */
static double decimal_number(const struct decimal *decimal)
{
    char text[LONG_DIGITS + 32];
    double number;

    if (decimal->count == 0)
        return decimal->is_negative ? -0.0 : 0.0;
    (void)snprintf(text, sizeof text, "%.*se%d", decimal->count,
                   decimal->digits, decimal->point - decimal->count);
    number = strtod(text, NULL);
    return decimal->is_negative ? -number : number;
}

static void drop_zeros(struct decimal *decimal)
{
    while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

/* The digits of a finite number, rounded to `count` of them. */
static void split_number(double number, int count, struct decimal *out)
{
    char text[64];
    const char *exponent;

    out->is_negative = signbit(number) != 0;
    out->count = 0;
    out->point = 0;
    if (number == 0)
        return;
    (void)snprintf(text, sizeof text, "%.*e", count - 1, fabs(number));
    exponent = strchr(text, 'e');
    for (const char *at = text; at < exponent; at++)
        if (*at >= '0' && *at <= '9')
            out->digits[out->count++] = *at;
    out->point = atoi(exponent + 1) + 1;
    drop_zeros(out);
}

/* The fewest digits that read back as the number. Below the normal range
 * floats are sparse, so that fewer than 15 digits may do. */
static void shortest(double number, struct decimal *out)
{
    int count = fabs(number) < 2.3e-308 ? 1 : 15;

    for (; count < SHORT_DIGITS; count++) {
        split_number(number, count, out);
        if (decimal_number(out) == number)
            return;
    }
    split_number(number, SHORT_DIGITS, out);
}

static size_t put(char *text, size_t at, const char *from, int count)
{
    memcpy(text + at, from, (size_t)count);
    return at + (size_t)count;
}

static size_t put_zeros(char *text, size_t at, int count)
{
    memset(text + at, '0', (size_t)count);
    return at + (size_t)count;
}

static size_t put_plain(const struct decimal *decimal, char *text, size_t at)
{
    int whole = decimal->point;

    if (whole <= 0) {
        at = put(text, at, "0.", 2);
        at = put_zeros(text, at, -whole);
        return put(text, at, decimal->digits, decimal->count);
    }
    if (decimal->count <= whole) {
        at = put(text, at, decimal->digits, decimal->count);
        at = put_zeros(text, at, whole - decimal->count);
        return put(text, at, ".0", 2);
    }
    at = put(text, at, decimal->digits, whole);
    at = put(text, at, ".", 1);
    return put(text, at, decimal->digits + whole, decimal->count - whole);
}

size_t ndb_number_format(double number, char text[NDB_NUMBER_TEXT_BYTES])
{
    struct decimal decimal;
    size_t at = 0;

    if (!isfinite(number))
        return (size_t)snprintf(text, NDB_NUMBER_TEXT_BYTES, "%s",
                                isnan(number) ? "NaN"
                                : number < 0  ? "-Infinity"
                                              : "Infinity");
    shortest(number, &decimal);
    if (decimal.is_negative)
        text[at++] = '-';
    if (decimal.count == 0) {
        at = put(text, at, "0.0", 3);
    } else if (decimal.point > -6 && decimal.point <= 21) {
        at = put_plain(&decimal, text, at);
    } else {
        int exponent = decimal.point - 1;

        decimal.point = 1;
        at = put_plain(&decimal, text, at);
        at += (size_t)snprintf(text + at, NDB_NUMBER_TEXT_BYTES - at, "e%d",
                               exponent);
    }
    text[at] = 0;
    return at;
}

size_t ndb_number_format_integer(int64_t integer,
                                 char text[NDB_NUMBER_TEXT_BYTES])
{
    return (size_t)snprintf(text, NDB_NUMBER_TEXT_BYTES, "%" PRId64, integer);
}

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* Steps over a sign. */
static bool take_sign(const uint8_t **at, const uint8_t *end)
{
    if (*at == end || (**at != '-' && **at != '+'))
        return false;
    return *(*at)++ == '-';
}

bool ndb_number_parse_integer(struct ndb_slice text, int64_t *integer)
{
    const uint8_t *at = text.data, *end = text.data + text.bytes;
    bool is_negative = take_sign(&at, end);
    int64_t value = 0;

    if (at == end)
        return false;
    for (; is_digit(at, end); at++) {
        int digit = is_negative ? '0' - *at : *at - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *integer = value;
    return at == end;
}

/* One digit of the number. Those behind the last that is kept only say that
 * the number is not exactly what was kept. */
static void take_digit(struct decimal *decimal, uint8_t digit, bool is_fraction)
{
    if (decimal->count == 0 && digit == '0') {
        decimal->point -= is_fraction;
        return;
    }
    decimal->point += !is_fraction;
    if (decimal->count < LONG_DIGITS)
        decimal->digits[decimal->count++] = (char)digit;
    else if (digit != '0')
        decimal->digits[LONG_DIGITS - 1] = '1';
}

/* e [+-] digits; false: not that. */
static bool take_exponent(const uint8_t **at, const uint8_t *end, int *exponent)
{
    bool is_negative;

    *exponent = 0;
    if (*at == end || (**at != 'e' && **at != 'E'))
        return true;
    (*at)++;
    is_negative = take_sign(at, end);
    if (!is_digit(*at, end))
        return false;
    for (; is_digit(*at, end); (*at)++)
        if (*exponent < EXPONENT_MAX)
            *exponent = *exponent * 10 + (**at - '0');
    if (is_negative)
        *exponent = -*exponent;
    return true;
}

static bool parse_word(const uint8_t *at, const uint8_t *end, bool is_negative,
                       double *number)
{
    struct ndb_slice word = ndb_slice(at, (size_t)(end - at));

    if (ndb_slice_equal(word, ndb_slice_text("NaN")))
        *number = NAN;
    else if (ndb_slice_equal(word, ndb_slice_text("Infinity")))
        *number = is_negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

bool ndb_number_parse(struct ndb_slice text, double *number)
{
    const uint8_t *at = text.data, *end = text.data + text.bytes;
    struct decimal decimal = { .count = 0 };
    bool has_digits = false;
    int exponent;

    decimal.is_negative = take_sign(&at, end);
    if (parse_word(at, end, decimal.is_negative, number))
        return true;
    for (; is_digit(at, end); at++, has_digits = true)
        take_digit(&decimal, *at, false);
    if (at < end && *at == '.')
        for (at++; is_digit(at, end); at++, has_digits = true)
            take_digit(&decimal, *at, true);
    if (!has_digits || !take_exponent(&at, end, &exponent) || at != end)
        return false;
    decimal.point += exponent;
    *number = decimal_number(&decimal);
    return true;
}

/* Whether what is cut off at `keep` digits makes the last of them one more. */
static bool rounds_away(const struct decimal *decimal, int keep,
                        enum ndb_round mode)
{
    char first =
        keep >= 0 && keep < decimal->count ? decimal->digits[keep] : '0';
    int half = first > '5' || (first == '5' && decimal->count > keep + 1) ? 1
               : first == '5'                                             ? 0
                                                                          : -1;

    switch (mode) {
    case NDB_ROUND_UP:
        return true;
    case NDB_ROUND_CEILING:
        return !decimal->is_negative;
    case NDB_ROUND_FLOOR:
        return decimal->is_negative;
    case NDB_ROUND_HALF_UP:
        return half >= 0;
    case NDB_ROUND_HALF_DOWN:
        return half > 0;
    case NDB_ROUND_HALF_EVEN:
        return half > 0 ||
               (half == 0 && keep > 0 && (decimal->digits[keep - 1] & 1) != 0);
    case NDB_ROUND_DOWN:
    case NDB_ROUND_COUNT:
        break;
    }
    return false;
}

double ndb_number_round(double number, uint32_t places, enum ndb_round mode)
{
    struct decimal decimal;
    int keep;
    bool is_away;

    if (!isfinite(number) || places > EXPONENT_MAX)
        return number;
    shortest(number, &decimal);
    keep = decimal.point + (int)places;
    if (keep >= decimal.count)
        return number;
    is_away = rounds_away(&decimal, keep, mode);
    decimal.count = keep > 0 ? keep : 0;
    while (is_away && decimal.count > 0 &&
           decimal.digits[decimal.count - 1] == '9')
        decimal.count--;
    if (is_away && decimal.count > 0) {
        decimal.digits[decimal.count - 1]++;
    } else if (is_away) {
        /* All nines, or nothing was kept: one at the next place. */
        decimal.point = keep > 0 ? decimal.point + 1 : 1 - (int)places;
        decimal.digits[0] = '1';
        decimal.count = 1;
    }
    drop_zeros(&decimal);
    return decimal_number(&decimal);
}
