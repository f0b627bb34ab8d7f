/* SPDX-License-Identifier: Apache-2.0 */
#include "net/place_call.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/s3_xml.h"
#include "sys/clock.h"
#include "sys/file.h"

enum {
    ANSWER_BYTES_MAX = 64 << 10,
    TOKEN_BYTES_MAX = 16 << 10,
    TRIES = 2,
    PAUSE_MS = 100,
};

/* ---------------------------------------------------------------- calls -- */

static int64_t deadline_of(const struct ndb_place_call *call)
{
    int64_t own_ns = call->timeout_ms != 0
                         ? ndb_deadline_after(call->timeout_ms)
                         : NDB_NEVER;

    return own_ns < call->deadline_ns ? own_ns : call->deadline_ns;
}

static bool is_worth_another(const struct ndb_http_exchange *exchange)
{
    return exchange->status == NAMIDB_EIO ||
           exchange->status == NAMIDB_ETIMEOUT ||
           (exchange->status >= 0 && exchange->answer.status >= 500);
}

int ndb_place_call_run(struct ndb_http *http, const struct ndb_place_call *call,
                       int *http_status, struct ndb_buf *out, namidb_error *err)
{
    struct ndb_http_exchange exchange;

    for (int number = 1;; number++) {
        exchange = (struct ndb_http_exchange){
            .method = call->method,
            .url = call->url,
            .headers = call->headers,
            .header_count = call->header_count,
            .body = call->body,
            .has_body = call->has_body,
            .answer_bytes_max = ANSWER_BYTES_MAX,
            .not_before_ns = number > 1 ? ndb_deadline_after(PAUSE_MS) : 0,
            .deadline_ns = deadline_of(call),
            .connect_timeout_ms = call->timeout_ms,
            .ca_bundle = call->ca_bundle,
            .can_use_proxy = call->can_use_proxy,
        };
        (void)ndb_http_run(http, &exchange);
        if (number == TRIES || !is_worth_another(&exchange) ||
            call->deadline_ns <= ndb_clock_ns())
            break;
        ndb_place_call_wipe(&exchange.out);
    }
    *out = exchange.out;
    *http_status = exchange.answer.status;
    if (exchange.status >= 0 && exchange.answer.status < 500)
        return NAMIDB_OK;
    ndb_place_call_wipe(out);
    if (exchange.status >= 0)
        return ndb_fail(err, NAMIDB_EIO, "answered %d", *http_status);
    if (err != NULL)
        *err = exchange.err;
    return exchange.status;
}

void ndb_place_call_wipe(struct ndb_buf *out)
{
    if (out->data != NULL)
        explicit_bzero(out->data, out->capacity);
    ndb_buf_release(out);
}

/* -------------------------------------------------------------- answers -- */

static struct ndb_slice member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(item) ? ndb_slice_text(item->valuestring)
                                : ndb_slice(NULL, 0);
}

static void wipe_member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsString(item))
        explicit_bzero(item->valuestring, strlen(item->valuestring));
}

static bool has_version(const cJSON *object)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(object, "Version");

    return cJSON_IsNumber(version) && version->valuedouble == 1;
}

int ndb_credentials_of_json(struct ndb_slice text, enum ndb_json_of of,
                            struct ndb_credentials **out, namidb_error *err)
{
    bool is_process = of == NDB_JSON_OF_PROCESS;
    const char *token = is_process ? "SessionToken" : "Token";
    cJSON *object = cJSON_ParseWithLength((const char *)text.data, text.bytes);
    struct ndb_slice expiration = member(object, "Expiration");
    int64_t expires_ms = NDB_CREDENTIALS_FOREVER;
    int rc = NAMIDB_EINVAL;

    *out = NULL;
    if (expiration.bytes != 0)
        expires_ms = ndb_s3_time((const char *)expiration.data);
    if (expires_ms > 0 && (!is_process || has_version(object)))
        rc = ndb_credentials_new(out, member(object, "AccessKeyId"),
                                 member(object, "SecretAccessKey"),
                                 member(object, token), expires_ms);
    wipe_member(object, "SecretAccessKey");
    wipe_member(object, token);
    cJSON_Delete(object);
    if (rc == NAMIDB_ENOMEM)
        return ndb_fail_memory(err);
    if (rc < 0)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "the answer is not %sAccessKeyId, SecretAccessKey, %s "
                        "and Expiration in JSON",
                        is_process ? "Version 1, " : "", token);
    return NAMIDB_OK;
}

/* --------------------------------------------------------------- tokens -- */

static int read_small(int file, struct ndb_buf *out)
{
    ssize_t got = 1;
    int rc = ndb_buf_reserve(out, TOKEN_BYTES_MAX);

    while (rc >= 0 && got > 0 && out->bytes < TOKEN_BYTES_MAX) {
        got = read(file, out->data + out->bytes, TOKEN_BYTES_MAX - out->bytes);
        if (got > 0)
            out->bytes += (size_t)got;
        else if (got < 0 && errno != EINTR)
            rc = NAMIDB_EIO;
    }
    return rc >= 0 && out->bytes == TOKEN_BYTES_MAX ? NAMIDB_ELIMIT : rc;
}

int ndb_place_read_token(const char *path, struct ndb_buf *out,
                         namidb_error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (file < 0)
        return ndb_file_fail(err, path, "cannot open the token", errno);
    *out = NDB_BUF_INIT(TOKEN_BYTES_MAX + 1);
    rc = read_small(file, out);
    if (rc == NAMIDB_EIO)
        (void)ndb_file_fail(err, path, "cannot read the token", errno);
    else if (rc == NAMIDB_ELIMIT)
        (void)ndb_fail(err, rc, "%s: too long for a token", path);
    else if (rc < 0)
        (void)ndb_fail_memory(err);
    (void)close(file);
    while (rc >= 0 && out->bytes != 0 &&
           strchr(" \t\r\n", out->data[out->bytes - 1]) != NULL)
        out->bytes--;
    if (rc >= 0 && out->bytes == 0)
        rc = ndb_fail(err, NAMIDB_EAUTH, "%s: an empty token", path);
    if (rc < 0)
        ndb_place_call_wipe(out);
    else
        out->data[out->bytes] = 0;
    return rc < 0 ? rc : NAMIDB_OK;
}
