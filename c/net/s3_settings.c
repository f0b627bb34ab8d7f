/* SPDX-License-Identifier: Apache-2.0 */
#include "net/s3_settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/encode.h"

static const char LOWER_AND_DIGITS[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char NAME_BYTES[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
static const char HOST_BYTES[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

/* -------------------------------------------------------------- address -- */

void ndb_s3_endpoint(const struct ndb_s3_settings *settings, const char *region,
                     char out[NDB_S3_ENDPOINT_BYTES])
{
    if (settings->endpoint[0] != '\0')
        (void)snprintf(out, NDB_S3_ENDPOINT_BYTES, "%s", settings->endpoint);
    else
        (void)snprintf(out, NDB_S3_ENDPOINT_BYTES,
                       "s3%s%s%s.%.63s.amazonaws.com%s",
                       settings->access_point[0] != '\0' ? "-accesspoint" : "",
                       settings->is_fips ? "-fips" : "",
                       settings->is_dualstack ? ".dualstack" : "", region,
                       strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}

void ndb_s3_host(const struct ndb_s3_settings *settings, const char *region,
                 char out[NDB_S3_HOST_BYTES])
{
    char endpoint[NDB_S3_ENDPOINT_BYTES];

    ndb_s3_endpoint(settings, region, endpoint);
    if (settings->is_path_style)
        (void)snprintf(out, NDB_S3_HOST_BYTES, "%s", endpoint);
    else
        (void)snprintf(out, NDB_S3_HOST_BYTES, "%s.%s", settings->bucket,
                       endpoint);
}

static int append(struct ndb_buf *out, const char *text)
{
    return ndb_buf_append(out, text, strlen(text));
}

static int append_nul(struct ndb_buf *out)
{
    int rc = ndb_buf_u8(out, 0);

    if (rc >= 0)
        out->bytes--;
    return rc;
}

int ndb_s3_path(const struct ndb_s3_settings *settings, const char *key,
                struct ndb_buf *out)
{
    int rc = append(out, "/");

    if (rc >= 0 && settings->is_path_style)
        rc = append(out, settings->bucket);
    if (rc >= 0 && settings->is_path_style && key[0] != '\0')
        rc = append(out, "/");
    if (rc >= 0)
        rc = append(out, key);
    return rc >= 0 ? append_nul(out) : rc;
}

int ndb_s3_copy_source(const struct ndb_s3_settings *settings, const char *key,
                       struct ndb_buf *out)
{
    bool is_point = settings->access_point[0] != '\0';
    const char *name = is_point ? settings->access_point : settings->bucket;
    int rc = is_point ? NAMIDB_OK : append(out, "/");

    if (rc >= 0)
        rc = ndb_uri_encode(out, ndb_slice_text(name), true);
    if (rc >= 0)
        rc = append(out, is_point ? "/object/" : "/");
    if (rc >= 0)
        rc = ndb_uri_encode(out, ndb_slice_text(key), true);
    return rc >= 0 ? append_nul(out) : rc;
}

int ndb_s3_url(const struct ndb_s3_settings *settings, const char *host,
               const char *path, struct ndb_buf *out)
{
    int rc = append(out, settings->scheme);

    if (rc >= 0)
        rc = append(out, "://");
    if (rc >= 0)
        rc = append(out, host);
    if (rc >= 0)
        rc = ndb_uri_encode(out, ndb_slice_text(path), true);
    return rc >= 0 ? append_nul(out) : rc;
}

/* --------------------------------------------------------------- checks -- */

static bool ends_with(const char *text, const char *end)
{
    size_t bytes = strlen(text);
    size_t end_bytes = strlen(end);

    return bytes >= end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

bool ndb_s3_is_directory(const char *bucket)
{
    return ends_with(bucket, "--x-s3");
}

int ndb_s3_check_bucket(const char *bucket, namidb_error *err)
{
    size_t bytes = strlen(bucket);

    if (ends_with(bucket, ".mrap") || ends_with(bucket, "--op-s3"))
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "s3 bucket '%.64s': multi-region access points and "
                        "outposts are not supported",
                        bucket);
    if (bytes < 3 || bytes > 63 || strspn(bucket, NAME_BYTES) != bytes ||
        strspn(bucket, LOWER_AND_DIGITS) == 0 ||
        strchr(LOWER_AND_DIGITS, bucket[bytes - 1]) == NULL ||
        strstr(bucket, "..") != NULL || strspn(bucket, "0123456789.") == bytes)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 bucket '%.64s': a name has 3 to 63 of a-z 0-9 . - "
                        "and begins and ends with a letter or digit",
                        bucket);
    return NAMIDB_OK;
}

/* The bytes of the host in "host:port"; 0: not well formed. */
static size_t host_bytes(const char *endpoint)
{
    const char *close = strchr(endpoint, ']');
    size_t bytes;

    if (endpoint[0] == '[') {
        if (close == NULL || strspn(endpoint + 1, "0123456789abcdefABCDEF:.") !=
                                 (size_t)(close - endpoint) - 1)
            return 0;
        return (size_t)(close - endpoint) + 1;
    }
    bytes = strcspn(endpoint, ":");
    return strspn(endpoint, HOST_BYTES) == bytes ? bytes : 0;
}

static bool is_endpoint(const char *endpoint)
{
    size_t bytes = host_bytes(endpoint);
    const char *port = endpoint + bytes;
    long number;
    char *end;

    if (bytes == 0 || (*port != '\0' && *port != ':'))
        return false;
    if (*port == '\0')
        return true;
    if (strspn(port + 1, "0123456789") != strlen(port + 1) || port[1] == '\0')
        return false;
    number = strtol(port + 1, &end, 10);
    return number > 0 && number < 65536;
}

int ndb_s3_set_endpoint(struct ndb_s3_settings *settings, const char *url,
                        namidb_error *err)
{
    const char *colon = strstr(url, "://");
    size_t bytes = colon != NULL ? (size_t)(colon - url) : 0;
    const char *host = colon != NULL ? colon + 3 : url;
    size_t left = strlen(host);

    if (!((bytes == 5 && strncmp(url, "https", 5) == 0) ||
          (bytes == 4 && strncmp(url, "http", 4) == 0)))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 endpoint: must begin with https:// or http://");
    if (left != 0 && host[left - 1] == '/')
        left--;
    if (left >= sizeof settings->endpoint)
        return ndb_fail(err, NAMIDB_EINVAL, "s3 endpoint: too long");
    if (memchr(host, '@', left) != NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 endpoint: no user or password may stand in it");
    (void)snprintf(settings->scheme, sizeof settings->scheme, "%.*s",
                   (int)bytes, url);
    (void)snprintf(settings->endpoint, sizeof settings->endpoint, "%.*s",
                   (int)left, host);
    if (!is_endpoint(settings->endpoint))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 endpoint '%.128s': write https://host or "
                        "https://host:port, without a path",
                        url);
    return NAMIDB_OK;
}

bool ndb_s3_is_loopback(const char *endpoint)
{
    size_t bytes = host_bytes(endpoint);

    if (bytes == 9 && strncmp(endpoint, "localhost", 9) == 0)
        return true;
    if (bytes == 5 && strncmp(endpoint, "[::1]", 5) == 0)
        return true;
    /* An address, not a name that begins like one. */
    return strncmp(endpoint, "127.", 4) == 0 &&
           strspn(endpoint, "0123456789.") >= bytes;
}
