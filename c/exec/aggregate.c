/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "exec/aggregate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/aggregate_internal.h"
#include "exec/compare.h"
#include "exec/function.h"
#include "exec/value_copy.h"

/* Values gather in blocks, each twice as large as the one before: nothing is
 * moved, and a group of one value costs little. */
enum { BLOCK_ITEMS_MIN = 4, BLOCK_ITEMS_MAX = 64 << 10 };

struct ndb_aggregate_block {
    struct ndb_aggregate_block *next;
    size_t count, capacity;
    namidb_value items[];
};

static const char *const NAMES[NDB_AGGREGATE_KIND_COUNT] = {
    [NDB_AGGREGATE_COUNT_ROWS] = "count",
    [NDB_AGGREGATE_COUNT] = "count",
    [NDB_AGGREGATE_SUM] = "sum",
    [NDB_AGGREGATE_AVG] = "avg",
    [NDB_AGGREGATE_MIN] = "min",
    [NDB_AGGREGATE_MAX] = "max",
    [NDB_AGGREGATE_COLLECT] = "collect",
    [NDB_AGGREGATE_STDEV] = "stDev",
    [NDB_AGGREGATE_STDEVP] = "stDevP",
    [NDB_AGGREGATE_PERCENTILE_CONT] = "percentileCont",
    [NDB_AGGREGATE_PERCENTILE_DISC] = "percentileDisc",
};

void ndb_aggregate_init(struct ndb_aggregate *self,
                        enum ndb_aggregate_kind kind)
{
    memset(self, 0, sizeof *self);
    self->kind = kind;
}

int ndb_aggregate_percentile(struct ndb_aggregate *self,
                             const namidb_value *percentile,
                             struct ndb_scalar *scalar)
{
    double number;

    if (!ndb_is_number(percentile))
        return ndb_function_type(scalar, NAMES[self->kind], "Number",
                                 percentile);
    number = ndb_number(percentile);
    if (!(number >= 0 && number <= 1))
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "%s(): the percentile is not within 0 .. 1",
                         NAMES[self->kind]);
    self->as.items.percentile = number;
    return NAMIDB_OK;
}

static int keep_copy(namidb_arena *arena, const namidb_value *from,
                     namidb_value *to, struct ndb_scalar *scalar)
{
    int rc = ndb_query_value_copy(arena, from, to);

    if (rc == NAMIDB_ELIMIT)
        return ndb_raise(scalar->err, NDB_FAULT_TOO_LARGE,
                         "a value is nested deeper than %u",
                         NDB_VALUE_DEPTH_MAX);
    return rc < 0 ? ndb_fail_memory(scalar->err) : NAMIDB_OK;
}

/* A block with room, or NULL. */
static struct ndb_aggregate_block *open_block(struct ndb_aggregate *self,
                                              namidb_arena *arena)
{
    struct ndb_aggregate_block *last = self->as.items.last, *block;
    size_t capacity = BLOCK_ITEMS_MIN;

    if (last != NULL && last->count < last->capacity)
        return last;
    if (last != NULL)
        capacity = last->capacity < BLOCK_ITEMS_MAX ? last->capacity * 2
                                                    : BLOCK_ITEMS_MAX;
    block =
        ndb_arena_alloc(arena, sizeof *block + capacity * sizeof(namidb_value));
    if (block == NULL)
        return NULL;
    *block = (struct ndb_aggregate_block){ .capacity = capacity };
    if (last != NULL)
        last->next = block;
    else
        self->as.items.first = block;
    self->as.items.last = block;
    return block;
}

int ndb_aggregate_collect(struct ndb_aggregate *self, namidb_arena *arena,
                          const namidb_value *kept, struct ndb_scalar *scalar)
{
    struct ndb_aggregate_block *block;

    if (self->count == NDB_QUERY_LIST_ITEMS_MAX)
        return ndb_raise(scalar->err, NDB_FAULT_TOO_LARGE,
                         "%s(): more than %zu values", NAMES[self->kind],
                         NDB_QUERY_LIST_ITEMS_MAX);
    block = open_block(self, arena);
    if (block == NULL)
        return ndb_fail_memory(scalar->err);
    block->items[block->count++] = *kept;
    self->count++;
    return NAMIDB_OK;
}

