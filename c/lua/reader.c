/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What databases, snapshots and transactions have in common: looking.
 *
 * A database and a transaction are read through a snapshot that is open only
 * while C reads, never while Lua runs.
 */
#include <math.h>
#include <string.h>

#include "lua/binding.h"

#define ID_MAX 9007199254740991.0

/* ---------------------------------------------------------------- handles --
 */

void ndb_lua_set_shared(lua_State *L, int index)
{
#if LUA_VERSION_NUM >= 504
    (void)lua_setiuservalue(L, index, 1);
#else
    (void)lua_setfenv(L, index);
#endif
}

void ndb_lua_get_shared(lua_State *L, int index)
{
#if LUA_VERSION_NUM >= 504
    (void)lua_getiuservalue(L, index, 1);
#else
    lua_getfenv(L, index);
#endif
}

struct ndb_lua_reader *ndb_lua_new_reader(lua_State *L, const char *name)
{
    struct ndb_lua_reader *reader = lua_newuserdata(L, sizeof *reader);

    memset(reader, 0, sizeof *reader);
    luaL_getmetatable(L, name);
    lua_setmetatable(L, -2);
    reader->look.arena = namidb_arena_new();
    if (reader->look.arena == NULL)
        (void)luaL_error(L, "not enough memory");
    return reader;
}

namidb *ndb_lua_live_db(lua_State *L, const struct ndb_lua_reader *reader)
{
    if (reader->db == NULL)
        (void)luaL_error(L, "the handle is closed");
    return reader->db;
}

struct ndb_lua_reader *ndb_lua_check_handle(lua_State *L)
{
    struct ndb_lua_reader *reader = lua_touserdata(L, 1);

    if (reader == NULL || !lua_getmetatable(L, 1) ||
        !lua_rawequal(L, -1, lua_upvalueindex(1))) {
        lua_getfield(L, lua_upvalueindex(1), "__name");
        (void)luaL_error(L, "a %s is wanted before the colon, not a %s",
                         lua_tostring(L, -1), luaL_typename(L, 1));
        return NULL;
    }
    lua_pop(L, 1);
    return reader;
}

struct ndb_lua_reader *ndb_lua_check_reader(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_handle(L);

    (void)ndb_lua_live_db(L, reader);
    return reader;
}

