/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edges that were loaded in the order of one of their ends: what is written of
 * their sequences comes back, and takes less.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "format/pack.h"
#include "format/segment.h"
#include "format/trend.h"

enum { EDGES = 12000, OWNERS = 3000, NEIGHBOURS = 50000 };

/* How sequences follow neighbours. */
struct shape {
    double slope;
    uint64_t noise; /* below which something is added */
    uint64_t base;
};

struct edges {
    struct ndb_pack_edge items[EDGES];
};

static int by_place(const void *left, const void *right)
{
    const struct ndb_pack_edge *a = left, *b = right;

    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    return (a->neighbour > b->neighbour) - (a->neighbour < b->neighbour);
}

static struct edges *make_edges(struct ndb_rand *rand,
                                const struct shape *shape)
{
    struct edges *edges = ndb_calloc(1, sizeof *edges);

    for (size_t i = 0; i < EDGES; i++) {
        uint64_t neighbour = 1 + ndb_rand_below(rand, NEIGHBOURS);

        edges->items[i] = (struct ndb_pack_edge){
            .owner = 1 + ndb_rand_below(rand, OWNERS),
            .neighbour = NAMIDB_ID(neighbour, 3),
            .sequence = shape->base +
                        (uint64_t)((double)neighbour * shape->slope) +
                        ndb_rand_below(rand, shape->noise),
        };
    }
    qsort(edges->items, EDGES, sizeof *edges->items, by_place);
    return edges;
}

static void check_segment(struct ndb_slice stored, const struct edges *edges,
                          size_t *at)
{
    struct ndb_segment *segment;

    assert_int_equal(ndb_segment_decode(stored, NDB_PART_IN, 1, &segment), 0);
    assert_int_equal(ndb_edge_lists_need(&segment->as.edge), 0);
    for (uint32_t i = 0; i < segment->as.edge.edge_count; i++, ++*at) {
        assert_int_equal(ndb_edge_neighbour(&segment->as.edge, i),
                         edges->items[*at].neighbour);
        assert_int_equal(ndb_edge_sequence(&segment->as.edge, i),
                         edges->items[*at].sequence);
    }
    ndb_segment_free(segment);
}

/* Writes the edges and reads them again; the bytes they take. */
static size_t round_trip(const struct edges *edges)
{
    struct ndb_pack_summary summary;
    struct ndb_directory directory;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    size_t at = 0, bytes = 0;

    assert_int_equal(ndb_pack_writer_new(&writer), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_IN, 2, 1), 0);
    for (size_t i = 0; i < EDGES; i++)
        assert_int_equal(
            ndb_pack_writer_edge(writer, &edges->items[i], NULL, 0), 0);
    assert_int_equal(ndb_pack_writer_finish(writer, &object, &summary), 0);
    assert_int_equal(ndb_directory_decode(ndb_slice(object.data + object.bytes -
                                                        summary.directory_bytes,
                                                    summary.directory_bytes),
                                          object.bytes, &arena, &directory),
                     0);
    for (uint32_t i = 0; i < directory.parts[0].segment_count; i++) {
        const struct ndb_segment_entry *entry = &directory.parts[0].segments[i];

        check_segment(ndb_slice(object.data + entry->offset, entry->bytes),
                      edges, &at);
        bytes += entry->bytes;
    }
    assert_int_equal(at, EDGES);
    ndb_arena_release(&arena);
    ndb_pack_writer_free(writer);
    return bytes;
}

static size_t bytes_of(const struct shape *shape)
{
    const char *text = getenv("NAMIDB_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 0;
    struct ndb_rand rand;
    struct edges *edges;
    size_t bytes;

    if (text == NULL)
        ndb_rand_bytes(&seed, sizeof seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    rand = (struct ndb_rand){ seed };
    edges = make_edges(&rand, shape);
    bytes = round_trip(edges);
    ndb_free(edges);
    return bytes;
}

/* Neighbours take two bytes, owners about one. */
static void test_trend__sequences_in_order_take_nearly_nothing(void **state)
{
    (void)state;
    assert_true(bytes_of(&(struct shape){ 1, 1, 77 }) < EDGES * 3);
    assert_true(bytes_of(&(struct shape){ 10, 10, 77 }) < EDGES * 4);
    assert_true(bytes_of(&(struct shape){ 0.25, 1, 77 }) < EDGES * 3);
}

static void test_trend__long_sequences_come_back(void **state)
{
    const uint64_t edge = UINT64_C(1) << 32;

    (void)state;
    assert_true(bytes_of(&(struct shape){ 1, 1, edge * 16 }) < EDGES * 3);
    /* Some fit into 32 bits, some do not. */
    assert_true(bytes_of(&(struct shape){ 1, 1, edge - NEIGHBOURS / 2 }) <
                EDGES * 3);
    assert_true(bytes_of(&(struct shape){ 1, 1, edge - NEIGHBOURS - 2 }) <
                EDGES * 3);
}

static void test_trend__noise_comes_back(void **state)
{
    (void)state;
    for (uint64_t noise = 1; noise < NAMIDB_SEQUENCE_MAX; noise *= 7)
        (void)bytes_of(&(struct shape){ 3, noise, 1 });
}

static void test_trend__random_points_have_none(void **state)
{
    static uint64_t x[EDGES], y[EDGES];
    struct ndb_trend trend;
    struct ndb_rand rand = { 1 };

    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        x[i] = ndb_rand_below(&rand, NEIGHBOURS);
        y[i] = ndb_rand_below(&rand, EDGES);
    }
    ndb_trend_fit(x, y, EDGES, &trend);
    assert_int_equal(trend.slope, 0);
    ndb_trend_fit(x, y, 3, &trend);
    assert_int_equal(trend.slope, 0);
    ndb_trend_fit(x, y, 0, &trend);
    assert_int_equal(trend.slope, 0);
}

static void test_trend__no_point_lies_below_the_line(void **state)
{
    static uint64_t x[EDGES], y[EDGES];
    struct ndb_trend trend;
    struct ndb_rand rand = { 2 };

    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        x[i] = ndb_rand_below(&rand, NEIGHBOURS);
        y[i] = 1 + 5 * x[i] / 2 + ndb_rand_below(&rand, 3);
    }
    ndb_trend_fit(x, y, EDGES, &trend);
    assert_in_range(trend.slope, 2 << NDB_TREND_BITS, 3 << NDB_TREND_BITS);
    for (size_t i = 0; i < EDGES; i++)
        assert_true((int64_t)(y[i] - ndb_trend_at(&trend, x[i])) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend__sequences_in_order_take_nearly_nothing),
        cmocka_unit_test(test_trend__long_sequences_come_back),
        cmocka_unit_test(test_trend__noise_comes_back),
        cmocka_unit_test(test_trend__random_points_have_none),
        cmocka_unit_test(test_trend__no_point_lies_below_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
