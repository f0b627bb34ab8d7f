/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include "base/mem.h"
#include "sys/clock.h"

enum { PACKS = 3 };

/* Three packs, only the one in the middle with its directory inline. */
static void make_packs(struct model *model)
{
    model_open(model, 2, 1 << 20);
    for (int i = 0; i < PACKS; i++) {
        model_change(model, 60);
        model_make_pack(model, i == 1);
    }
    assert_int_equal(model->pack_count, PACKS);
}

static int open_packs(struct model *model, struct ndb_pack **packs,
                      struct ndb_pack *const *old, size_t old_count,
                      namidb_error *err)
{
    struct ndb_manifest manifest = { .packs = model->packs,
                                     .pack_count = model->pack_count,
                                     .name_count = MODEL_NAMES };

    return ndb_packs_open(packs, &manifest, old, old_count, model->store,
                          model->cache, NDB_NEVER, err);
}

static void close_packs(struct ndb_pack **packs)
{
    for (int i = 0; i < PACKS; i++)
        ndb_pack_unref(packs[i]);
}

static void
test_pack__only_directories_that_are_not_inline_are_fetched(void **state)
{
    struct model model;
    struct ndb_pack *packs[PACKS];
    struct ndb_store_counts before, after;

    (void)state;
    make_packs(&model);
    ndb_counting_read(model.store, &before);
    assert_int_equal(open_packs(&model, packs, NULL, 0, NULL), 0);
    ndb_counting_read(model.store, &after);
    assert_int_equal(after.requests[NDB_GET] - before.requests[NDB_GET], 2);
    assert_int_equal(after.bytes_read - before.bytes_read,
                     model.packs[0].directory_bytes +
                         model.packs[2].directory_bytes);
    for (int i = 0; i < PACKS; i++) {
        assert_string_equal(ndb_pack_ulid(packs[i]), model.packs[i].ulid);
        assert_true(ndb_pack_directory(packs[i])->part_count > 0);
        assert_int_equal(ndb_pack_cached(packs[i])->bytes,
                         model.packs[i].bytes);
    }
    close_packs(packs);
    model_close(&model);
}

static void test_pack__packs_of_the_old_manifest_are_shared(void **state)
{
    struct model model;
    struct ndb_pack *old[PACKS], *packs[PACKS];
    uint64_t gets;

    (void)state;
    make_packs(&model);
    assert_int_equal(open_packs(&model, old, NULL, 0, NULL), 0);
    gets = model_gets(&model);
    assert_int_equal(open_packs(&model, packs, old, PACKS, NULL), 0);
    assert_int_equal(model_gets(&model), gets);
    for (int i = 0; i < PACKS; i++)
        assert_ptr_equal(packs[i], old[i]);
    close_packs(packs);
    assert_int_equal(open_packs(&model, packs, old + 1, PACKS - 1, NULL), 0);
    assert_int_equal(model_gets(&model), gets + 1);
    assert_ptr_not_equal(packs[0], old[0]);
    assert_ptr_equal(packs[1], old[1]);
    close_packs(packs);
    close_packs(old);
    model_close(&model);
}

static void test_pack__wrong_sizes_and_absence_are_corrupt(void **state)
{
    static const int64_t WRONG[] = { 0, 1, 35, 1 << 30 };
    struct model model;
    struct ndb_pack *packs[PACKS];
    struct ndb_manifest_pack kept;
    namidb_error err;

    (void)state;
    make_packs(&model);
    kept = model.packs[0];
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        model.packs[0].directory_bytes = (uint32_t)WRONG[i];
        assert_int_equal(open_packs(&model, packs, NULL, 0, &err),
                         NAMIDB_ECORRUPT);
        assert_string_equal(err.object + 5, kept.ulid);
    }
    model.packs[0] = kept;
    model.packs[0].bytes--;
    assert_int_equal(open_packs(&model, packs, NULL, 0, &err), NAMIDB_ECORRUPT);
    model.packs[0] = kept;
    model.packs[0].ulid[25] = model.packs[0].ulid[25] == 'Z' ? 'Y' : 'Z';
    assert_int_equal(open_packs(&model, packs, NULL, 0, &err), NAMIDB_ECORRUPT);
    assert_string_equal(err.object + 5, model.packs[0].ulid);
    model_close(&model);
}

/* How many labels and types the packs of a model have. */
static void count_names(struct ndb_pack *const *packs, uint32_t *labels,
                        uint32_t *types)
{
    *labels = *types = 0;
    for (int i = 0; i < PACKS; i++) {
        const struct ndb_directory *directory = ndb_pack_directory(packs[i]);

        for (uint32_t k = 0; k < directory->part_count; k++) {
            const struct ndb_part *part = &directory->parts[k];
            uint32_t last = part->label_count == 0
                                ? 0
                                : part->labels[part->label_count - 1];

            last = last > part->table ? last : part->table;
            *labels = *labels > last ? *labels : last;
            *types = *types > part->type ? *types : part->type;
        }
    }
}

