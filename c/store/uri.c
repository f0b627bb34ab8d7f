/* SPDX-License-Identifier: Apache-2.0 */
#include "store/uri.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "net/encode.h"

static const char *const S3_PARAMS[] = { "ns",
                                         "region",
                                         "endpoint",
                                         "path_style",
                                         "dualstack",
                                         "fips",
                                         "allow_http",
                                         "profile",
                                         "credential_process",
                                         "storage_class",
                                         "sse",
                                         "sse_kms_key_id",
                                         "expected_bucket_owner",
                                         "request_payer",
                                         "unsigned",
                                         "ca_bundle",
                                         "checksum",
                                         "hedge",
                                         "probe",
                                         NULL };
static const char *const FOLDER_PARAMS[] = { "ns", "far", NULL };

/* Decodes text[0..bytes) into out; `what` names it in errors. */
static int decode(const char *text, size_t bytes, char *out, size_t capacity,
                  const char *what, namidb_error *err)
{
    size_t at = 0;

    for (size_t i = 0; i < bytes; i++) {
        char character = text[i];

        if (character == '%') {
            int byte = i + 2 < bytes ? ndb_uri_decode_byte(text + i + 1) : -1;

            if (byte < 0)
                return ndb_fail(err, NAMIDB_EINVAL,
                                "uri: %s: %% without two hex digits", what);
            character = (char)byte;
            i += 2;
        }
        if ((unsigned char)character < 0x20 || character == 0x7f)
            return ndb_fail(err, NAMIDB_EINVAL, "uri: %s: control character",
                            what);
        if (at + 1 >= capacity)
            return ndb_fail(err, NAMIDB_ELIMIT,
                            "uri: %s: longer than %zu bytes", what,
                            capacity - 1);
        out[at++] = character;
    }
    out[at] = '\0';
    return NAMIDB_OK;
}

static bool is_namespace(const char *text)
{
    size_t bytes = strlen(text);

    if (bytes == 0 || bytes >= sizeof((namidb_uri *)0)->ns || text[0] == '.')
        return false;
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789._-") == bytes;
}

