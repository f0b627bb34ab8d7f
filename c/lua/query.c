/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries. lua/namidb/query.lua makes db:query and db:rows of them.
 *
 *   reader:collect(plan, params, options, lifted, stamp) -> rows | nil, err
 *   In LuaJIT also -> address, count: of values, `count` rows of them, and then
 *   reader:more(plan, rows, total) -> address, count | rows | nil, err
 *   reader:run(plan, params, options, lifted, stamp) -> query | nil, err
 *   query:next() -> row | nil         raises a failure
 *   query:tell(fn)                    calls fn(err) before `next` raises err
 *   query:collect() -> rows | nil, err
 *   query:take(max, timeout) -> batch | nil, err      see batch.c
 *   query:profile() -> { { rows =, chunks =, seconds =, requests =, bytes = },
 *                        ... }
 *
 * A row is a table by the names of its columns; null is absent. Options are
 * nil, or { timeout =, max_rows =, max_memory =, profile =, host = }, where
 * host is a function: see query_host.c.
 *
 * With a stamp, of reader:schema_stamp(), nothing is run over a graph that has
 * another one: that gives false.
 */
#include <string.h>

#include "lua/query_internal.h"

/* What a query keeps alive, at these indices of its uservalue. */
enum {
    KEPT_SHARED = 1,
    KEPT_NAMES,
    KEPT_READER,
    KEPT_HOST,
    KEPT_TELL, /* a function that is told of failures, or nil */
};

/* Parameters up to this number are read into a local array. */
enum { FEW_PARAMS = 8 };

/* ---------------------------------------------------------------- queries --
 */

static struct query *check_query(lua_State *L)
{
    return luaL_checkudata(L, 1, NDB_LUA_QUERY);
}

static int query_gc(lua_State *L)
{
    struct query *query = check_query(L);

    namidb_query_close(query->query);
    query->query = NULL;
    return 0;
}

static int query_close(lua_State *L)
{
    struct query *query = check_query(L);

    query->is_closing = true;
    return query->is_busy ? 0 : query_gc(L);
}

static int query_tostring(lua_State *L)
{
    lua_pushfstring(L, "namidb query%s",
                    check_query(L)->query == NULL ? " (closed)" : "");
    return 1;
}

static void push_row(lua_State *L, struct query *query, int shared, int names,
                     const namidb_value *row)
{
    lua_createtable(L, 0, (int)query->column_count);
    for (uint32_t i = 0; i < query->column_count; i++) {
        if (row[i].kind == NAMIDB_NULL)
            continue;
        lua_rawgeti(L, names, (int)i + 1);
        ndb_lua_push_result(L, query->db, shared, &row[i], query->is_int64);
        lua_rawset(L, -3);
    }
}

/* Puts what the query keeps on the stack: shared, names, host. Returns the
 * index of the first. */
static int push_kept(lua_State *L)
{
    int at = lua_gettop(L) + 1;

    ndb_lua_get_shared(L, 1);
    lua_rawgeti(L, at, KEPT_NAMES);
    lua_rawgeti(L, at, KEPT_HOST);
    lua_rawgeti(L, at, KEPT_SHARED);
    lua_replace(L, at);
    return at;
}

static struct query *check_idle(lua_State *L)
{
    struct query *query = check_query(L);

    if (query->is_busy)
        (void)luaL_error(L, "the query is in use");
    if (query->query != NULL && query->reader->db == NULL) {
        (void)query_gc(L);
        (void)luaL_error(L, "the handle of the query is closed");
    }
    return query;
}

static int pull(lua_State *L, struct query *query, int kept,
                const namidb_value **row, namidb_error *err)
{
    int rc;

    if (query->reader->db == NULL) /* closed by a finalizer */
        return ndb_lua_query_closed(err);
    query->L = L;
    query->host = kept + 2;
    query->is_busy = true;
    query->reader->running++;
    rc = namidb_query_next(query->query, row, err);
    query->reader->running--;
    query->is_busy = false;
    if (query->is_closing && rc == NAMIDB_OK)
        rc = NAMIDB_NONE;
    return rc;
}

