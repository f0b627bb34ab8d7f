/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_s3.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "store/store_s3_internal.h"
#include "sys/clock.h"

enum {
    UPLOAD_BYTES_MIN = 64 << 20,
    UPLOAD_PART_BYTES = 16 << 20,
    COPY_STALL_SECONDS = 300, /* the server works without a word */
    LED_BODY_BYTES_MAX = 1 << 20,
};

/* ------------------------------------------------------------- finishing -- */

void ndb_s3_hold(struct ndb_s3_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    store->in_flight++;
    (void)pthread_mutex_unlock(&store->lock);
}

void ndb_s3_release(struct ndb_s3_store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    if (--store->in_flight == 0)
        ndb_cond_broadcast(&store->idle);
    (void)pthread_mutex_unlock(&store->lock);
}

void ndb_s3_finish(struct ndb_s3_store *store, struct ndb_request *request)
{
    request->done(request);
    ndb_s3_release(store);
}

static void op_free(struct ndb_s3_op *op)
{
    ndb_s3_call_release(&op->call);
    ndb_buf_release(&op->text_long);
    ndb_free(op);
}

/* The failure of a call as that of the request; names what is missing. */
void ndb_s3_op_fail(struct ndb_s3_op *op)
{
    struct ndb_request *request = op->request;
    const struct ndb_s3_call *call = &op->call;
    const char *key = op->key + strlen(op->store->uri.root);
    bool is_write = request->op != NDB_GET && request->op != NDB_LIST;

    if (call->status == NAMIDB_ENOTFOUND)
        request->status = ndb_fail(&request->err, call->status,
                                   "s3 bucket '%s' does not exist",
                                   op->store->uri.settings.bucket);
    else
        request->status = ndb_fail_object(&request->err, call->status, key,
                                          "%s", call->err.message);
    request->is_ambiguous = is_write && call->is_ambiguous;
}

int ndb_s3_bad_answer(struct ndb_request *request, const char *what)
{
    return request->status = ndb_fail_object(&request->err, NAMIDB_EIO,
                                             request->key, "%s", what);
}

/* --------------------------------------------------------------- reading -- */

static int too_long(struct ndb_request *request, uint64_t bytes)
{
    return request->status =
               ndb_fail_object(&request->err, NAMIDB_ELIMIT, request->key,
                               "%" PRIu64 " bytes, more than %" PRIu64, bytes,
                               request->length_max);
}

static bool is_whole(const struct ndb_request *request)
{
    return request->offset == 0 && request->length == 0;
}

/* That a range is the one that was asked for, and all of it. */
static int check_range(struct ndb_request *request,
                       const struct ndb_http_exchange *exchange)
{
    struct ndb_content_range range;
    uint64_t end;

    if (exchange->answer.status != 206)
        return ndb_s3_bad_answer(request,
                                 "a range was asked for, and not answered");
    if (!ndb_content_range_parse(exchange->answer.content_range, &range) ||
        range.total == UINT64_MAX)
        return ndb_s3_bad_answer(request,
                                 "the answer does not say which range it is");
    end = request->length != 0 && request->length < range.total - range.first
              ? request->offset + request->length
              : range.total;
    if (range.first != request->offset || range.last + 1 != end ||
        exchange->out.bytes != end - range.first)
        return ndb_s3_bad_answer(request, "the answer is another range");
    request->object_bytes = range.total;
    return NAMIDB_OK;
}

static int check_whole(struct ndb_request *request,
                       const struct ndb_http_exchange *exchange)
{
    if (exchange->answer.status != 200)
        return ndb_s3_bad_answer(request, "the answer is not the whole object");
    if (exchange->answer.content_length != exchange->out.bytes)
        return ndb_s3_bad_answer(request,
                                 "the answer does not say how long it is");
    request->object_bytes = exchange->out.bytes;
    return NAMIDB_OK;
}

