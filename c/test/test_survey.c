/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Surveys: constraints are checked while others write, and what they write is
 * looked at all the same.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/mem.h"
#include "engine/db_internal.h"
#include "engine/pack_run.h"
#include "namidb_rows.h"
#include "world.h"

enum { NODES = 40 };

struct model {
    struct world world;
    struct ndb_store *faulty;
    namidb *db;
    uint32_t label, type, prop;
    uint64_t nodes[NODES], edges[NODES];
    uint64_t others; /* edges beside those */
};

static uint32_t number(namidb_tx *tx, enum namidb_name_kind kind,
                       const char *name)
{
    uint32_t found = 0;

    (void)namidb_tx_number(tx, kind, name, strlen(name), &found, NULL);
    return found;
}

static namidb_tx *begin(struct model *model)
{
    namidb_error err;
    namidb_tx *tx;

    world_ok(&model->world, namidb_tx_begin(&tx, model->db, -1, &err), err);
    model->label = number(tx, NAMIDB_LABEL, "S");
    model->type = number(tx, NAMIDB_TYPE, "E");
    model->prop = number(tx, NAMIDB_PROPERTY, "v");
    return tx;
}

static int commit(namidb_tx *tx)
{
    return namidb_tx_commit(tx, -1, NULL, NULL);
}

/* A value of few, so that some are the same; now and then none. */
static namidb_value any_value(struct model *model, uint64_t values)
{
    uint64_t n = ndb_rand_below(&model->world.rand, values + 1);

    return n == 0
               ? (namidb_value){ .kind = NAMIDB_NULL }
               : (namidb_value){ .kind = NAMIDB_INT, .as.integer = (int64_t)n };
}

/* Writes an edge like no other, and edge i, in one call. */
static void write_edges(struct model *model, namidb_tx *tx, uint32_t i,
                        namidb_value value)
{
    const uint64_t ends[2] = { model->nodes[i], model->nodes[i] };
    const namidb_value values[2] = {
        { .kind = NAMIDB_INT, .as.integer = 1000 + (int64_t)++model->others },
        value
    };
    const namidb_column column = { model->prop, { values, 1 } };
    const namidb_edge_rows rows = { .count = 2,
                                    .type = model->type,
                                    .from = ends,
                                    .to = ends,
                                    .props = { &column, 1 } };
    namidb_error err;
    uint64_t ids[2];
    size_t bad_row;

    world_ok(&model->world, namidb_put_edges(tx, &rows, ids, &bad_row, &err),
             err);
    model->edges[i] = ids[1];
}

/* Writes node i and edge i, whatever they were. */
static void write_row(struct model *model, namidb_tx *tx, uint32_t i,
                      namidb_value value)
{
    const namidb_property prop = { model->prop, value };
    const namidb_props props = { &prop, 1 };
    namidb_error err;

    if (model->nodes[i] == 0) {
        world_ok(&model->world,
                 namidb_create_node(tx, &model->label, 1, props,
                                    &model->nodes[i], &err),
                 err);
        write_edges(model, tx, i, value);
        return;
    }
    world_ok(&model->world, namidb_set_node(tx, model->nodes[i], props, &err),
             err);
    world_ok(&model->world, namidb_set_edge(tx, model->edges[i], props, &err),
             err);
}

static void delete_row(struct model *model, namidb_tx *tx, uint32_t i)
{
    namidb_error err;

    if (model->nodes[i] == 0)
        return;
    world_ok(&model->world, namidb_delete_node(tx, model->nodes[i], true, &err),
             err);
    model->nodes[i] = 0;
}

static void change(struct model *model, uint32_t count, uint64_t values)
{
    namidb_tx *tx = begin(model);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)ndb_rand_below(&model->world.rand, NODES);

        if (ndb_rand_below(&model->world.rand, 5) == 0)
            delete_row(model, tx, at);
        else
            write_row(model, tx, at, any_value(model, values));
    }
    assert_int_equal(commit(tx), 0);
}

static void open_model(struct model *model, uint64_t seed)
{
    namidb_error err;

    memset(model, 0, sizeof *model);
    world_begin(&model->world, seed);
    world_ok(&model->world,
             world_open(&model->world, &model->db, &model->faulty, &err), err);
}

