/* SPDX-License-Identifier: Apache-2.0 */
#include "format/segment_lists.h"

#include "base/error.h"
#include "base/kept.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/segment_columns.h"
#include "format/trend.h"

/* Lists are packed before more than one edge in so many was read from stored
 * bytes, which takes about half of what packing does for each. */
enum { FEW_OF = 4 };

/* Neighbours or sequences, unpacked. */
struct unpacked {
    struct ndb_ints ints;
    size_t bytes; /* of all this */
    uint8_t planes[];
};

/* Numbers as they are stored. */
struct numbers {
    struct ndb_ints ints;                /* in ndb_stored_lists.stored */
    _Atomic(struct unpacked *) unpacked; /* NULL: not yet, or as it is stored */
};

struct ndb_stored_lists {
    struct numbers neighbours, sequences;
    struct ndb_trend trend;
    uint64_t id_max; /* of a neighbour as it is stored */
    uint32_t table;  /* of all neighbours, unless is_wide */
    bool is_wide;
    atomic_uint taken; /* edges that were read from it */
    size_t bytes;      /* of all this */
    uint8_t stored[];
};

/* All lists, packed. */
struct packed {
    struct ndb_edge_lists lists;
    namidb_arena arena;
};

/* Arrays are mostly larger and get blocks of their own size. */
enum { ARENA_BLOCK_BYTES = 256 };

/* --------------------------------------------------------------- opening -- */

static struct ndb_trend get_trend(struct ndb_reader *reader)
{
    struct ndb_trend trend = { ndb_reader_varint(reader), 0 };

    if (trend.slope != 0)
        trend.base = (uint64_t)ndb_unzigzag(ndb_reader_varint(reader));
    return trend;
}

static void find_lists(struct ndb_source *source, uint32_t edge_count,
                       struct ndb_stored_lists *lists)
{
    if (!lists->is_wide)
        lists->table =
            (uint32_t)ndb_reader_varint_max(&source->reader, NAMIDB_TABLE_MAX);
    lists->id_max = lists->is_wide
                        ? NAMIDB_ID(NAMIDB_SEQUENCE_MAX, NAMIDB_TABLE_MAX)
                        : NAMIDB_SEQUENCE_MAX;
    ndb_ints_find(source, edge_count, &lists->neighbours.ints);
    lists->trend = get_trend(&source->reader);
    ndb_ints_find(source, edge_count, &lists->sequences.ints);
}

/* Planes that pointed into the bytes at `from` do so into those at `to`. */
static void move_planes(struct ndb_ints *ints, const uint8_t *from,
                        const uint8_t *to)
{
    for (unsigned k = 0; k < ints->width; k++)
        ints->planes[k] = to + (ints->planes[k] - from);
}

static void *take(struct ndb_source *source, void *memory)
{
    if (memory == NULL) {
        source->has_no_memory = true;
        ndb_reader_fail(&source->reader);
    }
    return memory;
}

void ndb_edge_lists_open(struct ndb_source *source, bool is_wide,
                         struct ndb_column_store *bytes,
                         struct ndb_edge_segment *segment)
{
    const uint8_t *first = source->reader.at;
    struct ndb_stored_lists found = { .is_wide = is_wide }, *lists;
    size_t stored_bytes;

    find_lists(source, segment->edge_count, &found);
    if (source->reader.is_failed)
        return;
    stored_bytes = (size_t)(source->reader.at - first);
    found.bytes = sizeof *lists + stored_bytes;
    lists = take(source, ndb_alloc(found.bytes));
    if (lists == NULL)
        return;
    memcpy(lists, &found, sizeof found);
    memcpy(lists->stored, first, stored_bytes);
    move_planes(&lists->neighbours.ints, first, lists->stored);
    move_planes(&lists->sequences.ints, first, lists->stored);
    segment->lists->bytes = bytes;
    atomic_init(&segment->lists->stored, lists);
    ndb_column_store_add(bytes, (int64_t)lists->bytes);
}

static void free_numbers(struct numbers *numbers)
{
    ndb_free(atomic_load(&numbers->unpacked));
}

static size_t bytes_of_numbers(struct numbers *numbers)
{
    const struct unpacked *unpacked = atomic_load(&numbers->unpacked);

    return unpacked != NULL ? unpacked->bytes : 0;
}

/* Returns how many bytes were freed. */
static size_t free_stored(struct ndb_stored_lists *lists)
{
    size_t bytes;

    if (lists == NULL)
        return 0;
    bytes = lists->bytes + bytes_of_numbers(&lists->neighbours) +
            bytes_of_numbers(&lists->sequences);
    free_numbers(&lists->neighbours);
    free_numbers(&lists->sequences);
    ndb_free(lists);
    return bytes;
}

static void free_packed(const struct ndb_edge_lists *lists)
{
    struct packed *packed = (struct packed *)(uintptr_t)lists;

    if (packed == NULL)
        return;
    ndb_arena_release(&packed->arena);
    ndb_kept_free(packed, sizeof *packed);
}

