/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries. lua/namidb/query.lua makes db:query and db:rows of them.
 *
 *   reader:collect(plan, params, options, lifted, stamp) -> rows | nil, err
 *   reader:run(plan, params, options, lifted, stamp) -> query | nil, err
 *   query:next() -> row | nil         raises a failure
 *   query:collect() -> rows | nil, err
 *   query:profile() -> { { rows =, chunks =, seconds =, requests =, bytes = },
 *                        ... }
 *
 * A row is a table by the names of its columns; null is absent. Options are
 * nil, or { timeout =, max_rows =, max_memory =, profile =, host = }, where
 * host is a function: see namidb_host_call.
 *
 * With a stamp, of reader:schema_stamp(), nothing is run over a graph that has
 * another one: that gives false.
 *
 *   host(nil, false, name, ...) -> value                 a function
 *   host(caller, is_more, name, ...) -> rows, has_more   a procedure
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/binding.h"
#include "namidb_schema.h"

struct query {
    namidb_query *query;           /* NULL: at its end, or closed */
    namidb *db;                    /* its names; the query keeps it */
    struct ndb_lua_reader *reader; /* anchored: see run */
    uint32_t column_count;
    uint64_t max_memory; /* of the rows that collect gives, too */
    bool is_int64;
    bool is_busy;
    bool is_closing;
    lua_State *L; /* that pulls, for calls of the host */
    int host;     /* stack index of the host function, while pulling */
};

/* What a query keeps alive, at these indices of its uservalue. */
enum { KEPT_SHARED = 1, KEPT_NAMES, KEPT_READER, KEPT_HOST };

/* Parameters up to this number are read into a local array. */
enum { FEW_PARAMS = 8 };

/* --------------------------------------------------------------- the host --
 */

/* A call of the host under way: C's side of a protected call. */
struct host_call {
    struct query *query;
    const namidb_host_call *call;
    namidb_arena *arena;
    namidb_value *out;
    int rc;
};

/* Arguments are as in a query, but what is read of the graph: nodes have only
 * their ids there. */
static void push_argument(lua_State *L, const struct query *query,
                          const namidb_value *value)
{
    if (value->kind == NAMIDB_NODE)
        ndb_lua_pushid(L, value->as.id);
    else if (value->kind == NAMIDB_EDGE)
        ndb_lua_pushid(L, value->as.edge->id);
    else
        ndb_lua_push_value(L, value, query->is_int64);
}

static int call_protected(lua_State *L)
{
    struct host_call *at = lua_touserdata(L, 1);
    const namidb_host_call *call = at->call;
    namidb_value value;

    luaL_checkstack(L, (int)call->count + 8, "too many arguments");
    lua_pushvalue(L, 2); /* the function */
    if (call->caller != NULL)
        lua_pushlightuserdata(L, (void *)(uintptr_t)call->caller);
    else
        lua_pushnil(L);
    lua_pushboolean(L, call->is_more);
    lua_pushlstring(L, call->name, call->name_bytes);
    for (size_t i = 0; i < call->count; i++)
        push_argument(L, at->query, &call->args[i]);
    lua_call(L, (int)call->count + 3, 2);
    lua_pushnil(L);
    value = ndb_lua_check_query_value(L, lua_gettop(L) - 2, lua_gettop(L),
                                      "the result");
    at->rc = namidb_value_copy(at->arena, &value, at->out);
    if (at->rc >= 0 && call->caller != NULL && !lua_toboolean(L, -2))
        at->rc = NAMIDB_NONE;
    return 0;
}

/* An error of Lua, whatever it is, as the query's. */
static void take_error(lua_State *L, const namidb_host_call *call,
                       namidb_error *err)
{
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error value";

    memset(err, 0, sizeof *err);
    err->code = NAMIDB_EINVAL;
    err->fault = call->caller != NULL ? "ProcedureError.ProcedureFailed"
                                      : "FunctionError.FunctionFailed";
    (void)snprintf(err->message, sizeof err->message, "%.*s: %.400s",
                   (int)(call->name_bytes < 64 ? call->name_bytes : 64),
                   call->name, text);
}

/* A function, or a finalizer, closed what the query runs on. */
static int closed(namidb_error *err)
{
    memset(err, 0, sizeof *err);
    err->code = NAMIDB_EINVAL;
    (void)snprintf(err->message, sizeof err->message,
                   "the handle of the query is closed");
    return NAMIDB_EINVAL;
}

static int call_host(void *context, const namidb_host_call *call,
                     namidb_arena *arena, namidb_value *out, namidb_error *err)
{
    struct query *query = context;
    lua_State *L = query->L;
    struct host_call at = { query, call, arena, out, NAMIDB_OK };
    int top;

    if (!lua_checkstack(L, 8)) {
        lua_settop(L, 0);
        return NAMIDB_ENOMEM;
    }
    top = lua_gettop(L);
    lua_pushcfunction(L, ndb_lua_error_text);
    lua_pushcfunction(L, call_protected);
    lua_pushlightuserdata(L, &at);
    lua_pushvalue(L, query->host);
    if (lua_pcall(L, 2, 0, top + 1) != 0) {
        take_error(L, call, err);
        at.rc = NAMIDB_EINVAL;
    }
    lua_settop(L, top);
    return query->reader->db != NULL ? at.rc : closed(err);
}

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
        return closed(err);
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
        return rc < 0 ? ndb_lua_raise(L, &err) : 0;
    }
    query->is_busy = true;
    push_row(L, query, kept, kept + 1, row);
    query->is_busy = false;
    if (query->is_closing)
        (void)query_gc(L);
    return 1;
}

