/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups by equivalent keys, and aggregates over each. Without keys there is
 * one group, even of no rows.
 */
#include "exec/aggregate_column.h"
#include "exec/aggregate_texts.h"
#include "exec/eval.h"
#include "exec/grouping.h"
#include "exec/kernel.h"

/* What an aggregation with DISTINCT has met. */
struct distinct {
    struct ndb_grouping values;
    struct ndb_word_set pairs; /* of a value's number and a group's */
};

struct aggregate_state {
    struct ndb_grouping grouping;
    struct ndb_aggregate *states; /* group by group, plan->count for each */
    uint32_t count, capacity;     /* groups */
    uint32_t *groups;             /* of the rows of a chunk */
    uint32_t *group_rows;         /* of a chunk, where groups are few */
    int64_t *room;                /* for a column of numbers */
    uint8_t *mask;                /* of one */

    struct distinct *distinct; /* of each aggregation; NULL: none has it */
    uint32_t *numbers;         /* of the rows of a chunk, in one of them */
    uint32_t given;
    bool is_done;
};

static void aggregate_rewind(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;

    *state = (struct aggregate_state){ .count = 0 };
}

/* Room for `count` groups. */
static int reserve_groups(struct ndb_op *op, uint32_t count)
{
    struct aggregate_state *state = op->state;
    uint32_t capacity = state->capacity == 0 ? 16 : state->capacity;
    size_t width = op->plan->count;
    struct ndb_aggregate *states;

    if (count <= state->capacity)
        return NAMIDB_OK;
    while (capacity < count)
        capacity *= 2;
    states = ndb_arena_array(&op->kept, capacity * width, sizeof *states);
    if (states == NULL)
        return NAMIDB_ENOMEM;
    if (state->count != 0)
        memcpy(states, state->states, state->count * width * sizeof *states);
    state->states = states;
    state->capacity = capacity;
    return NAMIDB_OK;
}

/* Groups up to `count` begin. */
static int add_groups(struct ndb_op *op, uint32_t count)
{
    struct aggregate_state *state = op->state;
    const struct ndb_plan_op *plan = op->plan;

    if (reserve_groups(op, count) < 0)
        return NAMIDB_ENOMEM;
    for (; state->count < count; state->count++) {
        size_t first = (size_t)state->count * plan->count;

        for (uint32_t i = 0; i < plan->count; i++)
            ndb_aggregate_init(&state->states[first + i],
                               plan->aggregations[i].kind);
    }
    return NAMIDB_OK;
}

/* What one row is to one aggregate of its group. */
static int add_row(struct ndb_op *op, struct ndb_eval *eval, uint32_t group,
                   uint32_t index, uint32_t at, bool is_wanted)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_aggregation *plan = &op->plan->aggregations[index];
    struct ndb_aggregate *aggregate =
        &state->states[(size_t)group * op->plan->count + index];
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
    if (!is_wanted)
        return NAMIDB_OK;
    value = ndb_vector_get(&columns[plan->in], at);
    return ndb_aggregate_add(aggregate, &op->kept, &value, &eval->scalar);
}

/* Numbers the rows of a chunk by their values, and by their groups if there are
 * any. *known: how many numbers there were before; a row that has the next one
 * is the first with its value. */
static int number_distinct(struct ndb_op *op, uint32_t index, uint32_t *known)
{
    struct aggregate_state *state = op->state;
    struct distinct *distinct = &state->distinct[index];
    const struct ndb_chunk *chunk = &op->child->chunk;
    int rc;

    *known = distinct->values.keys.count;
    rc = ndb_grouping_find(&distinct->values, chunk, state->numbers);
    if (rc < 0 || op->plan->slots.count == 0)
        return rc;
    for (uint32_t i = 0; i < chunk->count; i++)
        state->room[i] =
            (int64_t)((uint64_t)state->numbers[i] << 32 | state->groups[i]);
    *known = distinct->pairs.count;
    return ndb_word_set_add(&distinct->pairs, state->room, chunk->count,
                            state->numbers);
}