static void take_object(struct ndb_s3_op *op)
{
    struct ndb_request *request = op->request;
    struct ndb_http_exchange *exchange = &op->call.exchange;
    int rc = is_whole(request) ? check_whole(request, exchange)
                               : check_range(request, exchange);

    if (rc < 0)
        return;
    if (request->length_max != 0 && exchange->out.bytes > request->length_max) {
        (void)too_long(request, exchange->out.bytes);
        return;
    }
    request->out = exchange->out;
    exchange->out = NDB_BUF_INIT(0); /* the request owns it now */
}

/* A range that starts at the end is empty, not wrong, when it goes "up to the
 * end"; S3 says 416 to both. */
static bool is_empty_tail(struct ndb_s3_op *op)
{
    const struct ndb_request *request = op->request;
    const char *range = op->call.exchange.answer.content_range;
    uint64_t total;

    return op->call.exchange.answer.status == 416 && request->length == 0 &&
           sscanf(range, "bytes */%" SCNu64, &total) == 1 &&
           total == request->offset;
}

static void get_done(struct ndb_s3_op *op)
{
    struct ndb_request *request = op->request;

    if (op->call.status == NAMIDB_OK) {
        take_object(op);
    } else if (op->call.status == NAMIDB_NONE) {
        request->status = NAMIDB_NONE;
    } else if (is_empty_tail(op)) {
        request->object_bytes = request->offset;
    } else if (op->call.status == NAMIDB_ELIMIT && request->length_max != 0) {
        (void)too_long(request, op->call.exchange.answer.content_length);
    } else {
        ndb_s3_op_fail(op);
    }
}

static void begin_get(struct ndb_s3_op *op)
{
    struct ndb_request *request = op->request;
    uint64_t bytes =
        request->length != 0 ? request->length : request->length_max;

    if (bytes == 0 || bytes > SIZE_MAX)
        bytes = SIZE_MAX;
    op->call.method = "GET";
    op->call.action = "s3:GetObject";
    op->call.can_hedge = true;
    op->call.answer_bytes_max =
        bytes < NDB_S3_ERROR_BYTES_MAX ? NDB_S3_ERROR_BYTES_MAX : (size_t)bytes;
    if (is_whole(request))
        return;
    if (request->length != 0)
        (void)snprintf(op->text, sizeof op->text, "bytes=%" PRIu64 "-%" PRIu64,
                       request->offset, request->offset + request->length - 1);
    else
        (void)snprintf(op->text, sizeof op->text, "bytes=%" PRIu64 "-",
                       request->offset);
    op->pairs[0] = (struct ndb_sigv4_pair){ "Range", op->text };
    op->call.headers = op->pairs;
    op->call.header_count = 1;
}

/* --------------------------------------------------------------- writing -- */

static bool is_pack(const struct ndb_request *request)
{
    return strncmp(request->key, "pack/", 5) == 0;
}

void ndb_s3_op_object_headers(struct ndb_s3_op *op)
{
    const struct ndb_s3_uri *uri = &op->store->uri;
    bool is_new_pack = is_pack(op->request) && op->request->op != NDB_SET_CLASS;
    size_t count = op->call.header_count;

    /* Log and manifest are read too often for another class than STANDARD. */
    if (uri->storage_class[0] != '\0' && is_new_pack)
        op->pairs[count++] = (struct ndb_sigv4_pair){ "x-amz-storage-class",
                                                      uri->storage_class };
    if (uri->sse[0] != '\0')
        op->pairs[count++] =
            (struct ndb_sigv4_pair){ "x-amz-server-side-encryption", uri->sse };
    if (uri->sse_kms_key_id[0] != '\0')
        op->pairs[count++] = (struct ndb_sigv4_pair){
            "x-amz-server-side-encryption-aws-kms-key-id", uri->sse_kms_key_id
        };
    op->call.headers = op->pairs;
    op->call.header_count = count;
}

static void begin_write(struct ndb_s3_op *op)
{
    ndb_s3_op_object_headers(op);
    op->call.method = "PUT";
    op->call.action = "s3:PutObject";
    op->call.has_body = true;
    op->call.answer_bytes_max = NDB_S3_ERROR_BYTES_MAX;
}

