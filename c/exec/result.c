/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two walks over the same values in the same order: the first notes every node
 * and edge, the second puts the rows that were read where they belong.
 */
#include "base/limits.h"
#include "exec/result.h"

#include "base/ids.h"

struct result {
    struct ndb_run *run;
    namidb_arena *arena;
    struct ndb_ids nodes;
    struct ndb_edge_probe *probes;
    size_t probe_count, probe_capacity;
    namidb_node *node_rows;
    namidb_edge *edge_rows;
    size_t node_at, edge_at; /* the next row of the second walk */
};

static int add_probe(struct result *result, const namidb_edge *edge)
{
    if (result->probe_count == result->probe_capacity) {
        size_t capacity = result->probe_capacity * 2 + 16;
        struct ndb_edge_probe *probes =
            ndb_realloc(result->probes, capacity, sizeof *probes);

        if (probes == NULL)
            return NAMIDB_ENOMEM;
        result->probes = probes;
        result->probe_capacity = capacity;
    }
    result->probes[result->probe_count++] =
        (struct ndb_edge_probe){ edge->id, edge->from, edge->to };
    return NAMIDB_OK;
}

static int note(struct result *result, const namidb_value *value,
                uint32_t depth);

static int note_all(struct result *result, const namidb_value *values,
                    size_t count, uint32_t depth)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++)
        rc = note(result, &values[i], depth);
    return rc;
}

static int note(struct result *result, const namidb_value *value,
                uint32_t depth)
{
    int rc = NAMIDB_OK;

    if (depth >= NDB_VALUE_DEPTH_MAX &&
        (value->kind == NAMIDB_LIST || value->kind == NAMIDB_MAP))
        return ndb_raise(result->run->err, NDB_FAULT_TOO_LARGE,
                         "lists and maps nested deeper than %u",
                         NDB_VALUE_DEPTH_MAX);
    switch (value->kind) {
    case NAMIDB_NODE:
        return ndb_ids_add(&result->nodes, value->as.id);
    case NAMIDB_EDGE:
        return add_probe(result, value->as.edge);
    case NAMIDB_LIST:
        return note_all(result, value->as.items, value->size, depth + 1);
    case NAMIDB_MAP:
        for (uint32_t i = 0; i < value->size && rc >= 0; i++)
            rc = note(result, &value->as.entries[i].value, depth + 1);
        return rc;
    case NAMIDB_PATH:
        rc = note_all(result, value->as.path->nodes,
                      (size_t)value->as.path->edge_count + 1, depth + 1);
        if (rc >= 0)
            rc = note_all(result, value->as.path->edges,
                          value->as.path->edge_count, depth + 1);
        return rc;
    default:
        return NAMIDB_OK;
    }
}

static int read_rows(struct result *result)
{
    struct ndb_run *run = result->run;
    size_t nodes = result->nodes.count, edges = result->probe_count;
    int rc = NAMIDB_OK;

    if (nodes == 0 && edges == 0)
        return NAMIDB_OK;
    result->node_rows =
        ndb_arena_array(result->arena, nodes, sizeof *result->node_rows);
    result->edge_rows =
        ndb_arena_array(result->arena, edges, sizeof *result->edge_rows);
    if (result->node_rows == NULL || result->edge_rows == NULL)
        return NAMIDB_ENOMEM;
    if (nodes != 0)
        rc = ndb_read_nodes(&run->snapshot, result->nodes.items, nodes,
                            result->arena, result->node_rows, run->err);
    if (rc >= 0 && edges != 0)
        rc = ndb_read_edges(&run->snapshot, result->probes, edges,
                            result->arena, result->edge_rows, run->err);
    return rc;
}

static int place(struct result *result, const namidb_value *from,
                 namidb_value *to);

static const namidb_value *place_all(struct result *result,
                                     const namidb_value *from, size_t count)
{
    namidb_value *to = ndb_arena_array(result->arena, count, sizeof *to);

    for (size_t i = 0; to != NULL && i < count; i++)
        if (place(result, &from[i], &to[i]) < 0)
            return NULL;
    return to;
}

