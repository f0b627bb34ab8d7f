/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "exec/value_copy.h"
#include "values.h"

static const char *const TEXTS[] = {
    "null",
    "[1, 2.5, true, 'text', x'bytes', [], [[null]]]",
    "{a: [1, {b: 'x'}], c: {}}",
    "[n1, e2, p(n1 e2 n3), p(n4)]",
    "[v[1, 2, 3], v[], @5, P(1, 2, 3), pt(7203, 1, 2)]",
};

/* The original is gone before the copy is read. */
static void test_value_copy__copies_all_that_is_pointed_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        namidb_arena source = NDB_ARENA_INIT, target = NDB_ARENA_INIT;
        namidb_value value = values_parse(&source, TEXTS[i]), copy;
        const char *text = values_print(&target, &value);

        assert_int_equal(ndb_query_value_copy(&target, &value, &copy),
                         NAMIDB_OK);
        ndb_arena_release(&source);
        assert_string_equal(values_print(&target, &copy), text);
        ndb_arena_release(&target);
    }
}

static void test_value_copy__copies_what_has_no_literal(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    char zone[] = "Europe/Stockholm", text[] = "old";
    namidb_datetime moment = { 1, 2, 3, 16, zone };
    namidb_property props[] = { { 7, ndb_string(text, 3) } };
    namidb_edge edge = { 1, 2, 3, 4, 1, props };
    namidb_value datetime = { .kind = NAMIDB_DATETIME, .as.datetime = &moment };
    namidb_value value = { .kind = NAMIDB_EDGE, .as.edge = &edge };
    namidb_value copy;

    (void)state;
    assert_int_equal(ndb_query_value_copy(&arena, &datetime, &copy), NAMIDB_OK);
    zone[0] = 'X';
    assert_memory_equal(copy.as.datetime->zone, "Europe", 6);
    assert_int_equal(copy.as.datetime->offset, 3);
    assert_int_equal(ndb_query_value_copy(&arena, &value, &copy), NAMIDB_OK);
    text[0] = 'c';
    props[0].name = 9;
    edge.to = 5;
    assert_int_equal(copy.as.edge->to, 3);
    assert_int_equal(copy.as.edge->props[0].name, 7);
    assert_memory_equal(copy.as.edge->props[0].value.as.bytes, "old", 3);
    ndb_arena_release(&arena);
}

/* A list in a list in a list; `depth` of them around `value`. */
static namidb_value nest(namidb_arena *arena, namidb_value value, int depth)
{
    for (int i = 0; i < depth; i++)
        value = ndb_list(ndb_arena_copy(arena, &value, sizeof value), 1);
    return value;
}

static void test_value_copy__stops_at_the_deepest_value(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value value, copy;

    (void)state;
    value = nest(&arena, ndb_null(), NDB_VALUE_DEPTH_MAX);
    assert_int_equal(ndb_query_value_depth(&value), NDB_VALUE_DEPTH_MAX);
    assert_int_equal(ndb_query_value_copy(&arena, &value, &copy), NAMIDB_OK);
    assert_int_equal(ndb_query_value_depth(&copy), NDB_VALUE_DEPTH_MAX);
    value = nest(&arena, value, 1);
    assert_int_equal(ndb_query_value_depth(&value), NDB_VALUE_DEPTH_MAX + 1);
    assert_int_equal(ndb_query_value_copy(&arena, &value, &copy),
                     NAMIDB_ELIMIT);
    value = nest(&arena, value, 100000);
    assert_int_equal(ndb_query_value_depth(&value), NDB_VALUE_DEPTH_MAX + 1);
    assert_int_equal(ndb_query_value_copy(&arena, &value, &copy),
                     NAMIDB_ELIMIT);
    ndb_arena_release(&arena);
}

static void test_value_copy__depth_is_that_of_the_deepest_part(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value flat = values_parse(&arena, "'x'");
    namidb_value value = values_parse(&arena, "[1, {a: [[]], b: 2}, []]");

    (void)state;
    assert_int_equal(ndb_query_value_depth(&flat), 0);
    assert_int_equal(ndb_query_value_depth(&value), 4);
    ndb_arena_release(&arena);
}

static void test_value_copy__out_of_memory_is_told(void **state)
{
    (void)state;
    for (size_t i = 1; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        namidb_arena source = NDB_ARENA_INIT, target = NDB_ARENA_INIT;
        namidb_value value = values_parse(&source, TEXTS[i]), copy;

        ndb_mem_fail_from(1);
        assert_int_equal(ndb_query_value_copy(&target, &value, &copy),
                         NAMIDB_ENOMEM);
        ndb_mem_fail_from(0);
        ndb_arena_release(&source);
        ndb_arena_release(&target);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_copy__copies_all_that_is_pointed_to),
        cmocka_unit_test(test_value_copy__copies_what_has_no_literal),
        cmocka_unit_test(test_value_copy__stops_at_the_deepest_value),
        cmocka_unit_test(test_value_copy__depth_is_that_of_the_deepest_part),
        cmocka_unit_test(test_value_copy__out_of_memory_is_told),
    };

    return cmocka_run_group_tests_name("value_copy", tests, NULL, NULL);
}