static void begin_put(struct ndb_s3_op *op)
{
    const struct ndb_request *request = op->request;

    begin_write(op);
    op->call.makes_object = true;
    if (request->op == NDB_PUT_IF_ABSENT) {
        op->pairs[op->call.header_count++] =
            (struct ndb_sigv4_pair){ "If-None-Match", "*" };
        op->call.is_create = true;
    }
    op->call.body = request->body;
}

/* S3 copies up to 5 GiB in one request. */
_Static_assert(NDB_PACK_BYTES_MAX <= UINT64_C(5) << 30,
               "larger packs need copies in parts");

/* The same bytes under the same name: what others read meanwhile is one or the
 * other. */
static int begin_set_class(struct ndb_s3_op *op)
{
    const struct ndb_request *request = op->request;
    const char *known = ndb_s3_storage_class(request->storage_class);
    int rc;

    if (known == NULL)
        return ndb_s3_refuse_class(request->storage_class, &op->request->err);
    op->text_long = NDB_BUF_INIT(8 * NDB_STORE_KEY_BYTES_MAX);
    rc = ndb_s3_copy_source(&op->store->uri.settings, op->key, &op->text_long);
    if (rc < 0)
        return ndb_fail_memory(&op->request->err);
    begin_write(op);
    op->pairs[op->call.header_count++] =
        (struct ndb_sigv4_pair){ "x-amz-copy-source",
                                 (const char *)op->text_long.data };
    op->pairs[op->call.header_count++] =
        (struct ndb_sigv4_pair){ "x-amz-storage-class", known };
    op->call.action = "s3:GetObject and s3:PutObject";
    op->call.answer_root = "CopyObjectResult";
    op->call.stall_seconds = COPY_STALL_SECONDS;
    return NAMIDB_OK;
}

void ndb_s3_op_delete(struct ndb_s3_op *op)
{
    op->call.method = "DELETE";
    op->call.action = "s3:DeleteObject";
    op->call.answer_bytes_max = NDB_S3_ERROR_BYTES_MAX;
}

static void write_done(struct ndb_s3_op *op)
{
    enum ndb_store_op kind = op->request->op;

    if (op->call.status < 0)
        ndb_s3_op_fail(op);
    else if (op->call.status == NAMIDB_NONE && kind == NDB_SET_CLASS)
        op->request->status = NAMIDB_NONE;
    else if (op->call.status == NAMIDB_NONE && kind != NDB_DELETE)
        (void)ndb_s3_bad_answer(op->request, "404 NoSuchKey to a PUT");
}

/* ------------------------------------------------------------- requests -- */

void ndb_s3_op_init(struct ndb_s3_op *op, struct ndb_s3_store *store,
                    struct ndb_request *request)
{
    memset(op, 0, offsetof(struct ndb_s3_op, key));
    op->key[0] = op->after[0] = '\0';
    op->store = store;
    op->request = request;
    op->call.key = op->key;
    op->call.deadline_ns = request->deadline_ns;
    op->call.is_canceled = request->is_canceled;
    op->call.context = op;
}

struct ndb_s3_op *ndb_s3_op_new(struct ndb_s3_store *store,
                                struct ndb_request *request)
{
    struct ndb_s3_op *op = ndb_alloc(sizeof *op);

    if (op != NULL)
        ndb_s3_op_init(op, store, request);
    return op;
}

static void op_done(struct ndb_s3_call *call)
{
    struct ndb_s3_op *op = call->context;
    struct ndb_s3_store *store = op->store;
    struct ndb_request *request = op->request;

    request->date_ms = call->exchange.answer.date_ms;
    if (request->op == NDB_GET)
        get_done(op);
    else if (request->op != NDB_LIST)
        write_done(op);
    else if (!ndb_s3_list_done(op))
        return;
    op_free(op);
    ndb_s3_finish(store, request);
}

