/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The S3 client by itself, below the engine.
 *
 * usage: bench_s3 URI put MIB     puts the object "pack/large"
 *        bench_s3 URI get         gets it, once: "get_s SECONDS"
 *        bench_s3 URI small N     N small PUTs and GETs, one after the other:
 *                                 "put_cpu_us", "get_cpu_us": of all threads
 *        bench_s3 URI busy N      the same, 16 in flight
 *        bench_s3 URL curl N      N GETs of that object by libcurl alone, which
 *                                 signs them, too: "get_cpu_us"
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/rand.h"
#include "store/store.h"
#include "sys/clock.h"

enum { SMALL_BYTES = 1024, DEADLINE_MS = 300000, BUSY = 16 };

static struct ndb_store *store;

static void run_all(struct ndb_request *requests, size_t count)
{
    namidb_error err = { .code = 0 };

    for (size_t i = 0; i < count; i++)
        requests[i].deadline_ns = ndb_deadline_after(DEADLINE_MS);
    if (ndb_store_run(store, requests, count, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
}

static void run(struct ndb_request *request)
{
    run_all(request, 1);
}

static double cpu_us(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return 1e6 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static struct ndb_slice random_bytes(size_t bytes)
{
    uint8_t *data = ndb_alloc(bytes);

    if (data == NULL)
        exit(1);
    ndb_rand_bytes(data, bytes);
    return ndb_slice(data, bytes);
}

static void put_large(size_t mib)
{
    struct ndb_request put = { .op = NDB_PUT, .key = "pack/large" };

    put.body = random_bytes(mib << 20);
    run(&put);
}

static void get_large(void)
{
    struct ndb_request get = { .op = NDB_GET, .key = "pack/large" };
    int64_t started_ns = ndb_clock_ns();

    run(&get);
    (void)printf("get_s %.4f\n", (double)(ndb_clock_ns() - started_ns) / 1e9);
    ndb_request_release(&get);
}

/* CPU of each of `count` small requests, so many in flight, in us. */
static double small_cpu_us(enum ndb_store_op op, int count, int in_flight,
                           int pass)
{
    struct ndb_slice body = random_bytes(SMALL_BYTES);
    char keys[BUSY][32];
    double before = cpu_us();

    for (int i = 0; i < count; i += in_flight) {
        struct ndb_request requests[BUSY];

        for (int j = 0; j < in_flight; j++) {
            (void)snprintf(keys[j], sizeof keys[j], "log/%d-%d-%d", in_flight,
                           pass, i + j);
            requests[j] = (struct ndb_request){ .op = op, .key = keys[j] };
            if (op == NDB_PUT_IF_ABSENT)
                requests[j].body = body;
        }
        run_all(requests, (size_t)in_flight);
        for (int j = 0; j < in_flight; j++)
            ndb_request_release(&requests[j]);
    }
    before = cpu_us() - before;
    ndb_free((uint8_t *)body.data);
    return before / count;
}

static void small(int count, int in_flight)
{
    double put_us = 0, get_us = 0;

    for (int pass = 0; pass < 2; pass++) { /* the first one warms up */
        put_us = small_cpu_us(NDB_PUT_IF_ABSENT, count, in_flight, pass);
        get_us = small_cpu_us(NDB_GET, count, in_flight, pass);
    }
    (void)printf("put_cpu_us %.1f\nget_cpu_us %.1f\n", put_us, get_us);
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

/* The least that a program has to say to libcurl: one handle, never reset. */
static void curl_alone(const char *url, int count)
{
    CURL *easy = curl_easy_init();
    char keys[256];
    double before = 0;
    long status = 0;

    (void)snprintf(keys, sizeof keys, "%s:%s", getenv("AWS_ACCESS_KEY_ID"),
                   getenv("AWS_SECRET_ACCESS_KEY"));
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_USERPWD, keys);
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:s3");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    for (int i = -count; i < count && status < 300; i++) {
        if (i == 0)
            before = cpu_us();
        if (curl_easy_perform(easy) != CURLE_OK)
            exit(1);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    }
    curl_easy_cleanup(easy);
    if (status != 200)
        exit(1);
    (void)printf("get_cpu_us %.1f\n", (cpu_us() - before) / count);
}

int main(int argc, char **argv)
{
    namidb_error err = { .code = 0 };

    if (argc == 4 && strcmp(argv[2], "curl") == 0) {
        curl_alone(argv[1], atoi(argv[3]));
        return 0;
    }
    if (argc < 3 || ndb_store_open(&store, argv[1], &err) < 0) {
        (void)fprintf(stderr, "%s\n",
                      argc < 3
                          ? "usage: bench_s3 URI put|get|small|busy|curl [N]"
                          : err.message);
        return 1;
    }
    if (strcmp(argv[2], "put") == 0)
        put_large((size_t)atoi(argc > 3 ? argv[3] : "256"));
    else if (strcmp(argv[2], "get") == 0)
        get_large();
    else
        small(atoi(argc > 3 ? argv[3] : "2000"),
              strcmp(argv[2], "busy") == 0 ? BUSY : 1);
    ndb_store_close(store);
    return 0;
}
