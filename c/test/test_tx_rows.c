/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many rows at once: what is in the graph then, and what an error says, is what
 * as many single calls would have made, or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "engine/tx.h"
#include "format/value.h"
#include "namidb_rows.h"
#include "namidb_schema.h"

/* More than two blocks. */
enum { ROWS = 3 * NDB_TX_BLOCK_ROWS + 7, PROPS = 2 };

/* Rows as a caller has them: one behind another, a key and two properties. */
struct table {
    namidb_value cells[ROWS][1 + PROPS];
    char texts[ROWS][12];
    uint64_t from[ROWS], to[ROWS];
    namidb_column columns[PROPS];
    uint32_t label, type;
};

static uint32_t number(namidb_tx *tx, enum namidb_name_kind kind,
                       const char *name)
{
    uint32_t result = 0;

    assert_int_equal(
        namidb_tx_number(tx, kind, name, strlen(name), &result, NULL), 0);
    return result;
}

static namidb *open_graph(const char *uri)
{
    namidb_options options;
    namidb *db;

    namidb_options_init(&options);
    assert_int_equal(namidb_open(&db, uri, &options, NULL), 0);
    return db;
}

static namidb_tx *begin(namidb *db)
{
    namidb_tx *tx;

    assert_int_equal(namidb_tx_begin(&tx, db, -1, NULL), 0);
    return tx;
}

static void commit(namidb_tx *tx)
{
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
}

/* Names are given the columns in descending order. */
static void name_columns(struct table *table, namidb_tx *tx)
{
    table->label = number(tx, NAMIDB_LABEL, "P");
    table->type = number(tx, NAMIDB_TYPE, "T");
    for (uint32_t i = 0; i < PROPS; i++)
        (void)number(tx, NAMIDB_PROPERTY, i == 0 ? "a" : "b");
    for (uint32_t i = 0; i < PROPS; i++)
        table->columns[i] = (namidb_column){
            number(tx, NAMIDB_PROPERTY, i == 0 ? "b" : "a"),
            { &table->cells[0][1 + i], 1 + PROPS },
        };
}

/* Keys from a small range, so that some come twice; texts now and then long
 * ones, properties that are absent. */
static void fill(struct table *table, struct ndb_rand *rand)
{
    for (size_t row = 0; row < ROWS; row++) {
        namidb_value *cells = table->cells[row];

        cells[0] = (namidb_value){ .kind = NAMIDB_INT,
                                   .as.integer = (int64_t)ndb_rand_below(
                                       rand, 2 * ROWS) };
        cells[1] = (namidb_value){ .kind = NAMIDB_NULL };
        if (ndb_rand_below(rand, 3) != 0)
            cells[1] = (namidb_value){ .kind = NAMIDB_INT,
                                       .as.integer = (int64_t)row };
        (void)snprintf(table->texts[row], sizeof table->texts[row], "t%zu",
                       row);
        cells[2] = (namidb_value){ .kind = NAMIDB_NULL };
        if (ndb_rand_below(rand, 3) != 0)
            cells[2] = (namidb_value){
                .kind = NAMIDB_STRING,
                .size = (uint32_t)strlen(table->texts[row]),
                .as.bytes = table->texts[row],
            };
    }
}

static namidb_node_rows nodes_of(const struct table *table, bool is_merge)
{
    return (namidb_node_rows){
        .count = ROWS,
        .label = table->label,
        .keys = { table->cells[0], 1 + PROPS },
        .is_merge = is_merge,
        .props = { table->columns, PROPS },
    };
}

static namidb_edge_rows edges_of(const struct table *table)
{
    return (namidb_edge_rows){
        .count = ROWS,
        .type = table->type,
        .from = table->from,
        .to = table->to,
        .props = { table->columns, PROPS },
    };
}

/* The properties of one row, without those that are absent. */
static namidb_props props_of(const struct table *table, size_t row,
                             namidb_property items[PROPS])
{
    size_t count = 0;

    for (uint32_t i = 0; i < PROPS; i++)
        if (table->cells[row][1 + i].kind != NAMIDB_NULL)
            items[count++] = (namidb_property){ table->columns[i].name,
                                                table->cells[row][1 + i] };
    return (namidb_props){ items, count };
}

/* ----------------------------------------------------------- the same as -- */

