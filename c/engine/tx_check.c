/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constraints on what a transaction writes. It sees everything submitted before
 * it and its own writes, and there is one transaction at a time: what is unique
 * to it is unique.
 */
#include "base/error.h"
#include "engine/constraint_text.h"
#include "engine/tx.h"

int ndb_tx_schema(struct namidb_tx *tx, const struct ndb_schema **schema,
                  namidb_error *err)
{
    *schema = &tx->schema;
    if (tx->is_schema_read)
        return NAMIDB_OK;
    ndb_schema_release(&tx->schema);
    if (ndb_schema_stamp(&tx->snapshot) != 0 &&
        ndb_schema_read(&tx->snapshot, &tx->schema) < 0)
        return ndb_fail_memory(err);
    tx->is_schema_read = true;
    return NAMIDB_OK;
}

static int check_item(struct namidb_tx *tx, const namidb_schema_item *item,
                      uint64_t id, const namidb_property *props, uint32_t count,
                      namidb_error *err)
{
    bool must_have =
        item->rule == NAMIDB_RULE_NOT_NULL || item->rule == NAMIDB_RULE_KEY;

    if (must_have && ndb_constraint_has(item, props, count) != NAMIDB_OK)
        return ndb_ids_add(&tx->incomplete[item->is_edge], id) < 0
                   ? ndb_fail_memory(err)
                   : NAMIDB_OK;
    if (item->rule == NAMIDB_RULE_TYPE &&
        ndb_constraint_fits(item, props, count) != NAMIDB_OK)
        return ndb_constraint_fail_type(
            &tx->snapshot, item,
            &(struct ndb_constraint_row){ id, props, count }, err);
    if (ndb_rule_is_unique(item->rule))
        return ndb_constraint_is_free(&tx->snapshot, item, id, props, count,
                                      err);
    return NAMIDB_OK;
}

int ndb_tx_check_node(struct namidb_tx *tx, const namidb_node *node,
                      namidb_error *err)
{
    const struct ndb_schema *schema;
    int rc = ndb_tx_schema(tx, &schema, err);

    for (uint32_t i = 0; rc >= 0 && i < schema->count; i++)
        if (ndb_schema_has_node(&schema->items[i], node->labels,
                                node->label_count))
            rc = check_item(tx, &schema->items[i], node->id, node->props,
                            node->prop_count, err);
    return rc;
}

int ndb_tx_check_edge(struct namidb_tx *tx, const namidb_edge *edge,
                      namidb_error *err)
{
    const struct ndb_schema *schema;
    int rc = ndb_tx_schema(tx, &schema, err);

    for (uint32_t i = 0; rc >= 0 && i < schema->count; i++)
        if (schema->items[i].is_edge &&
            schema->items[i].target == NAMIDB_ID_TABLE(edge->id))
            rc = check_item(tx, &schema->items[i], edge->id, edge->props,
                            edge->prop_count, err);
    return rc;
}

/* ---------------------------------------------------------------- the end --
 */

static int check_complete(struct namidb_tx *tx, const namidb_schema_item *item,
                          uint64_t id, const namidb_property *props,
                          uint32_t count, namidb_error *err)
{
    if (item->rule != NAMIDB_RULE_NOT_NULL && item->rule != NAMIDB_RULE_KEY)
        return NAMIDB_OK;
    return ndb_constraint_has(item, props, count) == NAMIDB_OK
               ? NAMIDB_OK
               : ndb_constraint_fail_absent(
                     &tx->snapshot, item,
                     &(struct ndb_constraint_row){ id, props, count }, err);
}

static int complete_node(struct namidb_tx *tx, const struct ndb_schema *schema,
                         uint64_t id, namidb_error *err)
{
    namidb_node node;
    int rc = ndb_read_nodes(&tx->snapshot, &id, 1, &tx->scratch, &node, err);

    for (uint32_t i = 0; rc >= 0 && node.id != 0 && i < schema->count; i++)
        if (ndb_schema_has_node(&schema->items[i], node.labels,
                                node.label_count))
            rc = check_complete(tx, &schema->items[i], id, node.props,
                                node.prop_count, err);
    return rc;
}

static int complete_edge(struct namidb_tx *tx, const struct ndb_schema *schema,
                         uint64_t id, namidb_error *err)
{
    const struct ndb_edge_probe probe = { .id = id };
    namidb_edge edge;
    int rc = ndb_read_edges(&tx->snapshot, &probe, 1, &tx->scratch, &edge, err);

    for (uint32_t i = 0; rc >= 0 && edge.id != 0 && i < schema->count; i++)
        if (schema->items[i].is_edge &&
            schema->items[i].target == NAMIDB_ID_TABLE(id))
            rc = check_complete(tx, &schema->items[i], id, edge.props,
                                edge.prop_count, err);
    return rc;
}

int ndb_tx_check_complete(struct namidb_tx *tx, namidb_error *err)
{
    const struct ndb_schema *schema;
    int rc;

    if (tx->incomplete[0].count == 0 && tx->incomplete[1].count == 0)
        return NAMIDB_OK;
    rc = ndb_tx_schema(tx, &schema, err);
    for (int is_edge = 0; is_edge < 2; is_edge++)
        for (size_t i = 0; i < tx->incomplete[is_edge].count && rc >= 0; i++) {
            uint64_t id = tx->incomplete[is_edge].items[i];

            ndb_arena_reset(&tx->scratch);
            rc = is_edge ? complete_edge(tx, schema, id, err)
                         : complete_node(tx, schema, id, err);
        }
    return rc < 0 ? rc : NAMIDB_OK;
}
