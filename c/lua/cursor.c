/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iterators, for generic `for`.
 *
 * In Lua 5.4 that is a cursor, which C steps: it yields rows of a block, and
 * refills that from C's rows.
 *
 * In LuaJIT it is a walk, the table { block, at, count, cursor }, which Lua
 * steps (lua/namidb/row_jit.lua): `at` of `count` rows of the block were given,
 * and more of them come from the cursor, if there is one. Few rows need none.
 *
 *   cursor:block() -> block, count; nothing at the end
 */
#include "lua/binding.h"

struct cursor {
    namidb_cursor *cursor;    /* NULL: at its end, or closed */
    namidb *db;               /* its names; the cursor's snapshot keeps it */
    struct ndb_lua_rows rows; /* of C, not in a block yet */
    size_t left;              /* how many */
    size_t next, count;       /* of the block */
    bool is_busy;             /* its rows are being copied */
    bool is_closing;          /* a finalizer closed it meanwhile */
};

/* What a cursor keeps, at these indices of its uservalue. */
enum { KEPT_SHARED = 1, KEPT_BLOCK };

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
    cursor->next = cursor->count = 0;
    return 0;
}

static int cursor_close(lua_State *L)
{
    struct cursor *cursor = check_cursor(L);

    cursor->is_closing = true;
    return cursor->is_busy ? 0 : cursor_gc(L);
}

/* Goes on behind the rows that are in a block. */
static void step_over(struct ndb_lua_rows *rows, size_t *left, size_t count)
{
    *left -= count;
    if (rows->nodes != NULL)
        rows->nodes += count;
    if (rows->edges != NULL)
        rows->edges += count;
}

/* Copies the next rows into a block; what is kept is on top. NAMIDB_OK,
 * NAMIDB_NONE, or a failure. */
static int refill(lua_State *L, struct cursor *cursor, namidb_error *err)
{
    int kept = lua_gettop(L);
    struct ndb_lua_rows *rows = &cursor->rows;
    size_t count;
    int rc = NAMIDB_OK;

    if (cursor->cursor == NULL)
        return NAMIDB_NONE;
    if (cursor->left == 0)
        rc = namidb_cursor_chunk(cursor->cursor, &rows->nodes, &rows->edges,
                                 &cursor->left, err);
    if (rc != NAMIDB_OK)
        return rc;
    cursor->is_busy = true;
    lua_rawgeti(L, kept, KEPT_SHARED);
    count = ndb_lua_push_block(L, cursor->db, kept + 1, rows, cursor->left);
    lua_rawseti(L, kept, KEPT_BLOCK);
    lua_settop(L, kept);
    cursor->is_busy = false;
    if (cursor->is_closing)
        return NAMIDB_NONE;
    step_over(rows, &cursor->left, count);
    cursor->next = 0;
    cursor->count = count;
    return NAMIDB_OK;
}

/* A cursor that is not open yet; `shared` is the stack index of the handle's
 * shared table. */
static struct cursor *new_cursor(lua_State *L, int shared, namidb *db)
{
    struct cursor *cursor = lua_newuserdata(L, sizeof *cursor);

    *cursor = (struct cursor){ .db = db };
    lua_rawgeti(L, shared, NDB_LUA_SHARED_CURSOR);
    lua_setmetatable(L, -2);
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, shared);
    lua_rawseti(L, -2, KEPT_SHARED);
    ndb_lua_set_shared(L, -2);
    return cursor;
}

#ifdef NDB_LUA_STEPS_IN_C

/* Upvalues of `next`. */
enum { UP_CURSOR = 1, UP_NODE, UP_EDGE };

/* Yields node, or edge and node. */
static int cursor_next(lua_State *L)
{
    struct cursor *cursor = check_cursor(L);
    namidb_error err;
    int block, rc = NAMIDB_OK;

    if (cursor->is_busy)
        return luaL_error(L, "the iterator is in use");
    ndb_lua_get_shared(L, 1);
    if (cursor->next == cursor->count)
        rc = refill(L, cursor, &err);
    if (rc != NAMIDB_OK) {
        (void)cursor_gc(L);
        return rc < 0 ? ndb_lua_raise(L, &err) : 0;
    }
    lua_rawgeti(L, -1, KEPT_BLOCK);
    block = lua_gettop(L);
    return ndb_lua_push_rows(L, block, cursor->next++,
                             lua_upvalueindex(UP_NODE),
                             lua_upvalueindex(UP_EDGE));
}

int ndb_lua_iterate(lua_State *L, struct ndb_lua_reader *reader,
                    struct ndb_lua_look *look, bool is_eager, int rc,
                    namidb_error *err)
{
    struct cursor *cursor;
    int shared;

    (void)is_eager;
    if (rc < 0) {
        ndb_lua_end_look(reader, look);
        return ndb_lua_raise(L, err);
    }
    ndb_lua_get_shared(L, 1);
    shared = lua_gettop(L);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_NEXT);
    cursor = new_cursor(L, shared, reader->db);
    cursor->cursor = look->cursor;
    look->cursor = NULL;
    ndb_lua_end_look(reader, look);
    lua_pushnil(L);
    lua_pushvalue(L, -2);
    return 4;
}

