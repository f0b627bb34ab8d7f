/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3_settings.h - which bucket, where, and how to talk to it; and the address
 * that follows.
 *
 *   bucket.s3.region.amazonaws.com              AWS
 *   bucket.s3-fips.dualstack.region...          with is_fips, is_dualstack
 *   name-account.s3-accesspoint.region...       an access point
 *   host/bucket                                 other endpoints
 *
 * Virtual-host style ("bucket.s3.eu-north-1.amazonaws.com/key") is AWS' own;
 * other endpoints, and buckets with dots (no certificate covers them), are
 * addressed by path ("host/bucket/key"). Keys are encoded once and never
 * normalised. Pure.
 */
#ifndef NDB_NET_S3_SETTINGS_H
#define NDB_NET_S3_SETTINGS_H

#include "base/buf.h"
#include "base/error.h"

struct ndb_s3_settings {
    char bucket[64];        /* of an access point: "name-account" */
    char access_point[192]; /* its ARN; "": a plain bucket */
    char region[64];    /* "": not told; us-east-1 until a server says more */
    char scheme[6];     /* "https" or "http" */
    char endpoint[256]; /* "host" or "host:port"; "": AWS', by region */
    bool is_path_style;
    bool is_dualstack;   /* AWS' hosts with IPv6 */
    bool is_fips;        /* and those of that standard */
    bool is_unsigned;    /* a public bucket: no credentials at all */
    bool requester_pays; /* x-amz-request-payer */
    bool can_hedge;      /* GETs that are late are sent a second time */
    bool can_run;        /* credential_process of a profile */
    bool has_checksum;   /* crc32c of large bodies, which are not hashed */
    char owner[16];      /* x-amz-expected-bucket-owner; "": none */
    char ca_bundle[1024];
    char profile[128];
};

#define NDB_S3_HOST_BYTES 384
#define NDB_S3_ENDPOINT_BYTES 256

/* The endpoint in `region`: what was told, or AWS'. */
void ndb_s3_endpoint(const struct ndb_s3_settings *settings, const char *region,
                     char out[NDB_S3_ENDPOINT_BYTES]);
/* The host of requests in `region`. */
void ndb_s3_host(const struct ndb_s3_settings *settings, const char *region,
                 char out[NDB_S3_HOST_BYTES]);

/* Appends what is signed as the path, with a NUL that is not counted; `key` ""
 * is the bucket itself. NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT; so below. */
int ndb_s3_path(const struct ndb_s3_settings *settings, const char *key,
                struct ndb_buf *out);

/* Appends the object as the source of a copy, encoded; the same. */
int ndb_s3_copy_source(const struct ndb_s3_settings *settings, const char *key,
                       struct ndb_buf *out);

/* Appends "scheme://host" and the encoded path. */
int ndb_s3_url(const struct ndb_s3_settings *settings, const char *host,
               const char *path, struct ndb_buf *out);

/* A directory bucket, by its name: it lists without order. */
bool ndb_s3_is_directory(const char *bucket);

/* NAMIDB_EINVAL with what is wrong; NAMIDB_EUNSUPPORTED for names of things
 * that are no plain buckets. */
int ndb_s3_check_bucket(const char *bucket, namidb_error *err);

/* Takes "https://host:port" apart into scheme and endpoint. NAMIDB_EINVAL. */
int ndb_s3_set_endpoint(struct ndb_s3_settings *settings, const char *url,
                        namidb_error *err);

/* True for this machine: the only place where plain http needs no leave. */
bool ndb_s3_is_loopback(const char *endpoint);

#endif
