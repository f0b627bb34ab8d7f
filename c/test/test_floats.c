/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "format/floats.h"

enum { COUNT = 4096 };

static uint64_t bits_of(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* Bytes that floats take; they come back to the bit. */
static size_t stored(const uint64_t *bits, size_t count)
{
    struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_source source;
    const double *read;
    size_t bytes;

    assert_int_equal(ndb_floats_put(&out, bits, count), 0);
    source =
        (struct ndb_source){ ndb_reader(ndb_buf_slice(&out)), &arena, false };
    read = ndb_floats_get(&source, count);
    assert_non_null(read);
    assert_true(ndb_reader_is_done(&source.reader));
    assert_memory_equal(read, bits, count * sizeof *bits);
    bytes = out.bytes;
    ndb_arena_release(&arena);
    ndb_buf_release(&out);
    return bytes;
}

/* Columns as there are, by row. */
static double price(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return (double)ndb_rand_below(rand, 10000) / 100;
}

static double longitude(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return ((double)ndb_rand_below(rand, 360000000) - 180000000) / 1e6;
}

static double eighths(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return (double)ndb_rand_below(rand, 1000003) / 8;
}

static double whole(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return (double)ndb_rand_below(rand, 200) - 100;
}

static double milliseconds(struct ndb_rand *rand, size_t row)
{
    return 1.7e9 + (double)(row * 1000 + ndb_rand_below(rand, 1000)) / 1000;
}

static double digits_15(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return (double)ndb_rand_below(rand, 1000000000000000) / 1e15;
}

static double anything(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return (double)(ndb_rand_next(rand) >> 11) / 9007199254740992.0;
}

static double subnormal(struct ndb_rand *rand, size_t row)
{
    (void)row;
    return (double)ndb_rand_below(rand, 100) * 5e-324;
}

/* A price, seldom none: what is no fraction, an average, a rounding error. */
static double mostly_prices(struct ndb_rand *rand, size_t row)
{
    static const double ODD[] = { -0.0,    NAN,   INFINITY, -INFINITY, 5e-324,
                                  1.0 / 3, 1e300, -1e300,   0.1 + 0.2, M_PI };

    return row % 64 == 9 ? ODD[row / 64 % (sizeof ODD / sizeof *ODD)]
                         : price(rand, row);
}

static const struct {
    double (*make)(struct ndb_rand *rand, size_t row);
    double bytes; /* of a float, at most */
} COLUMNS[] = {
    { price, 1.9 },     { longitude, 3.8 }, { eighths, 2.9 },
    { whole, 1.05 },    { digits_15, 6.7 }, { milliseconds, 1.6 },
    { anything, 8.05 }, { subnormal, 1.1 }, { mostly_prices, 2.3 },
};

static void test_floats__take_few_bytes_and_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++) {
        struct ndb_rand rand = { 11 };
        uint64_t bits[COUNT];

        for (size_t row = 0; row < COUNT; row++)
            bits[row] = bits_of(COLUMNS[i].make(&rand, row));
        if ((double)stored(bits, COUNT) > COLUMNS[i].bytes * COUNT)
            fail_msg("column %zu takes %zu bytes", i, stored(bits, COUNT));
        for (size_t count = 1; count < 70; count++)
            (void)stored(bits, count);
    }
}

/* Columns of which each part may be of another kind. */
static void test_floats__come_back_from_any_mixture(void **state)
{
    const size_t kinds = sizeof COLUMNS / sizeof *COLUMNS;

    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct ndb_rand rand = { seed };
        size_t count = 1 + ndb_rand_below(&rand, 300);
        size_t most = ndb_rand_below(&rand, kinds);
        uint64_t other = 1 + ndb_rand_below(&rand, 40);
        uint64_t bits[300];

        for (size_t row = 0; row < count; row++) {
            size_t kind = ndb_rand_below(&rand, other) == 0
                              ? ndb_rand_below(&rand, kinds)
                              : most;

            bits[row] = ndb_rand_below(&rand, 100) == 0
                            ? ndb_rand_next(&rand)
                            : bits_of(COLUMNS[kind].make(&rand, row));
        }
        (void)stored(bits, count);
    }
}

/* One float in 20 that is no fraction is an exception; of one in four the
 * column is PLAIN. */
static void test_floats__many_exceptions_are_plain(void **state)
{
    static const struct {
        size_t every;
        double least, most; /* bytes of a float */
    } CASES[] = { { COUNT + 1, 1.5, 1.9 }, { 20, 1.9, 2.5 }, { 4, 5.5, 8.1 } };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct ndb_rand rand = { 3 };
        uint64_t bits[COUNT];
        double bytes;

        for (size_t row = 0; row < COUNT; row++)
            bits[row] =
                bits_of((row + 1) % CASES[i].every == 0 ? anything(&rand, row)
                                                        : price(&rand, row));
        bytes = (double)stored(bits, COUNT) / COUNT;
        if (bytes < CASES[i].least || bytes > CASES[i].most)
            fail_msg("case %zu: %g bytes a float", i, bytes);
    }
}

