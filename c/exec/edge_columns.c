/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/edge_columns.h"

#include "exec/fault.h"
#include "exec/picked.h"

/* The edges to read: those at the rows that are not null. */
static int pick(struct ndb_eval *eval, const struct ndb_vector *edges,
                const struct ndb_chunk *chunk, struct ndb_edge_probe **out,
                struct ndb_picked *picked)
{
    uint32_t count = edges->is_constant ? 1 : chunk->count;
    struct ndb_edge_probe *probes =
        ndb_arena_array(eval->arena, count, sizeof *probes);
    uint32_t *positions =
        ndb_arena_array(eval->arena, count, sizeof *positions);

    if (probes == NULL || positions == NULL)
        return ndb_eval_no_memory(eval);
    *picked = (struct ndb_picked){ positions, 0, false };
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = edges->is_constant ? 0 : ndb_chunk_row(chunk, i);
        const namidb_edge *edge = &edges->as.edges[at];

        if (edge->id == 0) {
            picked->has_null = true;
            continue;
        }
        probes[picked->count] =
            (struct ndb_edge_probe){ edge->id, edge->from, edge->to };
        positions[picked->count++] = at;
    }
    if (chunk->rows == NULL && !picked->has_null)
        picked->positions = NULL;
    *out = probes;
    return NAMIDB_OK;
}

int ndb_edge_columns_property(struct ndb_eval *eval,
                              const struct ndb_vector *edges,
                              const struct ndb_chunk *chunk, uint32_t number,
                              struct ndb_vector *out)
{
    uint32_t extent = edges->is_constant ? 1 : chunk->extent;
    struct ndb_property_column column;
    struct ndb_edge_probe *probes = NULL;
    struct ndb_picked picked;
    int rc = pick(eval, edges, chunk, &probes, &picked);

    if (rc >= 0)
        rc = ndb_read_edge_property(&eval->run->snapshot, probes, picked.count,
                                    number, eval->arena, &column,
                                    eval->run->err);
    if (rc == NAMIDB_ENOMEM)
        return ndb_eval_no_memory(eval);
    if (rc >= 0 && column.absent != SIZE_MAX)
        return ndb_run_absent(eval->run, "relationship");
    *out = (struct ndb_vector){ .is_constant = edges->is_constant };
    return rc < 0 ? rc : ndb_picked_spread(eval, &picked, &column, extent, out);
}
