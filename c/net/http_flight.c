/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_flight.h"

#include <stdio.h>

#include "base/mem.h"
#include "sys/clock.h"

enum {
    IDLE_SECONDS_MAX = 30, /* of a connection: S3 closes them at 20 to 60 */
    LIFE_SECONDS_MAX = 300,
    CONNECT_TIMEOUT_MS = 10000,
    STALL_BYTES_PER_SECOND = 16,
    SMALL_BYTES = 64 << 10, /* of a body, at most */
    SMALL_BUFFER_BYTES = 16 << 10,
    BUFFER_BYTES = 128 << 10,
    HEADER_BYTES_MAX = 16 << 10,
    POPULATE_BYTES_MIN = 1 << 20, /* smaller answers are left alone */
    POPULATE_BYTES = 256 << 10,
};

/* ------------------------------------------------- what curl calls back -- */

/* The first bytes of a body say how much room it all takes. */
static int reserve_all(struct ndb_http_flight *flight)
{
    struct ndb_buf *out = &flight->exchange->out;
    curl_off_t length = -1;

    curl_easy_getinfo(flight->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &length);
    if (length <= 0)
        return NAMIDB_OK;
    return ndb_buf_reserve(out, (size_t)length);
}

/* Of a long answer, a few pages at a time, so that they are still in the
 * processor's cache when the bytes are copied there. */
static void populate_ahead(struct ndb_http_flight *flight, size_t bytes)
{
    const struct ndb_buf *out = &flight->exchange->out;
    size_t ahead = flight->populated + POPULATE_BYTES;

    if (out->capacity < POPULATE_BYTES_MIN ||
        out->bytes + bytes <= flight->populated)
        return;
    if (ahead > out->capacity)
        ahead = out->capacity;
    ndb_mem_populate(out->data + flight->populated, ahead - flight->populated);
    flight->populated = ahead;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct ndb_http_flight *flight = context;
    struct ndb_http_exchange *exchange = flight->exchange;
    int rc = NAMIDB_OK;

    if (exchange->out.data == NULL)
        rc = reserve_all(flight);
    if (rc >= 0) {
        populate_ahead(flight, size * count);
        rc = ndb_buf_append(&exchange->out, data, size * count);
    }
    if (rc < 0) {
        exchange->status = rc;
        return 0;
    }
    return size * count;
}

/*
 * curl is about to send the request. When a connection that was used again dies
 * without an answer, it would do that once more by itself: whoever sent a body
 * must know that it may be there twice, so that ends here.
 */
static int on_start(void *context, char *to, char *from, int to_port,
                    int from_port)
{
    struct ndb_http_flight *flight = context;
    bool is_first = !flight->is_started;

    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    flight->is_started = true;
    if (!flight->exchange->has_body)
        return CURL_PREREQFUNC_OK;
    flight->exchange->is_sent = true;
    return is_first ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct ndb_http_flight *flight = context;

    if (flight->exchange->waited_ns == 0)
        flight->exchange->waited_ns = ndb_clock_ns() - flight->started_ns;
    flight->late_ns = NDB_NEVER;
    ndb_http_answer_header(&flight->exchange->answer,
                           ndb_slice(line, size * count));
    return size * count;
}

/* ------------------------------------------------------------- options -- */

static int add_header(struct ndb_http_flight *flight, const char *line)
{
    struct curl_slist *longer = curl_slist_append(flight->headers, line);

    if (longer == NULL)
        return NAMIDB_ENOMEM;
    flight->headers = longer;
    return NAMIDB_OK;
}

/* curl would add some of its own: a header without value removes one. */
static int set_headers(struct ndb_http_flight *flight)
{
    const struct ndb_http_exchange *exchange = flight->exchange;
    static const char *const removed[] = { "Expect:", "Accept:",
                                           "Content-Type:" };
    char line[HEADER_BYTES_MAX];
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < sizeof removed / sizeof *removed && rc >= 0; i++)
        rc = add_header(flight, removed[i]);
    for (size_t i = 0; i < exchange->header_count && rc >= 0; i++) {
        const struct ndb_http_header *header = &exchange->headers[i];

        /* A line end would begin a header of its own. */
        if ((size_t)snprintf(line, sizeof line, "%s: %s", header->name,
                             header->value) >= sizeof line ||
            strpbrk(line, "\r\n") != NULL)
            return NAMIDB_EINVAL;
        rc = add_header(flight, line);
    }
    return rc;
}