/* All rows of a chunk to one aggregate of their groups; of those with DISTINCT
 * only the first with its value counts. */
static int add_rows(struct ndb_op *op, struct ndb_eval *eval, uint32_t index)
{
    struct aggregate_state *state = op->state;
    const struct ndb_chunk *chunk = &op->child->chunk;
    bool is_grouped = op->plan->slots.count != 0;
    bool is_distinct = op->plan->aggregations[index].is_distinct;
    uint32_t known = 0;
    int rc = is_distinct ? number_distinct(op, index, &known) : NAMIDB_OK;

    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        bool is_new = !is_distinct || state->numbers[i] >= known;

        if (is_distinct && is_new)
            known = state->numbers[i] + 1;
        rc = add_row(op, eval, is_grouped ? state->groups[i] : 0, index,
                     ndb_chunk_row(chunk, i), is_new);
    }
    return rc;
}

/* Whether an aggregate takes a column as it is. */
static bool takes_column(const struct ndb_aggregation *plan,
                         const struct ndb_vector *column)
{
    return !plan->is_distinct && plan->second == NDB_NO_SLOT &&
           !column->is_constant &&
           (ndb_is_ints(column) || column->form == NDB_FORM_FLOATS);
}

/* Whether an aggregate may take texts by their codes. */
static bool is_coded(const struct ndb_aggregation *plan,
                     const struct ndb_vector *column)
{
    return !plan->is_distinct && plan->second == NDB_NO_SLOT &&
           column->form == NDB_FORM_CODED && !column->is_constant &&
           column->text_count <= NDB_CHUNK_ROWS_MAX;
}

/* Whether texts with a dictionary say all that the aggregate wants. */
static bool takes_codes(const struct ndb_aggregation *plan,
                        const struct ndb_vector *column)
{
    return is_coded(plan, column) && (plan->kind == NDB_AGGREGATE_MIN ||
                                      plan->kind == NDB_AGGREGATE_MAX ||
                                      plan->kind == NDB_AGGREGATE_COUNT);
}

/* Whether an aggregate wants the best of values that may be texts. */
static bool may_take_texts(const struct ndb_aggregation *plan,
                           const struct ndb_vector *column)
{
    return !plan->is_distinct && column->form == NDB_FORM_VALUES &&
           !column->is_constant &&
           (plan->kind == NDB_AGGREGATE_MIN || plan->kind == NDB_AGGREGATE_MAX);
}

/* All texts of a chunk into one list. */
static int collect_texts(struct ndb_op *op, struct ndb_eval *eval,
                         uint32_t index, bool *is_taken)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_aggregation *plan = &op->plan->aggregations[index];
    const struct ndb_chunk *chunk = &op->child->chunk;
    const struct ndb_group_column column = {
        .states = &state->states[index],
        .chunk = chunk,
        .values = &chunk->columns[plan->in],
        .arena = &op->kept,
        .scalar = &eval->scalar,
    };

    if (ndb_op_need_rows(op) < 0)
        return NAMIDB_ENOMEM;
    return ndb_group_texts_add(&column, plan->kind, is_taken);
}

/* A whole column at once, where it is one of plain numbers, or of texts with a
 * dictionary. */
