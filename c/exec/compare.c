/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.c - the walk into lists, maps and paths stops NDB_VALUE_DEPTH_MAX
 * levels down: no value of a query is deeper, and whatever else is given costs
 * a bounded stack.
 */
#include "base/limits.h"
#include "exec/compare.h"

#include <math.h>

#include "base/hash.h"
#include "exec/function.h"
#include "exec/temporal.h"
#include "exec/text.h"

static int sign_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int id_order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* NaN is the largest and equals itself. */
static int float_order(double a, double b)
{
    if (isnan(a) || isnan(b))
        return (isnan(a) != 0) - (isnan(b) != 0);
    return (a > b) - (a < b);
}

/* Without a conversion to double, which has 53 bits for 64. */
static int mixed_order(int64_t integer, double number)
{
    int64_t whole;

    if (isnan(number) || number >= 0x1p63)
        return -1;
    if (number < -0x1p63)
        return 1;
    whole = (int64_t)number;
    if (integer != whole)
        return sign_of(integer, whole);
    return float_order((double)whole, number);
}

static int number_order(const namidb_value *a, const namidb_value *b)
{
    if (a->kind == NAMIDB_INT && b->kind == NAMIDB_INT)
        return sign_of(a->as.integer, b->as.integer);
    if (a->kind == NAMIDB_INT)
        return mixed_order(a->as.integer, b->as.number);
    if (b->kind == NAMIDB_INT)
        return -mixed_order(b->as.integer, a->as.number);
    return float_order(a->as.number, b->as.number);
}

static bool is_nan(const namidb_value *value)
{
    return value->kind == NAMIDB_FLOAT && isnan(value->as.number);
}

static int point_order(const namidb_point *a, const namidb_point *b)
{
    int order = id_order(a->srid, b->srid);

    if (order == 0)
        order = id_order(a->dimensions, b->dimensions);
    if (order == 0)
        order = float_order(a->x, b->x);
    if (order == 0)
        order = float_order(a->y, b->y);
    if (order == 0 && a->dimensions == 3)
        order = float_order(a->z, b->z);
    return order;
}

static int vector_order(const namidb_value *a, const namidb_value *b)
{
    for (uint32_t i = 0; i < a->size && i < b->size; i++) {
        int order =
            float_order((double)a->as.floats[i], (double)b->as.floats[i]);

        if (order != 0)
            return order;
    }
    return id_order(a->size, b->size);
}

/* Durations of one length may differ in how they say it ("P1D", "PT24H"). */
static int duration_order(const namidb_value *a, const namidb_value *b)
{
    const namidb_duration *x = a->as.duration, *y = b->as.duration;
    int order = ndb_duration_order(a, b);

    if (order == 0)
        order = sign_of(x->months, y->months);
    if (order == 0)
        order = sign_of(x->days, y->days);
    if (order == 0)
        order = sign_of(x->seconds, y->seconds);
    if (order == 0)
        order = sign_of(x->nanoseconds, y->nanoseconds);
    return order;
}

/* Paths: as the list of their nodes and edges in walking order. */
static int path_order(const namidb_path *a, const namidb_path *b)
{
    for (uint32_t i = 0;; i++) {
        int order = id_order(a->nodes[i].as.id, b->nodes[i].as.id);

        if (order != 0)
            return order;
        if (i == a->edge_count || i == b->edge_count)
            return id_order(a->edge_count, b->edge_count);
        order = id_order(a->edges[i].as.edge->id, b->edges[i].as.edge->id);
        if (order != 0)
            return order;
    }
}

/* ----------------------------------------------------------- equality -- */

static enum ndb_truth equal(const namidb_value *a, const namidb_value *b,
                            uint32_t depth);

/* What a part says of the whole: one that differs decides. */
static bool decides(enum ndb_truth part, enum ndb_truth *whole)
{
    if (part != NDB_TRUE)
        *whole = part;
    return part == NDB_FALSE;
}

static enum ndb_truth equal_lists(const namidb_value *a, const namidb_value *b,
                                  uint32_t depth)
{
    enum ndb_truth truth = NDB_TRUE;

    if (a->size != b->size)
        return NDB_FALSE;
    for (uint32_t i = 0; i < a->size; i++)
        if (decides(equal(&a->as.items[i], &b->as.items[i], depth), &truth))
            break;
    return truth;
}

