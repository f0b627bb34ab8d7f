/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http_server.h"
#include "net/http.h"
#include "sys/clock.h"

struct fixture {
    struct http_server *server;
    struct ndb_http *http;
    char url[64];
};

static void begin(struct fixture *fixture, http_handler *handler, void *context)
{
    fixture->server = http_server_start(handler, context);
    assert_int_equal(ndb_http_open(&fixture->http, NULL), NAMIDB_OK);
    (void)snprintf(fixture->url, sizeof fixture->url,
                   "http://127.0.0.1:%d/a%%2Fb/../c",
                   http_server_port(fixture->server));
}

static void finish(struct fixture *fixture)
{
    ndb_http_close(fixture->http);
    http_server_stop(fixture->server);
}

static struct ndb_http_exchange exchange_of(const struct fixture *fixture,
                                            const char *method)
{
    return (struct ndb_http_exchange){ .method = method,
                                       .url = fixture->url,
                                       .answer_bytes_max = 1 << 20,
                                       .deadline_ns =
                                           ndb_deadline_after(20000) };
}

static void put_body(struct ndb_http_exchange *exchange, const char *text)
{
    exchange->method = "PUT";
    exchange->body = ndb_slice_text(text);
    exchange->has_body = true;
}

/* ------------------------------------------------------------- handlers -- */

/* Answers with what it got: "METHOD target body". */
static bool echo(void *context, const struct http_request *request)
{
    char text[512];

    (void)context;
    (void)snprintf(text, sizeof text, "%s %s %.*s", request->method,
                   request->target, (int)request->body.bytes,
                   (const char *)request->body.data);
    http_reply(request, 200, "Date: Tue, 24 Nov 2026 10:00:00 GMT\r\n",
               ndb_slice_text(text));
    return true;
}

/* Takes the request in and hangs up, from the index in `context` on. */
static bool drop(void *context, const struct http_request *request)
{
    if (request->index < *(unsigned *)context)
        return echo(NULL, request);
    return false;
}

static bool hang(void *context, const struct http_request *request)
{
    (void)context;
    http_server_hang(request);
    return false;
}

static bool cut_short(void *context, const struct http_request *request)
{
    (void)context;
    http_send(request, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1234");
    return false;
}

/* One byte, and then none for ever. */
static bool drip(void *context, const struct http_request *request)
{
    (void)context;
    http_send(request, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1");
    http_server_hang(request);
    return false;
}

/* ---------------------------------------------------------------- tests -- */

static void test_http__sends_the_path_as_it_is_on_one_connection(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture, echo, NULL);
    for (int i = 0; i < 3; i++) {
        struct ndb_http_exchange exchange = exchange_of(&fixture, "GET");

        assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
        assert_int_equal(exchange.answer.status, 200);
        assert_int_equal(exchange.out.bytes, strlen("GET /a%2Fb/../c "));
        assert_memory_equal(exchange.out.data, "GET /a%2Fb/../c ",
                            exchange.out.bytes);
        assert_int_equal(exchange.answer.content_length, exchange.out.bytes);
        assert_true(exchange.answer.date_ms == INT64_C(1795514400000));
        ndb_buf_release(&exchange.out);
    }
    assert_int_equal(http_server_connections(fixture.server), 1);
    finish(&fixture);
}

static bool check_headers(void *context, const struct http_request *request)
{
    char value[64];

    (void)context;
    http_reply(
        request,
        http_request_header(request, "X-One", value, sizeof value) &&
                strcmp(value, "two words") == 0 &&
                !http_request_header(request, "Expect", value, sizeof value) &&
                !http_request_header(request, "Accept", value, sizeof value) &&
                !http_request_header(request, "Transfer-Encoding", value,
                                     sizeof value)
            ? 200
            : 400,
        "", request->body);
    return true;
}

static void test_http__sends_a_body_and_just_the_headers_given(void **state)
{
    const struct ndb_http_header header = { "X-One", "two words" };
    struct ndb_http_exchange exchange;
    struct fixture fixture;
    size_t bytes = 3 << 20;
    uint8_t *body = ndb_alloc(bytes);

    (void)state;
    for (size_t i = 0; i < bytes; i++)
        body[i] = (uint8_t)(i * 31 >> 3);
    begin(&fixture, check_headers, NULL);
    exchange = exchange_of(&fixture, "PUT");
    exchange.headers = &header;
    exchange.header_count = 1;
    exchange.has_body = true;
    exchange.body = ndb_slice(body, bytes);
    exchange.answer_bytes_max = bytes;
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
    assert_int_equal(exchange.answer.status, 200);
    assert_true(ndb_slice_equal(ndb_buf_slice(&exchange.out), exchange.body));
    ndb_buf_release(&exchange.out);
    ndb_free(body);
    finish(&fixture);
}

static void test_http__sends_an_empty_body(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;

    (void)state;
    begin(&fixture, echo, NULL);
    exchange = exchange_of(&fixture, "PUT");
    put_body(&exchange, "");
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
    assert_memory_equal(exchange.out.data, "PUT ", 4);
    ndb_buf_release(&exchange.out);
    finish(&fixture);
}

static void test_http__refuses_a_header_with_a_line_end(void **state)
{
    const struct ndb_http_header header = { "X-One", "a\r\nX-Two: b" };
    struct ndb_http_exchange exchange;
    struct fixture fixture;

    (void)state;
    begin(&fixture, echo, NULL);
    exchange = exchange_of(&fixture, "GET");
    exchange.headers = &header;
    exchange.header_count = 1;
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_EINVAL);
    assert_int_equal(http_server_requests(fixture.server), 0);
    finish(&fixture);
}

