/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Lua 5.4 with namidb built in, whose clock can be set ahead:
 *
 *   clock_advance(seconds)
 *
 * usage: lua_clock SCRIPT ARGUMENTS
 */
#include <stdio.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "sys/clock.h"

int luaopen_namidb_core(lua_State *L);

static int clock_advance(lua_State *L)
{
    ndb_clock_advance(luaL_checkinteger(L, 1) * 1000 * NDB_NS_PER_MS);
    return 0;
}

int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    int rc = 0;

    if (L == NULL || argc < 2)
        return 2;
    luaL_openlibs(L);
    luaL_requiref(L, "namidb.core", luaopen_namidb_core, 0);
    lua_register(L, "clock_advance", clock_advance);
    lua_newtable(L);
    for (int i = 1; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
    if (luaL_dofile(L, argv[1]) != LUA_OK) {
        fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
        rc = 1;
    }
    lua_close(L);
    return rc;
}
