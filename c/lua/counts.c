/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader can say of its graph as a whole: the names in use, and how many
 * there are of each.
 */
#include "lua/binding.h"

/* How many names of a kind there are. */
static size_t count_names(namidb *db, enum namidb_name_kind kind)
{
    size_t count = 0, bytes;

    while (namidb_name(db, kind, (uint32_t)count + 1, &bytes) != NULL)
        count++;
    return count;
}

/* Counts by number, on the stack; every property's is 1, nobody counts them. */
static uint64_t *push_counts(lua_State *L, struct ndb_lua_reader *reader,
                             enum namidb_name_kind kind, size_t *count)
{
    namidb *db = ndb_lua_live_db(L, reader);
    struct ndb_lua_look *look;
    namidb_snapshot *snapshot;
    uint64_t *counts;
    namidb_error err;
    int rc = NAMIDB_OK, top;

    *count = count_names(db, kind);
    counts = lua_newuserdata(L, (*count + 1) * sizeof *counts);
    top = lua_gettop(L);
    if (kind == NAMIDB_PROPERTY) {
        for (size_t i = 0; i < *count; i++)
            counts[i] = 1;
        return counts;
    }
    look = ndb_lua_begin_look(L, reader, &snapshot);
    rc = namidb_counts(snapshot, kind, counts, *count, &err);
    ndb_lua_end_look(reader, look);
    if (rc < 0)
        (void)ndb_lua_raise(L, &err);
    lua_settop(L, top); /* a look may lie on the stack */
    return counts;
}

/* reader:names(kind): the names in use, in the order of their first use. */
int ndb_lua_names(lua_State *L)
{
    static const char *const KINDS[] = { "label", "type", "property", NULL };
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    enum namidb_name_kind kind =
        (enum namidb_name_kind)luaL_checkoption(L, 2, NULL, KINDS);
    size_t count;
    const uint64_t *counts = push_counts(L, reader, kind, &count);
    int at = 0;

    lua_newtable(L);
    for (size_t i = 0; i < count; i++) {
        if (counts[i] == 0)
            continue;
        ndb_lua_push_name(L, reader->db, kind, (uint32_t)i + 1);
        lua_rawseti(L, -2, ++at);
    }
    return 1;
}

static void set_counts(lua_State *L, struct ndb_lua_reader *reader,
                       enum namidb_name_kind kind, const char *field)
{
    int table = lua_gettop(L);
    size_t count;
    const uint64_t *counts = push_counts(L, reader, kind, &count);

    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        ndb_lua_push_name(L, reader->db, kind, (uint32_t)i + 1);
        ndb_lua_pushid(L, counts[i]);
        lua_rawset(L, -3);
    }
    lua_setfield(L, table, field);
    lua_settop(L, table);
}

/* Pushes t[name], made when it is new, where t is at index `table` and the name
 * on top, which it takes. */
static void push_entry(lua_State *L, int table)
{
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, table);
    }
    lua_remove(L, -2);
}

/* The name of a label; "" for none. */
static void push_label(lua_State *L, namidb *db, uint32_t label)
{
    if (label == 0)
        lua_pushliteral(L, "");
    else
        ndb_lua_push_name(L, db, NAMIDB_LABEL, label);
}

