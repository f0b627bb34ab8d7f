/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points: made from maps, their parts, the distance between two.
 */
#include <math.h>

#include "exec/list.h"
#include "exec/temporal.h"

enum { CARTESIAN = 7203, CARTESIAN_3D = 9157, WGS84 = 4326, WGS84_3D = 4979 };

#define EARTH_RADIUS 6378140.0 /* metres */
#define RADIANS (3.14159265358979323846 / 180)

static const struct {
    uint32_t srid;
    const char *name;
} SYSTEMS[] = { { CARTESIAN, "cartesian" },
                { CARTESIAN_3D, "cartesian-3d" },
                { WGS84, "wgs-84" },
                { WGS84_3D, "wgs-84-3d" } };

/* A coordinate under one of two names. NAMIDB_NONE: it is null. */
static int take(struct ndb_scalar *scalar, const namidb_value *map,
                const char *name, const char *other, double *out,
                bool *is_there)
{
    const namidb_value *value = ndb_map_get(map, ndb_slice_text(name));

    if (value == NULL && other != NULL)
        value = ndb_map_get(map, ndb_slice_text(other));
    *is_there = value != NULL && !ndb_is_null(value);
    if (!*is_there)
        return value != NULL ? NAMIDB_NONE : NAMIDB_OK;
    if (value->kind == NAMIDB_INT)
        *out = (double)value->as.integer;
    else if (value->kind == NAMIDB_FLOAT)
        *out = value->as.number;
    else
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "%s is a number, not a value of type %s", name,
                         ndb_kind_name(value->kind));
    return NAMIDB_OK;
}

/* The system that crs or srid names; *srid stays when neither is given. */
static int take_system(struct ndb_scalar *scalar, const namidb_value *map,
                       uint32_t *srid)
{
    const namidb_value *crs = ndb_map_get(map, ndb_slice_text("crs"));
    const namidb_value *number = ndb_map_get(map, ndb_slice_text("srid"));

    for (size_t i = 0; i < sizeof SYSTEMS / sizeof *SYSTEMS; i++) {
        bool is_named = crs != NULL && crs->kind == NAMIDB_STRING &&
                        ndb_slice_equal(ndb_slice(crs->as.bytes, crs->size),
                                        ndb_slice_text(SYSTEMS[i].name));
        bool is_numbered = number != NULL && number->kind == NAMIDB_INT &&
                           number->as.integer == SYSTEMS[i].srid;

        if (is_named || is_numbered) {
            *srid = SYSTEMS[i].srid;
            return NAMIDB_OK;
        }
    }
    if (crs == NULL && number == NULL)
        return NAMIDB_OK;
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                     "crs is cartesian, cartesian-3d, wgs-84 or wgs-84-3d");
}

static bool is_globe(uint32_t srid)
{
    return srid == WGS84 || srid == WGS84_3D;
}

static int check(struct ndb_scalar *scalar, const namidb_point *point)
{
    bool is_3d = point->srid == CARTESIAN_3D || point->srid == WGS84_3D;

    if (is_3d != (point->dimensions == 3))
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                         "a point of %u dimensions in another system",
                         point->dimensions);
    if (is_globe(point->srid) && !(point->y >= -90 && point->y <= 90))
        return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                         "a latitude is within -90 and 90");
    return NAMIDB_OK;
}

static int fn_point(struct ndb_scalar *scalar, const namidb_value *args,
                    uint32_t count, namidb_value *out)
{
    static const char *const NAMES[] = { "x",         "y",        "z",
                                         "longitude", "latitude", "height",
                                         "crs",       "srid",     NULL };
    bool has_x, has_y, has_z, has_longitude;
    namidb_point *point = ndb_arena_alloc(scalar->arena, sizeof *point);
    int rc;

    (void)count;
    if (point == NULL)
        return NAMIDB_ENOMEM;
    if (args[0].kind != NAMIDB_MAP)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                         "a point is made from a map");
    *point = (namidb_point){ .dimensions = 2 };
    rc = ndb_map_check_keys(scalar, &args[0], NAMES, "a point");
    if (rc == NAMIDB_OK)
        rc = take(scalar, &args[0], "x", "longitude", &point->x, &has_x);
    if (rc == NAMIDB_OK)
        rc = take(scalar, &args[0], "y", "latitude", &point->y, &has_y);
    if (rc == NAMIDB_OK)
        rc = take(scalar, &args[0], "z", "height", &point->z, &has_z);
    if (rc == NAMIDB_NONE)
        *out = ndb_null(); /* of a place that is not known */
    if (rc != NAMIDB_OK)
        return rc < 0 ? rc : NAMIDB_OK;
    if (!has_x || !has_y)
        return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                         "a point has x and y, or longitude and latitude");
    point->dimensions = has_z ? 3 : 2;
    has_longitude = ndb_map_get(&args[0], ndb_slice_text("longitude")) != NULL;
    point->srid = has_longitude ? (has_z ? WGS84_3D : WGS84)
                                : (has_z ? CARTESIAN_3D : CARTESIAN);
    rc = take_system(scalar, &args[0], &point->srid);
    if (rc >= 0)
        rc = check(scalar, point);
    *out = (namidb_value){ .kind = NAMIDB_POINT, .as.point = point };
    return rc;
}

