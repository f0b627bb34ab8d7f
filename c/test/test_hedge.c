/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that is sent twice: whichever answer is good, in either order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "http_server.h"
#include "net/hedge.h"
#include "sys/clock.h"
#include "sys/thread.h"

/* What becomes of the first and of the second request. */
enum fate { GOOD, BAD, HANGS, DROPS };

struct fixture {
    enum fate fates[2];
    struct http_server *server;
    struct ndb_http *http;
    struct ndb_hedge hedge;
    struct ndb_http_exchange exchange;
    pthread_mutex_t lock;
    struct ndb_cond cond;
    bool is_done;
};

/* The first is answered only when the second has come. */
static bool handle(void *context, const struct http_request *request)
{
    struct fixture *fixture = context;
    enum fate fate = fixture->fates[request->index == 1 ? 0 : 1];

    if (request->index == 1)
        http_server_await(request->server, 2);
    if (fate == HANGS)
        http_server_hang(request);
    else if (fate != DROPS)
        http_reply(request, fate == GOOD ? 200 : 503, "",
                   ndb_slice_text(request->index == 1 ? "first" : "second"));
    return fate == GOOD || fate == BAD;
}

static void on_late(struct ndb_http_exchange *exchange)
{
    struct fixture *fixture = exchange->context;

    ndb_hedge_send(&fixture->hedge, fixture->http, exchange);
}

static void on_done(struct ndb_http_exchange *exchange)
{
    struct fixture *fixture = exchange->context;

    (void)pthread_mutex_lock(&fixture->lock);
    assert_false(fixture->is_done);
    fixture->is_done = true;
    ndb_cond_signal(&fixture->cond);
    (void)pthread_mutex_unlock(&fixture->lock);
}

/* The first request has to reach the server before the second, by whose order
 * fates are dealt. */
#define LATE_NS (100 * NDB_NS_PER_MS)

/* Sends one request that is late soon. */
static void run(struct fixture *fixture, enum fate first, enum fate second,
                int64_t deadline_ms)
{
    char url[64];

    *fixture = (struct fixture){ .fates = { first, second } };
    (void)pthread_mutex_init(&fixture->lock, NULL);
    ndb_cond_init(&fixture->cond);
    fixture->server = http_server_start(handle, fixture);
    assert_int_equal(ndb_http_open(&fixture->http, NULL), NAMIDB_OK);
    for (int i = 0; i < NDB_LATENCY_SHARE; i++)
        ndb_latency_add(&fixture->hedge.latency, NDB_NS_PER_MS);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/",
                   http_server_port(fixture->server));
    fixture->exchange = (struct ndb_http_exchange){
        .method = "GET",
        .url = url,
        .answer_bytes_max = 1000,
        .deadline_ns = ndb_deadline_after(deadline_ms),
        .late_after_ns = LATE_NS, /* long enough to arrive before it */
        .late = on_late,
        .done = on_done,
        .context = fixture,
    };
    ndb_http_submit(fixture->http, &fixture->exchange);
    (void)pthread_mutex_lock(&fixture->lock);
    while (!fixture->is_done)
        (void)ndb_cond_wait(&fixture->cond, &fixture->lock, NDB_NEVER);
    (void)pthread_mutex_unlock(&fixture->lock);
    assert_ptr_equal(fixture->exchange.context, fixture);
    assert_int_equal(atomic_load(&fixture->hedge.count), 1);
}

static void finish(struct fixture *fixture)
{
    ndb_buf_release(&fixture->exchange.out);
    ndb_http_close(fixture->http);
    http_server_stop(fixture->server);
    ndb_cond_release(&fixture->cond);
    (void)pthread_mutex_destroy(&fixture->lock);
}

static void test_hedge__the_first_good_answer_counts(void **state)
{
    static const struct {
        enum fate first, second;
        const char *body;
    } cases[] = {
        { HANGS, GOOD, "second" }, { BAD, GOOD, "second" },
        { DROPS, GOOD, "second" }, { GOOD, HANGS, "first" },
        { GOOD, BAD, "first" },    { GOOD, DROPS, "first" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;
        int64_t begun_ns = ndb_clock_ns();

        run(&fixture, cases[i].first, cases[i].second, 20000);
        if (fixture.exchange.status != NAMIDB_OK ||
            fixture.exchange.answer.status != 200)
            fail_msg("case %zu: %s", i, fixture.exchange.err.message);
        assert_int_equal(fixture.exchange.answer.content_length,
                         strlen(cases[i].body));
        assert_true(ndb_slice_equal(ndb_buf_slice(&fixture.exchange.out),
                                    ndb_slice_text(cases[i].body)));
        assert_true(ndb_clock_ns() - begun_ns < 10000 * NDB_NS_PER_MS);
        finish(&fixture);
    }
}

static void test_hedge__two_bad_answers_are_the_first_one(void **state)
{
    struct fixture fixture;

    (void)state;
    run(&fixture, BAD, DROPS, 20000);
    assert_int_equal(fixture.exchange.status, NAMIDB_OK);
    assert_int_equal(fixture.exchange.answer.status, 503);
    finish(&fixture);
    run(&fixture, DROPS, BAD, 20000);
    assert_int_equal(fixture.exchange.status, NAMIDB_EIO);
    assert_true(fixture.exchange.is_sent);
    finish(&fixture);
}

static void test_hedge__neither_waits_past_the_deadline(void **state)
{
    struct fixture fixture;
    int64_t begun_ns = ndb_clock_ns();
    int64_t took_ns;

    (void)state;
    run(&fixture, HANGS, HANGS, 300);
    took_ns = ndb_clock_ns() - begun_ns;
    assert_int_equal(fixture.exchange.status, NAMIDB_ETIMEOUT);
    assert_in_range(fixture.exchange.waited_ns, 1, took_ns);
    assert_in_range(took_ns, 290 * NDB_NS_PER_MS, 5000 * NDB_NS_PER_MS);
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hedge__the_first_good_answer_counts),
        cmocka_unit_test(test_hedge__two_bad_answers_are_the_first_one),
        cmocka_unit_test(test_hedge__neither_waits_past_the_deadline),
    };

    return cmocka_run_group_tests_name("hedge", tests, NULL, NULL);
}
