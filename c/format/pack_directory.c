/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a pack and its tail.
 */
#include <zstd.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/number.h"
#include "format/pack_internal.h"
#include "format/zstd_context.h"

enum { ZSTD_LEVEL = 3, HASH_BYTES = 16 };

static const char MAGIC[8] = { 'N', 'A', 'M', 'I', 'D', 'B', 'P', 'K' };

_Static_assert(4 + 4 + sizeof MAGIC + 4 + HASH_BYTES == NDB_PACK_TAIL_BYTES,
               "the tail's layout stands in pack.h");

/* ------------------------------------------------------------- encoding -- */

static int put_part(struct ndb_buf *out, const struct ndb_part *part)
{
    uint64_t last_key = 0;
    uint32_t last_label = 0;
    const uint64_t numbers[] = {
        part->kind,       part->type,
        part->table,      part->rows,
        part->tombstones, 2 * (uint64_t)part->label_count + part->has_bare,
    };
    int rc = NAMIDB_OK;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && rc >= 0; i++)
        rc = ndb_buf_varint(out, numbers[i]);
    for (uint32_t i = 0; i < part->label_count && rc >= 0; i++) {
        rc = ndb_buf_varint(out, part->labels[i] - last_label);
        last_label = part->labels[i];
    }
    if (rc >= 0)
        rc = ndb_buf_varint(out, part->segment_count);
    for (uint32_t i = 0; i < part->segment_count && rc >= 0; i++) {
        const struct ndb_segment_entry *entry = &part->segments[i];

        rc = ndb_buf_varint(out, entry->bytes);
        if (rc >= 0)
            rc = ndb_buf_varint(out, entry->first - last_key);
        if (rc >= 0)
            rc = ndb_buf_varint(out, entry->last - entry->first);
        if (rc >= 0 && part->kind == NDB_PART_INDEX)
            rc = ndb_buf_string(out, entry->fence.data, entry->fence.bytes);
        last_key = entry->last;
    }
    return rc;
}

static int put_frame(struct ndb_buf *out, struct ndb_slice raw)
{
    size_t bound = ZSTD_compressBound(raw.bytes);
    size_t stored;
    int rc = ndb_buf_reserve(out, bound);

    if (rc < 0)
        return rc;
    stored = ndb_zstd_compress(out->data + out->bytes, bound, raw, ZSTD_LEVEL);
    if (stored == 0)
        return NAMIDB_ENOMEM;
    out->bytes += stored;
    return NAMIDB_OK;
}

static int put_tail(struct ndb_buf *out, size_t start, size_t raw_bytes)
{
    uint32_t stored = (uint32_t)(out->bytes - start);
    struct ndb_hash128 hash;
    int rc = ndb_buf_reserve(out, NDB_PACK_TAIL_BYTES);

    if (rc < 0)
        return rc;
    (void)ndb_buf_u32(out, stored);
    (void)ndb_buf_u32(out, (uint32_t)raw_bytes);
    (void)ndb_buf_append(out, MAGIC, sizeof MAGIC);
    (void)ndb_buf_u32(out, NDB_FORMAT);
    hash = ndb_hash128(ndb_slice(out->data + start, out->bytes - start));
    (void)ndb_buf_u64(out, hash.low);
    return ndb_buf_u64(out, hash.high);
}

int ndb_directory_encode(struct ndb_buf *out, const struct ndb_part *parts,
                         uint32_t part_count)
{
    struct ndb_buf raw = NDB_BUF_INIT(NDB_PACK_DIRECTORY_BYTES_MAX);
    size_t start = out->bytes;
    int rc = ndb_buf_varint(&raw, part_count);

    for (uint32_t i = 0; i < part_count && rc >= 0; i++)
        rc = put_part(&raw, &parts[i]);
    if (rc >= 0)
        rc = put_frame(out, ndb_buf_slice(&raw));
    if (rc >= 0)
        rc = put_tail(out, start, raw.bytes);
    ndb_buf_release(&raw);
    return rc;
}

/* ------------------------------------------------------------- decoding -- */

struct tail {
    uint32_t stored_bytes, raw_bytes, format;
    struct ndb_hash128 hash;
};

