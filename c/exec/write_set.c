/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SET and REMOVE.
 */
#include "exec/graph.h"
#include "exec/rows.h"
#include "exec/write.h"

static int set_props(struct ndb_eval *eval, const namidb_value *entity,
                     namidb_props props)
{
    struct namidb_tx *tx = eval->run->tx;
    int rc =
        entity->kind == NAMIDB_NODE
            ? ndb_tx_set_node(tx, entity->as.id, props, eval->run->err)
            : ndb_tx_set_edge(tx, entity->as.edge->id, props, eval->run->err);

    ndb_rows_forget(eval);
    if (rc == NAMIDB_ENOTFOUND)
        return ndb_raise(eval->run->err, NDB_FAULT_DELETED,
                         "what was deleted cannot be changed");
    return rc;
}

static int set_one(struct ndb_eval *eval, const namidb_value *entity,
                   struct ndb_slice name, const namidb_value *value)
{
    namidb_entry entry = { .key =
                               ndb_string((const char *)name.data, name.bytes),
                           .value = *value };
    namidb_value map = { .kind = NAMIDB_MAP, .size = 1, .as.entries = &entry };
    namidb_props props;
    int rc = ndb_write_props(eval, &map, &props, NULL);

    return rc < 0 ? rc : set_props(eval, entity, props);
}

/* A vector of one value, as the loaders want it. */
static int load_one(struct ndb_eval *eval, const namidb_value *value,
                    struct ndb_entity *out)
{
    struct ndb_chunk chunk = { .extent = 1, .count = 1 };
    struct ndb_vector vector;
    struct ndb_rows rows;
    int rc;

    if (!ndb_vector_constant(&vector, eval->arena, value))
        return NAMIDB_ENOMEM;
    rc = ndb_rows_load(eval, &vector, &chunk, &rows);
    if (rc >= 0)
        *out = ndb_rows_at(&rows, &vector, 0);
    return rc;
}

/* For `=`, what the entity has and the new map has not becomes null. */
static int replaced(struct ndb_eval *eval, const namidb_value *entity,
                    namidb_props new, namidb_props *out)
{
    struct ndb_entity old;
    const namidb_property *props;
    namidb_property *items;
    uint32_t count;
    int rc = load_one(eval, entity, &old);

    if (rc < 0)
        return rc;
    props = old.node != NULL ? old.node->props : old.edge->props;
    count = old.node != NULL ? old.node->prop_count : old.edge->prop_count;
    items = ndb_arena_array(eval->arena, new.count + count, sizeof *items);
    if (items == NULL)
        return NAMIDB_ENOMEM;
    if (new.count != 0)
        memcpy(items, new.items, new.count * sizeof *items);
    *out = (namidb_props){ items, new.count };
    for (uint32_t i = 0; i < count; i++) {
        bool is_given = false;

        for (size_t j = 0; j < new.count && !is_given; j++)
            is_given = items[j].name == props[i].name;
        if (!is_given)
            items[out->count++] =
                (namidb_property){ props[i].name, ndb_null() };
    }
    return NAMIDB_OK;
}

/* n = map, n += map; the map may be a node's or an edge's properties. */
static int set_map(struct ndb_eval *eval, const struct ndb_set *set,
                   const namidb_value *entity, const namidb_value *value)
{
    struct ndb_entity from;
    namidb_value map;
    namidb_props props;
    int rc;

    if (!ndb_is_null(value) && value->kind != NAMIDB_MAP &&
        value->kind != NAMIDB_NODE && value->kind != NAMIDB_EDGE)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "SET n %s takes a map, a node or a relationship, not "
                         "a value of type %s",
                         set->kind == NDB_SET_REPLACE ? "=" : "+=",
                         ndb_kind_name(value->kind));
    rc = load_one(eval, value, &from);
    if (rc >= 0 && ndb_is_null(value))
        map = (namidb_value){ .kind = NAMIDB_MAP };
    else if (rc >= 0)
        rc = ndb_graph_properties(eval, &from, &map);
    if (rc >= 0)
        rc = ndb_write_props(eval, &map, &props, NULL);
    if (rc >= 0 && set->kind == NDB_SET_REPLACE)
        rc = replaced(eval, entity, props, &props);
    return rc < 0 ? rc : set_props(eval, entity, props);
}

