/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_lists.h - the lists of an edge segment, from stored to packed.
 *
 * A walk that comes by for the first time wants one list in a hundred. So when
 * a segment is decoded its lists are only found and copied as they are stored.
 * As long as few of them were read a list is put together from its bytes alone,
 * and edge sequences are not touched by who does not ask for them. Then all are
 * packed (packed.h), for good, and the stored bytes go. What is read list by
 * list costs at most as much again as packing at once would have.
 *
 * As with columns there is no lock: threads that pack at the same time do so
 * each for itself, one publishes, and the bytes count in the segment's store
 * (segment_columns.h).
 */
#ifndef NDB_FORMAT_SEGMENT_LISTS_H
#define NDB_FORMAT_SEGMENT_LISTS_H

#include "format/segment.h"
#include "format/stream.h"

/* Finds the neighbours and sequences of a segment whose owners and offsets are
 * decoded, and copies them: source->reader is at their first byte, and then
 * behind them. */
void ndb_edge_lists_open(struct ndb_source *source, bool is_wide,
                         struct ndb_column_store *bytes,
                         struct ndb_edge_segment *segment);

/* Frees all but what is in the segment's arena. */
void ndb_edge_lists_release(struct ndb_list_store *store);

#endif
