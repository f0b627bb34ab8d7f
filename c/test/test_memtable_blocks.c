/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two memtables live the same life: one is given new edges as blocks, the other
 * the same edges one by one. Whatever is asked of them, and whenever, they say
 * the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rand.h"
#include "engine/memtable.h"
#include "engine/schema.h"
#include "format/edge_block.h"
#include "format/index_key.h"
#include "format/value.h"

enum {
    NODES = 40,
    BLOCK_MAX = 400,
    EDGES_MAX = 6000,
    STEPS = 60,
    TYPES = 2,
    ENTRIES_MAX = STEPS * BLOCK_MAX /* also of what is gone */
};

struct twins {
    struct ndb_memtable *blocks, *singles;
    uint64_t version;
    uint64_t next[1 + TYPES]; /* sequence of the next edge of a type */
    uint64_t hole[1 + TYPES]; /* the first of BLOCK_MAX that nobody has; or 0 */
    struct ndb_rand rand;
    uint64_t seed;
};

static uint64_t below(struct twins *twins, uint64_t bound)
{
    return ndb_rand_below(&twins->rand, bound);
}

static uint64_t random_node(struct twins *twins)
{
    return NAMIDB_ID(1 + below(twins, NODES), 3 + below(twins, 8) / 7);
}

/* Fails with the seed. */
static void expect(const struct twins *twins, bool is_so, const char *what)
{
    if (!is_so)
        fail_msg("seed %llu: %s", (unsigned long long)twins->seed, what);
}

/* ---------------------------------------------------------------- changes --
 */

/* Properties of an edge: none, or a number, of one size, which is that of
 * `even`, or of several, when it is negative. */
static void put_row(struct twins *twins, struct ndb_buf *rows, int64_t even)
{
    namidb_property prop = { .name = 1, .value = { .kind = NAMIDB_INT } };

    prop.value.as.integer = even < 0 ? (int64_t)below(twins, 100000) : even;
    assert_int_equal(
        ndb_props_encode(rows, &prop, even >= 0 || below(twins, 5) != 0), 0);
}

/* The first sequence of a block: that of the next edge, mostly. Some are left
 * out, and may come later. */
static uint64_t take_sequences(struct twins *twins, uint32_t type,
                               uint32_t count)
{
    uint64_t first = twins->next[type];

    if (below(twins, 6) == 0 && twins->hole[type] != 0) {
        first = twins->hole[type];
        twins->hole[type] = 0;
        return first;
    }
    if (below(twins, 6) == 0) {
        twins->hole[type] = first;
        first += BLOCK_MAX;
    }
    twins->next[type] = first + count;
    return first;
}

static void apply_single(struct twins *twins,
                         const struct ndb_edge_block *block)
{
    for (uint32_t i = 0; i < block->count; i++) {
        const struct ndb_record record = {
            .kind = NDB_RECORD_EDGE,
            .id = ndb_edge_block_id(block, i),
            .from = block->from[i],
            .to = block->to[i],
            .is_new = true,
            .row = ndb_edge_block_row(block, i),
        };

        assert_int_equal(
            ndb_memtable_apply(twins->singles, twins->version, &record, 1), 0);
    }
}

/* As a writer gives it, or as a slot has it. */
static int apply_block(struct twins *twins, const struct ndb_edge_block *block,
                       bool is_record)
{
    struct ndb_buf row = NDB_BUF_INIT(1 << 20);
    struct ndb_record record = { .kind = NDB_RECORD_EDGES,
                                 .id = block->first_id,
                                 .number = block->count };
    int rc;

    if (!is_record)
        return ndb_memtable_apply_edges(twins->blocks, twins->version, block);
    assert_int_equal(ndb_edge_block_encode(&row, block), 0);
    record.row = ndb_buf_slice(&row);
    rc = ndb_memtable_apply(twins->blocks, twins->version, &record, 1);
    ndb_buf_release(&row);
    return rc;
}

