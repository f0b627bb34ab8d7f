/* SPDX-License-Identifier: Apache-2.0 */
#include "format/segment_owners.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "format/pack_internal.h"
#include "format/elias_fano.h"

/* ------------------------------------------------------------- encoding -- */

static uint64_t range_of(const uint64_t *owners, size_t count)
{
    return owners[count - 1] - owners[0] + 1;
}

unsigned ndb_edge_owners_way(const uint64_t *owners, size_t count)
{
    uint64_t range = range_of(owners, count);

    if (range <= (uint64_t)count * NDB_OWNERS_DENSE_MAX)
        return NDB_FLAG_DENSE;
    return range <= (uint64_t)count * NDB_OWNERS_MARKED_MAX ? NDB_FLAG_MARKED
                                                            : 0;
}

uint64_t ndb_edge_owners_count(const uint64_t *owners, size_t count)
{
    return ndb_edge_owners_way(owners, count) == NDB_FLAG_DENSE
               ? range_of(owners, count)
               : count;
}

/* A length for each sequence from the first owner to the last. */
static int put_spread(struct ndb_buf *out, const uint64_t *owners,
                      const uint64_t *lengths, size_t count,
                      uint64_t edge_count)
{
    size_t range = (size_t)range_of(owners, count);
    uint64_t *spread = ndb_calloc(range, sizeof *spread);
    int rc;

    if (spread == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        spread[owners[i] - owners[0]] = lengths[i];
    rc = ndb_elias_fano_put(
        out,
        &(struct ndb_lengths){ (uint32_t)range, (uint32_t)edge_count, false },
        spread);
    ndb_free(spread);
    return rc;
}

static int put_marks(struct ndb_buf *out, const uint64_t *owners, size_t count)
{
    uint64_t range = range_of(owners, count);
    size_t bytes = (size_t)(range + 7) / 8;
    uint8_t *bits = ndb_calloc(bytes, 1);
    int rc;

    if (bits == NULL)
        return NAMIDB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        uint64_t at = owners[i] - owners[0];

        bits[at / 8] |= (uint8_t)(1u << at % 8);
    }
    rc = ndb_buf_varint(out, range);
    if (rc >= 0)
        rc = ndb_stream_put_bits(out, ndb_slice(bits, bytes));
    ndb_free(bits);
    return rc;
}

int ndb_edge_owners_put(struct ndb_buf *out, const uint64_t *owners,
                        const uint64_t *lengths, size_t count,
                        uint64_t edge_count)
{
    unsigned way = ndb_edge_owners_way(owners, count);
    int rc = way == 0 ? ndb_ints_put(out, owners, count)
                      : ndb_buf_varint(out, owners[0]);

    if (rc >= 0 && way == NDB_FLAG_MARKED)
        rc = put_marks(out, owners, count);
    if (rc < 0)
        return rc;
    return way == NDB_FLAG_DENSE
               ? put_spread(out, owners, lengths, count, edge_count)
               : ndb_elias_fano_put(out,
                                    &(struct ndb_lengths){ (uint32_t)count,
                                                           (uint32_t)edge_count,
                                                           true },
                                    lengths);
}

/* ------------------------------------------------------------- decoding -- */

static void *fail(struct ndb_source *source, bool has_no_memory)
{
    source->has_no_memory |= has_no_memory;
    ndb_reader_fail(&source->reader);
    return NULL;
}

static void get_first(struct ndb_source *source, uint64_t range,
                      struct ndb_edge_segment *segment)
{
    segment->first =
        ndb_reader_varint_max(&source->reader, NAMIDB_SEQUENCE_MAX - range + 1);
    if (segment->first == 0)
        ndb_reader_fail(&source->reader);
}

/* Bits as words; what is before each is counted. */
static void take_marks(const uint8_t *bits, uint64_t range,
                       struct ndb_owner_word *words)
{
    size_t bytes = (size_t)(range + 7) / 8;
    uint32_t before = 0;

    for (size_t at = 0; at < bytes; at += sizeof(uint64_t), words++) {
        size_t left = bytes - at;

        words->bits = 0;
        memcpy(&words->bits, bits + at,
               left < sizeof(uint64_t) ? left : sizeof(uint64_t));
        words->bits = ndb_packed_swap(words->bits);
        words->before = before;
        before += (uint32_t)__builtin_popcountll(words->bits);
    }
}

