"""The Rust engine's side of spec/bench/s3.lua: one measure.

usage: s3_peer.py URI commits|open N
Prints what took how many seconds, "commits 1.2".
"""

import sys
import time
import uuid

import namidb

URI, MEASURE, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])


def key(i):
    return str(uuid.UUID(int=i))


if MEASURE == "commits":
    client = namidb.Client(URI)
    since = time.perf_counter()
    for i in range(1, COUNT + 1):
        client.upsert_node("N", key(i), {"n": i})
        client.commit()
    print("commits %.6f" % (time.perf_counter() - since))
else:
    since = time.perf_counter()
    client = namidb.Client(URI)
    print("open %.6f" % (time.perf_counter() - since))
    assert client.lookup_node("N", key(COUNT)) is not None
