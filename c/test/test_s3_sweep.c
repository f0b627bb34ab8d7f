/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last of the tests on a bucket: removes what the others left below
 * NAMIDB_TEST_SWEEP, the URI of a namespace that is the prefix which all of
 * them share ("s3://bucket/tests?ns=run-1f").
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "place.h"
#include "store/store.h"
#include "sys/clock.h"

static void test_s3_sweep__removes_what_is_left(void **state)
{
    const char *uri = getenv("NAMIDB_TEST_SWEEP");
    struct ndb_request list = { .op = NDB_LIST,
                                .key = "",
                                .deadline_ns = ndb_deadline_after(60000) };
    struct ndb_store *store;
    namidb_error err = { .code = 0 };

    (void)state;
    place_clear(uri);
    if (ndb_store_open(&store, uri, &err) < 0 ||
        ndb_store_run(store, &list, 1, &err) < 0)
        fail_msg("%s", err.message);
    ndb_store_close(store);
    assert_int_equal(list.listing.count, 0);
    ndb_request_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s3_sweep__removes_what_is_left),
    };

    if (getenv("NAMIDB_TEST_SWEEP") == NULL) {
        (void)printf("1..0 # SKIP NAMIDB_TEST_SWEEP names no prefix\n");
        return 0;
    }
    return cmocka_run_group_tests_name("s3_sweep", tests, NULL, NULL);
}
