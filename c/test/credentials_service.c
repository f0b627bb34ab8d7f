/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "aws_home.h"
#include "sys/clock.h"

enum { HOUR_S = 3600 };

static void print_time(char out[32], int64_t lifetime_s)
{
    time_t at = (time_t)(ndb_clock_wall_ms() / 1000 + lifetime_s);
    struct tm utc;

    (void)gmtime_r(&at, &utc);
    (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void reply_json(struct credentials_service *service,
                       const struct http_request *request)
{
    char expires[32];
    char text[512];

    print_time(expires, service->lifetime_s);
    (void)snprintf(text, sizeof text,
                   "{\"Code\":\"Success\",\"AccessKeyId\":\"KEY%u\","
                   "\"SecretAccessKey\":\"hush\",\"Token\":\"TOKEN\"%s%s%s}",
                   service->asked,
                   service->lifetime_s != 0 ? ",\"Expiration\":\"" : "",
                   service->lifetime_s != 0 ? expires : "",
                   service->lifetime_s != 0 ? "\"" : "");
    http_reply(request, service->status, "",
               ndb_slice_text(service->status == 200 ? text : "hush"));
}

static void reply_xml(struct credentials_service *service,
                      const struct http_request *request)
{
    char expires[32];
    char text[1024];

    print_time(expires, service->lifetime_s);
    (void)snprintf(
        text, sizeof text,
        service->status == 200
            ? "<R xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><X>"
              "<Credentials><AccessKeyId>KEY%u</AccessKeyId>"
              "<SecretAccessKey>hush</SecretAccessKey>"
              "<SessionToken>TOKEN</SessionToken>"
              "<Expiration>%s</Expiration></Credentials></X></R>"
            : "<ErrorResponse><Error><Type>Sender</Type>"
              "<Code>AccessDenied</Code></Error>%u%s</ErrorResponse>",
        service->asked, expires);
    http_reply(request, service->status, "", ndb_slice_text(text));
}

static bool serve(void *context, const struct http_request *request)
{
    struct credentials_service *service = context;

    (void)pthread_mutex_lock(&service->lock);
    service->header[0] = '\0';
    if (!http_request_header(request, "Authorization", service->header,
                             sizeof service->header))
        (void)http_request_header(request, "X-aws-ec2-metadata-token",
                                  service->header, sizeof service->header);
    (void)snprintf(service->body, sizeof service->body, "%.*s",
                   (int)request->body.bytes, (const char *)request->body.data);
    if (strcmp(request->method, "PUT") == 0) {
        http_reply(request, service->token_status, "",
                   ndb_slice_text("SESSION"));
    } else if (strstr(request->target, "/security-credentials/") != NULL &&
               request->target[strlen(request->target) - 1] == '/') {
        http_reply(request, 200, "", ndb_slice_text("my-role\n"));
    } else {
        service->asked++;
        if (strcmp(request->method, "POST") == 0)
            reply_xml(service, request);
        else
            reply_json(service, request);
    }
    (void)pthread_mutex_unlock(&service->lock);
    return true;
}

void credentials_service_begin(struct credentials_service *service,
                               const char *variable, const char *path)
{
    char url[128];

    *service = (struct credentials_service){ .status = 200,
                                             .token_status = 200,
                                             .lifetime_s = HOUR_S };
    (void)pthread_mutex_init(&service->lock, NULL);
    aws_home_clear();
    service->http = http_server_start(serve, service);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s",
                   http_server_port(service->http), path);
    (void)setenv(variable, url, 1);
}

void credentials_service_finish(struct credentials_service *service)
{
    http_server_stop(service->http);
    (void)pthread_mutex_destroy(&service->lock);
}

void credentials_service_set(struct credentials_service *service, int *field,
                             int value)
{
    (void)pthread_mutex_lock(&service->lock);
    *field = value;
    (void)pthread_mutex_unlock(&service->lock);
}

unsigned credentials_service_asked(struct credentials_service *service)
{
    unsigned asked;

    (void)pthread_mutex_lock(&service->lock);
    asked = service->asked;
    (void)pthread_mutex_unlock(&service->lock);
    return asked;
}

void credentials_service_assert_seen(struct credentials_service *service,
                                     const char *header, const char *body)
{
    (void)pthread_mutex_lock(&service->lock);
    if (header != NULL && strstr(service->header, header) == NULL)
        fail_msg("header: %s", service->header);
    if (body != NULL && strstr(service->body, body) == NULL)
        fail_msg("body: %s", service->body);
    (void)pthread_mutex_unlock(&service->lock);
}
