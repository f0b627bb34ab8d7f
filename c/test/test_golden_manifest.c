/* SPDX-License-Identifier: Apache-2.0 */
#include "golden_sample.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "format/manifest.h"

static void check_same_stat(const struct ndb_property_stat *a,
                            const struct ndb_property_stat *b)
{
    assert_int_equal(ndb_property_stat_compare(a, b), 0);
    assert_int_equal(a->values, b->values);
    assert_int_equal(a->range_kind, b->range_kind);
    assert_true(a->min == b->min && a->max == b->max);
    assert_memory_equal(a->sketch, b->sketch, sizeof a->sketch);
}

static struct ndb_degree_stat sample_degrees = {
    .is_in = true,
    .type = 1,
    .edges = 20,
    .squares = 290.5,
    .hubs = { { 8193, 17 }, { 16385, 16 } },
    .hub_count = 2,
    .sketch = { [63] = NDB_SKETCH_REGISTER_MAX },
};

static void check_same_degrees(const struct ndb_degree_stats *read)
{
    assert_int_equal(read->count, 1);
    assert_memory_equal(read->items, &sample_degrees, sizeof sample_degrees);
}

static void test_manifest__is_written_as_ever(void **state)
{
    struct ndb_manifest_name labels[1] = { { "Person", 6 } };
    struct ndb_manifest_name properties[1] = { { "age", 3 } };
    struct ndb_property_stat stats[2] = {
        { .table = 1,
          .name = 1,
          .values = 2,
          .range_kind = NAMIDB_INT,
          .min = -0.1,
          .max = 1e300,
          .sketch = { 3, 0, NDB_SKETCH_REGISTER_MAX } },
        { .is_edge = true, .name = 1, .values = 1, .sketch = { 1 } },
    };
    struct ndb_manifest_table nodes = { 1, 3, 2 };
    struct ndb_manifest_label counts = { 1, 2 };
    struct ndb_manifest_pack packs[1] = { { .ulid =
                                                "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                                            .bytes = 1234,
                                            .rows = 5,
                                            .tombstones = 1,
                                            .created_ms = 1700000000000,
                                            .directory_bytes = 77,
                                            .indexes = &(uint32_t){ 4 },
                                            .index_count = 1 } };
    namidb_schema_item schema[1] = { golden_item() };
    struct ndb_manifest body = { .version = 7,
                                 .floor = 812,
                                 .epoch = 800,
                                 .chain = GOLDEN_CHAIN,
                                 .created_ms = 1700000000001,
                                 .names = { labels, NULL, properties },
                                 .name_count = { 1, 0, 1 },
                                 .node_tables = &nodes,
                                 .node_table_count = 1,
                                 .labels = &counts,
                                 .label_count = 1,
                                 .properties = { stats, 2, 2 },
                                 .degrees = { &sample_degrees, 1, 1, { 0, 0 } },
                                 .schema = schema,
                                 .schema_count = 1,
                                 .schema_next = 6,
                                 .packs = packs,
                                 .pack_count = 1 };
    struct ndb_buf buf = NDB_BUF_INIT(1u << 20);
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_manifest read;

    (void)state;
    assert_int_equal(ndb_manifest_encode(&buf, &body), 0);
    assert_golden(GOLDEN_MANIFEST, &buf);
    assert_int_equal(buf.bytes % NDB_MANIFEST_SIZE_MODULUS, 812);
    assert_int_equal(ndb_manifest_decode(ndb_buf_slice(&buf), 7, &arena, &read),
                     0);
    assert_int_equal(read.floor, 812);
    assert_int_equal(read.node_tables[0].next_sequence, 3);
    assert_string_equal(read.packs[0].ulid, packs[0].ulid);
    assert_true(ndb_hash128_equal(read.chain, GOLDEN_CHAIN));
    assert_int_equal(read.properties.count, 2);
    for (uint32_t i = 0; i < 2; i++)
        check_same_stat(&read.properties.items[i], &stats[i]);
    check_same_degrees(&read.degrees);
    assert_int_equal(read.schema_next, 6);
    assert_int_equal(read.schema_count, 1);
    assert_int_equal(read.schema[0].number, 4);
    golden_check_item(&read.schema[0]);
    assert_int_equal(read.packs[0].index_count, 1);
    assert_int_equal(read.packs[0].indexes[0], 4);
    assert_false(read.packs[0].is_index);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

static void test_manifest__any_flipped_bit_or_cut_is_corrupt(void **state)
{
    uint8_t copy[sizeof GOLDEN_MANIFEST];
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_manifest read;

    (void)state;
    memcpy(copy, GOLDEN_MANIFEST, sizeof copy);
    for (size_t bit = 0; bit < sizeof copy * 8; bit++) {
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
        assert_int_equal(
            ndb_manifest_decode(ndb_slice(copy, sizeof copy), 7, &arena, &read),
            NAMIDB_ECORRUPT);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
    }
    for (size_t bytes = 0; bytes < sizeof copy; bytes++)
        assert_int_equal(
            ndb_manifest_decode(ndb_slice(copy, bytes), 7, &arena, &read),
            NAMIDB_ECORRUPT);
    assert_int_equal(
        ndb_manifest_decode(ndb_slice(copy, sizeof copy), 8, &arena, &read),
        NAMIDB_ECORRUPT); /* another version */
    ndb_arena_release(&arena);
}

/* The parser of the text does not say which it was. */
static void test_manifest__no_memory_is_not_corrupt(void **state)
{
    static const char text[] = "{\"format\":4,\n\"version\":\n";
    struct ndb_hash128 hash = ndb_hash128(ndb_slice_text(text));
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_manifest read;
    char object[128];

    (void)state;
    (void)snprintf(object, sizeof object,
                   "%s\"checksum\":\"%016" PRIx64 "%016" PRIx64 "\"}\n", text,
                   hash.high, hash.low);
    assert_int_equal(
        ndb_manifest_decode(ndb_slice_text(object), 7, &arena, &read),
        NAMIDB_ECORRUPT);
    ndb_mem_fail_from(1);
    assert_int_equal(
        ndb_manifest_decode(ndb_slice_text(object), 7, &arena, &read),
        NAMIDB_ENOMEM);
    ndb_mem_fail_from(0);
    ndb_arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest__is_written_as_ever),
        cmocka_unit_test(test_manifest__any_flipped_bit_or_cut_is_corrupt),
        cmocka_unit_test(test_manifest__no_memory_is_not_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
