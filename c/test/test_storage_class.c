/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs that move into another storage class, on the bucket in memory.
 */
#include "s3_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aws_home.h"
#include "sys/clock.h"

enum { PACKS = 10 }; /* two steps */

static struct s3_server *server;

/* A namespace of PACKS packs on a bucket of its own. */
static namidb *begin_world(struct world *world)
{
    namidb_error err;
    namidb *db;

    server = s3_world_begin(world, 7000);
    db = world_must_open(world, false);
    for (int i = 0; i < PACKS; i++) {
        world_ok(world, world_commit(world, db, 20, &err), err);
        world_ok(world, namidb_flush(db, -1, &err), err);
    }
    return db;
}

static void end_world(struct world *world, namidb *db)
{
    namidb_close(db);
    s3_world_end(world, server);
}

static int move_all(namidb *db, const char *storage_class,
                    namidb_class_move *move, namidb_error *err)
{
    int rc = NAMIDB_OK;

    *move = (namidb_class_move){ .packs = 0 };
    while (rc >= 0 && !move->is_done)
        rc = namidb_move_class(db, storage_class, -1, move, err);
    return rc;
}

/* ---------------------------------------------------------------- tests -- */

static void test_storage_class__moves_packs_and_nothing_else(void **state)
{
    namidb_class_move move;
    namidb_stats stats;
    struct world world;
    namidb_error err;
    namidb *db = begin_world(&world);

    (void)state;
    s3_server_plan(server, &(struct s3_fault){ .at = 0 });
    world_ok(&world, move_all(db, "GLACIER_IR", &move, &err), err);
    assert_int_equal(move.packs, PACKS);
    assert_int_equal(move.moved, PACKS);
    world_ok(&world, namidb_get_stats(db, &stats, &err), err);
    assert_int_equal(move.bytes, stats.pack_bytes);
    assert_int_equal(stats.requests.copied, PACKS);
    assert_int_equal(s3_server_seen(server), 2 + PACKS);
    assert_int_equal(s3_server_in_class(server, "GLACIER_IR"), PACKS);

    /* Again: only looks. */
    s3_server_plan(server, &(struct s3_fault){ .at = 0 });
    world_ok(&world, move_all(db, "GLACIER_IR", &move, &err), err);
    assert_int_equal(move.packs, PACKS);
    assert_int_equal(move.moved, 0);
    assert_int_equal(move.bytes, 0);
    assert_int_equal(s3_server_seen(server), 2);
    namidb_close(db);
    db = world_must_open(&world, false);
    world_check(&world, db);
    end_world(&world, db);
}

static void test_storage_class__goes_on_after_a_failure_anywhere(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 2 + PACKS; k++) {
        namidb_class_move move;
        struct world world;
        namidb_error err;
        namidb *db = begin_world(&world);

        s3_server_plan(server,
                       &(struct s3_fault){
                           .kind = S3_ANSWER,
                           .status = 403,
                           .body = "<Error><Code>AccessDenied</Code></Error>",
                           .at = k });
        assert_int_equal(move_all(db, "STANDARD_IA", &move, &err),
                         NAMIDB_EAUTH);
        world_ok(&world, move_all(db, "STANDARD_IA", &move, &err), err);
        assert_int_equal(s3_server_in_class(server, "STANDARD_IA"), PACKS);
        assert_int_equal(move.packs, PACKS);
        assert_true(move.moved <= PACKS);
        /* A request lost, and an error within a 200, are sent again. */
        s3_server_plan(server, &(struct s3_fault){ .kind = S3_APPLY_ANSWER,
                                                   .status = 503,
                                                   .at = k });
        (void)move_all(db, "STANDARD_IA", &move, &err);
        assert_int_equal(s3_server_in_class(server, "STANDARD_IA"), PACKS);
        end_world(&world, db);
    }
}

