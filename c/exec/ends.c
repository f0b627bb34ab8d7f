/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/ends.h"

#include "engine/label_judge.h"

void ndb_ends_tell(const struct ndb_op *filter)
{
    const struct ndb_expr *condition = filter->plan->expr;
    struct ndb_op *below = filter->child;

    if (condition->kind == NDB_EXPR_LABELS &&
        condition->args[0]->kind == NDB_EXPR_SLOT &&
        below->plan->kind == NDB_OP_EXPAND &&
        (below->plan->flags & (NDB_EXPAND_INTO | NDB_EXPAND_NO_NODE)) == 0 &&
        condition->args[0]->number == below->plan->to)
        below->ends = condition;
}

/* Moves what stays of each node's ends to the front. */
static void keep(struct ndb_hops *hops, uint32_t count, const bool *has)
{
    uint32_t at = 0, total = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t end = hops->offsets[i + 1];

        /* No branch: who has them is anybody's guess. */
        for (; at < end; at++) {
            hops->neighbours[total] = hops->neighbours[at];
            if (hops->edges != NULL)
                hops->edges[total] = hops->edges[at];
            total += has[at];
        }
        hops->offsets[i + 1] = total;
    }
}

/* NAMIDB_OK, NAMIDB_NONE: tables do not tell, or NAMIDB_ENOMEM. */
static int judge(struct ndb_op *op, uint32_t count, struct ndb_hop_sets *sets,
                 bool **has)
{
    const struct ndb_names *names = &op->ends->names;
    uint32_t *labels = ndb_arena_array(&op->kept, names->count, sizeof *labels);
    const struct ndb_label_probe probe = { labels, names->count, true };
    int rc = labels != NULL ? NAMIDB_OK : NAMIDB_ENOMEM;

    for (uint32_t i = 0; i < names->count && rc == NAMIDB_OK; i++)
        labels[i] = ndb_run_number(op->run, names->items[i]);
    for (uint32_t i = 0; i < sets->count && rc == NAMIDB_OK; i++) {
        const struct ndb_hops *hops = &sets->items[i].hops;

        has[i] = ndb_arena_alloc(&op->kept, hops->offsets[count]);
        rc = has[i] != NULL
                 ? ndb_judge_labels(&op->run->snapshot, hops->neighbours,
                                    hops->offsets[count], &probe, has[i],
                                    op->run->err)
                 : NAMIDB_ENOMEM;
    }
    return rc;
}

int ndb_ends_apply(struct ndb_op *op, uint32_t count, struct ndb_hop_sets *sets)
{
    bool **has;
    int rc;

    op->are_ends_good = false;
    if (!op->run->are_there)
        return NAMIDB_OK;
    has = ndb_arena_array(&op->kept, sets->count, sizeof *has);
    rc = has != NULL ? judge(op, count, sets, has) : NAMIDB_ENOMEM;
    if (rc != NAMIDB_OK)
        return rc < 0 ? rc : NAMIDB_OK;
    for (uint32_t i = 0; i < sets->count; i++)
        keep(&sets->items[i].hops, count, has[i]);
    op->are_ends_good = true;
    return NAMIDB_OK;
}
