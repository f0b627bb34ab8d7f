/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: plain keys, a role that somebody with keys or a token may assume,
 * or a program that prints them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "net/aws_files.h"
#include "net/credentials_places.h"

enum {
    TEXT_BYTES = 1024,
    NAME_BYTES = 160,
    ROLES_MAX = 8, /* one after the other: a circle has no end */
};

/* What a profile stands for, and whose role it is to serve. */
struct search {
    const struct ndb_aws_files *files;
    const struct ndb_credentials_wish *wish;
    unsigned role_count; /* on the way here */
};

static int place_of(const struct search *search, const char *profile,
                    struct ndb_credentials_place **place, namidb_error *err);

static struct ndb_slice value_of(const struct search *search,
                                 const char *profile, const char *name)
{
    return ndb_aws_files_get(search->files, profile, name);
}

/* A setting as text; cut values fail later, as no such role. */
static const char *setting(const struct search *search, const char *profile,
                           const char *name, char out[TEXT_BYTES])
{
    struct ndb_slice value = value_of(search, profile, name);

    (void)snprintf(out, TEXT_BYTES, "%.*s", (int)value.bytes,
                   value.bytes != 0 ? (const char *)value.data : "");
    return out;
}

static struct ndb_fixed_keys keys_of(const struct search *search,
                                     const char *profile)
{
    return (struct ndb_fixed_keys){
        value_of(search, profile, "aws_access_key_id"),
        value_of(search, profile, "aws_secret_access_key"),
        value_of(search, profile, "aws_session_token"),
    };
}

/* What a profile may say instead, and we do not follow. */
static int refuse_kind(const struct search *search, const char *profile,
                       namidb_error *err)
{
    static const char *const kinds[] = { "sso_session", "sso_start_url" };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (value_of(search, profile, kinds[i]).bytes != 0)
            return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                            "profile '%.64s': %s is not followed; put keys "
                            "into the environment instead",
                            profile, kinds[i]);
    return NAMIDB_NONE;
}

/* ----------------------------------------------------------------- roles -- */

/* Who asks for the role: the keys of a profile, which may be the same one, or
 * what that profile stands for. */
static int source_of_profile(const struct search *search, const char *profile,
                             const char *source,
                             struct ndb_credentials_place **place,
                             namidb_error *err)
{
    const struct ndb_fixed_keys keys = keys_of(search, source);
    const struct search next = { search->files, search->wish,
                                 search->role_count + 1 };
    char name[NAME_BYTES];
    int rc;

    if (keys.access_key.bytes != 0 && keys.secret_key.bytes != 0) {
        (void)snprintf(name, sizeof name, "profile '%.64s'", source);
        return ndb_place_fixed(place, &keys, name, err);
    }
    if (next.role_count == ROLES_MAX)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "profile '%.64s': more than %d roles by "
                        "source_profile, or a circle of them",
                        profile, ROLES_MAX);
    rc = place_of(&next, source, place, err);
    if (rc == NAMIDB_NONE)
        rc = ndb_fail(err, NAMIDB_EAUTH,
                      "profile '%.64s': its source_profile '%.64s' has no "
                      "keys",
                      profile, source);
    return rc;
}

static int source_of_name(const char *profile, const char *source,
                          struct ndb_credentials_place **place,
                          namidb_error *err)
{
    int rc;

    if (strcmp(source, "Environment") == 0)
        rc = ndb_place_environment(place, err);
    else if (strcmp(source, "EcsContainer") == 0)
        rc = ndb_place_container(place, err);
    else if (strcmp(source, "Ec2InstanceMetadata") == 0)
        rc = ndb_place_ec2(place, err);
    else
        return ndb_fail(err, NAMIDB_EAUTH,
                        "profile '%.64s': credential_source is Environment, "
                        "EcsContainer or Ec2InstanceMetadata",
                        profile);
    if (rc == NAMIDB_NONE)
        rc = ndb_fail(err, NAMIDB_EAUTH,
                      "profile '%.64s': its credential_source, %s, is not set "
                      "up here",
                      profile, source);
    return rc;
}

