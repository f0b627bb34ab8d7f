/* SPDX-License-Identifier: Apache-2.0 */
#include "store/s3_uri.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "net/aws_files.h"
#include "net/s3_arn.h"
#include "store/uri.h"
#include "sys/file.h"

/* ---------------------------------------------------------------- values -- */

/* Copies a text that may not be longer than its place. */
static int take(char *out, size_t capacity, const char *name, const char *value,
                namidb_error *err)
{
    if ((size_t)snprintf(out, capacity, "%s", value) >= capacity)
        return ndb_fail(err, NAMIDB_EINVAL, "%s: longer than %zu bytes", name,
                        capacity - 1);
    return NAMIDB_OK;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* ------------------------------------------------------ region, endpoint -- */

/* A setting from the URI, two variables, or the profile; "" when none has it.
 */
struct wanted {
    const char *param, *first, *second, *setting;
};

static int look_up(const struct wanted *wanted, const namidb_uri *uri,
                   const char *profile, char *out, size_t capacity,
                   namidb_error *err)
{
    struct ndb_aws_files files;
    struct ndb_slice found;
    const char *value = ndb_uri_param(uri, wanted->param);
    int rc;

    if (value == NULL)
        value = variable(wanted->first);
    if (value == NULL && wanted->second != NULL)
        value = variable(wanted->second);
    if (value != NULL)
        return take(out, capacity, wanted->param, value, err);
    rc = ndb_aws_files_read(&files, err);
    if (rc < 0)
        return rc;
    found = ndb_aws_files_get(&files,
                              profile[0] != '\0' ? profile : ndb_aws_profile(),
                              wanted->setting);
    if (found.bytes >= capacity)
        rc = ndb_fail(err, NAMIDB_EINVAL, "%s: too long", wanted->setting);
    else
        (void)snprintf(out, capacity, "%.*s", (int)found.bytes,
                       (const char *)found.data);
    ndb_aws_files_release(&files);
    return rc;
}

static int read_region(struct ndb_s3_settings *settings, const namidb_uri *uri,
                       namidb_error *err)
{
    static const struct wanted wanted = { "region", "AWS_REGION",
                                          "AWS_DEFAULT_REGION", "region" };
    const char *region = settings->region;
    char of_arn[sizeof settings->region];
    int rc;

    memcpy(of_arn, region, sizeof of_arn);
    rc = look_up(&wanted, uri, settings->profile, settings->region,
                 sizeof settings->region, err);

    if (rc < 0)
        return rc;
    if (strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
            strlen(region) ||
        (region[0] == '\0' && ndb_uri_param(uri, "region") != NULL))
        return ndb_fail(err, NAMIDB_EINVAL, "region '%.64s' is none", region);
    if (of_arn[0] == '\0')
        return NAMIDB_OK;
    if (ndb_uri_param(uri, "region") != NULL && strcmp(region, of_arn) != 0)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: region=%s, but the access point is in %s", region,
                        of_arn);
    memcpy(settings->region, of_arn, sizeof of_arn);
    return NAMIDB_OK;
}

static bool is_amazon(const char *endpoint)
{
    return endpoint[0] == '\0' || strstr(endpoint, ".amazonaws.com") != NULL;
}

/* A switch from the URI, a variable, or the profile. */
static int look_up_switch(const struct wanted *wanted, const namidb_uri *uri,
                          const char *profile, bool *value, namidb_error *err)
{
    char text[16] = "";
    int rc = look_up(wanted, uri, profile, text, sizeof text, err);

    if (rc < 0)
        return rc;
    *value = strcasecmp(text, "true") == 0;
    if (!*value && text[0] != '\0' && strcasecmp(text, "false") != 0)
        return ndb_fail(err, NAMIDB_EINVAL, "%s=%s: true or false is wanted",
                        wanted->param, text);
    return NAMIDB_OK;
}

