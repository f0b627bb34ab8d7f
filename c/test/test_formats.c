/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats, byte by byte: what is written is just what golden.h holds, and
 * what it holds reads as what it was made from. Where zstd is in between, only
 * reading is exact: another version may compress otherwise.
 *
 * After a format was changed on purpose, NAMIDB_GOLDEN=1 prints golden.h anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/limits.h"
#include "format/manifest.h"
#include "format/pack.h"
#include "format/record.h"
#include "format/segment.h"
#include "format/slot.h"
#include "format/value.h"
#include "format/schema.h"
#include "golden.h"

static const struct ndb_hash128 CHAIN = { 0x0123456789abcdef,
                                          0xfedcba9876543210 };
static const struct ndb_nonce NONCE = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                          13, 14, 15, 16 } };

static void print_golden(const char *name, struct ndb_slice bytes)
{
    if (getenv("NAMIDB_GOLDEN") == NULL)
        return;
    printf("static const uint8_t %s[] = {", name);
    for (size_t i = 0; i < bytes.bytes; i++)
        printf("%s0x%02x,", i % 12 == 0 ? "\n    " : " ", bytes.data[i]);
    printf("\n};\n");
}

/* Just those bytes. */
#define assert_golden(golden, buf)                                             \
    do {                                                                       \
        print_golden(#golden, ndb_buf_slice(buf));                             \
        assert_int_equal((buf)->bytes, sizeof golden);                         \
        assert_memory_equal((buf)->data, golden, sizeof golden);               \
    } while (0)

/* ----------------------------------------------------------------- values --
 */

static namidb_value text_value(enum namidb_kind kind, const char *text)
{
    return (namidb_value){ .kind = (uint32_t)kind,
                           .size = (uint32_t)strlen(text),
                           .as.bytes = text };
}

/* One of each kind, in a list where it may be. */
static void test_value__is_written_as_ever(void **state)
{
    static const namidb_datetime DATETIME = { -5, 7, 3600, 3, "UTC" };
    static const namidb_duration DURATION = { 1, -2, 3, 4 };
    static const namidb_point POINT = { 4979, 3, 1.5, -2.5, 3.5 };
    static const float FLOATS[2] = { 1.0f, -0.5f };
    const namidb_value items[2] = {
        { .kind = NAMIDB_INT, .as.integer = INT64_MIN },
        text_value(NAMIDB_STRING, "x"),
    };
    const namidb_value values[] = {
        { .kind = NAMIDB_NULL },
        { .kind = NAMIDB_BOOL, .as.boolean = true },
        { .kind = NAMIDB_INT, .as.integer = -300 },
        { .kind = NAMIDB_FLOAT, .as.number = 0.1 },
        text_value(NAMIDB_STRING, "text"),
        text_value(NAMIDB_BYTES, "\xff"),
        { .kind = NAMIDB_DATE, .as.integer = 19000 },
        { .kind = NAMIDB_LOCAL_TIME, .as.integer = 1 },
        { .kind = NAMIDB_TIME, .size = (uint32_t)-60, .as.integer = 2 },
        { .kind = NAMIDB_LOCAL_DATETIME, .size = 3, .as.integer = -4 },
        { .kind = NAMIDB_DATETIME, .as.datetime = &DATETIME },
        { .kind = NAMIDB_DURATION, .as.duration = &DURATION },
        { .kind = NAMIDB_POINT, .as.point = &POINT },
        { .kind = NAMIDB_LIST, .size = 2, .as.items = items },
        { .kind = NAMIDB_VECTOR, .size = 2, .as.floats = FLOATS },
    };
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    struct ndb_reader reader;
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_int_equal(ndb_value_encode(&buf, &values[i]), 0);
    assert_golden(GOLDEN_VALUES, &buf);
    reader = ndb_reader(ndb_slice(GOLDEN_VALUES, sizeof GOLDEN_VALUES));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        namidb_value read;

        assert_int_equal(ndb_value_decode(&reader, &arena, &read), 0);
        assert_true(ndb_value_same(&read, &values[i]));
    }
    assert_true(ndb_reader_is_done(&reader));
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

static namidb_node sample_node(void)
{
    static const uint32_t LABELS[2] = { 3, 9 };
    static namidb_property props[2] = { { .name = 2 }, { .name = 70 } };

    props[0].value = (namidb_value){ .kind = NAMIDB_INT, .as.integer = 30 };
    props[1].value = text_value(NAMIDB_STRING, "Alice");
    return (namidb_node){ .id = NAMIDB_ID(5, 3),
                          .key = text_value(NAMIDB_STRING, "alice"),
                          .labels = LABELS,
                          .label_count = 2,
                          .prop_count = 2,
                          .props = props };
}

static void check_node(const namidb_node *read)
{
    const namidb_node node = sample_node();

    assert_true(ndb_value_same(&read->key, &node.key));
    assert_int_equal(read->label_count, 2);
    assert_memory_equal(read->labels, node.labels, 2 * sizeof(uint32_t));
    assert_int_equal(read->prop_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read->props[i].name, node.props[i].name);
        assert_true(
            ndb_value_same(&read->props[i].value, &node.props[i].value));
    }
}

