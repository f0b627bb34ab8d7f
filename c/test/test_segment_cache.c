/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_model.h"

#include <pthread.h>

#include "base/mem.h"
#include "cache/cache_table.h"
#include "sys/clock.h"

enum { WANTS_MAX = 64, THREADS = 8, ROUNDS = 30 };

/* A graph in one pack, and each of its segments. */
struct world {
    struct model model;
    struct ndb_pack *pack;
    struct ndb_segment_want wants[WANTS_MAX];
    size_t count;
};

static void world_open(struct world *world)
{
    struct model *model = &world->model;
    struct ndb_manifest manifest = { .packs = model->packs,
                                     .pack_count = 1,
                                     .name_count = MODEL_NAMES };
    const struct ndb_directory *directory;

    model_open(model, 7, 4 << 20);
    model_change(model, 300);
    model_make_pack(model, true);
    assert_int_equal(ndb_packs_open(&world->pack, &manifest, NULL, 0,
                                    model->store, model->cache, NDB_NEVER,
                                    NULL),
                     0);
    directory = ndb_pack_directory(world->pack);
    world->count = 0;
    for (uint32_t i = 0; i < directory->part_count; i++)
        for (uint32_t j = 0; j < directory->parts[i].segment_count; j++)
            world->wants[world->count++] = (struct ndb_segment_want){
                .pack = ndb_pack_cached(world->pack),
                .part = &directory->parts[i],
                .index = j,
            };
    assert_in_range(world->count, 4, WANTS_MAX);
}

static void world_close(struct world *world)
{
    ndb_pack_unref(world->pack);
    model_close(&world->model);
}

/* Gets one segment and lets go of it. */
static int touch(struct world *world, size_t index, namidb_error *err)
{
    struct ndb_segment_want want = world->wants[index];
    int rc =
        ndb_segment_cache_get(world->model.cache, &want, 1, NDB_NEVER, err);

    if (rc >= 0) {
        assert_int_equal(want.segment->kind, want.part->kind);
        ndb_segment_cache_unpin(world->model.cache, &want, 1);
    }
    return rc;
}

static size_t count_state(const struct world *world, enum ndb_cache_state state)
{
    const struct ndb_segment_cache *cache = world->model.cache;
    size_t count = 0;

    for (uint32_t i = 0; i < cache->clock_count; i++)
        count += cache->clock[i]->state == state;
    return count;
}

/* What the entries say that they hold is what is counted. */
static void check_bytes(const struct world *world)
{
    const struct ndb_segment_cache *cache = world->model.cache;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < cache->clock_count; i++) {
        const struct ndb_cache_entry *entry = cache->clock[i];

        assert_true((entry->segment == NULL) == (entry->stored.data != NULL));
        bytes += sizeof *entry + entry->stored.bytes;
        if (entry->segment != NULL)
            bytes += entry->segment->bytes + entry->segment->store.bytes;
    }
    assert_int_equal(cache->bytes, bytes);
}

static void
test_segment_cache__a_small_pack_comes_whole_and_is_kept_once(void **state)
{
    struct world world;

    (void)state;
    world_open(&world);
    for (size_t i = 0; i < world.count; i++) {
        assert_int_equal(touch(&world, i, NULL), 0);
        assert_int_equal(model_gets(&world.model), 1);
        assert_int_equal(count_state(&world, NDB_CACHE_READY), i + 1);
        assert_int_equal(count_state(&world, NDB_CACHE_STORED),
                         world.count - i - 1);
        check_bytes(&world);
    }
    world_close(&world);
}

static void
test_segment_cache__what_was_evicted_is_fetched_by_itself(void **state)
{
    struct world world;
    namidb_cache_stats before, after;

    (void)state;
    world_open(&world);
    assert_int_equal(touch(&world, 0, NULL), 0);
    ndb_segment_cache_forget(world.model.cache,
                             ndb_pack_cached(world.pack)->number);
    ndb_segment_cache_stats(world.model.cache, &before);
    assert_int_equal(before.bytes, 0);
    assert_int_equal(touch(&world, 1, NULL), 0);
    ndb_segment_cache_stats(world.model.cache, &after);
    assert_int_equal(after.requests - before.requests, 1);
    assert_int_equal(after.bytes_fetched - before.bytes_fetched,
                     world.wants[1].part->segments[world.wants[1].index].bytes);
    world_close(&world);
}

