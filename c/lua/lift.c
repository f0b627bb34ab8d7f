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

static int lift(lua_State *L)
{
    size_t bytes;
    const char *text = luaL_checklstring(L, 1, &bytes);
    namidb_arena **arena = lua_touserdata(L, lua_upvalueindex(1));
    namidb_lifted lifted;

    namidb_arena_reset(*arena);
    if (namidb_lift(*arena, text, bytes, &lifted) != NAMIDB_OK)
        return 0;
    lua_pushlstring(L, lifted.key, lifted.key_bytes);
    push_values(L, &lifted);
    return 2;
}

static int arena_gc(lua_State *L)
{
    namidb_arena **arena = lua_touserdata(L, 1);

    namidb_arena_free(*arena);
    *arena = NULL;
    return 0;
}

/* Sets the field `lift` of the module on top; its arena is the function's. */
void ndb_lua_add_lift(lua_State *L)
{
    namidb_arena **arena = lua_newuserdata(L, sizeof *arena);

    *arena = NULL;
    lua_newtable(L);
    lua_pushcfunction(L, arena_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    *arena = namidb_arena_new();
    if (*arena == NULL)
        (void)luaL_error(L, "not enough memory");
    lua_pushcclosure(L, lift, 1);
    lua_setfield(L, -2, "lift");
    (void)luaL_newmetatable(L, NDB_LUA_LIFTED);
    lua_pop(L, 1);
}
