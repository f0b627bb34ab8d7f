/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/eval_coded.h"

/* What the expression is of each text, and of null behind them. */
struct results {
    namidb_value *values;
    uint8_t *is_met;  /* some row has it; a byte for each */
    uint32_t count;   /* texts */
    uint32_t kind;    /* of all that were met, nulls aside */
    bool is_one_kind; /* there is such a kind */
    bool has_null;    /* of those that were met */
};

uint32_t ndb_coded_operand(const struct ndb_vector *operands, uint32_t count,
                           const struct ndb_chunk *chunk)
{
    uint32_t found = count;

    for (uint32_t i = 0; i < count; i++) {
        if (operands[i].is_constant)
            continue;
        if (found != count || operands[i].form != NDB_FORM_CODED ||
            operands[i].text_count > chunk->count)
            return count;
        found = i;
    }
    return found;
}

/* What a row has: a code, or `count` for null. */
static uint32_t index_at(const struct ndb_vector *texts, uint32_t at)
{
    return texts->nulls != NULL && texts->nulls[at] != 0
               ? texts->text_count
               : ndb_vector_code(texts, at);
}

static void find_met(const struct ndb_vector *texts,
                     const struct ndb_chunk *chunk, uint8_t *is_met)
{
    memset(is_met, 0, (size_t)texts->text_count + 1);
    for (uint32_t i = 0; i < chunk->count; i++)
        is_met[index_at(texts, ndb_chunk_row(chunk, i))] = 1;
}

/* Takes account of a result. */
static void meet(struct results *results, const namidb_value *value)
{
    if (ndb_is_null(value)) {
        results->has_null = true;
        return;
    }
    results->is_one_kind =
        results->kind == NAMIDB_NULL ||
        (results->is_one_kind && results->kind == value->kind);
    results->kind = value->kind;
}

static int find_results(struct ndb_eval *eval, const struct ndb_vector *texts,
                        const struct ndb_chunk *chunk, ndb_coded_call *call,
                        void *context, struct results *out)
{
    size_t count = (size_t)texts->text_count + 1;
    int rc = NAMIDB_OK;

    *out = (struct results){ .count = texts->text_count, .kind = NAMIDB_NULL };
    out->values = ndb_eval_array(eval, count);
    out->is_met = ndb_arena_alloc(eval->arena, count);
    if (out->values == NULL || out->is_met == NULL)
        return ndb_eval_no_memory(eval);
    find_met(texts, chunk, out->is_met);
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        const namidb_value null = ndb_null();

        out->values[i] = ndb_string("", 0); /* of what was not met */
        if (out->is_met[i] == 0)
            continue;
        rc = call(context, i < out->count ? &texts->with.dictionary[i] : &null,
                  &out->values[i]);
        if (rc >= 0)
            meet(out, &out->values[i]);
    }
    return rc;
}

/* Texts of all texts, and null of null alone. */
static bool are_coded(const struct results *results)
{
    const namidb_value *of_null = &results->values[results->count];

    if (!results->is_one_kind || results->kind != NAMIDB_STRING)
        return false;
    if (results->is_met[results->count] != 0 && !ndb_is_null(of_null))
        return false;
    for (uint32_t i = 0; i < results->count && results->has_null; i++)
        if (ndb_is_null(&results->values[i]))
            return false;
    return true;
}

static int spread_values(struct ndb_eval *eval, const struct ndb_vector *texts,
                         const struct ndb_chunk *chunk,
                         const struct results *results, struct ndb_vector *out)
{
    if (!ndb_vector_values(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        out->as.values[at] = results->values[index_at(texts, at)];
    }
    return NAMIDB_OK;
}

static int spread_truths(struct ndb_eval *eval, const struct ndb_vector *texts,
                         const struct ndb_chunk *chunk,
                         const struct results *results, struct ndb_vector *out)
{
    uint8_t *truths = ndb_arena_alloc(eval->arena, (size_t)results->count + 1);

    if (truths == NULL || !ndb_vector_truths(out, eval->arena, chunk->extent))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i <= results->count; i++)
        truths[i] = results->values[i].kind != NAMIDB_BOOL ? NDB_UNKNOWN
                    : results->values[i].as.boolean        ? NDB_TRUE
                                                           : NDB_FALSE;
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);

        out->as.truths[at] = truths[index_at(texts, at)];
    }
    return NAMIDB_OK;
}

/* Integers or floats, which are as large. */
static int spread_numbers(struct ndb_eval *eval, const struct ndb_vector *texts,
                          const struct ndb_chunk *chunk,
                          const struct results *results, struct ndb_vector *out)
{
    int64_t *numbers =
        ndb_arena_array(eval->arena, chunk->extent, sizeof *numbers);
    uint8_t *nulls =
        results->has_null ? ndb_arena_alloc(eval->arena, chunk->extent) : NULL;

    if (numbers == NULL || (results->has_null && nulls == NULL))
        return ndb_eval_no_memory(eval);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        const namidb_value *value = &results->values[index_at(texts, at)];

        memcpy(&numbers[at], &value->as, sizeof *numbers);
        if (nulls != NULL)
            nulls[at] = ndb_is_null(value);
    }
    *out = (struct ndb_vector){
        .form = results->kind == NAMIDB_INT ? NDB_FORM_INTS : NDB_FORM_FLOATS,
        .nulls = nulls,
        .as.ints = numbers,
    };
    return NAMIDB_OK;
}

int ndb_coded_eval(struct ndb_eval *eval, const struct ndb_vector *texts,
                   const struct ndb_chunk *chunk, ndb_coded_call *call,
                   void *context, struct ndb_vector *out)
{
    struct results results;
    int rc = find_results(eval, texts, chunk, call, context, &results);

    if (rc < 0)
        return rc;
    if (are_coded(&results)) {
        *out = *texts;
        out->with.dictionary = results.values;
        return NAMIDB_OK;
    }
    if (results.is_one_kind && results.kind == NAMIDB_BOOL)
        return spread_truths(eval, texts, chunk, &results, out);
    if (results.is_one_kind &&
        (results.kind == NAMIDB_INT || results.kind == NAMIDB_FLOAT))
        return spread_numbers(eval, texts, chunk, &results, out);
    return spread_values(eval, texts, chunk, &results, out);
}
