/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frozen memtables become packs, oldest first, on a thread of their own: one
 * PUT of the pack, one of the manifest that names it. Commits go on meanwhile.
 *
 * What is flushed is acknowledged and in the log, so a flush may fail at every
 * step and be tried again: a pack that no manifest names is an orphan that GC
 * removes. A writer that is fenced meanwhile still finishes what is frozen: the
 * slots were committed, and the manifest's floor decides whether the edit
 * holds.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/pack_build.h"
#include "sys/clock.h"

enum {
    PAUSE_MS_MIN = 250, /* after a failure; doubles */
    PAUSE_MS_MAX = 60000,
    PAUSE_MS_AWAITED = 1000, /* at most, when a write waits: a pack that is made
                                in vain takes half a second of CPU */
};

/* One attempt at the oldest frozen memtable. */
struct flush {
    struct namidb *db;
    const struct ndb_frozen *frozen;
    struct ndb_version *base; /* referenced; NULL: there is no manifest yet */
    uint64_t old_floor;
    bool is_bottom;      /* no pack lies below */
    int64_t deadline_ns; /* of all but the pack's PUT */
    namidb_error *err;

    struct ndb_schema schema; /* all declarations below the new floor */
    uint32_t *indexes;        /* those of it that have an index */

    struct ndb_pack_writer *writer;
    struct ndb_slice object;              /* the writer's */
    struct ndb_property_stats properties; /* the writer's */
    struct ndb_degree_stats degrees;      /* likewise */
    struct ndb_manifest_pack pack;
    bool has_pack; /* there was something to write */
    int64_t date_ms;
};

/* ------------------------------------------------------------- the pack -- */

/* The declarations that the manifest and the memtable have, and the indexes
 * that the pack will have parts of. */
static int read_schema(struct flush *flush)
{
    struct ndb_layer layer = { .memtable = flush->frozen->memtable };
    struct ndb_view view = { .manifest = flush->base,
                             .layers = &layer,
                             .layer_count = 1 };
    const struct ndb_snapshot snapshot = { &view, flush->frozen->version, 0 };
    int rc = ndb_schema_read(&snapshot, &flush->schema);

    if (rc >= 0)
        flush->indexes =
            ndb_calloc(flush->schema.count, sizeof *flush->indexes);
    if (rc < 0 || flush->indexes == NULL)
        return ndb_fail_memory(flush->err);
    for (uint32_t i = 0; i < flush->schema.count; i++)
        if (ndb_rule_has_index(flush->schema.items[i].rule))
            flush->indexes[flush->pack.index_count++] =
                flush->schema.items[i].number;
    flush->pack.indexes = flush->indexes;
    return NAMIDB_OK;
}

static int write_pack(struct flush *flush)
{
    struct ndb_pack_summary summary;
    int rc = ndb_pack_writer_new(&flush->writer);

    if (rc < 0)
        return ndb_fail_memory(flush->err);
    rc = ndb_pack_build(flush->writer, flush->frozen->memtable,
                        flush->frozen->version, &flush->schema,
                        flush->is_bottom, flush->err);
    if (rc != NAMIDB_OK)
        return rc < 0 ? rc : NAMIDB_OK;
    rc = ndb_pack_writer_finish(flush->writer, &flush->object, &summary);
    if (rc < 0)
        return ndb_fail(flush->err, rc, "a pack cannot be finished: %s",
                        namidb_status_name(rc));
    flush->properties = summary.properties;
    flush->degrees = summary.degrees;
    rc = ndb_pack_put(flush->db, flush->object, &summary, &flush->pack,
                      flush->err);
    flush->deadline_ns = ndb_deadline_after(flush->db->options.timeout_ms);
    if (rc < 0)
        return rc;
    flush->has_pack = true;
    flush->date_ms = flush->pack.created_ms;
    return NAMIDB_OK;
}

/* --------------------------------------------------------- the manifest -- */

static int publish(struct flush *flush, struct ndb_version **manifest)
{
    struct ndb_stat_deltas deltas = NDB_STAT_DELTAS_INIT;
    struct ndb_edit edit = {
        .old_floor = flush->old_floor,
        .place = flush->frozen->place,
        .deltas = &deltas,
        .properties = flush->properties,
        .degrees = flush->degrees,
        .pack = flush->has_pack ? &flush->pack : NULL,
        .schema = &flush->schema,
        .created_ms = flush->date_ms,
    };
    int rc = ndb_memtable_stats(flush->frozen->memtable, flush->frozen->version,
                                &deltas);

    *manifest = NULL;
    memcpy(edit.names, flush->frozen->names, sizeof edit.names);
    if (rc < 0)
        rc = ndb_fail_memory(flush->err);
    else
        rc = ndb_publish(flush->db, &edit, flush->deadline_ns, manifest,
                         flush->err);
    ndb_stat_deltas_release(&deltas);
    return rc;
}

