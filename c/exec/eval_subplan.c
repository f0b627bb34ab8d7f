/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan inside an expression: EXISTS { }, COUNT { }, COLLECT { }, patterns as
 * predicates and comprehensions. Run once for each row, which is its argument.
 */
#include "exec/eval.h"
#include "exec/value_copy.h"

struct subplan {
    struct ndb_op *op;
    struct ndb_frame frame;
};

/* The operators of a sub-plan are made once in a run. */
static int open_subplan(struct ndb_eval *eval, const struct ndb_expr *expr,
                        struct subplan **out)
{
    struct ndb_run *run = eval->run;
    struct subplan *subplan = run->kept[expr->run_index];
    int rc;

    *out = subplan;
    if (subplan != NULL)
        return NAMIDB_OK;
    subplan = ndb_arena_alloc(&run->arena, sizeof *subplan);
    if (subplan == NULL)
        return ndb_eval_no_memory(eval);
    subplan->frame = (struct ndb_frame){ NULL, 0 };
    rc = ndb_op_new(&subplan->op, run, expr->plan, &subplan->frame);
    if (rc < 0)
        return rc;
    run->kept[expr->run_index] = subplan;
    *out = subplan;
    return NAMIDB_OK;
}

/* Values outlive the chunk that they come in. */
struct collected {
    namidb_value *items;
    uint32_t count, capacity;
};

static int collect(struct ndb_eval *eval, const struct ndb_expr *expr,
                   const struct ndb_chunk *chunk, struct collected *collected)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        namidb_value value = ndb_vector_get(&chunk->columns[expr->number],
                                            ndb_chunk_row(chunk, i));

        if (collected->count == collected->capacity) {
            uint32_t capacity = collected->capacity * 2 + 8;
            namidb_value *items = ndb_eval_array(eval, capacity);

            if (items == NULL)
                return ndb_eval_no_memory(eval);
            if (collected->count != 0)
                memcpy(items, collected->items,
                       collected->count * sizeof *items);
            collected->items = items;
            collected->capacity = capacity;
        }
        if (ndb_query_value_copy(eval->arena, &value,
                                 &collected->items[collected->count]) < 0)
            return ndb_eval_no_memory(eval);
        collected->count++;
    }
    return NAMIDB_OK;
}

static int run_subplan(struct ndb_eval *eval, const struct ndb_expr *expr,
                       struct subplan *subplan, namidb_value *out)
{
    struct collected collected = { NULL, 0, 0 };
    int64_t count = 0;
    int rc;

    ndb_op_rewind(subplan->op);
    while ((rc = ndb_op_next(subplan->op)) == NAMIDB_OK) {
        count += subplan->op->chunk.count;
        if (expr->sub == NDB_SUBPLAN_EXISTS)
            break;
        if (expr->sub == NDB_SUBPLAN_COLLECT)
            rc = collect(eval, expr, &subplan->op->chunk, &collected);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return rc;
    if (expr->sub == NDB_SUBPLAN_EXISTS)
        *out = ndb_boolean(count != 0);
    else if (expr->sub == NDB_SUBPLAN_COUNT)
        *out = ndb_integer(count);
    else
        *out = ndb_list(collected.items, collected.count);
    return NAMIDB_OK;
}

int ndb_eval_subplan(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct subplan *subplan;
    int rc = open_subplan(eval, expr, &subplan);

    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        subplan->frame = (struct ndb_frame){ chunk, at };
        rc = run_subplan(eval, expr, subplan, &out->as.values[at]);
    }
    return rc;
}