void ndb_lua_new_type(lua_State *L, const char *name, const luaL_Reg *meta,
                      const luaL_Reg *methods)
{
    (void)luaL_newmetatable(L, name);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushstring(L, name); /* __gc is for the collector only */
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    luaL_setfuncs(L, meta, 1);
    lua_newtable(L);
    lua_pushvalue(L, -2);
    luaL_setfuncs(L, methods, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__index");
    lua_remove(L, -2);
}

/* -------------------------------------------------------------- arguments --
 */

int64_t ndb_lua_opt_timeout(lua_State *L, int index)
{
    double seconds;

    if (lua_isnoneornil(L, index))
        return -1;
    seconds = luaL_checknumber(L, index);
    if (!(seconds >= 0) || seconds > 3155760000.0)
        (void)luaL_argerror(L, index, "seconds, 0 or more, are wanted");
    return (int64_t)(seconds * 1000);
}

uint64_t ndb_lua_check_id(lua_State *L, int index, const char *type)
{
    double number;

    if (ndb_lua_is_row(L, index, type)) {
        lua_getfield(L, index, "id");
        number = lua_tonumber(L, -1);
        lua_pop(L, 1);
    } else if (lua_type(L, index) == LUA_TNUMBER) {
        number = lua_tonumber(L, index);
    } else {
        (void)luaL_error(L, "bad argument #%d: an id or a %s is wanted, not %s",
                         index - 1, strchr(type, '.') + 1,
                         lua_istable(L, index) ? "another table"
                                               : luaL_typename(L, index));
        return 0;
    }
    if (!(number >= 1 && number <= ID_MAX && number == floor(number)))
        (void)luaL_error(L, "bad argument #%d: not an id", index - 1);
    return (uint64_t)number;
}

/* A name that is there, by number; NAMIDB_ANY when it is absent and may be.
 * False: nothing has that name. */
static bool find_name(lua_State *L, struct ndb_lua_reader *reader, int index,
                      enum namidb_name_kind kind, uint32_t *number)
{
    const char *text;
    size_t bytes;

    *number = NAMIDB_ANY;
    if (lua_isnoneornil(L, index))
        return true;
    if (lua_type(L, index) != LUA_TSTRING)
        (void)luaL_error(L, "bad argument #%d: a name is wanted, not %s",
                         index - 1, luaL_typename(L, index));
    text = lua_tolstring(L, index, &bytes);
    *number = namidb_number(ndb_lua_live_db(L, reader), kind, text, bytes);
    return *number != 0;
}

static enum namidb_direction check_direction(lua_State *L, int index)
{
    static const char *const NAMES[] = { "out", "in", "both", NULL };

    return (enum namidb_direction)luaL_checkoption(L, index, "out", NAMES);
}

/* ---------------------------------------------------------------- reading --
 */

void ndb_lua_release_look(struct ndb_lua_look *look)
{
    namidb_query_close(look->query);
    namidb_cursor_close(look->cursor);
    namidb_snapshot_close(look->snapshot);
    namidb_arena_free(look->arena);
    memset(look, 0, sizeof *look);
}

static int look_gc(lua_State *L)
{
    ndb_lua_release_look(luaL_checkudata(L, 1, NDB_LUA_LOOK));
    return 0;
}

void ndb_lua_open_looks(lua_State *L)
{
    (void)luaL_newmetatable(L, NDB_LUA_LOOK);
    lua_pushcfunction(L, look_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

/* The reader's own look; one on the stack while that is lent. */
static struct ndb_lua_look *lend_look(lua_State *L,
                                      struct ndb_lua_reader *reader)
{
    struct ndb_lua_look *look = &reader->look;

    if (look->is_lent) {
        look = lua_newuserdata(L, sizeof *look);
        memset(look, 0, sizeof *look);
        luaL_getmetatable(L, NDB_LUA_LOOK);
        lua_setmetatable(L, -2);
        look->arena = namidb_arena_new();
        if (look->arena == NULL)
            (void)luaL_error(L, "not enough memory");
    }
    look->is_lent = true;
    return look;
}

/* The call is over: neither rows nor names of it are used any more. */
void ndb_lua_end_look(struct ndb_lua_reader *reader, struct ndb_lua_look *look)
{
    namidb_query_close(look->query);
    look->query = NULL;
    namidb_cursor_close(look->cursor);
    look->cursor = NULL;
    namidb_snapshot_close(look->snapshot);
    look->snapshot = NULL;
    look->is_lent = look->has_pulled = false;
    namidb_arena_reset(look->arena);
    if (reader->db == NULL && reader->snapshot != NULL) {
        /* Closed by a finalizer meanwhile. */
        namidb_snapshot_close(reader->snapshot);
        reader->snapshot = NULL;
    }
}

int ndb_lua_open_look(struct ndb_lua_reader *reader, struct ndb_lua_look *look,
                      namidb_snapshot **out, namidb_error *err)
{
    int rc = NAMIDB_OK;

    *out = reader->snapshot;
    if (reader->snapshot == NULL) {
        rc = reader->tx != NULL
                 ? namidb_tx_snapshot(&look->snapshot, reader->tx, err)
                 : namidb_snapshot_open(&look->snapshot, reader->db, err);
        *out = look->snapshot;
    }
    return rc;
}

/* Opens what one call reads; end_look when its rows are Lua's. Raises for a
 * handle that cannot be read; *out is the snapshot. */
struct ndb_lua_look *ndb_lua_begin_look(lua_State *L,
                                        struct ndb_lua_reader *reader,
                                        namidb_snapshot **out)
{
    struct ndb_lua_look *look = lend_look(L, reader);
    namidb_error err;
    int rc;

    if (reader->db == NULL) {
        ndb_lua_end_look(reader, look);
        (void)ndb_lua_live_db(L, reader);
    }
    rc = ndb_lua_open_look(reader, look, out, &err);
    if (rc < 0) {
        ndb_lua_end_look(reader, look);
        if (rc == NAMIDB_EINVAL)
            (void)luaL_error(L, "%s", err.message);
        (void)ndb_lua_raise(L, &err);
    }
    return look;
}

int ndb_lua_push_stamp(lua_State *L,
                       uint64_t (*stamp)(const namidb_snapshot *snapshot))
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);

    lua_pushnumber(L, (lua_Number)stamp(snapshot));
    ndb_lua_end_look(reader, look);
    return 1;
}

/* Pushes the node, or why there is none, and ends the look. */
static int push_found_node(lua_State *L, struct ndb_lua_reader *reader,
                           struct ndb_lua_look *look, int rc,
                           const namidb_node *node, const namidb_error *err)
{
    if (rc == NAMIDB_OK && node->id != 0) {
        ndb_lua_get_shared(L, 1);
        ndb_lua_push_node(L, reader->db, lua_gettop(L), node);
    } else {
        lua_pushnil(L);
    }
    ndb_lua_end_look(reader, look);
    return rc < 0 ? ndb_lua_fail(L, err) : 1;
}

static int node_by_id(lua_State *L, struct ndb_lua_reader *reader)
{
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_NODE);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_node node = { .id = 0 };
    namidb_error err;
    int rc = namidb_nodes_get(snapshot, &id, 1, look->arena, &node, &err);

    return push_found_node(L, reader, look, rc, &node, &err);
}

