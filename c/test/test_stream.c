/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "format/stream.h"

/* More than two of the blocks in which numbers are put together. */
enum { COUNT_MAX = 600 };

/* What makes each mode the shortest. */
enum order { ANY, ASCENDING, NEAR_THE_LAST };

static void make(struct ndb_rand *rand, enum order order, unsigned width,
                 uint64_t *numbers, size_t count)
{
    uint64_t most = width == 8   ? UINT64_MAX
                    : width == 0 ? 0
                                 : (UINT64_C(1) << (8 * width)) - 1;
    uint64_t last = 1000;

    for (size_t i = 0; i < count; i++) {
        uint64_t step = ndb_rand_next(rand) & most;

        if (order == ANY)
            last = 7 + step;
        else if (order == ASCENDING)
            last += step >> (width == 8 ? 11 : 0);
        else
            last += (step & 1) != 0 ? step : -step;
        numbers[i] = last;
    }
}

static uint64_t item_at(const struct ndb_narrow *narrow, size_t i)
{
    if (narrow->width == 1)
        return ((const uint8_t *)narrow->items)[i];
    if (narrow->width == 2)
        return ((const uint16_t *)narrow->items)[i];
    if (narrow->width == 4)
        return ((const uint32_t *)narrow->items)[i];
    return ((const uint64_t *)narrow->items)[i];
}

/* All three forms give the numbers, or say that they cannot. */
static void check(struct ndb_slice stored, const uint64_t *numbers,
                  size_t count)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_source whole = { ndb_reader(stored), &arena, false };
    struct ndb_source half = whole, narrowed = whole;
    const uint64_t *all = ndb_ints_get(&whole, count);
    const uint32_t *halves = ndb_ints_get_u32(&half, count);
    struct ndb_narrow narrow = ndb_ints_get_narrow(&narrowed, count);
    uint64_t max = 0, min = UINT64_MAX;

    assert_true(ndb_reader_is_done(&whole.reader));
    assert_true(ndb_reader_is_done(&narrowed.reader));
    assert_memory_equal(all, numbers, count * sizeof *numbers);
    for (size_t i = 0; i < count; i++) {
        max = numbers[i] > max ? numbers[i] : max;
        min = numbers[i] < min ? numbers[i] : min;
        assert_int_equal(narrow.base + item_at(&narrow, i), numbers[i]);
    }
    assert_int_equal(narrow.width, max - min <= UINT8_MAX    ? 1
                                   : max - min <= UINT16_MAX ? 2
                                   : max - min <= UINT32_MAX ? 4
                                                             : 8);
    assert_int_equal(half.reader.is_failed, max > UINT32_MAX);
    for (size_t i = 0; i < count && max <= UINT32_MAX; i++)
        assert_int_equal(halves[i], numbers[i]);
    ndb_arena_release(&arena);
}

static void test_stream__numbers_of_any_width_and_order_come_back(void **state)
{
    static const size_t COUNTS[] = { 1, 2, 255, 256, 257, 512, COUNT_MAX };
    struct ndb_rand rand = { 5 };

    (void)state;
    for (unsigned width = 0; width <= 8; width++)
        for (enum order order = ANY; order <= NEAR_THE_LAST; order++)
            for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
                struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
                uint64_t numbers[COUNT_MAX];

                make(&rand, order, width, numbers, COUNTS[i]);
                assert_int_equal(ndb_ints_put(&out, numbers, COUNTS[i]), 0);
                check(ndb_buf_slice(&out), numbers, COUNTS[i]);
                ndb_buf_release(&out);
            }
}

/* Numbers that go up by one step and around are as wide as their gaps, which
 * are but two: bits do not tell, zstd does. Random ones are best left alone. */
static void test_stream__the_mode_that_shrinks_more_is_tried(void **state)
{
    enum { COUNT = 4096 };
    static const uint64_t STEPS[] = { 0, 40503 };
    struct ndb_rand rand = { 8 };
    uint64_t numbers[COUNT];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct ndb_buf tried = NDB_BUF_INIT(SIZE_MAX);
        struct ndb_buf plain = NDB_BUF_INIT(SIZE_MAX);

        for (uint64_t at = 0; at < COUNT; at++)
            numbers[at] =
                (STEPS[i] != 0 ? STEPS[i] * at : ndb_rand_next(&rand)) & 0xffff;
        assert_int_equal(ndb_ints_put(&plain, numbers, COUNT), 0);
        assert_int_equal(ndb_ints_put_tried(&tried, numbers, COUNT), 0);
        check(ndb_buf_slice(&tried), numbers, COUNT);
        if (STEPS[i] != 0)
            assert_true(tried.bytes * 4 < plain.bytes);
        else
            assert_int_equal(tried.bytes, plain.bytes);
        ndb_buf_release(&tried);
        ndb_buf_release(&plain);
    }
}

