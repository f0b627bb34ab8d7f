/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fn_type.c - valuetype(value): "INTEGER NOT NULL",
 * "LIST<STRING NOT NULL | BOOLEAN> NOT NULL", "NULL"; and isof(), of which IS
 * :: is made.
 *
 * A list's items are one union; those of lists in a list, too, so that
 * [[1], ['a']] is a list of lists of integers or strings. The types of a union
 * come in a fixed order, each once.
 */
#include "exec/function.h"

#include <string.h>

#include "base/limits.h"
#include "exec/value_copy.h"

/* The others: all but lists are of no property. */
#define GRAPH_TYPES(X)                                                         \
    X(NAMIDB_NODE, "NODE")                                                     \
    X(NAMIDB_EDGE, "RELATIONSHIP")                                             \
    X(NAMIDB_MAP, "MAP")                                                       \
    X(NAMIDB_LIST, "LIST")                                                     \
    X(NAMIDB_PATH, "PATH")

#define TYPE(kind, name) { kind, name },

static const struct {
    uint32_t kind;
    const char *name;
} TYPES[] = { NAMIDB_TYPES(TYPE) GRAPH_TYPES(TYPE) };
enum { TYPE_COUNT = sizeof TYPES / sizeof *TYPES };

/* Which kinds are among the items of a level: a bit of each. Of a list in it
 * the next level tells. */
struct level {
    uint32_t kinds;
};

_Static_assert(NAMIDB_KIND_COUNT <= 32, "a kind is a bit");

/* Adds the kinds of `value` at `levels`, and of what is in it behind. */
static void find(const namidb_value *value, struct level *levels)
{
    levels->kinds |= 1u << value->kind;
    if (value->kind == NAMIDB_LIST)
        for (uint32_t i = 0; i < value->size; i++)
            find(&value->as.items[i], levels + 1);
}

/* The bytes so far; they go to `text` unless that is NULL. */
struct writer {
    char *text;
    size_t bytes;
};

static void put(struct writer *at, const char *text)
{
    size_t bytes = strlen(text);

    if (at->text != NULL)
        memcpy(at->text + at->bytes, text, bytes);
    at->bytes += bytes;
}

static void write_level(struct writer *at, const struct level *levels)
{
    bool may_be_null = (levels->kinds & 1u << NAMIDB_NULL) != 0;
    bool is_first = true;

    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if ((levels->kinds & 1u << TYPES[i].kind) == 0)
            continue;
        if (!is_first)
            put(at, " | ");
        is_first = false;
        put(at, TYPES[i].name);
        if (TYPES[i].kind == NAMIDB_LIST) {
            put(at, "<");
            write_level(at, levels + 1);
            put(at, ">");
        }
        if (!may_be_null)
            put(at, " NOT NULL");
    }
    if (is_first)
        put(at, may_be_null ? "NULL" : "NOTHING");
}

static int call_value_type(struct ndb_scalar *scalar, const namidb_value *args,
                           uint32_t count, namidb_value *out)
{
    struct level levels[NDB_VALUE_DEPTH_MAX + 1] = { 0 };
    struct writer at = { NULL, 0 };
    int rc;

    (void)count;
    if (ndb_query_value_depth(args) > NDB_VALUE_DEPTH_MAX)
        return ndb_raise(scalar->err, NDB_FAULT_TOO_LARGE,
                         "a value is nested deeper than %u",
                         NDB_VALUE_DEPTH_MAX);
    find(args, levels);
    write_level(&at, levels);
    rc = ndb_function_text(scalar, at.bytes, &at.text);
    if (rc < 0)
        return rc;
    at.bytes = 0;
    write_level(&at, levels);
    *out = ndb_string(at.text, at.bytes);
    return NAMIDB_OK;
}

static const char *name_of(const namidb_value *value)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (TYPES[i].kind == value->kind)
            return TYPES[i].name;
    return "NULL";
}

/* isof(value, name, ...): whether its type is one of the names. */
static int call_is_of(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    const char *name = name_of(&args[0]);
    size_t bytes = strlen(name);
    bool is_one = false;

    (void)scalar;
    for (uint32_t i = 1; i < count && !is_one; i++)
        is_one = args[i].kind == NAMIDB_STRING && args[i].size == bytes &&
                 memcmp(args[i].as.bytes, name, bytes) == 0;
    *out = ndb_boolean(is_one);
    return NAMIDB_OK;
}

const struct ndb_function NDB_TYPE_FUNCTIONS[] = {
    { "isof", 2, UINT8_MAX, true, call_is_of },
    { "valuetype", 1, 1, true, call_value_type },
    { NULL, 0, 0, false, NULL },
};