/* node(id), node(label, key) */
static int reader_node(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    namidb_node node = { .id = 0 };
    namidb_error err;
    namidb_value key;
    uint32_t label;
    bool is_known;
    int rc = NAMIDB_NONE;

    if (lua_isnoneornil(L, 3) && lua_type(L, 2) != LUA_TSTRING)
        return node_by_id(L, reader);
    key = ndb_lua_check_key(L, 3);
    luaL_checktype(L, 2, LUA_TSTRING);
    is_known = find_name(L, reader, 2, NAMIDB_LABEL, &label);
    look = ndb_lua_begin_look(L, reader, &snapshot);
    if (is_known)
        rc = namidb_node_by_key(snapshot, label, key, look->arena, &node, &err);
    return push_found_node(L, reader, look, rc, &node, &err);
}

static int reader_edge(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_EDGE);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_edge edge = { .id = 0 };
    namidb_error err;
    int rc = namidb_edges_get(snapshot, &id, 1, look->arena, &edge, &err);

    if (rc == NAMIDB_OK && edge.id != 0) {
        ndb_lua_get_shared(L, 1);
        ndb_lua_push_edge(L, reader->db, lua_gettop(L), &edge);
    } else {
        lua_pushnil(L);
    }
    ndb_lua_end_look(reader, look);
    return rc < 0 ? ndb_lua_fail(L, &err) : 1;
}

/* degree(id, type, direction) */
static int reader_degree(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_NODE);
    enum namidb_direction direction = check_direction(L, 4);
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    namidb_error err;
    uint64_t degree = 0;
    uint32_t type;
    bool is_known = find_name(L, reader, 3, NAMIDB_TYPE, &type);
    int rc = NAMIDB_OK;

    look = ndb_lua_begin_look(L, reader, &snapshot);
    if (is_known)
        rc = namidb_degree(snapshot, id, type, direction, &degree, &err);
    ndb_lua_end_look(reader, look);
    if (rc < 0)
        return ndb_lua_fail(L, &err);
    ndb_lua_pushid(L, degree);
    return 1;
}

/* -------------------------------------------------------------- iterators --
 */

/* nodes(label) or edges(type). */
static int scan(lua_State *L, enum namidb_name_kind kind)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    uint32_t number;
    bool is_known = find_name(L, reader, 2, kind, &number);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_error err;
    int rc = NAMIDB_OK;

    if (is_known)
        rc = kind == NAMIDB_LABEL
                 ? namidb_scan_nodes(&look->cursor, snapshot, number, &err)
                 : namidb_scan_edges(&look->cursor, snapshot, number, &err);
    return ndb_lua_iterate(L, reader, look, false, rc, &err);
}

static int reader_nodes(lua_State *L)
{
    return scan(L, NAMIDB_LABEL);
}

static int reader_edges(lua_State *L)
{
    return scan(L, NAMIDB_TYPE);
}

/* out(id, type, options), and so on. */
static int expand(lua_State *L, enum namidb_direction direction)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_NODE);
    bool with_nodes = !ndb_lua_check_flag(L, 4, "edges_only");
    uint32_t type;
    bool is_known = find_name(L, reader, 3, NAMIDB_TYPE, &type);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_error err;
    int rc = NAMIDB_OK;

    if (is_known)
        rc = namidb_expand(&look->cursor, snapshot, id, type, direction,
                           with_nodes, &err);
    return ndb_lua_iterate(L, reader, look, true, rc, &err);
}

static int reader_out(lua_State *L)
{
    return expand(L, NAMIDB_OUT);
}

static int reader_into(lua_State *L)
{
    return expand(L, NAMIDB_IN);
}

static int reader_both(lua_State *L)
{
    return expand(L, NAMIDB_BOTH);
}

static const luaL_Reg READING[] = {
    { "node", reader_node },
    { "edge", reader_edge },
    { "nodes", reader_nodes },
    { "edges", reader_edges },
    { "out", reader_out },
    { "into", reader_into },
    { "both", reader_both },
    { "degree", reader_degree },
    { "run", ndb_lua_run },
    { "collect", ndb_lua_collect },
#ifndef NDB_LUA_STEPS_IN_C
    { "more", ndb_lua_more },
    { "address", ndb_lua_address },
#endif
    { "names", ndb_lua_names },
    { "counts", ndb_lua_counts },
    { "stamp", ndb_lua_stamp },
    { "segments", ndb_lua_segments },
    { "schema", ndb_lua_schema },
    { "schema_stamp", ndb_lua_schema_stamp },
    { NULL, NULL },
};

void ndb_lua_add_reading(lua_State *L, const char *name)
{
    luaL_getmetatable(L, name);
    luaL_setfuncs(L, READING, 1);
}