static int query_tell(lua_State *L)
{
    (void)check_query(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    ndb_lua_get_shared(L, 1);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, KEPT_TELL);
    return 0;
}

/* Tells of a failure, and raises it. */
static int raise(lua_State *L, const namidb_error *err)
{
    int failure;

    (void)ndb_lua_fail_quietly(L, err);
    failure = lua_gettop(L);
    ndb_lua_get_shared(L, 1);
    lua_rawgeti(L, -1, KEPT_TELL);
    if (lua_isfunction(L, -1)) {
        lua_pushvalue(L, failure);
        lua_call(L, 1, 0);
    }
    lua_settop(L, failure);
    return lua_error(L);
}

static int query_next(lua_State *L)
{
    struct query *query = check_idle(L);
    const namidb_value *row;
    namidb_error err;
    int kept, rc;

    if (query->query == NULL)
        return 0;
    lua_settop(L, 1);
    kept = push_kept(L);
    rc = pull(L, query, kept, &row, &err);
    if (rc != NAMIDB_OK) {
        (void)query_gc(L);
        return rc < 0 ? raise(L, &err) : 0;
    }
    query->is_busy = true;
    push_row(L, query, kept, kept + 1, row);
    query->is_busy = false;
    if (query->is_closing)
        (void)query_gc(L);
    return 1;
}

struct ndb_lua_pulled ndb_lua_pull(struct ndb_lua_reader *reader,
                                   namidb_query *query, namidb_error *err)
{
    struct ndb_lua_pulled pulled = { .count = 0 };
    size_t count = 0;

    if (reader->db == NULL) { /* closed by a finalizer */
        pulled.rc = ndb_lua_query_closed(err);
        return pulled;
    }
    reader->running++;
    pulled.rc = namidb_query_chunk(query, &pulled.rows, &count, err);
    reader->running--;
    pulled.count = (uint32_t)count;
    return pulled;
}

int ndb_lua_collect_rest(lua_State *L, struct query *query, namidb_query *body,
                         const struct ndb_lua_on_stack *at,
                         struct ndb_lua_pulled pulled, size_t total,
                         namidb_error *err)
{
    while (pulled.rc == NAMIDB_OK) {
        ndb_lua_growth_begin(L, &query->growth);
        for (uint32_t i = 0; i < pulled.count; i++) {
            push_row(L, query, at->shared, at->columns,
                     pulled.rows + (size_t)i * query->column_count);
            lua_rawseti(L, -2, (int)++total);
        }
        if (query->is_closing)
            break;
        pulled.rc =
            ndb_lua_growth_end(L, &query->growth, query->max_memory, err);
        if (pulled.rc >= 0)
            pulled = ndb_lua_pull(query->reader, body, err);
    }
    return pulled.rc;
}

/* Pulls all rows into a table, which is pushed. */
static int collect_all(lua_State *L, struct query *query, namidb_query *body,
                       const struct ndb_lua_on_stack *at,
                       struct ndb_lua_pulled pulled, namidb_error *err)
{
    query->growth = (struct ndb_lua_growth){ 0 };
    lua_createtable(L, (int)pulled.count, 1);
    return ndb_lua_collect_rest(L, query, body, at, pulled, 0, err);
}

static int query_collect(lua_State *L)
{
    struct query *query = check_idle(L);
    struct ndb_lua_on_stack at;
    namidb_error err;
    int kept, rc;

    lua_settop(L, 1);
    kept = push_kept(L);
    if (query->query == NULL) {
        lua_newtable(L);
        return 1;
    }
    query->L = L;
    query->host = kept + 2;
    query->is_busy = true;
    at = (struct ndb_lua_on_stack){ kept + 1, kept, kept + 2 };
    rc = collect_all(L, query, query->query, &at,
                     ndb_lua_pull(query->reader, query->query, &err), &err);
    query->is_busy = false;
    return rc < 0 ? ndb_lua_fail_quietly(L, &err) : 1;
}

