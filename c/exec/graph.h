/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.h - functions of nodes and edges that read the graph: labels, type,
 * key, keys, properties, startnode, endnode.
 */
#ifndef NDB_EXEC_GRAPH_H
#define NDB_EXEC_GRAPH_H

#include "base/slice.h"
#include "exec/scalar.h"

struct ndb_eval;

/* A value, and its row if it is a node or an edge and the function wants it. */
struct ndb_entity {
    namidb_value value;
    const namidb_node *node;
    const namidb_edge *edge;
};

struct ndb_graph_function {
    const char *name; /* lower case */
    uint8_t arguments_min, arguments_max;
    bool needs_row;
    bool is_key; /* key(): a column, as properties are */
    int (*call)(struct ndb_eval *eval, const struct ndb_entity *entity,
                namidb_value *out);
};

/* NULL: there is none. */
const struct ndb_graph_function *ndb_graph_function_find(struct ndb_slice name);

/* The properties of an entity, as a map. */
int ndb_graph_properties(struct ndb_eval *eval, const struct ndb_entity *entity,
                         namidb_value *out);

#endif
