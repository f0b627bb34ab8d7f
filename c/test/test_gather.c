/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include "engine/gather.h"

/* Nodes of many groups, and a part of edges, in one pack. */
static void make_graph(struct model *model, struct ndb_snapshot *snapshot)
{
    enum { NODES = 100000 };

    model_open(model, 1, 64 << 20);
    for (int i = 0; i < NODES; i++)
        model_add_node(model, 1, NULL);
    for (uint32_t type = 1; type <= 3; type++)
        model_add_edge(model, type, 0, 1);
    model_make_pack(model, true);
    model_snapshot(model, snapshot);
}

static void test_gather__a_segment_is_wanted_once(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_gather gather;
    struct ndb_gather_layer *layer;
    struct ndb_refs refs = NDB_REFS_INIT;
    uint32_t segments;

    (void)state;
    make_graph(&model, &snapshot);
    assert_int_equal(ndb_gather_init(&gather, &snapshot, NDB_GATHER_PINNED), 0);
    layer = &gather.layers[1];
    assert_int_equal(ndb_gather_parts(&gather, layer, NDB_PART_NODE, 0, 1), 0);
    assert_int_equal(layer->part_count, 1);
    segments = layer->one->segment_count;
    assert_true(segments > 20);
    for (int round = 0; round < 3; round++)
        for (uint32_t i = 0; i < segments; i++)
            assert_int_equal(ndb_gather_add(&gather, layer->pack, layer->one,
                                            (i * 7) % segments, &refs),
                             0);
    assert_true(gather.count <= segments);
    assert_int_equal(refs.count, 3 * segments);
    assert_int_equal(ndb_gather_fetch(&gather, NULL), 0);
    for (uint32_t i = 0; i < refs.count; i++) {
        const struct ndb_ref *ref = &refs.items[i];

        assert_int_equal(gather.wants[ref->want].index,
                         (i % segments * 7) % segments);
        assert_non_null(ndb_gather_segment(&gather, ref));
    }
    ndb_gather_release(&gather);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_gather__a_second_round_asks_only_for_what_is_new(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_gather gather;
    struct ndb_gather_layer *layer;
    struct ndb_refs refs = NDB_REFS_INIT;
    const struct ndb_segment *first;

    (void)state;
    make_graph(&model, &snapshot);
    assert_int_equal(ndb_gather_init(&gather, &snapshot, NDB_GATHER_PINNED), 0);
    layer = &gather.layers[1];
    assert_int_equal(ndb_gather_parts(&gather, layer, NDB_PART_NODE, 0, 1), 0);
    assert_int_equal(
        ndb_gather_find(&gather, layer->pack, layer->one, 1, &refs), 0);
    assert_int_equal(ndb_gather_fetch(&gather, NULL), 0);
    assert_int_equal(gather.fetched, 1);
    first = ndb_gather_segment(&gather, &refs.items[0]);
    for (uint32_t i = 0; i < layer->one->segment_count; i++)
        assert_int_equal(
            ndb_gather_add(&gather, layer->pack, layer->one, i, &refs), 0);
    assert_int_equal(gather.count, layer->one->segment_count);
    assert_int_equal(ndb_gather_fetch(&gather, NULL), 0);
    assert_ptr_equal(ndb_gather_segment(&gather, &refs.items[0]), first);
    ndb_gather_release(&gather);
    ndb_gather_release(&gather);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

static void test_gather__parts_of_all_types_or_of_one(void **state)
{
    struct model model;
    struct ndb_snapshot snapshot;
    struct ndb_gather gather;
    struct ndb_gather_layer *layer;

    (void)state;
    make_graph(&model, &snapshot);
    assert_int_equal(ndb_gather_init(&gather, &snapshot, NDB_GATHER_PINNED), 0);
    layer = &gather.layers[1];
    assert_int_equal(ndb_gather_parts(&gather, layer, NDB_PART_OUT, 0, 1), 0);
    assert_int_equal(layer->part_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(layer->parts[i]->type, i + 1);
    assert_int_equal(ndb_gather_parts(&gather, layer, NDB_PART_OUT, 0, 2), 0);
    assert_int_equal(layer->part_count, 0);
    assert_int_equal(ndb_gather_parts(&gather, layer, NDB_PART_IN, 2, 1), 0);
    assert_int_equal(layer->part_count, 1);
    assert_int_equal(layer->one->kind, NDB_PART_IN);
    assert_int_equal(ndb_gather_parts(&gather, layer, NDB_PART_IN, 9, 1), 0);
    assert_int_equal(layer->part_count, 0);
    ndb_gather_release(&gather);
    model_snapshot_close(&snapshot);
    model_close(&model);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather__a_segment_is_wanted_once),
        cmocka_unit_test(test_gather__a_second_round_asks_only_for_what_is_new),
        cmocka_unit_test(test_gather__parts_of_all_types_or_of_one),
    };

    return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
