/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/node_columns.h"

#include "exec/fault.h"
#include "exec/picked.h"

/* The nodes to read: those at the rows that are not null. */
struct nodes {
    const uint64_t *ids;
    struct ndb_picked at;
};

static bool has_zero(const uint64_t *ids, uint32_t count)
{
    bool has = false;

    for (uint32_t i = 0; i < count; i++)
        has |= ids[i] == 0;
    return has;
}

static int pick(struct ndb_eval *eval, const struct ndb_vector *nodes,
                const struct ndb_chunk *chunk, struct nodes *out)
{
    uint32_t count = nodes->is_constant ? 1 : chunk->count;
    uint32_t *positions;
    uint64_t *ids;

    *out = (struct nodes){ nodes->as.ids, { NULL, count, false } };
    if ((nodes->is_constant || chunk->rows == NULL) &&
        !has_zero(nodes->as.ids, count))
        return NAMIDB_OK;
    ids = ndb_arena_array(eval->arena, count, sizeof *ids);
    positions = ndb_arena_array(eval->arena, count, sizeof *positions);
    if (ids == NULL || positions == NULL)
        return ndb_eval_no_memory(eval);
    out->at.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = nodes->is_constant ? 0 : ndb_chunk_row(chunk, i);

        if (nodes->as.ids[at] == 0) {
            out->at.has_null = true;
            continue;
        }
        ids[out->at.count] = nodes->as.ids[at];
        positions[out->at.count++] = at;
    }
    out->ids = ids;
    out->at.positions = positions;
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- repeats -- */

/* A node that rows have one after the other, as behind an expansion, is read
 * once. */
struct repeats {
    uint64_t *ids; /* without them */
    uint32_t *of;  /* the index of each row's; NULL: there are few */
    uint32_t count;
};

static int find_repeats(struct ndb_eval *eval, const struct nodes *picked,
                        struct repeats *out)
{
    const uint64_t *ids = picked->ids;
    uint32_t rows = picked->at.count, count = rows != 0;

    *out = (struct repeats){ 0 };
    for (uint32_t i = 1; i < rows; i++)
        count += ids[i] != ids[i - 1];
    if (count > rows / 2)
        return NAMIDB_OK;
    out->ids = ndb_arena_array(eval->arena, count, sizeof *out->ids);
    out->of = ndb_arena_array(eval->arena, rows, sizeof *out->of);
    if (out->ids == NULL || out->of == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < rows; i++) {
        if (i == 0 || ids[i] != ids[i - 1])
            out->ids[out->count++] = ids[i];
        out->of[i] = out->count - 1;
    }
    return NAMIDB_OK;
}

static int repeat(struct ndb_eval *eval, const struct repeats *repeats,
                  uint32_t count, struct ndb_property_column *column)
{
    struct ndb_property_column once = *column;

    if (once.values != NULL)
        column->values =
            ndb_arena_array(eval->arena, count, sizeof *column->values);
    else
        column->integers =
            ndb_arena_array(eval->arena, count, sizeof *column->integers);
    if (once.values != NULL ? column->values == NULL : column->integers == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < count && once.values != NULL; i++)
        column->values[i] = once.values[repeats->of[i]];
    for (uint32_t i = 0; i < count && once.values == NULL; i++)
        column->integers[i] = once.integers[repeats->of[i]];
    return NAMIDB_OK;
}

static int read_property(struct ndb_eval *eval, const struct nodes *picked,
                         uint32_t number, struct ndb_property_column *column)
{
    struct repeats repeats;
    bool is_repeated;
    int rc = find_repeats(eval, picked, &repeats);

    if (rc < 0)
        return rc;
    is_repeated = repeats.of != NULL;
    rc = ndb_read_property(&eval->run->snapshot,
                           is_repeated ? repeats.ids : picked->ids,
                           is_repeated ? repeats.count : picked->at.count,
                           number, eval->arena, column, eval->run->err);
    if (rc < 0 || !is_repeated || column->absent != SIZE_MAX)
        return rc;
    return repeat(eval, &repeats, picked->at.count, column);
}

int ndb_node_columns_property(struct ndb_eval *eval,
                              const struct ndb_vector *nodes,
                              const struct ndb_chunk *chunk, uint32_t number,
                              struct ndb_vector *out)
{
    uint32_t extent = nodes->is_constant ? 1 : chunk->extent;
    struct ndb_property_column column;
    struct nodes picked;
    int rc = pick(eval, nodes, chunk, &picked);