static bool is_listed(const char *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

const char *ndb_uri_param(const namidb_uri *uri, const char *name)
{
    for (size_t i = 0; i < uri->param_count; i++)
        if (strcmp(uri->params[i].name, name) == 0)
            return uri->params[i].value;
    return NULL;
}

int ndb_uri_choice(const namidb_uri *uri, const char *name,
                   const char *const *choices, const char **value,
                   namidb_error *err)
{
    const char *given = ndb_uri_param(uri, name);

    if (given == NULL)
        return NAMIDB_NONE;
    for (; *choices != NULL; choices++)
        if (strcmp(*choices, given) == 0) {
            *value = *choices;
            return NAMIDB_OK;
        }
    return ndb_fail(err, NAMIDB_EINVAL, "uri: %s=%.64s is no value of it", name,
                    given);
}

int ndb_uri_switch(const namidb_uri *uri, const char *name, const char *off,
                   const char *on, bool *value, namidb_error *err)
{
    const char *const choices[] = { off, on, NULL };
    const char *chosen = NULL;
    int rc = ndb_uri_choice(uri, name, choices, &chosen, err);

    if (rc == NAMIDB_OK)
        *value = strcmp(chosen, on) == 0;
    return rc;
}

static const char *const *params_of(const char *scheme)
{
    return strcmp(scheme, "s3") == 0 ? S3_PARAMS : FOLDER_PARAMS;
}

bool namidb_is_uri_param(const char *scheme, const char *name)
{
    return is_listed(params_of(scheme), name);
}

static int add_param(namidb_uri *uri, const char *text, size_t bytes,
                     namidb_error *err)
{
    const char *equals = memchr(text, '=', bytes);
    namidb_uri_param param = { .name = "" };
    int rc;

    if (equals == NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: parameter '%.*s' has no value", (int)bytes, text);
    rc = decode(text, (size_t)(equals - text), param.name, sizeof param.name,
                "parameter name", err);
    if (rc < 0)
        return rc;
    rc = decode(equals + 1, bytes - (size_t)(equals - text) - 1, param.value,
                sizeof param.value, param.name, err);
    if (rc < 0)
        return rc;
    if (!namidb_is_uri_param(uri->scheme, param.name))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: unknown parameter '%s' for %s://", param.name,
                        uri->scheme);
    if (ndb_uri_param(uri, param.name) != NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: parameter '%s' is there twice", param.name);
    uri->params[uri->param_count++] = param; /* known and no repeats: fits */
    return NAMIDB_OK;
}

static int parse_params(namidb_uri *uri, const char *text, namidb_error *err)
{
    const char *ns;

    while (*text != '\0') {
        size_t bytes = strcspn(text, "&");
        int rc = add_param(uri, text, bytes, err);

        if (rc < 0)
            return rc;
        text += bytes;
        if (*text == '&')
            text++;
    }
    ns = ndb_uri_param(uri, "ns");
    if (ns == NULL)
        ns = "default";
    if (!is_namespace(ns))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: ns must be 1 to %zu of A-Z a-z 0-9 . _ - and "
                        "not begin with a dot",
                        sizeof uri->ns - 1);
    (void)snprintf(uri->ns, sizeof uri->ns, "%s", ns);
    return NAMIDB_OK;
}

/* What stands between "://" and '?'. */
static int parse_place(namidb_uri *uri, const char *text, size_t bytes,
                       namidb_error *err)
{
    const char *slash = memchr(text, '/', bytes);
    size_t first_bytes = slash != NULL ? (size_t)(slash - text) : bytes;
    int rc;

    if (memchr(text, '@', first_bytes) != NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: no user or password may stand in it");
    if (strcmp(uri->scheme, "file") == 0) {
        if (bytes == 0 || (text[0] != '/' && text[0] != '.'))
            return ndb_fail(err, NAMIDB_EINVAL,
                            "uri: write file:///absolute/folder or "
                            "file://./relative/folder");
        return decode(text, bytes, uri->path, sizeof uri->path, "path", err);
    }
    rc =
        decode(text, first_bytes, uri->bucket, sizeof uri->bucket, "name", err);
    if (rc < 0)
        return rc;
    if (uri->bucket[0] == '\0')
        return ndb_fail(err, NAMIDB_EINVAL, "uri: %s:// without a name",
                        uri->scheme);
    while (first_bytes < bytes && text[first_bytes] == '/')
        first_bytes++;
    while (bytes > first_bytes && text[bytes - 1] == '/')
        bytes--;
    if (bytes > first_bytes && strcmp(uri->scheme, "memory") == 0)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: memory:// takes a name, no path");
    return decode(text + first_bytes, bytes - first_bytes, uri->path,
                  sizeof uri->path, "prefix", err);
}

int namidb_parse_uri(const char *text, namidb_uri *uri, namidb_error *err)
{
    const char *colon = strstr(text, "://");
    const char *place;
    size_t bytes;
    int rc;

    *uri = (namidb_uri){ .scheme = "" };
    if (strlen(text) > NDB_URI_BYTES_MAX)
        return ndb_fail(err, NAMIDB_ELIMIT, "uri: longer than %u bytes",
                        NDB_URI_BYTES_MAX);
    if (colon == NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: no scheme; write file://, memory:// or s3://");
    bytes = (size_t)(colon - text);
    if ((bytes != 4 || strncmp(text, "file", 4) != 0) &&
        (bytes != 6 || strncmp(text, "memory", 6) != 0) &&
        (bytes != 2 || strncmp(text, "s3", 2) != 0))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: unknown scheme '%.*s'; known are file, memory "
                        "and s3",
                        bytes < 32 ? (int)bytes : 32, text);
    memcpy(uri->scheme, text, bytes);
    place = colon + 3;
    if (strchr(place, '#') != NULL)
        return ndb_fail(err, NAMIDB_EINVAL, "uri: a fragment has no meaning");
    bytes = strcspn(place, "?");
    rc = parse_place(uri, place, bytes, err);
    if (rc < 0)
        return rc;
    place += bytes;
    return parse_params(uri, *place == '?' ? place + 1 : place, err);
}
