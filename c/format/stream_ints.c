/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of stream.h, read: found, their planes unpacked, put together.
 */
#include <assert.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/packed.h"
#include "format/planes.h"
#include "format/stream.h"
#include "format/zstd_context.h"

/* Numbers that are put together at once. */
enum { BLOCK_NUMBERS = 256 };

/* --------------------------------------------------------------- finding -- */

static void find_plane(struct ndb_source *source, struct ndb_ints *ints,
                       unsigned plane, size_t count)
{
    uint64_t raw;
    bool is_frame;
    struct ndb_slice stored = ndb_stream_find(source, count, &raw, &is_frame);

    if (raw != count)
        ndb_reader_fail(&source->reader);
    ints->planes[plane] = stored.data;
    ints->frame_bytes[plane] = is_frame ? (uint32_t)stored.bytes : 0;
}

/* Planes of a byte for each number. */
static unsigned whole_planes(const struct ndb_ints *ints)
{
    return ints->width - (unsigned)(ints->top_bits != 0);
}

void ndb_ints_find(struct ndb_source *source, size_t count,
                   struct ndb_ints *ints)
{
    uint8_t widths;

    ints->mode = ndb_reader_u8(&source->reader);
    widths = ndb_reader_u8(&source->reader);
    ints->width = widths & 15;
    ints->top_bits = widths >> 4;
    ints->base = ndb_reader_varint(&source->reader);
    if (ints->mode > NDB_INTS_ZIGZAG || ints->width > 8 || ints->top_bits > 7 ||
        (ints->top_bits != 0 && ints->width == 0))
        ndb_reader_fail(&source->reader);
    for (unsigned k = 0; k < whole_planes(ints) && !source->reader.is_failed;
         k++)
        find_plane(source, ints, k, count);
    if (ints->top_bits == 0 || source->reader.is_failed)
        return;
    ints->frame_bytes[ints->width - 1] = 0;
    ints->planes[ints->width - 1] =
        ndb_reader_bytes(&source->reader,
                         ndb_ints_bits_bytes(ints->top_bits, count))
            .data;
}

size_t ndb_ints_frames(const struct ndb_ints *ints)
{
    size_t frames = 0;

    for (unsigned k = 0; k < ints->width; k++)
        frames += ints->frame_bytes[k] != 0;
    return frames;
}

size_t ndb_ints_packed(const struct ndb_ints *ints)
{
    return ndb_ints_frames(ints) + (ints->top_bits != 0);
}

static inline uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
    return ndb_packed_swap(word);
}

int ndb_ints_unpack(struct ndb_ints *ints, size_t count, uint8_t *memory)
{
    for (unsigned k = 0; k < ints->width; k++) {
        int rc;

        if (ints->frame_bytes[k] == 0)
            continue;
        rc = ndb_zstd_decompress(
            memory, count, ndb_slice(ints->planes[k], ints->frame_bytes[k]));
        if (rc < 0)
            return rc;
        ints->planes[k] = memory;
        ints->frame_bytes[k] = 0;
        memory += count;
    }
    if (ints->top_bits != 0) {
        ndb_planes_spread(ints->planes[ints->width - 1], ints->top_bits, count,
                          memory);
        ints->planes[ints->width - 1] = memory;
        ints->top_bits = 0;
    }
    return NAMIDB_OK;
}

/* Numbers and the memory of those of their planes that were frames. */
struct unpacked {
    struct ndb_ints ints;
    uint8_t *memory; /* NULL: all are as they are stored */
};

/* Finds and unpacks; the caller frees the memory, also after a failure. */
static bool unpack_next(struct ndb_source *source, size_t count,
                        struct unpacked *out)
{
    size_t packed;
    int rc = NAMIDB_OK;