static int read_tail(struct ndb_slice bytes, struct tail *tail)
{
    struct ndb_reader reader;
    struct ndb_slice magic;

    if (bytes.bytes < NDB_PACK_TAIL_BYTES)
        return NAMIDB_ECORRUPT;
    reader = ndb_reader(ndb_slice(
        bytes.data + bytes.bytes - NDB_PACK_TAIL_BYTES, NDB_PACK_TAIL_BYTES));
    tail->stored_bytes = ndb_reader_u32(&reader);
    tail->raw_bytes = ndb_reader_u32(&reader);
    magic = ndb_reader_bytes(&reader, sizeof MAGIC);
    tail->format = ndb_reader_u32(&reader);
    tail->hash.low = ndb_reader_u64(&reader);
    tail->hash.high = ndb_reader_u64(&reader);
    if (!ndb_slice_equal(magic, ndb_slice(MAGIC, sizeof MAGIC)) ||
        tail->stored_bytes >
            NDB_PACK_DIRECTORY_BYTES_MAX - NDB_PACK_TAIL_BYTES ||
        tail->raw_bytes > NDB_PACK_DIRECTORY_BYTES_MAX)
        return NAMIDB_ECORRUPT;
    return NAMIDB_OK;
}

int ndb_directory_bytes(struct ndb_slice bytes, uint32_t *out)
{
    struct tail tail;
    int rc = read_tail(bytes, &tail);

    if (rc >= 0)
        *out = tail.stored_bytes + NDB_PACK_TAIL_BYTES;
    return rc;
}

struct decoder {
    struct ndb_reader reader;
    namidb_arena *arena;
    uint64_t offset;     /* of the next segment */
    uint64_t offset_max; /* where the directory begins */
    uint32_t segment_count;
    bool has_no_memory;
};

static int decoder_status(const struct decoder *decoder)
{
    if (decoder->has_no_memory)
        return NAMIDB_ENOMEM;
    return decoder->reader.is_failed ? NAMIDB_ECORRUPT : NAMIDB_OK;
}

static void *take(struct decoder *decoder, size_t count, size_t size)
{
    void *memory = ndb_arena_array(decoder->arena, count, size);

    if (memory == NULL) {
        decoder->has_no_memory = true;
        ndb_reader_fail(&decoder->reader);
    }
    return memory;
}

static void read_labels(struct decoder *decoder, struct ndb_part *part)
{
    struct ndb_reader *reader = &decoder->reader;
    uint64_t label = 0, count = ndb_reader_varint_max(
                            reader, 2 * (uint64_t)NDB_LABEL_COUNT_MAX + 1);
    uint32_t *labels;

    part->has_bare = count % 2 != 0;
    part->label_count = (uint32_t)(count / 2);
    if (part->label_count > ndb_reader_left(reader))
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    labels = take(decoder, part->label_count, sizeof *labels);
    for (uint32_t i = 0; i < part->label_count && labels != NULL; i++) {
        uint64_t delta = ndb_reader_varint_max(reader, NDB_LABEL_COUNT_MAX);

        label += delta;
        if (delta == 0 || label > NDB_LABEL_COUNT_MAX)
            ndb_reader_fail(reader);
        labels[i] = (uint32_t)label;
    }
    part->labels = labels;
}

static void read_segment(struct decoder *decoder,
                         struct ndb_segment_entry *entry, uint64_t *last_key)
{
    struct ndb_reader *reader = &decoder->reader;
    uint64_t gap;

    entry->offset = decoder->offset;
    entry->bytes =
        (uint32_t)ndb_reader_varint_max(reader, NDB_SEGMENT_BYTES_MAX);
    gap = ndb_reader_varint(reader);
    entry->first = *last_key + gap;
    if (entry->first < gap)
        ndb_reader_fail(reader);
    gap = ndb_reader_varint(reader);
    entry->last = entry->first + gap;
    if (entry->last < gap || entry->bytes == 0 ||
        entry->bytes > decoder->offset_max - decoder->offset)
        ndb_reader_fail(reader);
    decoder->offset += entry->bytes;
    *last_key = entry->last;
}

/* Fences never descend. */
static void read_fence(struct decoder *decoder, const struct ndb_slice *before,
                       struct ndb_slice *fence)
{
    *fence = ndb_reader_string(&decoder->reader, NDB_INDEX_KEY_BYTES_MAX);
    if (before != NULL && ndb_slice_compare(*before, *fence) > 0)
        ndb_reader_fail(&decoder->reader);
    fence->data = ndb_arena_copy(decoder->arena, fence->data, fence->bytes);
    if (fence->data == NULL) {
        decoder->has_no_memory = true;
        ndb_reader_fail(&decoder->reader);
    }
}

