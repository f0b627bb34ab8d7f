/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and edges as tables: the fields of their own, and every property beside
 * them, so that `node.name` is a plain field. props is made when it is asked
 * for; a property whose name is that of an own field is only there.
 *
 *   node { id, key, labels, props }       edge { id, type, from, to, props }
 */
#include <string.h>

#include "lua/binding.h"

/* Pushes the text of a name; each is made into a Lua string once. shared[kind +
 * 1] is the table of a kind's names by number. */
static void push_name(lua_State *L, namidb *db, int shared,
                      enum namidb_name_kind kind, uint32_t number)
{
    const char *text;
    size_t bytes = 0;

    lua_rawgeti(L, shared, (int)kind + 1);
    lua_rawgeti(L, -1, (int)number);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        text = namidb_name(db, kind, number, &bytes);
        lua_pushlstring(L, text != NULL ? text : "?", text != NULL ? bytes : 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (int)number);
    }
    lua_remove(L, -2);
}

/* Names that a row has for itself: a property of that name is in props only. */
static bool is_own(const char *name, size_t bytes)
{
    switch (bytes) {
    case 2:
        return memcmp(name, "id", 2) == 0 || memcmp(name, "to", 2) == 0;
    case 3:
        return memcmp(name, "key", 3) == 0;
    case 4:
        return memcmp(name, "type", 4) == 0 || memcmp(name, "from", 4) == 0;
    case 5:
        return memcmp(name, "props", 5) == 0;
    case 6:
        return memcmp(name, "labels", 6) == 0;
    default:
        return false;
    }
}

void ndb_lua_share_rows(lua_State *L)
{
    static const char *const NAMES[] = { "id",   "key",  "labels",
                                         "type", "from", "to" };

    for (int i = 0; i < 6; i++) {
        lua_pushstring(L, NAMES[i]);
        lua_rawseti(L, -2, NDB_LUA_SHARED_ID + i);
    }
    luaL_getmetatable(L, NDB_LUA_NODE);
    lua_rawseti(L, -2, NDB_LUA_SHARED_NODE);
    luaL_getmetatable(L, NDB_LUA_EDGE);
    lua_rawseti(L, -2, NDB_LUA_SHARED_EDGE);
}

/* Sets an own field of the row on top to an id. */
static void set_id(lua_State *L, int shared, int field, uint64_t id)
{
    lua_rawgeti(L, shared, field);
    ndb_lua_pushid(L, id);
    lua_rawset(L, -3);
}

/* Sets the properties in the table on top; false: some were left out. */
static bool set_props(lua_State *L, namidb *db, int shared,
                      const namidb_property *props, uint32_t count, bool is_row)
{
    bool is_all = true;
    bool is_int64;

    lua_rawgeti(L, shared, NDB_LUA_SHARED_INT64);
    is_int64 = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    for (uint32_t i = 0; i < count; i++) {
        size_t bytes;
        const char *name;

        push_name(L, db, shared, NAMIDB_PROPERTY, props[i].name);
        name = lua_tolstring(L, -1, &bytes);
        if (is_row && is_own(name, bytes)) {
            lua_pop(L, 1);
            is_all = false;
            continue;
        }
        ndb_lua_push_value(L, &props[i].value, is_int64);
        lua_rawset(L, -3);
    }
    return is_all;
}

/* The properties in the row on top. Its props is made when it is asked for,
 * unless the row cannot tell them all. */
static void finish_row(lua_State *L, namidb *db, int shared,
                       const namidb_property *props, uint32_t count,
                       int metatable)
{
    if (!set_props(L, db, shared, props, count, true)) {
        lua_createtable(L, 0, (int)count);
        (void)set_props(L, db, shared, props, count, false);
        lua_setfield(L, -2, "props");
    }
    lua_rawgeti(L, shared, metatable);
    lua_setmetatable(L, -2);
}

void ndb_lua_push_node(lua_State *L, namidb *db, int shared,
                       const namidb_node *node)
{
    lua_createtable(L, 0, 3 + (int)node->prop_count);
    set_id(L, shared, NDB_LUA_SHARED_ID, node->id);
    if (node->key.kind != NAMIDB_NULL) {
        lua_rawgeti(L, shared, NDB_LUA_SHARED_KEY);
        ndb_lua_push_value(L, &node->key, false);
        lua_rawset(L, -3);
    }
    lua_rawgeti(L, shared, NDB_LUA_SHARED_LABELS);
    lua_createtable(L, (int)node->label_count, 0);
    for (uint32_t i = 0; i < node->label_count; i++) {
        push_name(L, db, shared, NAMIDB_LABEL, node->labels[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_rawset(L, -3);
    finish_row(L, db, shared, node->props, node->prop_count,
               NDB_LUA_SHARED_NODE);
}

void ndb_lua_push_edge(lua_State *L, namidb *db, int shared,
                       const namidb_edge *edge)
{
    lua_createtable(L, 0, 4 + (int)edge->prop_count);
    set_id(L, shared, NDB_LUA_SHARED_ID, edge->id);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_TYPE);
    push_name(L, db, shared, NAMIDB_TYPE, edge->type);
    lua_rawset(L, -3);
    set_id(L, shared, NDB_LUA_SHARED_FROM, edge->from);
    set_id(L, shared, NDB_LUA_SHARED_TO, edge->to);
    finish_row(L, db, shared, edge->props, edge->prop_count,
               NDB_LUA_SHARED_EDGE);
}

bool ndb_lua_is_row(lua_State *L, int index, const char *type)
{
    bool is_it;

    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, type);
    is_it = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return is_it;
}

/* What a row does not have: an absent property, or props, which is made of the
 * row's other fields and kept. */
static int row_index(lua_State *L)
{
    size_t bytes;
    const char *name;

    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    name = lua_tolstring(L, 2, &bytes);
    if (bytes != 5 || memcmp(name, "props", 5) != 0)
        return 0;
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        bool is_property = false;

        if (lua_type(L, -2) == LUA_TSTRING) {
            name = lua_tolstring(L, -2, &bytes);
            is_property = !is_own(name, bytes);
        }
        if (is_property) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, 3);
        } else {
            lua_pop(L, 1);
        }
    }
    lua_pushliteral(L, "props");
    lua_pushvalue(L, 3);
    lua_rawset(L, 1);
    return 1;
}

static void open_row(lua_State *L, const char *name)
{
    (void)luaL_newmetatable(L, name);
    lua_pushcfunction(L, row_index);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

void ndb_lua_open_rows(lua_State *L)
{
    open_row(L, NDB_LUA_NODE);
    open_row(L, NDB_LUA_EDGE);
}
