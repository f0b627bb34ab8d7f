/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/pack_internal.h"
#include "format/stream.h"
#include "format/zone.h"

/* A filter waits until all other parts are written: parts stand by kind. */
struct pending_filter {
    enum ndb_part_kind kind;
    uint32_t type, table;
    uint64_t *blocks;
    uint64_t block_count;
};

/* Zones of a node part, which wait likewise. */
struct pending_zones {
    uint32_t table;
    struct ndb_buf groups;
    uint32_t group_count;
};

struct ndb_pack_writer {
    struct ndb_buf object;
    struct ndb_buf raw; /* payload of the segment being sealed */

    struct ndb_part *parts;
    uint32_t part_count, part_capacity;
    struct ndb_segment_entry *segments; /* of all parts */
    uint32_t segment_count, segment_capacity;

    /* The part that is open: the last one. */
    bool is_open;
    uint64_t batch_first, batch_last; /* keys of the batch */
    size_t batch_rows;
    struct ndb_node_batch node;
    struct ndb_edge_batch edge;
    struct ndb_pair_batch pair;
    struct ndb_index_batch index;
    struct ndb_ids labels; /* seen in the part, other than its table */
    struct ndb_ids hashes; /* of the keys of a key or index part */

    struct pending_filter *filters;
    uint32_t filter_count;
    struct ndb_buf zones; /* of the node part */
    struct pending_zones *zone_parts;
    uint32_t zone_part_count;
    uint64_t rows, tombstones;
    struct ndb_property_stats properties;
    struct ndb_degree_stats degrees;
};

int ndb_pack_writer_new(struct ndb_pack_writer **writer)
{
    *writer = ndb_calloc(1, sizeof **writer);
    if (*writer == NULL)
        return NAMIDB_ENOMEM;
    (*writer)->object = NDB_BUF_INIT(NDB_PACK_BYTES_MAX);
    (*writer)->raw = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    (*writer)->zones = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    return NAMIDB_OK;
}

void ndb_pack_writer_free(struct ndb_pack_writer *writer)
{
    if (writer == NULL)
        return;
    for (uint32_t i = 0; i < writer->part_count; i++)
        ndb_free((void *)(uintptr_t)writer->parts[i].labels);
    for (uint32_t i = 0; i < writer->filter_count; i++)
        ndb_free(writer->filters[i].blocks);
    ndb_free(writer->filters);
    for (uint32_t i = 0; i < writer->zone_part_count; i++)
        ndb_buf_release(&writer->zone_parts[i].groups);
    ndb_free(writer->zone_parts);
    ndb_buf_release(&writer->zones);
    ndb_free(writer->parts);
    ndb_free(writer->segments);
    ndb_node_batch_release(&writer->node);
    ndb_edge_batch_release(&writer->edge);
    ndb_pair_batch_release(&writer->pair);
    ndb_index_batch_release(&writer->index);
    ndb_ids_release(&writer->labels);
    ndb_ids_release(&writer->hashes);
    ndb_property_stats_release(&writer->properties);
    ndb_degree_stats_release(&writer->degrees);
    ndb_buf_release(&writer->object);
    ndb_buf_release(&writer->raw);
    ndb_free(writer);
}

static struct ndb_part *open_part(struct ndb_pack_writer *writer)
{
    return &writer->parts[writer->part_count - 1];
}

/* ------------------------------------------------------------- segments -- */

/* header, payload, checksum; the payload's streams are compressed already. */
static int append_segment(struct ndb_pack_writer *writer,
                          enum ndb_part_kind kind, uint32_t *bytes)
{
    struct ndb_buf *out = &writer->object;
    size_t start = out->bytes;
    size_t total = NDB_SEGMENT_HEADER_BYTES + writer->raw.bytes +
                   NDB_SEGMENT_CHECKSUM_BYTES;
    int rc = ndb_buf_reserve(out, total);

    if (rc < 0)
        return rc;
    /* Room was reserved: none of these can fail. */
    (void)ndb_buf_u8(out, (uint8_t)kind);
    (void)ndb_buf_u8(out, 0);
    (void)ndb_buf_u16(out, 0);
    (void)ndb_buf_u32(out, (uint32_t)writer->raw.bytes);
    (void)ndb_buf_u32(out, (uint32_t)total);
    (void)ndb_buf_append(out, writer->raw.data, writer->raw.bytes);
    (void)ndb_buf_u64(
        out, ndb_hash64(ndb_slice(out->data + start, out->bytes - start)));
    writer->raw.bytes = 0;
    *bytes = (uint32_t)total;
    return NAMIDB_OK;
}

