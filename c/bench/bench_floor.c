/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_floor - what the machine allows: the graph of spec/bench/uniform.lua in
 * flat arrays of plain C, nothing durable, nothing checked.
 *
 * usage: bench_floor NODES
 *
 * Prints "name value" lines.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/rand.h"
#include "sys/clock.h"

enum { DEGREE = 10, ROUNDS = 9, KEY_BYTES = 24 };

struct graph {
    uint32_t nodes;
    char (*keys)[KEY_BYTES];
    uint32_t *ages;
    uint32_t *slots; /* hash table: node + 1 */
    uint64_t mask;
    uint32_t *out_offsets, *out, *since;
    uint32_t *in_offsets, *in;
};

static struct ndb_rand random_numbers = { 42 };
static uint64_t sum; /* so that nothing is optimised away */

static uint32_t any(uint32_t bound)
{
    return (uint32_t)ndb_rand_below(&random_numbers, bound);
}

static void *must_alloc(size_t count, size_t size)
{
    void *block = calloc(count, size);

    if (block == NULL)
        exit(1);
    return block;
}

static uint64_t hash_of(const char *key)
{
    return ndb_hash64(ndb_slice_text(key));
}

static void make_nodes(struct graph *g)
{
    uint64_t capacity = 1;

    while (capacity < (uint64_t)g->nodes * 2)
        capacity *= 2;
    g->mask = capacity - 1;
    g->keys = must_alloc(g->nodes, KEY_BYTES);
    g->ages = must_alloc(g->nodes, sizeof *g->ages);
    g->slots = must_alloc(capacity, sizeof *g->slots);
    for (uint32_t i = 0; i < g->nodes; i++) {
        uint64_t at;

        (void)snprintf(g->keys[i], KEY_BYTES, "person-%" PRIu32, i);
        g->ages[i] = any(90);
        at = hash_of(g->keys[i]) & g->mask;
        while (g->slots[at] != 0)
            at = (at + 1) & g->mask;
        g->slots[at] = i + 1;
    }
}

/* Both directions by counting sort. */
static void make_edges(struct graph *g)
{
    uint32_t count = g->nodes * DEGREE;
    uint32_t *at = must_alloc(g->nodes + 1, sizeof *at);

    g->out_offsets = must_alloc(g->nodes + 1, sizeof(uint32_t));
    g->in_offsets = must_alloc((size_t)g->nodes + 2, sizeof(uint32_t));
    g->out = must_alloc(count, sizeof(uint32_t));
    g->in = must_alloc(count, sizeof(uint32_t));
    g->since = must_alloc(count, sizeof(uint32_t));
    for (uint32_t i = 0; i <= g->nodes; i++)
        g->out_offsets[i] = i * DEGREE;
    for (uint32_t i = 0; i < count; i++) {
        g->out[i] = any(g->nodes);
        g->since[i] = 1990 + any(30);
        g->in_offsets[g->out[i] + 1]++;
    }
    for (uint32_t i = 0; i < g->nodes; i++) {
        g->in_offsets[i + 1] += g->in_offsets[i];
        at[i] = g->in_offsets[i];
    }
    for (uint32_t i = 0; i < count; i++)
        g->in[at[g->out[i]]++] = i / DEGREE;
    free(at);
}

static void by_key(const struct graph *g)
{
    char key[KEY_BYTES];
    uint64_t at;

    (void)snprintf(key, sizeof key, "person-%" PRIu32, any(g->nodes));
    at = hash_of(key) & g->mask;
    while (strcmp(g->keys[g->slots[at] - 1], key) != 0)
        at = (at + 1) & g->mask;
    sum += g->ages[g->slots[at] - 1];
}

static void by_id(const struct graph *g)
{
    sum += g->ages[any(g->nodes)];
}

static void hop(const struct graph *g)
{
    uint32_t node = any(g->nodes);

    for (uint32_t i = g->out_offsets[node]; i < g->out_offsets[node + 1]; i++)
        sum += g->since[i];
}

static void hop_nodes(const struct graph *g)
{
    uint32_t node = any(g->nodes);

    for (uint32_t i = g->out_offsets[node]; i < g->out_offsets[node + 1]; i++)
        sum += g->ages[g->out[i]];
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Median microseconds of one call. */
static double median(const struct graph *g, void (*fn)(const struct graph *g))
{
    enum { CALLS = 100000 };
    double rounds[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        int64_t started = ndb_clock_ns();

        for (int i = 0; i < CALLS; i++)
            fn(g);
        rounds[round] = (double)(ndb_clock_ns() - started) / CALLS / 1000;
    }
    qsort(rounds, ROUNDS, sizeof rounds[0], by_value);
    return rounds[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    struct graph g = { .nodes = argc > 1 ? (uint32_t)atol(argv[1]) : 100000 };
    double edges = (double)g.nodes * DEGREE;
    int64_t started = ndb_clock_ns();

    make_nodes(&g);
    printf("load_nodes_per_s %g\n",
           (double)g.nodes * 1e9 / (double)(ndb_clock_ns() - started));
    started = ndb_clock_ns();
    make_edges(&g);
    printf("load_edges_per_s %g\n",
           edges * 1e9 / (double)(ndb_clock_ns() - started));
    printf("memory_per_edge %g\n", 12 + 8.0 / DEGREE);
    printf("node_by_key_us %g\n", median(&g, by_key));
    printf("node_by_id_us %g\n", median(&g, by_id));
    printf("hop_with_property_us %g\n", median(&g, hop));
    printf("hop_with_nodes_us %g\n", median(&g, hop_nodes));
    if (sum == 1)
        printf("#\n");
    free(g.keys);
    free(g.ages);
    free(g.slots);
    free(g.out_offsets);
    free(g.in_offsets);
    free(g.out);
    free(g.in);
    free(g.since);
    return 0;
}
