/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each request is run on the store inside as a copy of its own (`ward`), with
 * its key and body copied too, so that it can outlive what the caller gave: a
 * late request is applied after its caller has long been answered.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/rand.h"
#include "store/wrappers.h"
#include "sys/thread.h"

struct faulty_store;

/* A request of ours, for one of the caller's. */
struct ward {
    struct ward *next;
    struct faulty_store *store;
    struct ndb_request mine;
    struct ndb_request *theirs; /* NULL: answered already */
    enum ndb_fault fault;
    char *key;
    uint8_t *body;
};

struct faulty_store {
    struct ndb_store base;
    struct ndb_store *inside;

    pthread_mutex_t lock;
    struct ndb_cond quiet;
    struct ndb_fault_plan plan;
    struct ndb_rand rand;
    uint64_t seen;     /* matching requests since the plan was set */
    struct ward *held; /* LATE and DELAY, newest first */
    size_t under_way;  /* on the store inside */
    void (*gate)(void *context, const struct ndb_request *request);
    void *gate_context;
};

/* -------------------------------------------------------------- wards -- */

static void ward_free(struct ward *ward)
{
    ndb_request_release(&ward->mine);
    ndb_free(ward->key);
    ndb_free(ward->body);
    ndb_free(ward);
}

static struct ward *ward_new(struct faulty_store *store,
                             struct ndb_request *request, enum ndb_fault fault)
{
    struct ward *ward = ndb_calloc(1, sizeof *ward);

    if (ward == NULL)
        return NULL;
    ward->store = store;
    ward->theirs = request;
    ward->fault = fault;
    ward->mine = *request;
    if (fault != NDB_FAULT_LATE && fault != NDB_FAULT_DELAY)
        return ward;
    if (request->key != NULL) {
        ward->key = ndb_strndup(request->key, strlen(request->key));
        ward->mine.key = ward->key;
    }
    ward->body = ndb_alloc(request->body.bytes);
    if (ward->body == NULL || (request->key != NULL && ward->key == NULL)) {
        ward_free(ward);
        return NULL;
    }
    if (request->body.bytes != 0)
        memcpy(ward->body, request->body.data, request->body.bytes);
    ward->mine.body = ndb_slice(ward->body, request->body.bytes);
    return ward;
}

static int lost(struct ndb_request *request, int code, bool is_ambiguous,
                const char *text)
{
    bool is_write = request->op != NDB_GET && request->op != NDB_LIST;

    ndb_request_release(request);
    request->is_ambiguous = is_ambiguous && is_write;
    request->date_ms = 0;
    return request->status = ndb_fail(&request->err, code, "%s", text);
}

/* Spoils an answer as the fault says. */
static void spoil(struct ward *ward, struct ndb_request *request)
{
    size_t bytes = request->out.bytes;
    uint64_t bit;

    switch (ward->fault) {
    case NDB_FAULT_DROP:
        (void)lost(request, NAMIDB_EIO, true, "the answer was lost");
        break;
    case NDB_FAULT_CONFLICT:
        if (request->op == NDB_PUT_IF_ABSENT && request->status == NAMIDB_OK)
            request->status = ndb_fail_object(&request->err, NAMIDB_ECONFLICT,
                                              request->key, "is there already");
        break;
    case NDB_FAULT_TRUNCATE:
        if (bytes != 0)
            request->out.bytes--;
        break;
    case NDB_FAULT_FLIP:
        if (bytes == 0)
            break;
        (void)pthread_mutex_lock(&ward->store->lock);
        bit = ndb_rand_below(&ward->store->rand, bytes * 8);
        (void)pthread_mutex_unlock(&ward->store->lock);
        request->out.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        break;
    default:
        break;
    }
}

static struct ward *take_held(struct faulty_store *store, enum ndb_fault fault)
{
    struct ward **link = &store->held;

    while (*link != NULL) {
        struct ward *ward = *link;

        if (fault == NDB_FAULT_NONE || ward->fault == fault) {
            *link = ward->next;
            return ward;
        }
        link = &ward->next;
    }
    return NULL;
}

static void ward_run(struct ward *ward);

