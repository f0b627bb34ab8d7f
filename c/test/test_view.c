/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"
#include "model_readers.h"

#include "base/mem.h"

static struct ndb_buf encoded_manifest(void)
{
    struct ndb_manifest body = { .version = 7, .floor = 3 };
    struct ndb_buf object = NDB_BUF_INIT(1 << 20);

    memset(body.author, '0', 32);
    assert_int_equal(ndb_manifest_encode(&object, &body), 0);
    return object;
}

static void test_view__version_is_decoded_and_counted(void **state)
{
    struct ndb_buf object = encoded_manifest();
    struct ndb_version *version;

    (void)state;
    assert_int_equal(
        ndb_version_decode(&version, ndb_buf_slice(&object), 7, NULL), 0);
    assert_ptr_equal(ndb_version_ref(version), version);
    ndb_version_unref(version);
    assert_int_equal(version->body.version, 7);
    assert_int_equal(version->body.floor, 3);
    ndb_version_unref(version);
    ndb_version_unref(NULL);
    ndb_buf_release(&object);
}

static void test_view__a_bad_manifest_is_named(void **state)
{
    struct ndb_buf object = encoded_manifest();
    struct ndb_version *version;
    struct ndb_path path;
    namidb_error err;

    (void)state;
    ndb_path_manifest(&path, 7);
    object.data[object.bytes / 2] ^= 1;
    assert_int_equal(
        ndb_version_decode(&version, ndb_buf_slice(&object), 7, &err),
        NAMIDB_ECORRUPT);
    assert_null(version);
    assert_string_equal(err.object, path.text);
    ndb_buf_release(&object);
}

static void test_view__layers_live_as_long_as_the_view(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node node;

    (void)state;
    model_open(&model, 1, 1 << 20);
    model_add_node(&model, 1, NULL);
    model_keep_memtable(&model);
    model_snapshot(&model, &snapshot);
    ndb_memtable_unref(model.below[0]);
    model.below_count = 0;
    ndb_view_ref(snapshot.view);
    ndb_view_unref(snapshot.view);
    assert_int_equal(
        ndb_read_nodes(&snapshot, &model.nodes[0].id, 1, &arena, &node, NULL),
        0);
    model_check_node(&model, &model.nodes[0], &node);
    ndb_arena_release(&arena);
    model_snapshot_close(&snapshot);
    ndb_view_unref(NULL);
    model_close(&model);
}

static void test_view__out_of_memory_at_any_place(void **state)
{
    struct ndb_buf object = encoded_manifest();
    struct ndb_version *version = NULL;
    struct ndb_view *view = NULL;
    struct ndb_layer layer = { NULL, NULL };
    int rc = NAMIDB_ENOMEM;

    (void)state;
    assert_int_equal(ndb_memtable_new(&layer.memtable), 0);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        namidb_error err = { 0 };

        ndb_mem_fail_from(k);
        rc = ndb_version_decode(&version, ndb_buf_slice(&object), 7, &err);
        if (rc == NAMIDB_OK)
            rc = ndb_view_new(&view, version, &layer, 1, NULL, NULL);
        ndb_mem_fail_from(0);
        ndb_version_unref(version);
        if (rc != NAMIDB_OK)
            assert_int_equal(rc, NAMIDB_ENOMEM);
    }
    ndb_memtable_unref(layer.memtable);
    ndb_view_unref(view);
    ndb_buf_release(&object);
}

/* Each part of each layer, of more kinds than there are buckets. */
static void check_parts(const struct model *model,
                        const struct ndb_snapshot *snapshot)
{
    struct ndb_view *view = snapshot->view;

    for (uint32_t table = 0; table < 20; table++)
        for (uint32_t type = 0; type < 17; type++)
            for (int kind = NDB_PART_NODE; kind <= NDB_PART_IN; kind++) {
                const struct ndb_view_parts *parts =
                    ndb_view_parts(view, (enum ndb_part_kind)kind, type, table);

                model_assert(model, parts != NULL);
                for (uint32_t i = 0; i < view->layer_count; i++) {
                    const struct ndb_pack *pack = view->layers[i].pack;
                    const struct ndb_part *want = NULL;

                    if (pack != NULL)
                        want = ndb_directory_find(ndb_pack_directory(pack),
                                                  (enum ndb_part_kind)kind,
                                                  type, table);
                    model_assert(model, parts->items[i] == want);
                }
            }
}

static void test_view__it_knows_the_parts_of_its_layers(void **state)
{
    (void)state;
    model_check_seeds(20, check_parts);
}

static void test_view__parts_are_looked_for_once(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    const struct ndb_view_parts *parts;

    (void)state;
    model_random(&model, 3);
    model_snapshot(&model, &snapshot);
    parts = ndb_view_parts(snapshot.view, NDB_PART_OUT, 1, 1);
    check_parts(&model, &snapshot);
    ndb_mem_fail_from(1);
    assert_ptr_equal(ndb_view_parts(snapshot.view, NDB_PART_OUT, 1, 1), parts);
    assert_null(ndb_view_parts(snapshot.view, NDB_PART_OUT, 1, 5000));
    ndb_mem_fail_from(0);
    assert_non_null(ndb_view_parts(snapshot.view, NDB_PART_OUT, 1, 5000));
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_view__many_readers_look_for_parts(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;

    (void)state;
    model_random(&model, 5);
    model_snapshot(&model, &snapshot);
    model_read_at_once(&model, &snapshot, check_parts);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view__version_is_decoded_and_counted),
        cmocka_unit_test(test_view__a_bad_manifest_is_named),
        cmocka_unit_test(test_view__layers_live_as_long_as_the_view),
        cmocka_unit_test(test_view__out_of_memory_at_any_place),
        cmocka_unit_test(test_view__it_knows_the_parts_of_its_layers),
        cmocka_unit_test(test_view__parts_are_looked_for_once),
        cmocka_unit_test(test_view__many_readers_look_for_parts),
    };

    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
