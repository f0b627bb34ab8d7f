/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write.h - what the operators that change the graph share.
 */
#ifndef NDB_EXEC_WRITE_H
#define NDB_EXEC_WRITE_H

#include "base/limits.h"
#include "exec/eval.h"

/* The properties of a map, named by numbers; op->arena's memory. Null drops one
 * (`has_null` tells whether there was any, NULL: do not care). What cannot be
 * stored is NDB_FAULT_PROPERTY_TYPE. */
int ndb_write_props(struct ndb_eval *eval, const namidb_value *map,
                    namidb_props *out, bool *has_null);

/* Labels that are added or removed together: more than a node can have. */
#define NDB_WRITE_LABELS_MAX (2 * NDB_ROW_LABELS_MAX)

struct ndb_write_labels {
    uint32_t items[NDB_WRITE_LABELS_MAX];
    uint32_t count;
};

/* Puts the labels that a value names, a string or a list of strings, behind
 * those in `labels`. What is added to a node goes into the dictionary if it is
 * new; of what is removed the new is left out. */
int ndb_write_labels(struct ndb_eval *eval, const namidb_value *value,
                     bool is_added, struct ndb_write_labels *labels);
/* The type that a value names; NDB_FAULT_ONE_TYPE unless it is one. */
int ndb_write_type(struct ndb_eval *eval, const namidb_value *value,
                   uint32_t *type);

/* Creates what `creates` lists for each row of the chunk, in their order, and
 * sets their slots in the chunk's columns. `is_merge`: a property that is null
 * is NDB_FAULT_MERGE_NULL. */
int ndb_write_creates(struct ndb_eval *eval, const struct ndb_creates *creates,
                      bool is_merge, struct ndb_chunk *chunk);

/* Carries out `sets`, row by row, each seeing what those before it did. */
int ndb_write_sets(struct ndb_eval *eval, const struct ndb_sets *sets,
                   const struct ndb_chunk *chunk);

#endif
