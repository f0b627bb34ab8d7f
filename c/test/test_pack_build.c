/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include "base/mem.h"
#include "engine/pack_build.h"
#include "format/segment.h"

/* What a memtable became: the object, decoded as far as its directory. */
struct built {
    int rc;
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    struct ndb_pack_summary summary;
    struct ndb_directory directory;
    namidb_arena arena;
};

static void build(struct built *built, struct model *model, uint64_t version,
                  bool is_bottom)
{
    size_t at;

    built->arena = NDB_ARENA_INIT;
    assert_int_equal(ndb_pack_writer_new(&built->writer), 0);
    built->rc = ndb_pack_build(built->writer, model->memtable, version, NULL,
                               is_bottom, NULL);
    if (built->rc != NAMIDB_OK)
        return;
    assert_int_equal(
        ndb_pack_writer_finish(built->writer, &built->object, &built->summary),
        0);
    at = built->object.bytes - built->summary.directory_bytes;
    assert_int_equal(
        ndb_directory_decode(
            ndb_slice(built->object.data + at, built->summary.directory_bytes),
            built->object.bytes, &built->arena, &built->directory),
        0);
}

static void release(struct built *built)
{
    ndb_arena_release(&built->arena);
    ndb_pack_writer_free(built->writer);
}

static uint64_t rows_of(const struct built *built, enum ndb_part_kind kind)
{
    uint64_t rows = 0;

    for (uint32_t i = 0; i < built->directory.part_count; i++)
        if (built->directory.parts[i].kind == kind)
            rows += built->directory.parts[i].rows;
    return rows;
}

static void test_pack_build__nothing_gives_no_pack(void **state)
{
    struct model model;
    struct built built;

    (void)state;
    model_open(&model, 1, 1 << 20);
    build(&built, &model, 100, false);
    assert_int_equal(built.rc, NAMIDB_NONE);
    release(&built);
    model_close(&model);
}

static void
test_pack_build__tombstones_are_kept_unless_at_the_bottom(void **state)
{
    struct model model;
    struct built built;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_add_node(&model, 1, "a");
    model_add_edge(&model, 1, 0, 0);
    model_delete_node(&model, 0);
    build(&built, &model, model.version, true);
    assert_int_equal(built.rc, NAMIDB_NONE);
    release(&built);
    build(&built, &model, model.version, false);
    assert_int_equal(built.rc, NAMIDB_OK);
    assert_int_equal(built.summary.tombstones, 3); /* node, out, in */
    assert_int_equal(rows_of(&built, NDB_PART_NODE), 1);
    assert_int_equal(rows_of(&built, NDB_PART_OUT), 1);
    assert_int_equal(rows_of(&built, NDB_PART_IN), 1);
    assert_int_equal(rows_of(&built, NDB_PART_EDGE_ID), 0);
    assert_int_equal(rows_of(&built, NDB_PART_KEY), 0);
    release(&built);
    model_close(&model);
}

static void test_pack_build__later_versions_stay_out(void **state)
{
    struct model model;
    struct built built;
    uint64_t version;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_add_node(&model, 1, "a");
    model_add_node(&model, 1, "b");
    version = model.version;
    model_add_node(&model, 2, "c");
    model_add_edge(&model, 1, 0, 1);
    model_delete_node(&model, 1);
    build(&built, &model, version, true);
    assert_int_equal(built.rc, NAMIDB_OK);
    assert_int_equal(rows_of(&built, NDB_PART_NODE), 2);
    assert_int_equal(rows_of(&built, NDB_PART_KEY), 2);
    assert_int_equal(rows_of(&built, NDB_PART_OUT), 0);
    assert_int_equal(built.summary.tombstones, 0);
    release(&built);
    model_close(&model);
}

static uint64_t living_edges(const struct model *model)
{
    uint64_t count = 0;

    for (size_t i = 0; i < model->edge_count; i++)
        count += model->edges[i].is_alive;
    return count;
}

static void test_pack_build__every_edge_is_in_three_parts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct model model;
        struct built built;
        uint64_t edges;

        model_open(&model, seed, 1 << 20);
        model_change(&model, 300);
        build(&built, &model, model.version, true);
        model_assert(&model, built.rc == NAMIDB_OK);
        edges = living_edges(&model);
        model_assert(&model, rows_of(&built, NDB_PART_OUT) == edges);
        model_assert(&model, rows_of(&built, NDB_PART_IN) == edges);
        model_assert(&model, rows_of(&built, NDB_PART_EDGE_ID) == edges);
        release(&built);
        model_close(&model);
    }
}

static void test_pack_build__out_of_memory_at_any_place(void **state)
{
    struct model model;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    model_open(&model, 3, 1 << 20);
    model_change(&model, 300);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        struct ndb_pack_writer *writer;
        namidb_error err;

        assert_int_equal(ndb_pack_writer_new(&writer), 0);
        ndb_mem_fail_from(k);
        rc = ndb_pack_build(writer, model.memtable, model.version, NULL, false,
                            &err);
        ndb_mem_fail_from(0);
        if (rc != NAMIDB_OK)
            assert_int_equal(err.code, NAMIDB_ENOMEM);
        ndb_pack_writer_free(writer);
    }
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack_build__nothing_gives_no_pack),
        cmocka_unit_test(
            test_pack_build__tombstones_are_kept_unless_at_the_bottom),
        cmocka_unit_test(test_pack_build__later_versions_stay_out),
        cmocka_unit_test(test_pack_build__every_edge_is_in_three_parts),
        cmocka_unit_test(test_pack_build__out_of_memory_at_any_place),
    };

    return cmocka_run_group_tests_name("pack_build", tests, NULL, NULL);
}
