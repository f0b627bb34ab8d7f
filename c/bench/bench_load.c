/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load - edges from arrays into a store: rows, commits, flushes, packs.
 *
 * Nodes with keys, then edges with one property between random ones, in
 * batches of 20,000 of which four are under way at a time; into memory, or
 * where a URI says. What is timed begins with the first edge and ends when the
 * last one is in a pack. Beside it, how long the writing thread itself
 * worked, and what the packs take.
 *
 * usage: bench_load [edges [nodes [uri]]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/rand.h"
#include "namidb_rows.h"
#include "sys/clock.h"

enum { BATCH = 20000, TICKETS = 4 };

struct bench {
    namidb *db;
    uint64_t node_count;
    uint64_t *ids;
    uint64_t from[BATCH], to[BATCH];
    namidb_value since[BATCH];
    namidb_ticket *tickets[TICKETS];
    struct ndb_rand rand;
};

static void must(int rc, const namidb_error *err)
{
    if (rc < 0) {
        fprintf(stderr, "bench_load: %s\n", err->message);
        exit(1);
    }
}

static uint32_t number(namidb_tx *tx, enum namidb_name_kind kind,
                       const char *name)
{
    uint32_t result;
    namidb_error err;

    must(namidb_tx_number(tx, kind, name, strlen(name), &result, &err), &err);
    return result;
}

static void load_nodes(struct bench *bench)
{
    static namidb_value keys[BATCH];
    namidb_node_rows rows = { .keys = { keys, 1 } };
    namidb_error err;
    namidb_tx *tx;
    size_t bad_row;

    for (uint64_t at = 0; at < bench->node_count; at += rows.count) {
        rows.count =
            bench->node_count - at < BATCH ? bench->node_count - at : BATCH;
        for (size_t i = 0; i < rows.count; i++)
            keys[i] = (namidb_value){ .kind = NAMIDB_INT,
                                      .as.integer = (int64_t)(at + i) };
        must(namidb_tx_begin(&tx, bench->db, 60000, &err), &err);
        rows.label = number(tx, NAMIDB_LABEL, "Person");
        must(namidb_put_nodes(tx, &rows, bench->ids + at, &bad_row, &err),
             &err);
        must(namidb_tx_commit(tx, -1, NULL, &err), &err);
    }
}

static void fill(struct bench *bench)
{
    for (int i = 0; i < BATCH; i++) {
        bench->from[i] =
            bench->ids[ndb_rand_below(&bench->rand, bench->node_count)];
        bench->to[i] =
            bench->ids[ndb_rand_below(&bench->rand, bench->node_count)];
        bench->since[i] = (namidb_value){ .kind = NAMIDB_INT,
                                          .as.integer = (int64_t)ndb_rand_below(
                                              &bench->rand, 50) };
    }
}

static void finish(namidb_ticket *ticket)
{
    namidb_error err;

    if (ticket == NULL)
        return;
    must(namidb_ticket_wait(ticket, -1, &err), &err);
    namidb_ticket_free(ticket);
}

static void load_batch(struct bench *bench, uint64_t batch)
{
    namidb_column column = { .values = { bench->since, 1 } };
    namidb_edge_rows rows = { .count = BATCH,
                              .from = bench->from,
                              .to = bench->to,
                              .props = { &column, 1 } };
    namidb_ticket **ticket = &bench->tickets[batch % TICKETS];
    namidb_error err;
    namidb_tx *tx;
    size_t bad_row;

    finish(*ticket);
    must(namidb_tx_begin(&tx, bench->db, 60000, &err), &err);
    rows.type = number(tx, NAMIDB_TYPE, "KNOWS");
    column.name = number(tx, NAMIDB_PROPERTY, "since");
    must(namidb_put_edges(tx, &rows, NULL, &bad_row, &err), &err);
    must(namidb_tx_commit(tx, -1, ticket, &err), &err);
}

static double cpu_seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What is left in the store, beside what was measured. */
static void print_store(struct bench *bench, uint64_t nodes_bytes)
{
    namidb_stats stats;
    namidb_error err;

    must(namidb_get_stats(bench->db, &stats, &err), &err);
    printf("%-32s %10.2f bytes       goal 8.5\n", "an edge, stored",
           (double)(stats.pack_bytes - nodes_bytes) / (double)stats.edge_count);
    printf("%-32s %10" PRIu64 "\n", "packs", stats.pack_count);
}

static uint64_t stored_bytes(struct bench *bench)
{
    namidb_stats stats;
    namidb_error err;

    must(namidb_get_stats(bench->db, &stats, &err), &err);
    return stats.pack_bytes;
}

int main(int argc, char **argv)
{
    struct bench *bench = ndb_calloc(1, sizeof *bench);
    uint64_t edges = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    uint64_t nodes = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    const char *uri = argc > 3 ? argv[3] : "memory://bench-load";
    namidb_error err;
    uint64_t nodes_bytes;
    int64_t begin, filling = 0;
    double seconds, writing = 0, filling_cpu = 0, all;

    if (bench == NULL || nodes == 0)
        return 1;
    bench->rand = (struct ndb_rand){ 1 };
    bench->node_count = nodes;
    bench->ids = ndb_calloc(nodes, sizeof *bench->ids);
    if (bench->ids == NULL)
        return 1;
    must(namidb_open(&bench->db, uri, NULL, &err), &err);
    load_nodes(bench);
    must(namidb_flush(bench->db, 600000, &err), &err);
    nodes_bytes = stored_bytes(bench);
    begin = ndb_clock_ns();
    all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t batch = 0; batch < edges / BATCH; batch++) {
        double cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        int64_t before = ndb_clock_ns();

        fill(bench);
        filling += ndb_clock_ns() - before;
        filling_cpu -= cpu;
        cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        filling_cpu += cpu;
        load_batch(bench, batch);
        writing += cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    for (int i = 0; i < TICKETS; i++)
        finish(bench->tickets[i]);
    must(namidb_flush(bench->db, 600000, &err), &err);
    seconds = (double)(ndb_clock_ns() - begin - filling) / 1e9;
    all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - all - filling_cpu;
    printf("%-32s %10.2f M edges/s   goal 6\n", "arrays to packs",
           (double)edges / seconds / 1e6);
    printf("%-32s %10.0f ns\n", "an edge, its writing thread",
           writing / (double)edges * 1e9);
    printf("%-32s %10.0f ns\n", "an edge, all threads",
           all / (double)edges * 1e9);
    print_store(bench, nodes_bytes);
    namidb_close(bench->db);
    ndb_free(bench->ids);
    ndb_free(bench);
    return 0;
}
