/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_read - what the reads cost that everything else is made of.
 *
 * A uniform graph (1 M nodes with a key and two properties, 10 edges with one
 * property from each) in one pack of a memory store, below an empty memtable,
 * all segments cached; one thread. Then a memtable of 500,000 edges is made
 * into a pack.
 *
 * usage: bench_read [nodes [part of a measure's name]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "engine/pack_build.h"
#include "base/radix.h"
#include "engine/read.h"
#include "format/value.h"
#include "sys/clock.h"

enum { DEGREE = 10, TABLE = 1, TYPE = 1, NAME = 1, AGE = 2, SINCE = 1 };
#define CACHE_BYTES (UINT64_C(3) << 30)
/* Each is measured so long for each node: 0.7 s. */
#define NODE_NS INT64_C(700)

struct bench {
    uint64_t nodes;
    struct ndb_store *store;
    struct ndb_segment_cache *cache;
    struct ndb_snapshot snapshot;
    struct ndb_rand rand;
    namidb_arena arena;
    const char *only; /* measures whose name has this in it; NULL: all */
    uint64_t rows;    /* read so far: nothing may be optimised away */
};

static void must(int rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "bench_read: %s: %s\n", what, namidb_status_name(rc));
        exit(1);
    }
}

static void *must_alloc(uint64_t count, size_t size)
{
    void *block = ndb_calloc(count, size);

    must(block != NULL ? NAMIDB_OK : NAMIDB_ENOMEM, "graph");
    return block;
}

static uint64_t any_node(struct bench *bench)
{
    return NAMIDB_ID(1 + ndb_rand_below(&bench->rand, bench->nodes), TABLE);
}

/* ----------------------------------------------------------------- graph -- */

static namidb_value key_of(uint64_t sequence, char text[24])
{
    int bytes = snprintf(text, 24, "node-%" PRIu64, sequence);

    return (namidb_value){ .kind = NAMIDB_STRING,
                           .size = (uint32_t)bytes,
                           .as.bytes = text };
}

static void write_nodes(struct bench *bench, struct ndb_pack_writer *writer)
{
    static const uint32_t LABELS[] = { TABLE };

    must(ndb_pack_writer_part(writer, NDB_PART_NODE, 0, TABLE), "pack");
    for (uint64_t i = 1; i <= bench->nodes; i++) {
        char text[24];
        namidb_value key = key_of(i, text);
        namidb_property props[] = {
            { NAME, key },
            { AGE, { .kind = NAMIDB_INT, .as.integer = (int64_t)(i % 90) } },
        };
        namidb_node node = { .id = NAMIDB_ID(i, TABLE),
                             .key = key,
                             .labels = LABELS,
                             .label_count = 1,
                             .prop_count = 2,
                             .props = props };

        must(ndb_pack_writer_node(writer, i, &node), "pack");
    }
}

static void write_keys(struct bench *bench, struct ndb_pack_writer *writer)
{
    struct ndb_radix_item *items = must_alloc(bench->nodes, sizeof *items);
    struct ndb_radix_item *spare = must_alloc(bench->nodes, sizeof *spare);

    for (uint64_t i = 0; i < bench->nodes; i++) {
        char text[24];
        namidb_value key = key_of(i + 1, text);

        items[i] = (struct ndb_radix_item){ ndb_key_hash(&key), i + 1 };
    }
    ndb_radix_sort(items, spare, bench->nodes);
    must(ndb_pack_writer_part(writer, NDB_PART_KEY, 0, TABLE), "pack");
    for (uint64_t i = 0; i < bench->nodes; i++)
        must(ndb_pack_writer_key(writer, items[i].key, items[i].value), "pack");
    ndb_free(items);
    ndb_free(spare);
}

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void write_edges(struct bench *bench, struct ndb_pack_writer *writer)
{
    uint64_t count = bench->nodes * DEGREE;
    struct ndb_radix_item *in = must_alloc(count, sizeof *in);
    struct ndb_radix_item *spare = must_alloc(count, sizeof *spare);

    must(ndb_pack_writer_part(writer, NDB_PART_OUT, TYPE, TABLE), "pack");
    for (uint64_t i = 0; i < bench->nodes; i++) {
        uint64_t targets[DEGREE];

        for (int j = 0; j < DEGREE; j++)
            targets[j] = any_node(bench);
        qsort(targets, DEGREE, sizeof *targets, ascending);
        for (uint64_t j = 0; j < DEGREE; j++) {
            uint64_t sequence = i * DEGREE + j + 1;
            namidb_property since = {
                SINCE,
                { .kind = NAMIDB_INT, .as.integer = (int64_t)(sequence % 50) }
            };
            struct ndb_pack_edge edge = { i + 1, targets[j], sequence, false };

            in[sequence - 1] =
                (struct ndb_radix_item){ NAMIDB_ID_SEQUENCE(targets[j]),
                                         sequence };
            must(ndb_pack_writer_edge(writer, &edge, &since, 1), "pack");
        }
    }
    ndb_radix_sort(in, spare, count);
    must(ndb_pack_writer_part(writer, NDB_PART_IN, TYPE, TABLE), "pack");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t source = (in[i].value - 1) / DEGREE + 1;
        struct ndb_pack_edge edge = { in[i].key, NAMIDB_ID(source, TABLE),
                                      in[i].value, false };

        must(ndb_pack_writer_edge(writer, &edge, NULL, 0), "pack");
    }
    must(ndb_pack_writer_part(writer, NDB_PART_EDGE_ID, TYPE, 0), "pack");
    for (uint64_t i = 1; i <= count; i++)
        must(ndb_pack_writer_edge_id(writer, i,
                                     NAMIDB_ID((i - 1) / DEGREE + 1, TABLE)),
             "pack");
    ndb_free(in);
    ndb_free(spare);
}

