/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/rows.h"

/* What there is to read: ids or probes, and where the rows go. */
struct wanted {
    uint64_t *ids;
    struct ndb_edge_probe *probes;
    uint32_t *node_positions, *edge_positions;
    uint32_t node_count, edge_count;
};

static int wanted_init(struct ndb_eval *eval, uint32_t count,
                       struct wanted *wanted)
{
    *wanted = (struct wanted){ 0 };
    wanted->ids = ndb_arena_array(eval->arena, count, sizeof *wanted->ids);
    wanted->probes =
        ndb_arena_array(eval->arena, count, sizeof *wanted->probes);
    wanted->node_positions =
        ndb_arena_array(eval->arena, count, sizeof(uint32_t));
    wanted->edge_positions =
        ndb_arena_array(eval->arena, count, sizeof(uint32_t));
    if (wanted->ids == NULL || wanted->probes == NULL ||
        wanted->node_positions == NULL || wanted->edge_positions == NULL)
        return ndb_eval_no_memory(eval);
    return NAMIDB_OK;
}

static void want(struct wanted *wanted, const namidb_value *value,
                 uint32_t position)
{
    if (value->kind == NAMIDB_NODE) {
        wanted->ids[wanted->node_count] = value->as.id;
        wanted->node_positions[wanted->node_count++] = position;
    } else if (value->kind == NAMIDB_EDGE) {
        const namidb_edge *edge = value->as.edge;

        wanted->probes[wanted->edge_count] =
            (struct ndb_edge_probe){ edge->id, edge->from, edge->to };
        wanted->edge_positions[wanted->edge_count++] = position;
    }
}

static int load_nodes(struct ndb_eval *eval, const struct wanted *wanted,
                      uint32_t extent, struct ndb_rows *out)
{
    namidb_node *nodes =
        ndb_arena_array(eval->arena, wanted->node_count, sizeof *nodes);
    int rc;

    out->nodes = ndb_arena_array(eval->arena, extent, sizeof(void *));
    if (nodes == NULL || out->nodes == NULL)
        return ndb_eval_no_memory(eval);
    memset(out->nodes, 0, extent * sizeof(void *));
    rc = ndb_read_nodes(&eval->run->snapshot, wanted->ids, wanted->node_count,
                        eval->arena, nodes, eval->run->err);
    for (uint32_t i = 0; i < wanted->node_count && rc >= 0; i++) {
        if (nodes[i].id == 0)
            return ndb_run_absent(eval->run, "node");
        out->nodes[wanted->node_positions[i]] = &nodes[i];
    }
    return rc;
}

static int load_edges(struct ndb_eval *eval, const struct wanted *wanted,
                      uint32_t extent, struct ndb_rows *out)
{
    namidb_edge *edges =
        ndb_arena_array(eval->arena, wanted->edge_count, sizeof *edges);
    int rc;

    out->edges = ndb_arena_array(eval->arena, extent, sizeof(void *));
    if (edges == NULL || out->edges == NULL)
        return ndb_eval_no_memory(eval);
    memset(out->edges, 0, extent * sizeof(void *));
    rc = ndb_read_edges(&eval->run->snapshot, wanted->probes,
                        wanted->edge_count, eval->arena, edges, eval->run->err);
    for (uint32_t i = 0; i < wanted->edge_count && rc >= 0; i++) {
        if (edges[i].id == 0)
            return ndb_run_absent(eval->run, "relationship");
        out->edges[wanted->edge_positions[i]] = &edges[i];
    }
    return rc;
}

bool ndb_rows_are_loaded(const struct ndb_eval *eval,
                         const struct ndb_vector *vector,
                         const struct ndb_chunk *chunk)
{
    uint32_t count = vector->is_constant ? 1 : chunk->count;

    if (eval->memo_of != vector->as.ids ||
        eval->memo_extent < (vector->is_constant ? 1 : chunk->extent))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = vector->is_constant ? 0 : ndb_chunk_row(chunk, i);

        if (vector->as.ids[at] != 0 && eval->memo_nodes[at] == NULL)
            return false;
    }
    return true;
}

