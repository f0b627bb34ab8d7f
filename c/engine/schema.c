/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schema.h"

#include "base/mem.h"

void ndb_schema_release(struct ndb_schema *schema)
{
    ndb_free(schema->items);
    *schema = NDB_SCHEMA_INIT;
}

int ndb_schema_add(struct ndb_schema *schema, const namidb_schema_item *item)
{
    uint32_t at;

    if (schema->count == schema->capacity) {
        uint32_t capacity = schema->capacity * 2 + 4;
        namidb_schema_item *items =
            ndb_realloc(schema->items, capacity, sizeof *items);

        if (items == NULL)
            return NAMIDB_ENOMEM;
        schema->items = items;
        schema->capacity = capacity;
    }
    at = schema->count++;
    while (at > 0 && schema->items[at - 1].number > item->number) {
        schema->items[at] = schema->items[at - 1];
        at--;
    }
    schema->items[at] = *item;
    if (schema->next_number <= item->number)
        schema->next_number = item->number + 1;
    return NAMIDB_OK;
}

void ndb_schema_remove(struct ndb_schema *schema, uint32_t number)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < schema->count; i++)
        if (schema->items[i].number != number)
            schema->items[kept++] = schema->items[i];
    schema->count = kept;
}

uint64_t ndb_schema_stamp(const struct ndb_snapshot *snapshot)
{
    const struct ndb_view *view = snapshot->view;
    uint64_t stamp = 0;

    /* Numbers of what was dropped are not given again. */
    if (view->manifest != NULL && view->manifest->body.schema_next > 1)
        stamp = view->manifest->body.version;
    stamp *= UINT64_C(1) << 16;
    for (uint32_t i = 0; i < view->layer_count; i++)
        if (view->layers[i].memtable != NULL)
            stamp += ndb_memtable_schema_count(view->layers[i].memtable);
    return stamp;
}

int ndb_schema_read(const struct ndb_snapshot *snapshot,
                    struct ndb_schema *schema)
{
    const struct ndb_view *view = snapshot->view;
    int rc = NAMIDB_OK;

    if (view->manifest != NULL) {
        const struct ndb_manifest *body = &view->manifest->body;

        for (uint32_t i = 0; i < body->schema_count && rc >= 0; i++)
            rc = ndb_schema_add(schema, &body->schema[i]);
        schema->next_number = body->schema_next;
    }
    for (uint32_t i = view->layer_count; i > 0 && rc >= 0; i--)
        if (view->layers[i - 1].memtable != NULL)
            rc = ndb_memtable_schema(view->layers[i - 1].memtable,
                                     snapshot->version, schema);
    if (rc < 0)
        ndb_schema_release(schema);
    return rc;
}

const namidb_schema_item *ndb_schema_named(const struct ndb_schema *schema,
                                           const char *name)
{
    for (uint32_t i = 0; i < schema->count; i++)
        if (strcmp(schema->items[i].name, name) == 0)
            return &schema->items[i];
    return NULL;
}

bool ndb_schema_is_like(const namidb_schema_item *a,
                        const namidb_schema_item *b)
{
    return a->is_edge == b->is_edge && a->target == b->target &&
           a->prop_count == b->prop_count &&
           memcmp(a->props, b->props, a->prop_count * sizeof *a->props) == 0;
}

const namidb_schema_item *ndb_schema_index(const struct ndb_schema *schema,
                                           const namidb_schema_item *like)
{
    for (uint32_t i = 0; i < schema->count; i++)
        if (ndb_rule_has_index(schema->items[i].rule) &&
            ndb_schema_is_like(&schema->items[i], like))
            return &schema->items[i];
    return NULL;
}

bool ndb_schema_has_node(const namidb_schema_item *item, const uint32_t *labels,
                         uint32_t label_count)
{
    if (item->is_edge)
        return false;
    for (uint32_t i = 0; i < label_count; i++)
        if (labels[i] == item->target)
            return true;
    return false;
}

static bool has_label(const struct ndb_part *part, uint32_t label)
{
    if (part->table == label)
        return true;
    for (uint32_t i = 0; i < part->label_count; i++)
        if (part->labels[i] == label)
            return true;
    return false;
}

bool ndb_schema_is_uncovered(const struct ndb_view *view, uint32_t layer,
                             const namidb_schema_item *item)
{
    const struct ndb_directory *directory =
        ndb_pack_directory(view->layers[layer].pack);
    const struct ndb_manifest *body = &view->manifest->body;
    const struct ndb_manifest_pack *pack =
        &body->packs[body->pack_count - (view->layer_count - layer)];

    for (uint32_t i = 0; i < pack->index_count; i++)
        if (pack->indexes[i] == item->number)
            return false;
    for (uint32_t i = 0; i < directory->part_count; i++) {
        const struct ndb_part *part = &directory->parts[i];

        if (item->is_edge
                ? part->kind == NDB_PART_OUT && part->type == item->target
                : part->kind == NDB_PART_NODE && has_label(part, item->target))
            return true;
    }
    return false;
}
