/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large pack goes up in parts, a few at once, straight from the caller's
 * memory.
 *
 *   POST ?uploads                       begins, and names the upload
 *   PUT  ?partNumber=&uploadId=         each part, with its crc32c
 *   POST ?uploadId=, If-None-Match: *   lists the parts: now it is an object
 *   DELETE ?uploadId=                   in place of that, after a failure
 *
 * What may be sent twice, and is: beginning (an upload without parts is nothing
 * that anybody sees), a part (the same bytes under the same number), and the
 * list. A list whose answer was lost may have been applied, and then the next
 * answer says 412, or that there is no such upload: the end of the object tells
 * whether it is ours.
 *
 * That nothing is overwritten rests on the name: only packs go this way, and a
 * pack's name has 80 random bits that were drawn for it. Stores that honour
 * the condition on the list keep it as well; that is not probed.
 *
 * The submitting thread hashes parts while the first ones are on their way; no
 * hash is worked out on the HTTP client's leader.
 */
#include "store/store_s3_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/mem.h"
#include "sys/clock.h"

enum {
    PARTS_AT_ONCE = 8,
    ID_BYTES = 1024,
    ABORT_MS = 2000,    /* beyond the request: also after its deadline */
    STALL_SECONDS = 60, /* of the list: the server puts the object together */
    TAIL_BYTES = 4096,  /* a pack's has the checksum of its directory */
};

struct upload;

/* One call at a time. */
struct lane {
    struct ndb_s3_op op;
    struct upload *upload;
    size_t part;
    bool is_busy;
};

struct upload {
    /* Constant after begin. */
    struct ndb_s3_store *store;
    struct ndb_request *request;
    uint64_t part_bytes;
    size_t part_count;
    size_t lane_count;
    struct ndb_s3_payload *payloads; /* part_count */
    struct ndb_s3_part *parts;       /* part_count; filled as they arrive */

    pthread_mutex_t lock;
    size_t running; /* calls under way, and the submitting thread */
    size_t ready;   /* parts whose payload is known */
    size_t next;    /* part to be sent */
    bool is_listed; /* the list was sent */
    bool has_failed;
    char id[ID_BYTES]; /* "": not told yet */

    struct ndb_buf list;
    struct lane lanes[]; /* lane_count */
};

static void go_on(struct upload *upload);

/* ---------------------------------------------------------------- memory -- */

static void upload_free(struct upload *upload)
{
    for (size_t i = 0; i < upload->lane_count; i++)
        ndb_s3_call_release(&upload->lanes[i].op.call);
    ndb_buf_release(&upload->list);
    ndb_free(upload->payloads);
    ndb_free(upload->parts);
    (void)pthread_mutex_destroy(&upload->lock);
    ndb_free(upload);
}

static struct upload *upload_new(struct ndb_s3_store *store,
                                 struct ndb_request *request)
{
    uint64_t part_bytes = store->split.part_bytes;
    size_t count =
        (size_t)((request->body.bytes + part_bytes - 1) / part_bytes);
    size_t lanes = count < PARTS_AT_ONCE ? count : PARTS_AT_ONCE;
    struct upload *upload =
        ndb_calloc(1, sizeof *upload + lanes * sizeof upload->lanes[0]);

    if (upload == NULL)
        return NULL;
    (void)pthread_mutex_init(&upload->lock, NULL);
    upload->store = store;
    upload->request = request;
    upload->part_bytes = part_bytes;
    upload->part_count = count;
    upload->lane_count = lanes;
    upload->list = NDB_BUF_INIT(SIZE_MAX);
    upload->payloads = ndb_calloc(count, sizeof *upload->payloads);
    upload->parts = ndb_calloc(count, sizeof *upload->parts);
    if (upload->payloads == NULL || upload->parts == NULL) {
        upload_free(upload);
        return NULL;
    }
    for (size_t i = 0; i < lanes; i++)
        upload->lanes[i].upload = upload;
    return upload;
}

/* A new call of this lane's. */
static struct ndb_s3_call *lane_begin(struct lane *lane, const char *method,
                                      void (*done)(struct ndb_s3_call *call))
{
    struct ndb_s3_call *call = &lane->op.call;

    ndb_s3_call_release(call);
    ndb_s3_op_init(&lane->op, lane->upload->store, lane->upload->request);
    (void)ndb_s3_full_key(lane->upload->store, lane->upload->request->key,
                          lane->op.key);
    call->method = method;
    call->action = "s3:PutObject";
    call->answer_bytes_max = NDB_S3_ERROR_BYTES_MAX;
    call->done = done;
    call->context = lane;
    return call;
}

/* ------------------------------------------------------------------- end -- */