static long left_ms(const struct ndb_http_exchange *exchange)
{
    int64_t left = exchange->deadline_ns - ndb_clock_ns();

    if (exchange->deadline_ns == NDB_NEVER || left > INT64_C(1) << 50)
        return 0; /* none */
    return left < NDB_NS_PER_MS ? 1 : (long)(left / NDB_NS_PER_MS);
}

static long or_else(int64_t given, long otherwise)
{
    return given != 0 ? (long)given : otherwise;
}

static void set_times(struct ndb_http_flight *flight)
{
    CURL *easy = flight->easy;
    const struct ndb_http_exchange *exchange = flight->exchange;

    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms(exchange));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     or_else(exchange->connect_timeout_ms, CONNECT_TIMEOUT_MS));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                     or_else(exchange->idle_seconds_max, IDLE_SECONDS_MAX));
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN,
                     or_else(exchange->life_seconds_max, LIFE_SECONDS_MAX));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     (long)exchange->stall_seconds); /* 0: never */
}

/* curl makes both for each exchange, and the C library gives large ones back to
 * the kernel, who has to clear them again: a tenth of a small request. */
static void set_buffers(struct ndb_http_flight *flight)
{
    const struct ndb_http_exchange *exchange = flight->exchange;
    bool gets_little = exchange->answer_bytes_max <= SMALL_BYTES;
    bool sends_little = exchange->body.bytes <= SMALL_BYTES;

    curl_easy_setopt(flight->easy, CURLOPT_BUFFERSIZE,
                     (long)(gets_little ? SMALL_BUFFER_BYTES : BUFFER_BYTES));
    curl_easy_setopt(flight->easy, CURLOPT_UPLOAD_BUFFERSIZE,
                     (long)(sends_little ? SMALL_BUFFER_BYTES : BUFFER_BYTES));
}

static void set_body(struct ndb_http_flight *flight)
{
    CURL *easy = flight->easy;
    const struct ndb_http_exchange *exchange = flight->exchange;

    flight->is_started = false;
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* whatever it was before */
    if (exchange->has_body) {
        /* The size first: without it curl looks for a NUL. A small body goes
         * out together with the head. */
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)exchange->body.bytes);
        curl_easy_setopt(
            easy, CURLOPT_POSTFIELDS,
            exchange->body.bytes != 0 ? (const char *)exchange->body.data : "");
    }
    if (strcmp(exchange->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange->method);
}

/* What all exchanges share: said once, as it costs more than the rest. */
static void set_constants(struct ndb_http_flight *flight)
{
    CURL *easy = flight->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, flight->text);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_start);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, flight);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT,
                     (long)STALL_BYTES_PER_SECOND);
    /* A name that does not resolve must not hold up the thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

/* curl's default of CAINFO cannot be asked back but by a reset. */
static void set_trust(struct ndb_http_flight *flight, const char *ca_bundle)
{
    if (ca_bundle == NULL && flight->has_ca_bundle) {
        curl_easy_reset(flight->easy);
        set_constants(flight);
    }
    flight->has_ca_bundle = ca_bundle != NULL;
    if (ca_bundle != NULL)
        curl_easy_setopt(flight->easy, CURLOPT_CAINFO, ca_bundle);
}

int ndb_http_flight_set_up(struct ndb_http_flight *flight,
                           struct ndb_http_exchange *exchange)
{
    int rc;

