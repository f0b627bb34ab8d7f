/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a run, from the table of the program and from the literals
 * that were lifted out of the statement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/binding.h"

enum { GIVEN_MAX = 8 };

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names among the parameters at 3, GIVEN_MAX at most: ", but $a, $b". They are
 * cut where `out` ends. */
static void describe_given(lua_State *L, char *out, size_t room)
{
    const char *names[GIVEN_MAX];
    size_t count = 0, at = 0;

    *out = '\0';
    if (!lua_istable(L, 3))
        return;
    lua_pushnil(L);
    while (count < GIVEN_MAX && lua_next(L, 3) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            names[count++] = lua_tostring(L, -1); /* the table keeps it */
    }
    if (count == GIVEN_MAX)
        lua_pop(L, 1);
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count && at < room; i++)
        at += (size_t)snprintf(out + at, room - at, "%s$%.40s",
                               i == 0 ? ", but " : ", ", names[i]);
}

static bool missing(lua_State *L, const char *name)
{
    namidb_error err = { .code = NAMIDB_EINVAL };
    char given[200];

    describe_given(L, given, sizeof given);
    err.fault = "ParameterMissing.MissingParameter";
    (void)snprintf(err.message, sizeof err.message,
                   "parameter $%.200s was not given%s", name, given);
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