static void test_pack__numbers_without_a_name_are_corrupt(void **state)
{
    struct model model;
    struct ndb_pack *packs[PACKS];
    uint32_t labels, types;
    namidb_error err;

    (void)state;
    make_packs(&model);
    assert_int_equal(open_packs(&model, packs, NULL, 0, NULL), 0);
    count_names(packs, &labels, &types);
    close_packs(packs);
    for (int missing = 0; missing <= 2; missing++) {
        struct ndb_manifest manifest = {
            .packs = model.packs,
            .pack_count = PACKS,
            .name_count = { labels - (missing == 1), types - (missing == 2) }
        };
        int rc = ndb_packs_open(packs, &manifest, NULL, 0, model.store,
                                model.cache, NDB_NEVER, &err);

        assert_int_equal(rc, missing == 0 ? NAMIDB_OK : NAMIDB_ECORRUPT);
        if (rc < 0)
            assert_memory_equal(err.object, "pack/", 5);
        else
            close_packs(packs);
    }
    model_close(&model);
}

static void test_pack__any_flipped_bit_of_a_directory_is_corrupt(void **state)
{
    struct model model;
    struct ndb_pack *packs[PACKS];
    namidb_error err;

    (void)state;
    make_packs(&model);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct ndb_fault_plan plan = { .ops = 1 << NDB_GET,
                                       .fault = NDB_FAULT_FLIP,
                                       .at = 1 + seed % 2,
                                       .seed = seed };

        int rc;

        ndb_faulty_plan(model.faulty, &plan);
        rc = open_packs(&model, packs, NULL, 0, &err);
        /* Or another format, if that is the number that was hit. */
        assert_true(rc == NAMIDB_ECORRUPT || rc == NAMIDB_EUNSUPPORTED);
        assert_memory_equal(err.object, "pack/", 5);
    }
    model_close(&model);
}

/* Reads all that there is of a graph whose packs are hit by one flipped bit. */
static int read_all(struct model *model, struct ndb_snapshot *snapshot,
                    namidb_error *err)
{
    const struct ndb_hop_kind kind = { NAMIDB_ANY, NAMIDB_IN, false };
    namidb_arena arena = NDB_ARENA_INIT;
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < model->node_count && rc >= 0; i++) {
        uint64_t id = model->nodes[i].id, degree;
        size_t count;
        namidb_node node;

        rc = ndb_read_nodes(snapshot, &id, 1, &arena, &node, err);
        if (rc >= 0)
            model_check_node(model, &model->nodes[i], &node);
        if (rc >= 0)
            rc = ndb_read_degrees(snapshot, &id, 1, &kind, &degree, err);
        ndb_free(model_hop(model, id, 0, NAMIDB_IN, &count));
        if (rc >= 0)
            model_assert(model, degree == count);
    }
    for (size_t i = 0; i < model->edge_count && rc >= 0; i++) {
        struct ndb_edge_probe probe = { .id = model->edges[i].id };
        namidb_edge edge;

        rc = ndb_read_edges(snapshot, &probe, 1, &arena, &edge, err);
        if (rc >= 0)
            model_check_edge(model, &model->edges[i], &edge);
    }
    ndb_arena_release(&arena);
    return rc;
}

static void
test_pack__a_flipped_bit_is_an_error_and_never_a_wrong_row(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_error err;
    int corrupt_count = 0;

    (void)state;
    make_packs(&model);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct ndb_fault_plan plan = { .ops = 1 << NDB_GET,
                                       .fault = NDB_FAULT_FLIP,
                                       .at = 1 + seed % PACKS,
                                       .seed = seed };
        int rc;

        model_forget(&model);
        model_snapshot(&model, &snapshot);
        ndb_faulty_plan(model.faulty, &plan);
        rc = read_all(&model, &snapshot, &err);
        if (rc < 0) {
            assert_int_equal(rc, NAMIDB_ECORRUPT);
            assert_memory_equal(err.object, "pack/", 5);
            corrupt_count++;
        }
        ndb_faulty_plan(model.faulty, &(struct ndb_fault_plan){ 0 });
        assert_int_equal(read_all(&model, &snapshot, &err), 0);
        model_snapshot_close(&snapshot);
    }
    /* The rest hit what no read needed: directories, filters. */
    assert_true(corrupt_count > 100);
    model_close(&model);
}

static void test_pack__out_of_memory_at_any_place(void **state)
{
    struct model model;
    struct ndb_pack *packs[PACKS];
    namidb_error err;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    make_packs(&model);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        ndb_mem_fail_from(k);
        rc = open_packs(&model, packs, NULL, 0, &err);
        ndb_mem_fail_from(0);
        if (rc != NAMIDB_OK)
            assert_int_equal(err.code, NAMIDB_ENOMEM);
    }
    close_packs(packs);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_pack__only_directories_that_are_not_inline_are_fetched),
        cmocka_unit_test(test_pack__packs_of_the_old_manifest_are_shared),
        cmocka_unit_test(test_pack__wrong_sizes_and_absence_are_corrupt),
        cmocka_unit_test(test_pack__numbers_without_a_name_are_corrupt),
        cmocka_unit_test(test_pack__any_flipped_bit_of_a_directory_is_corrupt),
        cmocka_unit_test(
            test_pack__a_flipped_bit_is_an_error_and_never_a_wrong_row),
        cmocka_unit_test(test_pack__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
