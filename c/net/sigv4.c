/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sigv4.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/encode.h"

enum { DATE_BYTES = 8, TEXT_BYTES_MAX = 64 << 10 };

static const char ALGORITHM[] = "AWS4-HMAC-SHA256";

struct digest {
    uint8_t bytes[SHA256_DIGEST_SIZE];
};

static int append(struct ndb_buf *out, const char *text)
{
    return ndb_buf_append(out, text, strlen(text));
}

/* Each of a list that ends with NULL. */
static int append_all(struct ndb_buf *out, const char *const *texts)
{
    int rc = NAMIDB_OK;

    for (; *texts != NULL && rc >= 0; texts++)
        rc = append(out, *texts);
    return rc;
}

void ndb_sigv4_time(char out[17], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm utc;

    (void)gmtime_r(&when, &utc);
    (void)strftime(out, 17, "%Y%m%dT%H%M%SZ", &utc);
}

void ndb_sha256_hex(char out[NDB_SHA256_HEX_BYTES + 1], struct ndb_slice body)
{
    struct sha256_ctx context;
    struct digest digest;

    sha256_init(&context);
    sha256_update(&context, body.bytes, body.data);
    sha256_digest(&context, sizeof digest.bytes, digest.bytes);
    ndb_hex(out, digest.bytes, sizeof digest.bytes);
}

static struct digest hmac(struct ndb_slice key, struct ndb_slice text)
{
    struct hmac_sha256_ctx context;
    struct digest digest;

    hmac_sha256_set_key(&context, key.bytes, key.data);
    hmac_sha256_update(&context, text.bytes, text.data);
    hmac_sha256_digest(&context, sizeof digest.bytes, digest.bytes);
    explicit_bzero(&context, sizeof context);
    return digest;
}

/* A parameter as it is sent: sorting is by the encoded text. */
struct encoded {
    struct ndb_buf name;
    struct ndb_buf value;
};

static int compare_encoded(const void *left, const void *right)
{
    const struct encoded *a = left;
    const struct encoded *b = right;
    int order =
        ndb_slice_compare(ndb_buf_slice(&a->name), ndb_buf_slice(&b->name));

    if (order != 0)
        return order;
    return ndb_slice_compare(ndb_buf_slice(&a->value),
                             ndb_buf_slice(&b->value));
}

static int append_encoded(struct ndb_buf *out, const struct encoded *pairs,
                          size_t count)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        rc = i != 0 ? append(out, "&") : NAMIDB_OK;
        if (rc >= 0)
            rc = ndb_buf_append(out, pairs[i].name.data, pairs[i].name.bytes);
        if (rc >= 0)
            rc = append(out, "=");
        if (rc >= 0)
            rc = ndb_buf_append(out, pairs[i].value.data, pairs[i].value.bytes);
    }
    return rc;
}

int ndb_sigv4_query(struct ndb_buf *out, const struct ndb_sigv4_pair *query,
                    size_t count)
{
    struct encoded *pairs = ndb_calloc(count, sizeof *pairs);
    int rc = NAMIDB_OK;

    if (pairs == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count && rc >= 0; i++) {
        pairs[i].name = NDB_BUF_INIT(TEXT_BYTES_MAX);
        pairs[i].value = NDB_BUF_INIT(TEXT_BYTES_MAX);
        rc = ndb_uri_encode(&pairs[i].name, ndb_slice_text(query[i].name),
                            false);
        if (rc >= 0)
            rc = ndb_uri_encode(&pairs[i].value, ndb_slice_text(query[i].value),
                                false);
    }
    if (rc >= 0) {
        qsort(pairs, count, sizeof *pairs, compare_encoded);
        rc = append_encoded(out, pairs, count);
    }
    for (size_t i = 0; i < count; i++) {
        ndb_buf_release(&pairs[i].name);
        ndb_buf_release(&pairs[i].value);
    }
    ndb_free(pairs);
    return rc;
}

static uint8_t lower(char character)
{
    if (character >= 'A' && character <= 'Z')
        return (uint8_t)(character - 'A' + 'a');
    return (uint8_t)character;
}

static int compare_names(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) - lower(*b);
}