/* Parts that nobody took away cost money until a lifecycle rule does; the right
 * to take them away is not among those that a writer needs. */
static void abort_done(struct ndb_s3_call *call)
{
    struct lane *lane = call->context;
    struct ndb_s3_store *store = lane->upload->store;
    bool is_gone =
        call->status >= 0 || strcmp(call->error.code, "NoSuchUpload") == 0;

    if (!is_gone)
        atomic_fetch_add(&store->aborts_refused, 1);
    upload_free(lane->upload);
    ndb_s3_release(store);
}

/* The request is over before its upload is aborted. */
static void end(struct upload *upload)
{
    struct ndb_s3_store *store = upload->store;
    bool must_abort = upload->has_failed && upload->id[0] != '\0';
    struct ndb_s3_call *call = NULL;

    if (must_abort) {
        struct lane *lane = &upload->lanes[0];

        call = lane_begin(lane, "DELETE", abort_done);
        call->action = "s3:AbortMultipartUpload";
        call->deadline_ns = ndb_deadline_after(ABORT_MS);
        call->is_canceled = NULL; /* what the request was, its abort is not */
        lane->op.pairs[0] = (struct ndb_sigv4_pair){ "uploadId", upload->id };
        call->query = lane->op.pairs;
        call->query_count = 1;
        ndb_s3_hold(store);
    }
    ndb_s3_finish(store, upload->request);
    if (must_abort)
        ndb_s3_submit(store->s3, call);
    else
        upload_free(upload);
}

/* The first failure is the request's. Under lock. Nothing is applied before the
 * list is sent. */
static void fail_first(struct upload *upload, struct ndb_s3_op *op,
                       const char *text)
{
    struct ndb_request *request = upload->request;

    if (upload->has_failed)
        return;
    upload->has_failed = true;
    if (text != NULL)
        request->status = ndb_fail_object(&request->err, NAMIDB_EIO,
                                          request->key, "%s", text);
    else
        ndb_s3_op_fail(op);
    request->is_ambiguous = false;
}

static void fail_late(struct upload *upload)
{
    struct ndb_request *request = upload->request;

    if (!upload->has_failed)
        request->status =
            ndb_fail_object(&request->err, NAMIDB_ETIMEOUT, request->key,
                            "the deadline passed before all was sent");
    upload->has_failed = true;
}

static void fail_memory(struct upload *upload)
{
    struct ndb_request *request = upload->request;

    if (!upload->has_failed)
        request->status = ndb_fail_memory(&request->err);
    upload->has_failed = true;
}

/* -------------------------------------------------------------- settling -- */

static bool is_ours(const struct upload *upload,
                    const struct ndb_http_exchange *exchange)
{
    struct ndb_slice body = upload->request->body;
    struct ndb_content_range range;
    size_t bytes = exchange->out.bytes;

    return exchange->answer.status == 206 &&
           ndb_content_range_parse(exchange->answer.content_range, &range) &&
           range.total == body.bytes && range.last + 1 == body.bytes &&
           bytes != 0 && bytes <= body.bytes &&
           ndb_slice_equal(ndb_buf_slice(&exchange->out),
                           ndb_slice(body.data + body.bytes - bytes, bytes));
}

/* An object that is shorter has no such range. */
static bool is_another(const struct ndb_s3_call *call)
{
    return call->status == NAMIDB_OK || call->exchange.answer.status == 416;
}

/* The object's end, after a list of which nobody knows what became. */
static void settle_done(struct ndb_s3_call *call)
{
    struct lane *lane = call->context;
    struct upload *upload = lane->upload;
    struct ndb_request *request = upload->request;

    request->date_ms = call->exchange.answer.date_ms;
    if (call->status == NAMIDB_OK && is_ours(upload, &call->exchange)) {
        request->status = NAMIDB_OK;
        request->is_ambiguous = false;
        upload->has_failed = false;
    } else if (is_another(call) && request->op == NDB_PUT_IF_ABSENT) {
        request->status =
            ndb_fail_object(&request->err, NAMIDB_ECONFLICT, request->key,
                            "another object has this name");
        request->is_ambiguous = false;
    }
    end(upload);
}

static void settle(struct upload *upload)
{
    struct lane *lane = &upload->lanes[0];
    struct ndb_s3_call *call = lane_begin(lane, "GET", settle_done);
    size_t bytes = upload->request->body.bytes;

    (void)snprintf(lane->op.text, sizeof lane->op.text, "bytes=%zu-%zu",
                   bytes > TAIL_BYTES ? bytes - TAIL_BYTES : 0, bytes - 1);
    lane->op.pairs[0] = (struct ndb_sigv4_pair){ "Range", lane->op.text };
    call->action = "s3:GetObject";
    call->headers = lane->op.pairs;
    call->header_count = 1;
    ndb_s3_submit(upload->store->s3, call);
}

