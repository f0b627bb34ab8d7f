/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every comparison with one integer is a test for a range, or for being outside
 * of one: one subtraction and one unsigned comparison, of items as narrow as
 * they are stored.
 */
#include <math.h>
#include <string.h>

#include "exec/kernel.h"

/* low <= x && x <= high, or the opposite. Empty when low > high. */
struct range {
    int64_t low, high;
    bool is_outside;
};

static struct range range_of(enum ndb_expr_kind kind, int64_t value)
{
    const struct range none = { 1, 0, false };

    switch (kind) {
    case NDB_EXPR_EQ:
        return (struct range){ value, value, false };
    case NDB_EXPR_NE:
        return (struct range){ value, value, true };
    case NDB_EXPR_LT:
        return value == INT64_MIN
                   ? none
                   : (struct range){ INT64_MIN, value - 1, false };
    case NDB_EXPR_LE:
        return (struct range){ INT64_MIN, value, false };
    case NDB_EXPR_GT:
        return value == INT64_MAX
                   ? none
                   : (struct range){ value + 1, INT64_MAX, false };
    default:
        return (struct range){ value, INT64_MAX, false };
    }
}

/* Integers against a float: exactly, whatever its size. */
static struct range range_of_float(enum ndb_expr_kind kind, double value)
{
    const struct range none = { 1, 0, false };
    const struct range all = { INT64_MIN, INT64_MAX, false };
    bool is_less = kind == NDB_EXPR_LT || kind == NDB_EXPR_LE;
    bool is_greater = kind == NDB_EXPR_GT || kind == NDB_EXPR_GE;
    double whole = floor(value);

    if (isnan(value))
        return kind == NDB_EXPR_NE ? all : none;
    if (value >= 0x1p63)
        return is_less || kind == NDB_EXPR_NE ? all : none;
    if (value < -0x1p63)
        return is_greater || kind == NDB_EXPR_NE ? all : none;
    if (whole == value)
        return range_of(kind, (int64_t)whole);
    if (is_less)
        return range_of(NDB_EXPR_LE, (int64_t)whole);
    if (is_greater)
        return range_of(NDB_EXPR_GT, (int64_t)whole);
    return kind == NDB_EXPR_NE ? all : none;
}

static void test_bytes(const uint8_t *items, uint8_t low, uint8_t width,
                       uint32_t extent, uint8_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = (uint8_t)(items[i] - low) <= width;
}

static void test_halves(const uint16_t *items, uint16_t low, uint16_t width,
                        uint32_t extent, uint8_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = (uint16_t)(items[i] - low) <= width;
}

static void test_words(const uint32_t *items, uint32_t low, uint32_t width,
                       uint32_t extent, uint8_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = items[i] - low <= width;
}

static void test_longs(const int64_t *items, int64_t low, int64_t high,
                       uint32_t extent, uint8_t *out)
{
    uint64_t width = (uint64_t)high - (uint64_t)low;

    for (uint32_t i = 0; i < extent; i++)
        out[i] = (uint64_t)items[i] - (uint64_t)low <= width;
}

/* The range in terms of the items, cut to what they can be. false: empty. */
static bool narrow_range(const struct ndb_vector *vector,
                         const struct range *range, uint32_t *low,
                         uint32_t *high)
{
    uint64_t item_max =
        vector->width == 4 ? UINT32_MAX : (1u << 8 * vector->width) - 1;
    uint64_t last;

    /* base + item may pass the largest integer only in bytes that nobody has
     * written; such items are never met. */
    if (range->low > range->high || range->high < vector->with.base)
        return false;
    last = (uint64_t)range->high - (uint64_t)vector->with.base;
    *high = (uint32_t)(last < item_max ? last : item_max);
    *low = 0;
    if (range->low > vector->with.base) {
        uint64_t first = (uint64_t)range->low - (uint64_t)vector->with.base;

        if (first > item_max)
            return false;
        *low = (uint32_t)first;
    }
    return true;
}

static void test_ints(const struct ndb_vector *vector,
                      const struct range *range, uint32_t extent, uint8_t *out)
{
    uint32_t low, high;

    if (vector->form == NDB_FORM_INTS) {
        if (range->low > range->high)
            memset(out, 0, extent);
        else
            test_longs(vector->as.ints, range->low, range->high, extent, out);
    } else if (!narrow_range(vector, range, &low, &high)) {
        memset(out, 0, extent);
    } else if (vector->width == 1) {
        test_bytes(vector->as.items, (uint8_t)low, (uint8_t)(high - low),
                   extent, out);
    } else if (vector->width == 2) {
        test_halves(vector->as.items, (uint16_t)low, (uint16_t)(high - low),
                    extent, out);
    } else {
        test_words(vector->as.items, low, high - low, extent, out);
    }
    for (uint32_t i = 0; range->is_outside && i < extent; i++)
        out[i] ^= 1;
}

static void test_floats(enum ndb_expr_kind kind, const double *items,
                        double with, uint32_t extent, uint8_t *out)
{
    switch (kind) {
    case NDB_EXPR_EQ:
        for (uint32_t i = 0; i < extent; i++)
            out[i] = items[i] == with;
        return;
    case NDB_EXPR_NE:
        for (uint32_t i = 0; i < extent; i++)
            out[i] = items[i] != with;
        return;
    case NDB_EXPR_LT:
        for (uint32_t i = 0; i < extent; i++)
            out[i] = items[i] < with;
        return;
    case NDB_EXPR_LE:
        for (uint32_t i = 0; i < extent; i++)
            out[i] = items[i] <= with;
        return;
    case NDB_EXPR_GT:
        for (uint32_t i = 0; i < extent; i++)
            out[i] = items[i] > with;
        return;
    default:
        for (uint32_t i = 0; i < extent; i++)
            out[i] = items[i] >= with;
    }
}