static int add_column(struct ndb_op *op, struct ndb_eval *eval, uint32_t index,
                      bool *is_taken)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_aggregation *plan = &op->plan->aggregations[index];
    struct ndb_aggregate *aggregate = &state->states[index];
    const struct ndb_chunk *chunk = &op->child->chunk;
    struct ndb_aggregate_column column = { .mask = state->mask,
                                           .extent = chunk->extent,
                                           .arena = &op->kept,
                                           .scalar = &eval->scalar };
    bool has_codes;

    *is_taken = true;
    if (plan->kind == NDB_AGGREGATE_COUNT_ROWS) {
        ndb_aggregate_add_rows(aggregate, chunk->count);
        return NAMIDB_OK;
    }
    column.values = &chunk->columns[plan->in];
    if (plan->kind == NDB_AGGREGATE_COLLECT && is_coded(plan, column.values))
        return collect_texts(op, eval, index, is_taken);
    if (may_take_texts(plan, column.values))
        return ndb_op_need_rows(op) < 0
                   ? NAMIDB_ENOMEM
                   : ndb_aggregate_add_texts(aggregate, chunk, column.values,
                                             &op->kept, &eval->scalar,
                                             is_taken);
    has_codes = takes_codes(plan, column.values);
    *is_taken = has_codes || takes_column(plan, column.values);
    if (!*is_taken)
        return NAMIDB_OK;
    column.count = ndb_kernel_mask(chunk, column.values->nulls, state->mask);
    return has_codes ? ndb_aggregate_add_codes(aggregate, &column)
                     : ndb_aggregate_add_column(aggregate, &column);
}

/* The same for a few groups. */
static int add_grouped(struct ndb_op *op, struct ndb_group_column *column,
                       uint32_t index, bool *is_taken)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_aggregation *plan = &op->plan->aggregations[index];

    *is_taken = false;
    column->states = state->states + index;
    if (plan->kind == NDB_AGGREGATE_COUNT_ROWS) {
        *is_taken = true;
        ndb_group_column_rows(column);
        return NAMIDB_OK;
    }
    column->values = &op->child->chunk.columns[plan->in];
    if (is_coded(plan, column->values) && plan->kind != NDB_AGGREGATE_COUNT)
        return ndb_group_texts_add(column, plan->kind, is_taken);
    if (!takes_column(plan, column->values) &&
        !takes_codes(plan, column->values))
        return NAMIDB_OK;
    return ndb_group_column_add(column, plan->kind, is_taken);
}

/* The groups of a chunk's rows, and how many rows of each there are. */
static int find_groups(struct ndb_op *op, struct ndb_group_column *column)
{
    struct aggregate_state *state = op->state;
    int rc = ndb_grouping_find(&state->grouping, column->chunk, state->groups);

    if (rc >= 0)
        rc = add_groups(op, state->grouping.keys.count);
    if (rc < 0)
        return rc;
    column->count = state->count;
    ndb_group_column_count(column, state->group_rows);
    return NAMIDB_OK;
}

static int take_chunk(struct ndb_op *op, struct ndb_eval *eval)
{
    struct aggregate_state *state = op->state;
    bool is_grouped = op->plan->slots.count != 0;
    struct ndb_group_column column = {
        .stride = op->plan->count,
        .chunk = &op->child->chunk,
        .groups = state->groups,
        .room = state->room,
        .arena = &op->kept,
        .scalar = &eval->scalar,
    };
    int rc = is_grouped ? find_groups(op, &column) : NAMIDB_OK;

    for (uint32_t i = 0; i < op->plan->count && rc >= 0; i++) {
        bool is_taken = false;

        rc = is_grouped ? add_grouped(op, &column, i, &is_taken)
                        : add_column(op, eval, i, &is_taken);
        if (rc >= 0 && !is_taken)
            rc = ndb_op_need_rows(op);
        if (rc >= 0 && !is_taken)
            rc = add_rows(op, eval, i);
    }
    return rc;
}

static int begin_distinct(struct ndb_op *op, uint32_t index)
{
    struct aggregate_state *state = op->state;
    struct distinct *distinct = &state->distinct[index];
    struct ndb_slots *slots = ndb_arena_alloc(&op->kept, sizeof *slots);
    uint32_t *item = ndb_arena_alloc(&op->kept, sizeof *item);

    if (slots == NULL || item == NULL)
        return NAMIDB_ENOMEM;
    *item = op->plan->aggregations[index].in;
    *slots = (struct ndb_slots){ item, 1 };
    distinct->pairs = (struct ndb_word_set){ .arena = &op->kept };
    return ndb_grouping_init(&distinct->values, &op->kept, slots);
}

