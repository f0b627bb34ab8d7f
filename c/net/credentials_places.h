/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_places.h - what each place of the chain offers to credentials.c.
 */
#ifndef NDB_NET_CREDENTIALS_PLACES_H
#define NDB_NET_CREDENTIALS_PLACES_H

#include "net/credentials.h"
#include "net/http.h"

/* A place that was found to be set up; what it needs is copied into it. */
struct ndb_credentials_place {
    char name[160];
    bool is_fixed; /* asked once, at open, and sends nothing */
    /* Blocks, at most until the deadline. NAMIDB_OK, or a failure with text. */
    int (*fetch)(struct ndb_credentials_place *place, struct ndb_http *http,
                 int64_t deadline_ns, struct ndb_credentials **out,
                 namidb_error *err);
    void (*free)(struct ndb_credentials_place *place);
};

/* Each: NAMIDB_OK and *place, NAMIDB_NONE when it is not set up, or a failure
 * (half a pair, a broken file). The caller frees *place by its own `free`. */
int ndb_place_environment(struct ndb_credentials_place **place,
                          namidb_error *err);
/* `is_named`: the URI or AWS_PROFILE names it, so it must be there. */
int ndb_place_profile(struct ndb_credentials_place **place, const char *profile,
                      bool is_named, const struct ndb_credentials_wish *wish,
                      namidb_error *err);

/* `command`: of credential_process, not empty. */
int ndb_place_process(struct ndb_credentials_place **place,
                      struct ndb_slice command, const char *profile,
                      namidb_error *err);

int ndb_place_web_identity(struct ndb_credentials_place **place,
                           const struct ndb_credentials_wish *wish,
                           namidb_error *err);
int ndb_place_container(struct ndb_credentials_place **place,
                        namidb_error *err);
int ndb_place_ec2(struct ndb_credentials_place **place, namidb_error *err);

/* Makes a place of keys that never change, from texts with their names for
 * messages. `token` may be empty. */
struct ndb_fixed_keys {
    struct ndb_slice access_key, secret_key, token;
};
int ndb_place_fixed(struct ndb_credentials_place **place,
                    const struct ndb_fixed_keys *keys, const char *name,
                    namidb_error *err);

/* Makes a place that asks for a role: with the keys of `source`, asked anew
 * each time, which it takes over, also on failure; or, if that is NULL, with
 * the token in a file. */
struct ndb_role {
    const char *region;
    bool is_fips;
    const char *arn;
    const char *session_name; /* "" or NULL: our own */
    const char *external_id;  /* "" or NULL: none */
    const char *token_file;   /* without a source */
};
int ndb_place_role(struct ndb_credentials_place **place,
                   const struct ndb_role *role,
                   struct ndb_credentials_place *source, const char *name,
                   namidb_error *err);

#endif
