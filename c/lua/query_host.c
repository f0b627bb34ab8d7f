/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of what the program has registered, by the host function of a query:
 *
 *   host(nil, false, name, ...) -> value                 a function
 *   host(caller, is_more, name, ...) -> rows, has_more   a procedure
 */
#include <stdio.h>
#include <string.h>

#include "lua/query_internal.h"

/* A call of the host under way: C's side of a protected call. */
struct host_call {
    struct query *query;
    const namidb_host_call *call;
    namidb_arena *arena;
    namidb_value *out;
    int rc;
};

/* Arguments are as in a query, but what is read of the graph: nodes have only
 * their ids there. */
static void push_argument(lua_State *L, const struct query *query,
                          const namidb_value *value)
{
    if (value->kind == NAMIDB_NODE)
        ndb_lua_pushid(L, value->as.id);
    else if (value->kind == NAMIDB_EDGE)
        ndb_lua_pushid(L, value->as.edge->id);
    else
        ndb_lua_push_value(L, value, query->is_int64);
}

static int call_protected(lua_State *L)
{
    struct host_call *at = lua_touserdata(L, 1);
    const namidb_host_call *call = at->call;
    namidb_value value;

    luaL_checkstack(L, (int)call->count + 8, "too many arguments");
    lua_pushvalue(L, 2); /* the function */
    if (call->caller != NULL)
        lua_pushlightuserdata(L, (void *)(uintptr_t)call->caller);
    else
        lua_pushnil(L);
    lua_pushboolean(L, call->is_more);
    lua_pushlstring(L, call->name, call->name_bytes);
    for (size_t i = 0; i < call->count; i++)
        push_argument(L, at->query, &call->args[i]);
    lua_call(L, (int)call->count + 3, 2);
    lua_pushnil(L);
    value = ndb_lua_check_query_value(L, lua_gettop(L) - 2, lua_gettop(L),
                                      "the result");
    at->rc = namidb_value_copy(at->arena, &value, at->out);
    if (at->rc >= 0 && call->caller != NULL && !lua_toboolean(L, -2))
        at->rc = NAMIDB_NONE;
    return 0;
}

/* An error of Lua, whatever it is, as the query's. */
static void take_error(lua_State *L, const namidb_host_call *call,
                       namidb_error *err)
{
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error value";

    memset(err, 0, sizeof *err);
    err->code = NAMIDB_EINVAL;
    err->fault = call->caller != NULL ? "ProcedureError.ProcedureFailed"
                                      : "FunctionError.FunctionFailed";
    (void)snprintf(err->message, sizeof err->message, "%.*s: %.400s",
                   (int)(call->name_bytes < 64 ? call->name_bytes : 64),
                   call->name, text);
}

int ndb_lua_query_closed(namidb_error *err)
{
    memset(err, 0, sizeof *err);
    err->code = NAMIDB_EINVAL;
    (void)snprintf(err->message, sizeof err->message,
                   "the handle of the query is closed");
    return NAMIDB_EINVAL;
}

int ndb_lua_call_host(void *context, const namidb_host_call *call,
                      namidb_arena *arena, namidb_value *out, namidb_error *err)
{
    struct query *query = context;
    lua_State *L = query->L;
    struct host_call at = { query, call, arena, out, NAMIDB_OK };
    int top;

    if (!lua_checkstack(L, 8)) {
        lua_settop(L, 0);
        return NAMIDB_ENOMEM;
    }
    top = lua_gettop(L);
    lua_pushcfunction(L, ndb_lua_error_text);
    lua_pushcfunction(L, call_protected);
    lua_pushlightuserdata(L, &at);
    lua_pushvalue(L, query->host);
    if (lua_pcall(L, 2, 0, top + 1) != 0) {
        take_error(L, call, err);
        at.rc = NAMIDB_EINVAL;
    }
    lua_settop(L, top);
    return query->reader->db != NULL ? at.rc : ndb_lua_query_closed(err);
}
