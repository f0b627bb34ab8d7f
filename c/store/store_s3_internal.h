/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_s3_internal.h - what the files of the S3 store share: store_s3.c turns
 * requests into calls, store_s3_delete.c and store_s3_upload.c one request into
 * many calls.
 */
#ifndef NDB_STORE_STORE_S3_INTERNAL_H
#define NDB_STORE_STORE_S3_INTERNAL_H

#include <stdatomic.h>

#include "base/limits.h"
#include "net/s3.h"
#include "store/s3_uri.h"
#include "store/store_s3.h"
#include "sys/thread.h"

enum {
    NDB_S3_ERROR_BYTES_MAX = 64 << 10, /* of an answer that is no object */
    NDB_S3_PAIRS_MAX = 8,
};

struct ndb_s3_store {
    struct ndb_store base;
    struct ndb_s3 *s3;
    struct ndb_s3_uri uri;
    struct ndb_s3_split split;

    atomic_uint_fast64_t list_pages; /* beside the first of each */
    atomic_uint_fast64_t uploads;
    atomic_uint_fast64_t upload_requests; /* beside one each */
    atomic_uint_fast64_t aborts_refused;

    pthread_mutex_t lock;
    struct ndb_cond idle;
    size_t in_flight;
};

/* One call, for one request, one key of a DELETE_MANY, one part. */
struct ndb_s3_op {
    struct ndb_s3_call call;
    struct ndb_s3_store *store;
    struct ndb_request *request;
    struct ndb_s3_deletes *deletes; /* NULL: a request of its own */
    struct ndb_sigv4_pair pairs[NDB_S3_PAIRS_MAX];
    char text[64];            /* the range, or the number of keys */
    struct ndb_buf text_long; /* a copy's source, a token of a listing */
    /* Not zeroed: last, and set before they are used. */
    char key[NDB_STORE_KEY_BYTES_MAX + 1];
    char after[NDB_STORE_KEY_BYTES_MAX + 1];
};

/* A call that only needs a method. */
void ndb_s3_op_init(struct ndb_s3_op *op, struct ndb_s3_store *store,
                    struct ndb_request *request);
/* NULL: no memory. */
struct ndb_s3_op *ndb_s3_op_new(struct ndb_s3_store *store,
                                struct ndb_request *request);
/* Makes the call a DeleteObject. */
void ndb_s3_op_delete(struct ndb_s3_op *op);
/* Gives the call the headers that an object is made with: class, encryption. */
void ndb_s3_op_object_headers(struct ndb_s3_op *op);
/* The failure of a call as that of the request. */
void ndb_s3_op_fail(struct ndb_s3_op *op);
/* The key of the object; false when it would be too long. */
bool ndb_s3_full_key(const struct ndb_s3_store *store, const char *key,
                     char out[NDB_STORE_KEY_BYTES_MAX + 1]);
/* A failure of a server that answers nonsense; returns it. */
int ndb_s3_bad_answer(struct ndb_request *request, const char *what);
/* Calls `done`: the request is over. */
void ndb_s3_finish(struct ndb_s3_store *store, struct ndb_request *request);
/* Something that close waits for, beside requests. */
void ndb_s3_hold(struct ndb_s3_store *store);
void ndb_s3_release(struct ndb_s3_store *store);

/* Sends a LIST, or its next page. */
void ndb_s3_list(struct ndb_s3_op *op);
/* Takes an answer; false when it has sent for the next page. */
bool ndb_s3_list_done(struct ndb_s3_op *op);

/* Starts a DELETE_MANY, whose keys were checked and are not none. NAMIDB_OK: it
 * will be done; otherwise it was not started. */
int ndb_s3_delete_many(struct ndb_s3_store *store, struct ndb_request *request);

/* Starts a PUT in parts; the same. */
int ndb_s3_upload(struct ndb_s3_store *store, struct ndb_request *request);

#endif
