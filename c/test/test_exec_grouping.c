/* SPDX-License-Identifier: Apache-2.0 */
/* What the caches of a grouping know, and when they must forget it. That groups
 * are those of values is in test_exec_kernel.c. */
#include "values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "exec/grouping.h"

/* A key of two, among three columns. */
static const uint32_t KEY_SLOT[] = { 0, 2 };
static const struct ndb_slots KEY_SLOTS = { KEY_SLOT, 2 };

/* A chunk that goes row by row may leave in the key what the next has beside
 * its column, and the cache does not. */
static void test_grouping__a_constant_is_a_part_of_the_key(void **state)
{
    static const int64_t BESIDE[] = { 1, 2, 2 };
    static const uint32_t WANT[3][2] = { { 0, 1 }, { 2, 3 }, { 4, 3 } };
    uint8_t items[] = { 5, 6 };
    int64_t ints[] = { 5, 6 }, others[] = { 9, 2 };
    struct ndb_grouping grouping;
    struct values values;

    (void)state;
    values_init(&values);
    assert_int_equal(ndb_grouping_init(&grouping, &values.arena, &KEY_SLOTS),
                     0);
    for (int i = 0; i < 3; i++) {
        namidb_value beside = ndb_integer(BESIDE[i]);
        struct ndb_vector vectors[3] = {
            { .form = NDB_FORM_NARROW, .width = 1, .as.items = items },
            { .form = NDB_FORM_NONE },
            { .form = NDB_FORM_VALUES,
              .is_constant = true,
              .as.values = &beside }
        };
        struct ndb_chunk chunk = { .columns = vectors,
                                   .extent = 2,
                                   .count = 2 };
        uint32_t groups[2];

        if (i == 1) { /* two columns that vary */
            vectors[0] =
                (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = ints };
            vectors[2] =
                (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = others };
        }
        assert_int_equal(ndb_grouping_find(&grouping, &chunk, groups), 0);
        assert_memory_equal(groups, WANT[i], sizeof groups);
    }
    values_release(&values);
}

/* Codes that meant something else in the last chunk, and some that did not. */
static void test_grouping__codes_are_of_their_own_dictionary(void **state)
{
    static const uint32_t SLOT[] = { 0 };
    static const struct ndb_slots SLOTS = { SLOT, 1 };
    static const uint8_t CODES[] = { 0, 1, 2, 1 };
    static const char *const DICTIONARIES[][3] = { { "a", "bb", "" },
                                                   { "a", "cc", "" },
                                                   { "bb", "cc", "a" },
                                                   { "a", "bb", "" } };
    static const uint32_t WANT[][4] = {
        { 0, 1, 2, 1 }, { 0, 3, 2, 3 }, { 1, 3, 0, 3 }, { 0, 1, 2, 1 }
    };
    struct ndb_grouping grouping;
    struct values values;

    (void)state;
    values_init(&values);
    assert_int_equal(ndb_grouping_init(&grouping, &values.arena, &SLOTS), 0);
    for (int i = 0; i < 4; i++) {
        namidb_value texts[3];
        struct ndb_vector vector = { .form = NDB_FORM_CODED,
                                     .width = 1,
                                     .text_count = 3,
                                     .with.dictionary = texts,
                                     .as.items = CODES };
        struct ndb_chunk chunk = { .columns = &vector,
                                   .extent = 4,
                                   .count = 4 };
        uint32_t groups[4];

        for (int j = 0; j < 3; j++)
            texts[j] =
                (namidb_value){ .kind = NAMIDB_STRING,
                                .size = (uint32_t)strlen(DICTIONARIES[i][j]),
                                .as.bytes = DICTIONARIES[i][j] };
        assert_int_equal(ndb_grouping_find(&grouping, &chunk, groups), 0);
        assert_memory_equal(groups, WANT[i], sizeof groups);
    }
    values_release(&values);
}

/* ----------------------------------------------------- several columns -- */

enum { ROWS = 1000 };
static const uint32_t ALL_SLOT[] = { 0, 1, 2 };
static const struct ndb_slots ALL_SLOTS = { ALL_SLOT, 3 };

/* Rows number * ROWS and on of a table of three columns: 40 integers in bytes,
 * 700 integers, and `bound` integers some of which are null. */
struct table {
    uint8_t items[ROWS], nulls[ROWS];
    int64_t ints[ROWS], others[ROWS];
    struct ndb_vector vectors[3];
    struct ndb_chunk chunk;
};

static void table_fill(struct table *table, int64_t number, int64_t bound)
{
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t row = number * ROWS + i;

        table->items[i] = (uint8_t)(row % 40);
        table->ints[i] = row / 3 % 700 - 350;
        table->others[i] = row % bound;
        table->nulls[i] = row % 11 == 0;
    }
    table->vectors[0] = (struct ndb_vector){ .form = NDB_FORM_NARROW,
                                             .width = 1,
                                             .with.base = 5,
                                             .as.items = table->items };
    table->vectors[1] =
        (struct ndb_vector){ .form = NDB_FORM_INTS, .as.ints = table->ints };
    table->vectors[2] = (struct ndb_vector){ .form = NDB_FORM_INTS,
                                             .nulls = table->nulls,
                                             .as.ints = table->others };
    table->chunk = (struct ndb_chunk){ .columns = table->vectors,
                                       .extent = ROWS,
                                       .count = ROWS };
}

