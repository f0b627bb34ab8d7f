/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - who we are, for as long as that lasts.
 *
 * A source knows one place that gives credentials: the first of the chain that
 * is set up.
 *
 *   1. the profile that the URI names
 *   2. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *   3. AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN
 *   4. the profile AWS_PROFILE, or "default", in ~/.aws/credentials and config:
 *      a role, keys, or a program (credential_process) if that is allowed; a
 *      role by a token's file, by another profile, or by places 2, 5 or 6
 *   5. AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
 *   6. the metadata service of EC2, version 2
 *
 * Places 1, 2 and 4 with plain keys are read at open; the others are asked when
 * the first request needs them, and again from 10 minutes before the answer
 * expires, by a thread of the source's, while requests go on with what they
 * have. Each request keeps one immutable snapshot from signing to the end.
 *
 * Secrets appear in no message. Any thread may call.
 */
#ifndef NDB_NET_CREDENTIALS_H
#define NDB_NET_CREDENTIALS_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/slice.h"

#define NDB_CREDENTIALS_FOREVER INT64_MAX

struct ndb_credentials {
    atomic_uint refs;
    int64_t expires_ms; /* wall clock; NDB_CREDENTIALS_FOREVER */
    char *access_key;
    char *secret_key;
    char *token; /* NULL: none */
};

struct ndb_credentials_source;

/* With one reference; `token` may be empty. NAMIDB_ENOMEM, or NAMIDB_EINVAL
 * (without text) for texts that could not stand in a header. */
int ndb_credentials_new(struct ndb_credentials **out,
                        struct ndb_slice access_key,
                        struct ndb_slice secret_key, struct ndb_slice token,
                        int64_t expires_ms);
struct ndb_credentials *ndb_credentials_ref(struct ndb_credentials *snapshot);
/* Wipes them with the last reference. NULL is allowed. */
void ndb_credentials_unref(struct ndb_credentials *snapshot);

/* What a URI says of credentials. */
struct ndb_credentials_wish {
    const char *profile; /* NULL or "": it names none */
    const char *region;  /* of the token service */
    bool is_fips;        /* that service's hosts of that standard */
    bool can_run;        /* credential_process is allowed */
};

/* Chooses the place. NAMIDB_EAUTH: none is set up, or one is only half;
 * NAMIDB_EUNSUPPORTED: a profile of a kind that is not followed. */
int ndb_credentials_open(struct ndb_credentials_source **source,
                         const struct ndb_credentials_wish *wish,
                         namidb_error *err);
/* Waits for a question under way. NULL is allowed. */
void ndb_credentials_close(struct ndb_credentials_source *source);

/* "environment", "profile prod", ... for people. */
const char *ndb_credentials_place(const struct ndb_credentials_source *source);

/* Embedded in what waits for credentials. */
struct ndb_credentials_waiter {
    struct ndb_credentials_waiter *next;
    /* Set before done: a reference for the waiter, or NULL and err. */
    struct ndb_credentials *snapshot;
    namidb_error err;
    int64_t deadline_ns; /* set by the caller: NAMIDB_ETIMEOUT then */
    /* Set by the caller: NAMIDB_ECANCELED once it is true and
     * ndb_credentials_wake was called. NULL: never. */
    const atomic_bool *is_called_off;
    /* Called once, maybe before ask returns, from any thread. */
    void (*done)(struct ndb_credentials_waiter *waiter);
};

void ndb_credentials_ask(struct ndb_credentials_source *source,
                         struct ndb_credentials_waiter *waiter);
/* Some waiter may have been called off. */
void ndb_credentials_wake(struct ndb_credentials_source *source);

/* A server said that these have expired: ask again before their time. */
void ndb_credentials_discard(struct ndb_credentials_source *source,
                             const struct ndb_credentials *snapshot);

#endif
