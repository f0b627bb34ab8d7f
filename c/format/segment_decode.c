/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/kept.h"
#include "base/limits.h"
#include "format/pack_internal.h"
#include "format/segment_columns.h"
#include "format/segment_lists.h"
#include "format/segment_owners.h"
#include "format/zone.h"

const uint64_t *ndb_sequences_get(struct ndb_source *source, uint32_t count,
                                  bool is_dense, uint64_t *first)
{
    uint64_t *sequences;

    if (is_dense) {
        *first = ndb_reader_varint_max(&source->reader,
                                       NAMIDB_SEQUENCE_MAX - count + 1);
        if (*first == 0)
            ndb_reader_fail(&source->reader);
        return NULL;
    }
    sequences = ndb_ints_get(source, count);
    for (uint32_t i = 0; sequences != NULL && i < count; i++) {
        if (sequences[i] == 0 || sequences[i] > NAMIDB_SEQUENCE_MAX ||
            (i != 0 && sequences[i] <= sequences[i - 1])) {
            ndb_reader_fail(&source->reader);
            break;
        }
    }
    *first = source->reader.is_failed ? 0 : sequences[0];
    return sequences;
}

/* ---------------------------------------------------------- node groups -- */

static uint32_t *get_label_set(struct ndb_source *source, uint32_t *count)
{
    struct ndb_reader *reader = &source->reader;
    uint64_t label = 0;
    uint32_t *labels;

    *count = (uint32_t)ndb_reader_varint_max(reader, NDB_ROW_LABELS_MAX);
    labels = ndb_source_take(source, *count, sizeof *labels);
    for (uint32_t i = 0; i < *count && labels != NULL; i++) {
        uint64_t delta = ndb_reader_varint_max(reader, NDB_LABEL_COUNT_MAX);

        label += delta;
        if (delta == 0 || label > NDB_LABEL_COUNT_MAX)
            ndb_reader_fail(reader);
        labels[i] = (uint32_t)label;
    }
    return labels;
}

/* Set 0 is the table's own; the others follow. */
static void get_label_sets(struct ndb_source *source, uint32_t table,
                           bool has_others, struct ndb_node_group *group)
{
    struct ndb_reader *reader = &source->reader;
    uint32_t others = 0;
    const uint32_t **sets;
    uint32_t *counts;
    uint32_t *own;

    if (has_others) {
        others = (uint32_t)ndb_reader_varint_max(reader, NDB_GROUP_ROWS_MAX);
        if (others == 0)
            ndb_reader_fail(reader);
    }
    sets = ndb_source_take(source, (size_t)others + 1, sizeof *sets);
    counts = ndb_source_take(source, (size_t)others + 1, sizeof *counts);
    own = ndb_source_take(source, 1, sizeof *own);
    if (reader->is_failed)
        return;
    *own = table;
    sets[0] = own;
    counts[0] = table != 0;
    for (uint32_t i = 1; i <= others && !reader->is_failed; i++)
        sets[i] = get_label_set(source, &counts[i]);
    group->label_sets = sets;
    group->label_counts = counts;
    if (has_others && !reader->is_failed) {
        uint32_t *numbers = ndb_ints_get_u32(source, group->row_count);
        uint16_t *label_of =
            ndb_source_take(source, group->row_count, sizeof *label_of);

        for (uint32_t i = 0;
             numbers != NULL && label_of != NULL && i < group->row_count; i++) {
            if (numbers[i] > others)
                ndb_reader_fail(reader);
            label_of[i] = (uint16_t)numbers[i];
        }
        group->label_of = label_of;
    }
}

static void decode_node(struct ndb_source *source, uint32_t table,
                        struct ndb_column_store *store,
                        struct ndb_node_group *group)
{
    struct ndb_reader *reader = &source->reader;
    uint8_t flags;

