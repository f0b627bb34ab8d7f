/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many edges a node has: numbers that stand for rows nobody needs. Where
 * nothing is asked of the nodes at the other ends degrees say it; else
 * neighbours are read, and their labels looked at, which mostly their tables
 * tell.
 */
#include "exec/node_numbers.h"

/* Edges of one of some types, or of any, at the nodes; or, of them, loops. */
static int add_degrees(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                       const struct ndb_nodes *nodes, bool is_loops,
                       int64_t *sums)
{
    uint64_t *counts =
        ndb_arena_array(eval->arena, nodes->count, sizeof *counts);
    int rc;

    if (counts == NULL)
        return ndb_eval_no_memory(eval);
    rc = (is_loops ? ndb_read_loops : ndb_read_degrees)(
        &eval->run->snapshot, nodes->ids, nodes->count, kind, counts,
        eval->run->err);
    for (uint32_t i = 0; i < nodes->count && rc >= 0; i++)
        sums[i] += (int64_t)counts[i];
    return rc;
}

/* The same of edges to nodes with some labels. Whether all ends have the labels
 * or none has is asked once for all nodes. */
static int add_labelled(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                        const struct ndb_nodes *nodes,
                        const struct ndb_names *labels, int64_t *sums)
{
    struct ndb_arena_mark mark = ndb_arena_mark(eval->arena);
    struct ndb_label_probe probe;
    struct ndb_hops hops;
    bool has;
    int rc = ndb_labelled_judge(eval, kind, nodes, labels, &probe, &has);

    if (rc != NAMIDB_NONE)
        return rc < 0 || !has ? rc
                              : add_degrees(eval, kind, nodes, false, sums);
    rc = ndb_labelled_look(eval, kind, nodes, &probe, &hops);
    for (uint32_t i = 0; i < nodes->count && rc >= 0; i++)
        sums[i] += hops.offsets[i + 1] - hops.offsets[i];
    ndb_arena_rewind(eval->arena, &mark);
    return rc;
}

/* Edges of one kind, as the expression wants them. */
static int add_edges(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_hop_kind *kind,
                     const struct ndb_nodes *nodes, int64_t *sums)
{
    bool is_loops = expr->kind == NDB_EXPR_LOOPS;

    if (!is_loops && expr->labels.count != 0)
        return add_labelled(eval, kind, nodes, &expr->labels, sums);
    return add_degrees(eval, kind, nodes, is_loops, sums);
}

int ndb_degrees_sum(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_nodes *nodes, int64_t *sums)
{
    struct ndb_hop_kind kind = { .direction =
                                     (enum namidb_direction)expr->sub };
    int rc = NAMIDB_OK;

    if (expr->names.count == 0)
        return add_edges(eval, expr, &kind, nodes, sums);
    for (uint32_t i = 0; i < expr->names.count && rc >= 0; i++) {
        kind.type = ndb_run_number(eval->run, expr->names.items[i]);
        if (kind.type != 0)
            rc = add_edges(eval, expr, &kind, nodes, sums);
    }
    return rc;
}

static int add_numbers(struct ndb_eval *eval, const struct ndb_expr *expr,
                       const struct ndb_nodes *nodes, int64_t *sums)
{
    return expr->kind == NDB_EXPR_WALKS
               ? ndb_walks_sum(eval, expr, nodes, sums)
               : ndb_degrees_sum(eval, expr, nodes, sums);
}

/* A node at each position: their numbers stand as they are read. */
static int eval_all(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_vector *vector, uint32_t count,
                    struct ndb_vector *out)
{
    struct ndb_nodes nodes = { vector->as.ids, count };
    int64_t *sums = ndb_arena_array(eval->arena, count, sizeof *sums);

    if (sums == NULL)
        return ndb_eval_no_memory(eval);
    memset(sums, 0, count * sizeof *sums);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = sums };
    return add_numbers(eval, expr, &nodes, sums);
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
    struct ndb_vector vector;
    int rc = ndb_eval(eval, expr->args[0], chunk, &vector);
    struct ndb_nodes nodes = { NULL, 0 };
    uint64_t *ids;
    int64_t *sums;
    uint8_t *nulls;

    if (rc < 0)
        return rc;
    if (are_all_nodes(&vector, chunk))
        return eval_all(eval, expr, &vector, chunk->count, out);
    ids = ndb_arena_array(eval->arena, chunk->count, sizeof *ids);
    sums = ndb_arena_array(eval->arena, chunk->count, sizeof *sums);
    nulls = ndb_arena_array(eval->arena, chunk->extent, 1);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .nulls = nulls };
    out->as.ints = ndb_arena_array(eval->arena, chunk->extent, sizeof *sums);
    if (ids == NULL || sums == NULL || nulls == NULL || out->as.ints == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value node = ndb_vector_get(&vector, at);

        nulls[at] = node.kind != NAMIDB_NODE;
        out->as.ints[at] = 0;
        sums[nodes.count] = 0;
        if (node.kind == NAMIDB_NODE)
            ids[nodes.count++] = node.as.id;
    }
    nodes.ids = ids;
    rc = add_numbers(eval, expr, &nodes, sums);
    for (uint32_t i = 0, from = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        if (nulls[at] == 0)
            out->as.ints[at] = sums[from++];
    }
    return rc;
}
