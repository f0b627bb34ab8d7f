/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_s3_internal.h - what the two files of the S3 store share: store_s3.c
 * turns requests into calls, store_s3_delete.c one request into many calls.
 */
#ifndef NDB_STORE_STORE_S3_INTERNAL_H
#define NDB_STORE_STORE_S3_INTERNAL_H

#include "base/limits.h"
#include "net/s3.h"
#include "store/s3_uri.h"
#include "store/store.h"
#include "sys/thread.h"

enum {
    NDB_S3_ERROR_BYTES_MAX = 64 << 10, /* of an answer that is no object */
    NDB_S3_PAIRS_MAX = 8,
};

struct ndb_s3_store {
    struct ndb_store base;
    struct ndb_s3 *s3;
    struct ndb_s3_uri uri;

    pthread_mutex_t lock;
    struct ndb_cond idle;
    size_t in_flight;
};

/* One call, for one request or one key of a DELETE_MANY. */
struct ndb_s3_op {
    struct ndb_s3_call call;
    struct ndb_s3_store *store;
    struct ndb_request *request;
    struct ndb_s3_deletes *deletes; /* NULL: a request of its own */
    struct ndb_sigv4_pair pairs[NDB_S3_PAIRS_MAX];
    char key[NDB_STORE_KEY_BYTES_MAX + 1];
    char after[NDB_STORE_KEY_BYTES_MAX + 1];
    char text[64]; /* the range, or the number of keys */
};

/* NULL: no memory. */
struct ndb_s3_op *ndb_s3_op_new(struct ndb_s3_store *store,
                                struct ndb_request *request);
/* Makes the call a DeleteObject. */
void ndb_s3_op_delete(struct ndb_s3_op *op);
/* The failure of a call as that of the request. */
void ndb_s3_op_fail(struct ndb_s3_op *op);
/* The key of the object; false when it would be too long. */
bool ndb_s3_full_key(const struct ndb_s3_store *store, const char *key,
                     char out[NDB_STORE_KEY_BYTES_MAX + 1]);
/* Calls `done`: the request is over. */
void ndb_s3_finish(struct ndb_s3_store *store, struct ndb_request *request);

/* Starts a DELETE_MANY, whose keys were checked and are not none. NAMIDB_OK: it
 * will be done; otherwise it was not started. */
int ndb_s3_delete_many(struct ndb_s3_store *store, struct ndb_request *request);

#endif
