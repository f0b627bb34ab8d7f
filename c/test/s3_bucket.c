/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_bucket.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* --------------------------------------------------------------- objects -- */

size_t s3_bucket_find(const struct s3_bucket *bucket, const char *key,
                      bool *is_there)
{
    size_t at = 0;

    while (at < bucket->count && strcmp(bucket->objects[at].key, key) < 0)
        at++;
    *is_there = at < bucket->count && strcmp(bucket->objects[at].key, key) == 0;
    return at;
}

void s3_bucket_drop(struct s3_bucket *bucket, size_t at)
{
    free(bucket->objects[at].key);
    free(bucket->objects[at].data);
    bucket->count--;
    memmove(&bucket->objects[at], &bucket->objects[at + 1],
            (bucket->count - at) * sizeof bucket->objects[0]);
}

static void keep_object(struct s3_bucket *bucket, const char *key,
                        struct ndb_slice body)
{
    bool is_there;
    size_t at = s3_bucket_find(bucket, key, &is_there);

    if (is_there)
        s3_bucket_drop(bucket, at);
    if (bucket->count == S3_OBJECTS_MAX)
        abort();
    memmove(&bucket->objects[at + 1], &bucket->objects[at],
            (bucket->count - at) * sizeof bucket->objects[0]);
    bucket->count++;
    bucket->objects[at] =
        (struct s3_object){ strdup(key), malloc(body.bytes + 1), body.bytes,
                            "STANDARD" };
    memcpy(bucket->objects[at].data, body.data, body.bytes);
}

/* --------------------------------------------------------------- answers -- */

static void refuse(struct s3_reply *answer, int status, const char *code)
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

