/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sts.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/encode.h"
#include "net/place_call.h"
#include "net/s3_settings.h"
#include "net/s3_xml.h"
#include "net/sigv4.h"
#include "sys/clock.h"

enum { BODY_BYTES_MAX = 64 << 10, TIMEOUT_MS = 5000 };

struct sts_request {
    const struct ndb_sts_call *call;
    struct ndb_s3_settings endpoint; /* scheme and host only */
    char url[320];
    char date[17];
    char hash[NDB_SHA256_HEX_BYTES + 1];
    struct ndb_buf body;
    struct ndb_buf authorization;
    struct ndb_sigv4_pair headers[5];
    size_t header_count;
};

/* In GovCloud the plain host is of that standard. */
void ndb_sts_endpoint(const char *region, bool is_fips,
                      char out[NDB_STS_ENDPOINT_BYTES])
{
    bool is_named = is_fips && strncmp(region, "us-gov-", 7) != 0;

    (void)snprintf(out, NDB_STS_ENDPOINT_BYTES,
                   "https://sts%s.%.63s.amazonaws.com%s",
                   is_named ? "-fips" : "", region,
                   strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
}

static int set_endpoint(struct sts_request *request, namidb_error *err)
{
    const char *given = getenv("AWS_ENDPOINT_URL_STS");
    char own[NDB_STS_ENDPOINT_BYTES];
    int rc;

    ndb_sts_endpoint(request->call->region, request->call->is_fips, own);
    rc = ndb_s3_set_endpoint(&request->endpoint,
                             given != NULL && given[0] != '\0' ? given : own,
                             err);
    if (rc < 0)
        return rc;
    if (strcmp(request->endpoint.scheme, "http") == 0 &&
        !ndb_s3_is_loopback(request->endpoint.endpoint))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "AWS_ENDPOINT_URL_STS: plain http to another machine");
    (void)snprintf(request->url, sizeof request->url, "%s://%s/",
                   request->endpoint.scheme, request->endpoint.endpoint);
    return NAMIDB_OK;
}

/* ------------------------------------------------------------------ body -- */

static int add_field(struct ndb_buf *body, const char *name, const char *value)
{
    int rc = body->bytes != 0 ? ndb_buf_u8(body, '&') : NAMIDB_OK;

    if (rc >= 0)
        rc = ndb_buf_append(body, name, strlen(name));
    if (rc >= 0)
        rc = ndb_buf_u8(body, '=');
    if (rc >= 0)
        rc = ndb_uri_encode(body, ndb_slice_text(value), false);
    return rc;
}

static int set_body(struct sts_request *request)
{
    const struct ndb_sts_call *call = request->call;
    bool has_name = call->session_name != NULL && call->session_name[0] != '\0';
    const char *const fields[][2] = {
        { "Action", call->web_token != NULL ? "AssumeRoleWithWebIdentity"
                                            : "AssumeRole" },
        { "Version", "2011-06-15" },
        { "RoleArn", call->role_arn },
        { "RoleSessionName", has_name ? call->session_name : "namidb" },
        { "WebIdentityToken", call->web_token },
        { "ExternalId", call->external_id },
    };
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < sizeof fields / sizeof *fields && rc >= 0; i++)
        if (fields[i][1] != NULL)
            rc = add_field(&request->body, fields[i][0], fields[i][1]);
    return rc;
}

/* --------------------------------------------------------------- headers -- */

static void add(struct sts_request *request, const char *name,
                const char *value)
{
    request->headers[request->header_count++] =
        (struct ndb_sigv4_pair){ name, value };
}

static int sign(struct sts_request *request)
{
    const struct ndb_credentials *keys = request->call->keys;
    struct ndb_sigv4_scope scope = { .access_key = keys->access_key,
                                     .secret_key = keys->secret_key,
                                     .region = request->call->region,
                                     .service = "sts" };
    struct ndb_sigv4_request signed_request;
    int rc;

    ndb_sigv4_time(request->date, ndb_clock_wall_ms() / 1000);
    memcpy(scope.time, request->date, sizeof scope.time);
    ndb_sha256_hex(request->hash, ndb_buf_slice(&request->body));
    add(request, "x-amz-date", request->date);
    if (keys->token != NULL)
        add(request, "x-amz-security-token", keys->token);
    signed_request = (struct ndb_sigv4_request){
        .method = "POST",
        .path = "/",
        .headers = request->headers,
        .header_count = request->header_count,
        .payload_hash = request->hash,
    };
    rc = ndb_sigv4_authorization(&request->authorization, &scope,
                                 &signed_request);
    if (rc >= 0)
        add(request, "Authorization",
            (const char *)request->authorization.data);
    return rc;
}