static int load_column(struct ndb_eval *eval, const struct ndb_vector *vector,
                       const struct ndb_chunk *chunk, struct ndb_rows *out)
{
    uint32_t count = vector->is_constant ? 1 : chunk->count;
    uint32_t extent = vector->is_constant ? 1 : chunk->extent, wanted = 0;
    uint64_t *ids = ndb_arena_array(eval->memo, count, sizeof *ids);
    namidb_node *nodes = ndb_arena_array(eval->memo, count, sizeof *nodes);
    int rc;

    out->nodes = ndb_arena_array(eval->memo, extent, sizeof(void *));
    if (ids == NULL || nodes == NULL || out->nodes == NULL)
        return NAMIDB_ENOMEM;
    memset(out->nodes, 0, extent * sizeof(void *));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = vector->is_constant ? 0 : ndb_chunk_row(chunk, i);

        if (vector->as.ids[at] == 0)
            continue;
        ids[wanted] = vector->as.ids[at];
        out->nodes[at] = &nodes[wanted++];
    }
    rc = ndb_read_nodes(&eval->run->snapshot, ids, wanted, eval->memo, nodes,
                        eval->run->err);
    for (uint32_t i = 0; i < wanted && rc >= 0; i++)
        if (nodes[i].id == 0)
            return ndb_run_absent(eval->run, "node");
    eval->memo_of = rc < 0 ? NULL : vector->as.ids;
    eval->memo_extent = extent;
    eval->memo_nodes = out->nodes;
    return rc;
}

/* Rows of a group are read where they are. */
static int read_group(struct ndb_eval *eval, const struct ndb_vector *vector,
                      const struct ndb_chunk *chunk, struct ndb_rows *out)
{
    uint32_t count = vector->is_constant ? 1 : chunk->count;
    uint32_t extent = vector->is_constant ? 1 : chunk->extent;
    namidb_node *nodes = ndb_arena_array(eval->arena, count, sizeof *nodes);
    int rc = NAMIDB_OK;

    out->nodes = ndb_arena_array(eval->arena, extent, sizeof(void *));
    if (nodes == NULL || out->nodes == NULL)
        return ndb_eval_no_memory(eval);
    memset(out->nodes, 0, extent * sizeof(void *));
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = vector->is_constant ? 0 : ndb_chunk_row(chunk, i);

        rc = ndb_node_group_read(vector->as.group, vector->table,
                                 vector->first + at, eval->arena, &nodes[i]);
        out->nodes[at] = &nodes[i];
    }
    if (rc == NAMIDB_ECORRUPT)
        return ndb_fail(eval->run->err, rc,
                        "a segment holds a value that does not decode");
    return rc;
}

int ndb_rows_load(struct ndb_eval *eval, const struct ndb_vector *vector,
                  const struct ndb_chunk *chunk, struct ndb_rows *out)
{
    uint32_t count = vector->is_constant ? 1 : chunk->count;
    uint32_t extent = vector->is_constant ? 1 : chunk->extent;
    struct wanted wanted;
    int rc;

    *out = (struct ndb_rows){ NULL, NULL };
    if (vector->form == NDB_FORM_NONE)
        return NAMIDB_OK;
    if (vector->form == NDB_FORM_ROWS) {
        rc = read_group(eval, vector, chunk, out);
        return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
    }
    if (vector->form == NDB_FORM_NODES &&
        ndb_rows_are_loaded(eval, vector, chunk)) {
        out->nodes = eval->memo_nodes;
        return NAMIDB_OK;
    }
    if (vector->form == NDB_FORM_NODES)
        return load_column(eval, vector, chunk, out);
    rc = wanted_init(eval, count, &wanted);
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = vector->is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(vector, at);

        want(&wanted, &value, at);
    }
    if (rc >= 0 && wanted.node_count != 0)
        rc = load_nodes(eval, &wanted, extent, out);
    if (rc >= 0 && wanted.edge_count != 0)
        rc = load_edges(eval, &wanted, extent, out);
    return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
}
