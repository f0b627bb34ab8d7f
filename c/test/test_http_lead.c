/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sends, receives and calls back: the thread that waits, or the client's.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#include "http_server.h"
#include "net/http.h"
#include "sys/clock.h"

enum { THREADS = 6, REQUESTS_EACH = 40 };

struct fixture {
    struct http_server *server;
    struct ndb_http *http;
    char url[64];
    char held_url[80]; /* answered when is_released */
    atomic_bool is_released;
};

/* One request, and who called back. */
struct watched {
    struct ndb_http_exchange exchange;
    pthread_t thread;
    atomic_bool is_done;
};

static bool answer(void *context, const struct http_request *request)
{
    struct fixture *fixture = context;
    struct timespec pause = { 0, 1000000 };

    while (strcmp(request->target, "/held") == 0 &&
           !atomic_load(&fixture->is_released))
        (void)nanosleep(&pause, NULL);
    http_reply(request, 200, "", ndb_slice_text("answer"));
    return true;
}

static void begin(struct fixture *fixture)
{
    atomic_init(&fixture->is_released, false);
    fixture->server = http_server_start(answer, fixture);
    assert_int_equal(ndb_http_open(&fixture->http, NULL), NAMIDB_OK);
    (void)snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%d/",
                   http_server_port(fixture->server));
    (void)snprintf(fixture->held_url, sizeof fixture->held_url, "%sheld",
                   fixture->url);
}

static void finish(struct fixture *fixture)
{
    ndb_http_close(fixture->http);
    http_server_stop(fixture->server);
}

static struct ndb_http_exchange get(const char *url)
{
    return (struct ndb_http_exchange){ .method = "GET",
                                       .url = url,
                                       .answer_bytes_max = 1 << 20,
                                       .deadline_ns =
                                           ndb_deadline_after(20000) };
}

static void note_done(struct ndb_http_exchange *exchange)
{
    struct watched *watched = exchange->context;

    watched->thread = pthread_self();
    atomic_store(&watched->is_done, true);
}

static bool is_done(void *context)
{
    return atomic_load((atomic_bool *)context);
}

static void submit(struct fixture *fixture, struct watched *watched,
                   const char *url)
{
    watched->exchange = get(url);
    watched->exchange.done = note_done;
    watched->exchange.context = watched;
    atomic_init(&watched->is_done, false);
    ndb_http_submit(fixture->http, &watched->exchange);
}

static void await(struct watched *watched)
{
    struct timespec pause = { 0, 1000000 };
    int64_t deadline_ns = ndb_deadline_after(20000);

    while (!atomic_load(&watched->is_done)) {
        assert_true(ndb_clock_ns() < deadline_ns);
        (void)nanosleep(&pause, NULL);
    }
}

/* It was answered, by this thread or by another. */
static void check(struct watched *watched, bool is_own)
{
    assert_int_equal(watched->exchange.status, NAMIDB_OK);
    assert_int_equal(watched->exchange.out.bytes, 6);
    assert_int_equal(pthread_equal(watched->thread, pthread_self()) != 0,
                     is_own);
    ndb_buf_release(&watched->exchange.out);
}

static void test_http_lead__who_waits_calls_back(void **state)
{
    struct fixture fixture;
    struct watched watched;

    (void)state;
    begin(&fixture);
    ndb_http_will_lead();
    submit(&fixture, &watched, fixture.url);
    ndb_http_lead(fixture.http, is_done, &watched.is_done);
    assert_true(atomic_load(&watched.is_done));
    check(&watched, true);
    finish(&fixture);
}

static void test_http_lead__the_client_leads_if_nobody_does(void **state)
{
    struct fixture fixture;
    struct watched watched;

    (void)state;
    begin(&fixture);
    for (int i = 0; i < 3; i++) {
        submit(&fixture, &watched, fixture.url);
        await(&watched);
        check(&watched, false);
    }
    finish(&fixture);
}

static void test_http_lead__what_a_leader_leaves_behind_goes_on(void **state)
{
    struct fixture fixture;
    struct watched held;
    struct watched watched;

    (void)state;
    begin(&fixture);
    ndb_http_will_lead();
    submit(&fixture, &held, fixture.held_url);
    submit(&fixture, &watched, fixture.url);
    ndb_http_lead(fixture.http, is_done, &watched.is_done);
    check(&watched, true);
    assert_false(atomic_load(&held.is_done));
    atomic_store(&fixture.is_released, true);
    await(&held);
    check(&held, false);
    finish(&fixture);
}

/* Makes true what the test leads for, once its request has come. */
static void *call_over(void *context)
{
    struct fixture *fixture = context;

    http_server_await(fixture->server, 1);
    atomic_store(&fixture->is_released, true);
    ndb_http_wake(fixture->http);
    return NULL;
}

static void test_http_lead__is_over_when_another_says_so(void **state)
{
    struct fixture fixture;
    struct watched held;
    pthread_t thread;

    (void)state;
    begin(&fixture);
    ndb_http_will_lead();
    submit(&fixture, &held, fixture.held_url);
    assert_int_equal(pthread_create(&thread, NULL, call_over, &fixture), 0);
    ndb_http_lead(fixture.http, is_done, &fixture.is_released);
    assert_int_equal(pthread_join(thread, NULL), 0);
    await(&held);
    ndb_buf_release(&held.exchange.out);
    finish(&fixture);
}

static void *run_many(void *context)
{
    struct fixture *fixture = context;
    uintptr_t failed = 0;

    for (int i = 0; i < REQUESTS_EACH; i++) {
        struct ndb_http_exchange exchange = get(fixture->url);

        if (ndb_http_run(fixture->http, &exchange) < 0 ||
            exchange.out.bytes != 6)
            failed++;
        ndb_buf_release(&exchange.out);
    }
    return (void *)failed;
}

static void test_http_lead__passes_from_thread_to_thread(void **state)
{
    struct fixture fixture;
    pthread_t threads[THREADS];

    (void)state;
    begin(&fixture);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, &fixture),
                         0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(http_server_requests(fixture.server),
                     THREADS * REQUESTS_EACH);
    finish(&fixture);
}

/* Between saying so and leading, a thread may take its time. */
static void test_http_lead__who_will_lead_holds_up_nobody(void **state)
{
    struct fixture fixture;
    struct watched watched;
    pthread_t thread;
    void *failed;

    (void)state;
    begin(&fixture);
    ndb_http_will_lead();
    assert_int_equal(pthread_create(&thread, NULL, run_many, &fixture), 0);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    submit(&fixture, &watched, fixture.url);
    ndb_http_lead(fixture.http, is_done, &watched.is_done);
    await(&watched);
    ndb_buf_release(&watched.exchange.out);
    finish(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_lead__who_waits_calls_back),
        cmocka_unit_test(test_http_lead__the_client_leads_if_nobody_does),
        cmocka_unit_test(test_http_lead__what_a_leader_leaves_behind_goes_on),
        cmocka_unit_test(test_http_lead__is_over_when_another_says_so),
        cmocka_unit_test(test_http_lead__who_will_lead_holds_up_nobody),
        cmocka_unit_test(test_http_lead__passes_from_thread_to_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
