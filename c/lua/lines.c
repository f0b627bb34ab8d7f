/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast way of a bulk load, for lua/namidb/load.lua alone:
 *
 *   core.lines(tx, spec) -> lines
 *     spec: edge, merge (booleans), separator (nil: JSON), label (or type),
 *     from, to (labels), columns: { { name =, kind =, role =, member = }, ... }
 *   core.put_lines(tx, lines, text, at, rows_max) -> rows, at
 *
 * See namidb_lines_put.
 */
#include <string.h>

#include "lua/binding.h"
#include "namidb_lines.h"

static const char *const KINDS[] = { "string", "int", "float", "bool", NULL };
static const uint32_t KIND_OF[] = { NAMIDB_STRING, NAMIDB_INT, NAMIDB_FLOAT,
                                    NAMIDB_BOOL };
static const char *const ROLES[] = { "none", "key", "from", "to", NULL };

static namidb_tx *check_tx(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_TX);

    if (reader->tx == NULL)
        (void)luaL_error(L, "the transaction has ended");
    return reader->tx;
}

/* The number of the name in a field of the table on top; 0: there is none. */
static uint32_t name_field(lua_State *L, const char *field,
                           enum namidb_name_kind kind)
{
    uint32_t number = 0;
    namidb_error err;

    lua_getfield(L, -1, field);
    if (!lua_isnil(L, -1)) {
        size_t bytes;
        const char *name = luaL_checklstring(L, -1, &bytes);

        if (namidb_tx_number(check_tx(L), kind, name, bytes, &number, &err) < 0)
            (void)ndb_lua_raise(L, &err);
    }
    lua_pop(L, 1);
    return number;
}

static bool flag_field(lua_State *L, const char *field)
{
    bool is_set;

    lua_getfield(L, -1, field);
    is_set = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return is_set;
}

static int option_field(lua_State *L, const char *field,
                        const char *const options[])
{
    int option;

    lua_getfield(L, -1, field);
    option = luaL_checkoption(L, -1, options[0], options);
    lua_pop(L, 1);
    return option;
}

static void read_columns(lua_State *L, namidb_lines_spec *spec)
{
    namidb_lines_column *columns;

    lua_getfield(L, 2, "columns");
    luaL_checktype(L, -1, LUA_TTABLE);
    spec->column_count = (uint32_t)lua_rawlen(L, -1);
    /* Below the table on the stack, so that it lives until the call is over. */
    columns = lua_newuserdata(L, (spec->column_count + 1) * sizeof *columns);
    lua_insert(L, -2);
    for (uint32_t i = 0; i < spec->column_count; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        columns[i].name = name_field(L, "name", NAMIDB_PROPERTY);
        columns[i].kind = KIND_OF[option_field(L, "kind", KINDS)];
        columns[i].role =
            (enum namidb_lines_role)option_field(L, "role", ROLES);
        /* The column's table holds the text until the call is over. */
        lua_getfield(L, -1, "member");
        columns[i].member = luaL_checklstring(L, -1, &columns[i].member_bytes);
        lua_pop(L, 1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    spec->columns = columns;
}

int ndb_lua_lines(lua_State *L)
{
    namidb_lines_spec spec = { .separator = '\0' };
    namidb_lines **lines;
    namidb_error err;

    (void)check_tx(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    spec.is_edge = flag_field(L, "edge");
    spec.is_merge = flag_field(L, "merge");
    lua_getfield(L, 2, "separator");
    if (!lua_isnil(L, -1))
        spec.separator = luaL_checkstring(L, -1)[0];
    lua_pop(L, 1);
    spec.label =
        name_field(L, "label", spec.is_edge ? NAMIDB_TYPE : NAMIDB_LABEL);
    spec.from_label = name_field(L, "from", NAMIDB_LABEL);
    spec.to_label = name_field(L, "to", NAMIDB_LABEL);
    read_columns(L, &spec);
    lines = lua_newuserdata(L, sizeof *lines);
    *lines = NULL;
    luaL_getmetatable(L, NDB_LUA_LINES);
    lua_setmetatable(L, -2);
    if (namidb_lines_new(lines, &spec, &err) < 0)
        return ndb_lua_raise(L, &err);
    return 1;
}

int ndb_lua_put_lines(lua_State *L)
{
    namidb_tx *tx = check_tx(L);
    namidb_lines **lines = luaL_checkudata(L, 2, NDB_LUA_LINES);
    size_t bytes, rows, used;
    const char *text = luaL_checklstring(L, 3, &bytes);
    size_t at = (size_t)luaL_checknumber(L, 4) - 1;
    size_t rows_max = (size_t)luaL_checknumber(L, 5);

    if (at > bytes)
        at = bytes;
    namidb_lines_put(*lines, tx, text + at, bytes - at, rows_max, &rows, &used);
    ndb_lua_pushid(L, rows);
    ndb_lua_pushid(L, at + used + 1);
    return 2;
}

static int lines_gc(lua_State *L)
{
    namidb_lines **lines = luaL_checkudata(L, 1, NDB_LUA_LINES);

    namidb_lines_free(*lines);
    *lines = NULL;
    return 0;
}

static const luaL_Reg META[] = { { "__gc", lines_gc }, { NULL, NULL } };
static const luaL_Reg METHODS[] = { { NULL, NULL } };

void ndb_lua_open_lines(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_LINES, META, METHODS);
    lua_pop(L, 1);
}
