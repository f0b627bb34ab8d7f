/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS' own test vectors, where the folder ../shared/sigv4 exists, and one of
 * them inline. Paths that S3 would not normalise are given as they are.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/encode.h"
#include "net/sigv4.h"
#include "namidb.h"

#define VECTORS "../shared/sigv4"

enum { PAIRS_MAX = 16, FILE_BYTES_MAX = 16 << 10 };

/* A request.txt, taken apart in place. */
struct vector {
    char text[FILE_BYTES_MAX];
    struct ndb_sigv4_pair query[PAIRS_MAX];
    struct ndb_sigv4_pair headers[PAIRS_MAX];
    struct ndb_sigv4_request request;
    struct ndb_sigv4_scope scope;
    char body_hash[NDB_SHA256_HEX_BYTES + 1];
    char *body;
};

static void read_text(const char *vector, const char *file,
                      char out[FILE_BYTES_MAX])
{
    char path[512];
    FILE *stream;
    size_t bytes;

    (void)snprintf(path, sizeof path, "%s/%s/%s", VECTORS, vector, file);
    stream = fopen(path, "rb");
    if (stream == NULL)
        fail_msg("%s: cannot open", path);
    bytes = fread(out, 1, FILE_BYTES_MAX - 1, stream);
    out[bytes] = '\0';
    (void)fclose(stream);
}