static void put_one_by_one(struct table *table, namidb_tx *tx, bool is_merge,
                           uint64_t *ids)
{
    for (size_t row = 0; row < ROWS; row++) {
        namidb_property items[PROPS];

        assert_int_equal(namidb_put_node(tx, table->label, table->cells[row][0],
                                         props_of(table, row, items), is_merge,
                                         &ids[row], NULL),
                         0);
    }
}

static void join_one_by_one(struct table *table, namidb_tx *tx, uint64_t *ids)
{
    for (size_t row = 0; row < ROWS; row++) {
        namidb_property items[PROPS];

        assert_int_equal(
            namidb_put_edge(tx, table->type, table->from[row], table->to[row],
                            props_of(table, row, items), &ids[row], NULL),
            0);
    }
}

static void same_props(const namidb_property *a, uint32_t a_count,
                       const namidb_property *b, uint32_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (uint32_t i = 0; i < a_count; i++) {
        assert_int_equal(a[i].name, b[i].name);
        assert_true(ndb_value_same(&a[i].value, &b[i].value));
    }
}

/* Compares what two graphs have under the same ids. */
static void same_rows(namidb *a, namidb *b, const uint64_t *nodes,
                      const uint64_t *edges)
{
    static namidb_node node[2][ROWS];
    static namidb_edge edge[2][ROWS];
    namidb *dbs[2] = { a, b };
    namidb_snapshot *snapshots[2];
    namidb_arena *arena = namidb_arena_new();

    for (int i = 0; i < 2; i++) {
        assert_int_equal(namidb_snapshot_open(&snapshots[i], dbs[i], NULL), 0);
        assert_int_equal(
            namidb_nodes_get(snapshots[i], nodes, ROWS, arena, node[i], NULL),
            0);
        assert_int_equal(
            namidb_edges_get(snapshots[i], edges, ROWS, arena, edge[i], NULL),
            0);
        namidb_snapshot_close(snapshots[i]);
    }
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(node[0][row].id, nodes[row]);
        assert_int_equal(node[1][row].id, nodes[row]);
        assert_true(ndb_value_same(&node[0][row].key, &node[1][row].key));
        same_props(node[0][row].props, node[0][row].prop_count,
                   node[1][row].props, node[1][row].prop_count);
        assert_int_equal(edge[0][row].id, edges[row]);
        assert_int_equal(edge[0][row].from, edge[1][row].from);
        assert_int_equal(edge[0][row].to, edge[1][row].to);
        same_props(edge[0][row].props, edge[0][row].prop_count,
                   edge[1][row].props, edge[1][row].prop_count);
    }
    namidb_arena_free(arena);
}

static void test_rows__make_what_single_calls_make(void **state)
{
    static struct table table;
    static uint64_t nodes[2][ROWS], edges[2][ROWS];
    struct ndb_rand rand = { 7 };
    namidb *many = open_graph("memory://rows-many");
    namidb *single = open_graph("memory://rows-single");

    (void)state;
    for (int round = 0; round < 6; round++) {
        namidb_tx *tx = begin(many), *other = begin(single);
        bool is_merge = round % 2 == 1;
        namidb_node_rows node_rows;
        namidb_edge_rows edge_rows;
        size_t bad_row;

        name_columns(&table, tx);
        name_columns(&table, other);
        fill(&table, &rand);
        node_rows = nodes_of(&table, is_merge);
        assert_int_equal(
            namidb_put_nodes(tx, &node_rows, nodes[0], &bad_row, NULL), 0);
        put_one_by_one(&table, other, is_merge, nodes[1]);
        assert_memory_equal(nodes[0], nodes[1], sizeof nodes[0]);
        for (size_t row = 0; row < ROWS; row++) {
            table.from[row] = nodes[0][ndb_rand_below(&rand, ROWS)];
            table.to[row] = nodes[0][ndb_rand_below(&rand, ROWS)];
        }
        edge_rows = edges_of(&table);
        assert_int_equal(
            namidb_put_edges(tx, &edge_rows, edges[0], &bad_row, NULL), 0);
        join_one_by_one(&table, other, edges[1]);
        assert_memory_equal(edges[0], edges[1], sizeof edges[0]);
        commit(tx);
        commit(other);
        same_rows(many, single, nodes[0], edges[0]);
        if (round % 3 == 1) /* keys and ends are in a pack from now on */
            assert_int_equal(namidb_flush(many, -1, NULL), 0);
    }
    namidb_close(many);
    namidb_close(single);
}

