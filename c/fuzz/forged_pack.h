/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forged_pack.h - packs that are sealed as they should be, and whose rows
 * contradict one another as an input says.
 *
 * The input is asked for small numbers; 0, which is what it says at its end, is
 * a graph without a fault. For fuzz_pack.c alone.
 */
#ifndef NDB_FUZZ_FORGED_PACK_H
#define NDB_FUZZ_FORGED_PACK_H

#include "base/limits.h"
#include "exec/scalar.h"
#include "format/index_key.h"
#include "format/pack_internal.h"
#include "format/value.h"
#include "fuzz/fuzz.h"
#include "namidb.h"

enum {
    TABLES = 3,
    SEQUENCES = 12,
    TYPES = 2,
    EDGES_MAX = 64,
    ENTRIES_MAX = 64,
    OBJECT_BYTES_MAX = 1 << 20,
};

#define ID_MAX ((UINT64_C(1) << 53) - 1)

/* ------------------------------------------------------------- the input -- */

struct input {
    const uint8_t *data;
    size_t bytes, at;
};

static uint8_t take(struct input *input)
{
    return input->at < input->bytes ? input->data[input->at++] : 0;
}

/* Whether something goes wrong here: mostly not. */
static bool is_bad(struct input *input)
{
    return take(input) >= 250;
}

/* `right`, or another small number, or a large one. */
static uint64_t bend(struct input *input, uint64_t right)
{
    if (!is_bad(input))
        return right;
    switch (take(input) % 5) {
    case 0:
        return right + 1;
    case 1:
        return take(input);
    case 2:
        return right ^ UINT64_C(1) << take(input) % 64;
    case 3:
        return right << 8 | take(input);
    default:
        return UINT64_MAX - take(input);
    }
}

/* ------------------------------------------------------------------ rows -- */

struct rows {
    struct ndb_pack_edge edges[TYPES][TABLES][EDGES_MAX]; /* by source */
    size_t edge_counts[TYPES][TABLES];
    uint64_t sequences[TYPES]; /* of edges, that were given */
    struct {
        uint64_t hash, sequence;
    } keys[TABLES][SEQUENCES];
    size_t key_counts[TABLES];
    struct {
        uint8_t key[24];
        struct ndb_index_entry entry;
    } entries[2][ENTRIES_MAX]; /* of nodes, of edges */
    size_t entry_counts[2];
};

static const uint32_t LABEL_SETS[4][2] = {
    { 1, 2 }, { 2, 1 }, { 1, 3 }, { 4, 77 }
};

static void add_entry(struct rows *rows, bool is_edge, int64_t value,
                      struct ndb_index_entry entry)
{
    struct ndb_buf key = NDB_BUF_INIT(64);
    const namidb_value indexed = ndb_integer(value);
    size_t at = rows->entry_counts[is_edge];

    if (at == ENTRIES_MAX)
        return;
    FUZZ_CHECK(ndb_index_key_value(&key, &indexed) == NAMIDB_OK &&
               key.bytes <= sizeof rows->entries[0][0].key);
    memcpy(rows->entries[is_edge][at].key, key.data, key.bytes);
    entry.key = ndb_slice(rows->entries[is_edge][at].key, key.bytes);
    rows->entries[is_edge][at].entry = entry;
    rows->entry_counts[is_edge]++;
    ndb_buf_release(&key);
}

static void put_node(struct ndb_pack_writer *writer, struct input *input,
                     struct rows *rows, uint32_t table, uint64_t sequence)
{
    uint8_t shape = take(input);
    namidb_value key = ndb_integer((int64_t)bend(input, sequence));
    const uint32_t *set = LABEL_SETS[table == 2 ? 1 : is_bad(input) ? 3 : 0];
    const int64_t value = (int64_t)(sequence % 5);
    const namidb_property props[] = {
        { (uint32_t)(bend(input, 1) & 0xffff), ndb_integer(value) },
        { 2, ndb_string("text", shape % 5) },
        { 3, ndb_float(shape / 4.0) },
    };
    const namidb_node node = { .id = NAMIDB_ID(sequence, table),
                               .key = shape % 3 == 0 && table != 0 ? key
                                                                   : ndb_null(),
                               .labels = set,
                               .label_count = table == 0 ? 0 : 1 + shape % 2,
                               .props = props,
                               .prop_count = shape % 4 };

