/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <stdio.h>

#include "base/mem.h"
#include "format/value.h"

enum { SEEDS = 150, KEYS = 45, PROBES = MODEL_TABLES * KEYS };

/* Every key that the model may use in every table, and some that it does not.
 */
static void fill_probes(struct ndb_key_probe probes[PROBES],
                        char texts[PROBES][8])
{
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t number = i % KEYS;

        probes[i] = (struct ndb_key_probe){ .table = i / KEYS, .id = 77 };
        snprintf(texts[i], sizeof texts[i], "k%u", number);
        if (number % 2 != 0)
            probes[i].key = (namidb_value){ .kind = NAMIDB_STRING,
                                            .size = (uint32_t)strlen(texts[i]),
                                            .as.bytes = texts[i] };
        else
            probes[i].key = (namidb_value){ .kind = NAMIDB_INT,
                                            .as.integer = (int64_t)number };
    }
}

static uint64_t expected(const struct model *model, uint32_t probe)
{
    char text[16];

    snprintf(text, sizeof text, probe % KEYS % 2 != 0 ? "k%u" : "#%u",
             probe % KEYS);
    for (size_t i = 0; i < model->node_count; i++)
        if (model->nodes[i].is_alive &&
            NAMIDB_ID_TABLE(model->nodes[i].id) == probe / KEYS &&
            strcmp(model->nodes[i].key_text, text) == 0)
            return model->nodes[i].id;
    return 0;
}

static void check_all(const struct model *model,
                      const struct ndb_snapshot *snapshot, size_t step,
                      bool use_filters)
{
    struct ndb_key_probe probes[PROBES];
    char texts[PROBES][8];

    fill_probes(probes, texts);
    for (size_t i = 0; i < PROBES; i += step)
        model_assert(model, ndb_read_keys(snapshot, probes + i, step,
                                          use_filters, NULL) == NAMIDB_OK);
    for (uint32_t i = 0; i < PROBES; i++)
        model_assert(model, probes[i].id == expected(model, i));
}

static void check_layers(const struct model *model,
                         const struct ndb_snapshot *snapshot)
{
    check_all(model, snapshot, PROBES, false);
    check_all(model, snapshot, PROBES, true);
    check_all(model, snapshot, 1, model->seed % 2 != 0);
}

static void test_read_keys__find_the_living_node_with_the_key(void **state)
{
    (void)state;
    model_check_seeds(SEEDS, check_layers);
}

static struct ndb_key_probe probe_of(uint32_t table, const char *key)
{
    return (struct ndb_key_probe){ .table = table,
                                   .key = { .kind = NAMIDB_STRING,
                                            .size = (uint32_t)strlen(key),
                                            .as.bytes = key } };
}

/* Rows that fill more than 8 MiB, so that the pack is not fetched whole. */
static void make_large_pack(struct model *model, uint32_t count)
{
    struct ndb_rand rand = { 5 };

    for (uint32_t i = 0; i < count; i++) {
        char key[16];

        snprintf(key, sizeof key, "%014llx",
                 (unsigned long long)(ndb_rand_next(&rand) >> 8));
        model_add_node(model, 1, key);
    }
    model_make_pack(model, true);
    assert_true(model->packs[0].bytes > 8 << 20);
}

