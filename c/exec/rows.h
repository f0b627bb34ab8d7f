/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - the rows of the nodes and edges in a vector, read in one batch.
 */
#ifndef NDB_EXEC_ROWS_H
#define NDB_EXEC_ROWS_H

#include "exec/eval.h"
#include "exec/graph.h"

struct ndb_rows {
    const namidb_node **nodes; /* by position; NULL: no node there */
    const namidb_edge **edges;
};

/* Reads what is a node or an edge at the rows of the chunk. One that is not
 * there fails (ndb_run_absent). At most two rounds. Nodes of the same
 * column that were read last are not read again: n.a, n.b are one read. */
int ndb_rows_load(struct ndb_eval *eval, const struct ndb_vector *vector,
                  const struct ndb_chunk *chunk, struct ndb_rows *out);

/* Whether the rows of a vector of nodes were the last to be read. */
bool ndb_rows_are_loaded(const struct ndb_eval *eval,
                         const struct ndb_vector *vector,
                         const struct ndb_chunk *chunk);

/* After a change of the graph. */
static inline void ndb_rows_forget(struct ndb_eval *eval)
{
    eval->memo_of = NULL;
}

static inline struct ndb_entity ndb_rows_at(const struct ndb_rows *rows,
                                            const struct ndb_vector *vector,
                                            uint32_t position)
{
    uint32_t at = vector->is_constant ? 0 : position;

    return (struct ndb_entity){
        .value = ndb_vector_get(vector, position),
        .node = rows->nodes != NULL ? rows->nodes[at] : NULL,
        .edge = rows->edges != NULL ? rows->edges[at] : NULL,
    };
}

#endif
