/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions and tickets. Lua's db:write drives begin, commit and abort;
 * users see the methods between.
 */
#include <string.h>

#include "lua/binding.h"

namidb_tx *ndb_lua_live_tx(lua_State *L, const struct ndb_lua_reader *reader)
{
    if (reader->db == NULL)
        (void)luaL_error(L, "the transaction has ended");
    return reader->tx;
}

struct ndb_lua_reader *ndb_lua_check_tx(lua_State *L)
{
    struct ndb_lua_reader *reader = lua_touserdata(L, 1);

    if (reader != NULL && lua_getmetatable(L, 1)) {
        bool is_tx = lua_rawequal(L, -1, lua_upvalueindex(1)) != 0;

        lua_pop(L, 1);
        if (is_tx) {
            (void)ndb_lua_live_tx(L, reader);
            reader->name_err.code = 0;
            return reader;
        }
    }
    (void)luaL_error(L, "a namidb.tx is wanted before the colon, not a %s",
                     luaL_typename(L, 1));
    return NULL;
}

/* ------------------------------------------------------------------- ends --
 */

int ndb_lua_tx_begin(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    int64_t timeout_ms = ndb_lua_opt_timeout(L, 2);
    struct ndb_lua_reader *made = ndb_lua_new_reader(L, NDB_LUA_TX);
    namidb_error err;

    ndb_lua_get_shared(L, 1);
    ndb_lua_set_shared(L, -2);
    if (namidb_tx_begin(&made->tx, ndb_lua_live_db(L, reader), timeout_ms,
                        &err) < 0)
        return ndb_lua_fail_quietly(L, &err);
    made->db = reader->db;
    return 1;
}

/* A query that runs on the transaction calls Lua, which must not end it. */
static void check_not_running(lua_State *L, const struct ndb_lua_reader *reader)
{
    if (reader->running > 0)
        (void)luaL_error(L, "the transaction runs a query");
}

/* Takes the transaction out of its handle, which has ended then. */
static namidb_tx *end_tx(struct ndb_lua_reader *reader)
{
    namidb_tx *tx = reader->tx;

    reader->tx = NULL;
    reader->db = NULL;
    return tx;
}

static int tx_abort(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_TX);

    check_not_running(L, reader);
    namidb_tx_abort(end_tx(reader));
    return 0;
}

static int tx_gc(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_TX);

    namidb_tx_abort(end_tx(reader));
    ndb_lua_release_look(&reader->look);
    return 0;
}

static int tx_tostring(lua_State *L)
{
    struct ndb_lua_reader *reader = luaL_checkudata(L, 1, NDB_LUA_TX);

    lua_pushfstring(L, "namidb transaction%s",
                    reader->db == NULL ? " (ended)" : "");
    return 1;
}

/* commit(timeout, is_ticket_wanted): true or a ticket; nil, error. */
static int tx_commit(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    int64_t timeout_ms = ndb_lua_opt_timeout(L, 2);
    namidb_ticket **ticket = NULL;
    namidb_error err;
    int rc;

    if (lua_toboolean(L, 3)) {
        ticket = lua_newuserdata(L, sizeof *ticket);
        *ticket = NULL;
        luaL_getmetatable(L, NDB_LUA_TICKET);
        lua_setmetatable(L, -2);
    }
    (void)ndb_lua_live_tx(L, reader);
    check_not_running(L, reader);
    rc = namidb_tx_commit(end_tx(reader), timeout_ms, ticket, &err);
    if (rc < 0)
        return ndb_lua_fail_quietly(L, &err);
    if (ticket == NULL)
        lua_pushboolean(L, 1);
    return 1;
}

/* ---------------------------------------------------------------- tickets --
 */

