/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers that take their time: every call ends by its deadline, and so does
 * closing, whatever is under way.
 */
#include "world.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aws_home.h"
#include "base/mem.h"
#include "http_server.h"
#include "s3_server.h"
#include "store/store.h"
#include "sys/clock.h"

enum {
    DEADLINE_MS = 400,
    HANDLE_MS = 3000,
    SETUP_MS = 60000,
    LATE_MS = 3000, /* after a deadline: of a machine that is busy */
    DRIP_US = 5000,
    BODY_BYTES = 8 << 20, /* more than sockets hold */
    PACK_BYTES = 2 << 20, /* more than HANDLE_MS at this pace: */
    PACE_US = 2500,       /* a KiB */
    CRAWL_US = 20000,
};

static int begin(void **state)
{
    if (aws_home_setup(state) != 0)
        return -1;
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hush", 1);
    return 0;
}

/* -------------------------------------------------------------- servers -- */

static bool say_nothing(void *context, const struct http_request *request)
{
    (void)context;
    http_server_hang(request);
    return false;
}

static bool break_off(void *context, const struct http_request *request)
{
    http_send(request, context);
    http_server_hang(request);
    return false;
}

/* A byte at a time, for ever, and never so slow that it counts as a stall. */
static bool drip(void *context, const struct http_request *request)
{
    char byte;

    http_send(request, context);
    do {
        http_send(request, "x");
        (void)usleep(DRIP_US);
    } while (recv(request->socket, &byte, 1, MSG_DONTWAIT) != 0);
    return false;
}

static const struct {
    const char *name;
    http_handler *handler;
    const char *text;
} SERVERS[] = {
    { "says nothing", say_nothing, "" },
    { "breaks off in the status", break_off, "HTTP/1.1 20" },
    { "breaks off in a header", break_off, "HTTP/1.1 200 OK\r\nConte" },
    { "breaks off behind the head", break_off,
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" },
    { "drips its status", drip, "HTTP/1.1 200 " },
    { "drips a header", drip, "HTTP/1.1 200 OK\r\nServer: x" },
    { "drips its body", drip,
      "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" },
    { "drips an error", drip,
      "HTTP/1.1 403 No\r\nContent-Length: 60000\r\n\r\n<Error>" },
};

static const char *const KEYS[] = { "log/1" };

static struct ndb_request request_of(enum ndb_store_op op,
                                     struct ndb_slice body)
{
    return (struct ndb_request){ .op = op,
                                 .key = KEYS[0],
                                 .keys = KEYS,
                                 .key_count = 1,
                                 .storage_class = "GLACIER_IR",
                                 .body = body,
                                 .deadline_ns =
                                     ndb_deadline_after(DEADLINE_MS) };
}

/* Each ends in time, with a status that does not claim to know. */
static void assert_timeouts(struct ndb_store *store,
                            struct ndb_request *requests, size_t count,
                            const char *name)
{
    (void)ndb_store_run(store, requests, count, NULL);
    if (ndb_clock_ns() > requests[0].deadline_ns + LATE_MS * NDB_NS_PER_MS)
        fail_msg("%s: too late", name);
    for (size_t i = 0; i < count; i++) {
        enum ndb_store_op op = requests[i].op;
        bool is_write = op != NDB_GET && op != NDB_LIST;

        if (requests[i].status != NAMIDB_ETIMEOUT ||
            requests[i].is_ambiguous != is_write)
            fail_msg("%s, op %d: %d %s", name, op, requests[i].status,
                     requests[i].err.message);
        ndb_request_release(&requests[i]);
    }
}

/* ---------------------------------------------------------------- tests -- */

static void test_slow__every_request_ends_by_its_deadline(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SERVERS / sizeof *SERVERS; i++) {
        struct http_server *server =
            http_server_start(SERVERS[i].handler, (void *)SERVERS[i].text);
        struct ndb_request requests[NDB_STORE_OP_COUNT];
        struct ndb_store *store;
        char uri[128];

        (void)snprintf(uri, sizeof uri,
                       "s3://bucket/p?endpoint=http://127.0.0.1:%d",
                       http_server_port(server));
        assert_int_equal(ndb_store_open(&store, uri, NULL), NAMIDB_OK);
        for (int op = 0; op < NDB_STORE_OP_COUNT; op++)
            requests[op] =
                request_of((enum ndb_store_op)op, ndb_slice_text("x"));
        assert_timeouts(store, requests, NDB_STORE_OP_COUNT, SERVERS[i].name);
        ndb_store_close(store);
        http_server_stop(server);
    }
}

