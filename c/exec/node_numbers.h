/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_numbers.h - numbers of nodes that stand for rows nobody needs: their
 * degrees and loops, and walks from them.
 */
#ifndef NDB_EXEC_NODE_NUMBERS_H
#define NDB_EXEC_NODE_NUMBERS_H

#include "engine/label_judge.h"
#include "exec/eval.h"

struct ndb_nodes {
    const uint64_t *ids;
    uint32_t count;
};

/* Add to sums[i] what node i has, by an expression: DEGREE or LOOPS
 * (eval_degree.c), WALKS (walks.c). Failures are as of ndb_eval. */
int ndb_degrees_sum(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_nodes *nodes, int64_t *sums);
int ndb_walks_sum(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_nodes *nodes, int64_t *sums);

/* The edges of a kind at nodes that lead to nodes with all of some labels (any
 * if there are none). All memory is the evaluation's. */
int ndb_labelled_hops(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                      const struct ndb_nodes *nodes,
                      const struct ndb_names *labels, struct ndb_hops *out);

/* Whether all edges of a kind lead to nodes with the labels, or none does:
 * *has. NAMIDB_NONE: some may, or the nodes are so few that their neighbours
 * cost no more; *probe is for the next call. */
int ndb_labelled_judge(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                       const struct ndb_nodes *nodes,
                       const struct ndb_names *labels,
                       struct ndb_label_probe *probe, bool *has);

/* The same edges, by a look at each neighbour's labels. */
int ndb_labelled_look(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                      const struct ndb_nodes *nodes,
                      const struct ndb_label_probe *probe,
                      struct ndb_hops *out);

#endif
