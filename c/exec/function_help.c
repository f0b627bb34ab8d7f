/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/function.h"

#include <string.h>

#include "base/error.h"

int ndb_function_type(struct ndb_scalar *scalar, const char *function,
                      const char *wanted, const namidb_value *got)
{
    return ndb_raise(scalar->err, NDB_FAULT_ARGUMENT_TYPE,
                     "%s(): expected %s, got %s", function, wanted,
                     ndb_kind_name(got->kind));
}

int ndb_function_integer(struct ndb_scalar *scalar, const char *function,
                         const namidb_value *value, int64_t *integer)
{
    *integer = value->as.integer;
    return value->kind == NAMIDB_INT
               ? NAMIDB_OK
               : ndb_function_type(scalar, function, "Integer", value);
}

int ndb_function_text(struct ndb_scalar *scalar, size_t bytes, char **out)
{
    *out = NULL;
    if (bytes > NDB_QUERY_VALUE_BYTES_MAX)
        return ndb_raise(scalar->err, NDB_FAULT_TOO_LARGE,
                         "a string of %zu bytes; the most is %zu", bytes,
                         NDB_QUERY_VALUE_BYTES_MAX);
    *out = ndb_arena_alloc(scalar->arena, bytes);
    return *out != NULL ? NAMIDB_OK : ndb_fail_memory(scalar->err);
}

int ndb_function_items(struct ndb_scalar *scalar, size_t count,
                       namidb_value **out)
{
    *out = NULL;
    if (count > NDB_QUERY_LIST_ITEMS_MAX)
        return ndb_raise(scalar->err, NDB_FAULT_TOO_LARGE,
                         "a list of %zu items; the most is %zu", count,
                         NDB_QUERY_LIST_ITEMS_MAX);
    *out = ndb_arena_array(scalar->arena, count, sizeof **out);
    return *out != NULL ? NAMIDB_OK : ndb_fail_memory(scalar->err);
}

int ndb_function_string(struct ndb_scalar *scalar, const char *text,
                        size_t bytes, namidb_value *out)
{
    char *copy;
    int rc = ndb_function_text(scalar, bytes, &copy);

    if (rc < 0)
        return rc;
    if (bytes != 0)
        memcpy(copy, text, bytes);
    *out = ndb_string(copy, bytes);
    return NAMIDB_OK;
}

const char *ndb_kind_name(uint32_t kind)
{
    static const char *const NAMES[NAMIDB_KIND_COUNT] = {
        [NAMIDB_NULL] = "Null",
        [NAMIDB_BOOL] = "Boolean",
        [NAMIDB_INT] = "Integer",
        [NAMIDB_FLOAT] = "Float",
        [NAMIDB_STRING] = "String",
        [NAMIDB_BYTES] = "Bytes",
        [NAMIDB_DATE] = "Date",
        [NAMIDB_LOCAL_TIME] = "LocalTime",
        [NAMIDB_TIME] = "Time",
        [NAMIDB_LOCAL_DATETIME] = "LocalDateTime",
        [NAMIDB_DATETIME] = "DateTime",
        [NAMIDB_DURATION] = "Duration",
        [NAMIDB_POINT] = "Point",
        [NAMIDB_LIST] = "List",
        [NAMIDB_VECTOR] = "Vector",
        [NAMIDB_MAP] = "Map",
        [NAMIDB_NODE] = "Node",
        [NAMIDB_EDGE] = "Relationship",
        [NAMIDB_PATH] = "Path",
    };

    return kind < NAMIDB_KIND_COUNT ? NAMES[kind] : "Unknown";
}
