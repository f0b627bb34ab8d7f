/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/aggregate_groups.h"

#include <string.h>

#include "exec/kernel.h"

/* More groups than that are as many cache lines as their states. */
enum { GROUPS_MAX = 512 };

/* NDB_CHUNK_ROWS_MAX of them cannot overflow 64 bits. */
#define SMALL_LIMIT (UINT64_C(1) << 51)

static struct ndb_aggregate *state_of(const struct ndb_group_column *column,
                                      uint32_t group)
{
    return &column->states[(size_t)group * column->stride];
}

int ndb_group_column_rows(const struct ndb_group_column *column, bool *is_taken)
{
    uint32_t counts[GROUPS_MAX];

    *is_taken = column->count <= GROUPS_MAX;
    if (!*is_taken)
        return NAMIDB_OK;
    memset(counts, 0, column->count * sizeof *counts);
    for (uint32_t i = 0; i < column->chunk->count; i++)
        counts[column->groups[i]]++;
    for (uint32_t i = 0; i < column->count; i++)
        ndb_aggregate_add_rows(state_of(column, i), counts[i]);
    return NAMIDB_OK;
}

static bool is_null_at(const struct ndb_vector *vector, uint32_t at)
{
    return vector->nulls != NULL && vector->nulls[at] != 0;
}

/* *is_taken: all of them are small. */
static int sum_ints(const struct ndb_group_column *column,
                    const int64_t *values, bool *is_taken)
{
    const struct ndb_chunk *chunk = column->chunk;
    int64_t sums[GROUPS_MAX];
    uint32_t counts[GROUPS_MAX];
    uint64_t seen = 0;
    int rc = NAMIDB_OK;

    memset(sums, 0, column->count * sizeof *sums);
    memset(counts, 0, column->count * sizeof *counts);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), group = column->groups[i];

        if (is_null_at(column->values, at))
            continue;
        seen |= (uint64_t)values[at] + SMALL_LIMIT;
        sums[group] = (int64_t)((uint64_t)sums[group] + (uint64_t)values[at]);
        counts[group]++;
    }
    *is_taken = seen < 2 * SMALL_LIMIT;
    for (uint32_t i = 0; i < column->count && *is_taken && rc >= 0; i++)
        if (counts[i] != 0)
            rc = ndb_aggregate_add_int_total(state_of(column, i), sums[i],
                                             counts[i], column->scalar);
    return rc;
}

static int sum_floats(const struct ndb_group_column *column)
{
    const struct ndb_chunk *chunk = column->chunk;
    const double *values = column->values->as.floats;
    double sums[GROUPS_MAX];
    uint32_t counts[GROUPS_MAX];
    int rc = NAMIDB_OK;

    memset(sums, 0, column->count * sizeof *sums);
    memset(counts, 0, column->count * sizeof *counts);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), group = column->groups[i];

        if (is_null_at(column->values, at))
            continue;
        sums[group] += values[at];
        counts[group]++;
    }
    for (uint32_t i = 0; i < column->count && rc >= 0; i++)
        if (counts[i] != 0)
            rc = ndb_aggregate_add_float_total(state_of(column, i), sums[i],
                                               counts[i], column->scalar);
    return rc;
}

static void count_values(const struct ndb_group_column *column)
{
    const struct ndb_chunk *chunk = column->chunk;

    for (uint32_t i = 0; i < chunk->count; i++)
        if (!is_null_at(column->values, ndb_chunk_row(chunk, i)))
            state_of(column, column->groups[i])->count++;
}

/* The least or the largest of each group goes on alone; the others are only
 * counted. */
static int best_ints(const struct ndb_group_column *column,
                     const int64_t *values, bool is_min)
{
    const struct ndb_chunk *chunk = column->chunk;
    int64_t best[GROUPS_MAX];
    uint32_t counts[GROUPS_MAX];
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
    if (column->count > GROUPS_MAX || (!is_sum && !is_best))
        return NAMIDB_OK;
    if (column->values->form == NDB_FORM_FLOATS) {
        *is_taken = is_sum;
        return is_sum ? sum_floats(column) : NAMIDB_OK;
    }
    values =
        ndb_kernel_widen(column->values, column->chunk->extent, column->room);
    if (is_sum)
        return sum_ints(column, values, is_taken);
    *is_taken = true;
    return best_ints(column, values, kind == NDB_AGGREGATE_MIN);
}
