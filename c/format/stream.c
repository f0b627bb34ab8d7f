/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stream.h"

#include <zstd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/zstd_context.h"

enum {
    ZSTD_LEVEL = 1,
    /* Shorter streams do not repay a frame's header. */
    COMPRESS_BYTES_MIN = 32,
    /* Bytes looked at to see whether a stream can shrink at all. */
    SAMPLE_BYTES = 1024,
    /* Numbers whose bits are counted to see which mode is the shortest. */
    SURVEY_NUMBERS = 1024,
    /* Numbers that are compressed in two modes to see which one is shorter. */
    TRIED_NUMBERS = 1024,
};

/* ------------------------------------------------------------- encoding -- */

/* Random bytes, like the low planes of gaps, are most of what we write: zstd
 * would find that out at 500 MB/s, a histogram of a sample does at once. With
 * 1,024 of 256 values random, sum of squares is about 1,024 + 4,096; 5% fewer
 * bits need it above 7,000 or so. */
static bool is_random(struct ndb_slice bytes)
{
    uint16_t counts[256] = { 0 };
    uint32_t squares = 0;

    if (bytes.bytes < 2 * SAMPLE_BYTES)
        return false;
    for (size_t i = 0; i < SAMPLE_BYTES; i++)
        counts[bytes.data[i * (bytes.bytes / SAMPLE_BYTES)]]++;
    for (size_t i = 0; i < 256; i++)
        squares += (uint32_t)counts[i] * counts[i];
    return squares < 6000;
}

/* As a frame if that has no more than frame_max bytes. */
static int put_stream(struct ndb_buf *out, struct ndb_slice bytes,
                      size_t frame_max, bool is_plane)
{
    size_t start = out->bytes;
    size_t bound = ZSTD_compressBound(bytes.bytes);
    size_t stored = 0;
    uint8_t *at;
    int rc = ndb_buf_reserve(out, 20 + bound);

    if (rc < 0)
        return rc;
    at = ndb_varint_encode(out->data + start, bytes.bytes);
    if (bytes.bytes >= COMPRESS_BYTES_MIN && !is_random(bytes)) {
        /* The frame goes behind the longest header that there can be. */
        uint8_t *frame = out->data + start + 20;

        stored = is_plane ? ndb_zstd_compress_plane(frame, bound, bytes)
                          : ndb_zstd_compress(frame, bound, bytes, ZSTD_LEVEL);
        if (stored == 0)
            return NAMIDB_ENOMEM;
        if (stored <= frame_max) {
            at = ndb_varint_encode(at, stored);
            memmove(at, frame, stored);
            out->bytes = (size_t)(at - out->data) + stored;
            return NAMIDB_OK;
        }
    }
    at = ndb_varint_encode(at, 0);
    if (bytes.bytes != 0)
        memcpy(at, bytes.data, bytes.bytes);
    out->bytes = (size_t)(at - out->data) + bytes.bytes;
    return NAMIDB_OK;
}

int ndb_stream_put(struct ndb_buf *out, struct ndb_slice bytes)
{
    return put_stream(out, bytes, bytes.bytes - bytes.bytes / 32, false);
}

static int put_plane(struct ndb_buf *out, struct ndb_slice bytes)
{
    return put_stream(out, bytes, bytes.bytes - bytes.bytes / 32, true);
}

int ndb_stream_put_bits(struct ndb_buf *out, struct ndb_slice bits)
{
    return put_stream(out, bits, bits.bytes - bits.bytes / 4, true);
}

static unsigned width_of(uint64_t number)
{
    unsigned width = 0;

    for (; number != 0; number >>= 8)
        width++;
    return width;
}

static unsigned bits_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - (unsigned)__builtin_clzll(number);
}

/* How each mode would do. Of deltas only the bits that any of them has are
 * wanted; how many bits numbers have on average, some of them tell. */
struct survey {
    uint64_t min, max;
    uint64_t deltas, zigzags; /* all of them, or */
    uint64_t plain_bits, ascending_bits, zigzag_bits;
    bool is_ascending;
};

