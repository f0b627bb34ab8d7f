/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/parts.h"

#include "exec/zone.h"

#define OFFSET_MAX (18 * 3600)

static struct ndb_parts of_seconds(int64_t seconds, int64_t nanos)
{
    return (struct ndb_parts){
        .has_date = true,
        .has_time = true,
        .day = ndb_floor_div(seconds, NDB_DAY_SECONDS),
        .nanos =
            ndb_floor_mod(seconds, NDB_DAY_SECONDS) * NDB_SECOND_NS + nanos,
    };
}

static struct ndb_parts of_datetime(const namidb_datetime *datetime)
{
    struct ndb_parts parts =
        of_seconds(datetime->seconds + datetime->offset, datetime->nanoseconds);

    parts.has_zone = true;
    parts.offset = datetime->offset;
    parts.zone = ndb_slice(datetime->zone, datetime->zone_bytes);
    return parts;
}

struct ndb_parts ndb_parts_of(const namidb_value *value)
{
    switch (value->kind) {
    case NAMIDB_DATE:
        return (struct ndb_parts){ .has_date = true, .day = value->as.integer };
    case NAMIDB_LOCAL_TIME:
        return (struct ndb_parts){ .has_time = true,
                                   .nanos = value->as.integer };
    case NAMIDB_TIME:
        return (struct ndb_parts){ .has_time = true,
                                   .has_zone = true,
                                   .nanos = value->as.integer,
                                   .offset = (int32_t)value->size };
    case NAMIDB_LOCAL_DATETIME:
        return of_seconds(value->as.integer, value->size);
    default:
        return of_datetime(value->as.datetime);
    }
}

static int out_of_range(struct ndb_scalar *scalar)
{
    return ndb_raise(scalar->err, NDB_FAULT_OUT_OF_RANGE,
                     "a year is within -999,999,999 and 999,999,999, an offset "
                     "within 18 hours");
}

static int make_datetime(struct ndb_scalar *scalar,
                         const struct ndb_parts *parts, namidb_value *out)
{
    namidb_datetime *datetime =
        ndb_arena_alloc(scalar->arena, sizeof *datetime);

    if (datetime == NULL)
        return NAMIDB_ENOMEM;
    *datetime = (namidb_datetime){
        .seconds = ndb_parts_moment(parts),
        .nanoseconds = (int32_t)(parts->nanos % NDB_SECOND_NS),
        .offset = parts->offset,
        .zone_bytes = (uint32_t)parts->zone.bytes,
        .zone = (const char *)parts->zone.data,
    };
    *out = (namidb_value){ .kind = NAMIDB_DATETIME, .as.datetime = datetime };
    return NAMIDB_OK;
}

int ndb_parts_make(struct ndb_scalar *scalar, uint32_t kind,
                   const struct ndb_parts *parts, namidb_value *out)
{
    if (!ndb_is_day(parts->day) || parts->offset > OFFSET_MAX ||
        parts->offset < -OFFSET_MAX)
        return out_of_range(scalar);
    *out = (namidb_value){ .kind = kind };
    switch (kind) {
    case NAMIDB_DATE:
        out->as.integer = parts->day;
        return NAMIDB_OK;
    case NAMIDB_TIME:
        out->size = (uint32_t)parts->offset;
        out->as.integer = parts->nanos;
        return NAMIDB_OK;
    case NAMIDB_LOCAL_TIME:
        out->as.integer = parts->nanos;
        return NAMIDB_OK;
    case NAMIDB_LOCAL_DATETIME:
        out->size = (uint32_t)(parts->nanos % NDB_SECOND_NS);
        out->as.integer = ndb_parts_local(parts);
        return NAMIDB_OK;
    default:
        return make_datetime(scalar, parts, out);
    }
}

int ndb_parts_settle(struct ndb_scalar *scalar, struct ndb_parts *parts)
{
    const struct ndb_zone *zone;
    int64_t local = ndb_parts_local(parts);
    int rc;

    if (parts->zone.bytes == 0)
        return NAMIDB_OK;
    rc = ndb_zone_find(parts->zone, &zone, scalar->err);
    if (rc < 0)
        return rc;
    parts->zone = ndb_zone_name(zone);
    local -= ndb_zone_offset_local(zone, local, parts->offset);
    /* In a gap the clock goes on behind it. */
    parts->offset = ndb_zone_offset(zone, local);
    local += parts->offset;
    parts->day = ndb_floor_div(local, NDB_DAY_SECONDS);
    parts->nanos = ndb_floor_mod(local, NDB_DAY_SECONDS) * NDB_SECOND_NS +
                   parts->nanos % NDB_SECOND_NS;
    return NAMIDB_OK;
}

int ndb_parts_set_local(struct ndb_scalar *scalar, struct ndb_parts *parts,
                        int64_t seconds, int64_t nanos)
{
    parts->day = ndb_floor_div(seconds, NDB_DAY_SECONDS);
    parts->nanos =
        ndb_floor_mod(seconds, NDB_DAY_SECONDS) * NDB_SECOND_NS + nanos;
    return ndb_parts_settle(scalar, parts);
}

int ndb_parts_read_zone(struct ndb_scalar *scalar, struct ndb_slice text,
                        struct ndb_parts *parts)
{
    const struct ndb_zone *zone;
    int32_t offset;
    int rc;

    parts->has_zone = true;
    parts->zone = ndb_slice(NULL, 0);
    if (text.bytes != 0 && ndb_offset_parse(text, &offset) == text.bytes) {
        parts->offset = offset;
        return NAMIDB_OK;
    }
    rc = ndb_zone_find(text, &zone, scalar->err);
    if (rc >= 0)
        parts->zone = ndb_zone_name(zone);
    parts->offset = NDB_OFFSET_OPEN;
    return rc;
}

/* The local clock of a moment in the parts' zone. */
static int set_moment(struct ndb_scalar *scalar, struct ndb_parts *parts,
                      int64_t moment)
{
    const struct ndb_zone *zone;
    int64_t local;

    if (parts->zone.bytes != 0) {
        int rc = ndb_zone_find(parts->zone, &zone, scalar->err);

        if (rc < 0)
            return rc;
        parts->offset = ndb_zone_offset(zone, moment);
    }
    local = moment + parts->offset;
    parts->day = ndb_floor_div(local, NDB_DAY_SECONDS);
    parts->nanos = ndb_floor_mod(local, NDB_DAY_SECONDS) * NDB_SECOND_NS +
                   parts->nanos % NDB_SECOND_NS;
    return NAMIDB_OK;
}

int ndb_parts_set_zone(struct ndb_scalar *scalar, struct ndb_parts *parts,
                       struct ndb_slice zone, bool keeps_clock)
{
    int64_t moment = ndb_parts_moment(parts);
    int rc = ndb_parts_read_zone(scalar, zone, parts);

    if (rc < 0)
        return rc;
    return keeps_clock ? ndb_parts_settle(scalar, parts)
                       : set_moment(scalar, parts, moment);
}

int ndb_temporal_invalid(struct ndb_scalar *scalar, uint32_t kind,
                         struct ndb_slice text)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_VALUE,
                     "'%.*s' is no value of type %s",
                     (int)(text.bytes < 100 ? text.bytes : 100),
                     (const char *)text.data, ndb_kind_name(kind));
}
