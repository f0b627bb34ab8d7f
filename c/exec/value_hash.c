/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_hash.c - hashes that agree with equivalence: a float that is a whole
 * number hashes as the integer, and all NaNs as one.
 */
#include <math.h>

#include "base/limits.h"
#include "base/hash.h"
#include "exec/compare.h"
#include "exec/temporal.h"
#include "exec/text.h"

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return ndb_hash_integer(hash * UINT64_C(0x9e3779b97f4a7c15) + value);
}

static uint64_t hash_number(double number, uint64_t hash)
{
    uint64_t bits;

    if (number >= -0x1p63 && number < 0x1p63 &&
        (double)(int64_t)number == number)
        return mix(hash, (uint64_t)(int64_t)number);
    if (isnan(number))
        number = (double)NAN;
    memcpy(&bits, &number, sizeof bits);
    return mix(hash, bits);
}

static uint64_t hash_point(const namidb_point *point, uint64_t hash)
{
    hash = mix(hash, (uint64_t)point->srid << 32 | point->dimensions);
    hash = hash_number(point->y, hash_number(point->x, hash));
    return point->dimensions == 3 ? hash_number(point->z, hash) : hash;
}

static uint64_t hash_path(const namidb_path *path, uint64_t hash)
{
    hash = mix(hash, path->nodes[0].as.id);
    for (uint32_t i = 0; i < path->edge_count; i++) {
        hash = mix(hash, path->edges[i].as.edge->id);
        hash = mix(hash, path->nodes[i + 1].as.id);
    }
    return hash;
}

static uint64_t hash_value(const namidb_value *value, uint64_t hash,
                           uint32_t depth);

static uint64_t hash_list(const namidb_value *list, uint64_t hash,
                          uint32_t depth)
{
    hash = mix(hash, list->size);
    for (uint32_t i = 0; i < list->size; i++)
        hash = hash_value(&list->as.items[i], hash, depth);
    return hash;
}

static uint64_t hash_map(const namidb_value *map, uint64_t hash, uint32_t depth)
{
    hash = mix(hash, map->size);
    for (uint32_t i = 0; i < map->size; i++) {
        const namidb_entry *entry = &map->as.entries[i];

        hash = mix(hash, ndb_hash64(ndb_text_of(&entry->key)));
        hash = hash_value(&entry->value, hash, depth);
    }
    return hash;
}

static uint64_t hash_vector(const namidb_value *vector, uint64_t hash)
{
    hash = mix(hash, vector->size);
    for (uint32_t i = 0; i < vector->size; i++)
        hash = hash_number((double)vector->as.floats[i], hash);
    return hash;
}

static uint64_t hash_value(const namidb_value *value, uint64_t hash,
                           uint32_t depth)
{
    /* Integers and floats share a kind here. */
    hash ^= value->kind == NAMIDB_FLOAT ? NAMIDB_INT : value->kind;
    /* Where equivalence stops looking. */
    if (depth > NDB_VALUE_DEPTH_MAX)
        return hash;
    if (ndb_is_temporal(value->kind))
        return ndb_temporal_hash(value, hash);
    switch (value->kind) {
    case NAMIDB_BOOL:
        return mix(hash, value->as.boolean);
    case NAMIDB_INT:
        return mix(hash, (uint64_t)value->as.integer);
    case NAMIDB_FLOAT:
        return hash_number(value->as.number, hash);
    case NAMIDB_STRING:
    case NAMIDB_BYTES:
        return mix(hash, ndb_hash64(ndb_text_of(value)));
    case NAMIDB_POINT:
        return hash_point(value->as.point, hash);
    case NAMIDB_LIST:
        return hash_list(value, hash, depth + 1);
    case NAMIDB_VECTOR:
        return hash_vector(value, hash);
    case NAMIDB_MAP:
        return hash_map(value, hash, depth + 1);
    case NAMIDB_NODE:
        return mix(hash, value->as.id);
    case NAMIDB_EDGE:
        return mix(hash, value->as.edge->id);
    case NAMIDB_PATH:
        return hash_path(value->as.path, hash);
    default:
        return mix(hash, 0);
    }
}

uint64_t ndb_value_hash(const namidb_value *value, uint64_t seed)
{
    if (value->kind == NAMIDB_INT) /* the usual one */
        return mix(seed ^ NAMIDB_INT, (uint64_t)value->as.integer);
    return hash_value(value, seed, 0);
}
