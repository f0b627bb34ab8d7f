/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be stored: the rules that hold before anything is encoded.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "format/value.h"

#define NS_PER_DAY INT64_C(86400000000000)
#define OFFSET_SECONDS_MAX (18 * 3600)
/* Years -999,999,999 to 999,999,999, as other graph databases have it. */
#define DAYS_MIN INT64_C(-365243219162) /* of the first day */
#define DAYS_MAX INT64_C(365241780471)  /* of the last one */
#define SECONDS_MIN (DAYS_MIN * 86400)
#define SECONDS_MAX (DAYS_MAX * 86400 + 86399)

static int check(const namidb_value *value, unsigned depth, namidb_error *err);

static int check_string(const namidb_value *value, namidb_error *err)
{
    if (value->size > NDB_VALUE_BYTES_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "%u bytes, more than %u",
                        value->size, NDB_VALUE_BYTES_MAX);
    if (value->kind == NAMIDB_STRING &&
        !ndb_utf8_is_valid(ndb_slice(value->as.bytes, value->size)))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "not UTF-8 (store it as bytes instead)");
    return NAMIDB_OK;
}

static int check_range(int64_t number, int64_t low, int64_t high,
                       const char *what, namidb_error *err)
{
    if (number >= low && number <= high)
        return NAMIDB_OK;
    return ndb_fail(err, NAMIDB_EINVAL, "%s out of range", what);
}

static int check_time(const namidb_value *value, namidb_error *err)
{
    int rc = check_range(value->as.integer, 0, NS_PER_DAY - 1, "time", err);

    if (rc < 0 || value->kind == NAMIDB_LOCAL_TIME)
        return rc;
    return check_range((int32_t)value->size, -OFFSET_SECONDS_MAX,
                       OFFSET_SECONDS_MAX, "offset", err);
}

static int check_local_datetime(const namidb_value *value, namidb_error *err)
{
    int rc = check_range(value->as.integer, SECONDS_MIN, SECONDS_MAX,
                         "datetime", err);

    if (rc < 0)
        return rc;
    return check_range(value->size, 0, 999999999, "nanoseconds", err);
}

static int check_datetime(const namidb_datetime *datetime, namidb_error *err)
{
    int rc = check_range(datetime->seconds, SECONDS_MIN, SECONDS_MAX,
                         "datetime", err);

    if (rc >= 0)
        rc = check_range(datetime->nanoseconds, 0, 999999999, "nanoseconds",
                         err);
    if (rc >= 0)
        rc = check_range(datetime->offset, -OFFSET_SECONDS_MAX,
                         OFFSET_SECONDS_MAX, "offset", err);
    if (rc < 0)
        return rc;
    if (datetime->zone_bytes > NDB_NAME_BYTES_MAX ||
        !ndb_utf8_is_valid(ndb_slice(datetime->zone, datetime->zone_bytes)))
        return ndb_fail(err, NAMIDB_EINVAL, "not the name of a zone");
    return NAMIDB_OK;
}

static int check_point(const namidb_point *point, namidb_error *err)
{
    bool is_flat = point->srid == 7203 || point->srid == 4326;
    bool is_solid = point->srid == 9157 || point->srid == 4979;

    if ((!is_flat || point->dimensions != 2) &&
        (!is_solid || point->dimensions != 3))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "a point has 2 dimensions (srid 7203, 4326) or 3 "
                        "(9157, 4979), not %u with srid %u",
                        point->dimensions, point->srid);
    if (!isfinite(point->x) || !isfinite(point->y) ||
        (point->dimensions == 3 && !isfinite(point->z)))
        return ndb_fail(err, NAMIDB_EINVAL, "a coordinate is not finite");
    if ((point->srid == 4326 || point->srid == 4979) && fabs(point->y) > 90)
        return ndb_fail(err, NAMIDB_EINVAL, "a latitude is within -90 and 90");
    return NAMIDB_OK;
}

static int check_list(const namidb_value *value, unsigned depth,
                      namidb_error *err)
{
    if (depth >= NDB_VALUE_DEPTH_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "lists nested deeper than %u",
                        NDB_VALUE_DEPTH_MAX);
    if (value->size > NDB_LIST_ITEMS_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "%u items, more than %u",
                        value->size, NDB_LIST_ITEMS_MAX);
    for (uint32_t i = 0; i < value->size; i++) {
        int rc;

        if (value->as.items[i].kind == NAMIDB_NULL)
            return ndb_fail(err, NAMIDB_EINVAL,
                            "item %u is null: a stored list has none", i + 1);
        rc = check(&value->as.items[i], depth + 1, err);
        if (rc < 0)
            return rc;
    }
    return NAMIDB_OK;
}

static int check(const namidb_value *value, unsigned depth, namidb_error *err)
{
    switch ((enum namidb_kind)value->kind) {
    case NAMIDB_NULL:
    case NAMIDB_BOOL:
    case NAMIDB_INT:
    case NAMIDB_FLOAT:
        return NAMIDB_OK;
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return check_string(value, err);
    case NAMIDB_DATE:
        return check_range(value->as.integer, DAYS_MIN, DAYS_MAX, "date", err);
    case NAMIDB_LOCAL_TIME:
    case NAMIDB_TIME:
        return check_time(value, err);
    case NAMIDB_LOCAL_DATETIME:
        return check_local_datetime(value, err);
    case NAMIDB_DATETIME:
        return check_datetime(value->as.datetime, err);
    case NAMIDB_DURATION:
        return check_range(value->as.duration->nanoseconds, 0, 999999999,
                           "nanoseconds", err);
    case NAMIDB_POINT:
        return check_point(value->as.point, err);
    case NAMIDB_LIST:
        return check_list(value, depth, err);
    case NAMIDB_VECTOR:
        if (value->size == 0 || value->size > NDB_VECTOR_DIMENSIONS_MAX)
            return ndb_fail(err, NAMIDB_ELIMIT,
                            "a vector has 1 to %u dimensions, not %u",
                            NDB_VECTOR_DIMENSIONS_MAX, value->size);
        return NAMIDB_OK;
    case NAMIDB_MAP:
        return ndb_fail(err, NAMIDB_EINVAL, "a map cannot be stored");
    case NAMIDB_NODE:
    case NAMIDB_EDGE:
    case NAMIDB_PATH:
        return ndb_fail(err, NAMIDB_EINVAL,
                        "a node, edge or path cannot be stored in a property");
    case NAMIDB_KIND_COUNT:
        break;
    }
    return ndb_fail(err, NAMIDB_EINVAL, "unknown kind %u", value->kind);
}

int ndb_value_check(const namidb_value *value, namidb_error *err)
{
    return check(value, 0, err);
}

int ndb_key_check(const namidb_value *key, namidb_error *err)
{
    if (key->kind == NAMIDB_INT)
        return NAMIDB_OK;
    if (key->kind != NAMIDB_STRING)
        return ndb_fail(err, NAMIDB_EINVAL, "a key is a string or an integer");
    if (key->size == 0)
        return ndb_fail(err, NAMIDB_EINVAL, "a key cannot be empty");
    if (key->size > NDB_KEY_BYTES_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "a key of %u bytes, more than %u",
                        key->size, NDB_KEY_BYTES_MAX);
    return check_string(key, err);
}
