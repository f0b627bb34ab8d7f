/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes and edges as tables.
 *
 *   node { id, key, labels, props }       edge { id, type, from, to, props }
 *
 * Rows that were read together are copied into one piece of memory, a userdata
 * that looks at nothing else. With the names that they need it is a block, and
 * a row's table is { block, number }: what is asked of it is made of the block
 * then, so that a loop that looks at one property does not pay for tables and
 * strings of all. What is a table (labels, props, lists, dates) is made once
 * and kept in the row, and whatever a program sets in it is the row's own.
 *
 * Blocks are small: a row that is kept keeps its neighbours.
 *
 * LuaJIT reads what is no table by itself, where the memory lies, as fast as C
 * would (lua/namidb/row_jit.lua); it must agree about struct block and what
 * that points to. A block is the table { memory, names } there; elsewhere it is
 * the memory, whose uservalue is the names.
 */
#include <string.h>

#include "lua/block.h"

enum field {
    FIELD_NONE, /* a property */
    FIELD_ID,
    FIELD_KEY,
    FIELD_LABELS,
    FIELD_TYPE,
    FIELD_FROM,
    FIELD_TO,
    FIELD_PROPS
};

/* Pushes row `number` of the block at index `block`. */
static void push_row(lua_State *L, int block, size_t number, int metatable)
{
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, block);
    lua_rawseti(L, -2, 1);
    ndb_lua_pushid(L, number);
    lua_rawseti(L, -2, 2);
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, -2);
}

#ifdef NDB_LUA_STEPS_IN_C
int ndb_lua_push_rows(lua_State *L, int at, size_t number, int node_meta,
                      int edge_meta)
{
    const struct block *block = lua_touserdata(L, at);
    int count = 0;

    if (block->edges != NULL) {
        push_row(L, at, number, edge_meta);
        count++;
    }
    if (block->nodes != NULL && block->nodes[number].id != 0) {
        push_row(L, at, number, node_meta);
        count++;
    }
    return count;
}
#endif

/* One row, in a block of its own. */
static void push_alone(lua_State *L, namidb *db, int shared,
                       const struct ndb_lua_rows *rows, int metatable)
{
    int top = lua_gettop(L);

    (void)ndb_lua_push_block(L, db, shared, rows, 1);
    lua_rawgeti(L, shared, metatable);
    push_row(L, top + 1, 0, top + 2);
    lua_replace(L, top + 1);
    lua_pop(L, 1);
}

void ndb_lua_push_node(lua_State *L, namidb *db, int shared,
                       const namidb_node *node)
{
    struct ndb_lua_rows rows = { .nodes = node };

    push_alone(L, db, shared, &rows, NDB_LUA_SHARED_NODE);
}

void ndb_lua_push_edge(lua_State *L, namidb *db, int shared,
                       const namidb_edge *edge)
{
    struct ndb_lua_rows rows = { .edges = edge };

    push_alone(L, db, shared, &rows, NDB_LUA_SHARED_EDGE);
}

bool ndb_lua_is_row(lua_State *L, int index, const char *type)
{
    bool is_it;

    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, type);
    is_it = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return is_it;
}

/* ---------------------------------------------------------------- reading --
 */

/* A row whose field is asked for, at index 1; the name is at 2. */
struct asked {
    const struct block *block;
    const namidb_node *node; /* one of the two */
    const namidb_edge *edge;
    const namidb_property *props;
    uint32_t prop_count;
};

/* The row at index 1; false for what a program has made of one. The block is
 * pushed. */
static bool find_row(lua_State *L, bool is_node, struct asked *asked)
{
    const struct block *block;
    lua_Integer number;

    lua_rawgeti(L, 1, 2);
    number = lua_tointeger(L, -1);
    lua_rawgeti(L, 1, 1);
    ndb_lua_push_block_memory(L, lua_gettop(L));
    block = lua_touserdata(L, -1);
    if (block == NULL || !lua_getmetatable(L, -1))
        return false;
    if (!lua_rawequal(L, -1, lua_upvalueindex(1)) || number < 0 ||
        number >= (lua_Integer)block->count ||
        (is_node ? block->nodes == NULL : block->edges == NULL))
        return false;
    lua_pop(L, 2);
    *asked = (struct asked){ .block = block };
    if (is_node) {
        asked->node = &block->nodes[number];
        asked->props = asked->node->props;
        asked->prop_count = asked->node->prop_count;
    } else {
        asked->edge = &block->edges[number];
        asked->props = asked->edge->props;
        asked->prop_count = asked->edge->prop_count;
    }
    return true;
}

