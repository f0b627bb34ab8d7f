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
