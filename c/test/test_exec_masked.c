/* SPDX-License-Identifier: Apache-2.0 */
/* Whole columns under a mask against one value after the other. */
#include "columns.h"
#include "values.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "exec/aggregate_column.h"
#include "exec/arithmetic.h"
#include "exec/function.h"
#include "exec/kernel.h"

enum { ROUNDS = 4000, EXTENT = COLUMN_EXTENT };

/* Rows of a chunk in each of the ways in which they are said. */
struct rows {
    struct ndb_chunk chunk;
    uint16_t rows[EXTENT];
    uint8_t mask[EXTENT];
};

static void any_chunk(struct rows *rows, struct ndb_rand *rand)
{
    uint32_t count;
    const uint16_t *picked = column_rows(rand, rows->rows, &count);

    rows->chunk =
        (struct ndb_chunk){ .extent = EXTENT, .count = count, .rows = picked };
    if (picked == NULL || ndb_rand_below(rand, 2) == 0)
        return;
    memset(rows->mask, 0, sizeof rows->mask);
    for (uint32_t i = 0; i < count; i++)
        rows->mask[picked[i]] = 1;
    rows->chunk.rows = NULL;
    rows->chunk.mask = rows->mask;
}

static bool is_row(const struct ndb_chunk *chunk, uint32_t at)
{
    if (chunk->mask != NULL)
        return chunk->mask[at] != 0;
    for (uint32_t i = 0; chunk->rows != NULL && i < chunk->count; i++)
        if (chunk->rows[i] == at)
            return true;
    return chunk->rows == NULL;
}

static void test_masked__a_mask_is_of_rows_that_are_no_nulls(void **state)
{
    struct ndb_rand rand = { 13 };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t nulls[EXTENT], mask[EXTENT];
        bool has_nulls = ndb_rand_below(&rand, 2) == 0;
        uint32_t count = 0, given;
        struct rows rows;

        any_chunk(&rows, &rand);
        for (int i = 0; i < EXTENT; i++)
            nulls[i] = ndb_rand_below(&rand, 2) == 0;
        given = ndb_kernel_mask(&rows.chunk, has_nulls ? nulls : NULL, mask);
        for (uint32_t i = 0; i < EXTENT; i++) {
            bool is_in =
                is_row(&rows.chunk, i) && !(has_nulls && nulls[i] != 0);

            assert_int_equal(mask[i], is_in);
            count += is_in;
        }
        assert_int_equal(given, count);
    }
}

static void test_masked__truths_become_a_mask(void **state)
{
    struct ndb_rand rand = { 31 };

    (void)state;
    for (int round = 0; round < 200; round++) {
        uint8_t truths[EXTENT], mask[EXTENT];
        uint32_t count = 0, given;

        for (int i = 0; i < EXTENT; i++)
            truths[i] = (uint8_t)ndb_rand_below(&rand, 3);
        given = ndb_kernel_mask_true(truths, EXTENT, mask);
        for (int i = 0; i < EXTENT; i++) {
            assert_int_equal(mask[i], truths[i] == NDB_TRUE);
            count += mask[i];
        }
        assert_int_equal(given, count);
    }
}

static void test_masked__zeros_are_where_bits_are_not(void **state)
{
    struct ndb_rand rand = { 32 };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t first = (uint32_t)ndb_rand_below(&rand, 130);
        uint32_t extent = (uint32_t)ndb_rand_below(&rand, 150);
        size_t words = (first + extent + 63) / 64;
        /* Of the heap, and no longer than that: what is beyond is seen. */
        uint64_t *bits = malloc(words * sizeof *bits + (words == 0));
        uint8_t *zeros = malloc(extent + (extent == 0));

        assert_non_null(bits);
        assert_non_null(zeros);
        for (size_t i = 0; i < words; i++)
            bits[i] = ndb_rand_next(&rand);
        ndb_kernel_zeros(bits, first, extent, zeros);
        for (uint32_t i = 0; i < extent; i++)
            assert_int_equal(zeros[i], !ndb_bit(bits, first + i));
        free(bits);
        free(zeros);
    }
}

