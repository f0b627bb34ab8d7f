/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fn_path.c - what a path, a node or an edge tells without the graph.
 */
#include "exec/function.h"

#include <inttypes.h>
#include <stdio.h>

static int want_path(struct ndb_scalar *scalar, const char *function,
                     const namidb_value *value)
{
    if (value->kind == NAMIDB_PATH)
        return NAMIDB_OK;
    return ndb_function_type(scalar, function, "Path", value);
}

static int want_edge(struct ndb_scalar *scalar, const char *function,
                     const namidb_value *value)
{
    if (value->kind == NAMIDB_EDGE)
        return NAMIDB_OK;
    return ndb_function_type(scalar, function, "Relationship", value);
}

static int call_nodes(struct ndb_scalar *scalar, const namidb_value *args,
                      uint32_t count, namidb_value *out)
{
    int rc = want_path(scalar, "nodes", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_list(args->as.path->nodes,
                        (size_t)args->as.path->edge_count + 1);
    return rc;
}

static int call_relationships(struct ndb_scalar *scalar,
                              const namidb_value *args, uint32_t count,
                              namidb_value *out)
{
    int rc = want_path(scalar, "relationships", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_list(args->as.path->edges, args->as.path->edge_count);
    return rc;
}

static int call_length(struct ndb_scalar *scalar, const namidb_value *args,
                       uint32_t count, namidb_value *out)
{
    int rc = want_path(scalar, "length", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_integer(args->as.path->edge_count);
    return rc;
}

static int call_id(struct ndb_scalar *scalar, const namidb_value *args,
                   uint32_t count, namidb_value *out)
{
    (void)count;
    if (args->kind == NAMIDB_NODE)
        *out = ndb_integer((int64_t)args->as.id);
    else if (args->kind == NAMIDB_EDGE)
        *out = ndb_integer((int64_t)args->as.edge->id);
    else
        return ndb_function_type(scalar, "id", "Node or Relationship", args);
    return NAMIDB_OK;
}

/* The same as text, as other engines have it. */
static int call_element_id(struct ndb_scalar *scalar, const namidb_value *args,
                           uint32_t count, namidb_value *out)
{
    char text[24];
    int rc = call_id(scalar, args, count, out);

    if (rc < 0)
        return rc;
    rc = snprintf(text, sizeof text, "%" PRId64, out->as.integer);
    return ndb_function_string(scalar, text, (size_t)rc, out);
}

static int call_start_node(struct ndb_scalar *scalar, const namidb_value *args,
                           uint32_t count, namidb_value *out)
{
    int rc = want_edge(scalar, "startNode", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_node(args->as.edge->from);
    return rc;
}

static int call_end_node(struct ndb_scalar *scalar, const namidb_value *args,
                         uint32_t count, namidb_value *out)
{
    int rc = want_edge(scalar, "endNode", args);

    (void)count;
    if (rc == NAMIDB_OK)
        *out = ndb_node(args->as.edge->to);
    return rc;
}

const struct ndb_function NDB_PATH_FUNCTIONS[] = {
    { "nodes", 1, 1, false, call_nodes },
    { "relationships", 1, 1, false, call_relationships },
    { "rels", 1, 1, false, call_relationships },
    { "length", 1, 1, false, call_length },
    { "id", 1, 1, false, call_id },
    { "elementid", 1, 1, false, call_element_id },
    { "startnode", 1, 1, false, call_start_node },
    { "endnode", 1, 1, false, call_end_node },
    { NULL, 0, 0, false, NULL },
};