struct made {
    uint64_t from[BLOCK_MAX], to[BLOCK_MAX];
    uint32_t starts[BLOCK_MAX + 1];
    struct ndb_buf rows;
    struct ndb_edge_block block;
};

static struct made *make_block(struct twins *twins)
{
    struct made *made = ndb_calloc(1, sizeof *made);
    uint32_t type = 1 + (uint32_t)below(twins, TYPES);
    bool is_even = below(twins, 2) == 0;
    int64_t even = !is_even ? -1 : below(twins, 3) == 0 ? 1000 : 5;

    made->rows = NDB_BUF_INIT(1 << 20);
    made->block.count =
        1 + (uint32_t)below(twins, below(twins, 3) == 0 ? 20 : BLOCK_MAX);
    made->block.first_id =
        NAMIDB_ID(take_sequences(twins, type, made->block.count), type);
    for (uint32_t i = 0; i < made->block.count; i++) {
        made->from[i] = random_node(twins);
        made->to[i] = random_node(twins);
        put_row(twins, &made->rows, even);
        made->starts[i + 1] = (uint32_t)made->rows.bytes;
    }
    made->block.from = made->from;
    made->block.to = made->to;
    made->block.rows = made->rows.data;
    if (is_even)
        made->block.row_bytes = made->starts[1];
    else
        made->block.row_starts = made->starts;
    return made;
}

static void free_made(struct made *made)
{
    ndb_buf_release(&made->rows);
    ndb_free(made);
}

static void put_block(struct twins *twins)
{
    struct made *made = make_block(twins);

    assert_int_equal(apply_block(twins, &made->block, below(twins, 2) == 0), 0);
    apply_single(twins, &made->block);
    free_made(made);
}

/* An edge that is there is changed or deleted, or a node comes. */
static void put_single(struct twins *twins)
{
    uint32_t type = 1 + (uint32_t)below(twins, TYPES);
    struct ndb_memtable_edge edge;
    struct ndb_record record = {
        .kind = below(twins, 3) == 0 ? NDB_RECORD_EDGE_DELETE : NDB_RECORD_EDGE,
        .id = NAMIDB_ID(1 + below(twins, twins->next[type]), type),
        .row = ndb_slice("\0", 1),
    };

    if (ndb_memtable_edge(twins->singles, record.id, twins->version, &edge) !=
            NAMIDB_OK ||
        edge.is_deleted)
        return;
    record.from = edge.from;
    record.to = edge.to;
    assert_int_equal(
        ndb_memtable_apply(twins->blocks, twins->version, &record, 1), 0);
    assert_int_equal(
        ndb_memtable_apply(twins->singles, twins->version, &record, 1), 0);
}

/* The newest changes go, and ids of theirs come again. */
static void take_back(struct twins *twins)
{
    uint64_t version = twins->version - below(twins, 3);
    uint64_t next[1 + TYPES] = { 0, 1, 1 };

    if (version == 0 || version > twins->version)
        version = 1;
    ndb_memtable_rollback(twins->blocks, version);
    ndb_memtable_rollback(twins->singles, version);
    for (uint32_t type = 1; type <= TYPES; type++) {
        struct ndb_memtable_edges edges = NDB_MEMTABLE_EDGES_INIT;

        assert_int_equal(
            ndb_memtable_edges_of(twins->singles, type, UINT64_MAX, &edges), 0);
        if (edges.count != 0)
            next[type] =
                NAMIDB_ID_SEQUENCE(edges.items[edges.count - 1].id) + 1;
        twins->next[type] = next[type];
        twins->hole[type] = 0;
        ndb_memtable_edges_release(&edges);
    }
}

/* What one operation did goes, the rest of its version stays. */
static void take_back_operation(struct twins *twins)
{
    size_t marks[2] = { ndb_memtable_mark(twins->blocks),
                        ndb_memtable_mark(twins->singles) };
    const struct twins before = *twins;

    put_block(twins);
    if (below(twins, 2) == 0)
        put_single(twins);
    ndb_memtable_rollback_to(twins->blocks, marks[0]);
    ndb_memtable_rollback_to(twins->singles, marks[1]);
    memcpy(twins->next, before.next, sizeof before.next);
    memcpy(twins->hole, before.hole, sizeof before.hole);
}

