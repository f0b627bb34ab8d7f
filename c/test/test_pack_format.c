/* SPDX-License-Identifier: Apache-2.0 */
#include "opened_pack.h"

#include <stdio.h>

#include "base/mem.h"
#include "format/stream.h"
#include "format/value.h"

/* ---------------------------------------------------------------- ints -- */

static uint64_t random_number(struct ndb_rand *rand, uint64_t shape,
                              uint64_t last)
{
    switch (shape) {
    case 0:
        return ndb_rand_next(rand);
    case 1:
        return last + ndb_rand_below(rand, 100);
    case 2:
        return 7;
    case 3:
        return ndb_rand_below(rand, 1u << 20);
    default:
        return last - ndb_rand_below(rand, 1000) + ndb_rand_below(rand, 1000);
    }
}

static void test_stream__ints_come_back_whatever_their_shape(void **state)
{
    uint64_t seed = seed_of_run();
    struct ndb_rand rand = { seed };

    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t count = ndb_rand_below(&rand, 3000);
        uint64_t shape = ndb_rand_below(&rand, 5);
        uint64_t *numbers = ndb_calloc(count, 8);
        struct ndb_buf out = NDB_BUF_INIT(1 << 20);
        namidb_arena arena = NDB_ARENA_INIT;
        struct ndb_source source = { .arena = &arena };
        uint64_t *got;

        for (size_t i = 0; i < count; i++)
            numbers[i] =
                random_number(&rand, shape, i == 0 ? 0 : numbers[i - 1]);
        assert_int_equal(ndb_ints_put(&out, numbers, count), NAMIDB_OK);
        source.reader = ndb_reader(ndb_buf_slice(&out));
        got = ndb_ints_get(&source, count);
        if (!ndb_reader_is_done(&source.reader) ||
            (count != 0 && memcmp(got, numbers, count * 8) != 0))
            fail_msg("seed %lu", seed);
        ndb_free(numbers);
        ndb_buf_release(&out);
        ndb_arena_release(&arena);
    }
}

/* ---------------------------------------------------------------- packs -- */

/* A value that `number` decides; every kind of column comes up. */
static namidb_value value_of(uint64_t number)
{
    static const char texts[] = "some text with \0 in it, long enough";
    namidb_value value = { .kind = NAMIDB_INT };

    switch (number % 7) {
    case 0:
        value.as.integer = (int64_t)number - 50;
        break;
    case 1:
        value.kind = NAMIDB_FLOAT;
        value.as.number = (double)number / 3;
        break;
    case 2:
        value.kind = NAMIDB_BOOL;
        value.as.boolean = number % 2;
        break;
    case 3:
        value.kind = NAMIDB_DATE;
        value.as.integer = (int64_t)(number % 300000000000);
        break;
    default:
        value.kind = NAMIDB_STRING;
        value.as.bytes = texts;
        value.size = (uint32_t)(number % 30);
    }
    return value;
}

/* The node of a sequence: a function, so that reading can be checked. */
static bool make_node(uint64_t sequence, namidb_property props[8],
                      uint32_t labels[3], namidb_node *node)
{
    uint64_t number = ndb_hash_integer(sequence) >> 8;

    *node = (namidb_node){ .id = NAMIDB_ID(sequence, 3),
                           .labels = labels,
                           .props = props };
    if (number % 11 == 0)
        return false;
    if (number % 3 != 0) {
        node->key = (namidb_value){ .kind = NAMIDB_INT };
        node->key.as.integer = (int64_t)sequence;
    }
    labels[node->label_count++] = 3;
    if (number % 5 == 0)
        labels[node->label_count++] = 9;
    for (uint32_t name = 1; name <= 7; name++) {
        if ((number >> name & 1) != 0)
            continue;
        props[node->prop_count++] = (namidb_property){
            name, value_of(name == 7 ? number : number - number % 7 + name)
        };
    }
    return true;
}

static void assert_same_node(const namidb_node *got, const namidb_node *wanted)
{
    assert_int_equal(got->id, wanted->id);
    assert_true(ndb_value_same(&got->key, &wanted->key));
    assert_int_equal(got->label_count, wanted->label_count);
    assert_memory_equal(got->labels, wanted->labels,
                        got->label_count * sizeof *got->labels);
    assert_int_equal(got->prop_count, wanted->prop_count);
    for (uint32_t i = 0; i < got->prop_count; i++) {
        assert_int_equal(got->props[i].name, wanted->props[i].name);
        assert_true(
            ndb_value_same(&got->props[i].value, &wanted->props[i].value));
    }
}

