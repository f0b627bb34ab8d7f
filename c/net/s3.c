/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call goes round: credentials, sign, send, judge; the submitting thread
 * takes the first steps, the HTTP client's leader the ones that follow an
 * answer.
 */
#include "net/s3.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/hedge.h"
#include "net/s3_judge.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum {
    TRIES_MAX = 10,
    UNREACHABLE_TRIES_MAX = 4,  /* of connections that never came about */
    STALL_SECONDS = 10,         /* without a byte: try again */
    HASHED_BYTES_MAX = 1 << 20, /* larger bodies over TLS are not hashed */
    TEXT_BYTES_MAX = 32 << 10,
};

static const char UNSIGNED[] = "UNSIGNED-PAYLOAD";

struct ndb_s3 {
    /* Constant after open. */
    struct ndb_s3_settings settings;
    struct ndb_http *http;
    struct ndb_credentials_source *credentials; /* NULL: unsigned */

    atomic_int_fast64_t skew_s;   /* the server's clock - ours */
    atomic_int_fast64_t quiet_ns; /* nothing is sent before (Retry-After) */
    struct ndb_hedge hedge;
    atomic_uint_fast64_t retried; /* requests */

    pthread_mutex_t lock;
    char region[64];
    /* The last signing key, and what it was made of; NULL: none yet. */
    struct ndb_credentials *key_of;
    char key_day[9];
    char key_region[64];
    struct ndb_sigv4_key key;
};

static void ask(struct ndb_s3_call *call);

/* -------------------------------------------------------------- signing -- */

static void add(struct ndb_s3_call *call, const char *name, const char *value)
{
    call->sent[call->sent_count++] = (struct ndb_http_header){ name, value };
}

/* All that is signed. */
static void set_headers(struct ndb_s3_call *call)
{
    const struct ndb_s3_settings *settings = &call->s3->settings;

    call->sent_count = 0;
    add(call, "Host", call->host);
    if (call->credentials != NULL) {
        add(call, "x-amz-date", call->date);
        add(call, "x-amz-content-sha256", call->payload.hash);
        if (call->credentials->token != NULL)
            add(call, "x-amz-security-token", call->credentials->token);
    }
    if (settings->owner[0] != '\0')
        add(call, "x-amz-expected-bucket-owner", settings->owner);
    if (settings->requester_pays)
        add(call, "x-amz-request-payer", "requester");
    if (call->payload.checksum[0] != '\0')
        add(call, "x-amz-checksum-crc32c", call->payload.checksum);
    for (size_t i = 0; i < call->header_count; i++)
        add(call, call->headers[i].name, call->headers[i].value);
}

enum { DAY_BYTES = 8 };

static bool has_key(const struct ndb_s3 *s3, const struct ndb_s3_call *call)
{
    return s3->key_of == call->credentials &&
           strncmp(s3->key_day, call->date, DAY_BYTES) == 0 &&
           strcmp(s3->key_region, call->region) == 0;
}

/* The key of a day, which is that of the last call, mostly. */
static int take_key(struct ndb_s3_call *call,
                    const struct ndb_sigv4_scope *scope,
                    struct ndb_sigv4_key *out)
{
    struct ndb_s3 *s3 = call->s3;
    struct ndb_credentials *old;
    bool is_known;
    int rc;

    (void)pthread_mutex_lock(&s3->lock);
    is_known = has_key(s3, call);
    if (is_known)
        *out = s3->key;
    (void)pthread_mutex_unlock(&s3->lock);
    if (is_known)
        return NAMIDB_OK;
    rc = ndb_sigv4_key(out, scope);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&s3->lock);
    old = s3->key_of;
    s3->key_of = ndb_credentials_ref(call->credentials);
    s3->key = *out;
    memcpy(s3->key_day, call->date, DAY_BYTES);
    memcpy(s3->key_region, call->region, sizeof s3->key_region);
    (void)pthread_mutex_unlock(&s3->lock);
    ndb_credentials_unref(old);
    return NAMIDB_OK;
}

