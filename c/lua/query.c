/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans and queries. lua/namidb/query.lua makes db:query and db:rows of them.
 *
 *   core.plan(bytes, constants, count) -> plan | nil, err
 *   plan:columns() -> names           plan:params() -> names
 *   reader:run(plan, params, options) -> query | nil, err
 *   query:next() -> row | nil         raises a failure
 *   query:collect() -> rows | nil, err
 *   query:profile() -> { { rows =, chunks =, seconds =, requests =, bytes = },
 *                        ... }
 *
 * A row is a table by the names of its columns; null is absent. Options are
 * { timeout =, max_rows =, max_memory =, profile =, host = }, where host is a
 * function (is_procedure, name, ...) -> value, or rows.
 */
#include <stdio.h>
#include <string.h>

#include "lua/binding.h"

struct plan {
    namidb_plan *plan;
};

struct query {
    namidb_query *query;           /* NULL: at its end, or closed */
    namidb *db;                    /* its names; the query keeps it */
    struct ndb_lua_reader *reader; /* anchored: see run */
    uint32_t column_count;
    bool is_int64;
    bool is_busy;
    bool is_closing;
    lua_State *L; /* that pulls, for calls of the host */
    int host;     /* stack index of the host function, while pulling */
};

/* What a query keeps alive, at these indices of its uservalue. */
enum { KEPT_SHARED = 1, KEPT_NAMES, KEPT_READER, KEPT_HOST };

/* ------------------------------------------------------------------ plans --
 */

static struct plan *check_plan(lua_State *L, int index)
{
    return luaL_checkudata(L, index, NDB_LUA_PLAN);
}

static int plan_gc(lua_State *L)
{
    struct plan *plan = check_plan(L, 1);

    namidb_plan_free(plan->plan);
    plan->plan = NULL;
    return 0;
}

static void push_names(lua_State *L, const namidb_plan *plan, size_t count,
                       const char *(*name)(const namidb_plan *, size_t,
                                           size_t *))
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        const char *text = name(plan, i, &bytes);

        lua_pushlstring(L, text, bytes);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static int plan_columns(lua_State *L)
{
    (void)check_plan(L, 1);
    ndb_lua_get_shared(L, 1);
    return 1;
}

static int plan_params(lua_State *L)
{
    const namidb_plan *plan = check_plan(L, 1)->plan;

    push_names(L, plan, namidb_plan_param_count(plan), namidb_plan_param);
    return 1;
}

int ndb_lua_plan_new(lua_State *L)
{
    size_t bytes;
    const char *data = luaL_checklstring(L, 1, &bytes);
    size_t count = (size_t)luaL_checkinteger(L, 3);
    namidb_value *constants;
    struct plan *plan;
    namidb_error err;

    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 3);
    lua_pushnil(L); /* 4: anchors */
    constants = lua_newuserdata(L, (count + 1) * sizeof *constants);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, 2, (int)i + 1);
        constants[i] =
            ndb_lua_check_query_value(L, lua_gettop(L), 4, "a constant");
        lua_pop(L, 1); /* the table has it */
    }
    plan = lua_newuserdata(L, sizeof *plan);
    plan->plan = NULL;
    luaL_getmetatable(L, NDB_LUA_PLAN);
    lua_setmetatable(L, -2);
    if (namidb_plan_new(&plan->plan, data, bytes, constants, count, &err) < 0)
        return ndb_lua_fail_quietly(L, &err);
    push_names(L, plan->plan, namidb_plan_column_count(plan->plan),
               namidb_plan_column);
    ndb_lua_set_shared(L, -2);
    return 1;
}

void ndb_lua_add_opcodes(lua_State *L)
{
    const char *family, *name;
    uint32_t code;

    lua_newtable(L);
    for (size_t i = 0; namidb_plan_code(i, &family, &name, &code); i++) {
        lua_getfield(L, -1, family);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            lua_newtable(L);
            lua_pushvalue(L, -1);
            lua_setfield(L, -3, family);
        }
        lua_pushinteger(L, (lua_Integer)code);
        lua_setfield(L, -2, name);
        lua_pop(L, 1);
    }
    lua_setfield(L, -2, "opcodes");
}

