/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrappers.h - stores made of another store.
 *
 * A wrapper owns the store inside it and closes it with itself.
 *
 * ndb_counting counts requests and bytes per kind.
 *
 * ndb_faulty misbehaves on a schedule: the k-th request (from 1, counted over
 * those that match `ops`), or each with some probability from a seed.
 */
#ifndef NDB_STORE_WRAPPERS_H
#define NDB_STORE_WRAPPERS_H

#include "store/store.h"

struct ndb_store_counts {
    uint64_t requests[NDB_STORE_OP_COUNT]; /* DELETE_MANY: DELETEs sent */
    uint64_t bytes_read;                   /* bodies of GETs */
    uint64_t bytes_written;                /* bodies of PUTs */
    uint64_t ambiguous;                    /* writes, applied or not */
    uint64_t in_flight;                    /* now */
    uint64_t rounds;                       /* submissions */
};

/* Takes ownership of `inside`, also on failure (then closes it). */
int ndb_counting_open(struct ndb_store **store, struct ndb_store *inside,
                      namidb_error *err);
void ndb_counting_read(struct ndb_store *store, struct ndb_store_counts *out);

enum ndb_fault {
    NDB_FAULT_NONE,
    NDB_FAULT_FAIL,     /* not sent; a definite io error */
    NDB_FAULT_EXPIRED,  /* not sent; a definite timeout */
    NDB_FAULT_LOST,     /* not sent; an ambiguous io error */
    NDB_FAULT_DROP,     /* applied, its answer lost: an ambiguous io error */
    NDB_FAULT_LATE,     /* answered timeout at once (ambiguous for writes) and
                           applied only when ndb_faulty_release is called, or
                           at close */
    NDB_FAULT_DELAY,    /* held back until the next request has completed, or
                           ndb_faulty_release: reorders */
    NDB_FAULT_TRUNCATE, /* GET: the last byte is missing, status OK */
    NDB_FAULT_FLIP,     /* GET: one bit is wrong, status OK */
    NDB_FAULT_CONFLICT, /* applied, and answered as a conflict: what a client
                           that resends silently makes of a lost answer */
    NDB_FAULT_REFUSE,   /* not sent; answered as a conflict with nothing */
    NDB_FAULT_COUNT
};

struct ndb_fault_plan {
    uint32_t ops; /* bits 1 << enum ndb_store_op; 0: all */
    enum ndb_fault fault;
    uint64_t at;        /* the k-th matching request; 0: by chance */
    uint64_t count;     /* how many from there on; 0: one */
    uint32_t per_mille; /* by chance: how often */
    uint64_t seed;      /* by chance; also picks the bit of FLIP */
};

int ndb_faulty_open(struct ndb_store **store, struct ndb_store *inside,
                    namidb_error *err);
/* Replaces the plan and starts counting anew. Thread safe. */
void ndb_faulty_plan(struct ndb_store *store,
                     const struct ndb_fault_plan *plan);
/* Matching requests seen since the plan was set. */
uint64_t ndb_faulty_seen(struct ndb_store *store);
/* Lets held requests go (LATE, DELAY); returns when they are applied. */
void ndb_faulty_release(struct ndb_store *store);

/* Called before each request is passed on, on the submitting thread: a test's
 * scheduler blocks there to choose who goes next. NULL removes it. */
void ndb_faulty_gate(struct ndb_store *store,
                     void (*gate)(void *context,
                                  const struct ndb_request *request),
                     void *context);

#endif
