/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_bucket.h - the bucket of s3_server.h: what requests do to its objects.
 *
 * All of it under the server's lock.
 */
#ifndef NDB_TEST_S3_BUCKET_H
#define NDB_TEST_S3_BUCKET_H

#include <pthread.h>
#include <stdio.h>

#include "s3_server.h"
#include "s3_uploads.h"

enum { S3_OBJECTS_MAX = 4096 };

struct s3_object {
    char *key;
    uint8_t *data;
    size_t bytes;
    char storage_class[24];
};

struct s3_bucket {
    pthread_mutex_t *lock;
    struct s3_object objects[S3_OBJECTS_MAX]; /* by key */
    size_t count;
    struct s3_uploads *uploads;
    enum s3_manner manner;
};

/* An answer that is put together under the lock and sent after it. Its memory
 * is not the database's: tests take that away. */
struct s3_reply {
    int status;
    char headers[512];
    FILE *body;
    char *data; /* what was written to body */
    size_t bytes;
};

/* The place of a key, or where it would stand. */
size_t s3_bucket_find(const struct s3_bucket *bucket, const char *key,
                      bool *is_there);
void s3_bucket_drop(struct s3_bucket *bucket, size_t at);

/* `target` is cut apart. */
void s3_bucket_apply(struct s3_bucket *bucket,
                     const struct http_request *request, char *target,
                     struct s3_reply *answer);

#endif