static void take_survey(const uint64_t *numbers, size_t count,
                        struct survey *survey)
{
    size_t step = count / SURVEY_NUMBERS + 1;
    uint64_t min = UINT64_MAX, max = 0, deltas = 0, zigzags = 0;
    uint64_t last = count != 0 ? numbers[0] : 0;
    unsigned is_descent = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t delta = numbers[i] - last;

        min = numbers[i] < min ? numbers[i] : min;
        max = numbers[i] > max ? numbers[i] : max;
        is_descent |= numbers[i] < last;
        deltas |= delta;
        zigzags |= ndb_zigzag((int64_t)delta);
        last = numbers[i];
    }
    *survey = (struct survey){ .min = min,
                               .max = max,
                               .deltas = deltas,
                               .zigzags = zigzags,
                               .is_ascending = is_descent == 0 };
    for (size_t i = step / 2; i < count; i += step) {
        uint64_t delta = i == 0 ? 0 : numbers[i] - numbers[i - 1];

        survey->plain_bits += bits_of(numbers[i] - survey->min);
        survey->ascending_bits += bits_of(delta);
        survey->zigzag_bits += bits_of(ndb_zigzag((int64_t)delta));
    }
}

static enum ndb_ints_mode pick_mode(const struct survey *survey)
{
    if (survey->is_ascending && survey->ascending_bits < survey->plain_bits)
        return NDB_INTS_ASCENDING;
    if (survey->zigzag_bits < survey->plain_bits)
        return NDB_INTS_ZIGZAG;
    return NDB_INTS_PLAIN;
}

uint64_t ndb_ints_bits(const uint64_t *numbers, size_t count)
{
    struct survey survey;

    take_survey(numbers, count, &survey);
    switch (pick_mode(&survey)) {
    case NDB_INTS_ASCENDING:
        return survey.ascending_bits;
    case NDB_INTS_ZIGZAG:
        return survey.zigzag_bits;
    default:
        return survey.plain_bits;
    }
}

/* As many bits as the largest number that is written in a mode. */
static uint64_t bits_in(const struct survey *survey, enum ndb_ints_mode mode)
{
    if (mode == NDB_INTS_PLAIN)
        return survey->max - survey->min;
    return mode == NDB_INTS_ASCENDING ? survey->deltas : survey->zigzags;
}

enum { GROUP = 8 }; /* numbers whose bytes change places at a time */

/* Numbers `from` on, at most a group, as a mode writes them; what is behind
 * them in the group stays. */
static void code(const uint64_t *numbers, size_t from, size_t count,
                 enum ndb_ints_mode mode, uint64_t base, uint64_t out[GROUP])
{
    uint64_t last = from == 0 ? numbers[0] : numbers[from - 1];

    if (mode == NDB_INTS_PLAIN) {
        for (size_t i = 0; i < count; i++)
            out[i] = numbers[from + i] - base;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t delta = numbers[from + i] - last;

        last = numbers[from + i];
        out[i] =
            mode == NDB_INTS_ASCENDING ? delta : ndb_zigzag((int64_t)delta);
    }
}

/* Swaps blocks of bits between two words: those of `mask` in `low` with those
 * `shift` above them in `high`. */
static inline void swap_blocks(uint64_t *high, uint64_t *low, unsigned shift,
                               uint64_t mask)
{
    uint64_t change = (*high >> shift ^ *low) & mask;

    *high ^= change << shift;
    *low ^= change;
}

/* The lowest four bytes of a group: planes[k] has byte k of each, the first
 * number's lowest. */
static void turn(const uint64_t group[GROUP], unsigned shift,
                 uint64_t planes[4])
{
    const uint64_t wide = UINT64_C(0x0000ffff0000ffff);
    const uint64_t narrow = UINT64_C(0x00ff00ff00ff00ff);

    for (unsigned k = 0; k < 4; k++)
        planes[k] = (uint32_t)(group[k] >> shift) | group[k + 4] >> shift << 32;
    swap_blocks(&planes[0], &planes[2], 16, wide);
    swap_blocks(&planes[1], &planes[3], 16, wide);
    swap_blocks(&planes[0], &planes[1], 8, narrow);
    swap_blocks(&planes[2], &planes[3], 8, narrow);
}

