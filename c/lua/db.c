/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database handle: opening, and what only it can do.
 */
#include <math.h>
#include <string.h>

#include "lua/binding.h"

/* ---------------------------------------------------------------- options --
 */

static bool bool_option(lua_State *L, const char *name)
{
    if (!lua_isboolean(L, -1))
        (void)luaL_error(L, "option %s: a boolean is wanted, not a %s", name,
                         luaL_typename(L, -1));
    return lua_toboolean(L, -1) != 0;
}

static const char *check_uri(lua_State *L)
{
    size_t bytes;
    const char *uri = luaL_checklstring(L, 1, &bytes);

    if (strlen(uri) != bytes)
        (void)luaL_argerror(L, 1, "a URI has no zero byte");
    return uri;
}

static double number_option(lua_State *L, const char *name)
{
    double number;

    if (lua_type(L, -1) != LUA_TNUMBER)
        (void)luaL_error(L, "option %s: a number is wanted, not a %s", name,
                         luaL_typename(L, -1));
    number = lua_tonumber(L, -1);
    if (!(number >= 0 && number <= 1e15))
        (void)luaL_error(L, "option %s: 0 or more is wanted", name);
    return number;
}

static uint64_t count_option(lua_State *L, const char *name)
{
    double number = number_option(L, name);

    if (number != floor(number))
        (void)luaL_error(L, "option %s: a whole number is wanted", name);
    return (uint64_t)number;
}

/* takeover: true (always), false (never), or seconds. */
static int64_t takeover_option(lua_State *L)
{
    if (lua_isboolean(L, -1))
        return lua_toboolean(L, -1) ? -1 : 0;
    return (int64_t)(number_option(L, "takeover") * 1000);
}

/* Appends what a URI takes for `text`. */
static void add_encoded(luaL_Buffer *buffer, const char *text, size_t bytes)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-._~/:";

    for (size_t i = 0; i < bytes; i++) {
        char code[4];

        if (text[i] != '\0' && strchr(plain, text[i]) != NULL) {
            luaL_addchar(buffer, text[i]);
            continue;
        }
        (void)snprintf(code, sizeof code, "%%%02X", (unsigned char)text[i]);
        luaL_addstring(buffer, code);
    }
}

/* The parameters of a URI are options as well: the value on top goes into the
 * URI, at index 1. */
static void add_param(lua_State *L, const char *name)
{
    const char *uri = lua_tostring(L, 1);
    const char *colon = strstr(uri, "://");
    char scheme[8] = "";
    const char *value;
    luaL_Buffer buffer;
    size_t bytes;

    if (colon != NULL && (size_t)(colon - uri) < sizeof scheme)
        memcpy(scheme, uri, (size_t)(colon - uri));
    if (!namidb_is_uri_param("s3", name) && !namidb_is_uri_param("file", name))
        (void)luaL_error(L, "unknown option '%s'", name);
    if (!namidb_is_uri_param(scheme, name))
        (void)luaL_error(L, "option %s has no meaning for %s://", name, scheme);
    if (lua_isboolean(L, -1))
        lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
    else
        lua_pushvalue(L, -1);
    if (lua_type(L, -1) != LUA_TSTRING)
        (void)luaL_error(L, "option %s: a string is wanted, not a %s", name,
                         luaL_typename(L, -1));
    value = lua_tolstring(L, -1, &bytes);
    luaL_buffinit(L, &buffer);
    luaL_addstring(&buffer, uri);
    luaL_addchar(&buffer, strchr(uri, '?') != NULL ? '&' : '?');
    luaL_addstring(&buffer, name);
    luaL_addchar(&buffer, '=');
    add_encoded(&buffer, value, bytes);
    luaL_pushresult(&buffer);
    lua_replace(L, 1);
    lua_pop(L, 1); /* the copy of the value */
}