/* Both say which of AWS' hosts it is: another endpoint contradicts them. Only
 * what the environment prefers may be ignored then, not what it demands. */
static int read_variants(struct ndb_s3_settings *settings,
                         const namidb_uri *uri, namidb_error *err)
{
    static const struct wanted dualstack = { "dualstack",
                                             "AWS_USE_DUALSTACK_ENDPOINT", NULL,
                                             "use_dualstack_endpoint" };
    static const struct wanted fips = { "fips", "AWS_USE_FIPS_ENDPOINT", NULL,
                                        "use_fips_endpoint" };
    bool is_told = ndb_uri_param(uri, "dualstack") != NULL;
    int rc = look_up_switch(&dualstack, uri, settings->profile,
                            &settings->is_dualstack, err);

    if (rc >= 0)
        rc = look_up_switch(&fips, uri, settings->profile, &settings->is_fips,
                            err);
    if (rc < 0 || settings->endpoint[0] == '\0')
        return rc;
    if (settings->is_fips || (settings->is_dualstack && is_told))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "%s and another endpoint than AWS' contradict",
                        settings->is_fips ? "fips" : "dualstack");
    settings->is_dualstack = false;
    return NAMIDB_OK;
}

static int read_endpoint(struct ndb_s3_settings *settings,
                         const namidb_uri *uri, namidb_error *err)
{
    static const struct wanted wanted = { "endpoint", "AWS_ENDPOINT_URL_S3",
                                          "AWS_ENDPOINT_URL", "endpoint_url" };
    bool allows_http = false;
    char url[512] = "";
    int rc = look_up(&wanted, uri, settings->profile, url, sizeof url, err);

    (void)snprintf(settings->scheme, sizeof settings->scheme, "https");
    if (rc >= 0 && (url[0] != '\0' || ndb_uri_param(uri, "endpoint") != NULL))
        rc = ndb_s3_set_endpoint(settings, url, err);
    if (rc >= 0)
        rc = ndb_uri_switch(uri, "allow_http", "false", "true", &allows_http,
                            err);
    if (rc < 0)
        return rc;
    if (strcmp(settings->scheme, "http") == 0 && !allows_http &&
        !ndb_s3_is_loopback(settings->endpoint))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "s3 endpoint '%.128s': plain http to another machine "
                        "needs allow_http=true",
                        url);
    settings->is_path_style =
        !is_amazon(settings->endpoint) || strchr(settings->bucket, '.') != NULL;
    if (settings->access_point[0] != '\0')
        settings->is_path_style = false;
    rc = ndb_uri_switch(uri, "path_style", "false", "true",
                        &settings->is_path_style, err);
    if (rc >= 0 && settings->is_path_style && settings->access_point[0] != '\0')
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: path_style=true and an access point contradict");
    return rc < 0 ? rc : NAMIDB_OK;
}

/* ------------------------------------------------------------ the others -- */

static int read_profile(struct ndb_s3_settings *settings, const namidb_uri *uri,
                        namidb_error *err)
{
    const char *profile = ndb_uri_param(uri, "profile");
    int rc = ndb_uri_switch(uri, "unsigned", "false", "true",
                            &settings->is_unsigned, err);

    if (rc < 0)
        return rc;
    if (profile == NULL)
        return NAMIDB_OK;
    if (profile[0] == '\0')
        return ndb_fail(err, NAMIDB_EINVAL, "uri: profile has no value");
    if (settings->is_unsigned)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: unsigned=true and a profile contradict");
    return take(settings->profile, sizeof settings->profile, "profile", profile,
                err);
}

static int read_bill(struct ndb_s3_settings *settings, const namidb_uri *uri,
                     namidb_error *err)
{
    static const char *const payers[] = { "requester", NULL };
    const char *owner = ndb_uri_param(uri, "expected_bucket_owner");
    const char *payer = NULL;
    int rc = ndb_uri_choice(uri, "request_payer", payers, &payer, err);

    if (rc < 0)
        return rc;
    settings->requester_pays = payer != NULL;
    if (owner == NULL)
        return NAMIDB_OK;
    if (strlen(owner) != 12 || strspn(owner, "0123456789") != 12)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: expected_bucket_owner is an account of 12 "
                        "digits");
    return take(settings->owner, sizeof settings->owner,
                "expected_bucket_owner", owner, err);
}

