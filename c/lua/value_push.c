/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values for Lua.
 *
 * Booleans, numbers and strings are themselves, namidb.null is a light userdata
 * of NULL. The kinds that Lua has no type for are arrays under metatables that
 * carry the kind's number in `__kind` (lua/namidb/value.lua makes them); their
 * fields stand in the order of namidb.h. Maps are plain tables.
 */

#include "lua/binding.h"

#define INT53 9007199254740992.0

static const char MAKE_INT64 = 0; /* registry keys */
static const char KINDS = 0;

static void *registry_key(const char *key)
{
    return (void *)(uintptr_t)key;
}

int ndb_lua_set_int64(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushlightuserdata(L, registry_key(&MAKE_INT64));
    lua_pushvalue(L, 1);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, 2);
    lua_setfield(L, LUA_REGISTRYINDEX, NDB_LUA_READ_INT64);
    return 0;
}

int ndb_lua_set_kinds(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushlightuserdata(L, registry_key(&KINDS));
    lua_pushvalue(L, 1);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 0;
}

static void push_int64(lua_State *L, int64_t integer, bool is_int64)
{
#if LUA_VERSION_NUM >= 503
    (void)is_int64; /* they all are */
    lua_pushinteger(L, integer);
#else
    if (!is_int64 && integer >= -(int64_t)INT53 && integer <= (int64_t)INT53) {
        lua_pushnumber(L, (lua_Number)integer);
        return;
    }
    lua_pushlightuserdata(L, registry_key(&MAKE_INT64));
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushlstring(L, (const char *)&integer, sizeof integer);
    lua_call(L, 1, 1);
#endif
}

void ndb_lua_push_int64(lua_State *L, int64_t integer)
{
    push_int64(L, integer, false);
}

static void set_int(lua_State *L, int at, int64_t integer)
{
    ndb_lua_push_int64(L, integer);
    lua_rawseti(L, -2, at);
}

static void set_number(lua_State *L, int at, double number)
{
    lua_pushnumber(L, number);
    lua_rawseti(L, -2, at);
}

/* Gives the table on the stack the metatable of its kind. */
static void set_kind(lua_State *L, uint32_t kind)
{
    lua_pushlightuserdata(L, registry_key(&KINDS));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_istable(L, -1)) {
        lua_rawgeti(L, -1, (int)kind);
        lua_remove(L, -2);
        if (lua_istable(L, -1)) {
            lua_setmetatable(L, -2);
            return;
        }
    }
    lua_pop(L, 1);
}

static void push_datetime(lua_State *L, const namidb_datetime *datetime)
{
    lua_createtable(L, 4, 0);
    set_int(L, 1, datetime->seconds);
    set_int(L, 2, datetime->nanoseconds);
    set_int(L, 3, datetime->offset);
    if (datetime->zone_bytes == 0)
        return;
    lua_pushlstring(L, datetime->zone, datetime->zone_bytes);
    lua_rawseti(L, -2, 4);
}

static void push_duration(lua_State *L, const namidb_duration *duration)
{
    lua_createtable(L, 4, 0);
    set_int(L, 1, duration->months);
    set_int(L, 2, duration->days);
    set_int(L, 3, duration->seconds);
    set_int(L, 4, duration->nanoseconds);
}

static void push_point(lua_State *L, const namidb_point *point)
{
    lua_createtable(L, 4, 0);
    set_int(L, 1, point->srid);
    set_number(L, 2, point->x);
    set_number(L, 3, point->y);
    if (point->dimensions == 3)
        set_number(L, 4, point->z);
}

static void push_items(lua_State *L, const namidb_value *value, bool is_int64)
{
    luaL_checkstack(L, 4, "a list is nested too deeply");
    lua_createtable(L, (int)value->size, 0);
    for (uint32_t i = 0; i < value->size; i++) {
        ndb_lua_push_value(L, &value->as.items[i], is_int64);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static void push_vector(lua_State *L, const namidb_value *value)
{
    lua_createtable(L, (int)value->size, 0);
    for (uint32_t i = 0; i < value->size; i++)
        set_number(L, (int)i + 1, (double)value->as.floats[i]);
}

static void push_map(lua_State *L, const namidb_value *value, bool is_int64)
{
    lua_createtable(L, 0, (int)value->size);
    for (uint32_t i = 0; i < value->size; i++) {
        ndb_lua_push_value(L, &value->as.entries[i].key, is_int64);
        ndb_lua_push_value(L, &value->as.entries[i].value, is_int64);
        lua_rawset(L, -3);
    }
}

/* A kind that is a table. */
static void push_table(lua_State *L, const namidb_value *value, bool is_int64)
{
    switch (value->kind) {
    case NAMIDB_BYTES:
        lua_createtable(L, 1, 0);
        lua_pushlstring(L, value->as.bytes, value->size);
        lua_rawseti(L, -2, 1);
        break;
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        lua_createtable(L, 1, 0);
        set_int(L, 1, value->as.integer);
        break;
    case NAMIDB_TIME:
    case NAMIDB_LOCAL_DATETIME:
        lua_createtable(L, 2, 0);
        set_int(L, 1, value->as.integer);
        set_int(L, 2, (int32_t)value->size);
        break;
    case NAMIDB_DATETIME:
        push_datetime(L, value->as.datetime);
        break;
    case NAMIDB_DURATION:
        push_duration(L, value->as.duration);
        break;
    case NAMIDB_POINT:
        push_point(L, value->as.point);
        break;
    case NAMIDB_VECTOR:
        push_vector(L, value);
        break;
    case NAMIDB_LIST:
        push_items(L, value, is_int64);
        break;
    default:
        push_map(L, value, is_int64);
        return;
    }
    set_kind(L, value->kind);
}

void ndb_lua_push_value(lua_State *L, const namidb_value *value, bool is_int64)
{
    switch (value->kind) {
    case NAMIDB_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    case NAMIDB_BOOL:
        lua_pushboolean(L, value->as.boolean);
        break;
    case NAMIDB_INT:
        push_int64(L, value->as.integer, is_int64);
        break;
    case NAMIDB_FLOAT:
        lua_pushnumber(L, value->as.number);
        break;
    case NAMIDB_STRING:
        lua_pushlstring(L, value->as.bytes, value->size);
        break;
    default:
        push_table(L, value, is_int64);
    }
}