/* Headers sorted by name, those of one name in their order (an insertion sort,
 * which is stable: there are about ten). NULL: no memory. */
static struct ndb_sigv4_pair *
sort_headers(const struct ndb_sigv4_request *request)
{
    struct ndb_sigv4_pair *sorted =
        ndb_calloc(request->header_count, sizeof *sorted);

    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        size_t at = i;

        while (at > 0 && compare_names(sorted[at - 1].name,
                                       request->headers[i].name) > 0) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = request->headers[i];
    }
    return sorted;
}

static int append_name(struct ndb_buf *out, const char *name)
{
    int rc = NAMIDB_OK;

    for (; *name != '\0' && rc >= 0; name++)
        rc = ndb_buf_u8(out, lower(*name));
    return rc;
}

/* Without blanks at the ends, and runs of them as one. */
static int append_value(struct ndb_buf *out, const char *value)
{
    bool is_first = true;
    bool has_blank = false;
    int rc = NAMIDB_OK;

    for (; *value != '\0' && rc >= 0; value++) {
        if (*value == ' ' || *value == '\t' || *value == '\n') {
            has_blank = !is_first;
            continue;
        }
        if (has_blank)
            rc = ndb_buf_u8(out, ' ');
        if (rc >= 0)
            rc = ndb_buf_u8(out, (uint8_t)*value);
        has_blank = false;
        is_first = false;
    }
    return rc;
}

static bool is_same_name(const struct ndb_sigv4_pair *sorted, size_t index)
{
    return compare_names(sorted[index - 1].name, sorted[index].name) == 0;
}

/* "host:example.com\n": many of one name become one line. */
static int append_headers(struct ndb_buf *out,
                          const struct ndb_sigv4_pair *sorted, size_t count)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        bool is_repeat = i != 0 && is_same_name(sorted, i);

        if (!is_repeat)
            rc = append_name(out, sorted[i].name);
        if (rc >= 0)
            rc = append(out, is_repeat ? "," : ":");
        if (rc >= 0)
            rc = append_value(out, sorted[i].value);
        if (rc >= 0 && (i + 1 == count || !is_same_name(sorted, i + 1)))
            rc = append(out, "\n");
    }
    return rc;
}

/* "host;x-amz-date" */
static int append_signed_names(struct ndb_buf *out,
                               const struct ndb_sigv4_pair *sorted,
                               size_t count)
{
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < count && rc >= 0; i++) {
        if (i != 0 && is_same_name(sorted, i))
            continue;
        if (i != 0)
            rc = append(out, ";");
        if (rc >= 0)
            rc = append_name(out, sorted[i].name);
    }
    return rc;
}

int ndb_sigv4_canonical(struct ndb_buf *out,
                        const struct ndb_sigv4_request *request)
{
    struct ndb_sigv4_pair *sorted = sort_headers(request);
    int rc;

    if (sorted == NULL)
        return NAMIDB_ENOMEM;
    rc = append_all(out, (const char *[]){ request->method, "\n", NULL });
    if (rc >= 0)
        rc = ndb_uri_encode(out, ndb_slice_text(request->path), true);
    if (rc >= 0)
        rc = append(out, "\n");
    if (rc >= 0)
        rc = ndb_sigv4_query(out, request->query, request->query_count);
    if (rc >= 0)
        rc = append(out, "\n");
    if (rc >= 0)
        rc = append_headers(out, sorted, request->header_count);
    if (rc >= 0)
        rc = append(out, "\n");
    if (rc >= 0)
        rc = append_signed_names(out, sorted, request->header_count);
    if (rc >= 0)
        rc = append_all(out,
                        (const char *[]){ "\n", request->payload_hash, NULL });
    ndb_free(sorted);
    return rc;
}

/* "20150830/us-east-1/service/aws4_request" */
static int append_scope(struct ndb_buf *out,
                        const struct ndb_sigv4_scope *scope)
{
    int rc = ndb_buf_append(out, scope->time, DATE_BYTES);

    if (rc >= 0)
        rc = append_all(out, (const char *[]){ "/", scope->region, "/",
                                               scope->service, "/aws4_request",
                                               NULL });
    return rc;
}

