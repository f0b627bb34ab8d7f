/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries for what was there before its index, built on a thread of its own
 * while commits and flushes go on.
 *
 * Packs that an index does not cover are read whole, with all packs below them;
 * their entries go into a pack of their own, right above them, and an edit of
 * the manifest says that they are covered now. Whoever dies half way leaves an
 * orphan or nothing, and the next writer begins again; what another one covered
 * meanwhile, or a pack that is gone, makes the edit void, and it is looked at
 * anew.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/index_run.h"
#include "sys/clock.h"

enum { PAUSE_MS_MIN = 250, PAUSE_MS_MAX = 60000 };

struct build {
    struct namidb *db;
    const namidb_schema_item *item;
    const struct ndb_view *below; /* uncovered packs and what is under them */
    int64_t deadline_ns;          /* of the requests that write */
    struct ndb_index_run run;
    struct ndb_manifest_pack pack;
    bool has_pack;
    struct ndb_pack_writer *writer;
    struct ndb_slice object; /* the writer's */
    namidb_error *err;
};

/* -------------------------------------------------------------- one build --
 */

static int note_progress(void *context, uint64_t rows)
{
    struct namidb *db = context;
    bool is_over;

    (void)pthread_mutex_lock(&db->lock);
    db->writer.built_rows = rows;
    is_over = db->is_stopping || db->writer.state == NDB_WRITER_FENCED;
    (void)pthread_mutex_unlock(&db->lock);
    return is_over ? NAMIDB_NONE : NAMIDB_OK;
}

static int read_rows(struct build *build, int64_t timeout_ms)
{
    const struct ndb_snapshot at = { (struct ndb_view *)build->below, 0,
                                     timeout_ms };
    int rc = ndb_index_run_scan(&build->run, &at, note_progress, build->db,
                                build->err);

    if (rc == NAMIDB_NONE)
        return ndb_fail(build->err, NAMIDB_ECANCELED, "the handle is closing");
    return rc;
}

static int write_pack(struct build *build)
{
    struct ndb_pack_summary summary;
    int rc = ndb_pack_writer_new(&build->writer);

    if (rc >= 0)
        rc = ndb_index_run_write(&build->run, build->writer);
    if (rc >= 0)
        rc = ndb_pack_writer_finish(build->writer, &build->object, &summary);
    if (rc < 0)
        return ndb_fail(build->err, rc, "index %s: no pack can be made: %s",
                        build->item->name, namidb_status_name(rc));
    rc = ndb_pack_put(build->db, build->object, &summary, &build->pack,
                      build->err);
    build->deadline_ns = ndb_deadline_after(build->db->options.timeout_ms);
    build->has_pack = rc >= 0;
    build->pack.is_index = true;
    build->pack.indexes = &build->run.item.number;
    build->pack.index_count = 1;
    return rc;
}

/* Reads see the manifest from now on; a rotation may have made another view
 * meanwhile. */
static int adopt(struct build *build, struct ndb_version *manifest)
{
    struct namidb *db = build->db;
    struct ndb_memtable *memtables[NDB_FROZEN_MAX + 1];
    bool is_adopted = false;
    int rc = NAMIDB_OK;

    while (!is_adopted && rc >= 0) {
        struct ndb_view *base, *view;
        uint32_t count = 0;

        (void)pthread_mutex_lock(&db->lock);
        base = ndb_view_ref(db->view);
        (void)pthread_mutex_unlock(&db->lock);
        for (; count < base->layer_count && base->layers[count].pack == NULL;
             count++)
            memtables[count] = base->layers[count].memtable;
        rc = ndb_view_build(db, manifest, memtables, count, build->deadline_ns,
                            &view, build->err);
        if (rc >= 0) {
            (void)pthread_mutex_lock(&db->lock);
            is_adopted = db->view == base;
            if (is_adopted) {
                db->view = view;
                view = base; /* the handle's reference, to be dropped */
            }
            (void)pthread_mutex_unlock(&db->lock);
            ndb_view_unref(view);
        }
        ndb_view_unref(base);
    }
    return rc;
}

