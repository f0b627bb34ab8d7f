/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many nodes or edges there are, without a look at any.
 */
#include "engine/counts.h"
#include "exec/eval.h"

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
