/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failure in Lua: a table with code, message, retryable, and object, line and
 * column where they are known; class, detail and phase when a query failed, and
 * the place of it in the plan, of which query.lua makes a line and a column.
 */
#include "lua/binding.h"

#include <string.h>

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

/* "Class.Detail" */
static void set_fault(lua_State *L, const char *fault)
{
    const char *dot = strchr(fault, '.');

    lua_pushlstring(L, fault, (size_t)(dot - fault));
    lua_setfield(L, -2, "class");
    set_text(L, "detail", dot + 1);
    /* Parameters are looked at before anything runs. */
    set_text(L, "phase",
             strncmp(fault, "ParameterMissing", 16) == 0 ? "compile"
                                                         : "runtime");
}

static void push_error(lua_State *L, const namidb_error *err)
{
    lua_createtable(L, 0, 4);
    set_text(L, "code", namidb_status_name(err->code));
    set_text(L, "message", err->message);
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    if (err->object[0] != '\0')
        set_text(L, "object", err->object);
    if (err->line != 0) {
        ndb_lua_pushid(L, err->line);
        lua_setfield(L, -2, "line");
    }
    if (err->column != 0) {
        ndb_lua_pushid(L, err->column);
        lua_setfield(L, -2, "column");
    }
    if (err->fault != NULL)
        set_fault(L, err->fault);
    if (err->place != 0) {
        lua_pushinteger(L, (lua_Integer)err->place);
        lua_setfield(L, -2, "place");
    }
    luaL_getmetatable(L, NDB_LUA_ERROR);
    lua_setmetatable(L, -2);
}

int ndb_lua_fail_quietly(lua_State *L, const namidb_error *err)
{
    lua_pushnil(L);
    push_error(L, err);
    return 2;
}

int ndb_lua_fail(lua_State *L, const namidb_error *err)
{
    if (err->code == NAMIDB_EINVAL)
        return luaL_error(L, "%s", err->message);
    return ndb_lua_fail_quietly(L, err);
}

int ndb_lua_raise(lua_State *L, const namidb_error *err)
{
    push_error(L, err);
    return lua_error(L);
}

static int error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "code");
    lua_pushliteral(L, ": ");
    lua_getfield(L, 1, "message");
    lua_concat(L, 3);
    return 1;
}

void ndb_lua_open_errors(lua_State *L)
{
    (void)luaL_newmetatable(L, NDB_LUA_ERROR);
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    set_text(L, "__name", NDB_LUA_ERROR);
    lua_pop(L, 1);
}

int ndb_lua_error_text(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING || luaL_callmeta(L, 1, "__tostring"))
        return 1;
    lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1));
    return 1;
}