/* The memtables of a view, newest first; the last one, which is the frozen one,
 * is replaced by `instead`, or left out when that is NULL. */
static uint32_t memtables_of(const struct ndb_view *view,
                             struct ndb_memtable *instead,
                             struct ndb_memtable *out[NDB_FROZEN_MAX + 1])
{
    uint32_t count = 0;

    while (count < view->layer_count && view->layers[count].memtable != NULL) {
        out[count] = view->layers[count].memtable;
        count++;
    }
    if (instead == NULL)
        return count - 1;
    out[count - 1] = instead;
    return count;
}

/* Under lock: the oldest frozen memtable is done with, or replaced. */
static void replace_frozen(struct namidb *db, struct ndb_memtable *instead)
{
    struct ndb_writer *writer = &db->writer;

    ndb_memtable_unref(writer->frozen[0].memtable);
    if (instead != NULL) {
        writer->frozen[0].memtable = ndb_memtable_ref(instead);
        return;
    }
    db->flushes++;
    writer->frozen_count--;
    memmove(&writer->frozen[0], &writer->frozen[1],
            writer->frozen_count * sizeof writer->frozen[0]);
    ndb_cond_broadcast(&writer->turn_free);
    ndb_cond_broadcast(&writer->flush_done);
}

/* What was just written need not be fetched to be read. */
static void offer_pack(struct flush *flush, const struct ndb_view *view)
{
    for (uint32_t i = 0; i < view->layer_count && flush->has_pack; i++) {
        const struct ndb_pack *pack = view->layers[i].pack;

        if (pack != NULL && strcmp(ndb_pack_ulid(pack), flush->pack.ulid) == 0)
            ndb_segment_cache_offer(flush->db->cache, ndb_pack_cached(pack),
                                    flush->object);
    }
}

/* Reads see the manifest from now on. A rotation may have made another view
 * meanwhile: then the work is done again on that one. */
static int adopt(struct flush *flush, struct ndb_version *manifest,
                 struct ndb_memtable *instead)
{
    struct namidb *db = flush->db;
    bool is_adopted = false;

    while (!is_adopted) {
        struct ndb_memtable *memtables[NDB_FROZEN_MAX + 1];
        struct ndb_view *base;
        struct ndb_view *view;
        int rc;

        (void)pthread_mutex_lock(&db->lock);
        base = ndb_view_ref(db->view);
        (void)pthread_mutex_unlock(&db->lock);
        rc = ndb_view_build(db, manifest, memtables,
                            memtables_of(base, instead, memtables),
                            flush->deadline_ns, &view, flush->err);
        if (rc >= 0) {
            offer_pack(flush, view);
            (void)pthread_mutex_lock(&db->lock);
            is_adopted = db->view == base;
            if (is_adopted) {
                db->view = view;
                view = base; /* the handle's reference, to be dropped */
                replace_frozen(db, instead);
                ndb_index_build_wake(db);
            }
            (void)pthread_mutex_unlock(&db->lock);
            ndb_view_unref(view);
        }
        ndb_view_unref(base);
        if (rc < 0)
            return rc;
    }
    return NAMIDB_OK;
}

/*
 * A floor beyond our fence is another writer's: it took over, and its packs
 * hold all that we ever acknowledged. What this handle shows stays as it is,
 * because our memtables do not belong on top of its packs.
 */
static void lose_place(struct flush *flush, const struct ndb_version *manifest)
{
    struct namidb *db = flush->db;
    struct ndb_writer *writer = &db->writer;
    namidb_error err;

    (void)ndb_fail(&err, NAMIDB_EFENCED,
                   "another writer took over and flushed up to slot %zu",
                   (size_t)manifest->body.floor - 1);
    (void)pthread_mutex_lock(&db->lock);
    writer->state = NDB_WRITER_FENCED;
    ndb_writer_fail_all(db, NAMIDB_EFENCED, &err);
    while (writer->frozen_count != 0)
        ndb_memtable_unref(writer->frozen[--writer->frozen_count].memtable);
    ndb_cond_broadcast(&writer->turn_free);
    ndb_cond_broadcast(&writer->flush_done);
    (void)pthread_mutex_unlock(&db->lock);
}