/* -------------------------------------------------------------- the list -- */

/* Whether an earlier try may have been what this answer tells of. */
static bool may_be_applied(const struct ndb_s3_call *call)
{
    return call->is_ambiguous ||
           (call->status == NAMIDB_ECONFLICT && call->tries > 1);
}

static void list_done(struct ndb_s3_call *call)
{
    struct lane *lane = call->context;
    struct upload *upload = lane->upload;
    struct ndb_request *request = upload->request;

    request->date_ms = call->exchange.answer.date_ms;
    if (call->status == NAMIDB_OK) {
        end(upload);
        return;
    }
    upload->has_failed = true;
    ndb_s3_op_fail(&lane->op);
    if (strcmp(call->error.code, "NoSuchUpload") == 0)
        request->status =
            ndb_fail_object(&request->err, NAMIDB_EIO, request->key,
                            "somebody aborted the upload of its parts");
    request->is_ambiguous = may_be_applied(call);
    if (request->is_ambiguous && ndb_clock_ns() < request->deadline_ns)
        settle(upload);
    else
        end(upload);
}

static void send_list(struct upload *upload)
{
    struct lane *lane = &upload->lanes[0];
    struct ndb_s3_call *call = lane_begin(lane, "POST", list_done);

    if (ndb_s3_parts_encode(upload->parts, upload->part_count, &upload->list) <
        0) {
        fail_memory(upload);
        end(upload);
        return;
    }
    lane->op.pairs[0] = (struct ndb_sigv4_pair){ "uploadId", upload->id };
    lane->op.pairs[1] = (struct ndb_sigv4_pair){ "If-None-Match", "*" };
    call->query = lane->op.pairs;
    call->query_count = 1;
    call->headers = lane->op.pairs + 1;
    call->header_count = upload->request->op == NDB_PUT_IF_ABSENT;
    call->body = ndb_buf_slice(&upload->list);
    call->has_body = true;
    call->answer_root = "CompleteMultipartUploadResult";
    call->stall_seconds = STALL_SECONDS;
    ndb_s3_submit(upload->store->s3, call);
}

/* ------------------------------------------------------------- the parts -- */

/* What may stand in the list as it is. */
static bool is_etag(const char *text)
{
    size_t bytes = strlen(text);

    return bytes != 0 && bytes + 1 < sizeof((struct ndb_s3_part *)0)->etag &&
           strpbrk(text, "<>&") == NULL;
}

static void part_done(struct ndb_s3_call *call)
{
    struct lane *lane = call->context;
    struct upload *upload = lane->upload;
    struct ndb_s3_part *part = &upload->parts[lane->part];

    (void)pthread_mutex_lock(&upload->lock);
    upload->request->date_ms = call->exchange.answer.date_ms;
    if (call->status < 0)
        fail_first(upload, &lane->op, NULL);
    else if (call->status != NAMIDB_OK || !is_etag(call->exchange.answer.etag))
        fail_first(upload, NULL, "the answer to a part has no ETag");
    memcpy(part->etag, call->exchange.answer.etag, sizeof part->etag);
    memcpy(part->checksum, call->payload.checksum, sizeof part->checksum);
    ndb_s3_call_release(call);
    lane->is_busy = false; /* somebody may take it from here on */
    (void)pthread_mutex_unlock(&upload->lock);
    go_on(upload);
}

static void send_part(struct lane *lane)
{
    struct upload *upload = lane->upload;
    struct ndb_slice body = upload->request->body;
    uint64_t first = lane->part * upload->part_bytes;
    uint64_t left = body.bytes - first;
    struct ndb_s3_call *call = lane_begin(lane, "PUT", part_done);

    (void)snprintf(lane->op.text, sizeof lane->op.text, "%zu", lane->part + 1);
    lane->op.pairs[0] = (struct ndb_sigv4_pair){ "partNumber", lane->op.text };
    lane->op.pairs[1] = (struct ndb_sigv4_pair){ "uploadId", upload->id };
    call->query = lane->op.pairs;
    call->query_count = 2;
    call->body = ndb_slice(
        body.data + first,
        (size_t)(left < upload->part_bytes ? left : upload->part_bytes));
    call->has_body = true;
    call->payload = upload->payloads[lane->part];
    call->has_payload = true;
    atomic_fetch_add(&upload->store->upload_requests, 1);
    ndb_s3_submit(upload->store->s3, call);
}

/* A lane with a part to send; NULL: nothing to do now. */
static struct lane *take_part(struct upload *upload)
{
    struct lane *taken = NULL;

