/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LuaJIT: queries that compiled Lua runs (lua/namidb/result_jit.lua).
 *
 * What Lua calls through lua_State, the compiler cannot see through, and a
 * small query took less time than getting in and out. So Lua calls two
 * functions by address. They get no lua_State: they neither raise nor make
 * values nor run Lua, and what they cannot do they leave to reader:collect or
 * to reader:more.
 *
 *   collect(reader, plan, params, stamp) -> state     begins
 *   finish(reader) -> state          when Lua has made rows of what was pulled
 *
 * Rows of plain values stay where they were pulled (pulled, in the reader's
 * look) while Lua makes tables of them, and the look is the query's until it
 * ends.
 *
 *   reader:address() -> reader, pulled | nil    of a handle, by number
 *   reader:more(plan, rows, total) -> address, count | rows | nil, err
 */

#include "lua/query_internal.h"

#ifndef NDB_LUA_STEPS_IN_C

/* What came of it; result_jit.lua has the same numbers. */
enum state {
    JIT_DONE,  /* there are no more rows: the query is over */
    JIT_ROWS,  /* in `pulled` */
    JIT_REST,  /* the rest is for reader:more */
    JIT_STALE, /* the graph has other indexes: nothing was run */
    JIT_NOT    /* nothing was done: reader:collect is to do it */
};

/* Texts of a chunk that Lua makes tables of before anybody counts what it
 * takes. */
enum { UNCOUNTED_BYTES_MAX = 1 << 20 };

/* An address has fewer bits than a number's digits. */
static void push_address(lua_State *L, const void *address)
{
    lua_pushnumber(L, (lua_Number)(uintptr_t)address);
}