    out->memory = NULL;
    ndb_ints_find(source, count, &out->ints);
    if (source->reader.is_failed)
        return false;
    packed = ndb_ints_packed(&out->ints);
    if (packed != 0) {
        out->memory = ndb_realloc(NULL, count, packed);
        rc = out->memory == NULL
                 ? NAMIDB_ENOMEM
                 : ndb_ints_unpack(&out->ints, count, out->memory);
    }
    source->has_no_memory |= rc == NAMIDB_ENOMEM;
    if (rc < 0)
        ndb_reader_fail(&source->reader);
    return rc >= 0;
}

/* -------------------------------------------------------------- together -- */

/* Adds the bits of the last plane. */
static void join_top(const struct ndb_ints *ints, size_t from, size_t count,
                     uint64_t *out)
{
    const uint8_t *plane = ints->planes[ints->width - 1];
    unsigned bits = ints->top_bits, shift = 8 * (ints->width - 1u);
    uint64_t mask = (1u << bits) - 1;

    for (size_t i = 0; i < count; i++) {
        size_t at = (from + i) * bits;

        out[i] += (word_at(plane + at / 8) >> at % 8 & mask) << shift;
    }
}

/* Numbers `from` to `from + count`, each `plus` what its planes say. */
static void join(const struct ndb_ints *ints, size_t from, size_t count,
                 uint64_t plus, uint64_t *out)
{
    const uint8_t *bytes[8] = { NULL };
    unsigned width = whole_planes(ints);

    for (unsigned k = 0; k < width; k++)
        bytes[k] = ints->planes[k] + from;
    ndb_planes_join(bytes, width, count, plus, out);
    if (ints->top_bits != 0)
        join_top(ints, from, count, out);
}

/* Numbers of a source, a block after another. */
struct numbers {
    const struct ndb_ints *ints;
    size_t from;   /* those before it were given */
    uint64_t last; /* the one before, unless plain */
};

static struct numbers numbers_of(const struct ndb_ints *ints)
{
    return (struct numbers){ ints, 0, ints->base };
}

static void next_numbers(struct numbers *numbers, size_t count, uint64_t *out)
{
    const struct ndb_ints *ints = numbers->ints;
    uint64_t last = numbers->last;

    join(ints, numbers->from, count,
         ints->mode == NDB_INTS_PLAIN ? ints->base : 0, out);
    numbers->from += count;
    if (ints->mode == NDB_INTS_ASCENDING)
        for (size_t i = 0; i < count; i++)
            out[i] = last += out[i];
    else if (ints->mode == NDB_INTS_ZIGZAG)
        for (size_t i = 0; i < count; i++)
            out[i] = last += (uint64_t)ndb_unzigzag(out[i]);
    numbers->last = last;
}

void ndb_ints_take(const struct ndb_ints *ints, size_t from, size_t count,
                   uint64_t *out)
{
    struct numbers numbers = numbers_of(ints);

    assert(from == 0 || ndb_ints_are_plain(ints));
    numbers.from = from;
    next_numbers(&numbers, count, out);
}

/* All of them. */
static void read_numbers(struct ndb_source *source, uint64_t *out, size_t count)
{
    struct unpacked unpacked;

    if (unpack_next(source, count, &unpacked))
        ndb_ints_take(&unpacked.ints, 0, count, out);
    ndb_free(unpacked.memory);
}

uint64_t *ndb_ints_get(struct ndb_source *source, size_t count)
{
    uint64_t *out = ndb_source_room(source, count, sizeof *out);

    if (out == NULL || count == 0)
        return out;
    read_numbers(source, out, count);
    return source->reader.is_failed ? NULL : out;
}

void ndb_ints_get_into(struct ndb_source *source, uint32_t *out, size_t count)
{
    struct unpacked unpacked;
    uint64_t wide = 0;

    if (count == 0)
        return;
    if (unpack_next(source, count, &unpacked)) {
        struct numbers numbers = numbers_of(&unpacked.ints);
        uint64_t block[BLOCK_NUMBERS];

        for (size_t from = 0; from < count; from += BLOCK_NUMBERS) {
            size_t left = count - from;
            size_t some = left < BLOCK_NUMBERS ? left : BLOCK_NUMBERS;

            next_numbers(&numbers, some, block);
            for (size_t i = 0; i < some; i++) {
                wide |= block[i];
                out[from + i] = (uint32_t)block[i];
            }
        }
    }
    ndb_free(unpacked.memory);
    if (wide > UINT32_MAX)
        ndb_reader_fail(&source->reader);
}

