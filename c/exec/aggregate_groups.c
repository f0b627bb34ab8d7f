/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/aggregate_groups.h"

#include <string.h>

#include "base/prefetch.h"
#include "exec/kernel.h"

/* Rows between asking for a group's state and its use. */
enum { STATES_AHEAD = 12 };

/* NDB_CHUNK_ROWS_MAX of them cannot overflow 64 bits. */
#define SMALL_LIMIT (UINT64_C(1) << 51)

static struct ndb_aggregate *state_of(const struct ndb_group_column *column,
                                      uint32_t group)
{
    return &column->states[(size_t)group * column->stride];
}

void ndb_group_column_count(struct ndb_group_column *column, uint32_t *room)
{
    const uint32_t *groups = column->groups;
    uint32_t count = column->chunk->count;

    column->rows = NULL;
    if (column->count > NDB_GROUPS_FEW)
        return;
    memset(room, 0, column->count * sizeof *room);
    for (uint32_t i = 0; i < count; i++)
        room[groups[i]]++;
    column->rows = room;
}

/* The state of the group of row `row`, of many; asks for one that comes. */
static struct ndb_aggregate *next_state(const struct ndb_group_column *column,
                                        uint32_t row)
{
    if (row + STATES_AHEAD < column->chunk->count)
        ndb_prefetch(state_of(column, column->groups[row + STATES_AHEAD]));
    return state_of(column, column->groups[row]);
}

void ndb_group_column_rows(const struct ndb_group_column *column)
{
    for (uint32_t i = 0; column->rows == NULL && i < column->chunk->count; i++)
        ndb_aggregate_add_rows(next_state(column, i), 1);
    for (uint32_t i = 0; column->rows != NULL && i < column->count; i++)
        ndb_aggregate_add_rows(state_of(column, i), column->rows[i]);
}

static bool is_null_at(const struct ndb_vector *vector, uint32_t at)
{
    return vector->nulls != NULL && vector->nulls[at] != 0;
}

/* How many values each group has: one for each row, unless some are null. */
static const uint32_t *values_of_groups(const struct ndb_group_column *column,
                                        uint32_t *room)
{
    const struct ndb_chunk *chunk = column->chunk;
    const uint8_t *nulls = column->values->nulls;

    if (nulls == NULL)
        return column->rows;
    memset(room, 0, column->count * sizeof *room);
    for (uint32_t i = 0; i < chunk->count; i++)
        room[column->groups[i]] += nulls[ndb_chunk_row(chunk, i)] == 0;
    return room;
}

/* Whether the values are those of positions 0, 1, 2 and on. */
static bool is_whole(const struct ndb_group_column *column)
{
    return column->chunk->rows == NULL && column->values->nulls == NULL;
}

/* Adds up integers that stand as they are. false: not all are small. */
static bool sum_whole(const struct ndb_group_column *column,
                      const int64_t *values, uint64_t *sums)
{
    const uint32_t *groups = column->groups;
    uint64_t seen = 0;

    for (uint32_t i = 0; i < column->chunk->count; i++) {
        seen |= (uint64_t)values[i] + SMALL_LIMIT;
        sums[groups[i]] += (uint64_t)values[i];
    }
    return seen < 2 * SMALL_LIMIT;
}

/* The same without their base, which each group has so often as it has rows. */
static bool sum_items(const struct ndb_group_column *column, uint64_t *sums)
{
    const struct ndb_vector *vector = column->values;
    const uint32_t *groups = column->groups;
    uint32_t count = column->chunk->count;
    const uint8_t *bytes = vector->as.items;
    const uint16_t *halves = vector->as.items;
    const uint32_t *words = vector->as.items;
    uint64_t base = (uint64_t)vector->with.base;

    if (vector->width == 1)
        for (uint32_t i = 0; i < count; i++)
            sums[groups[i]] += bytes[i];
    else if (vector->width == 2)
        for (uint32_t i = 0; i < count; i++)
            sums[groups[i]] += halves[i];
    else
        for (uint32_t i = 0; i < count; i++)
            sums[groups[i]] += words[i];
    for (uint32_t i = 0; i < column->count; i++)
        sums[i] += base * column->rows[i];
    return base + SMALL_LIMIT < 2 * SMALL_LIMIT;
}

static bool sum_some(const struct ndb_group_column *column, uint64_t *sums)
{
    const struct ndb_chunk *chunk = column->chunk;
    const int64_t *values =
        ndb_kernel_widen(column->values, chunk->extent, column->room);
    uint64_t seen = 0;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        if (is_null_at(column->values, at))
            continue;
        seen |= (uint64_t)values[at] + SMALL_LIMIT;
        sums[column->groups[i]] += (uint64_t)values[at];
    }
    return seen < 2 * SMALL_LIMIT;
}