/* A put that was applied and then dropped must reach the server once, on a new
 * connection and on a used one. */
static void test_http__never_resends_a_body_by_itself(void **state)
{
    enum { BODIES = 4 };
    static const size_t sizes[BODIES] = { 4, 0, 70000, 300000 };
    static uint8_t body[300000];

    (void)state;
    for (unsigned number = 0; number < 2 * BODIES; number++) {
        struct ndb_http_exchange exchange;
        struct fixture fixture;
        unsigned used = number % 2;
        unsigned from = used + 1;

        begin(&fixture, drop, &from);
        exchange = exchange_of(&fixture, "GET");
        for (unsigned i = 0; i < used; i++) {
            assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
            ndb_buf_release(&exchange.out);
        }
        put_body(&exchange, "");
        exchange.body = ndb_slice(body, sizes[number / 2]);
        assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_EIO);
        assert_true(exchange.is_sent);
        assert_int_equal(exchange.answer.status, 0);
        assert_int_equal(http_server_requests(fixture.server), used + 1);
        finish(&fixture);
    }
}

static void test_http__a_refused_connection_sent_nothing(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;

    (void)state;
    begin(&fixture, echo, NULL);
    http_server_stop(fixture.server);
    exchange = exchange_of(&fixture, "PUT");
    put_body(&exchange, "slot");
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_EIO);
    assert_false(exchange.is_sent);
    assert_non_null(strstr(exchange.err.message, "onnect"));
    ndb_http_close(fixture.http);
}

static void test_http__a_body_cut_short_is_a_failure(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;

    (void)state;
    begin(&fixture, cut_short, NULL);
    exchange = exchange_of(&fixture, "GET");
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_EIO);
    ndb_buf_release(&exchange.out);
    finish(&fixture);
}

static void test_http__an_answer_above_the_bound_is_limit(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;

    (void)state;
    begin(&fixture, echo, NULL);
    exchange = exchange_of(&fixture, "GET");
    exchange.answer_bytes_max = 8;
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_ELIMIT);
    assert_string_equal(exchange.err.message,
                        "the answer is longer than 8 bytes");
    ndb_buf_release(&exchange.out);
    finish(&fixture);
}

static void test_http__the_deadline_ends_a_server_that_hangs(void **state)
{
    static http_handler *const slow[] = { hang, drip };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ndb_http_exchange exchange;
        struct fixture fixture;
        int64_t start_ns = ndb_clock_ns();

        begin(&fixture, slow[i], NULL);
        exchange = exchange_of(&fixture, "GET");
        exchange.deadline_ns = ndb_deadline_after(60);
        assert_int_equal(ndb_http_run(fixture.http, &exchange),
                         NAMIDB_ETIMEOUT);
        assert_true(exchange.is_sent);
        assert_true(ndb_clock_ns() - start_ns < 5000 * NDB_NS_PER_MS);
        ndb_buf_release(&exchange.out);
        finish(&fixture);
    }
}