static int read_ca_bundle(struct ndb_s3_settings *settings,
                          const namidb_uri *uri, namidb_error *err)
{
    const char *path = ndb_uri_param(uri, "ca_bundle");

    if (path == NULL)
        path = variable("AWS_CA_BUNDLE");
    if (path == NULL)
        return NAMIDB_OK;
    if (access(path, R_OK) != 0)
        return ndb_file_fail(err, path, "cannot read the CA bundle", errno);
    return take(settings->ca_bundle, sizeof settings->ca_bundle, "ca_bundle",
                path, err);
}

static const char *const CLASSES[] = {
    "STANDARD",   "STANDARD_IA",         "ONEZONE_IA",
    "GLACIER_IR", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY",
    NULL
};
static const char *const ARCHIVES[] = { "GLACIER", "DEEP_ARCHIVE", NULL };

/* The list's own text, or NULL. */
static const char *find_name(const char *const *list, const char *name)
{
    while (*list != NULL && strcmp(*list, name) != 0)
        list++;
    return *list;
}

const char *ndb_s3_storage_class(const char *name)
{
    const char *found = find_name(CLASSES, name);

    return found != NULL ? found : find_name(ARCHIVES, name);
}

int ndb_s3_refuse_class(const char *name, namidb_error *err)
{
    return ndb_fail(err, NAMIDB_EINVAL,
                    "storage class '%.64s': known are STANDARD, STANDARD_IA, "
                    "ONEZONE_IA, GLACIER_IR, INTELLIGENT_TIERING, "
                    "REDUCED_REDUNDANCY and the archives GLACIER and "
                    "DEEP_ARCHIVE",
                    name);
}

static int read_storage_class(struct ndb_s3_uri *out, const namidb_uri *uri,
                              namidb_error *err)
{
    const char *value = ndb_uri_param(uri, "storage_class");

    if (value == NULL)
        return NAMIDB_OK;
    if (ndb_s3_storage_class(value) == NULL)
        return ndb_s3_refuse_class(value, err);
    if (find_name(ARCHIVES, value) != NULL)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: storage_class=%s: a pack must be readable at "
                        "once; move old ones there by db:set_storage_class",
                        value);
    return take(out->storage_class, sizeof out->storage_class, "storage_class",
                value, err);
}

static int read_encryption(struct ndb_s3_uri *out, const namidb_uri *uri,
                           namidb_error *err)
{
    static const char *const kinds[] = { "AES256", "aws:kms", "aws:kms:dsse",
                                         NULL };
    const char *key = ndb_uri_param(uri, "sse_kms_key_id");
    const char *kind = NULL;
    int rc = ndb_uri_choice(uri, "sse", kinds, &kind, err);

    if (rc < 0)
        return rc;
    if (kind != NULL)
        (void)snprintf(out->sse, sizeof out->sse, "%s", kind);
    if (key == NULL)
        return NAMIDB_OK;
    if (kind == NULL || strncmp(kind, "aws:kms", 7) != 0)
        return ndb_fail(err, NAMIDB_EINVAL,
                        "uri: sse_kms_key_id needs sse=aws:kms");
    return take(out->sse_kms_key_id, sizeof out->sse_kms_key_id,
                "sse_kms_key_id", key, err);
}

