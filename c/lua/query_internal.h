/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_internal.h - what the files of queries share.
 */
#ifndef NDB_LUA_QUERY_INTERNAL_H
#define NDB_LUA_QUERY_INTERNAL_H

#include "lua/binding.h"
#include "namidb_schema.h"

struct query {
    namidb_query *query;           /* NULL: at its end, or closed */
    namidb *db;                    /* its names; the query keeps it */
    struct ndb_lua_reader *reader; /* anchored: see run */
    uint32_t column_count;
    uint64_t max_memory;          /* of the rows that collect gives, too */
    struct ndb_lua_growth growth; /* by those rows */
    bool is_int64;
    bool is_busy;
    bool is_closing;
    lua_State *L; /* that pulls, for calls of the host */
    int host;     /* stack index of the host function, while pulling */
};

/* Where the names of columns and the shared table are on the stack. */
struct ndb_lua_on_stack {
    int columns, shared, host;
};

/* Pulls the next chunk. */
struct ndb_lua_pulled ndb_lua_pull(struct ndb_lua_reader *reader,
                                   namidb_query *query, namidb_error *err);
/* Pushes what a collecting call needs. */
struct ndb_lua_on_stack ndb_lua_push_context(lua_State *L, struct query *query);
/* Appends what was pulled, and all rows that follow, to the table on top, which
 * has `total`. */
int ndb_lua_collect_rest(lua_State *L, struct query *query, namidb_query *body,
                         const struct ndb_lua_on_stack *at,
                         struct ndb_lua_pulled pulled, size_t total,
                         namidb_error *err);

#ifndef NDB_LUA_STEPS_IN_C
/* Whether Lua can make the rows by itself. */
bool ndb_lua_is_plain(const struct ndb_lua_plan *plan,
                      const struct ndb_lua_pulled *pulled);
/* Gives them to Lua, which then calls reader:more(); returns 2. */
int ndb_lua_push_plain(lua_State *L, struct ndb_lua_reader *reader,
                       const struct ndb_lua_pulled *pulled);
#endif

/* A function, or a finalizer, closed what the query runs on: fills *err and
 * returns its code. */
int ndb_lua_query_closed(namidb_error *err);
/* See namidb_host: the context is a struct query that is being pulled. */
int ndb_lua_call_host(void *context, const namidb_host_call *call,
                      namidb_arena *arena, namidb_value *out,
                      namidb_error *err);

#endif
