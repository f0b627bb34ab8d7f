/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges at a node, asked for now and then while edges come, go and are
 * taken back: they are those of a plain list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "engine/memtable.h"

enum { NODES = 12, EDGES = 40, STEPS = 400, TYPE = 1 };

struct model_change {
    uint64_t version, id, from, to;
};

struct model {
    struct ndb_memtable *memtable;
    struct model_change changes[STEPS];
    size_t count;
    uint64_t version;
    uint64_t seed;
    struct ndb_rand rand;
};

static uint64_t node_id(uint64_t number)
{
    return NAMIDB_ID(number + 1, 3);
}

/* The ends of an edge are those of its first change. */
static const struct model_change *first_of(const struct model *model,
                                           uint64_t id)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->changes[i].id == id)
            return &model->changes[i];
    return NULL;
}

static void put(struct model *model)
{
    uint64_t id = NAMIDB_ID(1 + ndb_rand_below(&model->rand, EDGES), TYPE);
    const struct model_change *first = first_of(model, id);
    struct model_change change = {
        .version = model->version,
        .id = id,
        .from = node_id(ndb_rand_below(&model->rand, NODES)),
        .to = node_id(ndb_rand_below(&model->rand, NODES)),
    };
    struct ndb_record record = { .kind = NDB_RECORD_EDGE, .id = id };

    if (first != NULL) {
        change.from = first->from;
        change.to = first->to;
        if (ndb_rand_below(&model->rand, 3) == 0)
            record.kind = NDB_RECORD_EDGE_DELETE;
    }
    record.from = change.from;
    record.to = change.to;
    record.is_new = first == NULL;
    assert_int_equal(
        ndb_memtable_apply(model->memtable, model->version, &record, 1), 0);
    model->changes[model->count++] = change;
}

static void take_back(struct model *model)
{
    uint64_t version = 1 + ndb_rand_below(&model->rand, model->version);

    if (model->version - version > 5)
        version = model->version - 5;
    ndb_memtable_rollback(model->memtable, version);
    while (model->count != 0 &&
           model->changes[model->count - 1].version >= version)
        model->count--;
}

static bool is_at(const struct model *model, size_t change, uint64_t node,
                  enum namidb_direction direction)
{
    const struct model_change *at = &model->changes[change];

    return first_of(model, at->id) == at &&
           (direction == NAMIDB_OUT ? at->from : at->to) == node;
}

static void check_node(const struct model *model, uint64_t node,
                       enum namidb_direction direction)
{
    struct ndb_memtable_edges edges = NDB_MEMTABLE_EDGES_INIT;
    size_t wanted = 0;

    if (ndb_memtable_edges_at(model->memtable, node, NAMIDB_ANY, direction,
                              model->version, &edges) < 0)
        fail_msg("seed %llu: edges_at", (unsigned long long)model->seed);
    for (size_t i = 0; i < model->count; i++) {
        size_t found = 0;

        if (!is_at(model, i, node, direction))
            continue;
        wanted++;
        for (size_t j = 0; j < edges.count; j++)
            found += edges.items[j].id == model->changes[i].id;
        if (found != 1)
            fail_msg("seed %llu: an edge is there %zu times",
                     (unsigned long long)model->seed, found);
    }
    if (wanted != edges.count)
        fail_msg("seed %llu: %zu edges for %zu",
                 (unsigned long long)model->seed, edges.count, wanted);
    ndb_memtable_edges_release(&edges);
}

static void run(uint64_t seed)
{
    struct model *model = ndb_calloc(1, sizeof *model);

    model->seed = seed;
    model->rand = (struct ndb_rand){ seed };
    model->version = 1;
    assert_int_equal(ndb_memtable_new(&model->memtable), 0);
    for (int step = 0; step < STEPS; step++) {
        uint64_t what = ndb_rand_below(&model->rand, 20);

        if (what < 15)
            put(model);
        else if (what < 17)
            model->version++;
        else if (what == 17)
            take_back(model);
        else
            check_node(model, node_id(ndb_rand_below(&model->rand, NODES)),
                       what == 18 ? NAMIDB_OUT : NAMIDB_IN);
    }
    for (uint64_t i = 0; i < NODES; i++) {
        check_node(model, node_id(i), NAMIDB_OUT);
        check_node(model, node_id(i), NAMIDB_IN);
    }
    ndb_memtable_unref(model->memtable);
    ndb_free(model);
}

static void test_ends__are_those_of_a_plain_list(void **state)
{
    const char *text = getenv("NAMIDB_SEED");
    uint64_t seed = 0;

    (void)state;
    if (text != NULL) {
        run(strtoull(text, NULL, 10));
        return;
    }
    ndb_rand_bytes(&seed, sizeof seed);
    for (uint64_t i = 0; i < 300; i++)
        run(seed + i);
}

/* Whoever asks without memory is told so, and asks again. */
static void test_ends__without_memory_are_asked_for_again(void **state)
{
    struct model *model = ndb_calloc(1, sizeof *model);
    int rc = NAMIDB_ENOMEM;
    uint64_t fault = 0;

    (void)state;
    model->rand = (struct ndb_rand){ 1 };
    model->version = 1;
    assert_int_equal(ndb_memtable_new(&model->memtable), 0);
    for (int i = 0; i < STEPS; i++)
        put(model);
    while (rc < 0) {
        struct ndb_memtable_edges edges = NDB_MEMTABLE_EDGES_INIT;

        ndb_mem_fail_from(++fault);
        rc = ndb_memtable_edges_at(model->memtable, node_id(0), NAMIDB_ANY,
                                   NAMIDB_OUT, 1, &edges);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
        ndb_memtable_edges_release(&edges);
    }
    assert_true(fault > 2);
    for (uint64_t i = 0; i < NODES; i++)
        check_node(model, node_id(i), NAMIDB_IN);
    ndb_memtable_unref(model->memtable);
    ndb_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends__are_those_of_a_plain_list),
        cmocka_unit_test(test_ends__without_memory_are_asked_for_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
