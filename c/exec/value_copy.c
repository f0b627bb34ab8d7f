/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "exec/value_copy.h"

#include "exec/scalar.h"

static int copy_value(namidb_arena *arena, const namidb_value *from,
                      namidb_value *to, uint32_t depth);

static int copy_bytes(namidb_arena *arena, const void *from, size_t bytes,
                      const void **to)
{
    *to = ndb_arena_copy(arena, from, bytes);
    return *to != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;
}

static int copy_items(namidb_arena *arena, const namidb_value *from,
                      size_t count, const namidb_value **to, uint32_t depth)
{
    namidb_value *items;

    if (depth > NDB_VALUE_DEPTH_MAX)
        return NAMIDB_ELIMIT;
    items = ndb_arena_array(arena, count, sizeof *items);
    if (items == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int rc = copy_value(arena, &from[i], &items[i], depth);

        if (rc < 0)
            return rc;
    }
    *to = items;
    return NAMIDB_OK;
}

static int copy_entries(namidb_arena *arena, const namidb_value *map,
                        namidb_value *to, uint32_t depth)
{
    namidb_entry *entries;

    if (depth > NDB_VALUE_DEPTH_MAX)
        return NAMIDB_ELIMIT;
    entries = ndb_arena_array(arena, map->size, sizeof *entries);
    if (entries == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < map->size; i++) {
        const namidb_entry *entry = &map->as.entries[i];
        int rc = copy_value(arena, &entry->key, &entries[i].key, depth);

        if (rc == NAMIDB_OK)
            rc = copy_value(arena, &entry->value, &entries[i].value, depth);
        if (rc < 0)
            return rc;
    }
    to->as.entries = entries;
    return NAMIDB_OK;
}

static int copy_datetime(namidb_arena *arena, const namidb_datetime *from,
                         namidb_value *to)
{
    namidb_datetime *copy = ndb_arena_copy(arena, from, sizeof *from);
    const void *zone;

    if (copy == NULL)
        return NAMIDB_ENOMEM;
    if (from->zone_bytes != 0) {
        if (copy_bytes(arena, from->zone, from->zone_bytes, &zone) < 0)
            return NAMIDB_ENOMEM;
        copy->zone = zone;
    }
    to->as.datetime = copy;
    return NAMIDB_OK;
}

static int copy_edge(namidb_arena *arena, const namidb_edge *from,
                     namidb_value *to, uint32_t depth)
{
    namidb_edge *copy = ndb_arena_copy(arena, from, sizeof *from);
    namidb_property *props;

    if (copy == NULL)
        return NAMIDB_ENOMEM;
    to->as.edge = copy;
    if (from->prop_count == 0)
        return NAMIDB_OK;
    props = ndb_arena_array(arena, from->prop_count, sizeof *props);
    if (props == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < from->prop_count; i++) {
        int rc =
            copy_value(arena, &from->props[i].value, &props[i].value, depth);

        if (rc < 0)
            return rc;
        props[i].name = from->props[i].name;
    }
    copy->props = props;
    return NAMIDB_OK;
}

static int copy_path(namidb_arena *arena, const namidb_path *from,
                     namidb_value *to, uint32_t depth)
{
    namidb_path *copy = ndb_arena_copy(arena, from, sizeof *from);
    int rc;

    if (copy == NULL)
        return NAMIDB_ENOMEM;
    rc = copy_items(arena, from->nodes, (size_t)from->edge_count + 1,
                    &copy->nodes, depth);
    if (rc == NAMIDB_OK)
        rc = copy_items(arena, from->edges, from->edge_count, &copy->edges,
                        depth);
    to->as.path = copy;
    return rc;
}

static int copy_flat(namidb_arena *arena, const void *from, size_t bytes,
                     namidb_value *to)
{
    const void *copy;
    int rc = copy_bytes(arena, from, bytes, &copy);

    if (rc == NAMIDB_OK)
        to->as.bytes = copy;
    return rc;
}

static int copy_value(namidb_arena *arena, const namidb_value *from,
                      namidb_value *to, uint32_t depth)
{
    *to = *from;
    switch (from->kind) {
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return copy_flat(arena, from->as.bytes, from->size, to);
    case NAMIDB_DATETIME:
        return copy_datetime(arena, from->as.datetime, to);
    case NAMIDB_DURATION:
        return copy_flat(arena, from->as.duration, sizeof *from->as.duration,
                         to);
    case NAMIDB_POINT:
        return copy_flat(arena, from->as.point, sizeof *from->as.point, to);
    case NAMIDB_VECTOR:
        return copy_flat(arena, from->as.floats, from->size * sizeof(float),
                         to);
    case NAMIDB_LIST:
        return copy_items(arena, from->as.items, from->size, &to->as.items,
                          depth + 1);
    case NAMIDB_MAP:
        return copy_entries(arena, from, to, depth + 1);
    case NAMIDB_EDGE:
        return copy_edge(arena, from->as.edge, to, depth + 1);
    case NAMIDB_PATH:
        return copy_path(arena, from->as.path, to, depth + 1);
    default:
        return NAMIDB_OK;
    }
}

int ndb_query_value_copy_parts(namidb_arena *arena, const namidb_value *from,
                               namidb_value *to)
{
    int rc = copy_value(arena, from, to, 0);

    if (rc == NAMIDB_ELIMIT && arena->budget != NULL)
        arena->budget->is_too_deep = true;
    return rc;
}

/* `left` more levels are looked at. */
static uint32_t depth_of(const namidb_value *value, uint32_t left)
{
    uint32_t deepest = 0;

    if (value->kind != NAMIDB_LIST && value->kind != NAMIDB_MAP)
        return 0;
    if (left == 0)
        return 1;
    for (uint32_t i = 0; i < value->size && deepest < left; i++) {
        uint32_t depth =
            depth_of(value->kind == NAMIDB_LIST ? &value->as.items[i]
                                                : &value->as.entries[i].value,
                     left - 1);

        if (depth > deepest)
            deepest = depth;
    }
    return deepest + 1;
}

uint32_t ndb_query_value_depth(const namidb_value *value)
{
    return depth_of(value, NDB_VALUE_DEPTH_MAX);
}
