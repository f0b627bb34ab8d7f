/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opened_pack.h - a pack that a test wrote, and what it reads back.
 */
#ifndef NDB_TEST_OPENED_PACK_H
#define NDB_TEST_OPENED_PACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rand.h"
#include "format/pack.h"
#include "format/segment.h"

static inline uint64_t seed_of_run(void)
{
    const char *text = getenv("NAMIDB_SEED");
    uint64_t seed;

    if (text != NULL)
        return strtoull(text, NULL, 10);
    ndb_rand_bytes(&seed, sizeof seed);
    return seed;
}

struct opened {
    struct ndb_pack_writer *writer;
    struct ndb_slice object;
    namidb_arena arena;
    struct ndb_directory directory;
};

static inline void finish_and_open(struct opened *opened)
{
    struct ndb_pack_summary summary;
    struct ndb_slice tail;

    assert_int_equal(
        ndb_pack_writer_finish(opened->writer, &opened->object, &summary),
        NAMIDB_OK);
    tail = ndb_slice(opened->object.data + opened->object.bytes -
                         summary.directory_bytes,
                     summary.directory_bytes);
    opened->arena = NDB_ARENA_INIT;
    assert_int_equal(ndb_directory_decode(tail, opened->object.bytes,
                                          &opened->arena, &opened->directory),
                     NAMIDB_OK);
}

static inline void close_opened(struct opened *opened)
{
    ndb_pack_writer_free(opened->writer);
    ndb_arena_release(&opened->arena);
}

static inline struct ndb_segment *segment_at(const struct opened *opened,
                                             const struct ndb_part *part,
                                             uint32_t index)
{
    const struct ndb_segment_entry *entry = &part->segments[index];
    struct ndb_segment *segment;

    assert_int_equal(
        ndb_segment_decode(
            ndb_slice(opened->object.data + entry->offset, entry->bytes),
            part->kind, part->table, &segment),
        NAMIDB_OK);
    return segment;
}

#endif
