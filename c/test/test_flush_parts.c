/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flushes whose packs go up in parts: what they cost, and what is left when one
 * of their requests goes wrong.
 */
#include "s3_world.h"

#include "aws_home.h"
#include "store/store_s3.h"

static const struct ndb_s3_split SPLIT = { 1000, 1000 };

static struct s3_server *server;

static void begin_world(struct world *world)
{
    server = s3_world_begin(world, 12000);
    world->options.flush_slots = 0;
}

static namidb *open_writer(struct world *world)
{
    struct ndb_store *store;
    namidb_error err;
    namidb *db = NULL;

    world_ok(world, ndb_store_open(&store, world->uri, &err), err);
    ndb_s3_store_split(store, &SPLIT);
    world_ok(world, ndb_db_open(&db, store, &world->options, &err), err);
    return db;
}

static void fill(struct world *world, namidb *db)
{
    namidb_error err;

    for (int i = 0; i < 4; i++)
        world_ok(world, world_commit(world, db, 60, &err), err);
}

static void test_flush_parts__costs_what_the_stats_say(void **state)
{
    namidb_stats before, after;
    struct world world;
    namidb_error err;
    namidb *db;
    uint64_t parts;

    (void)state;
    begin_world(&world);
    s3_server_plan(server, &(struct s3_fault){ .at = 0 });
    db = open_writer(&world);
    fill(&world, db);
    world_ok(&world, namidb_get_stats(db, &before, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, namidb_get_stats(db, &after, &err), err);
    parts = (after.pack_bytes + SPLIT.part_bytes - 1) / SPLIT.part_bytes;
    assert_true(parts > 2);
    assert_int_equal(after.requests.uploads, 1);
    assert_int_equal(after.requests.aborts_refused, 0);
    /* The parts, what begins and what ends them, and the manifest. */
    assert_int_equal(after.requests.put_if_absent -
                         before.requests.put_if_absent,
                     parts + 2 + 1);
    assert_int_equal(after.requests.get + after.requests.list +
                         after.requests.put + after.requests.put_if_absent,
                     s3_server_seen(server));
    world_check(&world, db);
    namidb_close(db);
    s3_world_end(&world, server);
}

/* Returns whether the k-th request was there. */
static bool survive(const struct s3_fault *kind, unsigned k)
{
    struct s3_fault fault = *kind;
    struct world world;
    namidb_error err;
    namidb *db;
    bool is_hit;

    begin_world(&world);
    db = open_writer(&world);
    fill(&world, db);
    fault.at = k;
    s3_server_plan(server, &fault);
    /* It may fail, and tries again by itself. */
    (void)namidb_flush(db, -1, &err);
    is_hit = s3_server_seen(server) >= k;
    s3_server_plan(server, &(struct s3_fault){ .at = 0 });
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_check(&world, db);
    namidb_close(db);
    db = world_must_open(&world, true);
    world_check(&world, db);
    namidb_close(db);
    s3_world_end(&world, server);
    return is_hit;
}

static void test_flush_parts__lose_nothing_whatever_goes_wrong(void **state)
{
    static const struct s3_fault kinds[] = {
        { .kind = S3_DROP },
        { .kind = S3_APPLY_DROP },
        { .kind = S3_APPLY_ANSWER, .status = 500 },
        { .kind = S3_ANSWER,
          .status = 403,
          .body = "<Error><Code>AccessDenied</Code></Error>" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        unsigned k = 1;

        while (survive(&kinds[i], k))
            k++;
        assert_true(k > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flush_parts__costs_what_the_stats_say),
        cmocka_unit_test(test_flush_parts__lose_nothing_whatever_goes_wrong),
    };

    return cmocka_run_group_tests_name(
        "flush_parts", tests, aws_home_setup_with_key, aws_home_teardown);
}
