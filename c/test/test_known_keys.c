/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "exec/known_keys.h"

enum { KEYS = 3000, MIB = 1 << 20 };

static namidb_value text_key(const char *text)
{
    return (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)strlen(text),
                           .as.bytes = text };
}

/* Key `number`: every third one an integer. */
static namidb_value any_key(uint32_t number, char text[16])
{
    if (number % 3 == 0)
        return (namidb_value){ .kind = NAMIDB_INT, .as.integer = number };
    (void)snprintf(text, 16, "key-%u", number);
    return text_key(text);
}

static void add(struct ndb_known_keys *known, uint32_t table, namidb_value key,
                uint64_t id, size_t bytes_max)
{
    const struct ndb_key_probe found = { table, key, id };

    ndb_known_keys_add(known, &found, 1, bytes_max);
}

static uint64_t find(const struct ndb_known_keys *known, uint32_t table,
                     namidb_value key)
{
    uint64_t id = 77;

    ndb_known_keys_find(known, table, (namidb_values){ &key, 1 }, 1, &id);
    return id;
}

static void test_known_keys__what_was_added_is_found(void **state)
{
    static char texts[2 * KEYS][16];
    static namidb_value keys[2 * KEYS];
    static uint64_t ids[2 * KEYS];
    struct ndb_known_keys known = NDB_KNOWN_KEYS_INIT;

    (void)state;
    for (uint32_t i = 0; i < KEYS; i++)
        keys[2 * i] = any_key(i, texts[i]);
    for (uint32_t i = 0; i < KEYS; i += 2)
        add(&known, i % 4, keys[2 * i], i + 1, MIB);
    for (uint32_t table = 0; table < 4; table++) {
        ndb_known_keys_find(&known, table, (namidb_values){ keys, 2 }, KEYS,
                            ids);
        for (uint32_t i = 0; i < KEYS; i++)
            assert_int_equal(ids[i], i % 2 == 0 && i % 4 == table ? i + 1 : 0);
    }
    ndb_known_keys_release(&known);
}

static void test_known_keys__many_at_once_but_those_without_id(void **state)
{
    static struct ndb_key_probe found[KEYS];
    static char texts[KEYS][16];
    struct ndb_known_keys known = NDB_KNOWN_KEYS_INIT;

    (void)state;
    for (uint32_t i = 0; i < KEYS; i++)
        found[i] = (struct ndb_key_probe){ 1, any_key(i, texts[i]),
                                           i % 7 == 0 ? 0 : i };
    ndb_known_keys_add(&known, found, KEYS, MIB);
    for (uint32_t i = 0; i < KEYS; i++)
        assert_int_equal(find(&known, 1, found[i].key), found[i].id);
    ndb_known_keys_release(&known);
}

static void test_known_keys__kinds_are_told_apart(void **state)
{
    const namidb_value number = { .kind = NAMIDB_INT,
                                  .as.integer = 0x3131313131313131 };
    struct ndb_known_keys known = NDB_KNOWN_KEYS_INIT;
    const namidb_value text = text_key("11111111");

    (void)state;
    add(&known, 1, number, 5, MIB);
    assert_int_equal(find(&known, 1, text), 0);
    add(&known, 1, text, 6, MIB);
    assert_int_equal(find(&known, 1, number), 5);
    assert_int_equal(find(&known, 1, text), 6);
    assert_int_equal(find(&known, 1, text_key("")), 0);
    assert_int_equal(find(&known, 1, (namidb_value){ .kind = NAMIDB_NULL }), 0);
    ndb_known_keys_release(&known);
}

static void test_known_keys__more_than_the_bound_is_never_held(void **state)
{
    const size_t bounds[] = { 100, 10000, 70000, 200000 };
    char text[16];

    (void)state;
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
        struct ndb_known_keys known = NDB_KNOWN_KEYS_INIT;

        for (uint32_t i = 0; i < KEYS * 10; i++) {
            namidb_value key = any_key(i, text);

            add(&known, 1, key, i + 1, bounds[b]);
            assert_true(ndb_known_keys_bytes(&known) <= bounds[b]);
            assert_int_equal(find(&known, 1, key), b == 0 ? 0 : i + 1);
        }
        ndb_known_keys_release(&known);
    }
}

static void test_known_keys__out_of_memory_it_knows_less(void **state)
{
    char text[16];

    (void)state;
    for (uint64_t nth = 1; nth < 40; nth++) {
        struct ndb_known_keys known = NDB_KNOWN_KEYS_INIT;

        ndb_mem_fail_from(nth);
        for (uint32_t i = 0; i < KEYS; i++) {
            namidb_value key = any_key(i, text);
            uint64_t id;

            add(&known, 1, key, i + 1, MIB);
            id = find(&known, 1, key);
            assert_true(id == 0 || id == i + 1);
        }
        ndb_mem_fail_from(0);
        ndb_known_keys_release(&known);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_keys__what_was_added_is_found),
        cmocka_unit_test(test_known_keys__many_at_once_but_those_without_id),
        cmocka_unit_test(test_known_keys__kinds_are_told_apart),
        cmocka_unit_test(test_known_keys__more_than_the_bound_is_never_held),
        cmocka_unit_test(test_known_keys__out_of_memory_it_knows_less),
    };

    return cmocka_run_group_tests_name("known_keys", tests, NULL, NULL);
}