/* A manifest whose floor is another writer's belongs to no view of ours. */
static bool is_ours(struct namidb *db, const struct ndb_version *manifest)
{
    bool is_it;

    (void)pthread_mutex_lock(&db->lock);
    is_it = manifest->body.floor == ndb_floor_of(db->view->manifest);
    (void)pthread_mutex_unlock(&db->lock);
    return is_it;
}

static int publish(struct build *build)
{
    const struct ndb_manifest *body = &build->below->manifest->body;
    struct ndb_version *manifest = NULL;
    const struct ndb_edit edit = {
        .pack = build->has_pack ? &build->pack : NULL,
        .created_ms =
            build->has_pack ? build->pack.created_ms : body->created_ms,
        .index = build->item->number,
        .covered = body->packs + body->pack_count - build->below->layer_count,
        .covered_count = build->below->layer_count,
    };
    int rc;

    ndb_edit_begin(build->db);
    rc = ndb_publish(build->db, &edit, build->deadline_ns, &manifest,
                     build->err);
    if (rc == NAMIDB_NONE && build->has_pack)
        ndb_pack_remove(build->db, &build->pack, build->deadline_ns);
    /* Void or not: look at the newest manifest before trying again. */
    if (rc >= 0 && is_ours(build->db, manifest))
        rc = adopt(build, manifest);
    else if (rc >= 0)
        rc = ndb_fail(build->err, NAMIDB_ECONFLICT,
                      "another writer flushed meanwhile");
    ndb_edit_end(build->db);
    ndb_version_unref(manifest);
    return rc < 0 ? rc : NAMIDB_OK;
}

static int build_one(struct namidb *db, const namidb_schema_item *item,
                     const struct ndb_view *below, namidb_error *err)
{
    struct build build = { .db = db, .item = item, .below = below, .err = err };
    int rc;

    ndb_index_run_init(&build.run, item);
    rc = read_rows(&build, db->options.timeout_ms);
    build.deadline_ns = ndb_deadline_after(db->options.timeout_ms);
    if (rc >= 0 && build.run.count != 0)
        rc = write_pack(&build);
    if (rc >= 0)
        rc = publish(&build);
    ndb_pack_writer_free(build.writer);
    ndb_index_run_release(&build.run);
    return rc;
}

/* ------------------------------------------------------------- the thread --
 */

static uint64_t count_rows(const struct ndb_view *below,
                           const namidb_schema_item *item)
{
    const struct ndb_manifest *body = &below->manifest->body;

    for (uint32_t i = 0; !item->is_edge && i < body->label_count; i++)
        if (body->labels[i].label == item->target)
            return body->labels[i].count;
    for (uint32_t i = 0; item->is_edge && i < body->edge_table_count; i++)
        if (body->edge_tables[i].table == item->target)
            return body->edge_tables[i].count;
    return 0;
}

static void set_building(struct namidb *db, uint32_t number, uint64_t rows)
{
    (void)pthread_mutex_lock(&db->lock);
    db->writer.building = number;
    db->writer.built_rows = 0;
    db->writer.rows_to_build = rows;
    (void)pthread_mutex_unlock(&db->lock);
}

/* Builds whatever is missing. *is_done: nothing is. */
static int build_missing(struct namidb *db, bool *is_done, namidb_error *err)
{
    struct ndb_schema schema = NDB_SCHEMA_INIT;
    struct ndb_snapshot snapshot;
    int rc;

    ndb_db_snapshot(db, &snapshot);
    rc = ndb_schema_read(&snapshot, &schema);
    *is_done = true;
    for (uint32_t i = 0; i < schema.count && rc >= 0 && *is_done; i++) {
        const namidb_schema_item *item = &schema.items[i];
        struct ndb_view *below;
        uint32_t above;

        if (!ndb_rule_has_index(item->rule))
            continue;
        rc = ndb_index_uncovered(snapshot.view, item, &below, &above);
        if (rc == NAMIDB_OK) {
            /* Another view may be there after this one: look again. */
            *is_done = false;
            set_building(db, item->number, count_rows(below, item));
            rc = build_one(db, item, below, err);
            set_building(db, 0, 0);
            ndb_view_unref(below);
        } else if (rc < 0) {
            (void)ndb_fail_memory(err);
        }
    }
    if (rc == NAMIDB_ENOMEM)
        (void)ndb_fail_memory(err);
    ndb_schema_release(&schema);
    ndb_view_unref(snapshot.view);
    return rc < 0 ? rc : NAMIDB_OK;
}