/* Whether a manifest covers the very slots that the flush would: then it is an
 * earlier try of ours, which was given up as lost and arrived late. Nobody else
 * has slots of our epoch. */
static bool is_done_already(const struct flush *flush,
                            const struct ndb_manifest *body)
{
    const struct ndb_place *place = &flush->frozen->place;

    return body->floor == place->next && body->epoch == place->epoch &&
           ndb_hash128_equal(body->chain, place->chain);
}

/* Somebody moved the floor. If not beyond our fence, it was the last flush
 * of the writer that we took over from: those slots we replayed, each under its
 * number, and so can drop. */
static int give_way(struct flush *flush, struct ndb_version *manifest)
{
    struct ndb_memtable *rest;
    int rc;

    if (flush->has_pack)
        ndb_pack_remove(flush->db, &flush->pack, flush->deadline_ns);
    if (is_done_already(flush, &manifest->body))
        return adopt(flush, manifest, NULL);
    if (manifest->body.floor > flush->frozen->place.epoch) {
        lose_place(flush, manifest);
        return NAMIDB_OK;
    }
    if (ndb_memtable_trim(&rest, flush->frozen->memtable,
                          manifest->body.floor) < 0)
        return ndb_fail_memory(flush->err);
    rc = adopt(flush, manifest, rest);
    ndb_memtable_unref(rest);
    return rc;
}

/* ------------------------------------------------------------- the thread --
 */

static int write_and_publish(struct flush *flush)
{
    struct ndb_version *manifest = NULL;
    int rc = read_schema(flush);

    if (rc >= 0)
        rc = write_pack(flush);
    ndb_edit_begin(flush->db);
    if (rc >= 0)
        rc = publish(flush, &manifest);
    if (rc == NAMIDB_OK)
        rc = adopt(flush, manifest, NULL);
    else if (rc == NAMIDB_NONE)
        rc = give_way(flush, manifest);
    ndb_edit_end(flush->db);
    ndb_version_unref(manifest);
    ndb_pack_writer_free(flush->writer);
    ndb_schema_release(&flush->schema);
    ndb_free(flush->indexes);
    return rc;
}

static int flush_oldest(struct namidb *db, const struct ndb_frozen *frozen,
                        namidb_error *err)
{
    struct flush flush = {
        .db = db,
        .frozen = frozen,
        .deadline_ns = ndb_deadline_after(db->options.timeout_ms),
        .err = err,
        .schema = NDB_SCHEMA_INIT,
    };
    int rc;

    (void)pthread_mutex_lock(&db->lock);
    if (db->view->manifest != NULL)
        flush.base = ndb_version_ref(db->view->manifest);
    flush.date_ms = db->writer.proof_date_ms;
    (void)pthread_mutex_unlock(&db->lock);
    flush.old_floor = ndb_floor_of(flush.base);
    flush.is_bottom = flush.base == NULL || flush.base->body.pack_count == 0;
    rc = write_and_publish(&flush);
    ndb_version_unref(flush.base);
    return rc;
}

/* Who waits is told, and the next try is later. Under lock. */
static void note_failure(struct namidb *db, const namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    int64_t pause_ms = writer->flush_pause_ms * 2;

    if (pause_ms == 0)
        pause_ms = PAUSE_MS_MIN;
    writer->flush_failures++;
    writer->flush_err = *err;
    writer->flush_failed_ns = ndb_clock_ns();
    writer->flush_pause_ms = pause_ms < PAUSE_MS_MAX ? pause_ms : PAUSE_MS_MAX;
    ndb_cond_broadcast(&writer->flush_done);
    ndb_cond_broadcast(&writer->turn_free); /* writes that wait hurry again */
}

/* Not before; 0: at once. Under lock. */
static int64_t next_try_ns(const struct ndb_writer *writer)
{
    return writer->flush_failed_ns == 0
               ? 0
               : writer->flush_failed_ns +
                     writer->flush_pause_ms * NDB_NS_PER_MS;
}

void ndb_flush_hurry(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;

    if (writer->flush_pause_ms <= PAUSE_MS_AWAITED)
        return;
    writer->flush_pause_ms = PAUSE_MS_AWAITED;
    ndb_cond_signal(&writer->flush_work);
}

