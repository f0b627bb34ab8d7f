/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_uploads.h - multipart uploads of the bucket in memory.
 *
 * As S3: parts come in any order and again, the list must name each with its
 * ETag and its checksum, and takes them together into one object. Not thread
 * safe.
 */
#ifndef NDB_TEST_S3_UPLOADS_H
#define NDB_TEST_S3_UPLOADS_H

#include "base/buf.h"

struct s3_uploads;

struct s3_uploads *s3_uploads_new(void);
void s3_uploads_free(struct s3_uploads *uploads);

/* Uploads that were neither completed nor aborted. */
size_t s3_uploads_count(const struct s3_uploads *uploads);

/* `is_checked`: parts must have a crc32c. */
void s3_uploads_begin(struct s3_uploads *uploads, const char *key,
                      bool is_checked, char id[32]);

/* The code of S3's refusal, or NULL and the part's ETag. `checksum`: of the
 * header; "": none. */
const char *s3_uploads_part(struct s3_uploads *uploads, const char *id,
                            unsigned number, struct ndb_slice body,
                            const char *checksum, char etag[40]);

/* The same; `list` is the document; *whole is malloc'ed, the caller frees. */
const char *s3_uploads_join(struct s3_uploads *uploads, const char *id,
                            struct ndb_slice list, struct ndb_buf *whole);

/* False: there is none. */
bool s3_uploads_abort(struct s3_uploads *uploads, const char *id);

#endif