/* One entry of the table; the value is on top. */
static void take_option(lua_State *L, const char *name, namidb_options *options,
                        bool *is_int64)
{
    if (strcmp(name, "read_only") == 0)
        options->read_only = bool_option(L, name);
    else if (strcmp(name, "int64") == 0)
        *is_int64 = bool_option(L, name);
    else if (strcmp(name, "create") == 0)
        options->create = bool_option(L, name);
    else if (strcmp(name, "takeover") == 0)
        options->takeover_ms = takeover_option(L);
    else if (strcmp(name, "timeout") == 0)
        options->timeout_ms = (int64_t)(number_option(L, name) * 1000);
    else if (strcmp(name, "cache_bytes") == 0)
        options->cache_bytes = count_option(L, name);
    else if (strcmp(name, "memtable_bytes") == 0)
        options->memtable_bytes = count_option(L, name);
    else if (strcmp(name, "flush_slots") == 0)
        options->flush_slots = count_option(L, name);
    else if (strcmp(name, "flush_age") == 0)
        options->flush_age_ms = (int64_t)(number_option(L, name) * 1000);
    else
        add_param(L, name);
}

static void check_options(lua_State *L, int index, namidb_options *options,
                          bool *is_int64)
{
    namidb_options_init(options);
    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        if (lua_type(L, -2) != LUA_TSTRING)
            (void)luaL_error(L, "options have names");
        take_option(L, lua_tostring(L, -2), options, is_int64);
        lua_pop(L, 1);
    }
}

/* ---------------------------------------------------------------- opening --
 */

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

/* The shared table of a new handle. */
static void push_shared(lua_State *L, bool is_read_only, bool is_int64)
{
    lua_createtable(L, NDB_LUA_SHARED_COUNT, 1);
    lua_pushboolean(L, is_int64);
    lua_rawseti(L, -2, NDB_LUA_SHARED_INT64);
    ndb_lua_share_rows(L);
    ndb_lua_share_cursors(L);
    lua_pushfstring(L, "%s %s", is_read_only ? "reader of" : "writer of",
                    lua_tostring(L, 1));
    lua_setfield(L, -2, "title");
}

int ndb_lua_db_open(lua_State *L)
{
    bool is_int64 = false;
    namidb_options options;
    struct ndb_lua_reader *reader;
    namidb_error err;
    int rc;

    (void)check_uri(L);
    check_options(L, 2, &options, &is_int64);
    lua_settop(L, 1);
    reader = ndb_lua_new_reader(L, NDB_LUA_DB);
    push_shared(L, options.read_only, is_int64);
    ndb_lua_set_shared(L, 2);
    rc = namidb_open(&reader->db, lua_tostring(L, 1), &options, &err);
    return rc < 0 ? ndb_lua_fail(L, &err) : 1;
}

int ndb_lua_parse_uri(lua_State *L)
{
    const char *text = check_uri(L);
    namidb_uri *uri = lua_newuserdata(L, sizeof *uri);
    namidb_error err;

    if (namidb_parse_uri(text, uri, &err) < 0)
        return ndb_lua_fail_quietly(L, &err);
    lua_createtable(L, 0, 5);
    set_text(L, "scheme", uri->scheme);
    if (uri->bucket[0] != '\0')
        set_text(L, "bucket", uri->bucket);
    if (uri->path[0] != '\0')
        set_text(L, "path", uri->path);
    set_text(L, "ns", uri->ns);
    lua_newtable(L);
    for (size_t i = 0; i < uri->param_count; i++)
        set_text(L, uri->params[i].name, uri->params[i].value);
    lua_setfield(L, -2, "params");
    return 1;
}

/* ---------------------------------------------------------------- closing --
 */

static int db_close(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_DB);
    namidb *db = reader->db;

    reader->db = NULL;
    namidb_close(db);
    return 0;
}

static int db_gc(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_DB);

    (void)db_close(L);
    ndb_lua_release_look(&reader->look);
    return 0;
}

/* In brackets, where a URI leaves that open: which server, and as whom. */
static void push_where(lua_State *L, namidb *db)
{
    namidb_stats stats;
    const namidb_place *place = &stats.place;

    if (namidb_get_stats(db, &stats, NULL) < 0 || place->endpoint[0] == '\0')
        lua_pushliteral(L, "");
    else
        lua_pushfstring(L, " (%s, %s, credentials from %s)", place->endpoint,
                        place->region, place->credentials);
}

