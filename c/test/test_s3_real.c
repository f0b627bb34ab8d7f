/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The S3 store against the server that NAMIDB_TEST_URI names; without it there
 * is nothing to test. NAMIDB_TEST_SIGNS says that the server checks signatures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "place.h"
#include "store/probe.h"
#include "store/store_s3.h"
#include "sys/clock.h"

struct fixture {
    char uri[PLACE_URI_BYTES];
    struct ndb_store *store;
};

static int begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    namidb_error err = { .code = 0 };

    *state = fixture;
    place_new(fixture->uri);
    if (ndb_store_open(&fixture->store, fixture->uri, &err) < 0) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int finish(void **state)
{
    struct fixture *fixture = *state;

    ndb_store_close(fixture->store);
    place_clear(fixture->uri);
    free(fixture);
    return 0;
}

static struct ndb_request request_of(enum ndb_store_op op, const char *key)
{
    return (struct ndb_request){ .op = op,
                                 .key = key,
                                 .deadline_ns = ndb_deadline_after(30000) };
}

static void must_run(struct ndb_store *store, struct ndb_request *requests,
                     size_t count)
{
    namidb_error err = { .code = 0 };

    if (ndb_store_run(store, requests, count, &err) < 0)
        fail_msg("%s", err.message);
}

static void must_put(struct ndb_store *store, const char *key,
                     struct ndb_slice body)
{
    struct ndb_request put = request_of(NDB_PUT, key);

    put.body = body;
    must_run(store, &put, 1);
    assert_int_equal(put.status, NAMIDB_OK);
}

/* ---------------------------------------------------------------- tests -- */

static void test_s3__of_racing_creates_one_wins(void **state)
{
    enum { ROUNDS = 25, RACERS = 8 };
    struct fixture *fixture = *state;

    for (int round = 0; round < ROUNDS; round++) {
        struct ndb_request puts[RACERS];
        struct ndb_request get;
        char bodies[RACERS][24];
        char key[32];
        int winner = -1;

        (void)snprintf(key, sizeof key, "log/%d", round);
        for (int i = 0; i < RACERS; i++) {
            (void)snprintf(bodies[i], sizeof bodies[i], "body %d", i);
            puts[i] = request_of(NDB_PUT_IF_ABSENT, key);
            puts[i].body = ndb_slice_text(bodies[i]);
        }
        (void)ndb_store_run(fixture->store, puts, RACERS, NULL);
        for (int i = 0; i < RACERS; i++) {
            /* An ambiguous one may have won: AWS answers 409 to some. */
            if (puts[i].status == NAMIDB_ECONFLICT || puts[i].is_ambiguous)
                continue;
            assert_int_equal(puts[i].status, NAMIDB_OK);
            assert_int_equal(winner, -1);
            winner = i;
        }
        get = request_of(NDB_GET, key);
        must_run(fixture->store, &get, 1);
        assert_int_equal(get.out.bytes, 6);
        if (winner >= 0)
            assert_memory_equal(get.out.data, bodies[winner], 6);
        ndb_request_release(&get);
    }
}

static void test_s3__may_be_trusted_with_commits(void **state)
{
    struct fixture *fixture = *state;
    struct ndb_request list = request_of(NDB_LIST, "");
    namidb_error err = { .code = 0 };

    if (ndb_store_probe(fixture->store, ndb_deadline_after(30000), &err) < 0)
        fail_msg("%s", err.message);
    must_run(fixture->store, &list, 1);
    assert_int_equal(list.listing.count, 0);
    ndb_request_release(&list);
}

static void test_s3__any_key_comes_back_as_it_was(void **state)
{
    static const char *const keys[] = {
        "log/!a b+c&d=e;f,g'h(i)*j",
        "log/%2F%25",
        "log/a?b#c",
        "log/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
        "log/~[]{}^|`<>\"",
    };
    struct fixture *fixture = *state;
    struct ndb_request list = request_of(NDB_LIST, "log/");

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct ndb_request get = request_of(NDB_GET, keys[i]);

        must_put(fixture->store, keys[i], ndb_slice_text(keys[i]));
        must_run(fixture->store, &get, 1);
        assert_true(
            ndb_slice_equal(ndb_buf_slice(&get.out), ndb_slice_text(keys[i])));
        ndb_request_release(&get);
    }
    must_run(fixture->store, &list, 1);
    assert_int_equal(list.listing.count, sizeof keys / sizeof *keys);
    for (size_t i = 0; i < list.listing.count; i++) {
        size_t same = 0;

        for (size_t j = 0; j < sizeof keys / sizeof *keys; j++)
            same += strcmp(list.listing.items[i].key, keys[j]) == 0;
        assert_int_equal(same, 1);
    }
    ndb_request_release(&list);
}

