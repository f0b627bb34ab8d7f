/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that are read once: those of the environment, and any others.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
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