/* Under lock, before and after. */
static void flush_and_note(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;
    const struct ndb_frozen frozen = writer->frozen[0];
    namidb_error err = { .code = 0 };
    int rc;

    (void)pthread_mutex_unlock(&db->lock);
    rc = flush_oldest(db, &frozen, &err);
    (void)pthread_mutex_lock(&db->lock);
    if (rc >= 0) {
        writer->flush_pause_ms = 0;
        writer->flush_failed_ns = 0;
        return;
    }
    note_failure(db, &err);
}

/* When there will be something to do that nobody signals. Under lock. */
static int64_t next_wake_ns(const struct namidb *db)
{
    const struct ndb_writer *writer = &db->writer;

    if (ndb_clock_ns() < next_try_ns(writer))
        return next_try_ns(writer);
    /* While a turn is taken its end rotates, while two are frozen a flush; who
     * is fenced rotates no more. */
    if (!writer->is_taken && writer->frozen_count < NDB_FROZEN_MAX &&
        writer->state != NDB_WRITER_FENCED)
        return ndb_rotate_at_ns(db);
    return NDB_NEVER;
}

/* One step, unless it is too early after a failure; false: there is none.
 * Under lock. */
static bool flush_step(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;
    namidb_error err;

    if (ndb_clock_ns() < next_try_ns(writer))
        return false;
    if (ndb_rotate_if_due(db) < 0) {
        (void)ndb_fail_memory(&err);
        note_failure(db, &err);
        return false;
    }
    if (writer->frozen_count == 0 || writer->frozen[0].floor == 0)
        return false;
    flush_and_note(db);
    return true;
}

void *ndb_flush_run(void *context)
{
    struct namidb *db = context;
    struct ndb_writer *writer = &db->writer;

    (void)pthread_mutex_lock(&db->lock);
    while (!db->is_stopping)
        if (!flush_step(db))
            (void)ndb_cond_wait(&writer->flush_work, &db->lock,
                                next_wake_ns(db));
    (void)pthread_mutex_unlock(&db->lock);
    return NULL;
}

/* ----------------------------------------------------------- on request -- */

/* Why a flush cannot be asked for. Under lock. */
static int check(struct namidb *db, namidb_error *err)
{
    const struct ndb_writer *writer = &db->writer;

    if (db->is_closed || db->is_stopping)
        return ndb_fail(err, NAMIDB_EINVAL, "the handle is closed");
    if (writer->is_taken && pthread_equal(writer->owner, pthread_self()))
        return ndb_fail(err, NAMIDB_EINVAL,
                        "this thread has a transaction open on the handle");
    if (writer->state == NDB_WRITER_UNKNOWN ||
        writer->state == NDB_WRITER_FENCED) {
        if (err != NULL)
            *err = writer->err;
        return writer->err.code;
    }
    return NAMIDB_OK;
}

static bool is_flushed(const struct ndb_writer *writer, uint64_t target)
{
    return writer->rotations - writer->frozen_count >= target;
}

/* Waits until the first `target` memtables are in packs. Under lock. */
static int await_flush(struct namidb *db, uint64_t target, int64_t deadline_ns,
                       namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    uint64_t failures = writer->flush_failures;

    while (!is_flushed(writer, target)) {
        bool is_in_time =
            ndb_cond_wait(&writer->flush_done, &db->lock, deadline_ns);
        int rc;

        if (is_flushed(writer, target))
            break;
        rc = check(db, err);
        if (rc < 0)
            return rc;
        if (writer->flush_failures != failures) {
            if (err != NULL)
                *err = writer->flush_err;
            return writer->flush_err.code;
        }
        if (!is_in_time)
            return ndb_fail(err, NAMIDB_ETIMEOUT,
                            writer->rotations < target
                                ? "a transaction is open; nothing was flushed"
                                : "the flush is still under way");
    }
    return NAMIDB_OK;
}

int ndb_db_flush(struct namidb *db, int64_t deadline_ns, namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    uint64_t target;
    int rc;

    if (!db->is_writer)
        return ndb_fail(err, NAMIDB_EINVAL, "the handle is read-only");
    (void)pthread_mutex_lock(&db->lock);
    rc = check(db, err);
    if (rc >= 0) {
        target = writer->rotations;
        if (!ndb_memtable_is_empty(db->view->layers[0].memtable))
            target++;
        if (writer->rotation_wanted < target)
            writer->rotation_wanted = target;
        writer->flush_failed_ns = 0;
        ndb_cond_signal(&writer->flush_work);
        rc = await_flush(db, target, deadline_ns, err);
    }
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}