static int query_take(lua_State *L)
{
    struct query *query = check_idle(L);
    lua_Number max = luaL_checknumber(L, 2);
    int64_t timeout_ms = ndb_lua_opt_timeout(L, 3);
    size_t rows = max < UINT32_MAX ? (size_t)max : UINT32_MAX;
    namidb_batch **batch;
    namidb_error err;
    int rc;

    lua_settop(L, 1);
    query->host = push_kept(L) + 2;
    query->L = L;
    batch = ndb_lua_new_batch(L);
    if (query->query == NULL)
        return 1;
    query->is_busy = true;
    query->reader->running++;
    rc = namidb_query_take(query->query, rows, timeout_ms, batch, &err);
    query->reader->running--;
    query->is_busy = false;
    if (query->is_closing)
        (void)query_gc(L);
    return rc < 0 ? ndb_lua_fail_quietly(L, &err) : 1;
}

static int query_profile(lua_State *L)
{
    struct query *query = check_query(L);
    namidb_query_step *steps;
    size_t count;

    if (query->query == NULL)
        return luaL_error(L, "the query is closed");
    count = namidb_query_profile(query->query, NULL, 0);
    steps = lua_newuserdata(L, (count + 1) * sizeof *steps);
    (void)namidb_query_profile(query->query, steps, count);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 5);
        ndb_lua_pushid(L, steps[i].rows);
        lua_setfield(L, -2, "rows");
        ndb_lua_pushid(L, steps[i].chunks);
        lua_setfield(L, -2, "chunks");
        lua_pushnumber(L, (double)steps[i].elapsed_ns / 1e9);
        lua_setfield(L, -2, "seconds");
        ndb_lua_pushid(L, steps[i].requests);
        lua_setfield(L, -2, "requests");
        ndb_lua_pushid(L, steps[i].bytes);
        lua_setfield(L, -2, "bytes");
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

/* ----------------------------------------------------------------- running --
 */

/* Makes the query, closed as yet, with what it keeps. */
static struct query *new_query(lua_State *L, struct ndb_lua_reader *reader)
{
    struct query *query = lua_newuserdata(L, sizeof *query);

    *query = (struct query){ .db = reader->db, .reader = reader };
    luaL_getmetatable(L, NDB_LUA_QUERY);
    lua_setmetatable(L, -2);
    lua_createtable(L, 4, 0);
    ndb_lua_get_shared(L, 1);
    lua_rawgeti(L, -1, NDB_LUA_SHARED_INT64);
    query->is_int64 = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    lua_rawseti(L, -2, KEPT_SHARED);
    ndb_lua_get_shared(L, 2);
    lua_rawgeti(L, -1, NDB_LUA_PLAN_COLUMNS);
    lua_rawseti(L, -3, KEPT_NAMES);
    lua_pop(L, 1);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, KEPT_READER);
    if (lua_istable(L, 4))
        lua_getfield(L, 4, "host");
    else
        lua_pushnil(L);
    lua_rawseti(L, -2, KEPT_HOST);
    ndb_lua_set_shared(L, -2);
    return query;
}

/* Whether the stamp at 6, if any, is not that of what is going to be read. */
static bool is_stale(lua_State *L, const namidb_snapshot *snapshot)
{
    return !lua_isnil(L, 6) &&
           lua_tonumber(L, 6) != (lua_Number)namidb_schema_stamp(snapshot);
}

static int push_stale(lua_State *L, struct ndb_lua_reader *reader,
                      struct ndb_lua_look *look)
{
    ndb_lua_end_look(reader, look);
    lua_pushboolean(L, 0);
    return 1;
}

int ndb_lua_run(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct ndb_lua_plan *plan = ndb_lua_check_plan(L, 2);
    namidb_query_options options;
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    namidb_value *params;
    struct query *query;
    namidb_error err;
    int rc;

    lua_settop(L, 6);
    ndb_lua_query_options(L, 4, &options);
    lua_pushnil(L); /* 7: anchors */
    params = lua_newuserdata(L, (plan->param_count + 1) * sizeof *params);
    if (!ndb_lua_read_params(L, plan->param_count, params))
        return 2;
    query = new_query(L, reader);
    query->column_count = plan->column_count;
    query->max_memory = options.max_memory;
    options.host = (namidb_host){ query, ndb_lua_call_host };
    look = ndb_lua_begin_look(L, reader, &snapshot);
    if (is_stale(L, snapshot))
        return push_stale(L, reader, look);
    rc = namidb_query_open(&query->query, plan->plan, snapshot, reader->tx,
                           params, &options, &err);
    ndb_lua_end_look(reader, look);
    if (rc < 0)
        return ndb_lua_fail_quietly(L, &err);
    lua_pushvalue(L, 9);
    return 1;
}

