/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody else did to the bucket: objects that are gone, that are not
 * ours, or whose bytes are wrong. Nothing acknowledged disappears in silence,
 * and nothing is called failed that is there.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "engine/log.h"
#include "format/path.h"
#include "sys/clock.h"

/* ------------------------------------------------------------- the hand --
 */

static void run(struct world *world, struct ndb_request *request)
{
    struct ndb_store *store;
    namidb_error err;

    request->deadline_ns = NDB_NEVER;
    world_ok(world, ndb_store_open(&store, world->uri, &err), err);
    world_ok(world, ndb_store_run(store, request, 1, &err), err);
    ndb_store_close(store);
}

static void put(struct world *world, const char *key, const char *text)
{
    struct ndb_request request = { .op = NDB_PUT,
                                   .key = key,
                                   .body = ndb_slice_text(text) };

    run(world, &request);
    ndb_request_release(&request);
}

static void delete_object(struct world *world, const char *key)
{
    struct ndb_request request = { .op = NDB_DELETE, .key = key };

    run(world, &request);
    ndb_request_release(&request);
}

static uint64_t newest_slot(struct world *world, namidb *db)
{
    namidb_stats stats;
    namidb_error err;

    world_ok(world, namidb_get_stats(db, &stats, &err), err);
    return stats.slot;
}

static uint64_t newest_manifest(struct world *world, namidb *db)
{
    namidb_stats stats;
    namidb_error err;

    world_ok(world, namidb_get_stats(db, &stats, &err), err);
    return stats.manifest_version;
}

/* ------------------------------------------------------------- manifests --
 */

/* The slot is there, and only the proof of its writer's place cannot be read:
 * that is no failure of the commit. */
static void test_damage__a_proof_that_cannot_be_read_is_unknown(void **state)
{
    struct world_graph *after = malloc(sizeof *after);
    struct ndb_path path;
    struct world world;
    namidb_error err;
    namidb *reader;
    namidb *db;

    (void)state;
    world_begin(&world, 1);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 20, &err), err);
    put(&world, ndb_path_manifest(&path, newest_manifest(&world, db) + 1),
        "this is none");
    ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
    world_assert(&world,
                 world_try(&world, db, 10, after, &err) == NAMIDB_EUNKNOWN);
    world_assert(&world, strstr(err.message, "not a whole manifest") != NULL);
    delete_object(&world, path.text);
    world.graph = *after;
    world_ok(&world, world_commit(&world, db, 10, &err), err);
    world_check(&world, db);
    reader = world_must_open(&world, true);
    world_check(&world, reader);
    namidb_close(reader);
    namidb_close(db);
    world_end(&world);
    free(after);
}

/* Somebody's notes, or what a console makes of a "folder": they sort before all
 * that is ours. */
static void test_damage__objects_that_are_not_ours_hide_nothing(void **state)
{
    static const char *const STRAY[] = { "manifest/0", "manifest/README",
                                         "log/0", "log/README", "pack/README" };
    uint64_t version;
    struct world world;
    namidb_error err;
    namidb *reader;
    namidb *db;

    (void)state;
    world_begin(&world, 2);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 20, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    version = newest_manifest(&world, db);
    for (size_t i = 0; i < sizeof STRAY / sizeof *STRAY; i++)
        put(&world, STRAY[i], "not ours");
    ndb_clock_advance(INT64_C(61000) * NDB_NS_PER_MS);
    world_ok(&world, world_commit(&world, db, 10, &err), err);
    reader = world_must_open(&world, true);
    world_check(&world, reader);
    assert_int_equal(newest_manifest(&world, reader), version);
    namidb_close(reader);
    namidb_close(db);
    world_end(&world);
}

/* ------------------------------------------------------------------ slots --
 */

static int open_as(struct world *world, bool read_only, namidb **db,
                   namidb_error *err)
{
    int rc;

    world->options.read_only = read_only;
    rc = world_open(world, db, NULL, err);
    world->options.read_only = false;
    return rc;
}

static void check_missing(struct world *world, const char *key, int rc,
                          const namidb_error *err)
{
    world_assert(world, rc == NAMIDB_ECORRUPT);
    assert_string_equal(err->object, key);
}

/* A batch above a slot that is not there: it was, and is lost. Who only
 * stopped below it would show what was long ago as if it were now. */
static void test_damage__a_slot_that_is_gone_is_told(void **state)
{
    for (int is_flushed = 0; is_flushed < 2; is_flushed++) {
        struct ndb_path path;
        struct world world;
        namidb_error err;
        bool is_changed;
        namidb *sleeper;
        namidb *other;
        uint64_t gone;
        namidb *db;

        (void)state;
        world_begin(&world, 3);
        db = world_must_open(&world, false);
        world_ok(&world, world_commit(&world, db, 20, &err), err);
        if (is_flushed)
            world_ok(&world, namidb_flush(db, -1, &err), err);
        sleeper = world_must_open(&world, true);
        world_ok(&world, world_commit(&world, db, 10, &err), err);
        gone = newest_slot(&world, db);
        world_ok(&world, world_commit(&world, db, 10, &err), err);
        world_ok(&world, world_commit(&world, db, 10, &err), err);
        namidb_close(db);
        delete_object(&world, ndb_path_slot(&path, gone));
        check_missing(&world, path.text, open_as(&world, true, &other, &err),
                      &err);
        check_missing(&world, path.text, open_as(&world, false, &other, &err),
                      &err);
        ndb_clock_advance(INT64_C(601000) * NDB_NS_PER_MS);
        check_missing(&world, path.text,
                      namidb_refresh(sleeper, -1, &is_changed, &err), &err);
        namidb_close(sleeper);
        world_end(&world);
    }
}

/* A fence above a gap is what a takeover that was cut short leaves behind. */
static void test_damage__a_gap_below_a_fence_is_none(void **state)
{
    const struct ndb_nonce nonce = { .bytes = { 1 } };
    struct ndb_buf fence = NDB_BUF_INIT(1024);
    struct ndb_hash128 hash;
    struct ndb_path path;
    struct world world;
    namidb_error err;
    namidb *db;

    (void)state;
    world_begin(&world, 4);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 20, &err), err);
    {
        uint64_t number = newest_slot(&world, db) + 3;
        struct ndb_request request = { .op = NDB_PUT_IF_ABSENT,
                                       .key = ndb_path_slot(&path, number) };

        assert_int_equal(ndb_fence_encode(&fence, number, &nonce, &hash), 0);
        request.body = ndb_buf_slice(&fence);
        run(&world, &request);
        ndb_request_release(&request);
    }
    namidb_close(db);
    for (int read_only = 1; read_only >= 0; read_only--) {
        db = world_must_open(&world, read_only != 0);
        world_check(&world, db);
        namidb_close(db);
    }
    ndb_buf_release(&fence);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage__a_proof_that_cannot_be_read_is_unknown),
        cmocka_unit_test(test_damage__objects_that_are_not_ours_hide_nothing),
        cmocka_unit_test(test_damage__a_slot_that_is_gone_is_told),
        cmocka_unit_test(test_damage__a_gap_below_a_fence_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