static int sign(struct ndb_s3_call *call)
{
    struct ndb_sigv4_key key;
    struct ndb_sigv4_pair headers[NDB_S3_HEADERS_MAX];
    struct ndb_sigv4_request request = {
        .method = call->method,
        .path = (const char *)call->path.data,
        .query = call->query,
        .query_count = call->query_count,
        .headers = headers,
        .header_count = call->sent_count,
        .payload_hash = call->payload.hash,
    };
    struct ndb_sigv4_scope scope = {
        .access_key = call->credentials->access_key,
        .secret_key = call->credentials->secret_key,
        .region = call->region,
        .service = "s3",
        .key = &key,
    };
    int rc;

    memcpy(scope.time, call->date, sizeof scope.time);
    for (size_t i = 0; i < call->sent_count; i++)
        headers[i] =
            (struct ndb_sigv4_pair){ call->sent[i].name, call->sent[i].value };
    call->authorization.bytes = 0;
    rc = take_key(call, &scope, &key);
    if (rc >= 0)
        rc = ndb_sigv4_authorization(&call->authorization, &scope, &request);
    if (rc >= 0)
        add(call, "Authorization", (const char *)call->authorization.data);
    return rc;
}

static int set_url(struct ndb_s3_call *call)
{
    int rc;

    call->url.bytes = 0;
    rc = ndb_s3_url(&call->s3->settings, call->host,
                    (const char *)call->path.data, &call->url);
    if (rc >= 0 && call->query_count != 0) {
        rc = ndb_buf_u8(&call->url, '?');
        if (rc >= 0)
            rc = ndb_sigv4_query(&call->url, call->query, call->query_count);
        if (rc >= 0)
            rc = ndb_buf_u8(&call->url, 0);
    }
    return rc;
}

/* What depends on the region, the clock and the credentials of this try. */
static int prepare(struct ndb_s3_call *call)
{
    struct ndb_s3 *s3 = call->s3;
    int rc;

    (void)pthread_mutex_lock(&s3->lock);
    memcpy(call->region, s3->region, sizeof call->region);
    (void)pthread_mutex_unlock(&s3->lock);
    ndb_s3_host(&s3->settings, call->region, call->host);
    ndb_sigv4_time(call->date,
                   ndb_clock_wall_ms() / 1000 + atomic_load(&s3->skew_s));
    set_headers(call);
    rc = set_url(call);
    if (rc >= 0 && call->credentials != NULL)
        rc = sign(call);
    add(call, "User-Agent", "namidb/" NAMIDB_VERSION);
    return rc;
}

/* Big-endian, in base64. */
static int set_checksum(struct ndb_slice body, struct ndb_s3_payload *out)
{
    struct ndb_buf text = NDB_BUF_INIT(sizeof out->checksum - 1);
    uint32_t crc = ndb_crc32c(body);
    uint8_t bytes[4];
    int rc;

    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(crc >> (24 - 8 * i));
    rc = ndb_base64_encode(&text, ndb_slice(bytes, sizeof bytes));
    if (rc >= 0) {
        memcpy(out->checksum, text.data, text.bytes);
        out->checksum[text.bytes] = '\0';
    }
    ndb_buf_release(&text);
    return rc;
}

int ndb_s3_payload(const struct ndb_s3 *s3, struct ndb_slice body,
                   bool wants_checksum, struct ndb_s3_payload *out)
{
    const struct ndb_s3_settings *settings = &s3->settings;
    bool is_hashed = body.bytes <= HASHED_BYTES_MAX ||
                     strcmp(settings->scheme, "https") != 0;

    out->checksum[0] = '\0';
    if (is_hashed)
        ndb_sha256_hex(out->hash, body);
    else
        memcpy(out->hash, UNSIGNED, sizeof UNSIGNED);
    if (settings->has_checksum && (wants_checksum || !is_hashed))
        return set_checksum(body, out);
    return NAMIDB_OK;
}

/* What all tries share. */
static int set_constants(struct ndb_s3_call *call)
{
    int rc = NAMIDB_OK;

    if (!call->has_payload)
        rc = ndb_s3_payload(call->s3, call->body, false, &call->payload);
    if (rc >= 0)
        rc = ndb_s3_path(&call->s3->settings, call->key, &call->path);
    return rc;
}

/* -------------------------------------------------------------- the round --
 */

