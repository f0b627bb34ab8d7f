/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/edge_list.h"

enum { LAYERS = 12, NEIGHBOURS = 6, EDGES = 40 };

/* What the newest layer that has an edge says of it. */
enum verdict { UNKNOWN, ALIVE, DELETED };

struct layers {
    struct ndb_hop_edge edges[LAYERS][EDGES];
    struct ndb_edge_piece pieces[LAYERS];
    enum verdict verdicts[EDGES];
    uint64_t neighbours[EDGES]; /* an edge never changes its ends */
};

static int by_neighbour(const void *a, const void *b)
{
    const struct ndb_hop_edge *left = a, *right = b;
    uint64_t left_edge = left->edge & ~NDB_EDGE_DELETED;
    uint64_t right_edge = right->edge & ~NDB_EDGE_DELETED;

    if (left->neighbour != right->neighbour)
        return left->neighbour < right->neighbour ? -1 : 1;
    return (left_edge > right_edge) - (left_edge < right_edge);
}

/* Layers as memtables would have them, newest first. */
static void draw(struct layers *layers, struct ndb_rand *rand, uint32_t count)
{
    memset(layers, 0, sizeof *layers);
    for (int i = 0; i < EDGES; i++)
        layers->neighbours[i] = 1 + ndb_rand_below(rand, NEIGHBOURS);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t known = 0;

        for (uint64_t edge = 0; edge < EDGES; edge++) {
            bool is_deleted = ndb_rand_below(rand, 3) == 0;

            if (ndb_rand_below(rand, 4) != 0)
                continue;
            layers->edges[i][known].neighbour = layers->neighbours[edge];
            layers->edges[i][known++].edge =
                NAMIDB_ID(edge + 1, 1) | (is_deleted ? NDB_EDGE_DELETED : 0);
            if (layers->verdicts[edge] == UNKNOWN)
                layers->verdicts[edge] = is_deleted ? DELETED : ALIVE;
        }
        qsort(layers->edges[i], known, sizeof **layers->edges, by_neighbour);
        layers->pieces[i] = (struct ndb_edge_piece){
            .type = 1, .layer = i, .edges = layers->edges[i], .end = known
        };
    }
}

static void test_edge_list__newest_word_on_each_edge_counts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct ndb_rand rand = { seed };
        uint32_t count = 1 + (uint32_t)ndb_rand_below(&rand, LAYERS);
        struct ndb_hop_edge want[EDGES], got[LAYERS * EDGES], *end = got;
        uint64_t want_count = 0, got_count = 0, counted = 0;
        namidb_arena arena = NDB_ARENA_INIT;
        struct layers layers;
        bool is_same;

        draw(&layers, &rand, count);
        for (uint64_t i = 0; i < EDGES; i++)
            if (layers.verdicts[i] == ALIVE)
                want[want_count++] =
                    (struct ndb_hop_edge){ layers.neighbours[i],
                                           NAMIDB_ID(i + 1, 1) };
        qsort(want, want_count, sizeof *want, by_neighbour);
        assert_int_equal(
            ndb_edge_list_merge(&arena, layers.pieces, count, &end, &got_count),
            0);
        assert_int_equal(
            ndb_edge_list_merge(&arena, layers.pieces, count, NULL, &counted),
            0);
        is_same = got_count == want_count && counted == want_count &&
                  end == got + got_count &&
                  memcmp(want, got, want_count * sizeof *want) == 0;
        if (!is_same)
            fail_msg("seed %" PRIu64, seed);
        ndb_arena_release(&arena);
    }
}

static void test_edge_list__pieces_of_one_type_are_told_apart(void **state)
{
    struct ndb_edge_piece pieces[] = { { .type = 1 },
                                       { .type = 1 },
                                       { .type = 3 } };

    (void)state;
    assert_int_equal(ndb_edge_list_type(pieces, 3), 2);
    assert_int_equal(ndb_edge_list_type(pieces + 2, 1), 1);
    assert_int_equal(ndb_edge_list_type(pieces, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edge_list__newest_word_on_each_edge_counts),
        cmocka_unit_test(test_edge_list__pieces_of_one_type_are_told_apart),
    };

    return cmocka_run_group_tests_name("edge_list", tests, NULL, NULL);
}