static void open_view(struct bench *bench, struct ndb_manifest_pack *entry)
{
    struct ndb_manifest manifest = {
        .packs = entry,
        .pack_count = 1,
        .name_count = { [NAMIDB_LABEL] = TABLE, [NAMIDB_TYPE] = TYPE },
    };
    struct ndb_layer layers[2] = { { NULL, NULL }, { NULL, NULL } };

    must(ndb_segment_cache_new(&bench->cache, bench->store, CACHE_BYTES),
         "cache");
    must(ndb_packs_open(&layers[1].pack, &manifest, NULL, 0, bench->store,
                        bench->cache, NDB_NEVER, NULL),
         "pack");
    must(ndb_memtable_new(&layers[0].memtable), "memtable");
    must(ndb_view_new(&bench->snapshot.view, NULL, layers, 2, bench->cache,
                      NULL),
         "view");
    bench->snapshot.version = 1;
    bench->snapshot.timeout_ms = -1;
    ndb_memtable_unref(layers[0].memtable);
    ndb_pack_unref(layers[1].pack);
}

static void open_bench(struct bench *bench)
{
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    struct ndb_pack_summary summary;
    struct ndb_manifest_pack entry = { .level = 0 };
    struct ndb_path path;
    struct ndb_request put = { .op = NDB_PUT, .deadline_ns = NDB_NEVER };
    int64_t begin = ndb_clock_ns();
    uint64_t edges = bench->nodes * DEGREE;
    double seconds;

    must(ndb_pack_writer_new(&writer), "pack");
    write_nodes(bench, writer);
    write_edges(bench, writer);
    write_keys(bench, writer);
    must(ndb_pack_writer_finish(writer, &object, &summary), "pack");
    seconds = (double)(ndb_clock_ns() - begin) / 1e9;
    printf("%" PRIu64 " nodes, %" PRIu64 " edges in %.1f s: %.2f M edges/s, "
           "%.1f bytes per edge with nodes\n",
           bench->nodes, edges, seconds, (double)edges / seconds / 1e6,
           (double)object.bytes / (double)edges);
    must(ndb_store_open(&bench->store, "memory://bench?ns=read", NULL),
         "store");
    memset(entry.ulid, '0', NDB_ULID_CHARS);
    entry.bytes = object.bytes;
    entry.directory_bytes = summary.directory_bytes;
    put.key = ndb_path_pack(&path, entry.ulid);
    put.body = object;
    must(ndb_store_run(bench->store, &put, 1, NULL), "store");
    ndb_request_release(&put);
    ndb_pack_writer_free(writer);
    open_view(bench, &entry);
}

/* ----------------------------------------------------------------- reads -- */

static void node_by_id(struct bench *bench)
{
    uint64_t id = any_node(bench);
    namidb_node node;

    must(ndb_read_nodes(&bench->snapshot, &id, 1, &bench->arena, &node, NULL),
         "node");
    bench->rows += node.prop_count / 2;
}

static void node_by_key(struct bench *bench)
{
    char text[24];
    struct ndb_key_probe probe = { .table = TABLE };

    probe.key = key_of(1 + ndb_rand_below(&bench->rand, bench->nodes), text);
    must(ndb_read_keys(&bench->snapshot, &probe, 1, false, NULL), "key");
    bench->rows += probe.id != 0;
}

