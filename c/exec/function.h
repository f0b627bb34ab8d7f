/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.h - what the families of functions (fn_*.c) share.
 */
#ifndef NDB_EXEC_FUNCTION_H
#define NDB_EXEC_FUNCTION_H

#include "exec/scalar.h"

/* Of paths and of what nodes and edges carry in themselves. */
extern const struct ndb_function NDB_PATH_FUNCTIONS[];

/* NDB_FAULT_ARGUMENT_TYPE: "<function>(): expected <wanted>, got Integer". */
int ndb_function_type(struct ndb_scalar *scalar, const char *function,
                      const char *wanted, const namidb_value *got);
/* The integer of an argument that must be one. */
int ndb_function_integer(struct ndb_scalar *scalar, const char *function,
                         const namidb_value *value, int64_t *integer);

/* Memory of a result; within the bounds of scalar.h, else NDB_FAULT_TOO_LARGE.
 */
int ndb_function_text(struct ndb_scalar *scalar, size_t bytes, char **out);
int ndb_function_items(struct ndb_scalar *scalar, size_t count,
                       namidb_value **out);

/* A copy of the text as a value. */
int ndb_function_string(struct ndb_scalar *scalar, const char *text,
                        size_t bytes, namidb_value *out);

/* Whether it may ask when the statement began. */
bool ndb_function_reads_clock(const struct ndb_function *function);

/* An integer or a float as a float. */
static inline bool ndb_is_number(const namidb_value *value)
{
    return value->kind == NAMIDB_INT || value->kind == NAMIDB_FLOAT;
}
static inline double ndb_number(const namidb_value *value)
{
    return value->kind == NAMIDB_INT ? (double)value->as.integer
                                     : value->as.number;
}

#endif