static int pull_chunk(struct query *query, namidb_query *body,
                      const namidb_value **rows, size_t *count,
                      namidb_error *err)
{
    int rc;

    if (query->reader->db == NULL) /* closed by a finalizer */
        return closed(err);
    query->reader->running++;
    rc = namidb_query_chunk(body, rows, count, err);
    query->reader->running--;
    return rc;
}

/* Pulls all rows into a table, which is pushed. `names` and `shared` are on the
 * stack. */
static int collect(lua_State *L, struct query *query, namidb_query *body,
                   int shared, int names, namidb_error *err)
{
    const namidb_value *rows;
    size_t count, total = 0;
    uint64_t begin = ndb_lua_bytes(L);
    int rc = pull_chunk(query, body, &rows, &count, err);

    lua_createtable(L, rc == NAMIDB_OK ? (int)count : 0, 1);
    while (rc == NAMIDB_OK) {
        for (size_t i = 0; i < count; i++) {
            push_row(L, query, shared, names, rows + i * query->column_count);
            lua_rawseti(L, -2, (int)++total);
        }
        if (query->is_closing)
            break;
        rc = ndb_lua_check_memory(L, begin, query->max_memory, err);
        if (rc >= 0)
            rc = pull_chunk(query, body, &rows, &count, err);
    }
    return rc;
}

static int query_collect(lua_State *L)
{
    struct query *query = check_idle(L);
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
    rc = collect(L, query, query->query, kept, kept + 1, &err);
    query->is_busy = false;
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

static bool missing(lua_State *L, const char *name)
{
    namidb_error err = { .code = NAMIDB_EINVAL };

    err.fault = "ParameterMissing.MissingParameter";
    (void)snprintf(err.message, sizeof err.message,
                   "parameter $%.200s was not given", name);
    (void)ndb_lua_fail_quietly(L, &err);
    return false;
}

/* The values at 5 that were lifted out of the statement; NULL: none. */
static const struct ndb_lua_lifted *check_lifted(lua_State *L)
{
    return lua_isnil(L, 5) ? NULL : luaL_checkudata(L, 5, NDB_LUA_LIFTED);
}

/* Whether a parameter is a literal of the statement: `~1`, `~2` ... */
static bool find_lifted(const struct ndb_lua_lifted *lifted, const char *name,
                        namidb_value *out)
{
    size_t number;

    if (lifted == NULL || name[0] != '~')
        return false;
    number = (size_t)strtoul(name + 1, NULL, 10);
    if (number == 0 || number > lifted->count)
        return false;
    *out = lifted->values[number - 1];
    return true;
}

/* The `count` parameters that the plan names: literals, or from the table at 3.
 * The values' memory hangs on the slot at 7. False: one is missing, its error
 * is on the stack. */
static bool read_params(lua_State *L, uint32_t count, namidb_value *params)
{
    const struct ndb_lua_lifted *lifted = check_lifted(L);
    int names;

    if (count == 0)
        return true;
    ndb_lua_get_shared(L, 2);
    lua_rawgeti(L, -1, NDB_LUA_PLAN_PARAMS);
    names = lua_gettop(L);
    for (uint32_t i = 0; i < count; i++) {
        lua_rawgeti(L, names, (int)i + 1);
        if (find_lifted(lifted, lua_tostring(L, -1), &params[i])) {
            lua_pop(L, 1);
            continue;
        }
        if (lua_istable(L, 3)) {
            lua_pushvalue(L, -1);
            lua_rawget(L, 3);
        } else {
            lua_pushnil(L);
        }
        if (lua_isnil(L, -1))
            return missing(L, lua_tostring(L, -2));
        params[i] =
            ndb_lua_check_query_value(L, lua_gettop(L), 7, lua_tostring(L, -2));
        lua_pop(L, 2); /* the table has the value */
    }
    lua_pop(L, 2);
    return true;
}

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
    if (!read_params(L, plan->param_count, params))
        return 2;
    query = new_query(L, reader);
    query->column_count = plan->column_count;
    query->max_memory = options.max_memory;
    options.host = (namidb_host){ query, call_host };
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

/* What a collecting call has on the stack, above its arguments and anchors. */
struct on_stack {
    int columns, shared, host;
};

static struct on_stack push_context(lua_State *L, struct query *query)
{
    struct on_stack at;

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

/* A query from its beginning to its end: nothing of it outlives the call. What
 * C holds meanwhile is the look's. */
int ndb_lua_collect(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct ndb_lua_plan *plan = ndb_lua_check_plan(L, 2);
    struct query query = { .db = reader->db, .reader = reader, .L = L };
    namidb_value few[FEW_PARAMS], *params = few;
    namidb_query_options options;
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    struct on_stack at;
    namidb_error err;
    int rc;

    lua_settop(L, 6);
    ndb_lua_query_options(L, 4, &options);
    lua_pushnil(L); /* 7: anchors */
    if (plan->param_count > FEW_PARAMS)
        params = lua_newuserdata(L, plan->param_count * sizeof *params);
    if (!read_params(L, plan->param_count, params))
        return 2;
    at = push_context(L, &query);
    query.column_count = plan->column_count;
    query.max_memory = options.max_memory;
    query.host = at.host;
    options.host = (namidb_host){ &query, call_host };
    look = ndb_lua_begin_look(L, reader, &snapshot);
    if (is_stale(L, snapshot))
        return push_stale(L, reader, look);
    rc = namidb_query_open(&look->query, plan->plan, snapshot, reader->tx,
                           params, &options, &err);
    if (rc >= 0)
        rc = collect(L, &query, look->query, at.shared, at.columns, &err);
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
    { "collect", query_collect },
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
