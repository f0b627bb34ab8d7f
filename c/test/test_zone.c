/* SPDX-License-Identifier: Apache-2.0 */
/* Zones against the rows that they are of: what they rule out is not there. */
#include "golden_sample.h"
#include "values.h"

#include <math.h>

#include "base/mem.h"
#include "exec/compare.h"
#include "format/segment.h"
#include "format/zone.h"

enum { GROUPS = 5, ROWS = 6, NAMES = 3, FAT_BYTES = 140000 };

/* Nodes of a pack, some rows to a group: the last property is so large that a
 * group is full of them. */
struct sample {
    namidb_value values[GROUPS * ROWS][NAMES]; /* null: absent */
    bool is_deleted[GROUPS * ROWS];
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    namidb_arena arena;
    struct ndb_directory directory;
    char *fat;
};

static void sample_write(struct sample *sample)
{
    struct ndb_pack_summary summary;

    assert_int_equal(ndb_pack_writer_new(&sample->writer), 0);
    assert_int_equal(ndb_pack_writer_part(sample->writer, NDB_PART_NODE, 0, 3),
                     0);
    sample->fat = ndb_calloc(FAT_BYTES, 1);
    memset(sample->fat, 'x', FAT_BYTES);
    for (uint32_t i = 0; i < GROUPS * ROWS; i++) {
        static const uint32_t LABELS[] = { 3 };
        namidb_property props[NAMES + 1];
        namidb_node node = { .labels = LABELS, .label_count = 1 };

        for (uint32_t k = 0; k < NAMES; k++)
            if (!ndb_is_null(&sample->values[i][k]))
                props[node.prop_count++] =
                    (namidb_property){ k + 1, sample->values[i][k] };
        /* The last row of a group fills it up. */
        if (i % ROWS == ROWS - 1)
            props[node.prop_count++] =
                (namidb_property){ NAMES + 1,
                                   ndb_string(sample->fat, FAT_BYTES) };
        node.props = props;
        assert_int_equal(
            ndb_pack_writer_node(sample->writer, i + 1,
                                 sample->is_deleted[i] ? NULL : &node),
            0);
    }
    assert_int_equal(
        ndb_pack_writer_finish(sample->writer, &sample->object, &summary), 0);
    assert_int_equal(ndb_directory_decode(ndb_slice(sample->object.data +
                                                        sample->object.bytes -
                                                        summary.directory_bytes,
                                                    summary.directory_bytes),
                                          sample->object.bytes, &sample->arena,
                                          &sample->directory),
                     0);
}

static struct ndb_slice zone_bytes(const struct sample *sample)
{
    const struct ndb_part *part =
        ndb_directory_find(&sample->directory, NDB_PART_ZONE, 0, 3);

    assert_non_null(part);
    assert_int_equal(part->segment_count, 1);
    return ndb_slice(sample->object.data + part->segments[0].offset,
                     part->segments[0].bytes);
}

static void sample_release(struct sample *sample)
{
    ndb_pack_writer_free(sample->writer);
    ndb_arena_release(&sample->arena);
    ndb_free(sample->fat);
}

static bool is_true(const namidb_value *value, const struct ndb_zone_test *test)
{
    bool is_nan = false;
    int order;

    if (test->want == NDB_ZONE_NULL || test->want == NDB_ZONE_NOT_NULL)
        return ndb_is_null(value) == (test->want == NDB_ZONE_NULL);
    if (test->want == NDB_ZONE_EQUAL)
        return ndb_equal(value, &test->value) == NDB_TRUE;
    if (test->want == NDB_ZONE_IN) {
        for (uint32_t i = 0; i < test->value.size; i++)
            if (ndb_equal(value, &test->value.as.items[i]) == NDB_TRUE)
                return true;
        return false;
    }
    if (!ndb_comparable(value, &test->value, &order, &is_nan) || is_nan)
        return false;
    return (test->want == NDB_ZONE_LESS && order < 0) ||
           (test->want == NDB_ZONE_LESS_EQUAL && order <= 0) ||
           (test->want == NDB_ZONE_GREATER && order > 0) ||
           (test->want == NDB_ZONE_GREATER_EQUAL && order >= 0);
}