/* The first and the last of the range are owners, and so are as many as there
 * are to be. */
static bool are_marks(const struct ndb_edge_segment *segment, uint64_t range)
{
    const struct ndb_owner_word *last =
        &segment->words[segment->word_count - 1];

    return (segment->words[0].bits & 1) != 0 &&
           last->bits >> (range - 1) % 64 == 1 &&
           last->before + (uint32_t)__builtin_popcountll(last->bits) ==
               segment->owner_count;
}

static void get_marks(struct ndb_source *source, struct ndb_source *scratch,
                      struct ndb_edge_segment *segment)
{
    struct ndb_owner_word *words;
    uint64_t range;
    const uint8_t *bits;

    segment->first =
        ndb_reader_varint_max(&scratch->reader, NAMIDB_SEQUENCE_MAX);
    range =
        ndb_reader_varint_max(&scratch->reader, (uint64_t)segment->owner_count *
                                                    NDB_OWNERS_MARKED_MAX);
    if (segment->first == 0 || range == 0 ||
        range > NAMIDB_SEQUENCE_MAX - segment->first + 1)
        ndb_reader_fail(&scratch->reader);
    if (scratch->reader.is_failed)
        return;
    bits = ndb_stream_look(scratch, (size_t)(range + 7) / 8);
    if (bits == NULL)
        return;
    segment->word_count = (uint32_t)((range + 63) / 64);
    words = ndb_arena_array(source->arena, segment->word_count, sizeof *words);
    if (words == NULL) {
        (void)fail(scratch, true);
        return;
    }
    take_marks(bits, range, words);
    segment->words = words;
    if (!are_marks(segment, range))
        ndb_reader_fail(&scratch->reader);
}

static void get_listed(struct ndb_source *source, struct ndb_source *scratch,
                       struct ndb_edge_segment *segment)
{
    const uint64_t *owners = ndb_sequences_get(scratch, segment->owner_count,
                                               false, &segment->first);

    if (owners != NULL && !scratch->reader.is_failed &&
        !ndb_pack(source->arena, owners, segment->owner_count,
                  &segment->owners))
        (void)fail(scratch, true);
}

/* The first and the last of a dense run have edges; of others all do. */
static bool are_ends_good(const struct ndb_edge_segment *segment)
{
    return ndb_edge_offset(segment, 1) != 0 &&
           ndb_edge_offset(segment, segment->owner_count - 1) !=
               segment->edge_count;
}

static void get_offsets(struct ndb_source *source, struct ndb_source *scratch,
                        struct ndb_edge_segment *segment)
{
    const struct ndb_lengths lengths = { segment->owner_count,
                                         segment->edge_count,
                                         !segment->is_dense };

    segment->offsets = ndb_elias_fano_get(scratch, &lengths, source->arena);
    if (!scratch->reader.is_failed && !are_ends_good(segment))
        ndb_reader_fail(&scratch->reader);
}

/* What is only read is unpacked into the arena of `scratch`. */
static void get_all(struct ndb_source *source, struct ndb_source *scratch,
                    unsigned flags, struct ndb_edge_segment *segment)
{
    segment->is_dense = (flags & NDB_FLAG_DENSE) != 0;
    if (segment->is_dense)
        get_first(scratch, segment->owner_count, segment);
    else if ((flags & NDB_FLAG_MARKED) != 0)
        get_marks(source, scratch, segment);
    else
        get_listed(source, scratch, segment);
    if (!scratch->reader.is_failed)
        get_offsets(source, scratch, segment);
}

void ndb_edge_owners_get(struct ndb_source *source, unsigned flags,
                         struct ndb_edge_segment *segment)
{
    namidb_arena arena = NDB_ARENA_INIT;
    struct ndb_source scratch = { source->reader, &arena, false };
    uint64_t most = (uint64_t)segment->edge_count *
                    ((flags & NDB_FLAG_DENSE) != 0 ? NDB_OWNERS_DENSE_MAX : 1);

    if (segment->owner_count == 0 || segment->owner_count > most)
        ndb_reader_fail(&scratch.reader);
    else
        get_all(source, &scratch, flags, segment);
    source->reader = scratch.reader;
    source->has_no_memory |= scratch.has_no_memory;
    ndb_arena_release(&arena);
}
