/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a query gives, as Lua: values, and rows by the names of the columns.
 *
 *   path { nodes = { node, ... }, edges = { edge, ... } }
 */
#include "lua/binding.h"

struct pusher {
    lua_State *L;
    namidb *db;
    int shared;
    bool is_int64;
};

static void push(struct pusher *pusher, const namidb_value *value);

static void push_array(struct pusher *pusher, const namidb_value *items,
                       uint32_t count)
{
    lua_State *L = pusher->L;

    lua_createtable(L, (int)count, 0);
    for (uint32_t i = 0; i < count; i++) {
        push(pusher, &items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static void push_list(struct pusher *pusher, const namidb_value *value)
{
    namidb_value empty = { .kind = NAMIDB_LIST };
    lua_State *L = pusher->L;

    /* The metatable of lists is on any list. */
    push_array(pusher, value->as.items, value->size);
    ndb_lua_push_value(L, &empty, false);
    if (lua_getmetatable(L, -1)) {
        lua_setmetatable(L, -3);
    }
    lua_pop(L, 1);
}

static void push_map(struct pusher *pusher, const namidb_value *value)
{
    lua_State *L = pusher->L;

    lua_createtable(L, 0, (int)value->size);
    for (uint32_t i = 0; i < value->size; i++) {
        const namidb_entry *entry = &value->as.entries[i];

        lua_pushlstring(L, entry->key.as.bytes, entry->key.size);
        push(pusher, &entry->value);
        lua_rawset(L, -3);
    }
}

static void push_path(struct pusher *pusher, const namidb_path *path)
{
    lua_State *L = pusher->L;

    lua_createtable(L, 0, 2);
    push_array(pusher, path->nodes, path->edge_count + 1);
    lua_setfield(L, -2, "nodes");
    push_array(pusher, path->edges, path->edge_count);
    lua_setfield(L, -2, "edges");
    luaL_getmetatable(L, NDB_LUA_PATH);
    lua_setmetatable(L, -2);
}

static void push(struct pusher *pusher, const namidb_value *value)
{
    luaL_checkstack(pusher->L, 8, "a value is nested too deeply");
    switch (value->kind) {
    case NAMIDB_LIST:
        push_list(pusher, value);
        break;
    case NAMIDB_MAP:
        push_map(pusher, value);
        break;
    case NAMIDB_NODE:
        ndb_lua_push_node(pusher->L, pusher->db, pusher->shared,
                          value->as.node);
        break;
    case NAMIDB_EDGE:
        ndb_lua_push_edge(pusher->L, pusher->db, pusher->shared,
                          value->as.edge);
        break;
    case NAMIDB_PATH:
        push_path(pusher, value->as.path);
        break;
    default:
        ndb_lua_push_value(pusher->L, value, pusher->is_int64);
    }
}

void ndb_lua_push_result(lua_State *L, namidb *db, int shared,
                         const namidb_value *value, bool is_int64)
{
    struct pusher pusher = { L, db, shared, is_int64 };

    push(&pusher, value);
}

/* ----------------------------------------------------------------- memory --
 */

static uint64_t bytes_in_use(lua_State *L)
{
    return (uint64_t)lua_gc(L, LUA_GCCOUNT, 0) << 10;
}

void ndb_lua_growth_begin(lua_State *L, struct ndb_lua_growth *growth)
{
    growth->before = bytes_in_use(L);
}

int ndb_lua_growth_end(lua_State *L, struct ndb_lua_growth *growth,
                       uint64_t max, namidb_error *err)
{
    uint64_t now = bytes_in_use(L);

    if (now > growth->before)
        growth->bytes += now - growth->before;
    if (growth->bytes <= max)
        return NAMIDB_OK;
    *err = (namidb_error){ .code = NAMIDB_ELIMIT };
    err->fault = "LimitError.MemoryLimit";
    (void)snprintf(err->message, sizeof err->message,
                   "the rows need more than %llu bytes of memory (max_memory)",
                   (unsigned long long)max);
    return NAMIDB_ELIMIT;
}
