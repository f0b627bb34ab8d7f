/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fn_convert.c - from one kind of value to another.
 *
 * toX(text) is null when the text is no X; toX of a kind that is never an X is
 * a fault, and null by its sisters toXOrNull and toXList.
 */
#include "exec/function.h"

#include <math.h>
#include <stdio.h>

#include "base/rand.h"
#include "exec/number_text.h"
#include "exec/temporal.h"
#include "exec/text.h"

/* How a conversion went. Memory and limits are failures (< 0). */
enum { CONVERTED, BAD_KIND, BAD_RANGE };

typedef int convert(struct ndb_scalar *scalar, const namidb_value *from,
                    namidb_value *to);

/* In any case; `word` is of small letters. */
static bool equals_word(struct ndb_slice text, const char *word)
{
    if (text.bytes != strlen(word))
        return false;
    for (size_t i = 0; i < text.bytes; i++)
        if ((text.data[i] | 0x20) != (uint8_t)word[i])
            return false;
    return true;
}

static int to_boolean(struct ndb_scalar *scalar, const namidb_value *from,
                      namidb_value *to)
{
    struct ndb_slice text;

    (void)scalar;
    *to = ndb_null();
    switch (from->kind) {
    case NAMIDB_NULL:
        return CONVERTED;
    case NAMIDB_BOOL:
        *to = *from;
        return CONVERTED;
    case NAMIDB_INT:
        *to = ndb_boolean(from->as.integer != 0);
        return CONVERTED;
    case NAMIDB_STRING:
        text = ndb_text_trim(ndb_text_of(from), NULL, true, true);
        if (equals_word(text, "true"))
            *to = ndb_boolean(true);
        else if (equals_word(text, "false"))
            *to = ndb_boolean(false);
        return CONVERTED;
    default:
        return BAD_KIND;
    }
}

/* Cuts the fraction off. false: NaN, or not within the integers. */
static bool truncate_number(double number, int64_t *integer)
{
    if (!(number >= -0x1p63 && number < 0x1p63))
        return false;
    *integer = (int64_t)number;
    return true;
}

static int to_integer(struct ndb_scalar *scalar, const namidb_value *from,
                      namidb_value *to)
{
    struct ndb_slice text;
    int64_t integer;
    double number;

    (void)scalar;
    *to = ndb_null();
    switch (from->kind) {
    case NAMIDB_NULL:
        return CONVERTED;
    case NAMIDB_INT:
        *to = *from;
        return CONVERTED;
    case NAMIDB_FLOAT:
        if (!truncate_number(from->as.number, &integer))
            return BAD_RANGE;
        *to = ndb_integer(integer);
        return CONVERTED;
    case NAMIDB_STRING:
        text = ndb_text_trim(ndb_text_of(from), NULL, true, true);
        if (ndb_number_parse_integer(text, &integer) ||
            (ndb_number_parse(text, &number) &&
             truncate_number(number, &integer)))
            *to = ndb_integer(integer);
        return CONVERTED;
    default:
        return BAD_KIND;
    }
}

static int to_float(struct ndb_scalar *scalar, const namidb_value *from,
                    namidb_value *to)
{
    double number;

    (void)scalar;
    *to = ndb_null();
    switch (from->kind) {
    case NAMIDB_NULL:
        return CONVERTED;
    case NAMIDB_INT:
    case NAMIDB_FLOAT:
        *to = ndb_float(ndb_number(from));
        return CONVERTED;
    case NAMIDB_STRING:
        if (ndb_number_parse(ndb_text_trim(ndb_text_of(from), NULL, true, true),
                             &number))
            *to = ndb_float(number);
        return CONVERTED;
    default:
        return BAD_KIND;
    }
}

static int point_to_string(struct ndb_scalar *scalar, const namidb_point *point,
                           namidb_value *to)
{
    char x[NDB_NUMBER_TEXT_BYTES], y[NDB_NUMBER_TEXT_BYTES];
    char z[NDB_NUMBER_TEXT_BYTES], text[4 * NDB_NUMBER_TEXT_BYTES];
    int bytes;

    (void)ndb_number_format(point->x, x);
    (void)ndb_number_format(point->y, y);
    (void)ndb_number_format(point->z, z);
    bytes = snprintf(text, sizeof text, "point({srid: %u, x: %s, y: %s%s%s})",
                     point->srid, x, y, point->dimensions == 3 ? ", z: " : "",
                     point->dimensions == 3 ? z : "");
    return ndb_function_string(scalar, text, (size_t)bytes, to);
}

