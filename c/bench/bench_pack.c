/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_pack - what packs are made of: per part its rows, bytes, and bytes of a
 * row.
 *
 * usage: bench_pack PACK-FILE...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "format/pack.h"

static const char *const NAMES[NDB_PART_KIND_COUNT] = {
    "",    "node",  "out",    "in",   "edge id",
    "key", "index", "filter", "zone", "index filter",
};

struct total {
    uint64_t rows, bytes, segments;
};

static struct total totals[NDB_PART_KIND_COUNT];

/* The whole file; NULL: it cannot be read. */
static uint8_t *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;

    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= NDB_PACK_TAIL_BYTES)
        data = ndb_alloc((size_t)size);
    rewind(file);
    if (data != NULL && fread(data, 1, (size_t)size, file) != (size_t)size) {
        ndb_free(data);
        data = NULL;
    }
    (void)fclose(file);
    *bytes = (size_t)size;
    return data;
}

static void add_parts(const struct ndb_directory *directory)
{
    for (uint32_t i = 0; i < directory->part_count; i++) {
        const struct ndb_part *part = &directory->parts[i];
        struct total *total = &totals[part->kind];

        total->rows += part->rows;
        total->segments += part->segment_count;
        for (uint32_t j = 0; j < part->segment_count; j++)
            total->bytes += part->segments[j].bytes;
    }
}

/* 0, or 1: not a pack. */
static int add_pack(const char *path)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_directory directory;
    size_t bytes;
    uint32_t stored;
    uint8_t *data = read_file(path, &bytes);
    int is_bad =
        data == NULL ||
        ndb_directory_bytes(
            ndb_slice(data + bytes - NDB_PACK_TAIL_BYTES, NDB_PACK_TAIL_BYTES),
            &stored) < 0 ||
        stored > bytes ||
        ndb_directory_decode(ndb_slice(data + bytes - stored, stored), bytes,
                             &arena, &directory) < 0;

    if (is_bad)
        fprintf(stderr, "bench_pack: %s: not a pack\n", path);
    else
        add_parts(&directory);
    ndb_arena_release(&arena);
    ndb_free(data);
    return is_bad;
}

int main(int argc, char **argv)
{
    uint64_t bytes = 0;

    for (int i = 1; i < argc; i++)
        if (add_pack(argv[i]) != 0)
            return 1;
    printf("%-12s %12s %12s %9s %8s\n", "part", "rows", "bytes", "segments",
           "a row");
    for (int kind = 1; kind < NDB_PART_KIND_COUNT; kind++) {
        const struct total *total = &totals[kind];

        bytes += total->bytes;
        if (total->bytes != 0)
            printf("%-12s %12" PRIu64 " %12" PRIu64 " %9" PRIu64 " %8.3f\n",
                   NAMES[kind], total->rows, total->bytes, total->segments,
                   (double)total->bytes / (double)total->rows);
    }
    printf("%-12s %12s %12" PRIu64 "\n", "all", "", bytes);
    return 0;
}