static bool is_text(const char *text, size_t bytes, const char *name)
{
    return memcmp(text, name, bytes) == 0;
}

static enum field field_of_node(const char *name, size_t bytes)
{
    if (bytes == 2 && is_text(name, bytes, "id"))
        return FIELD_ID;
    if (bytes == 3 && is_text(name, bytes, "key"))
        return FIELD_KEY;
    if (bytes == 5 && is_text(name, bytes, "props"))
        return FIELD_PROPS;
    if (bytes == 6 && is_text(name, bytes, "labels"))
        return FIELD_LABELS;
    return FIELD_NONE;
}

static enum field field_of_edge(const char *name, size_t bytes)
{
    if (bytes == 2 && is_text(name, bytes, "id"))
        return FIELD_ID;
    if (bytes == 2 && is_text(name, bytes, "to"))
        return FIELD_TO;
    if (bytes == 4 && is_text(name, bytes, "from"))
        return FIELD_FROM;
    if (bytes == 4 && is_text(name, bytes, "type"))
        return FIELD_TYPE;
    if (bytes == 5 && is_text(name, bytes, "props"))
        return FIELD_PROPS;
    return FIELD_NONE;
}

static enum field field_of(const struct asked *asked, const char *name,
                           size_t bytes)
{
    return asked->node != NULL ? field_of_node(name, bytes)
                               : field_of_edge(name, bytes);
}

/* Keeps the value on top in the row, as the field whose name is at `name`. */
static void keep(lua_State *L, int name)
{
    lua_pushvalue(L, name);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
}

/* Pushes a value of the row whose name is at `name`. Tables are made once, so
 * that row.x is row.props.x. */
static void push_value(lua_State *L, const struct asked *asked, int name,
                       const namidb_value *value)
{
    if (value->kind <= NAMIDB_STRING) {
        ndb_lua_push_value(L, value, asked->block->is_int64);
        return;
    }
    lua_pushvalue(L, name);
    lua_rawget(L, 1);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    ndb_lua_push_value(L, value, asked->block->is_int64);
    keep(L, name);
}

static void push_props(lua_State *L, const struct asked *asked, int names)
{
    lua_createtable(L, 0, (int)asked->prop_count);
    for (uint32_t i = 0; i < asked->prop_count; i++) {
        const namidb_property *prop = &asked->props[i];
        const char *name;
        size_t bytes;

        lua_rawgeti(L, names, ndb_lua_name_at(NAMIDB_PROPERTY, prop->name));
        name = lua_tolstring(L, -1, &bytes);
        if (name == NULL) { /* a program has changed the names */
            lua_pop(L, 1);
            continue;
        }
        if (field_of(asked, name, bytes) == FIELD_NONE)
            push_value(L, asked, lua_gettop(L), &prop->value);
        else
            ndb_lua_push_value(L, &prop->value, asked->block->is_int64);
        lua_rawset(L, -3);
    }
    keep(L, 2);
}

static void push_labels(lua_State *L, const namidb_node *node, int names)
{
    lua_createtable(L, (int)node->label_count, 0);
    for (uint32_t i = 0; i < node->label_count; i++) {
        lua_rawgeti(L, names, ndb_lua_name_at(NAMIDB_LABEL, node->labels[i]));
        lua_rawseti(L, -2, (int)i + 1);
    }
    keep(L, 2);
}

/* Pushes the property whose name is at 2, or nil. */
static void push_property(lua_State *L, const struct asked *asked, int names)
{
    uint32_t name, i = 0;

    lua_pushvalue(L, 2);
    lua_rawget(L, names);
    name = (uint32_t)lua_tointeger(L, -1);
    while (i < asked->prop_count && asked->props[i].name != name)
        i++;
    if (i < asked->prop_count)
        push_value(L, asked, 2, &asked->props[i].value);
    else
        lua_pushnil(L);
}

