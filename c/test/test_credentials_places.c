/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places that are asked over HTTP, played by a server on loopback; and how
 * what they give is kept, renewed and handed out.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "aws_home.h"
#include "http_server.h"
#include "net/credentials.h"
#include "sys/clock.h"

enum { HOUR_S = 3600 };

static const struct ndb_credentials_wish WISH = { NULL, "eu-north-1", false };

/* What the server says, and what it was asked last. */
struct service {
    struct http_server *http;
    pthread_mutex_t lock;
    int status;       /* of keys */
    int lifetime_s;   /* of keys; 0: they never expire */
    int token_status; /* of the EC2 session token */
    unsigned asked;   /* for keys */
    char header[256]; /* Authorization, or EC2's token */
    char body[2048];
};

struct asked {
    struct ndb_credentials_waiter waiter;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;
};

/* --------------------------------------------------------------- service -- */

static void print_time(char out[32], int64_t lifetime_s)
{
    time_t at = (time_t)(ndb_clock_wall_ms() / 1000 + lifetime_s);
    struct tm utc;

    (void)gmtime_r(&at, &utc);
    (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void reply_json(struct service *service,
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

static void reply_xml(struct service *service,
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
    struct service *service = context;

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

static void begin(struct service *service, const char *variable,
                  const char *path)
{
    char url[128];

    *service = (struct service){ .status = 200,
                                 .token_status = 200,
                                 .lifetime_s = HOUR_S };
    (void)pthread_mutex_init(&service->lock, NULL);
    aws_home_clear();
    service->http = http_server_start(serve, service);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s",
                   http_server_port(service->http), path);
    (void)setenv(variable, url, 1);
}

static void finish(struct service *service)
{
    http_server_stop(service->http);
    (void)pthread_mutex_destroy(&service->lock);
}

static void set(struct service *service, int *field, int value)
{
    (void)pthread_mutex_lock(&service->lock);
    *field = value;
    (void)pthread_mutex_unlock(&service->lock);
}

static unsigned times_asked(struct service *service)
{
    unsigned asked;

    (void)pthread_mutex_lock(&service->lock);
    asked = service->asked;
    (void)pthread_mutex_unlock(&service->lock);
    return asked;
}

static void assert_seen(struct service *service, const char *header,
                        const char *body)
{
    (void)pthread_mutex_lock(&service->lock);
    if (header != NULL && strstr(service->header, header) == NULL)
        fail_msg("header: %s", service->header);
    if (body != NULL && strstr(service->body, body) == NULL)
        fail_msg("body: %s", service->body);
    (void)pthread_mutex_unlock(&service->lock);
}

/* --------------------------------------------------------------- asking -- */

static void on_done(struct ndb_credentials_waiter *waiter)
{
    struct asked *asked = (struct asked *)waiter;

    (void)pthread_mutex_lock(&asked->lock);
    asked->is_done = true;
    (void)pthread_cond_signal(&asked->changed);
    (void)pthread_mutex_unlock(&asked->lock);
}

static void asked_begin(struct asked *asked)
{
    *asked = (struct asked){ .is_done = false };
    (void)pthread_mutex_init(&asked->lock, NULL);
    (void)pthread_cond_init(&asked->changed, NULL);
    asked->waiter.deadline_ns = NDB_NEVER;
    asked->waiter.done = on_done;
}

static void asked_await(struct asked *asked)
{
    (void)pthread_mutex_lock(&asked->lock);
    while (!asked->is_done)
        (void)pthread_cond_wait(&asked->changed, &asked->lock);
    (void)pthread_mutex_unlock(&asked->lock);
    (void)pthread_cond_destroy(&asked->changed);
    (void)pthread_mutex_destroy(&asked->lock);
}

/* The access key that the source hands out; "" when it fails, and then *err. */
static void ask(struct ndb_credentials_source *source, char key[64],
                namidb_error *err)
{
    struct asked asked;

    asked_begin(&asked);
    ndb_credentials_ask(source, &asked.waiter);
    asked_await(&asked);
    key[0] = '\0';
    if (asked.waiter.snapshot != NULL)
        (void)snprintf(key, 64, "%s", asked.waiter.snapshot->access_key);
    else
        *err = asked.waiter.err;
    ndb_credentials_unref(asked.waiter.snapshot);
}

static void assert_key(struct ndb_credentials_source *source,
                       const char *expected)
{
    namidb_error err = { .code = 0 };
    char key[64];

    ask(source, key, &err);
    if (strcmp(key, expected) != 0)
        fail_msg("'%s': %s", key, err.message);
}

static void assert_fails(struct ndb_credentials_source *source, int status,
                         const char *part)
{
    namidb_error err = { .code = 0 };
    char key[64];

    ask(source, key, &err);
    if (err.code != status || strstr(err.message, part) == NULL)
        fail_msg("'%s': %d %s", key, err.code, err.message);
    assert_null(strstr(err.message, "hush"));
    assert_null(strstr(err.message, "TOKEN"));
}

static struct ndb_credentials_source *open_source(void)
{
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };

    if (ndb_credentials_open(&source, &WISH, &err) < 0)
        fail_msg("%s", err.message);
    return source;
}

static void assert_refused(int status, const char *part)
{
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };

    if (ndb_credentials_open(&source, &WISH, &err) != status ||
        strstr(err.message, part) == NULL)
        fail_msg("%d %s", err.code, err.message);
}

/* ------------------------------------------------------------- container -- */

static void
test_credentials__of_a_container_with_a_token_that_rotates(void **state)
{
    struct ndb_credentials_source *source;
    struct service service;

    (void)state;
    begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v1/credentials");
    set(&service, &service.lifetime_s, 5); /* each question is a new one */
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "unused", 1);
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                 aws_home_path("token"), 1);
    aws_home_write("token", "Bearer one\n");
    source = open_source();
    assert_int_equal(times_asked(&service), 0);
    assert_string_equal(ndb_credentials_place(source), "the container");
    assert_key(source, "KEY1");
    assert_seen(&service, "Bearer one", NULL);
    aws_home_write("token", "Bearer two\n");
    assert_key(source, "KEY2");
    assert_seen(&service, "Bearer two", NULL);
    aws_home_write("token", " \n");
    assert_fails(source, NAMIDB_EAUTH, "an empty token");
    ndb_credentials_close(source);
    finish(&service);
}