    if (shape % 16 == 15) {
        FUZZ_CHECK(ndb_pack_writer_node(writer, sequence, NULL) >= 0);
        return;
    }
    FUZZ_CHECK(ndb_pack_writer_node(writer, sequence, &node) >= 0);
    if (node.key.kind != NAMIDB_NULL) {
        size_t at = rows->key_counts[table]++;

        rows->keys[table][at].hash = ndb_key_hash(&node.key);
        rows->keys[table][at].sequence = bend(input, sequence);
    }
    if (table == 1 && node.prop_count > 0)
        add_entry(rows, false, (int64_t)bend(input, (uint64_t)value),
                  (struct ndb_index_entry){ .id = bend(input, node.id) });
}

static void put_nodes(struct ndb_pack_writer *writer, struct input *input,
                      struct rows *rows, uint64_t first)
{
    for (uint32_t table = 0; table < TABLES; table++) {
        uint64_t sequence = first;

        FUZZ_CHECK(ndb_pack_writer_part(writer, NDB_PART_NODE, 0, table) >= 0);
        for (int i = 0; i < SEQUENCES; i++, sequence++)
            if (!is_bad(input))
                put_node(writer, input, rows, table, sequence);
    }
}

static int compare_edges(const void *a, const void *b)
{
    const struct ndb_pack_edge *one = a, *other = b;

    if (one->owner != other->owner)
        return one->owner < other->owner ? -1 : 1;
    if (one->neighbour != other->neighbour)
        return one->neighbour < other->neighbour ? -1 : 1;
    return (one->sequence > other->sequence) -
           (one->sequence < other->sequence);
}

static void put_edge_part(struct ndb_pack_writer *writer, struct input *input,
                          enum ndb_part_kind kind, uint32_t type,
                          uint32_t table, struct ndb_pack_edge *edges,
                          size_t count)
{
    qsort(edges, count, sizeof *edges, compare_edges);
    FUZZ_CHECK(ndb_pack_writer_part(writer, kind, type, table) >= 0);
    for (size_t i = 0; i < count; i++) {
        const namidb_property props[] = {
            { 1, ndb_integer((int64_t)(edges[i].sequence % 5)) },
            { 2, ndb_string("text", take(input) % 5) },
        };
        bool has_props = kind == NDB_PART_OUT && !edges[i].is_deleted;

        FUZZ_CHECK(
            ndb_pack_writer_edge(writer, &edges[i], props,
                                 has_props ? edges[i].sequence % 3 : 0) >= 0);
    }
}

static void make_edges(struct input *input, struct rows *rows, uint64_t first)
{
    for (int type = 0; type < TYPES; type++)
        for (uint32_t table = 0; table < TABLES; table++)
            for (uint64_t owner = first; owner < first + SEQUENCES; owner++)
                for (int i = take(input) % 4; i > 0; i--) {
                    size_t at = rows->edge_counts[type][table]++;
                    uint64_t to = NAMIDB_ID(first + take(input) % SEQUENCES,
                                            take(input) % TABLES);

                    if (at == EDGES_MAX) {
                        rows->edge_counts[type][table]--;
                        return;
                    }
                    rows->edges[type][table][at] = (struct ndb_pack_edge){
                        .owner = owner,
                        .neighbour = bend(input, to) & ID_MAX,
                        .sequence = ++rows->sequences[type],
                        .is_deleted = take(input) % 32 == 31,
                    };
                }
}

static void put_out(struct ndb_pack_writer *writer, struct input *input,
                    struct rows *rows)
{
    for (int type = 0; type < TYPES; type++)
        for (uint32_t table = 0; table < TABLES; table++)
            put_edge_part(writer, input, NDB_PART_OUT, (uint32_t)type + 1,
                          table, rows->edges[type][table],
                          rows->edge_counts[type][table]);
}