static int sum_ints(const struct ndb_group_column *column, bool *is_taken)
{
    const struct ndb_vector *vector = column->values;
    uint64_t sums[NDB_GROUPS_FEW];
    uint32_t room[NDB_GROUPS_FEW];
    const uint32_t *counts;
    int rc = NAMIDB_OK;

    memset(sums, 0, column->count * sizeof *sums);
    *is_taken = !is_whole(column) ? sum_some(column, sums)
                : vector->form == NDB_FORM_NARROW
                    ? sum_items(column, sums)
                    : sum_whole(column, vector->as.ints, sums);
    if (!*is_taken)
        return NAMIDB_OK;
    counts = values_of_groups(column, room);
    for (uint32_t i = 0; i < column->count && rc >= 0; i++)
        if (counts[i] != 0)
            rc = ndb_aggregate_add_int_total(state_of(column, i),
                                             (int64_t)sums[i], counts[i],
                                             column->scalar);
    return rc;
}

static int sum_floats(const struct ndb_group_column *column)
{
    const struct ndb_chunk *chunk = column->chunk;
    const uint32_t *groups = column->groups, *counts;
    const double *values = column->values->as.floats;
    double sums[NDB_GROUPS_FEW];
    uint32_t room[NDB_GROUPS_FEW], whole = is_whole(column) ? chunk->count : 0;
    int rc = NAMIDB_OK;

    memset(sums, 0, column->count * sizeof *sums);
    for (uint32_t i = 0; i < whole; i++)
        sums[groups[i]] += values[i];
    for (uint32_t i = whole; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        if (!is_null_at(column->values, at))
            sums[groups[i]] += values[at];
    }
    counts = values_of_groups(column, room);
    for (uint32_t i = 0; i < column->count && rc >= 0; i++)
        if (counts[i] != 0)
            rc = ndb_aggregate_add_float_total(state_of(column, i), sums[i],
                                               counts[i], column->scalar);
    return rc;
}

/* Of many groups each row is its own sum. */
static int sum_rows(const struct ndb_group_column *column)
{
    const struct ndb_chunk *chunk = column->chunk;
    bool is_float = column->values->form == NDB_FORM_FLOATS;
    const double *floats = column->values->as.floats;
    const int64_t *ints = NULL;
    int rc = NAMIDB_OK;

    if (!is_float)
        ints = ndb_kernel_widen(column->values, chunk->extent, column->room);
    for (uint32_t i = 0; i < chunk->count && rc >= 0; i++) {
        struct ndb_aggregate *state = next_state(column, i);
        uint32_t at = ndb_chunk_row(chunk, i);

        if (is_null_at(column->values, at))
            continue;
        rc = is_float ? ndb_aggregate_add_float_total(state, floats[at], 1,
                                                      column->scalar)
                      : ndb_aggregate_add_int_total(state, ints[at], 1,
                                                    column->scalar);
    }
    return rc;
}

static void count_values(const struct ndb_group_column *column)
{
    const struct ndb_chunk *chunk = column->chunk;

    for (uint32_t i = 0; i < chunk->count; i++) {
        struct ndb_aggregate *state = next_state(column, i);

        state->count += !is_null_at(column->values, ndb_chunk_row(chunk, i));
    }
}

/* The least or the largest of each group goes on alone; the others are only
 * counted. */
static int best_ints(const struct ndb_group_column *column,
                     const int64_t *values, bool is_min)
{
    const struct ndb_chunk *chunk = column->chunk;
    int64_t best[NDB_GROUPS_FEW];
    uint32_t counts[NDB_GROUPS_FEW];
    int rc = NAMIDB_OK;

    memset(counts, 0, column->count * sizeof *counts);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), group = column->groups[i];

        if (is_null_at(column->values, at))
            continue;
        if (counts[group] == 0 ||
            (is_min ? values[at] < best[group] : values[at] > best[group]))
            best[group] = values[at];
        counts[group]++;
    }
    for (uint32_t i = 0; i < column->count && rc >= 0; i++) {
        namidb_value value = ndb_integer(0);

        if (counts[i] == 0)
            continue;
        value.as.integer = best[i];
        rc = ndb_aggregate_add(state_of(column, i), column->arena, &value,
                               column->scalar);
        state_of(column, i)->count += counts[i] - 1;
    }
    return rc;
}

int ndb_group_column_add(const struct ndb_group_column *column,
                         enum ndb_aggregate_kind kind, bool *is_taken)
{
    bool is_sum = kind == NDB_AGGREGATE_SUM || kind == NDB_AGGREGATE_AVG;
    bool is_best = kind == NDB_AGGREGATE_MIN || kind == NDB_AGGREGATE_MAX;
    const int64_t *values;

    *is_taken = false;
    if (kind == NDB_AGGREGATE_COUNT) {
        *is_taken = true;
        count_values(column);
        return NAMIDB_OK;
    }
    if (column->rows == NULL && is_sum) {
        *is_taken = true;
        return sum_rows(column);
    }
    if (column->rows == NULL || (!is_sum && !is_best))
        return NAMIDB_OK;
    if (column->values->form == NDB_FORM_FLOATS) {
        *is_taken = is_sum;
        return is_sum ? sum_floats(column) : NAMIDB_OK;
    }
    if (is_sum)
        return sum_ints(column, is_taken);
    *is_taken = true;
    values =
        ndb_kernel_widen(column->values, column->chunk->extent, column->room);
    return best_ints(column, values, kind == NDB_AGGREGATE_MIN);
}