static int to_string(struct ndb_scalar *scalar, const namidb_value *from,
                     namidb_value *to)
{
    char text[NDB_TEMPORAL_TEXT_BYTES];

    if (ndb_is_temporal(from->kind))
        return ndb_function_string(scalar, text,
                                   ndb_temporal_format(from, text), to);
    switch (from->kind) {
    case NAMIDB_NULL:
    case NAMIDB_STRING:
        *to = *from;
        return CONVERTED;
    case NAMIDB_BOOL:
        *to = from->as.boolean ? ndb_string("true", 4) : ndb_string("false", 5);
        return CONVERTED;
    case NAMIDB_INT:
        return ndb_function_string(
            scalar, text, ndb_number_format_integer(from->as.integer, text),
            to);
    case NAMIDB_FLOAT:
        return ndb_function_string(
            scalar, text, ndb_number_format(from->as.number, text), to);
    case NAMIDB_POINT:
        return point_to_string(scalar, from->as.point, to);
    default:
        *to = ndb_null();
        return BAD_KIND;
    }
}

static int strict(struct ndb_scalar *scalar, const char *function,
                  convert *call, const namidb_value *from, namidb_value *to)
{
    int rc = call(scalar, from, to);

    if (rc == BAD_KIND)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                         "%s(): %s cannot be converted", function,
                         ndb_kind_name(from->kind));
    if (rc == BAD_RANGE)
        return ndb_raise(scalar->err, NDB_FAULT_OVERFLOW,
                         "%s(): the number is not within the Integers",
                         function);
    return rc;
}

static int lenient(struct ndb_scalar *scalar, convert *call,
                   const namidb_value *from, namidb_value *to)
{
    int rc = call(scalar, from, to);

    if (rc <= 0)
        return rc;
    *to = ndb_null();
    return NAMIDB_OK;
}

static int each(struct ndb_scalar *scalar, const char *function, convert *call,
                const namidb_value *list, namidb_value *out)
{
    namidb_value *items;
    int rc;

    if (list->kind != NAMIDB_LIST)
        return ndb_function_type(scalar, function, "List", list);
    rc = ndb_function_items(scalar, list->size, &items);
    for (uint32_t i = 0; rc == NAMIDB_OK && i < list->size; i++)
        rc = lenient(scalar, call, &list->as.items[i], &items[i]);
    if (rc == NAMIDB_OK)
        *out = ndb_list(items, list->size);
    return rc;
}

#define CONVERT_MAP(X)                                                         \
    X(toBoolean, to_boolean)                                                   \
    X(toInteger, to_integer)                                                   \
    X(toFloat, to_float)                                                       \
    X(toString, to_string)

#define X(name, function)                                                      \
    static int call_##function(struct ndb_scalar *scalar,                      \
                               const namidb_value *args, uint32_t count,       \
                               namidb_value *out)                              \
    {                                                                          \
        (void)count;                                                           \
        return strict(scalar, #name, function, args, out);                     \
    }                                                                          \
    static int call_##function##_or_null(struct ndb_scalar *scalar,            \
                                         const namidb_value *args,             \
                                         uint32_t count, namidb_value *out)    \
    {                                                                          \
        (void)count;                                                           \
        return lenient(scalar, function, args, out);                           \
    }                                                                          \
    static int call_##function##_list(struct ndb_scalar *scalar,               \
                                      const namidb_value *args,                \
                                      uint32_t count, namidb_value *out)       \
    {                                                                          \
        (void)count;                                                           \
        return each(scalar, #name "List", function, args, out);                \
    }
CONVERT_MAP(X)
#undef X

/* Version 4 of RFC 9562. From the kernel: a query's own stream of random
 * numbers may start at the same place again. */
static int call_random_uuid(struct ndb_scalar *scalar, const namidb_value *args,
                            uint32_t count, namidb_value *out)
{
    uint8_t bytes[16];
    char text[48];
    size_t at = 0;

    (void)args;
    (void)count;
    ndb_rand_bytes(bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%02x",
                               i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                               bytes[i]);
    return ndb_function_string(scalar, text, at, out);
}

/* Milliseconds since 1970, when the statement began. */
static int call_timestamp(struct ndb_scalar *scalar, const namidb_value *args,
                          uint32_t count, namidb_value *out)
{
    (void)args;
    (void)count;
    *out = ndb_integer(scalar->now_seconds * 1000 +
                       scalar->now_nanoseconds / 1000000);
    return NAMIDB_OK;
}

const struct ndb_function NDB_CONVERT_FUNCTIONS[] = {
    { "toboolean", 1, 1, false, call_to_boolean },
    { "tobooleanornull", 1, 1, false, call_to_boolean_or_null },
    { "tobooleanlist", 1, 1, false, call_to_boolean_list },
    { "tointeger", 1, 1, false, call_to_integer },
    { "tointegerornull", 1, 1, false, call_to_integer_or_null },
    { "tointegerlist", 1, 1, false, call_to_integer_list },
    { "tofloat", 1, 1, false, call_to_float },
    { "tofloatornull", 1, 1, false, call_to_float_or_null },
    { "tofloatlist", 1, 1, false, call_to_float_list },
    { "tostring", 1, 1, false, call_to_string },
    { "tostringornull", 1, 1, false, call_to_string_or_null },
    { "tostringlist", 1, 1, false, call_to_string_list },
    { "randomuuid", 0, 0, false, call_random_uuid },
    { "timestamp", 0, 0, false, call_timestamp },
    { NULL, 0, 0, false, NULL },
};
