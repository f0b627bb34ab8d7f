/* SPDX-License-Identifier: Apache-2.0 */
#include "opened_pack.h"

#include <pthread.h>

#include "base/hash.h"
#include "base/mem.h"

enum { OWNERS = 300, THREADS = 4, HASH_BYTES = 8 };

/* How sequences come: at random (then they need no unpacking), at random and
 * mostly low, as edges stand (then none is stored for itself), or near a line
 * through the neighbours. */
enum order { ANY, LOW, ASCENDING, NEAR_A_LINE };

/* What edges are like. */
struct shape {
    uint64_t tables;     /* of their neighbours */
    uint64_t degree_max; /* of an owner, from 1 on */
    enum order order;
};

static const struct shape USUAL = { 1, 20, ANY };
static const struct shape LOW_ONES = { 1, 20, LOW };

/* One segment and its edges as they went in. */
struct lists {
    struct opened opened;
    struct ndb_slice stored;
    uint32_t begin[OWNERS + 1]; /* of owner i, whose sequence is i + 1 */
    uint64_t neighbours[OWNERS * 20], sequences[OWNERS * 20];
};

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* Each half is four times as likely as the one above it. */
static uint64_t low_number(struct ndb_rand *rand, uint64_t bound)
{
    while (bound > 1 && ndb_rand_below(rand, 5) != 0)
        bound /= 2;
    return 1 + ndb_rand_below(rand, bound);
}

static void setup(struct lists *lists, const struct shape *shape)
{
    struct ndb_rand rand = { 7 };
    const struct ndb_part *part;
    uint32_t at = 0;

    assert_int_equal(ndb_pack_writer_new(&lists->opened.writer), 0);
    assert_int_equal(
        ndb_pack_writer_part(lists->opened.writer, NDB_PART_IN, 2, 1), 0);
    for (uint32_t owner = 0; owner < OWNERS; owner++) {
        uint32_t count = 1 + (uint32_t)ndb_rand_below(&rand, shape->degree_max);

        lists->begin[owner] = at;
        for (uint32_t i = 0; i < count; i++)
            lists->neighbours[at + i] =
                NAMIDB_ID(1 + ndb_rand_below(&rand, 100000),
                          3 + ndb_rand_below(&rand, shape->tables));
        qsort(lists->neighbours + at, count, sizeof *lists->neighbours,
              by_number);
        for (uint32_t i = 0; i < count; i++, at++) {
            struct ndb_pack_edge edge;

            lists->sequences[at] =
                shape->order == ASCENDING ? at + 1
                : shape->order == ANY     ? 1 + ndb_rand_below(&rand, 1 << 20)
                : shape->order == LOW
                    ? low_number(&rand, 1 << 20)
                    : 1 + 3 * NAMIDB_ID_SEQUENCE(lists->neighbours[at]) +
                          ndb_rand_below(&rand, 50);
            edge = (struct ndb_pack_edge){ owner + 1, lists->neighbours[at],
                                           lists->sequences[at], false };
            assert_int_equal(
                ndb_pack_writer_edge(lists->opened.writer, &edge, NULL, 0), 0);
        }
    }
    lists->begin[OWNERS] = at;
    finish_and_open(&lists->opened);
    part = ndb_directory_find(&lists->opened.directory, NDB_PART_IN, 2, 1);
    assert_int_equal(part->segment_count, 1);
    lists->stored =
        ndb_slice(lists->opened.object.data + part->segments[0].offset,
                  part->segments[0].bytes);
}

static struct ndb_segment *decode(const struct lists *lists)
{
    struct ndb_segment *segment;

    assert_int_equal(
        ndb_segment_decode(lists->stored, NDB_PART_IN, 1, &segment), 0);
    return segment;
}

static bool is_packed(const struct ndb_segment *segment)
{
    return ndb_edge_lists_peek(&segment->as.edge) != NULL;
}

/* The list of an owner, and whether it is what went in. */
static int read_list(const struct lists *lists,
                     const struct ndb_segment *segment, uint32_t owner,
                     bool with_sequences, bool *is_right)
{
    uint32_t begin = lists->begin[owner], end = lists->begin[owner + 1];
    uint64_t neighbours[20], sequences[20];
    int rc = ndb_edge_list_read(&segment->as.edge, begin, end, neighbours,
                                with_sequences ? sequences : NULL);

    *is_right =
        rc == NAMIDB_OK &&
        memcmp(neighbours, lists->neighbours + begin,
               (end - begin) * sizeof *neighbours) == 0 &&
        (!with_sequences || memcmp(sequences, lists->sequences + begin,
                                   (end - begin) * sizeof *sequences) == 0);
    return rc;
}