static void close_model(struct model *model)
{
    namidb_close(model->db);
    world_end(&model->world);
}

static namidb_schema_item item_of(const struct model *model,
                                  enum namidb_rule rule, bool is_edge)
{
    return (namidb_schema_item){ .rule = rule,
                                 .is_edge = is_edge,
                                 .target = is_edge ? model->type : model->label,
                                 .prop_count = 1,
                                 .props = { model->prop },
                                 .kinds = rule == NAMIDB_RULE_TYPE
                                              ? 1u << NAMIDB_STRING
                                              : 0,
                                 .name = "asked" };
}

/* What declaring says, and nothing stays declared. */
static int declare(struct model *model, namidb_schema_item item,
                   namidb_survey *survey)
{
    namidb_tx *tx = begin(model);
    int rc = namidb_schema_create(tx, &item, survey, NULL);

    namidb_tx_abort(tx);
    return rc;
}

/* --------------------------------------------------------------- the same --
 */

/* A survey and what was written since say what looking at all says. */
static void test_survey__it_says_what_a_look_at_everything_says(void **state)
{
    /* How many values there are: mostly obeyed, often broken. */
    static const uint64_t values[NAMIDB_RULE_COUNT][2] = {
        [NAMIDB_RULE_UNIQUE] = { 400, 20 },
        [NAMIDB_RULE_KEY] = { 400, 20 },
        [NAMIDB_RULE_NOT_NULL] = { 100, 5 },
        [NAMIDB_RULE_TYPE] = { 0, 5 },
    };
    uint32_t counts[2][2] = { { 0, 0 }, { 0, 0 } };

    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        enum namidb_rule rule = (enum namidb_rule)(1 + seed % 4);
        struct model model;
        namidb_survey *survey;
        namidb_schema_item item;
        int rc, wanted;

        open_model(&model, seed);
        change(&model, 12, values[rule][seed % 8 == 0]);
        if (seed % 3 == 0)
            assert_int_equal(namidb_flush(model.db, -1, NULL), 0);
        item = item_of(&model, rule, seed % 5 == 0);
        wanted = declare(&model, item, NULL);
        rc = namidb_survey_open(&survey, model.db, &item, -1, NULL);
        assert_int_equal(rc, wanted);
        counts[0][rc < 0]++;
        if (rc >= 0) {
            change(&model, 3, values[rule][seed / 4 % 2]);
            if (seed % 7 == 0)
                assert_int_equal(namidb_flush(model.db, -1, NULL), 0);
            wanted = declare(&model, item, NULL);
            rc = declare(&model, item, survey);
            assert_int_equal(rc, wanted);
            counts[1][rc < 0]++;
        }
        namidb_survey_close(survey);
        close_model(&model);
    }
    /* Both answers came, before and after. */
    for (int i = 0; i < 4; i++)
        assert_true(counts[i / 2][i % 2] > 10);
}

/* ---------------------------------------------------------------- at once --
 */

struct gate {
    enum ndb_store_op op; /* that it is for */
    atomic_bool is_shut;
    atomic_uint waiting;
    atomic_int rc; /* 1: not yet */
    struct model *model;
    namidb_schema_item item;
};

/* Requests of that kind wait while the gate is shut. */
static void pass_gate(void *context, const struct ndb_request *request)
{
    struct gate *gate = context;

    if (request->op != gate->op)
        return;
    atomic_fetch_add(&gate->waiting, 1);
    while (atomic_load(&gate->is_shut))
        (void)sched_yield();
}

/* What a commit wrote that fails is as if it had not been written: the survey
 * sees 1 and 2, as was submitted, and then there are 1 and 1. */