static void trim(struct twins *twins)
{
    uint64_t version = 1 + below(twins, twins->version + 1);
    struct ndb_memtable *blocks, *singles;

    assert_int_equal(ndb_memtable_trim(&blocks, twins->blocks, version), 0);
    assert_int_equal(ndb_memtable_trim(&singles, twins->singles, version), 0);
    ndb_memtable_unref(twins->blocks);
    ndb_memtable_unref(twins->singles);
    twins->blocks = blocks;
    twins->singles = singles;
}

/* ----------------------------------------------------------------- checks --
 */

static int by_id(const void *a, const void *b)
{
    uint64_t left = ((const struct ndb_memtable_edge *)a)->id;
    uint64_t right = ((const struct ndb_memtable_edge *)b)->id;

    return (left > right) - (left < right);
}

static bool is_same_edge(const struct ndb_memtable_edge *a,
                         const struct ndb_memtable_edge *b)
{
    return a->id == b->id && a->from == b->from && a->to == b->to &&
           a->is_deleted == b->is_deleted &&
           ndb_slice_equal(a->props, b->props);
}

static void expect_same(const struct twins *twins, struct ndb_memtable_edges *a,
                        struct ndb_memtable_edges *b, const char *what)
{
    expect(twins, a->count == b->count, what);
    for (size_t i = 0; i < a->count; i++)
        expect(twins, is_same_edge(&a->items[i], &b->items[i]), what);
    ndb_memtable_edges_release(a);
    ndb_memtable_edges_release(b);
}

static uint64_t random_version(struct twins *twins)
{
    return below(twins, 3) != 0 ? twins->version
                                : below(twins, twins->version + 1);
}

static void check_of_type(struct twins *twins)
{
    uint32_t type = 1 + (uint32_t)below(twins, TYPES);
    uint64_t version = random_version(twins);
    struct ndb_memtable_edges a = NDB_MEMTABLE_EDGES_INIT;
    struct ndb_memtable_edges b = NDB_MEMTABLE_EDGES_INIT;

    assert_int_equal(ndb_memtable_edges_of(twins->blocks, type, version, &a),
                     0);
    assert_int_equal(ndb_memtable_edges_of(twins->singles, type, version, &b),
                     0);
    expect_same(twins, &a, &b, "edges of a type");
}

/* Columns say what the list of the twin does. */
static void check_columns(struct twins *twins)
{
    uint32_t type = 1 + (uint32_t)below(twins, TYPES);
    uint64_t version = random_version(twins);
    bool with_deleted = below(twins, 2) == 0;
    struct ndb_memtable_columns a = NDB_MEMTABLE_COLUMNS_INIT;
    struct ndb_memtable_edges b = NDB_MEMTABLE_EDGES_INIT;
    size_t at = 0;

    assert_int_equal(
        ndb_memtable_columns_of(twins->blocks, type, version, with_deleted, &a),
        0);
    assert_int_equal(ndb_memtable_edges_of(twins->singles, type, version, &b),
                     0);
    for (size_t i = 0; i < b.count; i++) {
        size_t row;

        if (b.items[i].is_deleted && !with_deleted)
            continue;
        expect(twins, at < a.count, "columns have all edges");
        row = ndb_memtable_columns_row(&a, at);
        expect(twins,
               is_same_edge(
                   &(struct ndb_memtable_edge){
                       ndb_memtable_columns_id(&a, at), a.from[at], a.to[at],
                       ndb_memtable_columns_is_deleted(&a, at),
                       ndb_slice(a.rows.data + row,
                                 ndb_memtable_columns_row(&a, at + 1) - row) },
                   &b.items[i]),
               "an edge of columns");
        at++;
    }
    expect(twins, at == a.count, "columns have no more edges");
    ndb_memtable_columns_release(&a);
    ndb_memtable_edges_release(&b);
}

