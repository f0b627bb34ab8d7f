/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_server.h - a bucket in memory behind HTTP on loopback, that misbehaves on
 * a schedule.
 *
 * It speaks what store_s3 speaks (path style, any bucket name): GetObject with
 * Range, PutObject with If-None-Match, DeleteObject, ListObjectsV2, uploads in
 * parts, CopyObject of an object onto itself. It checks no signature: that is
 * for real servers.
 */
#ifndef NDB_TEST_S3_SERVER_H
#define NDB_TEST_S3_SERVER_H

#include "http_server.h"

enum s3_fault_kind {
    S3_NO_FAULT,
    S3_ANSWER,       /* `status`, `headers` and `body`; nothing is applied */
    S3_APPLY_ANSWER, /* the same after applying it */
    S3_DROP,         /* hangs up; nothing is applied */
    S3_APPLY_DROP,   /* applies it and hangs up */
    S3_HANG,         /* applies it and never answers */
};

struct s3_fault {
    enum s3_fault_kind kind;
    const char *method; /* only these count; NULL: all */
    unsigned at;        /* the k-th from now, from 1 */
    unsigned count;     /* how many from there on; 0: one */
    int status;
    const char *headers; /* NULL: none */
    const char *body;    /* NULL: none */
};

/* How it takes If-None-Match, and lists. */
enum s3_manner {
    S3_HONEST,
    S3_IGNORES,    /* as if it were not there */
    S3_OVERWRITES, /* answers 412, and overwrites */
    S3_RACES,      /* looks first, and writes a little later */
    S3_UNORDERED,  /* lists backwards, 7 at a time, from the beginning */
};

/* Whose words it uses (s3_dialect.h). */
enum s3_dialect { S3_SPEAKS_AWS, S3_SPEAKS_R2, S3_SPEAKS_TIGRIS };

struct s3_server;

struct s3_server *s3_server_start(void);
void s3_server_stop(struct s3_server *server);
int s3_server_port(const struct s3_server *server);
void s3_server_plan(struct s3_server *server, const struct s3_fault *fault);
void s3_server_behave(struct s3_server *server, enum s3_manner manner);
void s3_server_speak(struct s3_server *server, enum s3_dialect dialect);
/* See http_server_drip. */
void s3_server_drip(struct s3_server *server, unsigned pause_us);
unsigned s3_server_dripped(struct s3_server *server);
/* Requests since the plan was set, of those that it counts. */
unsigned s3_server_seen(struct s3_server *server);
unsigned s3_server_connections(struct s3_server *server);

/* A header of the last request; "" when it was not there. */
void s3_server_header(struct s3_server *server, const char *name, char *out,
                      size_t capacity);
/* The target of the last request. */
void s3_server_target(struct s3_server *server, char *out, size_t capacity);

/* The object with that whole key; false: there is none. */
bool s3_server_has(struct s3_server *server, const char *key);
size_t s3_server_count(struct s3_server *server);
/* How many are in a storage class. */
unsigned s3_server_in_class(struct s3_server *server,
                            const char *storage_class);
/* Uploads in parts that were neither completed nor aborted. */
size_t s3_server_uploads(struct s3_server *server);

#endif
