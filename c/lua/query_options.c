/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run of a query is told beside its parameters.
 */
#include "lua/binding.h"

/* A number of the options at `index`, or -1. */
static double option(lua_State *L, int index, const char *name)
{
    double number = -1;

    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1)) {
        number = luaL_checknumber(L, -1);
        if (!(number >= 0 && number <= 1e15))
            (void)luaL_error(L, "option %s: 0 or more is wanted", name);
    }
    lua_pop(L, 1);
    return number;
}

void ndb_lua_query_options(lua_State *L, int index,
                           namidb_query_options *options)
{
    double timeout, rows, memory;

    namidb_query_options_init(options);
    if (lua_isnil(L, index))
        return;
    timeout = option(L, index, "timeout");
    rows = option(L, index, "max_rows");
    memory = option(L, index, "max_memory");
    if (timeout >= 0)
        options->timeout_ms = (int64_t)(timeout * 1000);
    if (rows >= 0)
        options->max_rows = (uint64_t)rows;
    if (memory >= 0)
        options->max_memory = (uint64_t)memory;
    lua_getfield(L, index, "profile");
    options->is_profiled = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
}