static void test_credentials__a_container_that_refuses_is_an_error(void **state)
{
    struct ndb_credentials_source *source;
    struct service service;

    (void)state;
    begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
    (void)setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok", 1);
    set(&service, &service.status, 404);
    source = open_source();
    assert_fails(source, NAMIDB_EAUTH, "the container: answered 404");
    assert_seen(&service, "tok", NULL);
    set(&service, &service.status, 500);
    assert_fails(source, NAMIDB_EIO, "answered 500");
    assert_int_equal(times_asked(&service), 3); /* 500: twice */
    set(&service, &service.status, 200);
    assert_key(source, "KEY4");
    ndb_credentials_close(source);
    finish(&service);
}

static void test_credentials__containers_elsewhere_must_be_https(void **state)
{
    static const char *const bad[] = {
        "http://example.com/",        "http://169.254.170.22/",
        "http://127.0.0.1@evil.com/", "http://127.0.0.1.evil.com/",
        "ftp://127.0.0.1/",           "http://169.254.170.2.evil.com/",
        "http://[fd00:ec2::24]/",     "127.0.0.1",
    };
    static const char *const good[] = {
        "http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1",
        "http://localhost:8080/",   "https://example.com/keys",
        "http://[::1]:80/",
    };

    (void)state;
    aws_home_clear();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i], 1);
        assert_refused(NAMIDB_EAUTH, "must be https");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        (void)setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", good[i], 1);
        ndb_credentials_close(open_source());
    }
    (void)setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "no-slash", 1);
    assert_refused(NAMIDB_EAUTH, "begin with a slash");
}

/* ------------------------------------------------------------------ roles --
 */

static void test_credentials__of_a_web_identity_unsigned(void **state)
{
    struct ndb_credentials_source *source;
    struct service service;

    (void)state;
    begin(&service, "AWS_ENDPOINT_URL_STS", "");
    (void)setenv("AWS_WEB_IDENTITY_TOKEN_FILE", aws_home_path("token"), 1);
    assert_refused(NAMIDB_EAUTH, "AWS_ROLE_ARN");
    (void)setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    aws_home_write("token", "eyJ+/=");
    source = open_source();
    assert_key(source, "KEY1");
    assert_seen(&service, "",
                "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
                "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=namidb&"
                "WebIdentityToken=eyJ%2B%2F%3D");
    ndb_credentials_close(source);

    set(&service, &service.status, 403);
    source = open_source();
    assert_fails(source, NAMIDB_EAUTH,
                 "the token service answered 403 AccessDenied");
    (void)remove(aws_home_path("token"));
    assert_fails(source, NAMIDB_EIO, "cannot open the token");
    ndb_credentials_close(source);
    finish(&service);
}