static void test_survey__what_is_rolled_back_does_not_count(void **state)
{
    const namidb_value one = { .kind = NAMIDB_INT, .as.integer = 1 };
    const namidb_value two = { .kind = NAMIDB_INT, .as.integer = 2 };
    struct gate gate = { .op = NDB_PUT_IF_ABSENT, .is_shut = true };
    namidb_survey *survey;
    namidb_ticket *ticket;
    struct model model;
    namidb_error err;
    namidb_tx *tx;

    (void)state;
    open_model(&model, 1);
    tx = begin(&model);
    write_row(&model, tx, 0, one);
    write_row(&model, tx, 1, one);
    assert_int_equal(commit(tx), 0);
    ndb_faulty_plan(model.faulty,
                    &(struct ndb_fault_plan){ .ops = 1u << NDB_PUT_IF_ABSENT,
                                              .fault = NDB_FAULT_EXPIRED,
                                              .at = 1 });
    ndb_faulty_gate(model.faulty, pass_gate, &gate);
    tx = begin(&model);
    write_row(&model, tx, 1, two);
    world_ok(&model.world, namidb_tx_commit(tx, -1, &ticket, &err), err);
    gate.item = item_of(&model, NAMIDB_RULE_UNIQUE, false);
    world_ok(&model.world,
             namidb_survey_open(&survey, model.db, &gate.item, -1, &err), err);
    atomic_store(&gate.is_shut, false);
    assert_int_equal(namidb_ticket_wait(ticket, -1, &err), NAMIDB_EIO);
    namidb_ticket_free(ticket);
    assert_int_equal(declare(&model, gate.item, survey), NAMIDB_ECONSTRAINT);
    namidb_survey_close(survey);
    close_model(&model);
}

static void *run_survey(void *context)
{
    struct gate *gate = context;
    namidb_survey *survey;
    namidb_error err;
    int rc =
        namidb_survey_open(&survey, gate->model->db, &gate->item, -1, &err);

    if (rc >= 0)
        rc = declare(gate->model, gate->item, survey);
    namidb_survey_close(survey);
    atomic_store(&gate->rc, rc);
    return NULL;
}

/* A writer that has its rows in packs and nothing in its cache, and a survey
 * that waits for the first of them. */
static void begin_gate(struct gate *gate, struct model *model,
                       pthread_t *thread)
{
    namidb_error err;
    namidb_tx *tx;

    open_model(model, 7);
    tx = begin(model);
    for (uint32_t i = 3; i < NODES; i++)
        write_row(model, tx, i,
                  (namidb_value){ .kind = NAMIDB_INT, .as.integer = i });
    assert_int_equal(commit(tx), 0);
    assert_int_equal(namidb_flush(model->db, -1, NULL), 0);
    namidb_close(model->db);
    world_ok(&model->world,
             world_open(&model->world, &model->db, &model->faulty, &err), err);
    *gate = (struct gate){
        .op = NDB_GET, .is_shut = true, .rc = 1, .model = model
    };
    gate->item = item_of(model, NAMIDB_RULE_UNIQUE, false);
    ndb_faulty_gate(model->faulty, pass_gate, gate);
    assert_int_equal(pthread_create(thread, NULL, run_survey, gate), 0);
    while (atomic_load(&gate->waiting) == 0)
        (void)sched_yield();
}

static void test_survey__others_write_while_it_looks(void **state)
{
    struct model model;
    pthread_t thread;
    struct gate gate;
    namidb_tx *tx;

    (void)state;
    begin_gate(&gate, &model, &thread);
    for (uint32_t i = 0; i < 3; i++) {
        tx = begin(&model);
        write_row(&model, tx, i,
                  (namidb_value){ .kind = NAMIDB_INT,
                                  .as.integer = i == 2 ? 9 : 1000 + i });
        assert_int_equal(commit(tx), 0);
    }
    assert_int_equal(atomic_load(&gate.rc), 1);
    atomic_store(&gate.is_shut, false);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&gate.rc), NAMIDB_ECONSTRAINT);
    close_model(&model);
}

static void *run_close(void *context)
{
    namidb_close(context);
    return NULL;
}

static void test_survey__closing_ends_it(void **state)
{
    pthread_t thread, closer;
    struct model model;
    struct gate gate;

    (void)state;
    begin_gate(&gate, &model, &thread);
    (void)ndb_db_ref(model.db);
    assert_int_equal(pthread_create(&closer, NULL, run_close, model.db), 0);
    while (!ndb_db_is_stopping(model.db))
        (void)sched_yield();
    atomic_store(&gate.is_shut, false);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_join(closer, NULL), 0);
    assert_int_equal(atomic_load(&gate.rc), NAMIDB_ECANCELED);
    ndb_db_unref(model.db);
    world_end(&model.world);
}

