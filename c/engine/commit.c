/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commit thread: one PUT in flight, what has gathered meanwhile in the
 * next.
 *
 * A slot is acknowledged when it is ours and the writer proved its place within
 * NDB_PROOF_MS of the store's time before: by its previous slot, or by a LIST
 * of the newest manifest that goes out beside the PUT. The host's clock only
 * decides whether that LIST is sent ahead; the store's dates decide whether it
 * was needed.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "format/path.h"
#include "sys/clock.h"

/* The batches that share a slot, and the slot. */
struct group {
    struct namidb_ticket *first, *last;
    struct ndb_buf payload;
    uint32_t record_count;
    struct ndb_buf object;
    uint64_t number;
    struct ndb_hash128 hash;
};

/* ---------------------------------------------------------------- results --
 */

static void finish_ticket(struct namidb *db, struct namidb_ticket *ticket,
                          int rc, const namidb_error *err)
{
    ticket->rc = rc;
    if (rc < 0)
        ticket->err = *err;
    ticket->is_done = true;
    db->writer.given_up -= ticket->is_given_up;
    ndb_buf_release(&ticket->payload);
    ndb_cond_broadcast(&db->writer.done);
}

static void finish_list(struct namidb *db, struct namidb_ticket *ticket, int rc,
                        const namidb_error *err)
{
    while (ticket != NULL) {
        struct namidb_ticket *next = ticket->next;

        finish_ticket(db, ticket, rc, err);
        /* The queue's reference; freeing needs the lock to be given up, but the
         * handle is alive as long as its thread runs. */
        ndb_ticket_free(ticket);
        ticket = next;
    }
}

/* Takes back every change from `version` on, in all memtables, and lets nobody
 * build on it. Under lock. */
static void roll_back(struct namidb *db, uint64_t version)
{
    struct ndb_writer *writer = &db->writer;

    for (uint32_t i = 0; i < db->view->layer_count; i++)
        if (db->view->layers[i].memtable != NULL)
            ndb_memtable_rollback(db->view->layers[i].memtable, version);
    for (uint32_t i = 0; i < writer->frozen_count; i++)
        if (writer->frozen[i].version >= version)
            writer->frozen[i].version = version - 1;
    if (writer->enqueued_version >= version)
        writer->enqueued_version = version - 1;
    memcpy(writer->names_submitted, writer->names_durable,
           sizeof writer->names_durable);
    writer->is_turn_dead = writer->is_taken;
    writer->rollbacks++;
}

/* Everything that waits fails. Under lock. */
static void fail_queue(struct namidb *db, int rc, const namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    struct namidb_ticket *first = writer->first;

    writer->first = writer->last = NULL;
    writer->err = *err;
    finish_list(db, first, rc, err);
}

void ndb_writer_fail_all(struct namidb *db, int rc, const namidb_error *err)
{
    roll_back(db, db->visible_version + 1);
    fail_queue(db, rc, err);
}

/* A slot of ours is committed. Under lock. */
static void acknowledge(struct namidb *db, uint64_t number,
                        struct ndb_hash128 hash, uint64_t version,
                        const uint32_t *names)
{
    struct ndb_writer *writer = &db->writer;

    db->place.next = number + 1;
    db->place.chain = hash;
    db->place.nonce = db->nonce;
    db->visible_version = version;
    memcpy(writer->names_durable, names, sizeof writer->names_durable);
    ndb_note_frozen(db);
    /* The flush thread counts slots. */
    if (db->options.flush_slots != 0 &&
        db->place.next - ndb_floor_of(db->view->manifest) >=
            db->options.flush_slots)
        ndb_cond_signal(&writer->flush_work);
}

/* --------------------------------------------------------- proof of life -- */

/* The newest manifest must not lie above the slot: its slot might have been
 * there, been flushed by another writer, and been deleted. */
static int check_floor(struct namidb *db, const struct ndb_request *list,
                       uint64_t number, int64_t deadline_ns, namidb_error *err)
{
    struct ndb_version *manifest;
    struct ndb_newest newest;
    uint64_t known;
    uint64_t floor;
    int rc = ndb_newest_read(db, list, &newest, err);

    (void)pthread_mutex_lock(&db->lock);
    known = ndb_version_of(db->view->manifest);
    (void)pthread_mutex_unlock(&db->lock);
    if (rc < 0 || newest.version <= known)
        return rc;
    rc = ndb_manifest_read(db, newest.version, deadline_ns, &manifest, err);
    if (rc == NAMIDB_NONE)
        return ndb_fail(err, NAMIDB_EIO, "manifest %zu vanished",
                        (size_t)newest.version);
    if (rc < 0)
        return rc;
    floor = manifest->body.floor;
    ndb_version_unref(manifest);
    if (floor > number)
        return ndb_fail(err, NAMIDB_EFENCED,
                        "another writer flushed beyond slot %zu",
                        (size_t)number);
    return NAMIDB_OK;
}

/* Whether what was so at one time of the store's is proof at another. Clocks of
 * several servers may differ a little; one that went back proves nothing. */
