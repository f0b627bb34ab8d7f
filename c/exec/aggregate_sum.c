/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate_sum.c - sum() and avg(): of integers exactly, of numbers, of
 * durations.
 */
#include "exec/aggregate_internal.h"

#include <string.h>

#include "base/error.h"
#include "exec/function.h"
#include "exec/temporal.h"

/* Integers within +-2^51, no more than this many, cannot overflow 64 bits. */
enum { BLOCK_VALUES = 2048 };
#define SMALL_LIMIT (UINT64_C(1) << 51)

/* What the widest registers of every machine hold. */
typedef uint64_t integer_lanes __attribute__((vector_size(16)));
typedef double float_lanes __attribute__((vector_size(16)));

static void add_wide(struct ndb_aggregate_wide *sum, int64_t value)
{
    uint64_t low = sum->low + (uint64_t)value;

    sum->high += (value < 0 ? -1 : 0) + (low < sum->low ? 1 : 0);
    sum->low = low;
}

static double wide_number(const struct ndb_aggregate_wide *sum)
{
    return sum->high == (int64_t)sum->low >> 63
               ? (double)(int64_t)sum->low
               : (double)sum->high * 0x1p64 + (double)sum->low;
}

static const char *name_of(const struct ndb_aggregate *self)
{
    return self->kind == NDB_AGGREGATE_SUM ? "sum" : "avg";
}

static int mixture(const struct ndb_aggregate *self, struct ndb_scalar *scalar)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "%s(): numbers and durations do not add up",
                     name_of(self));
}

/* The sum is made in the memory of the call; only the number is kept. */
static int add_duration(struct ndb_aggregate *self, const namidb_value *value,
                        struct ndb_scalar *scalar)
{
    namidb_value before = { .kind = NAMIDB_DURATION }, after;
    int rc;

    if (self->count != 0 && !self->has_durations)
        return mixture(self, scalar);
    if (self->count == 0) {
        self->as.duration = *value->as.duration;
    } else {
        before.as.duration = &self->as.duration;
        rc = ndb_temporal_add(scalar, &before, value, &after);
        if (rc < 0)
            return rc;
        self->as.duration = *after.as.duration;
    }
    self->has_durations = true;
    self->count++;
    return NAMIDB_OK;
}

int ndb_aggregate_sum_value(struct ndb_aggregate *self,
                            const namidb_value *value,
                            struct ndb_scalar *scalar)
{
    if (value->kind == NAMIDB_DURATION)
        return add_duration(self, value, scalar);
    if (!ndb_is_number(value))
        return ndb_function_type(scalar, name_of(self), "Number or Duration",
                                 value);
    if (self->has_durations)
        return mixture(self, scalar);
    if (value->kind == NAMIDB_INT) {
        add_wide(&self->as.sum.integers, value->as.integer);
    } else {
        self->as.sum.floats += value->as.number;
        self->has_floats = true;
    }
    self->count++;
    return NAMIDB_OK;
}

/* false: some integer is not small; *sum is undefined. */
static bool sum_small(const int64_t *values, size_t count, int64_t *sum)
{
    const integer_lanes bias = { SMALL_LIMIT, SMALL_LIMIT };
    integer_lanes total = { 0, 0 }, seen = { 0, 0 };
    uint64_t rest = 0, rest_seen = 0;
    size_t i = 0;

    for (; i + 2 <= count; i += 2) {
        integer_lanes lanes;

        memcpy(&lanes, values + i, sizeof lanes);
        total += lanes;
        seen |= lanes + bias;
    }
    if (i < count) {
        rest = (uint64_t)values[i];
        rest_seen = rest + SMALL_LIMIT;
    }
    *sum = (int64_t)(total[0] + total[1] + rest);
    return (seen[0] | seen[1] | rest_seen) < 2 * SMALL_LIMIT;
}

static void sum_block(struct ndb_aggregate *self, const int64_t *values,
                      size_t count)
{
    int64_t sum;

    if (sum_small(values, count, &sum)) {
        add_wide(&self->as.sum.integers, sum);
        return;
    }
    for (size_t i = 0; i < count; i++)
        add_wide(&self->as.sum.integers, values[i]);
}

