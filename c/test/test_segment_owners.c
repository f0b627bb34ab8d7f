/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/rand.h"
#include "format/pack_internal.h"
#include "format/segment_owners.h"

enum { COUNT_MAX = 400, SEEDS = 300 };

/* Owners and how many edges each has. */
struct lists {
    uint32_t count;
    uint64_t owners[COUNT_MAX], lengths[COUNT_MAX];
    uint64_t edge_count;
};

/* Ascending owners with gaps of at most `gap`, and lists of at most `length`
 * edges. */
static void make_lists(struct ndb_rand *rand, uint64_t gap, uint64_t length,
                       struct lists *out)
{
    uint64_t at = 1 + ndb_rand_below(rand, 1000);

    out->count = 1 + (uint32_t)ndb_rand_below(rand, COUNT_MAX);
    out->edge_count = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        out->owners[i] = at;
        out->lengths[i] = 1 + ndb_rand_below(rand, length);
        out->edge_count += out->lengths[i];
        at += 1 + ndb_rand_below(rand, gap);
    }
}

/* As a segment's beginning. */
static void put(const struct lists *lists, struct ndb_buf *out)
{
    assert_int_equal(ndb_edge_owners_put(out, lists->owners, lists->lengths,
                                         lists->count, lists->edge_count),
                     NAMIDB_OK);
}

static int get(const struct lists *lists, struct ndb_slice stored,
               namidb_arena *arena, struct ndb_edge_segment *segment)
{
    struct ndb_source source = { ndb_reader(stored), arena, false };

    *segment = (struct ndb_edge_segment){
        .owner_count =
            (uint32_t)ndb_edge_owners_count(lists->owners, lists->count),
        .edge_count = (uint32_t)lists->edge_count
    };
    ndb_edge_owners_get(
        &source, ndb_edge_owners_way(lists->owners, lists->count), segment);
    if (!source.reader.is_failed)
        assert_true(ndb_reader_is_done(&source.reader));
    return ndb_source_status(&source);
}

/* Whether `at` is owner `index`, or there is none and that is the next. */
static void check_at(const struct lists *lists,
                     const struct ndb_edge_segment *segment, uint64_t at,
                     uint32_t index)
{
    bool is_owner = index < lists->count && lists->owners[index] == at;
    int64_t found = ndb_edge_segment_owner(segment, at);
    uint32_t from = ndb_edge_segment_from(segment, at);

    if (!segment->is_dense) {
        assert_int_equal(found, is_owner ? (int64_t)index : -1);
        assert_int_equal(from, index);
    }
    if (is_owner || (found >= 0 && segment->is_dense)) {
        assert_true(found >= 0);
        assert_int_equal(from, found);
        assert_int_equal(ndb_edge_owner(segment, (uint32_t)found), at);
        assert_int_equal(ndb_edge_offset(segment, (uint32_t)found + 1) -
                             ndb_edge_offset(segment, (uint32_t)found),
                         is_owner ? lists->lengths[index] : 0);
    }
}

static void check(const struct lists *lists,
                  const struct ndb_edge_segment *segment)
{
    uint64_t range = lists->owners[lists->count - 1] - lists->owners[0] + 1;
    uint32_t index = 0;

    assert_int_equal(segment->is_dense,
                     range <= (uint64_t)lists->count * NDB_OWNERS_DENSE_MAX);
    assert_int_equal(segment->is_dense || segment->words != NULL,
                     range <= (uint64_t)lists->count * NDB_OWNERS_MARKED_MAX);
    assert_int_equal(ndb_edge_segment_owner(segment, 0), -1);
    assert_int_equal(ndb_edge_segment_from(segment, 0), 0);
    for (uint64_t at = lists->owners[0] - 1; at <= lists->owners[0] + range;
         at++) {
        while (index < lists->count && lists->owners[index] < at)
            index++;
        check_at(lists, segment, at, index);
    }
    for (index = 1; index < segment->owner_count; index++)
        assert_int_equal(
            ndb_edge_owner_after(segment, index,
                                 ndb_edge_owner(segment, index - 1)),
            ndb_edge_owner(segment, index));
    assert_int_equal(ndb_edge_offset(segment, 0), 0);
    assert_int_equal(ndb_edge_offset(segment, segment->owner_count),
                     lists->edge_count);
    assert_int_equal(ndb_edge_segment_owner(segment, UINT64_MAX), -1);
    assert_int_equal(ndb_edge_segment_from(segment, UINT64_MAX),
                     segment->owner_count);
}

static void test_segment_owners__come_back_however_far_apart(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct ndb_rand rand = { seed };
        struct ndb_buf stored = NDB_BUF_INIT(SIZE_MAX);
        struct ndb_edge_segment segment;
        struct lists lists;

        make_lists(&rand, 1 + seed % 40, 1 + seed % 7 * (seed % 7), &lists);
        put(&lists, &stored);
        assert_int_equal(get(&lists, ndb_buf_slice(&stored), &arena, &segment),
                         NAMIDB_OK);
        check(&lists, &segment);
        ndb_arena_reset(&arena);
        ndb_buf_release(&stored);
    }
    ndb_arena_release(&arena);
}

/* A checksum covers all that; these are bytes that somebody forged. */
static void test_segment_owners__forged_bytes_stay_within_bounds(void **state)
{
    namidb_arena arena = NDB_ARENA_INIT;
    uint32_t refused = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS * 20; seed++) {
        struct ndb_rand rand = { seed };
        struct ndb_buf stored = NDB_BUF_INIT(SIZE_MAX);
        struct ndb_edge_segment segment;
        struct lists lists;

        make_lists(&rand, 1 + seed % 40, 1 + seed % 7 * (seed % 7), &lists);
        put(&lists, &stored);
        if (seed % 4 == 0)
            stored.bytes = ndb_rand_below(&rand, stored.bytes);
        else
            stored.data[ndb_rand_below(&rand, stored.bytes)] ^=
                (uint8_t)(1 + ndb_rand_below(&rand, 255));
        if (seed % 4 == 1)
            lists.edge_count += lists.edge_count % 2 != 0 ? 1 : 3;
        if (get(&lists, ndb_buf_slice(&stored), &arena, &segment) !=
            NAMIDB_OK) {
            refused++;
        } else {
            uint32_t last = 0;

            for (uint32_t i = 0; i <= segment.owner_count; i++) {
                assert_true(ndb_edge_offset(&segment, i) >= last);
                last = ndb_edge_offset(&segment, i);
            }
            assert_int_equal(last, segment.edge_count);
        }
        ndb_arena_reset(&arena);
        ndb_buf_release(&stored);
    }
    assert_true(refused > SEEDS * 10);
    ndb_arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment_owners__come_back_however_far_apart),
        cmocka_unit_test(test_segment_owners__forged_bytes_stay_within_bounds),
    };

    return cmocka_run_group_tests_name("segment_owners", tests, NULL, NULL);
}
