/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans: what lua/namidb/plan made of a statement, as the core runs it.
 *
 *   core.plan(bytes, constants, count) -> plan | nil, err
 *   plan:has_host() -> boolean        whether it calls registered functions
 */
#include "lua/binding.h"

struct ndb_lua_plan *ndb_lua_check_plan(lua_State *L, int index)
{
    return luaL_checkudata(L, index, NDB_LUA_PLAN);
}

static int plan_gc(lua_State *L)
{
    struct ndb_lua_plan *plan = ndb_lua_check_plan(L, 1);

    namidb_plan_free(plan->plan);
    plan->plan = NULL;
    return 0;
}

static int plan_has_host(lua_State *L)
{
    lua_pushboolean(L, namidb_plan_has_host(ndb_lua_check_plan(L, 1)->plan));
    return 1;
}

static void push_names(lua_State *L, const namidb_plan *plan, size_t count,
                       const char *(*name)(const namidb_plan *, size_t,
                                           size_t *))
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        const char *text = name(plan, i, &bytes);

        lua_pushlstring(L, text, bytes);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

/* The Lua strings of a plan's names, made once. */
static void keep_names(lua_State *L, struct ndb_lua_plan *plan)
{
    plan->column_count = (uint32_t)namidb_plan_column_count(plan->plan);
    plan->param_count = (uint32_t)namidb_plan_param_count(plan->plan);
    lua_createtable(L, 2, 0);
    push_names(L, plan->plan, plan->column_count, namidb_plan_column);
    lua_rawseti(L, -2, NDB_LUA_PLAN_COLUMNS);
    push_names(L, plan->plan, plan->param_count, namidb_plan_param);
    lua_rawseti(L, -2, NDB_LUA_PLAN_PARAMS);
    ndb_lua_set_shared(L, -2);
}

int ndb_lua_plan_new(lua_State *L)
{
    size_t bytes;
    const char *data = luaL_checklstring(L, 1, &bytes);
    size_t count = (size_t)luaL_checkinteger(L, 3);
    namidb_value *constants;
    struct ndb_lua_plan *plan;
    namidb_error err;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    lua_pushnil(L); /* 4: anchors */
    constants = lua_newuserdata(L, (count + 1) * sizeof *constants);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 2, (int)i + 1);
        constants[i] =
            ndb_lua_check_query_value(L, lua_gettop(L), 4, "a constant");
        lua_pop(L, 1); /* the table has it */
    }
    plan = lua_newuserdata(L, sizeof *plan);
    plan->plan = NULL;
    luaL_getmetatable(L, NDB_LUA_PLAN);
    lua_setmetatable(L, -2);
    if (namidb_plan_new(&plan->plan, data, bytes, constants, count, &err) < 0)
        return ndb_lua_fail_quietly(L, &err);
    keep_names(L, plan);
    return 1;
}

void ndb_lua_add_opcodes(lua_State *L)
{
    const char *family, *name;
    uint32_t code;

    lua_newtable(L);
    for (size_t i = 0; namidb_plan_code(i, &family, &name, &code); i++) {
        lua_getfield(L, -1, family);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_pushvalue(L, -1);
            lua_setfield(L, -3, family);
        }
        lua_pushinteger(L, (lua_Integer)code);
        lua_setfield(L, -2, name);
        lua_pop(L, 1);
    }
    lua_setfield(L, -2, "opcodes");
}

static const luaL_Reg META[] = {
    { "__gc", plan_gc },
    { NULL, NULL },
};
static const luaL_Reg METHODS[] = {
    { "has_host", plan_has_host },
    { NULL, NULL },
};

void ndb_lua_open_plans(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_PLAN, META, METHODS);
    lua_pop(L, 1);
}