void ndb_edge_lists_release(struct ndb_list_store *store)
{
    if (store->bytes == NULL) /* they were never stored */
        return;
    (void)free_stored(atomic_load(&store->stored));
    free_packed(atomic_load(&store->packed));
}

/* ----------------------------------------------------------- one of them -- */

/* Numbers whose planes are all there as they are. NAMIDB_OK, NAMIDB_ECORRUPT,
 * NAMIDB_ENOMEM. */
static int unpack(struct ndb_column_store *bytes, struct numbers *numbers,
                  size_t count, const struct ndb_ints **out)
{
    size_t packed = ndb_ints_packed(&numbers->ints);
    struct unpacked *none = NULL, *unpacked = atomic_load(&numbers->unpacked);
    int rc;

    if (ndb_ints_frames(&numbers->ints) == 0 || unpacked != NULL) {
        *out = unpacked != NULL ? &unpacked->ints : &numbers->ints;
        return NAMIDB_OK;
    }
    unpacked = ndb_alloc(sizeof *unpacked + packed * count);
    if (unpacked == NULL)
        return NAMIDB_ENOMEM;
    unpacked->ints = numbers->ints;
    unpacked->bytes = sizeof *unpacked + packed * count;
    rc = ndb_ints_unpack(&unpacked->ints, count, unpacked->planes);
    if (rc < 0) {
        ndb_free(unpacked);
        return rc;
    }
    if (atomic_compare_exchange_strong(&numbers->unpacked, &none, unpacked)) {
        ndb_column_store_add(bytes, (int64_t)unpacked->bytes);
        none = unpacked;
    } else {
        ndb_free(unpacked);
    }
    *out = &none->ints;
    return NAMIDB_OK;
}

/* The gaps of one list become ids; false when one is out of range. */
static bool undo_gaps(const struct ndb_stored_lists *lists, uint64_t *ids,
                      uint32_t count)
{
    const uint64_t max = lists->id_max;
    uint64_t last = 0;

    for (uint32_t i = 0; i < count; i++) {
        last += ids[i];
        if (ids[i] > max || last > max ||
            (lists->is_wide ? NAMIDB_ID_SEQUENCE(last) : last) == 0)
            return false;
        ids[i] = lists->is_wide ? last : NAMIDB_ID(last, lists->table);
    }
    return true;
}

/* What was left of sequences is put on the line again; false likewise. */
static bool raise_sequences(const struct ndb_trend *trend,
                            const uint64_t *neighbours, uint64_t *sequences,
                            uint32_t count)
{
    bool is_good = true;

    for (uint32_t i = 0; i < count; i++) {
        if (trend->slope != 0)
            sequences[i] +=
                ndb_trend_at(trend, NAMIDB_ID_SEQUENCE(neighbours[i]));
        is_good &= sequences[i] - 1 < NAMIDB_SEQUENCE_MAX;
    }
    return is_good;
}

/* Reads a list from its stored bytes. */
static int read_stored(const struct ndb_edge_segment *segment,
                       struct ndb_stored_lists *lists, uint32_t begin,
                       uint32_t count, uint64_t *neighbours,
                       uint64_t *sequences)
{
    struct ndb_column_store *bytes = segment->lists->bytes;
    const struct ndb_ints *ints;
    int rc = unpack(bytes, &lists->neighbours, segment->edge_count, &ints);

    if (rc < 0)
        return rc;
    ndb_ints_take(ints, begin, count, neighbours);
    if (!undo_gaps(lists, neighbours, count))
        return NAMIDB_ECORRUPT;
    if (sequences == NULL)
        return NAMIDB_OK;
    rc = unpack(bytes, &lists->sequences, segment->edge_count, &ints);
    if (rc < 0)
        return rc;
    ndb_ints_take(ints, begin, count, sequences);
    return raise_sequences(&lists->trend, neighbours, sequences, count)
               ? NAMIDB_OK
               : NAMIDB_ECORRUPT;
}

/* ----------------------------------------------------------- all of them -- */

/* All numbers, in memory of the arena. */
static uint64_t *read_all(const struct numbers *numbers, size_t count,
                          namidb_arena *arena, int *rc)
{
    struct ndb_ints ints = numbers->ints;
    size_t packed = ndb_ints_packed(&ints);
    uint64_t *all = ndb_arena_array(arena, count, sizeof *all);
    uint8_t *planes = ndb_arena_array(arena, packed, count);

    *rc = all != NULL && planes != NULL ? ndb_ints_unpack(&ints, count, planes)
                                        : NAMIDB_ENOMEM;
    if (*rc < 0)
        return NULL;
    ndb_ints_take(&ints, 0, count, all);
    return all;
}

static bool undo_all_gaps(const struct ndb_edge_segment *segment,
                          const struct ndb_stored_lists *lists, uint64_t *ids)
{
    uint32_t begin = 0;

    for (uint32_t i = 1; i <= segment->owner_count; i++) {
        uint32_t end = ndb_edge_offset(segment, i);

        if (!undo_gaps(lists, ids + begin, end - begin))
            return false;
        begin = end;
    }
    return true;
}