static bool group_matches(const struct sample *sample, uint32_t group,
                          const struct ndb_zone_test *test)
{
    for (uint32_t row = group * ROWS; row < (group + 1) * ROWS; row++) {
        namidb_value value = test->name >= 1 && test->name <= NAMES
                                 ? sample->values[row][test->name - 1]
                                 : ndb_null();

        if (!sample->is_deleted[row] && is_true(&value, test))
            return true;
    }
    return false;
}

/* Texts around the length at which they are cut, with the same beginning. */
static namidb_value any_text(namidb_arena *arena, struct ndb_rand *rand)
{
    size_t bytes = ndb_rand_below(rand, 3) == 0
                       ? ndb_rand_below(rand, 3)
                       : NDB_ZONE_TEXT_BYTES - 2 + ndb_rand_below(rand, 5);
    char *text = ndb_arena_alloc(arena, bytes + 1);

    memset(text, ndb_rand_below(rand, 2) == 0 ? 'a' : 0x7f, bytes + 1);
    if (bytes != 0)
        text[ndb_rand_below(rand, bytes)] =
            (char)('a' + ndb_rand_below(rand, 3));
    return ndb_string(text, bytes);
}

static namidb_value any_value(namidb_arena *arena, struct ndb_rand *rand,
                              uint64_t kind)
{
    static const double FLOATS[] = { 0.0, -0.0, 1.0, 2.5, 0x1p53, 1e300 };
    static const int64_t INTS[] = {
        0, 1, 2, -7, INT64_C(9007199254740993), INT64_MAX, INT64_MIN
    };

    switch (kind) {
    case 0:
        return ndb_integer(INTS[ndb_rand_below(rand, 7)]);
    case 1:
        return ndb_rand_below(rand, 6) == 0
                   ? ndb_float((double)NAN)
                   : ndb_float(FLOATS[ndb_rand_below(rand, 6)]);
    case 2:
        return any_text(arena, rand);
    case 3:
        return ndb_boolean(ndb_rand_below(rand, 2) == 0);
    case 4:
        return (namidb_value){ .kind = NAMIDB_DATE,
                               .as.integer = (int64_t)ndb_rand_below(rand, 9) };
    default:
        return values_random(arena, rand, 0);
    }
}

/* A value that can be stored: no node, no map. */
static namidb_value storable(namidb_arena *arena, struct ndb_rand *rand,
                             uint64_t kind)
{
    namidb_value value;

    do
        value = any_value(arena, rand, kind);
    while (value.kind >= NAMIDB_LIST);
    return value;
}

static void sample_random(struct sample *sample, struct ndb_rand *rand)
{
    *sample = (struct sample){ .arena = NDB_ARENA_INIT };
    for (uint32_t group = 0; group < GROUPS; group++) {
        for (uint32_t name = 0; name < NAMES; name++) {
            uint64_t kind = ndb_rand_below(rand, 6);
            uint64_t nulls = ndb_rand_below(rand, 5);

            for (uint32_t row = group * ROWS; row < (group + 1) * ROWS; row++) {
                sample->values[row][name] =
                    ndb_rand_below(rand, 4) < nulls
                        ? ndb_null()
                        : storable(&sample->arena, rand,
                                   ndb_rand_below(rand, 9) == 0
                                       ? ndb_rand_below(rand, 6)
                                       : kind);
                sample->is_deleted[row] =
                    row % ROWS != ROWS - 1 && ndb_rand_below(rand, 9) == 0;
            }
        }
    }
    sample_write(sample);
}

static struct ndb_zone_test any_test(namidb_arena *arena, struct ndb_rand *rand)
{
    struct ndb_zone_test test = {
        .name = (uint32_t)ndb_rand_below(rand, NAMES + 1),
        .want = (enum ndb_zone_want)ndb_rand_below(rand, NDB_ZONE_NOT_NULL + 1)
    };

    test.value = any_value(arena, rand, ndb_rand_below(rand, 6));
    if (test.want == NDB_ZONE_IN) {
        namidb_value *items = ndb_arena_array(arena, 2, sizeof *items);

        items[0] = test.value;
        items[1] = any_value(arena, rand, ndb_rand_below(rand, 6));
        test.value = ndb_list(items, ndb_rand_below(rand, 3));
    }
    return test;
}

