/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups by equivalent keys, and aggregates over each. Without keys there is
 * one group, even of no rows.
 */
#include "exec/aggregate.h"
#include "exec/eval.h"
#include "exec/value_set.h"

struct group {
    struct ndb_aggregate *states;   /* plan->count */
    struct ndb_value_set *distinct; /* likewise; of those that want it */
};

struct aggregate_state {
    struct ndb_value_set keys;
    struct group *groups; /* by number of the key */
    uint32_t count, capacity;
    uint32_t given;
    bool is_done;
};

static void aggregate_rewind(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;

    *state = (struct aggregate_state){ .count = 0 };
    state->keys = ndb_value_set_of(&op->kept, op->plan->slots.count);
}

static int aggregate_open(struct ndb_op *op)
{
    aggregate_rewind(op);
    return NAMIDB_OK;
}

static int add_group(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;
    const struct ndb_plan_op *plan = op->plan;
    struct group *group;

    if (state->count == state->capacity) {
        uint32_t capacity = state->capacity * 2 + 16;
        struct group *groups =
            ndb_arena_array(&op->kept, capacity, sizeof *groups);

        if (groups == NULL)
            return NAMIDB_ENOMEM;
        if (state->count != 0)
            memcpy(groups, state->groups, state->count * sizeof *groups);
        state->groups = groups;
        state->capacity = capacity;
    }
    group = &state->groups[state->count++];
    group->states =
        ndb_arena_array(&op->kept, plan->count, sizeof *group->states);
    group->distinct =
        ndb_arena_array(&op->kept, plan->count, sizeof *group->distinct);
    if (group->states == NULL || group->distinct == NULL)
        return NAMIDB_ENOMEM;
    for (uint32_t i = 0; i < plan->count; i++) {
        ndb_aggregate_init(&group->states[i], plan->aggregations[i].kind);
        group->distinct[i] = ndb_value_set_of(&op->kept, 1);
    }
    return NAMIDB_OK;
}

/* One value of one aggregate of one group. */
static int add_value(struct ndb_op *op, struct ndb_eval *eval, uint32_t group,
                     uint32_t index, uint32_t at)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_aggregation *plan = &op->plan->aggregations[index];
    struct ndb_aggregate *aggregate = &state->groups[group].states[index];
    const struct ndb_vector *columns = op->child->chunk.columns;
    namidb_value value;

    if (plan->kind == NDB_AGGREGATE_COUNT_ROWS) {
        ndb_aggregate_add_rows(aggregate, 1);
        return NAMIDB_OK;
    }
    if (plan->second != NDB_NO_SLOT) {
        namidb_value second = ndb_vector_get(&columns[plan->second], at);
        int rc = ndb_aggregate_percentile(aggregate, &second, &eval->scalar);

        if (rc < 0)
            return rc;
    }
    value = ndb_vector_get(&columns[plan->in], at);
    if (plan->is_distinct && !ndb_is_null(&value)) {
        uint32_t number;
        bool is_new;

        if (ndb_value_set_add(&state->groups[group].distinct[index], &value,
                              &number, &is_new) < 0)
            return NAMIDB_ENOMEM;
        if (!is_new)
            return NAMIDB_OK;
    }
    return ndb_aggregate_add(aggregate, &op->kept, &value, &eval->scalar);
}

/* A whole column at once, where it is one of plain numbers. */
static int add_column(struct ndb_op *op, struct ndb_eval *eval, uint32_t index,
                      bool *is_taken)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_aggregation *plan = &op->plan->aggregations[index];
    struct ndb_aggregate *aggregate = &state->groups[0].states[index];
    const struct ndb_chunk *chunk = &op->child->chunk;
    const struct ndb_vector *column;

    *is_taken = true;
    if (plan->kind == NDB_AGGREGATE_COUNT_ROWS) {
        ndb_aggregate_add_rows(aggregate, chunk->count);
        return NAMIDB_OK;
    }
    column = &chunk->columns[plan->in];
    if (chunk->rows == NULL && !plan->is_distinct && !column->is_constant &&
        plan->second == NDB_NO_SLOT) {
        if (column->form == NDB_FORM_INTS)
            return ndb_aggregate_add_ints(aggregate, &op->kept, column->as.ints,
                                          column->nulls, chunk->count,
                                          &eval->scalar);
        if (column->form == NDB_FORM_FLOATS)
            return ndb_aggregate_add_floats(aggregate, &op->kept,
                                            column->as.floats, column->nulls,
                                            chunk->count, &eval->scalar);
    }
    *is_taken = false;
    return NAMIDB_OK;
}

