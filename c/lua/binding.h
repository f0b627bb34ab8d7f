/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binding.h - the module namidb.core: namidb.h for Lua 5.4 and LuaJIT.
 *
 * Three kinds of handle read: the database, a snapshot, a transaction. They are
 * one struct under three metatables, so every reading method is one function.
 *
 * A Lua error jumps out of C. So nothing that C must free is ever held by a
 * local variable while Lua may raise: handles live in userdata that were made
 * before, rows in the handle's arena, temporary arrays in userdata on the
 * stack.
 *
 * Failures give nil and an error table; misuse (NAMIDB_EINVAL, wrong types,
 * closed handles) raises at the line of the caller.
 */
#ifndef NDB_LUA_BINDING_H
#define NDB_LUA_BINDING_H

#include <lauxlib.h>
#include <lua.h>

#include "namidb.h"
#include "namidb_batch.h"

#define NDB_LUA_DB "namidb.db"
#define NDB_LUA_SNAPSHOT "namidb.snapshot"
#define NDB_LUA_TX "namidb.tx"
#define NDB_LUA_TICKET "namidb.ticket"
#define NDB_LUA_CURSOR "namidb.cursor"
#define NDB_LUA_WALK "namidb.walk"
#define NDB_LUA_LOOK "namidb.look"
#define NDB_LUA_NODE "namidb.node"
#define NDB_LUA_EDGE "namidb.edge"
#define NDB_LUA_BLOCK "namidb.block"
#define NDB_LUA_ERROR "namidb.error"
#define NDB_LUA_PLAN "namidb.plan"
#define NDB_LUA_QUERY "namidb.query"
#define NDB_LUA_PATH "namidb.path"
#define NDB_LUA_BATCH "namidb.batch"
#define NDB_LUA_LINES "namidb.lines"
#define NDB_LUA_LIFTED "namidb.lifted"

/* In the registry: how LuaJIT reads an int64_t. */
#define NDB_LUA_READ_INT64 "namidb.read_int64"

/* Ids and sizes: integers where there are any. */
#if LUA_VERSION_NUM >= 503
#define ndb_lua_pushid(L, id) lua_pushinteger(L, (lua_Integer)(id))
#else
#define ndb_lua_pushid(L, id) lua_pushnumber(L, (lua_Number)(id))
#define lua_rawlen lua_objlen
#endif

/* What came of pulling a chunk of a query's rows, which are the query's. */
struct ndb_lua_pulled {
    int rc; /* NAMIDB_OK: there are rows; NAMIDB_NONE, or a failure */
    uint32_t count;
    const namidb_value *rows;
};

/* By how much Lua grew while it made rows: what it had before all of them is no
 * measure, because that may be garbage, and collected meanwhile. */
struct ndb_lua_growth {
    uint64_t bytes;  /* in the stretches that are over */
    uint64_t before; /* in use when this one began */
};

/* What one call reads by: a snapshot and the memory of its rows, or a query.
 * Making tables of the rows may run a finalizer, and that may read or close the
 * same handle: so what is under way belongs to its call until that is over. */
struct ndb_lua_look {
    namidb_snapshot *snapshot; /* NULL: none open */
    namidb_arena *arena;
    namidb_query *query;          /* NULL: none */
    namidb_cursor *cursor;        /* likewise */
    struct ndb_lua_growth growth; /* by the rows that Lua makes of it */
    uint64_t bytes_max;           /* that they may take */
    struct ndb_lua_pulled pulled; /* in LuaJIT: see query_jit.c */
    bool has_pulled;              /* and it is nobody's yet */
    namidb_error err;             /* its failure */
    bool is_lent; /* a call is under way, or was cut off by an error */
};

/* A handle that reads. db is NULL when it is closed, or ended. */
struct ndb_lua_reader {
    namidb *db;                /* of a database: owned; else the parent's */
    namidb_snapshot *snapshot; /* of a snapshot */
    namidb_tx *tx;             /* of a transaction */
    namidb_error name_err;     /* why a new name could not be made; code 0 */
    int running;               /* queries that run now, one in another */
    struct ndb_lua_look look;
};

/* How iterators step: LuaJIT compiles Lua that reads a block of rows where it
 * lies (lua/namidb/row_jit.lua); elsewhere C is faster. */
#if LUA_VERSION_NUM >= 504
#define NDB_LUA_STEPS_IN_C
#endif

/* ------------------------------------------------------------- handles -- */

/* A table that a handle and its children share: what tostring shows, the
 * parent, so that it lives as long, and at these indices what rows need. */
