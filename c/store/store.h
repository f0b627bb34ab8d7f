/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - all that the engine asks of a bucket.
 *
 * A store maps keys (NUL-terminated, relative to the namespace's folder) to
 * whole objects. Every backend makes these promises, and nothing above this
 * header may rely on another:
 *
 *   1. A get that starts after a put was acknowledged sees that put.
 *   2. Of several conditional puts racing on one key, exactly one wins.
 *   3. A list returns keys in byte order.
 *   4. Every request completes, soon after its deadline at the latest.
 *   5. A failure that is not `is_ambiguous` changed nothing.
 *
 * Asynchronous: ndb_store_submit hands over requests, `done` is called once for
 * each, from any thread, maybe before submit returns: call it with no lock held
 * that `done` takes. ndb_store_run is the blocking form. A request's memory
 * belongs to the caller and must not move or change until it is done.
 *
 * Every function here may be called from any thread.
 */
#ifndef NDB_STORE_STORE_H
#define NDB_STORE_STORE_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/error.h"

enum ndb_store_op {
    NDB_GET,           /* out = bytes of `key`, or a range of it */
    NDB_PUT,           /* key = body, whatever was there */
    NDB_PUT_IF_ABSENT, /* NAMIDB_ECONFLICT when there is such an object */
    NDB_DELETE,        /* absent is fine */
    NDB_DELETE_MANY,   /* keys[key_count], as many DELETEs as it takes */
    NDB_LIST,          /* objects whose key begins with `key` */
    NDB_SET_CLASS,     /* `key` as it is, in another storage class; NAMIDB_NONE
                          when there is no such object, NAMIDB_EUNSUPPORTED by
                          stores that have no classes */
    NDB_STORE_OP_COUNT
};

struct ndb_listed {
    char *key; /* relative, as in requests; owned by the listing */
    uint64_t bytes;
    int64_t modified_ms;    /* on the store's clock */
    char storage_class[24]; /* "": not told */
};

struct ndb_listing {
    struct ndb_listed *items; /* by key */
    size_t count;
    bool is_truncated; /* there may be more, after the last */
};

struct ndb_request {
    /* Set by the caller; zero is a valid default for what an op ignores. */
    enum ndb_store_op op;
    const char *key;     /* NDB_LIST: the prefix, "" for all */
    uint64_t offset;     /* NDB_GET: first byte */
    uint64_t length;     /* NDB_GET: bytes wanted; 0: up to the end */
    uint64_t length_max; /* NDB_GET: NAMIDB_ELIMIT above it; 0: no bound */
    struct ndb_slice body;
    const char *const *keys; /* NDB_DELETE_MANY */
    size_t key_count;
    const char *storage_class; /* NDB_SET_CLASS */
    const char *after;         /* NDB_LIST: only keys above it; NULL: all */
    uint32_t limit;      /* NDB_LIST: at most so many; 0: NDB_LIST_KEYS_MAX */
    int64_t deadline_ns; /* of sys/clock.h */
    /* Once it is true and ndb_store_wake was called, the request ends soon: as
     * it would have, or with NAMIDB_ECANCELED. NULL: only the deadline ends
     * it. Must outlive the store. */
    const atomic_bool *is_canceled;
    void (*done)(struct ndb_request *request);
    void *context; /* for done */

    /*
     * Set by the store before `done`.
     *
     * status: NAMIDB_OK; NAMIDB_NONE: a GET of an absent object;
     * NAMIDB_ECONFLICT: the condition of a put did not hold - no proof that
     * somebody else won, see log.h; NAMIDB_EINVAL: a range that starts past
     * the end; or a failure with its text in err. A GET yields exactly the
     * bytes asked for, or those up to the end of the object.
     */
    int status;
    bool is_ambiguous;     /* failed, but may have been, or be yet, applied */
    struct ndb_buf out;    /* NDB_GET; the caller releases it */
    uint64_t object_bytes; /* NDB_GET: size of the whole object */
    struct ndb_listing listing; /* the caller releases it */
    int64_t date_ms; /* the store's clock at the answer; 0: no answer */
    namidb_error err;

    struct ndb_request *next; /* the store's, while in flight */
};

struct ndb_store;

/* What a store knows of itself. */
struct ndb_store_facts {
    namidb_place place;
    uint64_t hedged;          /* GETs sent a second time */
    uint64_t retried;         /* requests sent again after a failure */
    uint64_t list_pages;      /* of LISTs, beside the first of each */
    uint64_t uploads;         /* PUTs that went in parts */
    uint64_t upload_requests; /* of those, beside one each */
    uint64_t aborts_refused;  /* uploads left behind */
};

struct ndb_store_ops {
    /* Requests linked by nothing: an array. Each will be done. */
    void (*submit)(struct ndb_store *store, struct ndb_request *requests,
                   size_t count);
    /* Looks at is_canceled of what is in flight, and asks is_over. NULL:
     * nothing ever is in flight for long. */
    void (*wake)(struct ndb_store *store);
    /* Waits for requests in flight, then frees the store. */
    void (*close)(struct ndb_store *store);
    /* Fills in what it knows; the rest is zero. */
    void (*tell)(struct ndb_store *store, struct ndb_store_facts *facts);
    /*
     * Who waits for requests may do the store's work meanwhile, which saves
     * being woken: will_lead, before they are submitted, says whether the
     * calling thread is to; lead then works until is_over(context), which
     * `wake` has it ask again, or returns at once when another thread does.
     * NULL, both: it is done elsewhere.
     */
    bool (*will_lead)(struct ndb_store *store,
                      const struct ndb_request *requests, size_t count);
    void (*lead)(struct ndb_store *store, bool (*is_over)(void *context),
                 void *context);
};

/* The first member of every backend. */
struct ndb_store {
    const struct ndb_store_ops *ops;
    char name[256]; /* for messages: "file:///srv/graph/prod"; no secret */
    /* The host on whose word promise 2 rests, to be probed: see probe.h. "":
     * the store keeps it by itself, or the user said not to ask. */
    char probe_host[128];
    /* A request takes a round trip, in which megabytes could be read: few large
     * ones are best. Else bytes are what costs. */
    bool is_far;
};

void ndb_store_submit(struct ndb_store *store, struct ndb_request *requests,
                      size_t count);

/*
 * Submits and waits until all are done: one round. Returns NAMIDB_OK when each
 * request's status is >= 0 or NAMIDB_ECONFLICT, else the status of the first
 * other one, with its text.
 */
int ndb_store_run(struct ndb_store *store, struct ndb_request *requests,
                  size_t count, namidb_error *err);

/* To be called after an is_canceled, or what a thread leads for, has become
 * true. */
void ndb_store_wake(struct ndb_store *store);

/* For stores that wrap one: is to others what `inside` is. */
void ndb_store_resemble(struct ndb_store *store,
                        const struct ndb_store *inside);
/* The same: see ndb_store_ops. */
bool ndb_store_will_lead(struct ndb_store *store,
                         const struct ndb_request *requests, size_t count);
void ndb_store_lead(struct ndb_store *store, bool (*is_over)(void *context),
                    void *context);

void ndb_store_tell(struct ndb_store *store, struct ndb_store_facts *facts);

/* Frees what the store put into the request. May be called twice. */
void ndb_request_release(struct ndb_request *request);

/* For stores: how many bytes a NDB_GET is to have of an object of so many,
 * which its object_bytes become. NAMIDB_OK; NAMIDB_EINVAL, NAMIDB_ELIMIT: its
 * status and error say so. */
int ndb_request_range(struct ndb_request *request, uint64_t object_bytes,
                      size_t *bytes);
void ndb_listing_release(struct ndb_listing *listing);
/* Adds a copy of key; NAMIDB_OK or NAMIDB_ENOMEM. */
int ndb_listing_add(struct ndb_listing *listing, const char *key,
                    uint64_t bytes, int64_t modified_ms);

/* Waits for requests in flight, then frees the store. NULL is allowed. */
void ndb_store_close(struct ndb_store *store);

/* Opens the store and namespace that `uri` names. Sends nothing. */
int ndb_store_open(struct ndb_store **store, const char *uri,
                   namidb_error *err);

#endif