/* What floats.h says of the bytes. */
static void test_floats__are_written_as_ever(void **state)
{
    static const struct {
        double numbers[3];
        size_t size;
        uint8_t bytes[24];
    } GOLDEN[] = {
        /* 10^1: 10, 12, 11; width 1, base 2^63 + 10; no exceptions */
        { { 1.0, 1.2, 1.1 },
          19,
          { 1, 0, 1, 0x8a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01,
            3, 0, 0, 2, 1, 0 } },
        /* 2^2: -1, 3, 2; width 1, base 2^63 - 1 */
        { { -0.25, 0.75, 0.5 },
          18,
          { 66, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 3,
            0, 0, 4, 3, 0 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof GOLDEN / sizeof *GOLDEN; i++) {
        struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
        uint64_t bits[3];

        memcpy(bits, GOLDEN[i].numbers, sizeof bits);
        assert_int_equal(ndb_floats_put(&out, bits, 3), 0);
        assert_int_equal(out.bytes, GOLDEN[i].size);
        assert_memory_equal(out.data, GOLDEN[i].bytes, out.bytes);
        ndb_buf_release(&out);
    }
}

static int status_of(const uint8_t *bytes, size_t size, size_t count)
{
    /* Memory of just that size: reading on is seen. */
    uint8_t *copy = ndb_alloc(size);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_source source = { ndb_reader(ndb_slice(copy, size)), &arena,
                                 false };
    int rc;

    memcpy(copy, bytes, size);
    (void)ndb_floats_get(&source, count);
    rc = ndb_source_status(&source);
    ndb_arena_release(&arena);
    ndb_free(copy);
    return rc;
}

static void test_floats__wrong_bytes_are_corrupt(void **state)
{
    /* 10^0, digits of width 0 and base 0, of two rows; then exceptions: rows of
     * width 1 from 0 on, bits of width 0. */
    const uint8_t good[] = { 0, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 0, 0, 0 };
    uint8_t bad[sizeof good];

    (void)state;
    assert_int_equal(status_of(good, sizeof good, 2), NAMIDB_OK);
    for (size_t size = 0; size < sizeof good; size++)
        assert_int_equal(status_of(good, size, 2), NAMIDB_ECORRUPT);
    for (unsigned scale = 0; scale < 256; scale++) {
        bool is_known = scale <= 22 || (scale >= 64 && scale <= 124);

        memcpy(bad, good, sizeof bad);
        bad[0] = (uint8_t)scale;
        if (scale != 255) /* PLAIN: what follows is not its */
            assert_int_equal(status_of(bad, sizeof bad, 2),
                             is_known ? NAMIDB_OK : NAMIDB_ECORRUPT);
    }
    memcpy(bad, good, sizeof bad);
    bad[4] = 3; /* more exceptions than rows */
    assert_int_equal(status_of(bad, sizeof bad, 2), NAMIDB_ECORRUPT);
    memcpy(bad, good, sizeof bad);
    bad[11] = 0; /* row 0 twice */
    assert_int_equal(status_of(bad, sizeof bad, 2), NAMIDB_ECORRUPT);
    bad[11] = 2; /* row 2 of 2 */
    assert_int_equal(status_of(bad, sizeof bad, 2), NAMIDB_ECORRUPT);
}

static void test_floats__out_of_memory_at_any_place(void **state)
{
    struct ndb_rand rand = { 7 };
    uint64_t bits[COUNT];
    int rc = NAMIDB_ENOMEM;

    (void)state;
    for (size_t row = 0; row < COUNT; row++)
        bits[row] = bits_of(mostly_prices(&rand, row));
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        struct ndb_buf out = NDB_BUF_INIT(SIZE_MAX);
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_source source = { .arena = &arena };

        assert_true(k < 100);
        ndb_mem_fail_from(k);
        rc = ndb_floats_put(&out, bits, COUNT);
        if (rc == NAMIDB_OK) {
            source.reader = ndb_reader(ndb_buf_slice(&out));
            (void)ndb_floats_get(&source, COUNT);
            rc = ndb_source_status(&source);
        }
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        ndb_arena_release(&arena);
        ndb_buf_release(&out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats__take_few_bytes_and_come_back),
        cmocka_unit_test(test_floats__come_back_from_any_mixture),
        cmocka_unit_test(test_floats__many_exceptions_are_plain),
        cmocka_unit_test(test_floats__are_written_as_ever),
        cmocka_unit_test(test_floats__wrong_bytes_are_corrupt),
        cmocka_unit_test(test_floats__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("floats", tests, NULL, NULL);
}