static int set_headers(struct sts_request *request)
{
    add(request, "Host", request->endpoint.endpoint);
    add(request, "Content-Type",
        "application/x-www-form-urlencoded; charset=utf-8");
    return request->call->keys != NULL ? sign(request) : NAMIDB_OK;
}

/* --------------------------------------------------------------- answers -- */

static struct ndb_slice text_of(struct ndb_slice body, const char *name,
                                namidb_arena *arena)
{
    const char *text = NULL;

    return ndb_s3_xml_text(body, name, arena, &text) == NAMIDB_OK
               ? ndb_slice_text(text)
               : ndb_slice(NULL, 0);
}

static int read_keys(struct ndb_slice body, struct ndb_credentials **out,
                     namidb_error *err)
{
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_slice expiration = text_of(body, "Expiration", &arena);
    int64_t expires_ms =
        expiration.bytes != 0 ? ndb_s3_time((const char *)expiration.data) : 0;
    int rc = NAMIDB_EINVAL;

    if (expires_ms > 0)
        rc = ndb_credentials_new(out, text_of(body, "AccessKeyId", &arena),
                                 text_of(body, "SecretAccessKey", &arena),
                                 text_of(body, "SessionToken", &arena),
                                 expires_ms);
    ndb_arena_release(&arena);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    return rc < 0 ? ndb_fail(err, NAMIDB_EAUTH,
                             "the token service's answer holds no keys")
                  : NAMIDB_OK;
}

static int refuse(struct ndb_slice body, int status, namidb_error *err)
{
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_slice code = text_of(body, "Code", &arena);

    (void)ndb_fail(err, NAMIDB_EAUTH, "the token service answered %d %.*s",
                   status, code.bytes < 64 ? (int)code.bytes : 64,
                   code.bytes != 0 ? (const char *)code.data : "");
    ndb_arena_release(&arena);
    return NAMIDB_EAUTH;
}

static int send(struct sts_request *request, struct ndb_http *http,
                struct ndb_credentials **out, namidb_error *err)
{
    struct ndb_http_header headers[5];
    const char *ca_bundle = getenv("AWS_CA_BUNDLE");
    const struct ndb_place_call call = {
        .method = "POST",
        .url = request->url,
        .headers = headers,
        .header_count = request->header_count,
        .body = ndb_buf_slice(&request->body),
        .has_body = true,
        .can_use_proxy = !ndb_s3_is_loopback(request->endpoint.endpoint),
        .timeout_ms = TIMEOUT_MS,
        .deadline_ns = request->call->deadline_ns,
        .ca_bundle =
            ca_bundle != NULL && ca_bundle[0] != '\0' ? ca_bundle : NULL,
    };
    struct ndb_buf answer;
    int status;
    int rc;

    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = (struct ndb_http_header){ request->headers[i].name,
                                               request->headers[i].value };
    rc = ndb_place_call_run(http, &call, &status, &answer, err);
    if (rc < 0)
        return rc;
    rc = status == 200 ? read_keys(ndb_buf_slice(&answer), out, err)
                       : refuse(ndb_buf_slice(&answer), status, err);
    ndb_place_call_wipe(&answer);
    return rc;
}

int ndb_sts_assume(struct ndb_http *http, const struct ndb_sts_call *call,
                   struct ndb_credentials **out, namidb_error *err)
{
    struct sts_request request = { .call = call,
                                   .body = NDB_BUF_INIT(BODY_BYTES_MAX),
                                   .authorization =
                                       NDB_BUF_INIT(BODY_BYTES_MAX) };
    int rc = set_endpoint(&request, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    rc = set_body(&request);
    if (rc >= 0)
        rc = set_headers(&request);
    if (rc < 0)
        (void)ndb_fail(err, rc, "the request to the token service is too long");
    else
        rc = send(&request, http, out, err);
    ndb_place_call_wipe(&request.body);
    ndb_buf_release(&request.authorization);
    return rc;
}
