/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "format/packed.h"
#include "namidb.h"

enum { COUNT = 300 };

static void check(const uint64_t *numbers, uint32_t count)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_packed packed;
    uint64_t copy[COUNT];

    assert_true(ndb_pack(&arena, numbers, count, &packed));
    ndb_packed_copy(&packed, count / 3, count, copy);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(ndb_packed_at(&packed, i), numbers[i]);
        assert_true(numbers[i] <= ndb_packed_max(&packed));
        if (i >= count / 3)
            assert_int_equal(copy[i - count / 3], numbers[i]);
    }
    ndb_arena_release(&arena);
}

static void test_packed__numbers_of_any_width_and_step_come_back(void **state)
{
    struct ndb_rand rand = { 1 };
    uint64_t numbers[COUNT];

    (void)state;
    for (unsigned bits = 0; bits <= NDB_PACKED_BITS_MAX; bits++)
        for (unsigned shift = 0; shift < 64 && bits + shift <= 64; shift++) {
            uint64_t most = (UINT64_C(1) << bits) - 1;
            uint64_t room = UINT64_MAX - (most << shift);
            uint64_t base =
                ndb_rand_next(&rand) & (room == UINT64_MAX ? room : room / 2);

            for (size_t i = 0; i < COUNT; i++)
                numbers[i] = base + ((ndb_rand_next(&rand) & most) << shift);
            numbers[COUNT / 2] = base + (most << shift);
            numbers[COUNT - 1] = base;
            check(numbers, COUNT);
        }
}

static void test_packed__few_numbers_come_back(void **state)
{
    const uint64_t numbers[] = { UINT64_MAX, UINT64_MAX - 1, 1 };

    (void)state;
    check(numbers, 0);
    check(numbers, 1);
    check(numbers, 2);
    check(numbers + 2, 1);
}

/* Ids of a table take no more than their sequences. */
static void test_packed__an_item_takes_the_bits_of_its_range(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_packed packed;
    uint64_t ids[COUNT];

    (void)state;
    for (uint64_t i = 0; i < COUNT; i++)
        ids[i] = NAMIDB_ID(1000000 + i, 5);
    assert_true(ndb_pack(&arena, ids, COUNT, &packed));
    assert_int_equal(packed.bits, 9);
    assert_int_equal(packed.shift, NAMIDB_TABLE_BITS);
    assert_int_equal(ndb_packed_max(&packed), NAMIDB_ID(1000000 + 511, 5));
    for (uint64_t i = 0; i < COUNT; i++)
        ids[i] = ids[0];
    assert_true(ndb_pack(&arena, ids, COUNT, &packed));
    assert_int_equal(packed.bits, 0);
    assert_true(arena.bytes < 5000);
    ndb_arena_release(&arena);
}

static void test_packed__without_memory_there_is_nothing(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    const uint64_t numbers[] = { 1, 2 };
    struct ndb_packed packed = { .bits = 3 };

    (void)state;
    ndb_mem_fail_from(1);
    assert_false(ndb_pack(&arena, numbers, 2, &packed));
    ndb_mem_fail_from(0);
    assert_int_equal(packed.bits, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed__numbers_of_any_width_and_step_come_back),
        cmocka_unit_test(test_packed__few_numbers_come_back),
        cmocka_unit_test(test_packed__an_item_takes_the_bits_of_its_range),
        cmocka_unit_test(test_packed__without_memory_there_is_nothing),
    };

    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