static int add_entry(struct ndb_pack_writer *writer,
                     const struct ndb_segment_entry *entry)
{
    if (writer->segment_count == NDB_PACK_SEGMENTS_MAX)
        return NAMIDB_ELIMIT;
    if (writer->segment_count == writer->segment_capacity) {
        uint32_t capacity =
            writer->segment_capacity == 0 ? 64 : writer->segment_capacity * 2;
        struct ndb_segment_entry *segments =
            ndb_realloc(writer->segments, capacity, sizeof *segments);

        if (segments == NULL)
            return NAMIDB_ENOMEM;
        writer->segments = segments;
        writer->segment_capacity = capacity;
    }
    writer->segments[writer->segment_count++] = *entry;
    open_part(writer)->segment_count++;
    return NAMIDB_OK;
}

/* Counts the properties of the batch; those of edges stand in out parts. */
static int note_properties(struct ndb_pack_writer *writer,
                           enum ndb_part_kind kind)
{
    const struct ndb_part *part = open_part(writer);

    if (kind == NDB_PART_NODE)
        return ndb_property_stats_add(&writer->properties, false, part->table,
                                      &writer->node.columns);
    if (kind == NDB_PART_OUT)
        return ndb_property_stats_add(&writer->properties, true, part->type,
                                      &writer->edge.columns);
    return NAMIDB_OK;
}

/* Counts the lists that the batch has a part of. */
static int note_degrees(struct ndb_pack_writer *writer, enum ndb_part_kind kind)
{
    const struct ndb_part *part = open_part(writer);
    const struct ndb_ids owners = { writer->edge.owners, writer->edge.count,
                                    writer->edge.count };

    if (kind != NDB_PART_OUT && kind != NDB_PART_IN)
        return NAMIDB_OK;
    return ndb_degree_stats_add(&writer->degrees, kind == NDB_PART_IN,
                                part->type, part->table, &owners,
                                &writer->edge.deleted);
}

static int encode_batch(struct ndb_pack_writer *writer, enum ndb_part_kind kind)
{
    if (kind == NDB_PART_NODE)
        return ndb_node_batch_encode(&writer->node, &writer->raw,
                                     &writer->zones);
    if (kind == NDB_PART_OUT || kind == NDB_PART_IN)
        return ndb_edge_batch_encode(&writer->edge, &writer->raw);
    if (kind == NDB_PART_INDEX)
        return ndb_index_batch_encode(&writer->index, &writer->raw);
    return ndb_pair_batch_encode(&writer->pair, &writer->raw);
}

/* The fence of the batch: its place among all fences until the directory is
 * written, because they move as they grow. */
static int fence_batch(struct ndb_pack_writer *writer,
                       struct ndb_segment_entry *entry)
{
    size_t at = writer->index.fences.bytes;
    int rc = ndb_index_batch_fence(&writer->index);

    entry->fence.data = NULL;
    entry->fence.bytes = writer->index.fences.bytes - at;
    return rc;
}

/* Points the entries of index parts to their fences. */
static void place_fences(struct ndb_pack_writer *writer)
{
    const uint8_t *at = writer->index.fences.data;

    for (uint32_t i = 0; i < writer->segment_count; i++) {
        if (writer->segments[i].fence.bytes == 0)
            continue;
        writer->segments[i].fence.data = at;
        at += writer->segments[i].fence.bytes;
    }
}

/* Ends the batch, if there is anything in it. */
static int seal(struct ndb_pack_writer *writer)
{
    struct ndb_segment_entry entry = { .offset = writer->object.bytes,
                                       .first = writer->batch_first,
                                       .last = writer->batch_last };
    enum ndb_part_kind kind;
    int rc;

    if (writer->batch_rows == 0)
        return NAMIDB_OK;
    kind = open_part(writer)->kind;
    rc = kind == NDB_PART_INDEX ? fence_batch(writer, &entry) : NAMIDB_OK;
    if (rc >= 0)
        rc = note_properties(writer, kind);
    if (rc >= 0)
        rc = note_degrees(writer, kind);
    if (rc >= 0)
        rc = encode_batch(writer, kind);
    if (rc >= 0)
        rc = append_segment(writer, kind, &entry.bytes);
    if (rc >= 0)
        rc = add_entry(writer, &entry);
    writer->batch_rows = 0;
    return rc;
}

