/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/walk_edges.h"

#include "exec/eval.h"

bool ndb_holds_edge(const namidb_value *value, uint64_t edge)
{
    if (value->kind == NAMIDB_EDGE)
        return value->as.edge->id == edge;
    for (uint32_t i = 0; value->kind == NAMIDB_LIST && i < value->size; i++)
        if (ndb_holds_edge(&value->as.items[i], edge))
            return true;
    return false;
}

bool ndb_walk_is_taken(const struct ndb_op *op, uint32_t position,
                       uint64_t edge)
{
    const struct ndb_slots *others = &op->plan->slots;

    for (uint32_t i = 0; i < others->count; i++) {
        namidb_value other = ndb_vector_get(
            &op->child->chunk.columns[others->items[i]], position);

        if (ndb_holds_edge(&other, edge))
            return true;
    }
    return false;
}

int ndb_walk_test(struct ndb_op *op, const uint32_t *positions,
                  namidb_edge *edges, uint32_t count, namidb_arena *arena,
                  bool *may_walk)
{
    struct ndb_eval eval = ndb_eval_of(op, arena);
    uint32_t slots = op->run->plan->slot_count;
    struct ndb_vector truths;
    struct ndb_chunk chunk;
    int rc;

    if (count == 0)
        return NAMIDB_OK;
    chunk.columns = ndb_arena_array(arena, slots, sizeof *chunk.columns);
    if (chunk.columns == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_chunk_gather(&op->child->chunk, &op->run->all_slots, positions,
                          count, slots, arena, &chunk);
    if (rc < 0)
        return rc;
    chunk.columns[op->plan->name] =
        (struct ndb_vector){ .form = NDB_FORM_EDGES, .as.edges = edges };
    rc = ndb_eval_truths(&eval, op->plan->expr, &chunk, &truths);
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        namidb_value truth = ndb_vector_get(&truths, i);

        may_walk[i] = truth.kind == NAMIDB_BOOL && truth.as.boolean;
    }
    return rc;
}
