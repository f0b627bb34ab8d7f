/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: plain keys, a role that the keys of a source profile may assume, or
 * a program that prints them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "net/aws_files.h"
#include "net/credentials_places.h"

enum { TEXT_BYTES = 512, NAME_BYTES = 160 };

/* A setting as text; cut values fail later, as no such role. */
static const char *setting(const struct ndb_aws_files *files,
                           const char *profile, const char *name,
                           char out[TEXT_BYTES])
{
    struct ndb_slice value = ndb_aws_files_get(files, profile, name);

    (void)snprintf(out, TEXT_BYTES, "%.*s", (int)value.bytes,
                   value.bytes != 0 ? (const char *)value.data : "");
    return out;
}

static struct ndb_fixed_keys keys_of(const struct ndb_aws_files *files,
                                     const char *profile)
{
    return (struct ndb_fixed_keys){
        ndb_aws_files_get(files, profile, "aws_access_key_id"),
        ndb_aws_files_get(files, profile, "aws_secret_access_key"),
        ndb_aws_files_get(files, profile, "aws_session_token"),
    };
}

static bool is_pair(const struct ndb_fixed_keys *keys)
{
    return keys->access_key.bytes != 0 && keys->secret_key.bytes != 0;
}

/* What a profile may say instead, and we do not follow. */
static int refuse_kind(const struct ndb_aws_files *files, const char *profile,
                       namidb_error *err)
{
    static const char *const kinds[] = { "sso_session", "sso_start_url",
                                         "credential_source" };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ndb_aws_files_get(files, profile, kinds[i]).bytes != 0)
            return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                            "profile '%.64s': %s is not followed; put keys "
                            "into the environment instead",
                            profile, kinds[i]);
    return NAMIDB_NONE;
}

static int role_of_files(struct ndb_credentials_place **place,
                         const struct ndb_aws_files *files, const char *profile,
                         const char *region, namidb_error *err)
{
    char arn[TEXT_BYTES];
    char source[TEXT_BYTES];
    char session[TEXT_BYTES];
    char external[TEXT_BYTES];
    char name[NAME_BYTES];
    const struct ndb_role role = {
        region,
        setting(files, profile, "role_arn", arn),
        setting(files, profile, "role_session_name", session),
        setting(files, profile, "external_id", external),
    };
    struct ndb_fixed_keys keys;

    if (setting(files, profile, "source_profile", source)[0] == '\0')
        return ndb_fail(err, NAMIDB_EAUTH,
                        "profile '%.64s': role_arn without source_profile",
                        profile);
    keys = keys_of(files, source);
    if (!is_pair(&keys))
        return ndb_fail(err, NAMIDB_EAUTH,
                        "profile '%.64s': its source_profile '%.64s' has no "
                        "keys",
                        profile, source);
    (void)snprintf(name, sizeof name, "the role of profile '%.64s'", profile);
    return ndb_place_role(place, &role, &keys, name, err);
}

/* A program is only run by leave. */
static int process_of_files(struct ndb_credentials_place **place,
                            struct ndb_slice command, const char *profile,
                            bool can_run, namidb_error *err)
{
    if (!can_run)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "profile '%.64s': credential_process names a program, "
                        "which is only run with credential_process=allow",
                        profile);
    return ndb_place_process(place, command, profile, err);
}

static int place_of_files(struct ndb_credentials_place **place,
                          const struct ndb_aws_files *files,
                          const char *profile,
                          const struct ndb_credentials_wish *wish,
                          namidb_error *err)
{
    const struct ndb_fixed_keys keys = keys_of(files, profile);
    struct ndb_slice command =
        ndb_aws_files_get(files, profile, "credential_process");
    char name[NAME_BYTES];

    if (ndb_aws_files_get(files, profile, "role_arn").bytes != 0)
        return role_of_files(place, files, profile, wish->region, err);
    if (is_pair(&keys)) {
        (void)snprintf(name, sizeof name, "profile '%.64s'", profile);
        return ndb_place_fixed(place, &keys, name, err);
    }
    if (keys.access_key.bytes != 0 || keys.secret_key.bytes != 0)
        return ndb_fail(err, NAMIDB_EAUTH, "profile '%.64s': %s is missing",
                        profile,
                        keys.access_key.bytes != 0 ? "aws_secret_access_key"
                                                   : "aws_access_key_id");
    if (command.bytes != 0)
        return process_of_files(place, command, profile, wish->can_run, err);
    return refuse_kind(files, profile, err);
}

int ndb_place_profile(struct ndb_credentials_place **place, const char *profile,
                      bool is_named, const struct ndb_credentials_wish *wish,
                      namidb_error *err)
{
    struct ndb_aws_files files;
    int rc = ndb_aws_files_read(&files, err);

    *place = NULL;
    if (rc < 0)
        return rc;
    rc = place_of_files(place, &files, profile, wish, err);
    if (rc == NAMIDB_NONE && is_named)
        rc = ndb_fail(err, NAMIDB_EAUTH,
                      ndb_aws_files_has(&files, profile)
                          ? "profile '%.64s' has no keys"
                          : "profile '%.64s' is in neither ~/.aws/credentials "
                            "nor ~/.aws/config",
                      profile);
    ndb_aws_files_release(&files);
    return rc;
}
