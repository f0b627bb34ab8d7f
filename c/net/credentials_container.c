/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers: ECS gives a path on its own host, EKS (pod identity) a whole URL
 * and a token file that is rotated.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/credentials_places.h"
#include "net/place_call.h"
#include "net/s3_settings.h"

enum { TIMEOUT_MS = 2000 };

static const char ECS[] = "http://169.254.170.2";

struct container_place {
    struct ndb_credentials_place base;
    char url[1024];
    char token[4096];      /* "": none */
    char token_file[1024]; /* "": none; comes before token */
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* --------------------------------------------------------------- asking -- */

static int ask(const struct container_place *place, struct ndb_http *http,
               int64_t deadline_ns, const char *token,
               struct ndb_credentials **out, namidb_error *err)
{
    const struct ndb_http_header header = { "Authorization", token };
    const struct ndb_place_call call = { .method = "GET",
                                         .url = place->url,
                                         .headers = &header,
                                         .header_count = token[0] != '\0',
                                         .timeout_ms = TIMEOUT_MS,
                                         .deadline_ns = deadline_ns };
    struct ndb_buf answer;
    int status;
    int rc = ndb_place_call_run(http, &call, &status, &answer, err);

    if (rc < 0)
        return rc;
    if (status == 200)
        rc = ndb_credentials_of_json(ndb_buf_slice(&answer),
                                     NDB_JSON_OF_SERVICE, out, err);
    else
        rc = ndb_fail(err, NAMIDB_EAUTH, "answered %d", status);
    ndb_place_call_wipe(&answer);
    return rc;
}

static int fetch_container(struct ndb_credentials_place *base,
                           struct ndb_http *http, int64_t deadline_ns,
                           struct ndb_credentials **out, namidb_error *err)
{
    struct container_place *place = (struct container_place *)base;
    struct ndb_buf token;
    int rc;

    if (place->token_file[0] == '\0')
        return ask(place, http, deadline_ns, place->token, out, err);
    rc = ndb_place_read_token(place->token_file, &token, err);
    if (rc < 0)
        return rc;
    rc = ask(place, http, deadline_ns, (const char *)token.data, out, err);
    ndb_place_call_wipe(&token);
    return rc;
}

static void free_container(struct ndb_credentials_place *base)
{
    struct container_place *place = (struct container_place *)base;

    explicit_bzero(place->token, sizeof place->token);
    ndb_free(place);
}

/* -------------------------------------------------------------- settings -- */

/* Whom keys may be asked of without TLS. */
static bool is_trusted(const char *url)
{
    static const char *const hosts[] = { "169.254.170.2", "169.254.170.23",
                                         "[fd00:ec2::23]" };
    const char *host = url + strlen("http://");
    size_t bytes =
        host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    char endpoint[256];

    (void)snprintf(endpoint, sizeof endpoint, "%.*s", (int)bytes, host);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strcmp(endpoint, hosts[i]) == 0)
            return true;
    return strchr(host, '@') == NULL && ndb_s3_is_loopback(endpoint);
}

static int set_url(struct container_place *place, const char *relative,
                   const char *full, namidb_error *err)
{
    size_t bytes =
        relative != NULL
            ? (size_t)snprintf(place->url, sizeof place->url, "%s%s", ECS,
                               relative)
            : (size_t)snprintf(place->url, sizeof place->url, "%s", full);

    if (bytes >= sizeof place->url)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "credentials from the container: the URL is too long");
    if (relative != NULL && relative[0] != '/')
        return ndb_fail(err, NAMIDB_EAUTH,
                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: must begin "
                        "with a slash");
    if (strncmp(place->url, "https://", 8) == 0)
        return NAMIDB_OK;
    if (strncmp(place->url, "http://", 7) == 0 && is_trusted(place->url))
        return NAMIDB_OK;
    return ndb_fail(err, NAMIDB_EAUTH,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI: must be https, or "
                    "http to this machine or to the hosts of ECS and EKS");
}

static int set_token(struct container_place *place, namidb_error *err)
{
    const char *token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const char *file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");

    if ((token != NULL &&
         (size_t)snprintf(place->token, sizeof place->token, "%s", token) >=
             sizeof place->token) ||
        (file != NULL &&
         (size_t)snprintf(place->token_file, sizeof place->token_file, "%s",
                          file) >= sizeof place->token_file))
        return ndb_fail(err, NAMIDB_EAUTH,
                        "credentials from the container: the token is too "
                        "long");
    return NAMIDB_OK;
}

int ndb_place_container(struct ndb_credentials_place **out, namidb_error *err)
{
    const char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    struct container_place *place;
    int rc;

    *out = NULL;
    if (relative == NULL && full == NULL)
        return NAMIDB_NONE;
    place = ndb_calloc(1, sizeof *place);
    if (place == NULL)
        return ndb_fail_memory(err);
    (void)snprintf(place->base.name, sizeof place->base.name, "the container");
    place->base.fetch = fetch_container;
    place->base.free = free_container;
    rc = set_url(place, relative, full, err);
    if (rc >= 0)
        rc = set_token(place, err);
    if (rc < 0) {
        free_container(&place->base);
        return rc;
    }
    *out = &place->base;
    return NAMIDB_OK;
}