int ndb_sigv4_string_to_sign(struct ndb_buf *out,
                             const struct ndb_sigv4_scope *scope,
                             struct ndb_slice canonical)
{
    char hash[NDB_SHA256_HEX_BYTES + 1];
    int rc = append_all(
        out, (const char *[]){ ALGORITHM, "\n", scope->time, "\n", NULL });

    ndb_sha256_hex(hash, canonical);
    if (rc >= 0)
        rc = append_scope(out, scope);
    if (rc >= 0)
        rc = append_all(out, (const char *[]){ "\n", hash, NULL });
    return rc;
}

static struct digest derive(const struct digest *key, const char *text)
{
    return hmac(ndb_slice(key->bytes, sizeof key->bytes), ndb_slice_text(text));
}

/* The chain date, region, service, "aws4_request". */
int ndb_sigv4_key(struct ndb_sigv4_key *out,
                  const struct ndb_sigv4_scope *scope)
{
    struct ndb_buf secret = NDB_BUF_INIT(TEXT_BYTES_MAX);
    int rc = append_all(&secret,
                        (const char *[]){ "AWS4", scope->secret_key, NULL });

    if (rc >= 0) {
        struct digest key =
            hmac(ndb_buf_slice(&secret), ndb_slice(scope->time, DATE_BYTES));

        key = derive(&key, scope->region);
        key = derive(&key, scope->service);
        key = derive(&key, "aws4_request");
        memcpy(out->bytes, key.bytes, sizeof out->bytes);
        explicit_bzero(secret.data, secret.bytes);
    }
    ndb_buf_release(&secret);
    return rc;
}

static int sign(char out[NDB_SHA256_HEX_BYTES + 1],
                const struct ndb_sigv4_scope *scope, struct ndb_slice text)
{
    struct ndb_sigv4_key key;
    struct digest digest;
    int rc = NAMIDB_OK;

    if (scope->key != NULL)
        key = *scope->key;
    else
        rc = ndb_sigv4_key(&key, scope);
    if (rc < 0)
        return rc;
    digest = hmac(ndb_slice(key.bytes, sizeof key.bytes), text);
    ndb_hex(out, digest.bytes, sizeof digest.bytes);
    explicit_bzero(&key, sizeof key);
    return NAMIDB_OK;
}

static int append_authorization(struct ndb_buf *out,
                                const struct ndb_sigv4_scope *scope,
                                const struct ndb_sigv4_request *request,
                                const char *signature)
{
    struct ndb_sigv4_pair *sorted = sort_headers(request);
    int rc;

    if (sorted == NULL)
        return NAMIDB_ENOMEM;
    rc = append_all(out, (const char *[]){ ALGORITHM, " Credential=",
                                           scope->access_key, "/", NULL });
    if (rc >= 0)
        rc = append_scope(out, scope);
    if (rc >= 0)
        rc = append(out, ", SignedHeaders=");
    if (rc >= 0)
        rc = append_signed_names(out, sorted, request->header_count);
    if (rc >= 0)
        rc = append_all(out,
                        (const char *[]){ ", Signature=", signature, NULL });
    if (rc >= 0)
        rc = ndb_buf_u8(out, 0);
    if (rc >= 0)
        out->bytes--;
    ndb_free(sorted);
    return rc;
}

int ndb_sigv4_authorization(struct ndb_buf *out,
                            const struct ndb_sigv4_scope *scope,
                            const struct ndb_sigv4_request *request)
{
    struct ndb_buf canonical = NDB_BUF_INIT(TEXT_BYTES_MAX);
    struct ndb_buf text = NDB_BUF_INIT(TEXT_BYTES_MAX);
    char signature[NDB_SHA256_HEX_BYTES + 1];
    int rc = ndb_sigv4_canonical(&canonical, request);

    if (rc >= 0)
        rc = ndb_sigv4_string_to_sign(&text, scope, ndb_buf_slice(&canonical));
    if (rc >= 0)
        rc = sign(signature, scope, ndb_buf_slice(&text));
    if (rc >= 0)
        rc = append_authorization(out, scope, request, signature);
    ndb_buf_release(&canonical);
    ndb_buf_release(&text);
    return rc;
}
