/* SPDX-License-Identifier: Apache-2.0 */
/* Stores around a store: one that counts, and one that misbehaves. */
#include "store_calls.h"

#include "store/store_memory.h"
#include "store/wrappers.h"

static void test_counting__counts_requests_bytes_and_rounds(void **state)
{
    struct ndb_store *store;
    struct ndb_store_counts counts;
    struct ndb_request gets[3];
    const char *keys[] = { "a", "b" };
    struct ndb_request many = store_request(NDB_DELETE_MANY, "");
    namidb_error err;

    (void)state;
    assert_int_equal(ndb_memory_open(&store, "counted", "", &err), 0);
    assert_int_equal(ndb_counting_open(&store, store, &err), 0);
    assert_int_equal(store_put(store, NDB_PUT, "a", "12345"), NAMIDB_OK);
    assert_int_equal(store_put(store, NDB_PUT_IF_ABSENT, "a", "123"),
                     NAMIDB_ECONFLICT);
    gets[0] = store_request(NDB_GET, "a");
    gets[1] = store_request(NDB_GET, "none");
    gets[2] = store_request(NDB_LIST, "");
    assert_int_equal(ndb_store_run(store, gets, 3, &err), 0);
    many.keys = keys;
    many.key_count = 2;
    assert_int_equal(store_run(store, &many), NAMIDB_OK);
    ndb_counting_read(store, &counts);
    assert_int_equal(counts.requests[NDB_PUT], 1);
    assert_int_equal(counts.requests[NDB_PUT_IF_ABSENT], 1);
    assert_int_equal(counts.requests[NDB_GET], 2);
    assert_int_equal(counts.requests[NDB_LIST], 1);
    assert_int_equal(counts.requests[NDB_DELETE_MANY], 2);
    assert_int_equal(counts.bytes_written, 8);
    assert_int_equal(counts.bytes_read, 5);
    assert_int_equal(counts.rounds, 4);
    assert_int_equal(counts.in_flight, 0);
    for (int i = 0; i < 3; i++)
        ndb_request_release(&gets[i]);
    ndb_store_close(store);
    ndb_memory_clear("counted");
}

/* A put through a store that misbehaves once: its result, and whether the
 * object is there before and after held requests are let go. */
static void misbehave(enum ndb_fault fault, int status, bool is_ambiguous,
                      bool is_there, bool is_there_later)
{
    struct ndb_store *inside, *store, *counting;
    struct ndb_store_counts counts;
    struct ndb_request request = store_request(NDB_PUT_IF_ABSENT, "k");
    namidb_error err;

    assert_int_equal(ndb_memory_open(&inside, "faulty", "", &err), 0);
    assert_int_equal(ndb_memory_open(&store, "faulty", "", &err), 0);
    assert_int_equal(ndb_faulty_open(&store, store, &err), 0);
    assert_int_equal(ndb_counting_open(&counting, store, &err), 0);
    ndb_faulty_plan(
        store, &(struct ndb_fault_plan){
                   .ops = 1u << NDB_PUT_IF_ABSENT, .fault = fault, .at = 1 });
    request.body = ndb_slice_text("x");
    (void)store_run(counting, &request);
    assert_int_equal(request.status, status);
    assert_true(request.is_ambiguous == is_ambiguous);
    ndb_counting_read(counting, &counts);
    assert_int_equal(counts.ambiguous, is_ambiguous);
    ndb_request_release(&request);
    assert_true(store_holds(inside, "k", is_there ? "x" : NULL));
    ndb_faulty_release(store);
    assert_true(store_holds(inside, "k", is_there_later ? "x" : NULL));
    assert_int_equal(ndb_faulty_seen(store), 1);
    ndb_store_close(counting);
    ndb_store_close(inside);
    ndb_memory_clear("faulty");
}

static void test_faulty__misbehaves_as_planned(void **state)
{
    (void)state;
    misbehave(NDB_FAULT_NONE, NAMIDB_OK, false, true, true);
    misbehave(NDB_FAULT_FAIL, NAMIDB_EIO, false, false, false);
    misbehave(NDB_FAULT_LOST, NAMIDB_EIO, true, false, false);
    misbehave(NDB_FAULT_DROP, NAMIDB_EIO, true, true, true);
    misbehave(NDB_FAULT_LATE, NAMIDB_ETIMEOUT, true, false, true);
    misbehave(NDB_FAULT_CONFLICT, NAMIDB_ECONFLICT, false, true, true);
}

static void get_damaged(enum ndb_fault fault, const char *not_this,
                        size_t bytes)
{
    struct ndb_store *store;
    struct ndb_request request = store_request(NDB_GET, "k");
    namidb_error err;

    assert_int_equal(ndb_memory_open(&store, "damaged", "", &err), 0);
    assert_int_equal(ndb_faulty_open(&store, store, &err), 0);
    assert_int_equal(store_put(store, NDB_PUT, "k", not_this), NAMIDB_OK);
    ndb_faulty_plan(store, &(struct ndb_fault_plan){
                               .ops = 1u << NDB_GET, .fault = fault, .at = 1 });
    assert_int_equal(store_run(store, &request), NAMIDB_OK);
    assert_int_equal(request.out.bytes, bytes);
    assert_false(
        ndb_slice_equal(ndb_buf_slice(&request.out), ndb_slice_text(not_this)));
    ndb_request_release(&request);
    assert_true(store_holds(store, "k", not_this)); /* once only */
    ndb_store_close(store);
    ndb_memory_clear("damaged");
}

static void test_faulty__damages_what_is_read(void **state)
{
    (void)state;
    get_damaged(NDB_FAULT_TRUNCATE, "abcdef", 5);
    get_damaged(NDB_FAULT_FLIP, "abcdef", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counting__counts_requests_bytes_and_rounds),
        cmocka_unit_test(test_faulty__misbehaves_as_planned),
        cmocka_unit_test(test_faulty__damages_what_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