static void check_list(const struct lists *lists,
                       const struct ndb_segment *segment, uint32_t owner,
                       bool with_sequences)
{
    bool is_right;

    assert_int_equal(
        read_list(lists, segment, owner, with_sequences, &is_right), 0);
    assert_true(is_right);
}

static void test_segment_lists__few_are_read_as_they_are_stored(void **state)
{
    static const struct shape SHAPES[] = { { 1, 20, ANY },
                                           { 4, 20, ANY },
                                           { 1, 20, NEAR_A_LINE } };

    (void)state;
    for (size_t k = 0; k < sizeof SHAPES / sizeof *SHAPES; k++) {
        struct lists lists;

        setup(&lists, &SHAPES[k]);
        for (uint32_t owner = 0; owner < OWNERS; owner++) {
            struct ndb_segment *segment = decode(&lists);

            check_list(&lists, segment, owner, owner % 2 == 0);
            check_list(&lists, segment, OWNERS - 1 - owner, owner % 3 == 0);
            assert_false(is_packed(segment));
            ndb_segment_free(segment);
        }
        close_opened(&lists.opened);
    }
}

static void test_segment_lists__many_are_packed_and_stay_the_same(void **state)
{
    struct ndb_segment *segment;
    struct lists lists;
    uint32_t owner = 0, few;

    (void)state;
    setup(&lists, &USUAL);
    few = lists.begin[OWNERS] / 4;
    segment = decode(&lists);
    while (lists.begin[owner + 1] <= few) {
        check_list(&lists, segment, owner++, true);
        assert_false(is_packed(segment));
    }
    check_list(&lists, segment, owner, true);
    assert_true(is_packed(segment));
    assert_null(atomic_load(&segment->lists.stored));
    for (owner = 0; owner < OWNERS; owner++)
        check_list(&lists, segment, owner, owner % 2 == 0);
    for (uint32_t i = 0; i < lists.begin[OWNERS]; i++) {
        assert_int_equal(ndb_edge_neighbour(&segment->as.edge, i),
                         lists.neighbours[i]);
        assert_int_equal(ndb_edge_sequence(&segment->as.edge, i),
                         lists.sequences[i]);
    }
    ndb_segment_free(segment);
    close_opened(&lists.opened);
}

/* Then each sequence is a gap to the one before it. */
static void test_segment_lists__no_sequence_for_itself_packs_all(void **state)
{
    static const struct shape ORDERED = { 1, 20, ASCENDING };
    struct ndb_segment *segment;
    struct lists lists;

    (void)state;
    setup(&lists, &ORDERED);
    segment = decode(&lists);
    check_list(&lists, segment, 9, false);
    assert_false(is_packed(segment));
    check_list(&lists, segment, 9, true);
    assert_true(is_packed(segment));
    ndb_segment_free(segment);
    close_opened(&lists.opened);
}

/* Planes are unpacked once, those of sequences when somebody asks for them. */
static void test_segment_lists__what_is_unpacked_is_counted(void **state)
{
    struct ndb_segment *segment;
    size_t found, neighbours, both;
    struct lists lists;

    (void)state;
    setup(&lists, &LOW_ONES);
    segment = decode(&lists);
    found = atomic_load(&segment->store.bytes);
    check_list(&lists, segment, 1, false);
    neighbours = atomic_load(&segment->store.bytes);
    check_list(&lists, segment, 2, false);
    assert_int_equal(atomic_load(&segment->store.bytes), neighbours);
    check_list(&lists, segment, 3, true);
    both = atomic_load(&segment->store.bytes);
    assert_true(found < neighbours && neighbours < both);
    assert_int_equal(ndb_edge_lists_need(&segment->as.edge), 0);
    assert_true(atomic_load(&segment->store.bytes) < both);
    ndb_segment_free(segment);
    close_opened(&lists.opened);
}

