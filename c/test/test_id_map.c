/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/id_map.h"
#include "base/mem.h"

enum { IDS = 3000, LANES = 3 };

/* Three kinds of neighbourhood: a run, one id in a page, and both ends of what
 * a sequence may be. */
static uint64_t id_of(uint32_t i)
{
    static const uint32_t TABLES[LANES] = { 0, 7, NAMIDB_TABLE_MAX };
    uint64_t sequence = i / LANES + 1;

    if (i % LANES == 1)
        sequence *= 1000;
    if (i % LANES == 2)
        sequence = NAMIDB_SEQUENCE_MAX - sequence + 1;
    return NAMIDB_ID(sequence, TABLES[i % LANES]);
}

static void test_id_map__finds_what_was_put_and_nothing_else(void **state)
{
    struct ndb_id_map map = NDB_ID_MAP_INIT;

    (void)state;
    assert_int_equal(ndb_id_map_find(&map, id_of(0)), NDB_TABLE_NONE);
    for (uint32_t i = 0; i < IDS; i++) {
        uint32_t *number = ndb_id_map_place(&map, id_of(i));

        assert_non_null(number);
        assert_int_equal(*number, NDB_TABLE_NONE);
        *number = i;
        assert_int_equal(ndb_id_map_find(&map, id_of(i) ^ NAMIDB_ID(0, 1)),
                         NDB_TABLE_NONE);
    }
    for (uint32_t i = 0; i < IDS; i++) {
        assert_int_equal(ndb_id_map_find(&map, id_of(i)), i);
        assert_int_equal(*ndb_id_map_place(&map, id_of(i)), i);
    }
    ndb_id_map_release(&map);
    assert_int_equal(ndb_id_map_bytes(&map), 0);
}

static void test_id_map__a_run_costs_little_more_than_its_numbers(void **state)
{
    struct ndb_id_map map = NDB_ID_MAP_INIT;

    (void)state;
    for (uint64_t i = 1; i <= 1 << 16; i++)
        *ndb_id_map_place(&map, NAMIDB_ID(i, 1)) = 0;
    assert_in_range(ndb_id_map_bytes(&map), 4 << 16, 12 << 16);
    ndb_id_map_release(&map);
}

static void test_id_map__without_memory_it_stays_as_it_is(void **state)
{
    struct ndb_id_map map = NDB_ID_MAP_INIT;

    (void)state;
    for (uint32_t i = 0; i < IDS; i++) {
        uint32_t *number;

        ndb_mem_fail_from(1);
        number = ndb_id_map_place(&map, id_of(i));
        ndb_mem_fail_from(0);
        if (number == NULL) {
            assert_int_equal(ndb_id_map_find(&map, id_of(i)), NDB_TABLE_NONE);
            number = ndb_id_map_place(&map, id_of(i));
        }
        assert_non_null(number);
        *number = i;
    }
    for (uint32_t i = 0; i < IDS; i++)
        assert_int_equal(ndb_id_map_find(&map, id_of(i)), i);
    ndb_id_map_release(&map);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_map__finds_what_was_put_and_nothing_else),
        cmocka_unit_test(test_id_map__a_run_costs_little_more_than_its_numbers),
        cmocka_unit_test(test_id_map__without_memory_it_stays_as_it_is),
    };

    return cmocka_run_group_tests_name("id map", tests, NULL, NULL);
}