static int ticket_wait(lua_State *L)
{
    namidb_ticket **ticket = luaL_checkudata(L, 1, NDB_LUA_TICKET);
    int64_t timeout_ms = ndb_lua_opt_timeout(L, 2);
    namidb_error err;

    if (*ticket == NULL)
        return luaL_error(L, "the ticket is closed");
    if (namidb_ticket_wait(*ticket, timeout_ms, &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int ticket_close(lua_State *L)
{
    namidb_ticket **ticket = luaL_checkudata(L, 1, NDB_LUA_TICKET);

    namidb_ticket_free(*ticket);
    *ticket = NULL;
    return 0;
}

static int ticket_tostring(lua_State *L)
{
    (void)luaL_checkudata(L, 1, NDB_LUA_TICKET);
    lua_pushliteral(L, "namidb ticket");
    return 1;
}

/* -------------------------------------------------------------- arguments --
 */

uint32_t ndb_lua_check_name(lua_State *L, struct ndb_lua_reader *reader,
                            int index, enum namidb_name_kind kind)
{
    const char *text;
    size_t bytes;
    namidb_error err;
    uint32_t number = 0;

    if (lua_type(L, index) != LUA_TSTRING)
        (void)luaL_error(L, "a name is wanted, not a %s",
                         luaL_typename(L, index));
    text = lua_tolstring(L, index, &bytes);
    if (namidb_tx_number(ndb_lua_live_tx(L, reader), kind, text, bytes, &number,
                         &err) >= 0)
        return number;
    if (err.code == NAMIDB_EINVAL)
        (void)luaL_error(L, "%s", err.message);
    reader->name_err = err;
    return 0;
}

const char *ndb_lua_check_property(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TSTRING)
        (void)luaL_error(L, "property names are strings, not a %s",
                         luaL_typename(L, index));
    return lua_tostring(L, index);
}

/* Properties at `index` (nil: none). What they point to stays on the stack. */
static namidb_props check_props(lua_State *L, struct ndb_lua_reader *reader,
                                int index)
{
    namidb_props props = { NULL, 0 };
    namidb_property *items;
    size_t max;
    int anchors;

    if (lua_isnoneornil(L, index))
        return props;
    if (!lua_istable(L, index))
        (void)luaL_error(L, "properties are a table, not a %s",
                         luaL_typename(L, index));
    max = ndb_lua_count_entries(L, index);
    items = lua_newuserdata(L, (max + 1) * sizeof *items);
    lua_pushnil(L);
    anchors = lua_gettop(L);
    lua_pushnil(L);
    /* A finalizer may have added some since they were counted. */
    while (lua_next(L, index) != 0 && props.count < max) {
        int key = lua_gettop(L) - 1;
        const char *name = ndb_lua_check_property(L, key);

        items[props.count].name =
            ndb_lua_check_name(L, reader, key, NAMIDB_PROPERTY);
        items[props.count].value =
            ndb_lua_check_value(L, key + 1, anchors, name);
        props.count++;
        lua_settop(L, key);
    }
    props.items = items;
    return props;
}

bool ndb_lua_check_flag(lua_State *L, int index, const char *name)
{
    bool is_set = false;

    if (lua_isnoneornil(L, index))
        return false;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        const char *key =
            lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";

        if (strcmp(key, name) != 0)
            (void)luaL_error(L, "unknown option '%s'", key);
        if (!lua_isboolean(L, -1))
            (void)luaL_error(L, "option %s: a boolean is wanted, not a %s",
                             name, luaL_typename(L, -1));
        is_set = lua_toboolean(L, -1) != 0;
        lua_pop(L, 1);
    }
    return is_set;
}

int ndb_lua_fail_tx(lua_State *L, const namidb_error *err)
{
    const struct ndb_lua_reader *reader = lua_touserdata(L, 1);

    return ndb_lua_fail(L,
                        reader->name_err.code != 0 ? &reader->name_err : err);
}

static int push_done(lua_State *L, int rc, const namidb_error *err)
{
    if (rc < 0)
        return ndb_lua_fail_tx(L, err);
    lua_pushboolean(L, rc == NAMIDB_OK);
    return 1;
}

static int push_made(lua_State *L, int rc, uint64_t id, const namidb_error *err)
{
    if (rc < 0)
        return ndb_lua_fail_tx(L, err);
    ndb_lua_pushid(L, id);
    return 1;
}

/* ------------------------------------------------------------------ nodes --
 */

/* put_node(label, key, props, { merge = bool }) */
static int tx_put_node(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint32_t label = ndb_lua_check_name(L, reader, 2, NAMIDB_LABEL);
    namidb_value key = ndb_lua_check_key(L, 3);
    bool is_merge = ndb_lua_check_flag(L, 5, "merge");
    namidb_props props = check_props(L, reader, 4);
    namidb_error err;
    uint64_t id = 0;
    int rc = namidb_put_node(ndb_lua_live_tx(L, reader), label, key, props,
                             is_merge, &id, &err);

    return push_made(L, rc, id, &err);
}

/* create_node(label or labels, props) */
static int tx_create_node(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint32_t *labels = NULL;
    size_t count = 0;
    namidb_props props;
    namidb_error err;
    uint64_t id = 0;
    int rc;

    lua_settop(L, 3);
    if (lua_istable(L, 2)) {
        count = lua_rawlen(L, 2);
        labels = lua_newuserdata(L, (count + 1) * sizeof *labels);
        for (size_t i = 0; i < count; i++) {
            lua_rawgeti(L, 2, (int)i + 1);
            labels[i] =
                ndb_lua_check_name(L, reader, lua_gettop(L), NAMIDB_LABEL);
            lua_pop(L, 1);
        }
    } else if (!lua_isnil(L, 2)) {
        labels = lua_newuserdata(L, sizeof *labels);
        labels[count++] = ndb_lua_check_name(L, reader, 2, NAMIDB_LABEL);
    }
    props = check_props(L, reader, 3);
    rc = namidb_create_node(ndb_lua_live_tx(L, reader), labels, count, props,
                            &id, &err);
    return push_made(L, rc, id, &err);
}

/* set(node or id or edge, props) */
static int tx_set(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    bool is_edge = ndb_lua_is_row(L, 2, NDB_LUA_EDGE);
    uint64_t id = ndb_lua_check_id(L, 2, is_edge ? NDB_LUA_EDGE : NDB_LUA_NODE);
    namidb_error err;
    namidb_props props;

    luaL_checktype(L, 3, LUA_TTABLE);
    props = check_props(L, reader, 3);
    return push_done(
        L,
        is_edge ? namidb_set_edge(ndb_lua_live_tx(L, reader), id, props, &err)
                : namidb_set_node(ndb_lua_live_tx(L, reader), id, props, &err),
        &err);
}

/* set_edge(edge or id, props) */
static int tx_set_edge(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_EDGE);
    namidb_error err;
    namidb_props props;

    luaL_checktype(L, 3, LUA_TTABLE);
    props = check_props(L, reader, 3);
    return push_done(
        L, namidb_set_edge(ndb_lua_live_tx(L, reader), id, props, &err), &err);
}

