/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "exec/line_cells.h"

static const namidb_lines_column KINDS[] = {
    { .kind = NAMIDB_STRING },
    { .kind = NAMIDB_INT },
    { .kind = NAMIDB_FLOAT },
    { .kind = NAMIDB_BOOL },
};

static void test_line__plain_ones_become_cells(void **state)
{
    static const char TEXT[] = "a b,-12,2.5,true\r\n,,,\nx";
    const struct ndb_line_format format = { ',', false, KINDS, 4 };
    const char *end = TEXT + sizeof TEXT - 1, *at;
    namidb_value cells[4];

    (void)state;
    at = ndb_line_parse(&format, TEXT, end, NULL, cells);
    assert_ptr_equal(at, TEXT + 18);
    assert_int_equal(cells[0].size, 3);
    assert_int_equal(cells[1].as.integer, -12);
    assert_true(cells[2].as.number == 2.5);
    assert_true(cells[3].as.boolean);
    at = ndb_line_parse(&format, at, end, NULL, cells);
    assert_ptr_equal(at, end - 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(cells[i].kind, NAMIDB_NULL);
    assert_null(ndb_line_parse(&format, at, end, NULL, cells));
    assert_null(ndb_line_parse(&format, end, end, NULL, cells));
}

static void expect_text(const namidb_value *cell, const char *text)
{
    assert_int_equal(cell->kind, NAMIDB_STRING);
    assert_int_equal(cell->size, strlen(text));
    assert_memory_equal(cell->as.bytes, text, cell->size);
}

static void test_line__quotes_are_around_cells(void **state)
{
    static const namidb_lines_column columns[] = {
        { .kind = NAMIDB_STRING },
        { .kind = NAMIDB_STRING },
        { .kind = NAMIDB_INT },
    };
    static const char TEXT[] = "\"a, b\",c,\"7\"\r\n"
                               "\"\",\"\"\"say \"\"no\"\"\"\"\",\"\"\n"
                               "x,\"\"\"\",1\n";
    const struct ndb_line_format format = { ',', false, columns, 3 };
    const char *end = TEXT + sizeof TEXT - 1, *at = TEXT;
    namidb_arena texts = NDB_ARENA_INIT;
    namidb_value cells[3];

    (void)state;
    at = ndb_line_parse(&format, at, end, &texts, cells);
    assert_non_null(at);
    expect_text(&cells[0], "a, b");
    expect_text(&cells[1], "c");
    assert_int_equal(cells[2].as.integer, 7);
    at = ndb_line_parse(&format, at, end, &texts, cells);
    assert_non_null(at);
    assert_int_equal(cells[0].kind, NAMIDB_NULL);
    expect_text(&cells[1], "\"say \"no\"\"");
    assert_int_equal(cells[2].kind, NAMIDB_NULL);
    ndb_mem_fail_from(1);
    ndb_arena_release(&texts);
    assert_null(ndb_line_parse(&format, at, end, &texts, cells));
    ndb_mem_fail_from(0);
    at = ndb_line_parse(&format, at, end, &texts, cells);
    assert_ptr_equal(at, end);
    expect_text(&cells[1], "\"");
    ndb_arena_release(&texts);
}

static void test_line__others_are_left_alone(void **state)
{
    static const char *const LINES[] = {
        "\n",
        "\r\n",
        "a,1,1,true", /* not whole */
        "a,1,1\n",
        "a,1,1,true,\n",
        "\"a,1,1,true\n", /* not closed in the line */
        "\"a\n\",1,1,true\n",
        "\"a\"b,1,1,true\n",
        "\"a\" ,1,1,true\n",
        "a\"b,1,1,true\n",
        " \"a\",1,1,true\n",
        "\"a\",1,1\n",
        "\"a\",1,1,\"true\n",
        "\"a\",\"1x\",1,true\n",
        "a,1x,1,true\n",
        "a,1.5,1,true\n",
        "a,1234567890123456,1,true\n",
        "a,1,1e999,true\n",
        "a,1, 1,true\n",
        "a,1,0x1p3,true\n",
        "a,1,1,yes\n",
    };
    const struct ndb_line_format format = { ',', false, KINDS, 4 };
    namidb_value cells[4];

    (void)state;
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        if (ndb_line_parse(&format, LINES[i], LINES[i] + strlen(LINES[i]), NULL,
                           cells) != NULL)
            fail_msg("line %zu was taken for a plain one", i);
}

/* A graph with three people; edges among them from text. */
static void
test_lines__write_less_without_memory_and_nothing_wrong(void **state)
{
    static const char TEXT[] = "1,2\n2,3\n3,1\n1,9\n1,3\n";
    const namidb_lines_column columns[] = {
        { .kind = NAMIDB_INT, .role = NAMIDB_LINES_FROM },
        { .kind = NAMIDB_INT, .role = NAMIDB_LINES_TO },
    };
    namidb *db;
    namidb_options options;
    size_t rows = 0;

    (void)state;
    namidb_options_init(&options);
    assert_int_equal(namidb_open(&db, "memory://test-lines", &options, NULL),
                     0);
    for (uint64_t k = 1; rows < 3; k++) {
        namidb_lines_spec spec = { .is_edge = true,
                                   .separator = ',',
                                   .columns = columns,
                                   .column_count = 2 };
        namidb_lines *lines = NULL;
        namidb_tx *tx;
        size_t used = 0;
        uint64_t id;

        assert_int_equal(namidb_tx_begin(&tx, db, -1, NULL), 0);
        assert_int_equal(
            namidb_tx_number(tx, NAMIDB_LABEL, "P", 1, &spec.from_label, NULL),
            0);
        assert_int_equal(
            namidb_tx_number(tx, NAMIDB_TYPE, "T", 1, &spec.label, NULL), 0);
        spec.to_label = spec.from_label;
        for (int i = 1; i <= 3; i++)
            assert_int_equal(namidb_put_node(tx, spec.from_label,
                                             (namidb_value){ .kind = NAMIDB_INT,
                                                             .as.integer = i },
                                             (namidb_props){ NULL, 0 }, false,
                                             &id, NULL),
                             0);
        ndb_mem_fail_from(k);
        if (namidb_lines_new(&lines, &spec, NULL) >= 0)
            namidb_lines_put(lines, tx, TEXT, sizeof TEXT - 1, 100, &rows,
                             &used);
        ndb_mem_fail_from(0);
        assert_true(rows <= 3); /* the fourth has no end */
        assert_int_equal(used, 4 * rows);
        namidb_lines_free(lines);
        namidb_tx_abort(tx);
    }
    namidb_close(db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line__plain_ones_become_cells),
        cmocka_unit_test(test_line__quotes_are_around_cells),
        cmocka_unit_test(test_line__others_are_left_alone),
        cmocka_unit_test(
            test_lines__write_less_without_memory_and_nothing_wrong),
    };

    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
