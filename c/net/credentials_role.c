/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: a web identity (the token of an EKS pod, read anew each time), and a
 * profile with role_arn and source_profile.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/credentials_places.h"
#include "net/place_call.h"
#include "net/sts.h"

struct role_place {
    struct ndb_credentials_place base;
    char region[64];
    char role_arn[512];
    char session_name[128];
    char external_id[512];
    char token_file[1024];        /* web identity */
    struct ndb_credentials *keys; /* of the source profile, otherwise */
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* --------------------------------------------------------------- asking -- */

static int assume(struct role_place *place, struct ndb_http *http,
                  int64_t deadline_ns, const char *token,
                  struct ndb_credentials **out, namidb_error *err)
{
    const struct ndb_sts_call call = {
        .region = place->region,
        .role_arn = place->role_arn,
        .session_name = place->session_name,
        .external_id =
            place->external_id[0] != '\0' ? place->external_id : NULL,
        .web_token = token,
        .keys = place->keys,
        .deadline_ns = deadline_ns,
    };

    return ndb_sts_assume(http, &call, out, err);
}

static int fetch_role(struct ndb_credentials_place *base, struct ndb_http *http,
                      int64_t deadline_ns, struct ndb_credentials **out,
                      namidb_error *err)
{
    struct role_place *place = (struct role_place *)base;
    struct ndb_buf token;
    int rc;

    if (place->keys != NULL)
        return assume(place, http, deadline_ns, NULL, out, err);
    rc = ndb_place_read_token(place->token_file, &token, err);
    if (rc < 0)
        return rc;
    rc = assume(place, http, deadline_ns, (const char *)token.data, out, err);
    ndb_place_call_wipe(&token);
    return rc;
}

static void free_role(struct ndb_credentials_place *base)
{
    struct role_place *place = (struct role_place *)base;

    ndb_credentials_unref(place->keys);
    ndb_free(place);
}

/* -------------------------------------------------------------- settings -- */

static bool take(char *out, size_t capacity, const char *text)
{
    return text == NULL ||
           (size_t)snprintf(out, capacity, "%s", text) < capacity;
}

static struct role_place *role_new(const char *region, const char *name)
{
    struct role_place *place = ndb_calloc(1, sizeof *place);

    if (place == NULL)
        return NULL;
    place->base.fetch = fetch_role;
    place->base.free = free_role;
    (void)snprintf(place->base.name, sizeof place->base.name, "%s", name);
    (void)snprintf(place->region, sizeof place->region, "%s", region);
    return place;
}

int ndb_place_role(struct ndb_credentials_place **out,
                   const struct ndb_role *role,
                   const struct ndb_fixed_keys *keys, const char *name,
                   namidb_error *err)
{
    struct role_place *place = role_new(role->region, name);
    int rc;

    *out = NULL;
    if (place == NULL)
        return ndb_fail_memory(err);
    rc = ndb_credentials_new(&place->keys, keys->access_key, keys->secret_key,
                             keys->token, NDB_CREDENTIALS_FOREVER);
    if (rc >= 0 && (!take(place->role_arn, sizeof place->role_arn, role->arn) ||
                    !take(place->session_name, sizeof place->session_name,
                          role->session_name) ||
                    !take(place->external_id, sizeof place->external_id,
                          role->external_id)))
        rc = NAMIDB_EINVAL;
    if (rc < 0) {
        free_role(&place->base);
        return rc == NAMIDB_ENOMEM
                   ? ndb_fail_memory(err)
                   : ndb_fail(err, NAMIDB_EAUTH,
                              "credentials from %s: a value is too long, or "
                              "no key",
                              name);
    }
    *out = &place->base;
    return NAMIDB_OK;
}

int ndb_place_web_identity(struct ndb_credentials_place **out,
                           const char *region, namidb_error *err)
{
    const char *file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *arn = variable("AWS_ROLE_ARN");
    struct role_place *place;

    *out = NULL;
    if (file == NULL)
        return NAMIDB_NONE; /* AWS_ROLE_ARN alone means nothing */
    if (arn == NULL)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN "
                        "is not");
    place = role_new(region, "the web identity of AWS_ROLE_ARN");
    if (place == NULL)
        return ndb_fail_memory(err);
    if (!take(place->token_file, sizeof place->token_file, file) ||
        !take(place->role_arn, sizeof place->role_arn, arn) ||
        !take(place->session_name, sizeof place->session_name,
              variable("AWS_ROLE_SESSION_NAME"))) {
        free_role(&place->base);
        return ndb_fail(err, NAMIDB_EAUTH,
                        "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN or "
                        "AWS_ROLE_SESSION_NAME is too long");
    }
    *out = &place->base;
    return NAMIDB_OK;
}