static bool is_recent(int64_t proof_ms, int64_t date_ms)
{
    int64_t age_ms = date_ms - proof_ms;

    return proof_ms != 0 && date_ms != 0 && age_ms <= NDB_PROOF_MS &&
           age_ms >= -NDB_PROOF_MS;
}

/* `list` is the LIST that went out beside the first PUT, or NULL. */
static int prove(struct namidb *db, uint64_t number, int64_t date_ms,
                 const struct ndb_request *list, int64_t deadline_ns,
                 namidb_error *err)
{
    struct ndb_request late;
    int rc;

    if (list != NULL && list->status == NAMIDB_OK &&
        is_recent(list->date_ms, date_ms))
        return check_floor(db, list, number, deadline_ns, err);
    if (list == NULL && is_recent(db->writer.proof_date_ms, date_ms))
        return NAMIDB_OK;
    late = ndb_newest_request(deadline_ns);
    rc = ndb_store_run(db->store, &late, 1, err);
    if (rc >= 0)
        rc = check_floor(db, &late, number, deadline_ns, err);
    ndb_request_release(&late);
    return rc;
}

/* ------------------------------------------------------------- one slot -- */

/* Why a slot that somebody else has means that we are out. */
static int fenced_by(const struct ndb_slot_create *create, namidb_error *err)
{
    struct ndb_path path;

    return ndb_fail_object(err, NAMIDB_EFENCED,
                           ndb_path_slot(&path, create->number),
                           "another writer took over");
}

/* The PUT of a slot, with a LIST beside it when the last proof is old. Fills
 * create->date_ms. NAMIDB_OK: committed. NAMIDB_EFENCED, NAMIDB_EUNKNOWN, or a
 * definite failure. */
static int write_slot(struct namidb *db, struct ndb_slot_create *create,
                      namidb_error *err)
{
    struct ndb_path path;
    struct ndb_request requests[2] = {
        { .op = NDB_PUT_IF_ABSENT,
          .key = ndb_path_slot(&path, create->number),
          .body = create->object,
          .deadline_ns = create->deadline_ns },
        ndb_newest_request(create->deadline_ns),
    };
    bool has_list = ndb_clock_ns() - db->writer.proof_ns >
                    NDB_PROOF_HINT_MS * NDB_NS_PER_MS;
    int rc;

    (void)ndb_store_run(db->store, requests, has_list ? 2 : 1, NULL);
    rc = ndb_slot_settle(db->store, create, &requests[0], err);
    if (rc >= 0 && create->owner == NDB_SLOT_FOREIGN) {
        rc = fenced_by(create, err);
    } else if (rc >= 0) {
        rc = prove(db, create->number, create->date_ms,
                   has_list ? &requests[1] : NULL, create->deadline_ns, err);
        /* The slot is there, and only we do not know whether it counts. */
        if (rc < 0 && rc != NAMIDB_EFENCED)
            rc = ndb_recode(err, NAMIDB_EUNKNOWN);
    }
    ndb_request_release(&requests[0]);
    if (has_list)
        ndb_request_release(&requests[1]);
    return rc;
}

static void note_proof(struct namidb *db, const struct ndb_slot_create *create,
                       int64_t started_ns)
{
    db->writer.proof_date_ms = create->date_ms;
    db->writer.proof_ns = started_ns;
}

/* --------------------------------------------------------------- groups -- */

static void group_release(struct group *group)
{
    ndb_buf_release(&group->payload);
    ndb_buf_release(&group->object);
}

/* What may share the next slot: batches of one memtable, so that a flush finds
 * its floor between two slots, up to the size of a payload. Under lock. */
static void take_group(struct namidb *db, struct group *group)
{
    struct ndb_writer *writer = &db->writer;
    size_t bytes = 0;

    group->first = group->last = NULL;
    while (writer->first != NULL) {
        struct namidb_ticket *next = writer->first;

        if (group->last != NULL &&
            (next->memtable != group->last->memtable ||
             bytes + next->payload.bytes > NDB_BATCH_BYTES_MAX))
            break;
        bytes += next->payload.bytes;
        writer->first = next->next;
        next->next = NULL;
        if (group->last != NULL)
            group->last->next = next;
        else
            group->first = next;
        group->last = next;
    }
    if (writer->first == NULL)
        writer->last = NULL;
    group->number = db->place.next;
}

static int encode_group(struct namidb *db, struct group *group)
{
    struct ndb_slot slot = { .kind = NDB_SLOT_BATCH,
                             .number = group->number,
                             .epoch = db->place.epoch,
                             .nonce = db->nonce,
                             .previous = db->place.chain };
    int rc = NAMIDB_OK;

    group->payload = NDB_BUF_INIT(NDB_BATCH_BYTES_MAX);
    group->object = NDB_BUF_INIT(NDB_SLOT_BYTES_MAX);
    for (struct namidb_ticket *ticket = group->first; ticket != NULL && rc >= 0;
         ticket = ticket->next) {
        rc = ndb_buf_append(&group->payload, ticket->payload.data,
                            ticket->payload.bytes);
        slot.record_count += ticket->record_count;
    }
    if (rc >= 0)
        rc = ndb_slot_encode(&group->object, &slot,
                             ndb_buf_slice(&group->payload), &group->hash);
    return rc;
}

