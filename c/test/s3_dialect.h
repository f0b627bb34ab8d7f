/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_dialect.h - how services that have no server of their own for tests differ
 * from S3.
 *
 *   R2      account host, region "auto", buckets by path; writes to one key
 * that come too fast are turned away with 429; errors in its own words, ETags
 * of parts that are no digests Tigris  region "auto", buckets by host; ETags
 * that may be weak
 *
 * A request that is addressed or signed in another way than the service wants
 * is refused, as it would be there.
 */
#ifndef NDB_TEST_S3_DIALECT_H
#define NDB_TEST_S3_DIALECT_H

#include "s3_bucket.h"

/* True: the request goes to the bucket, `target` as if by path. False: it is
 * answered. */
bool s3_dialect_admit(enum s3_dialect dialect,
                      const struct http_request *request, unsigned number,
                      char *target, size_t capacity, struct s3_reply *answer);

/* Puts what the bucket answered into the service's words. */
void s3_dialect_word(enum s3_dialect dialect,
                     const struct http_request *request,
                     struct s3_reply *answer);

#endif
