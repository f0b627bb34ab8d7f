/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_service.h - a server on loopback that gives keys, KEY1 and so on:
 * as JSON like a container's or EC2's, as XML like the token service's.
 */
#ifndef NDB_TEST_CREDENTIALS_SERVICE_H
#define NDB_TEST_CREDENTIALS_SERVICE_H

#include <pthread.h>

#include "http_server.h"

/* What the server says, and what it was asked last. */
struct credentials_service {
    struct http_server *http;
    pthread_mutex_t lock;
    int status;       /* of keys */
    int lifetime_s;   /* of keys; 0: they never expire */
    int token_status; /* of the EC2 session token */
    unsigned asked;   /* for keys */
    char header[256]; /* Authorization, or EC2's token */
    char body[2048];
};

/* Starts it in an empty home; its URL with that path is in the variable. */
void credentials_service_begin(struct credentials_service *service,
                               const char *variable, const char *path);
void credentials_service_finish(struct credentials_service *service);

/* Sets a field while the server may be at work. */
void credentials_service_set(struct credentials_service *service, int *field,
                             int value);
/* How often it was asked for keys. */
unsigned credentials_service_asked(struct credentials_service *service);
/* That these are part of what it was sent last; NULL: anything. */
void credentials_service_assert_seen(struct credentials_service *service,
                                     const char *header, const char *body);

#endif