uint32_t *ndb_ints_get_u32(struct ndb_source *source, size_t count)
{
    uint32_t *out = ndb_source_room(source, count, sizeof *out);

    if (out != NULL)
        ndb_ints_get_into(source, out, count);
    return source->reader.is_failed ? NULL : out;
}

/* ---------------------------------------------------------------- narrow -- */

static uint8_t bytes_for(uint64_t max)
{
    if (max <= UINT8_MAX)
        return 1;
    if (max <= UINT16_MAX)
        return 2;
    return max <= UINT32_MAX ? 4 : 8;
}

static void narrow_items(const uint64_t *numbers, size_t count,
                         const struct ndb_narrow *to)
{
    uint8_t *bytes = to->items;
    uint16_t *halves = to->items;
    uint32_t *words = to->items;

    if (to->width == 1)
        for (size_t i = 0; i < count; i++)
            bytes[i] = (uint8_t)(numbers[i] - to->base);
    else if (to->width == 2)
        for (size_t i = 0; i < count; i++)
            halves[i] = (uint16_t)(numbers[i] - to->base);
    else
        for (size_t i = 0; i < count; i++)
            words[i] = (uint32_t)(numbers[i] - to->base);
}

/* Plain numbers of up to four planes: those are offsets from a base already,
 * and only have to come together. */
static void narrow_plain(struct ndb_source *source, const struct ndb_ints *ints,
                         size_t count, struct ndb_narrow *out)
{
    unsigned width = ints->width;

    out->base = ints->base;
    out->width = (uint8_t)(width <= 1 ? 1 : width == 2 ? 2 : 4);
    out->items = ndb_source_room(source, count, out->width);
    if (out->items == NULL)
        return;
    if (width == 0)
        memset(out->items, 0, count);
    else if (width == 1)
        memcpy(out->items, ints->planes[0], count);
    else if (width == 2)
        ndb_planes_join_halves(ints->planes, count, out->items);
    else
        ndb_planes_join_words(ints->planes, width, count, out->items);
}

static void find_base(const uint64_t *numbers, size_t count,
                      struct ndb_narrow *out)
{
    uint64_t min = numbers[0], max = numbers[0];

    for (size_t i = 1; i < count; i++) {
        min = numbers[i] < min ? numbers[i] : min;
        max = numbers[i] > max ? numbers[i] : max;
    }
    out->base = min;
    out->width = bytes_for(max - min);
}

/* Of others one has to look for it. */
static void narrow_others(struct ndb_source *source,
                          const struct ndb_ints *ints, size_t count,
                          struct ndb_narrow *out)
{
    uint64_t *all = ndb_realloc(NULL, count, sizeof *all);
    struct numbers numbers = numbers_of(ints);

    if (all == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
        return;
    }
    next_numbers(&numbers, count, all);
    find_base(all, count, out);
    out->items = ndb_source_room(source, count, out->width);
    if (out->items != NULL && out->width == 8) {
        memcpy(out->items, all, count * sizeof *all);
        out->base = 0;
    } else if (out->items != NULL) {
        narrow_items(all, count, out);
    }
    ndb_free(all);
}

struct ndb_narrow ndb_ints_get_narrow(struct ndb_source *source, size_t count)
{
    struct ndb_narrow out = { NULL, 0, 8 };
    struct unpacked unpacked;

    if (count == 0)
        return out;
    if (unpack_next(source, count, &unpacked)) {
        const struct ndb_ints *ints = &unpacked.ints;

        if (ndb_ints_are_plain(ints) && ints->width <= 4)
            narrow_plain(source, ints, count, &out);
        else
            narrow_others(source, ints, count, &out);
    }
    ndb_free(unpacked.memory);
    return out;
}
