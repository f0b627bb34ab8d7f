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

#include "s3_uploads.h"

enum { OBJECTS_MAX = 4096, HEADERS_BYTES = 8 << 10 };

struct object {
    char *key;
    uint8_t *data;
    size_t bytes;
};

struct s3_server {
    struct http_server *http;
    pthread_mutex_t lock;
    struct object objects[OBJECTS_MAX]; /* by key */
    size_t count;
    struct s3_uploads *uploads;
    struct s3_fault fault;
    enum s3_manner manner;
    unsigned seen;
    char headers[HEADERS_BYTES]; /* of the last request */
    char target[HEADERS_BYTES];
};

/* An answer that is put together under the lock and sent after it. Its memory
 * is not the database's: tests take that away. */
struct answer {
    int status;
    char headers[512];
    FILE *body;
    char *data; /* what was written to body */
    size_t bytes;
};

/* --------------------------------------------------------------- objects -- */

/* The place of a key, or where it would stand. */
static size_t find(const struct s3_server *server, const char *key,
                   bool *is_there)
{
    size_t at = 0;

    while (at < server->count && strcmp(server->objects[at].key, key) < 0)
        at++;
    *is_there = at < server->count && strcmp(server->objects[at].key, key) == 0;
    return at;
}

static void drop_object(struct s3_server *server, size_t at)
{
    free(server->objects[at].key);
    free(server->objects[at].data);
    server->count--;
    memmove(&server->objects[at], &server->objects[at + 1],
            (server->count - at) * sizeof server->objects[0]);
}

static void keep_object(struct s3_server *server, const char *key,
                        struct ndb_slice body)
{
    bool is_there;
    size_t at = find(server, key, &is_there);

    if (is_there)
        drop_object(server, at);
    if (server->count == OBJECTS_MAX)
        abort();
    memmove(&server->objects[at + 1], &server->objects[at],
            (server->count - at) * sizeof server->objects[0]);
    server->count++;
    server->objects[at] =
        (struct object){ strdup(key), malloc(body.bytes + 1), body.bytes };
    memcpy(server->objects[at].data, body.data, body.bytes);
}

/* --------------------------------------------------------------- answers -- */

static void refuse(struct answer *answer, int status, const char *code)
{
    answer->status = status;
    (void)fprintf(answer->body,
                  "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>so it "
                  "is</Message></Error>",
                  code);
}