/* The bucket, or the access point, and the prefix below it. */
static int read_bucket(struct ndb_s3_uri *out, const namidb_uri *uri,
                       const char **path, namidb_error *err)
{
    struct ndb_s3_settings *settings = &out->settings;
    int rc;

    *path = uri->path;
    if (ndb_s3_is_arn(uri->bucket))
        return ndb_s3_read_arn(settings, uri->bucket, path, err);
    rc = ndb_s3_check_bucket(uri->bucket, err);
    if (rc < 0)
        return rc;
    return take(settings->bucket, sizeof settings->bucket, "bucket",
                uri->bucket, err);
}

/* Those of AWS take no request that is signed as ours are. */
static int check_directory(struct ndb_s3_uri *out, namidb_error *err)
{
    const struct ndb_s3_settings *settings = &out->settings;

    if (!ndb_s3_is_directory(settings->bucket))
        return NAMIDB_OK;
    if (is_amazon(settings->endpoint))
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "s3 bucket '%s': AWS' directory buckets need sessions "
                        "(CreateSession), which are not supported; use a "
                        "general purpose bucket",
                        settings->bucket);
    out->is_unordered = true;
    return NAMIDB_OK;
}

static int read_root(struct ndb_s3_uri *out, const namidb_uri *uri,
                     const char *path, namidb_error *err)
{
    if ((size_t)snprintf(out->root, sizeof out->root, "%s%s%s/", path,
                         path[0] != '\0' ? "/" : "",
                         uri->ns) >= sizeof out->root)
        return ndb_fail(err, NAMIDB_ELIMIT,
                        "uri: prefix and ns are longer than %zu bytes",
                        sizeof out->root - 1);
    return NAMIDB_OK;
}

int ndb_s3_uri_read(struct ndb_s3_uri *out, const namidb_uri *uri,
                    namidb_error *err)
{
    static int (*const of_settings[])(struct ndb_s3_settings *,
                                      const namidb_uri *, namidb_error *) = {
        read_profile,  read_region, read_endpoint,
        read_variants, read_bill,   read_ca_bundle,
    };
    static int (*const of_store[])(struct ndb_s3_uri *, const namidb_uri *,
                                   namidb_error *) = {
        read_storage_class,
        read_encryption,
    };
    struct ndb_s3_settings *settings = &out->settings;
    const char *path;
    int rc;

    *out = (struct ndb_s3_uri){ .has_probe = true };
    settings->has_checksum = true;
    settings->can_hedge = true;
    rc = read_bucket(out, uri, &path, err);
    if (rc >= 0)
        rc = read_root(out, uri, path, err);
    for (size_t i = 0; i < sizeof of_settings / sizeof *of_settings; i++)
        if (rc >= 0)
            rc = of_settings[i](settings, uri, err);
    for (size_t i = 0; i < sizeof of_store / sizeof *of_store; i++)
        if (rc >= 0)
            rc = of_store[i](out, uri, err);
    if (rc >= 0)
        rc = check_directory(out, err);
    if (rc >= 0)
        rc = ndb_uri_switch(uri, "checksum", "off", "crc32c",
                            &settings->has_checksum, err);
    if (rc >= 0)
        rc = ndb_uri_switch(uri, "hedge", "off", "on", &settings->can_hedge,
                            err);
    if (rc >= 0)
        rc = ndb_uri_switch(uri, "probe", "off", "on", &out->has_probe, err);
    if (rc >= 0)
        rc = ndb_uri_switch(uri, "credential_process", "refuse", "allow",
                            &settings->can_run, err);
    return rc < 0 ? rc : NAMIDB_OK;
}

void ndb_s3_uri_describe(const struct ndb_s3_uri *uri, const char *credentials,
                         char *out, size_t capacity)
{
    const struct ndb_s3_settings *settings = &uri->settings;
    const char *endpoint =
        settings->endpoint[0] != '\0' ? settings->endpoint : "AWS";
    const char *region =
        settings->region[0] != '\0' ? settings->region : "no region told";

    (void)snprintf(out, capacity,
                   "s3://%.63s/%.45s (%.45s, %.20s, credentials from %.45s)",
                   settings->bucket, uri->root, endpoint, region, credentials);
}
