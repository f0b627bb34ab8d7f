/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literals of statements, as parameters.
 *
 *   core.lift(text) -> key, values | nil
 *
 * `values` goes to reader:run and reader:collect with a plan of `key`. It owns
 * its memory. nil: there is nothing to lift.
 */
#include "lua/binding.h"
#include "namidb_lift.h"

static void push_values(lua_State *L, const namidb_lifted *lifted)
{
    size_t bytes = lifted->count * sizeof *lifted->values;
    struct ndb_lua_lifted *copy;
    char *at;

    for (size_t i = 0; i < lifted->count; i++)
        bytes += ndb_lua_value_bytes(&lifted->values[i]);
    copy = lua_newuserdata(L, sizeof *copy + bytes);
    luaL_getmetatable(L, NDB_LUA_LIFTED);
    lua_setmetatable(L, -2);
    copy->count = lifted->count;
    at = (char *)copy->values;
    (void)ndb_lua_copy(&at, lifted->values,
                       lifted->count * sizeof *lifted->values);
    for (size_t i = 0; i < lifted->count; i++)
        ndb_lua_copy_parts(&at, &copy->values[i]);
}

/* Where a text's literals are found. Making Lua values of them may run a
 * finalizer, and that may have a statement of its own: then it has to do
 * without. */
struct lifting {
    namidb_arena *arena;
    bool is_lent; /* a call is under way, or was cut off by an error */
};

static int lift(lua_State *L)
{
    size_t bytes;
    const char *text = luaL_checklstring(L, 1, &bytes);
    struct lifting *lifting = lua_touserdata(L, lua_upvalueindex(1));
    namidb_lifted lifted;

    if (lifting->is_lent)
        return 0;
    namidb_arena_reset(lifting->arena);
    if (namidb_lift(lifting->arena, text, bytes, &lifted) != NAMIDB_OK)
        return 0;
    lifting->is_lent = true;
    lua_pushlstring(L, lifted.key, lifted.key_bytes);
    push_values(L, &lifted);
    lifting->is_lent = false;
    return 2;
}

static int lifting_gc(lua_State *L)
{
    struct lifting *lifting = lua_touserdata(L, 1);

    namidb_arena_free(lifting->arena);
    lifting->arena = NULL;
    return 0;
}

void ndb_lua_add_lift(lua_State *L)
{
    struct lifting *lifting = lua_newuserdata(L, sizeof *lifting);

    *lifting = (struct lifting){ NULL, false };
    lua_newtable(L);
    lua_pushcfunction(L, lifting_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lifting->arena = namidb_arena_new();
    if (lifting->arena == NULL)
        (void)luaL_error(L, "not enough memory");
    lua_pushcclosure(L, lift, 1);
    lua_setfield(L, -2, "lift");
    (void)luaL_newmetatable(L, NDB_LUA_LIFTED);
    lua_pop(L, 1);
}
