/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what a commit batch is made of.
 *
 * A batch's payload is records one behind another. Rows are complete images,
 * never differences, so replaying needs nothing that came before. Names are
 * defined in the first batch that uses them, before their use.
 *
 *   record := kind u8, the fields of its kind in the order below: numbers as
 *             varints, is_new and name_kind as u8, text and row as strings
 *
 * Edges that a call writes together are one record, in columns.
 *
 * Statistics are exact sums over records: a NODE that is new counts for its
 * table and for each of its labels, a NODE_DELETE takes that back, a LABEL
 * tells what an update changes, an EDGE that is new, an EDGE_DELETE and each
 * edge of EDGES count for the type.
 */
#ifndef NDB_FORMAT_RECORD_H
#define NDB_FORMAT_RECORD_H

#include "base/buf.h"
#include "namidb.h"

enum ndb_record_kind {
    NDB_RECORD_NAME = 1,    /* name_kind, number, text */
    NDB_RECORD_NODE,        /* id, is_new, row: created or replaced */
    NDB_RECORD_NODE_DELETE, /* id, row: its last image without properties */
    NDB_RECORD_EDGE,        /* id, from, to, is_new, row: props */
    NDB_RECORD_EDGE_DELETE, /* id, from, to */
    NDB_RECORD_LABEL,       /* id, number, is_new: an update of the node adds
                               (or removes) that label; statistics only */
    NDB_RECORD_SCHEMA,      /* number, is_new, row: an item of schema.h, when
                               it is declared; empty, when it is dropped */
    NDB_RECORD_EDGES,       /* id, number, row: so many new edges from that id
                               on, as edge_block.h has them */
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
};

/* Appends; NAMIDB_OK, NAMIDB_ENOMEM or NAMIDB_ELIMIT. */
int ndb_record_encode(struct ndb_buf *buf, const struct ndb_record *record);

/* The next record, in place; NAMIDB_NONE at the end, NAMIDB_ECORRUPT. Checks
 * kinds, ids (tables and sequences in range, never 0), number and text bounds.
 */
int ndb_record_next(struct ndb_reader *reader, struct ndb_record *record);

#endif