/* The lists of the targets: what the sources say, or nearly. */
static void put_in(struct ndb_pack_writer *writer, struct input *input,
                   const struct rows *rows, int type, uint32_t target)
{
    struct ndb_pack_edge edges[EDGES_MAX];
    size_t count = 0;

    for (uint32_t table = 0; table < TABLES; table++)
        for (size_t i = 0; i < rows->edge_counts[type][table]; i++) {
            struct ndb_pack_edge edge = rows->edges[type][table][i];
            uint64_t to = edge.neighbour;

            if (NAMIDB_ID_TABLE(to) != target || count == EDGES_MAX ||
                is_bad(input))
                continue;
            edge.neighbour = bend(input, NAMIDB_ID(edge.owner, table)) & ID_MAX;
            edge.owner = bend(input, NAMIDB_ID_SEQUENCE(to)) & 0xffff;
            edge.sequence = bend(input, edge.sequence) & 0xffff;
            edges[count++] = edge;
        }
    put_edge_part(writer, input, NDB_PART_IN, (uint32_t)type + 1, target, edges,
                  count);
}

static void put_edge_ids(struct ndb_pack_writer *writer, struct input *input,
                         const struct rows *rows, int type)
{
    uint64_t sources[TABLES * EDGES_MAX + 1] = { 0 };

    for (uint32_t table = 0; table < TABLES; table++)
        for (size_t i = 0; i < rows->edge_counts[type][table]; i++)
            sources[rows->edges[type][table][i].sequence] =
                NAMIDB_ID(rows->edges[type][table][i].owner, table);
    FUZZ_CHECK(ndb_pack_writer_part(writer, NDB_PART_EDGE_ID,
                                    (uint32_t)type + 1, 0) >= 0);
    for (uint64_t at = 1; at <= rows->sequences[type]; at++)
        if (!is_bad(input))
            FUZZ_CHECK(ndb_pack_writer_edge_id(
                           writer, at, bend(input, sources[at]) & ID_MAX) >= 0);
}

static int compare_keys(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;

    if (one[0] != other[0])
        return one[0] < other[0] ? -1 : 1;
    return (one[1] > other[1]) - (one[1] < other[1]);
}

static void put_keys(struct ndb_pack_writer *writer, struct rows *rows)
{
    for (uint32_t table = 0; table < TABLES; table++) {
        qsort(rows->keys[table], rows->key_counts[table],
              sizeof rows->keys[table][0], compare_keys);
        FUZZ_CHECK(ndb_pack_writer_part(writer, NDB_PART_KEY, 0, table) >= 0);
        for (size_t i = 0; i < rows->key_counts[table]; i++)
            FUZZ_CHECK(ndb_pack_writer_key(writer, rows->keys[table][i].hash,
                                           rows->keys[table][i].sequence) >= 0);
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct ndb_index_entry *const *one = a, *const *other = b;

    return ndb_index_entry_compare(*one, *other);
}

static void put_index(struct ndb_pack_writer *writer, struct rows *rows,
                      bool is_edge)
{
    const struct ndb_index_entry *sorted[ENTRIES_MAX];
    size_t count = rows->entry_counts[is_edge];

    for (size_t i = 0; i < count; i++)
        sorted[i] = &rows->entries[is_edge][i].entry;
    qsort(sorted, count, sizeof *sorted, compare_entries);
    FUZZ_CHECK(ndb_pack_writer_index_part(writer, is_edge ? 2 : 1) >= 0);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_entries(&sorted[i - 1], &sorted[i]) < 0)
            FUZZ_CHECK(ndb_pack_writer_index(writer, sorted[i]) >= 0);
}

static void index_edges(struct input *input, struct rows *rows)
{
    for (uint32_t table = 0; table < TABLES; table++)
        for (size_t i = 0; i < rows->edge_counts[0][table]; i++) {
            const struct ndb_pack_edge *edge = &rows->edges[0][table][i];

            if (!edge->is_deleted && edge->sequence % 3 != 0)
                add_entry(
                    rows, true, (int64_t)(edge->sequence % 5),
                    (struct ndb_index_entry){
                        .id = bend(input, NAMIDB_ID(edge->sequence, 1)),
                        .from = bend(input, NAMIDB_ID(edge->owner, table)) | 1,
                        .to = bend(input, edge->neighbour) | 1,
                    });
        }
}

