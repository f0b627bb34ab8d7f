/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How temporal values compare.
 */
#include "base/hash.h"
#include "exec/parts.h"

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_zones(const struct ndb_parts *a, const struct ndb_parts *b)
{
    int order = compare(a->offset, b->offset);

    return order != 0 ? order : ndb_slice_compare(a->zone, b->zone);
}

/* Times of day by their moment in a day of UTC. */
static int order_times(const struct ndb_parts *a, const struct ndb_parts *b)
{
    int order = compare(a->nanos - a->offset * NDB_SECOND_NS,
                        b->nanos - b->offset * NDB_SECOND_NS);

    return order != 0 ? order : compare_zones(a, b);
}

int ndb_temporal_order(const namidb_value *a, const namidb_value *b)
{
    struct ndb_parts left = ndb_parts_of(a), right = ndb_parts_of(b);
    int order;

    if (!left.has_date)
        return order_times(&left, &right);
    order = compare(ndb_parts_moment(&left), ndb_parts_moment(&right));
    if (order == 0)
        order =
            compare(left.nanos % NDB_SECOND_NS, right.nanos % NDB_SECOND_NS);
    return order != 0 ? order : compare_zones(&left, &right);
}

bool ndb_temporal_equal(const namidb_value *a, const namidb_value *b)
{
    const namidb_duration *left = a->as.duration, *right = b->as.duration;

    if (a->kind != NAMIDB_DURATION)
        return ndb_temporal_order(a, b) == 0;
    return left->months == right->months && left->days == right->days &&
           left->seconds == right->seconds &&
           left->nanoseconds == right->nanoseconds;
}

/* Seconds of an average year / 12. */
#define MONTH_SECONDS 2629746

int ndb_duration_order(const namidb_value *a, const namidb_value *b)
{
    const namidb_duration *left = a->as.duration, *right = b->as.duration;
    long double size =
        (long double)left->months * MONTH_SECONDS +
        (long double)left->days * NDB_DAY_SECONDS + left->seconds -
        ((long double)right->months * MONTH_SECONDS +
         (long double)right->days * NDB_DAY_SECONDS + right->seconds);
    int order;

    if (size != 0)
        return size > 0 ? 1 : -1;
    order = compare(left->nanoseconds, right->nanoseconds);
    if (order == 0)
        order = compare(left->months, right->months);
    return order != 0 ? order : compare(left->days, right->days);
}

uint64_t ndb_temporal_hash(const namidb_value *value, uint64_t seed)
{
    struct ndb_parts parts;

    seed = ndb_hash_integer(seed ^ value->kind);
    if (value->kind == NAMIDB_DURATION) {
        const namidb_duration *duration = value->as.duration;

        seed = ndb_hash_integer(seed ^ (uint64_t)duration->months);
        seed = ndb_hash_integer(seed ^ (uint64_t)duration->days);
        seed = ndb_hash_integer(seed ^ (uint64_t)duration->seconds);
        return ndb_hash_integer(seed ^ (uint64_t)duration->nanoseconds);
    }
    parts = ndb_parts_of(value);
    seed = ndb_hash_integer(seed ^ (uint64_t)parts.day);
    seed = ndb_hash_integer(seed ^ (uint64_t)parts.nanos);
    seed = ndb_hash_integer(seed ^ (uint64_t)parts.offset);
    return parts.zone.bytes == 0 ? seed : seed ^ ndb_hash64(parts.zone);
}
