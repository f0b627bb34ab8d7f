/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that are decoded when they are asked for: which ones, by whom, and
 * what their bytes do to whoever counts them.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "format/pack.h"
#include "format/segment.h"
#include "sys/thread.h"

enum { ROWS = 1000, INTS = 1, TEXTS = 2, THREADS = 4 };

struct pack {
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    namidb_arena arena;
    struct ndb_directory directory;
};

static void begin(struct pack *pack)
{
    memset(pack, 0, sizeof *pack);
    assert_int_equal(ndb_pack_writer_new(&pack->writer), NAMIDB_OK);
    assert_int_equal(ndb_pack_writer_part(pack->writer, NDB_PART_NODE, 0, 3),
                     NAMIDB_OK);
}

static void finish(struct pack *pack)
{
    struct ndb_pack_summary summary;

    assert_int_equal(
        ndb_pack_writer_finish(pack->writer, &pack->object, &summary),
        NAMIDB_OK);
    assert_int_equal(ndb_directory_decode(
                         ndb_slice(pack->object.data + pack->object.bytes -
                                       summary.directory_bytes,
                                   summary.directory_bytes),
                         pack->object.bytes, &pack->arena, &pack->directory),
                     NAMIDB_OK);
}

/* Nodes 1 .. ROWS with a key, an integer and a text. */
static void setup(struct pack *pack)
{
    begin(pack);
    for (uint64_t i = 1; i <= ROWS; i++) {
        char text[24];
        int bytes = snprintf(text, sizeof text, "text %u", (unsigned)i);
        uint32_t label = 3;
        namidb_property props[] = {
            { INTS, { .kind = NAMIDB_INT, .as.integer = (int64_t)i * 3 } },
            { TEXTS,
              { .kind = NAMIDB_STRING,
                .size = (uint32_t)bytes,
                .as.bytes = text } },
        };
        namidb_node node = { .id = NAMIDB_ID(i, 3),
                             .key = { .kind = NAMIDB_INT,
                                      .as.integer = (int64_t)i },
                             .labels = &label,
                             .label_count = 1,
                             .props = props,
                             .prop_count = 2 };

        assert_int_equal(ndb_pack_writer_node(pack->writer, i, &node),
                         NAMIDB_OK);
    }
    finish(pack);
}

static void teardown(struct pack *pack)
{
    ndb_pack_writer_free(pack->writer);
    ndb_arena_release(&pack->arena);
}

static struct ndb_slice stored_of(const struct pack *pack)
{
    const struct ndb_part *part =
        ndb_directory_find(&pack->directory, NDB_PART_NODE, 0, 3);

    assert_int_equal(part->segment_count, 1);
    return ndb_slice(pack->object.data + part->segments[0].offset,
                     part->segments[0].bytes);
}

static struct ndb_segment *decode(const struct pack *pack)
{
    struct ndb_segment *segment;

    assert_int_equal(
        ndb_segment_decode(stored_of(pack), NDB_PART_NODE, 3, &segment),
        NAMIDB_OK);
    return segment;
}

static const struct ndb_column *get(struct ndb_segment *segment, uint32_t name)
{
    const struct ndb_column *column;

    assert_int_equal(ndb_columns_find(&segment->as.node.columns, name, &column),
                     NAMIDB_OK);
    return column;
}

static void
test_segment_columns__only_what_is_asked_for_is_decoded(void **state)
{
    struct pack pack;
    struct ndb_segment *segment;

    (void)state;
    setup(&pack);
    segment = decode(&pack);
    assert_null(ndb_columns_peek(&segment->as.node.columns, 0));
    assert_int_equal(ndb_column_integer(get(segment, INTS), 41), 126);
    assert_ptr_equal(ndb_columns_peek(&segment->as.node.columns, 0),
                     get(segment, INTS));
    assert_null(ndb_columns_peek(&segment->as.node.columns, 1));
    assert_null(ndb_columns_peek(&segment->as.node.key, 0));
    assert_null(get(segment, 7));
    ndb_segment_free(segment);
    teardown(&pack);
}

/* How many bytes decoding the keys adds. */
static size_t read_key(struct ndb_segment *segment)
{
    size_t before = atomic_load(&segment->store.bytes);
    namidb_arena arena = NDB_ARENA_INIT;
    namidb_value key;

    assert_int_equal(ndb_node_group_key(&segment->as.node, 9, &arena, &key),
                     NAMIDB_OK);
    assert_int_equal(key.as.integer, 10);
    ndb_arena_release(&arena);
    return atomic_load(&segment->store.bytes) - before;
}