/* Names at 3 (a list, or one) as properties that are null. */
static namidb_props check_names(lua_State *L, struct ndb_lua_reader *reader)
{
    bool is_list = lua_istable(L, 3);
    size_t count = is_list ? lua_rawlen(L, 3) : 1;
    namidb_property *items = lua_newuserdata(L, (count + 1) * sizeof *items);

    for (size_t i = 0; i < count; i++) {
        if (is_list)
            lua_rawgeti(L, 3, (int)i + 1);
        else
            lua_pushvalue(L, 3);
        items[i].name =
            ndb_lua_check_name(L, reader, lua_gettop(L), NAMIDB_PROPERTY);
        items[i].value = (namidb_value){ .kind = NAMIDB_NULL };
        lua_pop(L, 1);
    }
    return (namidb_props){ items, count };
}

/* unset(node or id or edge, names) */
static int tx_unset(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    bool is_edge = ndb_lua_is_row(L, 2, NDB_LUA_EDGE);
    uint64_t id = ndb_lua_check_id(L, 2, is_edge ? NDB_LUA_EDGE : NDB_LUA_NODE);
    namidb_props props = check_names(L, reader);
    namidb_error err;

    return push_done(
        L,
        is_edge ? namidb_set_edge(ndb_lua_live_tx(L, reader), id, props, &err)
                : namidb_set_node(ndb_lua_live_tx(L, reader), id, props, &err),
        &err);
}