static enum ndb_truth equal_maps(const namidb_value *a, const namidb_value *b,
                                 uint32_t depth)
{
    enum ndb_truth truth = NDB_TRUE;

    if (a->size != b->size)
        return NDB_FALSE;
    for (uint32_t i = 0; i < a->size; i++)
        if (!ndb_slice_equal(ndb_text_of(&a->as.entries[i].key),
                             ndb_text_of(&b->as.entries[i].key)))
            return NDB_FALSE;
    for (uint32_t i = 0; i < a->size; i++)
        if (decides(
                equal(&a->as.entries[i].value, &b->as.entries[i].value, depth),
                &truth))
            break;
    return truth;
}

static bool equal_points(const namidb_point *a, const namidb_point *b)
{
    return a->srid == b->srid && a->dimensions == b->dimensions &&
           a->x == b->x && a->y == b->y && (a->dimensions < 3 || a->z == b->z);
}

static bool equal_vectors(const namidb_value *a, const namidb_value *b)
{
    if (a->size != b->size)
        return false;
    for (uint32_t i = 0; i < a->size; i++)
        if (a->as.floats[i] != b->as.floats[i])
            return false;
    return true;
}

/* Of one kind, not null, no numbers, no containers. */
static bool equal_scalars(const namidb_value *a, const namidb_value *b)
{
    if (ndb_is_temporal(a->kind))
        return ndb_temporal_equal(a, b);
    switch (a->kind) {
    case NAMIDB_BOOL:
        return a->as.boolean == b->as.boolean;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return ndb_slice_equal(ndb_text_of(a), ndb_text_of(b));
    case NAMIDB_POINT:
        return equal_points(a->as.point, b->as.point);
    case NAMIDB_VECTOR:
        return equal_vectors(a, b);
    case NAMIDB_NODE:
        return a->as.id == b->as.id;
    case NAMIDB_EDGE:
        return a->as.edge->id == b->as.edge->id;
    case NAMIDB_PATH:
        return path_order(a->as.path, b->as.path) == 0;
    default:
        return false;
    }
}

static enum ndb_truth equal(const namidb_value *a, const namidb_value *b,
                            uint32_t depth)
{
    if (ndb_is_null(a) || ndb_is_null(b) || depth > NDB_VALUE_DEPTH_MAX)
        return NDB_UNKNOWN;
    if (ndb_is_number(a) && ndb_is_number(b))
        return !is_nan(a) && !is_nan(b) && number_order(a, b) == 0 ? NDB_TRUE
                                                                   : NDB_FALSE;
    if (a->kind != b->kind)
        return NDB_FALSE;
    if (a->kind == NAMIDB_LIST)
        return equal_lists(a, b, depth + 1);
    if (a->kind == NAMIDB_MAP)
        return equal_maps(a, b, depth + 1);
    return equal_scalars(a, b) ? NDB_TRUE : NDB_FALSE;
}

enum ndb_truth ndb_equal(const namidb_value *a, const namidb_value *b)
{
    return equal(a, b, 0);
}

/* ------------------------------------------------------ comparability -- */

static bool comparable(const namidb_value *a, const namidb_value *b, int *order,
                       bool *has_nan, uint32_t depth);

/* The first items that are not equal decide; when they cannot be compared, the
 * lists cannot. */
static bool comparable_lists(const namidb_value *a, const namidb_value *b,
                             int *order, bool *has_nan, uint32_t depth)
{
    for (uint32_t i = 0; i < a->size && i < b->size; i++) {
        const namidb_value *x = &a->as.items[i], *y = &b->as.items[i];

        if (equal(x, y, depth) == NDB_TRUE)
            continue;
        return comparable(x, y, order, has_nan, depth);
    }
    *order = id_order(a->size, b->size);
    return true;
}

static bool comparable(const namidb_value *a, const namidb_value *b, int *order,
                       bool *has_nan, uint32_t depth)
{
    if (depth > NDB_VALUE_DEPTH_MAX)
        return false;
    if (ndb_is_number(a) && ndb_is_number(b)) {
        *has_nan = is_nan(a) || is_nan(b);
        *order = number_order(a, b);
        return true;
    }
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case NAMIDB_BOOL:
        *order = (int)a->as.boolean - (int)b->as.boolean;
        return true;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        *order = ndb_slice_compare(ndb_text_of(a), ndb_text_of(b));
        return true;
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
    case NAMIDB_TIME:
    case NAMIDB_LOCAL_DATETIME:
    case NAMIDB_DATETIME:
        *order = ndb_temporal_order(a, b);
        return true;
    case NAMIDB_LIST:
        return comparable_lists(a, b, order, has_nan, depth + 1);
    default:
        return false;
    }
}

bool ndb_comparable(const namidb_value *a, const namidb_value *b, int *order,
                    bool *has_nan)
{
    *order = 0;
    *has_nan = false;
    return comparable(a, b, order, has_nan, 0);
}