static int begin_all_distinct(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;
    const struct ndb_plan_op *plan = op->plan;
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < plan->count && rc >= 0; i++) {
        if (!plan->aggregations[i].is_distinct)
            continue;
        if (state->distinct == NULL) {
            state->distinct = ndb_arena_array(&op->kept, plan->count,
                                              sizeof *state->distinct);
            state->numbers = ndb_arena_array(&op->kept, NDB_CHUNK_ROWS_MAX,
                                             sizeof *state->numbers);
            if (state->distinct == NULL || state->numbers == NULL)
                return NAMIDB_ENOMEM;
        }
        rc = begin_distinct(op, i);
    }
    return rc;
}

static int begin(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;

    state->groups =
        ndb_arena_array(&op->kept, NDB_CHUNK_ROWS_MAX, sizeof *state->groups);
    state->room =
        ndb_arena_array(&op->kept, NDB_CHUNK_ROWS_MAX, sizeof *state->room);
    state->mask = ndb_arena_alloc(&op->kept, NDB_CHUNK_ROWS_MAX);
    state->group_rows =
        ndb_arena_array(&op->kept, NDB_GROUPS_FEW, sizeof *state->group_rows);
    if (state->groups == NULL || state->room == NULL || state->mask == NULL ||
        state->group_rows == NULL ||
        ndb_grouping_init(&state->grouping, &op->kept, &op->plan->slots) < 0 ||
        begin_all_distinct(op) < 0)
        return NAMIDB_ENOMEM;
    return op->plan->slots.count == 0 ? add_groups(op, 1) : NAMIDB_OK;
}

static int take_all(struct ndb_op *op)
{
    struct aggregate_state *state = op->state;
    struct ndb_eval eval = ndb_eval_of(op, &op->kept);
    int rc = begin(op);

    while (rc >= 0 && (rc = ndb_op_next(op->child)) == NAMIDB_OK)
        rc = take_chunk(op, &eval);
    state->is_done = rc >= 0;
    return rc < 0 ? rc : NAMIDB_OK;
}

/* Part `index` of the keys of the groups that are next. */
static bool emit_key(struct ndb_op *op, uint32_t index, uint32_t count,
                     struct ndb_vector *out)
{
    const struct aggregate_state *state = op->state;
    const struct ndb_value_set *keys = &state->grouping.keys;

    if (!ndb_vector_values(out, &op->arena, count))
        return false;
    /* Numbers and ids are smaller than values: they may lie in their place. */
    if (keys->words_kind == NAMIDB_INT) {
        out->form = NDB_FORM_INTS;
        memcpy(out->as.ints, keys->words.words + state->given,
               count * sizeof *out->as.ints);
        return true;
    }
    if (keys->words_kind == NAMIDB_NODE)
        out->form = NDB_FORM_NODES;
    for (uint32_t i = 0; i < count; i++) {
        namidb_value key = ndb_value_set_get(keys, state->given + i, index);

        if (out->form == NDB_FORM_NODES)
            out->as.ids[i] = key.as.id;
        else
            out->as.values[i] = key;
    }
    return true;
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

        if (!emit_key(op, i, count, out))
            return NAMIDB_ENOMEM;
    }
    for (uint32_t i = 0; i < plan->count && rc >= 0; i++) {
        struct ndb_vector *out = &op->chunk.columns[plan->aggregations[i].out];

        if (!ndb_vector_values(out, &op->arena, count))
            return NAMIDB_ENOMEM;
        for (uint32_t j = 0; j < count && rc >= 0; j++)
            rc = ndb_aggregate_finish(
                &state->states[(size_t)(state->given + j) * plan->count + i],
                &op->kept, &eval.scalar, &out->as.values[j]);
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

/* Groups are found row by row. */
static int aggregate_open(struct ndb_op *op)
{
    if (op->plan->slots.count == 0)
        ndb_op_want_mask(op->child);
    return NAMIDB_OK;
}

const struct ndb_op_class ndb_op_aggregate = {
    .state_bytes = sizeof(struct aggregate_state),
    .open = aggregate_open,
    .rewind = aggregate_rewind,
    .next = aggregate_next,
};
