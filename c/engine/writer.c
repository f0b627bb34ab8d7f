/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns and tickets: the side of the writer that callers see.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "sys/clock.h"

enum { TABLE_COUNT = NAMIDB_TABLE_MAX + 1 };

/* -------------------------------------------------------- start and stop -- */

static void raise_sequence(struct ndb_writer *writer, bool is_edge,
                           uint32_t table, uint64_t next)
{
    if (writer->next_sequence[is_edge][table] < next)
        writer->next_sequence[is_edge][table] = next;
}

/* Above all that the manifest and the replayed slots used. */
static int restore_sequences(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;
    const struct ndb_version *manifest = db->view->manifest;
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    int rc;

    for (uint32_t i = 0;
         manifest != NULL && i < manifest->body.node_table_count; i++)
        raise_sequence(writer, false, manifest->body.node_tables[i].table,
                       manifest->body.node_tables[i].next_sequence);
    for (uint32_t i = 0;
         manifest != NULL && i < manifest->body.edge_table_count; i++)
        raise_sequence(writer, true, manifest->body.edge_tables[i].table,
                       manifest->body.edge_tables[i].next_sequence);
    rc = ndb_memtable_stats(db->view->layers[0].memtable, UINT64_MAX, &deltas);
    for (size_t i = 0; i < deltas.count && rc >= 0; i++)
        if (deltas.items[i].kind != NDB_STAT_LABEL)
            raise_sequence(writer, deltas.items[i].kind == NDB_STAT_EDGE_TABLE,
                           deltas.items[i].number,
                           deltas.items[i].sequence_max + 1);
    ndb_stat_deltas_release(&deltas);
    return rc;
}

static int start_threads(struct namidb *db, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;

    writer->is_build_wanted = true;
    if (ndb_thread_start(&writer->thread, ndb_commit_run, db) < 0)
        return ndb_fail(err, NAMIDB_ENOMEM, "no thread for commits");
    writer->has_thread = true;
    if (ndb_thread_start(&writer->flush_thread, ndb_flush_run, db) < 0)
        return ndb_fail(err, NAMIDB_ENOMEM, "no thread for flushes");
    writer->has_flush_thread = true;
    if (ndb_thread_start(&writer->build_thread, ndb_index_build_run, db) < 0)
        return ndb_fail(err, NAMIDB_ENOMEM, "no thread for indexes");
    writer->has_build_thread = true;
    return NAMIDB_OK;
}

int ndb_writer_start(struct namidb *db, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;

    for (int is_edge = 0; is_edge < 2; is_edge++) {
        writer->next_sequence[is_edge] =
            ndb_calloc(TABLE_COUNT, sizeof(uint64_t));
        if (writer->next_sequence[is_edge] == NULL)
            return ndb_fail_memory(err);
        for (uint32_t table = 0; table < TABLE_COUNT; table++)
            writer->next_sequence[is_edge][table] = 1;
    }
    if (restore_sequences(db) < 0)
        return ndb_fail_memory(err);
    for (int kind = 0; kind < NAMIDB_NAME_KIND_COUNT; kind++)
        writer->names_submitted[kind] = writer->names_durable[kind] =
            ndb_dict_count(db->dict, (enum namidb_name_kind)kind);
    writer->submitted_version = db->visible_version;
    writer->enqueued_version = db->visible_version;
    if (!ndb_memtable_is_empty(db->view->layers[0].memtable))
        writer->oldest_ns = ndb_clock_ns();
    writer->state = NDB_WRITER_OK;
    return start_threads(db, err);
}

