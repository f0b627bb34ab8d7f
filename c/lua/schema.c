/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Indexes and constraints as tables: { name, rule, entity, label, properties,
 * kinds, item_kinds, online, percent }. lua/namidb/schema.lua makes of them
 * what users see.
 */
#include <string.h>

#include "lua/binding.h"

static const char *const RULES[] = { "index",    "unique", "key",
                                     "not_null", "type",   NULL };

#define TYPE(kind, name) { kind, name },

/* What a property can be, in openCypher's words. */
static const struct {
    uint32_t kind;
    const char *name;
} KINDS[] = { NAMIDB_TYPES(TYPE) TYPE(NAMIDB_LIST, "LIST") };
enum { KIND_COUNT = sizeof KINDS / sizeof *KINDS };

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

/* --------------------------------------------------------------- listing -- */

static void set_kinds(lua_State *L, const char *field, uint32_t kinds)
{
    int at = 0;

    lua_newtable(L);
    for (size_t i = 0; i < KIND_COUNT; i++)
        if ((kinds >> KINDS[i].kind & 1) != 0) {
            lua_pushstring(L, KINDS[i].name);
            lua_rawseti(L, -2, ++at);
        }
    lua_setfield(L, -2, field);
}

static void push_item(lua_State *L, namidb *db, const namidb_schema_item *item)
{
    lua_createtable(L, 0, 9);
    set_text(L, "name", item->name);
    set_text(L, "rule", RULES[item->rule]);
    set_text(L, "entity", item->is_edge ? "edge" : "node");
    set_text(L, "label",
             namidb_name(db, item->is_edge ? NAMIDB_TYPE : NAMIDB_LABEL,
                         item->target, NULL));
    lua_createtable(L, (int)item->prop_count, 0);
    for (uint32_t i = 0; i < item->prop_count; i++) {
        lua_pushstring(L,
                       namidb_name(db, NAMIDB_PROPERTY, item->props[i], NULL));
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "properties");
    set_kinds(L, "kinds", item->kinds);
    set_kinds(L, "item_kinds", item->item_kinds);
    lua_pushboolean(L, item->is_online);
    lua_setfield(L, -2, "online");
    lua_pushinteger(L, (lua_Integer)item->percent);
    lua_setfield(L, -2, "percent");
}