static void test_segment_columns__stored_bytes_go_with_the_last(void **state)
{
    struct pack pack;
    struct ndb_segment *segment;
    size_t key_bytes;

    (void)state;
    setup(&pack);
    segment = decode(&pack);
    key_bytes = read_key(segment);
    ndb_segment_free(segment);
    segment = decode(&pack);
    (void)get(segment, INTS);
    (void)get(segment, TEXTS);
    assert_non_null(atomic_load(&segment->store.stored));
    assert_int_equal(read_key(segment),
                     key_bytes - segment->store.stored_bytes);
    assert_null(atomic_load(&segment->store.stored));
    ndb_segment_free(segment);
    teardown(&pack);
}

static void test_segment_columns__are_counted_until_discounted(void **state)
{
    struct pack pack;
    struct ndb_segment *segment;
    atomic_int_fast64_t account;

    (void)state;
    setup(&pack);
    segment = decode(&pack);
    atomic_init(&account, 100);
    ndb_column_store_count(&segment->store, &account);
    assert_int_equal(atomic_load(&account), 100 + segment->store.stored_bytes);
    (void)get(segment, INTS);
    assert_true(atomic_load(&account) >
                (int64_t)(100 + segment->store.stored_bytes + ROWS));
    ndb_column_store_discount(&segment->store);
    assert_int_equal(atomic_load(&account), 100);
    (void)get(segment, TEXTS);
    assert_int_equal(atomic_load(&account), 100);
    ndb_segment_free(segment);
    teardown(&pack);
}

static void test_segment_columns__without_memory_try_again(void **state)
{
    struct pack pack;
    struct ndb_segment *segment;
    const struct ndb_column *column;
    size_t before;
    uint64_t k = 0;
    int rc;

    (void)state;
    setup(&pack);
    segment = decode(&pack);
    before = atomic_load(&segment->store.bytes);
    do {
        ndb_mem_fail_from(++k);
        rc = ndb_columns_find(&segment->as.node.columns, TEXTS, &column);
        ndb_mem_fail_from(0);
        if (rc < 0) {
            assert_int_equal(rc, NAMIDB_ENOMEM);
            assert_int_equal(atomic_load(&segment->store.bytes), before);
        }
    } while (rc < 0);
    assert_true(k > 3);
    assert_memory_equal(column->bytes, "text 1text 2", 12);
    ndb_segment_free(segment);
    teardown(&pack);
}

/* Header and checksum are right, what is in a column is not. */
static void test_segment_columns__a_bad_one_is_corrupt(void **state)
{
    struct pack pack;
    struct ndb_slice stored;
    struct ndb_segment *segment;
    const struct ndb_column *column;
    const uint8_t mode = 77;
    uint8_t *bad;
    size_t body;
    uint64_t hash;

    (void)state;
    setup(&pack);
    stored = stored_of(&pack);
    segment = decode(&pack);
    /* Columns are the end of the payload: the place of one within them. */
    body = stored.bytes - sizeof hash;
    bad = ndb_alloc(stored.bytes);
    memcpy(bad, stored.data, stored.bytes);
    bad[body - segment->store.stored_bytes +
        segment->as.node.columns.items[0].offset] = mode;
    ndb_segment_free(segment);
    hash = ndb_hash64(ndb_slice(bad, body));
    for (size_t i = 0; i < sizeof hash; i++)
        bad[body + i] = (uint8_t)(hash >> (8 * i));
    assert_int_equal(ndb_segment_decode(ndb_slice(bad, stored.bytes),
                                        NDB_PART_NODE, 3, &segment),
                     NAMIDB_OK);
    assert_int_equal(ndb_columns_find(&segment->as.node.columns, INTS, &column),
                     NAMIDB_ECORRUPT);
    assert_int_equal(get(segment, TEXTS)->storage, NDB_COLUMN_STRING);
    ndb_segment_free(segment);
    ndb_free(bad);
    teardown(&pack);
}

