/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A namespace that another version wrote: opening it says so, and writes
 * nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "format/number.h"
#include "format/pack.h"
#include "golden.h"
#include "store/store.h"
#include "world.h"

enum {
    SLOT_FORMAT_AT = 8,
    SLOT_CHECKSUM = 16,
    MANIFEST_CHECKSUM = 47,
    PACK_FORMAT_AT = 16, /* in its tail */
    PACK_CHECKSUM = 16,
};

struct bucket {
    struct world world;
    struct ndb_store *store;
};

static void bucket_begin(struct bucket *bucket, bool is_flushed)
{
    namidb_error err;
    namidb *db;

    world_begin(&bucket->world, 11);
    db = world_must_open(&bucket->world, false);
    world_ok(&bucket->world, world_commit(&bucket->world, db, 20, &err), err);
    if (is_flushed)
        world_ok(&bucket->world, namidb_flush(db, -1, &err), err);
    namidb_close(db);
    assert_int_equal(ndb_store_open(&bucket->store, bucket->world.uri, &err),
                     NAMIDB_OK);
}

static void bucket_end(struct bucket *bucket)
{
    ndb_store_close(bucket->store);
    world_end(&bucket->world);
}

static void run(struct bucket *bucket, struct ndb_request *request)
{
    namidb_error err;

    request->deadline_ns = INT64_MAX;
    world_ok(&bucket->world, ndb_store_run(bucket->store, request, 1, &err),
             err);
}

/* How many objects there are; the key of the first that begins with `prefix`,
 * which is the newest. */
static size_t list(struct bucket *bucket, const char *prefix, char key[128])
{
    struct ndb_request request = { .op = NDB_LIST, .key = prefix };
    size_t count;

    run(bucket, &request);
    count = request.listing.count;
    if (key != NULL)
        (void)snprintf(key, 128, "%s", request.listing.items[0].key);
    ndb_listing_release(&request.listing);
    return count;
}

static void put_u64(uint8_t *at, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static void renumber_slot(struct ndb_slice object)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)object.data;
    struct ndb_hash128 hash;

    assert_int_equal(bytes[SLOT_FORMAT_AT], NDB_FORMAT);
    bytes[SLOT_FORMAT_AT]--;
    object.bytes -= SLOT_CHECKSUM;
    hash = ndb_hash128(object);
    put_u64(bytes + object.bytes, hash.low);
    put_u64(bytes + object.bytes + 8, hash.high);
}

static void renumber_manifest(struct ndb_slice object)
{
    char *text = (char *)(uintptr_t)object.data, checksum[64];
    struct ndb_hash128 hash;

    assert_memory_equal(text, "{\"format\":", 10);
    text[10]--;
    object.bytes -= MANIFEST_CHECKSUM;
    hash = ndb_hash128(object);
    (void)snprintf(checksum, sizeof checksum,
                   "\"checksum\":\"%016" PRIx64 "%016" PRIx64 "\"}\n",
                   hash.high, hash.low);
    memcpy(text + object.bytes, checksum, MANIFEST_CHECKSUM);
}

/* The newest object of a kind gets the number before ours. */
static void renumber(struct bucket *bucket, const char *prefix,
                     void (*change)(struct ndb_slice object))
{
    char key[128];
    struct ndb_request get = { .op = NDB_GET, .key = key };
    struct ndb_request put = { .op = NDB_PUT, .key = key };

    assert_true(list(bucket, prefix, key) > 0);
    run(bucket, &get);
    put.body = ndb_buf_slice(&get.out);
    change(put.body);
    run(bucket, &put);
    ndb_buf_release(&get.out);
}

static void check_refused(struct bucket *bucket, const char *prefix)
{
    size_t before = list(bucket, "", NULL);

    for (int is_reader = 0; is_reader < 2; is_reader++) {
        namidb_error err;
        namidb *db;

        bucket->world.options.read_only = is_reader != 0;
        assert_int_equal(world_open(&bucket->world, &db, NULL, &err),
                         NAMIDB_EUNSUPPORTED);
        assert_memory_equal(err.object, prefix, strlen(prefix));
        assert_non_null(strstr(err.message, "another version"));
        assert_int_equal(list(bucket, "", NULL), before);
    }
}

static void test_other_format__of_the_log_is_refused(void **state)
{
    struct bucket bucket;

    (void)state;
    bucket_begin(&bucket, false);
    renumber(&bucket, "log/", renumber_slot);
    check_refused(&bucket, "log/");
    bucket_end(&bucket);
}

static void test_other_format__of_the_manifest_is_refused(void **state)
{
    struct bucket bucket;

    (void)state;
    bucket_begin(&bucket, true);
    renumber(&bucket, "manifest/", renumber_manifest);
    check_refused(&bucket, "manifest/");
    bucket_end(&bucket);
}

static int decode_golden(const uint8_t *object)
{
    const uint8_t *end = object + sizeof GOLDEN_PACK;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_directory directory;
    uint32_t bytes = 0;
    int rc = ndb_directory_bytes(
        ndb_slice(end - NDB_PACK_TAIL_BYTES, NDB_PACK_TAIL_BYTES), &bytes);

    if (rc >= 0)
        rc = ndb_directory_decode(ndb_slice(end - bytes, bytes),
                                  sizeof GOLDEN_PACK, &arena, &directory);
    ndb_arena_release(&arena);
    return rc;
}

/* A bit that flipped is another thing than a pack of another version. */
static void test_other_format__of_a_pack_is_told_from_damage(void **state)
{
    uint8_t object[sizeof GOLDEN_PACK];
    uint8_t *end = object + sizeof object;
    uint8_t *tail = end - NDB_PACK_TAIL_BYTES;
    struct ndb_hash128 hash;
    uint32_t bytes;

    (void)state;
    memcpy(object, GOLDEN_PACK, sizeof object);
    assert_int_equal(decode_golden(object), NAMIDB_OK);
    assert_int_equal(tail[PACK_FORMAT_AT], NDB_FORMAT);
    tail[PACK_FORMAT_AT]--;
    assert_int_equal(decode_golden(object), NAMIDB_ECORRUPT);
    assert_int_equal(
        ndb_directory_bytes(ndb_slice(object, sizeof object), &bytes),
        NAMIDB_OK);
    hash = ndb_hash128(ndb_slice(end - bytes, bytes - PACK_CHECKSUM));
    put_u64(end - PACK_CHECKSUM, hash.low);
    put_u64(end - PACK_CHECKSUM + 8, hash.high);
    assert_int_equal(decode_golden(object), NAMIDB_EUNSUPPORTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_format__of_the_log_is_refused),
        cmocka_unit_test(test_other_format__of_the_manifest_is_refused),
        cmocka_unit_test(test_other_format__of_a_pack_is_told_from_damage),
    };

    return cmocka_run_group_tests_name("other_format", tests, NULL, NULL);
}