/* A key is names joined by slashes; none may be "", ".", ".." or hidden. */
static bool is_key(const char *key)
{
    size_t bytes = strlen(key);

    if (bytes == 0 || key[bytes - 1] == '/')
        return false;
    for (size_t i = 0; i < bytes; i++)
        if ((i == 0 || key[i - 1] == '/') && (key[i] == '.' || key[i] == '/'))
            return false;
    return true;
}

bool ndb_s3_full_key(const struct ndb_s3_store *store, const char *key,
                     char out[NDB_STORE_KEY_BYTES_MAX + 1])
{
    return (size_t)snprintf(out, NDB_STORE_KEY_BYTES_MAX + 1, "%s%s",
                            store->uri.root, key) <= NDB_STORE_KEY_BYTES_MAX;
}

static int check_key(const struct ndb_s3_store *store,
                     struct ndb_request *request, const char *key,
                     bool is_prefix)
{
    char text[NDB_STORE_KEY_BYTES_MAX + 1];

    if ((is_prefix || is_key(key)) && ndb_s3_full_key(store, key, text))
        return NAMIDB_OK;
    return request->status =
               ndb_fail(&request->err, NAMIDB_EINVAL, "'%.64s' is no key", key);
}

static int check_request(const struct ndb_s3_store *store,
                         struct ndb_request *request)
{
    int rc = NAMIDB_OK;

    if (request->deadline_ns <= ndb_clock_ns())
        return request->status = ndb_fail(&request->err, NAMIDB_ETIMEOUT,
                                          "deadline passed before sending");
    if (request->op != NDB_DELETE_MANY)
        return check_key(store, request, request->key, request->op == NDB_LIST);
    for (size_t i = 0; i < request->key_count && rc >= 0; i++)
        rc = check_key(store, request, request->keys[i], false);
    return rc;
}

static int begin_one(struct ndb_s3_store *store, struct ndb_request *request)
{
    struct ndb_s3_op *op = ndb_s3_op_new(store, request);
    int rc = NAMIDB_OK;

    if (op == NULL)
        return request->status = ndb_fail_memory(&request->err);
    (void)ndb_s3_full_key(store, request->key, op->key);
    if (request->after != NULL)
        (void)ndb_s3_full_key(store, request->after, op->after);
    op->call.done = op_done;
    if (request->op == NDB_GET)
        begin_get(op);
    else if (request->op == NDB_DELETE)
        ndb_s3_op_delete(op);
    else if (request->op == NDB_SET_CLASS)
        rc = begin_set_class(op);
    else if (request->op != NDB_LIST)
        begin_put(op);
    if (rc < 0) {
        op_free(op);
        return request->status = rc;
    }
    if (request->op == NDB_LIST)
        ndb_s3_list(op);
    else
        ndb_s3_submit(store->s3, &op->call);
    return NAMIDB_OK;
}

static bool is_in_parts(const struct ndb_s3_store *store,
                        const struct ndb_request *request)
{
    return (request->op == NDB_PUT || request->op == NDB_PUT_IF_ABSENT) &&
           request->body.bytes > store->split.above_bytes && is_pack(request);
}

/* NAMIDB_OK: it will be done; otherwise it is over. */
static int begin(struct ndb_s3_store *store, struct ndb_request *request)
{
    int rc = check_request(store, request);

    if (rc < 0)
        return rc;
    if (request->op == NDB_DELETE_MANY)
        return request->key_count == 0 ? NAMIDB_NONE
                                       : ndb_s3_delete_many(store, request);
    if (is_in_parts(store, request))
        return ndb_s3_upload(store, request);
    return begin_one(store, request);
}

static void s3_submit(struct ndb_store *base, struct ndb_request *requests,
                      size_t count)
{
    struct ndb_s3_store *store = (struct ndb_s3_store *)base;

    (void)pthread_mutex_lock(&store->lock);
    store->in_flight += count;
    (void)pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < count; i++)
        if (begin(store, &requests[i]) != NAMIDB_OK)
            ndb_s3_finish(store, &requests[i]);
}

/* ------------------------------------------------------- open and close -- */

static void s3_wake(struct ndb_store *base)
{
    ndb_s3_wake(((struct ndb_s3_store *)base)->s3);
}

