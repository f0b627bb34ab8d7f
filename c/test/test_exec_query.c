/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "exec/plan.h"
#include "exec/scalar.h"
#include "namidb_schema.h"

enum { THREADS = 4, RUNS = 300, ITEMS_MAX = 50 };

/* UNWIND $p AS x RETURN x ORDER BY x DESC */
static const uint8_t PLAN[] = {
    2,
    'p',
    'x', /* texts */
    1,
    0, /* slots, names */
    1,
    1,
    1,
    1,
    0, /* parameter, column */
    NDB_OP_SORT,
    1,
    0,
    1,
    0,
    1,
    0, /* by slot 0, live: slot 0 */
    NDB_OP_UNWIND,
    0,
    NDB_EXPR_PARAM,
    0,
    0,
    NDB_OP_ARGUMENT,
    0,
    0, /* of no batch, live: none */
};

/* The same with LIMIT 3, and no key to sort by. */
static const uint8_t KEYLESS_PLAN[] = {
    2,
    'p',
    'x',
    1,
    0,
    1,
    1,
    1,
    1,
    0,
    NDB_OP_SORT,
    0,
    1,
    NDB_EXPR_CONST,
    0,
    1,
    0,
    NDB_OP_UNWIND,
    0,
    NDB_EXPR_PARAM,
    0,
    0,
    NDB_OP_ARGUMENT,
    0,
    0, /* of no batch, live: none */
};

/* RETURN {x: -(-$p)} AS m */
static const uint8_t MAP_PLAN[] = {
    3,
    'p',
    'm',
    'x',
    2,
    0,
    1,
    1,
    1,
    1,
    1,
    NDB_OP_PROJECT,
    1,
    1,
    NDB_EXPR_MAP,
    1,
    1,
    NDB_EXPR_NEG,
    NDB_EXPR_NEG,
    NDB_EXPR_PARAM,
    0,
    NDB_OP_ARGUMENT,
    0,
    0,
};

static namidb *open_db(void)
{
    namidb_options options;
    namidb *db;

    namidb_options_init(&options);
    assert_int_equal(namidb_open(&db, "memory://exec-query", &options, NULL),
                     0);
    return db;
}

static namidb_plan *new_plan(void)
{
    namidb_plan *plan;

    assert_int_equal(namidb_plan_new(&plan, PLAN, sizeof PLAN, NULL, 0, NULL),
                     0);
    return plan;
}

/* Runs the plan over first .. first + count - 1; NAMIDB_OK or a failure. */
static int run(namidb_plan *plan, namidb_snapshot *snapshot, int64_t first,
               uint32_t count)
{
    namidb_value items[ITEMS_MAX], list = ndb_list(items, count);
    namidb_query_options options;
    const namidb_value *row;
    namidb_query *query;
    namidb_error err;
    uint32_t given = 0;
    int rc;

    for (uint32_t i = 0; i < count; i++)
        items[i] = ndb_integer(first + i);
    namidb_query_options_init(&options);
    rc = namidb_query_open(&query, plan, snapshot, NULL, &list, &options, &err);
    while (rc == NAMIDB_OK &&
           (rc = namidb_query_next(query, &row, &err)) == NAMIDB_OK) {
        given++;
        assert_int_equal(row->as.integer, first + count - given);
    }
    if (rc == NAMIDB_NONE)
        assert_int_equal(given, count);
    else
        assert_int_equal(err.code, rc);
    namidb_query_close(query);
    return rc == NAMIDB_NONE ? NAMIDB_OK : rc;
}

