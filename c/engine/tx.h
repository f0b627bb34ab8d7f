/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.h - a transaction: changes checked against what it sees, written into the
 * memtable under its own version and into its batch as records.
 *
 * Each operation is all or nothing: ndb_tx_enter before its first change, and
 * ndb_tx_leave takes back what it did when it failed, so that a transaction may
 * go on after any error.
 */
#ifndef NDB_ENGINE_TX_H
#define NDB_ENGINE_TX_H

#include "engine/read.h"
#include "engine/schema.h"
#include "engine/writer.h"
#include "format/edge_block.h"
#include "namidb_rows.h"

/* Edges of one type that were put and are not written yet: tx_gather.c. */
struct ndb_tx_gather {
    bool is_off;       /* somebody reads what the transaction sees */
    uint32_t type;     /* of all */
    uint64_t first_id; /* the others follow */
    uint32_t count, capacity;
    uint64_t *from, *to;
    uint32_t *starts; /* of rows, and the end: count + 1 */
    struct ndb_buf rows;
};

struct namidb_tx {
    struct namidb *db; /* referenced */
    struct ndb_turn turn;
    struct ndb_snapshot snapshot; /* of the turn's view */
    struct ndb_buf payload;
    uint32_t record_count;
    uint32_t change_count; /* of which a record of many edges is many */
    struct ndb_buf row;    /* of the records under way */
    struct ndb_buf block;  /* of edges that are written together */
    struct ndb_tx_gather gather;
    bool is_schema_read;
    struct ndb_schema schema; /* as the transaction sees it */
    /* Nodes and edges that lacked a property when they were written: it may
     * come before the end. */
    struct ndb_ids incomplete[2];     /* by is_edge */
    namidb_arena scratch;             /* of the operation under way */
    struct ndb_statement *statements; /* under way, newest first */
};

/* tx.c */
int ndb_tx_begin(struct namidb_tx **tx, struct namidb *db, int64_t deadline_ns,
                 namidb_error *err);
/* Both end the transaction. */
int ndb_tx_submit(struct namidb_tx *tx, struct namidb_ticket **ticket,
                  namidb_error *err);
void ndb_tx_abort(struct namidb_tx *tx);

struct ndb_tx_mark {
    size_t payload_bytes;
    uint32_t record_count, change_count;
    uint32_t names_logged[NAMIDB_NAME_KIND_COUNT];
    size_t changes; /* of the memtable */
};
/* Begins an operation: checks that the transaction is alive, writes what was
 * gathered, empties the scratch memory. */
int ndb_tx_enter(struct namidb_tx *tx, struct ndb_tx_mark *mark,
                 namidb_error *err);
/* Ends it; a failure takes back what it changed. Returns rc. */
int ndb_tx_leave(struct namidb_tx *tx, const struct ndb_tx_mark *mark, int rc);

/* What has happened so far; and without the memtable, for what changes nothing
 * there. */
void ndb_tx_mark_set(struct namidb_tx *tx, struct ndb_tx_mark *mark);
void ndb_tx_mark_batch(const struct namidb_tx *tx, struct ndb_tx_mark *mark);
void ndb_tx_restore_batch(struct namidb_tx *tx, const struct ndb_tx_mark *mark);

/* tx_gather.c. Gathers a new edge, whose id it sets. NAMIDB_NONE: it is to be
 * written by itself. A failure leaves all as it was. */
int ndb_tx_gather_edge(struct namidb_tx *tx, namidb_edge *edge,
                       namidb_props props, namidb_error *err);
/* Writes what was gathered; a failure leaves it where it is. */
int ndb_tx_settle(struct namidb_tx *tx, namidb_error *err);
/* The same for who is going to read the transaction's snapshot whenever he
 * likes: nothing is gathered any more. */
int ndb_tx_show(struct namidb_tx *tx, namidb_error *err);
void ndb_tx_gather_release(struct ndb_tx_gather *gather);

/* A series of operations of which all count or none. Those that begin inside
 * another one end before it. */
