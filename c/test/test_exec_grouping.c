/* SPDX-License-Identifier: Apache-2.0 */
/* What the caches of a grouping know, and when they must forget it. That groups
 * are those of values is in test_exec_kernel.c. */
#include "values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grouping__a_constant_is_a_part_of_the_key),
        cmocka_unit_test(test_grouping__codes_are_of_their_own_dictionary),
    };

    return cmocka_run_group_tests_name("grouping", tests, NULL, NULL);
}