/* Finds or makes the group of a row. */
static int group_of(struct ndb_op *op, uint32_t at, namidb_value *key,
                    uint32_t *group)
{
    struct aggregate_state *state = op->state;
    const struct ndb_slots *keys = &op->plan->slots;
    bool is_new;

    for (uint32_t i = 0; i < keys->count; i++)
        key[i] = ndb_vector_get(&op->child->chunk.columns[keys->items[i]], at);
    if (ndb_value_set_add(&state->keys, key, group, &is_new) < 0)
        return NAMIDB_ENOMEM;
    return is_new ? add_group(op) : NAMIDB_OK;
}

static int take_chunk(struct ndb_op *op, struct ndb_eval *eval,
                      uint32_t *groups, namidb_value *key)
{
    const struct ndb_chunk *chunk = &op->child->chunk;
    bool is_grouped = op->plan->slots.count != 0;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        groups[i] = 0;
        if (is_grouped)
            rc = group_of(op, ndb_chunk_row(chunk, i), key, &groups[i]);
    }
    for (uint32_t i = 0; i < op->plan->count && rc >= 0; i++) {
        bool is_taken = false;

        if (!is_grouped)
            rc = add_column(op, eval, i, &is_taken);
        for (uint32_t j = 0; j < chunk->count && !is_taken && rc >= 0; j++)
            rc = add_value(op, eval, groups[j], i, ndb_chunk_row(chunk, j));
    }
    return rc;
}

static int take_all(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    uint32_t *groups =
        ndb_arena_array(&op->kept, NDB_CHUNK_ROWS_MAX, sizeof *groups);
    namidb_value *key =
        ndb_arena_array(&op->kept, op->plan->slots.count, sizeof *key);
    int rc = groups == NULL || key == NULL ? NAMIDB_ENOMEM : NAMIDB_OK;

    if (rc >= 0 && op->plan->slots.count == 0)
        rc = add_group(op);
    while (rc >= 0 && (rc = ndb_op_next(op->child)) == NAMIDB_OK)
        rc = take_chunk(op, &eval, groups, key);
    state->is_done = rc >= 0;
    return rc < 0 ? rc : NAMIDB_OK;
}

static int emit(struct ndb_op *op, uint32_t count)
{
    struct aggregate_state *state = op->state;
    const struct ndb_plan_op *plan = op->plan;
    struct ndb_eval eval = ndb_eval_of(op, &op->arena);
    int rc = NAMIDB_OK;

    memset(op->chunk.columns, 0,
           op->run->plan->slot_count * sizeof *op->chunk.columns);
    for (uint32_t i = 0; i < plan->slots.count; i++) {
        struct ndb_vector *out = &op->chunk.columns[plan->slots.items[i]];

        if (!ndb_vector_values(out, &op->arena, count))
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < count; j++)
            out->as.values[j] = state->keys.rows[state->given + j][i];
    }
    for (uint32_t i = 0; i < plan->count && rc >= 0; i++) {
        struct ndb_vector *out = &op->chunk.columns[plan->aggregations[i].out];

        if (!ndb_vector_values(out, &op->arena, count))
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < count && rc >= 0; j++)
            rc = ndb_aggregate_finish(
                &state->groups[state->given + j].states[i], &op->kept,
                &eval.scalar, &out->as.values[j]);
    }
    op->chunk.extent = op->chunk.count = count;
    op->chunk.rows = NULL;
    state->given += count;
    return rc;
}

static int aggregate_next(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;
    uint32_t left;
    int rc = state->is_done ? NAMIDB_OK : take_all(op);

    if (rc < 0)
        return rc;
    left = state->count - state->given;
    if (left == 0)
        return NAMIDB_NONE;
    return emit(op, left < NDB_CHUNK_ROWS_MAX ? left : NDB_CHUNK_ROWS_MAX);
}

const struct ndb_op_class ndb_op_aggregate = {
    .state_bytes = sizeof(struct aggregate_state),
    .open = aggregate_open,
    .rewind = aggregate_rewind,
    .next = aggregate_next,
};
