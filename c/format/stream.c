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
    /* Numbers that are put together at once. */
    BLOCK_NUMBERS = 256,
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

/* The planes of numbers: raw ones where they are stored, others in memory of
 * their own. */
struct planes {
    struct ints_head head;
    const uint8_t *at[8];
    uint8_t *unpacked; /* NULL: all are raw */
};

/* A plane that did not shrink is as it is stored. */
static bool plane_get(struct ndb_source *source, struct planes *planes,
                      unsigned plane, size_t count)
{
    uint64_t raw;
    bool is_frame;
    struct ndb_slice stored = stored_stream(source, count, &raw, &is_frame);
    uint8_t *out;

    if (raw != count)
        ndb_reader_fail(&source->reader);
    planes->at[plane] = stored.data;
    if (source->reader.is_failed || !is_frame)
        return !source->reader.is_failed;
    if (planes->unpacked == NULL)
        planes->unpacked = ndb_realloc(NULL, count, planes->head.width);
    if (planes->unpacked == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
        return false;
    }
    out = planes->unpacked + plane * count;
    unpack(source, stored, true, out, count);
    planes->at[plane] = out;
    return !source->reader.is_failed;
}

/* Reads the head and all planes; the caller frees `unpacked`, also after a
 * failure. */
static bool planes_get(struct ndb_source *source, size_t count,
                       struct planes *planes)
{
    planes->unpacked = NULL;
    planes->head = ints_head(source);
    for (unsigned k = 0; k < planes->head.width && !source->reader.is_failed;
         k++)
        (void)plane_get(source, planes, k, count);
    return !source->reader.is_failed;
}

/* Numbers `from` to `from + count`, each `plus` what its planes say. A loop for
 * each of the usual widths, as all time goes here. */
static void join(const struct planes *planes, size_t from, size_t count,
                 uint64_t plus, uint64_t *out)
{
    const uint8_t *bytes[8] = { NULL };
    unsigned width = planes->head.width;

    for (unsigned k = 0; k < width; k++)
        bytes[k] = planes->at[k] + from;
    switch (width) {
    case 0:
        for (size_t i = 0; i < count; i++)
            out[i] = plus;
        break;
    case 1:
        for (size_t i = 0; i < count; i++)
            out[i] = plus + bytes[0][i];
        break;
    case 2:
        for (size_t i = 0; i < count; i++)
            out[i] = plus + (bytes[0][i] | (uint64_t)bytes[1][i] << 8);
        break;
    case 3:
        for (size_t i = 0; i < count; i++)
            out[i] = plus + (bytes[0][i] | (uint64_t)bytes[1][i] << 8 |
                             (uint64_t)bytes[2][i] << 16);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            out[i] = plus + (bytes[0][i] | (uint64_t)bytes[1][i] << 8 |
                             (uint64_t)bytes[2][i] << 16 |
                             (uint64_t)bytes[3][i] << 24);
    }
    for (unsigned k = 4; k < width; k++)
        for (size_t i = 0; i < count; i++)
            out[i] += (uint64_t)bytes[k][i] << (8 * k);
}

/* Numbers of a source, a block after another. */
struct numbers {
    const struct planes *planes;
    size_t from;   /* those before it were given */
    uint64_t last; /* the one before, unless plain */
};

static struct numbers numbers_of(const struct planes *planes)
{
    return (struct numbers){ planes, 0, planes->head.base };
}

static void next_numbers(struct numbers *numbers, size_t count, uint64_t *out)
{
    const struct ints_head *head = &numbers->planes->head;
    uint64_t last = numbers->last;

    join(numbers->planes, numbers->from, count,
         head->mode == MODE_PLAIN ? head->base : 0, out);
    numbers->from += count;
    if (head->mode == MODE_ASCENDING)
        for (size_t i = 0; i < count; i++)
            out[i] = last += out[i];
    else if (head->mode == MODE_ZIGZAG)
        for (size_t i = 0; i < count; i++)
            out[i] = last += (uint64_t)ndb_unzigzag(out[i]);
    numbers->last = last;
}

/* All of them. */
static void read_numbers(struct ndb_source *source, uint64_t *out, size_t count)
{
    struct planes planes;

    if (planes_get(source, count, &planes)) {
        struct numbers numbers = numbers_of(&planes);

        next_numbers(&numbers, count, out);
    }
    ndb_free(planes.unpacked);
}

uint64_t *ndb_ints_get(struct ndb_source *source, size_t count)
{
    uint64_t *out = take_raw(source, count, sizeof *out);

    if (out == NULL || count == 0)
        return out;
    read_numbers(source, out, count);
    return source->reader.is_failed ? NULL : out;
}

void ndb_ints_get_into(struct ndb_source *source, uint32_t *out, size_t count)
{
    struct planes planes;
    uint64_t wide = 0;

    if (count == 0)
        return;
    if (planes_get(source, count, &planes)) {
        struct numbers numbers = numbers_of(&planes);
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
    ndb_free(planes.unpacked);
    if (wide > UINT32_MAX)
        ndb_reader_fail(&source->reader);
}

uint32_t *ndb_ints_get_u32(struct ndb_source *source, size_t count)
{
    uint32_t *out = take_raw(source, count, sizeof *out);

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
                         const struct ndb_narrow *to, size_t from)
{
    uint8_t *bytes = (uint8_t *)to->items + from;
    uint16_t *halves = (uint16_t *)to->items + from;
    uint32_t *words = (uint32_t *)to->items + from;

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

/* Of plain numbers the planes are offsets from a base already. */
static void narrow_plain(struct ndb_source *source, const struct planes *planes,
                         size_t count, struct ndb_narrow *out)
{
    unsigned width = planes->head.width;
    struct numbers numbers = numbers_of(planes);
    uint64_t block[BLOCK_NUMBERS];

    out->base = planes->head.base;
    out->width = (uint8_t)(width <= 1 ? 1 : width == 2 ? 2 : 4);
    out->items = take_raw(source, count, out->width);
    for (size_t from = 0; from < count && out->items != NULL;
         from += BLOCK_NUMBERS) {
        size_t left = count - from;
        size_t some = left < BLOCK_NUMBERS ? left : BLOCK_NUMBERS;

        next_numbers(&numbers, some, block);
        narrow_items(block, some, out, from);
    }
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
                          const struct planes *planes, size_t count,
                          struct ndb_narrow *out)
{
    uint64_t *all = ndb_realloc(NULL, count, sizeof *all);
    struct numbers numbers = numbers_of(planes);

    if (all == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
        return;
    }
    next_numbers(&numbers, count, all);
    find_base(all, count, out);
    out->items = take_raw(source, count, out->width);
    if (out->items != NULL && out->width == 8) {
        memcpy(out->items, all, count * sizeof *all);
        out->base = 0;
    } else if (out->items != NULL) {
        narrow_items(all, count, out, 0);
    }
    ndb_free(all);
}

struct ndb_narrow ndb_ints_get_narrow(struct ndb_source *source, size_t count)
{
    struct ndb_narrow out = { NULL, 0, 8 };
    struct planes planes;

    if (count == 0)
        return out;
    if (planes_get(source, count, &planes)) {
        if (planes.head.mode == MODE_PLAIN && planes.head.width <= 4)
            narrow_plain(source, &planes, count, &out);
        else
            narrow_others(source, &planes, count, &out);
    }
    ndb_free(planes.unpacked);
    return out;
}
