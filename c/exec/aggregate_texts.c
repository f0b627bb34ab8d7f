/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/aggregate_texts.h"

#include <stdlib.h>
#include <string.h>

#include "exec/compare.h"
#include "exec/value_copy.h"

struct ranked {
    const namidb_value *text;
    uint32_t code;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;

    return ndb_order(left->text, right->text);
}

/* The texts in order, and where each code is among them. */
static void sort_texts(const struct ndb_vector *texts, struct ranked *sorted,
                       uint32_t *ranks)
{
    for (uint32_t i = 0; i < texts->text_count; i++)
        sorted[i] = (struct ranked){ &texts->with.dictionary[i], i };
    qsort(sorted, texts->text_count, sizeof *sorted, compare_ranked);
    for (uint32_t i = 0; i < texts->text_count; i++)
        ranks[sorted[i].code] = i;
}

/* The best rank of each group, and how many texts it has. */
static void find_best(const struct ndb_group_column *column,
                      const uint32_t *ranks, bool is_min, uint32_t *best,
                      uint32_t *counts)
{
    const struct ndb_vector *texts = column->values;

    memset(counts, 0, column->count * sizeof *counts);
    for (uint32_t i = 0; i < column->count; i++)
        best[i] = is_min ? UINT32_MAX : 0;
    for (uint32_t i = 0; i < column->chunk->count; i++) {
        uint32_t at = ndb_chunk_row(column->chunk, i);
        uint32_t group = column->groups[i], rank;

        if (texts->nulls != NULL && texts->nulls[at] != 0)
            continue;
        rank = ranks[ndb_vector_code(texts, at)];
        best[group] = (is_min ? rank < best[group] : rank > best[group])
                          ? rank
                          : best[group];
        counts[group]++;
    }
}

/* The best of each group goes on alone; the others are only counted. */
static int add_best(const struct ndb_group_column *column, bool is_min)
{
    struct ranked sorted[NDB_TEXTS_SORTED_MAX];
    uint32_t ranks[NDB_TEXTS_SORTED_MAX];
    uint32_t best[NDB_GROUPS_FEW], counts[NDB_GROUPS_FEW];
    int rc = NAMIDB_OK;

    sort_texts(column->values, sorted, ranks);
    find_best(column, ranks, is_min, best, counts);
    for (uint32_t i = 0; i < column->count && rc >= 0; i++) {
        struct ndb_aggregate *state =
            &column->states[(size_t)i * column->stride];

        if (counts[i] == 0)
            continue;
        rc = ndb_aggregate_add(state, column->arena, sorted[best[i]].text,
                               column->scalar);
        if (rc >= 0)
            state->count += counts[i] - 1;
    }
    return rc;
}

/* Copies of texts, each made when it is first met. */
static int collect(const struct ndb_group_column *column)
{
    const struct ndb_vector *texts = column->values;
    namidb_value copies[NDB_TEXTS_SORTED_MAX];
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < texts->text_count; i++)
        copies[i] = ndb_null();
    for (uint32_t i = 0; i < column->chunk->count && rc >= 0; i++) {
        uint32_t at = ndb_chunk_row(column->chunk, i);
        uint32_t group = column->groups != NULL ? column->groups[i] : 0;
        namidb_value *copy;

        if (texts->nulls != NULL && texts->nulls[at] != 0)
            continue;
        copy = &copies[ndb_vector_code(texts, at)];
        if (ndb_is_null(copy) &&
            ndb_query_value_copy(
                column->arena,
                &texts->with.dictionary[ndb_vector_code(texts, at)], copy) < 0)
            return NAMIDB_ENOMEM;
        rc = ndb_aggregate_collect(
            &column->states[(size_t)group * column->stride], column->arena,
            copy, column->scalar);
    }
    return rc;
}

int ndb_group_texts_add(const struct ndb_group_column *column,
                        enum ndb_aggregate_kind kind, bool *is_taken)
{
    bool is_best = kind == NDB_AGGREGATE_MIN || kind == NDB_AGGREGATE_MAX;

    *is_taken =
        column->values->text_count <= NDB_TEXTS_SORTED_MAX &&
        (kind == NDB_AGGREGATE_COLLECT || (is_best && column->rows != NULL));
    if (!*is_taken)
        return NAMIDB_OK;
    return is_best ? add_best(column, kind == NDB_AGGREGATE_MIN)
                   : collect(column);
}