/* How densely segments begin: the last one may be short. */
static void find_pace(struct ndb_part *part)
{
    const struct ndb_segment_entry *last =
        &part->segments[part->segment_count - 1];
    ndb_wide begins = part->segment_count - 1, pace;

    part->first = part->segments[0].first;
    part->last = last->last;
    pace = (begins << 64) / ((ndb_wide)(last->first - part->first) + 1);
    part->pace = pace < UINT64_MAX ? (uint64_t)pace : UINT64_MAX;
}

static void read_segments(struct decoder *decoder, struct ndb_part *part)
{
    struct ndb_reader *reader = &decoder->reader;
    struct ndb_segment_entry *segments;
    uint64_t last_key = 0;

    part->first_segment = decoder->segment_count;
    part->segment_count = (uint32_t)ndb_reader_varint_max(
        reader, NDB_PACK_SEGMENTS_MAX - decoder->segment_count);
    if (part->segment_count == 0 ||
        part->segment_count > ndb_reader_left(reader) / 3)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    segments = take(decoder, part->segment_count, sizeof *segments);
    for (uint32_t i = 0;
         i < part->segment_count && segments != NULL && !reader->is_failed;
         i++) {
        read_segment(decoder, &segments[i], &last_key);
        segments[i].fence = ndb_slice(NULL, 0);
        if (part->kind == NDB_PART_INDEX && !reader->is_failed)
            read_fence(decoder, i != 0 ? &segments[i - 1].fence : NULL,
                       &segments[i].fence);
    }
    part->segments = segments;
    decoder->segment_count += part->segment_count;
    if (segments != NULL && !reader->is_failed)
        find_pace(part);
}

/* < 0, 0, > 0 as parts stand in a pack. */
static int compare_parts(const struct ndb_part *a, const struct ndb_part *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    return (a->table > b->table) - (a->table < b->table);
}

static void read_part(struct decoder *decoder, struct ndb_part *part)
{
    struct ndb_reader *reader = &decoder->reader;
    uint64_t kind = ndb_reader_varint(reader);

    *part = (struct ndb_part){ .kind = NDB_PART_NODE };
    if (kind == 0 || kind >= NDB_PART_KIND_COUNT) {
        ndb_reader_fail(reader);
        return;
    }
    part->kind = (enum ndb_part_kind)kind;
    part->type = (uint32_t)ndb_reader_varint_max(reader, NDB_TYPE_COUNT_MAX);
    part->table = (uint32_t)ndb_reader_varint_max(reader, NAMIDB_TABLE_MAX);
    part->rows = ndb_reader_varint(reader);
    part->tombstones = ndb_reader_varint_max(reader, part->rows);
    read_labels(decoder, part);
    read_segments(decoder, part);
}

static int read_parts(struct decoder *decoder, struct ndb_directory *out)
{
    struct ndb_reader *reader = &decoder->reader;
    struct ndb_part *parts;

    out->part_count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_PACK_PARTS_MAX);
    if (out->part_count > ndb_reader_left(reader) / 7)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return NAMIDB_ECORRUPT;
    parts = take(decoder, out->part_count, sizeof *parts);
    for (uint32_t i = 0;
         i < out->part_count && parts != NULL && !reader->is_failed; i++) {
        read_part(decoder, &parts[i]);
        if (i != 0 && compare_parts(&parts[i - 1], &parts[i]) >= 0)
            ndb_reader_fail(reader);
    }
    out->parts = parts;
    out->segment_count = decoder->segment_count;
    /* Every byte before the directory is a segment's, so none is unchecked. */
    if (!ndb_reader_is_done(reader) || decoder->offset != decoder->offset_max)
        ndb_reader_fail(reader);
    return decoder_status(decoder);
}

