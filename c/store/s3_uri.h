/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_uri.h - what an s3:// URI, the environment and a profile say of a bucket.
 *
 *   region                 else AWS_REGION, AWS_DEFAULT_REGION, the profile's
 *   endpoint               else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the
 *                          profile's endpoint_url, else AWS
 *   path_style             true or false; default: false for AWS, else true
 *   dualstack, fips        true: AWS' hosts with IPv6, and of that standard;
 *                          else AWS_USE_DUALSTACK_ENDPOINT, the profile, ...
 *   allow_http             true: plain http to other machines as well
 *   profile                of ~/.aws/credentials and ~/.aws/config
 *   credential_process     allow: the program that a profile names is run
 *   storage_class          of packs; no archive
 *   sse, sse_kms_key_id    AES256, aws:kms, aws:kms:dsse; their key
 *   expected_bucket_owner  12 digits
 *   request_payer          requester
 *   unsigned               true: no credentials, a public bucket
 *   ca_bundle              a file; else AWS_CA_BUNDLE, else the system's
 *   checksum               crc32c (default) or off
 *   hedge                  on (default) or off: late GETs are sent twice
 *   probe                  on (default) or off
 */
#ifndef NDB_STORE_S3_URI_H
#define NDB_STORE_S3_URI_H

#include "net/s3_settings.h"

struct ndb_s3_uri {
    struct ndb_s3_settings settings;
    char root[912]; /* "prefix/ns/": what keys are relative to */
    char storage_class[32];
    char sse[16];
    char sse_kms_key_id[512];
    bool has_probe;
    bool is_unordered; /* a directory bucket's listings */
};

/* NAMIDB_EINVAL, NAMIDB_EUNSUPPORTED, NAMIDB_ELIMIT (a prefix that leaves no
 * room for keys), NAMIDB_EAUTH (a file of AWS' that may not be read). */
int ndb_s3_uri_read(struct ndb_s3_uri *out, const namidb_uri *uri,
                    namidb_error *err);

/* Text of the class that `name` names, or NULL. In the archives, which
 * storage_class= may not name, nothing can be read before it is restored. */
const char *ndb_s3_storage_class(const char *name);
/* Fails with the names that are known. */
int ndb_s3_refuse_class(const char *name, namidb_error *err);

/* What people must know when something is refused, and no secret:
 * "s3://bucket/prod/ (AWS, eu-north-1, credentials from the environment)". */
void ndb_s3_uri_describe(const struct ndb_s3_uri *uri, const char *credentials,
                         char *out, size_t capacity);

#endif