void ndb_writer_stop(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;

    (void)pthread_mutex_lock(&db->lock);
    db->is_stopping = true;
    ndb_cond_broadcast(&writer->work);
    ndb_cond_broadcast(&writer->flush_work);
    ndb_cond_broadcast(&writer->turn_free);
    ndb_cond_broadcast(&writer->flush_done);
    ndb_cond_broadcast(&writer->build_work);
    ndb_cond_broadcast(&writer->build_done);
    (void)pthread_mutex_unlock(&db->lock);
    if (writer->has_thread)
        (void)pthread_join(writer->thread, NULL);
    /* A pack may take minutes, and what is in it is elsewhere, too. */
    atomic_store(&db->is_put_canceled, true);
    ndb_store_wake(db->store);
    if (writer->has_flush_thread)
        (void)pthread_join(writer->flush_thread, NULL);
    if (writer->has_build_thread)
        (void)pthread_join(writer->build_thread, NULL);
    writer->has_thread = false;
    writer->has_flush_thread = false;
    writer->has_build_thread = false;
}

void ndb_writer_release(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;

    for (uint32_t i = 0; i < writer->frozen_count; i++)
        ndb_memtable_unref(writer->frozen[i].memtable);
    ndb_free(writer->next_sequence[0]);
    ndb_free(writer->next_sequence[1]);
    ndb_ids_release(&writer->undo);
    ndb_alive_release(&writer->alive);
    ndb_buf_release(&writer->doubt.object);
}

/* ----------------------------------------------------------------- turns -- */

/* Whether the handle can take writes at all. Under lock. */
static int check_state(struct namidb *db, namidb_error *err)
{
    const struct ndb_writer *writer = &db->writer;

    if (db->is_closed || db->is_stopping)
        return ndb_fail(err, NAMIDB_EINVAL, "the handle is closed");
    if (writer->state == NDB_WRITER_FENCED) {
        if (err != NULL)
            *err = writer->err;
        return NAMIDB_EFENCED;
    }
    return NAMIDB_OK;
}

/* Why a turn cannot begin yet; NULL: it can. Under lock. */
static const char *obstacle(const struct ndb_writer *writer)
{
    if (writer->is_taken)
        return "another transaction is open";
    if (writer->frozen_count == NDB_FROZEN_MAX)
        return "two memtables wait for their flush";
    if (writer->given_up != 0)
        return "whether an earlier commit was applied is not known yet";
    return NULL;
}

/* Waits until nothing stands in the way. Under lock. */
static int await_turn(struct namidb *db, int64_t deadline_ns, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    int rc = check_state(db, err);

    if (rc >= 0 && writer->is_taken &&
        pthread_equal(writer->owner, pthread_self()))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "this thread has a transaction open on the handle");
    while (rc >= 0 && obstacle(writer) != NULL) {
        if (writer->frozen_count == NDB_FROZEN_MAX)
            ndb_flush_hurry(db);
        if (!ndb_cond_wait(&writer->turn_free, &db->lock, deadline_ns) &&
            obstacle(writer) != NULL)
            return ndb_fail(err,
                            writer->given_up != 0 && !writer->is_taken
                                ? NAMIDB_EUNKNOWN
                                : NAMIDB_EBUSY,
                            "%s", obstacle(writer));
        rc = check_state(db, err);
    }
    return rc;
}

static void begin(struct namidb *db, struct ndb_turn *turn)
{
    struct ndb_writer *writer = &db->writer;

    writer->is_taken = true;
    writer->is_turn_dead = false;
    writer->owner = pthread_self();
    writer->undo.count = 0;
    turn->version = ++writer->submitted_version;
    turn->view = ndb_view_ref(db->view);
    turn->memtable = turn->view->layers[0].memtable;
    memcpy(turn->names_logged, writer->names_submitted,
           sizeof turn->names_logged);
}