static void check_at_node(struct twins *twins)
{
    uint64_t node = random_node(twins);
    uint64_t version = random_version(twins);
    uint32_t type = (uint32_t)below(twins, 1 + TYPES);
    enum namidb_direction direction =
        below(twins, 2) == 0 ? NAMIDB_OUT : NAMIDB_IN;
    struct ndb_memtable_edges a = NDB_MEMTABLE_EDGES_INIT;
    struct ndb_memtable_edges b = NDB_MEMTABLE_EDGES_INIT;

    assert_int_equal(ndb_memtable_edges_at(twins->blocks, node, type, direction,
                                           version, &a),
                     0);
    assert_int_equal(ndb_memtable_edges_at(twins->singles, node, type,
                                           direction, version, &b),
                     0);
    if (a.count != 0)
        qsort(a.items, a.count, sizeof *a.items, by_id);
    if (b.count != 0)
        qsort(b.items, b.count, sizeof *b.items, by_id);
    expect_same(twins, &a, &b, "edges at a node");
}

static void check_edge(struct twins *twins)
{
    uint32_t type = 1 + (uint32_t)below(twins, TYPES);
    uint64_t id = NAMIDB_ID(1 + below(twins, twins->next[type] + 3), type);
    uint64_t version = random_version(twins);
    struct ndb_memtable_edge a, b;
    int rc = ndb_memtable_edge(twins->blocks, id, version, &a);

    expect(twins,
           rc == ndb_memtable_edge(twins->singles, id, version, &b) &&
               (rc != NAMIDB_OK || is_same_edge(&a, &b)),
           "an edge");
}

static void check_deltas(const struct twins *twins, struct ndb_stat_deltas *a,
                         struct ndb_stat_deltas *b)
{
    expect(twins, a->count == b->count, "lines of the statistics");
    for (size_t i = 0; i < a->count; i++)
        expect(twins,
               a->items[i].kind == b->items[i].kind &&
                   a->items[i].number == b->items[i].number &&
                   a->items[i].count == b->items[i].count &&
                   a->items[i].sequence_max == b->items[i].sequence_max,
               "a line of the statistics");
    ndb_stat_deltas_release(a);
    ndb_stat_deltas_release(b);
}

static void check_stats(struct twins *twins)
{
    uint64_t version = random_version(twins);
    struct ndb_stat_deltas deltas[4] = { NDB_STAT_DELTAS_INIT };

    assert_int_equal(
        ndb_memtable_hop_stats(twins->blocks, version, &deltas[0], &deltas[1]),
        0);
    assert_int_equal(
        ndb_memtable_hop_stats(twins->singles, version, &deltas[2], &deltas[3]),
        0);
    check_deltas(twins, &deltas[0], &deltas[2]);
    check_deltas(twins, &deltas[1], &deltas[3]);
}

static void check_types(struct twins *twins)
{
    uint64_t version = random_version(twins);
    struct ndb_ids a = NDB_IDS_INIT, b = NDB_IDS_INIT;
    uint32_t lanes[2] = { 0, 0 }, type;

    assert_int_equal(ndb_memtable_tables(twins->blocks, true, version, &a), 0);
    assert_int_equal(ndb_memtable_tables(twins->singles, true, version, &b), 0);
    expect(twins,
           a.count == b.count &&
               (a.count == 0 ||
                memcmp(a.items, b.items, a.count * sizeof *a.items) == 0),
           "types");
    for (type = 1; type <= TYPES; type++)
        expect(twins,
               ndb_memtable_has(twins->blocks, type, true, version) ==
                   ndb_memtable_has(twins->singles, type, true, version),
               "whether there are edges of a type");
    do {
        type = ndb_memtable_next_type(twins->blocks, version, &lanes[0]);
        expect(twins,
               type ==
                   ndb_memtable_next_type(twins->singles, version, &lanes[1]),
               "the next type");
    } while (type != 0);
    ndb_ids_release(&a);
    ndb_ids_release(&b);
    expect(twins,
           ndb_memtable_is_empty(twins->blocks) ==
               ndb_memtable_is_empty(twins->singles),
           "whether there is anything");
}

