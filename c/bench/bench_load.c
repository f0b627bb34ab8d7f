/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load - edges from arrays into a store: rows, commits, flushes, packs.
 *
 * 100,000 nodes with keys, then edges with one property between random ones, in
 * batches of 20,000 of which four are under way at a time; into memory, or
 * where a URI says. What is timed begins with the first edge and ends when the
 * last one is in a pack. Beside it, how long the writing thread itself worked.
 *
 * usage: bench_load [edges [uri]]
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

enum { NODES = 100000, BATCH = 20000, TICKETS = 4 };

struct bench {
    namidb *db;
    uint64_t ids[NODES];
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
    static namidb_value keys[NODES];
    namidb_node_rows rows = { .count = NODES, .keys = { keys, 1 } };
    namidb_error err;
    namidb_tx *tx;
    size_t bad_row;

    for (int i = 0; i < NODES; i++)
        keys[i] = (namidb_value){ .kind = NAMIDB_INT, .as.integer = i };
    must(namidb_tx_begin(&tx, bench->db, -1, &err), &err);
    rows.label = number(tx, NAMIDB_LABEL, "Person");
    must(namidb_put_nodes(tx, &rows, bench->ids, &bad_row, &err), &err);
    must(namidb_tx_commit(tx, -1, NULL, &err), &err);
}

static void fill(struct bench *bench)
{
    for (int i = 0; i < BATCH; i++) {
        bench->from[i] = bench->ids[ndb_rand_below(&bench->rand, NODES)];
        bench->to[i] = bench->ids[ndb_rand_below(&bench->rand, NODES)];
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

int main(int argc, char **argv)
{
    struct bench *bench = ndb_calloc(1, sizeof *bench);
    uint64_t edges = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000000;
    const char *uri = argc > 2 ? argv[2] : "memory://bench-load";
    namidb_error err;
    int64_t begin, filling = 0;
    double seconds, writing = 0, all;

    if (bench == NULL)
        return 1;
    bench->rand = (struct ndb_rand){ 1 };
    must(namidb_open(&bench->db, uri, NULL, &err), &err);
    load_nodes(bench);
    begin = ndb_clock_ns();
    all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (uint64_t batch = 0; batch < edges / BATCH; batch++) {
        int64_t before = ndb_clock_ns();
        double cpu;

        fill(bench);
        filling += ndb_clock_ns() - before;
        cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
        load_batch(bench, batch);
        writing += cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    for (int i = 0; i < TICKETS; i++)
        finish(bench->tickets[i]);
    must(namidb_flush(bench->db, 600000, &err), &err);
    seconds = (double)(ndb_clock_ns() - begin - filling) / 1e9;
    all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - all - (double)filling / 1e9;
    printf("%-32s %10.2f M edges/s   goal 6\n", "arrays to packs",
           (double)edges / seconds / 1e6);
    printf("%-32s %10.0f ns\n", "an edge, its writing thread",
           writing / (double)edges * 1e9);
    printf("%-32s %10.0f ns\n", "an edge, all threads",
           all / (double)edges * 1e9);
    namidb_close(bench->db);
    ndb_free(bench);
    return 0;
}
