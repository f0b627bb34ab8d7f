/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"

#define LARGE ((size_t)8 << 20)

/* Whether large pages were asked for where an address is. */
static bool has_large_pages(const void *address)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    bool is_inside = false, has = false;
    char line[1024];

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long begin, end;

        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            is_inside = begin <= (uintptr_t)address && (uintptr_t)address < end;
        else if (is_inside && strncmp(line, "VmFlags:", 8) == 0)
            has = strstr(line, " hg") != NULL;
    }
    (void)fclose(file);
    return has;
}

/* A small graph must not take 2 MiB for a few KiB. */
static void test_mem__small_blocks_have_small_pages(void **state)
{
    uint8_t *block = ndb_alloc(1 << 20);

    (void)state;
    assert_non_null(block);
    assert_false(has_large_pages(block + (1 << 19)));
    ndb_free(block);
}

static void test_mem__large_blocks_have_large_pages(void **state)
{
    uint8_t *blocks[3];

    (void)state;
    if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0)
        skip();
    blocks[0] = ndb_alloc(LARGE);
    blocks[1] = ndb_calloc(LARGE / 8, 8);
    blocks[2] = ndb_realloc(ndb_alloc(1), LARGE / 4, 4);
    for (int i = 0; i < 3; i++) {
        assert_non_null(blocks[i]);
        assert_true(has_large_pages(blocks[i] + LARGE / 2));
        ndb_free(blocks[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem__small_blocks_have_small_pages),
        cmocka_unit_test(test_mem__large_blocks_have_large_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