/* No lane of a register runs over. */
static void test_masked__a_full_chunk_of_the_largest_items_adds_up(void **state)
{
    static uint8_t ones[NDB_CHUNK_ROWS_MAX], mask[NDB_CHUNK_ROWS_MAX];
    static uint32_t items[NDB_CHUNK_ROWS_MAX];
    const uint8_t widths[] = { 1, 2, 4 };

    (void)state;
    memset(ones, NDB_TRUE, sizeof ones);
    memset(items, 0xff, sizeof items);
    assert_int_equal(ndb_kernel_mask_true(ones, NDB_CHUNK_ROWS_MAX, mask),
                     NDB_CHUNK_ROWS_MAX);
    for (size_t i = 0; i < sizeof widths; i++) {
        const struct ndb_vector vector = { .form = NDB_FORM_NARROW,
                                           .width = widths[i],
                                           .with.base = -7,
                                           .as.items = items };
        int64_t item = (int64_t)(UINT64_MAX >> (64 - 8 * widths[i]));
        int64_t sum;

        assert_true(ndb_kernel_sum_ints(&vector, mask, NDB_CHUNK_ROWS_MAX,
                                        NDB_CHUNK_ROWS_MAX, &sum));
        assert_int_equal(sum, NDB_CHUNK_ROWS_MAX * (item - 7));
    }
}

/* Sums of floats are taken in another order: the rounding may differ. */
static bool is_close(const namidb_value *a, const namidb_value *b, double scale)
{
    if (a->kind != NAMIDB_FLOAT || b->kind != NAMIDB_FLOAT)
        return false;
    if (isnan(a->as.number) || isnan(b->as.number))
        return isnan(a->as.number) && isnan(b->as.number);
    return a->as.number == b->as.number ||
           fabs(a->as.number - b->as.number) <= scale * 1e-12;
}

struct pair {
    struct values values;
    struct ndb_aggregate whole, single;
    double scale;
};

static void pair_init(struct pair *pair, enum ndb_aggregate_kind kind)
{
    namidb_value half = ndb_float(0.5);

    values_init(&pair->values);
    ndb_aggregate_init(&pair->whole, kind);
    ndb_aggregate_init(&pair->single, kind);
    pair->scale = 0;
    if (kind < NDB_AGGREGATE_PERCENTILE_CONT)
        return;
    (void)ndb_aggregate_percentile(&pair->whole, &half, &pair->values.scalar);
    (void)ndb_aggregate_percentile(&pair->single, &half, &pair->values.scalar);
}

/* Rows of a column into both. */
static void pair_add(struct pair *pair, const struct ndb_vector *vector,
                     const struct ndb_chunk *chunk)
{
    struct values *values = &pair->values;
    uint8_t mask[EXTENT];
    struct ndb_aggregate_column column = {
        .values = vector,
        .mask = mask,
        .extent = chunk->extent,
        .count = ndb_kernel_mask(chunk, vector->nulls, mask),
        .arena = &values->arena,
        .scalar = &values->scalar,
    };

    assert_int_equal(ndb_aggregate_add_column(&pair->whole, &column), 0);
    for (uint32_t i = 0; i < chunk->extent; i++) {
        namidb_value value = ndb_vector_get(vector, i);

        if (!is_row(chunk, i))
            continue;
        assert_int_equal(ndb_aggregate_add(&pair->single, &values->arena,
                                           &value, &values->scalar),
                         0);
        if (ndb_is_number(&value) && isfinite(ndb_number(&value)))
            pair->scale += fabs(ndb_number(&value));
    }
}

static void pair_check(struct pair *pair, int round)
{
    struct values *values = &pair->values;
    namidb_value a, b;
    int rc =
        ndb_aggregate_finish(&pair->whole, &values->arena, &values->scalar, &a);

    assert_int_equal(pair->whole.count, pair->single.count);
    assert_int_equal(rc, ndb_aggregate_finish(&pair->single, &values->arena,
                                              &values->scalar, &b));
    if (rc == NAMIDB_OK && !is_close(&a, &b, pair->scale) &&
        strcmp(values_print(&values->arena, &a),
               values_print(&values->arena, &b)) != 0)
        fail_msg("round %d, kind %d: %s, not %s", round, (int)pair->whole.kind,
                 values_print(&values->arena, &a),
                 values_print(&values->arena, &b));
}