/* t[type][label] = edges, where t is at index `table`. */
static void set_hop(lua_State *L, namidb *db, int table,
                    const namidb_hop_count *hop)
{
    ndb_lua_push_name(L, db, NAMIDB_TYPE, hop->type);
    push_entry(L, table);
    push_label(L, db, hop->label);
    ndb_lua_pushid(L, hop->edges);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* Fills `nodes`, `out` and `into` of the table on top. */
static void set_hops(lua_State *L, struct ndb_lua_reader *reader)
{
    int table = lua_gettop(L), into;
    namidb *db = ndb_lua_live_db(L, reader);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_hop_count *items;
    uint64_t nodes = 0;
    size_t count;
    namidb_error err;
    int rc =
        namidb_hop_counts(snapshot, look->arena, &items, &count, &nodes, &err);

    if (rc < 0) {
        ndb_lua_end_look(reader, look);
        (void)ndb_lua_raise(L, &err);
    }
    ndb_lua_pushid(L, nodes);
    lua_setfield(L, table, "nodes");
    lua_newtable(L);
    lua_newtable(L);
    into = lua_gettop(L);
    for (size_t i = 0; i < count; i++)
        set_hop(L, db, items[i].direction == NAMIDB_OUT ? into - 1 : into,
                &items[i]);
    ndb_lua_end_look(reader, look);
    lua_setfield(L, table, "into");
    lua_setfield(L, table, "out");
    lua_settop(L, table); /* a look may lie on the stack */
}

/* Of what there is a range, if not of numbers: as constructors call it. */
static const char *range_name(uint8_t kind)
{
    switch ((enum namidb_kind)kind) {
    case NAMIDB_DATE:
        return "date";
    case NAMIDB_LOCAL_TIME:
        return "local_time";
    case NAMIDB_LOCAL_DATETIME:
        return "local_datetime";
    default:
        return "datetime";
    }
}

static void push_property(lua_State *L, const namidb_property_count *item)
{
    lua_createtable(L, 0, 4);
    ndb_lua_pushid(L, item->values);
    lua_setfield(L, -2, "values");
    ndb_lua_pushid(L, item->distinct);
    lua_setfield(L, -2, "distinct");
    if (item->range_kind == NAMIDB_NULL)
        return;
    if (item->range_kind != NAMIDB_INT) {
        lua_pushstring(L, range_name(item->range_kind));
        lua_setfield(L, -2, "of");
    }
    lua_pushnumber(L, item->min);
    lua_setfield(L, -2, "min");
    lua_pushnumber(L, item->max);
    lua_setfield(L, -2, "max");
}

/* t[label or type][property] = what is known of it, in one of two tables. */
static void set_property(lua_State *L, namidb *db, int of_nodes,
                         const namidb_property_count *item)
{
    if (item->is_edge)
        ndb_lua_push_name(L, db, NAMIDB_TYPE, item->table);
    else
        push_label(L, db, item->table);
    push_entry(L, item->is_edge ? of_nodes + 1 : of_nodes);
    ndb_lua_push_name(L, db, NAMIDB_PROPERTY, item->property);
    push_property(L, item);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* Fills `node_properties` and `edge_properties` of the table on top. */
static void set_properties(lua_State *L, struct ndb_lua_reader *reader)
{
    int table = lua_gettop(L), of_nodes;
    namidb *db = ndb_lua_live_db(L, reader);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_property_count *items;
    size_t count;
    namidb_error err;
    int rc =
        namidb_property_counts(snapshot, look->arena, &items, &count, &err);

    if (rc < 0) {
        ndb_lua_end_look(reader, look);
        (void)ndb_lua_raise(L, &err);
    }
    lua_newtable(L);
    of_nodes = lua_gettop(L);
    lua_newtable(L);
    for (size_t i = 0; i < count; i++)
        set_property(L, db, of_nodes, &items[i]);
    ndb_lua_end_look(reader, look);
    lua_setfield(L, table, "edge_properties");
    lua_setfield(L, table, "node_properties");
    lua_settop(L, table); /* a look may lie on the stack */
}

/* t[type] = how its edges are spread, where t is at index `table`. */
static void set_degree(lua_State *L, namidb *db, int table,
                       const namidb_degree_count *item)
{
    ndb_lua_push_name(L, db, NAMIDB_TYPE, item->type);
    lua_createtable(L, 0, 3);
    ndb_lua_pushid(L, item->nodes);
    lua_setfield(L, -2, "nodes");
    lua_pushnumber(L, item->at_an_edge);
    lua_setfield(L, -2, "at_an_edge");
    ndb_lua_pushid(L, item->most);
    lua_setfield(L, -2, "most");
    lua_rawset(L, table);
}

/* Fills `degrees` of the table on top. */
static void set_degrees(lua_State *L, struct ndb_lua_reader *reader)
{
    int table = lua_gettop(L), into;
    namidb *db = ndb_lua_live_db(L, reader);
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look = ndb_lua_begin_look(L, reader, &snapshot);
    namidb_degree_count *items;
    size_t count;
    namidb_error err;
    int rc = namidb_degree_counts(snapshot, look->arena, &items, &count, &err);

    if (rc < 0) {
        ndb_lua_end_look(reader, look);
        (void)ndb_lua_raise(L, &err);
    }
    lua_createtable(L, 0, 2);
    lua_newtable(L);
    lua_newtable(L);
    into = lua_gettop(L);
    for (size_t i = 0; i < count; i++)
        set_degree(L, db, items[i].direction == NAMIDB_OUT ? into - 1 : into,
                   &items[i]);
    ndb_lua_end_look(reader, look);
    lua_setfield(L, into - 2, "into");
    lua_setfield(L, into - 2, "out");
    lua_setfield(L, table, "degrees");
    lua_settop(L, table); /* a look may lie on the stack */
}

/* reader:counts(): { nodes = n, labels = { name = nodes }, types = { name =
 * edges }, out = { type = { first label of the source = edges } }, into =
 * { type = { first label of the target = edges } }, node_properties = { first
 * label = { property = { values =, distinct =, min =, max =, of = } } },
 * edge_properties = the same by type, degrees = { out = { type = { nodes =,
 * at_an_edge =, most = } }, into = the same } }; a node without a label is
 * under
 * "". */
int ndb_lua_counts(lua_State *L)
{
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);

    lua_settop(L, 1);
    lua_createtable(L, 0, 8);
    set_counts(L, reader, NAMIDB_LABEL, "labels");
    set_counts(L, reader, NAMIDB_TYPE, "types");
    set_hops(L, reader);
    set_properties(L, reader);
    set_degrees(L, reader);
    return 1;
}

/* reader:stamp(): a number; the counts are as they were while it is. */
int ndb_lua_stamp(lua_State *L)
{
    return ndb_lua_push_stamp(L, namidb_snapshot_stamp);
}

/* reader:segments(of, name): of how many segments the nodes of a label ("node")
 * or the edges of a type ("out", "into") consist, nil: of all; and how many of
 * them are not cached. */
int ndb_lua_segments(lua_State *L)
{
    static const char *const OF[] = { "node", "out", "into", NULL };
    struct ndb_lua_reader *reader = ndb_lua_check_reader(L);
    enum namidb_segments of =
        (enum namidb_segments)luaL_checkoption(L, 2, NULL, OF);
    size_t bytes = 0;
    const char *name = luaL_optlstring(L, 3, NULL, &bytes);
    namidb *db = ndb_lua_live_db(L, reader);
    enum namidb_name_kind kind =
        of == NAMIDB_SEGMENTS_NODE ? NAMIDB_LABEL : NAMIDB_TYPE;
    uint32_t number = 0;
    uint64_t segments = 0, missing = 0;
    namidb_snapshot *snapshot;
    struct ndb_lua_look *look;
    namidb_error err;
    int rc = NAMIDB_OK;

    if (name != NULL)
        number = namidb_number(db, kind, name, bytes);
    if (name == NULL || number != 0) {
        look = ndb_lua_begin_look(L, reader, &snapshot);
        rc = namidb_segment_counts(snapshot, of, number, &segments, &missing,
                                   &err);
        ndb_lua_end_look(reader, look);
    }
    if (rc < 0)
        (void)ndb_lua_raise(L, &err);
    ndb_lua_pushid(L, segments);
    ndb_lua_pushid(L, missing);
    return 2;
}
