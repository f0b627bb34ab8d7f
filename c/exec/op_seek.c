/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes by key and by id, and edges by id, for a chunk of rows at once.
 */
#include <math.h>

#include "exec/edge_sides.h"
#include "exec/eval.h"
#include "exec/list.h"

#define IDS_MAX 9007199254740992.0 /* 2^53 */

/* The rows that found a node or an edge, and which. */
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

static int emit_nodes(struct ndb_op *op, const struct found *found)
{
    int rc =
        ndb_op_gather(op, &op->child->chunk, found->positions, found->count);

    op->chunk.columns[op->plan->slot] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = found->ids };
    return rc;
}

typedef int find_rows(struct ndb_op *op, const struct ndb_vector *values,
                      struct found *found);
/* NAMIDB_NONE: it gives no row. */
typedef int emit_rows(struct ndb_op *op, const struct found *found);

/* Pulls chunks until one gives something. */
static int seek(struct ndb_op *op, find_rows *find, emit_rows *emit)
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
        if (rc >= 0 && found.count != 0) {
            rc = emit(op, &found);
            if (rc != NAMIDB_NONE)
                return rc;
        }
        if (rc < 0)
            return rc;
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

/* Leaves out what has not the label: nodes that have it as a first one need not
 * be looked at. */
static int keep_labelled(struct ndb_op *op, uint32_t label, struct found *found)
{
    struct ndb_label_probe probe = { &label, 1, true };
    bool *has = ndb_arena_alloc(&op->arena, found->count);
    uint32_t kept = 0, foreign = 0;
    size_t absent;
    int rc;

    for (uint32_t i = 0; i < found->count; i++)
        foreign += NAMIDB_ID_TABLE(found->ids[i]) != label;
    if (foreign == 0)
        return NAMIDB_OK;
    if (has == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_read_labels(&op->run->snapshot, found->ids, found->count, &probe,
                         has, &absent, op->run->err);
    for (uint32_t i = 0; i < found->count && rc >= 0; i++)
        if (has[i]) {
            found->positions[kept] = found->positions[i];
            found->ids[kept++] = found->ids[i];
        }
    found->count = kept;
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
    if (rc >= 0)
        rc = keep_labelled(op, label, found);
    ndb_ids_release(&tables);
    return rc;
}

static int seek_key_next(struct ndb_op *op)
{
    return seek(op, find_keys, emit_nodes);
}

/* A number that is an id; 0: it is none. */
static uint64_t id_of(const namidb_value *value)
{
    if (value->kind == NAMIDB_INT && value->as.integer > 0)
        return (uint64_t)value->as.integer;
    if (value->kind == NAMIDB_FLOAT && value->as.number >= 1 &&
        value->as.number <= IDS_MAX &&
        value->as.number == floor(value->as.number))
        return (uint64_t)value->as.number;
    return 0;
}

static int add_id(struct ndb_op *op, const namidb_value *value,
                  uint32_t position, struct found *found)
{
    uint64_t id = id_of(value);

    return id != 0 ? found_add(op, found, position, id) : NAMIDB_OK;
}

/* id(n) IN list finds each of its ids once; null finds none, and what else is
 * no list is the same mistake here as where IN is evaluated. */
static int add_list(struct ndb_op *op, const namidb_value *list,
                    uint32_t position, struct found *found)
{
    uint32_t begin = found->count;
    uint32_t count = ndb_is_null(list) ? 0 : list->size;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    int rc = ndb_in_check(&eval.scalar, list);

    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        namidb_value item = list->kind == NAMIDB_LIST
                                ? list->as.items[i]
                                : ndb_float((double)list->as.floats[i]);

        rc = add_id(op, &item, position, found);
    }
    if (rc >= 0 && found->count != begin)
        found->count = begin + (uint32_t)ndb_ids_sort(found->ids + begin,
                                                      found->count - begin);
    return rc;
}

/* The ids that the rows ask for, whether there is such a thing or not. */
static int find_ids(struct ndb_op *op, const struct ndb_vector *values,
                    struct found *found)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(values, at);

        if (op->plan->sub == 0)
            rc = add_id(op, &value, at, found);
        else
            rc = add_list(op, &value, at, found);
    }
    return rc;
}

static int find_nodes(struct ndb_op *op, const struct ndb_vector *values,
                      struct found *found)
{
    uint32_t kept = 0;
    bool *is_alive;
    int rc = find_ids(op, values, found);

    if (rc < 0 || op->is_followed)
        return rc;
    is_alive = ndb_arena_alloc(&op->arena, found->count);
    if (is_alive == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_read_alive(&op->run->snapshot, found->ids, found->count, is_alive,
                        NULL, op->run->err);
    for (uint32_t i = 0; i < found->count && rc >= 0; i++)
        if (is_alive[i]) {
            found->positions[kept] = found->positions[i];
            found->ids[kept++] = found->ids[i];
        }
    found->count = kept;
    return rc;
}

/* The edges with these ids, in two rounds: where they are, and they. */
static int emit_edges(struct ndb_op *op, const struct found *found)
{
    struct ndb_edge_probe *probes =
        ndb_arena_array(&op->arena, found->count, sizeof *probes);
    namidb_edge *edges =
        ndb_arena_array(&op->arena, found->count, sizeof *edges);
    struct ndb_edge_sides sides;
    uint32_t kept = 0;
    int rc;

    if (probes == NULL || edges == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < found->count; i++)
        probes[i] = (struct ndb_edge_probe){ .id = found->ids[i] };
    rc = ndb_read_edges(&op->run->snapshot, probes, found->count, &op->arena,
                        edges, op->run->err);
    for (uint32_t i = 0; i < found->count && rc >= 0; i++)
        if (edges[i].id != 0) {
            found->positions[kept] = found->positions[i];
            edges[kept++] = edges[i];
        }
    if (rc < 0 || kept == 0)
        return rc < 0 ? rc : NAMIDB_NONE;
    rc = ndb_edge_sides_make(op, edges, found->positions, kept, &sides);
    if (rc >= 0)
        rc = ndb_op_gather(op, &op->child->chunk, sides.positions, sides.count);
    if (rc >= 0)
        ndb_edge_sides_set(op, &sides);
    return rc;
}

static int seek_id_next(struct ndb_op *op)
{
    return seek(op, find_nodes, emit_nodes);
}

static int seek_edge_id_next(struct ndb_op *op)
{
    return seek(op, find_ids, emit_edges);
}

const struct ndb_op_class ndb_op_seek_key = { .next = seek_key_next };
const struct ndb_op_class ndb_op_seek_id = { .next = seek_id_next };
const struct ndb_op_class ndb_op_seek_edge_id = { .next = seek_edge_id_next };
