/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - rows that one query gave, for another to go on with: a value, a
 * list with a list of a value per column for each. Nodes in it are ids, so that
 * nothing is read of the graph for what is only handed on.
 */
#ifndef NDB_EXEC_BATCH_H
#define NDB_EXEC_BATCH_H

#include "exec/chunk.h"
#include "exec/plan.h"
#include "namidb_batch.h"

/* The public opaque type is this struct. */
struct namidb_batch {
    namidb_arena arena;
    struct ndb_budget budget; /* of the arena */
    namidb_value *rows;
    uint32_t count, capacity;
    namidb_value value; /* of all rows */
};

/* NULL: no memory. */
struct namidb_batch *ndb_batch_new(size_t bytes_max);
/* Adds the row at `position` of a chunk of the plan's columns. NAMIDB_OK, or
 * NAMIDB_ENOMEM: see the budget. */
int ndb_batch_add(struct namidb_batch *batch, const struct ndb_plan *plan,
                  const struct ndb_chunk *chunk, uint32_t position);

#endif
