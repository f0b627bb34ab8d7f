/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_dialect.h"

enum { BUSY_EVERY = 3 };

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void refuse(struct s3_reply *answer, int status, const char *code,
                   const char *message)
{
    rewind(answer->body);
    answer->status = status;
    (void)fprintf(answer->body,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s"
                  "</Code><Message>%s</Message></Error>",
                  code, message);
}

static bool is_signed_for_auto(const struct http_request *request)
{
    char text[1024];

    return http_request_header(request, "Authorization", text, sizeof text) &&
           strstr(text, "/auto/s3/aws4_request") != NULL;
}

/* "bucket.host" is "/bucket" of "host". */
static bool is_by_host(const struct http_request *request, char *target,
                       size_t capacity)
{
    char host[256];
    char path[8192];

    if (!http_request_header(request, "Host", host, sizeof host) ||
        !begins(host, "bucket."))
        return false;
    (void)snprintf(path, sizeof path, "/bucket%s", target);
    (void)snprintf(target, capacity, "%s", path);
    return true;
}

static bool is_at_account(const struct http_request *request,
                          const char *target)
{
    char host[256];

    return http_request_header(request, "Host", host, sizeof host) &&
           begins(host, "account.r2.") && begins(target, "/bucket");
}

static bool admit_r2(const struct http_request *request, unsigned number,
                     const char *target, struct s3_reply *answer)
{
    if (!is_at_account(request, target)) {
        refuse(answer, 400, "InvalidRequest", "no account here");
        return false;
    }
    if (!is_signed_for_auto(request)) {
        refuse(
            answer, 400, "InvalidRegionName",
            "The region name is not valid. Must be one of: wnam, enam, weur, "
            "eeur, apac, oc, auto");
        return false;
    }
    if (strcmp(request->method, "PUT") == 0 && number % BUSY_EVERY == 0) {
        refuse(answer, 429, "TooManyRequests",
               "Reduce your concurrent request rate for the same object.");
        return false;
    }
    return true;
}

bool s3_dialect_admit(enum s3_dialect dialect,
                      const struct http_request *request, unsigned number,
                      char *target, size_t capacity, struct s3_reply *answer)
{
    if (dialect == S3_SPEAKS_R2)
        return admit_r2(request, number, target, answer);
    if (dialect != S3_SPEAKS_TIGRIS)
        return true;
    if (!is_by_host(request, target, capacity)) {
        refuse(answer, 404, "NoSuchBucket",
               "The specified bucket does not exist.");
        return false;
    }
    if (!is_signed_for_auto(request)) {
        refuse(answer, 403, "SignatureDoesNotMatch", "the region is auto");
        return false;
    }
    return true;
}

/* ----------------------------------------------------------------- words -- */

static void add_header(struct s3_reply *answer, const char *line)
{
    size_t bytes = strlen(answer->headers);

    (void)snprintf(answer->headers + bytes, sizeof answer->headers - bytes,
                   "%s\r\n", line);
}

void s3_dialect_word(enum s3_dialect dialect,
                     const struct http_request *request,
                     struct s3_reply *answer)
{
    bool is_object = strchr(request->target, '?') == NULL;

    if (dialect == S3_SPEAKS_AWS)
        return;
    if (dialect == S3_SPEAKS_R2) {
        add_header(answer,
                   "server: cloudflare\r\ncf-ray: 8f0c1d2e3a4b5c6d-FRA");
        if (answer->status == 412)
            refuse(answer, 412, "PreconditionFailed",
                   "At least one of the pre-conditions you specified did not "
                   "hold.");
        if (answer->status == 404)
            refuse(answer, 404, "NoSuchKey",
                   "The specified key does not exist.");
    }
    if (dialect == S3_SPEAKS_TIGRIS)
        add_header(answer, "Server: Tigris OS\r\nX-Tigris-Served-From: fra");
    if (is_object && answer->status < 300)
        add_header(answer,
                   dialect == S3_SPEAKS_R2
                       ? "etag: \"aXNvLWxpa2UgZXRhZw-1\""
                       : "Etag: W/\"d41d8cd98f00b204e9800998ecf8427e\"");
}
