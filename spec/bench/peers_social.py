"""The queries of social.lua on Kuzu and on the Rust engine, in memory; text in.

usage: peers_social.py SCALE

The same graph, from the same random numbers; the Rust engine at scale 1 only,
where loading takes it long enough. Prints "kuzu_IC02_us", "rust_IC02_us" and
"..._rows" lines: of each query the median over 7 persons of the median of 5
runs, in microseconds, and its rows. Installed by spec/bench/setup.
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
import uuid

import kuzu
import namidb

SCALE = int(sys.argv[1])
PERSONS, POSTS, COMMENTS = 10000 * SCALE, 100000 * SCALE, 50000 * SCALE
SAMPLES, RUNS = 7, 5
SEED = 42

WALKS = {
    "IC02": "-[:KNOWS]->(f:Person)<-[:HAS_CREATOR]-(m:Post) "
            "RETURN f.name AS name, m.date AS date",
    "IC07": "<-[:HAS_CREATOR]-(m:Post)<-[:LIKES]-(f:Person) "
            "RETURN f.name AS name, m.date AS date",
    "IC08": "<-[:HAS_CREATOR]-(m:Post)<-[:REPLY_OF]-(c:Comment) "
            "RETURN c.text AS text, c.date AS date",
    "IC09": "-[:KNOWS]->(:Person)-[:KNOWS]->(f:Person)<-[:HAS_CREATOR]-(m:Post) "
            "RETURN f.name AS name, m.date AS date",
}


def random(bound):
    global SEED
    SEED = SEED * 16807 % 2147483647
    return SEED % bound + 1


def messages(count):
    return [(i, random(1000000000), f"text {i}") for i in range(1, count + 1)]


def edges(kind, count, begin, begins, end, ends):
    return kind, begin, end, [(random(begins), random(ends))
                              for _ in range(count * SCALE)]


# In the order of social.lua.
NODES = [
    ("Person", ("key", "name"),
     [(i, f"person {i}") for i in range(1, PERSONS + 1)]),
    ("Post", ("key", "date", "text"), messages(POSTS)),
    ("Comment", ("key", "date", "text"), messages(COMMENTS)),
]
EDGES = [
    edges("KNOWS", 100000, "Person", PERSONS, "Person", PERSONS),
    edges("HAS_CREATOR", 100000, "Post", POSTS, "Person", PERSONS),
    edges("HAS_CREATOR", 50000, "Comment", COMMENTS, "Person", PERSONS),
    edges("LIKES", 100000, "Person", PERSONS, "Post", POSTS),
    edges("REPLY_OF", 30000, "Comment", COMMENTS, "Post", POSTS),
]


def measure(peer, start, run):
    """run(text, person) gives rows."""
    for name, walk in WALKS.items():
        text = f"MATCH (p:Person {start}){walk} ORDER BY date DESC LIMIT 20"
        medians, rows = [], 0
        for i in range(1, SAMPLES + 1):
            times = []
            for _ in range(RUNS):
                begin = time.perf_counter()
                found = run(text, i * 37 % PERSONS + 1)
                times.append((time.perf_counter() - begin) * 1e6)
            medians.append(statistics.median(times))
            rows += len(found)
        print(f"{peer}_{name}_us {statistics.median(medians):.6g}")
        print(f"{peer}_{name}_rows {rows / SAMPLES:.6g}", flush=True)


def load_kuzu(graph, folder):
    def copy(table, rows, ends=""):
        path = os.path.join(folder, "rows.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(",".join(map(str, row)) + "\n" for row in rows)
        graph.execute(f'COPY {table} FROM "{path}" (header=false{ends})')

    message = "(key INT64 PRIMARY KEY, date INT64, text STRING)"
    graph.execute("CREATE NODE TABLE Person(key INT64 PRIMARY KEY, name STRING)")
    graph.execute("CREATE NODE TABLE Post" + message)
    graph.execute("CREATE NODE TABLE Comment" + message)
    graph.execute("CREATE REL TABLE KNOWS(FROM Person TO Person)")
    graph.execute("CREATE REL TABLE HAS_CREATOR(FROM Post TO Person, "
                  "FROM Comment TO Person)")
    graph.execute("CREATE REL TABLE LIKES(FROM Person TO Post)")
    graph.execute("CREATE REL TABLE REPLY_OF(FROM Comment TO Post)")
    for label, _, rows in NODES:
        copy(label, rows)
    for kind, begin, end, rows in EDGES:
        copy(kind, rows, f", from='{begin}', to='{end}'"
             if kind == "HAS_CREATOR" else "")


def measure_kuzu():
    graph = kuzu.Connection(kuzu.Database(":memory:"), num_threads=1)
    folder = tempfile.mkdtemp()
    try:
        load_kuzu(graph, folder)
    finally:
        shutil.rmtree(folder)
    measure("kuzu", "{key: $p}",
            lambda text, p: graph.execute(text, {"p": p}).get_all())


def measure_rust():
    labels = [label for label, _, _ in NODES]

    def key(label, i):
        return str(uuid.UUID(int=labels.index(label) + 1 << 64 | i))

    client = namidb.Client("memory://social")
    for label, names, rows in NODES:
        client.merge_nodes(label, [dict(zip(names[1:], row[1:]),
                                        id=key(label, row[0])) for row in rows])
    for kind, begin, end, rows in EDGES:
        client.merge_edges(kind, [{"src": key(begin, a), "dst": key(end, b)}
                                  for a, b in rows])
    client.commit()
    client.flush()

    def run(text, p):
        rows = client.cypher(text, {"p": key("Person", p)}).rows
        return rows() if callable(rows) else rows

    measure("rust", "{_id: $p}", run)


measure_kuzu()
if SCALE == 1:
    measure_rust()
