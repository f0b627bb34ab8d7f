/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Lua 5.4 with namidb built in, whose allocations can be made to fail:
 *
 *   fail_lua(k)   the k-th allocation of Lua from now on fails, once
 *   fail_core(k)  the k-th allocation of namidb and all after it fail
 *   recover()     no more fails; tells whether any did
 *
 * usage: lua_memory SCRIPT. What an error cuts off must be freed when the state
 * is closed: the sanitizer that this is built with says if it is not.
 */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "base/mem.h"

int luaopen_namidb_core(lua_State *L);

static lua_Integer countdown; /* allocations until one fails; 0: none does */
static int has_failed;
static uint64_t core_from;

static void *allocate(void *context, void *old, size_t old_bytes, size_t bytes)
{
    (void)context;
    if (bytes == 0) {
        free(old);
        return NULL;
    }
    /* Lua counts on shrinking; old_bytes of NULL is a type. */
    if ((old == NULL || bytes > old_bytes) && countdown > 0 &&
        --countdown == 0) {
        has_failed = 1;
        return NULL;
    }
    return realloc(old, bytes);
}

static int fail_lua(lua_State *L)
{
    countdown = luaL_checkinteger(L, 1);
    return 0;
}

static int fail_core(lua_State *L)
{
    core_from = (uint64_t)luaL_checkinteger(L, 1);
    ndb_mem_fail_from(core_from);
    return 0;
}

static int recover(lua_State *L)
{
    lua_pushboolean(L, has_failed ||
                           (core_from != 0 && ndb_mem_count() >= core_from));
    has_failed = 0;
    countdown = 0;
    core_from = 0;
    ndb_mem_fail_from(0);
    return 1;
}

int main(int argc, char **argv)
{
    lua_State *L = lua_newstate(allocate, NULL);
    int rc = 0;

    if (L == NULL || argc != 2)
        return 2;
    luaL_openlibs(L);
    luaL_requiref(L, "namidb.core", luaopen_namidb_core, 0);
    lua_register(L, "fail_lua", fail_lua);
    lua_register(L, "fail_core", fail_core);
    lua_register(L, "recover", recover);
    if (luaL_dofile(L, argv[1]) != LUA_OK) {
        fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
        rc = 1;
    }
    lua_close(L);
    return rc;
}
