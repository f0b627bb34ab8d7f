/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and edges as tables: the fields of their own, and props; any other name
 * reads a property.
 *
 *   node { id, key, labels, props }       edge { id, type, from, to, props }
 */
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

static void push_props(lua_State *L, namidb *db, int shared,
                       const namidb_property *props, uint32_t count)
{
    lua_createtable(L, 0, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        push_name(L, db, shared, NAMIDB_PROPERTY, props[i].name);
        ndb_lua_push_value(L, &props[i].value);
        lua_rawset(L, -3);
    }
}

void ndb_lua_push_node(lua_State *L, namidb *db, int shared,
                       const namidb_node *node)
{
    lua_createtable(L, 0, 4);
    ndb_lua_pushid(L, node->id);
    lua_setfield(L, -2, "id");
    if (node->key.kind != NAMIDB_NULL) {
        ndb_lua_push_value(L, &node->key);
        lua_setfield(L, -2, "key");
    }
    lua_createtable(L, (int)node->label_count, 0);
    for (uint32_t i = 0; i < node->label_count; i++) {
        push_name(L, db, shared, NAMIDB_LABEL, node->labels[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "labels");
    push_props(L, db, shared, node->props, node->prop_count);
    lua_setfield(L, -2, "props");
    luaL_getmetatable(L, NDB_LUA_NODE);
    lua_setmetatable(L, -2);
}

void ndb_lua_push_edge(lua_State *L, namidb *db, int shared,
                       const namidb_edge *edge)
{
    lua_createtable(L, 0, 5);
    ndb_lua_pushid(L, edge->id);
    lua_setfield(L, -2, "id");
    push_name(L, db, shared, NAMIDB_TYPE, edge->type);
    lua_setfield(L, -2, "type");
    ndb_lua_pushid(L, edge->from);
    lua_setfield(L, -2, "from");
    ndb_lua_pushid(L, edge->to);
    lua_setfield(L, -2, "to");
    push_props(L, db, shared, edge->props, edge->prop_count);
    lua_setfield(L, -2, "props");
    luaL_getmetatable(L, NDB_LUA_EDGE);
    lua_setmetatable(L, -2);
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

/* row.name: a property. */
static int row_index(lua_State *L)
{
    lua_pushliteral(L, "props");
    lua_rawget(L, 1);
    if (!lua_istable(L, -1))
        return 0;
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
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