static int add_item(struct ndb_aggregate *self, namidb_arena *arena,
                    const namidb_value *value, struct ndb_scalar *scalar)
{
    namidb_value copy;
    int rc = keep_copy(arena, value, &copy, scalar);

    return rc < 0 ? rc : ndb_aggregate_collect(self, arena, &copy, scalar);
}

/* Texts are copied over each other: ascending input improves max() with every
 * row. */
static int keep_best(struct ndb_aggregate *self, namidb_arena *arena,
                     const namidb_value *value, struct ndb_scalar *scalar)
{
    size_t capacity = self->as.best.capacity;
    char *text;

    if (value->kind != NAMIDB_STRING) {
        self->as.best.capacity = 0;
        return keep_copy(arena, value, &self->as.best.value, scalar);
    }
    if (capacity < value->size || capacity == 0) {
        capacity = 2 * (size_t)value->size + 16;
        text = ndb_arena_alloc(arena, capacity);
        if (text == NULL)
            return ndb_fail_memory(scalar->err);
    } else {
        text = (char *)(uintptr_t)self->as.best.value.as.bytes;
    }
    if (value->size != 0)
        memcpy(text, value->as.bytes, value->size);
    self->as.best.capacity = capacity;
    self->as.best.value = ndb_string(text, value->size);
    return NAMIDB_OK;
}

static int add_best(struct ndb_aggregate *self, namidb_arena *arena,
                    const namidb_value *value, struct ndb_scalar *scalar)
{
    int order = self->count != 0 ? ndb_order(value, &self->as.best.value) : 0;
    int rc = NAMIDB_OK;

    if (self->count == 0 ||
        (self->kind == NDB_AGGREGATE_MIN ? order < 0 : order > 0))
        rc = keep_best(self, arena, value, scalar);
    if (rc == NAMIDB_OK)
        self->count++;
    return rc;
}

/* Welford's: the squares of large numbers that are close to each other would
 * cancel out. */
static void add_spread(struct ndb_aggregate *self, double number)
{
    double distance = number - self->as.spread.mean;

    self->count++;
    self->as.spread.mean += distance / (double)self->count;
    self->as.spread.squares += distance * (number - self->as.spread.mean);
}

int ndb_aggregate_add(struct ndb_aggregate *self, namidb_arena *arena,
                      const namidb_value *value, struct ndb_scalar *scalar)
{
    if (ndb_is_null(value) && self->kind != NDB_AGGREGATE_COUNT_ROWS)
        return NAMIDB_OK;
    switch (self->kind) {
    case NDB_AGGREGATE_SUM:
    case NDB_AGGREGATE_AVG:
        return ndb_aggregate_sum_value(self, value, scalar);
    case NDB_AGGREGATE_MIN:
    case NDB_AGGREGATE_MAX:
        return add_best(self, arena, value, scalar);
    case NDB_AGGREGATE_COLLECT:
        return add_item(self, arena, value, scalar);
    case NDB_AGGREGATE_STDEV:
    case NDB_AGGREGATE_STDEVP:
    case NDB_AGGREGATE_PERCENTILE_CONT:
    case NDB_AGGREGATE_PERCENTILE_DISC:
        if (!ndb_is_number(value))
            return ndb_function_type(scalar, NAMES[self->kind], "Number",
                                     value);
        if (self->kind == NDB_AGGREGATE_PERCENTILE_CONT ||
            self->kind == NDB_AGGREGATE_PERCENTILE_DISC)
            return add_item(self, arena, value, scalar);
        add_spread(self, ndb_number(value));
        return NAMIDB_OK;
    case NDB_AGGREGATE_COUNT_ROWS:
    case NDB_AGGREGATE_COUNT:
    case NDB_AGGREGATE_KIND_COUNT:
        break;
    }
    self->count++;
    return NAMIDB_OK;
}

