/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a writer remembers of nodes that are alive never outlives them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "engine/alive.h"
#include "namidb.h"
#include "namidb_rows.h"

struct graph {
    namidb *db;
    uint32_t label, type;
    uint64_t node; /* in a pack */
};

static namidb_tx *begin(struct graph *graph)
{
    namidb_tx *tx;

    assert_int_equal(namidb_tx_begin(&tx, graph->db, -1, NULL), 0);
    assert_int_equal(
        namidb_tx_number(tx, NAMIDB_LABEL, "P", 1, &graph->label, NULL), 0);
    assert_int_equal(
        namidb_tx_number(tx, NAMIDB_TYPE, "T", 1, &graph->type, NULL), 0);
    return tx;
}

static void commit(namidb_tx *tx)
{
    assert_int_equal(namidb_tx_commit(tx, -1, NULL, NULL), 0);
}

static uint64_t create(struct graph *graph, namidb_tx *tx)
{
    uint64_t id;

    assert_int_equal(namidb_create_node(tx, &graph->label, 1,
                                        (namidb_props){ NULL, 0 }, &id, NULL),
                     0);
    return id;
}

/* What an edge from the node to itself gets, alone and as a row. */
static int join(struct graph *graph, namidb_tx *tx, uint64_t node)
{
    const namidb_edge_rows rows = {
        .count = 1, .type = graph->type, .from = &node, .to = &node
    };
    uint64_t id;
    size_t bad_row;
    int rc = namidb_put_edge(tx, graph->type, node, node,
                             (namidb_props){ NULL, 0 }, &id, NULL);

    assert_int_equal(namidb_put_edges(tx, &rows, &id, &bad_row, NULL), rc);
    return rc;
}

static void join_and_commit(struct graph *graph)
{
    namidb_tx *tx = begin(graph);

    assert_int_equal(join(graph, tx, graph->node), 0);
    commit(tx);
}

static void bury(namidb_tx *tx, uint64_t node)
{
    assert_int_equal(namidb_delete_node(tx, node, true, NULL), 0);
}

/* A graph of one node, in a pack, that the writer remembers. */
static void open_graph(struct graph *graph, const char *uri)
{
    namidb_tx *tx;

    assert_int_equal(namidb_open(&graph->db, uri, NULL, NULL), 0);
    tx = begin(graph);
    graph->node = create(graph, tx);
    commit(tx);
    assert_int_equal(namidb_flush(graph->db, -1, NULL), 0);
    join_and_commit(graph);
}

static void test_alive__a_deleted_node_takes_no_edge(void **state)
{
    struct graph graph;
    namidb_tx *tx;

    (void)state;
    open_graph(&graph, "memory://alive-deleted");
    tx = begin(&graph);
    bury(tx, graph.node);
    assert_int_equal(join(&graph, tx, graph.node), NAMIDB_ENOTFOUND);
    commit(tx);
    tx = begin(&graph);
    assert_int_equal(join(&graph, tx, graph.node), NAMIDB_ENOTFOUND);
    namidb_tx_abort(tx);
    assert_int_equal(namidb_flush(graph.db, -1, NULL), 0);
    tx = begin(&graph);
    assert_int_equal(join(&graph, tx, graph.node), NAMIDB_ENOTFOUND);
    namidb_tx_abort(tx);
    namidb_close(graph.db);
}

static void test_alive__a_deletion_that_is_taken_back_is_none(void **state)
{
    struct graph graph;
    namidb_tx *tx;

    (void)state;
    open_graph(&graph, "memory://alive-back");
    tx = begin(&graph);
    bury(tx, graph.node);
    assert_int_equal(join(&graph, tx, graph.node), NAMIDB_ENOTFOUND);
    namidb_tx_abort(tx);
    join_and_commit(&graph);
    tx = begin(&graph);
    bury(tx, graph.node);
    assert_int_equal(join(&graph, tx, graph.node), NAMIDB_ENOTFOUND);
    commit(tx);
    namidb_close(graph.db);
}

static void test_alive__a_node_that_is_taken_back_takes_no_edge(void **state)
{
    struct graph graph;
    namidb_tx *tx;
    uint64_t node;

    (void)state;
    open_graph(&graph, "memory://alive-new");
    tx = begin(&graph);
    node = create(&graph, tx);
    assert_int_equal(join(&graph, tx, node), 0);
    assert_int_equal(join(&graph, tx, node), 0);
    namidb_tx_abort(tx);
    tx = begin(&graph);
    assert_int_equal(join(&graph, tx, node), NAMIDB_ENOTFOUND);
    assert_int_equal(create(&graph, tx), node);
    assert_int_equal(join(&graph, tx, node), 0);
    commit(tx);
    namidb_close(graph.db);
}

static void test_alive__has_what_was_noted_and_room_for(void **state)
{
    static const uint64_t SEQUENCES[] = { 1, 63, 64, 65, 100000, 9000000 };
    const uint64_t far = (uint64_t)NDB_ALIVE_BYTES_MAX * 8;
    struct ndb_alive alive = NDB_ALIVE_INIT;

    (void)state;
    assert_false(ndb_alive_has(&alive, NAMIDB_ID(1, 1)));
    ndb_alive_forget(&alive, NAMIDB_ID(1, 1));
    for (uint64_t table = 0; table <= NAMIDB_TABLE_MAX; table += 4095)
        for (size_t i = 0; i < sizeof SEQUENCES / sizeof *SEQUENCES; i++) {
            uint64_t id = NAMIDB_ID(SEQUENCES[i], table);

            ndb_alive_note(&alive, id);
            assert_true(ndb_alive_has(&alive, id));
            assert_false(ndb_alive_has(&alive, id + NAMIDB_ID(1, 0)));
            ndb_alive_forget(&alive, id);
            assert_false(ndb_alive_has(&alive, id));
        }
    ndb_alive_note(&alive, NAMIDB_ID(far, 2));
    assert_false(ndb_alive_has(&alive, NAMIDB_ID(far, 2)));
    ndb_alive_note(&alive, NAMIDB_ID(NAMIDB_SEQUENCE_MAX, 2));
    assert_false(ndb_alive_has(&alive, NAMIDB_ID(NAMIDB_SEQUENCE_MAX, 2)));
    ndb_alive_release(&alive);
}

static void test_alive__without_memory_notes_nothing(void **state)
{
    struct ndb_alive alive = NDB_ALIVE_INIT;

    (void)state;
    ndb_mem_fail_from(1);
    ndb_alive_note(&alive, NAMIDB_ID(1, 1));
    assert_false(ndb_alive_has(&alive, NAMIDB_ID(1, 1)));
    ndb_mem_fail_from(2);
    ndb_alive_note(&alive, NAMIDB_ID(1, 1));
    ndb_mem_fail_from(0);
    assert_false(ndb_alive_has(&alive, NAMIDB_ID(1, 1)));
    ndb_alive_note(&alive, NAMIDB_ID(1, 1));
    assert_true(ndb_alive_has(&alive, NAMIDB_ID(1, 1)));
    ndb_alive_release(&alive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alive__a_deleted_node_takes_no_edge),
        cmocka_unit_test(test_alive__a_deletion_that_is_taken_back_is_none),
        cmocka_unit_test(test_alive__a_node_that_is_taken_back_takes_no_edge),
        cmocka_unit_test(test_alive__has_what_was_noted_and_room_for),
        cmocka_unit_test(test_alive__without_memory_notes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