int ndb_turn_begin(struct namidb *db, int64_t deadline_ns,
                   struct ndb_turn *turn, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    int rc;

    if (!db->is_writer)
        return ndb_fail(err, NAMIDB_EINVAL, "the handle is read-only");
    (void)pthread_mutex_lock(&db->lock);
    rc = await_turn(db, deadline_ns, err);
    if (rc >= 0 && writer->state == NDB_WRITER_UNKNOWN) {
        writer->is_taken = true; /* while the lock is not held */
        writer->owner = pthread_self();
        (void)pthread_mutex_unlock(&db->lock);
        rc = ndb_writer_resolve(db, deadline_ns, err);
        (void)pthread_mutex_lock(&db->lock);
        writer->is_taken = false;
        if (rc < 0)
            ndb_cond_signal(&writer->turn_free);
    }
    if (rc >= 0)
        begin(db, turn);
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}

int ndb_turn_next_ids(struct namidb *db, bool is_edge, uint32_t table,
                      uint32_t count, uint64_t *first, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    uint64_t *next = &writer->next_sequence[is_edge][table];

    /* The first id of a table in this turn: remember where it began. The turn's
     * thread is the only one that looks at these. */
    if (count > NAMIDB_SEQUENCE_MAX + 1 - *next)
        return ndb_fail(err, NAMIDB_ELIMIT, "no ids are left in the table");
    if (writer->undo.count < 2 || writer->undo.items[writer->undo.count - 2] !=
                                      (uint64_t)table * 2 + is_edge) {
        if (ndb_ids_add(&writer->undo, (uint64_t)table * 2 + is_edge) < 0)
            return ndb_fail_memory(err);
        if (ndb_ids_add(&writer->undo, *next) < 0) {
            writer->undo.count--;
            return ndb_fail_memory(err);
        }
    }
    *first = NAMIDB_ID(*next, table);
    *next += count;
    return NAMIDB_OK;
}

static void give_ids_back(struct ndb_writer *writer)
{
    for (size_t i = writer->undo.count; i >= 2; i -= 2) {
        uint64_t lane = writer->undo.items[i - 2];

        writer->next_sequence[lane & 1][lane >> 1] = writer->undo.items[i - 1];
    }
    writer->undo.count = 0;
}

/* Under lock. */
static void end_turn(struct namidb *db, struct ndb_turn *turn)
{
    ndb_view_unref(turn->view);
    turn->view = NULL;
    db->writer.is_taken = false;
    ndb_cond_broadcast(&db->writer.turn_free);
    /* No memory now: the flush thread tries again, and tells who waits. */
    if (ndb_rotate_if_due(db) < 0)
        ndb_cond_signal(&db->writer.flush_work);
}

void ndb_turn_abort(struct namidb *db, struct ndb_turn *turn)
{
    (void)pthread_mutex_lock(&db->lock);
    ndb_memtable_rollback(turn->memtable, turn->version);
    give_ids_back(&db->writer);
    end_turn(db, turn);
    (void)pthread_mutex_unlock(&db->lock);
}

/* --------------------------------------------------------------- tickets -- */

static struct namidb_ticket *ticket_new(struct namidb *db)
{
    struct namidb_ticket *ticket = ndb_calloc(1, sizeof *ticket);

    if (ticket == NULL)
        return NULL;
    atomic_init(&ticket->refs, 1);
    ticket->db = ndb_db_ref(db);
    return ticket;
}

void ndb_ticket_free(struct namidb_ticket *ticket)
{
    if (ticket == NULL || atomic_fetch_sub(&ticket->refs, 1) != 1)
        return;
    ndb_buf_release(&ticket->payload);
    ndb_memtable_unref(ticket->memtable);
    ndb_db_unref(ticket->db);
    ndb_free(ticket);
}

/* Puts a batch behind the others. Under lock. */
static void enqueue(struct namidb *db, struct namidb_ticket *ticket)
{
    struct ndb_writer *writer = &db->writer;

    atomic_fetch_add(&ticket->refs, 1); /* the queue's */
    if (writer->last != NULL)
        writer->last->next = ticket;
    else
        writer->first = ticket;
    writer->last = ticket;
    writer->enqueued_version = ticket->version;
    if (writer->oldest_ns == 0) {
        writer->oldest_ns = ndb_clock_ns();
        ndb_cond_signal(&writer->flush_work);
    }
    ndb_cond_signal(&writer->work);
}