static void test_rows__without_keys_are_new_nodes(void **state)
{
    static struct table table;
    static uint64_t ids[ROWS];
    struct ndb_rand rand = { 3 };
    namidb *db = open_graph("memory://rows-keyless");
    namidb_tx *tx = begin(db);
    namidb_node_rows rows;
    size_t bad_row;

    (void)state;
    name_columns(&table, tx);
    fill(&table, &rand);
    rows = nodes_of(&table, false);
    rows.keys.items = NULL;
    assert_int_equal(namidb_put_nodes(tx, &rows, ids, &bad_row, NULL), 0);
    for (size_t row = 0; row < ROWS; row++)
        assert_int_equal(ids[row], NAMIDB_ID(row + 1, table.label));
    commit(tx);
    namidb_close(db);
}

static void test_rows__larger_than_a_block_are_written(void **state)
{
    enum { COUNT = 5, BYTES = NDB_TX_BLOCK_BYTES };
    static char text[BYTES];
    namidb *db = open_graph("memory://rows-large");
    namidb_tx *tx = begin(db);
    const namidb_value value = { .kind = NAMIDB_STRING,
                                 .size = BYTES,
                                 .as.bytes = text };
    namidb_value values[COUNT];
    const namidb_column column = { number(tx, NAMIDB_PROPERTY, "a"),
                                   { values, 1 } };
    const namidb_node_rows rows = { .count = COUNT,
                                    .label = number(tx, NAMIDB_LABEL, "P"),
                                    .props = { &column, 1 } };
    uint64_t ids[COUNT];
    namidb_node nodes[COUNT];
    namidb_snapshot *snapshot;
    namidb_arena *arena = namidb_arena_new();
    size_t bad_row;

    (void)state;
    memset(text, 'x', BYTES);
    for (int i = 0; i < COUNT; i++)
        values[i] = value;
    assert_int_equal(namidb_put_nodes(tx, &rows, ids, &bad_row, NULL), 0);
    assert_int_equal(namidb_tx_snapshot(&snapshot, tx, NULL), 0);
    assert_int_equal(namidb_nodes_get(snapshot, ids, COUNT, arena, nodes, NULL),
                     0);
    for (int i = 0; i < COUNT; i++)
        assert_true(ndb_value_same(&nodes[i].props[0].value, &value));
    namidb_snapshot_close(snapshot);
    namidb_tx_abort(tx);
    namidb_arena_free(arena);
    namidb_close(db);
}

/* ------------------------------------------------------------ or nothing -- */

/* Whether the transaction sees any node. */
static bool is_empty(namidb_tx *tx)
{
    namidb_snapshot *snapshot;
    namidb_cursor *cursor;
    const namidb_node *node;
    const namidb_edge *edge;
    int rc;

    assert_int_equal(namidb_tx_snapshot(&snapshot, tx, NULL), 0);
    assert_int_equal(namidb_scan_nodes(&cursor, snapshot, NAMIDB_ANY, NULL), 0);
    rc = namidb_cursor_next(cursor, &node, &edge, NULL);
    namidb_cursor_close(cursor);
    namidb_snapshot_close(snapshot);
    return rc == NAMIDB_NONE;
}

static void test_rows__a_bad_one_is_named_and_nothing_is_written(void **state)
{
    static const size_t BAD[] = { 0, 1, NDB_TX_BLOCK_ROWS - 1,
                                  NDB_TX_BLOCK_ROWS, ROWS - 1 };
    static struct table table;
    namidb *db = open_graph("memory://rows-bad");
    namidb_tx *tx = begin(db);

    (void)state;
    name_columns(&table, tx);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        for (int column = 0; column < 1 + PROPS; column++) {
            struct ndb_rand rand = { i + 1 };
            namidb_node_rows rows;
            namidb_error err;
            size_t bad_row = 0;

            fill(&table, &rand);
            rows = nodes_of(&table, true);
            table.cells[BAD[i]][column] = (namidb_value){ .kind = NAMIDB_MAP };
            assert_int_equal(namidb_put_nodes(tx, &rows, NULL, &bad_row, &err),
                             NAMIDB_EINVAL);
            assert_int_equal(bad_row, BAD[i]);
            if (column != 0)
                assert_non_null(strstr(err.message, "property "));
            assert_true(is_empty(tx));
        }
    namidb_tx_abort(tx);
    namidb_close(db);
}