enum {
    NDB_LUA_SHARED_NAMES = 1, /* that were seen: see row.c */
    NDB_LUA_SHARED_INT64,     /* whether integers are int64_t */
    NDB_LUA_SHARED_NODE,      /* metatables */
    NDB_LUA_SHARED_EDGE,
    NDB_LUA_SHARED_BLOCK,
    NDB_LUA_SHARED_CURSOR,
    NDB_LUA_SHARED_NEXT, /* what steps an iterator */
    NDB_LUA_SHARED_WALK, /* LuaJIT: the metatable of iterators */
    NDB_LUA_SHARED_COUNT = NDB_LUA_SHARED_WALK
};
void ndb_lua_set_shared(lua_State *L, int index);
void ndb_lua_get_shared(lua_State *L, int index);

/* The reader at argument 1, whose metatable is upvalue 1; raises when it is
 * something else, or closed. */
struct ndb_lua_reader *ndb_lua_check_reader(lua_State *L);
/* The same, closed or not. */
struct ndb_lua_reader *ndb_lua_check_handle(lua_State *L);
/* A new reader with that metatable, all NULL but its arena, on the stack. */
struct ndb_lua_reader *ndb_lua_new_reader(lua_State *L, const char *name);
/* The database of a reader, NULL no more than its transaction; raises when a
 * finalizer closed it since it was checked. */
namidb *ndb_lua_live_db(lua_State *L, const struct ndb_lua_reader *reader);
/* Frees what a look holds; of a handle that is collected. */
void ndb_lua_release_look(struct ndb_lua_look *look);
/* Makes the metatable `name` with metamethods, and its methods (also __index);
 * leaves the methods on the stack. Every function has the metatable as its
 * upvalue. */
void ndb_lua_new_type(lua_State *L, const char *name, const luaL_Reg *meta,
                      const luaL_Reg *methods);
/* Adds the reading methods to the methods on the stack, of that type. */
void ndb_lua_add_reading(lua_State *L, const char *name);

/* -------------------------------------------------------------- errors -- */

/* Pushes nil and the error table; returns 2. NAMIDB_EINVAL raises instead. */
int ndb_lua_fail(lua_State *L, const namidb_error *err);
/* The same, but never raises: for functions that Lua code of ours calls. */
int ndb_lua_fail_quietly(lua_State *L, const namidb_error *err);
/* Raises the error table (iterators). */
int ndb_lua_raise(lua_State *L, const namidb_error *err);
/* A handler of lua_pcall: the text of an error value, whatever it is. */
int ndb_lua_error_text(lua_State *L);
void ndb_lua_open_errors(lua_State *L);

/* -------------------------------------------------------------- values -- */

/* How many entries the table at `index` has. */
size_t ndb_lua_count_entries(lua_State *L, int index);
/* The value at `index`. What it points to lives as long as that, and as what is
 * at `anchors`: a slot of the stack with nil, where a table is put when memory
 * is needed. Raises when it cannot be a value; `what` names it. */
namidb_value ndb_lua_check_value(lua_State *L, int index, int anchors,
                                 const char *what);
/* The same for a query, where maps, nodes and edges are values, too. */
namidb_value ndb_lua_check_query_value(lua_State *L, int index, int anchors,
                                       const char *what);
/* A key: a string or an integer. */
namidb_value ndb_lua_check_key(lua_State *L, int index);
/* `is_int64`: LuaJIT gets every integer as an int64_t, however small. */
void ndb_lua_push_value(lua_State *L, const namidb_value *value, bool is_int64);
/* An integer of 64 bits as Lua has it. */
void ndb_lua_push_int64(lua_State *L, int64_t integer);
/* Bytes that copies of what the value points to take; not of what only a query
 * has. */
size_t ndb_lua_value_bytes(const namidb_value *value);
/* Copies to *at, which is aligned for any type, and moves it on to where the
 * next copy may stand. */
void *ndb_lua_copy(char **at, const void *data, size_t bytes);
/* The same of all that the value, a copy, points to. */
void ndb_lua_copy_parts(char **at, namidb_value *value);
/* core.set_int64(make, read): how LuaJIT turns 8 bytes into an int64_t and
 * back. core.set_kinds(table): constructors of values by kind. */
int ndb_lua_set_int64(lua_State *L);
int ndb_lua_set_kinds(lua_State *L);

/* ------------------------------------------------------------ arguments -- */