    group->row_count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_GROUP_ROWS_MAX);
    flags = ndb_reader_u8(reader);
    if (group->row_count == 0 || flags >= NDB_FLAG_WIDE)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    group->is_dense = (flags & NDB_FLAG_DENSE) != 0;
    group->sequences = ndb_sequences_get(source, group->row_count,
                                         group->is_dense, &group->first);
    if (flags & NDB_FLAG_DELETED && !reader->is_failed)
        group->deleted = ndb_bits_get(source, group->row_count);
    if (!reader->is_failed)
        get_label_sets(source, table, (flags & NDB_FLAG_LABELS) != 0, group);
    group->key.row_count = group->columns.row_count = group->row_count;
    if (!reader->is_failed)
        ndb_columns_open(source, store,
                         (flags & NDB_FLAG_KEYS) != 0 ? &group->key : NULL,
                         &group->columns);
}

/* -------------------------------------------------------- edge segments -- */

static void decode_edge(struct ndb_source *source,
                        struct ndb_column_store *store,
                        struct ndb_edge_segment *segment)
{
    struct ndb_reader *reader = &source->reader;
    uint8_t flags;

    segment->owner_count =
        (uint32_t)ndb_reader_varint_max(reader, 2 * NDB_SEGMENT_EDGES_MAX);
    segment->edge_count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_SEGMENT_EDGES_MAX);
    flags = ndb_reader_u8(reader);
    if ((flags & ~(NDB_FLAG_DENSE | NDB_FLAG_MARKED | NDB_FLAG_DELETED |
                   NDB_FLAG_WIDE)) != 0)
        ndb_reader_fail(reader);
    if (!reader->is_failed)
        ndb_edge_owners_get(source, flags, segment);
    if (!reader->is_failed)
        ndb_edge_lists_open(source, (flags & NDB_FLAG_WIDE) != 0, store,
                            segment);
    if (flags & NDB_FLAG_DELETED && !reader->is_failed)
        segment->deleted = ndb_bits_get(source, segment->edge_count);
    segment->columns.row_count = segment->edge_count;
    if (!reader->is_failed)
        ndb_columns_open(source, store, NULL, &segment->columns);
}

/* ---------------------------------------------------- pairs and filters -- */

static void decode_pair(struct ndb_source *source, enum ndb_part_kind kind,
                        struct ndb_pair_segment *segment)
{
    struct ndb_reader *reader = &source->reader;

    segment->count =
        (uint32_t)ndb_reader_varint_max(reader, NDB_SEGMENT_PAIRS_MAX);
    if (segment->count == 0)
        ndb_reader_fail(reader);
    if (reader->is_failed)
        return;
    segment->keys = ndb_ints_get(source, segment->count);
    if (!reader->is_failed)
        segment->values = ndb_ints_get(source, segment->count);
    for (uint32_t i = 1; i < segment->count && !reader->is_failed; i++)
        if (segment->keys[i] < segment->keys[i - 1])
            ndb_reader_fail(reader);
    if (kind == NDB_PART_KEY && !reader->is_failed &&
        ndb_pair_segment_divide(segment, source->arena) < 0) {
        source->has_no_memory = true;
        ndb_reader_fail(reader);
    }
}

static void decode_filter(struct ndb_source *source,
                          struct ndb_filter_segment *filter)
{
    filter->block_count =
        ndb_reader_varint_max(&source->reader, NDB_SEGMENT_BYTES_MAX / 64);
    if (filter->block_count == 0)
        ndb_reader_fail(&source->reader);
    else if (!source->reader.is_failed)
        filter->blocks = (const uint64_t *)(const void *)ndb_stream_get(
            source, filter->block_count * 64);
}

/* ------------------------------------------------------------- segments -- */

/* Checks header and checksum; the payload. */
static int open_segment(struct ndb_slice stored, enum ndb_part_kind kind,
                        struct ndb_slice *payload)
{
    struct ndb_reader reader = ndb_reader(stored);
    struct ndb_slice body;
    uint64_t hash;