/* Any of them without unpacking, as long as no plane is a frame. */
static void
test_stream__numbers_that_are_spread_evenly_are_read_one_by_one(void **state)
{
    enum { COUNT = 2500 };
    static uint64_t numbers[COUNT], some[COUNT];

    (void)state;
    for (unsigned bits = 1; bits <= 40; bits++) {
        struct ndb_rand rand = { bits };
        struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_source source = { .arena = &arena };
        struct ndb_ints ints;

        for (size_t i = 0; i < COUNT; i++)
            numbers[i] = 5 + (ndb_rand_next(&rand) >> (64 - bits));
        assert_int_equal(ndb_ints_put(&out, numbers, COUNT), 0);
        check(ndb_buf_slice(&out), numbers, COUNT);
        source.reader = ndb_reader(ndb_buf_slice(&out));
        ndb_ints_find(&source, COUNT, &ints);
        assert_true(ndb_reader_is_done(&source.reader));
        assert_int_equal(ints.top_bits, bits % 8);
        assert_int_equal(ndb_ints_frames(&ints), 0);
        for (size_t from = 0; from < COUNT; from += 1 + from / 7) {
            size_t count = 1 + ndb_rand_below(&rand, COUNT - from);

            ndb_ints_take(&ints, from, count, some);
            assert_memory_equal(some, numbers + from, count * sizeof *some);
        }
        assert_true(out.bytes <= (size_t)COUNT * bits / 8 + 40);
        ndb_buf_release(&out);
    }
}

/* Bits would be many more than what is left of them. */
static void test_stream__a_plane_that_repeats_is_a_frame(void **state)
{
    enum { COUNT = 2500 };
    static uint64_t numbers[COUNT];
    struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_source source = { .arena = &arena };
    struct ndb_ints ints;

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        numbers[i] = i % 13;
    assert_int_equal(ndb_ints_put(&out, numbers, COUNT), 0);
    source.reader = ndb_reader(ndb_buf_slice(&out));
    ndb_ints_find(&source, COUNT, &ints);
    assert_int_equal(ints.top_bits, 0);
    assert_int_equal(ndb_ints_frames(&ints), 1);
    assert_true(out.bytes < COUNT / 8);
    ndb_buf_release(&out);
}

/* A few of them in a row come again all the time, which says nothing: a frame
 * that spoke of that would take a seventh more, and longer to read. */
static void test_stream__random_bytes_take_about_their_bits(void **state)
{
    enum { COUNT = 6554 };
    static const uint8_t OFTEN[] = { 0, 1, 0, 255 }; /* 1.5 bits each */
    static uint64_t numbers[COUNT];
    struct ndb_rand rand = { 3 };
    struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        numbers[i] = OFTEN[ndb_rand_next(&rand) >> 62];
    assert_int_equal(ndb_ints_put(&out, numbers, COUNT), 0);
    check(ndb_buf_slice(&out), numbers, COUNT);
    assert_true(out.bytes <= COUNT / 4);
    ndb_buf_release(&out);
}

/* Planes that shrink, planes that do not and bits, cut off anywhere. */
static void test_stream__what_is_cut_off_is_corrupt(void **state)
{
    struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
    struct ndb_rand rand = { 6 };
    uint64_t numbers[COUNT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_MAX; i++)
        numbers[i] = ndb_rand_next(&rand) & 0xff0fff;
    assert_int_equal(ndb_ints_put(&out, numbers, COUNT_MAX), 0);
    for (size_t bytes = 0; bytes < out.bytes; bytes++) {
        /* Memory of just that size: reading on is seen. */
        uint8_t *copy = ndb_alloc(bytes);
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_source source = { ndb_reader(ndb_slice(copy, bytes)), &arena,
                                     false };
        struct ndb_source narrowed = source;

        memcpy(copy, out.data, bytes);
        assert_null(ndb_ints_get(&source, COUNT_MAX));
        assert_int_equal(ndb_source_status(&source), NAMIDB_ECORRUPT);
        (void)ndb_ints_get_narrow(&narrowed, COUNT_MAX);
        assert_int_equal(ndb_source_status(&narrowed), NAMIDB_ECORRUPT);
        ndb_arena_release(&arena);
        ndb_free(copy);
    }
    ndb_buf_release(&out);
}

/* Each of the forms, with the k-th allocation failing. */
static void test_stream__out_of_memory_at_any_place(void **state)
{
    struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
    uint64_t numbers[COUNT_MAX];
    bool is_done = false;

    (void)state;
    for (size_t i = 0; i < COUNT_MAX; i++)
        numbers[i] = i * i % 70000 << 16;
    assert_int_equal(ndb_ints_put(&out, numbers, COUNT_MAX), 0);
    for (uint64_t k = 1; !is_done; k++) {
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_source source = { ndb_reader(ndb_buf_slice(&out)), &arena,
                                     false };
        struct ndb_source narrowed = source;
        int status;

        assert_true(k < 100);
        ndb_mem_fail_from(k);
        (void)ndb_ints_get(&source, COUNT_MAX);
        (void)ndb_ints_get_narrow(&narrowed, COUNT_MAX);
        ndb_mem_fail_from(0);
        status = ndb_source_status(&source);
        assert_true(status == NAMIDB_OK || status == NAMIDB_ENOMEM);
        status = ndb_source_status(&narrowed);
        assert_true(status == NAMIDB_OK || status == NAMIDB_ENOMEM);
        is_done = status == NAMIDB_OK;
        ndb_arena_release(&arena);
    }
    ndb_buf_release(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__numbers_of_any_width_and_order_come_back),
        cmocka_unit_test(test_stream__the_mode_that_shrinks_more_is_tried),
        cmocka_unit_test(
            test_stream__numbers_that_are_spread_evenly_are_read_one_by_one),
        cmocka_unit_test(test_stream__a_plane_that_repeats_is_a_frame),
        cmocka_unit_test(test_stream__random_bytes_take_about_their_bits),
        cmocka_unit_test(test_stream__what_is_cut_off_is_corrupt),
        cmocka_unit_test(test_stream__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
