/* SPDX-License-Identifier: Apache-2.0 */
#include "format/stream.h"

#include <zstd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/zstd_context.h"

enum mode { MODE_PLAIN, MODE_ASCENDING, MODE_ZIGZAG };

enum {
    ZSTD_LEVEL = 1,
    /* Shorter streams do not repay a frame's header. */
    COMPRESS_BYTES_MIN = 32,
    /* Bytes looked at to see whether a stream can shrink at all. */
    SAMPLE_BYTES = 1024,
    /* Numbers whose bits are counted to see which mode is the shortest. */
    SURVEY_NUMBERS = 1024,
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

    if (bytes.bytes < 4 * SAMPLE_BYTES)
        return false;
    for (size_t i = 0; i < SAMPLE_BYTES; i++)
        counts[bytes.data[i * (bytes.bytes / SAMPLE_BYTES)]]++;
    for (size_t i = 0; i < 256; i++)
        squares += (uint32_t)counts[i] * counts[i];
    return squares < 6000;
}

int ndb_stream_put(struct ndb_buf *out, struct ndb_slice bytes)
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

        stored = ndb_zstd_compress(frame, bound, bytes, ZSTD_LEVEL);
        if (stored == 0)
            return NAMIDB_ENOMEM;
        if (stored + stored / 32 < bytes.bytes) {
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

/* How each mode would do. Bits are those of some of the numbers, which cost
 * more than all else here. */
struct survey {
    uint64_t min, max;
    uint64_t ascending_max, zigzag_max;
    uint64_t plain_bits, ascending_bits, zigzag_bits;
    bool is_ascending;
};

static void take_survey(const uint64_t *numbers, size_t count,
                        struct survey *survey)
{
    size_t step = count / SURVEY_NUMBERS + 1;

    *survey = (struct survey){ .min = UINT64_MAX, .is_ascending = true };
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] < survey->min)
            survey->min = numbers[i];
        if (numbers[i] > survey->max)
            survey->max = numbers[i];
    }
    for (size_t i = 1; i < count; i++) {
        uint64_t delta = numbers[i] - numbers[i - 1];
        uint64_t zigzag = ndb_zigzag((int64_t)delta);

        survey->is_ascending &= numbers[i] >= numbers[i - 1];
        if (delta > survey->ascending_max)
            survey->ascending_max = delta;
        if (zigzag > survey->zigzag_max)
            survey->zigzag_max = zigzag;
    }
    for (size_t i = step / 2; i < count; i += step) {
        uint64_t delta = i == 0 ? 0 : numbers[i] - numbers[i - 1];

        survey->plain_bits += bits_of(numbers[i] - survey->min);
        survey->ascending_bits += bits_of(delta);
        survey->zigzag_bits += bits_of(ndb_zigzag((int64_t)delta));
    }
}

static enum mode pick_mode(const struct survey *survey)
{
    if (survey->is_ascending && survey->ascending_bits < survey->plain_bits)
        return MODE_ASCENDING;
    if (survey->zigzag_bits < survey->plain_bits)
        return MODE_ZIGZAG;
    return MODE_PLAIN;
}

uint64_t ndb_ints_bits(const uint64_t *numbers, size_t count)
{
    struct survey survey;

    take_survey(numbers, count, &survey);
    switch (pick_mode(&survey)) {
    case MODE_ASCENDING:
        return survey.ascending_bits;
    case MODE_ZIGZAG:
        return survey.zigzag_bits;
    default:
        return survey.plain_bits;
    }
}

static uint64_t coded(const uint64_t *numbers, size_t i, enum mode mode,
                      uint64_t base)
{
    uint64_t delta = i == 0 ? 0 : numbers[i] - numbers[i - 1];

    if (mode == MODE_PLAIN)
        return numbers[i] - base;
    return mode == MODE_ASCENDING ? delta : ndb_zigzag((int64_t)delta);
}