/* The slot may be ours: keep it until that is known. Under lock. */
static void enter_doubt(struct namidb *db, struct group *group,
                        const namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    struct ndb_doubt *doubt = &writer->doubt;

    writer->state = NDB_WRITER_UNKNOWN;
    ndb_buf_release(&doubt->object);
    doubt->object = group->object;
    group->object = NDB_BUF_INIT(0);
    doubt->number = group->number;
    doubt->hash = group->hash;
    doubt->version = group->last->version;
    memcpy(doubt->names, group->last->names_logged, sizeof doubt->names);
    roll_back(db, doubt->version + 1);
    fail_queue(db, NAMIDB_EUNKNOWN, err);
}

/* Draws the consequences of a slot's fate. Under lock. */
static void conclude(struct namidb *db, struct group *group, int rc,
                     const namidb_error *err)
{
    if (rc >= 0) {
        acknowledge(db, group->number, group->hash, group->last->version,
                    group->last->names_logged);
        for (struct namidb_ticket *t = group->first; t != NULL; t = t->next) {
            db->commits++;
            if (t->has_schema)
                ndb_index_build_wake(db);
        }
    } else if (rc == NAMIDB_EUNKNOWN) {
        enter_doubt(db, group, err);
    } else {
        if (rc == NAMIDB_EFENCED)
            db->writer.state = NDB_WRITER_FENCED;
        ndb_writer_fail_all(db, rc, err);
    }
    finish_list(db, group->first, rc, err);
    /* Frozen memtables may have lost what they waited for. */
    ndb_note_frozen(db);
    ndb_cond_broadcast(&db->writer.turn_free);
}

static void commit_group(struct namidb *db, struct group *group)
{
    struct ndb_slot_create create = {
        .number = group->number,
        .deadline_ns = ndb_deadline_after(db->options.timeout_ms),
    };
    int64_t started_ns = ndb_clock_ns();
    namidb_error err = { .code = 0 };
    int rc = encode_group(db, group);

    if (rc < 0) {
        rc = ndb_fail_memory(&err);
    } else {
        create.object = ndb_buf_slice(&group->object);
        rc = write_slot(db, &create, &err);
        /* To who waits for a ticket, a timeout means "still under way". */
        if (rc == NAMIDB_ETIMEOUT)
            rc = ndb_recode(&err, NAMIDB_EIO);
    }
    ndb_slot_create_release(&create);
    (void)pthread_mutex_lock(&db->lock);
    if (rc >= 0)
        note_proof(db, &create, started_ns);
    conclude(db, group, rc, &err);
    (void)pthread_mutex_unlock(&db->lock);
    group_release(group);
}

void *ndb_commit_run(void *context)
{
    struct namidb *db = context;
    struct ndb_writer *writer = &db->writer;

    (void)pthread_mutex_lock(&db->lock);
    for (;;) {
        struct group group = { .first = NULL };

        while (writer->first == NULL && !db->is_stopping)
            (void)ndb_cond_wait(&writer->work, &db->lock, NDB_NEVER);
        if (writer->first == NULL)
            break;
        take_group(db, &group);
        (void)pthread_mutex_unlock(&db->lock);
        commit_group(db, &group);
        (void)pthread_mutex_lock(&db->lock);
    }
    (void)pthread_mutex_unlock(&db->lock);
    return NULL;
}

/* --------------------------------------------------------------- doubts -- */

int ndb_writer_resolve(struct namidb *db, int64_t deadline_ns,
                       namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    struct ndb_doubt *doubt = &writer->doubt;
    struct ndb_slot_create create = {
        .number = doubt->number,
        .object = ndb_buf_slice(&doubt->object),
        .deadline_ns = deadline_ns,
    };
    int64_t started_ns = ndb_clock_ns();
    int rc = write_slot(db, &create, err);

    ndb_slot_create_release(&create);
    /* A definite failure now does not undo an ambiguous try before. */
    if (rc < 0 && rc != NAMIDB_EFENCED)
        return ndb_recode(err, NAMIDB_EUNKNOWN);
    (void)pthread_mutex_lock(&db->lock);
    if (rc >= 0) {
        note_proof(db, &create, started_ns);
        writer->state = NDB_WRITER_OK;
        acknowledge(db, doubt->number, doubt->hash, doubt->version,
                    doubt->names);
        ndb_index_build_wake(db);
        memcpy(writer->names_submitted, writer->names_durable,
               sizeof writer->names_durable);
    } else {
        writer->state = NDB_WRITER_FENCED;
        if (err != NULL)
            writer->err = *err;
        roll_back(db, db->visible_version + 1);
        ndb_note_frozen(db);
    }
    writer->is_turn_dead = false;
    ndb_buf_release(&doubt->object);
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}