/* Bytes of a group to where they are in their planes, which have room for whole
 * groups. */
static void put_group(const uint64_t group[GROUP], unsigned width,
                      size_t plane_bytes, uint8_t *out)
{
    uint64_t planes[8];

    turn(group, 0, planes);
    if (width > 4)
        turn(group, 32, planes + 4);
    for (unsigned k = 0; k < width; k++)
        ndb_u64_encode(out + k * plane_bytes, planes[k]);
}

/* Of each number, one behind another. */
static void pack_bits(const uint8_t *plane, size_t count, unsigned bits,
                      uint8_t *out)
{
    unsigned waiting = 0, used = 0;

    for (size_t i = 0; i < count; i++) {
        waiting |= (unsigned)plane[i] << used;
        used += bits;
        for (; used >= 8; used -= 8, waiting >>= 8)
            *out++ = (uint8_t)waiting;
    }
    if (used != 0)
        *out++ = (uint8_t)waiting;
    memset(out, 0, NDB_INTS_BITS_MORE);
}

/* The last plane: as bits if a frame is not an eighth shorter, and then
 * out->data[width_at] says so. */
static int put_top(struct ndb_buf *out, const uint8_t *plane, size_t count,
                   unsigned bits, size_t width_at)
{
    size_t start = out->bytes, bytes = ndb_ints_bits_bytes(bits, count);
    int rc = put_plane(out, ndb_slice(plane, count));

    if (rc < 0 || bits == 8 ||
        out->bytes - start + (out->bytes - start) / 7 < bytes)
        return rc;
    out->bytes = start;
    rc = ndb_buf_reserve(out, bytes);
    if (rc < 0)
        return rc;
    out->data[width_at] |= (uint8_t)(bits << 4);
    pack_bits(plane, count, bits, out->data + start);
    out->bytes += bytes;
    return NAMIDB_OK;
}

static int put_in_mode(struct ndb_buf *out, const uint64_t *numbers,
                       size_t count, const struct survey *survey,
                       enum ndb_ints_mode mode)
{
    uint64_t base = mode == NDB_INTS_PLAIN ? survey->min : numbers[0];
    uint64_t most = bits_in(survey, mode);
    unsigned width = width_of(most);
    size_t width_at = out->bytes + 1;
    size_t plane_bytes = (count + GROUP - 1) / GROUP * GROUP;
    uint8_t *planes;
    int rc = ndb_buf_u8(out, (uint8_t)mode);

    if (rc >= 0)
        rc = ndb_buf_u8(out, (uint8_t)width);
    if (rc >= 0)
        rc = ndb_buf_varint(out, base);
    if (rc < 0 || width == 0)
        return rc;
    planes = ndb_realloc(NULL, plane_bytes, width);
    if (planes == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i += GROUP) {
        uint64_t group[GROUP] = { 0 };

        code(numbers, i, count - i < GROUP ? count - i : GROUP, mode, base,
             group);
        put_group(group, width, plane_bytes, planes + i);
    }
    for (unsigned k = 0; k + 1 < width && rc >= 0; k++)
        rc = put_plane(out, ndb_slice(planes + k * plane_bytes, count));
    if (rc >= 0)
        rc = put_top(out, planes + (width - 1) * plane_bytes, count,
                     bits_of(most >> 8 * (width - 1)), width_at);
    ndb_free(planes);
    return rc;
}

int ndb_ints_put(struct ndb_buf *out, const uint64_t *numbers, size_t count)
{
    struct survey survey;

    if (count == 0)
        return NAMIDB_OK;
    take_survey(numbers, count, &survey);
    return put_in_mode(out, numbers, count, &survey, pick_mode(&survey));
}

/* What some of the numbers would take in a mode. */
static int try_mode(struct ndb_buf *out, const uint64_t *numbers,
                    const struct survey *survey, enum ndb_ints_mode mode,
                    size_t *bytes)
{
    size_t old_bytes = out->bytes;
    int rc = put_in_mode(out, numbers, TRIED_NUMBERS, survey, mode);

    *bytes = out->bytes - old_bytes;
    out->bytes = old_bytes;
    return rc;
}