/* Where a side is null, so is the answer. */
static void spread_nulls(const uint8_t *nulls, uint32_t extent, uint8_t *out)
{
    for (uint32_t i = 0; nulls != NULL && i < extent; i++)
        out[i] =
            (uint8_t)((out[i] & (nulls[i] - 1)) | (nulls[i] * NDB_UNKNOWN));
}

static void test_truths(bool is_equal, const uint8_t *items, bool with,
                        uint32_t extent, uint8_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] = items[i] == NDB_UNKNOWN
                     ? NDB_UNKNOWN
                     : (uint8_t)((items[i] == with) == is_equal);
}

static bool compare_floats(enum ndb_expr_kind kind,
                           const struct ndb_vector *vector,
                           const namidb_value *value, uint32_t extent,
                           uint8_t *truths)
{
    const int64_t exact = INT64_C(1) << 53;
    double with = value->as.number;

    if (value->kind == NAMIDB_INT) {
        if (value->as.integer > exact || value->as.integer < -exact)
            return false;
        with = (double)value->as.integer;
    }
    test_floats(kind, vector->as.floats, with, extent, truths);
    return true;
}

bool ndb_kernel_compare_value(enum ndb_expr_kind kind,
                              const struct ndb_vector *vector,
                              const namidb_value *value, uint32_t extent,
                              uint8_t *truths)
{
    bool is_number = value->kind == NAMIDB_INT || value->kind == NAMIDB_FLOAT;

    if (ndb_is_ints(vector) && is_number) {
        struct range range = value->kind == NAMIDB_INT
                                 ? range_of(kind, value->as.integer)
                                 : range_of_float(kind, value->as.number);

        test_ints(vector, &range, extent, truths);
    } else if (vector->form == NDB_FORM_FLOATS && is_number) {
        if (!compare_floats(kind, vector, value, extent, truths))
            return false;
    } else if (vector->form == NDB_FORM_TRUTHS && value->kind == NAMIDB_BOOL &&
               (kind == NDB_EXPR_EQ || kind == NDB_EXPR_NE)) {
        test_truths(kind == NDB_EXPR_EQ, vector->as.truths, value->as.boolean,
                    extent, truths);
        return true;
    } else {
        return false;
    }
    spread_nulls(vector->nulls, extent, truths);
    return true;
}

static void compare_long_pairs(enum ndb_expr_kind kind, const int64_t *a,
                               const int64_t *b, uint32_t extent, uint8_t *out)
{
    if (kind == NDB_EXPR_EQ || kind == NDB_EXPR_NE)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = (a[i] == b[i]) == (kind == NDB_EXPR_EQ);
    else if (kind == NDB_EXPR_LT || kind == NDB_EXPR_GE)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = (a[i] < b[i]) == (kind == NDB_EXPR_LT);
    else
        for (uint32_t i = 0; i < extent; i++)
            out[i] = (a[i] > b[i]) == (kind == NDB_EXPR_GT);
}

/* NaN is less, greater and equal to nothing: no test is another's opposite. */
static void compare_float_pairs(enum ndb_expr_kind kind, const double *a,
                                const double *b, uint32_t extent, uint8_t *out)
{
    if (kind == NDB_EXPR_EQ || kind == NDB_EXPR_NE)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = (a[i] == b[i]) == (kind == NDB_EXPR_EQ);
    else if (kind == NDB_EXPR_LT || kind == NDB_EXPR_GT)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = kind == NDB_EXPR_LT ? a[i] < b[i] : a[i] > b[i];
    else
        for (uint32_t i = 0; i < extent; i++)
            out[i] = kind == NDB_EXPR_LE ? a[i] <= b[i] : a[i] >= b[i];
}

/* Zero is null. */
static void compare_nodes(bool is_equal, const uint64_t *a, const uint64_t *b,
                          uint32_t extent, uint8_t *out)
{
    for (uint32_t i = 0; i < extent; i++)
        out[i] =
            a[i] == 0 || b[i] == 0 ? NDB_UNKNOWN : (a[i] == b[i]) == is_equal;
}

bool ndb_kernel_compare_vectors(enum ndb_expr_kind kind,
                                const struct ndb_vector *a,
                                const struct ndb_vector *b, uint32_t extent,
                                int64_t *wide, uint8_t *truths)
{
    bool is_equality = kind == NDB_EXPR_EQ || kind == NDB_EXPR_NE;

    if (is_equality && a->form == NDB_FORM_NODES && b->form == NDB_FORM_NODES)
        compare_nodes(kind == NDB_EXPR_EQ, a->as.ids, b->as.ids, extent,
                      truths);
    else if (ndb_is_ints(a) && ndb_is_ints(b))
        compare_long_pairs(kind, ndb_kernel_widen(a, extent, wide),
                           ndb_kernel_widen(b, extent, wide + extent), extent,
                           truths);
    else if (a->form == NDB_FORM_FLOATS && b->form == NDB_FORM_FLOATS)
        compare_float_pairs(kind, a->as.floats, b->as.floats, extent, truths);
    else
        return false;
    spread_nulls(a->nulls, extent, truths);
    spread_nulls(b->nulls, extent, truths);
    return true;
}