int ndb_aggregate_sum_ints(struct ndb_aggregate *self, const int64_t *values,
                           size_t count, struct ndb_scalar *scalar)
{
    if (count == 0)
        return NAMIDB_OK;
    if (self->has_durations)
        return mixture(self, scalar);
    for (size_t at = 0; at < count; at += BLOCK_VALUES)
        sum_block(self, values + at,
                  count - at < BLOCK_VALUES ? count - at : BLOCK_VALUES);
    self->count += count;
    return NAMIDB_OK;
}

/* Four chains of additions side by side: one would wait for each result. */
static double sum_lanes(const double *values, size_t count)
{
    float_lanes total[4] = { { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } };
    double rest = 0;
    size_t i = 0;

    for (; i + 8 <= count; i += 8)
        for (size_t lane = 0; lane < 4; lane++) {
            float_lanes lanes;

            memcpy(&lanes, values + i + 2 * lane, sizeof lanes);
            total[lane] += lanes;
        }
    for (; i < count; i++)
        rest += values[i];
    total[0] += total[1] + (total[2] + total[3]);
    return total[0][0] + total[0][1] + rest;
}

int ndb_aggregate_sum_floats(struct ndb_aggregate *self, const double *values,
                             size_t count, struct ndb_scalar *scalar)
{
    if (count == 0)
        return NAMIDB_OK;
    return ndb_aggregate_add_float_total(self, sum_lanes(values, count), count,
                                         scalar);
}

int ndb_aggregate_add_int_total(struct ndb_aggregate *self, int64_t total,
                                uint64_t count, struct ndb_scalar *scalar)
{
    if (self->has_durations)
        return mixture(self, scalar);
    add_wide(&self->as.sum.integers, total);
    self->count += count;
    return NAMIDB_OK;
}

int ndb_aggregate_add_float_total(struct ndb_aggregate *self, double total,
                                  uint64_t count, struct ndb_scalar *scalar)
{
    if (self->has_durations)
        return mixture(self, scalar);
    self->as.sum.floats += total;
    self->has_floats = true;
    self->count += count;
    return NAMIDB_OK;
}

static int finish_duration(const struct ndb_aggregate *self,
                           namidb_arena *arena, struct ndb_scalar *scalar,
                           namidb_value *out)
{
    namidb_value sum = { .kind = NAMIDB_DURATION };
    namidb_value count = ndb_integer((int64_t)self->count);
    struct ndb_scalar kept = *scalar;

    sum.as.duration =
        ndb_arena_copy(arena, &self->as.duration, sizeof self->as.duration);
    if (sum.as.duration == NULL)
        return ndb_fail_memory(scalar->err);
    *out = sum;
    if (self->kind == NDB_AGGREGATE_SUM)
        return NAMIDB_OK;
    kept.arena = arena;
    return ndb_duration_divide(&kept, &sum, &count, out);
}

int ndb_aggregate_sum_finish(const struct ndb_aggregate *self,
                             namidb_arena *arena, struct ndb_scalar *scalar,
                             namidb_value *out)
{
    const struct ndb_aggregate_wide *integers = &self->as.sum.integers;
    bool is_sum = self->kind == NDB_AGGREGATE_SUM;
    double number;

    if (self->count == 0) {
        *out = is_sum ? ndb_integer(0) : ndb_null();
        return NAMIDB_OK;
    }
    if (self->has_durations)
        return finish_duration(self, arena, scalar, out);
    number = wide_number(integers) + self->as.sum.floats;
    if (!is_sum) {
        *out = ndb_float(number / (double)self->count);
    } else if (self->has_floats) {
        *out = ndb_float(number);
    } else {
        if (integers->high != (int64_t)integers->low >> 63)
            return ndb_raise(scalar->err, NDB_FAULT_OVERFLOW,
                             "sum(): the result is not within the Integers");
        *out = ndb_integer((int64_t)integers->low);
    }
    return NAMIDB_OK;
}