/* Connections come about, by the system; nobody reads what is sent. */
static void test_slow__a_body_that_nobody_reads_is_given_up(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint8_t *body = ndb_calloc(1, BODY_BYTES);
    struct ndb_store *store;
    struct ndb_request put;
    char uri[128];

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &bytes),
                     0);
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?endpoint=http://127.0.0.1:%d",
                   ntohs(address.sin_port));
    assert_int_equal(ndb_store_open(&store, uri, NULL), NAMIDB_OK);
    put = request_of(NDB_PUT_IF_ABSENT, ndb_slice(body, BODY_BYTES));
    assert_timeouts(store, &put, 1, "reads nothing");
    ndb_store_close(store);
    (void)close(listener);
    ndb_free(body);
}

/* --------------------------------------------------------------- closing -- */

struct life {
    struct s3_server *server;
    struct world world;
    namidb *db;
};

static void begin_life(struct life *life)
{
    char uri[128];
    namidb_error err;

    life->server = s3_server_start();
    (void)snprintf(uri, sizeof uri,
                   "s3://bucket/p?probe=off&endpoint=http://127.0.0.1:%d",
                   s3_server_port(life->server));
    (void)setenv("NAMIDB_TEST_URI", uri, 1);
    world_begin(&life->world, 11000);
    life->world.options.timeout_ms = HANDLE_MS;
    life->db = world_must_open(&life->world, false);
    world_ok(&life->world, world_commit(&life->world, life->db, 20, &err), err);
}

/* Nothing is answered from now on. */
static void fall_silent(struct life *life)
{
    s3_server_plan(
        life->server,
        &(struct s3_fault){ .kind = S3_HANG, .at = 1, .count = 1000000 });
}

static void await_request(struct life *life)
{
    int64_t deadline_ns = ndb_deadline_after(20000);

    while (s3_server_seen(life->server) == 0) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(1000);
    }
}

static void end_life(struct life *life)
{
    s3_server_plan(life->server, &(struct s3_fault){ .at = 0 });
    world_end(&life->world);
    (void)unsetenv("NAMIDB_TEST_URI");
    s3_server_stop(life->server);
}

static void close_in_time(struct life *life)
{
    int64_t start_ns = ndb_clock_ns();

    namidb_close(life->db);
    assert_true(ndb_clock_ns() - start_ns <
                (HANDLE_MS + LATE_MS) * NDB_NS_PER_MS);
    end_life(life);
}

/* Bytes that do not get smaller, as a property of a new node. */
static void commit_large(struct life *life)
{
    char *bytes = ndb_alloc(PACK_BYTES);
    namidb_property pad = {
        .value = { .kind = NAMIDB_BYTES, .size = PACK_BYTES, .as.bytes = bytes }
    };
    namidb_error err;
    namidb_tx *tx;
    uint64_t id;

    ndb_rand_bytes(bytes, PACK_BYTES);
    world_ok(&life->world, namidb_tx_begin(&tx, life->db, -1, &err), err);
    world_ok(&life->world,
             namidb_tx_number(tx, NAMIDB_PROPERTY, "pad", 3, &pad.name, &err),
             err);
    world_ok(
        &life->world,
        namidb_create_node(tx, NULL, 0, (namidb_props){ &pad, 1 }, &id, &err),
        err);
    world_ok(&life->world, namidb_tx_commit(tx, SETUP_MS, NULL, &err), err);
    ndb_free(bytes);
}

static namidb_stats stats_of(struct life *life)
{
    namidb_stats stats;
    namidb_error err;

    world_ok(&life->world, namidb_get_stats(life->db, &stats, &err), err);
    return stats;
}

