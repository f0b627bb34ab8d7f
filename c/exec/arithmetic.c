/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arithmetic.c - *out is written last: it may be an operand.
 */
#include "exec/arithmetic.h"

#include <math.h>

#include "exec/function.h"
#include "exec/number_text.h"
#include "exec/temporal.h"

static int overflow(struct ndb_scalar *scalar, const char *sign)
{
    return ndb_raise(scalar->err, NDB_FAULT_OVERFLOW,
                     "%s: the result is not within the Integers", sign);
}

static int mismatch(struct ndb_scalar *scalar, const char *sign,
                    const namidb_value *a, const namidb_value *b)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "%s: not for %s and %s", sign, ndb_kind_name(a->kind),
                     ndb_kind_name(b->kind));
}

static int give_null(namidb_value *out)
{
    *out = ndb_null();
    return NAMIDB_OK;
}

static bool is_either_null(const namidb_value *a, const namidb_value *b)
{
    return ndb_is_null(a) || ndb_is_null(b);
}

static bool are_integers(const namidb_value *a, const namidb_value *b)
{
    return a->kind == NAMIDB_INT && b->kind == NAMIDB_INT;
}

static bool are_numbers(const namidb_value *a, const namidb_value *b)
{
    return ndb_is_number(a) && ndb_is_number(b);
}

static bool is_either_temporal(const namidb_value *a, const namidb_value *b)
{
    return ndb_is_temporal(a->kind) || ndb_is_temporal(b->kind);
}

/* A list of what is in `a` and `b`; one that is no list is an item. */
static int concatenate_lists(struct ndb_scalar *scalar, const namidb_value *a,
                             const namidb_value *b, namidb_value *out)
{
    size_t a_count = a->kind == NAMIDB_LIST ? a->size : 1;
    size_t b_count = b->kind == NAMIDB_LIST ? b->size : 1;
    const namidb_value *a_items = a->kind == NAMIDB_LIST ? a->as.items : a;
    const namidb_value *b_items = b->kind == NAMIDB_LIST ? b->as.items : b;
    namidb_value *items;
    int rc = ndb_function_items(scalar, a_count + b_count, &items);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < a_count; i++)
        items[i] = a_items[i];
    for (size_t i = 0; i < b_count; i++)
        items[a_count + i] = b_items[i];
    *out = ndb_list(items, a_count + b_count);
    return NAMIDB_OK;
}

/* The text of a string or a number; `room` is for a number's. */
static struct ndb_slice text_of(const namidb_value *value,
                                char room[NDB_NUMBER_TEXT_BYTES])
{
    if (value->kind == NAMIDB_INT)
        return ndb_slice(room,
                         ndb_number_format_integer(value->as.integer, room));
    if (value->kind == NAMIDB_FLOAT)
        return ndb_slice(room, ndb_number_format(value->as.number, room));
    return ndb_slice(value->as.bytes, value->size);
}

static int concatenate_texts(struct ndb_scalar *scalar, const namidb_value *a,
                             const namidb_value *b, namidb_value *out)
{
    char a_room[NDB_NUMBER_TEXT_BYTES], b_room[NDB_NUMBER_TEXT_BYTES];
    struct ndb_slice x = text_of(a, a_room), y = text_of(b, b_room);
    char *text;
    int rc = ndb_function_text(scalar, x.bytes + y.bytes, &text);

    if (rc < 0)
        return rc;
    if (x.bytes != 0)
        memcpy(text, x.data, x.bytes);
    if (y.bytes != 0)
        memcpy(text + x.bytes, y.data, y.bytes);
    *out = ndb_string(text, x.bytes + y.bytes);
    return NAMIDB_OK;
}

static bool is_text(const namidb_value *value)
{
    return value->kind == NAMIDB_STRING || ndb_is_number(value);
}

int ndb_add(struct ndb_scalar *scalar, const namidb_value *a,
            const namidb_value *b, namidb_value *out)
{
    int64_t sum;

    if (are_integers(a, b)) {
        if (__builtin_add_overflow(a->as.integer, b->as.integer, &sum))
            return overflow(scalar, "+");
        *out = ndb_integer(sum);
        return NAMIDB_OK;
    }
    if (is_either_null(a, b))
        return give_null(out);
    if (are_numbers(a, b)) {
        *out = ndb_float(ndb_number(a) + ndb_number(b));
        return NAMIDB_OK;
    }
    if (a->kind == NAMIDB_LIST || b->kind == NAMIDB_LIST)
        return concatenate_lists(scalar, a, b, out);
    if (is_text(a) && is_text(b))
        return concatenate_texts(scalar, a, b, out);
    if (is_either_temporal(a, b))
        return ndb_temporal_add(scalar, a, b, out);
    return mismatch(scalar, "+", a, b);
}