/* The labels of the statement that the dictionary knows, or is to know. */
static int static_labels(struct ndb_eval *eval, const struct ndb_set *set,
                         bool is_added, struct ndb_write_labels *labels)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < set->labels.count && rc >= 0; i++) {
        uint32_t label = ndb_run_number(eval->run, set->labels.items[i]);

        if (labels->count == NDB_WRITE_LABELS_MAX)
            return ndb_fail(eval->run->err, NAMIDB_ELIMIT,
                            "more than %u labels at once",
                            NDB_WRITE_LABELS_MAX);
        if (is_added)
            rc = ndb_run_make_number(eval->run, set->labels.items[i], &label);
        if (rc >= 0 && label != 0)
            labels->items[labels->count++] = label;
    }
    return rc;
}

static int set_labels(struct ndb_eval *eval, const struct ndb_set *set,
                      const namidb_value *entity, const namidb_value *value)
{
    bool is_added =
        set->kind == NDB_SET_ADD_LABELS || set->kind == NDB_SET_ADD_NAMED;
    struct ndb_write_labels labels = { .count = 0 };
    int rc;

    if (entity->kind != NAMIDB_NODE)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "only a node has labels");
    rc = set->value != NULL ? ndb_write_labels(eval, value, is_added, &labels)
                            : static_labels(eval, set, is_added, &labels);
    for (uint32_t i = 0; i < labels.count && rc >= 0; i++)
        rc = ndb_tx_change_label(eval->run->tx, entity->as.id, labels.items[i],
                                 is_added, eval->run->err);
    ndb_rows_forget(eval);
    if (rc == NAMIDB_ENOTFOUND)
        return ndb_raise(eval->run->err, NDB_FAULT_DELETED,
                         "what was deleted cannot be changed");
    return rc;
}

static int apply(struct ndb_eval *eval, const struct ndb_set *set,
                 const struct ndb_chunk *row, const namidb_value *entity)
{
    struct ndb_vector values = { .form = NDB_FORM_NONE };
    namidb_value value;
    int rc = NAMIDB_OK;

    if (set->value != NULL)
        rc = ndb_eval(eval, set->value, row, &values);
    if (rc < 0)
        return rc;
    value = ndb_vector_get(&values, 0);
    switch (set->kind) {
    case NDB_SET_PROPERTY:
        return set_one(eval, entity, eval->run->plan->names[set->name].text,
                       &value);
    case NDB_SET_REPLACE:
    case NDB_SET_MERGE:
        return set_map(eval, set, entity, &value);
    default:
        return set_labels(eval, set, entity, &value);
    }
}

static int set_row(struct ndb_eval *eval, const struct ndb_set *set,
                   const struct ndb_chunk *row)
{
    struct ndb_vector entities;
    namidb_value entity;
    int rc = ndb_eval(eval, set->entity, row, &entities);

    if (rc < 0)
        return rc;
    entity = ndb_vector_get(&entities, 0);
    if (ndb_is_null(&entity))
        return NAMIDB_OK;
    if (entity.kind != NAMIDB_NODE && entity.kind != NAMIDB_EDGE)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "only a node or a relationship can be changed, not a "
                         "value of type %s",
                         ndb_kind_name(entity.kind));
    return apply(eval, set, row, &entity);
}

int ndb_write_sets(struct ndb_eval *eval, const struct ndb_sets *sets,
                   const struct ndb_chunk *chunk)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        struct ndb_chunk row;

        rc = ndb_eval_row_chunk(eval, chunk, ndb_chunk_row(chunk, i), &row);
        for (uint32_t j = 0; j < sets->count && rc >= 0; j++)
            rc = set_row(eval, &sets->items[j], &row);
    }
    return rc;
}
