/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What expressions ask of the graph: properties, labels, functions of nodes
 * and edges. A chunk's rows are read at once.
 */
#include "exec/columns.h"
#include "exec/edge_columns.h"
#include "exec/graph.h"
#include "exec/list.h"
#include "exec/node_columns.h"
#include "exec/rows.h"
#include "exec/temporal.h"

static namidb_value find_property(const namidb_property *props, uint32_t count,
                                  uint32_t number)
{
    for (uint32_t i = 0; i < count && props[i].name <= number; i++)
        if (props[i].name == number)
            return props[i].value;
    return ndb_null();
}

static namidb_value map_item(const namidb_value *map, struct ndb_slice key)
{
    const namidb_value *item = ndb_map_get(map, key);

    return item != NULL ? *item : ndb_null();
}

static int property_of(struct ndb_eval *eval, const struct ndb_expr *expr,
                       uint32_t number, const struct ndb_entity *entity,
                       namidb_value *out)
{
    const namidb_value *value = &entity->value;
    struct ndb_slice name = eval->run->plan->names[expr->number].text;
    const char *text = (const char *)name.data;

    *out = ndb_null();
    if (entity->node != NULL)
        *out = find_property(entity->node->props, entity->node->prop_count,
                             number);
    else if (entity->edge != NULL)
        *out = find_property(entity->edge->props, entity->edge->prop_count,
                             number);
    else if (value->kind == NAMIDB_MAP)
        *out = map_item(value, name);
    else if (ndb_is_temporal(value->kind))
        return ndb_temporal_component(&eval->scalar, value, text, name.bytes,
                                      out);
    else if (value->kind == NAMIDB_POINT)
        return ndb_point_component(&eval->scalar, value, text, name.bytes, out);
    else if (value->kind != NAMIDB_NULL)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "a value of type %s has no property %.*s",
                         ndb_kind_name(value->kind), (int)name.bytes, text);
    return NAMIDB_OK;
}

int ndb_eval_property(struct ndb_eval *eval, const struct ndb_expr *expr,
                      const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    uint32_t number = ndb_run_number(eval->run, expr->number);
    struct ndb_vector values;
    struct ndb_rows rows;
    uint32_t count;
    int rc = ndb_eval(eval, expr->args[0], chunk, &values);

    if (rc >= 0 && values.form == NDB_FORM_ROWS)
        return ndb_columns_property(eval, &values, chunk, number, out);
    if (rc >= 0 && values.form == NDB_FORM_NODES &&
        !ndb_rows_are_loaded(eval, &values, chunk))
        return ndb_node_columns_property(eval, &values, chunk, number, out);
    if (rc >= 0 && values.form == NDB_FORM_EDGES)
        return ndb_edge_columns_property(eval, &values, chunk, number, out);
    if (rc >= 0)
        rc = ndb_rows_load(eval, &values, chunk, &rows);
    if (rc < 0)
        return rc;
    count = values.is_constant ? 1 : chunk->count;
    if (!ndb_vector_values(out, eval->arena,
                           values.is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = values.is_constant;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = values.is_constant ? 0 : ndb_chunk_row(chunk, i);
        struct ndb_entity entity = ndb_rows_at(&rows, &values, at);

        rc = property_of(eval, expr, number, &entity, &out->as.values[at]);
    }
    return rc;
}

static bool has_label(const namidb_node *node, uint32_t label)
{
    for (uint32_t i = 0; i < node->label_count; i++)
        if (node->labels[i] == label)
            return label != 0;
    return false;
}

/* Of an edge, its type is the one name asked for. */
static bool has_type(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const namidb_edge *edge)
{
    size_t bytes = 0;
    const char *type =
        ndb_dict_name(eval->run->snapshot.view->dict, NAMIDB_TYPE,
                      NAMIDB_ID_TABLE(edge->id), &bytes);

    for (uint32_t i = 0; i < expr->names.count; i++)
        if (!ndb_slice_equal(eval->run->plan->names[expr->names.items[i]].text,
                             ndb_slice(type, bytes)))
            return false;
    return true;
}

static bool has_labels(struct ndb_eval *eval, const struct ndb_expr *expr,
                       const namidb_node *node)
{
    for (uint32_t i = 0; i < expr->names.count; i++)
        if (!has_label(node, ndb_run_number(eval->run, expr->names.items[i])))
            return false;
    return true;
}

static int labels_of(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_entity *entity, uint8_t *out)
{
    *out = NDB_UNKNOWN;
    if (ndb_is_null(&entity->value))
        return NAMIDB_OK;
    if (entity->value.kind == NAMIDB_EDGE) {
        *out = has_type(eval, expr, entity->value.as.edge);
        return NAMIDB_OK;
    }
    if (entity->node == NULL)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "a value of type %s has no labels",
                         ndb_kind_name(entity->value.kind));
    *out = has_labels(eval, expr, entity->node);
    return NAMIDB_OK;
}

/* Rows of a group: a set of labels is looked at once for all rows that have it
 * one after the other. */
static int labels_of_group(struct ndb_eval *eval, const struct ndb_expr *expr,
                           const struct ndb_vector *rows,
                           const struct ndb_chunk *chunk,
                           struct ndb_vector *out)
{
    const struct ndb_node_group *group = rows->as.group;
    uint32_t known = UINT32_MAX;
    bool has = false;

    if (!ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), set = 0;

        if (group->label_of != NULL)
            set = group->label_of[rows->first + (rows->is_constant ? 0 : at)];
        if (set != known) {
            namidb_node node = { .labels = group->label_sets[set],
                                 .label_count = group->label_counts[set] };

            has = has_labels(eval, expr, &node);
            known = set;
        }
        out->as.truths[at] = has;
    }
    return NAMIDB_OK;
}

int ndb_eval_labels(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector values;
    struct ndb_rows rows;
    int rc = ndb_eval(eval, expr->args[0], chunk, &values);

    if (rc >= 0 && values.form == NDB_FORM_NODES &&
        !ndb_rows_are_loaded(eval, &values, chunk))
        return ndb_node_columns_labels(eval, &values, chunk, expr, out);
    if (rc >= 0 && values.form == NDB_FORM_ROWS)
        return labels_of_group(eval, expr, &values, chunk, out);
    if (rc >= 0)
        rc = ndb_rows_load(eval, &values, chunk, &rows);
    if (rc < 0)
        return rc;
    if (!ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        struct ndb_entity entity = ndb_rows_at(&rows, &values, at);

        rc = labels_of(eval, expr, &entity, &out->as.truths[at]);
    }
    return rc;
}

int ndb_eval_graph_call(struct ndb_eval *eval, const struct ndb_expr *expr,
                        const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    const struct ndb_graph_function *function = expr->graph_function;
    struct ndb_vector values;
    struct ndb_rows rows = { NULL, NULL };
    int rc = ndb_eval(eval, expr->args[0], chunk, &values);

    if (rc >= 0 && values.form == NDB_FORM_ROWS && function->is_key)
        return ndb_columns_key(eval, &values, chunk, out);
    if (rc >= 0 && function->needs_row)
        rc = ndb_rows_load(eval, &values, chunk, &rows);
    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        struct ndb_entity entity = ndb_rows_at(&rows, &values, at);

        out->as.values[at] = ndb_null();
        if (!ndb_is_null(&entity.value))
            rc = function->call(eval, &entity, &out->as.values[at]);
    }
    return rc;
}
