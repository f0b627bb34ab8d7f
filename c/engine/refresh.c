/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader looks for what others did: the next slot and the next manifest in
 * one round. Two absences mean that nothing changed.
 *
 * Slots are replayed into the memtable that readers already look at, under
 * versions that no snapshot may see yet. A new manifest makes a new view: packs
 * that are not open yet are opened, and what they cover leaves the memtable.
 */
#include "engine/db_internal.h"

#include "base/limits.h"
#include "base/mem.h"
#include "format/path.h"
#include "sys/clock.h"

struct refresh {
    struct namidb *db;
    int64_t deadline_ns;
    namidb_error *err;
    struct ndb_view *view; /* the handle's, referenced */
    struct ndb_memtable *memtable;
    struct ndb_place place;
    struct ndb_version *manifest; /* newer than the view's; NULL: none */
    bool is_changed;
};

/* The first round: *slot and the next manifest. */
static int look(struct refresh *refresh, bool *has_slot)
{
    struct ndb_path slot_path;
    struct ndb_path manifest_path;
    uint64_t version = ndb_version_of(refresh->view->manifest) + 1;
    struct ndb_request gets[2] = {
        { .op = NDB_GET,
          .key = ndb_path_slot(&slot_path, refresh->place.next),
          .length_max = NDB_SLOT_BYTES_MAX,
          .deadline_ns = refresh->deadline_ns },
        { .op = NDB_GET,
          .key = ndb_path_manifest(&manifest_path, version),
          .length_max = NDB_MANIFEST_BYTES_MAX,
          .deadline_ns = refresh->deadline_ns },
    };
    int rc = ndb_store_run(refresh->db->store, gets, 2, refresh->err);

    *has_slot = rc >= 0 && gets[0].status == NAMIDB_OK;
    if (rc >= 0 && gets[1].status == NAMIDB_OK)
        rc = ndb_version_decode(&refresh->manifest, ndb_buf_slice(&gets[1].out),
                                version, refresh->err);
    if (rc >= 0 && *has_slot) {
        rc =
            ndb_replay_slot(&refresh->place, ndb_buf_slice(&gets[0].out),
                            refresh->memtable, refresh->db->dict, refresh->err);
        refresh->is_changed = rc >= 0;
    }
    ndb_request_release(&gets[0]);
    ndb_request_release(&gets[1]);
    return rc < 0 ? rc : NAMIDB_OK;
}

/* Makes refresh->manifest the newest one. */
static int newest_manifest(struct refresh *refresh)
{
    int rc = NAMIDB_OK;

    while (rc == NAMIDB_OK) {
        struct ndb_version *next;

        rc = ndb_manifest_read(refresh->db, refresh->manifest->body.version + 1,
                               refresh->deadline_ns, &next, refresh->err);
        if (rc == NAMIDB_OK) {
            ndb_version_unref(refresh->manifest);
            refresh->manifest = next;
        }
    }
    return rc < 0 ? rc : NAMIDB_OK;
}

static int read_forward(struct refresh *refresh)
{
    return ndb_read_forward(refresh->db, &refresh->place, refresh->memtable,
                            refresh->deadline_ns, &refresh->is_changed,
                            refresh->err);
}

/* What the new manifest covers leaves the memtable. When it covers more than we
 * have read, that need not be read any more, and may be gone. */
static int meet_manifest(struct refresh *refresh)
{
    const struct ndb_manifest *body = &refresh->manifest->body;
    struct ndb_memtable *rest;
    int rc = ndb_take_names(refresh->db, body, refresh->err);

    if (rc < 0)
        return rc;
    if (body->floor > refresh->place.next) {
        rc = ndb_memtable_new(&rest);
        refresh->place = (struct ndb_place){ .next = body->floor,
                                             .epoch = body->epoch,
                                             .chain = body->chain };
    } else {
        rc = ndb_memtable_trim(&rest, refresh->memtable, body->floor);
    }
    if (rc < 0)
        return ndb_fail_memory(refresh->err);
    ndb_memtable_unref(refresh->memtable);
    refresh->memtable = rest;
    refresh->is_changed = true;
    return read_forward(refresh);
}

/* Everything that is new becomes visible at once. */
static int adopt(struct refresh *refresh)
{
    struct namidb *db = refresh->db;
    struct ndb_view *view = NULL;

    if (refresh->manifest != NULL) {
        int rc = ndb_view_build(db, refresh->manifest, &refresh->memtable, 1,
                                refresh->deadline_ns, &view, refresh->err);

        if (rc < 0)
            return rc;
    }
    (void)pthread_mutex_lock(&db->lock);
    if (view != NULL) {
        struct ndb_view *old = db->view;

        db->view = view;
        view = old;
    }
    db->place = refresh->place;
    db->visible_version = refresh->place.next - 1;
    (void)pthread_mutex_unlock(&db->lock);
    ndb_view_unref(view);
    return NAMIDB_OK;
}

