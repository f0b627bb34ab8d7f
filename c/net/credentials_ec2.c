/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metadata service of EC2, version 2 only: a session token first, by a PUT,
 * which a forged request from elsewhere cannot make; then the role's name, then
 * its keys. Where the service is not, or answers to too few hops, the first
 * request ends after a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "net/credentials_places.h"
#include "net/place_call.h"
#include "net/s3_settings.h"

enum { TIMEOUT_MS = 1000, NAME_BYTES_MAX = 128, HOST_BYTES = 256 };

static const char ROLES[] = "/latest/meta-data/iam/security-credentials/";

struct ec2_place {
    struct ndb_credentials_place base;
    char host[HOST_BYTES]; /* "http://169.254.169.254" */
};

/* One visit: the token is good for all its requests. */
struct visit {
    const struct ec2_place *place;
    struct ndb_http *http;
    int64_t deadline_ns;
    struct ndb_buf token;
    namidb_error *err;
};

static int call(struct visit *visit, const char *method, const char *path,
                const struct ndb_http_header *header, struct ndb_buf *out)
{
    char url[HOST_BYTES + sizeof ROLES + NAME_BYTES_MAX];
    const struct ndb_place_call request = { .method = method,
                                            .url = url,
                                            .headers = header,
                                            .header_count = 1,
                                            .timeout_ms = TIMEOUT_MS,
                                            .deadline_ns = visit->deadline_ns };
    int status;
    int rc;

    (void)snprintf(url, sizeof url, "%s%s", visit->place->host, path);
    rc = ndb_place_call_run(visit->http, &request, &status, out, visit->err);
    if (rc < 0)
        return rc;
    if (status == 200 && out->bytes != 0)
        return ndb_buf_u8(out, 0) < 0 ? ndb_fail_memory(visit->err) : NAMIDB_OK;
    ndb_place_call_wipe(out);
    return ndb_fail(
        visit->err, NAMIDB_EAUTH, "%s %s answered %d%s", method, path, status,
        strcmp(method, "PUT") == 0 ? "; only version 2 of the service is used"
                                   : "");
}

static int get(struct visit *visit, const char *path, struct ndb_buf *out)
{
    const struct ndb_http_header header = { "X-aws-ec2-metadata-token",
                                            (const char *)visit->token.data };

    return call(visit, "GET", path, &header, out);
}

/* The first line of the list is the role; an instance has one. */
static int get_keys(struct visit *visit, const char *roles,
                    struct ndb_credentials **out)
{
    char path[sizeof ROLES + NAME_BYTES_MAX];
    struct ndb_buf answer;
    size_t bytes = strcspn(roles, "\r\n");
    int rc;

    if (bytes == 0 || bytes >= NAME_BYTES_MAX ||
        strcspn(roles, "/?#% ") < bytes)
        return ndb_fail(visit->err, NAMIDB_EAUTH,
                        "the instance has no role, or an odd one");
    (void)snprintf(path, sizeof path, "%s%.*s", ROLES, (int)bytes, roles);
    rc = get(visit, path, &answer);
    if (rc < 0)
        return rc;
    rc = ndb_credentials_of_json(ndb_slice(answer.data, answer.bytes - 1),
                                 NDB_JSON_OF_SERVICE, out, visit->err);
    ndb_place_call_wipe(&answer);
    return rc;
}

static int fetch_ec2(struct ndb_credentials_place *base, struct ndb_http *http,
                     int64_t deadline_ns, struct ndb_credentials **out,
                     namidb_error *err)
{
    static const struct ndb_http_header lifetime = {
        "X-aws-ec2-metadata-token-ttl-seconds", "21600"
    };
    struct visit visit = { (const struct ec2_place *)base, http, deadline_ns,
                           NDB_BUF_INIT(0), err };
    struct ndb_buf roles;
    int rc = call(&visit, "PUT", "/latest/api/token", &lifetime, &visit.token);

    if (rc < 0)
        return rc;
    rc = get(&visit, ROLES, &roles);
    if (rc >= 0) {
        rc = get_keys(&visit, (const char *)roles.data, out);
        ndb_place_call_wipe(&roles);
    }
    ndb_place_call_wipe(&visit.token);
    return rc;
}

static void free_ec2(struct ndb_credentials_place *base)
{
    ndb_free(base);
}

/* ------------------------------------------------------------- settings -- */

static int set_host(struct ec2_place *place, namidb_error *err)
{
    const char *endpoint = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const char *mode = getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    struct ndb_s3_settings parsed;
    int rc;

    if (endpoint == NULL || endpoint[0] == '\0')
        endpoint = mode != NULL && strcasecmp(mode, "ipv6") == 0
                       ? "http://[fd00:ec2::254]"
                       : "http://169.254.169.254";
    rc = ndb_s3_set_endpoint(&parsed, endpoint, err);
    if (rc < 0) {
        ndb_prefix(err, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
        return rc;
    }
    (void)snprintf(place->host, sizeof place->host, "%s://%.240s",
                   parsed.scheme, parsed.endpoint);
    return NAMIDB_OK;
}

int ndb_place_ec2(struct ndb_credentials_place **out, namidb_error *err)
{
    const char *is_disabled = getenv("AWS_EC2_METADATA_DISABLED");
    struct ec2_place *place;
    int rc;

    *out = NULL;
    if (is_disabled != NULL && strcasecmp(is_disabled, "true") == 0)
        return NAMIDB_NONE;
    place = ndb_calloc(1, sizeof *place);
    if (place == NULL)
        return ndb_fail_memory(err);
    (void)snprintf(place->base.name, sizeof place->base.name,
                   "EC2's metadata, as no other place is set up");
    place->base.fetch = fetch_ec2;
    place->base.free = free_ec2;
    rc = set_host(place, err);
    if (rc < 0) {
        ndb_free(place);
        return rc;
    }
    *out = &place->base;
    return NAMIDB_OK;
}
