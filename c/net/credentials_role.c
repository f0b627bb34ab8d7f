/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles, which the token service gives keys for: to who has a web identity (the
 * token of an EKS pod, read anew each time), or keys from another place.
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
    bool is_fips;
    char role_arn[512];
    char session_name[128];
    char external_id[512];
    char token_file[1024];                /* without a source */
    struct ndb_credentials_place *source; /* NULL: web identity */
};

/* --------------------------------------------------------------- asking -- */

static int assume(struct role_place *place, struct ndb_http *http,
                  int64_t deadline_ns, const char *token,
                  const struct ndb_credentials *keys,
                  struct ndb_credentials **out, namidb_error *err)
{
    const struct ndb_sts_call call = {
        .region = place->region,
        .is_fips = place->is_fips,
        .role_arn = place->role_arn,
        .session_name = place->session_name,
        .external_id =
            place->external_id[0] != '\0' ? place->external_id : NULL,
        .web_token = token,
        .keys = keys,
        .deadline_ns = deadline_ns,
    };

    return ndb_sts_assume(http, &call, out, err);
}

static int fetch_by_keys(struct role_place *place, struct ndb_http *http,
                         int64_t deadline_ns, struct ndb_credentials **out,
                         namidb_error *err)
{
    struct ndb_credentials *keys = NULL;
    int rc = place->source->fetch(place->source, http, deadline_ns, &keys, err);

    if (rc < 0) {
        ndb_prefix(err, "with keys from %s", place->source->name);
        return rc;
    }
    rc = assume(place, http, deadline_ns, NULL, keys, out, err);
    ndb_credentials_unref(keys);
    return rc;
}

static int fetch_role(struct ndb_credentials_place *base, struct ndb_http *http,
                      int64_t deadline_ns, struct ndb_credentials **out,
                      namidb_error *err)
{
    struct role_place *place = (struct role_place *)base;
    struct ndb_buf token;
    int rc;

    if (place->source != NULL)
        return fetch_by_keys(place, http, deadline_ns, out, err);
    rc = ndb_place_read_token(place->token_file, &token, err);
    if (rc < 0)
        return rc;
    rc = assume(place, http, deadline_ns, (const char *)token.data, NULL, out,
                err);
    ndb_place_call_wipe(&token);
    return rc;
}

static void free_role(struct ndb_credentials_place *base)
{
    struct role_place *place = (struct role_place *)base;

    if (place->source != NULL)
        place->source->free(place->source);
    ndb_free(place);
}

/* -------------------------------------------------------------- settings -- */

static bool take(char *out, size_t capacity, const char *text)
{
    return text == NULL ||
           (size_t)snprintf(out, capacity, "%s", text) < capacity;
}

int ndb_place_role(struct ndb_credentials_place **out,
                   const struct ndb_role *role,
                   struct ndb_credentials_place *source, const char *name,
                   namidb_error *err)
{
    struct role_place *place = ndb_calloc(1, sizeof *place);

    *out = NULL;
    if (place == NULL) {
        if (source != NULL)
            source->free(source);
        return ndb_fail_memory(err);
    }
    place->base.fetch = fetch_role;
    place->base.free = free_role;
    place->source = source;
    place->is_fips = role->is_fips;
    (void)snprintf(place->base.name, sizeof place->base.name, "%s", name);
    if (!take(place->region, sizeof place->region, role->region) ||
        !take(place->role_arn, sizeof place->role_arn, role->arn) ||
        !take(place->session_name, sizeof place->session_name,
              role->session_name) ||
        !take(place->external_id, sizeof place->external_id,
              role->external_id) ||
        !take(place->token_file, sizeof place->token_file, role->token_file)) {
        free_role(&place->base);
        return ndb_fail(err, NAMIDB_EAUTH,
                        "credentials from %s: a setting is too long", name);
    }
    *out = &place->base;
    return NAMIDB_OK;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

int ndb_place_web_identity(struct ndb_credentials_place **out,
                           const struct ndb_credentials_wish *wish,
                           namidb_error *err)
{
    const struct ndb_role role = {
        .region = wish->region,
        .is_fips = wish->is_fips,
        .arn = variable("AWS_ROLE_ARN"),
        .session_name = variable("AWS_ROLE_SESSION_NAME"),
        .token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
    };

    *out = NULL;
    if (role.token_file == NULL)
        return NAMIDB_NONE; /* AWS_ROLE_ARN alone means nothing */
    if (role.arn == NULL)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN "
                        "is not");
    return ndb_place_role(out, &role, NULL, "the web identity of AWS_ROLE_ARN",
                          err);
}
