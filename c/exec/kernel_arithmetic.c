/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums wrap, and whether any did is gathered beside them; products are of
 * factors of 32 bits, or checked one by one.
 */
#include "exec/kernel.h"

static bool add_ints(const int64_t *a, const int64_t *b, uint32_t extent,
                     int64_t *out)
{
    uint64_t wrapped = 0;

    for (uint32_t i = 0; i < extent; i++) {
        uint64_t sum = (uint64_t)a[i] + (uint64_t)b[i];

        /* Both signs differ from the result's. */
        wrapped |= ((uint64_t)a[i] ^ sum) & ((uint64_t)b[i] ^ sum);
        out[i] = (int64_t)sum;
    }
    return wrapped >> 63 == 0;
}

static bool subtract_ints(const int64_t *a, const int64_t *b, uint32_t extent,
                          int64_t *out)
{
    uint64_t wrapped = 0;

    for (uint32_t i = 0; i < extent; i++) {
        uint64_t difference = (uint64_t)a[i] - (uint64_t)b[i];

        wrapped |=
            ((uint64_t)a[i] ^ (uint64_t)b[i]) & ((uint64_t)a[i] ^ difference);
        out[i] = (int64_t)difference;
    }
    return wrapped >> 63 == 0;
}

static bool multiply_ints(const int64_t *a, const int64_t *b, uint32_t extent,
                          int64_t *out)
{
    const uint64_t half = UINT64_C(1) << 31;
    uint64_t large = 0;
    bool is_whole = true;

    for (uint32_t i = 0; i < extent; i++) {
        large |= (((uint64_t)a[i] + half) | ((uint64_t)b[i] + half)) >> 32;
        out[i] = (int64_t)((uint64_t)a[i] * (uint64_t)b[i]);
    }
    for (uint32_t i = 0; large != 0 && i < extent; i++)
        is_whole &= !__builtin_mul_overflow(a[i], b[i], &out[i]);
    return is_whole;
}

bool ndb_kernel_ints(enum ndb_expr_kind kind, const int64_t *a,
                     const int64_t *b, uint32_t extent, int64_t *out)
{
    if (kind == NDB_EXPR_ADD)
        return add_ints(a, b, extent, out);
    if (kind == NDB_EXPR_SUB)
        return subtract_ints(a, b, extent, out);
    return multiply_ints(a, b, extent, out);
}

void ndb_kernel_floats(enum ndb_expr_kind kind, const double *a,
                       const double *b, uint32_t extent, double *out)
{
    if (kind == NDB_EXPR_ADD)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = a[i] + b[i];
    else if (kind == NDB_EXPR_SUB)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = a[i] - b[i];
    else if (kind == NDB_EXPR_MUL)
        for (uint32_t i = 0; i < extent; i++)
            out[i] = a[i] * b[i];
    else
        for (uint32_t i = 0; i < extent; i++)
            out[i] = a[i] / b[i];
}
