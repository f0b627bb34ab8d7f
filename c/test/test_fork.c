/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child made by fork(2) cannot use its parent's handles, is told so, and does
 * no harm by closing them; it opens its own.
 */
#include "world.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct handles {
    namidb *db;
    namidb_snapshot *snapshot;
    namidb_cursor *cursor;
    namidb_tx *tx;
    namidb_ticket *ticket;
};

#define WANT(condition)                                                        \
    do {                                                                       \
        if (!(condition))                                                      \
            return __LINE__;                                                   \
    } while (0)

static int refuses_reading(struct handles *h)
{
    namidb_arena *arena = namidb_arena_new();
    const namidb_node *node;
    const namidb_edge *edge;
    namidb_node row;
    namidb_edge line;
    namidb_snapshot *made;
    namidb_cursor *cursor;
    uint64_t id = NAMIDB_ID(1, 1);
    uint64_t degree;
    namidb_value key = { .kind = NAMIDB_INT };
    namidb_error err;

    WANT(namidb_snapshot_open(&made, h->db, &err) == NAMIDB_EINVAL);
    WANT(namidb_tx_snapshot(&made, h->tx, &err) == NAMIDB_EINVAL);
    WANT(namidb_nodes_get(h->snapshot, &id, 1, arena, &row, &err) ==
         NAMIDB_EINVAL);
    WANT(namidb_node_by_key(h->snapshot, 1, key, arena, &row, &err) ==
         NAMIDB_EINVAL);
    WANT(namidb_edges_get(h->snapshot, &id, 1, arena, &line, &err) ==
         NAMIDB_EINVAL);
    WANT(namidb_degree(h->snapshot, id, 0, NAMIDB_BOTH, &degree, &err) ==
         NAMIDB_EINVAL);
    WANT(namidb_scan_nodes(&cursor, h->snapshot, 0, &err) == NAMIDB_EINVAL);
    WANT(namidb_scan_edges(&cursor, h->snapshot, 0, &err) == NAMIDB_EINVAL);
    WANT(namidb_expand(&cursor, h->snapshot, id, 0, NAMIDB_OUT, true, &err) ==
         NAMIDB_EINVAL);
    (void)namidb_cursor_next(h->cursor, &node, &edge, &err); /* its chunk */
    namidb_arena_free(arena);
    return 0;
}

static int refuses_writing(struct handles *h)
{
    namidb_props none = { NULL, 0 };
    namidb_value key = { .kind = NAMIDB_INT };
    uint64_t id = NAMIDB_ID(1, 1);
    uint32_t number;
    namidb_tx *tx;
    namidb_error err;

    WANT(namidb_tx_begin(&tx, h->db, -1, &err) == NAMIDB_EINVAL);
    WANT(namidb_tx_number(h->tx, NAMIDB_LABEL, "X", 1, &number, &err) ==
         NAMIDB_EINVAL);
    WANT(namidb_put_node(h->tx, 1, key, none, false, &id, &err) ==
         NAMIDB_EINVAL);
    WANT(namidb_create_node(h->tx, NULL, 0, none, &id, &err) == NAMIDB_EINVAL);
    WANT(namidb_set_node(h->tx, id, none, &err) == NAMIDB_EINVAL);
    WANT(namidb_set_edge(h->tx, id, none, &err) == NAMIDB_EINVAL);
    WANT(namidb_add_label(h->tx, id, 1, &err) == NAMIDB_EINVAL);
    WANT(namidb_remove_label(h->tx, id, 1, &err) == NAMIDB_EINVAL);
    WANT(namidb_delete_node(h->tx, id, true, &err) == NAMIDB_EINVAL);
    WANT(namidb_put_edge(h->tx, 1, id, id, none, &id, &err) == NAMIDB_EINVAL);
    WANT(namidb_delete_edge(h->tx, id, &err) == NAMIDB_EINVAL);
    WANT(namidb_tx_commit(h->tx, -1, NULL, &err) == NAMIDB_EINVAL);
    WANT(namidb_ticket_wait(h->ticket, -1, &err) == NAMIDB_EINVAL);
    return 0;
}

static int refuses_the_rest(struct handles *h)
{
    namidb_cache_stats cache_stats;
    namidb_stats stats;
    bool is_changed;
    namidb_error err;

    WANT(namidb_refresh(h->db, -1, &is_changed, &err) == NAMIDB_EINVAL);
    WANT(namidb_flush(h->db, -1, &err) == NAMIDB_EINVAL);
    WANT(namidb_get_stats(h->db, &stats, &err) == NAMIDB_EINVAL);
    WANT(namidb_get_cache_stats(h->db, &cache_stats, &err) == NAMIDB_EINVAL);
    WANT(namidb_name(h->db, NAMIDB_LABEL, 1, NULL) == NULL);
    WANT(namidb_number(h->db, NAMIDB_LABEL, "L0", 2) == 0);
    namidb_ticket_free(h->ticket);
    namidb_tx_abort(h->tx);
    namidb_cursor_close(h->cursor);
    namidb_snapshot_close(h->snapshot);
    namidb_close(h->db);
    return 0;
}

/* The child's own handle, on a store of its own. */
static int opens_its_own(void)
{
    namidb_error err;
    namidb *db;

    WANT(namidb_open(&db, "memory://child", NULL, &err) == NAMIDB_OK);
    WANT(namidb_flush(db, -1, &err) == NAMIDB_OK);
    namidb_close(db);
    return 0;
}

static int child(struct handles *handles)
{
    int line = refuses_reading(handles);

    if (line == 0)
        line = refuses_writing(handles);
    if (line == 0)
        line = refuses_the_rest(handles);
    return line != 0 ? line : opens_its_own();
}

static void open_all(struct world *world, struct handles *handles)
{
    namidb_error err;
    namidb_tx *tx;

    handles->db = world_must_open(world, false);
    world_ok(world, world_commit(world, handles->db, 30, &err), err);
    world_ok(world, namidb_snapshot_open(&handles->snapshot, handles->db, &err),
             err);
    world_ok(world,
             namidb_scan_nodes(&handles->cursor, handles->snapshot, 0, &err),
             err);
    world_ok(world, namidb_tx_begin(&tx, handles->db, -1, &err), err);
    world_ok(world, namidb_tx_commit(tx, -1, &handles->ticket, &err), err);
    world_ok(world, namidb_tx_begin(&handles->tx, handles->db, -1, &err), err);
}

static void test_fork__a_child_is_told_and_does_no_harm(void **state)
{
    struct handles handles;
    struct world world;
    namidb_error err;
    int status;
    pid_t pid;

    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it cannot start threads in a child */
#endif
    world_begin(&world, 9);
    open_all(&world, &handles);
    pid = fork();
    if (pid == 0) {
        int line = child(&handles);

        if (line != 0)
            (void)fprintf(stderr, "line %d\n", line);
        _exit(line != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* The parent goes on. */
    namidb_tx_abort(handles.tx);
    world_ok(&world, namidb_ticket_wait(handles.ticket, -1, &err), err);
    namidb_ticket_free(handles.ticket);
    namidb_cursor_close(handles.cursor);
    namidb_snapshot_close(handles.snapshot);
    world_ok(&world, world_commit(&world, handles.db, 30, &err), err);
    world_ok(&world, namidb_flush(handles.db, -1, &err), err);
    world_check(&world, handles.db);
    namidb_close(handles.db);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fork__a_child_is_told_and_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
