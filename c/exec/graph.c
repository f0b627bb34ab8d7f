/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/graph.h"

#include <stdlib.h>

#include "exec/eval.h"

static namidb_value name_value(struct ndb_eval *eval,
                               enum namidb_name_kind kind, uint32_t number)
{
    size_t bytes = 0;
    const char *text =
        ndb_dict_name(eval->run->snapshot.view->dict, kind, number, &bytes);

    return text != NULL ? ndb_string(text, bytes) : ndb_null();
}

static int wrong_kind(struct ndb_eval *eval, const char *name,
                      const char *wanted, const namidb_value *value)
{
    return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_VALUE,
                     "%s() is of %s, not of type %s", name, wanted,
                     ndb_kind_name(value->kind));
}

static int call_labels(struct ndb_eval *eval, const struct ndb_entity *entity,
                       namidb_value *out)
{
    namidb_value *items;

    if (entity->node == NULL)
        return wrong_kind(eval, "labels", "a node", &entity->value);
    items = ndb_eval_array(eval, entity->node->label_count);
    if (items == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < entity->node->label_count; i++)
        items[i] = name_value(eval, NAMIDB_LABEL, entity->node->labels[i]);
    *out = ndb_list(items, entity->node->label_count);
    return NAMIDB_OK;
}

/* What % asks: some label, or a type, which an edge always has. */
static int call_is_labelled(struct ndb_eval *eval,
                            const struct ndb_entity *entity, namidb_value *out)
{
    bool is_edge = entity->value.kind == NAMIDB_EDGE;

    if (entity->node == NULL && !is_edge)
        return wrong_kind(eval, "%", "a node or a relationship",
                          &entity->value);
    *out = ndb_boolean(is_edge || entity->node->label_count != 0);
    return NAMIDB_OK;
}

static int call_type(struct ndb_eval *eval, const struct ndb_entity *entity,
                     namidb_value *out)
{
    if (entity->value.kind != NAMIDB_EDGE)
        return wrong_kind(eval, "type", "a relationship", &entity->value);
    *out = name_value(eval, NAMIDB_TYPE,
                      NAMIDB_ID_TABLE(entity->value.as.edge->id));
    return NAMIDB_OK;
}

/* What $(...) asks: the labels of a node, the type of an edge. */
static int call_names(struct ndb_eval *eval, const struct ndb_entity *entity,
                      namidb_value *out)
{
    namidb_value *type;

    if (entity->node != NULL)
        return call_labels(eval, entity, out);
    if (entity->value.kind != NAMIDB_EDGE)
        return wrong_kind(eval, "$(...)", "a node or a relationship",
                          &entity->value);
    type = ndb_eval_array(eval, 1);
    if (type == NULL)
        return ndb_eval_no_memory(eval);
    *out = ndb_list(type, 1);
    return call_type(eval, entity, type);
}

static int call_key(struct ndb_eval *eval, const struct ndb_entity *entity,
                    namidb_value *out)
{
    if (entity->node == NULL)
        return wrong_kind(eval, "key", "a node", &entity->value);
    *out = entity->node->key;
    return NAMIDB_OK;
}

static int call_end(struct ndb_eval *eval, const struct ndb_entity *entity,
                    bool is_start, namidb_value *out)
{
    if (entity->value.kind != NAMIDB_EDGE)
        return wrong_kind(eval, is_start ? "startNode" : "endNode",
                          "a relationship", &entity->value);
    *out = ndb_node(is_start ? entity->value.as.edge->from
                             : entity->value.as.edge->to);
    return NAMIDB_OK;
}

static int call_start_node(struct ndb_eval *eval,
                           const struct ndb_entity *entity, namidb_value *out)
{
    return call_end(eval, entity, true, out);
}

static int call_end_node(struct ndb_eval *eval, const struct ndb_entity *entity,
                         namidb_value *out)
{
    return call_end(eval, entity, false, out);
}

static bool props_of(const struct ndb_entity *entity,
                     const namidb_property **props, uint32_t *count)
{
    if (entity->node != NULL) {
        *props = entity->node->props;
        *count = entity->node->prop_count;
        return true;
    }
    if (entity->edge != NULL) {
        *props = entity->edge->props;
        *count = entity->edge->prop_count;
        return true;
    }
    return false;
}

static int call_keys(struct ndb_eval *eval, const struct ndb_entity *entity,
                     namidb_value *out)
{
    const namidb_value *map = &entity->value;
    const namidb_property *props = NULL;
    uint32_t count = map->size;
    namidb_value *items;

    if (!props_of(entity, &props, &count) && map->kind != NAMIDB_MAP)
        return wrong_kind(eval, "keys", "a node, a relationship or a map", map);
    items = ndb_eval_array(eval, count);
    if (items == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < count; i++)
        items[i] = props != NULL
                       ? name_value(eval, NAMIDB_PROPERTY, props[i].name)
                       : map->as.entries[i].key;
    *out = ndb_list(items, count);
    return NAMIDB_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const namidb_value *left = &((const namidb_entry *)a)->key;
    const namidb_value *right = &((const namidb_entry *)b)->key;

    return ndb_slice_compare(ndb_slice(left->as.bytes, left->size),
                             ndb_slice(right->as.bytes, right->size));
}

int ndb_graph_properties(struct ndb_eval *eval, const struct ndb_entity *entity,
                         namidb_value *out)
{
    const namidb_property *props = NULL;
    uint32_t count = 0;
    namidb_entry *entries;

    if (entity->value.kind == NAMIDB_MAP) {
        *out = entity->value;
        return NAMIDB_OK;
    }
    if (!props_of(entity, &props, &count))
        return wrong_kind(eval, "properties", "a node, a relationship or a map",
                          &entity->value);
    entries = ndb_arena_array(eval->arena, count, sizeof *entries);
    if (entries == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < count; i++) {
        entries[i].key = name_value(eval, NAMIDB_PROPERTY, props[i].name);
        entries[i].value = props[i].value;
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    *out = (namidb_value){ .kind = NAMIDB_MAP,
                           .size = count,
                           .as.entries = entries };
    return NAMIDB_OK;
}

static const struct ndb_graph_function FUNCTIONS[] = {
    { "labels", 1, 1, true, false, call_labels },
    { "islabelled", 1, 1, true, false, call_is_labelled },
    { "namesof", 1, 1, true, false, call_names },
    { "type", 1, 1, false, false, call_type },
    { "key", 1, 1, true, true, call_key },
    { "keys", 1, 1, true, false, call_keys },
    { "properties", 1, 1, true, false, ndb_graph_properties },
    { "startnode", 1, 1, false, false, call_start_node },
    { "endnode", 1, 1, false, false, call_end_node },
};

const struct ndb_graph_function *ndb_graph_function_find(struct ndb_slice name)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (ndb_slice_equal(name, ndb_slice_text(FUNCTIONS[i].name)))
            return &FUNCTIONS[i];
    return NULL;
}
