/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module itself. It starts nothing: the first handle does.
 */
#include "lua/binding.h"

static const luaL_Reg FUNCTIONS[] = {
    { "open", ndb_lua_db_open },
    { "parse_uri", ndb_lua_parse_uri },
    { "set_int64", ndb_lua_set_int64 },
    { "set_kinds", ndb_lua_set_kinds },
    { "zone_offset", ndb_lua_zone_offset },
    { "plan", ndb_lua_plan_new },
    { "lines", ndb_lua_lines },
    { "put_lines", ndb_lua_put_lines },
    { "move_class", ndb_lua_move_class },
    { NULL, NULL },
};

/* Raw tables of methods and metatables, which Lua adds to. */
static void add_metatable(lua_State *L, const char *field, const char *name)
{
    luaL_getmetatable(L, name);
    lua_setfield(L, -2, field);
}

NAMIDB_API int luaopen_namidb_core(lua_State *L);

int luaopen_namidb_core(lua_State *L)
{
    ndb_lua_open_errors(L);
    ndb_lua_open_rows(L);
    ndb_lua_open_looks(L);
    ndb_lua_open_cursor(L);
    ndb_lua_open_db(L);
    ndb_lua_open_snapshot(L);
    ndb_lua_open_tx(L);
    ndb_lua_open_lines(L);
    ndb_lua_open_plans(L);
    ndb_lua_open_queries(L);
    ndb_lua_open_batches(L);
    lua_newtable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    add_metatable(L, "db", NDB_LUA_DB);
    add_metatable(L, "snapshot", NDB_LUA_SNAPSHOT);
    add_metatable(L, "tx", NDB_LUA_TX);
    add_metatable(L, "ticket", NDB_LUA_TICKET);
    add_metatable(L, "node", NDB_LUA_NODE);
    add_metatable(L, "edge", NDB_LUA_EDGE);
    add_metatable(L, "path", NDB_LUA_PATH);
    add_metatable(L, "query", NDB_LUA_QUERY);
    add_metatable(L, "error", NDB_LUA_ERROR);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushliteral(L, NAMIDB_VERSION);
    lua_setfield(L, -2, "version");
    ndb_lua_add_opcodes(L);
    ndb_lua_add_lift(L);
    ndb_lua_add_tokens(L);
#ifndef NDB_LUA_STEPS_IN_C
    ndb_lua_add_rows(L);
    ndb_lua_add_queries(L);
#endif
    return 1;
}
