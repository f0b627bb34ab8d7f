/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "exec/plan.h"
#include "exec/scalar.h"
#include "namidb_batch.h"

enum { ITEMS = 5000, TIMEOUT_MS = 10000 };

/* UNWIND $p AS x RETURN x, [x, x] AS l */
static const uint8_t PLAN[] = {
    3,
    'p',
    'x',
    'l', /* texts */
    2,
    0, /* slots, names */
    1,
    1, /* parameter */
    2,
    1,
    0,
    1,
    1, /* columns */
    NDB_OP_PROJECT,
    1,
    1,
    NDB_EXPR_LIST,
    2,
    NDB_EXPR_SLOT,
    0,
    NDB_EXPR_SLOT,
    0,
    NDB_OP_UNWIND,
    0,
    NDB_EXPR_PARAM,
    0,
    1,
    0, /* live: slot 0 */
    NDB_OP_ARGUMENT,
    0,
    0, /* of no batch, live: none */
};

struct world {
    namidb *db;
    namidb_plan *plan;
    namidb_snapshot *snapshot;
};

static int open_world(void **state)
{
    static struct world world;
    namidb_options options;

    namidb_options_init(&options);
    *state = &world;
    return namidb_open(&world.db, "memory://batch", &options, NULL) |
           namidb_snapshot_open(&world.snapshot, world.db, NULL) |
           namidb_plan_new(&world.plan, PLAN, sizeof PLAN, NULL, 0, NULL);
}

static int close_world(void **state)
{
    struct world *world = *state;

    namidb_snapshot_close(world->snapshot);
    namidb_plan_free(world->plan);
    namidb_close(world->db);
    return 0;
}

/* The query over the integers from 0 on. */
static namidb_query *open_query(struct world *world, uint32_t count,
                                uint64_t max_memory)
{
    static namidb_value items[ITEMS];
    namidb_value list = ndb_list(items, count);
    namidb_query_options options;
    namidb_query *query;

    for (uint32_t i = 0; i < count; i++)
        items[i] = ndb_integer(i);
    namidb_query_options_init(&options);
    options.max_memory = max_memory;
    assert_int_equal(namidb_query_open(&query, world->plan, world->snapshot,
                                       NULL, &list, &options, NULL),
                     0);
    return query;
}

/* Checks that a batch has the rows from `first` on; returns how many. */
static uint32_t check_rows(const namidb_batch *batch, uint32_t first)
{
    const namidb_value *rows = namidb_batch_value(batch);

    assert_int_equal(rows->kind, NAMIDB_LIST);
    for (uint32_t i = 0; i < rows->size; i++) {
        const namidb_value *cells = rows->as.items[i].as.items;

        assert_int_equal(rows->as.items[i].size, 2);
        assert_int_equal(cells[0].as.integer, first + i);
        assert_int_equal(cells[1].size, 2);
        assert_int_equal(cells[1].as.items[1].as.integer, first + i);
    }
    return rows->size;
}

static void test_batch__rows_go_on_where_the_last_batch_ended(void **state)
{
    static const size_t SIZES[] = { 1, 7, 1000, 2048, 3000, SIZE_MAX };

    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        namidb_query *query = open_query(*state, ITEMS, SIZE_MAX);
        uint32_t count = 0, taken;

        do {
            namidb_batch *batch;

            assert_int_equal(
                namidb_query_take(query, SIZES[i], TIMEOUT_MS, &batch, NULL),
                0);
            taken = check_rows(batch, count);
            assert_true(taken == SIZES[i] || count + taken == ITEMS);
            count += taken;
            namidb_batch_free(batch);
        } while (taken != 0);
        assert_int_equal(count, ITEMS);
        namidb_query_close(query);
    }
}

static void test_batch__outlives_its_query(void **state)
{
    namidb_query *query = open_query(*state, 100, SIZE_MAX);
    namidb_batch *batch;

    assert_int_equal(namidb_query_take(query, 50, TIMEOUT_MS, &batch, NULL), 0);
    namidb_query_close(query);
    assert_int_equal(check_rows(batch, 0), 50);
    namidb_batch_free(batch);
    namidb_batch_free(NULL);
}

static void test_batch__larger_than_the_memory_of_the_query(void **state)
{
    namidb_query *query = open_query(*state, ITEMS, 400 << 10);
    namidb_batch *batch;
    namidb_error err;

    assert_int_equal(namidb_query_take(query, 100, TIMEOUT_MS, &batch, &err),
                     0);
    namidb_batch_free(batch);
    assert_int_equal(
        namidb_query_take(query, SIZE_MAX, TIMEOUT_MS, &batch, &err),
        NAMIDB_ELIMIT);
    assert_null(batch);
    assert_int_equal(err.code, NAMIDB_ELIMIT);
    namidb_query_close(query);
}

static void test_batch__out_of_memory_at_any_place(void **state)
{
    int rc = NAMIDB_ENOMEM;

    for (uint64_t k = 1; rc < 0; k++) {
        namidb_query *query = open_query(*state, ITEMS, SIZE_MAX);
        namidb_batch *batch;
        namidb_error err;

        ndb_mem_fail_from(k);
        rc = namidb_query_take(query, SIZE_MAX, TIMEOUT_MS, &batch, &err);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK ? check_rows(batch, 0) == ITEMS
                                    : err.code == NAMIDB_ENOMEM);
        namidb_batch_free(batch);
        namidb_query_close(query);
    }
}

static void test_batch__has_the_time_of_its_own_call(void **state)
{
    namidb_query *query = open_query(*state, ITEMS, SIZE_MAX);
    namidb_batch *batch;
    namidb_error err;

    assert_int_equal(namidb_query_take(query, 10, 0, &batch, &err),
                     NAMIDB_ETIMEOUT);
    assert_null(batch);
    namidb_query_close(query);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch__rows_go_on_where_the_last_batch_ended),
        cmocka_unit_test(test_batch__outlives_its_query),
        cmocka_unit_test(test_batch__larger_than_the_memory_of_the_query),
        cmocka_unit_test(test_batch__out_of_memory_at_any_place),
        cmocka_unit_test(test_batch__has_the_time_of_its_own_call),
    };

    return cmocka_run_group_tests_name("batch", tests, open_world, close_world);
}
