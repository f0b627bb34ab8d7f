/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_judge.h - what an answer of S3 means, and what to do next.
 *
 *   answer                                                    verdict
 *   2xx without an error in its body                          OK
 *   404 NoSuchKey                                             ABSENT
 *   412, PreconditionFailed                                   EXISTS
 *   5xx but 501, 429 408, RequestTimeout,
 *   409 ConditionalRequestConflict, OperationAborted,
 *   transport errors                                          AGAIN
 *   RequestTimeTooSkewed                                      SKEWED
 *   ExpiredToken                                              EXPIRED
 *   301 307, 400 with another region                          MISPLACED
 *   anything else                                             FAILED
 *
 * Pure: who calls again, how often and when is s3.c's.
 */
#ifndef NDB_NET_S3_JUDGE_H
#define NDB_NET_S3_JUDGE_H

#include "net/http.h"
#include "net/s3_xml.h"

enum ndb_s3_verdict {
    NDB_S3_OK,
    NDB_S3_ABSENT,
    NDB_S3_EXISTS,
    NDB_S3_AGAIN,
    NDB_S3_SKEWED,
    NDB_S3_EXPIRED,
    NDB_S3_MISPLACED,
    NDB_S3_FAILED,
};

/* `error`: of the body; all "" when it has none. `region`: that was signed. */
enum ndb_s3_verdict ndb_s3_judge(const struct ndb_http_exchange *exchange,
                                 const struct ndb_s3_error *error,
                                 const char *region);

/* The region that an answer names, or NULL. */
const char *ndb_s3_region_told(const struct ndb_http_exchange *exchange,
                               const struct ndb_s3_error *error);

/* Seconds or a date of Retry-After as milliseconds; 0: none. */
int64_t ndb_s3_retry_after_ms(const struct ndb_http_answer *answer);

/* The longest pause before try `number` (from 2). */
int64_t ndb_s3_backoff_ms(unsigned number);

/* Writes the failure of an answer that was not OK; `action` ("s3:GetObject") is
 * the permission that the request needs. Returns its status. */
int ndb_s3_explain(const struct ndb_http_exchange *exchange,
                   const struct ndb_s3_error *error, const char *action,
                   namidb_error *err);

#endif
