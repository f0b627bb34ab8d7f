/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that own nothing, copied with what they point to behind one another
 * into memory that is counted first: a userdata, which needs no finalizer then.
 */
#include <string.h>

#include "lua/binding.h"

/* Every piece begins where any type may stand. */
static size_t whole(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

static size_t items_bytes(const namidb_value *items, uint32_t count)
{
    size_t bytes = count * sizeof *items;

    for (uint32_t i = 0; i < count; i++)
        bytes += ndb_lua_value_bytes(&items[i]);
    return bytes;
}

size_t ndb_lua_value_bytes(const namidb_value *value)
{
    switch (value->kind) {
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return whole(value->size);
    case NAMIDB_DATETIME:
        return sizeof *value->as.datetime +
               whole(value->as.datetime->zone_bytes);
    case NAMIDB_DURATION:
        return sizeof *value->as.duration;
    case NAMIDB_POINT:
        return sizeof *value->as.point;
    case NAMIDB_LIST:
        return items_bytes(value->as.items, value->size);
    case NAMIDB_VECTOR:
        return whole(value->size * sizeof *value->as.floats);
    default:
        return 0;
    }
}

void *ndb_lua_copy(char **at, const void *data, size_t bytes)
{
    void *copy = *at;

    if (bytes != 0)
        memcpy(copy, data, bytes);
    *at += whole(bytes);
    return copy;
}

static const namidb_datetime *copy_datetime(char **at,
                                            const namidb_datetime *from)
{
    namidb_datetime *to = ndb_lua_copy(at, from, sizeof *from);

    to->zone = ndb_lua_copy(at, from->zone, from->zone_bytes);
    return to;
}

static const namidb_value *copy_items(char **at, const namidb_value *items,
                                      uint32_t count)
{
    namidb_value *copies = ndb_lua_copy(at, items, count * sizeof *items);

    for (uint32_t i = 0; i < count; i++)
        ndb_lua_copy_parts(at, &copies[i]);
    return copies;
}

void ndb_lua_copy_parts(char **at, namidb_value *value)
{
    switch (value->kind) {
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        value->as.bytes = ndb_lua_copy(at, value->as.bytes, value->size);
        break;
    case NAMIDB_DATETIME:
        value->as.datetime = copy_datetime(at, value->as.datetime);
        break;
    case NAMIDB_DURATION:
        value->as.duration =
            ndb_lua_copy(at, value->as.duration, sizeof *value->as.duration);
        break;
    case NAMIDB_POINT:
        value->as.point =
            ndb_lua_copy(at, value->as.point, sizeof *value->as.point);
        break;
    case NAMIDB_LIST:
        value->as.items = copy_items(at, value->as.items, value->size);
        break;
    case NAMIDB_VECTOR:
        value->as.floats = ndb_lua_copy(at, value->as.floats,
                                        value->size * sizeof *value->as.floats);
        break;
    default:
        break;
    }
}