static void test_masked__a_column_is_its_values(void **state)
{
    struct ndb_rand rand = { 33 };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct pair pair;

        pair_init(&pair, (enum ndb_aggregate_kind)(
                             NDB_AGGREGATE_COUNT +
                             ndb_rand_below(&rand, NDB_AGGREGATE_KIND_COUNT -
                                                       NDB_AGGREGATE_COUNT)));
        for (int chunks = 0; chunks < 3; chunks++) {
            struct column column;
            struct rows rows;

            column_fill(&column, &rand);
            any_chunk(&rows, &rand);
            if (column.vector.form != NDB_FORM_TRUTHS)
                pair_add(&pair, &column.vector, &rows.chunk);
        }
        pair_check(&pair, round);
        values_release(&pair.values);
    }
}

/* As many as there are in a chunk, as large as those that need no care, and
 * a little larger. */
static void test_masked__sums_of_large_integers_are_exact(void **state)
{
    static int64_t items[NDB_CHUNK_ROWS_MAX];
    static uint8_t mask[NDB_CHUNK_ROWS_MAX];
    static const int64_t STARTS[] = { INT64_C(1) << 51, -(INT64_C(1) << 51),
                                      INT64_C(1) << 52, INT64_MAX / 2048 };
    struct ndb_vector vector = { .form = NDB_FORM_INTS, .as.ints = items };

    (void)state;
    memset(mask, 1, sizeof mask);
    for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++)
        for (int64_t more = -2; more <= 2; more++) {
            int64_t each = STARTS[i] + more, sum = 0, total;
            bool overflows = __builtin_mul_overflow(
                each, (int64_t)NDB_CHUNK_ROWS_MAX, &total);

            for (uint32_t j = 0; j < NDB_CHUNK_ROWS_MAX; j++)
                items[j] = each;
            if (ndb_kernel_sum_ints(&vector, mask, NDB_CHUNK_ROWS_MAX,
                                    NDB_CHUNK_ROWS_MAX, &sum)) {
                assert_false(overflows);
                assert_int_equal(sum, total);
            }
        }
}

static void test_masked__of_equal_zeros_the_first_is_the_best(void **state)
{
    static const double zeros[] = { 1, -0.0, 0.0 };
    static const double others[] = { -1, 0.0, -0.0 };
    static const uint8_t all[] = { 1, 1, 1 }, last[] = { 0, 0, 1 };

    (void)state;
    assert_true(signbit(ndb_kernel_best_float(zeros, all, 3, true)));
    assert_false(signbit(ndb_kernel_best_float(zeros, last, 3, true)));
    assert_false(signbit(ndb_kernel_best_float(others, all, 3, false)));
    assert_true(signbit(ndb_kernel_best_float(others, last, 3, false)));
}

static void test_masked__a_column_after_durations_is_a_fault(void **state)
{
    static int64_t ints[] = { 1 };
    static double floats[] = { 1 };
    static const uint8_t mask[] = { 1 };
    struct ndb_vector of_ints = { .form = NDB_FORM_INTS, .as.ints = ints };
    struct ndb_vector of_floats = { .form = NDB_FORM_FLOATS,
                                    .as.floats = floats };
    struct ndb_aggregate_column column = { .mask = mask, .extent = 1 };
    struct ndb_aggregate sum;
    struct values values;
    namidb_value day;

    (void)state;
    values_init(&values);
    day = values_parse(&values.arena, "P(0, 1, 0)");
    ndb_aggregate_init(&sum, NDB_AGGREGATE_SUM);
    assert_int_equal(
        ndb_aggregate_add(&sum, &values.arena, &day, &values.scalar),
        NAMIDB_OK);
    column.arena = &values.arena;
    column.scalar = &values.scalar;
    column.values = &of_ints;
    assert_int_equal(ndb_aggregate_add_column(&sum, &column), NAMIDB_OK);
    column.count = 1;
    assert_int_equal(ndb_aggregate_add_column(&sum, &column), NAMIDB_EINVAL);
    column.values = &of_floats;
    assert_int_equal(ndb_aggregate_add_column(&sum, &column), NAMIDB_EINVAL);
    values_release(&values);
}