static void check_groups(struct ndb_value_set *set, const struct table *table,
                         const uint32_t *groups)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        const namidb_value key[] = { ndb_vector_get(&table->vectors[0], i),
                                     ndb_vector_get(&table->vectors[1], i),
                                     ndb_vector_get(&table->vectors[2], i) };
        uint32_t number;
        bool is_new;

        assert_int_equal(ndb_value_set_add(set, key, &number, &is_new), 0);
        assert_int_equal(groups[i], number);
    }
}

/* The third column repeats at first, and later it does not. */
static void test_grouping__several_columns_are_one_key(void **state)
{
    static struct table table;
    struct ndb_grouping grouping;
    struct ndb_value_set set;
    struct values values;
    uint32_t groups[ROWS];

    (void)state;
    values_init(&values);
    set = ndb_value_set_of(&values.arena, 3);
    assert_int_equal(ndb_grouping_init(&grouping, &values.arena, &ALL_SLOTS),
                     0);
    for (int64_t number = 0; number < 100; number++) {
        table_fill(&table, number, number < 10 ? 7 : INT64_MAX);
        assert_int_equal(ndb_grouping_find(&grouping, &table.chunk, groups), 0);
        check_groups(&set, &table, groups);
        assert_true(number > 9 || !grouping.is_wide);
    }
    assert_true(grouping.is_wide);
    values_release(&values);
}

/* Keys that go by parts, by the cache of integers, and as values. */
static const uint32_t FIRST_SLOT[] = { 1 }, LAST_SLOT[] = { 2 };
static const struct ndb_slots KEYS[] = { { ALL_SLOT, 3 },
                                         { FIRST_SLOT, 1 },
                                         { LAST_SLOT, 1 } };

/* Rows until the first failure; NAMIDB_OK or that. */
static int group_table(struct ndb_grouping *grouping, namidb_arena *arena,
                       const struct ndb_slots *slots, struct table *table)
{
    uint32_t groups[ROWS];
    int rc = ndb_grouping_init(grouping, arena, slots);

    for (int64_t number = 0; number < 3 && rc >= 0; number++) {
        table_fill(table, number, slots->count == 3 ? 7 : 100000);
        rc = ndb_grouping_find(grouping, &table->chunk, groups);
    }
    return rc;
}

static void test_grouping__out_of_memory_at_any_place(void **state)
{
    static struct table table;

    (void)state;
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        uint32_t want = 0;
        uint64_t k = 0;
        int rc;

        do {
            struct ndb_grouping grouping;
            struct values values;

            values_init(&values);
            ndb_mem_fail_from(++k);
            rc = group_table(&grouping, &values.arena, &KEYS[i], &table);
            ndb_mem_fail_from(0);
            assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
            want = rc < 0 ? 0 : grouping.keys.count;
            values_release(&values);
        } while (rc < 0);
        assert_true(k > 3);
        assert_true(want > 100);
    }
}

/* ------------------------------------------------------ many at once -- */

enum { MANY = 300, WIDTH = 2 };

static namidb_value any_value(struct ndb_rand *rand)
{
    uint64_t number = ndb_rand_below(rand, 20);

    switch (ndb_rand_below(rand, 4)) {
    case 0:
        return ndb_integer((int64_t)number);
    case 1:
        return ndb_float((double)number / 2); /* half of them are integers */
    case 2:
        return ndb_string("abcdefghijklmnopqrst" + number, 20 - number);
    default:
        return ndb_null();
    }
}

static void test_value_set__many_rows_are_one_after_the_other(void **state)
{
    struct ndb_rand rand = { 41 };

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct values values;
        struct ndb_value_set many, single;
        namidb_value rows[MANY * WIDTH];
        uint32_t numbers[MANY], found[MANY];
        uint32_t added = (uint32_t)ndb_rand_below(&rand, MANY + 1);

        values_init(&values);
        many = ndb_value_set_of(&values.arena, WIDTH);
        single = ndb_value_set_of(&values.arena, WIDTH);
        for (int i = 0; i < MANY * WIDTH; i++)
            rows[i] = any_value(&rand);
        ndb_value_set_find_all(&many, rows, MANY, found);
        for (int i = 0; i < MANY; i++)
            assert_true(found[i] == UINT32_MAX);
        assert_int_equal(ndb_value_set_add_all(&many, rows, added, numbers), 0);
        ndb_value_set_find_all(&many, rows, MANY, found);
        for (uint32_t i = 0; i < MANY; i++) {
            uint32_t number = ndb_value_set_find(&single, rows + i * WIDTH);
            bool is_new;

            if (i < added)
                assert_int_equal(ndb_value_set_add(&single, rows + i * WIDTH,
                                                   &number, &is_new),
                                 0);
            if (i < added)
                assert_int_equal(numbers[i], number);
            assert_true(found[i] == number);
        }
        assert_int_equal(many.count, single.count);
        values_release(&values);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grouping__a_constant_is_a_part_of_the_key),
        cmocka_unit_test(test_grouping__codes_are_of_their_own_dictionary),
        cmocka_unit_test(test_grouping__several_columns_are_one_key),
        cmocka_unit_test(test_grouping__out_of_memory_at_any_place),
        cmocka_unit_test(test_value_set__many_rows_are_one_after_the_other),
    };

    return cmocka_run_group_tests_name("grouping", tests, NULL, NULL);
}
