/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/ids.h"

static struct ndb_ids ids_of(const uint64_t *items, size_t count)
{
    struct ndb_ids ids = NDB_IDS_INIT;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(ndb_ids_add(&ids, items[i]), NAMIDB_OK);
    return ids;
}

static void test_ids__are_sorted_and_none_is_left_twice(void **state)
{
    static const uint64_t GIVEN[] = { 7, UINT64_MAX,    3, 7, 0, 3, 1ull << 63,
                                      7, UINT64_MAX - 1 };
    static const uint64_t WANTED[] = {
        0, 3, 7, 1ull << 63, UINT64_MAX - 1, UINT64_MAX
    };
    struct ndb_ids ids = ids_of(GIVEN, sizeof GIVEN / sizeof *GIVEN);

    (void)state;
    ndb_ids_unique(&ids);
    assert_int_equal(ids.count, sizeof WANTED / sizeof *WANTED);
    assert_memory_equal(ids.items, WANTED, sizeof WANTED);
    ndb_ids_release(&ids);
}

static void test_ids__that_are_none_stay_none(void **state)
{
    struct ndb_ids ids = NDB_IDS_INIT;

    (void)state;
    ndb_ids_unique(&ids);
    assert_int_equal(ids.count, 0);
}

static void test_ids__that_are_all_the_same_are_one(void **state)
{
    struct ndb_ids ids = ids_of((const uint64_t[]){ 5, 5, 5 }, 3);

    (void)state;
    ndb_ids_unique(&ids);
    assert_int_equal(ids.count, 1);
    assert_int_equal(ids.items[0], 5);
    ndb_ids_release(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids__are_sorted_and_none_is_left_twice),
        cmocka_unit_test(test_ids__that_are_none_stay_none),
        cmocka_unit_test(test_ids__that_are_all_the_same_are_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
