/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_copy.h - query values that outlive the memory they were made in.
 *
 * Nodes are ids here, edges are without what the graph knows of them unless
 * they carry properties.
 */
#ifndef NDB_EXEC_VALUE_COPY_H
#define NDB_EXEC_VALUE_COPY_H

#include "base/arena.h"

/* Does the work of the next for values that point to something. */
int ndb_query_value_copy_parts(namidb_arena *arena, const namidb_value *from,
                               namidb_value *to);
/* Copies a value and all that it points to. NAMIDB_OK, NAMIDB_ENOMEM, or
 * NAMIDB_ELIMIT when it is nested deeper than NDB_VALUE_DEPTH_MAX: noted in the
 * arena's budget, so that whoever takes it for want of memory is right, too
 * (ndb_run_no_memory). */
static inline int ndb_query_value_copy(namidb_arena *arena,
                                       const namidb_value *from,
                                       namidb_value *to)
{
    if (from->kind > NAMIDB_FLOAT && from->kind != NAMIDB_NODE)
        return ndb_query_value_copy_parts(arena, from, to);
    *to = *from;
    return NAMIDB_OK;
}

/* Lists and maps inside one another: 0 for a scalar, 1 for a list of scalars.
 * What is deeper than NDB_VALUE_DEPTH_MAX is NDB_VALUE_DEPTH_MAX + 1. */
uint32_t ndb_query_value_depth(const namidb_value *value);

#endif
