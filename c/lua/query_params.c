/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a run, from the table of the program and from the literals
 * that were lifted out of the statement.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lua/binding.h"

static bool missing(lua_State *L, const char *name)
{
    namidb_error err = { .code = NAMIDB_EINVAL };

    err.fault = "ParameterMissing.MissingParameter";
    (void)snprintf(err.message, sizeof err.message,
                   "parameter $%.200s was not given", name);
    (void)ndb_lua_fail_quietly(L, &err);
    return false;
}

/* The values at 5 that were lifted out of the statement; NULL: none. */
static const struct ndb_lua_lifted *check_lifted(lua_State *L)
{
    return lua_isnil(L, 5) ? NULL : luaL_checkudata(L, 5, NDB_LUA_LIFTED);
}

/* Whether a parameter is a literal of the statement: `~1`, `~2` ... */
static bool find_lifted(const struct ndb_lua_lifted *lifted, const char *name,
                        namidb_value *out)
{
    size_t number;

    if (lifted == NULL || name[0] != '~')
        return false;
    number = (size_t)strtoul(name + 1, NULL, 10);
    if (number == 0 || number > lifted->count)
        return false;
    *out = lifted->values[number - 1];
    return true;
}

bool ndb_lua_read_params(lua_State *L, uint32_t count, namidb_value *params)
{
    const struct ndb_lua_lifted *lifted = check_lifted(L);
    int names;

    if (count == 0)
        return true;
    ndb_lua_get_shared(L, 2);
    lua_rawgeti(L, -1, NDB_LUA_PLAN_PARAMS);
    names = lua_gettop(L);
    for (uint32_t i = 0; i < count; i++) {
        lua_rawgeti(L, names, (int)i + 1);
        if (find_lifted(lifted, lua_tostring(L, -1), &params[i])) {
            lua_pop(L, 1);
            continue;
        }
        if (lua_istable(L, 3)) {
            lua_pushvalue(L, -1);
            lua_rawget(L, 3);
        } else {
            lua_pushnil(L);
        }
        if (lua_isnil(L, -1))
            return missing(L, lua_tostring(L, -2));
        params[i] =
            ndb_lua_check_query_value(L, lua_gettop(L), 7, lua_tostring(L, -2));
        lua_pop(L, 2); /* the table has the value */
    }
    lua_pop(L, 2);
    return true;
}
