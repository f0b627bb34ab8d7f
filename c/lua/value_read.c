/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values from Lua; value_push.c says how they look. A table without a metatable
 * is a list; in a query it may be a map.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lua/binding.h"

#define INT53 9007199254740992.0

/* What a reading is about, for messages. */
struct reading {
    lua_State *L;
    const char *what;
    int anchors; /* stack index of the table that holds what was made */
    int depth;
    bool is_query; /* maps, nodes and edges are values, too */
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

    lua_getfield(L, LUA_REGISTRYINDEX, NDB_LUA_READ_INT64);
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
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        (void)bad(reading, "a zone is a name");
    datetime->zone = lua_isnil(L, -1) ? NULL : lua_tolstring(L, -1, &bytes);
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

static int compare_entries(const void *a, const void *b)
{
    const namidb_value *left = &((const namidb_entry *)a)->key;
    const namidb_value *right = &((const namidb_entry *)b)->key;
    size_t bytes = left->size < right->size ? left->size : right->size;
    int order = memcmp(left->as.bytes, right->as.bytes, bytes);

    return order != 0 ? order
                      : (left->size > right->size) - (left->size < right->size);
}

size_t ndb_lua_count_entries(lua_State *L, int index)
{
    size_t count = 0;

    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        count++;
    }
    return count;
}

/* Keys are strings; the depth was counted by read_list. */
static namidb_value read_map(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    size_t count = ndb_lua_count_entries(L, index), at = 0;
    namidb_entry *entries = temporary(reading, count, sizeof *entries);

    luaL_checkstack(L, 8, "a map is nested too deeply");
    lua_pushnil(L);
    while (lua_next(L, index) != 0 && at < count) {
        if (lua_type(L, -2) != LUA_TSTRING)
            (void)bad(reading, "the keys of a map are strings");
        entries[at].key =
            read_string(reading, lua_gettop(L) - 1, NAMIDB_STRING);
        entries[at++].value = read_value(reading, lua_gettop(L));
        lua_pop(L, 1);
    }
    reading->depth--;
    qsort(entries, at, sizeof *entries, compare_entries);
    return (namidb_value){ .kind = NAMIDB_MAP,
                           .size = (uint32_t)at,
                           .as.entries = entries };
}

/* A field of a node or an edge. */
static uint64_t id_field(struct reading *reading, int index, const char *field)
{
    lua_State *L = reading->L;
    double number;

    lua_getfield(L, index, field);
    number = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    lua_pop(L, 1);
    if (!(number >= 1 && number < INT53 && number == floor(number)))
        (void)bad(reading, "a node or an edge without its ids");
    return (uint64_t)number;
}

/* A node or an edge that a query or a reading method gave. */
static bool read_row(struct reading *reading, int index, namidb_value *out)
{
    lua_State *L = reading->L;
    namidb_edge *edge;

    if (!reading->is_query)
        return false;
    if (ndb_lua_is_row(L, index, NDB_LUA_NODE)) {
        *out = (namidb_value){ .kind = NAMIDB_NODE };
        out->as.id = id_field(reading, index, "id");
        return true;
    }
    if (!ndb_lua_is_row(L, index, NDB_LUA_EDGE))
        return false;
    edge = temporary(reading, 1, sizeof *edge);
    *edge = (namidb_edge){ .id = id_field(reading, index, "id") };
    edge->from = id_field(reading, index, "from");
    edge->to = id_field(reading, index, "to");
    edge->type = NAMIDB_ID_TABLE(edge->id);
    *out = (namidb_value){ .kind = NAMIDB_EDGE, .as.edge = edge };
    return true;
}

