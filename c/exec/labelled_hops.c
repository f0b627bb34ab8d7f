/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges to nodes with labels: neighbours are read, and their labels looked at,
 * which mostly their tables tell.
 */
#include "exec/node_numbers.h"

enum { NODES_JUDGED = 64 };

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

int ndb_labelled_judge(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                       const struct ndb_nodes *nodes,
                       const struct ndb_names *labels,
                       struct ndb_label_probe *probe, bool *has)
{
    *probe = (struct ndb_label_probe){ label_numbers(eval, labels),
                                       labels->count, eval->run->are_there };
    if (probe->labels == NULL)
        return ndb_eval_no_memory(eval);
    if (!probe->are_there || nodes->count < NODES_JUDGED)
        return NAMIDB_NONE;
    return ndb_judge_ends(&eval->run->snapshot, kind, probe, has,
                          eval->run->err);
}

/* has[i]: whether a node has all of the labels. */
static int read_labels(struct ndb_eval *eval, const struct ndb_nodes *nodes,
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

/* Moves what stays of each node's edges to the front. */
static void keep(struct ndb_hops *hops, uint32_t count, const bool *has)
{
    uint32_t begin = 0, total = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = hops->offsets[i + 1];

        for (uint32_t at = begin; at < end; at++) {
            hops->neighbours[total] = hops->neighbours[at];
            total += has[at];
        }
        begin = end;
        hops->offsets[i + 1] = total;
    }
}

int ndb_labelled_look(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                      const struct ndb_nodes *nodes,
                      const struct ndb_label_probe *probe, struct ndb_hops *out)
{
    struct ndb_nodes ends;
    bool *has;
    int rc = ndb_read_hops(&eval->run->snapshot, nodes->ids, nodes->count, kind,
                           eval->arena, out, eval->run->err);

    if (rc < 0)
        return rc;
    ends = (struct ndb_nodes){ out->neighbours, out->offsets[nodes->count] };
    rc = read_labels(eval, &ends, probe, &has);
    if (rc >= 0)
        keep(out, nodes->count, has);
    return rc;
}

int ndb_labelled_hops(struct ndb_eval *eval, const struct ndb_hop_kind *kind,
                      const struct ndb_nodes *nodes,
                      const struct ndb_names *labels, struct ndb_hops *out)
{
    struct ndb_label_probe probe;
    bool has = true;
    int rc = NAMIDB_OK;

    if (labels->count != 0)
        rc = ndb_labelled_judge(eval, kind, nodes, labels, &probe, &has);
    if (rc == NAMIDB_NONE)
        return ndb_labelled_look(eval, kind, nodes, &probe, out);
    if (rc < 0)
        return rc;
    rc = ndb_read_hops(&eval->run->snapshot, nodes->ids, nodes->count, kind,
                       eval->arena, out, eval->run->err);
    for (uint32_t i = 0; i <= nodes->count && rc >= 0 && !has; i++)
        out->offsets[i] = 0;
    return rc;
}