/* --------------------------------------------------------------- the host --
 */

/* A call of the host under way: C's side of a protected call. */
struct host_call {
    struct query *query;
    const char *name;
    size_t name_bytes;
    bool is_procedure;
    const namidb_value *args;
    size_t count;
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
    struct host_call *call = lua_touserdata(L, 1);
    namidb_value value;

    luaL_checkstack(L, (int)call->count + 8, "too many arguments");
    lua_pushboolean(L, call->is_procedure);
    lua_pushlstring(L, call->name, call->name_bytes);
    for (size_t i = 0; i < call->count; i++)
        push_argument(L, call->query, &call->args[i]);
    /* The function is at 2. */
    lua_pushvalue(L, 2);
    lua_insert(L, 3);
    lua_call(L, (int)call->count + 2, 1);
    lua_pushnil(L);
    value = ndb_lua_check_query_value(L, lua_gettop(L) - 1, lua_gettop(L),
                                      "the result");
    call->rc = namidb_value_copy(call->arena, &value, call->out);
    return 0;
}

/* The message of an error value: a text, or what says it as one. */
static int error_text(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING || luaL_callmeta(L, 1, "__tostring"))
        return 1;
    lua_pushfstring(L, "an error that is a %s", luaL_typename(L, 1));
    return 1;
}

/* An error of Lua, whatever it is, as the query's. */
static void take_error(lua_State *L, const struct host_call *call,
                       namidb_error *err)
{
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error value";

    memset(err, 0, sizeof *err);
    err->code = NAMIDB_EINVAL;
    err->fault = call->is_procedure ? "ProcedureError.ProcedureFailed"
                                    : "FunctionError.FunctionFailed";
    (void)snprintf(err->message, sizeof err->message, "%.*s: %.400s",
                   (int)(call->name_bytes < 64 ? call->name_bytes : 64),
                   call->name, text);
}

static int call_host(void *context, const char *name, size_t name_bytes,
                     bool is_procedure, const namidb_value *args, size_t count,
                     namidb_arena *arena, namidb_value *out, namidb_error *err)
{
    struct query *query = context;
    lua_State *L = query->L;
    struct host_call call = { query, name,  name_bytes, is_procedure, args,
                              count, arena, out,        NAMIDB_OK };
    int top;

    if (!lua_checkstack(L, 8)) {
        lua_settop(L, 0);
        call.rc = NAMIDB_ENOMEM;
        return call.rc;
    }
    top = lua_gettop(L);
    lua_pushcfunction(L, error_text);
    lua_pushcfunction(L, call_protected);
    lua_pushlightuserdata(L, &call);
    lua_pushvalue(L, query->host);
    if (lua_pcall(L, 2, 0, top + 1) != 0) {
        take_error(L, &call, err);
        call.rc = NAMIDB_EINVAL;
    }
    lua_settop(L, top);
    return call.rc;
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

    if (query->reader->db == NULL) { /* closed by a function, or a finalizer */
        *err = (namidb_error){ .code = NAMIDB_EINVAL };
        (void)snprintf(err->message, sizeof err->message,
                       "the handle of the query is closed");
        return NAMIDB_EINVAL;
    }
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

static int query_collect(lua_State *L)
{
    struct query *query = check_idle(L);
    const namidb_value *row;
    namidb_error err;
    int kept, rc = NAMIDB_NONE, count = 0;

    lua_settop(L, 1);
    kept = push_kept(L);
    lua_newtable(L);
    while (query->query != NULL &&
           (rc = pull(L, query, kept, &row, &err)) == NAMIDB_OK) {
        query->is_busy = true;
        push_row(L, query, kept, kept + 1, row);
        query->is_busy = false;
        lua_rawseti(L, -2, ++count);
        if (query->is_closing)
            break;
    }
    if (rc < 0)
        return ndb_lua_fail_quietly(L, &err);
    return 1;
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

/* A number of the options at `index`, or -1. */
static double option(lua_State *L, int index, const char *name)
{
    double number = -1;

    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1)) {
        number = luaL_checknumber(L, -1);
        if (!(number >= 0 && number <= 1e15))
            (void)luaL_error(L, "option %s: 0 or more is wanted", name);
    }
    lua_pop(L, 1);
    return number;
}

