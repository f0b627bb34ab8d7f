/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows in one call:
 *
 *   tx:put_nodes(label, keys, columns, { merge = bool }) -> ids
 *   tx:put_edges(type, from, to, columns) -> ids
 *
 * Keys, ends and columns are arrays; a column is a property's, and nil in it is
 * a row without. See namidb_rows.h.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lua/binding.h"
#include "namidb_rows.h"

/* Stack indices of arguments. */
enum { NAME = 2, KEYS = 3, FROM = 3, TO = 4, NODE_COLUMNS = 4, COLUMNS = 5 };

#define ID_MAX 9007199254740991.0

static size_t check_array(lua_State *L, int index, const char *what)
{
    if (!lua_istable(L, index))
        (void)luaL_error(L, "%s: an array is wanted, not a %s", what,
                         luaL_typename(L, index));
    return lua_rawlen(L, index);
}

/* ---------------------------------------------------------------- columns --
 */

/* Values that point to nothing but what their array holds. */
static bool is_plain(lua_State *L, int index)
{
    int type = lua_type(L, index);

    return type == LUA_TNIL || type == LUA_TNUMBER || type == LUA_TSTRING ||
           type == LUA_TBOOLEAN;
}

/* The values of the array at `index`, one for each of `count` rows. */
static namidb_values read_values(lua_State *L, int index, size_t count,
                                 int anchors, const char *name)
{
    namidb_value *items = lua_newuserdata(L, (count + 1) * sizeof *items);
    int top = lua_gettop(L);

    for (size_t row = 0; row < count; row++) {
        char what[64];

        lua_rawgeti(L, index, (int)row + 1);
        what[0] = '\0';
        if (!is_plain(L, top + 1))
            (void)snprintf(what, sizeof what, "%.40s[%zu]", name, row + 1);
        items[row] = ndb_lua_check_value(L, top + 1, anchors, what);
        lua_settop(L, top);
    }
    return (namidb_values){ items, 1 };
}

/* The columns at `index` (nil: none). What they point to stays on the stack. */
static namidb_columns read_columns(lua_State *L, struct ndb_lua_reader *reader,
                                   int index, size_t rows)
{
    namidb_column *columns;
    size_t count = 0, max;
    int anchors;

    if (lua_isnoneornil(L, index))
        return (namidb_columns){ NULL, 0 };
    (void)check_array(L, index, "columns");
    max = ndb_lua_count_entries(L, index);
    columns = lua_newuserdata(L, (max + 1) * sizeof *columns);
    lua_pushnil(L);
    anchors = lua_gettop(L);
    luaL_checkstack(L, (int)max + 8, "too many columns");
    lua_pushnil(L);
    while (lua_next(L, index) != 0 && count < max) {
        int key = lua_gettop(L) - 1;
        const char *name = ndb_lua_check_property(L, key);

        if (check_array(L, key + 1, name) > rows)
            (void)luaL_error(L, "%s: more values than the %d rows", name,
                             (int)rows);
        columns[count].name =
            ndb_lua_check_name(L, reader, key, NAMIDB_PROPERTY);
        columns[count++].values = read_values(L, key + 1, rows, anchors, name);
        /* Below the key, so that it stays. */
        lua_replace(L, key + 1);
        lua_insert(L, key);
    }
    return (namidb_columns){ columns, count };
}

/* ------------------------------------------------------------------- ends --
 */

static uint64_t read_end(lua_State *L, const char *what, size_t row)
{
    int index = lua_gettop(L);
    double number = 0;

    if (ndb_lua_is_row(L, index, NDB_LUA_NODE))
        return ndb_lua_check_id(L, index, NDB_LUA_NODE);
    if (lua_type(L, index) == LUA_TNUMBER)
        number = lua_tonumber(L, index);
    if (!(number >= 1 && number <= ID_MAX && number == floor(number)))
        (void)luaL_error(
            L, "%s[%d]: an id or a node is wanted, not %s", what, (int)row + 1,
            lua_type(L, index) == LUA_TNUMBER ? "such a number"
                                              : luaL_typename(L, index));
    return (uint64_t)number;
}

static const uint64_t *read_ends(lua_State *L, int index, size_t count,
                                 const char *what)
{
    uint64_t *ids = lua_newuserdata(L, (count + 1) * sizeof *ids);

    for (size_t row = 0; row < count; row++) {
        lua_rawgeti(L, index, (int)row + 1);
        ids[row] = read_end(L, what, row);
        lua_pop(L, 1);
    }
    return ids;
}

/* ------------------------------------------------------------------ calls --
 */

/* nil and the error, which says which row was bad. */
static int fail_row(lua_State *L, size_t row, namidb_error *err)
{
    char message[sizeof err->message];
    int results;

    memcpy(message, err->message, sizeof message);
    (void)snprintf(err->message, sizeof err->message, "row %zu: %.*s", row + 1,
                   (int)sizeof message - 32, message);
    results = ndb_lua_fail_tx(L, err);
    ndb_lua_pushid(L, row + 1);
    lua_setfield(L, -2, "row");
    return results;
}

static int push_ids(lua_State *L, const uint64_t *ids, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t row = 0; row < count; row++) {
        ndb_lua_pushid(L, ids[row]);
        lua_rawseti(L, -2, (int)row + 1);
    }
    return 1;
}

int ndb_lua_put_nodes(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    namidb_node_rows rows = { .count = check_array(L, KEYS, "keys") };
    namidb_error err;
    uint64_t *ids;
    size_t bad_row;

    lua_settop(L, 5);
    rows.is_merge = ndb_lua_check_flag(L, 5, "merge");
    rows.label = ndb_lua_check_name(L, reader, NAME, NAMIDB_LABEL);
    lua_pushnil(L);
    rows.keys = read_values(L, KEYS, rows.count, lua_gettop(L), "keys");
    rows.props = read_columns(L, reader, NODE_COLUMNS, rows.count);
    ids = lua_newuserdata(L, (rows.count + 1) * sizeof *ids);
    if (namidb_put_nodes(ndb_lua_live_tx(L, reader), &rows, ids, &bad_row,
                         &err) < 0)
        return fail_row(L, bad_row, &err);
    return push_ids(L, ids, rows.count);
}

int ndb_lua_put_edges(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    namidb_edge_rows rows = { .count = check_array(L, FROM, "from") };
    namidb_error err;
    uint64_t *ids;
    size_t bad_row;

    lua_settop(L, 5);
    if (check_array(L, TO, "to") != rows.count)
        return luaL_error(L, "from has %d rows, to has %d", (int)rows.count,
                          (int)lua_rawlen(L, TO));
    rows.type = ndb_lua_check_name(L, reader, NAME, NAMIDB_TYPE);
    rows.from = read_ends(L, FROM, rows.count, "from");
    rows.to = read_ends(L, TO, rows.count, "to");
    rows.props = read_columns(L, reader, COLUMNS, rows.count);
    ids = lua_newuserdata(L, (rows.count + 1) * sizeof *ids);
    if (namidb_put_edges(ndb_lua_live_tx(L, reader), &rows, ids, &bad_row,
                         &err) < 0)
        return fail_row(L, bad_row, &err);
    return push_ids(L, ids, rows.count);
}
