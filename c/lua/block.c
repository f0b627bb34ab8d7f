/* SPDX-License-Identifier: Apache-2.0 */
#include "lua/block.h"

/* A block has at most so many rows, and so many bytes unless one row has more.
 */
enum { BLOCK_ROWS = 32, BLOCK_BYTES = 64 << 10 };

/* ------------------------------------------------------------------ names --
 */

void ndb_lua_push_name(lua_State *L, namidb *db, enum namidb_name_kind kind,
                       uint32_t number)
{
    size_t bytes = 0;
    const char *text = namidb_name(db, kind, number, &bytes);

    lua_pushlstring(L, text != NULL ? text : "?", text != NULL ? bytes : 1);
}

/* Sees to it that the table at `names` has the name. */
static void note_name(lua_State *L, namidb *db, int names,
                      enum namidb_name_kind kind, uint32_t number)
{
    lua_rawgeti(L, names, ndb_lua_name_at(kind, number));
    if (lua_isnil(L, -1)) {
        ndb_lua_push_name(L, db, kind, number);
        if (kind == NAMIDB_PROPERTY) {
            lua_pushvalue(L, -1);
            ndb_lua_pushid(L, number);
            lua_rawset(L, names);
        }
        lua_rawseti(L, names, ndb_lua_name_at(kind, number));
    }
    lua_pop(L, 1);
}

/* The names of properties; most rows have those of the row before. */
static void note_props(lua_State *L, namidb *db, int names,
                       const namidb_property *props, uint32_t count,
                       const namidb_property *before, uint32_t before_count)
{
    for (uint32_t i = 0; i < count; i++)
        if (i >= before_count || props[i].name != before[i].name)
            note_name(L, db, names, NAMIDB_PROPERTY, props[i].name);
}

static void note_node(lua_State *L, namidb *db, int names,
                      const namidb_node *node, const namidb_node *before)
{
    for (uint32_t i = 0; i < node->label_count; i++)
        if (i >= before->label_count || node->labels[i] != before->labels[i])
            note_name(L, db, names, NAMIDB_LABEL, node->labels[i]);
    note_props(L, db, names, node->props, node->prop_count, before->props,
               before->prop_count);
}

static void note_edge(lua_State *L, namidb *db, int names,
                      const namidb_edge *edge, const namidb_edge *before)
{
    if (edge->type != before->type)
        note_name(L, db, names, NAMIDB_TYPE, edge->type);
    note_props(L, db, names, edge->props, edge->prop_count, before->props,
               before->prop_count);
}

static void note_names(lua_State *L, namidb *db, int names,
                       const struct ndb_lua_rows *rows, size_t count)
{
    static const namidb_node NO_NODE;
    static const namidb_edge NO_EDGE;

    for (size_t i = 0; rows->nodes != NULL && i < count; i++)
        note_node(L, db, names, &rows->nodes[i],
                  i == 0 ? &NO_NODE : &rows->nodes[i - 1]);
    for (size_t i = 0; rows->edges != NULL && i < count; i++)
        note_edge(L, db, names, &rows->edges[i],
                  i == 0 ? &NO_EDGE : &rows->edges[i - 1]);
}

/* ----------------------------------------------------------------- blocks --
 */

#ifdef NDB_LUA_STEPS_IN_C

/* Makes a block of names and memory, which are on top. */
static void join_block(lua_State *L)
{
    lua_insert(L, -2);
    ndb_lua_set_shared(L, -2);
}

void ndb_lua_push_block_memory(lua_State *L, int block)
{
    lua_pushvalue(L, block);
}

void ndb_lua_push_block_names(lua_State *L, int block)
{
    ndb_lua_get_shared(L, block);
}

#else

enum { BLOCK_MEMORY = 1, BLOCK_NAMES };

