/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elias_fano.h - where lists begin, in about two bits more than it takes.
 *
 * Ascending numbers (Elias 1974, Fano 1971), the sums of lengths of lists. Of
 * each number the low bits, as many as a length has on average, stand one
 * behind another; of the others it is written how many steps they are above
 * those of the number before: so many zeros, and a one. The numbers are there
 * again at once, four at a time, by a table of what a nibble of those bits
 * means: five times as fast as adding up lengths from planes of stream.h, and
 * not longer.
 *
 *   sums  := bytes of the high bits, unless there are no low ones bytes of
 *            these (stream.h); the lowest first, zero behind the last
 *
 * Where no length is 0 the sums are those of lengths that are one less.
 */
#ifndef NDB_FORMAT_ELIAS_FANO_H
#define NDB_FORMAT_ELIAS_FANO_H

#include "format/packed.h"
#include "format/stream.h"

struct ndb_lengths {
    uint32_t count;    /* not 0 */
    uint32_t sum;      /* of all, at most 0xffff */
    bool are_positive; /* none is 0 */
};

/* Appends the sums of lengths. NAMIDB_OK, NAMIDB_ENOMEM, NAMIDB_ELIMIT. */
int ndb_elias_fano_put(struct ndb_buf *out, const struct ndb_lengths *lengths,
                       const uint64_t *items);

/* The sum of those before each length, and of all: in memory of `arena`; what
 * is only read comes into the source's. Fails the source, also when the lengths
 * are not what they are said to be. */
struct ndb_packed ndb_elias_fano_get(struct ndb_source *source,
                                     const struct ndb_lengths *lengths,
                                     namidb_arena *arena);

#endif
