/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label_judge.h - the labels of nodes by their tables: the directory of a pack
 * says which labels any node of a table has, and whether some node is without
 * the table's own. So most graphs tell without a look at a node.
 */
#ifndef NDB_ENGINE_LABEL_JUDGE_H
#define NDB_ENGINE_LABEL_JUDGE_H

#include "engine/read.h"

/* Whether each of ids, which are there, has all of the labels. NAMIDB_NONE:
 * their tables do not tell, and what is in *has counts for nothing. */
int ndb_judge_labels(const struct ndb_snapshot *snapshot, const uint64_t *ids,
                     size_t count, const struct ndb_label_probe *probe,
                     bool *has, namidb_error *err);

/* Whether all nodes that edges of a kind go to have the labels, or none has
 * them. NAMIDB_NONE: neither, or the tables do not tell. */
int ndb_judge_ends(const struct ndb_snapshot *snapshot,
                   const struct ndb_hop_kind *kind,
                   const struct ndb_label_probe *probe, bool *has,
                   namidb_error *err);

#endif
