/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "exec/lift.h"

static int lift(namidb_arena *arena, const char *text, namidb_lifted *out)
{
    return ndb_lift(arena, ndb_slice(text, strlen(text)), out);
}

/* What is left of a text, or the text. */
static void check(const char *text, const char *key, size_t count)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_lifted lifted;
    int rc = lift(&arena, text, &lifted);

    if (rc == NAMIDB_NONE) {
        if (strcmp(text, key) != 0)
            print_message("not lifted: %s\n", text);
        assert_string_equal(text, key);
        assert_int_equal(lifted.count, 0);
    } else {
        char got[1024];

        assert_int_equal(rc, NAMIDB_OK);
        assert_true(lifted.key_bytes < sizeof got);
        memcpy(got, lifted.key, lifted.key_bytes);
        got[lifted.key_bytes] = '\0';
        assert_string_equal(got, key);
        assert_int_equal(lifted.count, count);
    }
    ndb_arena_release(&arena);
}

static void stays(const char *text)
{
    check(text, text, 0);
}

static void test_lift__values_become_parameters(void **state)
{
    (void)state;
    check("MATCH (n) WHERE n.x = 5 RETURN n",
          "MATCH (n) WHERE n.x = $`~1` RETURN n", 1);
    check("MATCH (n {x: 5, y:'a b'}) WHERE n.z<>-7 AND n.w >= 1.5 RETURN n",
          "MATCH (n {x: $`~1`, y:$`~2`}) WHERE n.z<>$`~3` AND n.w >= $`~4` "
          "RETURN n",
          4);
    check("CREATE (:A {x: 1})-[:R {y: \"q\"}]->(:B) SET a.x = 3, a.y = 4",
          "CREATE (:A {x: $`~1`})-[:R {y: $`~2`}]->(:B) SET a.x = $`~3`, a.y "
          "= $`~4`",
          4);
    check("MATCH (n) WHERE key(n) = 'k' // 7 = 8\nRETURN n",
          "MATCH (n) WHERE key(n) = $`~1` // 7 = 8\nRETURN n", 1);
    check("MATCH (n) WHERE id(n) IN [1, 2,3] RETURN n",
          "MATCH (n) WHERE id(n) IN $`~1` RETURN n", 1);
    check("MATCH (n) WITH n, n.x = 1 AS b WHERE n.x = 1 RETURN b",
          "MATCH (n) WITH n, n.x = 1 AS b WHERE n.x = $`~1` RETURN b", 1);
    check("MATCH (n) WHERE n.a STARTS WITH 'x' AND n.b = 2 RETURN n",
          "MATCH (n) WHERE n.a STARTS WITH 'x' AND n.b = $`~1` RETURN n", 1);
    check("CALL { MATCH (n) WHERE n.x = 1 RETURN n } MATCH (m) WHERE m.x = 2 "
          "RETURN m",
          "CALL { MATCH (n) WHERE n.x = $`~1` RETURN n } MATCH (m) WHERE m.x = "
          "$`~2` RETURN m",
          2);
    check("MATCH (n) WHERE n.x = 1 RETURN n UNION MATCH (n) WHERE n.x = 2 "
          "RETURN n",
          "MATCH (n) WHERE n.x = $`~1` RETURN n UNION MATCH (n) WHERE n.x = "
          "$`~2` RETURN n",
          2);
}

static void test_lift__what_is_more_than_a_value_stays(void **state)
{
    (void)state;
    stays("RETURN 1");
    stays("MATCH (n) RETURN n.x = 5, {a: 5}, [x IN [1] WHERE x = 1]");
    stays("MATCH (n) RETURN EXISTS { MATCH (n) WHERE n.x = 5 RETURN n }");
    stays("MATCH (n) RETURN n ORDER BY n.x = 5 SKIP 1 LIMIT 5");
    stays("MATCH (n)-[*1..3]->(m) RETURN n");
    stays("MATCH (n) WHERE COUNT { (n)-->() } > 0 RETURN n");
    stays("MATCH (n) WHERE n.x = 1 + 2 RETURN n");
    stays("MATCH (n) WHERE n.x = 1 = true RETURN n");
    stays("MATCH (n) WHERE n.x = 'a' + n.y RETURN n");
    stays("MATCH (n) WHERE n.x = [1] RETURN n");
    stays("MATCH (n) WHERE n.x =~ 'a' RETURN n");
    stays("MATCH (n) WHERE n.x = 1.2.3 RETURN n");
    stays("MATCH (n) WHERE n.x = 0x1F OR n.x = 1e5 OR n.x = 07 RETURN n");
    stays("MATCH (n) WHERE n.x = 9999999999999999999 RETURN n");
    stays("MATCH (n) WHERE n.x = 'a\\n' OR n.x = 'a''b' RETURN n");
    stays("MATCH (n) WHERE id(n) IN [1, n.x] RETURN n");
    stays("MATCH (n) WHERE (n)<-[:R]-() RETURN n");
    stays("MATCH (n) SET n = 5");
    stays("EXPLAIN MATCH (n) WHERE n.x = 5 RETURN n");
    stays("profile MATCH (n) WHERE n.x = 5 RETURN n");
    stays("CREATE INDEX x FOR (n:A) ON (n.x) OPTIONS {a: 5}");
    stays("MATCH (n) WHERE n.x = 5 AND n.y = $`~1` RETURN n");
    stays("");
    stays("   ");
}