static int place_map(struct result *result, const namidb_value *from,
                     namidb_value *to)
{
    namidb_entry *entries =
        ndb_arena_array(result->arena, from->size, sizeof *entries);

    if (entries == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < from->size; i++) {
        entries[i].key = from->as.entries[i].key;
        if (place(result, &from->as.entries[i].value, &entries[i].value) < 0)
            return NAMIDB_ENOMEM;
    }
    to->as.entries = entries;
    return NAMIDB_OK;
}

static int place_path(struct result *result, const namidb_value *from,
                      namidb_value *to)
{
    const namidb_path *old = from->as.path;
    namidb_path *path = ndb_arena_alloc(result->arena, sizeof *path);

    if (path == NULL)
        return NAMIDB_ENOMEM;
    path->edge_count = old->edge_count;
    path->nodes = place_all(result, old->nodes, (size_t)old->edge_count + 1);
    path->edges = place_all(result, old->edges, old->edge_count);
    to->as.path = path;
    return path->nodes == NULL || path->edges == NULL ? NAMIDB_ENOMEM
                                                      : NAMIDB_OK;
}

static void place_node(struct result *result, namidb_value *value)
{
    namidb_node *row = &result->node_rows[result->node_at++];

    if (row->id == 0)
        *row = (namidb_node){ .id = value->as.id };
    value->as.node = row;
}

static void place_edge(struct result *result, namidb_value *value)
{
    namidb_edge *row = &result->edge_rows[result->edge_at++];

    if (row->id == 0)
        *row = *value->as.edge;
    value->as.edge = row;
}

static int place(struct result *result, const namidb_value *from,
                 namidb_value *to)
{
    *to = *from;
    switch (from->kind) {
    case NAMIDB_NODE:
        place_node(result, to);
        return NAMIDB_OK;
    case NAMIDB_EDGE:
        place_edge(result, to);
        return NAMIDB_OK;
    case NAMIDB_LIST:
        to->as.items = place_all(result, from->as.items, from->size);
        return to->as.items == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;
    case NAMIDB_MAP:
        return place_map(result, from, to);
    case NAMIDB_PATH:
        return place_path(result, from, to);
    default:
        return NAMIDB_OK;
    }
}

/* Everything in row order, so that both walks meet it alike. */
static int fill(struct result *result, const struct ndb_chunk *chunk,
                namidb_value *values)
{
    const struct ndb_plan *plan = result->run->plan;
    size_t total = (size_t)chunk->count * plan->column_count, at = 0;
    int rc;

    for (uint32_t i = 0; i < chunk->count; i++)
        for (uint32_t j = 0; j < plan->column_count; j++)
            values[at++] =
                ndb_vector_get(&chunk->columns[plan->columns[j].slot],
                               ndb_chunk_row(chunk, i));
    rc = note_all(result, values, total, 0);
    if (rc >= 0)
        rc = read_rows(result);
    if (result->nodes.count == 0 && result->probe_count == 0)
        return rc;
    for (size_t i = 0; i < total && rc >= 0; i++) {
        namidb_value value = values[i];

        rc = place(result, &value, &values[i]);
    }
    return rc;
}

int ndb_result_rows(struct ndb_run *run, const struct ndb_chunk *chunk,
                    namidb_arena *arena, const namidb_value **out)
{
    struct result result = { .run = run,
                             .arena = arena,
                             .nodes = NDB_IDS_INIT };
    size_t count = (size_t)chunk->count * run->plan->column_count;
    namidb_value *values = ndb_arena_array(arena, count, sizeof *values);
    int rc = values == NULL ? NAMIDB_ENOMEM : fill(&result, chunk, values);

    ndb_ids_release(&result.nodes);
    ndb_free(result.probes);
    *out = values;
    return rc == NAMIDB_ENOMEM ? ndb_run_no_memory(run) : rc;
}