int ndb_ints_put_tried(struct ndb_buf *out, const uint64_t *numbers,
                       size_t count)
{
    size_t middle = (count - TRIED_NUMBERS) / 2, plain, zigzag;
    struct survey survey;
    enum ndb_ints_mode mode;
    int rc;

    if (count < 2 * TRIED_NUMBERS)
        return ndb_ints_put(out, numbers, count);
    take_survey(numbers, count, &survey);
    mode = pick_mode(&survey);
    if (mode == NDB_INTS_ASCENDING)
        return put_in_mode(out, numbers, count, &survey, mode);
    rc = try_mode(out, numbers + middle, &survey, NDB_INTS_PLAIN, &plain);
    if (rc >= 0)
        rc = try_mode(out, numbers + middle, &survey, NDB_INTS_ZIGZAG, &zigzag);
    if (rc < 0)
        return rc;
    mode = plain <= zigzag ? NDB_INTS_PLAIN : NDB_INTS_ZIGZAG;
    return put_in_mode(out, numbers, count, &survey, mode);
}

/* ------------------------------------------------------------- decoding -- */

int ndb_source_status(const struct ndb_source *source)
{
    if (source->has_no_memory)
        return NAMIDB_ENOMEM;
    return source->reader.is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}

void *ndb_source_room(struct ndb_source *source, size_t count, size_t size)
{
    void *memory = ndb_arena_array(source->arena, count, size);

    if (memory == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
    }
    return memory;
}

void *ndb_source_take(struct ndb_source *source, size_t count, size_t size)
{
    void *memory = ndb_source_room(source, count, size);

    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

struct ndb_slice ndb_stream_find(struct ndb_source *source, size_t max,
                                 uint64_t *raw, bool *is_frame)
{
    uint64_t stored;

    *raw = ndb_reader_varint_max(&source->reader, max);
    stored = ndb_reader_varint_max(&source->reader, NDB_SEGMENT_BYTES_MAX);
    *is_frame = stored != 0;
    return ndb_reader_bytes(&source->reader, *is_frame ? stored : *raw);
}

static void unpack(struct ndb_source *source, struct ndb_slice stored,
                   bool is_frame, uint8_t *out, size_t raw)
{
    int rc;

    if (!is_frame) {
        if (raw != 0)
            memcpy(out, stored.data, raw);
        return;
    }
    rc = ndb_zstd_decompress(out, raw, stored);
    if (rc == NAMIDB_ENOMEM)
        source->has_no_memory = true;
    if (rc < 0)
        ndb_reader_fail(&source->reader);
}

struct ndb_slice ndb_stream_get_any(struct ndb_source *source, size_t max)
{
    uint64_t raw;
    bool is_frame;
    struct ndb_slice stored = ndb_stream_find(source, max, &raw, &is_frame);
    uint8_t *out;

    if (source->reader.is_failed)
        return ndb_slice(NULL, 0);
    out = ndb_source_room(source, raw, 1);
    if (out == NULL)
        return ndb_slice(NULL, 0);
    unpack(source, stored, is_frame, out, raw);
    return ndb_slice(out, raw);
}

const uint8_t *ndb_stream_get(struct ndb_source *source, size_t bytes)
{
    struct ndb_slice stream = ndb_stream_get_any(source, bytes);

    if (stream.bytes != bytes)
        ndb_reader_fail(&source->reader);
    return source->reader.is_failed ? NULL : stream.data;
}

const uint8_t *ndb_stream_look(struct ndb_source *source, size_t bytes)
{
    uint64_t raw;
    bool is_frame;
    struct ndb_slice stored = ndb_stream_find(source, bytes, &raw, &is_frame);
    uint8_t *out;

    if (raw != bytes)
        ndb_reader_fail(&source->reader);
    if (source->reader.is_failed)
        return NULL;
    if (!is_frame)
        return stored.data;
    out = ndb_source_room(source, bytes, 1);
    if (out != NULL)
        unpack(source, stored, true, out, bytes);
    return source->reader.is_failed ? NULL : out;
}
