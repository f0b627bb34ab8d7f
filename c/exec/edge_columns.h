/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge_columns.h - what an expression asks of a column of edges, read as a
 * column.
 */
#ifndef NDB_EXEC_EDGE_COLUMNS_H
#define NDB_EXEC_EDGE_COLUMNS_H

#include "exec/eval.h"

/* The property `number` (0: one that nobody has) of each edge. */
int ndb_edge_columns_property(struct ndb_eval *eval,
                              const struct ndb_vector *edges,
                              const struct ndb_chunk *chunk, uint32_t number,
                              struct ndb_vector *out);

#endif
