/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_sample.h"

#include "format/pack.h"
#include "format/segment.h"
#include "format/value.h"

static void write_pack(struct ndb_pack_writer *writer)
{
    const namidb_node node = golden_node();
    const namidb_property since = {
        4, { .kind = NAMIDB_INT, .as.integer = 2020 }
    };

    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_NODE, 0, 3), 0);
    assert_int_equal(ndb_pack_writer_node(writer, 5, &node), 0);
    assert_int_equal(ndb_pack_writer_node(writer, 6, NULL), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_OUT, 1, 3), 0);
    assert_int_equal(
        ndb_pack_writer_edge(
            writer, &(struct ndb_pack_edge){ 5, NAMIDB_ID(6, 3), 1, false },
            &since, 1),
        0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_IN, 1, 3), 0);
    assert_int_equal(
        ndb_pack_writer_edge(
            writer, &(struct ndb_pack_edge){ 6, NAMIDB_ID(5, 3), 1, false },
            NULL, 0),
        0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_EDGE_ID, 1, 0), 0);
    assert_int_equal(ndb_pack_writer_edge_id(writer, 1, NAMIDB_ID(5, 3)), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_KEY, 0, 3), 0);
    assert_int_equal(ndb_pack_writer_key(writer, ndb_key_hash(&node.key), 5),
                     0);
    assert_int_equal(ndb_pack_writer_index_part(writer, 4), 0);
    assert_int_equal(
        ndb_pack_writer_index(
            writer, &(struct ndb_index_entry){ ndb_slice_text("key"),
                                               NAMIDB_ID(5, 3), 0, 0 }),
        0);
    assert_int_equal(ndb_pack_writer_index_part(writer, 5), 0);
    assert_int_equal(
        ndb_pack_writer_index(
            writer,
            &(struct ndb_index_entry){ ndb_slice_text("key"), NAMIDB_ID(1, 1),
                                       NAMIDB_ID(5, 3), NAMIDB_ID(6, 3) }),
        0);
}

/* The segment of a part of the golden pack. */
static struct ndb_segment *segment_of(const struct ndb_directory *directory,
                                      enum ndb_part_kind kind, uint32_t type,
                                      uint32_t table)
{
    const struct ndb_part *part =
        ndb_directory_find(directory, kind, type, table);
    struct ndb_segment *segment;

    assert_non_null(part);
    assert_int_equal(part->segment_count, 1);
    assert_int_equal(
        ndb_segment_decode(ndb_slice(GOLDEN_PACK + part->segments[0].offset,
                                     part->segments[0].bytes),
                           kind, table, &segment),
        0);
    return segment;
}

static void check_golden_nodes(const struct ndb_directory *directory)
{
    struct ndb_segment *segment = segment_of(directory, NDB_PART_NODE, 0, 3);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node node;

    assert_int_equal(ndb_node_group_row(&segment->as.node, 5), 0);
    assert_int_equal(ndb_node_group_row(&segment->as.node, 6), 1);
    assert_int_equal(ndb_node_group_row(&segment->as.node, 7), -1);
    assert_int_equal(
        ndb_node_group_read(&segment->as.node, 3, 0, &arena, &node), 0);
    golden_check_node(&node);
    assert_int_equal(
        ndb_node_group_read(&segment->as.node, 3, 1, &arena, &node),
        NAMIDB_NONE);
    ndb_arena_release(&arena);
    ndb_segment_free(segment);
}

static void check_golden_edges(const struct ndb_directory *directory)
{
    struct ndb_segment *out = segment_of(directory, NDB_PART_OUT, 1, 3);
    struct ndb_segment *in = segment_of(directory, NDB_PART_IN, 1, 3);
    struct ndb_segment *ids = segment_of(directory, NDB_PART_EDGE_ID, 1, 0);
    namidb_arena arena = NDB_ARENA_INIT;
    const namidb_property *props;
    uint32_t count;

    assert_int_equal(ndb_edge_lists_need(&out->as.edge), 0);
    assert_int_equal(ndb_edge_lists_need(&in->as.edge), 0);
    assert_int_equal(ndb_edge_segment_owner(&out->as.edge, 5), 0);
    assert_int_equal(ndb_edge_neighbour(&out->as.edge, 0), NAMIDB_ID(6, 3));
    assert_int_equal(ndb_edge_sequence(&out->as.edge, 0), 1);
    assert_int_equal(
        ndb_columns_props(&out->as.edge.columns, 0, &arena, &props, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(props[0].value.as.integer, 2020);
    assert_int_equal(ndb_edge_neighbour(&in->as.edge, 0), NAMIDB_ID(5, 3));
    assert_int_equal(ndb_pair_segment_find(&ids->as.pair, 1, &count), 0);
    assert_int_equal(ids->as.pair.values[0], NAMIDB_ID(5, 3));
    ndb_arena_release(&arena);
    ndb_segment_free(out);
    ndb_segment_free(in);
    ndb_segment_free(ids);
}

static void check_golden_indexes(const struct ndb_directory *directory)
{
    struct ndb_segment *nodes = segment_of(directory, NDB_PART_INDEX, 4, 0);
    struct ndb_segment *edges = segment_of(directory, NDB_PART_INDEX, 5, 0);
    struct ndb_index_entry entry = ndb_index_segment_at(&nodes->as.index, 0);

    assert_true(ndb_slice_equal(entry.key, ndb_slice_text("key")));
    assert_int_equal(entry.id, NAMIDB_ID(5, 3));
    assert_int_equal(entry.from, 0);
    entry = ndb_index_segment_at(&edges->as.index, 0);
    assert_int_equal(entry.id, NAMIDB_ID(1, 1));
    assert_int_equal(entry.from, NAMIDB_ID(5, 3));
    assert_int_equal(entry.to, NAMIDB_ID(6, 3));
    assert_true(
        ndb_slice_equal(ndb_directory_index(directory, 4)->segments[0].fence,
                        ndb_slice_text("k")));
    ndb_segment_free(nodes);
    ndb_segment_free(edges);
}

static void test_pack__reads_as_ever(void **state)
{
    const namidb_node node = golden_node();
    struct ndb_pack_writer *writer;
    struct ndb_pack_summary summary;
    struct ndb_directory directory;
    struct ndb_segment *keys;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_slice object;
    uint32_t bytes;
    uint32_t count;

    (void)state;
    assert_int_equal(ndb_pack_writer_new(&writer), 0);
    write_pack(writer);
    assert_int_equal(ndb_pack_writer_finish(writer, &object, &summary), 0);
    golden_print("GOLDEN_PACK", object);
    ndb_pack_writer_free(writer);
    assert_int_equal(
        ndb_directory_bytes(ndb_slice(GOLDEN_PACK, sizeof GOLDEN_PACK), &bytes),
        0);
    assert_int_equal(
        ndb_directory_decode(
            ndb_slice(GOLDEN_PACK + sizeof GOLDEN_PACK - bytes, bytes),
            sizeof GOLDEN_PACK, &arena, &directory),
        0);
    check_golden_nodes(&directory);
    check_golden_edges(&directory);
    check_golden_indexes(&directory);
    keys = segment_of(&directory, NDB_PART_KEY, 0, 3);
    (void)ndb_pair_segment_find(&keys->as.pair, ndb_key_hash(&node.key),
                                &count);
    assert_int_equal(count, 1);
    ndb_segment_free(keys);
    ndb_arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack__reads_as_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
