/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - the operators of lists and maps: [i], [i..j], IN, .name
 */
#ifndef NDB_EXEC_LIST_H
#define NDB_EXEC_LIST_H

#include "base/slice.h"
#include "exec/compare.h"

/* container[index]: an item of a list or a vector by an integer (from the end
 * when negative), a value of a map by a string; null when there is none. Nodes
 * and edges are the evaluator's. NDB_FAULT_LIST_INDEX, NDB_FAULT_MAP_KEY, or
 * NDB_FAULT_ARGUMENT_TYPE when the container is none. */
int ndb_list_at(struct ndb_scalar *scalar, const namidb_value *container,
                const namidb_value *index, namidb_value *out);

/* list[from..to], to excluded; NULL: from the first, to the last. Bounds beyond
 * the list are those of the list. */
int ndb_list_slice(struct ndb_scalar *scalar, const namidb_value *list,
                   const namidb_value *from, const namidb_value *to,
                   namidb_value *out);

/* What may stand right of IN: null, a list, a vector. Raises
 * NDB_FAULT_ARGUMENT_TYPE for anything else. */
int ndb_in_check(struct ndb_scalar *scalar, const namidb_value *list);

/* item IN list. */
int ndb_in(struct ndb_scalar *scalar, const namidb_value *item,
           const namidb_value *list, enum ndb_truth *out);

/* The value of a key; NULL: the map has no such key. */
const namidb_value *ndb_map_get(const namidb_value *map, struct ndb_slice key);

/* Raises NDB_FAULT_ARGUMENT_VALUE for a key of a map that is none of `names`,
 * which end with NULL; `what` is what the map stands for. */
int ndb_map_check_keys(struct ndb_scalar *scalar, const namidb_value *map,
                       const char *const *names, const char *what);

#endif
