/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "namidb.h"

/* Numbers of 1 to 10 bytes: the least and the greatest of each. */
static uint64_t number_of(unsigned bytes, int is_greatest)
{
    if (is_greatest)
        return bytes == 10 ? UINT64_MAX : (UINT64_C(1) << 7 * bytes) - 1;
    return bytes == 1 ? 0 : UINT64_C(1) << 7 * (bytes - 1);
}

static void test_buf__never_grows_past_its_bound(void **state)
{
    (void)state;
    for (size_t max = 0; max < 300; max++)
        for (unsigned bytes = 1; bytes <= 10; bytes++) {
            struct ndb_buf buf = NDB_BUF_INIT(max);
            size_t written = 0;

            while (written + bytes <= max) {
                assert_int_equal(ndb_buf_varint(&buf, number_of(bytes, 1)), 0);
                written += bytes;
                assert_int_equal(buf.bytes, written);
            }
            assert_int_equal(ndb_buf_varint(&buf, number_of(bytes, 1)),
                             NAMIDB_ELIMIT);
            for (; written < max; written++)
                assert_int_equal(ndb_buf_u8(&buf, 7), 0);
            assert_int_equal(ndb_buf_u8(&buf, 7), NAMIDB_ELIMIT);
            assert_int_equal(buf.bytes, max);
            assert_true(buf.capacity <= max);
            ndb_buf_release(&buf);
        }
}

static void test_buf__reads_the_varints_it_wrote(void **state)
{
    struct ndb_buf buf = NDB_BUF_INIT(1000);
    struct ndb_reader reader;

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(ndb_buf_varint(&buf, number_of(i / 2 + 1, i % 2)), 0);
    assert_int_equal(buf.bytes, 2 * 55);
    reader = ndb_reader(ndb_buf_slice(&buf));
    for (unsigned i = 0; i < 20; i++)
        assert_true(ndb_reader_varint(&reader) == number_of(i / 2 + 1, i % 2));
    assert_true(ndb_reader_is_done(&reader));
    assert_int_equal(ndb_reader_varint(&reader), 0);
    assert_int_equal(ndb_reader_u8(&reader), 0);
    assert_true(reader.is_failed);
    ndb_buf_release(&buf);
}

static void test_buf__a_varint_has_one_form(void **state)
{
    static const char *const wrong[] = { "\x80", "\x80\x00", "\xff\x80\x00",
                                         "\xff\xff\xff\xff\xff\xff\xff\xff"
                                         "\xff\x02" };
    static const size_t bytes[] = { 1, 2, 3, 10 };

    (void)state;
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        struct ndb_reader reader = ndb_reader(ndb_slice(wrong[i], bytes[i]));

        assert_int_equal(ndb_reader_varint(&reader), 0);
        assert_true(reader.is_failed);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__never_grows_past_its_bound),
        cmocka_unit_test(test_buf__reads_the_varints_it_wrote),
        cmocka_unit_test(test_buf__a_varint_has_one_form),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