/* ------------------------------------------------------- orderability -- */

static uint32_t rank_of(const namidb_value *value)
{
    static const uint8_t RANKS[NAMIDB_KIND_COUNT] = {
        [NAMIDB_MAP] = 1,         [NAMIDB_NODE] = 2,
        [NAMIDB_EDGE] = 3,        [NAMIDB_LIST] = 4,
        [NAMIDB_PATH] = 5,        [NAMIDB_POINT] = 6,
        [NAMIDB_DATETIME] = 7,    [NAMIDB_LOCAL_DATETIME] = 8,
        [NAMIDB_DATE] = 9,        [NAMIDB_TIME] = 10,
        [NAMIDB_LOCAL_TIME] = 11, [NAMIDB_DURATION] = 12,
        [NAMIDB_STRING] = 13,     [NAMIDB_BYTES] = 14,
        [NAMIDB_BOOL] = 15,       [NAMIDB_INT] = 16,
        [NAMIDB_FLOAT] = 16,      [NAMIDB_VECTOR] = 17,
        [NAMIDB_NULL] = 18,
    };

    return value->kind < NAMIDB_KIND_COUNT ? RANKS[value->kind] : 0;
}

static int order_of(const namidb_value *a, const namidb_value *b,
                    uint32_t depth);

static int list_order(const namidb_value *a, const namidb_value *b,
                      uint32_t depth)
{
    for (uint32_t i = 0; i < a->size && i < b->size; i++) {
        int order = order_of(&a->as.items[i], &b->as.items[i], depth);

        if (order != 0)
            return order;
    }
    return id_order(a->size, b->size);
}

/* By the number of keys, then by the keys, then by the values. */
static int map_order(const namidb_value *a, const namidb_value *b,
                     uint32_t depth)
{
    const namidb_entry *x = a->as.entries, *y = b->as.entries;
    int order = id_order(a->size, b->size);

    for (uint32_t i = 0; order == 0 && i < a->size; i++)
        order =
            ndb_slice_compare(ndb_text_of(&x[i].key), ndb_text_of(&y[i].key));
    for (uint32_t i = 0; order == 0 && i < a->size; i++)
        order = order_of(&x[i].value, &y[i].value, depth);
    return order;
}

/* Of one rank. */
static int order_within(const namidb_value *a, const namidb_value *b,
                        uint32_t depth)
{
    switch (a->kind) {
    case NAMIDB_BOOL:
        return (int)a->as.boolean - (int)b->as.boolean;
    case NAMIDB_INT:
    case NAMIDB_FLOAT:
        return number_order(a, b);
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return ndb_slice_compare(ndb_text_of(a), ndb_text_of(b));
    case NAMIDB_DURATION:
        return duration_order(a, b);
    case NAMIDB_POINT:
        return point_order(a->as.point, b->as.point);
    case NAMIDB_VECTOR:
        return vector_order(a, b);
    case NAMIDB_LIST:
        return list_order(a, b, depth + 1);
    case NAMIDB_MAP:
        return map_order(a, b, depth + 1);
    case NAMIDB_NODE:
        return id_order(a->as.id, b->as.id);
    case NAMIDB_EDGE:
        return id_order(a->as.edge->id, b->as.edge->id);
    case NAMIDB_PATH:
        return path_order(a->as.path, b->as.path);
    default:
        return ndb_is_temporal(a->kind) ? ndb_temporal_order(a, b) : 0;
    }
}

static int order_of(const namidb_value *a, const namidb_value *b,
                    uint32_t depth)
{
    int order = id_order(rank_of(a), rank_of(b));

    if (order != 0 || depth > NDB_VALUE_DEPTH_MAX)
        return order;
    return order_within(a, b, depth);
}

int ndb_order(const namidb_value *a, const namidb_value *b)
{
    return order_of(a, b, 0);
}

/* -------------------------------------------------------- equivalence -- */

/* What is one value for ORDER BY is one for DISTINCT. Strings and integers, by
 * far the most, need no order to be told apart. */
bool ndb_equivalent(const namidb_value *a, const namidb_value *b)
{
    if (a->kind == b->kind) {
        if (a->kind == NAMIDB_INT)
            return a->as.integer == b->as.integer;
        if (a->kind == NAMIDB_STRING)
            return ndb_slice_equal(ndb_text_of(a), ndb_text_of(b));
        if (a->kind == NAMIDB_NODE)
            return a->as.id == b->as.id;
    }
    return order_of(a, b, 0) == 0;
}