static void finish(struct ndb_s3_call *call, int status)
{
    ndb_credentials_unref(call->credentials);
    call->credentials = NULL;
    call->status = status;
    if (status >= 0 || status == NAMIDB_ECONFLICT)
        call->is_ambiguous = false;
    call->done(call);
}

static void fail(struct ndb_s3_call *call, int status)
{
    if (status == NAMIDB_ENOMEM)
        (void)ndb_fail_memory(&call->err);
    else
        (void)ndb_fail(&call->err, status, "the request is too long");
    finish(call, status);
}

static int64_t now_or_quiet_ns(const struct ndb_s3_call *call)
{
    int64_t quiet_ns = atomic_load(&call->s3->quiet_ns);

    return quiet_ns > call->pause_until_ns ? quiet_ns : call->pause_until_ns;
}

/* Draws the pause before the next try; false when there is no time for it. */
static bool pick_pause(struct ndb_s3_call *call)
{
    int64_t asked_ms = ndb_s3_retry_after_ms(&call->exchange.answer);
    int64_t bound_ns = ndb_s3_backoff_ms(call->tries + 1) * NDB_NS_PER_MS;
    int64_t now_ns = ndb_clock_ns();
    uint64_t random;

    ndb_rand_bytes(&random, sizeof random);
    call->pause_until_ns = now_ns + (int64_t)(random % (uint64_t)bound_ns);
    if (asked_ms > 0)
        atomic_store(&call->s3->quiet_ns, now_ns + asked_ms * NDB_NS_PER_MS);
    return now_or_quiet_ns(call) < call->deadline_ns;
}

static bool is_reached(const struct ndb_s3_call *call)
{
    return call->exchange.status >= 0 || call->exchange.is_sent;
}

static bool can_repeat(struct ndb_s3_call *call)
{
    if (call->tries >= (is_reached(call) ? TRIES_MAX : UNREACHABLE_TRIES_MAX))
        return false;
    if (!pick_pause(call))
        return false;
    return !call->is_create || !call->is_ambiguous;
}

static void set_region(struct ndb_s3 *s3, const char *region)
{
    (void)pthread_mutex_lock(&s3->lock);
    (void)snprintf(s3->region, sizeof s3->region, "%s", region);
    (void)pthread_mutex_unlock(&s3->lock);
}

/* Takes away what made the server refuse the signature. */
static bool can_mend(struct ndb_s3_call *call, enum ndb_s3_verdict verdict)
{
    struct ndb_s3 *s3 = call->s3;
    unsigned bit = 1u << verdict;
    int64_t date_ms = call->exchange.answer.date_ms;

    if ((call->mended & bit) != 0 || call->credentials == NULL)
        return false;
    call->mended |= bit;
    switch (verdict) {
    case NDB_S3_SKEWED:
        if (date_ms == 0)
            return false;
        atomic_store(&s3->skew_s, date_ms / 1000 - ndb_clock_wall_ms() / 1000);
        return true;
    case NDB_S3_EXPIRED:
        ndb_credentials_discard(s3->credentials, call->credentials);
        return true;
    case NDB_S3_MISPLACED:
        set_region(s3, ndb_s3_region_told(&call->exchange, &call->error));
        return true;
    default:
        return false;
    }
}

static void ask_again(struct ndb_s3_call *call)
{
    atomic_fetch_add(&call->s3->retried, 1);
    ndb_buf_release(&call->exchange.out);
    ndb_credentials_unref(call->credentials);
    call->credentials = NULL;
    ask(call);
}

/* What a 2xx without an error lacks; NULL: nothing. Who answers that, and is
 * not S3 (a proxy's page), did nothing that was asked. */
static const char *what_is_missing(const struct ndb_s3_call *call)
{
    const struct ndb_http_exchange *exchange = &call->exchange;

    if (call->answer_root != NULL &&
        !ndb_s3_xml_is(ndb_buf_slice(&exchange->out), call->answer_root))
        return "the answer is cut short";
    if (call->makes_object && exchange->answer.etag[0] == '\0')
        return "the answer has no ETag: is this an S3 endpoint?";
    return NULL;
}