static void test_read_keys__cold_lookup_is_two_gets_and_warm_none(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_key_probe probe;
    uint64_t gets;

    (void)state;
    model_open(&model, 9, 64 << 20);
    make_large_pack(&model, 600000);
    model_snapshot(&model, &snapshot);
    gets = model_gets(&model);
    probe = probe_of(1, model.nodes[4711].key_text);
    assert_int_equal(ndb_read_keys(&snapshot, &probe, 1, false, NULL), 0);
    assert_int_equal(probe.id, model.nodes[4711].id);
    assert_int_equal(model_gets(&model) - gets, 2);
    assert_int_equal(ndb_read_keys(&snapshot, &probe, 1, false, NULL), 0);
    assert_int_equal(probe.id, model.nodes[4711].id);
    assert_int_equal(model_gets(&model) - gets, 2);

    /* A new key: the filter is one request, and nothing follows. */
    probe = probe_of(1, "new");
    assert_int_equal(ndb_read_keys(&snapshot, &probe, 1, true, NULL), 0);
    assert_int_equal(probe.id, 0);
    assert_int_equal(model_gets(&model) - gets, 3);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

/* A segment of keys and one of rows, each once. */
static void test_read_keys__a_row_is_read_where_its_key_was_found(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena *arena = namidb_arena_new();
    namidb_cache_stats before, after;
    namidb_value key = probe_of(1, "b").key;
    namidb_node node;

    (void)state;
    model_open(&model, 3, 64 << 20);
    model_add_node(&model, 1, "a");
    model_add_node(&model, 1, "b");
    model_make_pack(&model, true);
    model_snapshot(&model, &snapshot);
    for (int i = 0; i < 2; i++) {
        ndb_segment_cache_stats(model.cache, &before);
        assert_int_equal(
            ndb_read_node_by_key(&snapshot, 1, key, arena, &node, NULL), 0);
        assert_int_equal(node.id, model.nodes[1].id);
        assert_true(ndb_value_same(&node.key, &key));
        ndb_segment_cache_stats(model.cache, &after);
    }
    assert_int_equal(after.hits - before.hits, 2);
    key = probe_of(1, "c").key;
    assert_int_equal(
        ndb_read_node_by_key(&snapshot, 1, key, arena, &node, NULL),
        NAMIDB_NONE);
    assert_int_equal(node.id, 0);
    namidb_arena_free(arena);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_keys__memtable_answers_without_a_request(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_key_probe probe = probe_of(2, "here");
    size_t node;
    uint64_t gets;

    (void)state;
    model_open(&model, 9, 1 << 20);
    model_add_node(&model, 2, "there");
    model_make_pack(&model, true);
    node = model_add_node(&model, 2, "here");
    model_snapshot(&model, &snapshot);
    gets = model_gets(&model);
    assert_int_equal(ndb_read_keys(&snapshot, &probe, 1, false, NULL), 0);
    assert_int_equal(probe.id, model.nodes[node].id);
    assert_int_equal(model_gets(&model), gets);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_keys__kind_and_table_are_part_of_the_key(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_key_probe probes[3];

    (void)state;
    model_open(&model, 9, 1 << 20);
    model_add_node(&model, 2, "7");
    model_make_pack(&model, false);
    model_snapshot(&model, &snapshot);
    probes[0] = probe_of(2, "7");
    probes[1] = probe_of(1, "7");
    probes[2] = (struct ndb_key_probe){
        .table = 2, .key = { .kind = NAMIDB_INT, .as.integer = 7 }
    };
    assert_int_equal(ndb_read_keys(&snapshot, probes, 3, false, NULL), 0);
    assert_int_equal(probes[0].id, model.nodes[0].id);
    assert_int_equal(probes[1].id, 0);
    assert_int_equal(probes[2].id, 0);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_read_keys__out_of_memory_at_any_place(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    bool is_done = false;

    (void)state;
    model_random(&model, 12);
    model_change(&model, 100);
    model_snapshot(&model, &snapshot);
    for (uint64_t k = 1; !is_done; k++) {
        struct ndb_key_probe probes[PROBES];
        char texts[PROBES][8];
        namidb_error err;
        int rc;

        fill_probes(probes, texts);
        ndb_mem_fail_from(k);
        rc = ndb_read_keys(&snapshot, probes, PROBES, true, &err);
        ndb_mem_fail_from(0);
        is_done = rc == NAMIDB_OK;
        if (!is_done)
            assert_int_equal(err.code, NAMIDB_ENOMEM);
        for (uint32_t i = 0; i < PROBES && is_done; i++)
            model_assert(&model, probes[i].id == expected(&model, i));
    }
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_keys__find_the_living_node_with_the_key),
        cmocka_unit_test(test_read_keys__cold_lookup_is_two_gets_and_warm_none),
        cmocka_unit_test(test_read_keys__a_row_is_read_where_its_key_was_found),
        cmocka_unit_test(test_read_keys__memtable_answers_without_a_request),
        cmocka_unit_test(test_read_keys__kind_and_table_are_part_of_the_key),
        cmocka_unit_test(test_read_keys__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("read_keys", tests, NULL, NULL);
}
