/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_xml.h - S3's answers in XML: errors, listings, multipart uploads.
 *
 * Pure, and written for hostile input: documents are bounded by their size,
 * depth and number of items; entities other than XML's own five are refused.
 */
#ifndef NDB_NET_S3_XML_H
#define NDB_NET_S3_XML_H

#include "base/arena.h"
#include "base/buf.h"

/* <Error>; texts are cut at their size, "" when absent. */
struct ndb_s3_error {
    char code[64]; /* "PreconditionFailed" */
    char message[256];
    char region[64]; /* the bucket's, when the request went to another */
    char endpoint[192];
};

/* True when `body` is an <Error> document (also below a 200). */
bool ndb_s3_error_parse(struct ndb_slice body, struct ndb_s3_error *out);

struct ndb_s3_object {
    char *key; /* decoded when the document says encoding-type=url */
    uint64_t bytes;
    int64_t modified_ms;
    char storage_class[24]; /* "": not told */
};

/* <ListBucketResult> of ListObjectsV2. */
struct ndb_s3_listing {
    struct ndb_s3_object *objects;
    size_t count;
    bool is_truncated;
    const char *next_token; /* NULL: none */
};

/* NAMIDB_OK, NAMIDB_ENOMEM, or NAMIDB_EIO when it is no such document (an
 * answer of something that is not S3). All memory is the arena's. */
int ndb_s3_listing_parse(struct ndb_slice body, namidb_arena *arena,
                         struct ndb_s3_listing *out);

/* True when `body` is a whole document whose root is `name`. */
bool ndb_s3_xml_is(struct ndb_slice body, const char *name);

/* A part of an upload, as its list names it. */
struct ndb_s3_part {
    char etag[128];
    char checksum[12]; /* crc32c in base64; "": none */
};

/* Appends the <CompleteMultipartUpload> of all parts in order. */
int ndb_s3_parts_encode(const struct ndb_s3_part *parts, size_t count,
                        struct ndb_buf *out);

/* Milliseconds of "2026-11-24T10:00:00.123Z"; 0 when it is no such text. */
int64_t ndb_s3_time(const char *text);

/* The text of the first element `name` anywhere ("UploadId", "AccessKeyId"):
 * NAMIDB_OK, NAMIDB_NONE, NAMIDB_ENOMEM, NAMIDB_EIO. */
int ndb_s3_xml_text(struct ndb_slice body, const char *name,
                    namidb_arena *arena, const char **text);

#endif
