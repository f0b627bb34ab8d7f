/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - arrays as bytes that zstd does well on and that decode fast.
 *
 *   bytes  := raw length varint, stored length varint, stored bytes; stored
 *             length 0 means that the raw bytes follow (they did not shrink)
 *   ints   := mode u8, width + 16 x top bits u8, base varint, planes
 *   plane  := bytes: byte k of every number, for k below width
 *   the last plane, if top bits are not 0: so many bits of every number, up to
 *             7, the lowest first; then zeros, to be read by words
 *
 * Splitting numbers into planes gives each plane a Huffman table of its own:
 * the gaps of a random list take their entropy, about 18 bits for 1 in 90,000,
 * where varints would take 24. Modes: plain (minus base, the smallest),
 * ascending deltas (base is the first), zigzag deltas (base is the first);
 * whichever needs the fewest bytes. Of numbers that are spread evenly the last
 * plane is short but no Huffman table makes it shorter than bits, and those are
 * read one by one: a hop wants one list in hundreds.
 */
#ifndef NDB_FORMAT_STREAM_H
#define NDB_FORMAT_STREAM_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT. */
int ndb_stream_put(struct ndb_buf *out, struct ndb_slice bytes);
/* The same of bits, which are read where they are stored if they do not shrink
 * by a quarter: few as they are, a frame takes longer than to read them. */
int ndb_stream_put_bits(struct ndb_buf *out, struct ndb_slice bits);
int ndb_ints_put(struct ndb_buf *out, const uint64_t *numbers, size_t count);
/* The same of numbers that may repeat, as bits do not tell and zstd does: some
 * are compressed in two modes. */
int ndb_ints_put_tried(struct ndb_buf *out, const uint64_t *numbers,
                       size_t count);
/* About the bits of what the last one would write, of some of the numbers and
 * without what zstd may save: for comparison with as many others. */
uint64_t ndb_ints_bits(const uint64_t *numbers, size_t count);

/* What is decoded is the arena's. After a failure the reader is failed, or the
 * source has no memory. */
struct ndb_source {
    struct ndb_reader reader;
    namidb_arena *arena;
    bool has_no_memory;
};

/* NAMIDB_OK when nothing failed, else NAMIDB_ECORRUPT or NAMIDB_ENOMEM. */
int ndb_source_status(const struct ndb_source *source);

/* Memory of the source's arena; fails the source. */
void *ndb_source_room(struct ndb_source *source, size_t count, size_t size);
/* The same, zeroed. */
void *ndb_source_take(struct ndb_source *source, size_t count, size_t size);

/* The next stream as it is stored: a frame of *raw bytes, of which there are no
 * more than `max`, or the bytes themselves. */
struct ndb_slice ndb_stream_find(struct ndb_source *source, size_t max,
                                 uint64_t *raw, bool *is_frame);
/* A stream of exactly `bytes` raw bytes, or of any length up to `max`. */
const uint8_t *ndb_stream_get(struct ndb_source *source, size_t bytes);
struct ndb_slice ndb_stream_get_any(struct ndb_source *source, size_t max);
/* The same as the first, where it is stored if it is no frame. */
const uint8_t *ndb_stream_look(struct ndb_source *source, size_t bytes);

/* `count` numbers. The 32-bit form fails the source when one is too large. */
uint64_t *ndb_ints_get(struct ndb_source *source, size_t count);
uint32_t *ndb_ints_get_u32(struct ndb_source *source, size_t count);
/* The same into memory that is there. */
void ndb_ints_get_into(struct ndb_source *source, uint32_t *out, size_t count);

/* Numbers as offsets from a base, each in as few bytes as all of them allow:
 * number i is base + item i, modulo 2^64. */
struct ndb_narrow {
    void *items; /* the arena's */
    uint64_t base;
    uint8_t width; /* 1, 2, 4, 8; of 8 the base is 0 */
};
struct ndb_narrow ndb_ints_get_narrow(struct ndb_source *source, size_t count);

enum ndb_ints_mode { NDB_INTS_PLAIN, NDB_INTS_ASCENDING, NDB_INTS_ZIGZAG };

/* Behind a plane of bits, so that the last ones are read by a word. */
enum { NDB_INTS_BITS_MORE = 7 };

/* Bytes of a plane of so many bits of each number. */
static inline size_t ndb_ints_bits_bytes(unsigned bits, size_t count)
{
    return (count * bits + 7) / 8 + NDB_INTS_BITS_MORE;
}

/* Numbers where they are stored. */
struct ndb_ints {
    uint8_t mode, width; /* bytes of a number, one in each plane */
    uint8_t top_bits;    /* of a number in the last plane; 0: 8, or a frame */
    uint64_t base;
    const uint8_t *planes[8];
    uint32_t frame_bytes[8]; /* of a plane; 0: it is there as it is */
};

/* Finds `count` numbers and reads on behind them: nothing is unpacked. */
void ndb_ints_find(struct ndb_source *source, size_t count,
                   struct ndb_ints *ints);
/* How many of their planes are frames. */
size_t ndb_ints_frames(const struct ndb_ints *ints);
/* The same, and the last one if it is bits. */
size_t ndb_ints_packed(const struct ndb_ints *ints);
/* Unpacks those into memory, of packed x count bytes, which is from then on
 * part of the numbers. NAMIDB_OK, NAMIDB_ECORRUPT, NAMIDB_ENOMEM. */
int ndb_ints_unpack(struct ndb_ints *ints, size_t count, uint8_t *memory);
/* Some of numbers that have no frames, or not any more: from the first one on,
 * or, of plain ones, from any. */
void ndb_ints_take(const struct ndb_ints *ints, size_t from, size_t count,
                   uint64_t *out);

/* True: each stands for itself. */
static inline bool ndb_ints_are_plain(const struct ndb_ints *ints)
{
    return ints->mode == NDB_INTS_PLAIN;
}

#endif
