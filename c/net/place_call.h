/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place_call.h - the small requests by which places of credentials are asked.
 *
 * No redirect, no proxy for metadata, at most 64 KiB of answer, a second try
 * when the first had no answer or a 5xx. Messages never show an answer: it may
 * hold keys.
 */
#ifndef NDB_NET_PLACE_CALL_H
#define NDB_NET_PLACE_CALL_H

#include "net/credentials.h"
#include "net/http.h"

struct ndb_place_call {
    const char *method;
    const char *url;
    const struct ndb_http_header *headers;
    size_t header_count;
    struct ndb_slice body;
    bool has_body;
    bool can_use_proxy;
    int64_t timeout_ms; /* of each try; 0: only the deadline counts */
    int64_t deadline_ns;
    const char *ca_bundle; /* NULL: the system's */
};

/* Sends and waits; *out is the body, which the caller wipes. NAMIDB_OK for any
 * answer below 500 (*http_status says which), else a failure with text. */
int ndb_place_call_run(struct ndb_http *http, const struct ndb_place_call *call,
                       int *http_status, struct ndb_buf *out,
                       namidb_error *err);

/* Wipes and frees an answer. */
void ndb_place_call_wipe(struct ndb_buf *out);

/* Who writes keys as JSON: containers and EC2 call the session's "Token",
 * programs "SessionToken", and say "Version": 1. */
enum ndb_json_of { NDB_JSON_OF_SERVICE, NDB_JSON_OF_PROCESS };

/* {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}. NAMIDB_EAUTH with
 * what is missing. */
int ndb_credentials_of_json(struct ndb_slice text, enum ndb_json_of of,
                            struct ndb_credentials **out, namidb_error *err);

/* The whole of a small file, without the blanks at its end: a token that may be
 * rotated, so it is read each time. */
int ndb_place_read_token(const char *path, struct ndb_buf *out,
                         namidb_error *err);

#endif