static void make_key(struct bench *bench)
{
    char text[24];
    namidb_value key =
        key_of(1 + ndb_rand_below(&bench->rand, bench->nodes), text);

    bench->rows += ndb_key_hash(&key) != 0;
}

static void hop_out(struct bench *bench)
{
    const struct ndb_hop_kind kind = { TYPE, NAMIDB_OUT, true };
    uint64_t id = any_node(bench);
    struct ndb_hops hops;

    must(ndb_read_hops(&bench->snapshot, &id, 1, &kind, &bench->arena, &hops,
                       NULL),
         "hop");
    bench->rows += hops.offsets[1];
}

static void hop_in_any_type(struct bench *bench)
{
    const struct ndb_hop_kind kind = { NAMIDB_ANY, NAMIDB_IN, true };
    uint64_t id = any_node(bench);
    struct ndb_hops hops;

    must(ndb_read_hops(&bench->snapshot, &id, 1, &kind, &bench->arena, &hops,
                       NULL),
         "hop");
    bench->rows += hops.offsets[1];
}

static void degree(struct bench *bench)
{
    const struct ndb_hop_kind kind = { TYPE, NAMIDB_IN, false };
    uint64_t id = any_node(bench), count;

    must(ndb_read_degrees(&bench->snapshot, &id, 1, &kind, &count, NULL),
         "degree");
    bench->rows += count;
}

/* One hop, its edges' properties and its neighbours' rows. */
static void hop_with_rows(struct bench *bench)
{
    const struct ndb_hop_kind kind = { TYPE, NAMIDB_OUT, true };
    uint64_t id = any_node(bench);
    struct ndb_edge_probe probes[DEGREE];
    namidb_node nodes[DEGREE];
    namidb_edge edges[DEGREE];
    struct ndb_hops hops;

    must(ndb_read_hops(&bench->snapshot, &id, 1, &kind, &bench->arena, &hops,
                       NULL),
         "hop");
    for (int i = 0; i < DEGREE; i++)
        probes[i] =
            (struct ndb_edge_probe){ hops.edges[i], id, hops.neighbours[i] };
    must(ndb_read_nodes(&bench->snapshot, hops.neighbours, DEGREE,
                        &bench->arena, nodes, NULL),
         "nodes");
    must(ndb_read_edges(&bench->snapshot, probes, DEGREE, &bench->arena, edges,
                        NULL),
         "edges");
    for (int i = 0; i < DEGREE; i++)
        bench->rows += nodes[i].prop_count / 2 + edges[i].prop_count;
}

enum { BATCH = 2048 };

static void batch_hop(struct bench *bench)
{
    const struct ndb_hop_kind kind = { TYPE, NAMIDB_OUT, true };
    uint64_t ids[BATCH];
    struct ndb_hops hops;

    for (int i = 0; i < BATCH; i++)
        ids[i] = any_node(bench);
    must(ndb_read_hops(&bench->snapshot, ids, BATCH, &kind, &bench->arena,
                       &hops, NULL),
         "hop");
    bench->rows += hops.offsets[BATCH];
}

static void batch_nodes(struct bench *bench)
{
    uint64_t ids[BATCH];
    namidb_node nodes[BATCH];

    for (int i = 0; i < BATCH; i++)
        ids[i] = any_node(bench);
    must(ndb_read_nodes(&bench->snapshot, ids, BATCH, &bench->arena, nodes,
                        NULL),
         "nodes");
    bench->rows += BATCH;
}

static void scan_all(struct bench *bench, bool is_edges)
{
    static namidb_node nodes[BATCH];
    static namidb_edge edges[BATCH];
    struct ndb_scan *scan;
    size_t count;

    must(is_edges ? ndb_scan_edges_open(&scan, &bench->snapshot, 0, NULL)
                  : ndb_scan_nodes_open(&scan, &bench->snapshot, 0, NULL),
         "scan");
    while (ndb_scan_next(scan, BATCH, &bench->arena, nodes, edges, &count,
                         NULL) == NAMIDB_OK) {
        bench->rows += count;
        ndb_arena_reset(&bench->arena);
    }
    ndb_scan_close(scan);
}

static void scan_nodes(struct bench *bench)
{
    scan_all(bench, false);
}

static void scan_edges(struct bench *bench)
{
    scan_all(bench, true);
}