static double flat_distance(const namidb_point *a, const namidb_point *b)
{
    double x = a->x - b->x, y = a->y - b->y, z = a->z - b->z;

    return sqrt(x * x + y * y + z * z);
}

/* Haversine, at the mean height; the difference in height is the third side. */
static double globe_distance(const namidb_point *a, const namidb_point *b)
{
    double latitude = (b->y - a->y) * RADIANS;
    double longitude = (b->x - a->x) * RADIANS;
    double half = pow(sin(latitude / 2), 2) + cos(a->y * RADIANS) *
                                                  cos(b->y * RADIANS) *
                                                  pow(sin(longitude / 2), 2);
    double radius = EARTH_RADIUS + (a->z + b->z) / 2;
    double along = 2 * radius * asin(sqrt(fmin(1, half)));

    return sqrt(along * along + pow(a->z - b->z, 2));
}

static int fn_distance(struct ndb_scalar *scalar, const namidb_value *args,
                       uint32_t count, namidb_value *out)
{
    const namidb_point *a = args[0].as.point, *b = args[1].as.point;

    (void)scalar;
    (void)count;
    *out = ndb_null();
    if (args[0].kind == NAMIDB_POINT && args[1].kind == NAMIDB_POINT &&
        a->srid == b->srid)
        *out = ndb_float(is_globe(a->srid) ? globe_distance(a, b)
                                           : flat_distance(a, b));
    return NAMIDB_OK;
}

static bool is_within(double low, double value, double high)
{
    return value >= low && value <= high;
}

static int fn_within(struct ndb_scalar *scalar, const namidb_value *args,
                     uint32_t count, namidb_value *out)
{
    const namidb_point *point = args[0].as.point, *low = args[1].as.point,
                       *high = args[2].as.point;

    (void)scalar;
    (void)count;
    *out = ndb_null();
    if (args[0].kind != NAMIDB_POINT || args[1].kind != NAMIDB_POINT ||
        args[2].kind != NAMIDB_POINT || point->srid != low->srid ||
        point->srid != high->srid)
        return NAMIDB_OK;
    *out = ndb_boolean(is_within(low->x, point->x, high->x) &&
                       is_within(low->y, point->y, high->y) &&
                       is_within(low->z, point->z, high->z));
    return NAMIDB_OK;
}

static bool is_name(const char *name, size_t bytes, const char *wanted)
{
    return strlen(wanted) == bytes && memcmp(name, wanted, bytes) == 0;
}

int ndb_point_component(struct ndb_scalar *scalar, const namidb_value *value,
                        const char *name, size_t bytes, namidb_value *out)
{
    const namidb_point *point = value->as.point;
    bool is_on_globe = is_globe(point->srid);

    (void)scalar;
    *out = ndb_null();
    if (is_name(name, bytes, "x") ||
        (is_on_globe && is_name(name, bytes, "longitude")))
        *out = ndb_float(point->x);
    else if (is_name(name, bytes, "y") ||
             (is_on_globe && is_name(name, bytes, "latitude")))
        *out = ndb_float(point->y);
    else if (point->dimensions == 3 &&
             (is_name(name, bytes, "z") ||
              (is_on_globe && is_name(name, bytes, "height"))))
        *out = ndb_float(point->z);
    else if (is_name(name, bytes, "srid"))
        *out = ndb_integer(point->srid);
    else if (is_name(name, bytes, "crs"))
        for (size_t i = 0; i < sizeof SYSTEMS / sizeof *SYSTEMS; i++)
            if (SYSTEMS[i].srid == point->srid)
                *out = ndb_string(SYSTEMS[i].name, strlen(SYSTEMS[i].name));
    return NAMIDB_OK;
}

const struct ndb_function NDB_POINT_FUNCTIONS[] = {
    { "point", 1, 1, false, fn_point },
    { "distance", 2, 2, false, fn_distance },
    { "point.distance", 2, 2, false, fn_distance },
    { "point.withinbbox", 3, 3, false, fn_within },
    { NULL, 0, 0, false, NULL },
};
