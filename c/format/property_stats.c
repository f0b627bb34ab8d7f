/* SPDX-License-Identifier: Apache-2.0 */
#include "format/property_stats.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/pack_internal.h"
#include "format/value.h"

/* --------------------------------------------------------------- sketch -- */

/* Whether a float is an integer that it may have been written as, too. */
static bool is_whole(double number)
{
    return number >= -0x1p62 && number <= 0x1p62 &&
           (double)(int64_t)number == number;
}

static uint64_t hash_number(uint32_t kind, uint64_t bits)
{
    return ndb_hash_integer(bits + ((uint64_t)kind + 1) *
                                       UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t hash_float(double number)
{
    uint64_t bits;

    if (is_whole(number))
        return hash_number(NAMIDB_INT, (uint64_t)(int64_t)number);
    memcpy(&bits, &number, sizeof bits);
    return hash_number(NAMIDB_FLOAT, bits);
}

/* Of what has no hash of its own: its bytes in a row. */
static int hash_encoded(const namidb_value *value, uint64_t *hash)
{
    struct ndb_buf bytes = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    int rc = ndb_value_encode(&bytes, value);

    *hash = ndb_hash64(ndb_buf_slice(&bytes));
    ndb_buf_release(&bytes);
    return rc;
}

static int hash_of(const namidb_value *value, uint64_t *hash)
{
    switch ((enum namidb_kind)value->kind) {
    case NAMIDB_BOOL:
        *hash = hash_number(value->kind, value->as.boolean);
        return NAMIDB_OK;
    case NAMIDB_INT:
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        *hash = hash_number(value->kind, (uint64_t)value->as.integer);
        return NAMIDB_OK;
    case NAMIDB_FLOAT:
        *hash = hash_float(value->as.number);
        return NAMIDB_OK;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        *hash = ndb_hash64(ndb_slice(value->as.bytes, value->size));
        return NAMIDB_OK;
    default:
        return hash_encoded(value, hash);
    }
}

uint64_t ndb_property_stat_distinct(const struct ndb_property_stat *stat)
{
    double estimate = ndb_sketch_estimate(stat->sketch);

    if (estimate > (double)stat->values)
        return stat->values;
    return estimate < 1 ? 1 : (uint64_t)(estimate + 0.5);
}

/* -------------------------------------------------------------- columns -- */

enum namidb_kind ndb_property_axis(const namidb_value *value, double *place)
{
    switch ((enum namidb_kind)value->kind) {
    case NAMIDB_FLOAT:
        *place = value->as.number;
        return isfinite(*place) ? NAMIDB_INT : NAMIDB_NULL;
    case NAMIDB_INT:
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
    case NAMIDB_LOCAL_DATETIME:
        *place = (double)value->as.integer;
        return (enum namidb_kind)value->kind;
    case NAMIDB_DATETIME:
        *place = (double)value->as.datetime->seconds;
        return NAMIDB_DATETIME;
    default:
        return NAMIDB_NULL;
    }
}

/* Widens the range of a property by one of values of a kind. */
static void widen(struct ndb_property_stat *stat, uint8_t kind, double min,
                  double max)
{
    if (kind == NAMIDB_NULL ||
        (stat->range_kind != NAMIDB_NULL && stat->range_kind < kind))
        return;
    if (stat->range_kind != kind || min < stat->min)
        stat->min = min;
    if (stat->range_kind != kind || max > stat->max)
        stat->max = max;
    stat->range_kind = kind;
}

static int note_column(struct ndb_property_stat *stat,
                       const struct ndb_batch_column *column)
{
    for (uint32_t i = 0; i < column->count; i++) {
        const namidb_value *value = &column->values[i];
        uint64_t hash;
        enum namidb_kind kind;
        double place = 0;

        if (hash_of(value, &hash) < 0)
            return NAMIDB_ENOMEM;
        ndb_sketch_add(stat->sketch, hash);
        kind = ndb_property_axis(value, &place);
        widen(stat, (uint8_t)kind, place, place);
    }
    stat->values += column->count;
    return NAMIDB_OK;
}

int ndb_property_stat_compare(const struct ndb_property_stat *a,
                              const struct ndb_property_stat *b)
{
    if (a->is_edge != b->is_edge)
        return a->is_edge ? 1 : -1;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name);
}

/* The line of a property, made when it is new; NULL: no memory. */
static struct ndb_property_stat *line_of(struct ndb_property_stats *stats,
                                         const struct ndb_property_stat *wanted)
{
    uint32_t low = 0, high = stats->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (ndb_property_stat_compare(&stats->items[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < stats->count &&
        ndb_property_stat_compare(&stats->items[low], wanted) == 0)
        return &stats->items[low];
    if (stats->count == stats->capacity) {
        uint32_t capacity = stats->capacity == 0 ? 16 : stats->capacity * 2;
        struct ndb_property_stat *items =
            ndb_realloc(stats->items, capacity, sizeof *items);

        if (items == NULL)
            return NULL;
        stats->items = items;
        stats->capacity = capacity;
    }
    memmove(&stats->items[low + 1], &stats->items[low],
            (stats->count - low) * sizeof *stats->items);
    stats->items[low] = *wanted;
    stats->count++;
    return &stats->items[low];
}

int ndb_property_stats_add(struct ndb_property_stats *stats, bool is_edge,
                           uint32_t table,
                           const struct ndb_batch_columns *columns)
{
    for (uint32_t i = 0; i < columns->count; i++) {
        const struct ndb_batch_column *column = &columns->items[i];
        const struct ndb_property_stat wanted = { .is_edge = is_edge,
                                                  .table = table,
                                                  .name = column->name };
        struct ndb_property_stat *line;

        if (column->count == 0)
            continue;
        line = line_of(stats, &wanted);
        if (line == NULL || note_column(line, column) < 0)
            return NAMIDB_ENOMEM;
    }
    return NAMIDB_OK;
}

void ndb_property_stats_release(struct ndb_property_stats *stats)
{
    ndb_free(stats->items);
    *stats = (struct ndb_property_stats){ .items = NULL };
}

/* ---------------------------------------------------------------- merge -- */

static void add_line(struct ndb_property_stat *line,
                     const struct ndb_property_stat *other)
{
    line->values += other->values;
    ndb_sketch_merge(line->sketch, other->sketch);
    widen(line, other->range_kind, other->min, other->max);
}

/* Most values first; of equally many the older name. */
static int compare_values(const void *a, const void *b)
{
    const struct ndb_property_stat *x = a, *y = b;

    if (x->values != y->values)
        return x->values > y->values ? -1 : 1;
    return ndb_property_stat_compare(x, y);
}

static int compare_lines(const void *a, const void *b)
{
    return ndb_property_stat_compare(a, b);
}

static void keep_largest(struct ndb_property_stats *stats)
{
    if (stats->count <= NDB_PROPERTY_STATS_MAX)
        return;
    qsort(stats->items, stats->count, sizeof *stats->items, compare_values);
    stats->count = NDB_PROPERTY_STATS_MAX;
    qsort(stats->items, stats->count, sizeof *stats->items, compare_lines);
}

int ndb_property_stats_merge(const struct ndb_property_stats *a,
                             const struct ndb_property_stats *b,
                             namidb_arena *arena,
                             struct ndb_property_stats *out)
{
    uint32_t capacity = a->count + b->count;
    struct ndb_property_stat *items =
        ndb_arena_array(arena, capacity, sizeof *items);
    uint32_t count = 0, i = 0, j = 0;

    if (items == NULL)
        return NAMIDB_ENOMEM;
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1
                    : j == b->count
                        ? -1
                        : ndb_property_stat_compare(&a->items[i], &b->items[j]);

        items[count] = order <= 0 ? a->items[i++] : b->items[j++];
        if (order == 0)
            add_line(&items[count], &b->items[j++]);
        count++;
    }
    *out = (struct ndb_property_stats){ items, count, capacity };
    keep_largest(out);
    return NAMIDB_OK;
}
