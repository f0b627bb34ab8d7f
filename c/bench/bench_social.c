/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_social - the peer of spec/bench/social.lua: the same graph, made of the
 * same numbers, and the same walks in SQLite, in memory, with prepared joins.
 *
 * Every edge table is clustered (WITHOUT ROWID) in the direction in which the
 * walks go, and holds only the edges that they want: who created a post is not
 * in one table with who created a comment. This is as good as it gets there.
 *
 * usage: bench_social [SCALE]
 *
 * Prints "name value" lines: median over persons of the median over rounds, in
 * microseconds.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/clock.h"

/* As in social.lua. */
enum { SAMPLES = 21, ROUNDS = 15, RUNS = 10 };

static sqlite3 *db;

static void must(int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    (void)fprintf(stderr, "bench_social: %s\n", sqlite3_errmsg(db));
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

/* The generator of social.lua. */
static int64_t any(int64_t bound)
{
    static int64_t seed = 42;

    seed = seed * 16807 % INT64_C(2147483647);
    return seed % bound + 1;
}

static void load_persons(int64_t count)
{
    sqlite3_stmt *insert = prepare("INSERT INTO person VALUES (?, ?)");
    char text[32];

    for (int64_t i = 1; i <= count; i++) {
        (void)snprintf(text, sizeof text, "person %" PRId64, i);
        must(sqlite3_bind_int64(insert, 1, i));
        must(sqlite3_bind_text(insert, 2, text, -1, SQLITE_TRANSIENT));
        must(sqlite3_step(insert));
        must(sqlite3_reset(insert));
    }
    must(sqlite3_finalize(insert));
}

static void load_messages(const char *sql, int64_t count)
{
    sqlite3_stmt *insert = prepare(sql);
    char text[32];

    for (int64_t i = 1; i <= count; i++) {
        (void)snprintf(text, sizeof text, "text %" PRId64, i);
        must(sqlite3_bind_int64(insert, 1, i));
        must(sqlite3_bind_int64(insert, 2, any(1000000000)));
        must(sqlite3_bind_text(insert, 3, text, -1, SQLITE_TRANSIENT));
        must(sqlite3_step(insert));
        must(sqlite3_reset(insert));
    }
    must(sqlite3_finalize(insert));
}

/* Edges a -> b. `sql` says how they are clustered; NULL: no walk wants them,
 * but their numbers are drawn. */
static void load_edges(const char *sql, int64_t count, int64_t from, int64_t to)
{
    sqlite3_stmt *insert = sql != NULL ? prepare(sql) : NULL;

    for (int64_t i = 1; i <= count; i++) {
        int64_t a = any(from), b = any(to);

        if (insert == NULL)
            continue;
        must(sqlite3_bind_int64(insert, 1, a));
        must(sqlite3_bind_int64(insert, 2, b));
        must(sqlite3_bind_int64(insert, 3, i));
        must(sqlite3_step(insert));
        must(sqlite3_reset(insert));
    }
    must(sqlite3_finalize(insert));
}

static void load(int64_t scale)
{
    int64_t persons = 10000 * scale, posts = 100000 * scale;
    int64_t comments = 50000 * scale;

    execute("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT);"
            "CREATE TABLE post (id INTEGER PRIMARY KEY, date INTEGER,"
            " text TEXT);"
            "CREATE TABLE comment (id INTEGER PRIMARY KEY, date INTEGER,"
            " text TEXT);"
            "CREATE TABLE knows (a INTEGER, b INTEGER, id INTEGER,"
            " PRIMARY KEY (a, b, id)) WITHOUT ROWID;"
            "CREATE TABLE created (b INTEGER, a INTEGER, id INTEGER,"
            " PRIMARY KEY (b, a, id)) WITHOUT ROWID;"
            "CREATE TABLE liked (b INTEGER, a INTEGER, id INTEGER,"
            " PRIMARY KEY (b, a, id)) WITHOUT ROWID;"
            "CREATE TABLE replied (b INTEGER, a INTEGER, id INTEGER,"
            " PRIMARY KEY (b, a, id)) WITHOUT ROWID;"
            "BEGIN");
    load_persons(persons);
    load_messages("INSERT INTO post VALUES (?, ?, ?)", posts);
    load_messages("INSERT INTO comment VALUES (?, ?, ?)", comments);
    load_edges("INSERT INTO knows VALUES (?1, ?2, ?3)", 100000 * scale, persons,
               persons);
    load_edges("INSERT INTO created VALUES (?2, ?1, ?3)", 100000 * scale, posts,
               persons);
    load_edges(NULL, 50000 * scale, comments, persons);
    load_edges("INSERT INTO liked VALUES (?2, ?1, ?3)", 100000 * scale, persons,
               posts);
    load_edges("INSERT INTO replied VALUES (?2, ?1, ?3)", 30000 * scale,
               comments, posts);
    execute("COMMIT; ANALYZE");
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

static int64_t rows, bytes; /* so that nothing is optimised away */

static void run(sqlite3_stmt *statement, int64_t person)
{
    must(sqlite3_bind_int64(statement, 1, person));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        rows++;
        bytes += sqlite3_column_text(statement, 0)[0];
        bytes += sqlite3_column_int64(statement, 1);
    }
    must(sqlite3_reset(statement));
}

static double person_us(sqlite3_stmt *statement, int64_t person)
{
    double times[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        int64_t begin_ns = ndb_clock_ns();

        for (int i = 0; i < RUNS; i++)
            run(statement, person);
        times[round] = (double)(ndb_clock_ns() - begin_ns) / RUNS / 1000;
    }
    return median(times, ROUNDS);
}

static void measure(const char *name, const char *sql, int64_t persons)
{
    sqlite3_stmt *statement = prepare(sql);
    double medians[SAMPLES];

    rows = 0;
    for (int i = 0; i < SAMPLES; i++)
        medians[i] = person_us(statement, (i + 1) * 37 % persons + 1);
    printf("%s_us %g\n", name, median(medians, SAMPLES));
    printf("%s_rows %g\n", name, (double)rows / (SAMPLES * ROUNDS * RUNS));
    must(sqlite3_finalize(statement));
}

/* CROSS JOIN: in this order. */
static const char *const WALKS[][2] = {
    { "IC02", "SELECT f.name, m.date FROM knows k"
              " CROSS JOIN created c ON c.b = k.b"
              " CROSS JOIN post m ON m.id = c.a"
              " CROSS JOIN person f ON f.id = k.b"
              " WHERE k.a = ? ORDER BY m.date DESC LIMIT 20" },
    { "IC07", "SELECT f.name, m.date FROM created c"
              " CROSS JOIN liked l ON l.b = c.a"
              " CROSS JOIN post m ON m.id = c.a"
              " CROSS JOIN person f ON f.id = l.a"
              " WHERE c.b = ? ORDER BY m.date DESC LIMIT 20" },
    { "IC08", "SELECT r.text, r.date FROM created c"
              " CROSS JOIN replied l ON l.b = c.a"
              " CROSS JOIN comment r ON r.id = l.a"
              " WHERE c.b = ? ORDER BY r.date DESC LIMIT 20" },
    { "IC09", "SELECT f.name, m.date FROM knows k"
              " CROSS JOIN knows g ON g.a = k.b AND g.id <> k.id"
              " CROSS JOIN created c ON c.b = g.b"
              " CROSS JOIN post m ON m.id = c.a"
              " CROSS JOIN person f ON f.id = g.b"
              " WHERE k.a = ? ORDER BY m.date DESC LIMIT 20" },
};

int main(int argc, char **argv)
{
    int64_t scale = argc > 1 ? atoll(argv[1]) : 1;

    must(sqlite3_open(":memory:", &db));
    load(scale);
    for (size_t i = 0; i < sizeof WALKS / sizeof WALKS[0]; i++)
        measure(WALKS[i][0], WALKS[i][1], 10000 * scale);
    must(sqlite3_close(db));
    return 0;
}