static void push_field(lua_State *L, const struct asked *asked,
                       enum field field)
{
    int names = lua_gettop(L);

    switch (field) {
    case FIELD_ID:
        ndb_lua_pushid(L,
                       asked->node != NULL ? asked->node->id : asked->edge->id);
        break;
    case FIELD_KEY:
        if (asked->node->key.kind == NAMIDB_NULL)
            lua_pushnil(L);
        else
            ndb_lua_push_value(L, &asked->node->key, false);
        break;
    case FIELD_LABELS:
        push_labels(L, asked->node, names);
        break;
    case FIELD_TYPE:
        lua_rawgeti(L, names, ndb_lua_name_at(NAMIDB_TYPE, asked->edge->type));
        break;
    case FIELD_FROM:
        ndb_lua_pushid(L, asked->edge->from);
        break;
    case FIELD_TO:
        ndb_lua_pushid(L, asked->edge->to);
        break;
    case FIELD_PROPS:
        push_props(L, asked, names);
        break;
    default:
        push_property(L, asked, names);
    }
}

/* What the row's table does not have itself. */
static int row_index(lua_State *L, bool is_node)
{
    struct asked asked;
    const char *name;
    size_t bytes;

    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING || !find_row(L, is_node, &asked))
        return 0;
    ndb_lua_push_block_names(L, lua_gettop(L));
    if (!lua_istable(L, -1))
        return 0;
    name = lua_tolstring(L, 2, &bytes);
    push_field(L, &asked, field_of(&asked, name, bytes));
    return 1;
}

static int node_index(lua_State *L)
{
    return row_index(L, true);
}

static int edge_index(lua_State *L)
{
    return row_index(L, false);
}

/* ----------------------------------------------------------------- making --
 */

void ndb_lua_share_rows(lua_State *L)
{
    lua_newtable(L);
    lua_rawseti(L, -2, NDB_LUA_SHARED_NAMES);
    luaL_getmetatable(L, NDB_LUA_NODE);
    lua_rawseti(L, -2, NDB_LUA_SHARED_NODE);
    luaL_getmetatable(L, NDB_LUA_EDGE);
    lua_rawseti(L, -2, NDB_LUA_SHARED_EDGE);
    luaL_getmetatable(L, NDB_LUA_BLOCK);
    lua_rawseti(L, -2, NDB_LUA_SHARED_BLOCK);
}

static void open_row(lua_State *L, const char *name, lua_CFunction index)
{
    (void)luaL_newmetatable(L, name);
    luaL_getmetatable(L, NDB_LUA_BLOCK);
    lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

#ifndef NDB_LUA_STEPS_IN_C
/* core.rows: what row_jit.lua must know. `memory` is what getmetatable gives
 * for the memory of a block, and for nothing else. */
void ndb_lua_add_rows(lua_State *L)
{
    static const struct {
        const char *name;
        size_t bytes;
    } SIZES[] = {
        { "value", sizeof(namidb_value) },
        { "property", sizeof(namidb_property) },
        { "node", sizeof(namidb_node) },
        { "edge", sizeof(namidb_edge) },
        { "block", sizeof(struct block) },
    };

    lua_createtable(L, 0, 4);
    luaL_getmetatable(L, NDB_LUA_BLOCK);
    lua_getfield(L, -1, "__metatable");
    lua_setfield(L, -3, "memory");
    lua_pop(L, 1);
    luaL_getmetatable(L, NDB_LUA_WALK);
    lua_setfield(L, -2, "walk");
    luaL_getmetatable(L, NDB_LUA_CURSOR);
    lua_setfield(L, -2, "cursor");
    lua_newtable(L);
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        ndb_lua_pushid(L, SIZES[i].bytes);
        lua_setfield(L, -2, SIZES[i].name);
    }
    lua_setfield(L, -2, "sizes");
    lua_setfield(L, -2, "rows");
}
#endif

void ndb_lua_open_rows(lua_State *L)
{
    (void)luaL_newmetatable(L, NDB_LUA_BLOCK);
    lua_newtable(L);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    open_row(L, NDB_LUA_NODE, node_index);
    open_row(L, NDB_LUA_EDGE, edge_index);
}
