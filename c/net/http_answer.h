/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_answer.h - of an answer's headers, those that somebody above asks for.
 *
 * Pure. What a server sends is input: too long values are cut, names are
 * compared without case, and of a header that comes twice the last counts.
 */
#ifndef NDB_NET_HTTP_ANSWER_H
#define NDB_NET_HTTP_ANSWER_H

#include "base/slice.h"

/* Texts are "" when the header was not there. */
struct ndb_http_answer {
    int status;              /* 0: none came */
    int64_t date_ms;         /* Date, since 1970; 0: none */
    uint64_t content_length; /* UINT64_MAX: not told */
    char content_range[96];
    char retry_after[64];
    char region[64];     /* x-amz-bucket-region */
    char request_id[96]; /* x-amz-request-id */
    char etag[128];
    char server[64];
};

/* Milliseconds since 1970 of "Tue, 24 Nov 2026 10:00:00 GMT"; 0 when it is no
 * such text, or of no year between 1970 and 9999. */
int64_t ndb_http_date_ms(const char *text);

/* Takes in one line, "Name: value\r\n". */
void ndb_http_answer_header(struct ndb_http_answer *answer,
                            struct ndb_slice line);

/* Fields of "bytes 0-99/1234"; false when it is no such text. */
struct ndb_content_range {
    uint64_t first, last, total; /* total: UINT64_MAX for '*' */
};
bool ndb_content_range_parse(const char *text, struct ndb_content_range *range);

#endif