/* What the body says of a failure; a 2xx that is neither a whole answer nor an
 * error tells nothing, so it counts as one to repeat. */
static void read_error(struct ndb_s3_call *call)
{
    const struct ndb_http_exchange *exchange = &call->exchange;
    bool is_good = exchange->answer.status < 300;
    const char *missing;

    call->error = (struct ndb_s3_error){ .code = "" };
    if (exchange->status < 0 ||
        (is_good && call->answer_root == NULL && !call->makes_object))
        return;
    if (ndb_s3_error_parse(ndb_buf_slice(&exchange->out), &call->error) ||
        !is_good)
        return;
    missing = what_is_missing(call);
    if (missing == NULL)
        return;
    call->error = (struct ndb_s3_error){ .code = "InternalError" };
    (void)snprintf(call->error.message, sizeof call->error.message, "%s",
                   missing);
}

static void on_answer(struct ndb_http_exchange *exchange)
{
    struct ndb_s3_call *call = exchange->context;
    enum ndb_s3_verdict verdict;

    read_error(call);
    verdict = ndb_s3_judge(exchange, &call->error, call->region);
    if (verdict == NDB_S3_OK && call->can_hedge)
        ndb_hedge_learn(&call->s3->hedge, exchange);
    if (verdict == NDB_S3_OK || verdict == NDB_S3_ABSENT) {
        finish(call, verdict == NDB_S3_OK ? NAMIDB_OK : NAMIDB_NONE);
        return;
    }
    /* Nobody knows what became of it, from here on. */
    if (exchange->status < 0 ? exchange->is_sent : verdict == NDB_S3_AGAIN)
        call->is_ambiguous = true;
    if (verdict == NDB_S3_AGAIN ? can_repeat(call) : can_mend(call, verdict)) {
        ask_again(call);
        return;
    }
    finish(call,
           ndb_s3_explain(exchange, &call->error, call->action, &call->err));
}

static void on_late(struct ndb_http_exchange *exchange)
{
    struct ndb_s3_call *call = exchange->context;

    ndb_hedge_send(&call->s3->hedge, call->s3->http, exchange);
}

static void send(struct ndb_s3_call *call)
{
    int64_t late_ns = atomic_load(&call->s3->hedge.late_ns);
    bool can_hedge = call->can_hedge && late_ns != 0;
    int rc = prepare(call);

    if (rc < 0) {
        fail(call, rc);
        return;
    }
    call->tries++;
    call->exchange = (struct ndb_http_exchange){
        .method = call->method,
        .url = (const char *)call->url.data,
        .headers = call->sent,
        .header_count = call->sent_count,
        .body = call->body,
        .has_body = call->has_body,
        .answer_bytes_max = call->answer_bytes_max,
        .not_before_ns = now_or_quiet_ns(call),
        .deadline_ns = call->deadline_ns,
        .is_called_off = call->is_canceled,
        .stall_seconds =
            call->stall_seconds != 0 ? call->stall_seconds : STALL_SECONDS,
        .ca_bundle = call->s3->settings.ca_bundle[0] != '\0'
                         ? call->s3->settings.ca_bundle
                         : NULL,
        .can_use_proxy = !ndb_s3_is_loopback(call->s3->settings.endpoint),
        .late_after_ns = late_ns,
        .late = can_hedge ? on_late : NULL,
        .done = on_answer,
        .context = call,
    };
    ndb_http_submit(call->s3->http, &call->exchange);
}

static void on_credentials(struct ndb_credentials_waiter *waiter)
{
    struct ndb_s3_call *call =
        (struct ndb_s3_call *)((char *)waiter -
                               offsetof(struct ndb_s3_call, waiter));

    call->credentials = waiter->snapshot;
    if (call->credentials == NULL) {
        call->err = waiter->err;
        finish(call, waiter->err.code);
        return;
    }
    send(call);
}

static void ask(struct ndb_s3_call *call)
{
    if (call->s3->credentials == NULL) {
        send(call);
        return;
    }
    call->waiter.deadline_ns = call->deadline_ns;
    call->waiter.is_called_off = call->is_canceled;
    call->waiter.done = on_credentials;
    ndb_credentials_ask(call->s3->credentials, &call->waiter);
}