static void join_block(lua_State *L)
{
    lua_createtable(L, 2, 0);
    lua_insert(L, -3);
    lua_rawseti(L, -3, BLOCK_MEMORY);
    lua_rawseti(L, -2, BLOCK_NAMES);
}

void ndb_lua_push_block_memory(lua_State *L, int block)
{
    if (lua_istable(L, block))
        lua_rawgeti(L, block, BLOCK_MEMORY);
    else
        lua_pushnil(L);
}

void ndb_lua_push_block_names(lua_State *L, int block)
{
    lua_rawgeti(L, block, BLOCK_NAMES);
}

#endif

static size_t props_bytes(const namidb_property *props, uint32_t count)
{
    size_t bytes = count * sizeof *props;

    for (uint32_t i = 0; i < count; i++)
        bytes += ndb_lua_value_bytes(&props[i].value);
    return bytes;
}

static size_t row_bytes(const struct ndb_lua_rows *rows, size_t at)
{
    size_t bytes = 0;

    if (rows->nodes != NULL) {
        const namidb_node *node = &rows->nodes[at];

        /* Labels begin where any type may stand, and end so. */
        bytes += sizeof *node + ndb_lua_value_bytes(&node->key) +
                 (node->label_count + 1) / 2 * 2 * sizeof *node->labels +
                 props_bytes(node->props, node->prop_count);
    }
    if (rows->edges != NULL) {
        const namidb_edge *edge = &rows->edges[at];

        bytes += sizeof *edge + props_bytes(edge->props, edge->prop_count);
    }
    return bytes;
}

static const namidb_property *
copy_props(char **at, const namidb_property *props, uint32_t count)
{
    namidb_property *copies = ndb_lua_copy(at, props, count * sizeof *props);

    for (uint32_t i = 0; i < count; i++)
        ndb_lua_copy_parts(at, &copies[i].value);
    return copies;
}

static void copy_nodes(char **at, const namidb_node *nodes, struct block *block)
{
    block->nodes = ndb_lua_copy(at, nodes, block->count * sizeof *nodes);
    for (uint32_t i = 0; i < block->count; i++) {
        namidb_node *node = &block->nodes[i];

        ndb_lua_copy_parts(at, &node->key);
        node->labels = ndb_lua_copy(at, node->labels,
                                    node->label_count * sizeof *node->labels);
        node->props = copy_props(at, node->props, node->prop_count);
    }
}

static void copy_edges(char **at, const namidb_edge *edges, struct block *block)
{
    block->edges = ndb_lua_copy(at, edges, block->count * sizeof *edges);
    for (uint32_t i = 0; i < block->count; i++) {
        namidb_edge *edge = &block->edges[i];

        edge->props = copy_props(at, edge->props, edge->prop_count);
    }
}

size_t ndb_lua_push_block(lua_State *L, namidb *db, int shared,
                          const struct ndb_lua_rows *rows, size_t count)
{
    size_t bytes = row_bytes(rows, 0), taken = 1;
    struct block *block;
    char *at;

    while (taken < count && taken < BLOCK_ROWS) {
        size_t more = row_bytes(rows, taken);

        if (bytes + more > BLOCK_BYTES)
            break;
        bytes += more;
        taken++;
    }
    lua_rawgeti(L, shared, NDB_LUA_SHARED_NAMES);
    note_names(L, db, lua_gettop(L), rows, taken);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_INT64);
    block = lua_newuserdata(L, sizeof *block + bytes);
    *block = (struct block){ .count = (uint32_t)taken,
                             .is_int64 = lua_toboolean(L, -2) != 0 };
    at = (char *)(block + 1);
    if (rows->nodes != NULL)
        copy_nodes(&at, rows->nodes, block);
    if (rows->edges != NULL)
        copy_edges(&at, rows->edges, block);
    lua_replace(L, -2);
    lua_rawgeti(L, shared, NDB_LUA_SHARED_BLOCK);
    lua_setmetatable(L, -2);
    join_block(L);
    return taken;
}