/* Counts a row that is in the batch now. */
static void note_row(struct ndb_pack_writer *writer, uint64_t key,
                     bool is_tombstone)
{
    struct ndb_part *part = open_part(writer);

    if (writer->batch_rows++ == 0)
        writer->batch_first = key;
    writer->batch_last = key;
    part->rows++;
    part->tombstones += is_tombstone;
}

/* ---------------------------------------------------------------- parts -- */

static int keep_filter(struct ndb_pack_writer *writer,
                       const struct ndb_part *part)
{
    struct pending_filter filter = {
        .kind = part->kind == NDB_PART_KEY ? NDB_PART_FILTER
                                           : NDB_PART_INDEX_FILTER,
        .type = part->type,
        .table = part->table,
        .block_count = ndb_filter_blocks(writer->hashes.count),
    };
    struct pending_filter *filters =
        ndb_realloc(writer->filters, writer->filter_count + 1, sizeof *filters);

    if (filters == NULL)
        return NAMIDB_ENOMEM;
    writer->filters = filters;
    filter.blocks = ndb_calloc(filter.block_count, 64);
    if (filter.blocks == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < writer->hashes.count; i++)
        ndb_filter_add(filter.blocks, filter.block_count,
                       writer->hashes.items[i]);
    filters[writer->filter_count++] = filter;
    writer->hashes.count = 0;
    return NAMIDB_OK;
}

/* One segment answers as well as a filter of it. */
static int keep_index_filter(struct ndb_pack_writer *writer,
                             const struct ndb_part *part)
{
    uint64_t bytes = ndb_filter_blocks(writer->hashes.count) * 64;

    if (part->segment_count > 1 && bytes <= NDB_INDEX_FILTER_BYTES_MAX)
        return keep_filter(writer, part);
    writer->hashes.count = 0;
    return NAMIDB_OK;
}

static int keep_zones(struct ndb_pack_writer *writer,
                      const struct ndb_part *part)
{
    struct pending_zones *zone_parts;

    if (part->segment_count < NDB_ZONE_SEGMENTS_MIN) {
        writer->zones.bytes = 0;
        return NAMIDB_OK;
    }
    zone_parts = ndb_realloc(writer->zone_parts, writer->zone_part_count + 1,
                             sizeof *zone_parts);
    if (zone_parts == NULL)
        return NAMIDB_ENOMEM;
    writer->zone_parts = zone_parts;
    zone_parts[writer->zone_part_count++] =
        (struct pending_zones){ part->table, writer->zones,
                                part->segment_count };
    writer->zones = NDB_BUF_INIT(NDB_SEGMENT_BYTES_MAX);
    return NAMIDB_OK;
}

static int keep_labels(struct ndb_pack_writer *writer, struct ndb_part *part)
{
    uint32_t *labels;

    if (writer->labels.count == 0)
        return NAMIDB_OK;
    labels = ndb_realloc(NULL, writer->labels.count, sizeof *labels);
    if (labels == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < writer->labels.count; i++)
        labels[i] = (uint32_t)writer->labels.items[i];
    part->labels = labels;
    part->label_count = (uint32_t)writer->labels.count;
    writer->labels.count = 0;
    return NAMIDB_OK;
}

/* Ends the open part; one without rows is taken out again. */
static int close_part(struct ndb_pack_writer *writer)
{
    struct ndb_part *part;
    int rc;

    if (!writer->is_open)
        return NAMIDB_OK;
    writer->is_open = false;
    part = open_part(writer);
    rc = seal(writer);
    if (rc >= 0 && part->rows == 0) {
        writer->part_count--;
        return NAMIDB_OK;
    }
    writer->rows += part->rows;
    writer->tombstones += part->tombstones;
    if (rc >= 0)
        rc = keep_labels(writer, part);
    if (rc >= 0 && part->kind == NDB_PART_KEY)
        rc = keep_filter(writer, part);
    if (rc >= 0 && part->kind == NDB_PART_INDEX)
        rc = keep_index_filter(writer, part);
    if (rc >= 0 && part->kind == NDB_PART_NODE)
        rc = keep_zones(writer, part);
    return rc;
}

