/* SPDX-License-Identifier: Apache-2.0 */
#include "net/s3_judge.h"

#include <stdlib.h>

enum { BACKOFF_MS = 50, BACKOFF_MS_MAX = 5000, RETRY_AFTER_MS_MAX = 20000 };

static bool is_listed(const char *const *codes, const char *code)
{
    for (; *codes != NULL; codes++)
        if (strcmp(*codes, code) == 0)
            return true;
    return false;
}

/* --------------------------------------------------------------- judging -- */

static bool is_transient(int http, const char *code)
{
    static const char *const codes[] = {
        "RequestTimeout",   "ConditionalRequestConflict",
        "OperationAborted", "SlowDown",
        "Throttling",       "ThrottlingException",
        "RequestThrottled", "ServiceUnavailable",
        "InternalError",    NULL
    };
    /* Whatever a server or a proxy has in mind with 507 or 524: that it did
     * nothing is not among what it says. */
    return (http >= 500 && http != 501) || http == 429 || http == 408 ||
           is_listed(codes, code);
}

static bool is_expired(const char *code)
{
    static const char *const codes[] = { "ExpiredToken",
                                         "ExpiredTokenException",
                                         "TokenRefreshRequired", NULL };
    return is_listed(codes, code);
}

static bool is_precondition(int http, const char *code)
{
    return http == 412 || strcmp(code, "PreconditionFailed") == 0;
}

const char *ndb_s3_region_told(const struct ndb_http_exchange *exchange,
                               const struct ndb_s3_error *error)
{
    if (error->region[0] != '\0')
        return error->region;
    return exchange->answer.region[0] != '\0' ? exchange->answer.region : NULL;
}

static bool is_misplaced(const struct ndb_http_exchange *exchange,
                         const struct ndb_s3_error *error, const char *region)
{
    const char *told = ndb_s3_region_told(exchange, error);
    int http = exchange->answer.status;

    return (http == 301 || http == 307 || http == 400) && told != NULL &&
           strcmp(told, region) != 0;
}

enum ndb_s3_verdict ndb_s3_judge(const struct ndb_http_exchange *exchange,
                                 const struct ndb_s3_error *error,
                                 const char *region)
{
    int http = exchange->answer.status;

    if (exchange->status == NAMIDB_EIO || exchange->status == NAMIDB_ETIMEOUT)
        return NDB_S3_AGAIN;
    if (exchange->status < 0)
        return NDB_S3_FAILED;
    if (http >= 200 && http < 300 && error->code[0] == '\0')
        return NDB_S3_OK;
    if (is_precondition(http, error->code))
        return NDB_S3_EXISTS;
    if (http == 404 && strcmp(error->code, "NoSuchKey") == 0)
        return NDB_S3_ABSENT;
    if (strcmp(error->code, "RequestTimeTooSkewed") == 0)
        return NDB_S3_SKEWED;
    if (is_expired(error->code))
        return NDB_S3_EXPIRED;
    if (is_misplaced(exchange, error, region))
        return NDB_S3_MISPLACED;
    return is_transient(http, error->code) ? NDB_S3_AGAIN : NDB_S3_FAILED;
}

/* ---------------------------------------------------------------- pauses -- */

int64_t ndb_s3_retry_after_ms(const struct ndb_http_answer *answer)
{
    const char *text = answer->retry_after;
    int64_t ms = 0;

    if (text[0] >= '0' && text[0] <= '9')
        ms = strtol(text, NULL, 10) > RETRY_AFTER_MS_MAX / 1000
                 ? RETRY_AFTER_MS_MAX
                 : strtol(text, NULL, 10) * 1000;
    else if (text[0] != '\0' && answer->date_ms != 0)
        ms = ndb_http_date_ms(text) - answer->date_ms;
    if (ms < 0)
        return 0;
    return ms < RETRY_AFTER_MS_MAX ? ms : RETRY_AFTER_MS_MAX;
}