static void ward_done(struct ndb_request *mine)
{
    struct ward *ward = mine->context;
    struct faulty_store *store = ward->store;
    struct ndb_request *theirs = ward->theirs;
    struct ward *delayed;

    if (theirs != NULL) {
        theirs->status = mine->status;
        theirs->is_ambiguous = mine->is_ambiguous;
        theirs->out = mine->out;
        theirs->object_bytes = mine->object_bytes;
        theirs->listing = mine->listing;
        theirs->date_ms = mine->date_ms;
        theirs->err = mine->err;
        mine->out = NDB_BUF_INIT(0);
        mine->listing = (struct ndb_listing){ NULL, 0, false };
        spoil(ward, theirs);
        theirs->done(theirs);
    }
    ward_free(ward);
    (void)pthread_mutex_lock(&store->lock);
    delayed = take_held(store, NDB_FAULT_DELAY);
    (void)pthread_mutex_unlock(&store->lock);
    if (delayed != NULL)
        ward_run(delayed);
    (void)pthread_mutex_lock(&store->lock);
    if (--store->under_way == 0)
        ndb_cond_broadcast(&store->quiet);
    (void)pthread_mutex_unlock(&store->lock);
}

static void ward_run(struct ward *ward)
{
    struct faulty_store *store = ward->store;

    (void)pthread_mutex_lock(&store->lock);
    store->under_way++;
    (void)pthread_mutex_unlock(&store->lock);
    ward->mine.done = ward_done;
    ward->mine.context = ward;
    ndb_store_submit(store->inside, &ward->mine, 1);
}

/* ----------------------------------------------------------- requests -- */

/* What the plan has for this request. */
static enum ndb_fault pick_fault(struct faulty_store *store,
                                 const struct ndb_request *request)
{
    const struct ndb_fault_plan *plan = &store->plan;
    uint64_t count = plan->count != 0 ? plan->count : 1;

    if (plan->ops != 0 && (plan->ops >> request->op & 1) == 0)
        return NDB_FAULT_NONE;
    store->seen++;
    if (plan->at != 0)
        return store->seen >= plan->at && store->seen - plan->at < count
                   ? plan->fault
                   : NDB_FAULT_NONE;
    if (plan->per_mille == 0 ||
        ndb_rand_below(&store->rand, 1000) >= plan->per_mille)
        return NDB_FAULT_NONE;
    return plan->fault;
}

/* Puts a ward by; a late one's caller is answered now. */
static void hold(struct ward *ward)
{
    struct faulty_store *store = ward->store;
    struct ndb_request *theirs = ward->theirs;
    bool is_late = ward->fault == NDB_FAULT_LATE;

    if (is_late) {
        ward->theirs = NULL;
        /* By then its own deadline has passed as well, but it is on its way. */
        ward->mine.deadline_ns = INT64_MAX;
    }
    (void)pthread_mutex_lock(&store->lock);
    ward->next = store->held;
    store->held = ward;
    (void)pthread_mutex_unlock(&store->lock);
    if (is_late) {
        (void)lost(theirs, NAMIDB_ETIMEOUT, true,
                   "no answer before the deadline");
        theirs->done(theirs);
    }
}

/* Of a request that is not sent. */
static int code_of(enum ndb_fault fault)
{
    switch (fault) {
    case NDB_FAULT_EXPIRED:
        return NAMIDB_ETIMEOUT;
    case NDB_FAULT_REFUSE:
        return NAMIDB_ECONFLICT;
    default:
        return NAMIDB_EIO;
    }
}

static void submit_one(struct faulty_store *store, struct ndb_request *request)
{
    void (*gate)(void *, const struct ndb_request *);
    enum ndb_fault fault;
    struct ward *ward;
    void *context;

    (void)pthread_mutex_lock(&store->lock);
    gate = store->gate;
    context = store->gate_context;
    fault = pick_fault(store, request);
    (void)pthread_mutex_unlock(&store->lock);
    if (gate != NULL)
        gate(context, request);
    if (fault == NDB_FAULT_FAIL || fault == NDB_FAULT_LOST ||
        fault == NDB_FAULT_EXPIRED || fault == NDB_FAULT_REFUSE) {
        (void)lost(request, code_of(fault), fault == NDB_FAULT_LOST,
                   "the request was lost");
        request->done(request);
        return;
    }
    ward = ward_new(store, request, fault);
    if (ward == NULL) {
        request->status = ndb_fail_memory(&request->err);
        request->done(request);
    } else if (fault == NDB_FAULT_LATE || fault == NDB_FAULT_DELAY) {
        hold(ward);
    } else {
        ward_run(ward);
    }
}