int ndb_directory_decode(struct ndb_slice stored, uint64_t pack_bytes,
                         namidb_arena *arena, struct ndb_directory *out)
{
    struct decoder decoder = { .arena = arena };
    struct tail tail;
    struct ndb_hash128 hash;
    uint8_t *raw;
    int rc = read_tail(stored, &tail);

    *out = (struct ndb_directory){ NULL, 0, 0 };
    if (rc < 0)
        return rc;
    if (stored.bytes != (size_t)tail.stored_bytes + NDB_PACK_TAIL_BYTES ||
        stored.bytes > pack_bytes)
        return NAMIDB_ECORRUPT;
    hash = ndb_hash128(ndb_slice(stored.data, stored.bytes - HASH_BYTES));
    if (!ndb_hash128_equal(hash, tail.hash))
        return NAMIDB_ECORRUPT;
    if (tail.format != NDB_FORMAT)
        return NAMIDB_EUNSUPPORTED;
    raw = ndb_alloc(tail.raw_bytes);
    if (raw == NULL)
        return NAMIDB_ENOMEM;
    rc = ndb_zstd_decompress(raw, tail.raw_bytes,
                             ndb_slice(stored.data, tail.stored_bytes));
    if (rc >= 0) {
        decoder.reader = ndb_reader(ndb_slice(raw, tail.raw_bytes));
        decoder.offset_max = pack_bytes - stored.bytes;
        rc = read_parts(&decoder, out);
    }
    ndb_free(raw);
    return rc;
}

/* -------------------------------------------------------------- look-up -- */

const struct ndb_part *ndb_directory_find(const struct ndb_directory *directory,
                                          enum ndb_part_kind kind,
                                          uint32_t type, uint32_t table)
{
    const struct ndb_part wanted = { .kind = kind,
                                     .type = type,
                                     .table = table };
    uint32_t low = 0;
    uint32_t high = directory->part_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_parts(&directory->parts[middle], &wanted);

        if (order == 0)
            return &directory->parts[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct ndb_part *ndb_directory_index(const struct ndb_directory *dir,
                                           uint32_t number)
{
    return ndb_directory_find(dir, NDB_PART_INDEX, number & NAMIDB_TABLE_MAX,
                              number >> NAMIDB_TABLE_BITS);
}

const struct ndb_part *
ndb_directory_index_filter(const struct ndb_directory *dir, uint32_t number)
{
    return ndb_directory_find(dir, NDB_PART_INDEX_FILTER,
                              number & NAMIDB_TABLE_MAX,
                              number >> NAMIDB_TABLE_BITS);
}

const struct ndb_part *ndb_directory_kind(const struct ndb_directory *directory,
                                          enum ndb_part_kind kind,
                                          uint32_t *count)
{
    const struct ndb_part *parts = directory->parts;
    uint32_t low = 0, high = directory->part_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (parts[middle].kind < kind)
            low = middle + 1;
        else
            high = middle;
    }
    while (high < directory->part_count && parts[high].kind == kind)
        high++;
    *count = high - low;
    return parts + low;
}

/* The first segment that does not end below the key: mostly where it is guessed
 * to be, else by bisection. */
static uint32_t first_segment(const struct ndb_part *part, uint64_t key)
{
    const struct ndb_segment_entry *segments = part->segments;
    uint32_t low = 0, high = part->segment_count, at;

    if (high == 0 || key <= segments[0].last)
        return 0;
    if (key > part->last)
        return high;
    at = ndb_part_guess(part, key);
    for (int steps = 0; steps < 4; steps++) {
        if (segments[at].last < key)
            low = ++at; /* the last one does not end below it */
        else if (segments[at - 1].last >= key)
            high = at--; /* nor does the first end at or above it */
        else
            return at;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (segments[middle].last < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t ndb_part_find(const struct ndb_part *part, uint64_t key,
                       uint32_t *count)
{
    uint32_t first = first_segment(part, key);
    uint32_t end = first;

    while (end < part->segment_count && part->segments[end].first <= key)
        end++;
    *count = end - first;
    return first;
}

/* Whether no other segment can hold the key. */
static bool is_only(const struct ndb_part *part, uint32_t at, uint64_t key)
{
    const struct ndb_segment_entry *segments = part->segments;

    return at < part->segment_count && segments[at].first <= key &&
           key <= segments[at].last &&
           (at == 0 || segments[at - 1].last < key) &&
           (at + 1 == part->segment_count || segments[at + 1].first > key);
}

uint32_t ndb_part_find_near(const struct ndb_part *part, uint64_t key,
                            uint32_t *near, uint32_t *count)
{
    if (is_only(part, *near, key)) {
        *count = 1;
        return *near;
    }
    *near = ndb_part_find(part, key, count);
    return *near;
}
