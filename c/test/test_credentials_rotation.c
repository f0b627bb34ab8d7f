/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that change under load: one server gives keys and takes requests, and
 * refuses those that were signed with keys that it has revoked.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "aws_home.h"
#include "http_server.h"
#include "store/store.h"
#include "sys/clock.h"

enum { THREADS = 4, ROTATIONS = 20 };

static struct http_server *server;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned issued;     /* the last key that was given */
static unsigned first_good; /* older ones are revoked */
static unsigned refused;
static unsigned rounds[THREADS]; /* that each has ended */
static int lifetime_s;
static bool is_over, has_failed;
static struct ndb_store *store;

static void give_key(const struct http_request *request)
{
    time_t at = (time_t)(ndb_clock_wall_ms() / 1000 + lifetime_s);
    char expires[32];
    char text[256];
    struct tm utc;

    (void)gmtime_r(&at, &utc);
    (void)strftime(expires, sizeof expires, "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)snprintf(text, sizeof text,
                   "{\"AccessKeyId\":\"KEY%u\",\"SecretAccessKey\":\"hush\","
                   "\"Token\":\"TOKEN%u\",\"Expiration\":\"%s\"}",
                   issued + 1, issued + 1, expires);
    issued++;
    http_reply(request, 200, "", ndb_slice_text(text));
}

/* Key and token must be of one snapshot, and not revoked. */
static void take_request(const struct http_request *request)
{
    char text[512] = "";
    unsigned key = 0;
    unsigned token = 1;

    (void)http_request_header(request, "Authorization", text, sizeof text);
    if (strstr(text, "Credential=KEY") != NULL)
        (void)sscanf(strstr(text, "Credential=KEY"), "Credential=KEY%u", &key);
    (void)http_request_header(request, "x-amz-security-token", text,
                              sizeof text);
    (void)sscanf(text, "TOKEN%u", &token);
    if (key != token) {
        http_reply(request, 403, "",
                   ndb_slice_text("<Error><Code>InvalidToken</Code></Error>"));
    } else if (key < first_good) {
        refused++;
        http_reply(request, 400, "",
                   ndb_slice_text("<Error><Code>ExpiredToken</Code></Error>"));
    } else {
        http_reply(request, 200, "ETag: \"x\"\r\n", ndb_slice_text("x"));
    }
}

static bool serve(void *context, const struct http_request *request)
{
    (void)context;
    (void)pthread_mutex_lock(&lock);
    if (strcmp(request->target, "/keys") == 0)
        give_key(request);
    else
        take_request(request);
    (void)pthread_mutex_unlock(&lock);
    return true;
}

static void begin(int lifetime)
{
    namidb_error err;
    char text[128];

    aws_home_clear();
    issued = first_good = refused = 0;
    memset(rounds, 0, sizeof rounds);
    is_over = has_failed = false;
    lifetime_s = lifetime;
    server = http_server_start(serve, NULL);
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%d/keys",
                   http_server_port(server));
    (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", text, 1);
    (void)snprintf(text, sizeof text,
                   "s3://bucket/p?endpoint=http://127.0.0.1:%d",
                   http_server_port(server));
    if (ndb_store_open(&store, text, &err) < 0)
        fail_msg("%s", err.message);
}

static void finish(void)
{
    ndb_store_close(store);
    http_server_stop(server);
}

/* Gets and puts until told to stop; NULL when none failed. */
static void *load(void *context)
{
    unsigned *round = context;
    bool must_stop = false;

    while (!must_stop) {
        struct ndb_request requests[2] = {
            { .op = NDB_GET, .key = "log/1" },
            { .op = NDB_PUT_IF_ABSENT, .key = "log/2" },
        };
        namidb_error *err = NULL;

        for (int i = 0; i < 2; i++)
            requests[i].deadline_ns = ndb_deadline_after(60000);
        requests[1].body = ndb_slice_text("x");
        (void)ndb_store_run(store, requests, 2, NULL);
        for (int i = 0; i < 2 && err == NULL; i++)
            if (requests[i].status != NAMIDB_OK)
                err = &requests[i].err;
        if (err != NULL) {
            (void)fprintf(stderr, "# %s\n", err->message);
            (void)pthread_mutex_lock(&lock);
            has_failed = true;
            (void)pthread_cond_broadcast(&changed);
            (void)pthread_mutex_unlock(&lock);
            return round;
        }
        ndb_request_release(&requests[0]);
        (void)pthread_mutex_lock(&lock);
        ++*round;
        must_stop = is_over;
        (void)pthread_cond_broadcast(&changed);
        (void)pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* Waits until each thread has ended two more rounds, so that a request that was
 * under way before is over. Under lock. */
static void await_rounds(void)
{
    unsigned wanted[THREADS];

    for (int i = 0; i < THREADS; i++)
        wanted[i] = rounds[i] + 2;
    for (int i = 0; i < THREADS; i++)
        while (rounds[i] < wanted[i] && !has_failed)
            (void)pthread_cond_wait(&changed, &lock);
}

static void start(pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load, &rounds[i]),
                         0);
}

static void stop(const pthread_t threads[THREADS])
{
    (void)pthread_mutex_lock(&lock);
    is_over = true;
    (void)pthread_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++) {
        void *failed;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void test_rotation__revoked_keys_lose_no_request(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    begin(3600);
    start(threads);
    (void)pthread_mutex_lock(&lock);
    for (int i = 0; i < ROTATIONS; i++) {
        await_rounds();
        first_good = issued + 1; /* all that were given */
    }
    (void)pthread_mutex_unlock(&lock);
    stop(threads);
    assert_true(refused >= ROTATIONS - 1);
    assert_true(issued >= ROTATIONS && issued <= ROTATIONS + 1);
    finish();
}

/* Keys that are always about to end: each request has one renewed behind it. */
static void test_rotation__renewal_under_load_loses_no_request(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    begin(60);
    start(threads);
    (void)pthread_mutex_lock(&lock);
    while (issued < ROTATIONS && !has_failed)
        await_rounds();
    (void)pthread_mutex_unlock(&lock);
    stop(threads);
    assert_int_equal(refused, 0);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation__revoked_keys_lose_no_request),
        cmocka_unit_test(test_rotation__renewal_under_load_loses_no_request),
    };

    return cmocka_run_group_tests_name("credentials_rotation", tests,
                                       aws_home_setup, aws_home_teardown);
}
