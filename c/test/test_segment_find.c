/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/rand.h"
#include "format/segment.h"

enum { COUNT_MAX = 400, SEEDS = 300 };

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* Even, with gaps, in clumps, with repeats, over all 64 bits. */
static uint64_t any_key(struct ndb_rand *rand, uint64_t shape)
{
    switch (shape) {
    case 0:
        return ndb_rand_below(rand, 1000);
    case 1:
        return ndb_rand_below(rand, 10) * 1000000 + ndb_rand_below(rand, 50);
    case 2:
        return ndb_rand_below(rand, 5) == 0 ? UINT64_MAX - 3
                                            : ndb_rand_below(rand, 40);
    default:
        return ndb_rand_below(rand, UINT64_MAX);
    }
}

static void check(const uint64_t *keys, uint32_t count, uint64_t wanted)
{
    struct ndb_pair_segment segment = { .count = count,
                                        .keys = keys,
                                        .values = keys };
    namidb_arena arena = NDB_ARENA_INIT;
    uint32_t first = 0, found, same = 0;

    while (first < count && keys[first] < wanted)
        first++;
    while (first + same < count && keys[first + same] == wanted)
        same++;
    assert_int_equal(ndb_pair_segment_find(&segment, wanted, &found), first);
    assert_int_equal(found, same);
    assert_int_equal(ndb_pair_segment_divide(&segment, &arena), 0);
    assert_true(segment.bucket_count <= count / 4 + 2);
    ndb_pair_segment_prefetch(&segment, wanted);
    assert_int_equal(ndb_pair_segment_find(&segment, wanted, &found), first);
    assert_int_equal(found, same);
    ndb_arena_release(&arena);
}

static void test_find__equals_a_linear_search(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct ndb_rand rand = { seed };
        uint32_t count = 1 + (uint32_t)ndb_rand_below(&rand, COUNT_MAX);
        uint64_t keys[COUNT_MAX];

        for (uint32_t i = 0; i < count; i++)
            keys[i] = any_key(&rand, seed % 4);
        qsort(keys, count, sizeof *keys, by_value);
        for (uint32_t i = 0; i < count; i++) {
            check(keys, count, keys[i]);
            check(keys, count, keys[i] + 1);
            check(keys, count, keys[i] - 1);
        }
        for (int i = 0; i < 200; i++)
            check(keys, count, any_key(&rand, seed % 4));
        check(keys, count, 0);
        check(keys, count, UINT64_MAX);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find__equals_a_linear_search),
    };

    return cmocka_run_group_tests_name("segment_find", tests, NULL, NULL);
}
