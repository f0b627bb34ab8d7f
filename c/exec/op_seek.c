/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes by key and by id, for a chunk of rows at once.
 */
#include <stdlib.h>

#include "exec/eval.h"

/* The rows that found a node, and the node. */
struct found {
    uint32_t *positions;
    uint64_t *ids;
    uint32_t count, capacity;
};

static int found_add(struct ndb_op *op, struct found *found, uint32_t position,
                     uint64_t id)
{
    if (found->count == found->capacity) {
        uint32_t capacity = found->capacity * 2 + 64;
        uint32_t *positions =
            ndb_arena_array(&op->arena, capacity, sizeof *positions);
        uint64_t *ids = ndb_arena_array(&op->arena, capacity, sizeof *ids);

        if (positions == NULL || ids == NULL)
            return NAMIDB_ENOMEM;
        if (found->count != 0) {
            memcpy(positions, found->positions,
                   found->count * sizeof *positions);
            memcpy(ids, found->ids, found->count * sizeof *ids);
        }
        found->positions = positions;
        found->ids = ids;
        found->capacity = capacity;
    }
    found->positions[found->count] = position;
    found->ids[found->count++] = id;
    return NAMIDB_OK;
}

static int emit(struct ndb_op *op, const struct found *found)
{
    int rc =
        ndb_op_gather(op, &op->child->chunk, found->positions, found->count);

    op->chunk.columns[op->plan->slot] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = found->ids };
    return rc;
}

typedef int find_rows(struct ndb_op *op, const struct ndb_vector *values,
                      struct found *found);

/* Pulls chunks until one finds something. */
static int seek(struct ndb_op *op, find_rows *find)
{
    for (;;) {
        struct ndb_eval eval = ndb_eval_of(op, &op->arena);
        struct found found = { NULL, NULL, 0, 0 };
        struct ndb_vector values;
        int rc = ndb_op_next(op->child);

        if (rc != NAMIDB_OK)
            return rc;
        ndb_arena_reset(&op->arena);
        rc = ndb_eval(&eval, op->plan->expr, &op->child->chunk, &values);
        if (rc >= 0)
            rc = find(op, &values, &found);
        if (rc < 0)
            return rc;
        if (found.count != 0)
            return emit(op, &found);
    }
}

static bool is_key(const namidb_value *value)
{
    return value->kind == NAMIDB_STRING || value->kind == NAMIDB_INT;
}

/* Each key in each of the tables that have nodes with the label. */
static int find_in(struct ndb_op *op, const struct ndb_vector *values,
                   const struct ndb_ids *tables, struct found *found)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    size_t max = chunk->count * tables->count, count = 0;
    struct ndb_key_probe *probes =
        ndb_arena_array(&op->arena, max, sizeof *probes);
    uint32_t *positions = ndb_arena_array(&op->arena, max, sizeof *positions);
    int rc;

    if (probes == NULL || positions == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value key = ndb_vector_get(values, at);

        for (size_t j = 0; j < tables->count && is_key(&key); j++) {
            positions[count] = at;
            probes[count++] =
                (struct ndb_key_probe){ (uint32_t)tables->items[j], key, 0 };
        }
    }
    rc = count == 0 ? NAMIDB_OK
                    : ndb_read_keys(&op->run->snapshot, probes, count, false,
                                    op->run->err);
    for (size_t i = 0; i < count && rc >= 0; i++)
        if (probes[i].id != 0)
            rc = found_add(op, found, positions[i], probes[i].id);
    return rc;
}

/* A key is unique within the first label; the one that is asked for may be a
 * further one. */
static int find_keys(struct ndb_op *op, const struct ndb_vector *values,
                     struct found *found)
{
    uint32_t label = ndb_run_number(op->run, op->plan->name);
    struct ndb_ids tables = NDB_IDS_INIT;
    int rc;

    if (label == 0)
        return NAMIDB_OK; /* no node has a label that nobody named */
    rc = ndb_label_tables(&op->run->snapshot, label, &tables);
    if (rc >= 0)
        rc = find_in(op, values, &tables, found);
    ndb_ids_release(&tables);
    return rc;
}

static int seek_key_next(struct ndb_op *op)
{
    return seek(op, find_keys);
}

static int add_id(struct ndb_op *op, const namidb_value *value,
                  uint32_t position, struct found *found)
{
    if (value->kind != NAMIDB_INT || value->as.integer <= 0)
        return NAMIDB_OK;
    return found_add(op, found, position, (uint64_t)value->as.integer);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* A list finds each of its nodes once. */
static int add_list(struct ndb_op *op, const namidb_value *list,
                    uint32_t position, struct found *found)
{
    uint32_t begin = found->count, kept = begin;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < list->size && rc >= 0; i++)
        rc = add_id(op, &list->as.items[i], position, found);
    if (rc < 0 || found->count == begin)
        return rc;
    qsort(found->ids + begin, found->count - begin, sizeof *found->ids,
          compare_ids);
    for (uint32_t i = begin + 1; i < found->count; i++)
        if (found->ids[i] != found->ids[kept])
            found->ids[++kept] = found->ids[i];
    found->count = kept + 1;
    return rc;
}

static int find_ids(struct ndb_op *op, const struct ndb_vector *values,
                    struct found *found)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    uint32_t kept = 0;
    bool *is_alive;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(values, at);

        rc = value.kind == NAMIDB_LIST ? add_list(op, &value, at, found)
                                       : add_id(op, &value, at, found);
    }
    if (rc >= 0 && op->is_followed)
        return rc;
    is_alive = ndb_arena_alloc(&op->arena, found->count);
    if (rc < 0 || is_alive == NULL)
        return rc < 0 ? rc : NAMIDB_ENOMEM;
    rc = ndb_read_alive(&op->run->snapshot, found->ids, found->count, is_alive,
                        op->run->err);
    for (uint32_t i = 0; i < found->count && rc >= 0; i++)
        if (is_alive[i]) {
            found->positions[kept] = found->positions[i];
            found->ids[kept++] = found->ids[i];
        }
    found->count = kept;
    return rc;
}

static int seek_id_next(struct ndb_op *op)
{
    return seek(op, find_ids);
}

const struct ndb_op_class ndb_op_seek_key = { .next = seek_key_next };
const struct ndb_op_class ndb_op_seek_id = { .next = seek_id_next };