/* Writes a pack whose nodes begin at `first`. */
static void write_rows(struct ndb_pack_writer *writer, struct input *input,
                       uint64_t first)
{
    struct rows *rows = calloc(1, sizeof *rows);

    FUZZ_CHECK(rows != NULL);
    put_nodes(writer, input, rows, first);
    make_edges(input, rows, first);
    put_out(writer, input, rows);
    for (int type = 0; type < TYPES; type++)
        for (uint32_t target = 0; target < TABLES; target++)
            put_in(writer, input, rows, type, target);
    for (int type = 0; type < TYPES; type++)
        put_edge_ids(writer, input, rows, type);
    put_keys(writer, rows);
    index_edges(input, rows);
    put_index(writer, rows, false);
    put_index(writer, rows, true);
    free(rows);
}

/* ------------------------------------------------------------- a pack -- */

static void bend_part(struct input *input, struct ndb_part *part)
{
    switch (take(input) % 6) {
    case 0:
        part->type = (uint32_t)bend(input, part->type) & NDB_TYPE_COUNT_MAX;
        break;
    case 1:
        part->table = (uint32_t)bend(input, part->table) & NAMIDB_TABLE_MAX;
        break;
    case 2:
        part->rows = bend(input, part->rows);
        break;
    case 3:
        part->tombstones = bend(input, part->tombstones) % (part->rows + 1);
        break;
    case 4:
        part->has_bare = !part->has_bare;
        break;
    default:
        part->kind =
            (enum ndb_part_kind)(1 + take(input) % (NDB_PART_KIND_COUNT - 1));
    }
}

static void bend_segment(struct input *input, struct ndb_segment_entry *entry)
{
    if (take(input) % 2 == 0)
        entry->first = bend(input, entry->first);
    else
        entry->last = bend(input, entry->last);
    if (entry->last < entry->first)
        entry->last = entry->first;
}

/* A byte of a payload is changed, and the checksum put right. */
static void bend_payload(struct input *input, uint8_t *object,
                         const struct ndb_segment_entry *entry)
{
    uint8_t *segment = object + entry->offset;
    size_t body = entry->bytes - NDB_SEGMENT_CHECKSUM_BYTES;
    size_t at =
        NDB_SEGMENT_HEADER_BYTES + (take(input) | (size_t)take(input) << 8) %
                                       (body - NDB_SEGMENT_HEADER_BYTES);

    segment[at] = take(input);
    fuzz_put_u64(segment + body, ndb_hash64(ndb_slice(segment, body)));
}

struct sealed {
    struct ndb_buf object;
    uint32_t directory_bytes;
    uint64_t rows, tombstones;
};

/* The object with its directory bent; false: that cannot be written. */
static bool seal(struct input *input, struct ndb_slice whole,
                 const struct ndb_pack_summary *summary, struct sealed *out)
{
    size_t body = whole.bytes - summary->directory_bytes;
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_directory directory;
    bool is_done;

    FUZZ_CHECK(ndb_directory_decode(
                   ndb_slice(whole.data + body, summary->directory_bytes),
                   whole.bytes, &arena, &directory) >= 0);
    FUZZ_CHECK(ndb_buf_append(&out->object, whole.data, body) >= 0);
    for (int i = take(input) % 4; i > 0 && directory.part_count > 0; i--) {
        struct ndb_part *part = (struct ndb_part *)(uintptr_t)&directory
                                    .parts[take(input) % directory.part_count];
        struct ndb_segment_entry *entry =
            (struct ndb_segment_entry *)(uintptr_t)&part
                ->segments[take(input) % part->segment_count];

        switch (take(input) % 3) {
        case 0:
            bend_part(input, part);
            break;
        case 1:
            bend_segment(input, entry);
            break;
        default:
            bend_payload(input, out->object.data, entry);
        }
    }
    is_done = ndb_directory_encode(&out->object, directory.parts,
                                   directory.part_count) >= 0;
    out->directory_bytes = (uint32_t)(out->object.bytes - body);
    out->rows = summary->rows;
    out->tombstones = summary->tombstones;
    ndb_arena_release(&arena);
    return is_done;
}

static bool make_pack(struct input *input, uint64_t first, struct sealed *out)
{
    struct ndb_pack_writer *writer;
    struct ndb_pack_summary summary;
    struct ndb_slice object;
    bool is_done;

    FUZZ_CHECK(ndb_pack_writer_new(&writer) >= 0);
    write_rows(writer, input, first);
    FUZZ_CHECK(ndb_pack_writer_finish(writer, &object, &summary) >= 0);
    is_done = seal(input, object, &summary, out);
    ndb_pack_writer_free(writer);
    return is_done;
}

#endif