static void percent_decode(char *text)
{
    char *out = text;

    for (; *text != '\0'; text++) {
        unsigned byte;

        if (text[0] == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
            *out++ = (char)byte;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

static void get_object(struct s3_server *server, const char *key,
                       const char *range, struct answer *answer)
{
    bool is_there;
    const struct object *object =
        &server->objects[find(server, key, &is_there)];
    uint64_t first = 0;
    uint64_t last;

    if (!is_there) {
        refuse(answer, 404, "NoSuchKey");
        return;
    }
    last = object->bytes - 1;
    answer->status = 200;
    if (range[0] != '\0') {
        uint64_t end = last;

        if (sscanf(range, "bytes=%" SCNu64 "-%" SCNu64, &first, &end) < 1)
            abort();
        if (first >= object->bytes) {
            refuse(answer, 416, "InvalidRange");
            (void)snprintf(answer->headers, sizeof answer->headers,
                           "Content-Range: bytes */%zu\r\n", object->bytes);
            return;
        }
        last = end < last ? end : last;
        answer->status = 206;
        (void)snprintf(answer->headers, sizeof answer->headers,
                       "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%zu\r\n",
                       first, last, object->bytes);
    }
    if (object->bytes != 0)
        (void)fwrite(object->data + first, 1, last - first + 1, answer->body);
}

static void print_encoded(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        (void)fprintf(out, strchr("%+&< ", *text) != NULL ? "%%%02X" : "%c",
                      (unsigned char)*text);
}

/* The decoded value of a parameter of the query. */
static void param(const char *query, const char *name, char *out,
                  size_t capacity)
{
    const char *at = query;
    size_t bytes = strlen(name);

    out[0] = '\0';
    while (at != NULL) {
        at++;
        if (strncmp(at, name, bytes) == 0 && at[bytes] == '=') {
            (void)snprintf(out, capacity, "%.*s",
                           (int)strcspn(at + bytes + 1, "&"), at + bytes + 1);
            percent_decode(out);
            return;
        }
        at = strchr(at, '&');
    }
}

static void list_objects(struct s3_server *server, const char *query,
                         struct answer *answer)
{
    char prefix[1100];
    char after[1100];
    char limit[16];
    unsigned left;
    bool is_truncated = false;

    param(query, "prefix", prefix, sizeof prefix);
    param(query, "start-after", after, sizeof after);
    param(query, "max-keys", limit, sizeof limit);
    left = (unsigned)strtoul(limit, NULL, 10);
    answer->status = 200;
    (void)fprintf(answer->body,
                  "<ListBucketResult><EncodingType>url</EncodingType>");
    for (size_t i = 0; i < server->count; i++) {
        const struct object *object = &server->objects[i];

        if (strncmp(object->key, prefix, strlen(prefix)) != 0 ||
            (after[0] != '\0' && strcmp(object->key, after) <= 0))
            continue;
        if (left-- == 0) {
            is_truncated = true;
            break;
        }
        (void)fprintf(answer->body, "<Contents><Key>");
        print_encoded(answer->body, object->key);
        (void)fprintf(
            answer->body,
            "</Key><Size>%zu</Size><LastModified>2026-11-24T10:00:00.000Z"
            "</LastModified></Contents>",
            object->bytes);
    }
    (void)fprintf(answer->body,
                  "<IsTruncated>%s</IsTruncated></ListBucketResult>",
                  is_truncated ? "true" : "false");
}

static void put_object(struct s3_server *server,
                       const struct http_request *request, const char *key,
                       struct answer *answer)
{
    char value[8];
    bool is_conditional =
        http_request_header(request, "If-None-Match", value, sizeof value);
    bool is_there;

    (void)find(server, key, &is_there);
    if (is_conditional && server->manner == S3_RACES) {
        (void)pthread_mutex_unlock(&server->lock);
        (void)usleep(5000);
        (void)pthread_mutex_lock(&server->lock);
    }
    answer->status = 200;
    if (is_conditional && is_there && server->manner != S3_IGNORES)
        refuse(answer, 412, "PreconditionFailed");
    if (answer->status == 200 || server->manner == S3_OVERWRITES)
        keep_object(server, key, request->body);
}

/* -------------------------------------------------------------- uploads -- */

/* Whether the condition of a write holds; otherwise it is refused. */
static bool may_write(const struct s3_server *server,
                      const struct http_request *request, const char *key,
                      struct answer *answer)
{
    char value[8];
    bool is_there;

    (void)find(server, key, &is_there);
    if (!is_there || server->manner == S3_IGNORES ||
        !http_request_header(request, "If-None-Match", value, sizeof value))
        return true;
    refuse(answer, 412, "PreconditionFailed");
    return false;
}

static void begin_upload(struct s3_server *server,
                         const struct http_request *request, const char *key,
                         struct answer *answer)
{
    char value[16];
    char id[32];

    s3_uploads_begin(server->uploads, key,
                     http_request_header(request, "x-amz-checksum-algorithm",
                                         value, sizeof value),
                     id);
    answer->status = 200;
    (void)fprintf(answer->body,
                  "<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
                  "</InitiateMultipartUploadResult>",
                  id);
}

static void put_part(struct s3_server *server,
                     const struct http_request *request, const char *query,
                     const char *id, struct answer *answer)
{
    char number[16];
    char checksum[16] = "";
    char etag[40];
    const char *refusal;

    param(query, "partNumber", number, sizeof number);
    (void)http_request_header(request, "x-amz-checksum-crc32c", checksum,
                              sizeof checksum);
    refusal = s3_uploads_part(server->uploads, id,
                              (unsigned)strtoul(number, NULL, 10),
                              request->body, checksum, etag);
    answer->status = 200;
    if (refusal != NULL)
        refuse(answer, strcmp(refusal, "NoSuchUpload") == 0 ? 404 : 400,
               refusal);
    else
        (void)snprintf(answer->headers, sizeof answer->headers, "ETag: %s\r\n",
                       etag);
}

static void join_upload(struct s3_server *server,
                        const struct http_request *request, const char *id,
                        const char *key, struct answer *answer)
{
    struct ndb_buf whole;
    const char *refusal;

    if (!may_write(server, request, key, answer))
        return;
    refusal = s3_uploads_join(server->uploads, id, request->body, &whole);
    if (refusal != NULL) {
        refuse(answer, strcmp(refusal, "NoSuchUpload") == 0 ? 404 : 400,
               refusal);
        return;
    }
    keep_object(server, key, ndb_buf_slice(&whole));
    free(whole.data);
    answer->status = 200;
    (void)fprintf(answer->body, "<?xml version=\"1.0\"?>\n   "
                                "<CompleteMultipartUploadResult><ETag>x</ETag>"
                                "</CompleteMultipartUploadResult>");
}

/* What is about an upload; false: it is not. The query begins behind its '?'.
 */
static bool apply_upload(struct s3_server *server,
                         const struct http_request *request, const char *query,
                         const char *key, struct answer *answer)
{
    char id[64];

    if (strncmp(query + 1, "uploads=", 8) == 0) {
        begin_upload(server, request, key, answer);
        return true;
    }
    param(query, "uploadId", id, sizeof id);
    if (id[0] == '\0')
        return false;
    answer->status = 204;
    if (strcmp(request->method, "PUT") == 0)
        put_part(server, request, query, id, answer);
    else if (strcmp(request->method, "POST") == 0)
        join_upload(server, request, id, key, answer);
    else if (!s3_uploads_abort(server->uploads, id))
        refuse(answer, 404, "NoSuchUpload");
    return true;
}

/* Under the lock. `target` is cut apart. */
static void apply(struct s3_server *server, const struct http_request *request,
                  char *target, struct answer *answer)
{
    char *query = strchr(target, '?');
    char *key = strchr(target + 1, '/');
    char value[128] = "";
    bool is_there;

    if (query != NULL)
        *query = '\0';
    if (strcmp(request->method, "GET") == 0 && query != NULL) {
        list_objects(server, query, answer);
        return;
    }
    if (key == NULL)
        abort();
    percent_decode(++key);
    if (query != NULL && apply_upload(server, request, query, key, answer))
        return;
    if (strcmp(request->method, "GET") == 0) {
        (void)http_request_header(request, "Range", value, sizeof value);
        get_object(server, key, value, answer);
        return;
    }
    answer->status = 204;
    if (strcmp(request->method, "DELETE") == 0) {
        size_t at = find(server, key, &is_there);

        if (is_there)
            drop_object(server, at);
        return;
    }
    put_object(server, request, key, answer);
}

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

static void reply(const struct http_request *request,
                  const struct answer *answer)
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
    struct answer answer = { .status = 0 };
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
    server->uploads = s3_uploads_new();
    server->http = http_server_start(handle, server);
    return server;
}

void s3_server_stop(struct s3_server *server)
{
    http_server_stop(server->http);
    while (server->count != 0)
        drop_object(server, server->count - 1);
    s3_uploads_free(server->uploads);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
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
    server->manner = manner;
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
    (void)find(server, key, &is_there);
    (void)pthread_mutex_unlock(&server->lock);
    return is_there;
}

size_t s3_server_uploads(struct s3_server *server)
{
    size_t count;

    (void)pthread_mutex_lock(&server->lock);
    count = s3_uploads_count(server->uploads);
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t s3_server_count(struct s3_server *server)
{
    size_t count;

    (void)pthread_mutex_lock(&server->lock);
    count = server->count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}