static void read_options(lua_State *L, int index, namidb_query_options *options)
{
    double timeout, rows, memory;

    namidb_query_options_init(options);
    if (lua_isnil(L, index))
        return;
    timeout = option(L, index, "timeout");
    rows = option(L, index, "max_rows");
    memory = option(L, index, "max_memory");
    if (timeout >= 0)
        options->timeout_ms = (int64_t)(timeout * 1000);
    if (rows >= 0)
        options->max_rows = (uint64_t)rows;
    if (memory >= 0)
        options->max_memory = (uint64_t)memory;
    lua_getfield(L, index, "profile");
    options->is_profiled = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
}

/* The parameters that the plan names, from the table at 3; the values' memory
 * hangs on the slot at 5. False: one is missing, its error is on the stack. */
static bool read_params(lua_State *L, const namidb_plan *plan,
                        namidb_value *params)
{
    size_t count = namidb_plan_param_count(plan);

    for (size_t i = 0; i < count; i++) {
        size_t bytes;
        const char *name = namidb_plan_param(plan, i, &bytes);

        lua_pushlstring(L, name, bytes);
        if (lua_istable(L, 3)) {
            lua_pushvalue(L, -1);
            lua_rawget(L, 3);
        } else {
            lua_pushnil(L);
        }
        if (lua_isnil(L, -1)) {
            namidb_error err = { .code = NAMIDB_EINVAL };

            err.fault = "ParameterMissing.MissingParameter";
            (void)snprintf(err.message, sizeof err.message,
                           "parameter $%.*s was not given",
                           (int)(bytes < 200 ? bytes : 200), name);
            (void)ndb_lua_fail_quietly(L, &err);
            return false;
        }
        params[i] =
            ndb_lua_check_query_value(L, lua_gettop(L), 5, lua_tostring(L, -2));
        lua_pop(L, 2); /* the table has the value */
    }
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
    ndb_lua_get_shared(L, 2); /* the names of a plan's columns */
    lua_rawseti(L, -2, KEPT_NAMES);
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

int ndb_lua_run(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct plan *plan = check_plan(L, 2);
    namidb_query_options options;
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    namidb_value *params;
    struct query *query;
    namidb_error err;
    int rc;

    lua_settop(L, 4);
    read_options(L, 4, &options);
    lua_pushnil(L); /* 5: anchors */
    params = lua_newuserdata(L, (namidb_plan_param_count(plan->plan) + 1) *
                                    sizeof *params);
    if (!read_params(L, plan->plan, params))
        return 2;
    query = new_query(L, reader);
    query->column_count = (uint32_t)namidb_plan_column_count(plan->plan);
    options.host = (namidb_host){ query, call_host };
    look = ndb_lua_begin_look(L, reader, &snapshot);
    rc = namidb_query_open(&query->query, plan->plan, snapshot, reader->tx,
                           params, &options, &err);
    ndb_lua_end_look(reader, look);
    if (rc < 0)
        return ndb_lua_fail_quietly(L, &err);
    lua_pushvalue(L, 7);
    return 1;
}

static const luaL_Reg PLAN_META[] = {
    { "__gc", plan_gc },
    { NULL, NULL },
};
static const luaL_Reg PLAN_METHODS[] = {
    { "columns", plan_columns },
    { "params", plan_params },
    { NULL, NULL },
};
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
    ndb_lua_new_type(L, NDB_LUA_PLAN, PLAN_META, PLAN_METHODS);
    ndb_lua_new_type(L, NDB_LUA_QUERY, META, METHODS);
    (void)luaL_newmetatable(L, NDB_LUA_PATH);
    lua_pop(L, 3);
}
