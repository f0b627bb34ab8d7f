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
    uint64_t max_memory; /* of the rows that collect gives, too */
    bool is_int64;
    bool is_busy;
    bool is_closing;
    lua_State *L; /* that pulls, for calls of the host */
    int host;     /* stack index of the host function, while pulling */
};

/* A function, or a finalizer, closed what the query runs on: fills *err and
 * returns its code. */
int ndb_lua_query_closed(namidb_error *err);
/* See namidb_host: the context is a struct query that is being pulled. */
int ndb_lua_call_host(void *context, const namidb_host_call *call,
                      namidb_arena *arena, namidb_value *out,
                      namidb_error *err);

#endif