/* unset_edge(edge or id, names) */
static int tx_unset_edge(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_EDGE);
    namidb_props props = check_names(L, reader);
    namidb_error err;

    return push_done(
        L, namidb_set_edge(ndb_lua_live_tx(L, reader), id, props, &err), &err);
}

static int tx_add_label(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_NODE);
    uint32_t label = ndb_lua_check_name(L, reader, 3, NAMIDB_LABEL);
    namidb_error err;

    return push_done(
        L, namidb_add_label(ndb_lua_live_tx(L, reader), id, label, &err), &err);
}

static int tx_remove_label(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_NODE);
    uint32_t label = ndb_lua_check_name(L, reader, 3, NAMIDB_LABEL);
    namidb_error err;

    return push_done(
        L, namidb_remove_label(ndb_lua_live_tx(L, reader), id, label, &err),
        &err);
}

/* delete_node(node or id, { detach = bool }): false when there was none */
static int tx_delete_node(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_NODE);
    bool is_detach = ndb_lua_check_flag(L, 3, "detach");
    namidb_error err;

    return push_done(
        L, namidb_delete_node(ndb_lua_live_tx(L, reader), id, is_detach, &err),
        &err);
}

/* ------------------------------------------------------------------ edges --
 */

/* put_edge(type, from, to, props) */
static int tx_put_edge(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint32_t type = ndb_lua_check_name(L, reader, 2, NAMIDB_TYPE);
    uint64_t from = ndb_lua_check_id(L, 3, NDB_LUA_NODE);
    uint64_t to = ndb_lua_check_id(L, 4, NDB_LUA_NODE);
    namidb_props props = check_props(L, reader, 5);
    namidb_error err;
    uint64_t id = 0;
    int rc = namidb_put_edge(ndb_lua_live_tx(L, reader), type, from, to, props,
                             &id, &err);

    return push_made(L, rc, id, &err);
}

static int tx_delete_edge(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_tx(L);
    uint64_t id = ndb_lua_check_id(L, 2, NDB_LUA_EDGE);
    namidb_error err;

    return push_done(
        L, namidb_delete_edge(ndb_lua_live_tx(L, reader), id, &err), &err);
}

static const luaL_Reg META[] = {
    { "__gc", tx_gc },
    { "__close", tx_abort },
    { "__tostring", tx_tostring },
    { NULL, NULL },
};
static const luaL_Reg METHODS[] = {
    { "put_node", tx_put_node },
    { "create_node", tx_create_node },
    { "set", tx_set },
    { "set_edge", tx_set_edge },
    { "unset", tx_unset },
    { "unset_edge", tx_unset_edge },
    { "add_label", tx_add_label },
    { "remove_label", tx_remove_label },
    { "delete_node", tx_delete_node },
    { "put_edge", tx_put_edge },
    { "put_nodes", ndb_lua_put_nodes },
    { "put_edges", ndb_lua_put_edges },
    { "delete_edge", tx_delete_edge },
    { "declare", ndb_lua_declare },
    { "undeclare", ndb_lua_undeclare },
    { "commit", tx_commit },
    { "abort", tx_abort },
    { NULL, NULL },
};

static const luaL_Reg TICKET_META[] = {
    { "__gc", ticket_close },
    { "__close", ticket_close },
    { "__tostring", ticket_tostring },
    { NULL, NULL },
};
static const luaL_Reg TICKET_METHODS[] = {
    { "wait", ticket_wait },
    { "close", ticket_close },
    { NULL, NULL },
};

void ndb_lua_open_tx(lua_State *L)
{
    ndb_lua_new_type(L, NDB_LUA_TICKET, TICKET_META, TICKET_METHODS);
    lua_pop(L, 1);
    ndb_lua_new_type(L, NDB_LUA_TX, META, METHODS);
    ndb_lua_add_reading(L, NDB_LUA_TX);
    lua_pop(L, 1);
}
