/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths put together from what a match bound, and the rule that no edge is
 * walked twice in one match.
 */
#include <string.h>

#include "exec/eval.h"
#include "exec/walk_edges.h"

static int not_a_part(struct ndb_eval *eval, const namidb_value *value)
{
    return ndb_raise(eval->run->err, NDB_FAULT_ARGUMENT_TYPE,
                     "a path has nodes and relationships, not a value of type "
                     "%s",
                     ndb_kind_name(value->kind));
}

struct path_builder {
    namidb_value *nodes, *edges;
    uint32_t count; /* edges so far */
};

/* Walks on over one edge, in whichever direction it lies. */
static void walk(struct path_builder *builder, const namidb_value *edge)
{
    const namidb_edge *row = edge->as.edge;
    uint64_t here = builder->nodes[builder->count].as.id;

    builder->edges[builder->count++] = *edge;
    builder->nodes[builder->count] =
        ndb_node(row->from == here ? row->to : row->from);
}

static uint32_t edge_count(const struct ndb_expr *expr,
                           const struct ndb_chunk *chunk, uint32_t at)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < expr->slots.count; i += 2) {
        namidb_value part =
            ndb_vector_get(&chunk->columns[expr->slots.items[i]], at);

        count += part.kind == NAMIDB_LIST ? part.size : 1;
    }
    return count;
}

/* *out stays null when a part of it is null. */
static int build_path(struct ndb_eval *eval, const struct ndb_expr *expr,
                      const struct ndb_chunk *chunk, uint32_t at,
                      namidb_value *out)
{
    uint32_t count = edge_count(expr, chunk, at);
    struct path_builder builder = { .count = 0 };
    namidb_path *path = ndb_arena_alloc(eval->arena, sizeof *path);

    *out = ndb_null();
    builder.nodes = ndb_eval_array(eval, (size_t)count + 1);
    builder.edges = ndb_eval_array(eval, count);
    if (path == NULL || builder.nodes == NULL || builder.edges == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < expr->slots.count; i++) {
        namidb_value part =
            ndb_vector_get(&chunk->columns[expr->slots.items[i]], at);

        if (ndb_is_null(&part))
            return NAMIDB_OK;
        if (i == 0 && part.kind == NAMIDB_NODE)
            builder.nodes[0] = part;
        else if (i % 2 == 1 && part.kind == NAMIDB_EDGE)
            walk(&builder, &part);
        else if (i % 2 == 1 && part.kind == NAMIDB_LIST)
            for (uint32_t j = 0; j < part.size; j++) {
                if (part.as.items[j].kind != NAMIDB_EDGE)
                    return not_a_part(eval, &part.as.items[j]);
                walk(&builder, &part.as.items[j]);
            }
        else if (i % 2 == 1 || part.kind != NAMIDB_NODE)
            return not_a_part(eval, &part);
    }
    *path = (namidb_path){ builder.count, builder.nodes, builder.edges };
    *out = (namidb_value){ .kind = NAMIDB_PATH, .as.path = path };
    return NAMIDB_OK;
}

int ndb_eval_path(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    int rc = NAMIDB_OK;

    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        rc = build_path(eval, expr, chunk, at, &out->as.values[at]);
    }
    return rc;
}

static bool share_edge(const namidb_value *a, const namidb_value *b)
{
    if (a->kind == NAMIDB_EDGE)
        return ndb_holds_edge(b, a->as.edge->id);
    for (uint32_t i = 0; a->kind == NAMIDB_LIST && i < a->size; i++)
        if (share_edge(&a->as.items[i], b))
            return true;
    return false;
}

static bool are_apart(uint64_t a, uint64_t b)
{
    return a != b || a == 0; /* null is no edge */
}

static bool differ_at(const struct ndb_vector *a, const struct ndb_vector *b,
                      uint32_t at)
{
    namidb_value left = ndb_vector_get(a, at), right = ndb_vector_get(b, at);

    return !share_edge(&left, &right);
}

/* Leaves the truth of rows where two columns share no edge. */
static void keep_apart(const struct ndb_vector *a, const struct ndb_vector *b,
                       const struct ndb_chunk *chunk, uint8_t *truths)
{
    bool are_edges = a->form == NDB_FORM_EDGES && b->form == NDB_FORM_EDGES &&
                     !a->is_constant && !b->is_constant;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        bool differ = are_edges
                          ? are_apart(a->as.edges[at].id, b->as.edges[at].id)
                          : differ_at(a, b, at);

        truths[at] = differ ? truths[at] : NDB_FALSE;
    }
}

/* Whether there are two columns that may share an edge: where only loops are
 * looked at (NDB_EXPAND_LOOPS), mostly there is none. */
static bool has_two(const struct ndb_expr *expr, const struct ndb_chunk *chunk)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < expr->slots.count; i++)
        count += chunk->columns[expr->slots.items[i]].form != NDB_FORM_NONE;
    return count > 1;
}

int ndb_eval_differ(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    bool is_needed = has_two(expr, chunk);
    uint32_t extent = is_needed ? chunk->extent : 1;
    const struct ndb_slots *slots = &expr->slots;

    if (!ndb_vector_truths(out, eval->arena, extent))
        return ndb_eval_no_memory(eval);
    memset(out->as.truths, NDB_TRUE, extent);
    out->is_constant = !is_needed;
    for (uint32_t i = 1; i < slots->count && is_needed; i++)
        for (uint32_t j = 0; j < i; j++)
            keep_apart(&chunk->columns[slots->items[i]],
                       &chunk->columns[slots->items[j]], chunk, out->as.truths);
    return NAMIDB_OK;
}