static void percent_decode(char *text)
{
    char *out = text;

    for (; *text != '\0'; text++) {
        unsigned byte;

        if (text[0] == '%' && sscanf(text + 1, "%2x", &byte) == 1) {
            *out++ = (char)byte;
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

static void add_header(struct vector *v, const char *name, const char *value)
{
    assert_true(v->request.header_count < PAIRS_MAX);
    v->headers[v->request.header_count++] =
        (struct ndb_sigv4_pair){ name, value };
}

static void parse_query(struct vector *v, char *text)
{
    char *save = NULL;

    for (char *pair = strtok_r(text, "&", &save); pair != NULL;
         pair = strtok_r(NULL, "&", &save)) {
        char *value = strchr(pair, '=');

        if (value != NULL)
            *value++ = '\0';
        else
            value = pair + strlen(pair);
        percent_decode(pair);
        percent_decode(value);
        v->query[v->request.query_count++] =
            (struct ndb_sigv4_pair){ pair, value };
    }
}

/* "GET /path?query HTTP/1.1": a path may hold blanks. */
static void parse_request_line(struct vector *v, char *line)
{
    char *target = strchr(line, ' ');
    char *version = strrchr(line, ' ');
    char *query;

    *target++ = '\0';
    *version = '\0';
    v->request.method = line;
    query = strchr(target, '?');
    if (query != NULL) {
        *query++ = '\0';
        parse_query(v, query);
    }
    v->request.path = target;
}

/* A line that begins with a blank goes on with the value before it; its line
 * end stays in the value, which is then folded. */
static void parse_request(struct vector *v)
{
    char *line = v->text;
    char *next = strchr(line, '\n');

    *next++ = '\0';
    parse_request_line(v, line);
    while (*next != '\0' && *next != '\n') {
        line = next;
        do {
            next = strchr(next, '\n');
            if (next == NULL)
                next = line + strlen(line);
            else
                next++;
        } while (*next == ' ');
        if (next[-1] == '\n')
            next[-1] = '\0';
        char *value = strchr(line, ':');

        *value++ = '\0';
        add_header(v, line, value);
    }
    v->body = *next == '\n' ? next + 1 : next;
}

static const char *member(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* "2015-08-30T12:36:00Z" without its punctuation. */
static void set_time(struct vector *v, const char *text)
{
    size_t at = 0;

    for (; *text != '\0'; text++)
        if (*text != '-' && *text != ':')
            v->scope.time[at++] = *text;
    v->scope.time[at] = '\0';
}

static void prepare(struct vector *v, const char *name, const cJSON *context)
{
    const cJSON *credentials =
        cJSON_GetObjectItemCaseSensitive(context, "credentials");
    const cJSON *omits =
        cJSON_GetObjectItemCaseSensitive(context, "omit_session_token");
    const char *token = member(credentials, "token");

    memset(v, 0, sizeof *v);
    read_text(name, "request.txt", v->text);
    parse_request(v);
    v->scope.access_key = member(credentials, "access_key_id");
    v->scope.secret_key = member(credentials, "secret_access_key");
    v->scope.region = member(context, "region");
    v->scope.service = member(context, "service");
    set_time(v, member(context, "timestamp"));
    ndb_sha256_hex(v->body_hash, ndb_slice_text(v->body));
    add_header(v, "X-Amz-Date", v->scope.time);
    if (token != NULL && !cJSON_IsTrue(omits))
        add_header(v, "X-Amz-Security-Token", token);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(context, "sign_body")))
        add_header(v, "x-amz-content-sha256", v->body_hash);
    v->request.query = v->query;
    v->request.headers = v->headers;
    v->request.payload_hash = v->body_hash;
}

static void assert_file(const char *name, const char *file,
                        struct ndb_slice got)
{
    char expected[FILE_BYTES_MAX];

    read_text(name, file, expected);
    if (strlen(expected) != got.bytes ||
        memcmp(expected, got.data, got.bytes) != 0)
        fail_msg("%s: expected\n%s\ngot\n%.*s", name, expected, (int)got.bytes,
                 (const char *)got.data);
}

static void check_vector(const char *name)
{
    static struct vector v;
    char text[FILE_BYTES_MAX];
    struct ndb_buf canonical = NDB_BUF_INIT(FILE_BYTES_MAX);
    struct ndb_buf to_sign = NDB_BUF_INIT(FILE_BYTES_MAX);
    struct ndb_buf authorization = NDB_BUF_INIT(FILE_BYTES_MAX);
    cJSON *context;

    read_text(name, "context.json", text);
    context = cJSON_Parse(text);
    prepare(&v, name, context);

    assert_int_equal(ndb_sigv4_canonical(&canonical, &v.request), NAMIDB_OK);
    assert_file(name, "header-canonical-request.txt",
                ndb_buf_slice(&canonical));
    assert_int_equal(
        ndb_sigv4_string_to_sign(&to_sign, &v.scope, ndb_buf_slice(&canonical)),
        NAMIDB_OK);
    assert_file(name, "header-string-to-sign.txt", ndb_buf_slice(&to_sign));
    assert_int_equal(
        ndb_sigv4_authorization(&authorization, &v.scope, &v.request),
        NAMIDB_OK);
    read_text(name, "header-signature.txt", text);
    assert_non_null(strstr((const char *)authorization.data, text));

    cJSON_Delete(context);
    ndb_buf_release(&canonical);
    ndb_buf_release(&to_sign);
    ndb_buf_release(&authorization);
}

static void test_sigv4__agrees_with_the_vectors_of_aws(void **state)
{
    DIR *folder = opendir(VECTORS);
    struct dirent *entry;
    int count = 0;

    (void)state;
    if (folder == NULL)
        skip();
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        check_vector(entry->d_name);
        count++;
    }
    (void)closedir(folder);
    assert_true(count > 25);
}

static void test_sigv4__signs_the_plain_request(void **state)
{
    const struct ndb_sigv4_pair headers[] = {
        { "Host", "example.amazonaws.com" },
        { "X-Amz-Date", "20150830T123600Z" },
    };
    const struct ndb_sigv4_request request = {
        .method = "GET",
        .path = "/",
        .headers = headers,
        .header_count = 2,
        .payload_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca49599"
                        "1b7852b855",
    };
    struct ndb_sigv4_scope scope = {
        .access_key = "AKIDEXAMPLE",
        .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        .region = "us-east-1",
        .service = "service",
    };
    struct ndb_buf out = NDB_BUF_INIT(1024);

    (void)state;
    ndb_sigv4_time(scope.time, 1440938160);
    assert_int_equal(ndb_sigv4_authorization(&out, &scope, &request),
                     NAMIDB_OK);
    assert_string_equal(
        (const char *)out.data,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
        "aws4_request, SignedHeaders=host;x-amz-date, Signature="
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    ndb_buf_release(&out);
}

static void test_encode__keeps_only_the_unreserved(void **state)
{
    struct ndb_buf out = NDB_BUF_INIT(256);

    (void)state;
    assert_int_equal(
        ndb_uri_encode(&out, ndb_slice_text("a/b +~\xc3\xa9"), true),
        NAMIDB_OK);
    assert_int_equal(ndb_buf_u8(&out, '|'), NAMIDB_OK);
    assert_int_equal(ndb_uri_encode(&out, ndb_slice_text("a/b"), false),
                     NAMIDB_OK);
    assert_memory_equal(out.data, "a/b%20%2B~%C3%A9|a%2Fb", out.bytes);
    assert_int_equal(out.bytes, 22);
    ndb_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sigv4__agrees_with_the_vectors_of_aws),
        cmocka_unit_test(test_sigv4__signs_the_plain_request),
        cmocka_unit_test(test_encode__keeps_only_the_unreserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