static void test_query__a_run_after_the_first_allocates_nothing(void **state)
{
    namidb *db = open_db();
    namidb_plan *plan = new_plan();
    namidb_snapshot *snapshot;

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(run(plan, snapshot, i, ITEMS_MAX), 0);
    ndb_mem_fail_from(1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(run(plan, snapshot, i, ITEMS_MAX - (uint32_t)i), 0);
    assert_int_equal(ndb_mem_count(), 0);
    ndb_mem_fail_from(0);
    namidb_snapshot_close(snapshot);
    namidb_plan_free(plan);
    namidb_close(db);
}

/* What is acknowledged now is read without a snapshot, and so without memory
 * for one. */
static void
test_query__what_is_there_now_of_a_schema_that_is_known(void **state)
{
    namidb *db = open_db();
    namidb_plan *plan = new_plan();
    namidb_value item = ndb_integer(7), list = ndb_list(&item, 1);
    namidb_query_options options;
    namidb_snapshot *snapshot;
    const namidb_value *row;
    namidb_query *query;
    uint64_t stamp;

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    stamp = namidb_schema_stamp(snapshot);
    namidb_query_options_init(&options);
    for (int i = 0; i < 8; i++) {
        if (i == 4)
            ndb_mem_fail_from(1);
        assert_int_equal(namidb_query_open_now(&query, plan, db, stamp, &list,
                                               &options, NULL),
                         0);
        assert_int_equal(namidb_query_next(query, &row, NULL), 0);
        assert_int_equal(row->as.integer, 7);
        namidb_query_close(query);
        assert_int_equal(namidb_query_open_now(&query, plan, db, stamp + 1,
                                               &list, &options, NULL),
                         NAMIDB_NONE);
        assert_null(query);
    }
    assert_int_equal(ndb_mem_count(), 0);
    ndb_mem_fail_from(0);
    namidb_snapshot_close(snapshot);
    namidb_plan_free(plan);
    namidb_close(db);
}

static void test_query__out_of_memory_at_any_place(void **state)
{
    namidb *db = open_db();
    namidb_snapshot *snapshot;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    for (uint64_t k = 1; rc < 0; k++) {
        namidb_plan *plan = new_plan();

        ndb_mem_fail_from(k);
        rc = run(plan, snapshot, 3, 20);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        assert_int_equal(run(plan, snapshot, 9, 30), 0);
        namidb_plan_free(plan);
    }
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

static void test_query__one_left_open_is_not_another_ones(void **state)
{
    namidb *db = open_db();
    namidb_plan *plan = new_plan();
    namidb_snapshot *snapshot;
    namidb_value items[] = { ndb_integer(1), ndb_integer(2) };
    namidb_value list = ndb_list(items, 2);
    namidb_query_options options;
    namidb_query *query;
    const namidb_value *row;

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    namidb_query_options_init(&options);
    assert_int_equal(run(plan, snapshot, 5, 5), 0);
    assert_int_equal(
        namidb_query_open(&query, plan, snapshot, NULL, &list, &options, NULL),
        0);
    assert_int_equal(namidb_query_next(query, &row, NULL), 0);
    assert_int_equal(run(plan, snapshot, 50, 50), 0);
    assert_int_equal(row->as.integer, 2);
    namidb_plan_free(plan); /* the query keeps it */
    assert_int_equal(namidb_query_next(query, &row, NULL), 0);
    assert_int_equal(row->as.integer, 1);
    namidb_query_close(query);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

static void test_query__the_first_rows_by_no_key(void **state)
{
    const namidb_value items[] = { ndb_integer(5), ndb_integer(4),
                                   ndb_integer(3), ndb_integer(2) };
    const namidb_value list = ndb_list(items, 4), limit = ndb_integer(3);
    namidb_query_options options;
    const namidb_value *row;
    namidb_snapshot *snapshot;
    namidb_query *query;
    namidb_plan *plan;
    namidb *db = open_db();

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    assert_int_equal(namidb_plan_new(&plan, KEYLESS_PLAN, sizeof KEYLESS_PLAN,
                                     &limit, 1, NULL),
                     0);
    namidb_query_options_init(&options);
    assert_int_equal(
        namidb_query_open(&query, plan, snapshot, NULL, &list, &options, NULL),
        0);
    for (int64_t x = 5; x > 2; x--) {
        assert_int_equal(namidb_query_next(query, &row, NULL), 0);
        assert_int_equal(row->as.integer, x);
    }
    assert_int_equal(namidb_query_next(query, &row, NULL), NAMIDB_NONE);
    namidb_query_close(query);
    namidb_plan_free(plan);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

/* What a map is made of was not evaluated: none of it is looked at. With the
 * sanitizers, whose arenas hold no flag, a look is a failure. */
static void test_query__a_map_of_what_cannot_be(void **state)
{
    const namidb_value list = ndb_list(NULL, 0);
    namidb_query_options options;
    const namidb_value *row;
    namidb_snapshot *snapshot;
    namidb_query *query;
    namidb_plan *plan;
    namidb *db = open_db();

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    assert_int_equal(
        namidb_plan_new(&plan, MAP_PLAN, sizeof MAP_PLAN, NULL, 0, NULL), 0);
    namidb_query_options_init(&options);
    assert_int_equal(
        namidb_query_open(&query, plan, snapshot, NULL, &list, &options, NULL),
        0);
    assert_int_equal(namidb_query_next(query, &row, NULL), NAMIDB_EINVAL);
    namidb_query_close(query);
    namidb_plan_free(plan);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

static void test_query__one_that_is_canceled_gives_no_row(void **state)
{
    namidb_value item = ndb_integer(1), list = ndb_list(&item, 1);
    namidb_query_options options;
    namidb_snapshot *snapshot;
    const namidb_value *row;
    namidb_query *query;
    namidb_error err;
    namidb *db = open_db();
    namidb_plan *plan = new_plan();

    (void)state;
    assert_int_equal(namidb_snapshot_open(&snapshot, db, NULL), 0);
    namidb_query_options_init(&options);
    assert_int_equal(
        namidb_query_open(&query, plan, snapshot, NULL, &list, &options, NULL),
        0);
    namidb_query_cancel(query);
    assert_int_equal(namidb_query_next(query, &row, &err), NAMIDB_ECANCELED);
    namidb_query_close(query);
    /* The next run of the plan takes over what this one had. */
    assert_int_equal(run(plan, snapshot, 1, 3), 0);
    namidb_plan_free(plan);
    namidb_snapshot_close(snapshot);
    namidb_close(db);
}

struct runner {
    pthread_t thread;
    namidb *db;
    namidb_plan *plan;
};

static void *run_many(void *context)
{
    struct runner *runner = context;
    namidb_snapshot *snapshot;

    assert_int_equal(namidb_snapshot_open(&snapshot, runner->db, NULL), 0);
    for (uint32_t i = 0; i < RUNS; i++)
        assert_int_equal(
            run(runner->plan, snapshot, i, 1 + i % (ITEMS_MAX - 1)), 0);
    namidb_snapshot_close(snapshot);
    return NULL;
}

static void test_query__threads_share_a_plan(void **state)
{
    struct runner runners[THREADS];
    namidb *db = open_db();
    namidb_plan *plan = new_plan();

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        runners[i] = (struct runner){ .db = db, .plan = plan };
        assert_int_equal(
            pthread_create(&runners[i].thread, NULL, run_many, &runners[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(runners[i].thread, NULL);
    namidb_plan_free(plan);
    namidb_close(db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query__a_run_after_the_first_allocates_nothing),
        cmocka_unit_test(
            test_query__what_is_there_now_of_a_schema_that_is_known),
        cmocka_unit_test(test_query__out_of_memory_at_any_place),
        cmocka_unit_test(test_query__one_left_open_is_not_another_ones),
        cmocka_unit_test(test_query__the_first_rows_by_no_key),
        cmocka_unit_test(test_query__a_map_of_what_cannot_be),
        cmocka_unit_test(test_query__one_that_is_canceled_gives_no_row),
        cmocka_unit_test(test_query__threads_share_a_plan),
    };

    return cmocka_run_group_tests_name("exec_query", tests, NULL, NULL);
}