static void test_rows__an_end_that_is_absent_is_a_bad_row(void **state)
{
    static struct table table;
    static uint64_t ids[ROWS];
    struct ndb_rand rand = { 5 };
    namidb *db = open_graph("memory://rows-ends");
    namidb_tx *tx = begin(db);
    namidb_node_rows nodes;
    namidb_edge_rows edges;
    namidb_snapshot *snapshot;
    uint64_t degree;
    size_t bad_row;

    (void)state;
    name_columns(&table, tx);
    fill(&table, &rand);
    nodes = nodes_of(&table, false);
    assert_int_equal(namidb_put_nodes(tx, &nodes, ids, &bad_row, NULL), 0);
    for (size_t row = 0; row < ROWS; row++)
        table.from[row] = table.to[row] = ids[0];
    table.to[ROWS - 2] = NAMIDB_ID(ROWS + 1, table.label);
    table.from[ROWS - 1] = 0;
    edges = edges_of(&table);
    assert_int_equal(namidb_put_edges(tx, &edges, NULL, &bad_row, NULL),
                     NAMIDB_ENOTFOUND);
    assert_int_equal(bad_row, ROWS - 2);
    assert_int_equal(namidb_tx_snapshot(&snapshot, tx, NULL), 0);
    assert_int_equal(
        namidb_degree(snapshot, ids[0], NAMIDB_ANY, NAMIDB_OUT, &degree, NULL),
        0);
    assert_int_equal(degree, 0);
    namidb_snapshot_close(snapshot);
    namidb_tx_abort(tx);
    namidb_close(db);
}

static void test_rows__obey_constraints_among_themselves(void **state)
{
    static struct table table;
    struct ndb_rand rand = { 9 };
    namidb *db = open_graph("memory://rows-unique");
    namidb_tx *tx = begin(db);
    namidb_schema_item item = { .rule = NAMIDB_RULE_UNIQUE,
                                .prop_count = 1,
                                .name = "b is unique" };
    namidb_node_rows rows;
    size_t bad_row;

    (void)state;
    name_columns(&table, tx);
    fill(&table, &rand);
    item.target = table.label;
    item.props[0] = table.columns[0].name;
    assert_int_equal(namidb_schema_create(tx, &item, NULL, NULL), 0);
    for (size_t row = 0; row < ROWS; row++)
        table.cells[row][1] =
            (namidb_value){ .kind = NAMIDB_INT, .as.integer = (int64_t)row };
    table.cells[40][1].as.integer = 39;
    rows = nodes_of(&table, false);
    rows.keys.items = NULL;
    assert_int_equal(namidb_put_nodes(tx, &rows, NULL, &bad_row, NULL),
                     NAMIDB_ECONSTRAINT);
    assert_int_equal(bad_row, 40);
    assert_true(is_empty(tx));
    namidb_tx_abort(tx);
    namidb_close(db);
}

static void test_rows__without_memory_nothing_is_written(void **state)
{
    static struct table table;
    static uint64_t ids[ROWS];
    namidb *db = open_graph("memory://rows-memory");
    bool is_done = false;

    (void)state;
    for (uint64_t k = 1; !is_done; k++) {
        namidb_tx *tx = begin(db);
        struct ndb_rand rand = { 11 };
        namidb_node_rows nodes;
        namidb_edge_rows edges;
        size_t bad_row;
        int rc;

        name_columns(&table, tx);
        fill(&table, &rand);
        nodes = nodes_of(&table, true);
        ndb_mem_fail_from(k);
        rc = namidb_put_nodes(tx, &nodes, ids, &bad_row, NULL);
        ndb_mem_fail_from(0);
        is_done = rc >= 0;
        if (rc < 0) {
            assert_int_equal(rc, NAMIDB_ENOMEM);
            assert_true(is_empty(tx));
            assert_int_equal(namidb_put_nodes(tx, &nodes, ids, &bad_row, NULL),
                             0);
        }
        for (size_t row = 0; row < ROWS; row++)
            table.from[row] = table.to[row] = ids[row];
        edges = edges_of(&table);
        ndb_mem_fail_from(k);
        rc = namidb_put_edges(tx, &edges, NULL, &bad_row, NULL);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        is_done &= rc >= 0;
        namidb_tx_abort(tx);
    }
    namidb_close(db);
}