/* Whether some pack of the handle has entries that were sorted for a search. */
static bool has_runs(struct model *model)
{
    struct ndb_snapshot snapshot;
    bool has = false;

    ndb_db_snapshot(model->db, &snapshot);
    for (uint32_t i = 0; i < snapshot.view->layer_count; i++) {
        struct ndb_pack *pack = snapshot.view->layers[i].pack;

        has |= pack != NULL && ndb_pack_runs_of(pack)->first != NULL;
    }
    ndb_view_unref(snapshot.view);
    return has;
}

/* What it sorted serves those who write next, until the index is built; of a
 * survey that nothing comes of nothing stays. */
static void
test_survey__what_it_sorted_stays_as_long_as_it_is_wanted(void **state)
{
    namidb_schema_item item;
    namidb_survey *survey;
    struct model model;
    namidb_error err;
    namidb_tx *tx;

    (void)state;
    open_model(&model, 4);
    change(&model, 30, 1000000);
    assert_int_equal(namidb_flush(model.db, -1, NULL), 0);
    item = item_of(&model, NAMIDB_RULE_UNIQUE, false);
    world_ok(&model.world,
             namidb_survey_open(&survey, model.db, &item, -1, &err), err);
    assert_true(has_runs(&model));
    namidb_survey_close(survey);
    assert_false(has_runs(&model));
    world_ok(&model.world,
             namidb_survey_open(&survey, model.db, &item, -1, &err), err);
    tx = begin(&model);
    world_ok(&model.world, namidb_schema_create(tx, &item, survey, &err), err);
    namidb_survey_close(survey);
    assert_true(has_runs(&model));
    assert_int_equal(commit(tx), 0);
    assert_int_equal(namidb_indexes_wait(model.db, -1, NULL), 0);
    change(&model, 5, 1000000);
    assert_false(has_runs(&model));
    close_model(&model);
}

/* Whether it looks at an order or at each row. */
static void test_survey__it_ends_at_its_deadline(void **state)
{
    static const enum namidb_rule rules[] = { NAMIDB_RULE_UNIQUE,
                                              NAMIDB_RULE_TYPE };
    struct model model;

    (void)state;
    open_model(&model, 3);
    change(&model, 30, 0);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        namidb_schema_item item = item_of(&model, rules[i], false);
        namidb_survey *survey;
        namidb_error err;

        assert_int_equal(namidb_survey_open(&survey, model.db, &item, 0, &err),
                         NAMIDB_ETIMEOUT);
        assert_null(survey);
        assert_int_equal(namidb_survey_open(&survey, model.db, &item, -1, &err),
                         0);
        namidb_survey_close(survey);
    }
    close_model(&model);
}

static void test_survey__no_memory_is_said(void **state)
{
    namidb_schema_item item;
    struct model model;
    bool is_done = false;

    (void)state;
    open_model(&model, 5);
    change(&model, 30, 1000000);
    item = item_of(&model, NAMIDB_RULE_UNIQUE, false);
    for (uint64_t k = 1; !is_done; k++) {
        namidb_survey *survey;
        int rc;

        ndb_mem_fail_from(k);
        rc = namidb_survey_open(&survey, model.db, &item, -1, NULL);
        ndb_mem_fail_from(0);
        is_done = rc >= 0;
        assert_true(is_done || rc == NAMIDB_ENOMEM);
        if (is_done)
            assert_int_equal(declare(&model, item, survey), 0);
        namidb_survey_close(survey);
    }
    close_model(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_survey__it_says_what_a_look_at_everything_says),
        cmocka_unit_test(test_survey__what_is_rolled_back_does_not_count),
        cmocka_unit_test(test_survey__others_write_while_it_looks),
        cmocka_unit_test(test_survey__closing_ends_it),
        cmocka_unit_test(
            test_survey__what_it_sorted_stays_as_long_as_it_is_wanted),
        cmocka_unit_test(test_survey__it_ends_at_its_deadline),
        cmocka_unit_test(test_survey__no_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