/* A number of seconds at `index`, as ms; -1 when it is absent. */
int64_t ndb_lua_opt_timeout(lua_State *L, int index);
/* The id at `index`: a number, or a node or edge as `type` says. */
uint64_t ndb_lua_check_id(lua_State *L, int index, const char *type);
/* Whether the value at `index` is a node or an edge. */
bool ndb_lua_is_row(lua_State *L, int index, const char *type);

/* ---------------------------------------------------------------- rows -- */

/* Rows of C, as a cursor gives them: of one kind, or an edge and the node that
 * it leads to. */
struct ndb_lua_rows {
    const namidb_node *nodes; /* NULL: none of them; id 0: none there */
    const namidb_edge *edges; /* NULL: none of them */
};
/* Pushes a block of the first of `count` rows; returns how many it has, at
 * least 1. `shared` is the stack index of the handle's shared table. The rows
 * must outlive what Lua's collector may run. */
size_t ndb_lua_push_block(lua_State *L, namidb *db, int shared,
                          const struct ndb_lua_rows *rows, size_t count);
/* Pushes the edge, the node, or both of row `number` (from 0) of the block at
 * index `at`; returns how many. Their metatables are at these indices. */
#ifdef NDB_LUA_STEPS_IN_C
int ndb_lua_push_rows(lua_State *L, int at, size_t number, int node_meta,
                      int edge_meta);
#else
/* Sets the field `rows` of the module on top. */
void ndb_lua_add_rows(lua_State *L);
#endif
void ndb_lua_push_node(lua_State *L, namidb *db, int shared,
                       const namidb_node *node);
void ndb_lua_push_edge(lua_State *L, namidb *db, int shared,
                       const namidb_edge *edge);
/* A value of a query: nodes, edges and paths as well. */
void ndb_lua_push_result(lua_State *L, namidb *db, int shared,
                         const namidb_value *value, bool is_int64);
void ndb_lua_open_rows(lua_State *L);
/* Puts what making rows needs into the shared table on top. */
void ndb_lua_share_rows(lua_State *L);
void ndb_lua_open_looks(lua_State *L);

/* --------------------------------------------------------------- types -- */

void ndb_lua_open_db(lua_State *L);
void ndb_lua_open_snapshot(lua_State *L);
void ndb_lua_open_tx(lua_State *L);
/* The transaction at argument 1, whose metatable is upvalue 1. */
struct ndb_lua_reader *ndb_lua_check_tx(lua_State *L);
/* Raises when it has ended. Memory that Lua gives may run a finalizer, and that
 * may end the transaction: so this stands right before each use of it. */
namidb_tx *ndb_lua_live_tx(lua_State *L, const struct ndb_lua_reader *reader);
/* A name at `index`, made when it is new. Raises for a bad one; 0 when there is
 * no room for one more, with which every call fails. */
uint32_t ndb_lua_check_name(lua_State *L, struct ndb_lua_reader *reader,
                            int index, enum namidb_name_kind kind);
/* The text of a property's name at `index`, a key; raises for what is none. */
const char *ndb_lua_check_property(lua_State *L, int index);
/* An option of a table of options, of which it must be the only one. */
bool ndb_lua_check_flag(lua_State *L, int index, const char *name);
/* As ndb_lua_fail; when a name could not be made, the reason is the name's. */
int ndb_lua_fail_tx(lua_State *L, const namidb_error *err);
/* tx:put_nodes, tx:put_edges: see tx_rows.c. */
int ndb_lua_put_nodes(lua_State *L);
int ndb_lua_put_edges(lua_State *L);
void ndb_lua_open_lines(lua_State *L);
/* core.lines, core.put_lines: see lines.c. */
int ndb_lua_lines(lua_State *L);
int ndb_lua_put_lines(lua_State *L);
void ndb_lua_open_cursor(lua_State *L);
/* Puts what making cursors needs into the shared table on top. */
void ndb_lua_share_cursors(lua_State *L);
/* Pushes what generic `for` wants to go through the rows of look->cursor (NULL:
 * none), the last of it to be closed by 5.4; returns how many values. With
 * `is_eager` the first rows may be read now. The cursor is no longer the
 * look's, which ends. Raises failures, and `err` if rc is one. */
int ndb_lua_iterate(lua_State *L, struct ndb_lua_reader *reader,
                    struct ndb_lua_look *look, bool is_eager, int rc,
                    namidb_error *err);

/* A plan, and how much its uservalue has: the names of its columns and
 * parameters, at these indices. */
struct ndb_lua_plan {
    namidb_plan *plan;
    uint32_t column_count, param_count;
};
enum { NDB_LUA_PLAN_COLUMNS = 1, NDB_LUA_PLAN_PARAMS };
struct ndb_lua_plan *ndb_lua_check_plan(lua_State *L, int index);
void ndb_lua_open_plans(lua_State *L);