    if (stored.bytes < NDB_SEGMENT_HEADER_BYTES + NDB_SEGMENT_CHECKSUM_BYTES)
        return NAMIDB_ECORRUPT;
    body = ndb_slice(stored.data, stored.bytes - NDB_SEGMENT_CHECKSUM_BYTES);
    reader.at = body.data + body.bytes;
    hash = ndb_reader_u64(&reader);
    if (hash != ndb_hash64(body))
        return NAMIDB_ECORRUPT;
    reader = ndb_reader(body);
    if (ndb_reader_u8(&reader) != (uint8_t)kind ||
        ndb_reader_u8(&reader) != 0 || ndb_reader_u16(&reader) != 0 ||
        ndb_reader_u32(&reader) != body.bytes - NDB_SEGMENT_HEADER_BYTES ||
        ndb_reader_u32(&reader) != stored.bytes)
        return NAMIDB_ECORRUPT;
    *payload = ndb_slice(reader.at, ndb_reader_left(&reader));
    return NAMIDB_OK;
}

static void decode(struct ndb_source *source, uint32_t table,
                   struct ndb_segment *segment)
{
    switch (segment->kind) {
    case NDB_PART_NODE:
        decode_node(source, table, &segment->store, &segment->as.node);
        break;
    case NDB_PART_OUT:
    case NDB_PART_IN:
        segment->as.edge.lists = &segment->lists;
        decode_edge(source, &segment->store, &segment->as.edge);
        break;
    case NDB_PART_INDEX:
        ndb_index_segment_decode(source, &segment->as.index);
        break;
    case NDB_PART_FILTER:
    case NDB_PART_INDEX_FILTER:
        decode_filter(source, &segment->as.filter);
        break;
    case NDB_PART_ZONE:
        segment->as.zone.groups =
            ndb_zones_decode(source, &segment->as.zone.group_count);
        break;
    default:
        decode_pair(source, segment->kind, &segment->as.pair);
    }
    if (!ndb_reader_is_done(&source->reader))
        ndb_reader_fail(&source->reader);
}

/* Most of what a segment has is a few arrays with blocks of their own. */
enum { FIRST_BLOCK_BYTES = 512 };

int ndb_segment_decode(struct ndb_slice stored, enum ndb_part_kind kind,
                       uint32_t table, struct ndb_segment **out)
{
    struct ndb_slice payload;
    struct ndb_segment *segment;
    struct ndb_source source;
    int rc = open_segment(stored, kind, &payload);

    *out = NULL;
    if (rc < 0)
        return rc;
    segment = ndb_segment_new(kind);
    if (segment == NULL)
        return NAMIDB_ENOMEM;
    segment->arena.block_bytes = FIRST_BLOCK_BYTES;
    source = (struct ndb_source){ ndb_reader(payload), &segment->arena, false };
    decode(&source, table, segment);
    rc = ndb_source_status(&source);
    if (rc < 0) {
        ndb_segment_free(segment);
        return rc;
    }
    segment->bytes = sizeof *segment + segment->arena.bytes;
    *out = segment;
    return NAMIDB_OK;
}

struct ndb_segment *ndb_segment_new(enum ndb_part_kind kind)
{
    struct ndb_segment *segment = ndb_kept_calloc(sizeof *segment);

    if (segment == NULL)
        return NULL;
    segment->kind = kind;
    segment->arena.is_kept = true;
    return segment;
}

void ndb_segment_free(struct ndb_segment *segment)
{
    if (segment == NULL)
        return;
    if (segment->kind == NDB_PART_NODE) {
        ndb_columns_release(&segment->as.node.key);
        ndb_columns_release(&segment->as.node.columns);
    } else if (segment->kind == NDB_PART_OUT || segment->kind == NDB_PART_IN) {
        ndb_columns_release(&segment->as.edge.columns);
        ndb_edge_lists_release(&segment->lists);
    }
    ndb_column_store_release(&segment->store);
    ndb_arena_release(&segment->arena);
    ndb_kept_free(segment, sizeof *segment);
}