struct ndb_statement {
    struct namidb_tx *tx; /* NULL: it has ended, or its transaction has */
    struct ndb_tx_mark mark;
    struct ndb_statement *in_tx; /* tx->statements */
};
int ndb_statement_begin(struct ndb_statement *statement, struct namidb_tx *tx,
                        namidb_error *err);
/* A failure takes back all that the transaction did since it began. Returns rc;
 * does nothing the second time. */
int ndb_statement_end(struct ndb_statement *statement, int rc);

/* Sees to it that the batch defines a name before it is used. NAMIDB_EINVAL: no
 * such number. */
int ndb_tx_use_name(struct namidb_tx *tx, enum namidb_name_kind kind,
                    uint32_t number, namidb_error *err);
/* Appends records to the batch and applies them. */
int ndb_tx_write(struct namidb_tx *tx, const struct ndb_record *records,
                 size_t count, namidb_error *err);
/* The same of new edges. */
int ndb_tx_write_edges(struct namidb_tx *tx, const struct ndb_edge_block *edges,
                       namidb_error *err);

/* tx_props.c: `given` checked, sorted and without nulls; with `is_merge` laid
 * over `old` first. The result is of the scratch memory. Errors name the
 * property. */
int ndb_tx_props(struct namidb_tx *tx, namidb_props old, namidb_props given,
                 bool is_merge, namidb_props *out, namidb_error *err);
/* Puts the name of a property before the message. */
void ndb_tx_name_fault(struct namidb_tx *tx, uint32_t number,
                       namidb_error *err);

/* Ends a row that began at `begin` of tx->row, as its encoder returned rc.
 * NAMIDB_ELIMIT: "`what` holds at most ..". */
int ndb_tx_row_end(struct namidb_tx *tx, size_t begin, int rc, const char *what,
                   namidb_error *err);

/* tx_rows.c: rows of one call that writes many, a block at a time. All memory
 * is the scratch memory. */
enum {
    NDB_TX_BLOCK_ROWS = 128,
    NDB_TX_BLOCK_BYTES = 1 << 20, /* in tx->row; ends a block of large rows */
};
struct ndb_tx_rows {
    namidb_column *columns; /* ascending by name */
    size_t column_count;
    namidb_property *props; /* of one row */
    /* One row where a schema wants each to see the one before it. */
    size_t block_max;
    /* Of the block under way; their rows are in tx->row, one behind another. */
    struct ndb_record records[NDB_TX_BLOCK_ROWS];
    size_t count;
};
int ndb_tx_rows_begin(struct namidb_tx *tx, namidb_columns columns,
                      struct ndb_tx_rows *rows, namidb_error *err);
/* The properties of a row, checked, until those of the next one are asked for.
 */
int ndb_tx_rows_props(struct namidb_tx *tx, const struct ndb_tx_rows *rows,
                      size_t row, namidb_props *out, namidb_error *err);
/* Writes the records of the block. */
int ndb_tx_rows_flush(struct namidb_tx *tx, struct ndb_tx_rows *rows,
                      namidb_error *err);

/* tx_check.c: whether a row may be written as it is: types and uniqueness.
 * What it lacks is looked at again at the end. NAMIDB_ECONSTRAINT. */
int ndb_tx_check_node(struct namidb_tx *tx, const namidb_node *node,
                      namidb_error *err);
int ndb_tx_check_edge(struct namidb_tx *tx, const namidb_edge *edge,
                      namidb_error *err);
/* Whether nothing lacks what it must have, at the end. */
int ndb_tx_check_complete(struct namidb_tx *tx, namidb_error *err);
/* The schema, read when it is first asked for. */
int ndb_tx_schema(struct namidb_tx *tx, const struct ndb_schema **schema,
                  namidb_error *err);

/* tx_schema.c: namidb_schema_create, namidb_schema_drop. */
int ndb_tx_declare(struct namidb_tx *tx, namidb_schema_item *item,
                   struct namidb_survey *survey, namidb_error *err);
int ndb_tx_drop(struct namidb_tx *tx, const char *name, namidb_error *err);

