/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DELETE_MANY as single DeleteObjects, so that s3:DeleteObject is all that it
 * needs: a few calls at once, each of which takes the next key when it is done.
 * The first failure is the request's, and no more keys are taken.
 */
#include "store/store_s3_internal.h"

#include "base/mem.h"

enum { DELETES_AT_ONCE = 16 };

/* A DELETE_MANY: its ops take keys until there are none. */
struct ndb_s3_deletes {
    pthread_mutex_t lock;
    size_t next;    /* key */
    size_t running; /* ops */
};

static void delete_next(struct ndb_s3_op *op);

static void delete_done(struct ndb_s3_call *call)
{
    struct ndb_s3_op *op = call->context;
    struct ndb_s3_deletes *deletes = op->deletes;

    (void)pthread_mutex_lock(&deletes->lock);
    op->request->date_ms = call->exchange.answer.date_ms;
    if (call->status < 0) {
        if (op->request->status >= 0)
            ndb_s3_op_fail(op);
        op->request->is_ambiguous = true; /* some are gone, some are not */
        deletes->next = op->request->key_count;
    }
    (void)pthread_mutex_unlock(&deletes->lock);
    ndb_s3_call_release(call);
    delete_next(op);
}

/* The last op finishes the request. */
static void end_deletes(struct ndb_s3_op *op)
{
    struct ndb_s3_deletes *deletes = op->deletes;
    struct ndb_s3_store *store = op->store;
    struct ndb_request *request = op->request;
    bool is_last;

    ndb_free(op);
    (void)pthread_mutex_lock(&deletes->lock);
    is_last = --deletes->running == 0;
    (void)pthread_mutex_unlock(&deletes->lock);
    if (!is_last)
        return;
    (void)pthread_mutex_destroy(&deletes->lock);
    ndb_free(deletes);
    ndb_s3_finish(store, request);
}

static void delete_next(struct ndb_s3_op *op)
{
    struct ndb_request *request = op->request;
    struct ndb_s3_deletes *deletes = op->deletes;
    const char *key = NULL;

    (void)pthread_mutex_lock(&deletes->lock);
    if (deletes->next < request->key_count)
        key = request->keys[deletes->next++];
    (void)pthread_mutex_unlock(&deletes->lock);
    if (key == NULL) {
        end_deletes(op);
        return;
    }
    (void)ndb_s3_full_key(op->store, key, op->key); /* checked before */
    ndb_s3_submit(op->store->s3, &op->call);
}

/* As many ops as there is memory for, one at least. */
int ndb_s3_delete_many(struct ndb_s3_store *store, struct ndb_request *request)
{
    struct ndb_s3_op *ops[DELETES_AT_ONCE];
    size_t wanted = request->key_count < DELETES_AT_ONCE ? request->key_count
                                                         : DELETES_AT_ONCE;
    struct ndb_s3_deletes *deletes = ndb_calloc(1, sizeof *deletes);
    size_t count = 0;

    while (deletes != NULL && count < wanted &&
           (ops[count] = ndb_s3_op_new(store, request)) != NULL)
        count++;
    if (count == 0) {
        ndb_free(deletes);
        return request->status = ndb_fail_memory(&request->err);
    }
    (void)pthread_mutex_init(&deletes->lock, NULL);
    deletes->running = count;
    for (size_t i = 0; i < count; i++) {
        ops[i]->deletes = deletes;
        ops[i]->call.done = delete_done;
        ndb_s3_op_delete(ops[i]);
    }
    for (size_t i = 0; i < count; i++)
        delete_next(ops[i]);
    return NAMIDB_OK;
}