/* What was replayed before a failure is good, and must not be replayed again.
 */
static void keep_progress(struct refresh *refresh)
{
    struct namidb *db = refresh->db;

    if (refresh->memtable != refresh->view->layers[0].memtable)
        return; /* a new one, which nobody will see */
    (void)pthread_mutex_lock(&db->lock);
    db->place = refresh->place;
    db->visible_version = refresh->place.next - 1;
    (void)pthread_mutex_unlock(&db->lock);
}

static int run(struct refresh *refresh)
{
    bool has_slot = false;
    int rc = look(refresh, &has_slot);

    if (rc >= 0 && refresh->manifest != NULL)
        rc = newest_manifest(refresh);
    if (rc >= 0 && has_slot)
        rc = read_forward(refresh);
    if (rc < 0) {
        keep_progress(refresh);
        return rc;
    }
    if (refresh->manifest != NULL) {
        struct ndb_place place = refresh->place;

        rc = meet_manifest(refresh);
        if (rc >= 0)
            rc = adopt(refresh);
        /* The slots read before are good on the old manifest, too. */
        if (rc < 0) {
            ndb_memtable_unref(refresh->memtable);
            refresh->memtable =
                ndb_memtable_ref(refresh->view->layers[0].memtable);
            refresh->place = place;
            keep_progress(refresh);
        }
        return rc;
    }
    return adopt(refresh);
}

/* Both objects may have come and been collected: look at everything again. */
static int relist(struct namidb *db, int64_t deadline_ns, bool *is_changed,
                  namidb_error *err)
{
    struct ndb_listed_log listed;
    uint64_t next;
    uint64_t version;
    int rc;

    (void)pthread_mutex_lock(&db->lock);
    next = db->place.next;
    version = ndb_version_of(db->view->manifest);
    (void)pthread_mutex_unlock(&db->lock);
    rc = ndb_load(db, deadline_ns, &listed, err);
    if (rc < 0)
        return rc;
    (void)pthread_mutex_lock(&db->lock);
    *is_changed =
        db->place.next != next || ndb_version_of(db->view->manifest) != version;
    (void)pthread_mutex_unlock(&db->lock);
    return NAMIDB_OK;
}

static int refresh_forward(struct namidb *db, int64_t deadline_ns,
                           bool *is_changed, namidb_error *err)
{
    struct refresh refresh = { .db = db,
                               .deadline_ns = deadline_ns,
                               .err = err };
    int64_t started_ns = ndb_clock_ns();
    int rc;

    (void)pthread_mutex_lock(&db->lock);
    refresh.view = ndb_view_ref(db->view);
    refresh.place = db->place;
    (void)pthread_mutex_unlock(&db->lock);
    refresh.memtable = ndb_memtable_ref(refresh.view->layers[0].memtable);
    rc = run(&refresh);
    if (rc >= 0) {
        (void)pthread_mutex_lock(&db->lock);
        db->refreshed_ns = started_ns;
        (void)pthread_mutex_unlock(&db->lock);
    }
    *is_changed = refresh.is_changed;
    ndb_memtable_unref(refresh.memtable);
    ndb_view_unref(refresh.view);
    ndb_version_unref(refresh.manifest);
    return rc;
}

int ndb_db_refresh(struct namidb *db, int64_t deadline_ns, bool *is_changed,
                   namidb_error *err)
{
    bool is_stale;
    int rc = NAMIDB_OK;

    *is_changed = false;
    if (db->is_writer)
        return NAMIDB_OK;
    (void)pthread_mutex_lock(&db->lock);
    while (rc >= 0 && db->is_refreshing)
        if (!ndb_cond_wait(&db->refresh_done, &db->lock, deadline_ns))
            rc = ndb_fail(err, NAMIDB_EBUSY, "another refresh is under way");
    if (rc >= 0)
        db->is_refreshing = true;
    is_stale =
        ndb_clock_ns() - db->refreshed_ns > NDB_RELIST_MS * NDB_NS_PER_MS;
    (void)pthread_mutex_unlock(&db->lock);
    if (rc < 0)
        return rc;
    if (is_stale)
        rc = relist(db, deadline_ns, is_changed, err);
    else
        rc = refresh_forward(db, deadline_ns, is_changed, err);
    (void)pthread_mutex_lock(&db->lock);
    db->is_refreshing = false;
    ndb_cond_signal(&db->refresh_done);
    (void)pthread_mutex_unlock(&db->lock);
    return rc;
}