static void test_segment_lists__without_memory_try_again(void **state)
{
    struct ndb_segment *segment;
    struct lists lists;
    uint64_t k = 0;
    bool is_right;
    int rc;

    (void)state;
    setup(&lists, &LOW_ONES);
    segment = decode(&lists);
    do {
        ndb_mem_fail_from(++k);
        rc = read_list(&lists, segment, 5, true, &is_right);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_ENOMEM || is_right);
    } while (rc < 0);
    assert_true(k > 2);
    k = 0;
    do {
        ndb_mem_fail_from(++k);
        rc = ndb_edge_lists_need(&segment->as.edge);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_ENOMEM || rc == NAMIDB_OK);
        assert_int_equal(is_packed(segment), rc == NAMIDB_OK);
    } while (rc < 0);
    assert_true(k > 4);
    check_list(&lists, segment, 5, true);
    ndb_segment_free(segment);
    close_opened(&lists.opened);
}

/* Header and checksum are right, one byte is not: what is read is a list, or
 * ECORRUPT, whichever way, and sometimes the latter. */
static void test_segment_lists__a_bad_one_is_corrupt(void **state)
{
    size_t refused = 0, alone = 0, together = 0;
    struct lists lists;
    uint8_t *bad;
    size_t body;

    (void)state;
    setup(&lists, &(struct shape){ 2, 20, ANY });
    body = lists.stored.bytes - HASH_BYTES;
    bad = ndb_alloc(lists.stored.bytes);
    for (size_t at = 12; at < body; at += 3) {
        struct ndb_segment *segment;
        uint64_t hash;
        bool is_right;
        int rc;

        memcpy(bad, lists.stored.data, lists.stored.bytes);
        bad[at] ^= 0xff;
        hash = ndb_hash64(ndb_slice(bad, body));
        for (size_t i = 0; i < HASH_BYTES; i++)
            bad[body + i] = (uint8_t)(hash >> (8 * i));
        rc = ndb_segment_decode(ndb_slice(bad, lists.stored.bytes), NDB_PART_IN,
                                1, &segment);
        refused += rc < 0;
        if (rc < 0)
            continue;
        for (uint32_t owner = 0; owner < OWNERS && rc == NAMIDB_OK; owner += 9)
            if (lists.begin[owner + 1] <= segment->as.edge.edge_count)
                rc = read_list(&lists, segment, owner, true, &is_right);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ECORRUPT);
        alone += rc < 0;
        rc = ndb_edge_lists_need(&segment->as.edge);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ECORRUPT);
        together += rc < 0;
        ndb_segment_free(segment);
    }
    assert_true(refused > 5 && alone > 5 && together >= alone);
    ndb_free(bad);
    close_opened(&lists.opened);
}

struct reader {
    const struct lists *lists;
    const struct ndb_segment *segment;
};

static void *read_lists(void *context)
{
    const struct reader *reader = context;
    uintptr_t is_all_right = 1;

    for (uint32_t owner = 0; owner < OWNERS; owner++) {
        bool is_right;

        (void)read_list(reader->lists, reader->segment, owner, true, &is_right);
        is_all_right &= is_right;
    }
    return (void *)is_all_right;
}

static void test_segment_lists__many_threads_read_and_pack(void **state)
{
    struct lists lists;

    (void)state;
    setup(&lists, &USUAL);
    for (int round = 0; round < 50; round++) {
        struct ndb_segment *segment = decode(&lists);
        struct reader reader = { &lists, segment };
        atomic_int_fast64_t account;
        pthread_t threads[THREADS];

        atomic_init(&account, 0);
        ndb_column_store_count(&segment->store, &account);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(
                pthread_create(&threads[i], NULL, read_lists, &reader), 0);
        for (int i = 0; i < THREADS; i++) {
            void *is_right;

            assert_int_equal(pthread_join(threads[i], &is_right), 0);
            assert_non_null(is_right);
        }
        assert_null(atomic_load(&segment->lists.stored));
        assert_int_equal(atomic_load(&account),
                         atomic_load(&segment->store.bytes));
        ndb_column_store_discount(&segment->store);
        assert_int_equal(atomic_load(&account), 0);
        ndb_segment_free(segment);
    }
    close_opened(&lists.opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment_lists__few_are_read_as_they_are_stored),
        cmocka_unit_test(test_segment_lists__many_are_packed_and_stay_the_same),
        cmocka_unit_test(test_segment_lists__no_sequence_for_itself_packs_all),
        cmocka_unit_test(test_segment_lists__what_is_unpacked_is_counted),
        cmocka_unit_test(test_segment_lists__without_memory_try_again),
        cmocka_unit_test(test_segment_lists__a_bad_one_is_corrupt),
        cmocka_unit_test(test_segment_lists__many_threads_read_and_pack),
    };

    return cmocka_run_group_tests_name("segment_lists", tests, NULL, NULL);
}
