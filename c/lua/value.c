/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values, both ways.
 *
 * Booleans, numbers and strings are themselves, namidb.null is a light userdata
 * of NULL. The kinds that Lua has no type for are arrays under metatables that
 * carry the kind's number in `__kind` (lua/namidb/value.lua makes them); their
 * fields stand in the order of namidb.h. A table without such a metatable is a
 * list.
 */
#include <math.h>
#include <string.h>

#include "lua/binding.h"

#define DEPTH_MAX 32
#define INT53 9007199254740992.0

static const char MAKE_INT64 = 0; /* registry keys */
static const char READ_INT64 = 0;
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
    lua_pushlightuserdata(L, registry_key(&READ_INT64));
    lua_pushvalue(L, 2);
    lua_rawset(L, LUA_REGISTRYINDEX);
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

/* ----------------------------------------------------------------- to Lua --
 */

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

/* --------------------------------------------------------------- from Lua --
 */

/* What a reading is about, for messages. */
struct reading {
    lua_State *L;
    const char *what;
    int anchors; /* stack index of the table that holds what was made */
    int depth;
};

static int bad(struct reading *reading, const char *why)
{
    return luaL_error(reading->L, "%s: %s", reading->what, why);
}

static namidb_value read_value(struct reading *reading, int index);

static namidb_value read_number(lua_State *L, int index)
{
    namidb_value value = { .kind = NAMIDB_FLOAT };

#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, index)) {
        value.kind = NAMIDB_INT;
        value.as.integer = lua_tointeger(L, index);
        return value;
    }
    value.as.number = lua_tonumber(L, index);
#else
    double number = lua_tonumber(L, index);

    /* A number that is whole and exact is an integer, except -0. */
    if (number == floor(number) && fabs(number) <= INT53 &&
        !(number == 0 && signbit(number))) {
        value.kind = NAMIDB_INT;
        value.as.integer = (int64_t)number;
        return value;
    }
    value.as.number = number;
#endif
    return value;
}

/* LuaJIT's int64_t and uint64_t. */
static namidb_value read_cdata(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    namidb_value value = { .kind = NAMIDB_INT };
    size_t bytes = 0;
    const char *text;

    lua_pushlightuserdata(L, registry_key(&READ_INT64));
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (!lua_isfunction(L, -1))
        (void)bad(reading, "cdata cannot be stored");
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    text = lua_tolstring(L, -1, &bytes);
    if (text == NULL || bytes != sizeof value.as.integer)
        (void)bad(reading, "this cdata is no 64-bit integer");
    memcpy(&value.as.integer, text, sizeof value.as.integer);
    lua_pop(L, 1);
    return value;
}

static namidb_value read_string(struct reading *reading, int index,
                                enum namidb_kind kind)
{
    namidb_value value = { .kind = (uint32_t)kind };
    size_t bytes;

    value.as.bytes = lua_tolstring(reading->L, index, &bytes);
    if (bytes > UINT32_MAX)
        (void)bad(reading, "longer than 4 GiB");
    value.size = (uint32_t)bytes;
    return value;
}

/* Fields of a value that is an array. */
static int64_t int_field(struct reading *reading, int index, int at)
{
    lua_State *L = reading->L;
    namidb_value value;

    lua_rawgeti(L, index, at);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return 0;
    }
    value = read_value(reading, lua_gettop(L));
    lua_pop(L, 1);
    if (value.kind != NAMIDB_INT)
        (void)bad(reading, "a field is not an integer");
    return value.as.integer;
}

static int32_t int32_field(struct reading *reading, int index, int at)
{
    int64_t integer = int_field(reading, index, at);

    if (integer < INT32_MIN || integer > INT32_MAX)
        (void)bad(reading, "a field is out of range");
    return (int32_t)integer;
}

static double number_field(struct reading *reading, int index, int at)
{
    lua_State *L = reading->L;
    double number;

    lua_rawgeti(L, index, at);
    if (lua_type(L, -1) != LUA_TNUMBER)
        (void)bad(reading, "a field is not a number");
    number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number;
}

/* Memory for a value under way; Lua frees it. It hangs on a table and not on
 * the stack, which in LuaJIT has no room for a long list of lists. */
static void *temporary(struct reading *reading, size_t count, size_t size)
{
    lua_State *L = reading->L;
    void *memory = lua_newuserdata(L, count == 0 ? 1 : count * size);

    if (!lua_istable(L, reading->anchors)) {
        lua_newtable(L);
        lua_replace(L, reading->anchors);
    }
    lua_rawseti(L, reading->anchors, (int)lua_rawlen(L, reading->anchors) + 1);
    return memory;
}

static namidb_value read_datetime(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    namidb_datetime *datetime = temporary(reading, 1, sizeof *datetime);
    size_t bytes = 0;

    datetime->seconds = int_field(reading, index, 1);
    datetime->nanoseconds = int32_field(reading, index, 2);
    datetime->offset = int32_field(reading, index, 3);
    lua_rawgeti(L, index, 4);
    datetime->zone =
        lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &bytes) : NULL;
    datetime->zone_bytes = (uint32_t)bytes;
    lua_pop(L, 1); /* the table has the text */
    return (namidb_value){ .kind = NAMIDB_DATETIME, .as.datetime = datetime };
}

static namidb_value read_duration(struct reading *reading, int index)
{
    namidb_duration *duration = temporary(reading, 1, sizeof *duration);

    duration->months = int_field(reading, index, 1);
    duration->days = int_field(reading, index, 2);
    duration->seconds = int_field(reading, index, 3);
    duration->nanoseconds = int32_field(reading, index, 4);
    return (namidb_value){ .kind = NAMIDB_DURATION, .as.duration = duration };
}