static namidb_value read_list(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    size_t count = lua_rawlen(L, index);
    namidb_value *items;

    if (++reading->depth > NAMIDB_DEPTH_MAX)
        (void)luaL_error(L, "%s: lists and maps nested deeper than %d",
                         reading->what, NAMIDB_DEPTH_MAX);
    if (!is_sequence(L, index)) {
        if (!reading->is_query)
            (void)bad(reading, "a map cannot be stored, nor a list with holes");
        return read_map(reading, index);
    }
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

/* What a query could use before anybody stores it, and so checks it. */
static namidb_value read_fields(struct reading *reading, int index, int kind)
{
    namidb_value value = { .kind = (uint32_t)kind };

    switch (kind) {
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
    default:
        (void)bad(reading, "a table of unknown kind");
        return value;
    }
}

static namidb_value read_kind(struct reading *reading, int index, int kind)
{
    lua_State *L = reading->L;
    namidb_value value = { .kind = (uint32_t)kind };
    namidb_error err;

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
    case NAMIDB_LIST:
        return read_list(reading, index);
    case NAMIDB_VECTOR:
        return read_vector(reading, index);
    default:
        value = read_fields(reading, index, kind);
        if (namidb_value_check(&value, &err) < 0)
            (void)bad(reading, err.message);
        return value;
    }
}

/* The nodes or the edges of a path: `count` values of a kind. */
static const namidb_value *read_steps(struct reading *reading, int index,
                                      const char *field, uint32_t count,
                                      uint32_t kind)
{
    lua_State *L = reading->L;
    namidb_value *items = temporary(reading, count, sizeof *items);

    lua_pushstring(L, field);
    lua_rawget(L, index);
    for (uint32_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        items[i] = read_value(reading, lua_gettop(L));
        if (items[i].kind != kind)
            (void)bad(reading, "a path is of nodes and edges");
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return items;
}

/* How many items a field has; raises when it is no table. */
static size_t length_of(struct reading *reading, int index, const char *field)
{
    lua_State *L = reading->L;
    size_t count;

    lua_pushstring(L, field);
    lua_rawget(L, index);
    if (!lua_istable(L, -1))
        (void)bad(reading, "a path without nodes or edges");
    count = lua_rawlen(L, -1);
    lua_pop(L, 1);
    return count;
}

static bool connects(const namidb_edge *edge, uint64_t a, uint64_t b)
{
    return (edge->from == a && edge->to == b) ||
           (edge->from == b && edge->to == a);
}

/* A path that a query gave. */
static namidb_value read_path(struct reading *reading, int index)
{
    size_t count = length_of(reading, index, "edges");
    namidb_path *path = temporary(reading, 1, sizeof *path);

    luaL_checkstack(reading->L, 8, "a path is nested too deeply");
    if (length_of(reading, index, "nodes") != count + 1)
        (void)bad(reading, "a path has a node more than edges");
    path->edge_count = (uint32_t)count;
    path->nodes =
        read_steps(reading, index, "nodes", path->edge_count + 1, NAMIDB_NODE);
    path->edges =
        read_steps(reading, index, "edges", path->edge_count, NAMIDB_EDGE);
    for (uint32_t i = 0; i < path->edge_count; i++)
        if (!connects(path->edges[i].as.edge, path->nodes[i].as.id,
                      path->nodes[i + 1].as.id))
            (void)bad(reading, "a path whose edges do not meet");
    return (namidb_value){ .kind = NAMIDB_PATH, .as.path = path };
}

static namidb_value read_table(struct reading *reading, int index)
{
    lua_State *L = reading->L;
    namidb_value row;
    int kind;

    if (!lua_getmetatable(L, index))
        return read_list(reading, index);
    if (read_row(reading, index, &row)) {
        lua_pop(L, 1);
        return row;
    }
    if (reading->is_query && ndb_lua_is_row(L, index, NDB_LUA_PATH)) {
        lua_pop(L, 1);
        return read_path(reading, index);
    }
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
    case LUA_TUSERDATA:
        if (reading->is_query && ndb_lua_read_batch(L, index, &value))
            return value;
        break;
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
    struct reading reading = { L, what, anchors, 0, false };

    luaL_checkstack(L, 8, what);
    return read_value(&reading, index);
}

namidb_value ndb_lua_check_query_value(lua_State *L, int index, int anchors,
                                       const char *what)
{
    struct reading reading = { L, what, anchors, 0, true };

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