int ndb_pack_writer_part(struct ndb_pack_writer *writer,
                         enum ndb_part_kind kind, uint32_t type, uint32_t table)
{
    int rc = close_part(writer);

    if (rc < 0)
        return rc;
    if (writer->part_count == NDB_PACK_PARTS_MAX)
        return NAMIDB_ELIMIT;
    if (writer->part_count == writer->part_capacity) {
        uint32_t capacity =
            writer->part_capacity == 0 ? 16 : writer->part_capacity * 2;
        struct ndb_part *parts =
            ndb_realloc(writer->parts, capacity, sizeof *parts);

        if (parts == NULL)
            return NAMIDB_ENOMEM;
        writer->parts = parts;
        writer->part_capacity = capacity;
    }
    writer->parts[writer->part_count++] =
        (struct ndb_part){ .kind = kind,
                           .type = type,
                           .table = table,
                           .first_segment = writer->segment_count };
    writer->node.table = table;
    writer->is_open = true;
    return NAMIDB_OK;
}

/* ----------------------------------------------------------------- rows -- */

/* Labels that the part's directory entry names, ascending. */
static int note_labels(struct ndb_pack_writer *writer, const namidb_node *node)
{
    struct ndb_ids *labels = &writer->labels;
    struct ndb_part *part = open_part(writer);
    bool is_bare = part->table != 0;

    for (uint32_t i = 0; i < node->label_count; i++) {
        size_t at = labels->count;

        if (node->labels[i] == part->table) {
            is_bare = false;
            continue;
        }
        while (at > 0 && labels->items[at - 1] > node->labels[i])
            at--;
        if (at > 0 && labels->items[at - 1] == node->labels[i])
            continue;
        if (ndb_ids_add(labels, 0) < 0)
            return NAMIDB_ENOMEM;
        memmove(&labels->items[at + 1], &labels->items[at],
                (labels->count - 1 - at) * sizeof *labels->items);
        labels->items[at] = node->labels[i];
    }
    part->has_bare |= is_bare;
    return NAMIDB_OK;
}

int ndb_pack_writer_node(struct ndb_pack_writer *writer, uint64_t sequence,
                         const namidb_node *node)
{
    int rc = NAMIDB_OK;

    assert(writer->batch_rows == 0 || writer->batch_last < sequence);
    if (ndb_node_batch_is_full(&writer->node))
        rc = seal(writer);
    if (rc >= 0)
        rc = ndb_node_batch_add(&writer->node, sequence, node);
    if (rc >= 0 && node != NULL)
        rc = note_labels(writer, node);
    if (rc >= 0)
        note_row(writer, sequence, node == NULL);
    return rc;
}

int ndb_pack_writer_edge(struct ndb_pack_writer *writer,
                         const struct ndb_pack_edge *edge,
                         const namidb_property *props, uint32_t prop_count)
{
    int rc = NAMIDB_OK;

    assert(writer->batch_rows == 0 || writer->batch_last <= edge->owner);
    if (ndb_edge_batch_is_full(&writer->edge))
        rc = seal(writer);
    if (rc >= 0)
        rc = ndb_edge_batch_add(&writer->edge, edge, props, prop_count);
    if (rc >= 0)
        note_row(writer, edge->owner, edge->is_deleted);
    return rc;
}

static int add_pair(struct ndb_pack_writer *writer, uint64_t key,
                    uint64_t value)
{
    int rc = NAMIDB_OK;

    assert(writer->batch_rows == 0 || writer->batch_last <= key);
    if (ndb_pair_batch_is_full(&writer->pair, open_part(writer)->kind))
        rc = seal(writer);
    if (rc >= 0)
        rc = ndb_pair_batch_add(&writer->pair, key, value);
    if (rc >= 0)
        note_row(writer, key, false);
    return rc;
}

int ndb_pack_writer_edge_id(struct ndb_pack_writer *writer, uint64_t sequence,
                            uint64_t source)
{
    return add_pair(writer, sequence, source);
}

int ndb_pack_writer_key(struct ndb_pack_writer *writer, uint64_t hash,
                        uint64_t sequence)
{
    int rc = add_pair(writer, hash, sequence);

    return rc < 0 ? rc : ndb_ids_add(&writer->hashes, hash);
}

