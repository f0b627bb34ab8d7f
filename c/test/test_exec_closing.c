/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rand.h"
#include "exec/closing.h"

enum { ITEMS_MAX = 400 };

/* Ascending numbers, some of them several times. */
static uint32_t fill(struct ndb_rand *rand, uint64_t *out, bool repeats)
{
    static const uint64_t SIZES[] = { 1, 5, 40, ITEMS_MAX + 1 };
    uint32_t count =
        (uint32_t)ndb_rand_below(rand, SIZES[ndb_rand_below(rand, 4)]);
    uint64_t last = 0;

    for (uint32_t i = 0; i < count; i++)
        out[i] = last += ndb_rand_below(rand, 6) + (repeats ? 0 : 1);
    return count;
}

static bool is_among(const uint64_t *items, uint32_t count, uint64_t wanted)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i] == wanted)
            return true;
    return false;
}

static void test_exec_closing__keeps_what_is_in_both_lists(void **state)
{
    uint64_t seed;

    (void)state;
    ndb_rand_bytes(&seed, sizeof seed);
    for (uint64_t round = 0; round < 20000; round++) {
        struct ndb_rand rand = { seed + round };
        uint64_t items[ITEMS_MAX], others[ITEMS_MAX];
        uint32_t kept[ITEMS_MAX], at = 0;
        uint32_t end = fill(&rand, items, true);
        uint32_t other_count = fill(&rand, others, round % 2 == 0);
        uint32_t begin = (uint32_t)ndb_rand_below(&rand, end + 1);
        uint32_t count =
            ndb_closing_intersect(items, begin, end, others, other_count, kept);

        for (uint32_t i = begin; i < end; i++) {
            if (!is_among(others, other_count, items[i]))
                continue;
            if (at == count || kept[at] != i)
                fail_msg("seed %llu", (unsigned long long)(seed + round));
            at++;
        }
        assert_int_equal(at, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec_closing__keeps_what_is_in_both_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
