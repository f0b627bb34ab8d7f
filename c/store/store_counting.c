/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"
#include "store/wrappers.h"

struct counting_store {
    struct ndb_store base;
    struct ndb_store *inside;
    atomic_uint_fast64_t requests[NDB_STORE_OP_COUNT];
    atomic_uint_fast64_t bytes_read, bytes_written, ambiguous;
    atomic_uint_fast64_t in_flight, rounds;
};

/* Stands in for the caller's `done` while a request is under way. */
struct counted {
    struct counting_store *store;
    void (*done)(struct ndb_request *request);
    void *context;
};

static void count_done(struct ndb_request *request)
{
    struct counted *counted = request->context;
    struct counting_store *store = counted->store;

    request->done = counted->done;
    request->context = counted->context;
    ndb_free(counted);
    if (request->op == NDB_GET && request->status == NAMIDB_OK)
        atomic_fetch_add(&store->bytes_read, request->out.bytes);
    if (request->is_ambiguous)
        atomic_fetch_add(&store->ambiguous, 1);
    atomic_fetch_sub(&store->in_flight, 1);
    request->done(request);
}

static void count_start(struct counting_store *store,
                        const struct ndb_request *request)
{
    uint64_t count = request->op == NDB_DELETE_MANY ? request->key_count : 1;

    atomic_fetch_add(&store->requests[request->op], count);
    if (request->op == NDB_PUT || request->op == NDB_PUT_IF_ABSENT)
        atomic_fetch_add(&store->bytes_written, request->body.bytes);
    atomic_fetch_add(&store->in_flight, 1);
}

static void counting_submit(struct ndb_store *base,
                            struct ndb_request *requests, size_t count)
{
    struct counting_store *store = (struct counting_store *)base;
    size_t ready = 0;

    atomic_fetch_add(&store->rounds, 1);
    while (ready < count) {
        struct counted *counted = ndb_alloc(sizeof *counted);

        if (counted == NULL)
            break;
        *counted = (struct counted){ store, requests[ready].done,
                                     requests[ready].context };
        requests[ready].done = count_done;
        requests[ready].context = counted;
        count_start(store, &requests[ready]);
        ready++;
    }
    /* Those that could not be counted first: after the last done of the others
     * the array may be gone. */
    for (size_t i = ready; i < count; i++)
        requests[i].status = ndb_fail_memory(&requests[i].err);
    for (size_t i = ready; i < count; i++)
        requests[i].done(&requests[i]);
    if (ready != 0)
        store->inside->ops->submit(store->inside, requests, ready);
}

static void counting_wake(struct ndb_store *base)
{
    ndb_store_wake(((struct counting_store *)base)->inside);
}

static void counting_close(struct ndb_store *base)
{
    struct counting_store *store = (struct counting_store *)base;

    ndb_store_close(store->inside);
    ndb_free(store);
}

static void counting_tell(struct ndb_store *base, struct ndb_store_facts *facts)
{
    ndb_store_tell(((struct counting_store *)base)->inside, facts);
}

static bool counting_will_lead(struct ndb_store *base,
                               const struct ndb_request *requests, size_t count)
{
    return ndb_store_will_lead(((struct counting_store *)base)->inside,
                               requests, count);
}

static void counting_lead(struct ndb_store *base,
                          bool (*is_over)(void *context), void *context)
{
    ndb_store_lead(((struct counting_store *)base)->inside, is_over, context);
}

static const struct ndb_store_ops COUNTING_OPS = { .submit = counting_submit,
                                                   .wake = counting_wake,
                                                   .close = counting_close,
                                                   .tell = counting_tell,
                                                   .will_lead =
                                                       counting_will_lead,
                                                   .lead = counting_lead };

int ndb_counting_open(struct ndb_store **store, struct ndb_store *inside,
                      namidb_error *err)
{
    struct counting_store *opened = ndb_calloc(1, sizeof *opened);

    *store = NULL;
    if (opened == NULL) {
        ndb_store_close(inside);
        return ndb_fail_memory(err);
    }
    opened->base.ops = &COUNTING_OPS;
    ndb_store_resemble(&opened->base, inside);
    opened->inside = inside;
    *store = &opened->base;
    return NAMIDB_OK;
}

void ndb_counting_read(struct ndb_store *base, struct ndb_store_counts *out)
{
    struct counting_store *store = (struct counting_store *)base;

    for (int op = 0; op < NDB_STORE_OP_COUNT; op++)
        out->requests[op] = atomic_load(&store->requests[op]);
    out->bytes_read = atomic_load(&store->bytes_read);
    out->bytes_written = atomic_load(&store->bytes_written);
    out->ambiguous = atomic_load(&store->ambiguous);
    out->in_flight = atomic_load(&store->in_flight);
    out->rounds = atomic_load(&store->rounds);
}
