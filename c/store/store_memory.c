/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bucket is an array of objects sorted by key under one lock: simple, and
 * fast enough for what it is for, tests and scratch graphs.
 */
#include "store/store_memory.h"

#include <pthread.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sys/clock.h"

struct object {
    char *key;
    uint8_t *data;
    size_t bytes;
    int64_t modified_ms;
};

struct bucket {
    struct bucket *next;
    char name[256];
    pthread_mutex_t lock;
    struct object *objects; /* by key */
    size_t count, capacity;
};

struct memory_store {
    struct ndb_store base;
    struct bucket *bucket;
    size_t prefix_bytes;
    char prefix[NDB_STORE_KEY_BYTES_MAX];
};

static pthread_mutex_t buckets_lock = PTHREAD_MUTEX_INITIALIZER;
static struct bucket *buckets;

/* Index of the first object whose key is not below `key`. */
static size_t find(const struct bucket *bucket, const char *key)
{
    size_t low = 0;
    size_t high = bucket->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(bucket->objects[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_there(const struct bucket *bucket, size_t at, const char *key)
{
    return at < bucket->count && strcmp(bucket->objects[at].key, key) == 0;
}

static void get(struct bucket *bucket, const char *key,
                struct ndb_request *request)
{
    size_t at = find(bucket, key);
    const struct object *object;
    size_t length;

    if (!is_there(bucket, at, key)) {
        request->status = NAMIDB_NONE;
        return;
    }
    object = &bucket->objects[at];
    if (ndb_request_range(request, object->bytes, &length) < 0)
        return;
    if (ndb_buf_append(&request->out, object->data + request->offset, length) <
        0)
        request->status = ndb_fail_memory(&request->err);
}

/* Makes room for one more object at `at`. */
static bool open_gap(struct bucket *bucket, size_t at)
{
    if (bucket->count == bucket->capacity) {
        size_t capacity = bucket->capacity == 0 ? 16 : bucket->capacity * 2;
        struct object *objects =
            ndb_realloc(bucket->objects, capacity, sizeof *objects);

        if (objects == NULL)
            return false;
        bucket->objects = objects;
        bucket->capacity = capacity;
    }
    memmove(&bucket->objects[at + 1], &bucket->objects[at],
            (bucket->count - at) * sizeof *bucket->objects);
    bucket->count++;
    return true;
}

static void put(struct bucket *bucket, const char *key,
                struct ndb_request *request)
{
    size_t at = find(bucket, key);
    bool is_old = is_there(bucket, at, key);
    uint8_t *data;
    char *name = NULL;

    if (is_old && request->op == NDB_PUT_IF_ABSENT) {
        request->status = ndb_fail_object(&request->err, NAMIDB_ECONFLICT,
                                          request->key, "is there already");
        return;
    }
    data = ndb_alloc(request->body.bytes);
    if (!is_old)
        name = ndb_strndup(key, strlen(key));
    if (data == NULL || (!is_old && name == NULL) ||
        (!is_old && !open_gap(bucket, at))) {
        ndb_free(data);
        ndb_free(name);
        request->status = ndb_fail_memory(&request->err);
        return;
    }
    if (is_old)
        ndb_free(bucket->objects[at].data);
    else
        bucket->objects[at].key = name;
    if (request->body.bytes != 0)
        memcpy(data, request->body.data, request->body.bytes);
    bucket->objects[at].data = data;
    bucket->objects[at].bytes = request->body.bytes;
    bucket->objects[at].modified_ms = ndb_clock_wall_ms();
}

static void delete_key(struct bucket *bucket, const char *key)
{
    size_t at = find(bucket, key);

    if (!is_there(bucket, at, key))
        return;
    ndb_free(bucket->objects[at].key);
    ndb_free(bucket->objects[at].data);
    bucket->count--;
    memmove(&bucket->objects[at], &bucket->objects[at + 1],
            (bucket->count - at) * sizeof *bucket->objects);
}

static void list(struct memory_store *store, const char *prefix,
                 struct ndb_request *request)
{
    struct bucket *bucket = store->bucket;
    size_t prefix_bytes = strlen(prefix);
    uint32_t limit = request->limit != 0 ? request->limit : NDB_LIST_KEYS_MAX;

    for (size_t at = find(bucket, prefix); at < bucket->count; at++) {
        const struct object *object = &bucket->objects[at];
        const char *key = object->key + store->prefix_bytes;

        if (strncmp(object->key, prefix, prefix_bytes) != 0)
            break;
        if (request->after != NULL && strcmp(key, request->after) <= 0)
            continue;
        if (request->listing.count == limit) {
            request->listing.is_truncated = true;
            break;
        }
        if (ndb_listing_add(&request->listing, key, object->bytes,
                            object->modified_ms) < 0) {
            ndb_listing_release(&request->listing);
            request->status = ndb_fail_memory(&request->err);
            return;
        }
    }
}

/* The key in the bucket; false when it is too long. */
static bool whole_key(const struct memory_store *store, const char *key,
                      char out[2 * NDB_STORE_KEY_BYTES_MAX])
{
    if (strlen(key) > NDB_STORE_KEY_BYTES_MAX - 1)
        return false;
    (void)snprintf(out, 2 * NDB_STORE_KEY_BYTES_MAX, "%s%s", store->prefix,
                   key);
    return true;
}

static void carry_out(struct memory_store *store, struct ndb_request *request)
{
    char key[2 * NDB_STORE_KEY_BYTES_MAX];

    if (request->deadline_ns <= ndb_clock_ns()) {
        request->status = ndb_fail(&request->err, NAMIDB_ETIMEOUT,
                                   "deadline passed before sending");
        return;
    }
    for (size_t i = 0; request->op == NDB_DELETE_MANY && i < request->key_count;
         i++)
        if (whole_key(store, request->keys[i], key))
            delete_key(store->bucket, key);
    request->date_ms = ndb_clock_wall_ms();
    if (request->op == NDB_DELETE_MANY)
        return;
    if (!whole_key(store, request->key, key)) {
        request->status =
            ndb_fail(&request->err, NAMIDB_ELIMIT, "key longer than %u bytes",
                     NDB_STORE_KEY_BYTES_MAX - 1);
        return;
    }
    if (request->op == NDB_GET)
        get(store->bucket, key, request);
    else if (request->op == NDB_LIST)
        list(store, key, request);
    else if (request->op == NDB_DELETE)
        delete_key(store->bucket, key);
    else if (request->op == NDB_SET_CLASS)
        request->status = ndb_fail(&request->err, NAMIDB_EUNSUPPORTED,
                                   "memory:// has no storage classes");
    else
        put(store->bucket, key, request);
}

static void memory_submit(struct ndb_store *base, struct ndb_request *requests,
                          size_t count)
{
    struct memory_store *store = (struct memory_store *)base;

    for (size_t i = 0; i < count; i++) {
        (void)pthread_mutex_lock(&store->bucket->lock);
        carry_out(store, &requests[i]);
        (void)pthread_mutex_unlock(&store->bucket->lock);
    }
    /* The last done may free the array, so no request is touched after its
     * own. */
    for (size_t i = 0; i < count; i++)
        requests[i].done(&requests[i]);
}

static void memory_close(struct ndb_store *base)
{
    ndb_free(base);
}

static void memory_tell(struct ndb_store *base, struct ndb_store_facts *facts)
{
    (void)base;
    memcpy(facts->place.kind, "memory", sizeof "memory");
}

static const struct ndb_store_ops MEMORY_OPS = { .submit = memory_submit,
                                                 .close = memory_close,
                                                 .tell = memory_tell };

static struct bucket *bucket_named(const char *name)
{
    struct bucket *bucket;

    (void)pthread_mutex_lock(&buckets_lock);
    for (bucket = buckets; bucket != NULL; bucket = bucket->next)
        if (strcmp(bucket->name, name) == 0)
            break;
    if (bucket == NULL) {
        bucket = ndb_calloc(1, sizeof *bucket);
        if (bucket != NULL) {
            (void)snprintf(bucket->name, sizeof bucket->name, "%s", name);
            (void)pthread_mutex_init(&bucket->lock, NULL);
            bucket->next = buckets;
            buckets = bucket;
        }
    }
    (void)pthread_mutex_unlock(&buckets_lock);
    return bucket;
}

int ndb_memory_open(struct ndb_store **store, const char *name,
                    const char *prefix, namidb_error *err)
{
    struct memory_store *opened = ndb_calloc(1, sizeof *opened);

    *store = NULL;
    if (opened == NULL)
        return ndb_fail_memory(err);
    opened->bucket = bucket_named(name);
    if (opened->bucket == NULL) {
        ndb_free(opened);
        return ndb_fail_memory(err);
    }
    opened->base.ops = &MEMORY_OPS;
    (void)snprintf(opened->base.name, sizeof opened->base.name,
                   "memory://%.100s/%.100s", name, prefix);
    (void)snprintf(opened->prefix, sizeof opened->prefix, "%s", prefix);
    opened->prefix_bytes = strlen(opened->prefix);
    *store = &opened->base;
    return NAMIDB_OK;
}

void ndb_memory_clear(const char *name)
{
    struct bucket *bucket = bucket_named(name);

    if (bucket == NULL)
        return;
    (void)pthread_mutex_lock(&bucket->lock);
    for (size_t i = 0; i < bucket->count; i++) {
        ndb_free(bucket->objects[i].key);
        ndb_free(bucket->objects[i].data);
    }
    ndb_free(bucket->objects);
    bucket->objects = NULL;
    bucket->count = 0;
    bucket->capacity = 0;
    (void)pthread_mutex_unlock(&bucket->lock);
}
