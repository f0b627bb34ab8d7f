/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over columns against one value after the other. */
#include "columns.h"
#include "values.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "exec/aggregate_groups.h"
#include "exec/arithmetic.h"
#include "exec/grouping.h"
#include "exec/kernel.h"

enum { ROUNDS = 4000, EXTENT = COLUMN_EXTENT };

static const enum ndb_expr_kind COMPARISONS[] = { NDB_EXPR_EQ, NDB_EXPR_NE,
                                                  NDB_EXPR_LT, NDB_EXPR_LE,
                                                  NDB_EXPR_GT, NDB_EXPR_GE };

static enum ndb_truth compare(enum ndb_expr_kind kind, const namidb_value *a,
                              const namidb_value *b)
{
    enum ndb_truth equal = ndb_equal(a, b);
    bool is_nan = false;
    int order;

    if (kind == NDB_EXPR_EQ)
        return equal;
    if (kind == NDB_EXPR_NE)
        return equal == NDB_UNKNOWN ? equal
               : equal == NDB_TRUE  ? NDB_FALSE
                                    : NDB_TRUE;
    if (!ndb_comparable(a, b, &order, &is_nan))
        return NDB_UNKNOWN;
    if (is_nan)
        return NDB_FALSE;
    return (kind == NDB_EXPR_LT && order < 0) ||
           (kind == NDB_EXPR_LE && order <= 0) ||
           (kind == NDB_EXPR_GT && order > 0) ||
           (kind == NDB_EXPR_GE && order >= 0);
}

static void check_truth(uint64_t seed, enum ndb_expr_kind kind,
                        const namidb_value *a, const namidb_value *b,
                        uint8_t got)
{
    if (got != compare(kind, a, b)) {
        struct values values;

        values_init(&values);
        fail_msg("round %llu: comparison %d of %s with %s is %d",
                 (unsigned long long)seed, (int)kind,
                 values_print(&values.arena, a), values_print(&values.arena, b),
                 got);
    }
}

static namidb_value any_value(struct ndb_rand *rand)
{
    switch (ndb_rand_below(rand, 4)) {
    case 0:
        return ndb_float(column_float(rand));
    case 1:
        return ndb_boolean(ndb_rand_below(rand, 2) == 0);
    default:
        return ndb_integer(column_int(rand));
    }
}

static void test_kernel__compares_as_values_compare(void **state)
{
    struct ndb_rand rand = { 11 };
    uint64_t done = 0;

    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct column a, b;
        enum ndb_expr_kind kind = PICK(&rand, COMPARISONS);
        namidb_value with = any_value(&rand);
        uint8_t truths[EXTENT];
        int64_t room[2 * EXTENT];

        column_fill(&a, &rand);
        column_fill(&b, &rand);
        if (ndb_kernel_compare_value(kind, &a.vector, &with, EXTENT, truths))
            for (uint32_t i = 0; i < EXTENT; i++, done++) {
                namidb_value left = ndb_vector_get(&a.vector, i);

                check_truth(seed, kind, &left, &with, truths[i]);
            }
        if (ndb_kernel_compare_vectors(kind, &a.vector, &b.vector, EXTENT, room,
                                       truths))
            for (uint32_t i = 0; i < EXTENT; i++, done++) {
                namidb_value left = ndb_vector_get(&a.vector, i);
                namidb_value right = ndb_vector_get(&b.vector, i);

                check_truth(seed, kind, &left, &right, truths[i]);
            }
    }
    assert_true(done > (uint64_t)ROUNDS * EXTENT / 2);
}

static int direction_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Ranks may be equal where values are not: a null is the largest integer. */
static void test_kernel__compares_nodes_by_their_ids(void **state)
{
    struct ndb_rand rand = { 21 };

    (void)state;
    for (int round = 0; round < 200; round++) {
        enum ndb_expr_kind kind = PICK(&rand, COMPARISONS);
        bool is_equality = kind == NDB_EXPR_EQ || kind == NDB_EXPR_NE;
        uint64_t a_ids[EXTENT], b_ids[EXTENT];
        struct ndb_vector a = { .form = NDB_FORM_NODES, .as.ids = a_ids };
        struct ndb_vector b = { .form = NDB_FORM_NODES, .as.ids = b_ids };
        uint8_t truths[EXTENT];

        for (int i = 0; i < EXTENT; i++) { /* 0 is null */
            a_ids[i] = ndb_rand_below(&rand, 3);
            b_ids[i] = ndb_rand_below(&rand, 3);
        }
        assert_int_equal(
            ndb_kernel_compare_vectors(kind, &a, &b, EXTENT, NULL, truths),
            is_equality);
        for (uint32_t i = 0; i < EXTENT && is_equality; i++) {
            namidb_value left = ndb_vector_get(&a, i);
            namidb_value right = ndb_vector_get(&b, i);

            assert_int_equal(truths[i], compare(kind, &left, &right));
        }
    }
}

