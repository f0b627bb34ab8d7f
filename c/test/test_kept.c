/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of decoded segments: apart, aligned, as they were written, given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kept.h"
#include "base/mem.h"
#include "base/rand.h"

enum { REGION = 2 << 20, LARGE = REGION / 4, UNIT = 256, BLOCKS = 400 };

struct block {
    uint8_t *data;
    size_t bytes;
    uint8_t fill;
};

/* Mostly small, at times larger than regions give. */
static size_t some_bytes(struct ndb_rand *rand)
{
    size_t below = (size_t)1 << (1 + ndb_rand_below(rand, 20));

    return ndb_rand_below(rand, below);
}

static void fill(struct block *block, struct ndb_rand *rand)
{
    block->bytes = some_bytes(rand);
    block->fill = (uint8_t)ndb_rand_below(rand, 256);
    block->data = ndb_kept_alloc(block->bytes);
    assert_non_null(block->data);
#ifndef __SANITIZE_ADDRESS__
    if (block->bytes <= LARGE)
        assert_int_equal((uintptr_t)block->data % UNIT, 0);
#endif
    memset(block->data, block->fill, block->bytes);
}

static void check_and_free(struct block *block)
{
    for (size_t i = 0; i < block->bytes; i++)
        if (block->data[i] != block->fill)
            fail_msg("byte %zu of %zu is another block's", i, block->bytes);
    ndb_kept_free(block->data, block->bytes);
    block->data = NULL;
}

static void test_kept__blocks_stay_as_they_were_written(void **state)
{
    struct block blocks[BLOCKS] = { { NULL, 0, 0 } };
    struct ndb_rand rand = { 7 };

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct block *block = &blocks[ndb_rand_below(&rand, BLOCKS)];

        if (block->data != NULL)
            check_and_free(block);
        else
            fill(block, &rand);
    }
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].data != NULL)
            check_and_free(&blocks[i]);
}

static void test_kept__zeroed_blocks_are_zero_when_used_again(void **state)
{
    uint8_t *data = ndb_kept_alloc(1000);

    (void)state;
    memset(data, 0xff, 1000);
    ndb_kept_free(data, 1000);
    data = ndb_kept_calloc(1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(data[i], 0);
    ndb_kept_free(data, 1000);
    ndb_kept_free(NULL, 1000);
}

#ifndef __SANITIZE_ADDRESS__

static void test_kept__regions_go_back_but_the_last(void **state)
{
    enum { COUNT = 10 * REGION / LARGE };
    void *blocks[COUNT];

    (void)state;
    assert_true(ndb_kept_bytes() <= REGION);
    for (int i = 0; i < COUNT; i++)
        blocks[i] = ndb_kept_alloc(LARGE);
    assert_true(ndb_kept_bytes() > 10 * REGION);
    for (int i = 0; i < COUNT; i++)
        ndb_kept_free(blocks[i], LARGE);
    assert_int_equal(ndb_kept_bytes(), REGION);
}

static void test_kept__what_was_freed_is_used_before_more_is_taken(void **state)
{
    enum { COUNT = 3 * REGION / LARGE };
    void *blocks[COUNT];
    size_t bytes;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        blocks[i] = ndb_kept_alloc(LARGE);
    bytes = ndb_kept_bytes();
    for (int i = 0; i < COUNT; i += 2)
        ndb_kept_free(blocks[i], LARGE);
    for (int i = 0; i < COUNT; i += 2)
        blocks[i] = ndb_kept_alloc(LARGE);
    assert_int_equal(ndb_kept_bytes(), bytes);
    for (int i = 0; i < COUNT; i++)
        ndb_kept_free(blocks[i], LARGE);
}

#endif

static void test_kept__a_test_can_make_it_fail(void **state)
{
    void *block;

    (void)state;
    ndb_mem_fail_from(2);
    block = ndb_kept_alloc(100);
    assert_non_null(block);
    assert_null(ndb_kept_alloc(100));
    assert_null(ndb_kept_calloc(2 * LARGE));
    ndb_mem_fail_from(0);
    ndb_kept_free(block, 100);
}

/* Allocates and frees until it is told to stop. */
static void *be_busy(void *context)
{
    atomic_bool *is_over = context;

    while (!atomic_load(is_over))
        ndb_kept_free(ndb_kept_alloc(1000), 1000);
    return NULL;
}

static void test_kept__a_child_made_in_between_may_allocate(void **state)
{
    atomic_bool is_over = false;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, be_busy, &is_over), 0);
    for (int i = 0; i < 200; i++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0) {
            (void)alarm(20); /* where it would wait for ever */
            ndb_kept_free(ndb_kept_alloc(1000), 1000);
            _exit(0);
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept__blocks_stay_as_they_were_written),
        cmocka_unit_test(test_kept__zeroed_blocks_are_zero_when_used_again),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(test_kept__regions_go_back_but_the_last),
        cmocka_unit_test(
            test_kept__what_was_freed_is_used_before_more_is_taken),
#endif
        cmocka_unit_test(test_kept__a_test_can_make_it_fail),
        cmocka_unit_test(test_kept__a_child_made_in_between_may_allocate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
