/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: what decodes runs, over a namespace without nodes, within its bounds
 * of rows, memory and time. What the query answers is its own business. */
#include "fuzz/fuzz.h"

#include "exec/plan.h"
#include "namidb.h"

enum { ROWS_MAX = 64, PARAMS_MAX = 64 };

/* Opened once: a plan that writes is aborted. */
static namidb *database(void)
{
    static namidb *db;
    namidb_options options;
    namidb_error err;

    if (db == NULL) {
        namidb_options_init(&options);
        FUZZ_CHECK(namidb_open(&db, "memory://fuzz", &options, &err) >= 0);
    }
    return db;
}

static void pull(namidb_plan *plan, namidb_snapshot *snapshot, namidb_tx *tx)
{
    static const namidb_value PARAMS[PARAMS_MAX];
    namidb_query_options options;
    namidb_query *query = NULL;
    const namidb_value *row;
    namidb_error err;

    namidb_query_options_init(&options);
    options.timeout_ms = 200;
    options.max_memory = UINT64_C(4) << 20;
    options.is_profiled = true;
    if (namidb_query_open(&query, plan, snapshot, tx, PARAMS, &options, &err) >=
        0)
        for (int i = 0; i < ROWS_MAX; i++)
            if (namidb_query_next(query, &row, &err) != NAMIDB_OK)
                break;
    namidb_query_close(query);
}

static void run(namidb_plan *plan)
{
    namidb_snapshot *snapshot = NULL;
    namidb_tx *tx = NULL;
    namidb_error err;

    if (namidb_plan_param_count(plan) > PARAMS_MAX)
        return;
    if (namidb_plan_is_writing(plan)) {
        FUZZ_CHECK(namidb_tx_begin(&tx, database(), 1000, &err) >= 0);
    } else {
        FUZZ_CHECK(namidb_snapshot_open(&snapshot, database(), &err) >= 0);
    }
    pull(plan, snapshot, tx);
    namidb_tx_abort(tx);
    namidb_snapshot_close(snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const namidb_value items[] = { ndb_integer(1), ndb_null() };
    const namidb_value constants[] = {
        ndb_integer(3),         ndb_string("year", 4), ndb_float(0.5),
        ndb_boolean(true),      ndb_list(items, 2),    ndb_null(),
        ndb_integer(INT64_MAX),
    };
    namidb_plan *plan;
    namidb_error err = { .code = 0 };

    if (namidb_plan_new(&plan, data, size, constants,
                        sizeof constants / sizeof *constants, &err) >= 0)
        run(plan);
    else
        FUZZ_CHECK(plan == NULL && err.message[0] != '\0');
    namidb_plan_free(plan);
    return 0;
}