static void test_row__is_written_as_ever(void **state)
{
    const namidb_node node = sample_node();
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node read;

    (void)state;
    assert_int_equal(ndb_row_encode(&buf, &node), 0);
    assert_golden(GOLDEN_ROW, &buf);
    assert_int_equal(
        ndb_row_decode(ndb_slice(GOLDEN_ROW, sizeof GOLDEN_ROW), &arena, &read),
        0);
    check_node(&read);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

/* ---------------------------------------------------------------- records --
 */

/* A unique constraint on two properties. */
static namidb_schema_item sample_item(void)
{
    return (namidb_schema_item){ .number = 4,
                                 .rule = NAMIDB_RULE_UNIQUE,
                                 .target = 1,
                                 .prop_count = 2,
                                 .props = { 3, 1 },
                                 .name = "one \"name\"" };
}

static void append_schema(struct ndb_buf *buf)
{
    const namidb_schema_item item = sample_item();
    struct ndb_buf row = NDB_BUF_INIT(512);
    struct ndb_record record = { .kind = NDB_RECORD_SCHEMA,
                                 .number = item.number,
                                 .is_new = true };

    assert_int_equal(ndb_schema_item_encode(&row, &item), 0);
    record.row = ndb_buf_slice(&row);
    assert_int_equal(ndb_record_encode(buf, &record), 0);
    record = (struct ndb_record){ .kind = NDB_RECORD_SCHEMA, .number = 4 };
    assert_int_equal(ndb_record_encode(buf, &record), 0);
    ndb_buf_release(&row);
}

static void append_records(struct ndb_buf *buf)
{
    const struct ndb_slice row = ndb_slice(GOLDEN_ROW, sizeof GOLDEN_ROW);
    const struct ndb_record records[] = {
        { .kind = NDB_RECORD_NAME,
          .name_kind = NAMIDB_TYPE,
          .number = 1,
          .text = ndb_slice_text("KNOWS") },
        { .kind = NDB_RECORD_NODE,
          .id = NAMIDB_ID(5, 3),
          .is_new = true,
          .row = row },
        { .kind = NDB_RECORD_EDGE,
          .id = NAMIDB_ID(1, 1),
          .from = NAMIDB_ID(5, 3),
          .to = NAMIDB_ID(6, 3),
          .is_new = true,
          .row = ndb_slice("\0", 1) },
        { .kind = NDB_RECORD_LABEL, .id = NAMIDB_ID(5, 3), .number = 9 },
        { .kind = NDB_RECORD_EDGE_DELETE,
          .id = NAMIDB_ID(1, 1),
          .from = NAMIDB_ID(5, 3),
          .to = NAMIDB_ID(6, 3) },
        { .kind = NDB_RECORD_NODE_DELETE, .id = NAMIDB_ID(5, 3), .row = row },
    };

    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        assert_int_equal(ndb_record_encode(buf, &records[i]), 0);
}

static void check_same_item(const namidb_schema_item *a,
                            const namidb_schema_item *b)
{
    assert_int_equal(a->rule, b->rule);
    assert_int_equal(a->is_edge, b->is_edge);
    assert_int_equal(a->target, b->target);
    assert_int_equal(a->prop_count, b->prop_count);
    assert_memory_equal(a->props, b->props, sizeof a->props);
    assert_int_equal(a->kinds, b->kinds);
    assert_int_equal(a->item_kinds, b->item_kinds);
    assert_string_equal(a->name, b->name);
}

static void test_schema__is_written_as_ever(void **state)
{
    const namidb_schema_item item = sample_item();
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    struct ndb_reader reader;
    struct ndb_record record;
    namidb_schema_item read;

    (void)state;
    append_schema(&buf);
    assert_golden(GOLDEN_SCHEMA, &buf);
    reader = ndb_reader(ndb_slice(GOLDEN_SCHEMA, sizeof GOLDEN_SCHEMA));
    assert_int_equal(ndb_record_next(&reader, &record), 0);
    assert_int_equal(record.number, 4);
    assert_true(record.is_new);
    assert_int_equal(ndb_schema_item_decode(record.row, &read), 0);
    check_same_item(&read, &item);
    for (size_t bytes = 0; bytes < record.row.bytes; bytes++)
        assert_int_equal(
            ndb_schema_item_decode(ndb_slice(record.row.data, bytes), &read),
            NAMIDB_ECORRUPT);
    assert_int_equal(ndb_record_next(&reader, &record), 0);
    assert_false(record.is_new);
    assert_int_equal(ndb_record_next(&reader, &record), NAMIDB_NONE);
    ndb_buf_release(&buf);
}

/* A definition that breaks a rule is none, wherever it comes from. */
static void test_schema__a_rule_that_is_broken_is_corrupt(void **state)
{
    const namidb_schema_item wrong[] = {
        { .rule = NAMIDB_RULE_COUNT,
          .target = 1,
          .prop_count = 1,
          .props = { 1 },
          .name = "x" },
        { .target = 0, .prop_count = 1, .props = { 1 }, .name = "x" },
        { .target = 1, .prop_count = 0, .name = "x" },
        { .target = 1, .prop_count = 2, .props = { 1, 1 }, .name = "x" },
        { .target = 1, .prop_count = 1, .props = { 0 }, .name = "x" },
        { .target = 1, .prop_count = 1, .props = { 1 }, .name = "" },
        { .target = 1, .prop_count = 1, .props = { 1 }, .name = "\xff" },
        { .rule = NAMIDB_RULE_TYPE,
          .target = 1,
          .prop_count = 1,
          .props = { 1 },
          .name = "x" },
        { .rule = NAMIDB_RULE_NOT_NULL,
          .target = 1,
          .prop_count = 2,
          .props = { 1, 2 },
          .name = "x" },
        { .target = 1,
          .prop_count = 1,
          .props = { 1 },
          .kinds = 4,
          .name = "x" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct ndb_buf buf = NDB_BUF_INIT(512);
        namidb_schema_item read;

        assert_false(ndb_schema_item_is_valid(&wrong[i]));
        assert_int_equal(ndb_schema_item_encode(&buf, &wrong[i]), 0);
        assert_int_equal(ndb_schema_item_decode(ndb_buf_slice(&buf), &read),
                         NAMIDB_ECORRUPT);
        ndb_buf_release(&buf);
    }
}

static void test_record__is_written_as_ever(void **state)
{
    struct ndb_buf buf = NDB_BUF_INIT(4096);

    (void)state;
    append_records(&buf);
    assert_golden(GOLDEN_RECORDS, &buf);
    ndb_buf_release(&buf);
}

/* ------------------------------------------------------------------ slots --
 */

static void encode_batch(struct ndb_buf *buf, struct ndb_hash128 *hash)
{
    const struct ndb_slot slot = { .kind = NDB_SLOT_BATCH,
                                   .number = 812,
                                   .epoch = 800,
                                   .nonce = NONCE,
                                   .previous = CHAIN,
                                   .record_count = 6 };

    assert_int_equal(
        ndb_slot_encode(buf, &slot,
                        ndb_slice(GOLDEN_RECORDS, sizeof GOLDEN_RECORDS), hash),
        0);
}

static int decode_slot(struct ndb_slice object, uint64_t number,
                       struct ndb_slot *slot, struct ndb_buf *payload)
{
    struct ndb_hash128 hash;

    payload->bytes = 0;
    return ndb_slot_decode(object, number, slot, payload, &hash);
}

static void test_slot__reads_as_ever(void **state)
{
    struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    struct ndb_hash128 hash;
    struct ndb_slot slot = {
        .kind = NDB_SLOT_FENCE, .number = 800, .epoch = 800, .nonce = NONCE
    };

    (void)state;
    assert_int_equal(ndb_slot_encode(&buf, &slot, ndb_slice(NULL, 0), &hash),
                     0);
    assert_golden(GOLDEN_FENCE, &buf);
    buf.bytes = 0;
    encode_batch(&buf, &hash);
    print_golden("GOLDEN_BATCH", ndb_buf_slice(&buf));
    assert_int_equal(decode_slot(ndb_slice(GOLDEN_BATCH, sizeof GOLDEN_BATCH),
                                 812, &slot, &payload),
                     0);
    assert_int_equal(slot.kind, NDB_SLOT_BATCH);
    assert_int_equal(slot.epoch, 800);
    assert_int_equal(slot.record_count, 6);
    assert_memory_equal(&slot.nonce, &NONCE, sizeof NONCE);
    assert_true(ndb_hash128_equal(slot.previous, CHAIN));
    assert_int_equal(payload.bytes, sizeof GOLDEN_RECORDS);
    assert_memory_equal(payload.data, GOLDEN_RECORDS, sizeof GOLDEN_RECORDS);
    ndb_buf_release(&payload);
    ndb_buf_release(&buf);
}

static void test_slot__any_flipped_bit_or_cut_is_corrupt(void **state)
{
    struct ndb_buf payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    uint8_t copy[sizeof GOLDEN_BATCH];
    struct ndb_slot slot;

    (void)state;
    memcpy(copy, GOLDEN_BATCH, sizeof copy);
    for (size_t bit = 0; bit < sizeof copy * 8; bit++) {
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
        assert_true(decode_slot(ndb_slice(copy, sizeof copy), 812, &slot,
                                &payload) < 0);
        copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
    }
    for (size_t bytes = 0; bytes < sizeof copy; bytes++)
        assert_int_equal(
            decode_slot(ndb_slice(copy, bytes), 812, &slot, &payload),
            NAMIDB_ECORRUPT);
    assert_int_equal(
        decode_slot(ndb_slice(copy, sizeof copy), 813, &slot, &payload),
        NAMIDB_ECORRUPT); /* another's place */
    ndb_buf_release(&payload);
}

/* -------------------------------------------------------------- manifests --
 */

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
    namidb_schema_item schema[1] = { sample_item() };
    struct ndb_manifest body = { .version = 7,
                                 .floor = 812,
                                 .epoch = 800,
                                 .chain = CHAIN,
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
    assert_true(ndb_hash128_equal(read.chain, CHAIN));
    assert_int_equal(read.properties.count, 2);
    for (uint32_t i = 0; i < 2; i++)
        check_same_stat(&read.properties.items[i], &stats[i]);
    check_same_degrees(&read.degrees);
    assert_int_equal(read.schema_next, 6);
    assert_int_equal(read.schema_count, 1);
    assert_int_equal(read.schema[0].number, 4);
    check_same_item(&read.schema[0], &schema[0]);
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

/* ------------------------------------------------------------------ packs --
 */

static void write_pack(struct ndb_pack_writer *writer)
{
    const namidb_node node = sample_node();
    const namidb_property since = {
        4, { .kind = NAMIDB_INT, .as.integer = 2020 }
    };

    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_NODE, 0, 3), 0);
    assert_int_equal(ndb_pack_writer_node(writer, 5, &node), 0);
    assert_int_equal(ndb_pack_writer_node(writer, 6, NULL), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_OUT, 1, 3), 0);
    assert_int_equal(
        ndb_pack_writer_edge(
            writer, &(struct ndb_pack_edge){ 5, NAMIDB_ID(6, 3), 1, false },
            &since, 1),
        0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_IN, 1, 3), 0);
    assert_int_equal(
        ndb_pack_writer_edge(
            writer, &(struct ndb_pack_edge){ 6, NAMIDB_ID(5, 3), 1, false },
            NULL, 0),
        0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_EDGE_ID, 1, 0), 0);
    assert_int_equal(ndb_pack_writer_edge_id(writer, 1, NAMIDB_ID(5, 3)), 0);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_KEY, 0, 3), 0);
    assert_int_equal(ndb_pack_writer_key(writer, ndb_key_hash(&node.key), 5),
                     0);
    assert_int_equal(ndb_pack_writer_index_part(writer, 4), 0);
    assert_int_equal(
        ndb_pack_writer_index(
            writer, &(struct ndb_index_entry){ ndb_slice_text("key"),
                                               NAMIDB_ID(5, 3), 0, 0 }),
        0);
    assert_int_equal(ndb_pack_writer_index_part(writer, 5), 0);
    assert_int_equal(
        ndb_pack_writer_index(
            writer,
            &(struct ndb_index_entry){ ndb_slice_text("key"), NAMIDB_ID(1, 1),
                                       NAMIDB_ID(5, 3), NAMIDB_ID(6, 3) }),
        0);
}