static void write_nodes(struct ndb_pack_writer *writer, uint64_t count,
                        uint64_t stride)
{
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_NODE, 0, 3),
                     NAMIDB_OK);
    for (uint64_t i = 0; i < count; i++) {
        namidb_property props[8];
        uint32_t labels[3];
        namidb_node node;
        bool is_live = make_node(1 + i * stride, props, labels, &node);

        assert_int_equal(ndb_pack_writer_node(writer, 1 + i * stride,
                                              is_live ? &node : NULL),
                         NAMIDB_OK);
    }
}

static void check_node(const struct opened *opened, const struct ndb_part *part,
                       uint64_t sequence)
{
    namidb_property props[8];
    uint32_t labels[3];
    namidb_node wanted;
    namidb_node got;
    namidb_arena arena = NDB_ARENA_INIT;
    bool is_live = make_node(sequence, props, labels, &wanted);
    uint32_t count;
    uint32_t at = ndb_part_find(part, sequence, &count);
    struct ndb_segment *segment = segment_at(opened, part, at);
    int64_t row = ndb_node_group_row(&segment->as.node, sequence);

    assert_int_equal(count, 1);
    assert_in_range(ndb_part_guess(part, sequence) + 1, at, at + 2);
    assert_true(row >= 0);
    assert_int_equal(ndb_node_group_read(&segment->as.node, part->table,
                                         (uint32_t)row, &arena, &got),
                     is_live ? NAMIDB_OK : NAMIDB_NONE);
    if (is_live)
        assert_same_node(&got, &wanted);
    ndb_segment_free(segment);
    ndb_arena_release(&arena);
}

static void nodes_come_back(uint64_t count, uint64_t stride)
{
    struct opened opened;
    const struct ndb_part *part;

    assert_int_equal(ndb_pack_writer_new(&opened.writer), NAMIDB_OK);
    write_nodes(opened.writer, count, stride);
    finish_and_open(&opened);
    part = ndb_directory_find(&opened.directory, NDB_PART_NODE, 0, 3);
    assert_non_null(part);
    assert_int_equal(part->rows, count);
    assert_int_equal(part->label_count, 1);
    assert_int_equal(part->labels[0], 9);
    assert_false(part->has_bare);
    for (uint64_t i = 0; i < count; i += 1 + count / 200)
        check_node(&opened, part, 1 + i * stride);
    close_opened(&opened);
}

static void test_pack__dense_nodes_come_back(void **state)
{
    (void)state;
    nodes_come_back(9000, 1);
}

static void test_pack__sparse_nodes_come_back(void **state)
{
    (void)state;
    nodes_come_back(5000, 17);
}

static void test_pack__keys_are_found_and_filtered(void **state)
{
    struct opened opened;
    const struct ndb_part *part;
    const struct ndb_part *filter_part;
    struct ndb_segment *filter;
    uint64_t *hashes = ndb_calloc(20000, 8);
    uint32_t false_hits = 0;

    (void)state;
    assert_int_equal(ndb_pack_writer_new(&opened.writer), NAMIDB_OK);
    assert_int_equal(ndb_pack_writer_part(opened.writer, NDB_PART_KEY, 0, 1),
                     NAMIDB_OK);
    for (uint64_t i = 0; i < 20000; i++)
        hashes[i] = (i + 1) * (UINT64_MAX / 20001);
    for (uint64_t i = 0; i < 20000; i++)
        assert_int_equal(ndb_pack_writer_key(opened.writer, hashes[i], i + 1),
                         NAMIDB_OK);
    finish_and_open(&opened);
    part = ndb_directory_find(&opened.directory, NDB_PART_KEY, 0, 1);
    filter_part = ndb_directory_find(&opened.directory, NDB_PART_FILTER, 0, 1);
    assert_non_null(part);
    assert_non_null(filter_part);
    filter = segment_at(&opened, filter_part, 0);
    for (uint64_t i = 0; i < 20000; i += 97) {
        uint32_t count;
        struct ndb_segment *segment =
            segment_at(&opened, part, ndb_part_find(part, hashes[i], &count));
        uint32_t at =
            ndb_pair_segment_find(&segment->as.pair, hashes[i], &count);

        assert_int_equal(count, 1);
        assert_int_equal(segment->as.pair.values[at], i + 1);
        assert_true(ndb_filter_segment_has(&filter->as.filter, hashes[i]));
        false_hits +=
            ndb_filter_segment_has(&filter->as.filter, hashes[i] + i + 1);
        ndb_segment_free(segment);
    }
    assert_true(false_hits < 20);
    ndb_segment_free(filter);
    close_opened(&opened);
    ndb_free(hashes);
}

