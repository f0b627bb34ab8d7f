"""The queries of scan.lua on DuckDB and Kuzu, in memory, one thread.

usage: peers.py NODES [part of a query's name]

Prints "duckdb_name milliseconds" and "kuzu_name milliseconds" lines, and the
sums of what came out as "duckdb_name=". Installed by spec/bench/setup.
"""

import os
import statistics
import sys
import tempfile
import time

import duckdb
import kuzu

NODES = int(sys.argv[1])
ONLY = sys.argv[2] if len(sys.argv) > 2 else ""
DEGREE = 10

PERSON = f"""SELECT i AS id, (i * 7919 % 90) AS age, (i * 104729 % 100) AS city,
    ((i * 15485863) % 1000003) / 8.0::DOUBLE AS score,
    'town-' || (i * 104729 % 100) AS town, i AS born FROM range(1, {NODES + 1}) t(i)"""
KNOWS = f"""SELECT i AS f, (i * 48271 + j * 69621 + i * j % 9973 * 16807)
    % {NODES} + 1 AS t, 1990 + ((i - 1) * {DEGREE} + j) % 30 AS since
    FROM range(1, {NODES + 1}) a(i), range(1, {DEGREE + 1}) b(j) ORDER BY i, j"""

# name, SQL, Cypher, slow
QUERIES = [
    ("filter_avg", "SELECT avg(score) AS v FROM person WHERE age > 30",
     "MATCH (n:Person) WHERE n.age > 30 RETURN avg(n.score) AS v", False),
    ("count_filter",
     "SELECT count(*) AS v FROM person WHERE age > 30 AND score < 60000.5",
     "MATCH (n:Person) WHERE n.age > 30 AND n.score < 60000.5 "
     "RETURN count(*) AS v", False),
    ("sum_arithmetic", "SELECT sum(age * 2 + city) AS v FROM person",
     "MATCH (n:Person) RETURN sum(n.age * 2 + n.city) AS v", False),
    ("group_100", "SELECT count(*) AS v, city, avg(age) FROM person "
     "GROUP BY city",
     "MATCH (n:Person) RETURN count(*) AS v, n.city, avg(n.age)", False),
    ("group_100_text", "SELECT count(*) AS v, town, avg(age) FROM person "
     "GROUP BY town",
     "MATCH (n:Person) RETURN count(*) AS v, n.town, avg(n.age)", False),
    ("distinct", "SELECT DISTINCT 1 AS v, town FROM person",
     "MATCH (n:Person) RETURN DISTINCT 1 AS v, n.town", False),
    ("order_limit",
     "SELECT score AS v FROM person ORDER BY score DESC LIMIT 20",
     "MATCH (n:Person) RETURN n.score AS v ORDER BY v DESC LIMIT 20", False),
    ("zone_range",
     f"SELECT count(*) AS v FROM person WHERE born > {NODES * 0.99}",
     f"MATCH (n:Person) WHERE n.born > {NODES * 0.99} RETURN count(*) AS v",
     False),
    ("two_hops", "SELECT count(*) AS v FROM knows a, knows b WHERE a.t = b.f",
     "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c) RETURN count(*) AS v", True),
    ("triangles", "SELECT count(*) AS v FROM knows a, knows b, knows c "
     "WHERE a.t = b.f AND b.t = c.f AND c.t = a.f",
     "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c)-[:KNOWS]->(a) "
     "RETURN count(*) AS v", True),
]


def measure(name, run, slow):
    total = sum(row[0] for row in run())
    times = []
    for _ in range(1 if slow else 9):
        begin = time.perf_counter()
        run()
        times.append((time.perf_counter() - begin) * 1e3)
    print(f"{name} {statistics.median(times):.4g}")
    print(f"{name}= {float(total):.10g}", flush=True)


def rows_of(connection, text):
    answer = connection.execute(text)
    rows = []
    while answer.has_next():
        rows.append(answer.get_next())
    return rows


def main():
    folder = tempfile.mkdtemp()
    duck = duckdb.connect()
    duck.execute("SET threads = 1")
    duck.execute(f"CREATE TABLE person AS {PERSON}")
    begin = time.perf_counter()
    duck.execute(f"CREATE TABLE knows AS {KNOWS}")
    print(f"duckdb_load {(time.perf_counter() - begin) * 1e3:.4g}")
    graph = kuzu.Connection(kuzu.Database(":memory:"), num_threads=1)
    graph.execute("CREATE NODE TABLE Person(id INT64 PRIMARY KEY, age INT64, "
                  "city INT64, score DOUBLE, town STRING, born INT64)")
    graph.execute("CREATE REL TABLE KNOWS(FROM Person TO Person, since INT64)")
    for name, table in ("person", "Person"), ("knows", "KNOWS"):
        path = os.path.join(folder, name + ".parquet")
        duck.execute(f"COPY {name} TO '{path}' (FORMAT parquet)")
        graph.execute(f'COPY {table} FROM "{path}"')
        os.remove(path)
    os.rmdir(folder)
    for name, sql, cypher, slow in QUERIES:
        if ONLY in name:
            measure("duckdb_" + name, lambda: duck.execute(sql).fetchall(), slow)
            measure("kuzu_" + name, lambda: rows_of(graph, cypher), slow)


main()
