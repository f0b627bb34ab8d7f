/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - HTTP/1.1 requests on one curl multi handle.
 *
 * One exchange is one request as it is: no redirect, no retry, no proxy unless
 * asked. A request with a body is never sent again silently when a reused
 * connection dies, as curl does otherwise: such an exchange fails, and
 * `is_sent` says whether the server may have seen it.
 *
 * The client is shared by all stores of a process: the first open starts its
 * thread, the last close joins it. A child made by fork(2) starts its own and
 * leaves the parent's alone.
 *
 * One thread at a time leads, which is to send, to receive and to call back:
 * one that waits for its answer, or else the client's own. Any thread may
 * submit and cancel. `done` runs on the leader: it must not block; it may
 * submit.
 */
#ifndef NDB_NET_HTTP_H
#define NDB_NET_HTTP_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/http_answer.h"

struct ndb_http;

struct ndb_http_header {
    const char *name;
    const char *value;
};

struct ndb_http_exchange {
    /* Set by the caller; must not change until done. */
    const char *method;
    const char *url;
    const struct ndb_http_header *headers;
    size_t header_count;
    struct ndb_slice body;
    bool has_body;
    size_t answer_bytes_max; /* of the body; more is NAMIDB_ELIMIT */
    int64_t not_before_ns;   /* of sys/clock.h; 0: at once */
    int64_t deadline_ns;     /* of sys/clock.h */
    /* Cancels all that share it, once it is true and ndb_http_wake was called.
     * NULL: only ndb_http_cancel does. */
    const atomic_bool *is_called_off;
    int64_t connect_timeout_ms; /* 0: 10,000 */
    int64_t stall_seconds;      /* NAMIDB_ETIMEOUT when almost no byte moved
                                   for so long; 0: only the deadline counts */
    const char *ca_bundle;      /* NULL: the system's */
    int64_t idle_seconds_max;   /* of a connection to be used; 0: 30 */
    int64_t life_seconds_max;   /* the same; 0: 300 */
    bool can_use_proxy;         /* environment's proxy settings count */
    int64_t late_after_ns;      /* without a byte of the answer: */
    /* Called then, once, on the leader; may submit. NULL: never. */
    void (*late)(struct ndb_http_exchange *exchange);
    void (*done)(struct ndb_http_exchange *exchange);
    void *context;

    /*
     * Set before done. status: NAMIDB_OK when a whole answer came, whatever it
     * says; NAMIDB_ETIMEOUT, NAMIDB_ECANCELED, NAMIDB_ELIMIT, NAMIDB_EAUTH (the
     * server's certificate is not to be trusted; the text says why),
     * NAMIDB_EINVAL (bad URL), NAMIDB_ENOMEM or NAMIDB_EIO.
     */
    int status;
    bool is_sent; /* the server may have seen a part of the request */
    struct ndb_http_answer answer;
    struct ndb_buf out; /* the caller releases it */
    int64_t took_ns;    /* from the start of sending to the end */
    int64_t waited_ns;  /* from there to the answer's first byte, or the end */
    namidb_error err;   /* without a name: the caller knows it */

    /* The client's. */
    struct ndb_http_exchange *next;
    atomic_bool is_canceled;
};

/* The process's client, with one more user. */
int ndb_http_open(struct ndb_http **http, namidb_error *err);
/* No exchange of the caller's may be under way. NULL is allowed. */
void ndb_http_close(struct ndb_http *http);

void ndb_http_submit(struct ndb_http *http, struct ndb_http_exchange *exchange);
/* Ends an exchange that is not done yet soon (NAMIDB_ECANCELED, or as it ended
 * by itself). */
void ndb_http_cancel(struct ndb_http *http, struct ndb_http_exchange *exchange);
/* The leader looks around: for an is_called_off that has become true, or
 * whether what it leads for is over. */
void ndb_http_wake(struct ndb_http *http);

/* Says that the calling thread goes on to ndb_http_lead with what it submits
 * next, so that the client's thread need not be woken for it. */
void ndb_http_will_lead(void);
/* Leads until is_over(context), which is asked whenever something may have
 * happened; who makes it true on another thread wakes. Returns at once when
 * another thread leads: that one does the work. */
void ndb_http_lead(struct ndb_http *http, bool (*is_over)(void *context),
                   void *context);
/* Submits and waits. Not for the leader. */
int ndb_http_run(struct ndb_http *http, struct ndb_http_exchange *exchange);

#endif
