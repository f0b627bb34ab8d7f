/* SPDX-License-Identifier: Apache-2.0 */
/* Values, rows, records and slots. */
#include "golden_sample.h"

#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "format/edge_block.h"
#include "format/record.h"
#include "format/schema.h"
#include "format/slot.h"
#include "format/value.h"

static const struct ndb_nonce NONCE = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                          13, 14, 15, 16 } };

/* ----------------------------------------------------------------- values --
 */

/* One of each kind, in a list where it may be. */
static void test_value__is_written_as_ever(void **state)
{
    static const namidb_datetime DATETIME = { -5, 7, 3600, 3, "UTC" };
    static const namidb_duration DURATION = { 1, -2, 3, 4 };
    static const namidb_point POINT = { 4979, 3, 1.5, -2.5, 3.5 };
    static const float FLOATS[2] = { 1.0f, -0.5f };
    const namidb_value items[2] = {
        { .kind = NAMIDB_INT, .as.integer = INT64_MIN },
        golden_text(NAMIDB_STRING, "x"),
    };
    const namidb_value values[] = {
        { .kind = NAMIDB_NULL },
        { .kind = NAMIDB_BOOL, .as.boolean = true },
        { .kind = NAMIDB_INT, .as.integer = -300 },
        { .kind = NAMIDB_FLOAT, .as.number = 0.1 },
        golden_text(NAMIDB_STRING, "text"),
        golden_text(NAMIDB_BYTES, "\xff"),
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

static void test_row__is_written_as_ever(void **state)
{
    const namidb_node node = golden_node();
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_node read;

    (void)state;
    assert_int_equal(ndb_row_encode(&buf, &node), 0);
    assert_golden(GOLDEN_ROW, &buf);
    assert_int_equal(
        ndb_row_decode(ndb_slice(GOLDEN_ROW, sizeof GOLDEN_ROW), &arena, &read),
        0);
    golden_check_node(&read);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

/* ---------------------------------------------------------------- records --
 */

static void append_schema(struct ndb_buf *buf)
{
    const namidb_schema_item item = golden_item();
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
        { .kind = NDB_RECORD_EDGES,
          .id = NAMIDB_ID(2, 1),
          .number = 3,
          .row = ndb_slice(GOLDEN_EDGES, sizeof GOLDEN_EDGES) },
    };

    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        assert_int_equal(ndb_record_encode(buf, &records[i]), 0);
}

static void test_schema__is_written_as_ever(void **state)
{
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
    golden_check_item(&read);
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

/* Three edges, between nodes of two tables; the first has no property. */
static const uint64_t EDGES_FROM[3] = { NAMIDB_ID(5, 3), NAMIDB_ID(70000, 3),
                                        NAMIDB_ID(6, 4) };
static const uint64_t EDGES_TO[3] = { NAMIDB_ID(6, 3), NAMIDB_ID(6, 3),
                                      NAMIDB_ID(7, 3) };
static const uint8_t EDGES_ROWS[] = { 0, 1, 1, 2, 4, 1, 1, 2, 6 };
static const uint32_t EDGES_STARTS[4] = { 0, 1, 5, 9 };

static struct ndb_edge_block golden_edges(void)
{
    return (struct ndb_edge_block){ .first_id = NAMIDB_ID(2, 1),
                                    .count = 3,
                                    .from = EDGES_FROM,
                                    .to = EDGES_TO,
                                    .rows = EDGES_ROWS,
                                    .row_starts = EDGES_STARTS };
}

static void check_edges(const struct ndb_edge_block *read)
{
    assert_int_equal(read->count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(ndb_edge_block_id(read, i) == NAMIDB_ID(2 + i, 1));
        assert_true(read->from[i] == EDGES_FROM[i]);
        assert_true(read->to[i] == EDGES_TO[i]);
        assert_true(
            ndb_slice_equal(ndb_edge_block_row(read, i),
                            ndb_slice(EDGES_ROWS + EDGES_STARTS[i],
                                      EDGES_STARTS[i + 1] - EDGES_STARTS[i])));
    }
}

static int decode_edges(struct ndb_slice bytes, uint64_t first_id,
                        uint32_t count, namidb_arena *arena)
{
    struct ndb_edge_block read;

    return ndb_edge_block_decode(bytes, first_id, count, arena, &read);
}

static void test_edges__are_written_as_ever(void **state)
{
    const struct ndb_slice golden =
        ndb_slice(GOLDEN_EDGES, sizeof GOLDEN_EDGES);
    const struct ndb_edge_block edges = golden_edges();
    struct ndb_edge_block read;
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    assert_int_equal(ndb_edge_block_encode(&buf, &edges), 0);
    assert_golden(GOLDEN_EDGES, &buf);
    assert_int_equal(
        ndb_edge_block_decode(golden, NAMIDB_ID(2, 1), 3, &arena, &read), 0);
    check_edges(&read);
    for (size_t bytes = 0; bytes < golden.bytes; bytes++)
        assert_int_equal(decode_edges(ndb_slice(golden.data, bytes),
                                      NAMIDB_ID(2, 1), 3, &arena),
                         NAMIDB_ECORRUPT);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

/* Rows of one size need no list of sizes. */
static void test_edges__of_one_size_read_as_they_were(void **state)
{
    struct ndb_edge_block edges = golden_edges(), read;
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    namidb_arena arena = NDB_ARENA_INIT;
    size_t uneven_bytes;

    (void)state;
    assert_int_equal(ndb_edge_block_encode(&buf, &edges), 0);
    uneven_bytes = buf.bytes;
    buf.bytes = 0;
    edges.row_starts = NULL;
    edges.row_bytes = 3;
    assert_int_equal(ndb_edge_block_encode(&buf, &edges), 0);
    assert_true(buf.bytes < uneven_bytes);
    assert_int_equal(ndb_edge_block_decode(ndb_buf_slice(&buf), NAMIDB_ID(2, 1),
                                           3, &arena, &read),
                     0);
    assert_null(read.row_starts);
    assert_memory_equal(ndb_edge_block_row(&read, 2).data, EDGES_ROWS + 6, 3);
    assert_true(read.from[1] == EDGES_FROM[1]);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
}

/* Each is a block that nothing writes. */
static void test_edges__that_cannot_be_are_corrupt(void **state)
{
    static const uint64_t NO_SEQUENCE[3] = { NAMIDB_ID(5, 3), NAMIDB_ID(0, 3),
                                             NAMIDB_ID(6, 4) };
    static const uint32_t EMPTY_ROW[4] = { 0, 0, 5, 9 };
    const struct ndb_slice golden =
        ndb_slice(GOLDEN_EDGES, sizeof GOLDEN_EDGES);
    struct ndb_edge_block edges = golden_edges();
    struct ndb_buf buf = NDB_BUF_INIT(4096);
    namidb_arena arena = NDB_ARENA_INIT;
    uint64_t id = NAMIDB_ID(2, 1);

    (void)state;
    assert_int_equal(decode_edges(golden, id, 0, &arena), NAMIDB_ECORRUPT);
    assert_int_equal(decode_edges(golden, id, 2, &arena), NAMIDB_ECORRUPT);
    assert_int_equal(decode_edges(golden, id, 4, &arena), NAMIDB_ECORRUPT);
    assert_int_equal(
        decode_edges(golden, id, NDB_EDGE_BLOCK_EDGES_MAX + 1, &arena),
        NAMIDB_ECORRUPT);
    assert_int_equal(
        decode_edges(golden, NAMIDB_ID(NAMIDB_SEQUENCE_MAX - 1, 1), 3, &arena),
        NAMIDB_ECORRUPT);
    assert_int_equal(
        decode_edges(golden, NAMIDB_ID(NAMIDB_SEQUENCE_MAX - 2, 1), 3, &arena),
        0);
    edges.from = NO_SEQUENCE;
    assert_int_equal(ndb_edge_block_encode(&buf, &edges), 0);
    assert_int_equal(decode_edges(ndb_buf_slice(&buf), id, 3, &arena),
                     NAMIDB_ECORRUPT);
    edges = golden_edges();
    edges.row_starts = EMPTY_ROW;
    buf.bytes = 0;
    assert_int_equal(ndb_edge_block_encode(&buf, &edges), 0);
    assert_int_equal(decode_edges(ndb_buf_slice(&buf), id, 3, &arena),
                     NAMIDB_ECORRUPT);
    ndb_arena_release(&arena);
    ndb_buf_release(&buf);
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
                                   .previous = GOLDEN_CHAIN,
                                   .record_count = 7 };

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
    golden_print("GOLDEN_BATCH", ndb_buf_slice(&buf));
    assert_int_equal(decode_slot(ndb_slice(GOLDEN_BATCH, sizeof GOLDEN_BATCH),
                                 812, &slot, &payload),
                     0);
    assert_int_equal(slot.kind, NDB_SLOT_BATCH);
    assert_int_equal(slot.epoch, 800);
    assert_int_equal(slot.record_count, 7);
    assert_memory_equal(&slot.nonce, &NONCE, sizeof NONCE);
    assert_true(ndb_hash128_equal(slot.previous, GOLDEN_CHAIN));
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value__is_written_as_ever),
        cmocka_unit_test(test_row__is_written_as_ever),
        cmocka_unit_test(test_schema__is_written_as_ever),
        cmocka_unit_test(test_schema__a_rule_that_is_broken_is_corrupt),
        cmocka_unit_test(test_edges__are_written_as_ever),
        cmocka_unit_test(test_edges__of_one_size_read_as_they_were),
        cmocka_unit_test(test_edges__that_cannot_be_are_corrupt),
        cmocka_unit_test(test_record__is_written_as_ever),
        cmocka_unit_test(test_slot__reads_as_ever),
        cmocka_unit_test(test_slot__any_flipped_bit_or_cut_is_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