/* Calls for a while, after as many calls to warm up as a tenth of that. */
static void measure(struct bench *bench, const char *name,
                    void (*call)(struct bench *bench), double goal_ns)
{
    int64_t round_ns = (int64_t)bench->nodes * NODE_NS;
    int64_t begin = ndb_clock_ns(), now = begin;
    uint64_t calls = 0;

    if (bench->only != NULL && strstr(name, bench->only) == NULL)
        return;
    for (int is_warm = 0; is_warm <= 1; is_warm++) {
        begin = now = ndb_clock_ns();
        bench->rows = calls = 0;
        while (now - begin < (is_warm != 0 ? round_ns : round_ns / 10)) {
            for (int i = 0; i < (call == scan_edges ? 1 : 16); i++) {
                ndb_arena_reset(&bench->arena);
                call(bench);
                calls++;
            }
            now = ndb_clock_ns();
        }
    }
    printf("%-32s %10.0f ns", name, (double)(now - begin) / (double)calls);
    if (bench->rows > calls)
        printf(" %8.1f ns/row", (double)(now - begin) / (double)bench->rows);
    if (goal_ns > 0)
        printf("   goal %.0f", goal_ns);
    printf("\n");
}

/* ----------------------------------------------------------------- build -- */

static void apply_edge(struct ndb_memtable *memtable, struct ndb_buf *row,
                       uint64_t i, uint64_t from, uint64_t to)
{
    namidb_property since = {
        SINCE, { .kind = NAMIDB_INT, .as.integer = (int64_t)(i % 50) }
    };
    struct ndb_record record = { .kind = NDB_RECORD_EDGE,
                                 .id = NAMIDB_ID(i + 1, TYPE),
                                 .from = from,
                                 .to = to,
                                 .is_new = true };

    row->bytes = 0;
    must(ndb_props_encode(row, &since, 1), "row");
    record.row = ndb_buf_slice(row);
    must(ndb_memtable_apply(memtable, 1, &record, 1), "memtable");
}

static void measure_build(struct bench *bench)
{
    enum { EDGES = 500000 };
    struct ndb_buf row = NDB_BUF_INIT(1 << 10);
    struct ndb_pack_writer *writer;
    struct ndb_memtable *memtable;
    int64_t begin;
    double seconds;

    must(ndb_memtable_new(&memtable), "memtable");
    begin = ndb_clock_ns();
    for (uint64_t i = 0; i < EDGES; i++)
        apply_edge(memtable, &row, i, any_node(bench), any_node(bench));
    seconds = (double)(ndb_clock_ns() - begin) / 1e9;
    printf("%-32s %10.2f M edges/s\n", "apply to a memtable",
           EDGES / seconds / 1e6);
    must(ndb_pack_writer_new(&writer), "pack");
    begin = ndb_clock_ns();
    must(ndb_pack_build(writer, memtable, 1, NULL, true, NULL), "build");
    seconds = (double)(ndb_clock_ns() - begin) / 1e9;
    printf("%-32s %10.2f M edges/s   goal 2\n", "memtable to pack",
           EDGES / seconds / 1e6);
    ndb_pack_writer_free(writer);
    ndb_memtable_unref(memtable);
    ndb_buf_release(&row);
}

int main(int argc, char **argv)
{
    struct bench bench = { .nodes = 1000000, .rand = { 1 } };

    bench.arena = NDB_ARENA_INIT;
    if (argc > 1)
        bench.nodes = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        bench.only = argv[2];
    open_bench(&bench);
    measure(&bench, "make and hash a key", make_key, 0);
    measure(&bench, "node by id", node_by_id, 400);
    measure(&bench, "node id by key", node_by_key, 500);
    measure(&bench, "hop, degree 10", hop_out, 400);
    measure(&bench, "hop in, any type", hop_in_any_type, 0);
    measure(&bench, "degree", degree, 0);
    measure(&bench, "hop with edges and nodes", hop_with_rows, 0);
    measure(&bench, "hop of 2,048 nodes", batch_hop, 0);
    measure(&bench, "2,048 nodes", batch_nodes, 0);
    measure(&bench, "scan of nodes", scan_nodes, 0);
    measure(&bench, "scan of edges", scan_edges, 0);
    if (bench.only == NULL || strstr("memtable", bench.only) != NULL)
        measure_build(&bench);
    ndb_view_unref(bench.snapshot.view);
    ndb_segment_cache_free(bench.cache);
    ndb_store_close(bench.store);
    ndb_arena_release(&bench.arena);
    return 0;
}