/* *source stays NULL for a role by a token's file. */
static int find_source(const struct search *search, const char *profile,
                       const char *token_file,
                       struct ndb_credentials_place **source, namidb_error *err)
{
    char by_profile[TEXT_BYTES];
    char by_name[TEXT_BYTES];
    int given;

    *source = NULL;
    (void)setting(search, profile, "source_profile", by_profile);
    (void)setting(search, profile, "credential_source", by_name);
    given = (by_profile[0] != '\0') + (by_name[0] != '\0') +
            (token_file[0] != '\0');
    if (given != 1)
        return ndb_fail(
            err, NAMIDB_EAUTH,
            "profile '%.64s': role_arn %s source_profile, "
            "credential_source and web_identity_token_file",
            profile, given == 0 ? "without any of" : "with more than one of");
    if (by_profile[0] != '\0')
        return source_of_profile(search, profile, by_profile, source, err);
    if (by_name[0] != '\0')
        return source_of_name(profile, by_name, source, err);
    return NAMIDB_OK;
}

static int role_of(const struct search *search, const char *profile,
                   struct ndb_credentials_place **place, namidb_error *err)
{
    char arn[TEXT_BYTES];
    char session[TEXT_BYTES];
    char external[TEXT_BYTES];
    char token_file[TEXT_BYTES];
    char name[NAME_BYTES];
    const struct ndb_role role = {
        .region = search->wish->region,
        .is_fips = search->wish->is_fips,
        .arn = setting(search, profile, "role_arn", arn),
        .session_name = setting(search, profile, "role_session_name", session),
        .external_id = setting(search, profile, "external_id", external),
        .token_file =
            setting(search, profile, "web_identity_token_file", token_file),
    };
    struct ndb_credentials_place *source;
    int rc = find_source(search, profile, token_file, &source, err);

    if (rc < 0)
        return rc;
    (void)snprintf(name, sizeof name, "the role of profile '%.64s'", profile);
    return ndb_place_role(place, &role, source, name, err);
}

/* -------------------------------------------------------------- profiles -- */

/* A program is only run by leave. */
static int process_of(const struct search *search, const char *profile,
                      struct ndb_slice command,
                      struct ndb_credentials_place **place, namidb_error *err)
{
    if (!search->wish->can_run)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "profile '%.64s': credential_process names a program, "
                        "which is only run with credential_process=allow",
                        profile);
    return ndb_place_process(place, command, profile, err);
}

static int place_of(const struct search *search, const char *profile,
                    struct ndb_credentials_place **place, namidb_error *err)
{
    const struct ndb_fixed_keys keys = keys_of(search, profile);
    struct ndb_slice command = value_of(search, profile, "credential_process");
    bool has_id = keys.access_key.bytes != 0;
    bool has_secret = keys.secret_key.bytes != 0;
    char name[NAME_BYTES];

    if (value_of(search, profile, "role_arn").bytes != 0)
        return role_of(search, profile, place, err);
    if (has_id && has_secret) {
        (void)snprintf(name, sizeof name, "profile '%.64s'", profile);
        return ndb_place_fixed(place, &keys, name, err);
    }
    if (has_id || has_secret)
        return ndb_fail(err, NAMIDB_EAUTH, "profile '%.64s': %s is missing",
                        profile,
                        has_id ? "aws_secret_access_key" : "aws_access_key_id");
    if (command.bytes != 0)
        return process_of(search, profile, command, place, err);
    return refuse_kind(search, profile, err);
}

int ndb_place_profile(struct ndb_credentials_place **place, const char *profile,
                      bool is_named, const struct ndb_credentials_wish *wish,
                      namidb_error *err)
{
    struct ndb_aws_files files;
    const struct search search = { &files, wish, 0 };
    int rc = ndb_aws_files_read(&files, err);

    *place = NULL;
    if (rc < 0)
        return rc;
    rc = place_of(&search, profile, place, err);
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