    flight->exchange = exchange;
    flight->text[0] = '\0';
    flight->populated = 0;
    flight->started_ns = ndb_clock_ns();
    flight->late_ns = exchange->late != NULL
                          ? flight->started_ns + exchange->late_after_ns
                          : NDB_NEVER;
    rc = set_headers(flight);
    if (rc < 0)
        return rc;
    set_trust(flight, exchange->ca_bundle);
    set_times(flight);
    set_buffers(flight);
    set_body(flight);
    curl_easy_setopt(flight->easy, CURLOPT_HTTPHEADER, flight->headers);
    curl_easy_setopt(flight->easy, CURLOPT_PROXY,
                     exchange->can_use_proxy ? NULL : "");
    if (curl_easy_setopt(flight->easy, CURLOPT_URL, exchange->url) != CURLE_OK)
        return NAMIDB_ENOMEM;
    return NAMIDB_OK;
}

void ndb_http_flight_check_late(struct ndb_http_flight *flight, int64_t now_ns)
{
    if (flight->late_ns > now_ns)
        return;
    flight->late_ns = NDB_NEVER;
    flight->exchange->late(flight->exchange);
}

/* ------------------------------------------------------------- results -- */

static int status_of(CURLcode code, const struct ndb_http_exchange *exchange)
{
    switch (code) {
    case CURLE_OK:
        return NAMIDB_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return NAMIDB_ETIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return NAMIDB_ENOMEM;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return NAMIDB_EINVAL;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return NAMIDB_EAUTH;
    case CURLE_ABORTED_BY_CALLBACK:
        /* Or on_start would not go on. */
        return ndb_http_is_canceled(exchange) ? NAMIDB_ECANCELED : NAMIDB_EIO;
    case CURLE_WRITE_ERROR:
        /* on_body said why. */
        return exchange->status < 0 ? exchange->status : NAMIDB_EIO;
    default:
        return NAMIDB_EIO;
    }
}

static void set_error(struct ndb_http_flight *flight, CURLcode code, int status)
{
    struct ndb_http_exchange *exchange = flight->exchange;

    if (status == NAMIDB_ENOMEM)
        (void)ndb_fail_memory(&exchange->err);
    else if (status == NAMIDB_ELIMIT)
        (void)ndb_fail(&exchange->err, status,
                       "the answer is longer than %zu bytes",
                       exchange->answer_bytes_max);
    else if (status == NAMIDB_ECANCELED)
        (void)ndb_fail(&exchange->err, status, "canceled");
    else
        (void)ndb_fail(&exchange->err, status, "%s",
                       flight->text[0] != '\0' ? flight->text
                                               : curl_easy_strerror(code));
    exchange->status = status;
}

void ndb_http_flight_finish(struct ndb_http_flight *flight, CURLcode code)
{
    struct ndb_http_exchange *exchange = flight->exchange;
    curl_off_t length = -1;
    long request_bytes = 0;
    long answer = 0;
    int status = status_of(code, exchange);

    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &answer);
    curl_easy_getinfo(flight->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                      &length);
    curl_easy_getinfo(flight->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    exchange->answer.status = (int)answer;
    exchange->answer.content_length =
        length >= 0 ? (uint64_t)length : UINT64_MAX;
    exchange->took_ns = ndb_clock_ns() - flight->started_ns;
    if (exchange->waited_ns == 0)
        exchange->waited_ns = exchange->took_ns;
    if (request_bytes > 0)
        exchange->is_sent = true;
    if (status < 0)
        set_error(flight, code, status);
    else
        exchange->status = NAMIDB_OK;
}

/* ------------------------------------------------------------- lifetime -- */

struct ndb_http_flight *ndb_http_flight_new(void)
{
    struct ndb_http_flight *flight = ndb_calloc(1, sizeof *flight);

    if (flight == NULL)
        return NULL;
    flight->easy = curl_easy_init();
    if (flight->easy == NULL) {
        ndb_free(flight);
        return NULL;
    }
    set_constants(flight);
    return flight;
}

void ndb_http_flight_free(struct ndb_http_flight *flight)
{
    curl_slist_free_all(flight->headers);
    curl_easy_cleanup(flight->easy);
    ndb_free(flight);
}

void ndb_http_flight_reset(struct ndb_http_flight *flight)
{
    curl_easy_setopt(flight->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(flight->headers);
    flight->headers = NULL;
    flight->exchange = NULL;
}