/* Under lock, before and after. */
static int look(struct namidb *db)
{
    struct ndb_writer *writer = &db->writer;
    namidb_error err = { .code = 0 };
    bool is_done = false;
    int rc;

    writer->is_build_wanted = false;
    writer->is_build_looking = true;
    (void)pthread_mutex_unlock(&db->lock);
    rc = build_missing(db, &is_done, &err);
    (void)pthread_mutex_lock(&db->lock);
    writer->is_build_looking = false;
    if (rc < 0) {
        writer->build_failures++;
        writer->build_err = err;
    }
    if (rc < 0 || !is_done)
        writer->is_build_wanted = true;
    ndb_cond_broadcast(&writer->build_done);
    return rc;
}

void *ndb_index_build_run(void *context)
{
    struct namidb *db = context;
    struct ndb_writer *writer = &db->writer;
    int64_t pause_ms = PAUSE_MS_MIN;
    int64_t retry_ns = 0;

    (void)pthread_mutex_lock(&db->lock);
    while (!db->is_stopping && writer->state != NDB_WRITER_FENCED) {
        bool is_wanted = writer->is_build_wanted;

        if (!is_wanted || ndb_clock_ns() < retry_ns) {
            (void)ndb_cond_wait(&writer->build_work, &db->lock,
                                is_wanted ? retry_ns : NDB_NEVER);
        } else if (look(db) < 0) {
            retry_ns = ndb_deadline_after(pause_ms);
            pause_ms =
                pause_ms * 2 < PAUSE_MS_MAX ? pause_ms * 2 : PAUSE_MS_MAX;
        } else {
            retry_ns = 0;
            pause_ms = PAUSE_MS_MIN;
        }
    }
    (void)pthread_mutex_unlock(&db->lock);
    return NULL;
}

/* ------------------------------------------------------------ on request -- */

int ndb_db_await_indexes(struct namidb *db, int64_t deadline_ns,
                         namidb_error *err)
{
    struct ndb_writer *writer = &db->writer;
    uint64_t failures;
    int rc = NAMIDB_OK;

    if (!db->is_writer)
        return ndb_fail(err, NAMIDB_EINVAL, "the handle is read-only");
    (void)pthread_mutex_lock(&db->lock);
    failures = writer->build_failures;
    ndb_index_build_wake(db);
    while (rc >= 0 && (writer->is_build_wanted || writer->is_build_looking)) {
        bool is_in_time;

        if (db->is_stopping)
            rc = ndb_fail(err, NAMIDB_EINVAL, "the handle is closed");
        else if (writer->state == NDB_WRITER_FENCED)
            rc = ndb_fail(err, NAMIDB_EFENCED, "another writer took over");
        if (rc < 0)
            break;
        is_in_time = ndb_cond_wait(&writer->build_done, &db->lock, deadline_ns);
        if (writer->build_failures != failures) {
            rc = writer->build_err.code;
            if (err != NULL)
                *err = writer->build_err;
        } else if (!is_in_time) {
            rc =
                ndb_fail(err, NAMIDB_ETIMEOUT, "an index is still being built");
        }
    }
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}

void ndb_db_build_progress(struct namidb *db, uint32_t *number,
                           uint32_t *percent)
{
    struct ndb_writer *writer = &db->writer;

    (void)pthread_mutex_lock(&db->lock);
    *number = writer->building;
    *percent = 0;
    if (writer->rows_to_build != 0)
        *percent =
            (uint32_t)(writer->built_rows >= writer->rows_to_build
                           ? 99
                           : writer->built_rows * 100 / writer->rows_to_build);
    (void)pthread_mutex_unlock(&db->lock);
}