static const namidb_schema_item INDEX = {
    .target = 1, .is_edge = true, .prop_count = 1, .props = { 1 }
};

/* Whether the newest image of an entry's edge has its key. */
static bool counts(const struct twins *twins, struct ndb_memtable *memtable,
                   const struct ndb_index_entry *entry)
{
    struct ndb_buf key = NDB_BUF_INIT(4096);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_memtable_edge edge;
    const namidb_property *props;
    struct ndb_reader reader;
    uint32_t count;
    bool is_it = false;

    if (ndb_memtable_edge(memtable, entry->id, twins->version, &edge) ==
            NAMIDB_OK &&
        !edge.is_deleted) {
        reader = ndb_reader(edge.props);
        assert_int_equal(ndb_props_decode(&reader, &arena, &props, &count), 0);
        is_it = ndb_index_key_row(&key, &INDEX, props, count) == NAMIDB_OK &&
                ndb_slice_equal(ndb_buf_slice(&key), entry->key) &&
                edge.from == entry->from && edge.to == entry->to;
    }
    ndb_arena_release(&arena);
    ndb_buf_release(&key);
    return is_it;
}

static size_t read_index(const struct twins *twins,
                         struct ndb_memtable *memtable,
                         struct ndb_index_entry *out)
{
    size_t count, kept = 0;

    assert_int_equal(ndb_memtable_index(memtable, &INDEX, NULL, false, out,
                                        ENTRIES_MAX, &count),
                     0);
    assert_true(count < ENTRIES_MAX);
    for (size_t i = 0; i < count; i++)
        if (counts(twins, memtable, &out[i]))
            out[kept++] = out[i];
    return kept;
}

static void check_index(struct twins *twins)
{
    struct ndb_index_entry *a = ndb_calloc(ENTRIES_MAX, 2 * sizeof *a);
    struct ndb_index_entry *b = a + ENTRIES_MAX;
    size_t count = read_index(twins, twins->blocks, a);

    expect(twins, count == read_index(twins, twins->singles, b),
           "entries of an index");
    for (size_t i = 0; i < count; i++)
        expect(twins,
               a[i].id == b[i].id && a[i].from == b[i].from &&
                   ndb_slice_equal(a[i].key, b[i].key),
               "an entry of an index");
    ndb_free(a);
}

static void check_some(struct twins *twins)
{
    static void (*const CHECKS[])(struct twins *) = {
        check_of_type, check_columns, check_at_node,
        check_edge,    check_stats,   check_types,
    };

    CHECKS[below(twins, sizeof CHECKS / sizeof *CHECKS)](twins);
}

static void check_all(struct twins *twins)
{
    check_stats(twins);
    check_types(twins);
    check_columns(twins);
    check_of_type(twins);
    for (int i = 0; i < NODES; i++)
        check_at_node(twins);
    for (int i = 0; i < 50; i++)
        check_edge(twins);
}

/* ------------------------------------------------------------------- life --
 */

static void twins_init(struct twins *twins, uint64_t seed)
{
    *twins = (struct twins){
        .version = 1, .next = { 0, 1, 1 }, .rand = { seed }, .seed = seed
    };
    assert_int_equal(ndb_memtable_new(&twins->blocks), 0);
    assert_int_equal(ndb_memtable_new(&twins->singles), 0);
}

static void twins_release(struct twins *twins)
{
    ndb_memtable_unref(twins->blocks);
    ndb_memtable_unref(twins->singles);
}

/* Some lives ask much, others hardly anything until the end: blocks stay as
 * they are for long. */
