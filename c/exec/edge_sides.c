/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/edge_sides.h"

static void add(struct ndb_edge_sides *sides, const namidb_edge *edge,
                uint32_t position, bool is_reversed)
{
    uint32_t at = sides->count++;

    sides->edges[at] = *edge;
    sides->from[at] = is_reversed ? edge->to : edge->from;
    sides->to[at] = is_reversed ? edge->from : edge->to;
    if (sides->positions != NULL)
        sides->positions[at] = position;
}

int ndb_edge_sides_make(struct ndb_op *op, const namidb_edge *edges,
                        const uint32_t *positions, size_t count,
                        struct ndb_edge_sides *sides)
{
    enum namidb_direction direction =
        (enum namidb_direction)op->plan->direction;
    size_t max = direction == NAMIDB_BOTH ? count * 2 : count;

    *sides = (struct ndb_edge_sides){ .count = 0 };
    sides->edges = ndb_arena_array(&op->arena, max, sizeof *sides->edges);
    sides->from = ndb_arena_array(&op->arena, max, sizeof *sides->from);
    sides->to = ndb_arena_array(&op->arena, max, sizeof *sides->to);
    if (positions != NULL)
        sides->positions =
            ndb_arena_array(&op->arena, max, sizeof *sides->positions);
    if (sides->edges == NULL || sides->from == NULL || sides->to == NULL ||
        (positions != NULL && sides->positions == NULL))
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        bool is_loop = edges[i].from == edges[i].to;
        uint32_t position = positions != NULL ? positions[i] : 0;

        if (direction != NAMIDB_IN)
            add(sides, &edges[i], position, false);
        if (direction == NAMIDB_IN || (direction == NAMIDB_BOTH && !is_loop))
            add(sides, &edges[i], position, true);
    }
    return NAMIDB_OK;
}

void ndb_edge_sides_set(struct ndb_op *op, const struct ndb_edge_sides *sides)
{
    struct ndb_vector *columns = op->chunk.columns;

    columns[op->plan->edge] =
        (struct ndb_vector){ .form = NDB_FORM_EDGES, .as.edges = sides->edges };
    columns[op->plan->slot] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = sides->from };
    columns[op->plan->to] =
        (struct ndb_vector){ .form = NDB_FORM_NODES, .as.ids = sides->to };
}