    if (rc >= 0)
        rc = read_property(eval, &picked, number, &column);
    if (rc == NAMIDB_ENOMEM)
        return ndb_eval_no_memory(eval);
    if (rc >= 0 && column.absent != SIZE_MAX)
        return ndb_run_absent(eval->run, "node");
    *out = (struct ndb_vector){ .is_constant = nodes->is_constant };
    return rc < 0 ? rc
                  : ndb_picked_spread(eval, &picked.at, &column, extent, out);
}

int ndb_node_columns_labels(struct ndb_eval *eval,
                            const struct ndb_vector *nodes,
                            const struct ndb_chunk *chunk,
                            const struct ndb_expr *expr, struct ndb_vector *out)
{
    uint32_t extent = nodes->is_constant ? 1 : chunk->extent;
    uint32_t *labels =
        ndb_arena_array(eval->arena, expr->names.count, sizeof *labels);
    struct ndb_label_probe probe = { labels, expr->names.count,
                                     eval->run->are_there };
    struct nodes picked;
    size_t absent;
    bool *has;
    int rc = pick(eval, nodes, chunk, &picked);

    if (rc < 0)
        return rc;
    has = ndb_arena_alloc(eval->arena, picked.at.count);
    if (labels == NULL || has == NULL ||
        !ndb_vector_truths(out, eval->arena, extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = nodes->is_constant;
    for (uint32_t i = 0; i < expr->names.count; i++)
        labels[i] = ndb_run_number(eval->run, expr->names.items[i]);
    rc = ndb_read_labels(&eval->run->snapshot, picked.ids, picked.at.count,
                         &probe, has, &absent, eval->run->err);
    if (rc == NAMIDB_ENOMEM)
        return ndb_eval_no_memory(eval);
    if (rc >= 0 && absent != SIZE_MAX)
        return ndb_run_absent(eval->run, "node");
    for (uint32_t i = 0; i < extent && picked.at.has_null; i++)
        out->as.truths[i] = NDB_UNKNOWN;
    for (uint32_t i = 0; i < picked.at.count && rc >= 0; i++)
        out->as
            .truths[picked.at.positions != NULL ? picked.at.positions[i] : i] =
            has[i] ? NDB_TRUE : NDB_FALSE;
    return rc;
}

/* ---------------------------------------------------------------- ahead -- */

enum { AHEAD_MAX = 16 }; /* columns of nodes; the others take a round each */

/* The columns of nodes whose properties are read, each once; how many. */
static uint32_t find_nodes(const struct ndb_plan_op *project,
                           const struct ndb_chunk *chunk,
                           const struct ndb_vector *found[AHEAD_MAX])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < project->count; i++) {
        const struct ndb_expr *expr = project->assigns[i].expr;
        const struct ndb_vector *nodes;
        uint32_t j = 0;

        if (expr->kind != NDB_EXPR_PROPERTY ||
            expr->args[0]->kind != NDB_EXPR_SLOT)
            continue;
        nodes = &chunk->columns[expr->args[0]->number];
        while (j < count && found[j] != nodes)
            j++;
        if (nodes->form == NDB_FORM_NODES && j == count && count < AHEAD_MAX)
            found[count++] = nodes;
    }
    return count;
}

static bool has_asked(const struct ndb_run *run)
{
    struct ndb_meter meter;

    ndb_db_meter(run->db, &meter);
    return meter.requests != run->requests;
}

int ndb_node_columns_ahead(struct ndb_eval *eval,
                           const struct ndb_plan_op *project,
                           const struct ndb_chunk *chunk)
{
    const struct ndb_vector *found[AHEAD_MAX];
    uint32_t count = find_nodes(project, chunk, found);
    size_t total = 0;
    uint64_t *ids;
    int rc = NAMIDB_OK;

    if (count < 2 || !has_asked(eval->run))
        return NAMIDB_OK;
    ids =
        ndb_arena_array(eval->arena, (size_t)count * chunk->count, sizeof *ids);
    if (ids == NULL)
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        struct nodes picked;

        rc = pick(eval, found[i], chunk, &picked);
        if (rc >= 0)
            memcpy(ids + total, picked.ids, picked.at.count * sizeof *ids);
        total += rc >= 0 ? picked.at.count : 0;
    }
    if (rc >= 0)
        rc = ndb_read_ahead(&eval->run->snapshot, ids, total, eval->run->err);
    return rc == NAMIDB_ENOMEM ? ndb_eval_no_memory(eval) : rc;
}
