/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fn_math.c - functions of numbers. What is not defined (the root of -1) is NaN
 * as in C, and no fault.
 */
#include "exec/function.h"

#include <math.h>

#include "base/rand.h"
#include "exec/number_text.h"
#include "exec/text.h"

static int want_number(struct ndb_scalar *scalar, const char *function,
                       const namidb_value *value, double *number)
{
    *number = ndb_number(value);
    return ndb_is_number(value)
               ? NAMIDB_OK
               : ndb_function_type(scalar, function, "Number", value);
}

static double cotangent(double x)
{
    return 1 / tan(x);
}

static double hyperbolic_cotangent(double x)
{
    return 1 / tanh(x);
}

static double degrees(double x)
{
    return x * (180 / M_PI);
}

static double radians(double x)
{
    return x * (M_PI / 180);
}

/* Half the versed sine, as the sine of the half: (1 - cos x) / 2 loses all
 * digits near 0. */
static double haversine(double x)
{
    double half = sin(x / 2);

    return half * half;
}

/* name in messages, name in C */
#define PLAIN_MAP(X)                                                           \
    X(ceil, ceil)                                                              \
    X(ceiling, ceil)                                                           \
    X(floor, floor)                                                            \
    X(sqrt, sqrt)                                                              \
    X(exp, exp)                                                                \
    X(ln, log)                                                                 \
    X(log, log)                                                                \
    X(log10, log10)                                                            \
    X(sin, sin)                                                                \
    X(cos, cos)                                                                \
    X(tan, tan)                                                                \
    X(cot, cotangent)                                                          \
    X(asin, asin)                                                              \
    X(acos, acos)                                                              \
    X(atan, atan)                                                              \
    X(sinh, sinh)                                                              \
    X(cosh, cosh)                                                              \
    X(tanh, tanh)                                                              \
    X(coth, hyperbolic_cotangent)                                              \
    X(degrees, degrees)                                                        \
    X(radians, radians)                                                        \
    X(haversin, haversine)

#define X(name, function)                                                      \
    static int call_##name(struct ndb_scalar *scalar,                          \
                           const namidb_value *args, uint32_t count,           \
                           namidb_value *out)                                  \
    {                                                                          \
        double number;                                                         \
        int rc = want_number(scalar, #name, args, &number);                    \
                                                                               \
        (void)count;                                                           \
        if (rc == NAMIDB_OK)                                                   \
            *out = ndb_float(function(number));                                \
        return rc;                                                             \
    }
PLAIN_MAP(X)
#undef X

static int call_abs(struct ndb_scalar *scalar, const namidb_value *args,
                    uint32_t count, namidb_value *out)
{
    double number;
    int rc = want_number(scalar, "abs", args, &number);

    (void)count;
    if (rc < 0)
        return rc;
    if (args->kind == NAMIDB_FLOAT) {
        *out = ndb_float(fabs(number));
        return NAMIDB_OK;
    }
    if (args->as.integer == INT64_MIN)
        return ndb_raise(scalar->err, NDB_FAULT_OVERFLOW,
                         "abs(): the result is larger than an Integer");
    *out = ndb_integer(args->as.integer < 0 ? -args->as.integer
                                            : args->as.integer);
    return NAMIDB_OK;
}

static int call_sign(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    double number;
    int rc = want_number(scalar, "sign", args, &number);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_integer((number > 0) - (number < 0));
    return rc;
}

static int call_is_nan(struct ndb_scalar *scalar, const namidb_value *args,
                       uint32_t count, namidb_value *out)
{
    double number;
    int rc = want_number(scalar, "isNaN", args, &number);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_boolean(isnan(number));
    return rc;
}

static int call_atan2(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    double y, x;
    int rc = want_number(scalar, "atan2", &args[0], &y);

    (void)count;
    if (rc == NAMIDB_OK)
        rc = want_number(scalar, "atan2", &args[1], &x);
    if (rc == NAMIDB_OK)
        *out = ndb_float(atan2(y, x));
    return rc;
}

static int want_mode(struct ndb_scalar *scalar, const namidb_value *value,
                     enum ndb_round *mode)
{
    static const char *const NAMES[] = {
#define NDB_X(name) #name,
        NDB_ROUND_MAP(NDB_X)
#undef NDB_X
    };

    if (value->kind != NAMIDB_STRING)
        return ndb_function_type(scalar, "round", "String", value);
    for (int i = 0; i < NDB_ROUND_COUNT; i++)
        if (ndb_slice_equal(ndb_text_of(value), ndb_slice_text(NAMES[i]))) {
            *mode = (enum ndb_round)i;
            return NAMIDB_OK;
        }
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                     "round(): the mode is one of UP, DOWN, CEILING, FLOOR, "
                     "HALF_UP, HALF_DOWN, HALF_EVEN");
}

/* round(x): ties go up; round(x, places [, mode]): ties go away from zero. */
static int call_round(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    enum ndb_round mode = NDB_ROUND_HALF_UP;
    double number, whole;
    int64_t places = 0;
    int rc = want_number(scalar, "round", &args[0], &number);

    if (rc == NAMIDB_OK && count > 1)
        rc = ndb_function_integer(scalar, "round", &args[1], &places);
    if (rc == NAMIDB_OK && count > 2)
        rc = want_mode(scalar, &args[2], &mode);
    if (rc < 0)
        return rc;
    if (places < 0)
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "round(): %lld is negative", (long long)places);
    whole = floor(number);
    if (count == 1)
        *out = ndb_float(number - whole >= 0.5 ? whole + 1 : whole);
    else
        *out = ndb_float(ndb_number_round(
            number, places < UINT32_MAX ? (uint32_t)places : UINT32_MAX, mode));
    return NAMIDB_OK;
}

/* 0 <= rand() < 1. */
static int call_rand(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    struct ndb_rand rand = { *scalar->random };

    (void)args;
    (void)count;
    *out = ndb_float((double)(ndb_rand_next(&rand) >> 11) * 0x1p-53);
    *scalar->random = rand.state;
    return NAMIDB_OK;
}

static int call_pi(struct ndb_scalar *scalar, const namidb_value *args,
                   uint32_t count, namidb_value *out)
{
    (void)scalar;
    (void)args;
    (void)count;
    *out = ndb_float(M_PI);
    return NAMIDB_OK;
}

static int call_e(struct ndb_scalar *scalar, const namidb_value *args,
                  uint32_t count, namidb_value *out)
{
    (void)scalar;
    (void)args;
    (void)count;
    *out = ndb_float(M_E);
    return NAMIDB_OK;
}

const struct ndb_function NDB_MATH_FUNCTIONS[] = {
#define X(name, function) { #name, 1, 1, false, call_##name },
    PLAIN_MAP(X)
#undef X
        { "abs", 1, 1, false, call_abs },
    { "sign", 1, 1, false, call_sign },
    { "isnan", 1, 1, false, call_is_nan },
    { "atan2", 2, 2, false, call_atan2 },
    { "round", 1, 3, false, call_round },
    { "rand", 0, 0, false, call_rand },
    { "pi", 0, 0, false, call_pi },
    { "e", 0, 0, false, call_e },
    { NULL, 0, 0, false, NULL },
};