static int pack_numbers(const struct ndb_edge_segment *segment,
                        const struct ndb_stored_lists *lists,
                        namidb_arena *scratch, struct packed *out)
{
    uint32_t count = segment->edge_count;
    uint64_t *sequences = NULL;
    int rc;
    uint64_t *ids = read_all(&lists->neighbours, count, scratch, &rc);

    if (ids == NULL)
        return rc;
    if (!undo_all_gaps(segment, lists, ids))
        return NAMIDB_ECORRUPT;
    sequences = read_all(&lists->sequences, count, scratch, &rc);
    if (sequences == NULL)
        return rc;
    if (!raise_sequences(&lists->trend, ids, sequences, count))
        return NAMIDB_ECORRUPT;
    return ndb_pack(&out->arena, ids, count, &out->lists.neighbours) &&
                   ndb_pack(&out->arena, sequences, count,
                            &out->lists.sequences)
               ? NAMIDB_OK
               : NAMIDB_ENOMEM;
}

static int pack(const struct ndb_edge_segment *segment,
                const struct ndb_stored_lists *lists, struct packed **out)
{
    struct packed *packed = ndb_kept_calloc(sizeof *packed);
    namidb_arena scratch = NDB_ARENA_INIT;
    int rc;

    *out = packed;
    if (packed == NULL)
        return NAMIDB_ENOMEM;
    packed->arena.block_bytes = ARENA_BLOCK_BYTES;
    packed->arena.is_kept = true;
    rc = pack_numbers(segment, lists, &scratch, packed);
    ndb_arena_release(&scratch);
    if (rc < 0)
        free_packed(&packed->lists);
    return rc;
}

/* Of several threads that pack at a time one publishes, and the others take
 * that. */
static int publish(const struct ndb_edge_segment *segment,
                   const struct ndb_stored_lists *stored)
{
    struct ndb_list_store *store = segment->lists;
    const struct ndb_edge_lists *none = NULL;
    struct packed *packed;
    int rc = pack(segment, stored, &packed);

    if (rc < 0)
        return rc;
    if (atomic_compare_exchange_strong(&store->packed, &none, &packed->lists))
        ndb_column_store_add(store->bytes,
                             (int64_t)(sizeof *packed + packed->arena.bytes));
    else
        free_packed(&packed->lists);
    return NAMIDB_OK;
}

/* ----------------------------------------------------------------- reads -- */

/* Whoever counts himself as a reader and then finds no packed lists may look at
 * the stored ones until he lets go. */
static struct ndb_stored_lists *hold(struct ndb_list_store *store)
{
    atomic_fetch_add(&store->readers, 1);
    return atomic_load(&store->packed) == NULL ? atomic_load(&store->stored)
                                               : NULL;
}

/* Nobody reads the stored lists once they are packed and there is no reader: in
 * this order, because a reader may have come, and gone on reading, before they
 * were. */
static void let_go(struct ndb_list_store *store)
{
    size_t bytes = 0;

    if (atomic_fetch_sub(&store->readers, 1) == 1 &&
        atomic_load(&store->packed) != NULL &&
        atomic_load(&store->readers) == 0)
        bytes = free_stored(atomic_exchange(&store->stored, NULL));
    if (bytes != 0)
        ndb_column_store_add(store->bytes, -(int64_t)bytes);
}

int ndb_edge_lists_pack(const struct ndb_edge_segment *segment)
{
    struct ndb_stored_lists *stored = hold(segment->lists);
    int rc = stored != NULL ? publish(segment, stored) : NAMIDB_OK;

    let_go(segment->lists);
    return rc;
}

/* Whether the next edges may be read without packing all, and counts them. */
static bool are_few(struct ndb_stored_lists *lists, uint32_t edge_count,
                    uint32_t count, bool with_sequences)
{
    uint32_t before =
        atomic_fetch_add_explicit(&lists->taken, count, memory_order_relaxed);

    return before + (uint64_t)count <= edge_count / FEW_OF &&
           ndb_ints_are_plain(&lists->neighbours.ints) &&
           (!with_sequences || ndb_ints_are_plain(&lists->sequences.ints));
}

int ndb_edge_list_read(const struct ndb_edge_segment *segment, uint32_t begin,
                       uint32_t end, uint64_t *neighbours, uint64_t *sequences)
{
    struct ndb_stored_lists *stored = hold(segment->lists);
    const struct ndb_edge_lists *packed;
    bool is_read = false;
    int rc = NAMIDB_OK;

    if (stored != NULL &&
        are_few(stored, segment->edge_count, end - begin, sequences != NULL)) {
        rc = read_stored(segment, stored, begin, end - begin, neighbours,
                         sequences);
        is_read = true;
    } else if (stored != NULL) {
        rc = publish(segment, stored);
    }
    let_go(segment->lists);
    if (rc < 0 || is_read)
        return rc;
    packed = ndb_edge_lists_peek(segment);
    ndb_packed_copy(&packed->neighbours, begin, end, neighbours);
    if (sequences != NULL)
        ndb_packed_copy(&packed->sequences, begin, end, sequences);
    return NAMIDB_OK;
}