void ndb_aggregate_add_rows(struct ndb_aggregate *self, uint64_t rows)
{
    self->count += rows;
}

/* All items in one array. */
static int gather_items(struct ndb_aggregate *self, namidb_arena *arena,
                        namidb_value **items, struct ndb_scalar *scalar)
{
    struct ndb_aggregate_block *block = self->as.items.first;
    size_t at = 0;

    if (block != NULL && block->next == NULL) {
        *items = block->items;
        return NAMIDB_OK;
    }
    *items = ndb_arena_array(arena, self->count, sizeof **items);
    if (*items == NULL)
        return ndb_fail_memory(scalar->err);
    for (; block != NULL; block = block->next) {
        memcpy(*items + at, block->items, block->count * sizeof **items);
        at += block->count;
    }
    return NAMIDB_OK;
}

static int compare_items(const void *a, const void *b)
{
    return ndb_order(a, b);
}

/* The value at `place` of 0 .. count - 1, between two by their distance. */
static double interpolate(const namidb_value *items, double place)
{
    size_t below = (size_t)place;
    double part = place - (double)below;

    if (part == 0)
        return ndb_number(&items[below]);
    return ndb_number(&items[below]) * (1 - part) +
           ndb_number(&items[below + 1]) * part;
}

static int finish_percentile(struct ndb_aggregate *self, namidb_arena *arena,
                             struct ndb_scalar *scalar, namidb_value *out)
{
    double percentile = self->as.items.percentile;
    namidb_value *items;
    size_t rank;
    int rc;

    *out = ndb_null();
    if (self->count == 0)
        return NAMIDB_OK;
    rc = gather_items(self, arena, &items, scalar);
    if (rc < 0)
        return rc;
    qsort(items, self->count, sizeof *items, compare_items);
    if (self->kind == NDB_AGGREGATE_PERCENTILE_CONT) {
        *out = ndb_float(
            interpolate(items, percentile * (double)(self->count - 1)));
        return NAMIDB_OK;
    }
    rank = (size_t)ceil(percentile * (double)self->count);
    *out = items[rank != 0 ? rank - 1 : 0];
    return NAMIDB_OK;
}

static double spread_of(const struct ndb_aggregate *self)
{
    uint64_t divisor = self->count - (self->kind == NDB_AGGREGATE_STDEV);

    return self->count < 2 ? 0
                           : sqrt(self->as.spread.squares / (double)divisor);
}

int ndb_aggregate_finish(struct ndb_aggregate *self, namidb_arena *arena,
                         struct ndb_scalar *scalar, namidb_value *out)
{
    namidb_value *items;
    int rc;

    switch (self->kind) {
    case NDB_AGGREGATE_SUM:
    case NDB_AGGREGATE_AVG:
        return ndb_aggregate_sum_finish(self, arena, scalar, out);
    case NDB_AGGREGATE_MIN:
    case NDB_AGGREGATE_MAX:
        *out = self->count != 0 ? self->as.best.value : ndb_null();
        return NAMIDB_OK;
    case NDB_AGGREGATE_COLLECT:
        rc = gather_items(self, arena, &items, scalar);
        if (rc == NAMIDB_OK)
            *out = ndb_list(items, self->count);
        return rc;
    case NDB_AGGREGATE_STDEV:
    case NDB_AGGREGATE_STDEVP:
        *out = ndb_float(spread_of(self));
        return NAMIDB_OK;
    case NDB_AGGREGATE_PERCENTILE_CONT:
    case NDB_AGGREGATE_PERCENTILE_DISC:
        return finish_percentile(self, arena, scalar, out);
    case NDB_AGGREGATE_COUNT_ROWS:
    case NDB_AGGREGATE_COUNT:
    case NDB_AGGREGATE_KIND_COUNT:
        break;
    }
    *out = ndb_integer((int64_t)self->count);
    return NAMIDB_OK;
}
