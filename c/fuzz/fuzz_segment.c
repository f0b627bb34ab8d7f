/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of every kind: hostile ones, and hostile payloads with header and
 * checksum put right. All of what decodes is read. */
#include "fuzz/fuzz.h"

#include "format/segment.h"
#include "format/zone.h"

enum { HEADER_BYTES = 12, CHECKSUM_BYTES = 8 };

static uint64_t seen; /* so that nothing is optimised away */

static void read_nodes(const struct ndb_node_group *group, uint32_t table)
{
    for (uint32_t row = 0; row < group->row_count; row++) {
        namidb_arena arena = NDB_ARENA_INIT;
        namidb_node node;

        if (ndb_node_group_read(group, table, row, &arena, &node) == NAMIDB_OK)
            seen += node.prop_count + node.label_count;
        ndb_arena_release(&arena);
    }
    seen += (uint64_t)ndb_node_group_row(group, group->first);
}

/* One list by itself. */
static void read_list(const struct ndb_edge_segment *segment, uint32_t begin,
                      uint32_t end)
{
    uint64_t *ids = calloc(2 * (size_t)(end - begin) + 1, sizeof *ids);

    if (ndb_edge_list_read(segment, begin, end, ids, ids + (end - begin)) >= 0)
        seen += ids[0];
    free(ids);
}

static void read_edges(const struct ndb_edge_segment *segment)
{
    for (uint32_t i = 0; i < segment->owner_count; i++)
        read_list(segment, ndb_edge_offset(segment, i),
                  ndb_edge_offset(segment, i + 1));
    if (ndb_edge_lists_need(segment) < 0)
        return;
    for (uint32_t i = 0; i < segment->owner_count; i++)
        for (uint32_t at = ndb_edge_offset(segment, i);
             at < ndb_edge_offset(segment, i + 1); at++) {
            namidb_arena arena = NDB_ARENA_INIT;
            const namidb_property *props;
            uint32_t count;

            seen += ndb_edge_neighbour(segment, at) +
                    ndb_edge_sequence(segment, at) +
                    ndb_bit(segment->deleted, at);
            if (ndb_columns_props(&segment->columns, at, &arena, &props,
                                  &count) >= 0)
                seen += count;
            ndb_arena_release(&arena);
        }
    seen += (uint64_t)ndb_edge_segment_owner(segment, segment->first);
}

static void read_zones(const struct ndb_zone_segment *zones)
{
    static const namidb_value VALUES[] = {
        { .kind = NAMIDB_INT, .as.integer = 7 },
        { .kind = NAMIDB_FLOAT, .as.number = 0.5 },
        { .kind = NAMIDB_STRING, .size = 2, .as.bytes = "xy" },
        { .kind = NAMIDB_NULL },
    };

    for (uint32_t i = 0; i < zones->group_count; i++)
        for (size_t k = 0; k < sizeof VALUES / sizeof *VALUES; k++)
            for (int want = NDB_ZONE_EQUAL; want <= NDB_ZONE_NOT_NULL; want++) {
                const struct ndb_zone_test test = { 1, (enum ndb_zone_want)want,
                                                    VALUES[k] };

                seen += ndb_zone_may_match(&zones->groups[i], &test);
            }
}

static void read_index(const struct ndb_index_segment *segment)
{
    for (uint32_t i = 0; i < segment->count; i++) {
        struct ndb_index_entry entry = ndb_index_segment_at(segment, i);

        seen += entry.key.data[entry.key.bytes - 1] + entry.from + entry.to;
        FUZZ_CHECK(ndb_index_segment_find(segment, &entry) == i);
    }
}

static void decode(struct ndb_slice stored, enum ndb_part_kind kind)
{
    struct ndb_segment *segment;
    uint32_t count;

    if (ndb_segment_decode(stored, kind, 5, &segment) < 0)
        return;
    switch (kind) {
    case NDB_PART_NODE:
        read_nodes(&segment->as.node, 5);
        break;
    case NDB_PART_OUT:
    case NDB_PART_IN:
        read_edges(&segment->as.edge);
        break;
    case NDB_PART_INDEX:
        read_index(&segment->as.index);
        break;
    case NDB_PART_FILTER:
    case NDB_PART_INDEX_FILTER:
        seen += ndb_filter_segment_has(&segment->as.filter, seen);
        break;
    case NDB_PART_ZONE:
        read_zones(&segment->as.zone);
        break;
    default:
        seen += ndb_pair_segment_find(&segment->as.pair, seen, &count);
    }
    ndb_segment_free(segment);
}

/* header: kind u8, codec u8, 0 u16, raw bytes u32, stored bytes u32 */
static void decode_sealed(const uint8_t *data, size_t size,
                          enum ndb_part_kind kind)
{
    uint8_t *object = fuzz_copy(data, size, HEADER_BYTES, CHECKSUM_BYTES);
    size_t body_bytes = HEADER_BYTES + size;

    object[0] = (uint8_t)kind;
    fuzz_put_u32(object + 4, (uint32_t)size);
    fuzz_put_u32(object + 8, (uint32_t)(body_bytes + CHECKSUM_BYTES));
    fuzz_put_u64(object + body_bytes,
                 ndb_hash64(ndb_slice(object, body_bytes)));
    decode(ndb_slice(object, body_bytes + CHECKSUM_BYTES), kind);
    free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum ndb_part_kind kind;

    if (size == 0)
        return 0;
    kind = (enum ndb_part_kind)(NDB_PART_NODE +
                                data[0] / 2 % (NDB_PART_KIND_COUNT - 1));
    if (data[0] & 1)
        decode_sealed(data + 1, size - 1, kind);
    else
        decode(ndb_slice(data + 1, size - 1), kind);
    return 0;
}