int ndb_pack_writer_index_part(struct ndb_pack_writer *writer, uint32_t number)
{
    int rc =
        ndb_pack_writer_part(writer, NDB_PART_INDEX, number & NAMIDB_TABLE_MAX,
                             number >> NAMIDB_TABLE_BITS);

    writer->index.last.bytes = 0;
    return rc;
}

int ndb_pack_writer_index(struct ndb_pack_writer *writer,
                          const struct ndb_index_entry *entry)
{
    struct ndb_ids *hashes = &writer->hashes;
    uint64_t hash = ndb_hash64(entry->key);
    int rc = NAMIDB_OK;

    if (ndb_index_batch_is_full(&writer->index))
        rc = seal(writer);
    if (rc >= 0)
        rc = ndb_index_batch_add(&writer->index, entry);
    if (rc >= 0)
        note_row(writer, 0, false);
    /* Entries of one key stand together. */
    if (rc >= 0 &&
        (hashes->count == 0 || hashes->items[hashes->count - 1] != hash))
        rc = ndb_ids_add(hashes, hash);
    return rc;
}

/* --------------------------------------------------------------- finish -- */

static int write_filter(struct ndb_pack_writer *writer,
                        const struct pending_filter *filter)
{
    struct ndb_segment_entry entry = { .last = UINT64_MAX };
    int rc =
        ndb_pack_writer_part(writer, filter->kind, filter->type, filter->table);

    writer->is_open = false;
    entry.offset = writer->object.bytes;
    if (rc >= 0)
        rc = ndb_buf_varint(&writer->raw, filter->block_count);
    if (rc >= 0)
        rc = ndb_stream_put(
            &writer->raw, ndb_slice(filter->blocks, filter->block_count * 64));
    if (rc >= 0)
        rc = append_segment(writer, filter->kind, &entry.bytes);
    return rc < 0 ? rc : add_entry(writer, &entry);
}

static int write_zones(struct ndb_pack_writer *writer,
                       const struct pending_zones *zones)
{
    struct ndb_segment_entry entry = { .last = UINT64_MAX };
    int rc = ndb_pack_writer_part(writer, NDB_PART_ZONE, 0, zones->table);

    writer->is_open = false;
    entry.offset = writer->object.bytes;
    if (rc >= 0)
        rc = ndb_zones_encode(ndb_buf_slice(&zones->groups), zones->group_count,
                              &writer->raw);
    if (rc >= 0)
        rc = append_segment(writer, NDB_PART_ZONE, &entry.bytes);
    return rc < 0 ? rc : add_entry(writer, &entry);
}

static int write_filters(struct ndb_pack_writer *writer,
                         enum ndb_part_kind kind)
{
    int rc = NAMIDB_OK;

    for (uint32_t i = 0; i < writer->filter_count && rc >= 0; i++)
        if (writer->filters[i].kind == kind)
            rc = write_filter(writer, &writer->filters[i]);
    return rc;
}

int ndb_pack_writer_finish(struct ndb_pack_writer *writer,
                           struct ndb_slice *object,
                           struct ndb_pack_summary *summary)
{
    size_t body_bytes;
    int rc = close_part(writer);

    if (rc >= 0)
        rc = write_filters(writer, NDB_PART_FILTER);
    for (uint32_t i = 0; i < writer->zone_part_count && rc >= 0; i++)
        rc = write_zones(writer, &writer->zone_parts[i]);
    if (rc >= 0)
        rc = write_filters(writer, NDB_PART_INDEX_FILTER);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < writer->part_count; i++)
        writer->parts[i].segments =
            writer->segments + writer->parts[i].first_segment;
    place_fences(writer);
    body_bytes = writer->object.bytes;
    rc = ndb_directory_encode(&writer->object, writer->parts,
                              writer->part_count);
    if (rc < 0)
        return rc;
    *object = ndb_buf_slice(&writer->object);
    summary->rows = writer->rows;
    summary->tombstones = writer->tombstones;
    summary->properties = writer->properties;
    ndb_degree_stats_finish(&writer->degrees);
    summary->degrees = writer->degrees;
    summary->directory_bytes = (uint32_t)(writer->object.bytes - body_bytes);
    return NAMIDB_OK;
}