int64_t ndb_s3_backoff_ms(unsigned number)
{
    int64_t ms = BACKOFF_MS;

    for (; number > 2 && ms < BACKOFF_MS_MAX; number--)
        ms *= 2;
    return ms < BACKOFF_MS_MAX ? ms : BACKOFF_MS_MAX;
}

/* ------------------------------------------------------------ explaining -- */

static int explain_denied(const struct ndb_s3_error *error, int http,
                          const char *action, namidb_error *err)
{
    if (strcmp(error->code, "InvalidObjectState") == 0)
        return ndb_fail(err, NAMIDB_EUNSUPPORTED,
                        "the object is archived, in GLACIER or DEEP_ARCHIVE: "
                        "restore it first");
    if (strcmp(error->code, "SignatureDoesNotMatch") == 0)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "the signature does not match: the secret key is "
                        "wrong, or something between changed the request");
    if (strcmp(error->code, "InvalidAccessKeyId") == 0)
        return ndb_fail(err, NAMIDB_EAUTH, "the access key is not known there");
    if (strcmp(error->code, "RequestTimeTooSkewed") == 0)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "this machine's clock is too far off the server's");
    if (is_expired(error->code) || strcmp(error->code, "InvalidToken") == 0 ||
        strcmp(error->code, "InvalidTokenId") == 0)
        return ndb_fail(err, NAMIDB_EAUTH,
                        "the session token has expired or is not valid (%s)",
                        error->code);
    if (error->code[0] != '\0' && strcmp(error->code, "AccessDenied") != 0 &&
        strcmp(error->code, "Forbidden") != 0)
        return ndb_fail(err, NAMIDB_EAUTH, "%d %s: %s", http, error->code,
                        error->message);
    return ndb_fail(err, NAMIDB_EAUTH, "%d access denied: needs %s%s", http,
                    action,
                    strcmp(action, "s3:GetObject") == 0
                        ? " and, to tell an absent object from a hidden one, "
                          "s3:ListBucket"
                        : "");
}

static bool is_denied(int http, const char *code)
{
    static const char *const codes[] = { "InvalidToken", "InvalidAccessKeyId",
                                         "SignatureDoesNotMatch",
                                         "AccessDenied", NULL };
    return http == 403 || http == 401 || is_expired(code) ||
           is_listed(codes, code);
}

static int explain_code(const struct ndb_http_exchange *exchange,
                        const struct ndb_s3_error *error, int status,
                        namidb_error *err)
{
    const char *told = ndb_s3_region_told(exchange, error);

    return ndb_fail(err, status, "%d%s%s%s%s%s%s", exchange->answer.status,
                    error->code[0] != '\0' ? " " : "", error->code,
                    error->message[0] != '\0' ? ": " : "", error->message,
                    told != NULL ? "; the bucket is in region " : "",
                    told != NULL ? told : "");
}

int ndb_s3_explain(const struct ndb_http_exchange *exchange,
                   const struct ndb_s3_error *error, const char *action,
                   namidb_error *err)
{
    int http = exchange->answer.status;

    if (exchange->status < 0) {
        if (err != NULL)
            *err = exchange->err;
        return exchange->status;
    }
    if (is_denied(http, error->code))
        return explain_denied(error, http, action, err);
    if (http == 404 && strcmp(error->code, "NoSuchBucket") == 0)
        return ndb_fail(err, NAMIDB_ENOTFOUND, "the bucket does not exist");
    if (http == 404 && error->code[0] == '\0')
        return ndb_fail(err, NAMIDB_EIO,
                        "404 without an S3 error: is this an S3 endpoint?");
    if (is_precondition(http, error->code))
        return ndb_fail(err, NAMIDB_ECONFLICT, "is there already");
    if (http == 416)
        return ndb_fail(err, NAMIDB_EINVAL, "range starts past the end");
    if (http == 501)
        return explain_code(exchange, error, NAMIDB_EUNSUPPORTED, err);
    if (is_transient(http, error->code) || http < 400)
        return explain_code(exchange, error, NAMIDB_EIO, err);
    return explain_code(exchange, error, NAMIDB_EINVAL, err);
}