    (void)pthread_mutex_lock(&upload->lock);
    if (upload->id[0] != '\0' && !upload->has_failed &&
        upload->next < upload->ready)
        for (size_t i = 0; i < upload->lane_count && taken == NULL; i++)
            if (!upload->lanes[i].is_busy)
                taken = &upload->lanes[i];
    if (taken != NULL) {
        taken->is_busy = true;
        taken->part = upload->next++;
        upload->running++;
    }
    (void)pthread_mutex_unlock(&upload->lock);
    return taken;
}

/* Something ended. The last to end finds all parts sent, or a failure. */
static void go_on(struct upload *upload)
{
    struct lane *lane;
    bool is_last;

    while ((lane = take_part(upload)) != NULL)
        send_part(lane);
    (void)pthread_mutex_lock(&upload->lock);
    is_last = --upload->running == 0;
    (void)pthread_mutex_unlock(&upload->lock);
    if (!is_last)
        return;
    if (upload->has_failed)
        end(upload);
    else
        send_list(upload);
}

/* ------------------------------------------------------------- beginning -- */

static void begin_done(struct ndb_s3_call *call)
{
    struct lane *lane = call->context;
    struct upload *upload = lane->upload;
    namidb_arena arena = NDB_ARENA_INIT;
    const char *id = "";
    int rc = NAMIDB_OK;

    if (call->status == NAMIDB_OK)
        rc = ndb_s3_xml_text(ndb_buf_slice(&call->exchange.out), "UploadId",
                             &arena, &id);
    (void)pthread_mutex_lock(&upload->lock);
    upload->request->date_ms = call->exchange.answer.date_ms;
    if (call->status < 0)
        fail_first(upload, &lane->op, NULL);
    else if (rc == NAMIDB_ENOMEM)
        fail_memory(upload);
    else if (rc != NAMIDB_OK || id[0] == '\0' || strlen(id) >= ID_BYTES)
        fail_first(upload, NULL, "the answer names no upload");
    else
        memcpy(upload->id, id, strlen(id) + 1);
    ndb_s3_call_release(call);
    lane->is_busy = false;
    (void)pthread_mutex_unlock(&upload->lock);
    ndb_arena_release(&arena);
    go_on(upload);
}

static void send_begin(struct upload *upload)
{
    static const struct ndb_sigv4_pair query = { "uploads", "" };
    struct lane *lane = &upload->lanes[0];
    struct ndb_s3_call *call = lane_begin(lane, "POST", begin_done);

    lane->is_busy = true;
    call->query = &query;
    call->query_count = 1;
    ndb_s3_op_object_headers(&lane->op);
    if (upload->store->uri.settings.has_checksum)
        lane->op.pairs[call->header_count++] =
            (struct ndb_sigv4_pair){ "x-amz-checksum-algorithm", "CRC32C" };
    call->has_body = true; /* of no bytes */
    call->answer_root = "InitiateMultipartUploadResult";
    ndb_s3_submit(upload->store->s3, call);
}

/* On the submitting thread, part by part; stops when somebody else failed. */
static void hash_parts(struct upload *upload)
{
    struct ndb_request *request = upload->request;
    bool has_failed = false;

    for (size_t i = 0; i < upload->part_count && !has_failed; i++) {
        uint64_t first = i * upload->part_bytes;
        uint64_t left = request->body.bytes - first;
        struct ndb_slice body = ndb_slice(
            request->body.data + first,
            (size_t)(left < upload->part_bytes ? left : upload->part_bytes));
        int rc =
            ndb_s3_payload(upload->store->s3, body, true, &upload->payloads[i]);
        struct lane *lane;

        (void)pthread_mutex_lock(&upload->lock);
        if (rc < 0)
            fail_memory(upload);
        else if (ndb_clock_ns() >= request->deadline_ns)
            fail_late(upload);
        has_failed = upload->has_failed;
        upload->ready = i + 1;
        (void)pthread_mutex_unlock(&upload->lock);
        while ((lane = take_part(upload)) != NULL)
            send_part(lane);
    }
}

int ndb_s3_upload(struct ndb_s3_store *store, struct ndb_request *request)
{
    struct upload *upload = upload_new(store, request);

    if (upload == NULL)
        return request->status = ndb_fail_memory(&request->err);
    upload->running = 2; /* this thread and the first call */
    /* One request was counted already: that is the list. */
    atomic_fetch_add(&store->upload_requests, 1);
    atomic_fetch_add(&store->uploads, 1);
    send_begin(upload);
    hash_parts(upload);
    go_on(upload);
    return NAMIDB_OK;
}
