/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_asker.h - asks a source of credentials, and waits.
 *
 * No failure may show "hush" or "TOKEN", which is what secrets are here.
 */
#ifndef NDB_TEST_CREDENTIALS_ASKER_H
#define NDB_TEST_CREDENTIALS_ASKER_H

#include <pthread.h>

#include "net/credentials.h"

struct asked {
    struct ndb_credentials_waiter waiter; /* without a deadline */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;
};

void asked_begin(struct asked *asked);
void asked_await(struct asked *asked);

/* What the source hands out, for the caller to release; NULL: it fails, and
 * then *err. */
struct ndb_credentials *credentials_ask(struct ndb_credentials_source *source,
                                        namidb_error *err);
void credentials_assert_key(struct ndb_credentials_source *source,
                            const char *access_key);
void credentials_assert_fails(struct ndb_credentials_source *source, int status,
                              const char *part);

/* Opens what the environment says, for eu-north-1. */
struct ndb_credentials_source *credentials_open(void);
void credentials_assert_refused(int status, const char *part);

#endif