/* The values of a statement's literals: see lift.c. */
struct ndb_lua_lifted {
    size_t count;
    namidb_value values[];
};
/* Pushes a name by its number; "?": what is stored is about one that is not. */
void ndb_lua_push_name(lua_State *L, namidb *db, enum namidb_name_kind kind,
                       uint32_t number);
/* Sets the field `lift` of the module on top: core.lift(text). */
void ndb_lua_add_lift(lua_State *L);
/* Sets the fields `tokens` and `keywords` of the module on top. */
void ndb_lua_add_tokens(lua_State *L);
void ndb_lua_open_queries(lua_State *L);
void ndb_lua_open_batches(lua_State *L);
/* batch.c: pushes a batch that has nothing yet; what it is to own. */
namidb_batch **ndb_lua_new_batch(lua_State *L);
/* Whether the userdata at `index` is a batch; *out is a view of it. */
bool ndb_lua_read_batch(lua_State *L, int index, namidb_value *out);
/* core.plan(bytes, constants, count) */
int ndb_lua_zone_offset(lua_State *L);
int ndb_lua_plan_new(lua_State *L);
/* Sets the field `opcodes` of the module on top. */
void ndb_lua_add_opcodes(lua_State *L);
/* Around each stretch of rows that Lua makes; the latter tells whether all of
 * them take at most `max`. */
void ndb_lua_growth_begin(lua_State *L, struct ndb_lua_growth *growth);
int ndb_lua_growth_end(lua_State *L, struct ndb_lua_growth *growth,
                       uint64_t max, namidb_error *err);

/* The options of a run, a table or nil at `index`; raises for bad ones. */
void ndb_lua_query_options(lua_State *L, int index,
                           namidb_query_options *options);
/* reader:run(plan, params, options): see query.c. */
int ndb_lua_run(lua_State *L);
/* reader:collect(plan, params, options), reader:more(plan, rows, total):
 * likewise. */
int ndb_lua_collect(lua_State *L);
#ifndef NDB_LUA_STEPS_IN_C
int ndb_lua_more(lua_State *L);
int ndb_lua_address(lua_State *L);
/* Sets the field `queries` of the module on top: see query_jit.c. */
void ndb_lua_add_queries(lua_State *L);
#endif
/* The `count` parameters that the plan at 2 names: literals at 5, or from the
 * table at 3. The values' memory hangs on the slot at 7. False: one is missing,
 * its error is on the stack. */
bool ndb_lua_read_params(lua_State *L, uint32_t count, namidb_value *params);
/* reader:names(kind), reader:counts(): see counts.c. */
int ndb_lua_names(lua_State *L);
int ndb_lua_counts(lua_State *L);
int ndb_lua_stamp(lua_State *L);
int ndb_lua_segments(lua_State *L);
/* reader:schema(), db:survey(item, timeout), tx:declare(item, survey),
 * tx:undeclare(name), db:wait_indexes(timeout): see schema.c. */
int ndb_lua_schema(lua_State *L);
int ndb_lua_schema_stamp(lua_State *L);
int ndb_lua_survey(lua_State *L);
int ndb_lua_declare(lua_State *L);
int ndb_lua_undeclare(lua_State *L);
int ndb_lua_wait_indexes(lua_State *L);
/* What a call of a reader reads, to be ended when it is over; raises when the
 * handle cannot be read. */
struct ndb_lua_look *ndb_lua_begin_look(lua_State *L,
                                        struct ndb_lua_reader *reader,
                                        namidb_snapshot **out);
void ndb_lua_end_look(struct ndb_lua_reader *reader, struct ndb_lua_look *look);
/* Opens the snapshot of a look that is lent, of a reader that is not closed;
 * never raises. *out is what to read: that, or the reader's own. */
int ndb_lua_open_look(struct ndb_lua_reader *reader, struct ndb_lua_look *look,
                      namidb_snapshot **out, namidb_error *err);
/* Pushes what `stamp` says of what the first argument, a reader, reads. */
int ndb_lua_push_stamp(lua_State *L,
                       uint64_t (*stamp)(const namidb_snapshot *snapshot));

int ndb_lua_db_open(lua_State *L);
int ndb_lua_move_class(lua_State *L);
int ndb_lua_parse_uri(lua_State *L);
/* db:begin(timeout), for db:write. */
int ndb_lua_tx_begin(lua_State *L);

#endif