static void test_http__a_stall_ends_long_before_the_deadline(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;

    (void)state;
    begin(&fixture, drip, NULL);
    exchange = exchange_of(&fixture, "GET");
    exchange.deadline_ns = ndb_deadline_after(60000);
    exchange.stall_seconds = 1;
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_ETIMEOUT);
    assert_true(exchange.took_ns < 10000 * NDB_NS_PER_MS);
    ndb_buf_release(&exchange.out);
    finish(&fixture);
}

/* ----------------------------------------------------------- connections -- */

/* One more request; how many connections there have been. */
static unsigned connections_after(struct fixture *fixture,
                                  const struct ndb_http_exchange *like)
{
    struct ndb_http_exchange exchange = exchange_of(fixture, "GET");

    exchange.idle_seconds_max = like->idle_seconds_max;
    exchange.life_seconds_max = like->life_seconds_max;
    assert_int_equal(ndb_http_run(fixture->http, &exchange), NAMIDB_OK);
    ndb_buf_release(&exchange.out);
    return http_server_connections(fixture->server);
}

static void test_http__uses_no_connection_that_was_idle_too_long(void **state)
{
    const struct ndb_http_exchange like = { .idle_seconds_max = 1 };
    int64_t deadline_ns = ndb_deadline_after(30000);
    struct fixture fixture;
    unsigned pause_us = 2100000; /* curl counts whole seconds */

    (void)state;
    begin(&fixture, echo, NULL);
    assert_int_equal(connections_after(&fixture, &like), 1);
    assert_int_equal(connections_after(&fixture, &like), 1);
    /* Each time after a longer silence. */
    do {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(pause_us);
        pause_us *= 2;
    } while (connections_after(&fixture, &like) == 1);
    finish(&fixture);
}

static void test_http__uses_no_connection_that_has_grown_old(void **state)
{
    const struct ndb_http_exchange like = { .life_seconds_max = 1 };
    int64_t deadline_ns = ndb_deadline_after(30000);
    struct fixture fixture;

    (void)state;
    begin(&fixture, echo, NULL);
    while (connections_after(&fixture, &like) == 1) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)usleep(10000);
    }
    finish(&fixture);
}

/* ------------------------------------------- cancel, delays, crowds, fork --
 */

static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_changed = PTHREAD_COND_INITIALIZER;
static unsigned done_count;

static void count_done(struct ndb_http_exchange *exchange)
{
    (void)exchange;
    (void)pthread_mutex_lock(&done_lock);
    done_count++;
    (void)pthread_cond_signal(&done_changed);
    (void)pthread_mutex_unlock(&done_lock);
}

/* Without a call to the client, which might wake it. */
static void await_done(unsigned count)
{
    (void)pthread_mutex_lock(&done_lock);
    while (done_count < count)
        (void)pthread_cond_wait(&done_changed, &done_lock);
    done_count = 0;
    (void)pthread_mutex_unlock(&done_lock);
}

static void
test_http__cancel_ends_what_is_under_way_and_what_waits(void **state)
{
    struct ndb_http_exchange running;
    struct ndb_http_exchange waiting;
    struct fixture fixture;

    (void)state;
    begin(&fixture, hang, NULL);
    running = exchange_of(&fixture, "GET");
    running.done = count_done;
    waiting = running;
    waiting.not_before_ns = ndb_deadline_after(10000);
    ndb_http_submit(fixture.http, &running);
    ndb_http_submit(fixture.http, &waiting);
    http_server_await(fixture.server, 1);
    ndb_http_cancel(fixture.http, &running);
    ndb_http_cancel(fixture.http, &waiting);
    await_done(2);
    assert_int_equal(running.status, NAMIDB_ECANCELED);
    assert_true(running.is_sent);
    assert_int_equal(waiting.status, NAMIDB_ECANCELED);
    assert_false(waiting.is_sent);
    finish(&fixture);
}

static void test_http__begins_no_sooner_than_asked(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;
    int64_t at_ns;

    (void)state;
    begin(&fixture, echo, NULL);
    exchange = exchange_of(&fixture, "GET");
    at_ns = ndb_deadline_after(30);
    exchange.not_before_ns = at_ns;
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
    assert_true(ndb_clock_ns() >= at_ns);
    assert_true(exchange.took_ns < 20000 * NDB_NS_PER_MS);
    ndb_buf_release(&exchange.out);

    /* Later than its deadline: never. */
    exchange.deadline_ns = ndb_deadline_after(20);
    exchange.not_before_ns = ndb_deadline_after(60000);
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_ETIMEOUT);
    assert_false(exchange.is_sent);
    assert_int_equal(http_server_requests(fixture.server), 1);
    finish(&fixture);
}

