/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "engine/edge_order.h"

/* What ends of edges are drawn from. */
struct range {
    uint64_t first, count; /* sequences */
    uint32_t table, table_count;
};

enum { EDGES_MAX = 5000 };

static uint64_t from[EDGES_MAX], to[EDGES_MAX];
static bool seen[EDGES_MAX];

static uint64_t draw(struct ndb_rand *rand, const struct range *range)
{
    return NAMIDB_ID(range->first + ndb_rand_below(rand, range->count),
                     range->table +
                         (uint32_t)ndb_rand_below(rand, range->table_count));
}

/* Whether `b` may stand behind `a`. */
static bool ascends(const struct ndb_ordered_edge *a,
                    const struct ndb_ordered_edge *b)
{
    if (a->owner != b->owner)
        return ndb_owner_key(a->owner) < ndb_owner_key(b->owner);
    if (a->neighbour != b->neighbour)
        return a->neighbour < b->neighbour;
    return a->index < b->index;
}

/* Every edge is there once, with its ends, and in order. */
static void check(const struct ndb_edge_order *order, size_t count,
                  const uint64_t *owners, const uint64_t *neighbours)
{
    struct ndb_ordered_edge last = { 0, 0, 0 };

    for (size_t i = 0; i < count; i++)
        seen[i] = false;
    for (size_t i = 0; i < count; i++) {
        const struct ndb_ordered_edge edge = ndb_edge_order_at(order, i);

        assert_true(edge.index < count);
        assert_false(seen[edge.index]);
        seen[edge.index] = true;
        assert_int_equal(edge.owner, owners[edge.index]);
        assert_int_equal(edge.neighbour, neighbours[edge.index]);
        if (i != 0)
            assert_true(ascends(&last, &edge));
        last = edge;
    }
}

static void check_both_ways(size_t count)
{
    struct ndb_edge_order order;

    assert_int_equal(ndb_edge_order_make(&order, from, to, count), 0);
    check(&order, count, from, to);
    ndb_edge_order_turn(&order);
    check(&order, count, to, from);
    ndb_edge_order_turn(&order);
    check(&order, count, from, to);
    ndb_edge_order_release(&order);
}

static void test_edge_order__sorts_by_each_end_and_keeps_ties(void **state)
{
    static const struct range ranges[] = {
        { 1, 1, 3, 1 },
        { 1, 20, 3, 1 },
        { 1000, 30, 5, 3 },
        { 7, 100000, 1, 1 },
        { 1, 5000000, 2, 2 },
        { 1, NAMIDB_SEQUENCE_MAX, 0, NAMIDB_TABLE_MAX + 1 }, /* too wide */
    };
    static const size_t counts[] = { 0, 1, 2, 70, EDGES_MAX };
    const size_t range_count = sizeof ranges / sizeof *ranges;

    (void)state;
    for (size_t i = 0; i < range_count * range_count; i++) {
        struct ndb_rand rand = { i };

        for (size_t j = 0; j < EDGES_MAX; j++) {
            from[j] = draw(&rand, &ranges[i / range_count]);
            to[j] = draw(&rand, &ranges[i % range_count]);
        }
        for (size_t j = 0; j < sizeof counts / sizeof *counts; j++)
            check_both_ways(counts[j]);
    }
}

/* Of what is in order already passes are left out: only of that. */
static void test_edge_order__of_what_is_partly_in_order(void **state)
{
    struct ndb_rand rand = { 1 };

    (void)state;
    for (uint64_t shape = 0; shape < 16; shape++) {
        for (size_t j = 0; j < EDGES_MAX; j++) {
            uint64_t chance = 1 + ndb_rand_below(&rand, 300);

            from[j] = NAMIDB_ID((shape & 1) != 0 ? j / 10 + 1 : chance,
                                (shape & 2) != 0 ? 1 + j % 2 : 1);
            to[j] = NAMIDB_ID((shape & 4) != 0 ? j % 10 + 1 : chance,
                              (shape & 8) != 0 ? 1 + j / 2500 : 1);
        }
        check_both_ways(EDGES_MAX);
    }
}

static void test_edge_order__of_no_memory(void **state)
{
    struct ndb_edge_order order;

    (void)state;
    from[0] = to[0] = NAMIDB_ID(1, 1);
    ndb_mem_fail_from(1);
    assert_int_equal(ndb_edge_order_make(&order, from, to, 1), NAMIDB_ENOMEM);
    ndb_mem_fail_from(0);
    ndb_edge_order_release(&order);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edge_order__sorts_by_each_end_and_keeps_ties),
        cmocka_unit_test(test_edge_order__of_what_is_partly_in_order),
        cmocka_unit_test(test_edge_order__of_no_memory),
    };

    return cmocka_run_group_tests_name("edge_order", tests, NULL, NULL);
}
