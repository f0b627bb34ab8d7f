/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/aggregate_texts.h"

#include <stdlib.h>
#include <string.h>

#include "exec/compare.h"
#include "exec/text.h"
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

/* A text, and its first bytes. */
struct head {
    const namidb_value *text;
    uint64_t first, second;
};

static struct head head_of(const namidb_value *text)
{
    return (struct head){ text, ndb_text_word(ndb_text_of(text), 0),
                          ndb_text_word(ndb_text_of(text), 8) };
}

/* Whether a text comes before another. */
static bool is_before(const struct head *a, const struct head *b)
{
    if (a->first != b->first)
        return a->first < b->first;
    if (a->second != b->second)
        return a->second < b->second;
    return ndb_slice_compare(ndb_text_of(a->text), ndb_text_of(b->text)) < 0;
}

/* The best of the texts of a chunk; NULL: there is none. false: there is
 * something else among them. */
static bool find_best_text(const struct ndb_chunk *chunk,
                           const namidb_value *values, bool is_min,
                           const namidb_value **out)
{
    struct head best = { NULL, 0, 0 };

    for (uint32_t i = 0; i < chunk->count; i++) {
        const namidb_value *value = &values[ndb_chunk_row(chunk, i)];
        struct head head;

        if (ndb_is_null(value))
            continue;
        if (value->kind != NAMIDB_STRING)
            return false;
        head = head_of(value);
        if (best.text == NULL ||
            (is_min ? is_before(&head, &best) : is_before(&best, &head)))
            best = head;
    }
    *out = best.text;
    return true;
}

int ndb_aggregate_add_texts(struct ndb_aggregate *self,
                            const struct ndb_chunk *chunk,
                            const struct ndb_vector *values,
                            namidb_arena *arena, struct ndb_scalar *scalar,
                            bool *is_taken)
{
    const namidb_value *best;

    *is_taken = find_best_text(chunk, values->as.values,
                               self->kind == NDB_AGGREGATE_MIN, &best);
    return !*is_taken || best == NULL
               ? NAMIDB_OK
               : ndb_aggregate_add(self, arena, best, scalar);
}