static void test_kernel__ranks_stand_as_values_do(void **state)
{
    struct ndb_rand rand = { 17 };

    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        bool is_descending = ndb_rand_below(&rand, 2) == 0;
        int64_t ranks[EXTENT];
        struct column column;

        do
            column_fill(&column, &rand);
        while (column.vector.form == NDB_FORM_TRUTHS);
        ndb_kernel_ranks(&column.vector, is_descending, EXTENT, ranks);
        for (uint32_t i = 1; i < EXTENT; i++) {
            namidb_value a = ndb_vector_get(&column.vector, i - 1);
            namidb_value b = ndb_vector_get(&column.vector, i);
            int got = direction_of(ranks[i - 1], ranks[i]);
            int want = direction_of(ndb_order(&a, &b), 0);
            bool has_null = ndb_is_null(&a) || ndb_is_null(&b);

            if (got != (is_descending ? -want : want) &&
                !(got == 0 && has_null))
                fail_msg("round %llu: ranks %lld, %lld at %u",
                         (unsigned long long)seed, (long long)ranks[i - 1],
                         (long long)ranks[i], i);
        }
    }
}

static bool is_exact(enum ndb_expr_kind kind, struct values *values,
                     const int64_t *a, const int64_t *b, const int64_t *got)
{
    bool is_whole = true;

    for (size_t i = 0; i < EXTENT; i++) {
        namidb_value left = ndb_integer(a[i]), right = ndb_integer(b[i]), sum;
        int rc = kind == NDB_EXPR_ADD
                     ? ndb_add(&values->scalar, &left, &right, &sum)
                 : kind == NDB_EXPR_SUB
                     ? ndb_subtract(&values->scalar, &left, &right, &sum)
                     : ndb_multiply(&values->scalar, &left, &right, &sum);

        if (rc < 0)
            is_whole = false;
        else if (got != NULL)
            assert_int_equal(sum.as.integer, got[i]);
    }
    return is_whole;
}

static void test_kernel__adds_up_or_says_that_it_cannot(void **state)
{
    static const enum ndb_expr_kind KINDS[] = { NDB_EXPR_ADD, NDB_EXPR_SUB,
                                                NDB_EXPR_MUL };
    struct ndb_rand rand = { 12 };
    size_t overflows = 0;

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        enum ndb_expr_kind kind = PICK(&rand, KINDS);
        unsigned bits = (unsigned)ndb_rand_below(&rand, 64);
        int64_t a[EXTENT], b[EXTENT], out[EXTENT];
        struct values values;
        bool is_done;

        values_init(&values);
        for (size_t i = 0; i < EXTENT; i++) {
            a[i] = (int64_t)ndb_rand_next(&rand) >> bits;
            b[i] = (int64_t)ndb_rand_next(&rand) >> ndb_rand_below(&rand, 64);
        }
        is_done = ndb_kernel_ints(kind, a, b, EXTENT, out);
        assert_int_equal(is_done,
                         is_exact(kind, &values, a, b, is_done ? out : NULL));
        overflows += !is_done;
        values_release(&values);
    }
    assert_true(overflows > 10 && overflows < ROUNDS - 10);
}

static void test_kernel__picks_what_is_true(void **state)
{
    struct ndb_rand rand = { 18 };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t others = ndb_rand_below(&rand, 4);
        uint8_t truths[EXTENT];
        uint16_t room[EXTENT];
        uint32_t count, picked, at = 0;
        const uint16_t *rows = column_rows(&rand, room, &count);
        uint16_t *got;

        if (rows == NULL)
            count = (uint32_t)ndb_rand_below(&rand, count + 1u);
        /* Of the heap, and no longer than that: what is beyond is seen. */
        got = malloc(count * sizeof *got + (count == 0));
        assert_non_null(got);
        for (uint32_t i = 0; i < EXTENT; i++)
            truths[i] = ndb_rand_below(&rand, 4) < others
                            ? (uint8_t)ndb_rand_below(&rand, 3)
                            : NDB_TRUE;
        picked = ndb_kernel_pick_true(truths, rows, count, got);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = rows != NULL ? rows[i] : i;

            if (truths[row] != NDB_TRUE)
                continue;
            assert_true(at < picked);
            assert_int_equal(got[at++], row);
        }
        assert_int_equal(at, picked);
        free(got);
    }
}

