/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/thread.h"

/* The requests of one ndb_store_run. */
struct round {
    struct ndb_store *store;
    pthread_t waiter;
    bool may_lead;
    pthread_mutex_t lock;
    struct ndb_cond cond;
    size_t left;
};

void ndb_store_submit(struct ndb_store *store, struct ndb_request *requests,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ndb_request *request = &requests[i];

        request->status = NAMIDB_OK;
        request->is_ambiguous = false;
        request->out = NDB_BUF_INIT(SIZE_MAX);
        request->object_bytes = 0;
        request->listing = (struct ndb_listing){ NULL, 0, false };
        request->date_ms = 0;
        request->next = NULL;
    }
    store->ops->submit(store, requests, count);
}

static void round_done(struct ndb_request *request)
{
    struct round *round = request->context;

    (void)pthread_mutex_lock(&round->lock);
    if (--round->left == 0) {
        ndb_cond_signal(&round->cond);
        if (round->may_lead && !pthread_equal(round->waiter, pthread_self()))
            ndb_store_wake(round->store);
    }
    (void)pthread_mutex_unlock(&round->lock);
}

static bool is_round_over(void *context)
{
    struct round *round = context;
    bool is_over;

    (void)pthread_mutex_lock(&round->lock);
    is_over = round->left == 0;
    (void)pthread_mutex_unlock(&round->lock);
    return is_over;
}

int ndb_store_run(struct ndb_store *store, struct ndb_request *requests,
                  size_t count, namidb_error *err)
{
    struct round round = { .store = store, .left = count };

    if (count == 0)
        return NAMIDB_OK;
    (void)pthread_mutex_init(&round.lock, NULL);
    ndb_cond_init(&round.cond);
    for (size_t i = 0; i < count; i++) {
        requests[i].done = round_done;
        requests[i].context = &round;
    }
    round.waiter = pthread_self();
    round.may_lead = ndb_store_will_lead(store, requests, count);
    ndb_store_submit(store, requests, count);
    if (round.may_lead)
        ndb_store_lead(store, is_round_over, &round);
    (void)pthread_mutex_lock(&round.lock);
    while (round.left != 0)
        (void)ndb_cond_wait(&round.cond, &round.lock, NDB_NEVER);
    (void)pthread_mutex_unlock(&round.lock);
    ndb_cond_release(&round.cond);
    (void)pthread_mutex_destroy(&round.lock);

    for (size_t i = 0; i < count; i++) {
        int status = requests[i].status;

        if (status >= 0 || status == NAMIDB_ECONFLICT)
            continue;
        if (err != NULL)
            *err = requests[i].err;
        return status;
    }
    return NAMIDB_OK;
}

void ndb_store_resemble(struct ndb_store *store, const struct ndb_store *inside)
{
    (void)snprintf(store->name, sizeof store->name, "%s", inside->name);
    memcpy(store->probe_host, inside->probe_host, sizeof store->probe_host);
    store->is_far = inside->is_far;
}

bool ndb_store_will_lead(struct ndb_store *store,
                         const struct ndb_request *requests, size_t count)
{
    return store->ops->will_lead != NULL &&
           store->ops->will_lead(store, requests, count);
}

void ndb_store_lead(struct ndb_store *store, bool (*is_over)(void *context),
                    void *context)
{
    store->ops->lead(store, is_over, context);
}

void ndb_store_wake(struct ndb_store *store)
{
    if (store->ops->wake != NULL)
        store->ops->wake(store);
}

void ndb_store_tell(struct ndb_store *store, struct ndb_store_facts *facts)
{
    *facts = (struct ndb_store_facts){ .hedged = 0 };
    store->ops->tell(store, facts);
    facts->place.is_far = store->is_far;
}

void ndb_request_release(struct ndb_request *request)
{
    ndb_buf_release(&request->out);
    ndb_listing_release(&request->listing);
}

int ndb_request_range(struct ndb_request *request, uint64_t object_bytes,
                      size_t *bytes)
{
    uint64_t left;

    request->object_bytes = object_bytes;
    if (request->offset > object_bytes ||
        (request->offset == object_bytes && request->length != 0))
        return request->status =
                   ndb_fail_object(&request->err, NAMIDB_EINVAL, request->key,
                                   "range starts past the end");
    left = object_bytes - request->offset;
    if (request->length != 0 && request->length < left)
        left = request->length;
    if (request->length_max != 0 && left > request->length_max)
        return request->status =
                   ndb_fail_object(&request->err, NAMIDB_ELIMIT, request->key,
                                   "%zu bytes, more than %zu", (size_t)left,
                                   (size_t)request->length_max);
    *bytes = (size_t)left;
    return NAMIDB_OK;
}

void ndb_listing_release(struct ndb_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        ndb_free(listing->items[i].key);
    ndb_free(listing->items);
    *listing = (struct ndb_listing){ NULL, 0, false };
}

int ndb_listing_add(struct ndb_listing *listing, const char *key,
                    uint64_t bytes, int64_t modified_ms)
{
    size_t count = listing->count;
    char *copy = ndb_strndup(key, strlen(key));

    if (copy == NULL)
        return NAMIDB_ENOMEM;
    if ((count & (count - 1)) == 0) {
        struct ndb_listed *items = ndb_realloc(
            listing->items, count == 0 ? 1 : count * 2, sizeof *items);

        if (items == NULL) {
            ndb_free(copy);
            return NAMIDB_ENOMEM;
        }
        listing->items = items;
    }
    listing->items[listing->count++] = (struct ndb_listed){
        .key = copy, .bytes = bytes, .modified_ms = modified_ms
    };
    return NAMIDB_OK;
}

void ndb_store_close(struct ndb_store *store)
{
    if (store != NULL)
        store->ops->close(store);
}