static void test_slow__a_large_flush_outlives_the_timeout(void **state)
{
    namidb_stats before, after;
    struct life life;
    namidb_error err;
    int64_t start_ns;

    (void)state;
    begin_life(&life);
    commit_large(&life);
    before = stats_of(&life);
    s3_server_drip(life.server, PACE_US);
    start_ns = ndb_clock_ns();
    /* Who waits is told at its own deadline; the flush goes on. */
    assert_int_equal(namidb_flush(life.db, DEADLINE_MS, &err), NAMIDB_ETIMEOUT);
    world_ok(&life.world, namidb_flush(life.db, 60000, &err), err);
    assert_true(ndb_clock_ns() - start_ns > HANDLE_MS * NDB_NS_PER_MS);
    s3_server_drip(life.server, 0);
    after = stats_of(&life);
    assert_int_equal(after.flushes, before.flushes + 1);
    assert_true(after.pack_bytes > PACK_BYTES);
    /* One pack and one manifest: nothing was tried twice. */
    assert_int_equal(after.requests.put_if_absent,
                     before.requests.put_if_absent + 2);
    namidb_close(life.db);
    end_life(&life);
}

static void test_slow__close_drops_a_flush_that_would_take_long(void **state)
{
    int64_t deadline_ns = ndb_deadline_after(20000);
    namidb_stats before, after;
    struct life life;
    namidb_error err;
    int64_t start_ns;

    (void)state;
    begin_life(&life);
    commit_large(&life);
    before = stats_of(&life);
    s3_server_drip(life.server, CRAWL_US);
    assert_int_equal(namidb_flush(life.db, 1, &err), NAMIDB_ETIMEOUT);
    while (s3_server_dripped(life.server) == 0) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(1000);
    }
    start_ns = ndb_clock_ns();
    namidb_close(life.db);
    assert_true(ndb_clock_ns() - start_ns < LATE_MS * NDB_NS_PER_MS);
    s3_server_drip(life.server, 0);
    life.db = world_must_open(&life.world, false);
    after = stats_of(&life);
    assert_int_equal(after.manifest_version, before.manifest_version);
    assert_int_equal(after.node_count, before.node_count);
    world_ok(&life.world, namidb_flush(life.db, 60000, &err), err);
    namidb_close(life.db);
    end_life(&life);
}

static void test_slow__close_ends_with_a_commit_under_way(void **state)
{
    namidb_ticket *ticket;
    struct life life;
    namidb_error err;
    namidb_tx *tx;
    uint64_t id;

    (void)state;
    begin_life(&life);
    world_ok(&life.world, namidb_tx_begin(&tx, life.db, -1, &err), err);
    world_ok(
        &life.world,
        namidb_create_node(tx, NULL, 0, (namidb_props){ NULL, 0 }, &id, &err),
        err);
    fall_silent(&life);
    world_ok(&life.world, namidb_tx_commit(tx, DEADLINE_MS, &ticket, &err),
             err);
    await_request(&life);
    close_in_time(&life);
    assert_int_equal(namidb_ticket_wait(ticket, 0, &err), NAMIDB_EUNKNOWN);
    namidb_ticket_free(ticket);
}

static void test_slow__close_ends_with_a_flush_under_way(void **state)
{
    struct life life;
    namidb_error err;

    (void)state;
    begin_life(&life);
    fall_silent(&life);
    assert_int_equal(namidb_flush(life.db, 1, &err), NAMIDB_ETIMEOUT);
    await_request(&life);
    close_in_time(&life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow__every_request_ends_by_its_deadline),
        cmocka_unit_test(test_slow__a_body_that_nobody_reads_is_given_up),
        cmocka_unit_test(test_slow__a_large_flush_outlives_the_timeout),
        cmocka_unit_test(test_slow__close_drops_a_flush_that_would_take_long),
        cmocka_unit_test(test_slow__close_ends_with_a_commit_under_way),
        cmocka_unit_test(test_slow__close_ends_with_a_flush_under_way),
    };

    return cmocka_run_group_tests_name("s3_slow", tests, begin,
                                       aws_home_teardown);
}