static void test_s3__pages_of_a_listing_join_up(void **state)
{
    enum { COUNT = 1205, AT_ONCE = 241 };
    static char names[COUNT][16];
    static struct ndb_request puts[AT_ONCE];
    const char *keys[COUNT];
    struct fixture *fixture = *state;
    struct ndb_request request;
    char after[16] = "";
    size_t seen = 0;

    for (size_t i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "log/%05zu", i);
        keys[i] = names[i];
        puts[i % AT_ONCE] = request_of(NDB_PUT, keys[i]);
        puts[i % AT_ONCE].body = ndb_slice_text("x");
        if (i % AT_ONCE == AT_ONCE - 1)
            must_run(fixture->store, puts, AT_ONCE);
    }
    do {
        request = request_of(NDB_LIST, "log/");
        request.after = after;
        must_run(fixture->store, &request, 1);
        assert_true(request.listing.count != 0);
        for (size_t i = 0; i < request.listing.count; i++) {
            const struct ndb_listed *item = &request.listing.items[i];
            int64_t age_ms = request.date_ms - item->modified_ms;

            assert_string_equal(item->key, keys[seen++]);
            assert_true(item->bytes == 1);
            assert_true(age_ms > -2000 && age_ms < 600000);
        }
        (void)snprintf(after, sizeof after, "%s", keys[seen - 1]);
        ndb_request_release(&request);
    } while (request.listing.is_truncated || seen < COUNT);
    assert_int_equal(seen, COUNT);

    request = request_of(NDB_DELETE_MANY, NULL);
    request.keys = keys;
    request.key_count = COUNT;
    must_run(fixture->store, &request, 1);
    request = request_of(NDB_LIST, "log/");
    must_run(fixture->store, &request, 1);
    assert_int_equal(request.listing.count, 0);
    ndb_request_release(&request);
}

static void test_s3__large_objects_are_read_in_ranges(void **state)
{
    static const uint64_t ranges[][2] = {
        { 0, 0 },
        { 1, 1 },
        { 4 << 20, 1 << 20 },
        { (9 << 20) - 1, 0 },
        { 8 << 20, 5 << 20 },
    };
    enum { BYTES = 9 << 20 };
    struct fixture *fixture = *state;
    uint8_t *body = ndb_alloc(BYTES);

    for (uint32_t i = 0; i < BYTES; i++)
        body[i] = (uint8_t)(i * 2654435761u >> 24);
    must_put(fixture->store, "pack/a", ndb_slice(body, BYTES));
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct ndb_request get = request_of(NDB_GET, "pack/a");
        uint64_t length = ranges[i][1];

        get.offset = ranges[i][0];
        get.length = length;
        must_run(fixture->store, &get, 1);
        if (length == 0 || length > BYTES - get.offset)
            length = BYTES - get.offset;
        assert_true(get.object_bytes == BYTES);
        assert_true(ndb_slice_equal(ndb_buf_slice(&get.out),
                                    ndb_slice(body + get.offset, length)));
        ndb_request_release(&get);
    }
    ndb_free(body);
}

static void test_s3__a_large_pack_goes_up_in_parts(void **state)
{
    enum { PART = 5 << 20, BYTES = 2 * PART + 1000 };
    const struct ndb_s3_split split = { PART, PART };
    struct fixture *fixture = *state;
    struct ndb_request put = request_of(NDB_PUT_IF_ABSENT, "pack/a");
    struct ndb_request get = request_of(NDB_GET, "pack/a");
    struct ndb_store_facts facts;
    uint8_t *body = ndb_alloc(BYTES);

    for (uint32_t i = 0; i < BYTES; i++)
        body[i] = (uint8_t)(i * 2654435761u >> 24);
    ndb_s3_store_split(fixture->store, &split);
    put.body = ndb_slice(body, BYTES);
    must_run(fixture->store, &put, 1);
    assert_int_equal(put.status, NAMIDB_OK);
    must_run(fixture->store, &get, 1);
    assert_true(
        ndb_slice_equal(ndb_buf_slice(&get.out), ndb_slice(body, BYTES)));
    ndb_request_release(&get);
    ndb_store_tell(fixture->store, &facts);
    assert_int_equal(facts.uploads, 1);
    assert_int_equal(facts.upload_requests, 4);

    /* Not every server honours the condition on the list: it must then have
     * the new bytes whole, and they are the same. */
    put.deadline_ns = ndb_deadline_after(30000);
    (void)ndb_store_run(fixture->store, &put, 1, NULL);
    assert_true(put.status == NAMIDB_ECONFLICT || put.status == NAMIDB_OK);
    ndb_free(body);
}