/* ------------------------------------------------- keys of the same hash -- */

/* Found by hashing the integers up to 4 million. */
static const int64_t TWINS[2] = { 1556103, 1740291 };

static namidb_value twin(int which)
{
    return (namidb_value){ .kind = NAMIDB_INT, .as.integer = TWINS[which] };
}

static void find_twins(namidb *db, const uint64_t *wanted)
{
    namidb_arena *arena = namidb_arena_new();
    namidb_snapshot *snapshot;
    uint32_t label;
    namidb_tx *tx = begin(db);

    label = number(tx, NAMIDB_LABEL, "P");
    namidb_tx_abort(tx);
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    for (int i = 0; i < 2; i++) {
        namidb_node node;
        int rc =
            namidb_node_by_key(snapshot, label, twin(i), arena, &node, NULL);

        assert_int_equal(rc, wanted[i] != 0 ? NAMIDB_OK : NAMIDB_NONE);
        assert_int_equal(node.id, wanted[i]);
    }
    namidb_snapshot_close(snapshot);
    namidb_arena_free(arena);
}

static uint64_t put_twin(namidb *db, int which)
{
    namidb_tx *tx = begin(db);
    uint64_t id = 0;

    assert_int_equal(namidb_put_node(tx, number(tx, NAMIDB_LABEL, "P"),
                                     twin(which), (namidb_props){ NULL, 0 },
                                     false, &id, NULL),
                     0);
    commit(tx);
    return id;
}

static void test_keys__of_the_same_hash_are_two(void **state)
{
    namidb *db = open_graph("memory://rows-twins");
    const namidb_value keys[2] = { twin(0), twin(1) };
    uint64_t ids[2] = { 0 }, again[2];

    (void)state;
    assert_int_equal(ndb_key_hash(&keys[0]), ndb_key_hash(&keys[1]));
    ids[0] = put_twin(db, 0);
    find_twins(db, ids);
    assert_int_equal(namidb_flush(db, -1, NULL), 0);
    find_twins(db, ids);
    ids[1] = put_twin(db, 1);
    assert_true(ids[0] != ids[1]);
    find_twins(db, ids);
    assert_int_equal(namidb_flush(db, -1, NULL), 0);
    find_twins(db, ids);
    for (int i = 0; i < 2; i++)
        again[i] = put_twin(db, i);
    assert_memory_equal(again, ids, sizeof ids);
    assert_int_equal(namidb_flush(db, -1, NULL), 0);
    find_twins(db, ids);
    namidb_close(db);
}

static void test_keys__of_the_same_hash_in_one_call_are_two(void **state)
{
    namidb *db = open_graph("memory://rows-twins-at-once");
    const namidb_value keys[3] = { twin(0), twin(1), twin(0) };
    namidb_node_rows rows = { .count = 3, .keys = { keys, 1 } };
    namidb_tx *tx = begin(db);
    size_t bad_row;
    uint64_t ids[3];

    (void)state;
    rows.label = number(tx, NAMIDB_LABEL, "P");
    assert_int_equal(namidb_put_nodes(tx, &rows, ids, &bad_row, NULL), 0);
    commit(tx);
    assert_true(ids[0] != ids[1]);
    assert_int_equal(ids[0], ids[2]);
    find_twins(db, ids);
    assert_int_equal(namidb_flush(db, -1, NULL), 0);
    find_twins(db, ids);
    namidb_close(db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__make_what_single_calls_make),
        cmocka_unit_test(test_rows__without_keys_are_new_nodes),
        cmocka_unit_test(test_rows__larger_than_a_block_are_written),
        cmocka_unit_test(test_rows__a_bad_one_is_named_and_nothing_is_written),
        cmocka_unit_test(test_rows__an_end_that_is_absent_is_a_bad_row),
        cmocka_unit_test(test_rows__obey_constraints_among_themselves),
        cmocka_unit_test(test_rows__without_memory_nothing_is_written),
        cmocka_unit_test(test_keys__of_the_same_hash_are_two),
        cmocka_unit_test(test_keys__of_the_same_hash_in_one_call_are_two),
    };

    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
