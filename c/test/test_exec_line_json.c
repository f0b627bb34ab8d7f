/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "exec/line_cells.h"

static const namidb_lines_column COLUMNS[] = {
    { .kind = NAMIDB_STRING, .member = "name", .member_bytes = 4 },
    { .kind = NAMIDB_INT, .member = "age", .member_bytes = 3 },
    { .kind = NAMIDB_STRING, .member = "ok", .member_bytes = 2 },
};

/* What `text` gives; NULL: it is not plain. */
static const char *parse(const char *text, bool is_merge, namidb_arena *texts,
                         namidb_value cells[3])
{
    const struct ndb_line_format format = { 0, is_merge, COLUMNS, 3 };

    return ndb_json_line_parse(&format, text, text + strlen(text), texts,
                               cells);
}

static void expect_text(const namidb_value *cell, const char *text)
{
    assert_int_equal(cell->kind, NAMIDB_STRING);
    assert_int_equal(cell->size, strlen(text));
    assert_memory_equal(cell->as.bytes, text, cell->size);
}

static void test_json_line__members_become_cells(void **state)
{
    static const char TEXT[] =
        "{\"name\":\"a b\",\"age\":-12,\"ok\":true}\n"
        " { \"ok\" : 2.5 ,\t\"name\" : \"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\" } \r\n"
        "{}\n"
        "{\"age\":\"7\",\"ok\":null,\"name\":\"\"}\n"
        "{\"age\":999999999999999,\"ok\":false,\"name\":-1.5e-3}\n"
        "{\"age\":\"\"}\n";
    namidb_arena texts = NDB_ARENA_INIT;
    namidb_value cells[3];
    const char *at = parse(TEXT, false, &texts, cells);

    (void)state;
    assert_non_null(at);
    expect_text(&cells[0], "a b");
    assert_int_equal(cells[1].as.integer, -12);
    assert_true(cells[2].kind == NAMIDB_BOOL && cells[2].as.boolean);
    at = parse(at, false, &texts, cells);
    assert_non_null(at);
    expect_text(&cells[0], "a\"\\/\b\f\n\r\tz");
    assert_int_equal(cells[1].kind, NAMIDB_NULL);
    assert_true(cells[2].kind == NAMIDB_FLOAT && cells[2].as.number == 2.5);
    at = parse(at, false, &texts, cells);
    assert_non_null(at);
    for (int i = 0; i < 3; i++)
        assert_int_equal(cells[i].kind, NAMIDB_NULL);
    at = parse(at, false, &texts, cells);
    assert_non_null(at);
    expect_text(&cells[0], "");
    assert_true(cells[1].kind == NAMIDB_INT && cells[1].as.integer == 7);
    assert_int_equal(cells[2].kind, NAMIDB_NULL);
    at = parse(at, false, &texts, cells);
    assert_non_null(at);
    assert_true(cells[0].as.number == -1.5e-3);
    assert_int_equal(cells[1].as.integer, 999999999999999);
    assert_true(cells[2].kind == NAMIDB_BOOL && !cells[2].as.boolean);
    at = parse(at, false, &texts, cells); /* nothing is no integer */
    assert_ptr_equal(at, TEXT + sizeof TEXT - 1);
    assert_int_equal(cells[1].kind, NAMIDB_NULL);
    ndb_arena_release(&texts);
}

static void test_json_line__others_are_left_to_the_slow_way(void **state)
{
    static const char *const LINES[] = {
        "",
        "\n",
        "[]\n",
        "{}",
        "{} {}\n",
        "{\"age\":1\n",
        "{\"age\":1,}\n",
        "{,\"age\":1}\n",
        "{\"age\" 1}\n",
        "{\"age\":}\n",
        "{age:1}\n",
        "{\"other\":1}\n",
        "{\"age\":1,\"age\":2}\n",
        "{\"age\":01}\n",
        "{\"age\":-}\n",
        "{\"age\":-0}\n",
        "{\"age\":+1}\n",
        "{\"age\":1x}\n",
        "{\"age\":1.}\n",
        "{\"age\":.5}\n",
        "{\"age\":1e}\n",
        "{\"age\":1.0}\n",
        "{\"age\":1e3}\n",
        "{\"age\":1e-999}\n",
        "{\"age\":1.5e999}\n",
        "{\"age\":1234567890123456}\n",
        "{\"age\":\"x\"}\n",
        "{\"age\":nul}\n",
        "{\"age\":nulll}\n",
        "{\"age\":True}\n",
        "{\"age\":[1]}\n",
        "{\"age\":{}}\n",
        "{\"age\":1} x\n",
        "{\"name\":\"a}\n",
        "{\"name\":\"a\\\n",
        "{\"name\":\"\\u0041\"}\n",
        "{\"name\":\"\\x\"}\n",
        "{\"name\":\"a\tb\"}\n",
        "{\"name\":\"a\177b\"}\n",
        "{\"na\\me\":\"a\"}\n",
        "\xef\xbb\xbf{}\n",
    };
    namidb_arena texts = NDB_ARENA_INIT;
    namidb_value cells[3];

    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        if (parse(LINES[i], false, &texts, cells) != NULL)
            fail_msg("line %zu was taken for a plain one", i);
    ndb_arena_release(&texts);
}

/* In a merge a null takes the property away, which an absent cell does not. */
static void test_json_line__null_is_not_plain_in_a_merge(void **state)
{
    namidb_value cells[3];

    (void)state;
    assert_null(parse("{\"age\":null}\n", true, NULL, cells));
    assert_non_null(parse("{\"age\":1}\n", true, NULL, cells));
}

static void test_json_line__without_memory_is_not_plain(void **state)
{
    namidb_arena texts = NDB_ARENA_INIT;
    namidb_value cells[3];

    (void)state;
    ndb_mem_fail_from(1);
    assert_null(parse("{\"name\":\"\\n\"}\n", false, &texts, cells));
    ndb_mem_fail_from(0);
    assert_non_null(parse("{\"name\":\"\\n\"}\n", false, &texts, cells));
    expect_text(&cells[0], "\n");
    ndb_arena_release(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_line__members_become_cells),
        cmocka_unit_test(test_json_line__others_are_left_to_the_slow_way),
        cmocka_unit_test(test_json_line__null_is_not_plain_in_a_merge),
        cmocka_unit_test(test_json_line__without_memory_is_not_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
