/* SPDX-License-Identifier: Apache-2.0 */
#include "opened_pack.h"

#include "base/mem.h"
#include "format/segment_owners.h"

struct edges {
    struct ndb_pack_edge *items;
    size_t count;
};

static int compare_edges(const void *left, const void *right)
{
    const struct ndb_pack_edge *a = left;
    const struct ndb_pack_edge *b = right;

    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    if (a->neighbour != b->neighbour)
        return a->neighbour < b->neighbour ? -1 : 1;
    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

/* What edges are like. */
struct shape {
    uint64_t tables; /* of their neighbours */
    uint64_t sequence_base;
    uint64_t owners; /* among so many are theirs */
};

/* Owner 5 has a list longer than a segment. */
static struct edges make_edges(struct ndb_rand *rand, size_t count,
                               const struct shape *shape)
{
    struct edges edges = { ndb_calloc(count, sizeof *edges.items), count };

    for (size_t i = 0; i < count; i++) {
        edges.items[i].owner =
            i < count / 2 ? 5 : 1 + ndb_rand_below(rand, shape->owners);
        edges.items[i].neighbour =
            NAMIDB_ID(1 + ndb_rand_below(rand, 100000),
                      ndb_rand_below(rand, shape->tables));
        edges.items[i].sequence = shape->sequence_base + i;
        edges.items[i].is_deleted = ndb_rand_below(rand, 50) == 0;
    }
    qsort(edges.items, count, sizeof *edges.items, compare_edges);
    return edges;
}

/* Whether owners that are not nearly all are found without a search. */
static void check_words(const struct ndb_edge_segment *edge)
{
    uint64_t last = ndb_edge_owner(edge, edge->owner_count - 1);

    assert_int_equal(edge->words != NULL,
                     !edge->is_dense &&
                         last - edge->first < (uint64_t)edge->owner_count *
                                                  NDB_OWNERS_MARKED_MAX);
}

/* Returns the most owners in a segment for which there are no edges. */
static uint32_t check_edges(const struct opened *opened,
                            const struct ndb_part *part,
                            const struct edges *edges)
{
    uint32_t empty_max = 0;
    size_t at = 0;

    for (uint32_t i = 0; i < part->segment_count; i++) {
        struct ndb_segment *segment = segment_at(opened, part, i);
        const struct ndb_edge_segment *edge = &segment->as.edge;
        uint32_t empty = 0;

        assert_int_equal(ndb_edge_lists_need(edge), NAMIDB_OK);
        for (uint32_t owner = 0; owner < edge->owner_count; owner++) {
            uint64_t sequence = ndb_edge_owner(edge, owner);

            assert_int_equal(ndb_edge_segment_owner(edge, sequence), owner);
            empty += ndb_edge_offset(edge, owner) ==
                     ndb_edge_offset(edge, owner + 1);
            for (uint32_t k = ndb_edge_offset(edge, owner);
                 k < ndb_edge_offset(edge, owner + 1); k++, at++) {
                assert_int_equal(sequence, edges->items[at].owner);
                assert_int_equal(ndb_edge_neighbour(edge, k),
                                 edges->items[at].neighbour);
                assert_int_equal(ndb_edge_sequence(edge, k),
                                 edges->items[at].sequence);
                assert_int_equal(ndb_bit(edge->deleted, k),
                                 edges->items[at].is_deleted);
            }
        }
        check_words(edge);
        empty_max = empty > empty_max ? empty : empty_max;
        ndb_segment_free(segment);
    }
    assert_int_equal(at, edges->count);
    return empty_max;
}

static uint32_t edges_come_back(const struct shape *shape)
{
    uint64_t seed = seed_of_run();
    struct ndb_rand rand = { seed };
    struct edges edges = make_edges(&rand, 60000, shape);
    struct opened opened;
    const struct ndb_part *part;
    uint32_t empty_max;

    print_message("seed %lu\n", seed);
    assert_int_equal(ndb_pack_writer_new(&opened.writer), NAMIDB_OK);
    assert_int_equal(ndb_pack_writer_part(opened.writer, NDB_PART_IN, 2, 1),
                     NAMIDB_OK);
    for (size_t i = 0; i < edges.count; i++)
        assert_int_equal(
            ndb_pack_writer_edge(opened.writer, &edges.items[i], NULL, 0),
            NAMIDB_OK);
    finish_and_open(&opened);
    part = ndb_directory_find(&opened.directory, NDB_PART_IN, 2, 1);
    assert_non_null(part);
    assert_true(part->segment_count > 2);
    empty_max = check_edges(&opened, part, &edges);
    close_opened(&opened);
    ndb_free(edges.items);
    return empty_max;
}

static void test_pack_edges__edges_to_one_table_come_back(void **state)
{
    (void)state;
    assert_int_equal(edges_come_back(&(struct shape){ 1, 1, 900 }), 0);
}

static void test_pack_edges__edges_to_many_tables_come_back(void **state)
{
    (void)state;
    assert_int_equal(edges_come_back(&(struct shape){ 4, 1, 900 }), 0);
}

static void test_pack_edges__edges_with_long_sequences_come_back(void **state)
{
    (void)state;
    edges_come_back(&(struct shape){ 1, UINT64_C(1) << 36, 900 });
}

/* About one node in four has no edge: that list is short enough to be empty. */
static void
test_pack_edges__most_nodes_have_edges_and_are_not_searched(void **state)
{
    (void)state;
    assert_true(edges_come_back(&(struct shape){ 1, 1, 22000 }) > 500);
}

/* About one in four has one. */
static void test_pack_edges__edges_of_some_nodes_come_back(void **state)
{
    (void)state;
    edges_come_back(&(struct shape){ 1, 1, 100000 });
}

/* About one in a thousand has one. */
static void test_pack_edges__edges_of_few_nodes_come_back(void **state)
{
    (void)state;
    assert_int_equal(edges_come_back(&(struct shape){ 2, 1, 30000000 }), 0);
}

/* Ten edges from each of 20,000 nodes to as many: 15 bits for a neighbour, 18
 * for an edge, 1.4 for where lists begin. */
static void test_pack_edges__an_edge_decoded_takes_few_bytes(void **state)
{
    enum { NODES = 20000, DEGREE = 10 };
    struct ndb_rand rand = { 1 };
    struct opened opened;
    const struct ndb_part *part;
    size_t bytes = 0;

    (void)state;
    assert_int_equal(ndb_pack_writer_new(&opened.writer), NAMIDB_OK);
    assert_int_equal(ndb_pack_writer_part(opened.writer, NDB_PART_IN, 2, 1),
                     NAMIDB_OK);
    for (uint64_t i = 0; i < (uint64_t)NODES * DEGREE; i++) {
        struct ndb_pack_edge edge = {
            1 + i / DEGREE,
            NAMIDB_ID(1 + i % DEGREE * (NODES / DEGREE) +
                          ndb_rand_below(&rand, NODES / DEGREE),
                      3),
            1 + ndb_rand_below(&rand, NODES * DEGREE), false
        };

        assert_int_equal(ndb_pack_writer_edge(opened.writer, &edge, NULL, 0),
                         NAMIDB_OK);
    }
    finish_and_open(&opened);
    part = ndb_directory_find(&opened.directory, NDB_PART_IN, 2, 1);
    for (uint32_t i = 0; i < part->segment_count; i++) {
        struct ndb_segment *segment = segment_at(&opened, part, i);

        /* One hop decodes no more than that. */
        assert_true(segment->as.edge.edge_count <= 6554);
        assert_int_equal(ndb_edge_lists_need(&segment->as.edge), NAMIDB_OK);
        bytes += segment->bytes + atomic_load(&segment->store.bytes);
        ndb_segment_free(segment);
    }
    assert_in_range(bytes * 10 / (NODES * DEGREE), 40, 45);
    close_opened(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack_edges__edges_to_one_table_come_back),
        cmocka_unit_test(test_pack_edges__edges_to_many_tables_come_back),
        cmocka_unit_test(test_pack_edges__edges_with_long_sequences_come_back),
        cmocka_unit_test(
            test_pack_edges__most_nodes_have_edges_and_are_not_searched),
        cmocka_unit_test(test_pack_edges__edges_of_some_nodes_come_back),
        cmocka_unit_test(test_pack_edges__edges_of_few_nodes_come_back),
        cmocka_unit_test(test_pack_edges__an_edge_decoded_takes_few_bytes),
    };

    return cmocka_run_group_tests_name("pack_edges", tests, NULL, NULL);
}