static void test_lift__what_is_not_understood_stays(void **state)
{
    (void)state;
    stays("MATCH (n) WHERE n.x = 5 RETURN 'no end");
    stays("MATCH (n) WHERE n.x = 5 RETURN n /* no end");
    stays("MATCH (n)) WHERE n.x = 5 RETURN n");
    stays("MATCH (n) WHERE n.x = 5 RETURN\xc2\xa0n");
    stays("MATCH (n) WHERE n.x = '\xff' RETURN n");
    {
        char deep[4096] = "MATCH (n) WHERE n.x = 5 AND ";
        size_t at = strlen(deep);

        memset(deep + at, '(', 1000);
        deep[at + 1000] = '\0';
        stays(deep);
    }
}

static void test_lift__values_are_what_was_written(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_lifted lifted;

    (void)state;
    assert_int_equal(lift(&arena,
                          "MATCH (n {a: -12, b: 'x\xc3\xa9', c: 2.5, d: ''}) "
                          "WHERE n.e IN ['q', 3] DELETE n",
                          &lifted),
                     NAMIDB_OK);
    assert_int_equal(lifted.count, 5);
    assert_int_equal(lifted.values[0].kind, NAMIDB_INT);
    assert_int_equal(lifted.values[0].as.integer, -12);
    assert_int_equal(lifted.values[1].kind, NAMIDB_STRING);
    assert_int_equal(lifted.values[1].size, 3);
    assert_memory_equal(lifted.values[1].as.bytes, "x\xc3\xa9", 3);
    assert_int_equal(lifted.values[2].kind, NAMIDB_FLOAT);
    assert_true(lifted.values[2].as.number == 2.5);
    assert_int_equal(lifted.values[3].size, 0);
    assert_int_equal(lifted.values[4].kind, NAMIDB_LIST);
    assert_int_equal(lifted.values[4].size, 2);
    assert_int_equal(lifted.values[4].as.items[1].as.integer, 3);
    ndb_arena_release(&arena);
}

static void test_lift__is_bounded(void **state)
{
    enum { BYTES = NDB_LIFT_BYTES_MAX + 1 };
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_lifted lifted;
    char *text = ndb_calloc(BYTES + 1, 1);
    size_t at = 0;

    (void)state;
    at += (size_t)snprintf(text, BYTES, "MATCH (n) WHERE n.a = 1");
    for (int i = 0; i < 100; i++)
        at += (size_t)snprintf(text + at, BYTES - at, " OR n.a = %d", i);
    assert_int_equal(lift(&arena, text, &lifted), NAMIDB_OK);
    assert_int_equal(lifted.count, NDB_LIFT_VALUES_MAX);
    memset(text + at, ' ', BYTES - at);
    assert_int_equal(lift(&arena, text, &lifted), NAMIDB_NONE);
    ndb_arena_release(&arena);
    ndb_free(text);
}

static void test_lift__out_of_memory_at_any_place(void **state)
{
    namidb_lifted lifted;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    for (uint64_t k = 1; rc < 0; k++) {
        namidb_arena arena = NDB_ARENA_INIT;

        ndb_mem_fail_from(k);
        rc = lift(&arena, "MATCH (n) WHERE n.x = 5 RETURN n", &lifted);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        ndb_arena_release(&arena);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lift__values_become_parameters),
        cmocka_unit_test(test_lift__what_is_more_than_a_value_stays),
        cmocka_unit_test(test_lift__what_is_not_understood_stays),
        cmocka_unit_test(test_lift__values_are_what_was_written),
        cmocka_unit_test(test_lift__is_bounded),
        cmocka_unit_test(test_lift__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("exec_lift", tests, NULL, NULL);
}