static void s3_close(struct ndb_store *base)
{
    struct ndb_s3_store *store = (struct ndb_s3_store *)base;

    (void)pthread_mutex_lock(&store->lock);
    while (store->in_flight != 0)
        (void)ndb_cond_wait(&store->idle, &store->lock, NDB_NEVER);
    (void)pthread_mutex_unlock(&store->lock);
    ndb_s3_close(store->s3);
    ndb_cond_release(&store->idle);
    (void)pthread_mutex_destroy(&store->lock);
    ndb_free(store);
}

static void s3_tell(struct ndb_store *base, struct ndb_store_facts *facts)
{
    struct ndb_s3_store *store = (struct ndb_s3_store *)base;
    namidb_place *place = &facts->place;

    memcpy(place->kind, "s3", sizeof "s3");
    ndb_s3_place(store->s3, place);
    if (!store->uri.has_probe)
        place->warnings[place->warning_count++] =
            "probe=off: nobody checked that this store keeps If-None-Match; "
            "one that does not loses commits";
    facts->hedged = ndb_s3_hedged(store->s3);
    facts->retried = ndb_s3_retried(store->s3);
    facts->list_pages = atomic_load(&store->list_pages);
    facts->uploads = atomic_load(&store->uploads);
    facts->upload_requests = atomic_load(&store->upload_requests);
    facts->aborts_refused = atomic_load(&store->aborts_refused);
}

/* Large bodies are prepared one after the other while those before are sent
 * already: by another thread. */
static bool s3_will_lead(struct ndb_store *base,
                         const struct ndb_request *requests, size_t count)
{
    (void)base;
    for (size_t i = 0; i < count; i++)
        if (requests[i].body.bytes > LED_BODY_BYTES_MAX)
            return false;
    ndb_http_will_lead();
    return true;
}

static void s3_lead(struct ndb_store *base, bool (*is_over)(void *context),
                    void *context)
{
    ndb_s3_lead(((struct ndb_s3_store *)base)->s3, is_over, context);
}

static const struct ndb_store_ops S3_OPS = { .submit = s3_submit,
                                             .wake = s3_wake,
                                             .close = s3_close,
                                             .tell = s3_tell,
                                             .will_lead = s3_will_lead,
                                             .lead = s3_lead };

/* The endpoint without its port; AWS is one, whatever the region. */
static void name_probe_host(struct ndb_s3_store *store)
{
    const char *endpoint = store->uri.settings.endpoint;

    if (endpoint[0] == '\0')
        endpoint = "amazonaws.com";
    (void)snprintf(store->base.probe_host, sizeof store->base.probe_host,
                   "%.*s", (int)strcspn(endpoint, ":"), endpoint);
}

void ndb_s3_store_split(struct ndb_store *store,
                        const struct ndb_s3_split *split)
{
    ((struct ndb_s3_store *)store)->split = *split;
}

int ndb_s3_store_open(struct ndb_store **out, const namidb_uri *uri,
                      namidb_error *err)
{
    struct ndb_s3_store *store = ndb_calloc(1, sizeof *store);
    int rc;

    *out = NULL;
    if (store == NULL)
        return ndb_fail_memory(err);
    rc = ndb_s3_uri_read(&store->uri, uri, err);
    if (rc >= 0)
        rc = ndb_s3_open(&store->s3, &store->uri.settings, err);
    if (rc < 0) {
        ndb_free(store);
        return rc;
    }
    (void)pthread_mutex_init(&store->lock, NULL);
    ndb_cond_init(&store->idle);
    store->base.ops = &S3_OPS;
    store->base.is_far = true;
    store->split = (struct ndb_s3_split){ UPLOAD_BYTES_MIN, UPLOAD_PART_BYTES };
    if (store->uri.has_probe)
        name_probe_host(store);
    ndb_s3_uri_describe(&store->uri, ndb_s3_credentials_place(store->s3),
                        store->base.name, sizeof store->base.name);
    *out = &store->base;
    return NAMIDB_OK;
}
