/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sqlite - the peer: SQLite in memory with prepared statements on the
 * graph of spec/bench/uniform.lua, with the indexes that its queries want.
 * Edges are clustered both ways (WITHOUT ROWID).
 *
 * usage: bench_sqlite NODES
 *
 * Prints "name value" lines.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rand.h"
#include "sys/clock.h"

enum { DEGREE = 10, ROUNDS = 9, BATCH = 20000 };

static sqlite3 *db;
static struct ndb_rand random_numbers = { 42 };

static void must(int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    (void)fprintf(stderr, "bench_sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void execute(const char *sql)
{
    must(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement;

    must(sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
    return statement;
}

static void run(sqlite3_stmt *statement)
{
    must(sqlite3_step(statement));
    must(sqlite3_reset(statement));
}

static int64_t any(int64_t nodes)
{
    return 1 + (int64_t)ndb_rand_below(&random_numbers, (uint64_t)nodes);
}

static void load_nodes(int64_t nodes)
{
    sqlite3_stmt *insert = prepare("INSERT INTO person VALUES (?, ?, ?, ?)");
    char text[32];

    for (int64_t i = 1; i <= nodes; i++) {
        if (i % BATCH == 1)
            execute("BEGIN");
        must(sqlite3_bind_int64(insert, 1, i));
        (void)snprintf(text, sizeof text, "person-%" PRId64, i);
        must(sqlite3_bind_text(insert, 2, text, -1, SQLITE_TRANSIENT));
        (void)snprintf(text, sizeof text, "Person %" PRId64, i);
        must(sqlite3_bind_text(insert, 3, text, -1, SQLITE_TRANSIENT));
        must(sqlite3_bind_int64(insert, 4, any(90)));
        run(insert);
        if (i % BATCH == 0 || i == nodes)
            execute("COMMIT");
    }
    must(sqlite3_finalize(insert));
}

static void load_edges(int64_t nodes)
{
    sqlite3_stmt *out = prepare("INSERT INTO knows VALUES (?, ?, ?, ?)");
    sqlite3_stmt *in = prepare("INSERT INTO known VALUES (?, ?, ?)");
    int64_t count = nodes * DEGREE;

    for (int64_t i = 1; i <= count; i++) {
        int64_t from = (i - 1) % nodes + 1;
        int64_t to = any(nodes);

        if (i % BATCH == 1)
            execute("BEGIN");
        must(sqlite3_bind_int64(out, 1, from));
        must(sqlite3_bind_int64(out, 2, to));
        must(sqlite3_bind_int64(out, 3, i));
        must(sqlite3_bind_int64(out, 4, 1990 + any(30)));
        run(out);
        must(sqlite3_bind_int64(in, 1, to));
        must(sqlite3_bind_int64(in, 2, from));
        must(sqlite3_bind_int64(in, 3, i));
        run(in);
        if (i % BATCH == 0 || i == count)
            execute("COMMIT");
    }
    must(sqlite3_finalize(out));
    must(sqlite3_finalize(in));
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static int64_t sum; /* so that nothing is optimised away */

/* Median microseconds of one execution. */
static double median(sqlite3_stmt *statement, int64_t nodes, int calls,
                     int by_key)
{
    double rounds[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        int64_t started = ndb_clock_ns();

        for (int i = 0; i < calls; i++) {
            char text[32];

            if (by_key) {
                (void)snprintf(text, sizeof text, "person-%" PRId64,
                               any(nodes));
                must(sqlite3_bind_text(statement, 1, text, -1,
                                       SQLITE_TRANSIENT));
            } else {
                must(sqlite3_bind_int64(statement, 1, any(nodes)));
            }
            while (sqlite3_step(statement) == SQLITE_ROW)
                sum += sqlite3_column_int64(statement, 0);
            must(sqlite3_reset(statement));
        }
        rounds[round] = (double)(ndb_clock_ns() - started) / calls / 1000;
    }
    qsort(rounds, ROUNDS, sizeof rounds[0], by_value);
    must(sqlite3_finalize(statement));
    return rounds[ROUNDS / 2];
}

static double seconds_since(int64_t started)
{
    return (double)(ndb_clock_ns() - started) / 1e9;
}

int main(int argc, char **argv)
{
    int64_t nodes = argc > 1 ? atoll(argv[1]) : 100000;
    int64_t started;

    must(sqlite3_open(":memory:", &db));
    execute("CREATE TABLE person (id INTEGER PRIMARY KEY, key TEXT, name TEXT,"
            " age INTEGER);"
            "CREATE UNIQUE INDEX person_key ON person (key);"
            "CREATE TABLE knows (a INTEGER, b INTEGER, id INTEGER,"
            " since INTEGER, PRIMARY KEY (a, b, id)) WITHOUT ROWID;"
            "CREATE TABLE known (b INTEGER, a INTEGER, id INTEGER,"
            " PRIMARY KEY (b, a, id)) WITHOUT ROWID;");
    started = ndb_clock_ns();
    load_nodes(nodes);
    printf("load_nodes_per_s %g\n", (double)nodes / seconds_since(started));
    started = ndb_clock_ns();
    load_edges(nodes);
    printf("load_edges_per_s %g\n",
           (double)nodes * DEGREE / seconds_since(started));
    printf("bytes_per_edge %g\n",
           (double)sqlite3_memory_used() / (double)(nodes * DEGREE));
    printf("node_by_key_us %g\n",
           median(prepare("SELECT age FROM person WHERE key = ?"), nodes, 20000,
                  1));
    printf("node_by_id_us %g\n",
           median(prepare("SELECT age FROM person WHERE id = ?"), nodes, 20000,
                  0));
    printf(
        "hop_with_property_us %g\n",
        median(prepare("SELECT since FROM knows WHERE a = ?"), nodes, 5000, 0));
    printf("hop_with_nodes_us %g\n",
           median(prepare("SELECT age FROM knows JOIN person ON person.id = b"
                          " WHERE a = ?"),
                  nodes, 5000, 0));
    printf("degree_us %g\n",
           median(prepare("SELECT count(*) FROM knows WHERE a = ?"), nodes,
                  20000, 0));
    printf("ask_hop_us %g\n",
           median(prepare("SELECT since FROM person CROSS JOIN knows"
                          " ON a = person.id WHERE key = ?"),
                  nodes, 5000, 1));
    printf("ask_2_hops_us %g\n",
           median(prepare("SELECT f.age FROM person p CROSS JOIN knows k"
                          " ON k.a = p.id CROSS JOIN knows l ON l.a = k.b"
                          " AND l.id <> k.id CROSS JOIN person f"
                          " ON f.id = l.b WHERE p.key = ?"),
                  nodes, 1000, 1));
    printf("ask_3_hops_us %g\n",
           median(prepare("SELECT count(*) FROM person p CROSS JOIN knows k"
                          " ON k.a = p.id CROSS JOIN knows l ON l.a = k.b"
                          " AND l.id <> k.id CROSS JOIN knows m"
                          " ON m.a = l.b AND m.id <> l.id AND m.id <> k.id"
                          " WHERE p.key = ?"),
                  nodes, 300, 1));
    must(sqlite3_close(db));
    return 0;
}
