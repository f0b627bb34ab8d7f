/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/radix.h"

/* Sorts `count` random keys under `mask`; values are places in the input. */
static void check_sort(size_t count, uint64_t mask)
{
    struct ndb_rand rand = { count ^ mask };
    struct ndb_radix_item *items = ndb_calloc(count, sizeof *items);
    struct ndb_radix_item *spare = ndb_calloc(count, sizeof *spare);
    uint64_t sum = 0, sum_sorted = 0;

    assert_non_null(items);
    assert_non_null(spare);
    for (size_t i = 0; i < count; i++) {
        items[i].key = ndb_rand_next(&rand) & mask;
        items[i].value = i;
        sum += items[i].key * (2 * i + 1);
    }
    ndb_radix_sort(items, spare, count);
    for (size_t i = 0; i < count; i++) {
        sum_sorted += items[i].key * (2 * items[i].value + 1);
        if (i == 0)
            continue;
        assert_true(items[i - 1].key <= items[i].key);
        if (items[i - 1].key == items[i].key)
            assert_true(items[i - 1].value < items[i].value);
    }
    assert_int_equal(sum, sum_sorted);
    ndb_free(items);
    ndb_free(spare);
}

static void test_radix__sorts_by_key_and_keeps_the_order_of_ties(void **state)
{
    static const size_t counts[] = { 0, 1, 2, 63, 64, 65, 1000, 20000 };
    static const uint64_t masks[] = { 0, 7, 0xfffff,
                                      UINT64_C(0xff00000000000ff), UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (size_t j = 0; j < sizeof masks / sizeof *masks; j++)
            check_sort(counts[i], masks[j]);
}

static void check_pairs(size_t count, uint64_t high_mask, uint64_t low_mask,
                        bool is_low_sorted)
{
    struct ndb_radix_pair *pairs = ndb_calloc(count + 1, sizeof *pairs);
    struct ndb_radix_pair *spare = ndb_calloc(count + 1, sizeof *spare);
    struct ndb_rand rand = { count + 1 };
    uint64_t sum = 0, sum_sorted = 0;

    assert_non_null(pairs);
    assert_non_null(spare);
    for (size_t i = 0; i < count; i++) {
        pairs[i] =
            (struct ndb_radix_pair){ ndb_rand_next(&rand) & high_mask,
                                     ndb_rand_next(&rand) & low_mask, i };
        if (is_low_sorted)
            pairs[i].low = i / 3 * (low_mask / count);
        sum += (pairs[i].high ^ pairs[i].low * 3) * (2 * i + 1);
    }
    ndb_radix_sort_pairs(pairs, spare, count);
    for (size_t i = 0; i < count; i++) {
        const struct ndb_radix_pair *a = &pairs[i == 0 ? 0 : i - 1];
        const struct ndb_radix_pair *b = &pairs[i];

        sum_sorted += (b->high ^ b->low * 3) * (2 * b->value + 1);
        assert_true(a->high <= b->high);
        if (i != 0 && a->high == b->high) {
            assert_true(a->low <= b->low);
            if (a->low == b->low)
                assert_true(a->value < b->value);
        }
    }
    assert_int_equal(sum, sum_sorted);
    ndb_free(pairs);
    ndb_free(spare);
}

static void test_radix__sorts_pairs_by_both_numbers(void **state)
{
    static const size_t counts[] = { 0, 1, 2, 65, 1000, 20000 };
    static const uint64_t masks[] = { 0,
                                      7,
                                      UINT64_C(0x3ff0000001ff),
                                      UINT64_C(0x1ffffe000),
                                      UINT64_C(0xfffff0000000000),
                                      UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (size_t j = 0; j < sizeof masks / sizeof *masks; j++)
            for (size_t k = 0; k < sizeof masks / sizeof *masks; k++)
                for (int is_sorted = 0; is_sorted < 2; is_sorted++)
                    check_pairs(counts[i], masks[j], masks[k], is_sorted != 0);
}

/* Words are sorted by the bits in between; those below tell that ties stay. */
static void test_radix__sorts_words_by_some_bits(void **state)
{
    enum { COUNT = 3000, INDEX_BITS = 12 };
    static uint64_t words[2][COUNT];
    struct ndb_rand rand = { 1 };

    (void)state;
    for (unsigned bits = 0; bits <= 64 - INDEX_BITS; bits++) {
        uint64_t mask = (UINT64_C(1) << bits) - 1;
        const uint64_t *sorted;
        uint64_t sum = 0, sum_sorted = 0;

        for (size_t i = 0; i < COUNT; i++) {
            words[0][i] = (ndb_rand_next(&rand) & mask) << INDEX_BITS | i;
            sum += words[0][i] * words[0][i];
        }
        sorted =
            ndb_radix_sort_words(words[0], words[1], COUNT, INDEX_BITS, bits);
        for (size_t i = 0; i < COUNT; i++) {
            sum_sorted += sorted[i] * sorted[i];
            if (i != 0)
                assert_true(sorted[i - 1] < sorted[i]);
        }
        assert_int_equal(sum, sum_sorted);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_radix__sorts_by_key_and_keeps_the_order_of_ties),
        cmocka_unit_test(test_radix__sorts_pairs_by_both_numbers),
        cmocka_unit_test(test_radix__sorts_words_by_some_bits),
    };

    return cmocka_run_group_tests_name("radix", tests, NULL, NULL);
}
