/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services that have no server for tests, R2 and Tigris, as our own server
 * plays them: the probe trusts them, and a life on them goes well.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "aws_home.h"
#include "s3_server.h"

static struct s3_server *server;

static int begin(void **state)
{
    if (aws_home_setup_with_key(state) != 0)
        return -1;
    server = s3_server_start();
    return 0;
}

static int finish(void **state)
{
    s3_server_stop(server);
    return aws_home_teardown(state);
}

/* `format` has a place for the port. */
static void go_to(const char *format, const char *region,
                  enum s3_dialect dialect)
{
    char uri[256];

    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?allow_http=true&region=%s&endpoint=http://"
                   "%s:%d%s",
                   region, format, s3_server_port(server),
                   dialect == S3_SPEAKS_TIGRIS ? "&path_style=false" : "");
    (void)setenv("NAMIDB_TEST_URI", uri, 1);
    s3_server_speak(server, dialect);
}

static void live(void)
{
    struct world world;
    namidb_error err;
    namidb *reader;
    namidb *db;

    world_begin(&world, 4711);
    db = world_must_open(&world, false);
    for (int i = 0; i < 5; i++)
        world_ok(&world, world_commit(&world, db, 10, &err), err);
    world_ok(&world, namidb_flush(db, -1, &err), err);
    world_ok(&world, world_commit(&world, db, 10, &err), err);
    reader = world_must_open(&world, true);
    world_check(&world, reader);
    namidb_close(reader);
    namidb_close(db);
    db = world_must_open(&world, false);
    world_ok(&world, world_commit(&world, db, 10, &err), err);
    world_check(&world, db);
    namidb_close(db);
    world_end(&world);
}

static void assert_refused(int status, const char *part)
{
    namidb_error err = { .code = 0 };
    namidb *db;

    if (namidb_open(&db, getenv("NAMIDB_TEST_URI"), NULL, &err) != status ||
        strstr(err.message, part) == NULL)
        fail_msg("%d %s", err.code, err.message);
}

static void test_s3_dialects__r2(void **state)
{
    (void)state;
    go_to("account.r2.localhost", "auto", S3_SPEAKS_R2);
    live();
    go_to("account.r2.localhost", "eu-north-1", S3_SPEAKS_R2);
    assert_refused(NAMIDB_EINVAL, "InvalidRegionName: The region name is not");
}

static void test_s3_dialects__tigris(void **state)
{
    (void)state;
    go_to("t3.localhost", "auto", S3_SPEAKS_TIGRIS);
    live();
    go_to("t3.localhost", "eu-north-1", S3_SPEAKS_TIGRIS);
    assert_refused(NAMIDB_EAUTH, "signature does not match");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3_dialects__r2),
        cmocka_unit_test(test_s3_dialects__tigris),
    };

    return cmocka_run_group_tests_name("s3_dialects", tests, begin, finish);
}
