/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rand.h"
#include "format/elias_fano.h"

enum { COUNT_MAX = 1000 };

static void put(const struct ndb_lengths *lengths, const uint64_t *items,
                struct ndb_buf *out)
{
    assert_int_equal(ndb_elias_fano_put(out, lengths, items), NAMIDB_OK);
}

static int get(const struct ndb_lengths *lengths, struct ndb_slice stored,
               namidb_arena *arena, struct ndb_packed *sums)
{
    struct ndb_source source = { ndb_reader(stored), arena, false };

    *sums = ndb_elias_fano_get(&source, lengths, arena);
    return ndb_source_status(&source);
}

/* Lengths below `bound`, every so many of which are `many`. */
static struct ndb_lengths make(struct ndb_rand *rand, uint64_t bound,
                               uint64_t many, uint64_t *items)
{
    struct ndb_lengths lengths = { .count = 1 + (uint32_t)ndb_rand_below(
                                                    rand, COUNT_MAX),
                                   .are_positive = true };

    for (uint32_t i = 0; i < lengths.count; i++) {
        items[i] = ndb_rand_below(rand, bound);
        if (i % 97 == 13)
            items[i] = many;
        if (lengths.sum + items[i] > UINT16_MAX)
            items[i] = 0;
        lengths.are_positive &= items[i] != 0;
        lengths.sum += (uint32_t)items[i];
    }
    return lengths;
}

static void test_elias_fano__sums_of_any_lengths_come_back(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t items[COUNT_MAX];

    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct ndb_rand rand = { seed };
        struct ndb_buf stored = NDB_BUF_INIT(SIZE_MAX);
        struct ndb_lengths lengths =
            make(&rand, 1 + seed % 5 * (seed % 50), seed % 3 * 3000, items);
        struct ndb_packed sums;
        uint32_t sum = 0;

        put(&lengths, items, &stored);
        assert_int_equal(get(&lengths, ndb_buf_slice(&stored), &arena, &sums),
                         NAMIDB_OK);
        for (uint32_t i = 0; i <= lengths.count; i++) {
            assert_int_equal(ndb_packed_at(&sums, i), sum);
            sum += i < lengths.count ? (uint32_t)items[i] : 0;
        }
        ndb_arena_reset(&arena);
        ndb_buf_release(&stored);
    }
    ndb_arena_release(&arena);
}

static size_t bytes_of(const uint64_t *items, const struct ndb_lengths *lengths)
{
    struct ndb_buf stored = NDB_BUF_INIT(SIZE_MAX);
    size_t bytes;

    put(lengths, items, &stored);
    bytes = stored.bytes;
    ndb_buf_release(&stored);
    return bytes;
}

static void test_elias_fano__a_length_takes_two_bits_and_some(void **state)
{
    struct ndb_lengths lengths = { .count = COUNT_MAX };
    struct ndb_rand rand = { 1 };
    uint64_t items[COUNT_MAX];

    (void)state;
    for (uint32_t i = 0; i < COUNT_MAX; i++) {
        items[i] = ndb_rand_below(&rand, 33);
        lengths.sum += (uint32_t)items[i];
    }
    /* 16 on average are 4 low bits, and one or two. */
    assert_in_range(bytes_of(items, &lengths) * 8 / COUNT_MAX, 5, 6);
    for (uint32_t i = 0; i < COUNT_MAX; i++)
        items[i] = 10;
    lengths = (struct ndb_lengths){ COUNT_MAX, 10 * COUNT_MAX, true };
    /* What repeats takes nothing. */
    assert_true(bytes_of(items, &lengths) < 100);
}

static void test_elias_fano__forged_sums_are_refused_or_ascend(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t items[COUNT_MAX];

    (void)state;
    for (uint64_t seed = 1; seed <= 10000; seed++) {
        struct ndb_rand rand = { seed };
        struct ndb_buf stored = NDB_BUF_INIT(SIZE_MAX);
        struct ndb_lengths lengths =
            make(&rand, 1 + seed % 5 * (seed % 50), seed % 3 * 3000, items);
        struct ndb_packed sums;
        uint64_t last = 0;

        put(&lengths, items, &stored);
        stored.data[ndb_rand_below(&rand, stored.bytes)] ^=
            (uint8_t)(1u << ndb_rand_below(&rand, 8));
        if (get(&lengths, ndb_buf_slice(&stored), &arena, &sums) == NAMIDB_OK) {
            for (uint32_t i = 1; i <= lengths.count; i++) {
                uint64_t sum = ndb_packed_at(&sums, i);

                assert_true(sum >= last + lengths.are_positive);
                last = sum;
            }
            assert_int_equal(last, lengths.sum);
        }
        ndb_arena_reset(&arena);
        ndb_buf_release(&stored);
    }
    ndb_arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elias_fano__sums_of_any_lengths_come_back),
        cmocka_unit_test(test_elias_fano__a_length_takes_two_bits_and_some),
        cmocka_unit_test(test_elias_fano__forged_sums_are_refused_or_ascend),
    };

    return cmocka_run_group_tests_name("elias_fano", tests, NULL, NULL);
}