int ndb_ints_put(struct ndb_buf *out, const uint64_t *numbers, size_t count)
{
    struct survey survey;
    enum mode mode;
    uint64_t base;
    uint64_t max;
    unsigned width;
    uint8_t *planes;
    int rc;

    if (count == 0)
        return NAMIDB_OK;
    take_survey(numbers, count, &survey);
    mode = pick_mode(&survey);
    base = mode == MODE_PLAIN ? survey.min : numbers[0];
    max = mode == MODE_PLAIN       ? survey.max - survey.min
          : mode == MODE_ASCENDING ? survey.ascending_max
                                   : survey.zigzag_max;
    width = width_of(max);
    rc = ndb_buf_u8(out, (uint8_t)mode);
    if (rc >= 0)
        rc = ndb_buf_u8(out, (uint8_t)width);
    if (rc >= 0)
        rc = ndb_buf_varint(out, base);
    if (rc < 0 || width == 0)
        return rc;
    planes = ndb_realloc(NULL, count, width);
    if (planes == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = coded(numbers, i, mode, base);

        for (unsigned k = 0; k < width; k++)
            planes[k * count + i] = (uint8_t)(number >> (8 * k));
    }
    for (unsigned k = 0; k < width && rc >= 0; k++)
        rc = ndb_stream_put(out, ndb_slice(planes + k * count, count));
    ndb_free(planes);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

int ndb_source_status(const struct ndb_source *source)
{
    if (source->has_no_memory)
        return NAMIDB_ENOMEM;
    return source->reader.is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}

static void *take_raw(struct ndb_source *source, size_t count, size_t size)
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
    void *memory = take_raw(source, count, size);

    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

/* The stored form of the next stream; its raw length goes to *raw. */
static struct ndb_slice stored_stream(struct ndb_source *source, size_t max,
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
    struct ndb_slice stored = stored_stream(source, max, &raw, &is_frame);
    uint8_t *out;

    if (source->reader.is_failed)
        return ndb_slice(NULL, 0);
    out = take_raw(source, raw, 1);
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

struct ints_head {
    uint8_t mode, width;
    uint64_t base;
};

static struct ints_head ints_head(struct ndb_source *source)
{
    struct ints_head head;

    head.mode = ndb_reader_u8(&source->reader);
    head.width = ndb_reader_u8(&source->reader);
    head.base = ndb_reader_varint(&source->reader);
    if (head.mode > MODE_ZIGZAG || head.width > 8)
        ndb_reader_fail(&source->reader);
    return head;
}

/* A plane into scratch memory, which the caller frees with what is around. */
static bool plane_get(struct ndb_source *source, uint8_t *scratch, size_t count)
{
    uint64_t raw;
    bool is_frame;
    struct ndb_slice stored = stored_stream(source, count, &raw, &is_frame);

    if (raw != count)
        ndb_reader_fail(&source->reader);
    if (!source->reader.is_failed)
        unpack(source, stored, is_frame, scratch, count);
    return !source->reader.is_failed;
}

static void read_planes(struct ndb_source *source, const struct ints_head *head,
                        uint64_t *out, size_t count)
{
    uint8_t *scratch = ndb_alloc(count);

    if (scratch == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
        return;
    }
    for (unsigned k = 0; k < head->width; k++) {
        if (!plane_get(source, scratch, count))
            break;
        for (size_t i = 0; i < count; i++)
            out[i] |= (uint64_t)scratch[i] << (8 * k);
    }
    ndb_free(scratch);
}

static void undo_mode(const struct ints_head *head, uint64_t *out, size_t count)
{
    uint64_t number = head->base;

    for (size_t i = 0; i < count; i++) {
        if (head->mode == MODE_PLAIN)
            out[i] += head->base;
        else if (head->mode == MODE_ASCENDING)
            out[i] = number += out[i];
        else
            out[i] = number += (uint64_t)ndb_unzigzag(out[i]);
    }
}

uint64_t *ndb_ints_get(struct ndb_source *source, size_t count)
{
    struct ints_head head;
    uint64_t *out = ndb_source_take(source, count, sizeof *out);

    if (out == NULL || count == 0)
        return out;
    head = ints_head(source);
    if (source->reader.is_failed)
        return NULL;
    read_planes(source, &head, out, count);
    undo_mode(&head, out, count);
    return source->reader.is_failed ? NULL : out;
}

/* As above in 32 bits: numbers wrap while they are put together, so that they
 * are right whenever the result is in range, and `wide` tells when it is not.
 */
static uint64_t undo_mode_u32(const struct ints_head *head, uint32_t *out,
                              size_t count)
{
    uint64_t number = head->base;
    uint64_t wide = 0;

    for (size_t i = 0; i < count; i++) {
        if (head->mode == MODE_PLAIN)
            number = head->base + out[i];
        else if (head->mode == MODE_ASCENDING)
            number += out[i];
        else
            number += (uint64_t)ndb_unzigzag(out[i]);
        wide |= number >> 32;
        out[i] = (uint32_t)number;
    }
    return wide;
}

void ndb_ints_get_into(struct ndb_source *source, uint32_t *out, size_t count)
{
    struct ints_head head;
    uint8_t *scratch;

    if (count == 0)
        return;
    head = ints_head(source);
    if (head.width > 4)
        ndb_reader_fail(&source->reader);
    if (source->reader.is_failed)
        return;
    scratch = ndb_alloc(count);
    if (scratch == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
        return;
    }
    for (unsigned k = 0; k < head.width && plane_get(source, scratch, count);
         k++)
        for (size_t i = 0; i < count; i++)
            out[i] |= (uint32_t)scratch[i] << (8 * k);
    ndb_free(scratch);
    if (undo_mode_u32(&head, out, count) != 0)
        ndb_reader_fail(&source->reader);
}

uint32_t *ndb_ints_get_u32(struct ndb_source *source, size_t count)
{
    uint32_t *out = ndb_source_take(source, count, sizeof *out);

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
                         const struct ndb_narrow *to, void *items)
{
    uint8_t *bytes = items;
    uint16_t *halves = items;
    uint32_t *words = items;

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

/* The planes of plain numbers are offsets from a base already. */
static bool get_plain_bytes(struct ndb_source *source, size_t count,
                            struct ndb_narrow *out)
{
    struct ndb_reader before = source->reader;
    struct ints_head head = ints_head(source);
    uint8_t *items;

    if (source->reader.is_failed || head.mode != MODE_PLAIN || head.width > 1) {
        if (!source->reader.is_failed)
            source->reader = before;
        return false;
    }
    items = ndb_source_take(source, count, 1);
    if (items != NULL && head.width == 1)
        (void)plane_get(source, items, count);
    *out = (struct ndb_narrow){ items, head.base, 1 };
    return true;
}

struct ndb_narrow ndb_ints_get_narrow(struct ndb_source *source, size_t count)
{
    struct ndb_narrow out = { NULL, 0, 8 };
    struct ints_head head;
    uint64_t *numbers;
    void *items;

    if (count == 0 || get_plain_bytes(source, count, &out))
        return out;
    numbers = ndb_calloc(count, sizeof *numbers);
    if (numbers == NULL)
        source->has_no_memory = true;
    if (numbers == NULL || source->reader.is_failed) {
        ndb_reader_fail(&source->reader);
        ndb_free(numbers);
        return out;
    }
    head = ints_head(source);
    if (!source->reader.is_failed)
        read_planes(source, &head, numbers, count);
    undo_mode(&head, numbers, count);
    find_base(numbers, count, &out);
    items = take_raw(source, count, out.width);
    if (items != NULL && out.width == 8) {
        memcpy(items, numbers, count * sizeof *numbers);
        out.base = 0;
    } else if (items != NULL) {
        narrow_items(numbers, count, &out, items);
    }
    out.items = items;
    ndb_free(numbers);
    return out;
}
