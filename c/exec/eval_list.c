/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists and maps: made, indexed, sliced.
 */
#include "exec/eval.h"
#include "exec/graph.h"
#include "exec/list.h"
#include "exec/rows.h"

int ndb_eval_list(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector *args;
    bool is_constant = true;
    uint32_t count;
    int rc = ndb_eval_args(eval, expr, chunk, &args);

    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < expr->count; i++)
        is_constant = is_constant && args[i].is_constant;
    count = is_constant ? 1 : chunk->count;
    if (!ndb_vector_values(out, eval->arena, is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value *items = ndb_eval_array(eval, expr->count);

        if (items == NULL)
            return ndb_eval_no_memory(eval);
        for (uint32_t j = 0; j < expr->count; j++)
            items[j] = ndb_vector_get(&args[j], at);
        out->as.values[at] = ndb_list(items, expr->count);
    }
    return NAMIDB_OK;
}

static int make_map(struct ndb_eval *eval, const struct ndb_expr *expr,
                    const struct ndb_vector *values, uint32_t at,
                    namidb_value *out)
{
    namidb_entry *entries =
        ndb_arena_array(eval->arena, expr->count, sizeof *entries);

    if (entries == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < expr->count; i++) {
        struct ndb_slice key = expr->branches[i].key;

        entries[i].key = ndb_string((const char *)key.data, key.bytes);
        entries[i].value = ndb_vector_get(&values[i], at);
    }
    *out = (namidb_value){ .kind = NAMIDB_MAP,
                           .size = expr->count,
                           .as.entries = entries };
    return NAMIDB_OK;
}

int ndb_eval_map(struct ndb_eval *eval, const struct ndb_expr *expr,
                 const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector *values =
        ndb_arena_array(eval->arena, expr->count, sizeof *values);
    bool is_constant = true;
    uint32_t count;
    int rc = NAMIDB_OK;

    if (values == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < expr->count && rc >= 0; i++) {
        rc = ndb_eval(eval, expr->branches[i].then, chunk, &values[i]);
        is_constant = rc >= 0 && is_constant && values[i].is_constant;
    }
    if (rc < 0)
        return rc;
    count = is_constant ? 1 : chunk->count;
    if (!ndb_vector_values(out, eval->arena, is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = is_constant ? 0 : ndb_chunk_row(chunk, i);

        rc = make_map(eval, expr, values, at, &out->as.values[at]);
    }
    return rc;
}

/* list[1], map['name'], node['name']. */
static int index_row(struct ndb_eval *eval, const struct ndb_entity *entity,
                     const namidb_value *key, namidb_value *out)
{
    namidb_value map = entity->value;
    int rc = NAMIDB_OK;

    *out = ndb_null();
    if (ndb_is_null(&map) || ndb_is_null(key))
        return NAMIDB_OK;
    if (entity->node != NULL || entity->edge != NULL)
        rc = ndb_graph_properties(eval, entity, &map);
    if (rc < 0)
        return rc;
    return ndb_list_at(&eval->scalar, &map, key, out);
}

int ndb_eval_index(struct ndb_eval *eval, const struct ndb_expr *expr,
                   const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector *args;
    struct ndb_rows rows;
    int rc = ndb_eval_args(eval, expr, chunk, &args);

    if (rc >= 0)
        rc = ndb_rows_load(eval, &args[0], chunk, &rows);
    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        struct ndb_entity entity = ndb_rows_at(&rows, &args[0], at);
        namidb_value key = ndb_vector_get(&args[1], at);

        rc = index_row(eval, &entity, &key, &out->as.values[at]);
    }
    return rc;
}

int ndb_eval_slice(struct ndb_eval *eval, const struct ndb_expr *expr,
                   const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector *args;
    int rc = ndb_eval_args(eval, expr, chunk, &args);

    if (rc < 0)
        return rc;
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        namidb_value list = ndb_vector_get(&args[0], at);
        namidb_value from = ndb_vector_get(&args[1], at);
        namidb_value to = ndb_vector_get(&args[2], at);

        rc = ndb_list_slice(
            &eval->scalar, &list, expr->args[1] != NULL ? &from : NULL,
            expr->args[2] != NULL ? &to : NULL, &out->as.values[at]);
    }
    return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
}
