/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listings of directory buckets, which have no order. Those that have one are
 * in test_store_s3.c.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "aws_home.h"
#include "base/mem.h"
#include "s3_server.h"
#include "sys/clock.h"

enum { OBJECTS = 20 };

static struct s3_server *server;
static char uri[128];

static void begin_server(void)
{
    server = s3_server_start();
    s3_server_behave(server, S3_UNORDERED);
    (void)snprintf(uri, sizeof uri,
                   "s3://my--usw2-az1--x-s3/p?endpoint=http://127.0.0.1:%d",
                   s3_server_port(server));
}

static struct ndb_store *begin_store(void)
{
    struct ndb_store *store;
    namidb_error err;

    begin_server();
    if (ndb_store_open(&store, uri, &err) < 0)
        fail_msg("%s", err.message);
    for (int i = 0; i < OBJECTS; i++) {
        struct ndb_request put = { .op = NDB_PUT,
                                   .deadline_ns = ndb_deadline_after(20000) };
        char key[16];

        (void)snprintf(key, sizeof key, "log/%02d", i);
        put.key = key;
        put.body = ndb_slice_text("x");
        assert_int_equal(ndb_store_run(store, &put, 1, &err), NAMIDB_OK);
    }
    return store;
}

static void end_store(struct ndb_store *store)
{
    ndb_store_close(store);
    s3_server_stop(server);
}

/* Lists, and checks that it is the keys from `first` on. */
static void assert_list(struct ndb_store *store, const char *after,
                        uint32_t limit, int first, size_t count)
{
    struct ndb_request list = { .op = NDB_LIST,
                                .key = "log/",
                                .after = after,
                                .limit = limit,
                                .deadline_ns = ndb_deadline_after(20000) };
    namidb_error err;

    if (ndb_store_run(store, &list, 1, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(list.listing.count, count);
    for (size_t i = 0; i < count; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "log/%02d", first + (int)i);
        assert_string_equal(list.listing.items[i].key, key);
    }
    assert_int_equal(list.listing.is_truncated,
                     (size_t)first + count < OBJECTS);
    ndb_request_release(&list);
}

static void test_list__of_a_directory_bucket_is_read_whole(void **state)
{
    struct ndb_store *store = begin_store();
    struct ndb_store_facts facts;

    (void)state;
    s3_server_plan(server, &(struct s3_fault){ .at = 0 });
    assert_list(store, NULL, 0, 0, OBJECTS);
    assert_int_equal(s3_server_seen(server), 3);
    assert_list(store, "log/04", 3, 5, 3);
    assert_list(store, "log/17x", 0, 18, 2);
    assert_list(store, "log/19", 0, OBJECTS, 0);
    assert_list(store, NULL, 1, 0, 1);
    ndb_store_tell(store, &facts);
    assert_int_equal(facts.list_pages, 5 * 2);
    end_store(store);
}

static void test_list__that_breaks_off_is_no_listing(void **state)
{
    struct ndb_store *store = begin_store();

    (void)state;
    for (unsigned k = 1; k <= 3; k++) {
        static const char *const bodies[] = {
            "<Error><Code>AccessDenied</Code></Error>",
            "<ListBucketResult><IsTruncated>true</IsTruncated>"
            "</ListBucketResult>",
        };

        for (int i = 0; i < 2; i++) {
            struct ndb_request list = { .op = NDB_LIST,
                                        .key = "log/",
                                        .deadline_ns =
                                            ndb_deadline_after(20000) };

            s3_server_plan(server,
                           &(struct s3_fault){ .kind = S3_ANSWER,
                                               .status = i == 0 ? 403 : 200,
                                               .body = bodies[i],
                                               .at = k });
            (void)ndb_store_run(store, &list, 1, NULL);
            assert_int_equal(list.status, i == 0 ? NAMIDB_EAUTH : NAMIDB_EIO);
            assert_int_equal(list.listing.count, 0);
            ndb_request_release(&list);
        }
    }
    end_store(store);
}

static void test_list__runs_out_of_memory_cleanly(void **state)
{
    struct ndb_store *store = begin_store();
    int rc = NAMIDB_ENOMEM;

    (void)state;
    for (uint64_t k = 1; rc == NAMIDB_ENOMEM; k++) {
        struct ndb_request list = { .op = NDB_LIST,
                                    .key = "log/",
                                    .deadline_ns = ndb_deadline_after(20000) };

        ndb_mem_fail_from(k);
        rc = ndb_store_run(store, &list, 1, NULL);
        ndb_mem_fail_from(0);
        assert_int_equal(list.listing.count, rc == NAMIDB_OK ? OBJECTS : 0);
        ndb_request_release(&list);
        assert_true(k < 3000);
    }
    assert_int_equal(rc, NAMIDB_OK);
    end_store(store);
}

static void test_list__without_order_a_graph_lives_as_well(void **state)
{
    struct world world;
    namidb_error err;
    namidb *db;

    (void)state;
    begin_server();
    (void)setenv("NAMIDB_TEST_URI", uri, 1);
    world_begin(&world, 9000);
    for (int i = 0; i < 5; i++) {
        db = world_must_open(&world, false);
        world_check(&world, db);
        for (int j = 0; j < 4; j++)
            world_ok(&world, world_commit(&world, db, 10, &err), err);
        if (i % 2 == 0)
            world_ok(&world, namidb_flush(db, -1, &err), err);
        world_ok(&world, world_commit(&world, db, 10, &err), err);
        namidb_close(db);
        db = world_must_open(&world, true);
        world_check(&world, db);
        namidb_close(db);
    }
    world_end(&world);
    (void)unsetenv("NAMIDB_TEST_URI");
    s3_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list__of_a_directory_bucket_is_read_whole),
        cmocka_unit_test(test_list__that_breaks_off_is_no_listing),
        cmocka_unit_test(test_list__runs_out_of_memory_cleanly),
        cmocka_unit_test(test_list__without_order_a_graph_lives_as_well),
    };

    return cmocka_run_group_tests_name(
        "store_s3_list", tests, aws_home_setup_with_key, aws_home_teardown);
}
