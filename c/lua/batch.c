/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that one query gave, as a parameter of another. Lua sees how many there
 * are, and hands them on.
 *
 *   query:take(max, timeout) -> batch | nil, err      timeout in seconds
 *   #batch
 */
#include "lua/binding.h"

namidb_batch **ndb_lua_new_batch(lua_State *L)
{
    namidb_batch **slot = lua_newuserdata(L, sizeof *slot);

    *slot = NULL;
    luaL_getmetatable(L, NDB_LUA_BATCH);
    lua_setmetatable(L, -2);
    return slot;
}

bool ndb_lua_read_batch(lua_State *L, int index, namidb_value *out)
{
    namidb_batch **slot = lua_touserdata(L, index);
    bool is_it;

    if (!lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, NDB_LUA_BATCH);
    is_it = lua_rawequal(L, -1, -2) != 0 && *slot != NULL;
    lua_pop(L, 2);
    if (is_it)
        *out = *namidb_batch_value(*slot);
    return is_it;
}

static int batch_gc(lua_State *L)
{
    namidb_batch **slot = luaL_checkudata(L, 1, NDB_LUA_BATCH);

    namidb_batch_free(*slot);
    *slot = NULL;
    return 0;
}

static int batch_len(lua_State *L)
{
    namidb_batch **slot = luaL_checkudata(L, 1, NDB_LUA_BATCH);

    lua_pushinteger(
        L, *slot == NULL ? 0 : (lua_Integer)namidb_batch_value(*slot)->size);
    return 1;
}

static const luaL_Reg META[] = {
    { "__gc", batch_gc },
    { "__len", batch_len },
    { NULL, NULL },
};
static const luaL_Reg METHODS[] = { { NULL, NULL } };

void ndb_lua_open_batches(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_BATCH, META, METHODS);
    lua_pop(L, 1);
}
