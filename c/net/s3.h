/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3.h - calls to one bucket: signed, judged, repeated.
 *
 * A call is repeated while its deadline leaves time, after a random pause up to
 * a bound that doubles (full jitter), and not before what a Retry-After asked
 * for; signed anew once for each of: a clock that is off, expired credentials,
 * another region. A GET whose answer is late is sent a second time (hedge.h). A
 * create is repeated only while the server cannot have seen it: from then on
 * its outcome is ambiguous, and the caller decides.
 *
 * Any thread may submit. `done` runs on a thread of the client's, or on the
 * submitting one: it must not block.
 */
#ifndef NDB_NET_S3_H
#define NDB_NET_S3_H

#include "net/credentials.h"
#include "net/http.h"
#include "net/s3_settings.h"
#include "net/s3_xml.h"
#include "net/sigv4.h"

struct ndb_s3;

/* Sends nothing. NAMIDB_EAUTH: no credentials. */
int ndb_s3_open(struct ndb_s3 **s3, const struct ndb_s3_settings *settings,
                namidb_error *err);
/* No call may be under way. NULL is allowed. */
void ndb_s3_close(struct ndb_s3 *s3);

/* Where credentials come from, for people. */
const char *ndb_s3_credentials_place(const struct ndb_s3 *s3);
/* Fills in endpoint, bucket, region and credentials. */
void ndb_s3_place(struct ndb_s3 *s3, namidb_place *place);

/* Second GETs that were sent because the first was late. */
uint64_t ndb_s3_hedged(const struct ndb_s3 *s3);
/* Requests that were sent again after a failure. */
uint64_t ndb_s3_retried(const struct ndb_s3 *s3);

enum { NDB_S3_HEADERS_MAX = 24 };

/* What a request says of its body, whichever try it is. */
struct ndb_s3_payload {
    char hash[NDB_SHA256_HEX_BYTES + 1]; /* or UNSIGNED-PAYLOAD */
    char checksum[12];                   /* crc32c in base64; "": none */
};

/* `wants_checksum`: also for a body that is hashed. */
int ndb_s3_payload(const struct ndb_s3 *s3, struct ndb_slice body,
                   bool wants_checksum, struct ndb_s3_payload *out);

struct ndb_s3_call {
    /* Set by the caller; must not change until done. */
    const char *method;
    const char *action;                 /* its permission: "s3:GetObject" */
    const char *key;                    /* "": the bucket itself */
    const struct ndb_sigv4_pair *query; /* not encoded */
    size_t query_count;
    const struct ndb_sigv4_pair *headers; /* at most 8 */
    size_t header_count;
    struct ndb_slice body;
    bool has_body;
    bool has_payload; /* of the body; else it is worked out at submit */
    struct ndb_s3_payload payload;
    bool is_create; /* never repeated once it may be applied */
    bool
        makes_object; /* a good answer has its ETag, and no error in its body */
    bool can_hedge;   /* changes nothing: sent twice when it is late */
    /* The document of a good answer: some requests say 200 before they know,
     * and what went wrong in the body. NULL: 2xx is good. */
    const char *answer_root;
    int64_t stall_seconds; /* without a byte; 0: 10 */
    size_t answer_bytes_max;
    int64_t deadline_ns;
    const atomic_bool *is_canceled; /* see ndb_s3_wake; NULL: never */
    void (*done)(struct ndb_s3_call *call);
    void *context;

    /*
     * Set before done. status: NAMIDB_OK: 2xx; NAMIDB_NONE: no such object;
     * NAMIDB_ECONFLICT: the condition did not hold; or a failure with its text,
     * which does not name the object. answer and out: of the last try.
     */
    int status;
    bool is_ambiguous; /* failed, but may be applied */
    unsigned tries;
    struct ndb_http_exchange exchange; /* its answer, and out */
    struct ndb_s3_error error;         /* of the answer; "": none */
    namidb_error err;

    /* The client's. */
    struct ndb_s3 *s3;
    struct ndb_credentials_waiter waiter;
    struct ndb_credentials *credentials;
    struct ndb_buf path, url, authorization;
    struct ndb_http_header sent[NDB_S3_HEADERS_MAX];
    size_t sent_count;
    char host[NDB_S3_HOST_BYTES];
    char region[64];
    char date[17];
    int64_t pause_until_ns;
    unsigned mended; /* bits 1 << enum ndb_s3_verdict: once each */
};

void ndb_s3_submit(struct ndb_s3 *s3, struct ndb_s3_call *call);
/* After an is_canceled has become true: its calls end soon, NAMIDB_ECANCELED
 * unless they ended by themselves. */
void ndb_s3_wake(struct ndb_s3 *s3);
/* As ndb_http_lead; ndb_s3_wake has is_over asked. */
void ndb_s3_lead(struct ndb_s3 *s3, bool (*is_over)(void *context),
                 void *context);
/* Frees what the client put into the call. */
void ndb_s3_call_release(struct ndb_s3_call *call);

#endif