/* The segment of a part of the golden pack. */
static struct ndb_segment *segment_of(const struct ndb_directory *directory,
                                      enum ndb_part_kind kind, uint32_t type,
                                      uint32_t table)
{
    const struct ndb_part *part =
        ndb_directory_find(directory, kind, type, table);
    struct ndb_segment *segment;

    assert_non_null(part);
    assert_int_equal(part->segment_count, 1);
    assert_int_equal(
        ndb_segment_decode(ndb_slice(GOLDEN_PACK + part->segments[0].offset,
                                     part->segments[0].bytes),
                           kind, table, &segment),
        0);
    return segment;
}

static void check_golden_nodes(const struct ndb_directory *directory)
{
    struct ndb_segment *segment = segment_of(directory, NDB_PART_NODE, 0, 3);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node node;

    assert_int_equal(ndb_node_group_row(&segment->as.node, 5), 0);
    assert_int_equal(ndb_node_group_row(&segment->as.node, 6), 1);
    assert_int_equal(ndb_node_group_row(&segment->as.node, 7), -1);
    assert_int_equal(
        ndb_node_group_read(&segment->as.node, 3, 0, &arena, &node), 0);
    check_node(&node);
    assert_int_equal(
        ndb_node_group_read(&segment->as.node, 3, 1, &arena, &node),
        NAMIDB_NONE);
    ndb_arena_release(&arena);
    ndb_segment_free(segment);
}

