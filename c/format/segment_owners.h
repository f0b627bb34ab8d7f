/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_owners.h - whose the lists of an edge segment are, and where.
 *
 * A hop decodes this of each segment that it comes by, for one list in some
 * thousands, so it is stored as bits, which are quickly made what a reader
 * looks at. Three ways, by how many sequences there are from the first owner to
 * the last for each owner:
 *
 *   up to 2            DENSE: first varint; each of them has a list, which may
 *                      be empty
 *   up to 8            MARKED: first varint, their number varint, bits: which
 *                      of them are owners
 *   more               ints, ascending
 *
 * Then come the lengths of the lists (elias_fano.h).
 */
#ifndef NDB_FORMAT_SEGMENT_OWNERS_H
#define NDB_FORMAT_SEGMENT_OWNERS_H

#include "format/segment.h"
#include "format/stream.h"

/* Sequences from the first owner to the last, for each owner: in a list an
 * owner takes no less than the offset of an empty list, or than eight bits. */
enum { NDB_OWNERS_DENSE_MAX = 2, NDB_OWNERS_MARKED_MAX = 8 };

/* NDB_FLAG_DENSE, NDB_FLAG_MARKED or 0. */
unsigned ndb_edge_owners_way(const uint64_t *owners, size_t count);
/* How many of them, or of the sequences between them, have lists. */
uint64_t ndb_edge_owners_count(const uint64_t *owners, size_t count);
/* Appends owners and the lengths of their lists, which make up `edge_count`. */
int ndb_edge_owners_put(struct ndb_buf *out, const uint64_t *owners,
                        const uint64_t *lengths, size_t count,
                        uint64_t edge_count);

/* Reads all that, of segment->owner_count owners and segment->edge_count edges.
 * Fails the source: see stream.h. */
void ndb_edge_owners_get(struct ndb_source *source, unsigned flags,
                         struct ndb_edge_segment *segment);

#endif