static void test_credentials__of_a_profile_with_a_role_signed(void **state)
{
    struct ndb_credentials_source *source;
    struct service service;

    (void)state;
    begin(&service, "AWS_ENDPOINT_URL_STS", "");
    aws_home_write("credentials", "[base]\naws_access_key_id = BASE\n"
                                  "aws_secret_access_key = hush\n");
    aws_home_write("config", "[default]\nrole_arn = arn:x\n"
                             "source_profile = base\nexternal_id = e 1\n"
                             "role_session_name = me\n");
    source = open_source();
    assert_string_equal(ndb_credentials_place(source),
                        "the role of profile 'default'");
    assert_key(source, "KEY1");
    assert_seen(&service, "Credential=BASE/",
                "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ax&"
                "RoleSessionName=me&ExternalId=e%201");
    assert_seen(&service, "/eu-north-1/sts/aws4_request", NULL);
    ndb_credentials_close(source);

    aws_home_write("config", "[default]\nrole_arn = arn:x\n");
    assert_refused(NAMIDB_EAUTH, "without source_profile");
    aws_home_write("config", "[default]\nrole_arn = arn:x\n"
                             "source_profile = gone\n");
    assert_refused(NAMIDB_EAUTH, "'gone' has no keys");
    aws_home_write("config", "[default]\nsso_session = mine\n");
    assert_refused(NAMIDB_EUNSUPPORTED, "sso_session is not followed");
    finish(&service);
}

/* -------------------------------------------------------------------- EC2 --
 */

static void test_credentials__of_ec2_by_version_2_only(void **state)
{
    struct ndb_credentials_source *source;
    struct service service;

    (void)state;
    begin(&service, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
    (void)unsetenv("AWS_EC2_METADATA_DISABLED");
    source = open_source();
    assert_key(source, "KEY1");
    assert_seen(&service, "SESSION", NULL);
    ndb_credentials_close(source);

    set(&service, &service.token_status, 404);
    source = open_source();
    assert_fails(source, NAMIDB_EAUTH, "only version 2");
    assert_int_equal(times_asked(&service), 1);
    ndb_credentials_close(source);

    (void)setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
    assert_refused(NAMIDB_EAUTH, "no credentials");
    finish(&service);
}

/* A container behind one hop more than the service answers over. */
static bool swallow(void *context, const struct http_request *request)
{
    (void)context;
    http_server_hang(request);
    return false;
}

static void test_credentials__ec2_out_of_reach_is_given_up_soon(void **state)
{
    struct http_server *server = http_server_start(swallow, NULL);
    struct ndb_credentials_source *source;
    int64_t start_ns = ndb_clock_ns();
    char url[64];

    (void)state;
    aws_home_clear();
    (void)unsetenv("AWS_EC2_METADATA_DISABLED");
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d",
                   http_server_port(server));
    (void)setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
    source = open_source();
    assert_fails(source, NAMIDB_ETIMEOUT, "EC2's metadata");
    assert_int_equal(http_server_requests(server), 2);
    assert_true(ndb_clock_ns() - start_ns < 8000 * NDB_NS_PER_MS);
    ndb_credentials_close(source);
    http_server_stop(server);
}

/* ---------------------------------------------------------------- renewal --
 */

/* What is still good is handed out at once while a new answer is fetched. */
static void test_credentials__are_renewed_ahead_without_waiting(void **state)
{
    struct ndb_credentials_source *source;
    struct service service;

    (void)state;
    begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
    source = open_source();
    assert_key(source, "KEY1");
    assert_key(source, "KEY1");
    assert_int_equal(times_asked(&service), 1);

    ndb_clock_advance(INT64_C(51 * 60) * 1000 * NDB_NS_PER_MS);
    (void)pthread_mutex_lock(&service.lock); /* it does not answer now */
    assert_key(source, "KEY1");
    assert_key(source, "KEY1");
    (void)pthread_mutex_unlock(&service.lock);
    http_server_await(service.http, 2);
    ndb_credentials_close(source);
    finish(&service);
}

