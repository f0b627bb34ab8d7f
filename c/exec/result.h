/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.h - chunks as the caller wants them: rows of values in which nodes and
 * edges have their labels and properties.
 */
#ifndef NDB_EXEC_RESULT_H
#define NDB_EXEC_RESULT_H

#include "exec/op.h"

/* *out: chunk->count x plan->column_count values, row after row, in the arena.
 * All rows that are needed of the graph are read at once. What a query deleted
 * comes with its id alone. */
int ndb_result_rows(struct ndb_run *run, const struct ndb_chunk *chunk,
                    namidb_arena *arena, const namidb_value **out);

#endif
