/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: what decodes runs, over a small graph of which half is flushed, within
 * its bounds of rows, memory and time. What the query answers is its own
 * business. */
#include "fuzz/fuzz.h"

#include "exec/plan.h"
#include "namidb.h"

enum { ROWS_MAX = 64, PARAMS_MAX = 64, CONSTANTS = 32, NODES = 6 };

static uint32_t number_of(namidb_tx *tx, enum namidb_name_kind kind,
                          const char *name)
{
    uint32_t number;

    FUZZ_CHECK(namidb_tx_number(tx, kind, name, strlen(name), &number, NULL) >=
               0);
    return number;
}

/* Nodes of A, or A and B, in a ring of R with chords of S, and one by itself.
 */
static void put_graph(namidb *db)
{
    static const char *const LABELS[] = { "A", "B" }, *const TYPES[] = { "R",
                                                                         "S" };
    namidb_tx *tx = NULL;
    uint64_t ids[NODES], edge;
    namidb_error err;

    FUZZ_CHECK(namidb_tx_begin(&tx, db, 1000, &err) >= 0);
    for (int i = 0; i < NODES; i++) {
        const uint32_t labels[] = { number_of(tx, NAMIDB_LABEL, LABELS[0]),
                                    number_of(tx, NAMIDB_LABEL, LABELS[1]) };
        const namidb_property items[] = {
            { number_of(tx, NAMIDB_PROPERTY, "i"), ndb_integer(i) },
            { number_of(tx, NAMIDB_PROPERTY, "s"), ndb_string("text", 4) },
            { number_of(tx, NAMIDB_PROPERTY, "f"), ndb_float(i / 4.0) },
        };
        const namidb_props props = { items, (size_t)i % 4 };

        FUZZ_CHECK(namidb_create_node(tx, labels, (size_t)(i % 3), props,
                                      &ids[i], &err) >= 0);
        for (int hop = 1; i > 0 && hop <= 2 && hop <= i; hop++)
            FUZZ_CHECK(
                namidb_put_edge(tx, number_of(tx, NAMIDB_TYPE, TYPES[hop - 1]),
                                ids[i], ids[i - hop], props, &edge, &err) >= 0);
    }
    FUZZ_CHECK(namidb_tx_commit(tx, 1000, NULL, &err) >= 0);
}

/* Opened once: a plan that writes is aborted. */
static namidb *database(void)
{
    static namidb *db;
    namidb_options options;
    namidb_error err;

    if (db == NULL) {
        namidb_options_init(&options);
        FUZZ_CHECK(namidb_open(&db, "memory://fuzz", &options, &err) >= 0);
        put_graph(db);
        FUZZ_CHECK(namidb_flush(db, 10000, &err) >= 0);
        put_graph(db);
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
    const namidb_value kinds[] = {
        ndb_integer(3),         ndb_string("year", 4), ndb_float(0.5),
        ndb_boolean(true),      ndb_list(items, 2),    ndb_null(),
        ndb_integer(INT64_MAX), ndb_integer(0),
    };
    namidb_value constants[CONSTANTS];
    namidb_plan *plan;
    namidb_error err = { .code = 0 };

    for (size_t i = 0; i < CONSTANTS; i++)
        constants[i] = kinds[i % (sizeof kinds / sizeof *kinds)];
    if (namidb_plan_new(&plan, data, size, constants, CONSTANTS, &err) >= 0)
        run(plan);
    else
        FUZZ_CHECK(plan == NULL && err.message[0] != '\0');
    namidb_plan_free(plan);
    return 0;
}
