/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New nodes and edges.
 */
#include "exec/write.h"
#include "format/value.h"

static int check_property(struct ndb_eval *eval, const namidb_entry *entry)
{
    namidb_error why;
    int rc = ndb_value_check(&entry->value, &why);

    if (rc == NAMIDB_EINVAL)
        return ndb_raise(eval->run->err, NDB_FAULT_PROPERTY_TYPE,
                         "property %.*s: %.300s",
                         (int)(entry->key.size < 100 ? entry->key.size : 100),
                         entry->key.as.bytes, why.message);
    if (rc < 0)
        return ndb_fail(eval->run->err, rc, "%s", why.message);
    return rc;
}

int ndb_write_props(struct ndb_eval *eval, const namidb_value *map,
                    namidb_props *out, bool *has_null)
{
    struct ndb_dict *dict = eval->run->snapshot.view->dict;
    namidb_property *items;

    if (has_null != NULL)
        *has_null = false;
    *out = (namidb_props){ NULL, 0 };
    if (ndb_is_null(map))
        return NAMIDB_OK;
    if (map->kind != NAMIDB_MAP)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "properties are a map, not a value of type %s",
                         ndb_kind_name(map->kind));
    items = ndb_arena_array(eval->arena, map->size, sizeof *items);
    if (items == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < map->size; i++) {
        const namidb_entry *entry = &map->as.entries[i];
        int rc = check_property(eval, entry);

        if (has_null != NULL && ndb_is_null(&entry->value))
            *has_null = true;
        if (rc >= 0)
            rc = ndb_dict_add(dict, NAMIDB_PROPERTY,
                              ndb_slice(entry->key.as.bytes, entry->key.size),
                              &items[i].name, eval->run->err);
        if (rc < 0)
            return rc;
        items[i].value = entry->value;
    }
    *out = (namidb_props){ items, map->size };
    return NAMIDB_OK;
}

static int props_of(struct ndb_eval *eval, const struct ndb_vector *maps,
                    uint32_t at, bool is_merge, namidb_props *out)
{
    namidb_value map = ndb_vector_get(maps, at);
    bool has_null;
    int rc = ndb_write_props(eval, &map, out, &has_null);

    if (rc >= 0 && has_null && is_merge)
        return ndb_raise(
            eval->run->err, NDB_FAULT_MERGE_NULL,
            "MERGE cannot match or create a property that is null");
    return rc;
}

/* The labels that all nodes get; in the room the first is the node's table. */
static int common_labels(struct ndb_eval *eval, const struct ndb_create *create,
                         struct ndb_write_labels *labels)
{
    uint32_t count = create->labels.count;
    int rc = NAMIDB_OK;

    if (count > NDB_WRITE_LABELS_MAX)
        return ndb_fail(eval->run->err, NAMIDB_ELIMIT,
                        "more than %u labels at once", NDB_WRITE_LABELS_MAX);
    for (uint32_t i = 0; i < count && rc >= 0; i++)
        rc = ndb_run_make_number(eval->run, create->labels.items[i],
                                 &labels->items[i]);
    labels->count = count;
    return rc;
}

/* What expressions of `create` name, a vector for each. */
static int named_labels(struct ndb_eval *eval, const struct ndb_create *create,
                        const struct ndb_chunk *chunk, struct ndb_vector **out)
{
    struct ndb_vector *named =
        ndb_arena_array(eval->arena, create->named_count, sizeof *named);
    int rc = NAMIDB_OK;

    if (named == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < create->named_count && rc >= 0; i++)
        rc = ndb_eval(eval, create->named[i], chunk, &named[i]);
    *out = named;
    return rc;
}

static int create_nodes(struct ndb_eval *eval, const struct ndb_create *create,
                        const struct ndb_vector *maps, bool is_merge,
                        struct ndb_chunk *chunk)
{
    uint64_t *ids = ndb_arena_array(eval->arena, chunk->extent, sizeof *ids);
    struct ndb_write_labels labels;
    struct ndb_vector *named = NULL;
    int rc = common_labels(eval, create, &labels);

    if (ids == NULL)
        return NAMIDB_ENOMEM;
    if (rc >= 0)
        rc = named_labels(eval, create, chunk, &named);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_props props;

        rc = props_of(eval, maps, at, is_merge, &props);
        labels.count = create->labels.count;
        for (uint32_t n = 0; n < create->named_count && rc >= 0; n++) {
            namidb_value value = ndb_vector_get(&named[n], at);

            rc = ndb_write_labels(eval, &value, true, &labels);
        }
        if (rc >= 0)
            rc = ndb_tx_create_node(eval->run->tx, labels.items, labels.count,
                                    props, &ids[at], eval->run->err);
    }
    chunk->columns[create->slot] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = ids };
    return rc;
}

/* The node at one end of a new edge. */
static int end_of(struct ndb_eval *eval, const struct ndb_chunk *chunk,
                  uint32_t slot, uint32_t at, uint64_t *out)
{
    namidb_value node = ndb_vector_get(&chunk->columns[slot], at);

    if (node.kind != NAMIDB_NODE)
        return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                         "a relationship needs a node at either end, not %s",
                         ndb_is_null(&node) ? "null"
                                            : ndb_kind_name(node.kind));
    *out = node.as.id;
    return NAMIDB_OK;
}

static int create_edges(struct ndb_eval *eval, const struct ndb_create *create,
                        const struct ndb_vector *maps, bool is_merge,
                        struct ndb_chunk *chunk)
{
    namidb_edge *edges =
        ndb_arena_array(eval->arena, chunk->extent, sizeof *edges);
    struct ndb_vector types = { .form = NDB_FORM_NONE };
    uint32_t type = 0;
    int rc;

    if (edges == NULL)
        return NAMIDB_ENOMEM;
    rc = create->named_type != NULL
             ? ndb_eval(eval, create->named_type, chunk, &types)
             : ndb_run_make_number(eval->run, create->type, &type);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_edge *edge = &edges[at];
        namidb_props props;

        rc = props_of(eval, maps, at, is_merge, &props);
        if (rc >= 0 && create->named_type != NULL) {
            namidb_value value = ndb_vector_get(&types, at);

            rc = ndb_write_type(eval, &value, &type);
        }
        *edge = (namidb_edge){ .type = type };
        if (rc >= 0)
            rc = end_of(eval, chunk, create->from, at, &edge->from);
        if (rc >= 0)
            rc = end_of(eval, chunk, create->to, at, &edge->to);
        if (rc >= 0)
            rc = ndb_tx_put_edge(eval->run->tx, type, edge->from, edge->to,
                                 props, &edge->id, eval->run->err);
        if (rc == NAMIDB_ENOTFOUND)
            rc = ndb_raise(eval->run->err, NDB_FAULT_DELETED,
                           "a relationship needs a node at either end, and "
                           "one of them was deleted");
    }
    chunk->columns[create->slot] =
        (struct ndb_vector){ .form = NDB_FORM_EDGES, .as.edges = edges };
    return rc;
}

int ndb_write_creates(struct ndb_eval *eval, const struct ndb_creates *creates,
                      bool is_merge, struct ndb_chunk *chunk)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < creates->count && rc >= 0; i++) {
        const struct ndb_create *create = &creates->items[i];
        struct ndb_vector maps;

        rc = ndb_eval(eval, create->props, chunk, &maps);
        if (rc < 0)
            return rc;
        rc = create->is_edge
                 ? create_edges(eval, create, &maps, is_merge, chunk)
                 : create_nodes(eval, create, &maps, is_merge, chunk);
    }
    return rc;
}