static void live(uint64_t seed)
{
    struct twins twins;
    uint64_t curiosity = seed % 3;
    bool has_index = seed % 5 == 0;

    twins_init(&twins, seed);
    for (int step = 0; step < STEPS; step++) {
        uint64_t what = below(&twins, 40);

        if (what < 14 && twins.next[1] + twins.next[2] < EDGES_MAX - BLOCK_MAX)
            put_block(&twins);
        else if (what < 17)
            put_single(&twins);
        else if (what < 24)
            twins.version++;
        else if (what < 26)
            take_back(&twins);
        else if (what < 28)
            take_back_operation(&twins);
        else if (what == 28)
            trim(&twins);
        else if (what == 29 && has_index)
            check_index(&twins);
        else if (below(&twins, 3) < curiosity)
            check_some(&twins);
        else
            check_of_type(&twins);
    }
    check_all(&twins);
    if (has_index)
        check_index(&twins);
    twins_release(&twins);
}

static void test_blocks__are_told_from_nothing(void **state)
{
    const char *text = getenv("NAMIDB_SEED");
    uint64_t seed = 0;

    (void)state;
    if (text != NULL) {
        live(strtoull(text, NULL, 10));
        return;
    }
    ndb_rand_bytes(&seed, sizeof seed);
    for (uint64_t i = 0; i < 150; i++)
        live(seed + i);
}

/* Whoever asks while there is no memory is told so, and what was begun for him
 * spoils nothing, neither what is asked later nor what is taken back. */
static void test_blocks__without_memory_are_asked_for_again(void **state)
{
    (void)state;
    for (uint64_t fault = 1; fault < 400; fault++) {
        struct twins twins;
        struct ndb_memtable_edge edge;
        int rc;

        twins_init(&twins, fault);
        put_block(&twins);
        twins.version++;
        put_block(&twins);
        put_block(&twins);
        ndb_mem_fail_from(fault);
        rc = ndb_memtable_edge(twins.blocks, NAMIDB_ID(1, 1), 2, &edge);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_NONE ||
                    rc == NAMIDB_ENOMEM);
        if (fault % 2 == 0)
            check_all(&twins);
        take_back(&twins);
        check_all(&twins);
        twins_release(&twins);
        if (rc != NAMIDB_ENOMEM && fault > 8)
            return;
    }
    fail_msg("there was never enough memory");
}

/* Edges that nobody asks for take what their numbers take. */
static void test_blocks__are_small_until_somebody_asks(void **state)
{
    static uint64_t ends[8000];
    static uint8_t rows[8000];
    struct ndb_edge_block block = { .first_id = NAMIDB_ID(1, 1),
                                    .count = 8000,
                                    .from = ends,
                                    .to = ends,
                                    .rows = rows,
                                    .row_bytes = 1 };
    struct ndb_memtable *memtable;
    struct ndb_memtable_edge edge;
    size_t bytes;

    (void)state;
    for (int i = 0; i < 8000; i++)
        ends[i] = NAMIDB_ID(1 + i, 3);
    assert_int_equal(ndb_memtable_new(&memtable), 0);
    for (uint64_t i = 0; i < 10; i++) {
        block.first_id = NAMIDB_ID(1 + 8000 * i, 1);
        assert_int_equal(ndb_memtable_apply_edges(memtable, 1, &block), 0);
    }
    bytes = ndb_memtable_bytes(memtable);
    assert_true(bytes < 80000 * 48);
    block.first_id = NAMIDB_ID(80001, 1);
    assert_int_equal(ndb_memtable_apply_edges(memtable, 2, &block), 0);
    ndb_memtable_rollback(memtable, 2);
    assert_true(ndb_memtable_bytes(memtable) < bytes + 8000 * 20);
    assert_int_equal(ndb_memtable_edge(memtable, NAMIDB_ID(1, 1), 1, &edge), 0);
    assert_true(ndb_memtable_bytes(memtable) > 80000 * 48);
    ndb_memtable_unref(memtable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks__are_told_from_nothing),
        cmocka_unit_test(test_blocks__without_memory_are_asked_for_again),
        cmocka_unit_test(test_blocks__are_small_until_somebody_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