static void test_storage_class__an_error_in_a_200_is_an_error(void **state)
{
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        { "<Error><Code>InternalError</Code></Error>", NAMIDB_OK },
        { "", NAMIDB_OK },
        { "<Error><Code>AccessDenied</Code></Error>", NAMIDB_EAUTH },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        namidb_class_move move;
        struct world world;
        namidb_error err;
        namidb *db = begin_world(&world);

        s3_server_plan(server, &(struct s3_fault){ .kind = S3_ANSWER,
                                                   .method = "PUT",
                                                   .status = 200,
                                                   .body = cases[i].body,
                                                   .at = 3 });
        assert_int_equal(move_all(db, "ONEZONE_IA", &move, &err),
                         cases[i].status);
        assert_int_equal(s3_server_in_class(server, "ONEZONE_IA") == PACKS,
                         cases[i].status == NAMIDB_OK);
        end_world(&world, db);
    }
}

static void test_storage_class__an_archived_pack_must_be_restored(void **state)
{
    namidb_class_move move;
    struct world world;
    namidb_error err;
    namidb *db = begin_world(&world);

    (void)state;
    world_ok(&world, move_all(db, "GLACIER", &move, &err), err);
    namidb_close(db);
    db = world_must_open(&world, false);
    assert_int_equal(move_all(db, "STANDARD", &move, &err),
                     NAMIDB_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "archived"));
    assert_non_null(strstr(err.message, "restore it"));
    assert_false(err.retryable);
    assert_true(strncmp(err.object, "pack/", 5) == 0);
    end_world(&world, db);
}

static void test_storage_class__refuses_what_makes_no_sense(void **state)
{
    namidb_class_move move;
    struct world world;
    namidb_error err;
    namidb *db = begin_world(&world);
    namidb *reader = world_must_open(&world, true);

    (void)state;
    s3_server_plan(server, &(struct s3_fault){ .at = 0 });
    assert_int_equal(move_all(db, "GLACIAL", &move, &err), NAMIDB_EINVAL);
    assert_non_null(strstr(err.message, "'GLACIAL'"));
    assert_non_null(strstr(err.message, "GLACIER_IR"));
    assert_int_equal(move_all(reader, "STANDARD", &move, &err), NAMIDB_EINVAL);
    assert_int_equal(s3_server_seen(server), 0);
    namidb_close(reader);
    end_world(&world, db);
}

static void test_storage_class__other_stores_have_none(void **state)
{
    char folder[] = "/tmp/namidb-class-XXXXXX";
    char uri[64];
    namidb_class_move move;
    namidb_error err;
    namidb *db;

    (void)state;
    assert_int_equal(namidb_open(&db, "memory://class", NULL, &err), NAMIDB_OK);
    assert_int_equal(move_all(db, "STANDARD", &move, &err),
                     NAMIDB_EUNSUPPORTED);
    assert_string_equal(err.message, "memory:// has no storage classes");
    namidb_close(db);

    assert_non_null(mkdtemp(folder));
    (void)snprintf(uri, sizeof uri, "file://%s", folder);
    for (int is_file = 0; is_file < 2; is_file++) {
        struct ndb_request copy = { .op = NDB_SET_CLASS,
                                    .key = "pack/a",
                                    .storage_class = "STANDARD",
                                    .deadline_ns = ndb_deadline_after(9999) };
        struct ndb_store *store;

        assert_int_equal(
            ndb_store_open(&store, is_file ? uri : "memory://class", &err),
            NAMIDB_OK);
        assert_int_equal(ndb_store_run(store, &copy, 1, &err),
                         NAMIDB_EUNSUPPORTED);
        ndb_store_close(store);
    }
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_class__moves_packs_and_nothing_else),
        cmocka_unit_test(test_storage_class__goes_on_after_a_failure_anywhere),
        cmocka_unit_test(test_storage_class__an_error_in_a_200_is_an_error),
        cmocka_unit_test(test_storage_class__an_archived_pack_must_be_restored),
        cmocka_unit_test(test_storage_class__refuses_what_makes_no_sense),
        cmocka_unit_test(test_storage_class__other_stores_have_none),
    };

    return cmocka_run_group_tests_name(
        "storage_class", tests, aws_home_setup_with_key, aws_home_teardown);
}