static int db_tostring(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_DB);

    ndb_lua_get_shared(L, 1);
    lua_getfield(L, -1, "title");
    lua_pushfstring(L, "namidb %s", lua_tostring(L, -1));
    if (reader->db == NULL)
        lua_pushliteral(L, " (closed)");
    else
        push_where(L, reader->db);
    lua_concat(L, 2);
    return 1;
}

/* ---------------------------------------------------------------- methods --
 */

static int db_refresh(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    bool is_changed;
    namidb_error err;

    if (namidb_refresh(reader->db, ndb_lua_opt_timeout(L, 2), &is_changed,
                       &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_pushboolean(L, is_changed);
    return 1;
}

static int db_flush(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    namidb_error err;

    if (namidb_flush(reader->db, ndb_lua_opt_timeout(L, 2), &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static void set_count(lua_State *L, const char *field, uint64_t count)
{
    ndb_lua_pushid(L, count);
    lua_setfield(L, -2, field);
}

/* (db, class, last, timeout): one step behind the pack `last`. Returns the last
 * one that was looked at, how many were, how many of them were moved, their
 * bytes, and whether that was all. */
int ndb_lua_move_class(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_DB);
    namidb *db = ndb_lua_live_db(L, reader);
    const char *storage_class = luaL_checkstring(L, 2);
    namidb_class_move move = { .packs = 0 };
    namidb_error err;

    (void)snprintf(move.last, sizeof move.last, "%s", luaL_checkstring(L, 3));
    if (namidb_move_class(db, storage_class, ndb_lua_opt_timeout(L, 4), &move,
                          &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_pushstring(L, move.last);
    ndb_lua_pushid(L, move.packs);
    ndb_lua_pushid(L, move.moved);
    ndb_lua_pushid(L, move.bytes);
    lua_pushboolean(L, move.is_done);
    return 5;
}

static void set_bool(lua_State *L, const char *field, bool is_it)
{
    lua_pushboolean(L, is_it);
    lua_setfield(L, -2, field);
}

static void push_requests(lua_State *L, const namidb_request_stats *requests)
{
    lua_createtable(L, 0, 13);
    set_count(L, "get", requests->get);
    set_count(L, "put", requests->put + requests->put_if_absent);
    set_count(L, "delete", requests->del);
    set_count(L, "list", requests->list);
    set_count(L, "copied", requests->copied);
    set_count(L, "bytes_read", requests->bytes_read);
    set_count(L, "bytes_written", requests->bytes_written);
    set_count(L, "rounds", requests->rounds);
    set_count(L, "hedged", requests->hedged);
    set_count(L, "retried", requests->retried);
    set_count(L, "ambiguous", requests->ambiguous);
    set_count(L, "uploads", requests->uploads);
    set_count(L, "aborts_refused", requests->aborts_refused);
}

/* What does not apply is left out. */
static void push_place(lua_State *L, const namidb_place *place)
{
    const char *const fields[][2] = {
        { "kind", place->kind },
        { "endpoint", place->endpoint },
        { "bucket", place->bucket },
        { "region", place->region },
        { "credentials", place->credentials },
    };

    lua_createtable(L, 0, 6);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i][1][0] != '\0')
            set_text(L, fields[i][0], fields[i][1]);
    set_bool(L, "is_far", place->is_far);
}

static void push_warnings(lua_State *L, const namidb_place *place)
{
    lua_createtable(L, (int)place->warning_count, 0);
    for (uint32_t i = 0; i < place->warning_count; i++) {
        lua_pushstring(L, place->warnings[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static int db_stats(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    namidb_stats stats;
    namidb_error err;

    if (namidb_get_stats(reader->db, &stats, &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_createtable(L, 0, 16);
    push_requests(L, &stats.requests);
    lua_setfield(L, -2, "requests");
    push_place(L, &stats.place);
    lua_setfield(L, -2, "store");
    push_warnings(L, &stats.place);
    lua_setfield(L, -2, "warnings");
    set_count(L, "manifest_version", stats.manifest_version);
    set_count(L, "floor", stats.floor);
    set_count(L, "slot", stats.slot);
    set_count(L, "epoch", stats.epoch);
    set_count(L, "memtable_bytes", stats.memtable_bytes);
    set_count(L, "packs", stats.pack_count);
    set_count(L, "pack_bytes", stats.pack_bytes);
    set_count(L, "nodes", stats.node_count);
    set_count(L, "edges", stats.edge_count);
    set_count(L, "commits", stats.commits);
    set_count(L, "flushes", stats.flushes);
    set_bool(L, "is_writer", stats.is_writer);
    set_bool(L, "is_fenced", stats.is_fenced);
    set_bool(L, "is_unknown", stats.is_unknown);
    return 1;
}

static int db_cache_stats(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    namidb_cache_stats stats;
    namidb_stats requests;
    namidb_error err;

    if (namidb_get_cache_stats(reader->db, &stats, &err) < 0 ||
        namidb_get_stats(reader->db, &requests, &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_createtable(L, 0, 3);
    lua_createtable(L, 0, 7);
    set_count(L, "hits", stats.hits);
    set_count(L, "misses", stats.misses);
    set_count(L, "evictions", stats.evictions);
    set_count(L, "bytes", stats.bytes - stats.fold_bytes);
    set_count(L, "bytes_max", stats.bytes_max);
    set_count(L, "requests", stats.requests);
    set_count(L, "bytes_fetched", stats.bytes_fetched);
    lua_setfield(L, -2, "segments");
    lua_createtable(L, 0, 4);
    set_count(L, "hits", stats.fold_hits);
    set_count(L, "misses", stats.fold_misses);
    set_count(L, "evictions", stats.fold_evictions);
    set_count(L, "bytes", stats.fold_bytes);
    lua_setfield(L, -2, "adjacency");
    push_requests(L, &requests.requests);
    lua_setfield(L, -2, "store");
    return 1;
}

static const luaL_Reg META[] = {
    { "__gc", db_gc },
    { "__close", db_close },
    { "__tostring", db_tostring },
    { NULL, NULL },
};
static int db_snapshot(lua_State *L);
static const luaL_Reg METHODS[] = {
    { "snapshot", db_snapshot },
    { "refresh", db_refresh },
    { "flush", db_flush },
    { "wait_indexes", ndb_lua_wait_indexes },
    { "survey", ndb_lua_survey },
    { "stats", db_stats },
    { "cache_stats", db_cache_stats },
    { "begin", ndb_lua_tx_begin },
    { "close", db_close },
    { NULL, NULL },
};

void ndb_lua_open_db(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_DB, META, METHODS);
    ndb_lua_add_reading(L, NDB_LUA_DB);
    lua_pop(L, 1);
}

/* -------------------------------------------------------------- snapshots --
 */

static int db_snapshot(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct ndb_lua_reader *made = ndb_lua_new_reader(L, NDB_LUA_SNAPSHOT);
    namidb_error err;

    ndb_lua_get_shared(L, 1);
    ndb_lua_set_shared(L, -2);
    if (namidb_snapshot_open(&made->snapshot, ndb_lua_live_db(L, reader),
                             &err) < 0)
        return ndb_lua_fail(L, &err);
    made->db = reader->db;
    return 1;
}

/* While a call is under way (a finalizer closes it), that call ends it. */
static int snapshot_close(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_SNAPSHOT);

    reader->db = NULL;
    if (reader->look.is_lent)
        return 0;
    namidb_snapshot_close(reader->snapshot);
    reader->snapshot = NULL;
    return 0;
}

static int snapshot_gc(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_SNAPSHOT);

    reader->look.is_lent = false;
    (void)snapshot_close(L);
    ndb_lua_release_look(&reader->look);
    return 0;
}

static int snapshot_tostring(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_SNAPSHOT);

    lua_pushfstring(L, "namidb snapshot%s",
                    reader->db == NULL ? " (closed)" : "");
    return 1;
}

static const luaL_Reg SNAPSHOT_META[] = {
    { "__gc", snapshot_gc },
    { "__close", snapshot_close },
    { "__tostring", snapshot_tostring },
    { NULL, NULL },
};
static const luaL_Reg SNAPSHOT_METHODS[] = {
    { "close", snapshot_close },
    { NULL, NULL },
};

void ndb_lua_open_snapshot(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_SNAPSHOT, SNAPSHOT_META, SNAPSHOT_METHODS);
    ndb_lua_add_reading(L, NDB_LUA_SNAPSHOT);
    lua_pop(L, 1);
}
