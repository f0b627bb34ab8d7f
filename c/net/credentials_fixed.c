/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places that are read once: the environment, and profiles with plain keys.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/aws_files.h"
#include "net/credentials_places.h"

struct fixed_place {
    struct ndb_credentials_place base;
    struct ndb_credentials *keys;
};

static int fetch_fixed(struct ndb_credentials_place *base,
                       struct ndb_http *http, int64_t deadline_ns,
                       struct ndb_credentials **out, namidb_error *err)
{
    struct fixed_place *place = (struct fixed_place *)base;

    (void)http;
    (void)deadline_ns;
    (void)err;
    *out = ndb_credentials_ref(place->keys);
    return NAMIDB_OK;
}

static void free_fixed(struct ndb_credentials_place *base)
{
    struct fixed_place *place = (struct fixed_place *)base;

    ndb_credentials_unref(place->keys);
    ndb_free(place);
}

int ndb_place_fixed(struct ndb_credentials_place **out,
                    const struct ndb_fixed_keys *keys, const char *name,
                    namidb_error *err)
{
    struct fixed_place *place = ndb_calloc(1, sizeof *place);
    int rc;

    *out = NULL;
    if (place == NULL)
        return ndb_fail_memory(err);
    rc = ndb_credentials_new(&place->keys, keys->access_key, keys->secret_key,
                             keys->token, NDB_CREDENTIALS_FOREVER);
    if (rc < 0) {
        ndb_free(place);
        return rc == NAMIDB_ENOMEM
                   ? ndb_fail_memory(err)
                   : ndb_fail(
                         err, NAMIDB_EAUTH,
                         "credentials from %s: a key or token has a blank, "
                         "a line end or another character that none has",
                         name);
    }
    place->base.is_fixed = true;
    place->base.fetch = fetch_fixed;
    place->base.free = free_fixed;
    (void)snprintf(place->base.name, sizeof place->base.name, "%s", name);
    *out = &place->base;
    return NAMIDB_OK;
}

static struct ndb_slice variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? ndb_slice_text(value) : ndb_slice(NULL, 0);
}

int ndb_place_environment(struct ndb_credentials_place **place,
                          namidb_error *err)
{
    const struct ndb_fixed_keys keys = {
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_SECRET_ACCESS_KEY"),
        variable("AWS_SESSION_TOKEN"),
    };

    *place = NULL;
    if (keys.access_key.bytes == 0 && keys.secret_key.bytes == 0)
        return NAMIDB_NONE;
    if (keys.access_key.bytes == 0 || keys.secret_key.bytes == 0)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "credentials from the environment: %s is set, but %s "
                        "is not",
                        keys.access_key.bytes != 0 ? "AWS_ACCESS_KEY_ID"
                                                   : "AWS_SECRET_ACCESS_KEY",
                        keys.access_key.bytes != 0 ? "AWS_SECRET_ACCESS_KEY"
                                                   : "AWS_ACCESS_KEY_ID");
    return ndb_place_fixed(place, &keys, "the environment", err);
}

/* What a profile may say instead of keys, and we do not follow. */
static int refuse_kind(const struct ndb_aws_files *files, const char *profile,
                       namidb_error *err)
{
    static const char *const kinds[] = { "role_arn", "credential_process",
                                         "sso_session", "sso_start_url",
                                         "credential_source" };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ndb_aws_files_get(files, profile, kinds[i]).bytes != 0)
            return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                            "profile '%.64s': %s is not followed; put keys "
                            "into the environment instead",
                            profile, kinds[i]);
    return NAMIDB_NONE;
}

static int place_of_files(struct ndb_credentials_place **place,
                          const struct ndb_aws_files *files,
                          const char *profile, bool is_named, namidb_error *err)
{
    const struct ndb_fixed_keys keys = {
        ndb_aws_files_get(files, profile, "aws_access_key_id"),
        ndb_aws_files_get(files, profile, "aws_secret_access_key"),
        ndb_aws_files_get(files, profile, "aws_session_token"),
    };
    char name[160];
    int rc;

    if (keys.access_key.bytes != 0 && keys.secret_key.bytes != 0) {
        (void)snprintf(name, sizeof name, "profile '%.64s'", profile);
        return ndb_place_fixed(place, &keys, name, err);
    }
    if (keys.access_key.bytes != 0 || keys.secret_key.bytes != 0)
        return ndb_fail(err, NAMIDB_EAUTH, "profile '%.64s': %s is missing",
                        profile,
                        keys.access_key.bytes != 0 ? "aws_secret_access_key"
                                                   : "aws_access_key_id");
    rc = refuse_kind(files, profile, err);
    if (rc < 0 || !is_named)
        return rc;
    return ndb_fail(err, NAMIDB_EAUTH,
                    ndb_aws_files_has(files, profile)
                        ? "profile '%.64s' has no keys"
                        : "profile '%.64s' is in neither ~/.aws/credentials "
                          "nor ~/.aws/config",
                    profile);
}

int ndb_place_profile(struct ndb_credentials_place **place, const char *profile,
                      bool is_named, const char *region, namidb_error *err)
{
    struct ndb_aws_files files;
    int rc = ndb_aws_files_read(&files, err);

    (void)region;
    *place = NULL;
    if (rc < 0)
        return rc;
    rc = place_of_files(place, &files, profile, is_named, err);
    ndb_aws_files_release(&files);
    return rc;
}