bool ndb_lua_is_plain(const struct ndb_lua_plan *plan,
                      const struct ndb_lua_pulled *pulled)
{
    size_t count = (size_t)pulled->count * plan->column_count;

    if (pulled->rc != NAMIDB_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        if (pulled->rows[i].kind > NAMIDB_STRING)
            return false;
    return true;
}

int ndb_lua_push_plain(lua_State *L, struct ndb_lua_reader *reader,
                       const struct ndb_lua_pulled *pulled)
{
    ndb_lua_growth_begin(L, &reader->look.growth);
    push_address(L, pulled->rows);
    ndb_lua_pushid(L, pulled->count);
    return 2;
}

/* ------------------------------------------------------------- by address --
 */

static bool is_small(const struct ndb_lua_plan *plan,
                     const struct ndb_lua_pulled *pulled)
{
    size_t count = (size_t)pulled->count * plan->column_count;
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        if (pulled->rows[i].kind == NAMIDB_STRING)
            bytes += pulled->rows[i].size;
    return bytes <= UNCOUNTED_BYTES_MAX;
}

/* Whether the reader is a database, and reads what is there now. */
static bool reads_now(const struct ndb_lua_reader *reader)
{
    return reader->snapshot == NULL && reader->tx == NULL;
}

/* Opens the query in the reader's look, which is lent. */
static enum state open_query(struct ndb_lua_reader *reader,
                             const struct ndb_lua_plan *plan,
                             const namidb_value *params, double stamp)
{
    struct ndb_lua_look *look = &reader->look;
    namidb_query_options options;
    namidb_snapshot *snapshot;
    namidb_error err;

    namidb_query_options_init(&options);
    look->bytes_max = options.max_memory;
    if (reads_now(reader)) {
        int rc = namidb_query_open_now(&look->query, plan->plan, reader->db,
                                       (uint64_t)stamp, params, &options, &err);

        return rc < 0 ? JIT_NOT : rc == NAMIDB_NONE ? JIT_STALE : JIT_ROWS;
    }
    if (ndb_lua_open_look(reader, look, &snapshot, &err) < 0)
        return JIT_NOT;
    if (stamp != (double)namidb_schema_stamp(snapshot))
        return JIT_STALE;
    return namidb_query_open(&look->query, plan->plan, snapshot, reader->tx,
                             params, &options, &err) < 0
               ? JIT_NOT
               : JIT_ROWS;
}

/* Pulls into look->pulled; at the end the look ends. */
static enum state jit_finish(struct ndb_lua_reader *reader)
{
    struct ndb_lua_look *look = &reader->look;

    look->pulled = ndb_lua_pull(reader, look->query, &look->err);
    look->has_pulled = look->pulled.rc != NAMIDB_NONE;
    if (look->has_pulled)
        return JIT_REST;
    ndb_lua_end_look(reader, look);
    return JIT_DONE;
}

static enum state jit_collect(struct ndb_lua_reader *reader,
                              const struct ndb_lua_plan *plan,
                              const namidb_value *params, double stamp)
{
    struct ndb_lua_look *look = &reader->look;
    enum state state;

    if (reader->db == NULL || look->is_lent || namidb_plan_has_host(plan->plan))
        return JIT_NOT;
    look->is_lent = true;
    state = open_query(reader, plan, params, stamp);
    if (state != JIT_ROWS) {
        ndb_lua_end_look(reader, look);
        return state;
    }
    state = jit_finish(reader);
    if (state == JIT_REST && ndb_lua_is_plain(plan, &look->pulled) &&
        is_small(plan, &look->pulled)) {
        look->has_pulled = false;
        return JIT_ROWS;
    }
    return state;
}

/* --------------------------------------------------------------- from Lua --
 */

/* Nothing for a handle whose integers are int64_t. */
int ndb_lua_address(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_handle(L);

    ndb_lua_get_shared(L, 1);
    lua_rawgeti(L, -1, NDB_LUA_SHARED_INT64);
    if (lua_toboolean(L, -1))
        return 0;
    push_address(L, reader);
    push_address(L, &reader->look.pulled);
    return 2;
}

/* What was pulled and is nobody's yet, or the next chunk. */
static struct ndb_lua_pulled
take_pulled(lua_State *L, struct ndb_lua_reader *reader, namidb_error *err)
{
    struct ndb_lua_look *look = &reader->look;
    struct ndb_lua_pulled pulled = { .count = 0 };

    if (look->has_pulled) {
        look->has_pulled = false;
        look->growth = (struct ndb_lua_growth){ 0 };
        if (look->pulled.rc < 0)
            *err = look->err;
        return look->pulled;
    }
    pulled.rc = ndb_lua_growth_end(L, &look->growth, look->bytes_max, err);
    return pulled.rc < 0 ? pulled : ndb_lua_pull(reader, look->query, err);
}

int ndb_lua_more(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_handle(L);
    struct ndb_lua_plan *plan = ndb_lua_check_plan(L, 2);
    struct query query = { .db = reader->db, .reader = reader, .L = L };
    struct ndb_lua_look *look = &reader->look;
    struct ndb_lua_on_stack at;
    struct ndb_lua_pulled pulled;
    namidb_error err;
    size_t total;

    luaL_checktype(L, 3, LUA_TTABLE);
    total = (size_t)luaL_checkinteger(L, 4);
    lua_settop(L, 4);
    if (!look->is_lent || look->query == NULL)
        return luaL_error(L, "no rows are being collected");
    query.column_count = plan->column_count;
    query.max_memory = look->bytes_max;
    pulled = take_pulled(L, reader, &err);
    query.growth = look->growth;
    if (ndb_lua_is_plain(plan, &pulled))
        return ndb_lua_push_plain(L, reader, &pulled);
    if (pulled.rc == NAMIDB_OK) {
        at = ndb_lua_push_context(L, &query);
        lua_pushvalue(L, 3);
        pulled.rc = ndb_lua_collect_rest(L, &query, look->query, &at, pulled,
                                         total, &err);
    }
    ndb_lua_end_look(reader, look);
    if (pulled.rc < 0)
        return ndb_lua_fail_quietly(L, &err);
    lua_pushvalue(L, 3);
    return 1;
}

/* call(fn, ...): calls it. What is compiled goes on behind, whatever fn is. */
static int jit_call(lua_State *L)
{
    lua_call(L, lua_gettop(L) - 1, 0);
    return 0;
}

/* core.queries: { collect =, finish = }, by address, and call. */
void ndb_lua_add_queries(lua_State *L)
{
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, jit_call);
    lua_setfield(L, -2, "call");
    push_address(L, (const void *)(uintptr_t)jit_collect);
    lua_setfield(L, -2, "collect");
    push_address(L, (const void *)(uintptr_t)jit_finish);
    lua_setfield(L, -2, "finish");
    lua_setfield(L, -2, "queries");
}

#endif
