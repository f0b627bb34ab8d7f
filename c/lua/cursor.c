/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iterators: a cursor and the function that steps it, for generic `for`.
 */
#include "lua/binding.h"

struct cursor {
    namidb_cursor *cursor; /* NULL: at its end, or closed */
    namidb *db;            /* its names; the cursor's snapshot keeps it */
    bool is_busy;          /* its rows are being made into tables */
    bool is_closing;       /* a finalizer closed it meanwhile */
};

static struct cursor *check_cursor(lua_State *L)
{
    struct cursor *cursor = lua_touserdata(L, 1);

    if (cursor == NULL || !lua_getmetatable(L, 1) ||
        !lua_rawequal(L, -1, lua_upvalueindex(1)))
        return luaL_checkudata(L, 1, NDB_LUA_CURSOR);
    lua_pop(L, 1);
    return cursor;
}

static int cursor_gc(lua_State *L)
{
    struct cursor *cursor = check_cursor(L);

    namidb_cursor_close(cursor->cursor);
    cursor->cursor = NULL;
    return 0;
}

static int cursor_close(lua_State *L)
{
    struct cursor *cursor = check_cursor(L);

    cursor->is_closing = true;
    return cursor->is_busy ? 0 : cursor_gc(L);
}

static int push_row(lua_State *L, struct cursor *cursor,
                    const namidb_node *node, const namidb_edge *edge)
{
    int shared;

    ndb_lua_get_shared(L, 1);
    shared = lua_gettop(L);
    cursor->is_busy = true;
    if (edge != NULL)
        ndb_lua_push_edge(L, cursor->db, shared, edge);
    if (node != NULL && node->id != 0)
        ndb_lua_push_node(L, cursor->db, shared, node);
    cursor->is_busy = false;
    if (cursor->is_closing)
        (void)cursor_gc(L);
    return lua_gettop(L) - shared;
}

/* Yields node, or edge and node. */
static int cursor_next(lua_State *L)
{
    struct cursor *cursor = check_cursor(L);
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_error err;
    int rc;

    if (cursor->is_busy)
        return luaL_error(L, "the iterator is in use");
    if (cursor->cursor == NULL)
        return 0;
    rc = namidb_cursor_next(cursor->cursor, &node, &edge, &err);
    if (rc == NAMIDB_OK)
        return push_row(L, cursor, node, edge);
    (void)cursor_gc(L);
    return rc < 0 ? ndb_lua_raise(L, &err) : 0;
}

namidb_cursor **ndb_lua_new_cursor(lua_State *L, struct ndb_lua_reader *reader)
{
    struct cursor *cursor;
    int shared;

    ndb_lua_get_shared(L, 1);
    shared = lua_gettop(L);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_NEXT);
    cursor = lua_newuserdata(L, sizeof *cursor);
    *cursor = (struct cursor){ .db = reader->db };
    lua_rawgeti(L, shared, NDB_LUA_SHARED_CURSOR);
    lua_setmetatable(L, -2);
    lua_pushvalue(L, shared);
    ndb_lua_set_shared(L, -2);
    lua_remove(L, shared);
    lua_pushnil(L);
    lua_pushvalue(L, -2);
    return &cursor->cursor;
}

static const luaL_Reg META[] = {
    { "__gc", cursor_gc },
    { "__close", cursor_close },
    { NULL, NULL },
};
static const luaL_Reg METHODS[] = {
    { "next", cursor_next },
    { "close", cursor_close },
    { NULL, NULL },
};

void ndb_lua_share_cursors(lua_State *L)
{
    luaL_getmetatable(L, NDB_LUA_CURSOR);
    lua_getfield(L, -1, "__index");
    lua_getfield(L, -1, "next");
    lua_rawseti(L, -4, NDB_LUA_SHARED_NEXT);
    lua_pop(L, 1);
    lua_rawseti(L, -2, NDB_LUA_SHARED_CURSOR);
}

void ndb_lua_open_cursor(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_CURSOR, META, METHODS);
    lua_pop(L, 1);
}