/* What a collecting call needs on the stack. */
struct ndb_lua_on_stack ndb_lua_push_context(lua_State *L, struct query *query)
{
    struct ndb_lua_on_stack at;

    ndb_lua_get_shared(L, 2);
    lua_rawgeti(L, -1, NDB_LUA_PLAN_COLUMNS);
    at.columns = lua_gettop(L);
    ndb_lua_get_shared(L, 1);
    at.shared = lua_gettop(L);
    lua_rawgeti(L, at.shared, NDB_LUA_SHARED_INT64);
    query->is_int64 = lua_toboolean(L, -1) != 0;
    if (lua_istable(L, 4))
        lua_getfield(L, 4, "host");
    else
        lua_pushnil(L);
    at.host = lua_gettop(L);
    return at;
}

/* Fewer rows are faster made here. */
enum { PLAIN_ROWS_MIN = 8 };

/* A query from its beginning to its end: nothing of it outlives the call, but
 * for LuaJIT, which may be given plain rows to make and then asks for more.
 * What C holds meanwhile is the look's. */
int ndb_lua_collect(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct ndb_lua_plan *plan = ndb_lua_check_plan(L, 2);
    struct query query = { .db = reader->db, .reader = reader, .L = L };
    namidb_value few[FEW_PARAMS], *params = few;
    struct ndb_lua_pulled pulled = { .count = 0 };
    namidb_query_options options;
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    struct ndb_lua_on_stack at;
    namidb_error err;
    int rc;

    lua_settop(L, 6);
    ndb_lua_query_options(L, 4, &options);
    lua_pushnil(L); /* 7: anchors */
    if (plan->param_count > FEW_PARAMS)
        params = lua_newuserdata(L, plan->param_count * sizeof *params);
    if (!ndb_lua_read_params(L, plan->param_count, params))
        return 2;
    at = ndb_lua_push_context(L, &query);
    query.column_count = plan->column_count;
    query.max_memory = options.max_memory;
    query.host = at.host;
    options.host = (namidb_host){ &query, ndb_lua_call_host };
    look = ndb_lua_begin_look(L, reader, &snapshot);
    if (is_stale(L, snapshot))
        return push_stale(L, reader, look);
    rc = namidb_query_open(&look->query, plan->plan, snapshot, reader->tx,
                           params, &options, &err);
    if (rc >= 0)
        pulled = ndb_lua_pull(reader, look->query, &err);
#ifndef NDB_LUA_STEPS_IN_C
    if (rc >= 0 && look == &reader->look && !query.is_int64 &&
        !namidb_plan_has_host(plan->plan) && pulled.count >= PLAIN_ROWS_MIN &&
        ndb_lua_is_plain(plan, &pulled)) {
        look->growth = (struct ndb_lua_growth){ 0 };
        look->bytes_max = options.max_memory;
        return ndb_lua_push_plain(L, reader, &pulled);
    }
#endif
    if (rc >= 0)
        rc = collect_all(L, &query, look->query, &at, pulled, &err);
    ndb_lua_end_look(reader, look);
    return rc < 0 ? ndb_lua_fail_quietly(L, &err) : 1;
}

static const luaL_Reg META[] = {
    { "__gc", query_gc },
    { "__close", query_close },
    { "__tostring", query_tostring },
    { NULL, NULL },
};
static const luaL_Reg METHODS[] = {
    { "next", query_next },
    { "tell", query_tell },
    { "collect", query_collect },
    { "take", query_take },
    { "profile", query_profile },
    { "close", query_close },
    { NULL, NULL },
};

void ndb_lua_open_queries(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_QUERY, META, METHODS);
    (void)luaL_newmetatable(L, NDB_LUA_PATH);
    lua_pop(L, 2);
}
