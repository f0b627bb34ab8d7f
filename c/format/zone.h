/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h - what the columns of a node group hold, so that a scan need not look.
 *
 * A zone part goes with each node part of NDB_ZONE_SEGMENTS_MIN segments or
 * more. It is one segment, in the order of the node part's:
 *
 *   zones  := one stream (stream.h) of: group count, group*
 *   group  := row count, zone count, zone*
 *   zone   := name (as a gap), null count, flags u8, min, max (value.h)
 *
 * A null counts where the column has no value: rows without it, and
 * tombstones. Flag 1: there is a range, of a kind whose values compare with one
 * another: booleans, integers, floats, strings, dates, local times. NaN is in
 * no range. Strings are cut to NDB_ZONE_TEXT_BYTES, the upper one upwards. A
 * property that no row of a group has, has no zone.
 *
 * Zones say what is certainly not there, and nothing else.
 */
#ifndef NDB_FORMAT_ZONE_H
#define NDB_FORMAT_ZONE_H

#include "format/stream.h"
#include "namidb.h"

#define NDB_ZONE_SEGMENTS_MIN 4u
#define NDB_ZONE_TEXT_BYTES 32u

struct ndb_zone {
    uint32_t name;
    uint32_t null_count;
    bool has_range;
    namidb_value min, max;
};

struct ndb_zone_group {
    uint32_t row_count;
    uint32_t zone_count;
    const struct ndb_zone *zones; /* by name */
};

/* What a scan wants of a row. */
enum ndb_zone_want {
    NDB_ZONE_EQUAL,
    NDB_ZONE_LESS,
    NDB_ZONE_LESS_EQUAL,
    NDB_ZONE_GREATER,
    NDB_ZONE_GREATER_EQUAL,
    NDB_ZONE_IN, /* a list: equal to any of its items */
    NDB_ZONE_NULL,
    NDB_ZONE_NOT_NULL
};

struct ndb_zone_test {
    uint32_t name; /* property; 0: one that nothing has */
    enum ndb_zone_want want;
    namidb_value value;
};

/* Whether a row of the group might pass. */
bool ndb_zone_may_match(const struct ndb_zone_group *group,
                        const struct ndb_zone_test *test);

struct ndb_batch_columns;

/* Appends the group that the columns of a batch make; they are sorted. */
int ndb_zone_group_encode(const struct ndb_batch_columns *columns,
                          uint32_t row_count, struct ndb_buf *out);

/* Appends the payload of a zone segment to *out: `groups` is what
 * ndb_zone_group_encode made of `count` of them. */
int ndb_zones_encode(struct ndb_slice groups, uint32_t count,
                     struct ndb_buf *out);
/* Fails the source when they do not decode. */
const struct ndb_zone_group *ndb_zones_decode(struct ndb_source *source,
                                              uint32_t *count);

#endif
