/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scalar.h - functions of values: pure, one row at a time.
 *
 * Neither the graph nor a store is in reach of them. What a result points to
 * is memory of the arena or of the arguments; arguments live at least as long
 * as the result is used. The evaluator (eval.h) calls them over vectors.
 */
#ifndef NDB_EXEC_SCALAR_H
#define NDB_EXEC_SCALAR_H

#include "base/arena.h"
#include "exec/fault.h"
#include "namidb.h"

/* No value that a query makes is larger: NDB_FAULT_TOO_LARGE beyond. */
#define NDB_QUERY_VALUE_BYTES_MAX ((size_t)256 << 20)
#define NDB_QUERY_LIST_ITEMS_MAX ((size_t)16 << 20)

/* What a call sees beside its arguments. */
struct ndb_scalar {
    namidb_arena *arena; /* of results */
    /* When the statement began, UTC: date(), datetime() and all their kin are
     * the same for the whole statement. */
    int64_t now_seconds;
    int32_t now_nanoseconds;
    uint64_t *random; /* state of rand(), of the query */
    namidb_error *err;
};

/* NAMIDB_OK, or a failure (ndb_raise). `count` is within the function's bounds.
 */
typedef int ndb_scalar_call(struct ndb_scalar *scalar, const namidb_value *args,
                            uint32_t count, namidb_value *out);

struct ndb_function {
    const char *name; /* lower case: "tostring", "date.truncate" */
    uint8_t arguments_min, arguments_max; /* UINT8_MAX: any number */
    bool takes_null; /* false: null in any argument is null, without a call */
    ndb_scalar_call *call;
};

/* NULL: there is none of that name (lower case). */
const struct ndb_function *ndb_function_find(const char *name, size_t bytes);

/* Tables that end with a NULL name, one per family. */
extern const struct ndb_function NDB_STRING_FUNCTIONS[];
extern const struct ndb_function NDB_MATH_FUNCTIONS[];
extern const struct ndb_function NDB_LIST_FUNCTIONS[];
extern const struct ndb_function NDB_CONVERT_FUNCTIONS[];
extern const struct ndb_function NDB_TEMPORAL_FUNCTIONS[];
extern const struct ndb_function NDB_POINT_FUNCTIONS[];
extern const struct ndb_function NDB_MAP_FUNCTIONS[];
extern const struct ndb_function NDB_TYPE_FUNCTIONS[];

/* Makers. */
static inline namidb_value ndb_null(void)
{
    return (namidb_value){ .kind = NAMIDB_NULL };
}
static inline namidb_value ndb_boolean(bool is_true)
{
    return (namidb_value){ .kind = NAMIDB_BOOL, .as.boolean = is_true };
}
static inline namidb_value ndb_integer(int64_t integer)
{
    return (namidb_value){ .kind = NAMIDB_INT, .as.integer = integer };
}
static inline namidb_value ndb_float(double number)
{
    return (namidb_value){ .kind = NAMIDB_FLOAT, .as.number = number };
}
/* A view. */
static inline namidb_value ndb_string(const char *text, size_t bytes)
{
    return (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)bytes,
                           .as.bytes = text };
}
static inline namidb_value ndb_list(const namidb_value *items, size_t count)
{
    return (namidb_value){ .kind = NAMIDB_LIST,
                           .size = (uint32_t)count,
                           .as.items = items };
}
static inline namidb_value ndb_node(uint64_t id)
{
    return (namidb_value){ .kind = NAMIDB_NODE, .as.id = id };
}
static inline bool ndb_is_null(const namidb_value *value)
{
    return value->kind == NAMIDB_NULL;
}

/* "Integer", "String", "Map", ...: for messages. Constant. */
const char *ndb_kind_name(uint32_t kind);

#endif
