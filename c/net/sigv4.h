/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigv4.h - AWS Signature Version 4, in the headers of a request.
 *
 * As the "Signature Version 4 signing process" of AWS' general reference has
 * it, with S3's two differences: the path is encoded once, and not normalised.
 * Every header passed in is signed, so a proxy that strips `If-None-Match`
 * makes the server refuse the request instead of overwriting.
 *
 * Pure: no clock, no I/O. SHA-256 and HMAC are Nettle's.
 */
#ifndef NDB_NET_SIGV4_H
#define NDB_NET_SIGV4_H

#include "base/buf.h"

#define NDB_SHA256_HEX_BYTES 64

struct ndb_sigv4_pair {
    const char *name; /* headers: any case; query: not encoded */
    const char *value;
};

struct ndb_sigv4_request {
    const char *method;
    const char *path; /* "/bucket/key", not encoded */
    const struct ndb_sigv4_pair *query;
    size_t query_count;
    const struct ndb_sigv4_pair *headers; /* host and x-amz-date among them */
    size_t header_count;
    const char *payload_hash; /* 64 hex digits, or UNSIGNED-PAYLOAD */
};

/* What a day, a region and a service make of a secret: four HMACs, more than
 * all the rest of a signature, so it is worth keeping. */
struct ndb_sigv4_key {
    uint8_t bytes[32];
};

/* Who signs, for what. */
struct ndb_sigv4_scope {
    const char *access_key;
    const char *secret_key;
    const char *region;
    const char *service;
    char time[17];                   /* "20150830T123600Z" */
    const struct ndb_sigv4_key *key; /* of these; NULL: to be worked out */
};

/* Fills scope->time from seconds since 1970. */
void ndb_sigv4_time(char out[17], int64_t seconds);

/* The hash of a body, as hex. */
void ndb_sha256_hex(char out[NDB_SHA256_HEX_BYTES + 1], struct ndb_slice body);

/* What is hashed and what is signed: each appends its text (for tests, and to
 * compare with a server's SignatureDoesNotMatch). NAMIDB_OK, NAMIDB_ENOMEM,
 * NAMIDB_ELIMIT; so the others. */
int ndb_sigv4_canonical(struct ndb_buf *out,
                        const struct ndb_sigv4_request *request);
int ndb_sigv4_string_to_sign(struct ndb_buf *out,
                             const struct ndb_sigv4_scope *scope,
                             struct ndb_slice canonical);

/* Appends the value of the Authorization header, with a NUL behind it that is
 * not counted. */
int ndb_sigv4_authorization(struct ndb_buf *out,
                            const struct ndb_sigv4_scope *scope,
                            const struct ndb_sigv4_request *request);

/* NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT. */
int ndb_sigv4_key(struct ndb_sigv4_key *out,
                  const struct ndb_sigv4_scope *scope);

/* Appends "a=b&c=d", encoded and in the order that is signed. */
int ndb_sigv4_query(struct ndb_buf *out, const struct ndb_sigv4_pair *query,
                    size_t count);

#endif
