/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_columns.h - one property, or the labels, of the nodes in a vector: what
 * most queries read of the graph. No row is put together for it (rows.h does
 * that).
 */
#ifndef NDB_EXEC_NODE_COLUMNS_H
#define NDB_EXEC_NODE_COLUMNS_H

#include "exec/eval.h"

/* Property `number` (0: nobody has it) of a vector of NDB_FORM_NODES, at the
 * rows of the chunk. A node that is not there fails (ndb_run_absent). One
 * round at most. */
int ndb_node_columns_property(struct ndb_eval *eval,
                              const struct ndb_vector *nodes,
                              const struct ndb_chunk *chunk, uint32_t number,
                              struct ndb_vector *out);

/* Whether they have all labels of `expr`, likewise: truths. */
int ndb_node_columns_labels(struct ndb_eval *eval,
                            const struct ndb_vector *nodes,
                            const struct ndb_chunk *chunk,
                            const struct ndb_expr *expr,
                            struct ndb_vector *out);

/*
 * Before a chunk is projected: where several of its nodes' properties are read,
 * the rows of all of them come in one round, not in one for each. Only of runs
 * that had to ask the store for something; in others all is there.
 */
int ndb_node_columns_ahead(struct ndb_eval *eval,
                           const struct ndb_plan_op *project,
                           const struct ndb_chunk *chunk);

#endif