static void test_zone__rules_out_nothing_that_is_there(void **state)
{
    struct ndb_rand rand = { 21 };
    uint32_t ruled_out = 0, kept_in_vain = 0;

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct sample sample;
        struct ndb_segment *segment;

        sample_random(&sample, &rand);
        assert_int_equal(
            ndb_segment_decode(zone_bytes(&sample), NDB_PART_ZONE, 3, &segment),
            0);
        assert_int_equal(segment->as.zone.group_count, GROUPS);
        for (int i = 0; i < 200; i++) {
            struct ndb_zone_test test = any_test(&sample.arena, &rand);

            for (uint32_t group = 0; group < GROUPS; group++) {
                bool may_match =
                    ndb_zone_may_match(&segment->as.zone.groups[group], &test);
                bool matches = group_matches(&sample, group, &test);

                if (matches && !may_match)
                    fail_msg("round %d: test %d of property %u", round,
                             (int)test.want, test.name);
                ruled_out += !may_match;
                kept_in_vain += may_match && !matches;
            }
        }
        ndb_segment_free(segment);
        sample_release(&sample);
    }
    assert_true(ruled_out > 2 * kept_in_vain);
}

static void test_zone__a_flipped_bit_is_corrupt(void **state)
{
    struct ndb_rand rand = { 22 };
    struct sample sample;
    struct ndb_slice stored;
    uint8_t *copy;

    (void)state;
    sample_random(&sample, &rand);
    stored = zone_bytes(&sample);
    copy = ndb_alloc(stored.bytes);
    for (size_t bit = 0; bit < stored.bytes * 8; bit++) {
        struct ndb_segment *segment;

        memcpy(copy, stored.data, stored.bytes);
        copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(ndb_segment_decode(ndb_slice(copy, stored.bytes),
                                            NDB_PART_ZONE, 3, &segment),
                         NAMIDB_ECORRUPT);
    }
    ndb_free(copy);
    sample_release(&sample);
}

static void test_zone__reads_as_ever(void **state)
{
    struct sample sample = { .arena = NDB_ARENA_INIT };
    struct ndb_slice stored;
    struct ndb_segment *segment;
    const struct ndb_zone *zone;

    (void)state;
    for (uint32_t i = 0; i < GROUPS * ROWS; i++) {
        sample.values[i][0] = ndb_integer((int64_t)i - 10);
        sample.values[i][1] = i % 2 == 0 ? ndb_null() : ndb_float(i / 2.0);
        sample.values[i][2] =
            ndb_string("a text that is longer than is kept", i == 0 ? 3 : 34);
    }
    sample_write(&sample);
    stored = zone_bytes(&sample);
    golden_print("GOLDEN_ZONES", stored);
    assert_int_equal(
        ndb_segment_decode(ndb_slice(GOLDEN_ZONES, sizeof GOLDEN_ZONES),
                           NDB_PART_ZONE, 3, &segment),
        0);
    zone = segment->as.zone.groups[1].zones;
    assert_int_equal(segment->as.zone.groups[1].row_count, ROWS);
    assert_int_equal(segment->as.zone.groups[1].zone_count, NAMES + 1);
    assert_int_equal(zone[0].min.as.integer, -4);
    assert_int_equal(zone[0].max.as.integer, 1);
    assert_int_equal(zone[1].null_count, 3);
    assert_true(zone[1].max.as.number == 5.5);
    assert_int_equal(zone[2].max.size, NDB_ZONE_TEXT_BYTES);
    assert_memory_equal(zone[2].max.as.bytes,
                        "a text that is longer than is kf",
                        NDB_ZONE_TEXT_BYTES);
    ndb_segment_free(segment);
    sample_release(&sample);
}

static void test_zone__fails_cleanly_without_memory(void **state)
{
    struct ndb_rand rand = { 23 };
    struct sample sample;
    struct ndb_segment *segment = NULL;
    int rc = NAMIDB_ENOMEM;

    (void)state;
    sample_random(&sample, &rand);
    for (uint64_t k = 1; rc != NAMIDB_OK; k++) {
        ndb_mem_fail_from(k);
        rc =
            ndb_segment_decode(zone_bytes(&sample), NDB_PART_ZONE, 3, &segment);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || rc == NAMIDB_ENOMEM);
    }
    ndb_segment_free(segment);
    sample_release(&sample);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zone__rules_out_nothing_that_is_there),
        cmocka_unit_test(test_zone__a_flipped_bit_is_corrupt),
        cmocka_unit_test(test_zone__reads_as_ever),
        cmocka_unit_test(test_zone__fails_cleanly_without_memory),
    };

    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
