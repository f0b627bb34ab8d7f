/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what a commit batch is made of.
 *
 * A batch's payload is records one behind another. Rows are complete images,
 * never differences, so replaying needs nothing that came before. Names are
 * defined in the first batch that uses them, before their use.
 *
 *   record := kind u8, fields (varints; strings with their length)
 */
#ifndef NDB_FORMAT_RECORD_H
#define NDB_FORMAT_RECORD_H

#include "base/buf.h"
#include "namidb.h"

enum ndb_record_kind {
    NDB_RECORD_NAME = 1,    /* name_kind, number, text */
    NDB_RECORD_NODE,        /* id, is_new, row: created or replaced */
    NDB_RECORD_NODE_DELETE, /* id, row: its labels at the end (statistics) */
    NDB_RECORD_EDGE,        /* id, from, to, is_new, row: props */
    NDB_RECORD_EDGE_DELETE, /* id, from, to */
    NDB_RECORD_PACK,        /* a pack written beside the log (bulk load):
                               text: ulid, row: its directory, bytes, and the
                               sequences it used up */
    NDB_RECORD_BOOKMARK,    /* text: name of a load, row: its position */
    NDB_RECORD_LABELS,      /* node_id, row: label deltas of an update, for
                               statistics: added and removed labels */
    NDB_RECORD_KIND_COUNT
};

struct ndb_record {
    enum ndb_record_kind kind;
    uint64_t id;
    uint64_t from, to;
    bool is_new; /* counts in statistics */
    enum namidb_name_kind name_kind;
    uint32_t number;
    struct ndb_slice text;
    struct ndb_slice row; /* encoded by value.h, checked only when decoded */
    uint64_t bytes;       /* NDB_RECORD_PACK: size of the object */
};

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM or NAMIDB_ELIMIT. */
int ndb_record_encode(struct ndb_buf *buf, const struct ndb_record *record);

/* The next record, in place; NAMIDB_NONE at the end, NAMIDB_ECORRUPT. Checks
 * kinds, ids (tables and sequences in range, never 0), number and text bounds.
 */
int ndb_record_next(struct ndb_reader *reader, struct ndb_record *record);

#endif