/* Chunks of any columns in groups, against a set that takes row by row. */
struct grouped {
    struct values values;
    enum ndb_aggregate_kind kind;
    bool are_many; /* groups, as an aggregate is told */
    struct ndb_grouping grouping;
    struct ndb_value_set set;
    struct ndb_aggregate got[4 * EXTENT], want[4 * EXTENT];
    double scale; /* of all finite numbers: floats add up in another order */
};

/* A key of one or two: now and then one of them is a constant. */
static const uint32_t KEY_SLOT[] = { 0, 2 };
static const struct ndb_slots KEY_SLOTS[] = { { KEY_SLOT, 1 },
                                              { KEY_SLOT, 2 } };

static const namidb_value TEXTS[] = {
    { .kind = NAMIDB_STRING, .size = 1, .as.bytes = "a" },
    { .kind = NAMIDB_STRING, .size = 2, .as.bytes = "bb" },
    { .kind = NAMIDB_STRING, .size = 2, .as.bytes = "cc" },
    { .kind = NAMIDB_STRING, .size = 0, .as.bytes = "" },
};

static void fill_key(struct column *column, struct ndb_rand *rand)
{
    uint64_t kind = ndb_rand_below(rand, 4);

    column_fill(column, rand);
    if (kind == 0) { /* texts with a dictionary, another each time */
        column->vector =
            (struct ndb_vector){ .form = NDB_FORM_CODED,
                                 .width = 1,
                                 .text_count = 2,
                                 .with.dictionary =
                                     TEXTS + ndb_rand_below(rand, 3),
                                 .nulls = column->vector.nulls,
                                 .as.items = column->items };
        for (size_t i = 0; i < EXTENT; i++)
            ((uint8_t *)column->items)[i] = (uint8_t)ndb_rand_below(rand, 2);
    } else if (kind == 1) {
        column->vector = ndb_vector_item(
            &column->vector, (uint32_t)ndb_rand_below(rand, EXTENT));
    }
}

static void grouped_init(struct grouped *grouped, enum ndb_aggregate_kind kind,
                         struct ndb_rand *rand)
{
    const struct ndb_slots *slots = &KEY_SLOTS[ndb_rand_below(rand, 2)];

    values_init(&grouped->values);
    grouped->kind = kind;
    grouped->are_many = ndb_rand_below(rand, 2) == 0;
    grouped->scale = 0;
    assert_int_equal(
        ndb_grouping_init(&grouped->grouping, &grouped->values.arena, slots),
        0);
    grouped->set = ndb_value_set_of(&grouped->values.arena, slots->count);
    for (int i = 0; i < 4 * EXTENT; i++) {
        ndb_aggregate_init(&grouped->got[i], kind);
        ndb_aggregate_init(&grouped->want[i], kind);
    }
}

static bool add_columns(struct grouped *grouped, const struct ndb_chunk *chunk,
                        const uint32_t *groups)
{
    int64_t numbers[EXTENT];
    struct ndb_group_column column = { .states = grouped->got,
                                       .stride = 1,
                                       .count = grouped->grouping.keys.count,
                                       .chunk = chunk,
                                       .groups = groups,
                                       .values = &chunk->columns[1],
                                       .room = numbers,
                                       .arena = &grouped->values.arena,
                                       .scalar = &grouped->values.scalar };
    uint32_t room[NDB_GROUPS_FEW];
    bool is_taken = false;

    ndb_group_column_count(&column, room);
    if (grouped->are_many)
        column.rows = NULL;
    if (grouped->kind == NDB_AGGREGATE_COUNT_ROWS) {
        is_taken = true;
        ndb_group_column_rows(&column);
    } else {
        assert_int_equal(
            ndb_group_column_add(&column, grouped->kind, &is_taken), 0);
    }
    return is_taken;
}

