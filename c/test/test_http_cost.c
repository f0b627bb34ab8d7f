/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a small exchange costs, in things that can be counted: most of its CPU
 * is in the kernel and in curl's allocations (bench_s3 has the microseconds).
 * An option said to curl anew, a body sent apart from its head or a handle that
 * is not used again would show here.
 */
#include <curl/curl.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "http_server.h"
#include "net/http.h"
#include "sys/clock.h"

enum { EXCHANGES = 200, BODY_BYTES = 1024 };

static atomic_uint allocations;
static atomic_size_t allocated_bytes;
static atomic_uint sends;
static atomic_uint options;
static _Thread_local bool is_client;

/* ------------------------------------------------- the counted functions -- */

static void *count_malloc(size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    atomic_fetch_add(&allocated_bytes, bytes);
    return malloc(bytes);
}

static void *count_realloc(void *old, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return realloc(old, bytes);
}

static void *count_calloc(size_t count, size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    return calloc(count, bytes);
}

static char *count_strdup(const char *text)
{
    atomic_fetch_add(&allocations, 1);
    return strdup(text);
}

/* In place of the C library's, for curl, too; the server has threads of its
 * own. */
__attribute__((visibility("default"))) ssize_t send(int fd, const void *data,
                                                    size_t bytes, int flags)
{
    if (is_client)
        atomic_fetch_add(&sends, 1);
    return sendto(fd, data, bytes, flags, NULL, 0);
}

/* Every option that is not a number of 64 bits is as wide as a pointer. */
#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    static CURLcode (*curls)(CURL *, CURLoption, ...);
    CURLcode code;
    va_list list;

    if (curls == NULL)
        *(void **)&curls = dlsym(RTLD_NEXT, "curl_easy_setopt");
    atomic_fetch_add(&options, 1);
    va_start(list, option);
    code = curls(easy, option, va_arg(list, void *));
    va_end(list);
    return code;
}

/* ---------------------------------------------------------------- tests -- */

static bool answer(void *context, const struct http_request *request)
{
    (void)context;
    http_reply(request, 200, "ETag: \"1\"\r\n", ndb_slice_text("as asked"));
    return true;
}

struct cost {
    double allocations;
    double bytes; /* of them */
    double sends;
    double options;
};

/* Of one exchange, the mean of many, on a connection that is there. */
static struct cost cost_of(const char *method)
{
    static const char body[BODY_BYTES];
    static const struct ndb_http_header headers[] = {
        { "x-amz-date", "20261124T100000Z" },
        { "Authorization", "AWS4-HMAC-SHA256 and what follows" },
    };
    struct http_server *server = http_server_start(answer, NULL);
    struct ndb_http *http;
    char url[64];
    unsigned allocations_before = 0;
    size_t bytes_before = 0;
    unsigned sends_before = 0;
    unsigned options_before = 0;
    struct cost cost;

    assert_int_equal(ndb_http_open(&http, NULL), NAMIDB_OK);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/bucket/key",
                   http_server_port(server));
    is_client = true;
    for (int i = -EXCHANGES; i < EXCHANGES; i++) { /* the first warm up */
        struct ndb_http_exchange exchange = {
            .method = method,
            .url = url,
            .headers = headers,
            .header_count = sizeof headers / sizeof *headers,
            .answer_bytes_max = 64 << 10,
            .deadline_ns = ndb_deadline_after(20000),
        };

        if (i == 0) {
            allocations_before = allocations;
            bytes_before = allocated_bytes;
            sends_before = sends;
            options_before = options;
        }
        if (strcmp(method, "PUT") == 0) {
            exchange.body = ndb_slice(body, sizeof body);
            exchange.has_body = true;
        }
        assert_int_equal(ndb_http_run(http, &exchange), NAMIDB_OK);
        assert_int_equal(exchange.answer.status, 200);
        ndb_buf_release(&exchange.out);
    }
    is_client = false;
    cost.allocations = (double)(allocations - allocations_before) / EXCHANGES;
    cost.bytes = (double)(allocated_bytes - bytes_before) / EXCHANGES;
    cost.sends = (double)(sends - sends_before) / EXCHANGES;
    cost.options = (double)(options - options_before) / EXCHANGES;
    assert_int_equal(http_server_connections(server), 1);
    ndb_http_close(http);
    http_server_stop(server);
    print_message(
        "%s: %.2f allocations of %.0f bytes, %.2f sends, %.2f options\n",
        method, cost.allocations, cost.bytes, cost.sends, cost.options);
    return cost;
}

static void check_cost(const char *method)
{
    struct cost cost = cost_of(method);

    assert_true(cost.sends == 1);
    assert_in_range((unsigned)cost.options, 1, 20);
    assert_in_range((unsigned)cost.allocations, 1, 50);
    assert_in_range((unsigned)cost.bytes, 1, 64 << 10);
}

static void test_http_cost__a_small_get(void **state)
{
    (void)state;
    check_cost("GET");
}

static void
test_http_cost__a_small_put_sends_its_head_and_body_as_one(void **state)
{
    (void)state;
    check_cost("PUT");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_cost__a_small_get),
        cmocka_unit_test(
            test_http_cost__a_small_put_sends_its_head_and_body_as_one),
    };

    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, count_malloc, free,
                             count_realloc, count_strdup,
                             count_calloc) != CURLE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