/* reader:schema(): all of them, in the order in which they were declared. */
int ndb_lua_schema(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    size_t max = 0, count = 0;
    namidb_schema_item *items = NULL;
    namidb_error err;

    do {
        namidb_snapshot *snapshot;
        struct ndb_lua_look *look;
        int rc;

        max = count;
        items = lua_newuserdata(L, (max + 1) * sizeof *items);
        look = ndb_lua_begin_look(L, reader, &snapshot);
        rc = namidb_schema(snapshot, items, max, &count, &err);
        ndb_lua_end_look(reader, look);
        if (rc < 0)
            return ndb_lua_raise(L, &err);
    } while (count > max);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_item(L, ndb_lua_live_db(L, reader), &items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

/* reader:schema_stamp(): see namidb_schema_stamp. */
int ndb_lua_schema_stamp(lua_State *L)
{
    return ndb_lua_push_stamp(L, namidb_schema_stamp);
}

/* ------------------------------------------------------------- declaring -- */

static namidb_tx *live_tx(lua_State *L, const struct ndb_lua_reader *reader)
{
    (void)ndb_lua_live_db(L, reader);
    return reader->tx;
}

/* Whose names an item has, and why there is no number for one. */
struct names {
    namidb *db;
    namidb_tx *tx;    /* that new names are made in; NULL: none are made */
    namidb_error err; /* code 0: there was a number for each */
};

/* The number of the name on top, which is taken off. */
static uint32_t name_number(lua_State *L, struct names *names,
                            enum namidb_name_kind kind)
{
    size_t bytes;
    const char *text = lua_tolstring(L, -1, &bytes);
    uint32_t number = 0;

    if (text == NULL)
        (void)luaL_error(L, "a name is wanted, not a %s", luaL_typename(L, -1));
    if (names->tx == NULL) {
        number = namidb_number(names->db, kind, text, bytes);
        if (number == 0)
            names->err.code = NAMIDB_ENOTFOUND;
    } else if (names->err.code == 0) {
        (void)namidb_tx_number(names->tx, kind, text, bytes, &number,
                               &names->err);
    }
    lua_pop(L, 1);
    return number;
}

static uint32_t check_kinds(lua_State *L, const char *field)
{
    uint32_t kinds = 0;

    lua_getfield(L, 2, field);
    for (int at = 1; lua_istable(L, -1); at++) {
        const char *name;
        size_t i = 0;

        lua_rawgeti(L, -1, at);
        name = lua_tostring(L, -1);
        lua_pop(L, 1);
        if (name == NULL)
            break;
        while (i < KIND_COUNT && strcmp(KINDS[i].name, name) != 0)
            i++;
        if (i == KIND_COUNT)
            (void)luaL_error(L, "no property is of type %s", name);
        kinds |= 1u << KINDS[i].kind;
    }
    lua_pop(L, 1);
    return kinds;
}

static void check_text(lua_State *L, const char *field, char *out, size_t max)
{
    const char *text;
    size_t bytes;

    lua_getfield(L, 2, field);
    text = lua_tolstring(L, -1, &bytes);
    if (text == NULL || strlen(text) != bytes || bytes == 0)
        (void)luaL_error(L, "a %s is a text that is not empty", field);
    if (bytes >= max)
        (void)luaL_error(L, "a %s has at most %d bytes", field, (int)max - 1);
    memcpy(out, text, bytes + 1);
    lua_pop(L, 1);
}

static uint32_t check_rule(lua_State *L)
{
    uint32_t rule = 0;
    const char *text;

    lua_getfield(L, 2, "rule");
    text = lua_tostring(L, -1);
    while (RULES[rule] != NULL && (text == NULL || strcmp(RULES[rule], text)))
        rule++;
    lua_pop(L, 1);
    if (RULES[rule] == NULL)
        (void)luaL_error(L, "no such rule");
    return rule;
}

/* The item at index 2. */
static void check_item(lua_State *L, struct names *names,
                       namidb_schema_item *item)
{
    size_t count;

    *item = (namidb_schema_item){ .number = 0 };
    luaL_checktype(L, 2, LUA_TTABLE);
    check_text(L, "name", item->name, sizeof item->name);
    item->rule = check_rule(L);
    lua_getfield(L, 2, "entity");
    item->is_edge = lua_isstring(L, -1) && !strcmp(lua_tostring(L, -1), "edge");
    lua_getfield(L, 2, "label");
    item->target =
        name_number(L, names, item->is_edge ? NAMIDB_TYPE : NAMIDB_LABEL);
    item->kinds = check_kinds(L, "kinds");
    item->item_kinds = check_kinds(L, "item_kinds");
    lua_getfield(L, 2, "properties");
    luaL_checktype(L, -1, LUA_TTABLE);
    count = lua_rawlen(L, -1);
    if (count > NAMIDB_SCHEMA_PROPS_MAX)
        (void)luaL_error(L, "at most %d properties", NAMIDB_SCHEMA_PROPS_MAX);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        item->props[item->prop_count++] =
            name_number(L, names, NAMIDB_PROPERTY);
    }
}

#define SURVEY "namidb.survey"

static int survey_close(lua_State *L)
{
    namidb_survey **survey = luaL_checkudata(L, 1, SURVEY);

    namidb_survey_close(*survey);
    *survey = NULL;
    return 0;
}

/* db:survey(item, timeout): a survey; nil when there is nothing to look at:
 * nobody ever used one of the names. */
int ndb_lua_survey(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct names names = { .db = ndb_lua_live_db(L, reader) };
    int64_t timeout_ms = ndb_lua_opt_timeout(L, 3);
    namidb_schema_item item;
    namidb_survey **survey;

    check_item(L, &names, &item);
    if (names.err.code != 0)
        return 0;
    survey = lua_newuserdata(L, sizeof *survey);
    *survey = NULL;
    if (luaL_newmetatable(L, SURVEY)) {
        lua_pushcfunction(L, survey_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    if (namidb_survey_open(survey, ndb_lua_live_db(L, reader), &item,
                           timeout_ms, &names.err) < 0)
        return ndb_lua_fail(L, &names.err);
    return 1;
}

/* tx:declare(item, survey): true. `survey` may be nil. */
int ndb_lua_declare(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    struct names names = { .db = ndb_lua_live_db(L, reader),
                           .tx = live_tx(L, reader) };
    namidb_survey **survey =
        lua_isnoneornil(L, 3) ? NULL : luaL_checkudata(L, 3, SURVEY);
    namidb_schema_item item;

    check_item(L, &names, &item);
    if (names.err.code != 0 ||
        namidb_schema_create(live_tx(L, reader), &item,
                             survey != NULL ? *survey : NULL, &names.err) < 0)
        return ndb_lua_fail(L, &names.err);
    lua_pushboolean(L, 1);
    return 1;
}

/* tx:undeclare(name): true. */
int ndb_lua_undeclare(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    const char *name = luaL_checkstring(L, 2);
    namidb_error err;

    if (namidb_schema_drop(live_tx(L, reader), name, &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

/* db:wait_indexes(timeout): true. */
int ndb_lua_wait_indexes(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    int64_t timeout_ms = ndb_lua_opt_timeout(L, 2);
    namidb_error err;

    if (namidb_indexes_wait(reader->db, timeout_ms, &err) < 0)
        return ndb_lua_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}
