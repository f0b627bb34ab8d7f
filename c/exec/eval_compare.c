/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons: = <> < <= > >=, the tests of strings, IS NULL.
 */
#include "exec/eval_coded.h"
#include "exec/kernel.h"
#include "exec/regex.h"
#include "exec/text.h"

static enum ndb_truth not_truth(enum ndb_truth truth)
{
    if (truth == NDB_UNKNOWN)
        return NDB_UNKNOWN;
    return truth == NDB_TRUE ? NDB_FALSE : NDB_TRUE;
}

static bool holds(enum ndb_expr_kind kind, int order)
{
    switch (kind) {
    case NDB_EXPR_LT:
        return order < 0;
    case NDB_EXPR_LE:
        return order <= 0;
    case NDB_EXPR_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static enum ndb_truth compare(enum ndb_expr_kind kind, const namidb_value *a,
                              const namidb_value *b)
{
    bool is_nan = false;
    int order;

    if (kind == NDB_EXPR_EQ)
        return ndb_equal(a, b);
    if (kind == NDB_EXPR_NE)
        return not_truth(ndb_equal(a, b));
    if (!ndb_comparable(a, b, &order, &is_nan))
        return NDB_UNKNOWN;
    return !is_nan && holds(kind, order) ? NDB_TRUE : NDB_FALSE;
}

/* a op b is b op' a. */
static enum ndb_expr_kind turned(enum ndb_expr_kind kind)
{
    switch (kind) {
    case NDB_EXPR_LT:
        return NDB_EXPR_GT;
    case NDB_EXPR_LE:
        return NDB_EXPR_GE;
    case NDB_EXPR_GT:
        return NDB_EXPR_LT;
    case NDB_EXPR_GE:
        return NDB_EXPR_LE;
    default:
        return kind;
    }
}

/* Columns of plain numbers. *is_done: false, it takes values one by one. */
static int compare_columns(struct ndb_eval *eval, enum ndb_expr_kind kind,
                           const struct ndb_vector pair[2], uint32_t extent,
                           const struct ndb_vector *out, bool *is_done)
{
    const struct ndb_vector *a = &pair[0], *b = &pair[1];
    namidb_value value;
    int64_t *room;

    *is_done = false;
    if (a->is_constant && b->is_constant)
        return NAMIDB_OK;
    if (a->is_constant || b->is_constant) {
        value = ndb_vector_get(a->is_constant ? a : b, 0);
        *is_done = ndb_kernel_compare_value(
            a->is_constant ? turned(kind) : kind, a->is_constant ? b : a,
            &value, extent, out->as.truths);
        return NAMIDB_OK;
    }
    if (a->form == NDB_FORM_VALUES || b->form == NDB_FORM_VALUES)
        return NAMIDB_OK;
    room = ndb_arena_array(eval->arena, 2 * (size_t)extent, sizeof *room);
    if (room == NULL)
        return ndb_eval_no_memory(eval);
    *is_done =
        ndb_kernel_compare_vectors(kind, a, b, extent, room, out->as.truths);
    return NAMIDB_OK;
}

/* Evaluates two operands. *extent: of the result, 1 when it is a constant. */
int ndb_eval_pair(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector pair[2],
                  struct ndb_vector *out)
{
    int rc = ndb_eval(eval, expr->args[0], chunk, &pair[0]);
    bool is_constant;

    if (rc >= 0)
        rc = ndb_eval(eval, expr->args[1], chunk, &pair[1]);
    if (rc < 0)
        return rc;
    is_constant = pair[0].is_constant && pair[1].is_constant;
    if (!ndb_vector_truths(out, eval->arena, is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = is_constant;
    return NAMIDB_OK;
}

typedef enum ndb_truth test_pair(const struct ndb_expr *expr,
                                 const namidb_value *a, const namidb_value *b);

/* Each text of a dictionary against one value; null is never more than
 * unknown. */
static void test_texts(const struct ndb_expr *expr,
                       const struct ndb_chunk *chunk,
                       const struct ndb_vector pair[2], test_pair *test,
                       struct ndb_vector *out)
{
    const struct ndb_vector *texts = &pair[0];
    namidb_value with = ndb_vector_get(&pair[1], 0);
    uint8_t truths[NDB_CHUNK_ROWS_MAX];

    for (uint32_t i = 0; i < texts->text_count; i++)
        truths[i] = (uint8_t)test(expr, &texts->with.dictionary[i], &with);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        bool is_null = texts->nulls != NULL && texts->nulls[at] != 0;

        out->as.truths[at] =
            is_null ? NDB_UNKNOWN : truths[ndb_vector_code(texts, at)];
    }
}

static void test_rows(const struct ndb_expr *expr,
                      const struct ndb_chunk *chunk,
                      const struct ndb_vector pair[2], test_pair *test,
                      struct ndb_vector *out)
{
    uint32_t count = out->is_constant ? 1 : chunk->count;

    if (pair[0].form == NDB_FORM_CODED && !pair[0].is_constant &&
        pair[1].is_constant) {
        test_texts(expr, chunk, pair, test, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = out->is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value a = ndb_vector_get(&pair[0], at);
        namidb_value b = ndb_vector_get(&pair[1], at);

        out->as.truths[at] = (uint8_t)test(expr, &a, &b);
    }
}

static enum ndb_truth test_compare(const struct ndb_expr *expr,
                                   const namidb_value *a, const namidb_value *b)
{
    return compare(expr->kind, a, b);
}

int ndb_eval_compare(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector pair[2];
    bool is_done = false;
    int rc = ndb_eval_pair(eval, expr, chunk, pair, out);

    if (rc >= 0)
        rc = compare_columns(eval, expr->kind, pair, chunk->extent, out,
                             &is_done);
    if (rc >= 0 && !is_done)
        test_rows(expr, chunk, pair, test_compare, out);
    return rc;
}

static enum ndb_truth test_text(const struct ndb_expr *expr,
                                const namidb_value *a, const namidb_value *b)
{
    if (expr->kind == NDB_EXPR_STARTS)
        return ndb_starts_with(a, b);
    if (expr->kind == NDB_EXPR_ENDS)
        return ndb_ends_with(a, b);
    return ndb_contains(a, b);
}

/* The first 8 bytes of a text that has as many. */
static uint64_t head_of(const char *bytes)
{
    uint64_t head;

    memcpy(&head, bytes, sizeof head);
    return head;
}

/* Many texts against one that they may begin with: mostly their heads, as far
 * as it reaches, tell. */
static void test_starts(const struct ndb_vector *texts,
                        const namidb_value *with, const struct ndb_chunk *chunk,
                        struct ndb_vector *out)
{
    uint32_t bytes = with->size;
    uint8_t bits[sizeof(uint64_t)] = { 0 }, of_with[sizeof(uint64_t)] = { 0 };
    uint64_t mask, head;

    for (uint32_t i = 0; i < bytes && i < sizeof bits; i++) {
        bits[i] = UINT8_MAX;
        of_with[i] = (uint8_t)with->as.bytes[i];
    }
    memcpy(&mask, bits, sizeof mask);
    memcpy(&head, of_with, sizeof head);
    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i);
        const namidb_value *text = &texts->as.values[at];
        bool has_head = text->size >= sizeof head;

        if (text->kind != NAMIDB_STRING)
            out->as.truths[at] = (uint8_t)ndb_starts_with(text, with);
        else if (text->size < bytes ||
                 (has_head && (head_of(text->as.bytes) & mask) != head))
            out->as.truths[at] = NDB_FALSE;
        else if (has_head && bytes <= sizeof head)
            out->as.truths[at] = NDB_TRUE;
        else
            out->as.truths[at] = (uint8_t)ndb_starts_with(text, with);
    }
}

int ndb_eval_text(struct ndb_eval *eval, const struct ndb_expr *expr,
                  const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct ndb_vector pair[2];
    int rc = ndb_eval_pair(eval, expr, chunk, pair, out);

    if (rc >= 0 && expr->kind == NDB_EXPR_STARTS &&
        pair[0].form == NDB_FORM_VALUES && !pair[0].is_constant &&
        pair[1].is_constant) {
        namidb_value with = ndb_vector_get(&pair[1], 0);

        if (with.kind == NAMIDB_STRING) {
            test_starts(&pair[0], &with, chunk, out);
            return rc;
        }
    }
    if (rc >= 0)
        test_rows(expr, chunk, pair, test_text, out);
    return rc;
}

/* Texts with a dictionary against one pattern. */
struct coded_test {
    struct ndb_eval *eval;
    namidb_value with;
    struct kept_regex *regex;
};

/* A pattern that stays the same is compiled once in a run. */
struct kept_regex {
    struct ndb_regex *regex;
    char *pattern;
    size_t pattern_bytes;
};

static void forget_regex(void *kept)
{
    struct kept_regex *regex = kept;

    ndb_regex_free(regex->regex);
    ndb_free(regex->pattern);
    regex->regex = NULL;
    regex->pattern = NULL;
}

static int compile(struct ndb_eval *eval, struct kept_regex *kept,
                   struct ndb_slice pattern)
{
    if (kept->regex != NULL &&
        ndb_slice_equal(ndb_slice(kept->pattern, kept->pattern_bytes), pattern))
        return NAMIDB_OK;
    forget_regex(kept);
    kept->pattern = ndb_strndup((const char *)pattern.data, pattern.bytes);
    kept->pattern_bytes = pattern.bytes;
    if (kept->pattern == NULL)
        return NAMIDB_ENOMEM;
    return ndb_regex_compile(&kept->regex, pattern, eval->run->err);
}

static int match_row(struct ndb_eval *eval, struct kept_regex *kept,
                     const namidb_value *text, const namidb_value *pattern,
                     uint8_t *truth)
{
    bool is_match;
    int rc;

    *truth = NDB_UNKNOWN;
    if (text->kind != NAMIDB_STRING || pattern->kind != NAMIDB_STRING)
        return NAMIDB_OK;
    rc = compile(eval, kept, ndb_text_of(pattern));
    if (rc >= 0)
        rc = ndb_regex_match(kept->regex, ndb_text_of(text), &is_match,
                             eval->run->err);
    if (rc >= 0)
        *truth = is_match ? NDB_TRUE : NDB_FALSE;
    return rc;
}

static int match_coded(void *context, const namidb_value *value,
                       namidb_value *out)
{
    struct coded_test *test = context;
    uint8_t truth = NDB_UNKNOWN;
    int rc = match_row(test->eval, test->regex, value, &test->with, &truth);

    *out = ndb_truth_value((enum ndb_truth)truth);
    return rc;
}

int ndb_eval_regex(struct ndb_eval *eval, const struct ndb_expr *expr,
                   const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    struct kept_regex *kept =
        ndb_run_keep(eval->run, expr->run_index, sizeof *kept, forget_regex);
    struct coded_test test = { .eval = eval, .regex = kept };
    struct ndb_vector pair[2];
    uint32_t count;
    int rc;

    if (kept == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_eval_pair(eval, expr, chunk, pair, out);
    if (rc >= 0 && ndb_coded_operand(pair, 2, chunk) == 0) {
        test.with = ndb_vector_get(&pair[1], 0);
        return ndb_coded_eval(eval, &pair[0], chunk, match_coded, &test, out);
    }
    count = rc < 0 ? 0 : out->is_constant ? 1 : chunk->count;
    for (uint32_t i = 0; i < count && rc >= 0; i++) {
        uint32_t at = out->is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value text = ndb_vector_get(&pair[0], at);
        namidb_value pattern = ndb_vector_get(&pair[1], at);

        rc = match_row(eval, kept, &text, &pattern, &out->as.truths[at]);
    }
    return rc;
}

int ndb_eval_is_null(struct ndb_eval *eval, const struct ndb_expr *expr,
                     const struct ndb_chunk *chunk, struct ndb_vector *out)
{
    bool is_wanted = expr->kind == NDB_EXPR_IS_NULL;
    struct ndb_vector values;
    uint32_t count;
    int rc = ndb_eval(eval, expr->args[0], chunk, &values);

    if (rc < 0)
        return rc;
    if (!ndb_vector_truths(out, eval->arena,
                           values.is_constant ? 1 : chunk->extent))
        return ndb_eval_no_memory(eval);
    out->is_constant = values.is_constant;
    count = values.is_constant ? 1 : chunk->count;
    if (ndb_is_ints(&values) || values.form == NDB_FORM_FLOATS ||
        values.form == NDB_FORM_CODED) {
        for (uint32_t i = 0; i < (values.is_constant ? 1 : chunk->extent); i++)
            out->as.truths[i] =
                (values.nulls != NULL && values.nulls[i] != 0) == is_wanted;
        return NAMIDB_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = values.is_constant ? 0 : ndb_chunk_row(chunk, i);
        namidb_value value = ndb_vector_get(&values, at);

        out->as.truths[at] = ndb_is_null(&value) == is_wanted;
    }
    return NAMIDB_OK;
}
