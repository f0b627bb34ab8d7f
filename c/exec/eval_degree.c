/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many edges a node has: numbers that stand for rows nobody needs. Where
 * nothing is asked of the nodes at the other ends degrees say it; else
 * neighbours are read, and their labels looked at, which mostly their tables
 * tell.
 */
#include "engine/label_judge.h"
#include "exec/eval.h"

enum { NODES_JUDGED = 64 };

/* The nodes of a chunk. */
struct nodes {
    const uint64_t *ids;
    uint32_t count;
};

/* Edges of one of some types, or of any, at the nodes; or, of them, loops. */
static int add_degrees(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                       const struct nodes *nodes, bool is_loops, int64_t *sums)
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

/* Numbers of labels, 0 where nobody has it. NULL: no memory. */
static uint32_t *label_numbers(struct ndb_eval *eval,
                               const struct ndb_names *labels)
{
    uint32_t *numbers =
        ndb_arena_array(eval->arena, labels->count, sizeof *numbers);

    for (uint32_t i = 0; i < labels->count && numbers != NULL; i++)
        numbers[i] = ndb_run_number(eval->run, labels->items[i]);
    return numbers;
}

/* has[i]: whether a node has all of the labels. */
static int read_labels(struct ndb_eval *eval, const struct nodes *nodes,
                       const struct ndb_label_probe *probe, bool **has)
{
    size_t absent = SIZE_MAX;
    int rc;

    *has = ndb_arena_alloc(eval->arena, nodes->count);
    if (*has == NULL)
        return ndb_eval_no_memory(eval);
    rc = ndb_read_labels(&eval->run->snapshot, nodes->ids, nodes->count, probe,
                         *has, &absent, eval->run->err);
    if (rc == NAMIDB_ENOMEM)
        return ndb_eval_no_memory(eval);
    if (rc >= 0 && absent != SIZE_MAX)
        return ndb_run_absent(eval->run, "node");
    return rc;
}

/* The same of edges to nodes with some labels, node by node. */
static int add_looked(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                      const struct nodes *nodes,
                      const struct ndb_label_probe *probe, int64_t *sums)
{
    struct ndb_arena_mark mark = ndb_arena_mark(eval->arena);
    struct ndb_hops hops;
    struct nodes ends;
    bool *has;
    int rc = ndb_read_hops(&eval->run->snapshot, nodes->ids, nodes->count, kind,
                           eval->arena, &hops, eval->run->err);

    if (rc < 0)
        return rc;
    ends = (struct nodes){ hops.neighbours, hops.offsets[nodes->count] };
    rc = read_labels(eval, &ends, probe, &has);
    for (uint32_t i = 0; i < nodes->count && rc >= 0; i++)
        for (uint32_t j = hops.offsets[i]; j < hops.offsets[i + 1]; j++)
            sums[i] += has[j];
    ndb_arena_rewind(eval->arena, &mark);
    return rc;
}

/* Whether all ends of edges have the labels or none has is asked once for all
 * nodes, unless these are so few that their neighbours cost no more. */
static int add_labelled(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                        const struct nodes *nodes,
                        const struct ndb_names *labels, int64_t *sums)
{
    struct ndb_label_probe probe = { label_numbers(eval, labels), labels->count,
                                     eval->run->are_there };
    int rc = NAMIDB_NONE;
    bool has;

    if (probe.labels == NULL)
        return ndb_eval_no_memory(eval);
    if (probe.are_there && nodes->count >= NODES_JUDGED)
        rc = ndb_judge_ends(&eval->run->snapshot, kind, &probe, &has,
                            eval->run->err);
    if (rc == NAMIDB_NONE)
        return add_looked(eval, kind, nodes, &probe, sums);
    return rc < 0 || !has ? rc : add_degrees(eval, kind, nodes, false, sums);
}

/* Edges of one kind, as the expression wants them. */
static int add_edges(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_hop_kind *kind, const struct nodes *nodes,
                     int64_t *sums)
{
    bool is_loops = expr->kind == NDB_EXPR_LOOPS;

    if (!is_loops && expr->labels.count != 0)
        return add_labelled(eval, kind, nodes, &expr->labels, sums);
    return add_degrees(eval, kind, nodes, is_loops, sums);
}

static int count_edges(struct ndb_eval *eval, const struct ndb_expr *expr,
                       const struct nodes *nodes, int64_t *sums)
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

/* A node at each position: their numbers stand as they are read. */
static int eval_all(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_vector *vector, uint32_t count,
                    struct ndb_vector *out)
{
    struct nodes nodes = { vector->as.ids, count };
    int64_t *sums = ndb_arena_array(eval->arena, count, sizeof *sums);

    if (sums == NULL)
        return ndb_eval_no_memory(eval);
    memset(sums, 0, count * sizeof *sums);
    *out = (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = sums };
    return count_edges(eval, expr, &nodes, sums);
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
    struct nodes nodes = { NULL, 0 };
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
    rc = count_edges(eval, expr, &nodes, sums);
    for (uint32_t i = 0, from = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        if (nulls[at] == 0)
            out->as.ints[at] = sums[from++];
    }
    return rc;
}