/* Position by position against arithmetic.h; whether none is out of range. */
static bool check_narrow(enum ndb_expr_kind kind, const struct ndb_vector *a,
                         const struct ndb_vector *b,
                         const struct ndb_vector *got)
{
    struct values values;
    bool is_whole = true;

    values_init(&values);
    for (uint32_t i = 0; i < EXTENT; i++) {
        namidb_value left = ndb_vector_get(a, i), right = ndb_vector_get(b, i);
        namidb_value want;
        int rc = kind == NDB_EXPR_ADD
                     ? ndb_add(&values.scalar, &left, &right, &want)
                 : kind == NDB_EXPR_SUB
                     ? ndb_subtract(&values.scalar, &left, &right, &want)
                     : ndb_multiply(&values.scalar, &left, &right, &want);

        is_whole = is_whole && rc >= 0;
        if (got != NULL && rc >= 0)
            assert_int_equal(ndb_vector_get(got, i).as.integer,
                             want.as.integer);
    }
    values_release(&values);
    return is_whole;
}

static void any_operand(struct column *column, struct ndb_rand *rand,
                        namidb_value *constant)
{
    static const int64_t FACTORS[] = { 0, 1, -1, 2, -2, 255, -256, 65536 };

    column_fill_narrow(column, rand);
    if (ndb_rand_below(rand, 2) == 0)
        return;
    *constant = ndb_integer(ndb_rand_below(rand, 4) == 0 ? column_int(rand)
                                                         : PICK(rand, FACTORS));
    column->vector = (struct ndb_vector){ .form = NDB_FORM_VALUES,
                                          .is_constant = true,
                                          .as.values = constant };
}

static void test_masked__narrow_integers_stay_narrow_and_right(void **state)
{
    static const enum ndb_expr_kind KINDS[] = { NDB_EXPR_ADD, NDB_EXPR_SUB,
                                                NDB_EXPR_MUL };
    struct ndb_rand rand = { 34 };
    size_t done = 0;

    (void)state;
    for (int round = 0; round < 4 * ROUNDS; round++) {
        enum ndb_expr_kind kind = PICK(&rand, KINDS);
        struct column a, b;
        namidb_value with[2];
        uint32_t room[EXTENT];
        struct ndb_vector out;

        any_operand(&a, &rand, &with[0]);
        any_operand(&b, &rand, &with[1]);
        if (a.vector.is_constant && b.vector.is_constant)
            continue;
        if (!ndb_kernel_narrow(kind, &a.vector, &b.vector, EXTENT, room, &out))
            continue;
        assert_true(check_narrow(kind, &a.vector, &b.vector, &out));
        done++;
    }
    assert_true(done > ROUNDS / 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masked__a_mask_is_of_rows_that_are_no_nulls),
        cmocka_unit_test(test_masked__truths_become_a_mask),
        cmocka_unit_test(test_masked__zeros_are_where_bits_are_not),
        cmocka_unit_test(
            test_masked__a_full_chunk_of_the_largest_items_adds_up),
        cmocka_unit_test(test_masked__a_column_is_its_values),
        cmocka_unit_test(test_masked__sums_of_large_integers_are_exact),
        cmocka_unit_test(test_masked__of_equal_zeros_the_first_is_the_best),
        cmocka_unit_test(test_masked__a_column_after_durations_is_a_fault),
        cmocka_unit_test(test_masked__narrow_integers_stay_narrow_and_right),
    };

    return cmocka_run_group_tests_name("masked", tests, NULL, NULL);
}