static namidb_value read_point(struct reading *reading, int index)
{
    namidb_point *point = temporary(reading, 1, sizeof *point);

    point->srid = (uint32_t)int32_field(reading, index, 1);
    point->dimensions = lua_rawlen(reading->L, index) > 3 ? 3 : 2;
    point->x = number_field(reading, index, 2);
    point->y = number_field(reading, index, 3);
    point->z = point->dimensions == 3 ? number_field(reading, index, 4) : 0;
    return (namidb_value){ .kind = NAMIDB_POINT, .as.point = point };
}

static namidb_value read_vector(struct reading *reading, int index)
{
    size_t count = lua_rawlen(reading->L, index);
    float *floats = temporary(reading, count, sizeof *floats);

    for (size_t i = 0; i < count; i++)
        floats[i] = (float)number_field(reading, index, (int)i + 1);
    return (namidb_value){ .kind = NAMIDB_VECTOR,
                           .size = (uint32_t)count,
                           .as.floats = floats };
}

/* Whether a table has anything but 1 .. n. */
static bool is_sequence(lua_State *L, int index)
{
    size_t count = lua_rawlen(L, index);
    size_t seen = 0;

    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (++seen > count) {
            lua_pop(L, 1);
            return false;
        }
    }
    return seen == count;
}

static namidb_value read_list(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    size_t count = lua_rawlen(L, index);
    namidb_value *items;

    if (++reading->depth > DEPTH_MAX)
        (void)bad(reading, "lists are nested too deeply");
    if (!is_sequence(L, index))
        (void)bad(reading, "a map cannot be stored, nor a list with holes");
    items = temporary(reading, count, sizeof *items);
    luaL_checkstack(L, 8, "a list is nested too deeply");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (int)i + 1);
        if (lua_isnil(L, -1))
            (void)bad(reading, "a list has no holes");
        items[i] = read_value(reading, lua_gettop(L));
        lua_pop(L, 1);
    }
    reading->depth--;
    return (namidb_value){ .kind = NAMIDB_LIST,
                           .size = (uint32_t)count,
                           .as.items = items };
}

static namidb_value read_kind(struct reading *reading, int index, int kind)
{
    lua_State *L = reading->L;
    namidb_value value = { .kind = (uint32_t)kind };

    switch (kind) {
    case NAMIDB_FLOAT:
        value.as.number = number_field(reading, index, 1);
        return value;
    case NAMIDB_BYTES:
        lua_rawgeti(L, index, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            (void)bad(reading, "bytes without a string");
        value = read_string(reading, lua_gettop(L), NAMIDB_BYTES);
        lua_pop(L, 1); /* the table has the string */
        return value;
    case NAMIDB_DATE:
    case NAMIDB_LOCAL_TIME:
        value.as.integer = int_field(reading, index, 1);
        return value;
    case NAMIDB_TIME:
    case NAMIDB_LOCAL_DATETIME:
        value.as.integer = int_field(reading, index, 1);
        value.size = (uint32_t)int32_field(reading, index, 2);
        return value;
    case NAMIDB_DATETIME:
        return read_datetime(reading, index);
    case NAMIDB_DURATION:
        return read_duration(reading, index);
    case NAMIDB_POINT:
        return read_point(reading, index);
    case NAMIDB_VECTOR:
        return read_vector(reading, index);
    case NAMIDB_LIST:
        return read_list(reading, index);
    default:
        (void)bad(reading, "a table of unknown kind");
        return value;
    }
}

static namidb_value read_table(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    int kind;

    if (!lua_getmetatable(L, index))
        return read_list(reading, index);
    lua_pushliteral(L, "__kind");
    lua_rawget(L, -2);
    if (lua_type(L, -1) != LUA_TNUMBER)
        (void)bad(reading, "a table with a metatable of its own");
    kind = (int)lua_tointeger(L, -1);
    lua_pop(L, 2);
    return read_kind(reading, index, kind);
}

static namidb_value read_value(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    namidb_value value = { .kind = NAMIDB_NULL };

    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return value;
    case LUA_TBOOLEAN:
        value.kind = NAMIDB_BOOL;
        value.as.boolean = lua_toboolean(L, index) != 0;
        return value;
    case LUA_TNUMBER:
        return read_number(L, index);
    case LUA_TSTRING:
        return read_string(reading, index, NAMIDB_STRING);
    case LUA_TTABLE:
        return read_table(reading, index);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index) == NULL)
            return value;
        break;
    case 10: /* LuaJIT's cdata */
        return read_cdata(reading, index);
    default:
        break;
    }
    (void)luaL_error(L, "%s: a %s cannot be stored", reading->what,
                     luaL_typename(L, index));
    return value;
}

namidb_value ndb_lua_check_value(lua_State *L, int index, int anchors,
                                 const char *what)
{
    struct reading reading = { L, what, anchors, 0 };

    luaL_checkstack(L, 8, what);
    return read_value(&reading, index);
}

namidb_value ndb_lua_check_key(lua_State *L, int index)
{
    namidb_value key = { .kind = NAMIDB_NULL };

    if (lua_type(L, index) == LUA_TSTRING ||
        lua_type(L, index) == LUA_TNUMBER || lua_type(L, index) == 10)
        key = ndb_lua_check_value(L, index, index, "key");
    if (key.kind != NAMIDB_STRING && key.kind != NAMIDB_INT)
        (void)luaL_argerror(L, index, "a key is a string or an integer");
    return key;
}