/* Answers 64 at a time, so that all connections become free at once. */
static bool echo_together(void *context, const struct http_request *request)
{
    unsigned group = (request->index + 63) / 64 * 64;

    http_server_await(request->server, group <= 192 ? group : 200);
    return echo(context, request);
}

/* How long a crowd of requests takes. */
static int64_t run_crowd(void)
{
    enum { CROWD = 200 };
    static struct ndb_http_exchange crowd[CROWD];
    int64_t start_ns = ndb_clock_ns(), end_ns;
    struct fixture fixture;

    begin(&fixture, echo_together, NULL);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = exchange_of(&fixture, "GET");
        crowd[i].done = count_done;
        ndb_http_submit(fixture.http, &crowd[i]);
    }
    await_done(CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].status, NAMIDB_OK);
        ndb_buf_release(&crowd[i].out);
    }
    end_ns = ndb_clock_ns();
    assert_int_equal(http_server_requests(fixture.server), CROWD);
    assert_true(http_server_connections(fixture.server) <= 64);
    finish(&fixture);
    return end_ns - start_ns;
}

/* Who waits for a connection need not wait for the second at which all look
 * again; a machine may be too busy to show that at once. */
static void test_http__a_crowd_shares_64_connections(void **state)
{
    int tries = 0;

    (void)state;
    while (run_crowd() >= 900 * NDB_NS_PER_MS)
        assert_true(++tries < 20);
}

static void test_http__a_child_starts_its_own_client(void **state)
{
    struct ndb_http_exchange exchange;
    struct fixture fixture;
    int status = -1;
    pid_t child;

    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it ends a child that starts a thread */
#endif
    begin(&fixture, echo, NULL);
    exchange = exchange_of(&fixture, "GET");
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
    ndb_buf_release(&exchange.out);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ndb_http *own = NULL;
        int rc;

        ndb_http_close(fixture.http); /* the parent's: nothing happens */
        rc = ndb_http_open(&own, NULL);
        if (rc >= 0 && own != fixture.http)
            rc = ndb_http_run(own, &exchange);
        else
            rc = NAMIDB_EINVAL;
        ndb_http_close(own);
        _exit(rc == NAMIDB_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(ndb_http_run(fixture.http, &exchange), NAMIDB_OK);
    ndb_buf_release(&exchange.out);
    finish(&fixture);
}

static void test_http__runs_out_of_memory_cleanly(void **state)
{
    struct fixture fixture;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    begin(&fixture, echo, NULL);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        struct ndb_http_exchange exchange = exchange_of(&fixture, "GET");

        assert_true(k < 50);
        ndb_mem_fail_from(k);
        rc = ndb_http_run(fixture.http, &exchange);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        ndb_buf_release(&exchange.out);
    }
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http__sends_the_path_as_it_is_on_one_connection),
        cmocka_unit_test(test_http__sends_a_body_and_just_the_headers_given),
        cmocka_unit_test(test_http__sends_an_empty_body),
        cmocka_unit_test(test_http__refuses_a_header_with_a_line_end),
        cmocka_unit_test(test_http__never_resends_a_body_by_itself),
        cmocka_unit_test(test_http__a_refused_connection_sent_nothing),
        cmocka_unit_test(test_http__a_body_cut_short_is_a_failure),
        cmocka_unit_test(test_http__an_answer_above_the_bound_is_limit),
        cmocka_unit_test(test_http__the_deadline_ends_a_server_that_hangs),
        cmocka_unit_test(test_http__a_stall_ends_long_before_the_deadline),
        cmocka_unit_test(test_http__uses_no_connection_that_was_idle_too_long),
        cmocka_unit_test(test_http__uses_no_connection_that_has_grown_old),
        cmocka_unit_test(
            test_http__cancel_ends_what_is_under_way_and_what_waits),
        cmocka_unit_test(test_http__begins_no_sooner_than_asked),
        cmocka_unit_test(test_http__a_crowd_shares_64_connections),
        cmocka_unit_test(test_http__a_child_starts_its_own_client),
        cmocka_unit_test(test_http__runs_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
