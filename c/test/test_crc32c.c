/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/crc32c.h"

/* RFC 3720, B.4. */
static void test_crc32c__agrees_with_the_rfc(void **state)
{
    uint8_t bytes[32];

    (void)state;
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(ndb_crc32c(ndb_slice(bytes, 32)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(ndb_crc32c(ndb_slice(bytes, 32)), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(ndb_crc32c(ndb_slice(bytes, 32)), 0x46dd794e);
}

/* The check value of the catalogue of CRCs, and lengths of no multiple of 8. */
static void test_crc32c__takes_any_length(void **state)
{
    (void)state;
    assert_int_equal(ndb_crc32c(ndb_slice_text("123456789")), 0xe3069283);
    assert_int_equal(ndb_crc32c(ndb_slice_text("")), 0);
    assert_int_equal(ndb_crc32c(ndb_slice_text("a")), 0xc1d04330);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c__agrees_with_the_rfc),
        cmocka_unit_test(test_crc32c__takes_any_length),
    };

    return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
