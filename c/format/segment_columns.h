/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment_columns.h - the columns of a segment, from stored to decoded.
 *
 * When a segment is decoded its columns are only found and copied as they are
 * stored: a query mostly wants one or two of them. Who first asks for a column
 * decodes it, without a lock: threads that do so at the same time decode it
 * each for itself, and one of them publishes. The stored bytes go when the last
 * column is decoded, and nobody is still reading them.
 *
 * Who keeps segments can have the bytes counted as they come and go.
 */
#ifndef NDB_FORMAT_SEGMENT_COLUMNS_H
#define NDB_FORMAT_SEGMENT_COLUMNS_H

#include "format/segment.h"
#include "format/stream.h"

/* A bit for each row, as words; what is behind the last row is zero. */
const uint64_t *ndb_bits_get(struct ndb_source *source, uint32_t row_count);

/* Lengths as offsets, one more, and their sum, unless it is above `max`. */
const uint32_t *ndb_sums_get(struct ndb_source *source, uint32_t count,
                             uint64_t max, uint64_t *sum);

/* The column of the keys (NULL: the group has none) and those of properties,
 * whose row counts are set. Bytes are copied into *store. */
void ndb_columns_open(struct ndb_source *source, struct ndb_column_store *store,
                      struct ndb_columns *key, struct ndb_columns *columns);
/* What was decoded. */
void ndb_columns_release(const struct ndb_columns *columns);
void ndb_column_store_release(struct ndb_column_store *store);

/* Counts bytes that come, or go. */
void ndb_column_store_add(struct ndb_column_store *store, int64_t change);

#endif
