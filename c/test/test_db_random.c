/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random transactions, flushes, snapshots, refreshes and reopenings through the
 * public API, compared with a model at every step.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static void flush(struct world *world, namidb *db)
{
    namidb_error err;

    world_ok(world, namidb_flush(db, -1, &err), err);
}

static void abort_one(struct world *world, namidb *db)
{
    struct world_graph *graph = malloc(sizeof *graph);
    namidb_error err;
    namidb_tx *tx;
    int rc;

    *graph = world->graph;
    world_ok(world, namidb_tx_begin(&tx, db, -1, &err), err);
    rc = world_change(world, tx, graph, 10, &err);
    world_ok(world, rc, err);
    namidb_tx_abort(tx);
    free(graph);
}

/* What a transaction sees while it is open: itself; and others do not. */
static void look_inside(struct world *world, namidb *db)
{
    struct world_graph *graph = malloc(sizeof *graph);
    namidb_snapshot *inside;
    namidb_snapshot *outside;
    namidb_error err;
    namidb_tx *tx;

    *graph = world->graph;
    world_ok(world, namidb_tx_begin(&tx, db, -1, &err), err);
    world_ok(world, world_change(world, tx, graph, 10, &err), err);
    world_ok(world, namidb_tx_snapshot(&inside, tx, &err), err);
    world_ok(world, namidb_snapshot_open(&outside, db, &err), err);
    world_check_snapshot(world, db, inside, graph);
    world_check_snapshot(world, db, outside, &world->graph);
    namidb_snapshot_close(inside);
    world_ok(world, namidb_tx_commit(tx, -1, NULL, &err), err);
    world_check_snapshot(world, db, outside, &world->graph);
    namidb_snapshot_close(outside);
    world->graph = *graph;
    free(graph);
}

static void check_reader(struct world *world, namidb *reader)
{
    bool is_changed;
    namidb_error err;

    world_ok(world, namidb_refresh(reader, -1, &is_changed, &err), err);
    world_check(world, reader);
    world_ok(world, namidb_refresh(reader, -1, &is_changed, &err), err);
    /* A flush in the background may have come between the two. */
    world_assert(world, !is_changed || world->options.flush_slots != 0);
}

static void run(uint64_t seed)
{
    struct world world;
    namidb_error err;
    namidb *db;
    namidb *reader;

    world_begin(&world, seed);
    world.options.flush_slots = seed % 2 == 0 ? 0 : 4;
    db = world_must_open(&world, false);
    reader = world_must_open(&world, true);
    for (int i = 0; i < 25; i++) {
        switch (ndb_rand_below(&world.rand, 8)) {
        case 0:
            flush(&world, db);
            break;
        case 1:
            namidb_close(db);
            db = world_must_open(&world, false);
            break;
        case 2:
            abort_one(&world, db);
            break;
        case 3:
            look_inside(&world, db);
            break;
        case 4:
            check_reader(&world, reader);
            break;
        default:
            world_ok(&world,
                     world_commit(&world, db,
                                  1 + (uint32_t)ndb_rand_below(&world.rand, 60),
                                  &err),
                     err);
        }
        world_check(&world, db);
    }
    check_reader(&world, reader);
    namidb_close(reader);
    namidb_close(db);
    db = world_must_open(&world, true);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

static void test_db__random_histories_equal_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        run(seed);
}

/* A snapshot that is kept over everything that follows. */
static void test_db__a_snapshot_never_changes(void **state)
{
    struct world world;
    struct world_graph *graphs = calloc(8, sizeof *graphs);
    namidb_snapshot *snapshots[8];
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 77);
    db = world_must_open(&world, false);
    for (int i = 0; i < 8; i++) {
        world_ok(&world, world_commit(&world, db, 40, &err), err);
        if (i % 3 == 1)
            flush(&world, db);
        graphs[i] = world.graph;
        world_ok(&world, namidb_snapshot_open(&snapshots[i], db, &err), err);
    }
    for (int i = 0; i < 8; i++)
        world_check_snapshot(&world, db, snapshots[i], &graphs[i]);
    namidb_close(db); /* snapshots go on */
    for (int i = 0; i < 8; i++) {
        world_assert(&world, world_is(&world, snapshots[i], db, &graphs[i]));
        if (i < 7)
            namidb_snapshot_close(snapshots[i]);
    }
    namidb_snapshot_close(snapshots[7]);
    free(graphs);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_db__random_histories_equal_the_model),
        cmocka_unit_test(test_db__a_snapshot_never_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
