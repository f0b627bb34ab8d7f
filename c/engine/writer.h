/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.h - how a transaction becomes a slot: turns, group commit, tickets.
 *
 * A transaction has the handle's turn from begin to submit or abort: one at a
 * time. Its changes go straight into the active memtable under a version that
 * nobody may see yet, so it reads its own writes as any snapshot does; its
 * records gather in its payload.
 *
 * Submitting gives the payload to the commit thread. While one PUT is in flight
 * the next batch gathers; an idle writer never waits for company. When a slot
 * is acknowledged its highest version becomes visible to all. When it is not,
 * it and everything submitted after it fails alike and is rolled back.
 */
#ifndef NDB_ENGINE_WRITER_H
#define NDB_ENGINE_WRITER_H

#include "base/buf.h"
#include "engine/db.h"

/* What a transaction holds while it has the turn. */
struct ndb_turn {
    uint64_t version;              /* of its changes */
    struct ndb_memtable *memtable; /* to apply them to; the handle's */
    struct ndb_view *view;         /* referenced; layers[0] is memtable */
    /* Highest number of each kind that a submitted batch has defined: a
     * transaction that uses a higher one logs NAME records for all from here
     * up to it first, and raises this. */
    uint32_t names_logged[NAMIDB_NAME_KIND_COUNT];
    bool has_schema; /* it declares or drops something */
};

/* Waits for the turn. Also waits while two memtables await their flush.
 * NAMIDB_EBUSY at the deadline, NAMIDB_EINVAL (a reader, or this thread has the
 * turn already), NAMIDB_EFENCED, NAMIDB_EUNKNOWN. */
int ndb_turn_begin(struct namidb *db, int64_t deadline_ns,
                   struct ndb_turn *turn, namidb_error *err);
/* Whether the turn may still be submitted: NAMIDB_OK, or why it may not. */
int ndb_turn_check(struct namidb *db, namidb_error *err);
/* The first of the next `count` unused ids of a table (label number, or type
 * number for edges); ids taken by a turn that aborts are given back.
 * NAMIDB_ELIMIT: there are fewer. */
int ndb_turn_next_ids(struct namidb *db, bool is_edge, uint32_t table,
                      uint32_t count, uint64_t *first, namidb_error *err);
/* The nodes that need not be looked up, for who has the turn. */
struct ndb_alive *ndb_turn_alive(struct namidb *db);
/* Rolls back and gives the turn away. */
void ndb_turn_abort(struct namidb *db, struct ndb_turn *turn);
/*
 * Hands the payload over (its memory moves; *payload becomes empty) and gives
 * the turn away, whatever is returned; on failure the changes are rolled back.
 * An empty payload makes a ticket that is done. The caller owns *ticket.
 */
int ndb_turn_submit(struct namidb *db, struct ndb_turn *turn,
                    struct ndb_buf *payload, uint32_t record_count,
                    struct namidb_ticket **ticket, namidb_error *err);

/* See namidb_ticket_wait, namidb_ticket_free. */
int ndb_ticket_wait(struct namidb_ticket *ticket, int64_t deadline_ns,
                    namidb_error *err);
/* Waits and frees. NAMIDB_EUNKNOWN at the deadline; from then on no turn begins
 * until the fate of the batch is known. */
int ndb_ticket_finish(struct namidb_ticket *ticket, int64_t deadline_ns,
                      namidb_error *err);
/* NULL is allowed. */
void ndb_ticket_free(struct namidb_ticket *ticket);
struct namidb *ndb_ticket_db(const struct namidb_ticket *ticket);

#endif