#else

/* At these indices of a walk. */
enum { WALK_BLOCK = 1, WALK_AT, WALK_COUNT, WALK_CURSOR };

static int cursor_block(lua_State *L)
{
    struct cursor *cursor = check_cursor(L);
    namidb_error err;
    int rc;

    if (cursor->is_busy)
        return luaL_error(L, "the iterator is in use");
    ndb_lua_get_shared(L, 1);
    rc = refill(L, cursor, &err);
    if (rc != NAMIDB_OK) {
        (void)cursor_gc(L);
        return rc < 0 ? ndb_lua_raise(L, &err) : 0;
    }
    lua_rawgeti(L, -1, KEPT_BLOCK);
    ndb_lua_pushid(L, cursor->count);
    return 2;
}

/* Puts the first rows into the walk on top. */
static int fill_walk(lua_State *L, int shared, namidb *db, struct cursor *first,
                     namidb_error *err)
{
    struct ndb_lua_rows *rows = &first->rows;
    int rc = namidb_cursor_chunk(first->cursor, &rows->nodes, &rows->edges,
                                 &first->left, err);
    size_t count;

    if (rc != NAMIDB_OK)
        return rc;
    count = ndb_lua_push_block(L, db, shared, rows, first->left);
    lua_rawseti(L, -2, WALK_BLOCK);
    ndb_lua_pushid(L, count);
    lua_rawseti(L, -2, WALK_COUNT);
    step_over(rows, &first->left, count);
    return rc;
}

int ndb_lua_iterate(lua_State *L, struct ndb_lua_reader *reader,
                    struct ndb_lua_look *look, bool is_eager, int rc,
                    namidb_error *err)
{
    struct cursor first = { .cursor = look->cursor }, *cursor;
    namidb *db = reader->db; /* which the look's cursor keeps */
    int shared;

    ndb_lua_get_shared(L, 1);
    shared = lua_gettop(L);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_NEXT);
    lua_createtable(L, WALK_CURSOR, 0);
    lua_pushinteger(L, 0);
    lua_rawseti(L, -2, WALK_AT);
    lua_pushinteger(L, 0);
    lua_rawseti(L, -2, WALK_COUNT);
    if (rc >= 0 && first.cursor != NULL && is_eager)
        rc = fill_walk(L, shared, db, &first, err);
    if (rc < 0) {
        ndb_lua_end_look(reader, look);
        return ndb_lua_raise(L, err);
    }
    if (rc == NAMIDB_OK && first.cursor != NULL &&
        (first.left != 0 || namidb_cursor_has_more(first.cursor))) {
        cursor = new_cursor(L, shared, db);
        cursor->rows = first.rows;
        cursor->left = first.left;
        cursor->cursor = first.cursor;
        look->cursor = NULL;
        lua_rawseti(L, -2, WALK_CURSOR);
    }
    ndb_lua_end_look(reader, look);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_WALK);
    lua_setmetatable(L, -2);
    return 2;
}

#endif

static const luaL_Reg META[] = {
    { "__gc", cursor_gc },
    { "__close", cursor_close },
    { NULL, NULL },
};
static const luaL_Reg METHODS[] = {
    { "close", cursor_close },
#ifndef NDB_LUA_STEPS_IN_C
    { "block", cursor_block },
#endif
    { NULL, NULL },
};

#ifdef NDB_LUA_STEPS_IN_C

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
    luaL_getmetatable(L, NDB_LUA_CURSOR);
    luaL_getmetatable(L, NDB_LUA_NODE);
    luaL_getmetatable(L, NDB_LUA_EDGE);
    lua_pushcclosure(L, cursor_next, 3);
    lua_setfield(L, -2, "next");
    lua_pop(L, 1);
}

#else

void ndb_lua_share_cursors(lua_State *L)
{
    luaL_getmetatable(L, NDB_LUA_CURSOR);
    lua_rawseti(L, -2, NDB_LUA_SHARED_CURSOR);
    luaL_getmetatable(L, NDB_LUA_WALK);
    lua_getfield(L, -1, "__index");
    lua_getfield(L, -1, "next");
    lua_rawseti(L, -4, NDB_LUA_SHARED_NEXT);
    lua_pop(L, 1);
    lua_rawseti(L, -2, NDB_LUA_SHARED_WALK);
}

void ndb_lua_open_cursor(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_CURSOR, META, METHODS);
    (void)luaL_newmetatable(L, NDB_LUA_WALK);
    lua_newtable(L);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}

#endif