static void faulty_submit(struct ndb_store *base, struct ndb_request *requests,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        submit_one((struct faulty_store *)base, &requests[i]);
}

void ndb_faulty_release(struct ndb_store *base)
{
    struct faulty_store *store = (struct faulty_store *)base;

    for (;;) {
        struct ward *ward;

        (void)pthread_mutex_lock(&store->lock);
        ward = take_held(store, NDB_FAULT_NONE);
        (void)pthread_mutex_unlock(&store->lock);
        if (ward == NULL)
            break;
        ward_run(ward);
    }
    (void)pthread_mutex_lock(&store->lock);
    while (store->under_way != 0)
        (void)ndb_cond_wait(&store->quiet, &store->lock, INT64_MAX);
    (void)pthread_mutex_unlock(&store->lock);
}

static void faulty_wake(struct ndb_store *base)
{
    ndb_store_wake(((struct faulty_store *)base)->inside);
}

static void faulty_close(struct ndb_store *base)
{
    struct faulty_store *store = (struct faulty_store *)base;

    ndb_faulty_release(base);
    ndb_store_close(store->inside);
    ndb_cond_release(&store->quiet);
    (void)pthread_mutex_destroy(&store->lock);
    ndb_free(store);
}

static void faulty_tell(struct ndb_store *base, struct ndb_store_facts *facts)
{
    ndb_store_tell(((struct faulty_store *)base)->inside, facts);
}

static bool faulty_will_lead(struct ndb_store *base,
                             const struct ndb_request *requests, size_t count)
{
    return ndb_store_will_lead(((struct faulty_store *)base)->inside, requests,
                               count);
}

static void faulty_lead(struct ndb_store *base, bool (*is_over)(void *context),
                        void *context)
{
    ndb_store_lead(((struct faulty_store *)base)->inside, is_over, context);
}

static const struct ndb_store_ops FAULTY_OPS = { .submit = faulty_submit,
                                                 .wake = faulty_wake,
                                                 .close = faulty_close,
                                                 .tell = faulty_tell,
                                                 .will_lead = faulty_will_lead,
                                                 .lead = faulty_lead };

int ndb_faulty_open(struct ndb_store **store, struct ndb_store *inside,
                    namidb_error *err)
{
    struct faulty_store *opened = ndb_calloc(1, sizeof *opened);

    *store = NULL;
    if (opened == NULL) {
        ndb_store_close(inside);
        return ndb_fail_memory(err);
    }
    opened->base.ops = &FAULTY_OPS;
    ndb_store_resemble(&opened->base, inside);
    opened->inside = inside;
    (void)pthread_mutex_init(&opened->lock, NULL);
    ndb_cond_init(&opened->quiet);
    *store = &opened->base;
    return NAMIDB_OK;
}

void ndb_faulty_plan(struct ndb_store *base, const struct ndb_fault_plan *plan)
{
    struct faulty_store *store = (struct faulty_store *)base;

    (void)pthread_mutex_lock(&store->lock);
    store->plan = *plan;
    store->rand.state = plan->seed;
    store->seen = 0;
    (void)pthread_mutex_unlock(&store->lock);
}

uint64_t ndb_faulty_seen(struct ndb_store *base)
{
    struct faulty_store *store = (struct faulty_store *)base;
    uint64_t seen;

    (void)pthread_mutex_lock(&store->lock);
    seen = store->seen;
    (void)pthread_mutex_unlock(&store->lock);
    return seen;
}

void ndb_faulty_gate(struct ndb_store *base,
                     void (*gate)(void *context,
                                  const struct ndb_request *request),
                     void *context)
{
    struct faulty_store *store = (struct faulty_store *)base;

    (void)pthread_mutex_lock(&store->lock);
    store->gate = gate;
    store->gate_context = context;
    (void)pthread_mutex_unlock(&store->lock);
}