static void
test_segment_cache__a_pack_that_did_not_come_is_asked_for_again(void **state)
{
    struct world world;
    namidb_cache_stats before, after;
    struct ndb_fault_plan plan = { .fault = NDB_FAULT_TRUNCATE, .at = 1 };

    (void)state;
    world_open(&world);
    ndb_faulty_plan(world.model.faulty, &plan);
    assert_true(touch(&world, 0, NULL) < 0);
    check_bytes(&world);
    ndb_segment_cache_stats(world.model.cache, &before);
    assert_int_equal(before.bytes, 0);
    assert_int_equal(touch(&world, 0, NULL), 0);
    ndb_segment_cache_stats(world.model.cache, &after);
    assert_int_equal(after.bytes_fetched - before.bytes_fetched,
                     ndb_pack_cached(world.pack)->bytes);
    world_close(&world);
}

/* Bytes of the pack from the first to the end of the last of some wants. */
static uint64_t bytes_between(const struct ndb_segment_want *wants,
                              size_t count)
{
    const struct ndb_segment_entry *first =
        &wants[0].part->segments[wants[0].index];
    const struct ndb_segment_entry *last =
        &wants[count - 1].part->segments[wants[count - 1].index];

    return last->offset + last->bytes - first->offset;
}

/* Gets the first and the third segment; says what that was. */
static void get_two(struct world *world, namidb_cache_stats *stats)
{
    struct ndb_segment_want two[] = { world->wants[0], world->wants[2] };

    assert_int_equal(
        ndb_segment_cache_get(world->model.cache, two, 2, NDB_NEVER, NULL), 0);
    ndb_segment_cache_unpin(world->model.cache, two, 2);
    ndb_segment_cache_stats(world->model.cache, stats);
    check_bytes(world);
}

static void
test_segment_cache__nothing_is_read_in_vain_without_reach(void **state)
{
    struct world world;
    namidb_cache_stats stats;

    (void)state;
    world_open(&world);
    world.model.cache->reach = (struct ndb_cache_reach){ 0, 0 };
    get_two(&world, &stats);
    assert_int_equal(stats.requests, 2);
    assert_int_equal(stats.bytes_fetched,
                     bytes_between(&world.wants[0], 1) +
                         bytes_between(&world.wants[2], 1));
    world_close(&world);
}

static void test_segment_cache__a_gap_within_reach_saves_a_request(void **state)
{
    struct world world;
    namidb_cache_stats stats;

    (void)state;
    world_open(&world);
    world.model.cache->reach =
        (struct ndb_cache_reach){ .gap_bytes =
                                      bytes_between(&world.wants[1], 1) };
    get_two(&world, &stats);
    assert_int_equal(stats.requests, 1);
    assert_int_equal(stats.bytes_fetched, bytes_between(world.wants, 3));
    world_close(&world);
}