/* Whether the property of three nodes, the second without it, can be read. */
static int read_three(namidb_value one, namidb_value other)
{
    struct pack pack;
    struct ndb_segment *segment;
    const struct ndb_column *column;
    int rc;

    begin(&pack);
    for (uint64_t i = 1; i <= 3; i++) {
        const namidb_property prop = { INTS, i == 1 ? one : other };
        const namidb_node node = { .id = NAMIDB_ID(i, 3),
                                   .props = &prop,
                                   .prop_count = i != 2 };

        assert_int_equal(ndb_pack_writer_node(pack.writer, i, &node),
                         NAMIDB_OK);
    }
    finish(&pack);
    segment = decode(&pack);
    rc = ndb_columns_find(&segment->as.node.columns, INTS, &column);
    if (rc >= 0 && column->storage == NDB_COLUMN_TAGGED)
        for (uint32_t row = 0; row < 3 && rc >= 0; row++)
            rc = ndb_column_value(column, row, &pack.arena, &one);
    ndb_segment_free(segment);
    teardown(&pack);
    return rc;
}

/* A writer does not look; what calculates with them relies on it. */
static void test_segment_columns__what_is_out_of_range_is_corrupt(void **state)
{
    static const namidb_point pole = { .srid = 4326, .dimensions = 2, .y = 91 };
    static const namidb_value bad[] = {
        { .kind = NAMIDB_DATE, .as.integer = INT64_MAX },
        { .kind = NAMIDB_DATE, .as.integer = INT64_MIN },
        { .kind = NAMIDB_LOCAL_TIME, .as.integer = -1 },
        { .kind = NAMIDB_TIME, .as.integer = INT64_C(86400000000000) },
        { .kind = NAMIDB_LOCAL_DATETIME, .as.integer = INT64_MAX },
        { .kind = NAMIDB_POINT, .as.point = &pole },
    };
    const namidb_value day = { .kind = NAMIDB_DATE, .as.integer = 18000 };
    const namidb_value noon = { .kind = NAMIDB_LOCAL_TIME,
                                .as.integer = INT64_C(43200000000000) };

    (void)state;
    assert_int_equal(read_three(day, day), NAMIDB_OK);
    assert_int_equal(read_three(noon, noon), NAMIDB_OK);
    assert_int_equal(read_three(day, noon), NAMIDB_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_three(bad[i], bad[i]), NAMIDB_ECORRUPT);
        assert_int_equal(read_three(i < 2 ? day : noon, bad[i]),
                         NAMIDB_ECORRUPT);
    }
}

static void *read_all(void *context)
{
    struct ndb_segment *segment = context;
    uintptr_t is_right = 1;

    for (uint32_t row = 0; row < ROWS; row++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_node node;

        is_right &= ndb_node_group_read(&segment->as.node, 3, row, &arena,
                                        &node) == NAMIDB_OK &&
                    node.key.as.integer == row + 1 &&
                    node.props[0].value.as.integer == (row + 1) * 3;
        ndb_arena_release(&arena);
    }
    return (void *)is_right;
}

static void
test_segment_columns__many_threads_decode_one_at_a_time(void **state)
{
    struct pack pack;

    (void)state;
    setup(&pack);
    for (int round = 0; round < 50; round++) {
        struct ndb_segment *segment = decode(&pack);
        atomic_int_fast64_t account;
        pthread_t threads[THREADS];

        atomic_init(&account, 0);
        ndb_column_store_count(&segment->store, &account);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(
                pthread_create(&threads[i], NULL, read_all, segment), 0);
        for (int i = 0; i < THREADS; i++) {
            void *is_right;

            assert_int_equal(pthread_join(threads[i], &is_right), 0);
            assert_non_null(is_right);
        }
        assert_null(atomic_load(&segment->store.stored));
        assert_int_equal(atomic_load(&account),
                         atomic_load(&segment->store.bytes));
        ndb_column_store_discount(&segment->store);
        assert_int_equal(atomic_load(&account), 0);
        ndb_segment_free(segment);
    }
    teardown(&pack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_segment_columns__only_what_is_asked_for_is_decoded),
        cmocka_unit_test(test_segment_columns__stored_bytes_go_with_the_last),
        cmocka_unit_test(test_segment_columns__are_counted_until_discounted),
        cmocka_unit_test(test_segment_columns__without_memory_try_again),
        cmocka_unit_test(test_segment_columns__a_bad_one_is_corrupt),
        cmocka_unit_test(test_segment_columns__what_is_out_of_range_is_corrupt),
        cmocka_unit_test(
            test_segment_columns__many_threads_decode_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