int ndb_subtract(struct ndb_scalar *scalar, const namidb_value *a,
                 const namidb_value *b, namidb_value *out)
{
    int64_t difference;

    if (are_integers(a, b)) {
        if (__builtin_sub_overflow(a->as.integer, b->as.integer, &difference))
            return overflow(scalar, "-");
        *out = ndb_integer(difference);
        return NAMIDB_OK;
    }
    if (is_either_null(a, b))
        return give_null(out);
    if (are_numbers(a, b)) {
        *out = ndb_float(ndb_number(a) - ndb_number(b));
        return NAMIDB_OK;
    }
    if (is_either_temporal(a, b))
        return ndb_temporal_subtract(scalar, a, b, out);
    return mismatch(scalar, "-", a, b);
}

int ndb_multiply(struct ndb_scalar *scalar, const namidb_value *a,
                 const namidb_value *b, namidb_value *out)
{
    int64_t product;

    if (are_integers(a, b)) {
        if (__builtin_mul_overflow(a->as.integer, b->as.integer, &product))
            return overflow(scalar, "*");
        *out = ndb_integer(product);
        return NAMIDB_OK;
    }
    if (is_either_null(a, b))
        return give_null(out);
    if (are_numbers(a, b)) {
        *out = ndb_float(ndb_number(a) * ndb_number(b));
        return NAMIDB_OK;
    }
    if (a->kind == NAMIDB_DURATION && ndb_is_number(b))
        return ndb_duration_multiply(scalar, a, b, out);
    if (b->kind == NAMIDB_DURATION && ndb_is_number(a))
        return ndb_duration_multiply(scalar, b, a, out);
    return mismatch(scalar, "*", a, b);
}

int ndb_divide(struct ndb_scalar *scalar, const namidb_value *a,
               const namidb_value *b, namidb_value *out)
{
    if (is_either_null(a, b))
        return give_null(out);
    if (are_integers(a, b)) {
        if (b->as.integer == 0)
            return ndb_raise(scalar->err, NDB_FAULT_DIVISION,
                             "/: division by zero");
        if (a->as.integer == INT64_MIN && b->as.integer == -1)
            return overflow(scalar, "/");
        *out = ndb_integer(a->as.integer / b->as.integer);
        return NAMIDB_OK;
    }
    if (are_numbers(a, b)) {
        *out = ndb_float(ndb_number(a) / ndb_number(b));
        return NAMIDB_OK;
    }
    if (a->kind == NAMIDB_DURATION && ndb_is_number(b))
        return ndb_duration_divide(scalar, a, b, out);
    return mismatch(scalar, "/", a, b);
}

/* The sign is that of the dividend. */
int ndb_modulo(struct ndb_scalar *scalar, const namidb_value *a,
               const namidb_value *b, namidb_value *out)
{
    if (is_either_null(a, b))
        return give_null(out);
    if (are_integers(a, b)) {
        if (b->as.integer == 0)
            return ndb_raise(scalar->err, NDB_FAULT_DIVISION,
                             "%%: division by zero");
        /* The least integer by -1 is beyond what the machine divides. */
        *out = ndb_integer(b->as.integer == -1 ? 0
                                               : a->as.integer % b->as.integer);
        return NAMIDB_OK;
    }
    if (!are_numbers(a, b))
        return mismatch(scalar, "%", a, b);
    *out = ndb_float(fmod(ndb_number(a), ndb_number(b)));
    return NAMIDB_OK;
}

/* Always a float. */
int ndb_power(struct ndb_scalar *scalar, const namidb_value *a,
              const namidb_value *b, namidb_value *out)
{
    if (is_either_null(a, b))
        return give_null(out);
    if (!are_numbers(a, b))
        return mismatch(scalar, "^", a, b);
    *out = ndb_float(pow(ndb_number(a), ndb_number(b)));
    return NAMIDB_OK;
}

int ndb_negate(struct ndb_scalar *scalar, const namidb_value *a,
               namidb_value *out)
{
    const namidb_value minus_one = ndb_integer(-1);

    switch (a->kind) {
    case NAMIDB_NULL:
        return give_null(out);
    case NAMIDB_INT:
        if (a->as.integer == INT64_MIN)
            return overflow(scalar, "-");
        *out = ndb_integer(-a->as.integer);
        return NAMIDB_OK;
    case NAMIDB_FLOAT:
        *out = ndb_float(-a->as.number);
        return NAMIDB_OK;
    case NAMIDB_DURATION:
        return ndb_duration_multiply(scalar, a, &minus_one, out);
    default:
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE, "-: not for %s",
                         ndb_kind_name(a->kind));
    }
}