/* Keys of an index, each twice, as many as wanted. */
static void write_index(struct ndb_pack_writer *writer, uint32_t number,
                        uint32_t keys)
{
    assert_int_equal(ndb_pack_writer_index_part(writer, number), NAMIDB_OK);
    for (uint64_t i = 0; i < keys * 2u; i++) {
        uint8_t key[8];

        for (int byte = 0; byte < 8; byte++)
            key[byte] = (uint8_t)(i / 2 >> (56 - 8 * byte));
        assert_int_equal(
            ndb_pack_writer_index(
                writer, &(struct ndb_index_entry){ .key = ndb_slice(key, 8),
                                                   .id = i + 1 }),
            NAMIDB_OK);
    }
}

static void test_pack__a_large_index_has_a_filter(void **state)
{
    const uint32_t large = (1u << NAMIDB_TABLE_BITS) + 3, small = 7;
    const struct ndb_part *part;
    struct ndb_segment *filter;
    struct opened opened;
    uint32_t false_hits = 0;

    (void)state;
    assert_int_equal(ndb_pack_writer_new(&opened.writer), NAMIDB_OK);
    write_index(opened.writer, large, 20000);
    write_index(opened.writer, small, 20);
    finish_and_open(&opened);
    assert_non_null(ndb_directory_index(&opened.directory, small));
    assert_null(ndb_directory_index_filter(&opened.directory, small));
    assert_true(ndb_directory_index(&opened.directory, large)->segment_count >
                1);
    part = ndb_directory_index_filter(&opened.directory, large);
    assert_non_null(part);
    filter = segment_at(&opened, part, 0);
    assert_int_equal(filter->as.filter.block_count, (20000 * 10 + 511) / 512);
    for (uint64_t i = 0; i < 20000; i++) {
        uint8_t key[8] = { 0, 0, 0, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };
        bool has = ndb_filter_segment_has(&filter->as.filter,
                                          ndb_hash64(ndb_slice(key, 8)));

        assert_true(has);
        key[0] = 1;
        false_hits += ndb_filter_segment_has(&filter->as.filter,
                                             ndb_hash64(ndb_slice(key, 8)));
    }
    assert_true(false_hits < 400);
    ndb_segment_free(filter);
    close_opened(&opened);
}

/* ----------------------------------------------------------- corruption -- */

/* Reads all of a pack; whether that failed with NAMIDB_ECORRUPT. */
static bool is_found_corrupt(struct ndb_slice object, uint32_t directory_bytes)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_directory directory;
    struct ndb_slice tail = ndb_slice(
        object.data + object.bytes - directory_bytes, directory_bytes);
    int rc = ndb_directory_decode(tail, object.bytes, &arena, &directory);

    for (uint32_t i = 0; rc >= 0 && i < directory.part_count; i++) {
        const struct ndb_part *part = &directory.parts[i];

        for (uint32_t k = 0; rc >= 0 && k < part->segment_count; k++) {
            struct ndb_segment *segment;

            rc = ndb_segment_decode(
                ndb_slice(object.data + part->segments[k].offset,
                          part->segments[k].bytes),
                part->kind, part->table, &segment);
            ndb_segment_free(segment);
        }
    }
    ndb_arena_release(&arena);
    return rc == NAMIDB_ECORRUPT;
}

static void test_pack__a_flipped_bit_anywhere_is_corrupt(void **state)
{
    struct ndb_pack_writer *writer;
    struct ndb_pack_summary summary;
    struct ndb_slice object;
    uint8_t *copy;

    (void)state;
    assert_int_equal(ndb_pack_writer_new(&writer), NAMIDB_OK);
    write_nodes(writer, 20, 1);
    assert_int_equal(ndb_pack_writer_part(writer, NDB_PART_KEY, 0, 3),
                     NAMIDB_OK);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(ndb_pack_writer_key(writer, i << 50, i + 1),
                         NAMIDB_OK);
    assert_int_equal(ndb_pack_writer_finish(writer, &object, &summary),
                     NAMIDB_OK);
    assert_false(is_found_corrupt(object, summary.directory_bytes));
    copy = ndb_alloc(object.bytes);
    for (size_t bit = 0; bit < object.bytes * 8; bit++) {
        memcpy(copy, object.data, object.bytes);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (!is_found_corrupt(ndb_slice(copy, object.bytes),
                              summary.directory_bytes))
            fail_msg("bit %zu of %zu was not missed", bit, object.bytes * 8);
    }
    ndb_free(copy);
    ndb_pack_writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__ints_come_back_whatever_their_shape),
        cmocka_unit_test(test_pack__dense_nodes_come_back),
        cmocka_unit_test(test_pack__sparse_nodes_come_back),
        cmocka_unit_test(test_pack__keys_are_found_and_filtered),
        cmocka_unit_test(test_pack__a_large_index_has_a_filter),
        cmocka_unit_test(test_pack__a_flipped_bit_anywhere_is_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
