/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of a statement, as lua/namidb/cypher/lexer.lua describes them.
 *
 *   core.tokens(text, most) -> kinds, values, starts, stops
 *                            | nil, fault, place, code
 *   core.keywords           a set of upper case words
 *
 * A fault's name and what its code means are in namidb_tokens.h; "count": there
 * are more than `most` tokens. Places are bytes from 1.
 */
#include "lua/binding.h"
#include "namidb_tokens.h"

/* Where the tables are on the stack. */
enum { TEXT = 1, MOST, KINDS, VALUES, STARTS, STOPS };

/* A table for about so many tokens as a text of some bytes has. */
static void push_array(lua_State *L, size_t bytes)
{
    lua_createtable(L, (int)(bytes < 1024 ? bytes / 3 + 4 : 512), 0);
}

static void push_value(lua_State *L, const namidb_token *token)
{
    char *room;

    if (token->value == NULL) {
        lua_pushboolean(L, 0);
    } else if (token->is_escaped) {
        room = lua_newuserdata(L, token->value_bytes + 1);
        lua_pushlstring(L, room, namidb_token_value(token, room));
        lua_remove(L, -2);
    } else {
        lua_pushlstring(L, token->value, token->value_bytes);
    }
}

static void add(lua_State *L, const namidb_token *token, int index)
{
    lua_rawgeti(L, lua_upvalueindex(1), token->kind);
    lua_rawseti(L, KINDS, index);
    push_value(L, token);
    lua_rawseti(L, VALUES, index);
    lua_pushinteger(L, (lua_Integer)token->begin + 1);
    lua_rawseti(L, STARTS, index);
    lua_pushinteger(L, (lua_Integer)token->end);
    lua_rawseti(L, STOPS, index);
}

static int fail(lua_State *L, const char *fault, size_t at, uint32_t code)
{
    lua_pushnil(L);
    lua_pushstring(L, fault);
    lua_pushinteger(L, (lua_Integer)at + 1);
    lua_pushinteger(L, (lua_Integer)code);
    return 4;
}

static int tokens(lua_State *L)
{
    namidb_lexer lexer = { .at = 0 };
    namidb_token token;
    lua_Integer most = luaL_checkinteger(L, MOST), count = 0;

    lexer.text = luaL_checklstring(L, TEXT, &lexer.bytes);
    lua_settop(L, MOST);
    for (int i = KINDS; i <= STOPS; i++)
        push_array(L, lexer.bytes);
    do {
        if (namidb_lexer_next(&lexer, &token) < 0)
            return fail(L, namidb_token_fault_name(lexer.fault), lexer.fault_at,
                        lexer.code);
        if (count == most && token.kind != NAMIDB_TOKEN_END)
            return fail(L, "count", token.begin, 0);
        add(L, &token, (int)++count);
    } while (token.kind != NAMIDB_TOKEN_END);
    return 4;
}

/* The names of all kinds, by number. */
static void push_kinds(lua_State *L)
{
    lua_newtable(L);
    for (int kind = 1; kind < NAMIDB_TOKEN_KINDS; kind++) {
        char sign = (char)kind;

        if (kind < NAMIDB_TOKEN_NAME)
            lua_pushlstring(L, &sign, 1);
        else
            lua_pushstring(L, namidb_token_name((uint32_t)kind));
        lua_rawseti(L, -2, kind);
    }
}

void ndb_lua_add_tokens(lua_State *L)
{
    push_kinds(L);
    lua_pushcclosure(L, tokens, 1);
    lua_setfield(L, -2, "tokens");
    lua_newtable(L);
    for (int kind = NAMIDB_TOKEN_TYPED + 1; kind < NAMIDB_TOKEN_KINDS; kind++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, namidb_token_name((uint32_t)kind));
    }
    lua_setfield(L, -2, "keywords");
}
