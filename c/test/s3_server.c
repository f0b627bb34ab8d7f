/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_server.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "s3_bucket.h"
#include "s3_dialect.h"

enum { HEADERS_BYTES = 8 << 10 };

struct s3_server {
    struct http_server *http;
    pthread_mutex_t lock;
    struct s3_bucket bucket;
    struct s3_fault fault;
    enum s3_dialect dialect;
    unsigned count; /* of requests */
    unsigned seen;
    char headers[HEADERS_BYTES]; /* of the last request */
    char target[HEADERS_BYTES];
};

/* -------------------------------------------------------------- requests -- */

static void remember(struct s3_server *server,
                     const struct http_request *request)
{
    (void)snprintf(server->headers, sizeof server->headers, "%s",
                   request->headers);
    (void)snprintf(server->target, sizeof server->target, "%s",
                   request->target);
}

/* What is to go wrong with this request. */
static struct s3_fault next_fault(struct s3_server *server, const char *method)
{
    const struct s3_fault *fault = &server->fault;
    unsigned count = fault->count != 0 ? fault->count : 1;

    if (fault->method != NULL && strcmp(fault->method, method) != 0)
        return (struct s3_fault){ .kind = S3_NO_FAULT };
    server->seen++;
    if (server->seen < fault->at || server->seen - fault->at >= count)
        return (struct s3_fault){ .kind = S3_NO_FAULT };
    return *fault;
}

/* Under the lock. */
static void apply(struct s3_server *server, const struct http_request *request,
                  char target[HEADERS_BYTES], struct s3_reply *answer)
{
    server->count++;
    if (s3_dialect_admit(server->dialect, request, server->count, target,
                         HEADERS_BYTES, answer))
        s3_bucket_apply(&server->bucket, request, target, answer);
    s3_dialect_word(server->dialect, request, answer);
}

static void reply(const struct http_request *request,
                  const struct s3_reply *answer)
{
    char headers[1024];
    char date[64];
    time_t now = time(NULL);
    struct tm utc;

    (void)gmtime_r(&now, &utc);
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    (void)snprintf(headers, sizeof headers, "%s%s%s%s", answer->headers,
                   strcasestr(answer->headers, "date:") == NULL ? "Date: " : "",
                   strcasestr(answer->headers, "date:") == NULL ? date : "",
                   strcasestr(answer->headers, "date:") == NULL ? "\r\n" : "");
    http_reply(request, answer->status, headers,
               ndb_slice(answer->data, answer->bytes));
}

static bool handle(void *context, const struct http_request *request)
{
    struct s3_server *server = context;
    struct s3_reply answer = { .status = 0 };
    char target[HEADERS_BYTES];
    struct s3_fault fault;

    answer.body = open_memstream(&answer.data, &answer.bytes);
    if (answer.body == NULL)
        abort();
    (void)snprintf(target, sizeof target, "%s", request->target);
    (void)pthread_mutex_lock(&server->lock);
    remember(server, request);
    fault = next_fault(server, request->method);
    if (fault.kind != S3_ANSWER && fault.kind != S3_DROP)
        apply(server, request, target, &answer);
    (void)pthread_mutex_unlock(&server->lock);
    if (fault.kind == S3_ANSWER || fault.kind == S3_APPLY_ANSWER) {
        answer.status = fault.status;
        rewind(answer.body);
        (void)snprintf(answer.headers, sizeof answer.headers, "%s",
                       fault.headers != NULL ? fault.headers : "");
        if (fault.body != NULL)
            (void)fprintf(answer.body, "%s", fault.body);
    }
    (void)fclose(answer.body);
    if (fault.kind == S3_HANG)
        http_server_hang(request);
    else if (fault.kind != S3_DROP && fault.kind != S3_APPLY_DROP)
        reply(request, &answer);
    free(answer.data);
    return fault.kind != S3_DROP && fault.kind != S3_APPLY_DROP &&
           fault.kind != S3_HANG;
}

/* ------------------------------------------------------------ the server -- */

struct s3_server *s3_server_start(void)
{
    struct s3_server *server = calloc(1, sizeof *server);

    if (server == NULL)
        abort();
    (void)pthread_mutex_init(&server->lock, NULL);
    server->bucket.lock = &server->lock;
    server->bucket.uploads = s3_uploads_new();
    server->http = http_server_start(handle, server);
    return server;
}

void s3_server_stop(struct s3_server *server)
{
    http_server_stop(server->http);
    while (server->bucket.count != 0)
        s3_bucket_drop(&server->bucket, server->bucket.count - 1);
    s3_uploads_free(server->bucket.uploads);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

void s3_server_drip(struct s3_server *server, unsigned pause_us)
{
    http_server_drip(server->http, pause_us);
}

unsigned s3_server_dripped(struct s3_server *server)
{
    return http_server_dripped(server->http);
}

int s3_server_port(const struct s3_server *server)
{
    return http_server_port(server->http);
}

void s3_server_plan(struct s3_server *server, const struct s3_fault *fault)
{
    (void)pthread_mutex_lock(&server->lock);
    server->fault = *fault;
    server->seen = 0;
    (void)pthread_mutex_unlock(&server->lock);
}

void s3_server_behave(struct s3_server *server, enum s3_manner manner)
{
    (void)pthread_mutex_lock(&server->lock);
    server->bucket.manner = manner;
    (void)pthread_mutex_unlock(&server->lock);
}

void s3_server_speak(struct s3_server *server, enum s3_dialect dialect)
{
    (void)pthread_mutex_lock(&server->lock);
    server->dialect = dialect;
    (void)pthread_mutex_unlock(&server->lock);
}

unsigned s3_server_seen(struct s3_server *server)
{
    unsigned seen;

    (void)pthread_mutex_lock(&server->lock);
    seen = server->seen;
    (void)pthread_mutex_unlock(&server->lock);
    return seen;
}

unsigned s3_server_connections(struct s3_server *server)
{
    return http_server_connections(server->http);
}

void s3_server_header(struct s3_server *server, const char *name, char *out,
                      size_t capacity)
{
    struct http_request request = { .headers = server->headers };

    (void)pthread_mutex_lock(&server->lock);
    if (!http_request_header(&request, name, out, capacity))
        out[0] = '\0';
    (void)pthread_mutex_unlock(&server->lock);
}

void s3_server_target(struct s3_server *server, char *out, size_t capacity)
{
    (void)pthread_mutex_lock(&server->lock);
    (void)snprintf(out, capacity, "%s", server->target);
    (void)pthread_mutex_unlock(&server->lock);
}

bool s3_server_has(struct s3_server *server, const char *key)
{
    bool is_there;

    (void)pthread_mutex_lock(&server->lock);
    (void)s3_bucket_find(&server->bucket, key, &is_there);
    (void)pthread_mutex_unlock(&server->lock);
    return is_there;
}

size_t s3_server_uploads(struct s3_server *server)
{
    size_t count;

    (void)pthread_mutex_lock(&server->lock);
    count = s3_uploads_count(server->bucket.uploads);
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

unsigned s3_server_in_class(struct s3_server *server, const char *storage_class)
{
    unsigned count = 0;

    (void)pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->bucket.count; i++)
        count +=
            strcmp(server->bucket.objects[i].storage_class, storage_class) == 0;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t s3_server_count(struct s3_server *server)
{
    size_t count;

    (void)pthread_mutex_lock(&server->lock);
    count = server->bucket.count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}
