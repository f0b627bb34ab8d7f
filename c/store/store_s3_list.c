/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIST as ListObjectsV2.
 *
 * Buckets list in the order of keys: one page is what was asked for. Directory
 * buckets do not, and cannot begin behind a key: then all pages are read, and
 * sorted, and what was asked for is cut out. That is 1 request for each 1,000
 * keys below the prefix.
 */
#include "store/store_s3_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

enum {
    LISTING_BYTES_MAX = 8 << 20, /* 1,000 keys of 1 KiB, in XML */
    UNORDERED_KEYS_MAX = 1000000,
    TOKEN_BYTES_MAX = 4096,
};

static uint32_t limit_of(const struct ndb_request *request)
{
    return request->limit != 0 && request->limit < NDB_LIST_KEYS_MAX
               ? request->limit
               : NDB_LIST_KEYS_MAX;
}

/* ------------------------------------------------------------- the answer --
 */

static int check_order(struct ndb_request *request, const char *key)
{
    const struct ndb_listing *listing = &request->listing;
    const char *last = listing->count != 0
                           ? listing->items[listing->count - 1].key
                           : request->after;

    if (last != NULL && strcmp(key, last) <= 0)
        return ndb_s3_bad_answer(request, "the keys are out of order");
    return NAMIDB_OK;
}

static int add_object(struct ndb_s3_op *op, const struct ndb_s3_object *object)
{
    struct ndb_request *request = op->request;
    struct ndb_listing *listing = &request->listing;
    const char *key = object->key + strlen(op->store->uri.root);
    int rc = NAMIDB_OK;

    if (strncmp(object->key, op->key, strlen(op->key)) != 0)
        return ndb_s3_bad_answer(request, "a key that does not begin as asked");
    if (!op->store->uri.is_unordered)
        rc = check_order(request, key);
    else if (listing->count == UNORDERED_KEYS_MAX)
        return request->status =
                   ndb_fail(&request->err, NAMIDB_ELIMIT,
                            "more than %d objects in a directory bucket",
                            UNORDERED_KEYS_MAX);
    if (rc >= 0)
        rc = ndb_listing_add(listing, key, object->bytes, object->modified_ms);
    if (rc >= 0)
        memcpy(listing->items[listing->count - 1].storage_class,
               object->storage_class, sizeof object->storage_class);
    return rc;
}

static int add_page(struct ndb_s3_op *op, struct namidb_arena *arena,
                    struct ndb_s3_listing *page)
{
    struct ndb_request *request = op->request;
    int rc = ndb_s3_listing_parse(ndb_buf_slice(&op->call.exchange.out), arena,
                                  page);

    if (rc == NAMIDB_EIO)
        (void)ndb_s3_bad_answer(request, "the answer is no listing of S3's");
    for (size_t i = 0; rc >= 0 && i < page->count; i++)
        rc = add_object(op, &page->objects[i]);
    if (rc == NAMIDB_ENOMEM)
        request->status = ndb_fail_memory(&request->err);
    return rc;
}

/* ------------------------------------------------------------- unordered -- */

static int compare_keys(const void *left, const void *right)
{
    return strcmp(((const struct ndb_listed *)left)->key,
                  ((const struct ndb_listed *)right)->key);
}

/* Sorts all there is and leaves what was asked for. */
static void cut_out(struct ndb_request *request)
{
    struct ndb_listing *listing = &request->listing;
    size_t kept = 0;
    bool is_cut = false;

    if (listing->count != 0)
        qsort(listing->items, listing->count, sizeof *listing->items,
              compare_keys);
    for (size_t i = 0; i < listing->count; i++) {
        struct ndb_listed *item = &listing->items[i];
        bool is_before =
            request->after != NULL && strcmp(item->key, request->after) <= 0;

        is_cut = is_cut || (!is_before && kept == limit_of(request));
        if (is_before || kept == limit_of(request))
            ndb_free(item->key);
        else
            listing->items[kept++] = *item;
    }
    listing->count = kept;
    listing->is_truncated = is_cut;
}

static int keep_token(struct ndb_s3_op *op, const char *token)
{
    op->text_long.bytes = 0;
    if (token == NULL)
        return ndb_s3_bad_answer(op->request,
                                 "a page that does not say where to go on");
    if (ndb_buf_append(&op->text_long, token, strlen(token) + 1) < 0)
        return op->request->status = ndb_fail_memory(&op->request->err);
    return NAMIDB_OK;
}

/* ------------------------------------------------------------- the calls -- */

bool ndb_s3_list_done(struct ndb_s3_op *op)
{
    struct ndb_request *request = op->request;
    struct namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_s3_listing page = { .count = 0 };
    bool is_unordered = op->store->uri.is_unordered;
    bool has_more;
    int rc = NAMIDB_OK;

    if (op->call.status != NAMIDB_OK) {
        ndb_s3_op_fail(op);
        rc = request->status;
    } else {
        rc = add_page(op, &arena, &page);
    }
    has_more = rc >= 0 && is_unordered && page.is_truncated;
    if (has_more)
        rc = keep_token(op, page.next_token);
    if (rc < 0)
        ndb_listing_release(&request->listing);
    else if (!is_unordered)
        request->listing.is_truncated = page.is_truncated;
    else if (!has_more)
        cut_out(request);
    ndb_arena_release(&arena);
    if (rc < 0 || !has_more)
        return true;
    atomic_fetch_add(&op->store->list_pages, 1);
    ndb_s3_list(op);
    return false;
}

void ndb_s3_list(struct ndb_s3_op *op)
{
    const struct ndb_request *request = op->request;
    bool is_unordered = op->store->uri.is_unordered;
    struct ndb_s3_call *call = &op->call;
    void (*done)(struct ndb_s3_call *) = call->done;
    size_t count = 0;

    ndb_s3_call_release(call);
    *call = (struct ndb_s3_call){ .method = "GET",
                                  .action = "s3:ListBucket",
                                  .key = "",
                                  .answer_bytes_max = LISTING_BYTES_MAX,
                                  .deadline_ns = request->deadline_ns,
                                  .done = done,
                                  .context = op };
    (void)snprintf(op->text, sizeof op->text, "%" PRIu32,
                   is_unordered ? NDB_LIST_KEYS_MAX : limit_of(request));
    op->text_long.bytes_max = TOKEN_BYTES_MAX;
    if (is_unordered && op->text_long.bytes != 0)
        op->pairs[count++] =
            (struct ndb_sigv4_pair){ "continuation-token",
                                     (const char *)op->text_long.data };
    op->pairs[count++] = (struct ndb_sigv4_pair){ "encoding-type", "url" };
    op->pairs[count++] = (struct ndb_sigv4_pair){ "list-type", "2" };
    op->pairs[count++] = (struct ndb_sigv4_pair){ "max-keys", op->text };
    op->pairs[count++] = (struct ndb_sigv4_pair){ "prefix", op->key };
    if (!is_unordered && request->after != NULL)
        op->pairs[count++] =
            (struct ndb_sigv4_pair){ "start-after", op->after };
    call->query = op->pairs;
    call->query_count = count;
    ndb_s3_submit(op->store->s3, call);
}