/* constraint.c: one row. `props` ascending by name. NAMIDB_NONE: not there, not
 * of the kinds asked for. */
int ndb_constraint_has(const namidb_schema_item *item,
                       const namidb_property *props, uint32_t count);
int ndb_constraint_fits(const namidb_schema_item *item,
                        const namidb_property *props, uint32_t count);
/* Whether another row than `id` has the same values. */
int ndb_constraint_is_free(const struct ndb_snapshot *snapshot,
                           const namidb_schema_item *item, uint64_t id,
                           const namidb_property *props, uint32_t count,
                           namidb_error *err);
/* What a constraint asks of a row by itself. NAMIDB_ECONSTRAINT. */
int ndb_constraint_row(const struct ndb_snapshot *snapshot,
                       const namidb_schema_item *item, uint64_t id,
                       const namidb_property *props, uint32_t count,
                       namidb_error *err);
/* Whether two rows whose entries have one key differ all the same: keys may
 * have been cut off, and NaN equals nothing. NAMIDB_ECONSTRAINT: they do not.
 */
int ndb_constraint_differ(const struct ndb_snapshot *snapshot,
                          const namidb_schema_item *item,
                          const struct ndb_index_entry *a,
                          const struct ndb_index_entry *b, namidb_error *err);

/* tx_edges.c: whether nodes exist, at most 2 * NDB_TX_BLOCK_ROWS; those that
 * are known need no lookup. What one that does not is told as. */
int ndb_tx_ends_alive(struct namidb_tx *tx, const uint64_t *ids, size_t count,
                      bool *is_alive, namidb_error *err);
int ndb_tx_fail_end(uint64_t id, bool is_from, namidb_error *err);
/* Checks a new edge but for its id; its properties are of the scratch memory
 * then. */
int ndb_tx_prepare_edge(struct namidb_tx *tx, namidb_edge *edge,
                        namidb_props props, namidb_error *err);
/* Checks an edge whose ends are there, and writes it. */
int ndb_tx_write_edge(struct namidb_tx *tx, const namidb_edge *edge,
                      bool is_new, namidb_error *err);

/* tx_nodes.c, tx_edges.c: functions of these names of namidb.h and
 * namidb_rows.h, with the same results. */
int ndb_tx_put_node(struct namidb_tx *tx, uint32_t label, namidb_value key,
                    namidb_props props, bool is_merge, uint64_t *id,
                    namidb_error *err);
int ndb_tx_create_node(struct namidb_tx *tx, const uint32_t *labels,
                       size_t label_count, namidb_props props, uint64_t *id,
                       namidb_error *err);
int ndb_tx_put_nodes(struct namidb_tx *tx, const namidb_node_rows *rows,
                     uint64_t *ids, size_t *bad_row, namidb_error *err);
int ndb_tx_set_node(struct namidb_tx *tx, uint64_t id, namidb_props props,
                    namidb_error *err);
/* Adds the label, or removes it. */
int ndb_tx_change_label(struct namidb_tx *tx, uint64_t id, uint32_t label,
                        bool is_added, namidb_error *err);
int ndb_tx_delete_node(struct namidb_tx *tx, uint64_t id, bool is_detach,
                       namidb_error *err);
int ndb_tx_put_edge(struct namidb_tx *tx, uint32_t type, uint64_t from,
                    uint64_t to, namidb_props props, uint64_t *id,
                    namidb_error *err);
/* tx_edge_rows.c */
int ndb_tx_put_edges(struct namidb_tx *tx, const namidb_edge_rows *rows,
                     uint64_t *ids, size_t *bad_row, namidb_error *err);
int ndb_tx_set_edge(struct namidb_tx *tx, uint64_t id, namidb_props props,
                    namidb_error *err);
int ndb_tx_delete_edge(struct namidb_tx *tx, uint64_t id, namidb_error *err);
/* Deletes every edge at a node. */
int ndb_tx_detach(struct namidb_tx *tx, uint64_t id, namidb_error *err);

#endif
