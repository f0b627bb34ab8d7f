/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that stand for rows nobody needs: how many edges a node has, how many
 * nodes or edges there are.
 */
#include "engine/counts.h"
#include "exec/eval.h"

/* Adds the edges of one kind at each node to `sums`. */
static int add_degrees(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                       const uint64_t *ids, uint32_t count, int64_t *sums)
{
    uint64_t *degrees = ndb_arena_array(eval->arena, count, sizeof *degrees);
    int rc;

    if (degrees == NULL)
        return ndb_eval_no_memory(eval);
    rc = ndb_read_degrees(&eval->run->snapshot, ids, count, kind, degrees,
                          eval->run->err);
    for (uint32_t i = 0; i < count && rc >= 0; i++)
        sums[i] += (int64_t)degrees[i];
    return rc;
}

static int read_degrees(struct ndb_eval *eval, const struct ndb_expr *expr,
                        const uint64_t *ids, uint32_t count, int64_t *sums)
{
    struct ndb_hop_kind kind = { .direction =
                                     (enum namidb_direction)expr->sub };
    int rc = NAMIDB_OK;

    if (expr->names.count == 0)
        return add_degrees(eval, &kind, ids, count, sums);
    for (uint32_t i = 0; i < expr->names.count && rc >= 0; i++) {
        kind.type = ndb_run_number(eval->run, expr->names.items[i]);
        if (kind.type != 0)
            rc = add_degrees(eval, &kind, ids, count, sums);
    }
    return rc;
}

/* A node at each position: their degrees stand as they are read. */
static int eval_all_degrees(struct ndb_eval *eval, const struct ndb_expr *expr,
                            const struct ndb_vector *nodes, uint32_t count,
                            struct ndb_vector *out)
{
    int64_t *sums = ndb_arena_array(eval->arena, count, sizeof *sums);

    if (sums == NULL)
        return ndb_eval_no_memory(eval);
    memset(sums, 0, count * sizeof *sums);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = sums };
    return read_degrees(eval, expr, nodes->as.ids, count, sums);
}

static bool are_all_nodes(const struct ndb_vector *nodes,
                          const struct ndb_chunk *chunk)
{
    bool has_null = false;

    if (nodes->form != NDB_FORM_NODES || nodes->is_constant ||
        chunk->rows != NULL)
        return false;
    for (uint32_t i = 0; i < chunk->count; i++)
        has_null |= nodes->as.ids[i] == 0;
    return !has_null;
}

int ndb_eval_degree(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector nodes;
    int rc = ndb_eval(eval, expr->args[0], chunk, &nodes);
    uint32_t count = 0;
    uint64_t *ids;
    int64_t *sums;
    uint8_t *nulls;

    if (rc < 0)
        return rc;
    if (are_all_nodes(&nodes, chunk))
        return eval_all_degrees(eval, expr, &nodes, chunk->count, out);
    ids = ndb_arena_array(eval->arena, chunk->count, sizeof *ids);
    sums = ndb_arena_array(eval->arena, chunk->count, sizeof *sums);
    nulls = ndb_arena_array(eval->arena, chunk->extent, 1);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .nulls = nulls };
    out->as.ints = ndb_arena_array(eval->arena, chunk->extent, sizeof *sums);
    if (ids == NULL || sums == NULL || nulls == NULL || out->as.ints == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value node = ndb_vector_get(&nodes, at);

        nulls[at] = node.kind != NAMIDB_NODE;
        out->as.ints[at] = 0;
        sums[count] = 0;
        if (node.kind == NAMIDB_NODE)
            ids[count++] = node.as.id;
    }
    rc = read_degrees(eval, expr, ids, count, sums);
    for (uint32_t i = 0, from = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        if (nulls[at] == 0)
            out->as.ints[at] = sums[from++];
    }
    return rc;
}

/* The nodes or edges of one name. */
static int count_name(struct ndb_eval *eval, enum namidb_name_kind kind,
                      uint32_t name, int64_t *sum)
{
    uint32_t number = ndb_run_number(eval->run, name);
    uint64_t *counts = ndb_arena_array(eval->arena, number, sizeof *counts);

    if (number == 0)
        return NAMIDB_OK;
    if (counts == NULL ||
        ndb_counts(&eval->run->snapshot, kind, counts, number) < 0)
        return ndb_eval_no_memory(eval);
    *sum += (int64_t)counts[number - 1];
    return NAMIDB_OK;
}

static int count_edges(struct ndb_eval *eval, int64_t *sum)
{
    const struct ndb_snapshot *snapshot = &eval->run->snapshot;
    uint32_t types = ndb_dict_count(snapshot->view->dict, NAMIDB_TYPE);
    uint64_t *counts =
        ndb_arena_array(eval->arena, (size_t)types + 1, sizeof *counts);

    if (counts == NULL || ndb_counts(snapshot, NAMIDB_TYPE, counts, types) < 0)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < types; i++)
        *sum += (int64_t)counts[i];
    return NAMIDB_OK;
}

static int count_nodes(struct ndb_eval *eval, int64_t *sum)
{
    namidb_hop_count *hops;
    uint64_t nodes;
    size_t count;

    if (ndb_hop_counts(&eval->run->snapshot, eval->arena, &hops, &count,
                       &nodes) < 0)
        return ndb_eval_no_memory(eval);
    *sum = (int64_t)nodes;
    return NAMIDB_OK;
}

int ndb_eval_counted(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    enum namidb_name_kind kind = (enum namidb_name_kind)expr->sub;
    int rc = NAMIDB_OK;

    (void)chunk;
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .is_constant = true };
    out->as.ints = ndb_arena_array(eval->arena, 1, sizeof *out->as.ints);
    if (out->as.ints == NULL)
        return ndb_eval_no_memory(eval);
    out->as.ints[0] = 0;
    if (expr->names.count == 0)
        return kind == NAMIDB_TYPE ? count_edges(eval, out->as.ints)
                                   : count_nodes(eval, out->as.ints);
    for (uint32_t i = 0; i < expr->names.count && rc >= 0; i++)
        rc = count_name(eval, kind, expr->names.items[i], out->as.ints);
    return rc;
}