static void get_object(struct s3_bucket *bucket, const char *key,
                       const char *range, struct s3_reply *answer)
{
    bool is_there;
    const struct s3_object *object =
        &bucket->objects[s3_bucket_find(bucket, key, &is_there)];
    uint64_t first = 0;
    uint64_t last;

    if (!is_there) {
        refuse(answer, 404, "NoSuchKey");
        return;
    }
    if (strcmp(object->storage_class, "GLACIER") == 0) {
        refuse(answer, 403, "InvalidObjectState");
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

static void print_object(FILE *out, const struct s3_object *object)
{
    (void)fprintf(out, "<Contents><Key>");
    print_encoded(out, object->key);
    (void)fprintf(out,
                  "</Key><Size>%zu</Size><LastModified>2026-11-24T10:00:00.000Z"
                  "</LastModified><StorageClass>%s</StorageClass></Contents>",
                  object->bytes, object->storage_class);
}

/* As a directory bucket: the token is where to go on. */
static bool list_backwards(struct s3_bucket *bucket, const char *query,
                           const char *prefix, FILE *out)
{
    char token[16];
    unsigned left = 7;
    size_t at;

    param(query, "continuation-token", token, sizeof token);
    at = token[0] != '\0' ? strtoul(token, NULL, 10) : bucket->count;
    for (; at != 0; at--) {
        const struct s3_object *object = &bucket->objects[at - 1];

        if (strncmp(object->key, prefix, strlen(prefix)) != 0)
            continue;
        if (left-- == 0) {
            (void)fprintf(
                out, "<NextContinuationToken>%zu</NextContinuationToken>", at);
            return true;
        }
        print_object(out, object);
    }
    return false;
}

static bool list_forwards(struct s3_bucket *bucket, const char *query,
                          const char *prefix, FILE *out)
{
    char after[1100];
    char limit[16];
    unsigned left;

    param(query, "start-after", after, sizeof after);
    param(query, "max-keys", limit, sizeof limit);
    left = (unsigned)strtoul(limit, NULL, 10);
    for (size_t i = 0; i < bucket->count; i++) {
        const struct s3_object *object = &bucket->objects[i];

        if (strncmp(object->key, prefix, strlen(prefix)) != 0 ||
            (after[0] != '\0' && strcmp(object->key, after) <= 0))
            continue;
        if (left-- == 0)
            return true;
        print_object(out, object);
    }
    return false;
}

static void list_objects(struct s3_bucket *bucket, const char *query,
                         struct s3_reply *answer)
{
    char prefix[1100];
    bool is_truncated;

    param(query, "prefix", prefix, sizeof prefix);
    answer->status = 200;
    (void)fprintf(answer->body,
                  "<ListBucketResult><EncodingType>url</EncodingType>");
    is_truncated = bucket->manner == S3_UNORDERED
                       ? list_backwards(bucket, query, prefix, answer->body)
                       : list_forwards(bucket, query, prefix, answer->body);
    (void)fprintf(answer->body,
                  "<IsTruncated>%s</IsTruncated></ListBucketResult>",
                  is_truncated ? "true" : "false");
}

static void put_object(struct s3_bucket *bucket,
                       const struct http_request *request, const char *key,
                       struct s3_reply *answer)
{
    char value[8];
    bool is_conditional =
        http_request_header(request, "If-None-Match", value, sizeof value);
    bool is_there;

    (void)s3_bucket_find(bucket, key, &is_there);
    if (is_conditional && bucket->manner == S3_RACES) {
        (void)pthread_mutex_unlock(bucket->lock);
        (void)usleep(5000);
        (void)pthread_mutex_lock(bucket->lock);
    }
    answer->status = 200;
    if (is_conditional && is_there && bucket->manner != S3_IGNORES)
        refuse(answer, 412, "PreconditionFailed");
    else
        (void)snprintf(answer->headers, sizeof answer->headers,
                       "ETag: \"%zu\"\r\n", request->body.bytes);
    if (answer->status == 200 || bucket->manner == S3_OVERWRITES)
        keep_object(bucket, key, request->body);
}

/* Only an object onto itself. */
static void copy_object(struct s3_bucket *bucket, const char *key,
                        const char *source, const char *storage_class,
                        struct s3_reply *answer)
{
    char name[1100];
    bool is_there;
    struct s3_object *object =
        &bucket->objects[s3_bucket_find(bucket, key, &is_there)];

    (void)snprintf(name, sizeof name, "%s", source);
    percent_decode(name);
    if (strncmp(name, "/bucket/", 8) != 0 || strcmp(name + 8, key) != 0) {
        refuse(answer, 400, "InvalidArgument");
    } else if (!is_there) {
        refuse(answer, 404, "NoSuchKey");
    } else if (strcmp(object->storage_class, storage_class) == 0) {
        refuse(answer, 400, "InvalidRequest");
    } else if (strcmp(object->storage_class, "GLACIER") == 0) {
        refuse(answer, 403, "InvalidObjectState");
    } else {
        (void)snprintf(object->storage_class, sizeof object->storage_class,
                       "%.23s", storage_class);
        answer->status = 200;
        (void)fprintf(answer->body, "<CopyObjectResult><ETag>x</ETag>"
                                    "</CopyObjectResult>");
    }
}

/* -------------------------------------------------------------- uploads -- */

/* Whether the condition of a write holds; otherwise it is refused. */
static bool may_write(const struct s3_bucket *bucket,
                      const struct http_request *request, const char *key,
                      struct s3_reply *answer)
{
    char value[8];
    bool is_there;

    (void)s3_bucket_find(bucket, key, &is_there);
    if (!is_there || bucket->manner == S3_IGNORES ||
        !http_request_header(request, "If-None-Match", value, sizeof value))
        return true;
    refuse(answer, 412, "PreconditionFailed");
    return false;
}

static void begin_upload(struct s3_bucket *bucket,
                         const struct http_request *request, const char *key,
                         struct s3_reply *answer)
{
    char value[16];
    char id[32];

    s3_uploads_begin(bucket->uploads, key,
                     http_request_header(request, "x-amz-checksum-algorithm",
                                         value, sizeof value),
                     id);
    answer->status = 200;
    (void)fprintf(answer->body,
                  "<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
                  "</InitiateMultipartUploadResult>",
                  id);
}

static void put_part(struct s3_bucket *bucket,
                     const struct http_request *request, const char *query,
                     const char *id, struct s3_reply *answer)
{
    char number[16];
    char checksum[16] = "";
    char etag[40];
    const char *refusal;

    param(query, "partNumber", number, sizeof number);
    (void)http_request_header(request, "x-amz-checksum-crc32c", checksum,
                              sizeof checksum);
    refusal = s3_uploads_part(bucket->uploads, id,
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

static void join_upload(struct s3_bucket *bucket,
                        const struct http_request *request, const char *id,
                        const char *key, struct s3_reply *answer)
{
    struct ndb_buf whole;
    const char *refusal;

    if (!may_write(bucket, request, key, answer))
        return;
    refusal = s3_uploads_join(bucket->uploads, id, request->body, &whole);
    if (refusal != NULL) {
        refuse(answer, strcmp(refusal, "NoSuchUpload") == 0 ? 404 : 400,
               refusal);
        return;
    }
    keep_object(bucket, key, ndb_buf_slice(&whole));
    free(whole.data);
    answer->status = 200;
    (void)fprintf(answer->body, "<?xml version=\"1.0\"?>\n   "
                                "<CompleteMultipartUploadResult><ETag>x</ETag>"
                                "</CompleteMultipartUploadResult>");
}

/* What is about an upload; false: it is not. The query begins behind its '?'.
 */
static bool apply_upload(struct s3_bucket *bucket,
                         const struct http_request *request, const char *query,
                         const char *key, struct s3_reply *answer)
{
    char id[64];

    if (strncmp(query + 1, "uploads=", 8) == 0) {
        begin_upload(bucket, request, key, answer);
        return true;
    }
    param(query, "uploadId", id, sizeof id);
    if (id[0] == '\0')
        return false;
    answer->status = 204;
    if (strcmp(request->method, "PUT") == 0)
        put_part(bucket, request, query, id, answer);
    else if (strcmp(request->method, "POST") == 0)
        join_upload(bucket, request, id, key, answer);
    else if (!s3_uploads_abort(bucket->uploads, id))
        refuse(answer, 404, "NoSuchUpload");
    return true;
}

void s3_bucket_apply(struct s3_bucket *bucket,
                     const struct http_request *request, char *target,
                     struct s3_reply *answer)
{
    char *query = strchr(target, '?');
    char *key = strchr(target + 1, '/');
    char value[128] = "";
    char source[1100];
    bool is_there;

    if (query != NULL)
        *query = '\0';
    if (strcmp(request->method, "GET") == 0 && query != NULL) {
        list_objects(bucket, query, answer);
        return;
    }
    if (key == NULL)
        abort();
    percent_decode(++key);
    if (http_request_header(request, "x-amz-copy-source", source,
                            sizeof source)) {
        (void)http_request_header(request, "x-amz-storage-class", value,
                                  sizeof value);
        copy_object(bucket, key, source, value, answer);
        return;
    }
    if (query != NULL && apply_upload(bucket, request, query, key, answer))
        return;
    if (strcmp(request->method, "GET") == 0) {
        (void)http_request_header(request, "Range", value, sizeof value);
        get_object(bucket, key, value, answer);
        return;
    }
    answer->status = 204;
    if (strcmp(request->method, "DELETE") == 0) {
        size_t at = s3_bucket_find(bucket, key, &is_there);

        if (is_there)
            s3_bucket_drop(bucket, at);
        return;
    }
    put_object(bucket, request, key, answer);
}