static void test_segment_cache__reach_is_by_what_the_store_is(void **state)
{
    static const struct {
        const char *uri;
        struct ndb_cache_reach reach;
    } CASES[] = {
        { "memory://reach", { 32 << 10, 64 << 10 } },
        { "file:///reach", { 32 << 10, 64 << 10 } },
        { "file:///reach?far=true", { 1 << 20, 8 << 20 } },
        { "s3://reach?unsigned=true&region=eu-north-1", { 1 << 20, 8 << 20 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct ndb_store *inside, *faulty, *store;
        struct ndb_segment_cache *cache;

        assert_int_equal(ndb_store_open(&inside, CASES[i].uri, NULL), 0);
        assert_int_equal(ndb_faulty_open(&faulty, inside, NULL), 0);
        assert_int_equal(ndb_counting_open(&store, faulty, NULL), 0);
        assert_int_equal(ndb_segment_cache_new(&cache, store, 1 << 20), 0);
        assert_memory_equal(&cache->reach, &CASES[i].reach,
                            sizeof cache->reach);
        ndb_segment_cache_free(cache);
        ndb_store_close(store);
    }
}

static void test_segment_cache__what_is_offered_sends_nothing(void **state)
{
    struct world world;
    const struct ndb_cache_pack *pack;
    struct ndb_request get = { .op = NDB_GET };

    (void)state;
    world_open(&world);
    pack = ndb_pack_cached(world.pack);
    get.key = pack->path;
    get.length = pack->bytes;
    get.deadline_ns = NDB_NEVER;
    assert_int_equal(ndb_store_run(world.model.store, &get, 1, NULL), 0);
    ndb_segment_cache_offer(world.model.cache, pack, ndb_buf_slice(&get.out));
    ndb_segment_cache_offer(world.model.cache, pack, ndb_buf_slice(&get.out));
    ndb_request_release(&get);
    assert_int_equal(count_state(&world, NDB_CACHE_STORED), world.count);
    check_bytes(&world);
    for (size_t i = 0; i < world.count; i++)
        assert_int_equal(touch(&world, i, NULL), 0);
    assert_int_equal(model_gets(&world.model), 1);
    world_close(&world);
}

static void test_segment_cache__out_of_memory_at_any_place(void **state)
{
    struct world world;
    bool is_done = false;

    (void)state;
    world_open(&world);
    for (uint64_t k = 1; !is_done; k++) {
        namidb_error err;
        int rc;

        assert_true(k < 1000);
        ndb_segment_cache_forget(world.model.cache,
                                 ndb_pack_cached(world.pack)->number);
        *ndb_pack_cached(world.pack)->was_whole = false;
        ndb_mem_fail_from(k);
        rc = touch(&world, 2, &err);
        ndb_mem_fail_from(0);
        assert_true(rc == NAMIDB_OK || err.code == NAMIDB_ENOMEM);
        check_bytes(&world);
        is_done = rc == NAMIDB_OK &&
                  count_state(&world, NDB_CACHE_STORED) == world.count - 1;
    }
    world_close(&world);
}

struct reader {
    struct world *world;
    size_t first;
    pthread_t thread;
};

static void *run_reader(void *context)
{
    struct reader *reader = context;
    struct world *world = reader->world;

    for (size_t i = 0; i < world->count; i++)
        assert_int_equal(touch(world, (reader->first + i) % world->count, NULL),
                         0);
    return NULL;
}

static void test_segment_cache__many_threads_send_one_request(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct world world;
        struct reader readers[THREADS];

        world_open(&world);
        for (size_t i = 0; i < THREADS; i++) {
            readers[i] = (struct reader){ .world = &world, .first = i * 3 };
            assert_int_equal(pthread_create(&readers[i].thread, NULL,
                                            run_reader, &readers[i]),
                             0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(readers[i].thread, NULL);
        assert_int_equal(model_gets(&world.model), 1);
        assert_int_equal(count_state(&world, NDB_CACHE_READY), world.count);
        check_bytes(&world);
        world_close(&world);
    }
}

static void
test_segment_cache__many_threads_send_one_request_for_a_segment(void **state)
{
    struct world world;
    struct reader readers[THREADS];

    (void)state;
    world_open(&world);
    world.model.cache->reach = (struct ndb_cache_reach){ 0, 0 };
    for (size_t i = 0; i < THREADS; i++) {
        readers[i] = (struct reader){ .world = &world, .first = i / 2 };
        assert_int_equal(
            pthread_create(&readers[i].thread, NULL, run_reader, &readers[i]),
            0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(readers[i].thread, NULL);
    assert_int_equal(model_gets(&world.model), world.count);
    check_bytes(&world);
    world_close(&world);
}

/* Segments that the whole pack lacks. */
static uint64_t missing(struct world *world)
{
    const struct ndb_directory *directory = ndb_pack_directory(world->pack);
    struct ndb_cache_need need = { 0, 0 };

    for (uint32_t i = 0; i < directory->part_count; i++)
        ndb_segment_cache_need(world->model.cache, ndb_pack_cached(world->pack),
                               &directory->parts[i], &need);
    assert_int_equal(need.segments, world->count);
    return need.missing;
}

static void test_segment_cache__what_is_missing_is_told(void **state)
{
    struct world world;

    (void)state;
    world_open(&world);
    assert_int_equal(missing(&world), 0);
    *ndb_pack_cached(world.pack)->was_whole = true; /* and all evicted */
    for (size_t i = 0; i < world.count; i++) {
        assert_int_equal(missing(&world), world.count - i);
        assert_int_equal(touch(&world, i, NULL), 0);
    }
    assert_int_equal(missing(&world), 0);
    assert_int_equal(model_gets(&world.model), world.count);
    world_close(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_segment_cache__a_small_pack_comes_whole_and_is_kept_once),
        cmocka_unit_test(
            test_segment_cache__what_was_evicted_is_fetched_by_itself),
        cmocka_unit_test(
            test_segment_cache__a_pack_that_did_not_come_is_asked_for_again),
        cmocka_unit_test(
            test_segment_cache__nothing_is_read_in_vain_without_reach),
        cmocka_unit_test(
            test_segment_cache__a_gap_within_reach_saves_a_request),
        cmocka_unit_test(test_segment_cache__reach_is_by_what_the_store_is),
        cmocka_unit_test(test_segment_cache__what_is_offered_sends_nothing),
        cmocka_unit_test(test_segment_cache__out_of_memory_at_any_place),
        cmocka_unit_test(test_segment_cache__what_is_missing_is_told),
        cmocka_unit_test(test_segment_cache__many_threads_send_one_request),
        cmocka_unit_test(
            test_segment_cache__many_threads_send_one_request_for_a_segment),
    };

    return cmocka_run_group_tests_name("segment_cache", tests, NULL, NULL);
}