static void check_golden_edges(const struct ndb_directory *directory)
{
    struct ndb_segment *out = segment_of(directory, NDB_PART_OUT, 1, 3);
    struct ndb_segment *in = segment_of(directory, NDB_PART_IN, 1, 3);
    struct ndb_segment *ids = segment_of(directory, NDB_PART_EDGE_ID, 1, 0);
    namidb_arena arena = NDB_ARENA_INIT;
    const namidb_property *props;
    uint32_t count;

    assert_int_equal(ndb_edge_segment_owner(&out->as.edge, 5), 0);
    assert_int_equal(ndb_edge_neighbour(&out->as.edge, 0), NAMIDB_ID(6, 3));
    assert_int_equal(ndb_edge_sequence(&out->as.edge, 0), 1);
    assert_int_equal(
        ndb_columns_props(&out->as.edge.columns, 0, &arena, &props, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(props[0].value.as.integer, 2020);
    assert_int_equal(ndb_edge_neighbour(&in->as.edge, 0), NAMIDB_ID(5, 3));
    assert_int_equal(ndb_pair_segment_find(&ids->as.pair, 1, &count), 0);
    assert_int_equal(ids->as.pair.values[0], NAMIDB_ID(5, 3));
    ndb_arena_release(&arena);
    ndb_segment_free(out);
    ndb_segment_free(in);
    ndb_segment_free(ids);
}

static void check_golden_indexes(const struct ndb_directory *directory)
{
    struct ndb_segment *nodes = segment_of(directory, NDB_PART_INDEX, 4, 0);
    struct ndb_segment *edges = segment_of(directory, NDB_PART_INDEX, 5, 0);
    struct ndb_index_entry entry = ndb_index_segment_at(&nodes->as.index, 0);

    assert_true(ndb_slice_equal(entry.key, ndb_slice_text("key")));
    assert_int_equal(entry.id, NAMIDB_ID(5, 3));
    assert_int_equal(entry.from, 0);
    entry = ndb_index_segment_at(&edges->as.index, 0);
    assert_int_equal(entry.id, NAMIDB_ID(1, 1));
    assert_int_equal(entry.from, NAMIDB_ID(5, 3));
    assert_int_equal(entry.to, NAMIDB_ID(6, 3));
    assert_true(
        ndb_slice_equal(ndb_directory_index(directory, 4)->segments[0].fence,
                        ndb_slice_text("k")));
    ndb_segment_free(nodes);
    ndb_segment_free(edges);
}

static void test_pack__reads_as_ever(void **state)
{
    const namidb_node node = sample_node();
    struct ndb_pack_writer *writer;
    struct ndb_pack_summary summary;
    struct ndb_directory directory;
    struct ndb_segment *keys;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_slice object;
    uint32_t bytes;
    uint32_t count;

    (void)state;
    assert_int_equal(ndb_pack_writer_new(&writer), 0);
    write_pack(writer);
    assert_int_equal(ndb_pack_writer_finish(writer, &object, &summary), 0);
    print_golden("GOLDEN_PACK", object);
    ndb_pack_writer_free(writer);
    assert_int_equal(
        ndb_directory_bytes(ndb_slice(GOLDEN_PACK, sizeof GOLDEN_PACK), &bytes),
        0);
    assert_int_equal(
        ndb_directory_decode(
            ndb_slice(GOLDEN_PACK + sizeof GOLDEN_PACK - bytes, bytes),
            sizeof GOLDEN_PACK, &arena, &directory),
        0);
    check_golden_nodes(&directory);
    check_golden_edges(&directory);
    check_golden_indexes(&directory);
    keys = segment_of(&directory, NDB_PART_KEY, 0, 3);
    (void)ndb_pair_segment_find(&keys->as.pair, ndb_key_hash(&node.key),
                                &count);
    assert_int_equal(count, 1);
    ndb_segment_free(keys);
    ndb_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value__is_written_as_ever),
        cmocka_unit_test(test_row__is_written_as_ever),
        cmocka_unit_test(test_record__is_written_as_ever),
        cmocka_unit_test(test_schema__is_written_as_ever),
        cmocka_unit_test(test_schema__a_rule_that_is_broken_is_corrupt),
        cmocka_unit_test(test_slot__reads_as_ever),
        cmocka_unit_test(test_slot__any_flipped_bit_or_cut_is_corrupt),
        cmocka_unit_test(test_manifest__is_written_as_ever),
        cmocka_unit_test(test_manifest__any_flipped_bit_or_cut_is_corrupt),
        cmocka_unit_test(test_pack__reads_as_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
