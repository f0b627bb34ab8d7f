/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_s3.h - objects in a bucket of S3, or of what speaks like it.
 *
 *   request        S3                                      permission
 *   GET            GetObject, with a Range when asked      s3:GetObject
 *   PUT            PutObject                               s3:PutObject
 *   PUT_IF_ABSENT  PutObject with If-None-Match: *         s3:PutObject
 *   either, of a   CreateMultipartUpload, UploadPart ..,   s3:PutObject
 *   large pack     CompleteMultipartUpload
 *   SET_CLASS      CopyObject onto itself                  both of these
 *   after failure  AbortMultipartUpload, if it may         (wanted, not needed)
 *   DELETE, _MANY  DeleteObject, one by one, 16 at once    s3:DeleteObject
 *   LIST           ListObjectsV2, one page                 s3:ListBucket
 *
 * GET, LIST, PUT and DELETE are repeated within their deadline. PUT_IF_ABSENT
 * is not, once the server may have seen it: it fails as ambiguous, and who sent
 * it compares (log.h). Times are of the server's Date header.
 */
#ifndef NDB_STORE_STORE_S3_H
#define NDB_STORE_STORE_S3_H

#include "store/store.h"

/* Sends nothing. */
int ndb_s3_store_open(struct ndb_store **store, const namidb_uri *uri,
                      namidb_error *err);

/* When a pack goes up in parts. */
struct ndb_s3_split {
    uint64_t above_bytes; /* 64 MiB */
    uint64_t part_bytes;  /* 16 MiB; S3 takes 5 MiB to 5 GiB, 10,000 parts */
};

/* For tests, which have no time for large packs; before the first request. */
void ndb_s3_store_split(struct ndb_store *store,
                        const struct ndb_s3_split *split);

#endif