/* Why a turn cannot be submitted any more. Under lock. */
static int check_turn(struct namidb *db, namidb_error *err)
{
    const struct ndb_writer *writer = &db->writer;
    int rc = check_state(db, err);

    if (rc >= 0 &&
        (writer->is_turn_dead || writer->state == NDB_WRITER_UNKNOWN)) {
        if (err != NULL)
            *err = writer->err;
        return writer->err.code;
    }
    return rc;
}

int ndb_turn_check(struct namidb *db, namidb_error *err)
{
    int rc;

    (void)pthread_mutex_lock(&db->lock);
    rc = check_turn(db, err);
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}

int ndb_turn_submit(struct namidb *db, struct ndb_turn *turn,
                    struct ndb_buf *payload, uint32_t record_count,
                    struct namidb_ticket **out, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    struct namidb_ticket *ticket = ticket_new(db);
    int rc;

    *out = NULL;
    (void)pthread_mutex_lock(&db->lock);
    rc = ticket == NULL ? ndb_fail_memory(err) : check_turn(db, err);
    if (rc >= 0 && record_count == 0) {
        ticket->is_done = true;
        ndb_memtable_rollback(turn->memtable, turn->version);
    } else if (rc >= 0) {
        ticket->payload = *payload;
        *payload = NDB_BUF_INIT(payload->bytes_max);
        ticket->record_count = record_count;
        ticket->version = turn->version;
        ticket->memtable = ndb_memtable_ref(turn->memtable);
        memcpy(writer->names_submitted, turn->names_logged,
               sizeof turn->names_logged);
        memcpy(ticket->names_logged, turn->names_logged,
               sizeof turn->names_logged);
        ticket->has_schema = turn->has_schema;
        enqueue(db, ticket);
    } else {
        ndb_memtable_rollback(turn->memtable, turn->version);
        give_ids_back(writer);
    }
    end_turn(db, turn);
    (void)pthread_mutex_unlock(&db->lock);
    ndb_buf_release(payload);
    if (rc < 0)
        ndb_ticket_free(ticket);
    else
        *out = ticket;
    return rc;
}

struct ndb_alive *ndb_turn_alive(struct namidb *db)
{
    return &db->writer.alive;
}

struct namidb *ndb_ticket_db(const struct namidb_ticket *ticket)
{
    return ticket->db;
}

/* Under lock. */
static int await_ticket(struct namidb_ticket *ticket, int64_t deadline_ns,
                        namidb_error *err)
{
    struct namidb *db = ticket->db;

    while (!ticket->is_done)
        if (!ndb_cond_wait(&db->writer.done, &db->lock, deadline_ns) &&
            !ticket->is_done)
            return ndb_fail(err, NAMIDB_ETIMEOUT,
                            "the commit is still under way");
    if (ticket->rc < 0 && err != NULL)
        *err = ticket->err;
    return ticket->rc;
}

int ndb_ticket_wait(struct namidb_ticket *ticket, int64_t deadline_ns,
                    namidb_error *err)
{
    struct namidb *db = ticket->db;
    int rc;

    (void)pthread_mutex_lock(&db->lock);
    rc = await_ticket(ticket, deadline_ns, err);
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}

int ndb_ticket_finish(struct namidb_ticket *ticket, int64_t deadline_ns,
                      namidb_error *err)
{
    struct namidb *db = ticket->db;
    int rc;

    (void)pthread_mutex_lock(&db->lock);
    rc = await_ticket(ticket, deadline_ns, err);
    if (!ticket->is_done) {
        ticket->is_given_up = true;
        db->writer.given_up++;
        rc = ndb_fail(err, NAMIDB_EUNKNOWN,
                      "the deadline passed while the commit was under way");
    }
    (void)pthread_mutex_unlock(&db->lock);
    ndb_ticket_free(ticket);
    return rc;
}