/* The place would take longer: who cannot wait for it is told at his time. */
static void test_credentials__nobody_waits_past_his_deadline(void **state)
{
    struct ndb_credentials_source *source;
    struct asked asked[3];
    struct service service;

    (void)state;
    begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
    source = open_source();
    (void)pthread_mutex_lock(&service.lock); /* it does not answer now */
    for (int i = 0; i < 3; i++) {
        asked_begin(&asked[i]);
        /* The last one is the first to be late. */
        asked[i].waiter.deadline_ns =
            i == 0 ? NDB_NEVER : ndb_deadline_after(100 / i);
        ndb_credentials_ask(source, &asked[i].waiter);
    }
    asked_await(&asked[2]);
    asked_await(&asked[1]);
    for (int i = 1; i < 3; i++) {
        assert_null(asked[i].waiter.snapshot);
        assert_int_equal(asked[i].waiter.err.code, NAMIDB_ETIMEOUT);
        assert_true(ndb_clock_ns() >= asked[i].waiter.deadline_ns);
    }
    (void)pthread_mutex_unlock(&service.lock);
    asked_await(&asked[0]);
    assert_non_null(asked[0].waiter.snapshot);
    ndb_credentials_unref(asked[0].waiter.snapshot);
    assert_int_equal(times_asked(&service), 1);
    ndb_credentials_close(source);
    finish(&service);
}

static void test_credentials__outlive_a_renewal_that_fails(void **state)
{
    struct ndb_credentials_source *source;
    namidb_error err = { .code = 0 };
    struct service service;
    char key[64];

    (void)state;
    begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
    source = open_source();
    assert_key(source, "KEY1");
    set(&service, &service.status, 400);
    ndb_clock_advance(INT64_C(51 * 60) * 1000 * NDB_NS_PER_MS);
    for (int i = 0; i < 20; i++)
        assert_key(source, "KEY1");
    http_server_await(service.http, 2);

    /* When they are at their end, there are none. */
    ndb_clock_advance(INT64_C(10 * 60) * 1000 * NDB_NS_PER_MS);
    assert_fails(source, NAMIDB_EAUTH, "answered 400");
    set(&service, &service.status, 200);
    ask(source, key, &err);
    assert_int_equal(strncmp(key, "KEY", 3), 0);
    assert_string_not_equal(key, "KEY1");
    ndb_credentials_close(source);
    finish(&service);
}

static void
test_credentials__that_a_server_calls_expired_are_fetched_anew(void **state)
{
    struct ndb_credentials_source *source;
    struct asked asked = { .is_done = false };
    struct service service;

    (void)state;
    begin(&service, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
    set(&service, &service.lifetime_s, 0); /* no expiration told */
    source = open_source();
    assert_key(source, "KEY1");
    asked.waiter.deadline_ns = NDB_NEVER;
    asked.waiter.done = on_done;
    ndb_credentials_ask(source, &asked.waiter);
    ndb_credentials_discard(source, asked.waiter.snapshot);
    assert_key(source, "KEY2");
    /* An old one says nothing about the new one. */
    ndb_credentials_discard(source, asked.waiter.snapshot);
    assert_key(source, "KEY2");
    ndb_credentials_unref(asked.waiter.snapshot);
    ndb_credentials_close(source);
    finish(&service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_credentials__of_a_container_with_a_token_that_rotates),
        cmocka_unit_test(
            test_credentials__a_container_that_refuses_is_an_error),
        cmocka_unit_test(test_credentials__containers_elsewhere_must_be_https),
        cmocka_unit_test(test_credentials__of_a_web_identity_unsigned),
        cmocka_unit_test(test_credentials__of_a_profile_with_a_role_signed),
        cmocka_unit_test(test_credentials__of_ec2_by_version_2_only),
        cmocka_unit_test(test_credentials__ec2_out_of_reach_is_given_up_soon),
        cmocka_unit_test(test_credentials__are_renewed_ahead_without_waiting),
        cmocka_unit_test(test_credentials__nobody_waits_past_his_deadline),
        cmocka_unit_test(test_credentials__outlive_a_renewal_that_fails),
        cmocka_unit_test(
            test_credentials__that_a_server_calls_expired_are_fetched_anew),
    };

    return cmocka_run_group_tests_name("credentials_places", tests,
                                       aws_home_setup, aws_home_teardown);
}