static void add_rows(struct grouped *grouped, const struct ndb_chunk *chunk,
                     const uint32_t *groups, bool is_taken)
{
    namidb_arena *arena = &grouped->values.arena;
    struct ndb_scalar *scalar = &grouped->values.scalar;

    for (uint32_t i = 0; i < chunk->count; i++) {
        uint32_t at = ndb_chunk_row(chunk, i), number;
        const namidb_value key[2] = { ndb_vector_get(&chunk->columns[0], at),
                                      ndb_vector_get(&chunk->columns[2], at) };
        namidb_value value = ndb_vector_get(&chunk->columns[1], at);
        bool is_new;

        if (value.kind == NAMIDB_INT)
            grouped->scale += fabs((double)value.as.integer);
        if (value.kind == NAMIDB_FLOAT && isfinite(value.as.number))
            grouped->scale += fabs(value.as.number);
        assert_int_equal(
            ndb_value_set_add(&grouped->set, key, &number, &is_new), 0);
        assert_int_equal(groups[i], number);
        if (!is_taken)
            assert_int_equal(
                ndb_aggregate_add(&grouped->got[number], arena, &value, scalar),
                0);
        assert_int_equal(
            ndb_aggregate_add(&grouped->want[number], arena, &value, scalar),
            0);
    }
}

static void add_chunk(struct grouped *grouped, struct ndb_rand *rand)
{
    struct column columns[3];
    struct ndb_vector vectors[3];
    uint16_t room[EXTENT];
    uint32_t groups[EXTENT];
    struct ndb_chunk chunk = { .columns = vectors, .extent = EXTENT };

    fill_key(&columns[0], rand);
    fill_key(&columns[2], rand);
    do
        column_fill(&columns[1], rand);
    while (columns[1].vector.form == NDB_FORM_TRUTHS);
    vectors[0] = columns[0].vector;
    vectors[1] = columns[1].vector;
    vectors[2] = columns[2].vector;
    chunk.rows = column_rows(rand, room, &chunk.count);
    assert_int_equal(ndb_grouping_find(&grouped->grouping, &chunk, groups), 0);
    add_rows(grouped, &chunk, groups, add_columns(grouped, &chunk, groups));
}

static void check_grouped(struct grouped *grouped)
{
    namidb_arena *arena = &grouped->values.arena;
    struct ndb_scalar *scalar = &grouped->values.scalar;

    for (uint32_t i = 0; i < grouped->set.count; i++) {
        namidb_value a = ndb_null(), b = ndb_null();
        int rc = ndb_aggregate_finish(&grouped->got[i], arena, scalar, &a);

        assert_int_equal(
            rc, ndb_aggregate_finish(&grouped->want[i], arena, scalar, &b));
        assert_int_equal(grouped->got[i].count, grouped->want[i].count);
        if (rc >= 0 && a.kind == NAMIDB_FLOAT && isfinite(b.as.number))
            assert_true(fabs(a.as.number - b.as.number) <=
                        1e-12 * grouped->scale);
        else if (rc >= 0)
            assert_string_equal(values_print(arena, &a),
                                values_print(arena, &b));
    }
}

static void test_kernel__groups_as_values_do(void **state)
{
    static const enum ndb_aggregate_kind KINDS[] = {
        NDB_AGGREGATE_COUNT_ROWS, NDB_AGGREGATE_COUNT, NDB_AGGREGATE_SUM,
        NDB_AGGREGATE_AVG,        NDB_AGGREGATE_MIN,   NDB_AGGREGATE_MAX
    };
    struct ndb_rand rand = { 14 };
    struct grouped *grouped = malloc(sizeof *grouped);

    (void)state;
    assert_non_null(grouped);
    for (int round = 0; round < 1500; round++) {
        grouped_init(grouped, PICK(&rand, KINDS), &rand);
        for (int chunks = 0; chunks < 4; chunks++)
            add_chunk(grouped, &rand);
        check_grouped(grouped);
        values_release(&grouped->values);
    }
    free(grouped);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel__compares_as_values_compare),
        cmocka_unit_test(test_kernel__compares_nodes_by_their_ids),
        cmocka_unit_test(test_kernel__ranks_stand_as_values_do),
        cmocka_unit_test(test_kernel__adds_up_or_says_that_it_cannot),
        cmocka_unit_test(test_kernel__picks_what_is_true),
        cmocka_unit_test(test_kernel__groups_as_values_do),
    };

    return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