void ndb_s3_submit(struct ndb_s3 *s3, struct ndb_s3_call *call)
{
    int rc;

    call->s3 = s3;
    call->can_hedge = call->can_hedge && s3->settings.can_hedge;
    call->is_ambiguous = false;
    call->tries = 0;
    call->mended = 0;
    call->pause_until_ns = 0;
    call->credentials = NULL;
    call->exchange.out = NDB_BUF_INIT(0);
    call->exchange.answer = (struct ndb_http_answer){ .status = 0 };
    call->error = (struct ndb_s3_error){ .code = "" };
    call->path = NDB_BUF_INIT(TEXT_BYTES_MAX);
    call->url = NDB_BUF_INIT(TEXT_BYTES_MAX);
    call->authorization = NDB_BUF_INIT(TEXT_BYTES_MAX);
    rc = set_constants(call);
    if (rc < 0)
        fail(call, rc);
    else
        ask(call);
}

void ndb_s3_wake(struct ndb_s3 *s3)
{
    if (s3->credentials != NULL)
        ndb_credentials_wake(s3->credentials);
    ndb_http_wake(s3->http);
}

void ndb_s3_lead(struct ndb_s3 *s3, bool (*is_over)(void *context),
                 void *context)
{
    ndb_http_lead(s3->http, is_over, context);
}

void ndb_s3_call_release(struct ndb_s3_call *call)
{
    ndb_buf_release(&call->exchange.out);
    ndb_buf_release(&call->path);
    ndb_buf_release(&call->url);
    ndb_buf_release(&call->authorization);
}

/* ------------------------------------------------------- open and close -- */

int ndb_s3_open(struct ndb_s3 **out, const struct ndb_s3_settings *settings,
                namidb_error *err)
{
    struct ndb_s3 *s3 = ndb_calloc(1, sizeof *s3);
    struct ndb_credentials_wish wish = { .profile = settings->profile,
                                         .is_fips = settings->is_fips,
                                         .can_run = settings->can_run };
    int rc;

    *out = NULL;
    if (s3 == NULL)
        return ndb_fail_memory(err);
    s3->settings = *settings;
    (void)pthread_mutex_init(&s3->lock, NULL);
    set_region(s3,
               settings->region[0] != '\0' ? settings->region : "us-east-1");
    wish.region = s3->region;
    rc = ndb_http_open(&s3->http, err);
    if (rc >= 0 && !settings->is_unsigned)
        rc = ndb_credentials_open(&s3->credentials, &wish, err);
    if (rc < 0) {
        ndb_s3_close(s3);
        return rc;
    }
    *out = s3;
    return NAMIDB_OK;
}

void ndb_s3_close(struct ndb_s3 *s3)
{
    if (s3 == NULL)
        return;
    ndb_credentials_unref(s3->key_of);
    explicit_bzero(&s3->key, sizeof s3->key);
    ndb_credentials_close(s3->credentials);
    ndb_http_close(s3->http);
    (void)pthread_mutex_destroy(&s3->lock);
    ndb_free(s3);
}

uint64_t ndb_s3_hedged(const struct ndb_s3 *s3)
{
    return atomic_load(&s3->hedge.count);
}

uint64_t ndb_s3_retried(const struct ndb_s3 *s3)
{
    return atomic_load(&s3->retried);
}

const char *ndb_s3_credentials_place(const struct ndb_s3 *s3)
{
    return s3->credentials != NULL ? ndb_credentials_place(s3->credentials)
                                   : "nowhere (unsigned)";
}

void ndb_s3_place(struct ndb_s3 *s3, namidb_place *place)
{
    (void)pthread_mutex_lock(&s3->lock);
    (void)snprintf(place->region, sizeof place->region, "%s", s3->region);
    (void)pthread_mutex_unlock(&s3->lock);
    ndb_s3_endpoint(&s3->settings, place->region, place->endpoint);
    (void)snprintf(place->bucket, sizeof place->bucket, "%s",
                   s3->settings.bucket);
    (void)snprintf(place->credentials, sizeof place->credentials, "%s",
                   ndb_s3_credentials_place(s3));
}