static void test_s3__an_object_moves_into_another_class(void **state)
{
    struct fixture *fixture = *state;
    struct ndb_request copy = request_of(NDB_SET_CLASS, "pack/a b+c%");
    struct ndb_request get = request_of(NDB_GET, copy.key);
    struct ndb_request list = request_of(NDB_LIST, "pack/");
    const char *told;

    must_put(fixture->store, copy.key, ndb_slice_text("0123456789"));
    copy.storage_class = "REDUCED_REDUNDANCY"; /* that MinIO knows, too */
    must_run(fixture->store, &copy, 1);
    assert_int_equal(copy.status, NAMIDB_OK);
    must_run(fixture->store, &get, 1);
    assert_true(
        ndb_slice_equal(ndb_buf_slice(&get.out), ndb_slice_text("0123456789")));
    ndb_request_release(&get);
    must_run(fixture->store, &list, 1);
    assert_int_equal(list.listing.count, 1);
    /* Some servers have one class whatever they are told, or tell none. */
    told = list.listing.items[0].storage_class;
    assert_true(told[0] == '\0' || strcmp(told, "STANDARD") == 0 ||
                strcmp(told, copy.storage_class) == 0);
    ndb_request_release(&list);

    copy = request_of(NDB_SET_CLASS, "pack/absent");
    copy.storage_class = "REDUCED_REDUNDANCY";
    must_run(fixture->store, &copy, 1);
    assert_int_equal(copy.status, NAMIDB_NONE);
}

static void
test_s3__behind_the_end_is_invalid_and_at_the_end_empty(void **state)
{
    struct fixture *fixture = *state;
    struct ndb_request get = request_of(NDB_GET, "log/a");

    must_put(fixture->store, "log/a", ndb_slice_text("0123456789"));
    get.offset = 11;
    (void)ndb_store_run(fixture->store, &get, 1, NULL);
    assert_int_equal(get.status, NAMIDB_EINVAL);
    get.offset = 10;
    get.length = 1;
    (void)ndb_store_run(fixture->store, &get, 1, NULL);
    assert_int_equal(get.status, NAMIDB_EINVAL);
    must_put(fixture->store, "log/empty", ndb_slice_text(""));
    get = request_of(NDB_GET, "log/empty");
    must_run(fixture->store, &get, 1);
    assert_int_equal(get.status, NAMIDB_OK);
    assert_int_equal(get.out.bytes, 0);
    ndb_request_release(&get);
}

static void test_s3__the_clock_is_the_servers(void **state)
{
    struct fixture *fixture = *state;
    struct ndb_request get = request_of(NDB_GET, "log/absent");
    int64_t age_ms;

    must_run(fixture->store, &get, 1);
    assert_int_equal(get.status, NAMIDB_NONE);
    age_ms = ndb_clock_wall_ms() - get.date_ms;
    assert_true(age_ms > -600000 && age_ms < 600000);
}

static void test_s3__an_absent_bucket_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    const char *query = strchr(fixture->uri, '?');
    struct ndb_request get = request_of(NDB_GET, "log/1");
    struct ndb_store *store;
    char uri[PLACE_URI_BYTES];

    (void)snprintf(uri, sizeof uri, "s3://namidb-no-such-bucket-4711/x%s",
                   query != NULL ? query : "");
    assert_int_equal(ndb_store_open(&store, uri, NULL), NAMIDB_OK);
    (void)ndb_store_run(store, &get, 1, NULL);
    assert_int_equal(get.status, NAMIDB_ENOTFOUND);
    assert_non_null(strstr(get.err.message, "namidb-no-such-bucket-4711"));
    ndb_request_release(&get);
    ndb_store_close(store);
}

static void test_s3__a_wrong_key_is_refused_without_showing_it(void **state)
{
    const char *secret = getenv("AWS_SECRET_ACCESS_KEY");
    const char *signs = getenv("NAMIDB_TEST_SIGNS");
    struct fixture *fixture = *state;
    struct ndb_request put = request_of(NDB_PUT_IF_ABSENT, "log/1");
    struct ndb_store *store;
    char *kept;

    if (signs == NULL || strcmp(signs, "1") != 0 || secret == NULL)
        skip();
    kept = strdup(secret);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "quite-another-key", 1);
    assert_int_equal(ndb_store_open(&store, fixture->uri, NULL), NAMIDB_OK);
    (void)setenv("AWS_SECRET_ACCESS_KEY", kept, 1);
    put.body = ndb_slice_text("x");
    (void)ndb_store_run(store, &put, 1, NULL);
    assert_int_equal(put.status, NAMIDB_EAUTH);
    assert_false(put.is_ambiguous);
    assert_non_null(strstr(put.err.message, "signature"));
    assert_null(strstr(put.err.message, "quite-another-key"));
    ndb_store_close(store);
    free(kept);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_s3__of_racing_creates_one_wins),
        TEST(test_s3__may_be_trusted_with_commits),
        TEST(test_s3__any_key_comes_back_as_it_was),
        TEST(test_s3__pages_of_a_listing_join_up),
        TEST(test_s3__large_objects_are_read_in_ranges),
        TEST(test_s3__a_large_pack_goes_up_in_parts),
        TEST(test_s3__an_object_moves_into_another_class),
        TEST(test_s3__behind_the_end_is_invalid_and_at_the_end_empty),
        TEST(test_s3__the_clock_is_the_servers),
        TEST(test_s3__an_absent_bucket_is_not_found),
        TEST(test_s3__a_wrong_key_is_refused_without_showing_it),
    };

    if (!place_is_remote()) {
        (void)printf("1..0 # SKIP NAMIDB_TEST_URI names no server\n");
        return 0;
    }
    return cmocka_run_group_tests_name("s3", tests, NULL, NULL);
}
