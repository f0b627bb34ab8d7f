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
    'town-' || (i * 104729 % 100) AS town, i AS born,
    'person-' || i AS name FROM range(1, {NODES + 1}) t(i)"""
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
    ("order_all", "SELECT score AS v FROM person ORDER BY score "
     f"OFFSET {NODES - 10}", "MATCH (n:Person) RETURN n.score AS v "
     f"ORDER BY v SKIP {NODES - 10}", False),
    ("distinct_ints",
     "SELECT sum(b) AS v FROM (SELECT DISTINCT born AS b FROM person)",
     "MATCH (n:Person) WITH DISTINCT n.born AS b RETURN sum(b) AS v", False),
    ("distinct_texts", "SELECT count(DISTINCT name) AS v FROM person",
     "MATCH (n:Person) RETURN count(DISTINCT n.name) AS v", False),
    ("distinct_towns", "SELECT count(DISTINCT town) AS v FROM person",
     "MATCH (n:Person) RETURN count(DISTINCT n.town) AS v", False),
    ("max_text", "SELECT length(max(name) || min(name)) AS v FROM person",
     "MATCH (n:Person) WITH max(n.name) AS a, min(n.name) AS b "
     "RETURN size(a) + size(b) AS v", False),
    ("starts_with",
     "SELECT count(*) AS v FROM person WHERE name LIKE 'person-12%'",
     "MATCH (n:Person) WHERE n.name STARTS WITH 'person-12' "
     "RETURN count(*) AS v", False),
    ("collect", "SELECT len(list(born)) AS v FROM person",
     "MATCH (n:Person) WITH collect(n.born) AS l RETURN size(l) AS v", False),
    ("collect_groups", "SELECT sum(len(l)) AS v FROM "
     "(SELECT list(born) AS l FROM person GROUP BY city)",
     "MATCH (n:Person) WITH n.city AS c, collect(n.born) AS l "
     "RETURN sum(size(l)) AS v", False),
    ("join", "SELECT count(*) AS v FROM person a, person b "
     "WHERE a.born = b.born",
     "MATCH (a:Person), (b:Person) WHERE a.born = b.born "
     "RETURN count(*) AS v", False),
    ("group_born", "SELECT sum(s) AS v FROM (SELECT born, sum(age) AS s "
     "FROM person GROUP BY born)",
     "MATCH (n:Person) WITH n.born AS b, sum(n.age) AS s "
     "RETURN sum(s) AS v", False),
    ("rank_step", "SELECT sum(s) AS v FROM (SELECT t, sum(score) AS s "
     "FROM knows, person WHERE f = id GROUP BY t)",
     "MATCH (a:Person)-[:KNOWS]->(b) WITH b, sum(a.score) AS s "
     "RETURN sum(s) AS v", True),
    ("in_degrees", "SELECT max(n) AS v FROM "
     "(SELECT t, count(*) AS n FROM knows GROUP BY t)",
     "MATCH (a:Person)-[:KNOWS]->(b) WITH b, count(*) AS n "
     "RETURN max(n) AS v", True),
    ("zone_range",
     f"SELECT count(*) AS v FROM person WHERE born > {NODES * 0.99}",
     f"MATCH (n:Person) WHERE n.born > {NODES * 0.99} RETURN count(*) AS v",
     False),
    ("two_hops", "SELECT count(*) AS v FROM knows a, knows b WHERE a.t = b.f",
     "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c) RETURN count(*) AS v", True),
    ("three_hops", "SELECT count(*) AS v FROM knows a, knows b, knows c "
     "WHERE a.t = b.f AND b.t = c.f",
     "MATCH (a:Person)-[:KNOWS]->(b)-[:KNOWS]->(c)-[:KNOWS]->(d) "
     "RETURN count(*) AS v", True),
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
                  "city INT64, score DOUBLE, town STRING, born INT64, name STRING)")
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
