/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks take the memory of those that were closed, and no other's.
 */
#include "world.h"

#include "base/mem.h"

struct walks {
    struct world world;
    namidb *db;
    namidb_snapshot *snapshot;
    uint32_t type;
};

static void begin(struct walks *walks)
{
    struct world *world = &walks->world;
    namidb_error err;

    world_begin(world, 11);
    walks->db = world_must_open(world, false);
    world_ok(world, world_commit(world, walks->db, 200, &err), err);
    world_ok(world, namidb_flush(walks->db, -1, &err), err);
    world_ok(world, namidb_snapshot_open(&walks->snapshot, walks->db, &err),
             err);
    walks->type = namidb_number(walks->db, NAMIDB_TYPE, WORLD_TYPE[0], 2);
}

static void end(struct walks *walks)
{
    namidb_snapshot_close(walks->snapshot);
    namidb_close(walks->db);
    world_end(&walks->world);
}

/* The id of the next edge of a cursor; 0: there is none. */
static uint64_t next(struct walks *walks, namidb_cursor *cursor)
{
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_error err;
    int rc = namidb_cursor_next(cursor, &node, &edge, &err);

    world_ok(&walks->world, rc, err);
    return rc == NAMIDB_OK ? edge->id : 0;
}

static namidb_cursor *walk(struct walks *walks, uint64_t id)
{
    namidb_cursor *cursor;
    namidb_error err;

    world_ok(&walks->world,
             namidb_expand(&cursor, walks->snapshot, id, walks->type,
                           NAMIDB_OUT, true, &err),
             err);
    return cursor;
}

/* Walks along the edges of all nodes; how many they are. */
static uint32_t walk_all(struct walks *walks)
{
    uint32_t edges = 0;

    for (int i = 0; i < WORLD_NODES; i++) {
        namidb_cursor *cursor;

        if (walks->world.graph.nodes[i].id == 0)
            continue;
        cursor = walk(walks, walks->world.graph.nodes[i].id);
        while (next(walks, cursor) != 0)
            edges++;
        namidb_cursor_close(cursor);
    }
    return edges;
}

static void test_cursor__walk_after_walk_allocates_nothing(void **state)
{
    struct walks walks;
    uint32_t edges;

    (void)state;
    begin(&walks);
    edges = walk_all(&walks);
    assert_true(edges > 0);
    ndb_mem_fail_from(UINT64_MAX); /* counts */
    assert_int_equal(walk_all(&walks), edges);
    assert_int_equal(ndb_mem_count(), 0);
    ndb_mem_fail_from(0);
    end(&walks);
}

/* The second takes the memory of a closed one while the first is open. */
static void test_cursor__open_walks_have_memory_of_their_own(void **state)
{
    struct walks walks;
    namidb_cursor *first, *second;
    const struct world_edge *edges;
    uint32_t count = 0;

    (void)state;
    begin(&walks);
    edges = walks.world.graph.edges;
    for (uint32_t i = 0; i < walks.world.graph.edge_count; i++) {
        if (edges[i].id == 0 || edges[i].type != 0)
            continue;
        first = walk(&walks, edges[i].from);
        second = walk(&walks, edges[i].from);
        for (uint64_t id = 1; id != 0; count++) {
            id = next(&walks, first);
            assert_int_equal(next(&walks, second), id);
        }
        namidb_cursor_close(first);
        namidb_cursor_close(second);
    }
    assert_true(count > 0);
    end(&walks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor__walk_after_walk_allocates_nothing),
        cmocka_unit_test(test_cursor__open_walks_have_memory_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
