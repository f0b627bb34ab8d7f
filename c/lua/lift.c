/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literals of statements, as parameters.
 *
 *   core.lift(text) -> key, values | nil
 *
 * `values` goes to reader:run and reader:collect with a plan of `key`. It owns
 * its memory. nil: there is nothing to lift.
 */
#include <string.h>

#include "lua/binding.h"
#include "namidb_lift.h"

/* Bytes of all strings, of lists their items. */
static size_t bytes_of(const namidb_value *value)
{
    size_t bytes = 0;

    if (value->kind == NAMIDB_STRING)
        return value->size;
    if (value->kind != NAMIDB_LIST)
        return 0;
    for (uint32_t i = 0; i < value->size; i++)
        bytes += bytes_of(&value->as.items[i]) + sizeof *value;
    return bytes;
}

/* Copies what a value points to behind `*items` and `*text`. */
static void copy_value(const namidb_value *from, namidb_value *to,
                       namidb_value **items, char **text)
{
    *to = *from;
    if (from->kind == NAMIDB_STRING) {
        memcpy(*text, from->as.bytes, from->size);
        to->as.bytes = *text;
        *text += from->size;
    } else if (from->kind == NAMIDB_LIST) {
        namidb_value *list = *items;

        *items += from->size;
        for (uint32_t i = 0; i < from->size; i++)
            copy_value(&from->as.items[i], &list[i], items, text);
        to->as.items = list;
    }
}

static void push_values(lua_State *L, const namidb_lifted *lifted)
{
    size_t bytes = 0, item_count = lifted->count;
    struct ndb_lua_lifted *copy;
    namidb_value *items;
    char *text;

    for (size_t i = 0; i < lifted->count; i++) {
        bytes += bytes_of(&lifted->values[i]);
        if (lifted->values[i].kind == NAMIDB_LIST)
            item_count += lifted->values[i].size;
    }
    copy = lua_newuserdata(L, sizeof *copy +
                                  lifted->count * sizeof *copy->values + bytes);
    luaL_getmetatable(L, NDB_LUA_LIFTED);
    lua_setmetatable(L, -2);
    copy->count = lifted->count;
    items = copy->values + lifted->count;
    text = (char *)(copy->values + item_count);
    for (size_t i = 0; i < lifted->count; i++)
        copy_value(&lifted->values[i], &copy->values[i], &items, &text);
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
